"""Measures of all clients at once, against skfolio and NumPy on real prices; and bad input."""

from __future__ import annotations

import datetime as dt
import doctest
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.analysis.risk import measures, portfolio, portfolio_risk, price_history
from clientlib.analysis.risk.holdings import price_holdings
from clientlib.errors import ParameterError

AS_OF = dt.date(2022, 12, 28)
"""The last day of skfolio's S&P 500 prices."""
N_PORTFOLIOS = 200
WINDOW = 250


@pytest.fixture(scope="module")
def sp500() -> pd.DataFrame:
    """Real closes of 20 stocks, 1990–2022; they come with the skfolio wheel, nothing is downloaded."""
    from skfolio.datasets import load_sp500_dataset

    prices: pd.DataFrame = load_sp500_dataset()
    return prices


@pytest.fixture(scope="module", params=["long", "long and short"])
def positions(request: pytest.FixtureRequest, sp500: pd.DataFrame) -> pd.DataFrame:
    """200 random portfolios; of the second kind every third position is short."""
    rng = np.random.default_rng(20221228)
    rows = [
        (f"client{i:03}", security, float(rng.integers(1, 5_000)))
        for i in range(N_PORTFOLIOS)
        for security in rng.choice(sp500.columns, size=rng.integers(1, 16), replace=False)
    ]
    frame = pd.DataFrame(rows, columns=["client_id", "security_id", "quantity"])
    if request.param == "long and short":
        frame.loc[::3, "quantity"] *= -1
    return frame


@pytest.fixture(scope="module")
def found(sp500: pd.DataFrame, positions: pd.DataFrame) -> pd.DataFrame:
    return portfolio_risk(positions, long_form(sp500), AS_OF)


@pytest.fixture(scope="module")
def returns(sp500: pd.DataFrame, positions: pd.DataFrame) -> np.ndarray[Any, Any]:
    """The same portfolios' returns, one after another and without the code under test: (200, 250)."""
    daily = sp500.pct_change(fill_method=None).iloc[-WINDOW:]
    last = sp500.iloc[-1]
    own = []
    for _, part in positions.groupby("client_id"):
        value = part["quantity"].to_numpy() * last[part["security_id"]].to_numpy()
        own.append(daily[part["security_id"]].to_numpy() @ (value / np.abs(value).sum()))
    return np.array(own)


def long_form(wide: pd.DataFrame) -> pd.DataFrame:
    long = wide.rename_axis("date").reset_index().melt("date", var_name="security_id", value_name="close")
    return long.dropna(subset="close")


def closes(**by_security: list[float]) -> pd.DataFrame:
    """Closes on consecutive weekdays that end on 2026-06-30, oldest first; NaN: no close that day."""
    days = pd.bdate_range(end="2026-06-30", periods=len(next(iter(by_security.values()))))
    return long_form(pd.DataFrame(by_security, index=days))


def held(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["client_id", "security_id", "quantity"])


END = dt.date(2026, 6, 30)


# ------------------------------------------------------------------ against independent libraries
def test_value_at_risk_equals_skfolio(found: pd.DataFrame, returns: np.ndarray[Any, Any]) -> None:
    from skfolio.measures import value_at_risk

    np.testing.assert_allclose(found["var"], value_at_risk(returns.T, beta=0.95), rtol=1e-9)


def test_conditional_value_at_risk_equals_skfolio(found: pd.DataFrame, returns: np.ndarray[Any, Any]) -> None:
    from skfolio.measures import cvar

    np.testing.assert_allclose(found["cvar"], cvar(returns.T, beta=0.95), rtol=1e-9)


def test_volatility_equals_skfolio_over_a_year(found: pd.DataFrame, returns: np.ndarray[Any, Any]) -> None:
    from skfolio.measures import standard_deviation

    np.testing.assert_allclose(found["volatility"], standard_deviation(returns.T) * np.sqrt(252), rtol=1e-9)


@pytest.mark.parametrize("compounded", [True, False])
def test_maximum_drawdown_equals_skfolio(
    sp500: pd.DataFrame, positions: pd.DataFrame, returns: np.ndarray[Any, Any], compounded: bool
) -> None:
    from skfolio.measures import get_drawdowns, max_drawdown

    result = portfolio_risk(positions, long_form(sp500), AS_OF, compounded=compounded)
    theirs = max_drawdown(get_drawdowns(returns.T, compounded=compounded))
    np.testing.assert_allclose(result["max_drawdown"], theirs, rtol=1e-9)


