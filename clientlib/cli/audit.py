"""The command that reads, exports and verifies the audit: who looked at what, who changed what."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from rich.markup import escape
from rich.table import Table

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import (
    FINDINGS,
    LanguageOption,
    RoleOption,
    WorkbookOption,
    known_day,
    known_language,
    taken,
)
from clientlib.errors import ParameterError, Words, meant
from clientlib.talk import out, say

if TYPE_CHECKING:
    import pandas as pd

    from clientlib.config import Language
    from clientlib.tables import Areas
    from clientlib.workbook import Workbook

AUDITOR = "auditor"
SHOWN = 50
FEW = 3
"""Clients named in a line of the list; more are counted. A file names all of them."""
SHAPES = (".csv", ".jsonl")
STAMP = "recorded_at_us"
"""A detail that is for the verification, and tells a person nothing that the time does not."""


@dataclass(frozen=True)
class Wanted:
    """Which records are asked for; None: whatever it is."""

    event: str | None
    who: str | None
    client: str | None
    role: str | None
    first: dt.date | None
    last: dt.date | None

    def of(self, records: pd.DataFrame) -> pd.DataFrame:
        """Those of `records`, newest first."""
        day = records["at"].dt.date
        keep = records["seq"].notna()
        for column, value in (("event", self.event), ("who", self.who), ("role", self.role)):
            if value is not None:
                keep &= records[column] == value
        if self.client is not None:
            keep &= records["clients"].str.split().map(lambda numbers: self.client in numbers)
        if self.first is not None:
            keep &= day >= self.first
        if self.last is not None:
            keep &= day <= self.last
        return records[keep].iloc[::-1]


@app.command(epilog="Example: clientlib audit --event look_up --client C0001 --from 2026-06-01")
def audit(
    event: Annotated[
        str | None,
        typer.Option("--event", metavar="EVENT", help="Only these: look_up, import, refused …"),
    ] = None,
    who: Annotated[str | None, typer.Option("--who", metavar="ACCOUNT", help="Only by this account.")] = None,
    client: Annotated[
        str | None, typer.Option("--client", metavar="ID", help="Only what concerns this client.")
    ] = None,
    in_role: Annotated[
        str | None, typer.Option("--in-role", metavar="ROLE", help="Only what was done in this role.")
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="Only from this day on, e.g. 2026-06-30.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Only up to this day.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many records, newest first.")] = SHOWN,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write all of them to a .csv or .jsonl file instead."
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Look whether the records are as they were left.")
    ] = False,
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """List who looked at what and who changed what, newest first; or verify that no record was altered.

    Verifying leaves with exit code 1 when something is wrong, and says what, one sentence for each defect.
    """
    from clientlib.book import open_book

    spoken = known_language(language)
    found = workbook.find(folder)
    doing = taken(role, found, AUDITOR)
    if verify:
        _verify(found, doing, spoken)
        return
    wanted = Wanted(_event(event), who, client, in_role, known_day(first, "--from"), known_day(last, "--to"))
    if output is not None and output.suffix not in SHAPES:
        raise ParameterError(
            f"{output}: name a file that ends in {' or '.join(SHAPES)}.",
            f"{output}：文件名须以 {' 或 '.join(SHAPES)} 结尾。",
        )
    with open_book(found, role=doing) as book:
        records = wanted.of(book.audit_records())
        if output is not None:
            book.audit.record("export", what="audit", records=len(records), file=output.name)
    if output is None:
        _list(records, limit, found.areas, spoken)
    else:
        _write(records, output)
        out.print(say("audit_written", spoken, records=len(records), path=output))


# -------------------------------------------------------------------------------- asked for
def _event(name: str | None) -> str | None:
    from clientlib.book.audit.record import Event

    events = get_args(Event)
    if name is not None and name not in events:
        hint = meant(name, events, Words("The events are", "可用的事件"))
        raise ParameterError(f'There is no event "{name}". {hint.en}', f"没有事件“{name}”。{hint.zh}")
    return name


# ----------------------------------------------------------------------------------- verified
def _verify(found: Workbook, role: str, language: Language) -> None:
    from clientlib.book.audit.verify import verify_as

    with talk.working(say("doing_verify_audit", language)):
        verification = verify_as(found, role)
    for remark in verification.remarks:
        style = "red" if remark.defect else "yellow"
        out.print(f"[{style}]{escape(remark.sentence(language))}[/{style}]")
    records, defects = verification.records, len(verification.defects)
    if verification.well:
        out.print(say("audit_well", language, records=records))
    else:
        out.print(say("audit_defects", language, records=records, defects=defects))
        raise typer.Exit(FINDINGS)


# ------------------------------------------------------------------------------------ shown
def _list(records: pd.DataFrame, limit: int, areas: Areas, language: Language) -> None:
    from clientlib.book.audit.chain import event_title, value_title

    if records.empty:
        out.print(say("audit_none", language))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("seq", "at", "who", "role", "event", "outcome", "clients", "details"):
        right, cut = title == "seq", title in ("clients", "details")
        table.add_column(
            say(f"audit_{title}", language), justify="right" if right else "left", no_wrap=not cut
        )
    for row in records.head(limit).itertuples():
        outcome = "" if row.outcome == "done" else value_title(str(row.outcome), language)
        cells = [f"{row.at:%Y-%m-%d %H:%M:%S}", row.who, row.role, event_title(str(row.event), language)]
        cells += [
            outcome,
            _clients(str(row.clients), language),
            _said(str(row.reason), str(row.details), areas, language),
        ]
        table.add_row(str(row.seq), *(escape(str(cell)) for cell in cells))
    talk.show(table)
    if len(records) > limit:
        out.print(say("audit_more", language, records=len(records) - limit))


def _clients(numbers: str, language: Language) -> str:
    named = numbers.split()
    if len(named) <= FEW:
        return " ".join(named)
    return say("audit_clients_more", language, named=" ".join(named[:FEW]), more=len(named) - FEW)


def _said(reason: str, details: str, areas: Areas, language: Language) -> str:
    """The reason, and the details in words rather than as a machine keeps them."""
    from clientlib.book.audit.chain import detail_title

    told = {name: value for name, value in json.loads(details).items() if name != STAMP}
    if "source" in told:
        told["source"] = talk.source_of(told["source"], language)
    words = (
        f"{detail_title(name, language)} {_flat(value, areas, language)}".strip()
        for name, value in told.items()
        if value not in (None, "", [], {})
    )
    return say("between", language).join(part for part in (reason, *words) if part)


def _flat(value: object, areas: Areas, language: Language) -> str:
    from clientlib.book.audit.chain import value_title

    if isinstance(value, dict):
        return say("and", language).join(
            f"{_flat(name, areas, language)} {_flat(inner, areas, language)}" for name, inner in value.items()
        )
    if isinstance(value, list):
        return say("and", language).join(_flat(each, areas, language) for each in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = str(value)
    return areas[text].title(language) if text in areas else value_title(text, language)


def _write(records: pd.DataFrame, file: Path) -> None:
    import polars as pl

    from clientlib import harmless
    from clientlib.aside import write_text

    at = records["at"].map(lambda instant: instant.isoformat(timespec="microseconds"))
    frame = pl.from_pandas(records.assign(at=at))
    if file.suffix == ".csv":
        # The byte order mark makes Excel read the Chinese right.
        write_text(file, "\ufeff" + harmless.columns(frame).write_csv())
    else:
        write_text(file, frame.write_ndjson())
