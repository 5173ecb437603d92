"""Which questions a run asks: dates of a period, branches, and what cannot be asked."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib import config
from clientlib.errors import ParameterError
from clientlib.report import agenda
from clientlib.report.agenda import Asked, Step
from clientlib.report.parameters import Facts

SETTINGS = config.load()
FACTS = Facts((dt.date(2024, 1, 5), dt.date(2026, 6, 30)), ("North", "South"))
DATES = st.dates(dt.date(2000, 1, 1), dt.date(2040, 12, 31))


def asked(facts: Facts = FACTS, **what: Any) -> list[tuple[str, str]]:
    found = agenda.questions(Asked(**what), (), facts, SETTINGS)
    return [(question.as_of.isoformat(), question.branch) for question in found]


def test_without_anything_the_newest_date_and_the_whole_firm() -> None:
    assert asked() == [("2026-06-30", "all")]


def test_a_period_by_months_has_the_month_ends_and_its_own_end() -> None:
    found = [day for day, _ in asked(since="2026-03-15", until="2026-06-15")]
    assert found == ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-15"]


def test_a_period_without_an_end_goes_to_the_newest_date() -> None:
    found = [day for day, _ in asked(since="2025-01-01", every="quarter")]
    assert found == ["2025-03-31", "2025-06-30", "2025-09-30", "2025-12-31", "2026-03-31", "2026-06-30"]


def test_a_period_without_an_end_goes_to_today_where_the_book_tells_of_later_dates() -> None:
    planned = Facts((dt.date(2024, 1, 5), dt.date(9999, 12, 31)), ())
    today = dt.datetime.now(ZoneInfo(SETTINGS.firm.time_zone)).date()
    assert asked(planned, since=today)[-1] == (today.isoformat(), "all")


def test_a_period_of_one_day_is_that_day() -> None:
    assert asked(since="2026-03-15", until="2026-03-15") == [("2026-03-15", "all")]


def test_no_branch_stands_for_the_whole_firm_and_is_made_once() -> None:
    assert asked(branches=("", "all")) == [("2026-06-30", "all")]


def test_a_branch_called_like_all_of_them_is_not_one_of_each() -> None:
    assert asked(Facts(FACTS.span, ("North", "all")), branches=("each",)) == [("2026-06-30", "North")]


def test_each_stands_for_every_branch_in_turn() -> None:
    assert asked(branches=("each",)) == [("2026-06-30", "North"), ("2026-06-30", "South")]


def test_the_whole_firm_and_each_branch_may_be_asked_at_once() -> None:
    assert [branch for _, branch in asked(branches=("all", "each", "South"))] == ["all", "North", "South"]


def test_the_whole_firm_and_a_branch_on_each_date() -> None:
    found = asked(since="2026-05-31", until="2026-06-30", branches=("all", "South", "all"))
    assert found == [
        ("2026-05-31", "all"),
        ("2026-05-31", "South"),
        ("2026-06-30", "all"),
        ("2026-06-30", "South"),
    ]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ({"as_of": "2026-06-30", "since": "2026-01-01"}, "both cannot be"),
        ({"since": "2026-06-30", "until": "2026-01-01"}, "Exchange the two"),
        ({"since": "2026-13-01"}, "from 2026-13-01 is not a day"),
        ({"since": "2026-01-01", "every": "moon"}, "no step 'moon'"),
        ({"since": "2024-01-05", "every": "day", "branches": ("each",)}, "at most 1000 editions"),
        ({"since": "2026-01-01", "until": "2039-01-01"}, "is in the future"),
        ({"since": "1999-01-01"}, "before any data"),
        ({"branches": ("Nrth",)}, "Did you mean North"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(what: dict[str, Any], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        asked(**what)


def test_a_book_without_branches_has_none_to_make_in_turn() -> None:
    with pytest.raises(ParameterError, match="names no branch"):
        agenda.questions(Asked(branches=("each",)), (), Facts(FACTS.span, ()), SETTINGS)


@given(DATES, st.integers(0, 800), st.sampled_from(agenda.STEPS))
def test_the_steps_of_a_period_rise_to_its_end_and_leave_none_out(
    first: dt.date, days: int, step: Step
) -> None:
    last = first + dt.timedelta(days=days)
    found = list(agenda.ends_of_steps(first, last, step))
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[step]
    assert found[-1] == last
    assert all(0 < (b - a).days <= longest for a, b in itertools.pairwise(found))
    assert (found[0] - first).days < longest
    assert first <= found[0]
