"""A call list as an Excel workbook: a sheet of calls for each advisor, with cells for what came of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clientlib.config import Language
from clientlib.report import handout, messages
from clientlib.report.calls import words
from clientlib.report.calls.listing import CallList
from clientlib.report.calls.words import say
from clientlib.report.handout import Column, Looks
from clientlib.sheets import limits
from clientlib.sheets.new_workbook import new_workbook

_CALLS: Mapping[str, float] = {
    "rank": 5, "client_id": 11, "full_name": 11, "mobile": 16, "reach": 13, "call": 9, "why": 34, "since": 11,
    "act_by": 11, "todo": 34, "reached": 11, "outcome": 12, "agreed": 24, "acknowledged": 12,
}  # fmt: skip
"""The columns of a sheet of calls and their widths."""
_WHO = ("full_name", "mobile", "reach")
_PROTECTION = {"format_columns": True, "format_rows": True, "autofilter": True, "sort": True}
"""What may still be done with locked cells: it is a guard against slips, so there is no password."""


def write_calls(
    listed: CallList, target: Path, *, time_zone: str, languages: Sequence[Language] = ("en",)
) -> Path:
    """Write a call list as a workbook, ready to be printed and filled in.

    Parameters
    ----------
    listed : CallList
        A sheet for each of its `advisors`.
    target : Path
        The .xlsx file. It is written aside and put there whole; only its owner may read it.
    time_zone : str
        The firm's, for the instant that the list is of.
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
        title = say("title.calls", languages, " · ", as_of=listed.as_of)
        # The moment of the records, not of the writing.
        moment = listed.known_at.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)
        book.set_properties({"title": title, "created": moment})
        made, taken = Looks(book), list[str]()
        for whom in listed.advisors:
            own = whom or words.nobody(languages)
            taken.append(limits.free_sheet_name(own, taken))
            _write_calls(book, taken[-1], own, listed.of(whom), made, languages, time_zone)
    return target


def _write_calls(
    book: Any,
    name: str,
    own: str,
    listed: CallList,
    made: Looks,
    languages: Sequence[Language],
    time_zone: str,
) -> None:
    columns = _columns(listed, languages)
    sheet = handout.write_table(
        book,
        name,
        columns,
        words.calls(listed, languages),
        made,
        title=f"{own} · {say('title.calls', languages, ' · ', as_of=listed.as_of)}",
        notes=_notes(listed, languages, time_zone),
        frozen=list(columns).index("call"),
    )
    sheet.protect("", _PROTECTION)


def _columns(listed: CallList, languages: Sequence[str]) -> dict[str, Column]:
    shown = [name for name in _CALLS if name not in _WHO or listed.identity != "hidden"]
    columns = {name: Column(say(f"column.{name}", languages), _CALLS[name]) for name in shown}
    own: dict[str, dict[str, Any]] = {
        "reached": {"kind": "fill_in_date", "not_before": listed.as_of},
        "outcome": {"kind": "fill_in", "choices": words.outcomes(languages)},
        "agreed": {"kind": "fill_in"},
        "acknowledged": {"kind": "fill_in", "choices": words.yes_and_no(languages)},
    }
    return columns | {name: replace(columns[name], **facts) for name, facts in own.items()}


def _notes(listed: CallList, languages: Sequence[str], time_zone: str) -> list[str]:
    known_at = f"{listed.known_at.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M}"
    page = "note.page" if listed.edition else "note.no_page"
    return [
        say(page, languages, edition=listed.edition, known_at=known_at),
        *(
            "\n".join(messages.say(f"risk_review.absent.{reason}", each) for each in languages)
            for reason in listed.absent
        ),
        say(f"note.{listed.identity}", languages),
        say("note.fill_in", languages),
    ]
