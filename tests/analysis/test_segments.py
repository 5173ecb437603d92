"""Segments by rule: scores by hand, rules that leave no gap, and who has no scores."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.analysis.segments import RULES, SEGMENTS, quintile_scores, segment_clients
from clientlib.config import load

SETTINGS = load().segments
AS_OF = dt.date(2026, 6, 30)


def ten_clients() -> pd.DataFrame:
    """Ten clients, the first the best in everything; all accounts are old."""
    place = np.arange(10)
    return pd.DataFrame(
        {
            "recency_days": 10.0 * place,
            "frequency": 100 - 10 * place,
            "monetary": 1000.0 - 100 * place,
            "market_value": 1e6 - 1e5 * place,
            "tenure_days": 2000.0,
            "status": "active",
        },
        index=pd.Index([f"c{i}" for i in place], name="client_id"),
    )


def segments(features: pd.DataFrame) -> dict[Any, str]:
    return segment_clients(features, SETTINGS).by_client["segment"].to_dict()


# ------------------------------------------------------------------ scores
def test_ten_different_values_fall_two_by_two() -> None:
    assert quintile_scores(pd.Series(range(10))).to_list() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_equal_values_score_equally_and_all_alike_score_three() -> None:
    assert quintile_scores(pd.Series([1, 1, 1, 1, 9])).to_list() == [2, 2, 2, 2, 5]
    assert quintile_scores(pd.Series([4.0] * 7)).to_list() == [3] * 7
    assert quintile_scores(pd.Series([4.0])).to_list() == [3]


def test_missing_values_have_no_score_and_do_not_count() -> None:
    found = quintile_scores(pd.Series([None, 1.0, 2.0, 3.0, 4.0, 5.0]))
    assert pd.isna(found[0])
    assert found[1:].to_list() == [1, 2, 3, 4, 5]


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60))
def test_scores_rise_with_values_and_stay_on_the_scale(values: list[int]) -> None:
    scores = quintile_scores(pd.Series(values, dtype=float))
    assert scores.between(1, 5).all()
    ordered = sorted(zip(values, scores, strict=True))
    assert all(a <= b for (_, a), (_, b) in itertools.pairwise(ordered))
    assert pd.Series(scores).groupby(pd.Series(values)).nunique().eq(1).all()


# ------------------------------------------------------------------ rules
@pytest.mark.parametrize("new", [True, False])
def test_every_pair_of_scores_lies_in_exactly_one_segment(new: bool) -> None:
    grid = pd.DataFrame(list(itertools.product(range(1, 6), repeat=2)), columns=["recency", "value"])
    is_new = pd.Series(new, index=grid.index)
    holds = pd.DataFrame({rule.code: rule.holds(grid["recency"], grid["value"], is_new) for rule in RULES})
    assert holds.sum(axis=1).eq(1).all()


def test_codes_are_different_words() -> None:
    assert len(set(SEGMENTS)) == len(SEGMENTS)


def test_segments_of_ten_clients_by_hand() -> None:
    # Scores from best to worst: 5 5 4 4 3 3 2 2 1 1 in each of the three.
    assert list(segments(ten_clients()).values()) == [
        *["champions"] * 4,
        *["promising"] * 2,
        *["cooling"] * 2,
        *["lapsing"] * 2,
    ]


def test_once_good_and_long_silent_is_at_risk() -> None:
    clients = ten_clients()
    clients.loc["c0", "recency_days"] = 300.0
    assert segments(clients)["c0"] == "at_risk"


@pytest.mark.parametrize(
    ("tenure", "segment"), [(100.0, "new"), (2000.0, "occasional"), (np.nan, "occasional")]
)
def test_small_and_recent_is_new_only_with_a_young_account(tenure: float, segment: str) -> None:
    clients = ten_clients()
    clients.loc["c9", ["recency_days", "tenure_days"]] = [0.0, tenure]
    assert segments(clients)["c9"] == segment


def test_value_score_is_the_mean_of_two_scores_rounded_up() -> None:
    clients = ten_clients()
    clients.loc["c9", "monetary"] = 5000.0
    found = segment_clients(clients, SETTINGS).by_client.loc["c9"]
    assert (found["frequency_score"], found["monetary_score"], found["value_score"]) == (1, 5, 3)


# ------------------------------------------------------------------ who has no scores
def test_without_a_trade_in_the_period_nobody_is_scored() -> None:
    clients = ten_clients()
    clients.loc["c0", ["frequency", "recency_days"]] = [0, 700.0]
    clients.loc["c1", ["frequency", "recency_days"]] = [0, np.nan]
    found = segment_clients(clients, SETTINGS).by_client
    assert found["segment"][["c0", "c1"]].to_list() == ["inactive", "inactive"]
    scores = found[["recency_score", "frequency_score", "monetary_score", "value_score"]]
    assert scores[:2].isna().all(axis=None)
    # ⌈5 (r − ½) / 8⌉ for r = 1 … 8: only the other eight are ranked.
    assert found["recency_score"].dropna().sort_values().to_list() == [1, 1, 2, 3, 3, 4, 5, 5]


def test_a_closed_account_is_no_segment_of_the_living() -> None:
    clients = ten_clients()
    clients.loc["c0", "status"] = "closed"
    assert segments(clients)["c0"] == "closed"


# ------------------------------------------------------------------ tables
def test_segments_are_described_and_add_up() -> None:
    found = segment_clients(ten_clients(), SETTINGS).segments
    assert list(found.index) == list(SEGMENTS)
    assert found["n"].sum() == 10
    assert found["share"].sum() == pytest.approx(1)
    assert found["value_share"].sum() == pytest.approx(1)
    champions = found.loc["champions"]
    assert champions["median_value"] == pytest.approx(850_000)
    assert champions["median_recency_days"] == 15


def test_cross_table_adds_up_to_the_segments() -> None:
    found = segment_clients(ten_clients(), SETTINGS)
    assert found.cross.sum(axis=1).equals(found.segments["n"])
    assert found.cross.columns.to_numpy().tolist() == [0]


def test_the_order_of_the_rows_changes_nothing() -> None:
    clients = ten_clients()
    one, other = (segment_clients(rows, SETTINGS).by_client for rows in (clients, clients[::-1]))
    pd.testing.assert_frame_equal(one, other)


def test_client_numbers_may_stand_in_a_column() -> None:
    one, other = (segment_clients(rows, SETTINGS) for rows in (ten_clients(), ten_clients().reset_index()))
    pd.testing.assert_frame_equal(one.by_client, other.by_client)


# ------------------------------------------------------------------ nothing to go by
def test_no_clients_at_all() -> None:
    found = segment_clients(pd.DataFrame(), SETTINGS)
    assert (found.rfm_reason, found.cluster_reason) == ("no_clients", "no_clients")
    assert found.clusters is None
    assert found.segments["n"].sum() == 0


def test_clients_of_whom_nobody_trades_or_holds() -> None:
    nothing = ten_clients().assign(frequency=0, recency_days=np.nan, monetary=0.0, market_value=0.0)
    found = segment_clients(nothing, SETTINGS)
    assert (found.rfm_reason, found.cluster_reason) == ("no_trades", "no_activity")
    assert set(found.by_client["segment"]) == {"inactive"}


def test_one_client() -> None:
    found = segment_clients(ten_clients().iloc[:1], SETTINGS)
    assert found.by_client["recency_score"].to_list() == [3]
    assert found.cluster_reason == "too_few_clients"


def test_features_without_the_columns_needed_score_nobody() -> None:
    found = segment_clients(pd.DataFrame(index=pd.Index(["a", "b"], name="client_id")), SETTINGS)
    assert (found.rfm_reason, found.fading_basis) == ("no_trades", "none")


# ------------------------------------------------------------------ fading, as part of the result
def test_fading_clients_come_with_value_and_segment() -> None:
    days = [*range(200, 600, 20)]
    trades = pd.DataFrame(
        {
            "client_id": "c3",
            "traded_at": [pd.Timestamp(AS_OF, tz="Asia/Shanghai") - pd.Timedelta(days=day) for day in days],
            "side": "buy",
        }
    )
    found = segment_clients(ten_clients(), SETTINGS, trades=trades, as_of=AS_OF)
    assert found.fading_basis == "trades"
    assert found.fading["market_value"].to_dict() == {"c3": 700_000.0}
    assert found.by_client["fading"].sum() == 1
    assert found.segments["fading"]["champions"] == 1


def test_a_book_without_trades_tells_nothing_of_fading() -> None:
    found = segment_clients(
        ten_clients(), SETTINGS, trades=pd.DataFrame(columns=["client_id", "traded_at"]), as_of=AS_OF
    )
    assert (found.fading_basis, len(found.fading)) == ("none", 0)
