"""Going through the days before a review: each is as a review of that day would have found it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk.day import ExaminedDay, Records, book_exchange, examine_day
from clientlib.analysis.risk.earlier import replay_days
from clientlib.analysis.risk.gauges import gauges
from clientlib.analysis.risk.limits import Replay
from clientlib.config import Settings, load

AS_OF = dt.date(2026, 6, 30)
LOOK_BACK = 8
DAYS = pd.bdate_range(end=AS_OF, periods=70)


def settings(**alerts: float) -> Settings:
    """The default rules over a short window, so that a tail holds a whole return early."""
    loaded = load()
    rules = loaded.risk.alerts.model_copy(update={"look_back_days": LOOK_BACK, **alerts})
    return loaded.model_copy(update={"risk": loaded.risk.model_copy(update={"window": 40, "alerts": rules})})


SETTINGS = settings()


# ------------------------------------------------------------------ a book of chance
def chance(n: int = 60) -> tuple[Records, pd.DataFrame]:
    """Clients near their limits, who trade, are assessed anew, run out, borrow and pay back."""
    rng = np.random.default_rng(11)
    names = pd.Index([f"K{i:02d}" for i in range(n)])
    ids = pd.Index([f"S{i:02d}" for i in range(20)])
    moves = rng.normal(0, np.linspace(0.001, 0.04, 20), (len(DAYS), 20))
    prices = pd.DataFrame(
        {
            "security_id": np.tile(ids, len(DAYS)),
            "date": np.repeat(DAYS, 20),
            "close": 10 * np.exp(moves.cumsum(axis=0)).ravel(),
        }
    )
    prices = prices[
        (rng.random(len(prices)) > 0.03) & ~(prices["security_id"].eq("S07") & (prices["date"] > DAYS[-9]))
    ]
    securities = pd.DataFrame(
        {
            "security_id": ids[:-1],  # the last one's level is not known
            "risk_level": [f"R{1 + i // 4}" for i in range(19)],
            "currency": "CNY",
            "asset_class": "stock",
            "issuer": "Maker",
        }
    )
    clients = pd.DataFrame(
        {"client_id": names, "investor_class": rng.choice(["ordinary", "professional"], n, p=[0.9, 0.1])}
    )
    now = pd.Timestamp(AS_OF)
    ago = [pd.DatetimeIndex(now - pd.to_timedelta(rng.integers(0, 15, n), "D")) for _ in range(2)]
    assessed = (ago[0] - pd.DateOffset(months=24) + pd.Timedelta(days=4)).append(ago[1])
    preferences = pd.DataFrame(
        {
            "client_id": np.tile(names, 2),
            "assessed_on": assessed,
            "risk_level": rng.choice(["C1", "C1", "C2", "C3", "C4"], 2 * n),
            "lowest_class": rng.random(2 * n) < 0.4,
        }
    )
    preferences = preferences[rng.random(2 * n) > 0.4]
    m = 6 * n
    trades = pd.DataFrame(
        {
            "client_id": rng.choice(names, m),
            "security_id": rng.choice(ids, m),
            "traded_at": (now - pd.to_timedelta(rng.integers(0, 60, m), "D")).tz_localize("UTC"),
            "side": rng.choice(["buy", "buy", "buy", "sell"], m),
            "quantity": rng.integers(1, 50, m) * 10.0,
        }
    )
    owing = rng.choice(names, 3 * n)
    balances = pd.DataFrame(
        {
            "client_id": owing,
            "as_of": now - pd.to_timedelta(rng.integers(0, 20, 3 * n), "D"),
            "cash": rng.uniform(-100, 5_000, 3 * n),
            "margin_loan": rng.choice([0.0, 5_000.0, 10_000.0], 3 * n),
            "short_value": 0.0,
            "accrued_interest": 1.0,
            "currency": "CNY",
        }
    )
    return Records(prices, securities, clients, preferences, balances), trades


RECORDS, TRADES = chance()


def held_on(day: dt.date) -> pd.DataFrame:
    """Holdings by adding up all trades to the end of a day in Shanghai; below nought they are short."""
    local = TRADES["traded_at"].dt.tz_convert("Asia/Shanghai").dt.date
    signed = TRADES["quantity"] * TRADES["side"].map({"buy": 1, "sell": -1})
    sums = signed[local <= day].groupby([TRADES["client_id"], TRADES["security_id"]]).sum()
    held: pd.DataFrame = sums.rename("quantity").reset_index()
    return held.assign(currency="CNY")


def examined(as_of: dt.date, rules: Settings = SETTINGS) -> ExaminedDay:
    held = held_on(as_of)
    exchange = book_exchange(held, RECORDS.securities, rules)
    return examine_day(held, RECORDS, as_of, rules, exchange=exchange)


@pytest.fixture(scope="module")
def replay() -> Replay:
    return replay_days(examined(AS_OF), RECORDS, TRADES, SETTINGS)


def test_the_book_of_chance_has_alerts_of_every_rule_that_came_and_went(replay: Replay) -> None:
    assert sorted(replay.past) == ["concentration", "lowest_class", "margin", "mismatch", "var"]
    for clients, past in replay.past.values():
        assert len(clients) > 2
        assert (past.raised[:, 0] > 0).any()
        assert (past.raised[:, 0] == 0).any()


@pytest.mark.parametrize("place", range(LOOK_BACK))
def test_every_day_gone_through_is_as_a_review_of_that_day(replay: Replay, place: int) -> None:
    date = DAYS[-1 - LOOK_BACK + place]
    assert replay.days[place] == date
    day = examined(date.date())
    for gauge in gauges(day.by_client, day.margin, SETTINGS.risk):
        clients, past = replay.past[gauge.rule]
        own = gauge.clients.get_indexer(clients)
        there = own >= 0
        # Whom the day did not know yet had nothing that could break a limit.
        assert not past.raised[~there, place].any()
        np.testing.assert_array_equal(past.raised[there, place], gauge.raised[own[there]], gauge.rule)
        np.testing.assert_array_equal(past.kept[there, place], gauge.kept[own[there]], gauge.rule)
