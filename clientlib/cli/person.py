"""Commands for a person's rights: a copy of all that is held on a client, and the erasure of one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from clientlib import talk, workbook
from clientlib.aside import write_text
from clientlib.cli.app import app
from clientlib.cli.options import (
    LanguageOption,
    RoleOption,
    WorkbookOption,
    known_language,
    not_there_yet,
    taken,
)
from clientlib.errors import ParameterError
from clientlib.talk import out, say

if TYPE_CHECKING:
    from clientlib.book.personal import Erasure
    from clientlib.config import Language
    from clientlib.workbook import Workbook

SERVICE = "service"
SHOWN = 10
"""Files or rows of one kind that are named one by one on the terminal; the protocol names all."""
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit, numbers in it masked.")
]


# ------------------------------------------------------------------------------------- a copy
@app.command("export-person", epilog='Example: clientlib export-person C0001 --reason "asked in writing"')
def export_person(
    client: Annotated[str, typer.Argument(metavar="ID", help="The client's number.")],
    reason: ReasonOption,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Where to; by default data/work."),
    ] = None,
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Write all that is held on one client, for the client: a page to read, and the same as JSON.

    Both files show who the person is. They are readable for you only; hand them over in person or sealed.
    """
    from clientlib.book.personal import copy_for
    from clientlib.report.person_page import person_page

    spoken = known_language(language)
    found = workbook.find(folder)
    target = output or found.work
    page, data = target / f"person-{client}.{spoken}.html", target / f"person-{client}.json"
    # Looked at before anything is read: a copy that is there may be another person's answer.
    for file in (page, data):
        not_there_yet(file)
    with talk.working(say("doing_read", spoken)):
        copy = copy_for(found, client, reason, taken(role, found, SERVICE))
    write_text(data, json.dumps(copy.as_json(found), ensure_ascii=False, indent=1) + "\n")
    write_text(page, person_page(copy, spoken, found, data.name))
    rows = sum(len(records) for records in copy.areas.values())
    out.print(say("copied", spoken, rows=rows, client=client))
    for one in copy.locked:
        title = found.areas[one.area].title(spoken)
        out.print(f"  {say('copy_locked', spoken, area=title, rows=one.rows, day=one.keep_until)}")
    for file in (page, data):
        out.print(f"  {escape(str(file))}")


# ----------------------------------------------------------------------------------- an erasure
@app.command(epilog='Example: clientlib erase C0001 --reason "asked in writing" --dry-run')
def erase(
    client: Annotated[
        str | None, typer.Argument(metavar="ID", help="The client's number; none with --due.")
    ] = None,
    reason: ReasonOption = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would go, be locked, and be left to do.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
    due: Annotated[
        bool, typer.Option("--due", help="Erase what was locked and need not be kept any more.")
    ] = False,
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Erase a client everywhere in the book, but for what the law makes the firm keep, which is locked away.

    It cannot be taken back. A protocol in data/work says what went, what is locked until when, and what else
    has to be seen to: backups, earlier reports, hand-ins.
    """
    spoken = known_language(language)
    found = workbook.find(folder)
    doing = taken(role, found, SERVICE)
    if due == (client is not None):
        raise ParameterError(
            "Name one client, or say --due without one.", "请指定一个客户，或只用 --due 而不指定客户。"
        )
    if client is None:
        _erase_due(found, doing, spoken, dry_run=dry_run, yes=yes)
    else:
        _erase_client(found, client, reason, doing, spoken, dry_run=dry_run, yes=yes)


def _erase_client(
    found: Workbook, client: str, reason: str, role: str, language: Language, *, dry_run: bool, yes: bool
) -> None:
    from clientlib.book.personal import erase as erase_client

    if dry_run or not yes:
        with talk.working(say("doing_look_through", language)):
            planned = erase_client(found, client, reason, role, only_look=True)
        _show(planned, language, found)
        if dry_run:
            out.print(say("only_looked_erasing", language))
            return
        _need_yes("erase_sure", language, client=client)
    with talk.working(say("doing_erase", language)):
        done = erase_client(found, client, reason, role)
    if yes:
        _show(done, language, found)
    out.print(say("erased", language, client=client, batch=done.batch))
    for file in _write_protocol(done, language, found):
        out.print(f"  {escape(str(file))}")


def _erase_due(found: Workbook, role: str, language: Language, *, dry_run: bool, yes: bool) -> None:
    from clientlib.book.personal import erase_due

    planned = erase_due(found, role, only_look=True)
    if not planned.rows:
        out.print(say("nothing_due", language))
        return
    out.print(say("due", language, rows=planned.rows, clients=len(planned.clients)))
    if dry_run:
        out.print(say("only_looked_erasing", language))
        return
    if not yes:
        _need_yes("due_sure", language)
    with talk.working(say("doing_erase", language)):
        done = erase_due(found, role)
    out.print(say("due_erased", language, rows=done.rows, batch=done.batch))


def _need_yes(key: str, language: Language, **values: object) -> None:
    """Ask whether somebody is sure, and stop if not.

    Raises
    ------
    ParameterError
        There is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise ParameterError(*talk.said("erase_needs_yes"))
    if not typer.confirm(say(key, language, **values)):
        out.print(say("not_erased", language))
        raise typer.Exit(1)


def _show(erasure: Erasure, language: Language, found: Workbook) -> None:
    """What becomes of the rows, area by area, and what is not reached."""
    from clientlib.report import erasure_words

    table = Table(box=None, pad_edge=False)
    counts = ("gone", "locked") if erasure.batch else ("to_go", "to_lock")
    for title in ("area", *counts, "until", "law"):
        justify: Literal["right", "left"] = "right" if title in counts else "left"
        table.add_column(erasure_words.say(title, language), justify=justify)
    for one in erasure_words.outcomes(erasure, language, found):
        table.add_row(escape(one.area), one.gone, one.locked, one.keep_until, one.law)
    talk.show(table)
    if told := erasure_words.others(erasure, language):
        out.print(told)
    out.print(f"[bold]{erasure_words.say('beyond.title', language)}[/bold]")
    for part in erasure_words.beyond(erasure, language, found):
        out.print(f"[yellow]{escape(part.title)}[/yellow]: {escape(part.advice)}")
        for item in part.items[:SHOWN]:
            out.print(f"  {escape(item)}")
        if len(part.items) > SHOWN:
            out.print(f"  {say('more_items', language, more=len(part.items) - SHOWN)}")


def _write_protocol(erasure: Erasure, language: Language, found: Workbook) -> list[Path]:
    """The protocol as a page and as JSON, named by the batch: no two of them have one name."""
    from clientlib.report.erasure_page import erasure_json, erasure_page

    page = found.work / f"erasure-{erasure.batch}.{language}.html"
    data = found.work / f"erasure-{erasure.batch}.json"
    write_text(data, json.dumps(erasure_json(erasure, found), ensure_ascii=False, indent=1) + "\n")
    write_text(page, erasure_page(erasure, language, found))
    return [page, data]
