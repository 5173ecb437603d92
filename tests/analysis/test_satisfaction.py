"""Scores and intervals, against hand-worked cases, published figures and independent computations."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binomtest, norm

from clientlib.analysis.satisfaction import (
    net_promoter_score,
    satisfied_share,
    score_interval,
    wilson_interval,
)

Z = float(norm.ppf(0.975))


def score_statistic(up: int, down: int, n: int, delta: float) -> float:
    """Tango's statistic, the constrained share of detractors found by maximising the likelihood itself."""

    def minus_likelihood(q: float) -> float:
        shares = np.array([q + delta, q, 1 - 2 * q - delta])
        counts = np.array([up, down, n - up - down])
        return -float((counts * np.log(np.maximum(shares, 1e-300))).sum())

    bounds = (max(0.0, -delta) + 1e-12, (1 - delta) / 2 - 1e-12)
    q = minimize_scalar(minus_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    return (up - down - n * delta) / math.sqrt(n * (2 * q + delta - delta**2))


def test_score_of_ten_answers_by_hand() -> None:
    found = net_promoter_score(pd.Series([10, 9, 9, 9, 8, 7, 7, 6, 3, 0]))
    assert (found["promoters"], found["passives"], found["detractors"]) == (4, 3, 3)
    assert found["nps"] == pytest.approx(10.0)


@pytest.mark.parametrize(("up", "down", "n"), [(60, 20, 100), (5, 30, 40), (12, 3, 15), (200, 190, 1000)])
def test_limits_of_the_score_solve_the_score_test_found_by_maximum_likelihood(
    up: int, down: int, n: int
) -> None:
    low, high = score_interval(up, down, n)
    assert score_statistic(up, down, n, low) == pytest.approx(Z, abs=1e-3)
    assert score_statistic(up, down, n, high) == pytest.approx(-Z, abs=1e-3)


def test_interval_of_many_answers_agrees_with_the_trinomial_variance() -> None:
    # (p + d − (p − d)²) / n: the textbook variance, good for many answers (Rocks 2016, eq. 1).
    up, down, n = 50_000, 20_000, 100_000
    middle = (up - down) / n
    half = Z * math.sqrt(((up + down) / n - middle**2) / n)
    assert score_interval(up, down, n) == pytest.approx((middle - half, middle + half), abs=2e-5)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    shares, n, draws = [0.5, 0.2, 0.3], 30, 400
    counts = np.random.default_rng(3).multinomial(n, shares, size=draws)
    limits = [score_interval(int(up), int(down), n) for up, _, down in counts]
    assert np.mean([low <= 0.2 <= high for low, high in limits]) == pytest.approx(0.95, abs=0.03)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_interval_holds_the_score_and_stays_inside_the_scale(up: int, down: int, between: int) -> None:
    n = up + down + between
    low, high = score_interval(up, down, n)
    if n == 0:
        assert math.isnan(low)
        assert math.isnan(high)
    else:
        assert -1 <= low <= (up - down) / n <= high <= 1
        assert high - low > 0.01


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40))
def test_interval_mirrors_when_promoters_and_detractors_change_places(
    up: int, down: int, between: int
) -> None:
    low, high = score_interval(up, down, up + down + between)
    assert score_interval(down, up, up + down + between) == pytest.approx((-high, -low), abs=1e-8)


@pytest.mark.parametrize(("successes", "n"), [(0, 7), (7, 7), (1, 3), (83, 120), (500, 1000)])
def test_wilson_agrees_with_scipy(successes: int, n: int) -> None:
    theirs = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert wilson_interval(successes, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_satisfied_are_the_top_two_of_five() -> None:
    found = satisfied_share(pd.Series([5, 4, 3, 2, 1]))
    assert (found["answers"], found["satisfied"], found["csat"], found["csat_mean"]) == (5, 2, 0.4, 3.0)


def test_answers_off_the_scale_and_missing_ones_do_not_count() -> None:
    assert net_promoter_score(pd.Series([10, 11, -1, None, 5]))["answers"] == 2
    assert satisfied_share(pd.Series([0, 6, None, 5]))["answers"] == 1


def test_no_answers_give_no_score() -> None:
    assert math.isnan(net_promoter_score(pd.Series([], dtype=float))["nps"])
    assert math.isnan(satisfied_share(pd.Series([None, None], dtype=float))["csat_low"])
