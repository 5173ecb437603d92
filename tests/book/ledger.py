"""A book kept in plain Python, the slow and obvious way, to hold the real one to; and rows to fill both."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from clientlib.tables import AREAS, AreaInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = [dt.date(2024, 1, day) for day in range(1, 5)]
Row = dict[str, Any]
Key = tuple[Any, ...]


# ----------------------------------------------------------------------------------- the ledger
@dataclass(frozen=True)
class Entry:
    """One batch as the ledger keeps it: rows by area and key, or what it takes back, or who is who."""

    number: int
    rows: dict[str, dict[Key, Row]] = field(default_factory=dict)
    undoes: int | None = None
    same: tuple[str, str] | None = None
    apart: set[str] | None = None


def key_of(area: AreaInfo, row: Row) -> Key:
    return tuple(row[name] for name in area.key)


def day_of(area: AreaInfo, row: Row) -> dt.date | None:
    """The day of a row in business time, where the firm is."""
    value = row[area.business_date] if area.business_date else None
    return value.astimezone(SHANGHAI).date() if isinstance(value, dt.datetime) else value


class Ledger:
    """What the book should hold, kept the slow and obvious way."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def counted(self, known: int) -> list[Entry]:
        """The first `known` batches without those that another one of them has taken back."""
        undone: set[int | None] = set()
        for entry in reversed(self.entries[:known]):
            if entry.number not in undone:
                undone.add(entry.undoes)
        return [entry for entry in self.entries[:known] if entry.number not in undone]

    def recorded(self, area: AreaInfo, known: int) -> dict[Key, Row]:
        """By key the row of the newest batch that counts."""
        return {
            key: row for entry in self.counted(known) for key, row in entry.rows.get(area.name, {}).items()
        }

    # ------------------------------------------------------------------------------ changed
    def take(self, hand_in: dict[str, list[Row]]) -> Counter[str]:
        """Keep what is new or changed; what contradicts an earlier row of the hand-in is refused."""
        met: Counter[str] = Counter()
        kept: dict[str, dict[Key, Row]] = {}
        for area, row in [(AREAS[name], row) for name, rows in hand_in.items() for row in rows]:
            key, mine = key_of(area, row), kept.setdefault(area.name, {})
            standing = mine.get(key, self.recorded(area, len(self.entries)).get(key))
            what = "new" if standing is None else "unchanged" if standing == row else "changed"
            if what == "changed" and key in mine:
                what = "rejected"
            met[what] += 1
            if what in ("new", "changed"):
                mine[key] = row
        if any(kept.values()):
            self._append(rows=kept)
        return met

    def undo(self, number: int) -> None:
        self._append(undoes=number)

    def merge(self, kept: str, other: str) -> bool:
        """Note that both are one, if both are there and neither is merged already."""
        if not self._free(kept, other):
            return False
        self._append(same=(kept, other))
        return True

    def keep_apart(self, one: str, other: str) -> bool:
        """Note that both are two, if they could be merged and that was not noted before."""
        now = len(self.entries)
        noted = [entry.apart for entry in self.counted(now)]
        if not self._free(one, other) or {one, other} in noted:
            return False
        self._append(apart={one, other})
        return True

    def _free(self, *clients: str) -> bool:
        now = len(self.entries)
        there = {row["client_id"] for row in self.visible(AREAS["clients"], None, now)}
        return there >= set(clients) and not self.merged(now).keys() & set(clients)

    def _append(self, **what: Any) -> None:
        self.entries.append(Entry(len(self.entries) + 1, **what))

    # ------------------------------------------------------------------------------ merged
    def merged(self, known: int) -> dict[str, str]:
        """Whom each merged number reads as. The newest decision about a number counts, and none that would
        lead a number back to itself."""
        into: dict[str, str] = {}
        for entry in reversed(self.counted(known)):
            if entry.same is not None:
                kept, other = entry.same
                if other not in into and self._end(kept, into) != other:
                    into[other] = kept
        return {other: self._end(other, into) for other in into}

    def _end(self, client: str, into: dict[str, str]) -> str:
        return self._end(into[client], into) if client in into else client

    def ever(self) -> set[str]:
        """Every client of whom a row was ever kept."""
        kept = [row for entry in self.entries for rows in entry.rows.values() for row in rows.values()]
        return {row["client_id"] for row in kept}

    def numbers(self, client: str) -> set[str]:
        """All numbers that now read as the same client."""
        merged = self.merged(len(self.entries))
        kept = merged.get(client, client)
        return {kept, *(other for other, into in merged.items() if into == kept)}

    def as_one(self, area: AreaInfo, rows: list[Row], merged: dict[str, str], *, newest: bool) -> list[Row]:
        """The rows of merged clients as rows of one."""
        read = []
        for row in sorted(rows, key=lambda row: str(row["client_id"])):
            one = row | {name: merged.get(row[name], row[name]) for name in WHOM if name in row}
            if one.get("related_client_id") != one["client_id"]:
                read.append((row["client_id"] == one["client_id"], one))
        if area.merged == "kept":
            own_ones = {row["client_id"] for own, row in read if own}
            read = [(own, row) for own, row in read if own or row["client_id"] not in own_ones]
        thing = [name for name in area.key if not (newest and name == area.business_date)]
        thing += ["currency"] if area.merged == "added" else []
        groups: dict[Key, list[tuple[bool, Row]]] = {}
        for own, row in read:
            groups.setdefault(tuple(row[name] for name in thing), []).append((own, row))
        count = _sum if area.merged == "added" else _newest
        return [count(area, group) for group in groups.values()]

    # ----------------------------------------------------------------------------- visible
    def visible(self, area: AreaInfo, as_of: dt.date | None, known: int) -> list[Row]:
        """What `book.area` should tell as of a day, after the first `known` batches."""
        rows = list(self.recorded(area, known).values())
        if as_of is not None and area.business_date is not None:
            undated = not area.field(area.business_date).required
            rows = [row for row in rows if _reached(day_of(area, row), as_of, undated=undated)]
        newest = area.versioned and as_of is not None
        if newest:
            last: dict[Any, Row] = {}
            for row in sorted(rows, key=lambda row: row[area.business_date or ""]):
                last[row["client_id"]] = row
            rows = list(last.values())
        merged = self.merged(known)
        rows = self.as_one(area, rows, merged, newest=newest) if merged else rows
        return sorted(rows, key=lambda row: (key_of(area, row), row.get("currency")))


