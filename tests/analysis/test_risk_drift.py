"""Suitability drift since the assessment, hand-worked; what cannot be told says why."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from clientlib.analysis.risk.drift import level_drift
from clientlib.analysis.risk.prices import Exchange
from clientlib.analysis.suitability import client_levels, match_holdings
from clientlib.config import load

AS_OF = dt.date(2026, 6, 30)
ASSESSED = "2026-03-02"
SETTINGS = load()
SECURITIES = pd.DataFrame(
    {"security_id": ["LOW", "HIGH", "OLD", "FUND"], "risk_level": ["R1", "R4", "R4", "R5"]}
)


def priced(*closes: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(closes), columns=["security_id", "date", "close"])


PRICES = priced(
    ("LOW", "2026-03-02", 1.0),
    ("HIGH", "2026-03-02", 2.0),
    ("LOW", "2026-06-30", 1.0),
    ("HIGH", "2026-06-30", 6.0),
)


def moved(*trades: tuple[str, str, str, float]) -> pd.DataFrame:
    """Trades of client a: instant in the firm's time, security, side, quantity."""
    frame = pd.DataFrame(list(trades), columns=["traded_at", "security_id", "side", "quantity"])
    instants = pd.to_datetime(frame["traded_at"], format="ISO8601").dt.tz_localize("Asia/Shanghai")
    return frame.assign(traded_at=instants.dt.tz_convert("UTC"), client_id="a")


BEFORE = ("2025-01-01", "LOW", "buy", 1.0)


def drift(
    now: dict[str, float],
    trades: pd.DataFrame | None,
    prices: pd.DataFrame = PRICES,
    investor_class: str = "ordinary",
    exchange: Exchange | None = None,
    **assessment: Any,
) -> Any:
    """The row of client a, a C3 assessed in March who holds `now` (quantities) at the end of June."""
    own = {"client_id": "a", "assessed_on": pd.Timestamp(ASSESSED), "risk_level": "C3", **assessment}
    clients = pd.DataFrame({"client_id": ["a"], "investor_class": [investor_class]})
    levels = client_levels(pd.DataFrame([own]), clients, AS_OF, SETTINGS.suitability)
    positions = pd.DataFrame({"client_id": "a", "security_id": list(now), "quantity": list(now.values())})
    last = prices[prices["date"].eq("2026-06-30")].set_index("security_id")["close"]
    positions["market_value"] = positions["quantity"] * positions["security_id"].map(last)
    matches = match_holdings(positions, SECURITIES, levels, SETTINGS.suitability)
    found = level_drift(matches, trades, prices, SECURITIES, levels, AS_OF, SETTINGS, exchange=exchange)
    return found.loc["a"]


def test_what_was_held_is_what_is_held_less_the_trades_since() -> None:
    # Then 60 LOW and 20 HIGH: 60 and 40 of 100. Now 100 LOW and 50 HIGH: 100 and 300 of 400.
    row = drift(
        {"LOW": 100.0, "HIGH": 50.0},
        moved(
            BEFORE,
            ("2026-03-02 23:59", "HIGH", "buy", 5.0),  # of the assessment's own day
            ("2026-03-03 00:00", "LOW", "buy", 40.0),
            ("2026-04-01", "HIGH", "buy", 40.0),
            ("2026-05-01", "HIGH", "sell", 10.0),
            ("2026-07-01", "HIGH", "sell", 10.0),  # not read
        ),
    )
    assert row["share_above_at_assessment"] == pytest.approx(0.4)
    assert row["drift"] == pytest.approx(0.75 - 0.4)
    # R1 and R4 by value: 1 × 0.6 + 4 × 0.4, and 1 × 0.25 + 4 × 0.75.
    assert (row["mean_product_level_at_assessment"], row["mean_product_level"]) == pytest.approx((2.2, 3.25))
    assert row["drift_reason"] == ""


def test_prices_alone_move_the_share() -> None:
    row = drift({"LOW": 60.0, "HIGH": 20.0}, moved(BEFORE))
    assert row["share_above_at_assessment"] == pytest.approx(0.4)
    assert row["drift"] == pytest.approx(120 / 180 - 0.4)


def test_what_was_sold_since_was_held_then() -> None:
    row = drift({"LOW": 60.0}, moved(("2026-04-01", "HIGH", "sell", 20.0)))
    assert (row["share_above_at_assessment"], row["drift"]) == (pytest.approx(0.4), pytest.approx(-0.4))


def test_a_professional_is_above_no_level_on_either_day() -> None:
    row = drift({"HIGH": 5.0}, moved(BEFORE), investor_class="professional")
    assert (row["share_above_at_assessment"], row["drift"]) == (0.0, 0.0)


