"""Service and campaigns of the demo: waiting, satisfaction, and what a campaign brings."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib import simulate
from clientlib.simulate.service import local_time, working_time


@pytest.fixture(scope="module")
def requests(firm: simulate.Demo, newest_clients: pl.DataFrame) -> pl.DataFrame:
    """The requests with their `branch` and the `hours` until the first response."""
    waited = (pl.col("first_response_at") - pl.col("opened_at")).dt.total_seconds() / 3600
    return (
        firm.areas["service_requests"]
        .join(newest_clients.select("client_id", "branch"), on="client_id")
        .with_columns(hours=waited)
    )


@given(st.integers(min_value=1_500_000_000, max_value=2_000_000_000), st.floats(0.01, 400))
def test_working_hours_added_are_working_hours_passed(second: int, hours: float) -> None:
    start = working_time(np.array([second]))
    later = local_time(start + hours)
    assert later[0] >= second
    assert working_time(later)[0] - start[0] == pytest.approx(hours, abs=1e-3)


def test_friday_evening_waits_for_monday_morning() -> None:
    friday = dt.datetime(2026, 3, 20, 20, tzinfo=dt.UTC)  # taken as the local clock
    answered = local_time(working_time(np.array([int(friday.timestamp())])) + 1.0)
    assert dt.datetime.fromtimestamp(answered[0], dt.UTC) == dt.datetime(2026, 3, 23, 10, tzinfo=dt.UTC)


def test_responses_fall_in_working_hours(requests: pl.DataFrame) -> None:
    local = requests["first_response_at"].drop_nulls().dt.convert_time_zone("Asia/Shanghai")
    assert local.dt.weekday().max() <= 5  # type: ignore[operator]
    assert local.dt.hour().is_between(9, 17).all()


def test_some_requests_are_still_open_some_of_them_for_long(requests: pl.DataFrame) -> None:
    waiting = requests.filter(pl.col("closed_at").is_null())
    assert set(waiting["status"]) == {"open", "in_progress"}
    assert waiting["opened_at"].min() < dt.datetime(2026, 1, 1, tzinfo=dt.UTC)  # type: ignore[operator]


def test_a_request_is_open_only_until_somebody_answers(requests: pl.DataFrame) -> None:
    assert ((requests["status"] == "open") == requests["first_response_at"].is_null()).all()


def test_trading_problems_are_answered_first(requests: pl.DataFrame) -> None:
    medians = requests.group_by("category").agg(pl.col("hours").median()).sort("hours")
    assert medians["category"][0] == "trading"


def test_the_slow_branch_takes_far_longer(firm: simulate.Demo, requests: pl.DataFrame) -> None:
    slow = pl.col("branch") == firm.planted["slow_branch"]["branch"]
    medians = requests.group_by(slow.alias("slow")).agg(pl.col("hours").median())
    by_kind = dict(medians.iter_rows())
    assert by_kind[True] > 2.5 * by_kind[False]


def test_the_slow_branch_hears_more_complaints(firm: simulate.Demo, requests: pl.DataFrame) -> None:
    slow = pl.col("branch") == firm.planted["slow_branch"]["branch"]
    share = requests.group_by(slow.alias("slow")).agg((pl.col("category") == "complaint").mean())
    by_kind = dict(share.iter_rows())
    assert by_kind[True] > 2 * by_kind[False]


def test_the_happy_branch_recommends_the_firm_most(firm: simulate.Demo, newest_clients: pl.DataFrame) -> None:
    answers = firm.areas["feedback"].join(newest_clients.select("client_id", "branch"), on="client_id")
    net = (pl.col("nps") >= 9).mean() - (pl.col("nps") <= 6).mean()
    ranked = answers.group_by("branch").agg(net=net).sort("net")
    assert ranked["branch"][-1] == firm.planted["happy_branch"]["branch"]
    assert ranked["branch"][0] == firm.planted["slow_branch"]["branch"]


def test_who_waited_longer_is_less_satisfied(firm: simulate.Demo, requests: pl.DataFrame) -> None:
    waited = requests.group_by("client_id").agg(pl.col("hours").mean())
    rated = firm.areas["feedback"].group_by("client_id").agg(pl.col("csat").mean())
    both = waited.join(rated, on="client_id").drop_nulls()
    assert both.select(pl.corr("hours", "csat", method="spearman")).item() < -0.15


def test_surveys_ask_for_no_satisfaction_with_a_request(firm: simulate.Demo) -> None:
    answers = firm.areas["feedback"]
    assert 0 < answers["csat"].null_count() < answers.height / 2
    assert answers["nps"].null_count() == 0


def test_some_comments_hold_the_client_s_own_name_and_number(
    firm: simulate.Demo, newest_clients: pl.DataFrame
) -> None:
    listed = firm.planted["comments_with_identity"]["feedback"]
    names = newest_clients.select("client_id", "full_name")
    told = firm.areas["feedback"].filter(pl.col("feedback_id").is_in(listed)).join(names, on="client_id")
    assert told.height == len(listed) > 0
    assert told.select(pl.col("comment").str.contains(pl.col("full_name"), literal=True).all()).item()


def test_control_arms_are_left_alone(firm: simulate.Demo) -> None:
    contacts = firm.areas["campaign_contacts"]
    assert ((contacts["arm"] == "control") == contacts["contacted_at"].is_null()).all()
    assert 0.2 < (contacts["arm"] == "control").sum() / contacts.height < 0.4


def test_campaigns_reach_only_clients_with_consent(firm: simulate.Demo) -> None:
    contacts = firm.areas["contacts"].group_by("client_id").agg(pl.col("consent_on").min())
    reached = (
        firm.areas["campaign_contacts"]
        .join(firm.areas["campaigns"], on="campaign_id")
        .join(contacts, on="client_id", how="left")
    )
    assert (reached["consent_on"] < reached["starts_on"]).all()


def test_outcomes_lie_within_the_campaign(firm: simulate.Demo) -> None:
    dated = firm.areas["campaign_contacts"].join(firm.areas["campaigns"], on="campaign_id")
    day = pl.col("outcome_at").dt.convert_time_zone("Asia/Shanghai").dt.date()
    assert dated.filter(~day.is_between(pl.col("starts_on"), pl.col("ends_on"))).is_empty()
