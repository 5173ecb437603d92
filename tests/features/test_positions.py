"""What is held at the end of a day: prices that are fresh, stale, foreign, absent or from the future."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import pytest

from clientlib import features
from clientlib.config import Settings

AS_OF = dt.date(2026, 3, 31)
Connect = Callable[..., duckdb.DuckDBPyConnection]
Row = dict[str, Any]


def _trade(security: str = "S", side: str = "buy", quantity: float = 100, **other: Any) -> Row:
    row = {
        "trade_id": f"{security}-{side}",
        "client_id": "A",
        "security_id": security,
        "currency": "CNY",
        "traded_at": dt.datetime(2026, 1, 5, 2 if side == "buy" else 3, tzinfo=dt.UTC),
        "side": side,
        "quantity": quantity,
        "price": 10.0,
        "amount": quantity * 10,
        "fee": 0.0,
    }
    return row | other


def _price(day: dt.date, close: float | None = 12, security: str = "S") -> Row:
    return {"security_id": security, "date": day, "close": close}


def _trading_days_before(days: int) -> list[dt.date]:
    """The as-of day and weekdays before it, newest first."""
    found = pd.bdate_range(end=AS_OF, periods=days + 1)
    return [day.date() for day in reversed(found)]


def _one(connect: Connect, rule: Settings, **areas: Any) -> pd.Series[Any]:
    found = features.compute(connect(**areas), "positions", AS_OF, settings=rule)
    assert len(found) == 1
    return found.iloc[0]


def test_value_and_profit_by_hand(connect: Connect, settings: Settings) -> None:
    # 100 bought for 1000 and a fee of 3; 100 × 12 = 1200; 1200 - 1003 = 197.
    row = _one(connect, settings, trades=[_trade(fee=3.0)], prices=[_price(AS_OF)])
    assert row[["quantity", "cost", "price", "market_value", "unrealised_profit"]].tolist() == [
        100,
        1003,
        12,
        1200,
        197,
    ]


def test_closed_positions_are_gone(connect: Connect, settings: Settings) -> None:
    trades = [_trade(), _trade(side="sell")]
    found = features.compute(
        connect(trades=trades, prices=[_price(AS_OF)]), "positions", AS_OF, settings=settings
    )
    assert len(found) == 0


def test_later_prices_are_not_read(connect: Connect, settings: Settings) -> None:
    prices = [_price(AS_OF, 12), _price(AS_OF + dt.timedelta(days=1), 99)]
    assert _one(connect, settings, trades=[_trade()], prices=prices)["price"] == 12


@pytest.mark.parametrize(("age", "priced"), [(0, True), (5, True), (6, False)])
def test_a_price_is_carried_for_five_trading_days(
    age: int, priced: bool, connect: Connect, settings: Settings
) -> None:
    assert settings.risk.stale_days == 5
    days = _trading_days_before(10)
    # Another security trades every day: that makes the calendar.
    prices = [_price(day, 1, "T") for day in days] + [_price(days[age])]
    row = _one(connect, settings, trades=[_trade()], prices=prices)
    assert pd.notna(row["price"]) == priced


def test_a_holiday_of_the_whole_market_does_not_age_prices(connect: Connect, settings: Settings) -> None:
    row = _one(connect, settings, trades=[_trade()], prices=[_price(AS_OF - dt.timedelta(days=10))])
    assert row["price"] == 12


def test_prices_age_also_when_none_come_any_more(connect: Connect, settings: Settings) -> None:
    # 2 × 5 + 10 = 20 days.
    row = _one(connect, settings, trades=[_trade()], prices=[_price(AS_OF - dt.timedelta(days=21))])
    assert pd.isna(row["price"])


def test_a_stale_position_shows_the_day_of_its_last_price(connect: Connect, settings: Settings) -> None:
    day = AS_OF - dt.timedelta(days=40)
    row = _one(connect, settings, trades=[_trade()], prices=[_price(day)])
    assert row[["price", "market_value", "unrealised_profit"]].isna().all()
    assert row["price_date"] == pd.Timestamp(day)
    assert row["cost"] == 1000


def test_without_any_prices_and_securities_positions_are_shown_unpriced(
    connect: Connect, settings: Settings
) -> None:
    row = _one(connect, settings, trades=[_trade()])
    assert row[["price", "price_date", "market_value", "unrealised_profit"]].isna().all()
    assert row["quantity"] == 100


@pytest.mark.parametrize("close", [None, 1e300])
def test_a_close_that_is_none_leaves_the_position_unpriced(
    close: float | None, connect: Connect, settings: Settings
) -> None:
    assert pd.isna(_one(connect, settings, trades=[_trade()], prices=[_price(AS_OF, close)])["price"])


def test_a_pending_close_does_not_hide_the_one_before(connect: Connect, settings: Settings) -> None:
    prices = [_price(AS_OF - dt.timedelta(days=1), 11), _price(AS_OF, None)]
    assert _one(connect, settings, trades=[_trade()], prices=prices)["price"] == 11


def test_a_close_in_another_currency_does_not_price(connect: Connect, settings: Settings) -> None:
    securities = [{"security_id": "S", "asset_class": "stock", "risk_level": "R3", "currency": "HKD"}]
    row = _one(connect, settings, trades=[_trade()], prices=[_price(AS_OF)], securities=securities)
    assert pd.isna(row["price"])


@pytest.mark.parametrize("as_of", [dt.date(2025, 12, 31), dt.date(1900, 1, 1)])
def test_before_any_data_there_is_an_empty_frame_with_its_dtypes(
    as_of: dt.date, connect: Connect, settings: Settings
) -> None:
    connection = connect(trades=[_trade()], prices=[_price(AS_OF)])
    full = features.compute(connection, "positions", AS_OF, settings=settings)
    empty = features.compute(connection, "positions", as_of, settings=settings)
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)
