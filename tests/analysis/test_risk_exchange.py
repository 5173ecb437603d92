"""Closes in several currencies: worked out by hand, 7 CNY a dollar."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk import carried_closes, portfolio_risk, price_history
from clientlib.analysis.risk.day import book_exchange
from clientlib.analysis.risk.holdings import price_holdings
from clientlib.analysis.risk.prices import Exchange
from clientlib.config import load
from clientlib.errors import ParameterError

END = dt.date(2026, 6, 30)
NAN = float("nan")
DAYS = pd.bdate_range(end=END, periods=4)
RATES = {"USD": "USDCNY"}
CNY = Exchange("CNY", {"X": "USD", "HOME": "CNY"}, RATES)


def closes(**by_security: list[float]) -> pd.DataFrame:
    """Closes of the last trading days, the last one on the 30th of June 2026."""
    days = DAYS[-len(next(iter(by_security.values()))) :]
    wide = pd.DataFrame(by_security, index=days).rename_axis("date").reset_index()
    return wide.melt("date", var_name="security_id", value_name="close").dropna()


def held(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["client_id", "security_id", "quantity"])


def returns_of(prices: pd.DataFrame, security: str, stale_days: int = 5) -> list[float]:
    history = price_history(prices, END, 3, stale_days, CNY)
    found: list[float] = history.returns[history.securities.get_loc(security)].tolist()
    return found


# ------------------------------------------------------------------ day by day
def test_a_return_holds_the_move_of_the_rate() -> None:
    # 10 × 7.00 = 70, 11 × 7.14 = 78.54: up 12.2 %, where the close alone rose by 10 % and the rate by 2 %.
    prices = closes(X=[10, 11], USDCNY=[7.0, 7.14])
    assert returns_of(prices, "X") == pytest.approx([0.122])


def test_what_moves_against_its_rate_does_not_move() -> None:
    assert returns_of(closes(X=[10, 20], USDCNY=[8.0, 4.0]), "X") == [0.0]


def test_values_of_several_currencies_add_up_in_one() -> None:
    # 2 × 11 × 7.14 = 157.08 and 42.92 at home are 200; weights 0.7854 and 0.2146.
    row = portfolio_risk(
        held(("a", "X", 2), ("a", "HOME", 1)),
        closes(X=[10, 11], USDCNY=[7.0, 7.14], HOME=[42.92, 42.92]),
        END,
        currencies=CNY.currencies,
        currency="CNY",
        exchange_rates=RATES,
    ).loc["a"]
    assert row["market_value"] == pytest.approx(200)
    assert row["largest_weight"] == pytest.approx(0.7854)


def test_a_short_position_abroad_loses_when_the_rate_rises() -> None:
    prices = closes(X=[10, 10, 10], USDCNY=[7.0, 7.0, 7.7])
    row = portfolio_risk(
        held(("a", "X", -1)), prices, END, currencies={"X": "USD"}, currency="CNY", exchange_rates=RATES
    ).loc["a"]
    assert (row["market_value"], row["max_drawdown"]) == (pytest.approx(-77), pytest.approx(0.1))


def test_a_past_close_is_worth_what_the_rate_was_then() -> None:
    found = carried_closes(closes(X=[10, 11], USDCNY=[7.0, 7.14]), END, exchange=CNY)
    assert found.close[found.securities.get_loc("X")] == pytest.approx([70, 78.54])


# ------------------------------------------------------------------ gaps of a rate
def test_a_short_gap_of_the_rate_carries_it() -> None:
    # 70, 11 × 7 = 77, 11 × 7.7 = 84.7: the rate's move is in the day on which it is back.
    prices = closes(X=[10, 11, 11], USDCNY=[7.0, NAN, 7.7])
    assert returns_of(prices, "X") == pytest.approx([0.1, 0.1])


def test_a_gap_of_the_rate_longer_than_the_stale_days_has_no_returns() -> None:
    prices = closes(X=[10, 11, 12, 13], USDCNY=[7.0, NAN, NAN, 7.0])
    assert returns_of(prices, "X", stale_days=1) == pytest.approx([0.1, NAN, NAN], nan_ok=True)


def test_a_rate_that_is_too_old_prices_nothing() -> None:
    prices = closes(X=[10, 11, 12], USDCNY=[7.0, NAN, NAN])
    holdings = price_holdings(held(("a", "X", 1)), price_history(prices, END, 3, 1, CNY)).frame()
    assert holdings[["reason", "market_value"]].isna().to_numpy().tolist() == [[False, True]]
    assert holdings["reason"].tolist() == ["other_currency"]


def test_rates_make_no_trading_days() -> None:
    # The 27th and 28th of June 2026 are a weekend: rates may be published, nobody trades.
    weekend = pd.DataFrame({"date": pd.to_datetime(["2026-06-27", "2026-06-28"]), "security_id": "USDCNY"})
    prices = pd.concat([closes(X=[10, 11, 12], USDCNY=[7.0, 7.0, 7.0]), weekend.assign(close=7.0)])
    assert list(price_history(prices, END, 10, 5, CNY).days) == list(DAYS[-2:])


def test_a_weekend_s_rate_counts_on_the_next_trading_day_without_one() -> None:
    # Friday 10 × 7, Monday (no rate of its own; Sunday's is the newest) 10 × 7.7.
    prices = closes(X=[10, 10], USDCNY=[7.0, NAN])
    prices["date"] = prices["date"].replace({DAYS[-2]: pd.Timestamp("2026-06-26"), DAYS[-1]: DAYS[-2]})
    days = pd.to_datetime(["2026-06-28", "2026-06-27"])
    weekend = pd.DataFrame({"date": days, "security_id": "USDCNY", "close": [7.7, 7.3]})
    assert returns_of(pd.concat([weekend, prices]), "X") == pytest.approx([0.1])


# ------------------------------------------------------------------ without a rate
@pytest.mark.parametrize("rates", [{}, {"EUR": "EURCNY"}, {"USD": "NEVER_QUOTED"}])
def test_without_a_rate_a_security_is_unpriced_and_says_why(rates: dict[str, str]) -> None:
    exchange = Exchange("CNY", {"X": "USD"}, rates)
    history = price_history(closes(X=[10, 11], HOME=[1, 1], USDCNY=[7, 7]), END, exchange=exchange)
    found = price_holdings(held(("a", "X", 1), ("a", "HOME", 1)), history).frame().set_index("security_id")
    assert found["reason"].to_dict() == {"X": "other_currency", "HOME": ""}
    assert np.isnan(history.returns[history.securities.get_loc("X")]).all()


def test_a_foreign_security_without_a_price_lacks_the_price_not_the_rate() -> None:
    history = price_history(closes(HOME=[1, 1], USDCNY=[7, 7]), END, exchange=CNY)
    assert price_holdings(held(("a", "X", 1)), history).frame()["reason"].tolist() == ["no_price"]


def test_a_rate_is_not_converted_by_itself() -> None:
    # Someone put the rate down as a security in dollars.
    exchange = Exchange("CNY", {"X": "USD", "USDCNY": "USD"}, RATES)
    history = price_history(closes(X=[10, 11], USDCNY=[7, 7]), END, exchange=exchange)
    assert history.price[history.securities.get_loc("USDCNY")] == 7


def test_currencies_want_the_one_to_add_up_in() -> None:
    with pytest.raises(ParameterError, match="currency"):
        portfolio_risk(held(("a", "X", 1)), closes(X=[10, 11]), END, currencies={"X": "USD"})


# ------------------------------------------------------------------ which currency a book is added up in
@pytest.mark.parametrize(
    ("held_in", "rates", "expected"),
    [
        (["CNY", "USD"], {}, "CNY"),
        (["USD", "USD", "EUR"], {}, "USD"),
        (["USD", "USD", "EUR"], {"EUR": "EURCNY"}, "CNY"),
        ([], {}, "CNY"),
    ],
)
def test_a_book_is_added_up_in_the_firm_s_currency_where_it_can(
    held_in: list[str], rates: dict[str, str], expected: str
) -> None:
    names = [f"S{i}" for i in range(len(held_in))]
    securities = pd.DataFrame({"security_id": names, "currency": held_in})
    settings = load()
    risk = settings.risk.model_copy(update={"exchange_rates": rates})
    found = book_exchange(
        pd.DataFrame({"security_id": names}), securities, settings.model_copy(update={"risk": risk})
    )
    assert found.currency == expected