WHOM = ("client_id", "related_client_id")


def _reached(day: dt.date | None, as_of: dt.date, *, undated: bool) -> bool:
    return undated if day is None else day <= as_of


def _recent(area: AreaInfo, row: Row) -> float:
    date = row[area.business_date or "client_id"]
    return pd.Timestamp(date).timestamp() if date is not None and area.business_date else 0.0


def _newest(area: AreaInfo, group: Sequence[tuple[bool, Row]]) -> Row:
    """The newest row; of equally new ones that of the client that is kept, or of the smallest number."""
    return max(group, key=lambda one: (_recent(area, one[1]), one[0]))[1]


def _sum(area: AreaInfo, group: Sequence[tuple[bool, Row]]) -> Row:
    money = [each.name for each in area.fields if each.kind == "money"]
    return _newest(area, group) | {name: sum(row[name] for _, row in group) for name in money}


# ---------------------------------------------------------------------------- what is handed in
CLIENTS = ("C1", "C2", "C3")
MONEY = {"margin_loan": 0.0, "short_value": 0.0, "accrued_interest": 0.0}


def instant(day: int) -> dt.datetime:
    """A moment of a day where the firm is: its very first or its last."""
    time = dt.time.max if day % 2 else dt.time.min
    return dt.datetime.combine(DAYS[day], time, SHANGHAI).astimezone(dt.UTC)


def person(client: str, day: int, value: int) -> Row:
    return {
        "client_id": client,
        "updated_at": instant(day),
        "full_name": f"王{value}",
        "client_type": "individual",
        "id_type": "passport",
        "id_number": f"E1234{value}",
        "birth_date": dt.date(1980, 1, 1),
        "investor_class": "ordinary",
        "branch": f"B{value}",
        "opened_on": DAYS[0],
        "status": "active",
    }


def contact(client: str, day: int, value: int) -> Row:
    mobile = f"+861381234567{value}"
    return {"client_id": client, "updated_at": instant(day), "mobile": mobile, "marketing_consent": False}


def statement(client: str, day: int, value: int) -> Row:
    income = {"annual_income": float(value), "currency": "CNY"}
    return {"client_id": client, "as_of": DAYS[day], **income}


def assessment(client: str, day: int, value: int) -> Row:
    return {"client_id": client, "assessed_on": DAYS[day], "risk_level": f"C{value + 1}"}


def balance(client: str, day: int, value: int) -> Row:
    currency = ("CNY", "USD")[value > 1]
    return {"client_id": client, "as_of": DAYS[day], "cash": float(value), "currency": currency, **MONEY}


def relation(client: str, day: int, value: int) -> Row:
    other = CLIENTS[(CLIENTS.index(client) + 1 + value % 2) % 3]
    since = DAYS[day] if value else None
    row = {"relation_id": f"R{day}", "client_id": client, "related_client_id": other, "since": since}
    return row | {"kind": "spouse", "related_name": f"李{value}"}


def trade(client: str, day: int, value: int) -> Row:
    row = {"trade_id": f"T{day}", "client_id": client, "traded_at": instant(day) if value else None}
    paid = {"quantity": 1.0 + value, "price": 1.0, "amount": 1.0 + value, "fee": 0.0, "currency": "CNY"}
    return row | {"security_id": "S1", "side": "buy"} | paid


def reached(client: str, day: int, value: int) -> Row:
    row = {"campaign_id": "K1", "client_id": client, "arm": ("control", "treated")[value > 0]}
    return row | {"contacted_at": instant(day) if value else None}


MAKERS: dict[str, Callable[[str, int, int], Row]] = {
    "clients": person,
    "contacts": contact,
    "finances": statement,
    "preferences": assessment,
    "balances": balance,
    "relations": relation,
    "trades": trade,
    "campaign_contacts": reached,
}
TOLD = [AREAS[name] for name in MAKERS]


def made(area: str, client: str, day: int, value: int) -> Row:
    """A row with all its fields."""
    told = MAKERS[area](client, day, value)
    return {each.name: told.get(each.name) for each in AREAS[area].fields}
