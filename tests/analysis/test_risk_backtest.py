"""How often losses went beyond the value at risk, and what the tests say of it."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import bernoulli, chi2

from clientlib.analysis.risk import count_exceedances
from clientlib.analysis.risk.backtest import coverage_tests, verdict
from clientlib.config.risk import BacktestRules

RULES = BacktestRules(significance=0.05, least_days=100)


def count(returns: np.ndarray, window: int = 10, level: float = 0.9) -> pd.DataFrame:
    names = pd.Index(["firm", *(str(n) for n in range(1, len(returns)))])
    return count_exceedances(returns, names, window, level, RULES)


def row_of_days(n00: int, n01: int, n10: int, n11: int) -> np.ndarray:
    """A row of days that has just these steps from day to day; n01 is n10, so it ends as it began."""
    assert n01 == n10
    return np.array([False] * (n00 + 1) + [True] * (n11 + 1) + [False] + [True, False] * (n01 - 1))


# ------------------------------------------------------------------ counts
def test_a_loss_beyond_the_var_of_the_days_before_is_counted() -> None:
    # The VaR of ten calm days at 90 % is 1 %: 5 % is beyond it, 1 % is not.
    calm = np.tile([0.01, -0.01], 5)
    row = count(np.array([[*calm, -0.05, -0.01]])).loc["firm"]
    assert (row["n_days"], row["exceedances"], row["rate"]) == (2, 1, 0.5)
    assert row["expected"] == pytest.approx(0.2)


def test_a_days_own_loss_is_not_in_its_var() -> None:
    assert count(np.array([[0.0] * 10 + [-0.5]])).loc["firm", "exceedances"] == 1


def test_too_short_a_history_tests_no_day() -> None:
    row = count(np.zeros((1, 10))).T["firm"]
    assert row[["n_days", "exceedances", "expected"]].tolist() == [0, 0, 0]
    assert row[["rate", "kupiec_p", "independence_p", "christoffersen_p"]].isna().all()
    assert row["verdict"] == "too_short"


def test_days_without_a_return_are_left_out() -> None:
    assert count(np.array([[np.nan, *[0.0] * 10, np.nan, -0.5]])).loc["firm", "n_days"] == 1


# ------------------------------------------------------------------ the tests, against published figures
def test_the_figures_are_those_of_an_independent_library() -> None:
    # MathWorks, Risk Management Toolbox, varbacktest.cc, first example: 1,043 days, 57 failures at 95 %,
    # N00 932, N10 53, N01 53, N11 4: p-values of pof 0.49694, cci 0.61104, cc 0.69763.
    # https://www.mathworks.com/help/risk/varbacktest.cc.html
    days = row_of_days(932, 53, 53, 4)
    assert (len(days), days.sum()) == (1043, 57)
    assert coverage_tests(days, 0.05) == pytest.approx((0.49694, 0.61104, 0.69763), abs=5e-6)


def test_kupiecs_regions_are_those_published() -> None:
    # Kupiec (1995), also in Jorion, Value at Risk (2007), chapter 6: the numbers of failures N of T days that
    # do not reject at 5 %, written there as 6 < N < 21. For 255 days at 99 % only N < 7 is printed; no
    # failure at all rejects there too: 2 × 255 × ln(1 / 0.99) = 5.1 > 3.8.
    published = {
        0.01: {255: (0, 7), 510: (1, 11), 1000: (4, 17)},
        0.025: {255: (2, 12), 510: (6, 21), 1000: (15, 36)},
        0.05: {255: (6, 21), 510: (16, 36), 1000: (37, 65)},
        0.075: {255: (11, 28), 510: (27, 51), 1000: (59, 92)},
        0.1: {255: (16, 36), 510: (38, 65), 1000: (81, 120)},
    }
    for chance, regions in published.items():
        for n_days, (low, high) in regions.items():
            p = [coverage_tests(np.arange(n_days) < n, chance)[0] for n in range(high + 3)]
            assert [n for n, value in enumerate(p) if value >= 0.05] == list(range(low + 1, high))


def likelihood_gain(days: np.ndarray, chance: float) -> tuple[float, float]:
    """Coverage and independence, by trying chances for the best rather than by formula."""

    def best(part: np.ndarray) -> float:
        at = minimize_scalar(
            lambda p: -bernoulli.logpmf(part, p).sum(),
            bounds=(1e-12, 1 - 1e-12),
            method="bounded",
            options={"xatol": 1e-10},
        )
        return -float(at.fun)

    first, then = days[:-1], days[1:]
    apart = best(then[first]) + best(then[~first])
    return 2 * (best(days) - bernoulli.logpmf(days, chance).sum()), 2 * (apart - best(then))


@given(st.lists(st.booleans(), min_size=5, max_size=60), st.sampled_from([0.01, 0.05, 0.1]))
def test_the_tests_are_what_the_largest_likelihoods_give(days: list[bool], chance: float) -> None:
    row = np.array(days)
    assume(row[:-1].any() and not row[:-1].all())
    coverage, independence = likelihood_gain(row, chance)
    expected = (chi2.sf(coverage, 1), chi2.sf(independence, 1), chi2.sf(coverage + independence, 2))
    # A p-value near 1 belongs to a gain near 0, where its slope is infinite.
    assert coverage_tests(row, chance) == pytest.approx(expected, rel=1e-3, abs=1e-3)


# ------------------------------------------------------------------ the edges
def test_no_exceedance_can_be_too_few_but_not_bunched() -> None:
    # 250 days: 2 × 250 × ln(1 / 0.95) = 25.6.
    kupiec, independence, both = coverage_tests(np.zeros(250, dtype=bool), 0.05)
    assert kupiec == pytest.approx(chi2.sf(-500 * np.log(0.95), 1))
    assert np.isnan([independence, both]).all()


def test_nothing_but_exceedances_are_too_many() -> None:
    kupiec, independence, both = coverage_tests(np.ones(10, dtype=bool), 0.05)
    assert kupiec == pytest.approx(chi2.sf(-20 * np.log(0.05), 1))
    assert np.isnan([independence, both]).all()


def test_a_single_exceedance_on_the_last_day_tells_nothing_of_the_day_after() -> None:
    assert np.isnan(coverage_tests(np.arange(250) == 249, 0.05)[1])


def test_no_exceedance_right_after_another_still_has_a_test() -> None:
    # Steps: 227, 10, 10, 0 of 247.
    days = row_of_days(227, 10, 10, 0)
    apart = 227 * np.log(227 / 237) + 10 * np.log(10 / 237)
    alike = 237 * np.log(237 / 247) + 10 * np.log(10 / 247)
    assert coverage_tests(days, 0.05)[1] == pytest.approx(chi2.sf(2 * (apart - alike), 1))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "holds"),
        ({"n_days": 99, "kupiec_p": 0.001}, "too_short"),
        ({"kupiec_p": 0.049}, "too_many"),
        ({"kupiec_p": 0.049, "rate": 0.01}, "too_few"),
        ({"kupiec_p": 0.049, "independence_p": 0.001}, "too_many"),
        ({"independence_p": 0.049}, "clustered"),
        ({"christoffersen_p": 0.04, "kupiec_p": 0.07, "independence_p": 0.06}, "clustered"),
        ({"christoffersen_p": 0.04, "kupiec_p": 0.06, "independence_p": 0.07}, "too_many"),
        ({"kupiec_p": 0.04, "rate": 0.0, "independence_p": np.nan, "christoffersen_p": np.nan}, "too_few"),
    ],
)
def test_the_verdict_follows_from_the_tests(changed: dict[Hashable, float], expected: str) -> None:
    well: dict[Hashable, float] = {
        "n_days": 100,
        "rate": 0.06,
        "kupiec_p": 0.5,
        "independence_p": 0.5,
        "christoffersen_p": 0.5,
    }
    assert verdict({**well, **changed}, 0.95, RULES) == expected


# ------------------------------------------------------------------ invented and real returns
def test_independent_returns_hold() -> None:
    # 5 % of 5,000 days is 250, give or take three standard deviations (46) and what the estimate adds.
    returns = np.random.default_rng(3).normal(0, 0.01, (1, 5_250))
    row = count(returns, 250, 0.95).loc["firm"]
    assert abs(row["exceedances"] - 250) < 46 + 250 * 0.1
    assert row["verdict"] == "holds"


def test_returns_whose_volatility_comes_and_goes_are_clustered() -> None:
    rng = np.random.default_rng(3)
    calm_and_rough = np.repeat(np.tile([0.005, 0.02], 25), 100)
    row = count((rng.normal(0, 1, 5_000) * calm_and_rough)[None, :], 250, 0.95).loc["firm"]
    assert row["independence_p"] < 0.01


@pytest.fixture(scope="module")
def sp500() -> pd.DataFrame:
    """Daily returns of 20 real stocks, 1990–2022, and of all of them held alike."""
    from skfolio.datasets import load_sp500_dataset

    returns: pd.DataFrame = load_sp500_dataset().pct_change().dropna()
    return returns.assign(alike=returns.mean(axis=1))


def test_on_real_prices_the_amount_is_about_right_but_the_losses_are_bunched(sp500: pd.DataFrame) -> None:
    # What 33 years say of a VaR of 250 equally weighted days: 5.1–5.6 % for 5 % of the days, and bunched.
    found = count_exceedances(sp500.to_numpy().T, sp500.columns, 250, 0.95, RULES)
    assert found["rate"].between(0.05, 0.057).all()
    assert found["independence_p"]["alike"] < 1e-6
    assert (found["independence_p"] < 0.05).mean() > 0.8
