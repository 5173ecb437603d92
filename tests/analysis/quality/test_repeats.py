"""What is called a repeat, and what is not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from clientlib.analysis.quality.repeats import repeats
from clientlib.analysis.quality.rows import NUMBER, RECORD, typed_rows
from clientlib.tables import AREAS

ZONE = "Asia/Shanghai"
TRADE: dict[str, Any] = {
    "client_id": "K1",
    "traded_at": pd.Timestamp("2026-05-04 10:31", tz=ZONE),
    "security_id": "S1",
    "side": "buy",
    "quantity": 100.0,
    "price": 5.0,
    "amount": 500.0,
    "currency": "CNY",
}
RELATION = {"client_id": "K1", "related_client_id": "K2", "kind": "spouse"}


def repeated(area: str, rows: list[dict[str, Any]]) -> list[str]:
    typed = typed_rows(pd.DataFrame(rows), AREAS[area], ZONE)
    return typed.join(repeats(typed, AREAS[area]), on=NUMBER, how="semi")[RECORD].sort().to_list()


def trades(**changes: Any) -> list[dict[str, Any]]:
    return [{"trade_id": "T1", **TRADE}, {"trade_id": "T2", **TRADE, **changes}]


def relations(*spans: tuple[str | None, str | None]) -> list[dict[str, Any]]:
    return [
        {"relation_id": f"L{n}", **RELATION, "since": _day(since), "until": _day(until)}
        for n, (since, until) in enumerate(spans)
    ]


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def test_a_trade_that_says_the_same_under_another_number_is_a_repeat() -> None:
    assert repeated("trades", trades()) == ["T2"]


def test_remarks_do_not_make_a_trade_another_one() -> None:
    assert repeated("trades", trades(remarks="keyed in twice?")) == ["T2"]


def test_a_trade_a_second_later_is_another_one() -> None:
    assert repeated("trades", trades(traded_at=TRADE["traded_at"] + pd.Timedelta(seconds=1))) == []


def test_a_trade_without_a_client_repeats_nobodys() -> None:
    rows = [{**row, "client_id": None} for row in trades()]
    assert repeated("trades", rows) == []


def test_relations_that_overlap_are_repeats() -> None:
    assert repeated("relations", relations(("2020-01-01", None), ("2022-01-01", None))) == ["L1"]
    assert repeated("relations", relations((None, None), ("2022-01-01", "2023-01-01"))) == ["L1"]


def test_relations_one_after_the_other_are_not() -> None:
    assert repeated("relations", relations(("2020-01-01", "2021-01-01"), ("2022-01-01", None))) == []


def test_a_long_relation_overlaps_past_a_short_one() -> None:
    spans = relations(("2020-01-01", "2026-01-01"), ("2020-06-01", "2020-07-01"), ("2024-01-01", None))
    assert repeated("relations", spans) == ["L1", "L2"]


def test_relations_with_strangers_are_not_judged() -> None:
    rows = [
        {**row, "related_client_id": None} for row in relations(("2020-01-01", None), ("2021-01-01", None))
    ]
    assert repeated("relations", rows) == []


def test_versions_of_a_client_are_not_repeats() -> None:
    row = {"client_id": "K1", "marketing_consent": False}
    rows = [{**row, "updated_at": pd.Timestamp(day, tz=ZONE)} for day in ("2025-01-01", "2026-01-01")]
    assert repeated("contacts", rows) == []
