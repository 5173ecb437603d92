"""Waits with those still going on, and groups compared, against scipy and cases worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import CensoredData, ecdf, logrank

from clientlib.analysis.waiting import holm, kaplan_meier, log_rank, promise_kept, waiting_quantile


def waits(
    hours: list[float], happened: list[bool], group: list[str], stratum: str = "advice"
) -> pd.DataFrame:
    return pd.DataFrame({"hours": hours, "happened": happened, "branch": group, "category": stratum})


def cell(table: pd.DataFrame, row: str, column: str) -> Any:
    return table.loc[row, column]


def random_waits(seed: int, n: int = 300) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    group = random.choice(["east", "west", "south"], n)
    hours = np.ceil(random.exponential(np.where(group == "west", 14, 7), n))
    censor = np.ceil(random.exponential(30, n))
    return pd.DataFrame(
        {
            "hours": np.minimum(hours, censor),
            "happened": hours <= censor,
            "branch": group,
            "category": random.choice(["advice", "account"], n),
        }
    )


def censored(data: pd.DataFrame) -> Any:
    hours, happened = data["hours"].to_numpy(), data["happened"].to_numpy()
    return CensoredData(uncensored=hours[happened], right=hours[~happened])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_curve_agrees_with_scipy(seed: int) -> None:
    data = random_waits(seed)
    theirs = ecdf(censored(data)).sf
    times, waiting = kaplan_meier(data["hours"].to_numpy(), data["happened"].to_numpy())
    assert waiting == pytest.approx(theirs.evaluate(times), abs=1e-12)


def test_curve_of_a_published_trial() -> None:
    # Freireich et al. (1963), 6-MP arm, weeks to relapse; the curve as in Cox & Oakes (1984), Analysis of
    # Survival Data, § 4.2: 0.753 at 10 weeks, 0.448 at 23.
    hours = np.array(
        [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35], dtype=float
    )
    lost_sight_of = {3, 5, 7, 8, 11, 12, 13, 16, 17, 18, 19, 20}
    happened = np.array([place not in lost_sight_of for place in range(len(hours))])
    times, waiting = kaplan_meier(hours, happened)
    found = dict(zip(times, waiting, strict=True))
    assert (found[10], found[23]) == pytest.approx((0.753, 0.448), abs=5e-4)
    assert waiting_quantile(hours, happened, 0.5) == 23


def test_those_still_waiting_make_the_median_longer() -> None:
    hours = np.array([1.0, 2, 3, 10, 10])
    assert waiting_quantile(hours[:3], np.array([True, True, True]), 0.5) == 2
    assert waiting_quantile(hours, np.array([True, True, True, False, False]), 0.5) == 3


def test_ninetieth_percentile_of_ten_finished_waits_is_the_ninth() -> None:
    assert waiting_quantile(np.arange(1.0, 11.0), np.full(10, True), 0.9) == 9


def test_a_quantile_that_is_not_reached_yet_is_missing() -> None:
    hours = np.array([1.0, 5.0, 5.0, 5.0])
    assert np.isnan(waiting_quantile(hours, np.array([True, False, False, False]), 0.5))
    assert np.isnan(waiting_quantile(np.array([]), np.array([], dtype=bool), 0.5))


def test_a_promise_is_judged_once_it_is_kept_or_overdue() -> None:
    kept = promise_kept(
        pd.Series([4.0, 5.0, 3.0, 9.0, 1.0]),
        pd.Series([True, True, False, False, True]),
        pd.Series([4.0, 4.0, 4.0, 4.0, np.nan]),
    )
    assert kept[:2].tolist() == [True, False]
    assert pd.isna(kept[2]), "still waiting and not due yet"
    assert not kept[3], "still waiting beyond what was promised"
    assert pd.isna(kept[4]), "nothing was promised"


@pytest.mark.parametrize("seed", [4, 5])
def test_log_rank_of_two_groups_agrees_with_scipy(seed: int) -> None:
    data = random_waits(seed).assign(category="advice")
    own, other = censored(data[data["branch"] == "west"]), censored(data[data["branch"] != "west"])
    theirs = logrank(own, other)
    found = log_rank(data, "branch", "category")
    assert abs(cell(found, "west", "z")) == pytest.approx(abs(float(theirs.statistic)), rel=1e-9)
    assert cell(found, "west", "p") == pytest.approx(float(theirs.pvalue), rel=1e-9)


def test_log_rank_by_hand() -> None:
    # At 1 h 1 of 4 ends, 2 of the 4 are a's: expected 1/2, variance 1/4. At 2 h 1 of 3, one of them a's:
    # 1/3, 2/9. At 3 h 1 of 2, none a's: 0. So of a 2 ended, 5/6 expected, variance 17/36.
    found = log_rank(waits([1, 2, 3, 4], [True] * 3 + [False], ["a", "a", "b", "b"]), "branch", "category")
    assert (cell(found, "a", "ended"), cell(found, "a", "expected")) == pytest.approx((2, 5 / 6))
    assert cell(found, "a", "z") == pytest.approx((2 - 5 / 6) / np.sqrt(17 / 36))
    assert cell(found, "b", "z") == pytest.approx(-cell(found, "a", "z"))


def test_a_branch_with_the_harder_requests_is_not_called_slow_for_that() -> None:
    random = np.random.default_rng(8)
    hard = pd.concat(
        [
            waits(list(random.exponential(50, n)), [True] * n, [branch] * n, "hard")
            for branch, n in (("a", 150), ("b", 30))
        ]
    )
    easy = pd.concat(
        [
            waits(list(random.exponential(5, n)), [True] * n, [branch] * n, "easy")
            for branch, n in (("a", 30), ("b", 150))
        ]
    )
    both = pd.concat([hard, easy], ignore_index=True)
    assert cell(log_rank(both.assign(category="any"), "branch", "category"), "a", "p") < 1e-6
    assert cell(log_rank(both, "branch", "category"), "a", "p") > 0.05


def test_groups_that_cannot_be_compared_have_no_statistic() -> None:
    found = log_rank(waits([1, 2], [False, False], ["a", "b"]), "branch", "category")
    assert found[["z", "p", "p_holm"]].isna().all(axis=None)
    assert log_rank(waits([], [], []), "branch", "category").empty


def test_holm_by_hand() -> None:
    # Sorted 0.01 × 4, 0.02 × 3, 0.03 × 2 = 0.06, 0.5 × 1.
    found = holm(pd.Series([0.03, 0.01, 0.5, 0.02, np.nan]))
    assert found[:4].tolist() == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert np.isnan(found[4])
