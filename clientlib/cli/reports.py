"""The command that makes reports."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import WorkbookOption
from clientlib.config import BESIDE
from clientlib.errors import ParameterError
from clientlib.talk import err, out


@app.command(epilog="Example: clientlib report segmentation risk_review --as-of 2026-06-30 --language en,zh")
def report(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAMES]", help="Which reports; all when none is named.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="Business date; by default the newest in the book."),
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(
            "--known-at", metavar="INSTANT", help="What the book held at that moment; by default now."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Make one edition for each step of a period: its begin."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="The period's end; by default the newest date.")
    ] = None,
    every: Annotated[
        str, typer.Option("--every", metavar="day|week|month|quarter|year", help="The steps of the period.")
    ] = "month",
    branch: Annotated[
        list[str] | None,
        typer.Option(
            "--branch", metavar="BRANCH", help="A branch (may be repeated), all (default), or each."
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            "--language", "-l", metavar="en,zh", help="One or several; the first one's index opens."
        ),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter", "-p", metavar="NAME=VALUE", help="A further parameter of the reports' notebooks."
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, metavar="N", help="So many reports at a time.")
    ] = None,
    beside: Annotated[
        str | None,
        typer.Option("--beside", metavar="xlsx,pdf", help="What is made beside each page; none for nothing."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run that was broken off; nothing else is asked.")
    ] = False,
    folder: WorkbookOption = None,
) -> None:
    """Run reports and write them as HTML pages, with an index, into reports/<as-of>."""
    from clientlib.report import Asked, run_reports
    from clientlib.report.parameters import ALL

    found = workbook.find(folder)
    asked = Asked(
        names=tuple(names) if names else None,
        as_of=as_of,
        since=since,
        until=until,
        every=every,
        known_at=known_at,
        branches=tuple(branch) if branch else (ALL,),
        languages=tuple(_parts(language)) if language else None,
        others=dict(_parameter(one) for one in parameter or ()),
    )
    if resume and asked != Asked(others={}):
        raise ParameterError("--resume goes on with what was asked for then. Leave the other options out.")
    with talk.ReportProgress() as progress:
        result = run_reports(
            found, asked, jobs=jobs, beside=_beside(beside), resume=resume, progress=progress
        )
    for notice in dict.fromkeys(notice for outcome in result.outcomes for notice in outcome.notices):
        err.print(f"[yellow]{escape(notice)}[/yellow]")
    out.print(f"Open {escape(str(result.index))}")
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ParameterError(f"--parameter {text!r} is not of the form NAME=VALUE, e.g. window=250.")
    return name.strip(), value.strip()


def _beside(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    kinds = tuple(part for part in _parts(text) if part not in ("", "none"))
    for kind in kinds:
        if kind not in BESIDE:
            raise ParameterError(f"--beside {kind} cannot be. There are: {', '.join(BESIDE)}; or none.")
    return kinds
