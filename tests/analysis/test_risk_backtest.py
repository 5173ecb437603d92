"""How often losses went beyond the value at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk import count_exceedances


def test_a_loss_beyond_the_var_of_the_days_before_is_counted() -> None:
    # The VaR of ten calm days at 90 % is 1 %: 5 % is beyond it, 1 % is not.
    calm = np.tile([0.01, -0.01], 5)
    returns = np.array([[*calm, -0.05, -0.01]])
    row = count_exceedances(returns, pd.Index(["firm"]), 10, 0.9).loc["firm"]
    assert (row["n_days"], row["exceedances"], row["expected"]) == (2, 1, pytest.approx(0.2))


def test_a_days_own_loss_is_not_in_its_var() -> None:
    returns = np.array([[0.0] * 10 + [-0.5]])
    assert count_exceedances(returns, pd.Index(["firm"]), 10, 0.9).loc["firm", "exceedances"] == 1


def test_too_short_a_history_tests_no_day() -> None:
    found = count_exceedances(np.zeros((1, 10)), pd.Index(["firm"]), 10, 0.9)
    assert found.to_numpy().tolist() == [[0, 0, 0]]


def test_days_without_a_return_are_left_out() -> None:
    returns = np.array([[np.nan, *[0.0] * 10, np.nan, -0.5]])
    assert count_exceedances(returns, pd.Index(["firm"]), 10, 0.9).loc["firm", "n_days"] == 1


def test_real_losses_go_beyond_the_var_about_as_often_as_they_should() -> None:
    # Independent returns: 5 % of 5,000 days is 250, give or take three standard deviations (46).
    returns = np.random.default_rng(3).normal(0, 0.01, (1, 5_250))
    found = count_exceedances(returns, pd.Index(["firm"]), 250, 0.95).loc["firm"]
    assert abs(found["exceedances"] - 250) < 46 + 250 * 0.1