@pytest.mark.parametrize(("window", "level"), [(100, 0.95), (250, 0.99), (60, 0.9), (21, 0.975)])
def test_tails_equal_skfolio_where_the_tail_is_whole_and_where_it_is_not(
    sp500: pd.DataFrame, positions: pd.DataFrame, returns: np.ndarray[Any, Any], window: int, level: float
) -> None:
    from skfolio.measures import cvar, value_at_risk

    result = portfolio_risk(positions, long_form(sp500), AS_OF, window, level)
    recent = returns[:, -window:].T
    theirs = np.column_stack([value_at_risk(recent, beta=level), cvar(recent, beta=level)])
    np.testing.assert_allclose(result[["var", "cvar"]], theirs, rtol=1e-9)


def test_beta_against_a_security_equals_least_squares(
    sp500: pd.DataFrame, positions: pd.DataFrame, returns: np.ndarray[Any, Any]
) -> None:
    result = portfolio_risk(positions, long_form(sp500), AS_OF, benchmark="JPM")
    market = sp500["JPM"].pct_change(fill_method=None).iloc[-WINDOW:].to_numpy()
    design = np.column_stack([np.ones(WINDOW), market])
    slopes = np.linalg.lstsq(design, returns.T, rcond=None)[0][1]
    np.testing.assert_allclose(result["beta"], slopes, rtol=1e-9)


def test_beta_without_a_benchmark_is_against_all_clients_together(
    sp500: pd.DataFrame, positions: pd.DataFrame, found: pd.DataFrame, returns: np.ndarray[Any, Any]
) -> None:
    quantity = positions.groupby("security_id")["quantity"].sum()
    value = quantity * sp500.iloc[-1][quantity.index]
    daily = sp500.pct_change(fill_method=None).iloc[-WINDOW:][quantity.index]
    market = daily.to_numpy() @ (value / value.abs().sum()).to_numpy()
    slopes = np.linalg.lstsq(np.column_stack([np.ones(WINDOW), market]), returns.T, rcond=None)[0][1]
    np.testing.assert_allclose(found["beta"], slopes, rtol=1e-9)


def test_returns_with_gaps_are_measured_as_skfolio_does() -> None:
    from skfolio.measures import cvar, get_drawdowns, max_drawdown, standard_deviation, value_at_risk

    rng = np.random.default_rng(5)
    gappy = rng.normal(0, 0.01, (40, 120))
    gappy[rng.random(gappy.shape) < 0.2] = np.nan
    var, tail = measures.tail_risk(gappy, 0.95)
    np.testing.assert_allclose(var, value_at_risk(gappy.T), rtol=1e-9)
    np.testing.assert_allclose(tail, cvar(gappy.T), rtol=1e-9)
    np.testing.assert_allclose(
        measures.volatility(gappy), standard_deviation(gappy.T) * np.sqrt(252), rtol=1e-9
    )
    theirs = [float(max_drawdown(get_drawdowns(row[~np.isnan(row)], compounded=True))) for row in gappy]
    np.testing.assert_allclose(measures.max_drawdown(gappy), theirs, rtol=1e-9)


@given(st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=60), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_conditional_value_at_risk_is_never_below_value_at_risk(own: list[float], level: float) -> None:
    var, tail = measures.tail_risk(np.array([own]), level)
    assert tail[0] >= var[0] - 1e-12


# ------------------------------------------------------------------ weights and concentration
def test_concentration_by_hand() -> None:
    result = portfolio_risk(held(("a", "X", 30), ("a", "Y", 10)), closes(X=[1, 1, 1], Y=[1, 1, 1]), END)
    row = result.loc["a"]
    assert (row["hhi"], row["largest_weight"], row["largest_security"]) == (0.625, 0.75, "X")
    assert (row["market_value"], row["gross_value"]) == (40.0, 40.0)


def test_two_rows_of_one_security_are_one_position() -> None:
    prices = closes(X=[1, 1.1, 0.9, 1], Y=[2, 2.1, 2, 2])
    once = portfolio_risk(held(("a", "X", 30), ("a", "Y", 10)), prices, END)
    split = portfolio_risk(held(("a", "X", 10), ("a", "Y", 10), ("a", "X", 20)), prices, END)
    pd.testing.assert_frame_equal(once, split)


