"""Clients who drift away: those planted are found, and those who go on are left in peace."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import poisson

from clientlib.analysis.fading import fading_by_features, fading_by_trades
from clientlib.config import load

SETTINGS = load().segments
AS_OF = dt.date(2026, 6, 30)


def trades(client_id: str, days_ago: list[int], side: str = "buy") -> pd.DataFrame:
    """A trade of the client at noon of each day."""
    noon = pd.Timestamp(AS_OF, tz="Asia/Shanghai") + pd.Timedelta(hours=12)
    moments = [noon - pd.Timedelta(days=days) for days in days_ago]
    return pd.DataFrame({"client_id": client_id, "traded_at": moments, "side": side})


def fading(*parts: pd.DataFrame) -> set[str]:
    found = fading_by_trades(pd.concat(parts, ignore_index=True), AS_OF, SETTINGS)
    return set(found.index[found["fading"]])


def test_expectation_by_hand() -> None:
    # 24 purchases from the 659th to the 180th day ago: 480 days; 24 × 180 / 480 = 9 expected.
    found = fading_by_trades(
        pd.concat([trades("a", [659, *range(180, 410, 10)]), trades("a", [20])]), AS_OF, SETTINGS
    ).loc["a"]
    assert (found["bought_before"], found["days_before"], found["bought_recently"]) == (24, 480, 1)
    assert found["expected"] == pytest.approx(9)
    assert found["ratio"] == pytest.approx(1 / 9)
    assert found["probability"] == pytest.approx(poisson.cdf(1, 9))
    assert found["fading"]


def test_who_goes_on_buying_does_not_fade() -> None:
    assert fading(trades("a", [*range(5, 700, 15)])) == set()


def test_who_only_sells_lately_does() -> None:
    bought, sold = trades("a", [*range(190, 700, 20)]), trades("a", [*range(5, 180, 10)], side="sell")
    assert fading(bought, sold) == {"a"}


def test_without_sides_every_trade_counts() -> None:
    unsided = pd.concat([trades("a", [*range(190, 700, 20)]), trades("b", [*range(5, 700, 20)])])
    found = fading_by_trades(unsided.drop(columns="side"), AS_OF, SETTINGS)
    assert found["fading"].to_dict() == {"a": True, "b": False}


def test_who_bought_rarely_anyway_is_not_judged_by_silence() -> None:
    assert fading(trades("a", [300, 500, 700])) == set()


def test_a_new_clients_first_purchases_are_no_habit() -> None:
    assert fading(trades("a", [*range(185, 300, 5)])) == set()


def test_who_left_long_ago_is_gone_and_not_fading() -> None:
    assert fading(trades("a", [*range(400, 900, 15)])) == set()


def test_trades_after_the_day_are_not_read() -> None:
    assert fading(trades("a", [*range(190, 700, 20)]), trades("a", [*range(-40, 0, 2)])) == {"a"}


def test_a_day_is_one_by_the_clock_of_the_trades() -> None:
    # 30 minutes past midnight in Shanghai on the day after is still the day itself in UTC.
    late = pd.DataFrame(
        {"client_id": ["a"], "traded_at": [pd.Timestamp("2026-07-01T00:30", tz="Asia/Shanghai")]}
    )
    baseline = trades("a", [*range(190, 700, 20)]).drop(columns="side")
    found = fading_by_trades(pd.concat([baseline, late]), AS_OF, SETTINGS)
    assert found["bought_recently"].to_list() == [0]


def test_planted_drifters_are_found_among_many() -> None:
    random = np.random.default_rng(5)
    steady = [trades(f"s{i}", sorted(random.integers(0, 900, 30).tolist())) for i in range(150)]
    drifting = [trades(f"d{i}", sorted(random.integers(181, 900, 30).tolist())) for i in range(30)]
    found = fading(*steady, *drifting)
    assert len(found & {f"d{i}" for i in range(30)}) >= 28
    assert len(found & {f"s{i}" for i in range(150)}) <= 3


def test_features_show_complete_silence_only() -> None:
    features = pd.DataFrame(
        {"recency_days": [200.0, 200.0, 10.0, np.nan, 500.0], "frequency": [12, 1, 12, 0, 0]},
        index=pd.Index(list("abcde"), name="client_id"),
    )
    found = fading_by_features(features, SETTINGS)
    assert found["fading"].to_dict() == {"a": True, "b": False}


def test_nothing_to_go_by_fades_nobody() -> None:
    empty = pd.DataFrame()
    assert fading_by_trades(empty, AS_OF, SETTINGS).empty
    assert fading_by_features(empty, SETTINGS).empty
    only_sales = trades("a", [10, 20], side="sell")
    assert fading_by_trades(only_sales, AS_OF, SETTINGS).empty
