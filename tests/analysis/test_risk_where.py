"""Where the calls are, counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from clientlib.analysis.risk import RULES, calls_by_place
from clientlib.analysis.risk.where import CALLS, KINDS

BY_CLIENT = pd.DataFrame(
    {"branch": ["North", "North", "South", None], "advisor": ["A1", "A2", "A3", "A3"]},
    index=pd.Index(["a", "b", "c", "d"], name="client_id"),
)
ALERTS = pd.DataFrame(
    [
        ("a", "mismatch", "warn"),
        ("a", "concentration", "watch"),
        ("b", "margin", "high"),
        ("b", "lowest_class", "high"),
        ("b", "mismatch", "warn"),
        ("b", "level_expired", "watch"),
        ("d", "level_expiring", "watch"),
    ],
    columns=["client_id", "rule", "severity"],
)
CALLED = pd.DataFrame({"client_id": ["b", "a"], "call": ["today", "this_week"]})


@pytest.fixture
def counts() -> pd.DataFrame:
    found = calls_by_place(BY_CLIENT, ALERTS, CALLED)
    return found.pivot(index="group", columns="kind", values="n_clients")


def test_a_client_counts_once_under_each_kind_of_reason(counts: pd.DataFrame) -> None:
    assert [counts.at["North", kind] for kind in ("margin", "suitability", "assessment")] == [1, 2, 1]


def test_an_alert_that_is_only_watched_calls_for_nobody(counts: pd.DataFrame) -> None:
    assert counts.at["North", "concentration"] == 0


def test_calls_are_counted_by_when(counts: pd.DataFrame) -> None:
    assert [counts.at["North", call] for call in CALLS] == [1, 1]


def test_a_place_without_a_call_and_clients_without_a_place_are_there(counts: pd.DataFrame) -> None:
    assert counts.loc["South"].sum() == 0
    assert counts.at["", "assessment"] == 1


def test_the_place_with_most_calls_today_comes_first() -> None:
    assert calls_by_place(BY_CLIENT, ALERTS, CALLED, "advisor")["group"].iloc[0] == "A2"


def test_with_nobody_to_call_every_count_is_zero() -> None:
    found = calls_by_place(BY_CLIENT, ALERTS.iloc[:0], CALLED.iloc[:0])
    assert (len(found), found["n_clients"].sum()) == (3 * len([*CALLS, *KINDS]), 0)


def test_every_rule_belongs_to_a_kind() -> None:
    assert set(RULES) <= {rule for rules in KINDS.values() for rule in rules}