def test_order_of_rows_does_not_matter(
    sp500: pd.DataFrame, positions: pd.DataFrame, found: pd.DataFrame
) -> None:
    shuffled = long_form(sp500.iloc[-300:]).sample(frac=1, random_state=1)
    again = portfolio_risk(positions.sample(frac=1, random_state=2), shuffled, AS_OF)
    pd.testing.assert_frame_equal(found, again)


def suspended(sp500: pd.DataFrame) -> pd.DataFrame:
    """The last prices in long form, some securities without any for part of the window."""
    recent = sp500.iloc[-300:].copy()
    recent.iloc[60:140, :3] = np.nan
    recent.iloc[:200, 5] = np.nan
    return long_form(recent)


@pytest.mark.parametrize("cores", [1, 3])
def test_neither_blocks_nor_threads_show(
    sp500: pd.DataFrame, positions: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    prices = suspended(sp500)
    found = portfolio_risk(positions, prices, AS_OF)
    monkeypatch.setattr("clientlib.processors.cores", lambda: cores)
    monkeypatch.setattr("clientlib.analysis.risk.portfolio.BLOCK", 14)
    monkeypatch.setattr("clientlib.analysis.risk.portfolio.ROWS", 4)
    again = portfolio_risk(positions, prices, AS_OF)
    pd.testing.assert_frame_equal(found, again, check_exact=True)


@pytest.mark.parametrize(("name", "value"), [("POSITIONS", 7), ("_INT64_BITS", 10), ("_INT32_BITS", 3)])
def test_how_positions_are_put_in_order_does_not_show(
    sp500: pd.DataFrame,
    positions: pd.DataFrame,
    found: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: int,
) -> None:
    monkeypatch.setattr(f"clientlib.analysis.risk.holdings.{name}", value)
    # Each position in three rows that stand apart.
    thirds = pd.concat([positions.assign(quantity=positions["quantity"] / 3)] * 3)
    again = portfolio_risk(thirds.sample(frac=1, random_state=3), long_form(sp500.iloc[-300:]), AS_OF)
    pd.testing.assert_frame_equal(found, again)


def test_sums_do_not_depend_on_the_kind_of_column(
    sp500: pd.DataFrame, positions: pd.DataFrame, found: pd.DataFrame
) -> None:
    coded = positions.astype({"client_id": "category", "security_id": "category"})
    again = portfolio_risk(coded, long_form(sp500.iloc[-300:]), AS_OF)
    pd.testing.assert_frame_equal(found, again)


def test_a_short_position_gains_when_its_price_falls() -> None:
    prices = closes(X=[100, 90, 81])
    long, short = (portfolio_risk(held(("a", "X", q)), prices, END).loc["a"] for q in (1, -1))
    assert long["max_drawdown"] == pytest.approx(0.19)
    assert short["max_drawdown"] == 0
    assert (short["market_value"], short["gross_value"], short["largest_weight"]) == (-81, 81, 1)


def test_weights_of_long_and_short_are_shares_of_the_gross_value() -> None:
    # +100 and −100: the net value is nothing, the risk is not. Returns: +10 % × 0.5 − 0 × 0.5.
    result = portfolio_risk(held(("a", "X", 1), ("a", "Y", -1)), closes(X=[100, 110, 100], Y=[100] * 3), END)
    row = result.loc["a"]
    assert (row["market_value"], row["gross_value"], row["hhi"]) == (0, 200, 0.5)
    assert row["var"] == pytest.approx(0.5 * (1 - 100 / 110))


# ------------------------------------------------------------------ the two dates
def test_prices_after_the_day_are_not_read() -> None:
    prices = closes(X=[10, 11, 12, 5, 900])
    before = prices[prices["date"] <= "2026-06-26"]
    day = dt.date(2026, 6, 26)
    pd.testing.assert_frame_equal(
        portfolio_risk(held(("a", "X", 1)), prices, day), portfolio_risk(held(("a", "X", 1)), before, day)
    )


def test_a_day_without_trading_takes_the_last_trading_day() -> None:
    prices, position = closes(X=[10, 11, 12]), held(("a", "X", 1))
    assert portfolio_risk(position, prices, dt.date(2026, 7, 1)).loc["a", "market_value"] == 12


def test_a_holiday_week_does_not_unprice_the_book() -> None:
    # China's National Day 2025: the exchanges were closed from 1 to 8 October.
    prices = closes(X=[10.0, 11, 12])
    prices["date"] = pd.to_datetime(["2025-09-26", "2025-09-29", "2025-09-30"])
    assert portfolio_risk(held(("a", "X", 1)), prices, dt.date(2025, 10, 8)).loc["a", "market_value"] == 12


def test_prices_that_ended_long_ago_price_nothing() -> None:
    result = portfolio_risk(held(("a", "X", 1)), closes(X=[10, 11, 12]), dt.date(2026, 9, 30))
    assert result.loc["a", "n_unpriced"] == 1
    assert result["market_value"].isna().all()


# ------------------------------------------------------------------ gaps, suspended and new securities
NAN = float("nan")


def test_a_short_gap_carries_the_close() -> None:
    prices = closes(X=[10, NAN, NAN, 11], Y=[5, 5, 5, 5])
    row = portfolio_risk(held(("a", "X", 1)), prices, END, 3).loc["a"]
    assert row["n_returns"] == 3
    assert row["volatility"] == pytest.approx(np.std([0, 0, 0.1], ddof=1) * np.sqrt(252))


def test_a_gap_longer_than_the_stale_days_has_no_returns() -> None:
    # Two days may be carried: returns on days 2 and 3 are nought, on 4 and 5 (price back) missing.
    prices = closes(X=[10, NAN, NAN, NAN, 11, 11], Y=[5] * 6)
    row = portfolio_risk(held(("a", "X", 1)), prices, END, 5, stale_days=2).loc["a"]
    assert (row["n_returns"], row["history_share"], row["short_history"]) == (3, 0.6, True)


@pytest.mark.parametrize(("missing", "n_unpriced"), [(5, 0), (6, 1)])
def test_a_suspended_security_is_unpriced_after_the_stale_days(missing: int, n_unpriced: int) -> None:
    prices = closes(X=[10] * 4 + [NAN] * missing, Y=[5] * (4 + missing))
    row = portfolio_risk(held(("a", "X", 1), ("a", "Y", 1)), prices, END).loc["a"]
    assert row["n_unpriced"] == n_unpriced
    assert row["priced_share"] == 1 - n_unpriced / 2


def test_others_stand_for_a_new_security_on_the_days_before_it() -> None:
    # X is 60 % and old, Y 40 % and new: before Y, X alone makes the return, not X diluted by noughts.
    prices = closes(X=[50, 55, 60], Y=[NAN, 40, 40])
    row = portfolio_risk(held(("a", "X", 1), ("a", "Y", 1)), prices, END, 2).loc["a"]
    path = [55 / 50 - 1, 0.6 * (60 / 55 - 1)]
    assert row["volatility"] == pytest.approx(np.std(path, ddof=1) * np.sqrt(252))
    assert (row["history_share"], row["n_returns"]) == (pytest.approx(0.8), 2)


def test_less_than_half_of_the_value_does_not_stand_for_the_whole() -> None:
    prices = closes(X=[50, 55, 40], Y=[NAN, 60, 60])
    row = portfolio_risk(held(("a", "X", 1), ("a", "Y", 1)), prices, END, 2).loc["a"]
    assert (row["n_returns"], row["short_history"]) == (1, True)


def test_a_client_with_full_history_is_not_marked_by_another_ones_gaps() -> None:
    prices = closes(X=[50, 55, 60], Y=[NAN, 40, 40])
    result = portfolio_risk(held(("a", "X", 1), ("b", "Y", 1)), prices, END, 2)
    assert result["short_history"].to_dict() == {"a": False, "b": True}


def test_a_window_longer_than_the_history_is_said() -> None:
    row = portfolio_risk(held(("a", "X", 1)), closes(X=[10, 11, 12, 11]), END, 250).loc["a"]
    assert (row["n_returns"], row["history_share"], row["short_history"]) == (3, 3 / 250, True)


# ------------------------------------------------------------------ bad input
@pytest.mark.parametrize("bad", [0.0, -3.0, NAN, float("inf"), None])
def test_a_close_that_is_no_price_is_as_if_missing(bad: float | None) -> None:
    good = closes(X=[10, 11, 12], Y=[1, 1, 1])
    extra = pd.DataFrame({"date": [good["date"].iloc[1]], "security_id": ["X"], "close": [bad]})
    without = good.drop(index=1)
    position = held(("a", "X", 1))
    pd.testing.assert_frame_equal(
        portfolio_risk(
            position, pd.concat([without, extra], ignore_index=True).astype({"close": float}), END
        ),
        portfolio_risk(position, without, END),
    )


def test_the_same_close_twice_is_one() -> None:
    prices, position = closes(X=[10, 11, 12]), held(("a", "X", 1))
    pd.testing.assert_frame_equal(
        portfolio_risk(position, pd.concat([prices, prices]), END), portfolio_risk(position, prices, END)
    )


def test_two_closes_of_one_day_are_neither_used() -> None:
    prices, position = closes(X=[10, 11, 12], Y=[1, 1, 1]), held(("a", "X", 1))
    other = prices.iloc[[1]].assign(close=99.0)
    pd.testing.assert_frame_equal(
        portfolio_risk(position, pd.concat([prices, other]), END),
        portfolio_risk(position, prices.drop(index=1), END),
    )


def test_a_security_without_a_price_is_counted_not_dropped() -> None:
    result = portfolio_risk(held(("a", "X", 1), ("a", "Z", 5), ("b", "Z", 5)), closes(X=[10, 11, 12]), END)
    assert result["n_positions"].to_dict() == {"a": 2, "b": 1}
    assert result["n_unpriced"].to_dict() == {"a": 1, "b": 1}
    assert result["priced_share"].to_dict() == {"a": 0.5, "b": 0.0}
    assert result.loc["b", ["var", "hhi", "market_value", "largest_security"]].isna().all()


@pytest.mark.parametrize(
    ("security", "quantity", "reason"),
    [
        ("X", 1, ""),
        ("X", NAN, "no_quantity"),
        ("X", float("inf"), "no_quantity"),
        ("UNKNOWN", 1, "no_price"),
        ("WRONG", 1, "bad_price"),
        ("HALTED", 1, "stale_price"),
    ],
)
def test_what_has_no_value_says_why(security: str, quantity: float, reason: str) -> None:
    prices = closes(X=[10.0] * 9, WRONG=[0.0] * 9, HALTED=[5.0] + [NAN] * 8)
    found = price_holdings(held(("a", security, quantity)), price_history(prices, END)).frame().iloc[0]
    assert (found["reason"], pd.isna(found["market_value"])) == (reason, reason != "")


def test_holdings_that_cancel_across_clients_leave_beta_missing() -> None:
    result = portfolio_risk(held(("a", "X", 1), ("b", "X", -1)), closes(X=[10, 11, 12]), END)
    assert result["beta"].isna().all()
    assert result["var"].notna().all()


def test_a_missing_quantity_makes_the_position_unpriced() -> None:
    row = portfolio_risk(held(("a", "X", NAN)), closes(X=[10, 11, 12]), END).loc["a"]
    assert (row["n_positions"], row["n_unpriced"]) == (1, 1)


def test_a_client_whose_positions_add_up_to_nothing_keeps_a_row() -> None:
    row = portfolio_risk(held(("a", "X", 5), ("a", "X", -5)), closes(X=[10, 11, 12]), END).loc["a"]
    assert row["n_positions"] == 0
    assert pd.isna(row["priced_share"])
    assert not row["short_history"]


@pytest.mark.parametrize("empty", ["positions", "prices", "both"])
def test_empty_frames_give_an_answer_of_the_same_form(empty: str, found: pd.DataFrame) -> None:
    position = held(("a", "X", 1)) if empty == "prices" else pd.DataFrame()
    prices = closes(X=[10, 11, 12]) if empty == "positions" else pd.DataFrame()
    result = portfolio_risk(position, prices, END)
    assert list(result.columns) == list(found.columns)
    assert len(result) == (1 if empty == "prices" else 0)


def test_a_benchmark_without_prices_leaves_beta_missing() -> None:
    result = portfolio_risk(held(("a", "X", 1)), closes(X=[10, 11, 12]), END, benchmark="000300")
    assert result["beta"].isna().all()
    assert result["var"].notna().all()


def test_a_benchmark_that_never_moves_leaves_beta_missing() -> None:
    prices = closes(X=[10, 11, 12], FLAT=[1, 1, 1])
    assert portfolio_risk(held(("a", "X", 1)), prices, END, benchmark="FLAT")["beta"].isna().all()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"window": 1}, "window"), ({"level": 1.0}, "level"), ({"stale_days": -1}, "stale_days")],
)
def test_a_parameter_that_cannot_be_is_refused_by_name(wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(ParameterError, match=word):
        portfolio_risk(held(("a", "X", 1)), closes(X=[10, 11]), END, **wrong)


def test_the_example_of_the_docstring_is_true() -> None:
    assert doctest.testmod(portfolio) == (0, 7)