def test_the_lowest_class_counts_as_it_was_assessed() -> None:
    row = drift({"LOW": 60.0, "HIGH": 20.0}, moved(BEFORE), risk_level="C1", lowest_class=True)
    assert row["share_above_at_assessment"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("last_close", "reason"),
    [
        # Trading days are those of LOW: five after the last close of HIGH, then six.
        ("2026-02-23", ""),
        ("2026-02-20", "no_price"),
    ],
)
def test_a_close_is_carried_to_the_day_as_far_as_any_other(last_close: str, reason: str) -> None:
    days = [str(day.date()) for day in pd.bdate_range("2026-02-16", ASSESSED)]
    prices = pd.concat(
        [
            PRICES[PRICES["date"].ne(ASSESSED)],
            priced(*(("LOW", day, 1.0) for day in days), ("HIGH", last_close, 2.0)),
        ]
    )
    assert drift({"LOW": 60.0, "HIGH": 20.0}, moved(BEFORE), prices)["drift_reason"] == reason


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"trades": None}, "no_trades"),
        ({"trades": moved()}, "no_trades"),
        ({"risk_level": None}, "not_assessed"),
        ({"assessed_on": pd.Timestamp("2026-03-01")}, "no_price"),  # a day before the first price
        ({"now": {"LOW": float("nan")}}, "no_quantity"),
        (
            {"trades": moved(("2026-04-01", "LOW", "buy", 60.0), ("2026-04-01", "HIGH", "buy", 20.0))},
            "no_holdings",
        ),
        ({"now": {"FUND": 3.0}}, "not_judged"),  # never had a price
    ],
)
def test_what_cannot_be_told_says_why(changed: dict[str, Any], reason: str) -> None:
    row = drift(**{"now": {"LOW": 60.0, "HIGH": 20.0}, "trades": moved(BEFORE), **changed})
    assert row["drift_reason"] == reason
    assert row[["share_above_at_assessment", "drift"]].isna().all()


@pytest.mark.parametrize(
    "changed",
    [
        {"expires_on": pd.Timestamp("2026-06-29")},  # the level counts no longer
        {
            "now": {},
            "trades": moved(("2026-04-01", "LOW", "sell", 60.0), ("2026-04-01", "HIGH", "sell", 20.0)),
        },
    ],
)
def test_the_share_of_then_stands_where_now_cannot_be_judged(changed: dict[str, Any]) -> None:
    row = drift(**{"now": {"LOW": 60.0, "HIGH": 20.0}, "trades": moved(BEFORE), **changed})
    assert (row["drift_reason"], row["share_above_at_assessment"]) == ("not_judged_now", pytest.approx(0.4))
    assert pd.isna(row["drift"])


DOLLARS = {"OLD": "USD"}


@pytest.mark.parametrize(
    ("exchange", "old"),
    [(None, None), (Exchange("CNY", DOLLARS), 9.0), (Exchange("CNY", DOLLARS, {"USD": "RATE"}), 9.0)],
)
def test_what_has_no_price_in_this_currency_counts_on_neither_day(
    exchange: Exchange | None, old: float | None
) -> None:
    prices = pd.concat([PRICES, priced(("OLD", ASSESSED, old))]) if old else PRICES
    row = drift(
        {"LOW": 60.0, "HIGH": 20.0, "OLD": 7.0, "FUND": 3.0}, moved(BEFORE), prices, exchange=exchange
    )
    assert (row["drift_reason"], row["share_above_at_assessment"]) == ("", pytest.approx(0.4))


def test_a_close_in_another_currency_is_converted_at_the_rate_of_the_day() -> None:
    # 10 OLD at 9 dollars of 7 each are 630 above the level; 370 LOW are not.
    prices = pd.concat(
        [PRICES, priced(("OLD", ASSESSED, 9.0), ("RATE", ASSESSED, 7.0), ("RATE", "2026-06-30", 8.0))]
    )
    exchange = Exchange("CNY", DOLLARS, {"USD": "RATE"})
    row = drift({"LOW": 370.0, "OLD": 10.0}, moved(BEFORE), prices, exchange=exchange)
    assert row["share_above_at_assessment"] == pytest.approx(0.63)


def test_prices_that_had_stopped_altogether_are_of_no_day() -> None:
    # Five trading days are twenty calendar days at most: the last close is of 10 February.
    prices = pd.concat(
        [PRICES[PRICES["date"].ne(ASSESSED)], priced(("LOW", "2026-02-09", 1.0), ("HIGH", "2026-02-09", 2.0))]
    )
    early = prices.assign(date=prices["date"].replace("2026-02-09", "2026-02-10"))
    reasons = [drift({"LOW": 60.0}, moved(BEFORE), frame)["drift_reason"] for frame in (prices, early)]
    assert reasons == ["no_price", ""]


def test_what_has_no_product_level_is_left_out_of_the_mean_level() -> None:
    prices = pd.concat([PRICES, priced(("UNRATED", ASSESSED, 1.0), ("UNRATED", "2026-06-30", 1.0))])
    row = drift({"LOW": 60.0, "HIGH": 20.0, "UNRATED": 900.0}, moved(BEFORE), prices)
    assert row["mean_product_level_at_assessment"] == pytest.approx(2.2)
    assert row["share_above_at_assessment"] == pytest.approx(0.04)


def test_a_rounding_error_is_no_holding() -> None:
    row = drift({"LOW": 0.3}, moved(BEFORE, *([("2026-04-01", "LOW", "buy", 0.1)] * 3)))
    assert row["drift_reason"] == "no_holdings"
