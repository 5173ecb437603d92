"""A call list as an Excel workbook: a sheet of calls for each advisor, with cells for what came of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from clientlib.config import Language, Settings
from clientlib.report import messages
from clientlib.report.calls import plans, words
from clientlib.report.calls.listing import CallList
from clientlib.report.calls.words import say
from clientlib.report.handout import Column, Kind, Looks, write_table
from clientlib.sheets import limits
from clientlib.sheets.new_workbook import new_workbook

_CALLS: Mapping[str, float] = {
    "rank": 5, "client_id": 10, "full_name": 9, "mobile": 15, "reach": 12, "call": 10, "why": 31, "since": 11,
    "act_by": 11, "todo": 33, "reached": 11, "outcome": 12, "agreed": 19, "acknowledged": 14,
}  # fmt: skip
"""The columns of a sheet of calls and their widths."""
_OF_CLIENT: Mapping[str, float] = {"whom": 11, "rank": 5, "client_id": 11, "full_name": 11}
_ORDERS: Mapping[str, tuple[float, Kind]] = {
    "step": (6, "number"), "side": (10, "text"), "security_id": (12, "text"), "security": (22, "text"),
    "product_level": (9, "text"), "lots": (9, "number"), "quantity": (13, "number"), "price": (11, "price"),
    "amount": (15, "money"), "fee": (12, "money"),
}  # fmt: skip
"""The columns of the sheet of orders, behind those that tell whose they are."""
_MEASURE_WIDTH = 19
_WHO = ("full_name", "mobile", "reach")
_PROTECTION = {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True}
"""What may still be done with locked cells: it is a guard against slips, so there is no password."""


def write_calls(
    listed: CallList, target: Path, settings: Settings, languages: Sequence[Language] = ("en",)
) -> Path:
    """Write a call list as a workbook, ready to be printed and filled in.

    Parameters
    ----------
    listed : CallList
        A sheet for each of its `advisors`, then the orders of their clients' plans, and what those change.
    target : Path
        The .xlsx file. It is written aside and put there whole; only its owner may read it.
    settings : Settings
        The firm's: its time zone, and the lots that securities are traded in.
    languages : sequence of {"en", "zh"}
        One, or both: then a cell holds the one wording above the other.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    SheetError
        More rows than a sheet of Excel has.
    Unwritable
        The file cannot be written.
    """
    with new_workbook(target) as book:
        # The moment of the records, not of the writing.
        moment = listed.known_at.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
        title = say("title.calls", languages, " · ", as_of=listed.as_of)
        book.set_properties({"title": title, "created": moment})
        writer = _Writer(book, Looks(book), settings, languages, [])
        for whom in listed.advisors:
            writer.calls(listed.of(whom), whom or words.nobody(languages))
        writer.orders(listed)
        writer.effect(listed)
    return target


@dataclass(frozen=True)
class _Writer:
    """Writes the sheets of one workbook; `taken` are the names of those that are there."""

    book: Any
    made: Looks
    settings: Settings
    languages: Sequence[Language]
    taken: list[str]

    def calls(self, listed: CallList, whom: str) -> None:
        """One advisor's clients, with cells to be filled in; all others are locked."""
        columns = self._columns(name for name in _CALLS if name not in _WHO or listed.identity != "hidden")
        own: dict[str, dict[str, Any]] = {
            "reached": {"kind": "fill_in_date", "not_before": listed.as_of},
            "outcome": {"kind": "fill_in", "choices": words.outcomes(self.languages)},
            "agreed": {"kind": "fill_in"},
            "acknowledged": {"kind": "fill_in", "choices": words.yes_and_no(self.languages)},
        }
        columns |= {name: replace(columns[name], **facts) for name, facts in own.items()}
        notes = [*self._provenance(listed), say("note.fill_in", self.languages)]
        frozen = list(columns).index("call")
        rows = words.calls(listed, self.languages)
        sheet = self._table(whom, f"{whom} · ", "calls", listed, columns, rows, notes, frozen)
        sheet.protect("", _PROTECTION)

    def orders(self, listed: CallList) -> None:
        """What to sell and buy, where there is anything."""
        rows = plans.orders(listed, self.settings.risk.plan, self.languages)
        if rows.empty:
            return
        columns = self._of_client(listed)
        for name, (width, kind) in _ORDERS.items():
            columns[name] = Column(self._head(f"column.{name}", listed), width, kind)
        self._sheet("plan", listed, columns, rows)

    def effect(self, listed: CallList) -> None:
        """What the plans change, where there are any."""
        rows = plans.effect(listed, self.languages)
        measures = [name for name in plans.MEASURES if name in rows]
        if rows.empty or not measures:
            return
        columns = self._of_client(listed)
        for name in measures:
            columns[name] = Column(self._head(f"measure.{name}", listed), _MEASURE_WIDTH)
        self._sheet("effect", listed, columns, rows)

    def _sheet(self, key: str, listed: CallList, columns: Mapping[str, Column], rows: pd.DataFrame) -> None:
        name = say(f"sheet.{key}", self.languages, " ")
        notes = [*self._provenance(listed), say(f"note.{key}", self.languages)]
        frozen = sum(column in _OF_CLIENT for column in columns)
        self._table(name, "", key, listed, columns, rows, notes, frozen)

    def _table(
        self,
        name: str,
        whose: str,
        key: str,
        listed: CallList,
        columns: Mapping[str, Column],
        rows: pd.DataFrame,
        notes: Sequence[str],
        frozen: int,
    ) -> Any:
        self.taken.append(limits.free_sheet_name(name, self.taken))
        title = whose + say(f"title.{key}", self.languages, " · ", as_of=listed.as_of)
        made = self.made
        return write_table(
            self.book, self.taken[-1], columns, rows, made, title=title, notes=notes, frozen=frozen
        )

    def _columns(self, names: Iterable[str]) -> dict[str, Column]:
        return {name: Column(self._head(f"column.{name}"), _CALLS[name]) for name in names}

    def _of_client(self, listed: CallList) -> dict[str, Column]:
        """Whose orders or measures they are; the advisor where there are several."""
        shown = [name for name in _OF_CLIENT if name != "full_name" or listed.identity != "hidden"]
        if len(listed.advisors) == 1:
            shown.remove("whom")
        return {name: Column(self._head(f"column.{name}"), _OF_CLIENT[name]) for name in shown}

    def _head(self, key: str, listed: CallList | None = None) -> str:
        return say(key, self.languages, currency=listed.currency if listed else "")

    def _provenance(self, listed: CallList) -> list[str]:
        """To which page the list belongs, what could not be looked at, how it shows who clients are."""
        zone = ZoneInfo(self.settings.firm.time_zone)
        known_at = f"{listed.known_at.astimezone(zone):%Y-%m-%d %H:%M}"
        page = "note.page" if listed.edition else "note.no_page"
        absent = (
            "\n".join(messages.say(f"risk_review.absent.{reason}", each) for each in self.languages)
            for reason in listed.absent
        )
        return [
            say(page, self.languages, edition=listed.edition, known_at=known_at),
            *absent,
            say(f"note.{listed.identity}", self.languages),
        ]
