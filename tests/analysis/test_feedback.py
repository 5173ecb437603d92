"""The feedback review: worked by hand, slow branches planted and found, small groups kept from sight."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from clientlib.analysis.feedback import BLOCKS, PARTS, FeedbackReview, review_feedback
from clientlib.config import load

RULES = load().feedback
AS_OF = dt.date(2026, 6, 30)
ZONE = "Asia/Shanghai"


def clients(branches: dict[str, int], status: str = "active") -> pd.DataFrame:
    """So many clients of each branch, numbered branch-0, branch-1 …"""
    ids = [f"{branch}-{i}" for branch, n in branches.items() for i in range(n)]
    return pd.DataFrame({"client_id": ids, "branch": [i.split("-")[0] for i in ids], "status": status})


def at(days_ago: float, hour: float = 10.0) -> pd.Timestamp:
    return pd.Timestamp(AS_OF, tz=ZONE) - pd.Timedelta(days=days_ago) + pd.Timedelta(hours=hour)


def answers(
    who: list[str],
    nps: Sequence[float] | None = None,
    csat: Sequence[float] | None = None,
    days_ago: float = 10,
) -> pd.DataFrame:
    blank = [np.nan] * len(who)
    return pd.DataFrame(
        {"client_id": who, "given_at": at(days_ago, 20), "nps": nps or blank, "csat": csat or blank}
    )


def requests(
    who: list[str],
    first: Sequence[float],
    closed: Sequence[float] | None = None,
    category: str = "advice",
    priority: str = "normal",
    days_ago: float = 20,
) -> pd.DataFrame:
    """Requests opened `days_ago`; hours until first response and closing, NaN where it has not come."""
    opened = at(days_ago)
    hours = pd.DataFrame({"first": first, "closed": closed or [np.nan] * len(who)})
    moments = {name: opened + pd.to_timedelta(hours[name], unit="h") for name in hours}
    return pd.DataFrame(
        {
            "client_id": who,
            "opened_at": opened,
            "category": category,
            "priority": priority,
            "first_response_at": moments["first"],
            "closed_at": moments["closed"],
        }
    )


def review(
    feedback: pd.DataFrame | None = None,
    asked: pd.DataFrame | None = None,
    who: pd.DataFrame | None = None,
    as_of: dt.date = AS_OF,
) -> FeedbackReview:
    nothing = pd.DataFrame()
    return review_feedback(
        nothing if feedback is None else feedback,
        nothing if asked is None else asked,
        clients({"East": 20}) if who is None else who,
        as_of,
        RULES,
    )


def east(n: int) -> list[str]:
    return [f"East-{i}" for i in range(n)]


def cell(table: pd.DataFrame, row: Any, column: str) -> Any:
    return table.loc[row, column]


# ------------------------------------------------------------------ scores
def test_scores_of_ten_answers() -> None:
    told = answers(east(10), nps=[10, 9, 9, 9, 8, 7, 7, 6, 3, 0], csat=[5, 5, 5, 4, 4, 4, 3, 3, 2, 1])
    found = review(told).overall.loc["all"]
    assert (found["promoters"], found["passives"], found["detractors"]) == (4, 3, 3)
    assert found["nps"] == pytest.approx(10)
    assert found["nps_low"] < 10 < found["nps_high"]
    assert (found["satisfied"], found["csat"]) == (6, pytest.approx(0.6))


def test_only_the_days_of_the_period_count() -> None:
    told = pd.concat(
        [answers(east(6), nps=[10] * 6, days_ago=days) for days in (0, RULES.period_days - 1)]
        + [answers(east(6), nps=[0] * 6, days_ago=days) for days in (-1, RULES.period_days)]
    )
    found = review(told)
    assert cell(found.overall, "all", "nps") == 100
    assert cell(found.coverage, "feedback", "outside_period") == 12
    assert found.since == AS_OF - dt.timedelta(days=RULES.period_days - 1)


def test_days_are_those_of_the_instants_own_zone() -> None:
    told = answers(east(6), nps=[10] * 6).assign(given_at=pd.Timestamp("2026-07-01T00:30", tz=ZONE))
    assert cell(review(told).coverage, "feedback", "used") == 0
    in_utc = told.assign(given_at=told["given_at"].dt.tz_convert("UTC"))
    assert cell(review(in_utc).coverage, "feedback", "used") == 6


def test_answers_of_clients_outside_the_table_are_left_out_and_counted() -> None:
    told = answers([*east(6), "West-0", "West-1"], nps=[10] * 6 + [0] * 2)
    found = review(told)
    assert cell(found.overall, "all", "nps") == 100
    assert cell(found.coverage, "feedback", "of_others") == 2


# ------------------------------------------------------------------ waits
def test_median_and_ninetieth_percentile_of_finished_waits() -> None:
    asked = requests(east(10), first=list(range(1, 11)), closed=list(range(11, 21)))
    found = review(asked=asked).overall.loc["all"]
    assert (found["first_response_median"], found["first_response_p90"]) == (5, 9)
    assert (found["resolution_median"], found["resolution_p90"]) == (15, 19)


def test_requests_still_open_count_as_waiting() -> None:
    asked = requests(east(10), first=[1, 2, 3, 4, *[np.nan] * 6])
    found = review(asked=asked).overall.loc["all"]
    assert np.isnan(found["first_response_median"]), "six of ten still wait"
    assert (found["unanswered"], found["open"]) == (6, 10)


def test_what_happened_after_the_day_is_not_known_on_it() -> None:
    asked = requests(east(6), first=[30.0] * 6, closed=[40.0] * 6, days_ago=1)
    found = review(asked=asked).overall.loc["all"]
    assert (found["unanswered"], found["open"]) == (0, 6)
    before = review(asked=asked, as_of=AS_OF - dt.timedelta(days=1)).overall.loc["all"]
    assert (before["requests"], before["unanswered"]) == (6, 6)


def test_closing_without_a_first_response_was_the_first_response() -> None:
    asked = requests(east(6), first=[np.nan] * 6, closed=[7.0] * 6)
    assert cell(review(asked=asked).overall, "all", "first_response_median") == 7


def test_night_and_a_change_of_clocks_count_by_the_hour() -> None:
    asked = requests(east(6), first=[1.0] * 6)
    asked["opened_at"] = pd.Timestamp("2026-03-28T20:00", tz="Europe/Berlin")
    asked["first_response_at"] = pd.Timestamp("2026-03-29T08:00", tz="Europe/Berlin")
    assert cell(review(asked=asked).overall, "all", "first_response_median") == 11


# ------------------------------------------------------------------ promises
def test_promises_are_judged_by_category() -> None:
    asked = pd.concat(
        [
            requests(east(10), first=[7.0] * 6 + [8.0] * 2 + [9.0] * 2, category="advice"),
            requests(east(10), first=[3.0] * 10, category="trading"),
        ]
    )
    found = review(asked=asked).sla
    first = found[found["measure"].eq("first_response") & found["priority"].eq("all")].set_index("category")
    assert (cell(first, "advice", "kept"), cell(first, "advice", "judged")) == (8, 10)
    assert cell(first, "trading", "share") == 0
    assert cell(first, "all", "share") == pytest.approx(0.4)
    assert cell(first, "advice", "due_hours") == RULES.first_response_hours["advice"]


def test_what_is_not_due_yet_is_not_judged() -> None:
    asked = pd.concat(
        [requests(east(6), first=[np.nan] * 6, days_ago=0), requests(east(6), first=[np.nan] * 6, days_ago=3)]
    )
    asked["opened_at"] = asked["opened_at"].where(asked["opened_at"] < at(1), at(0, 20))
    found = review(asked=asked).sla
    line = found[found["measure"].eq("first_response") & found["category"].eq("all")].iloc[-1]
    assert (line["requests"], line["judged"], line["kept"]) == (12, 6, 0)


def test_a_category_without_a_promise_is_never_judged() -> None:
    found = review(asked=requests(east(10), first=[1.0] * 10, category="gossip"))
    assert found.sla["judged"].sum() == 0
    assert cell(found.available, "sla", "reason") == "no_limits"


# ------------------------------------------------------------------ complaints
def test_complaints_are_set_against_the_clients_active_now() -> None:
    who = pd.concat([clients({"East": 20}), clients({"West": 80}), clients({"Idle": 10}, status="dormant")])
    complaining = [f"East-{n}" for n in (0, 1, 2, 3, 4, 4)] + [f"West-{n}" for n in range(6)]
    found = review(asked=requests(complaining, first=[1.0] * 12, category="complaint"), who=who)
    assert cell(found.overall, "all", "complaints_per_1000") == pytest.approx(120)
    assert cell(found.by_branch, "East", "complaints_per_1000") == pytest.approx(300)
    assert cell(found.by_branch, "West", "complaints_per_1000") == pytest.approx(75)
    assert np.isnan(cell(found.by_branch, "Idle", "complaints_per_1000"))


def test_complaints_of_few_clients_are_withheld_with_the_next_that_would_tell_them() -> None:
    who = clients({"East": 20, "West": 80, "North": 30, "Quiet": 10})
    complaining = ["East-0", "East-1", *(f"West-{n}" for n in range(9)), *(f"North-{n}" for n in range(6))]
    found = review(asked=requests(complaining, first=[1.0] * 17, category="complaint"), who=who)
    assert found.by_branch["complaints_shown"].to_dict() == {
        "East": False,
        "North": False,
        "Quiet": True,
        "West": True,
    }


# ------------------------------------------------------------------ months
def test_every_month_of_the_period_is_listed_and_cut_ones_are_marked() -> None:
    told = pd.concat([answers(east(6), nps=[10] * 6, days_ago=days) for days in (0, 40)])
    found = review(told, as_of=dt.date(2026, 6, 15)).by_month
    assert len(found) == 13
    assert found["whole_month"].to_list() == [False, *[True] * 11, False]
    assert cell(found, pd.Timestamp("2026-05-01"), "nps_answers") == 6


# ------------------------------------------------------------------ branches compared
def branch_waits(means: dict[str, float], n: int = 40) -> pd.DataFrame:
    random = np.random.default_rng(9)
    parts = [
        requests([f"{branch}-{i}" for i in range(n)], first=list(random.exponential(mean, n)))
        for branch, mean in means.items()
    ]
    return pd.concat(parts, ignore_index=True)


def test_a_slow_branch_is_found_and_the_others_are_not_accused() -> None:
    means = {"East": 5.0, "West": 5.0, "South": 20.0, "North": 5.0}
    found = review(asked=branch_waits(means), who=clients(dict.fromkeys(means, 40)))
    first = found.branch_speed[found.branch_speed["measure"].eq("first_response")].set_index("branch")
    assert first["verdict"].to_dict()["South"] == "slower"
    assert not first.drop(index="South")["verdict"].eq("slower").any()
    assert first.index[0] == "South"
    assert cell(first, "South", "median_hours") > 2 * cell(first, "South", "median_elsewhere")


def test_equal_branches_do_not_stand_out() -> None:
    means = dict.fromkeys(["East", "West", "South", "North"], 5.0)
    found = review(asked=branch_waits(means), who=clients(dict.fromkeys(means, 40)))
    first = found.branch_speed[found.branch_speed["measure"].eq("first_response")]
    assert set(first["verdict"]) == {"as_others"}


def test_one_branch_cannot_be_compared() -> None:
    found = review(asked=branch_waits({"East": 5.0}), who=clients({"East": 40}))
    assert found.branch_speed.empty
    assert cell(found.available, "branch_speed", "reason") == "one_branch"


# ------------------------------------------------------------------ waiting and satisfaction
def test_waiting_is_set_against_the_satisfaction_told_after_it() -> None:
    hours, stars = [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [5.0, 5, 4, 5, 4, 4, 3, 4, 2, 3, 1, 2]
    told = answers(east(12), csat=stars)
    before_asking = answers(east(12), csat=[3.0] * 12, days_ago=100)
    found = review(pd.concat([before_asking, told]), requests(east(12), first=hours)).association
    expected = spearmanr(hours, stars)
    row = found.loc["first_response"]
    assert row["rho"] == pytest.approx(float(expected.statistic))
    assert row["p"] == pytest.approx(float(expected.pvalue))
    assert (row["n"], row["low"] < row["rho"] < row["high"] < 0) == (12, True)


def test_a_wait_is_counted_up_to_the_answer_at_most() -> None:
    told = answers(east(12), csat=[float(1 + i % 5) for i in range(12)], days_ago=20)
    asked = requests(east(12), first=[1.0] * 6 + [1000.0] * 6, days_ago=20)
    # Answered 10 hours after asking: six had waited 1 hour, six 10 so far.
    found = review(told, asked).association
    assert cell(found, "first_response", "rho") == pytest.approx(
        float(spearmanr([1.0] * 6 + [10.0] * 6, told["csat"]).statistic)
    )


@pytest.mark.parametrize(("n", "stars", "reason"), [(9, None, "too_few_pairs"), (12, 4.0, "constant")])
def test_no_relation_is_claimed_of_few_or_of_all_the_same(n: int, stars: float | None, reason: str) -> None:
    csat = [stars or float(1 + i % 5) for i in range(n)]
    found = review(answers(east(n), csat=csat), requests(east(n), first=[float(i) for i in range(n)]))
    assert cell(found.available, "association", "reason") == reason
    assert np.isnan(cell(found.association, "first_response", "rho"))


# ------------------------------------------------------------------ small groups
FIGURES = {
    "nps": ["nps_clients", "nps_answers", "promoters", "passives", "detractors", "nps", "nps_low"],
    "csat": ["csat_clients", "csat_answers", "satisfied", "csat", "csat_mean"],
    "requests": ["requests_clients", "requests", "open", "first_response_median", "resolution_sla"],
    "complaints": ["active_clients", "complaints", "complaints_per_1000"],
}


def of_branches(sizes: dict[str, int]) -> FeedbackReview:
    ids = [f"{branch}-{i}" for branch, n in sizes.items() for i in range(n)]
    told = answers(ids, nps=[9.0] * len(ids), csat=[4.0] * len(ids))
    return review(told, requests(ids, first=[1.0] * len(ids)), clients(sizes))


@pytest.mark.parametrize("block", BLOCKS)
def test_a_small_branch_and_the_next_smallest_are_withheld(block: str) -> None:
    found = of_branches({"Large": 30, "Middle": 12, "Small": 3}).by_branch
    assert found[f"{block}_shown"].to_dict() == {"Large": True, "Middle": False, "Small": False}
    assert found.loc[["Middle", "Small"], FIGURES[block]].isna().all(axis=None)
    assert found["shown"].to_dict() == {"Large": True, "Middle": False, "Small": False}


def test_each_part_is_withheld_by_its_own_number_of_clients() -> None:
    who = clients({"Large": 30, "Middle": 30, "Other": 30})
    ids = who["client_id"].to_list()
    told = answers([*ids[:30], "Middle-0", *ids[60:]], nps=[9.0] * 61)
    found = review(told, requests(ids, first=[1.0] * 90), who).by_branch
    assert found["nps_shown"].to_dict() == {"Large": False, "Middle": False, "Other": True}
    assert found["requests_shown"].all()


def test_withheld_branches_are_not_named_in_the_comparison() -> None:
    found = of_branches({"Large": 30, "Grand": 30, "Middle": 12, "Small": 3})
    assert set(found.branch_speed["branch"]) == {"Large", "Grand"}


def test_so_few_clients_that_even_the_total_is_withheld() -> None:
    found = of_branches({"Small": 4})
    assert found.overall["shown"].to_list() == [False]
    assert found.overall[FIGURES["nps"]].isna().all(axis=None)
    assert cell(found.available, "nps", "reason") == "too_few_clients"
    assert not found.sla["shown"].any()


def test_small_cells_of_the_promises_cannot_be_worked_out() -> None:
    asked = pd.concat(
        [
            requests(east(20), first=[1.0] * 20, priority="normal"),
            requests(east(8), first=[1.0] * 8, priority="high"),
            requests(east(2), first=[1.0] * 2, priority="low"),
            requests(east(20), first=[1.0] * 20, category="trading", priority="normal"),
            requests(east(9), first=[1.0] * 9, category="trading", priority="high"),
            requests(east(6), first=[1.0] * 6, category="trading", priority="low"),
        ]
    )
    found = review(asked=asked).sla.query("measure == 'first_response'")
    shown = found.pivot(index="category", columns="priority", values="shown")
    assert not shown.loc["advice", "low"]
    for line in (shown.loc["advice"], shown["low"]):
        assert line.eq(False).sum() >= 2
    withheld = found[~found["shown"]]
    assert withheld[["clients", "requests", "judged", "kept", "share"]].isna().all(axis=None)


def test_categories_are_withheld_as_in_the_table_of_promises() -> None:
    asked = pd.concat(
        [
            requests(east(20), first=[1.0] * 20),
            requests(east(12), first=[1.0] * 12, category="account"),
            requests(east(2), first=[1.0] * 2, category="complaint"),
        ]
    )
    found = review(asked=asked)
    assert found.by_category["shown"].to_dict() == {"advice": True, "account": False, "complaint": False}
    total = found.sla[found.sla["measure"].eq("resolution") & found.sla["priority"].eq("all")]
    both = total.set_index("category")["shown"].drop("all")
    assert both.to_dict() == found.by_category["shown"].to_dict()


# ------------------------------------------------------------------ nothing there
def test_without_feedback_and_requests_each_part_says_so() -> None:
    found = review().available
    assert list(found.index) == list(PARTS)
    assert not found["available"].any()
    assert found["reason"].to_dict() == {
        "nps": "no_feedback",
        "csat": "no_feedback",
        "first_response": "no_requests",
        "resolution": "no_requests",
        "sla": "no_requests",
        "complaints": "no_requests",
        "branch_speed": "no_requests",
        "association": "no_feedback",
    }


def test_tables_without_rows_keep_their_columns() -> None:
    found, empty = of_branches({"Large": 30}), review(who=pd.DataFrame())
    for name in ("overall", "by_branch", "by_category", "by_month", "sla", "branch_speed", "association"):
        assert list(getattr(empty, name).columns) == list(getattr(found, name).columns), name


def test_without_clients_nothing_is_told() -> None:
    found = review(answers(east(6), nps=[9.0] * 6), requests(east(6), first=[1.0] * 6), pd.DataFrame())
    assert set(found.available["reason"]) == {"no_clients"}


def test_what_lies_outside_the_period_is_named_as_such() -> None:
    long_ago = RULES.period_days + 5
    found = review(
        answers(east(6), nps=[9.0] * 6, days_ago=long_ago),
        requests(east(6), first=[1.0] * 6, days_ago=long_ago),
    )
    assert set(found.available["reason"]) == {"none_in_period"}


def test_answers_with_one_kind_of_score_leave_the_other_without() -> None:
    found = review(answers(east(6), nps=[9.0] * 6))
    assert cell(found.available, "nps", "available")
    assert cell(found.available, "csat", "reason") == "no_scores"


def test_a_firm_of_dormant_clients_has_no_rate_of_complaints() -> None:
    who = clients({"East": 20}, status="dormant")
    found = review(asked=requests(east(10), first=[1.0] * 10, category="complaint"), who=who)
    assert cell(found.available, "complaints", "reason") == "no_active_clients"
    assert cell(found.available, "first_response", "available")


def test_missing_branch_category_and_priority_are_groups_of_their_own() -> None:
    who = clients({"East": 10}).assign(branch=None)
    asked = requests(east(10), first=[1.0] * 10).assign(category=None, priority=None)
    found = review(asked=asked, who=who)
    assert list(found.by_branch.index) == ["unknown"]
    assert list(found.by_category.index) == ["unknown"]


def test_everything_the_same_gives_points_and_no_failure() -> None:
    ids = east(20)
    found = review(answers(ids, nps=[10.0] * 20, csat=[5.0] * 20), requests(ids, [0.0] * 20, [0.0] * 20))
    row = found.overall.loc["all"]
    assert (row["nps"], row["nps_high"], row["first_response_median"]) == (100, 100, 0)
    assert row["nps_low"] < 95, "twenty answers do not prove that all would recommend"
