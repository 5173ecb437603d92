"""The command that hands advisors their call list of the risk review, as Excel."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import (
    BranchOption,
    RoleOption,
    WorkbookOption,
    known_day,
    known_language,
    not_there_yet,
    taken,
)
from clientlib.talk import err, out, say

if TYPE_CHECKING:
    from clientlib.book import Book
    from clientlib.config import Language
    from clientlib.report.calls import CallList

CALLER = "advisor"
"""The role in which the list is made unless somebody names another: whose clients are the own ones."""
BOTH = "both"


@app.command(epilog='Example: clientlib calls --reason "calls of the risk review" --language zh')
def calls(
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="DATE", help="Of which date; by default that of the newest risk review."
        ),
    ] = None,
    advisor: Annotated[
        str | None,
        typer.Option("--advisor", metavar="NAME", help="Only this advisor's clients; else all you see."),
    ] = None,
    branch: BranchOption = None,
    reason: Annotated[
        str,
        typer.Option(
            "--reason",
            metavar="TEXT",
            help="Why; with it a role that may look up gets names and numbers plain. It is kept.",
        ),
    ] = "",
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="FILE.xlsx|FOLDER",
            help="One workbook, or a folder for one an advisor; by default in calls/, beside reports/.",
        ),
    ] = None,
    language: Annotated[
        str, typer.Option("--language", "-l", metavar="en|zh|both", help="Language of messages and files.")
    ] = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Write whom to call, why, and what to do, as Excel: the risk review's call list with cells to fill in.

    It agrees with the risk review of its date. Who clients are stands in it as the role sees it: plain with a
    reason, masked, or not at all. Each look is recorded.
    """
    from clientlib.book import open_book
    from clientlib.report.calls import belonging, call_list
    from clientlib.report.retention import expire_calls

    spoken = "en" if language == BOTH else known_language(language)
    day = known_day(as_of, "--as-of")
    found = workbook.find(folder)
    with open_book(found, role=taken(role, found, CALLER)) as book:
        with talk.working(say("doing_calls", spoken)):
            question, page = belonging.asked(book, day, branch, spoken)
            edition = page.edition if page else ""
            listed = call_list(book, question, edition=edition, advisor=advisor, reason=reason)
        for sentence in absent(listed, spoken):
            err.print(f"[yellow]{escape(sentence)}[/yellow]")
        out.print(
            say("calls_page" if edition else "calls_no_page", spoken, day=listed.as_of, edition=edition)
        )
        if len(listed.calls):
            scope = advisor or branch or getattr(book.access.person, book.access.role.rows, None)
            both: tuple[Language, ...] = ("zh", "en")
            path, files = _write(book, listed, to, scope, both if language == BOTH else (spoken,))
            _tell(book, listed, path, files, spoken)
        else:
            out.print(say("calls_none", spoken))
    expire_calls(found.calls, dt.datetime.now(dt.UTC).date(), found.settings.reports.keep_days)


def absent(listed: CallList, language: Language) -> list[str]:
    """What could not be looked at, and why."""
    from clientlib.report import messages

    return [messages.say(f"risk_review.absent.{reason}", language) for reason in listed.absent]


def _write(
    book: Book, listed: CallList, to: Path | None, scope: str | None, languages: tuple[Language, ...]
) -> tuple[Path, int]:
    """Write the workbooks: where they lie, and how many there are."""
    from clientlib.report.calls import hand_out, place
    from clientlib.report.calls.words import nobody

    if to is not None and to.suffix and not to.is_dir():
        targets = {to: listed}
    else:
        within = place.prepared(book.workbook.calls, listed.folder) if to is None else to
        whole = scope if to is None else None
        targets = place.targets(listed, within, whole, languages, nobody(languages))
    for file in targets:
        not_there_yet(file)
    hand_out(book, targets, languages)
    first = next(iter(targets))
    return first if len(targets) == 1 else first.parent, len(targets)


def _tell(book: Book, listed: CallList, path: Path, files: int, spoken: Language) -> None:
    """How many stand in it, where it lies, how it shows who clients are, and whether there are older ones."""
    from clientlib.report.calls import place

    counts = {"clients": len(listed.calls), "today": int(listed.calls["call"].eq("today").sum())}
    key = "calls_written" if files == 1 else "calls_written_each"
    out.print(say(key, spoken, path=path, files=files, **counts))
    if listed.identity != "plain":
        may = listed.identity == "masked" and book.access.role.may_look_up
        out.print(say("calls_may_be_plain" if may else f"calls_{listed.identity}", spoken))
    if lists := place.earlier(book.workbook.calls, listed.folder, {listed.known_at}):
        told = say("calls_earlier", spoken, lists=len(lists), folder=lists[0].parent)
        out.print(f"[yellow]{told}[/yellow]")
