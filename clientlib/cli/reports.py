"""The command that makes reports."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import FAILED, WorkbookOption
from clientlib.talk import out


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
    branch: Annotated[str, typer.Option("--branch", help="One branch, or all.")] = "all",
    language: Annotated[
        str | None,
        typer.Option(
            "--language", "-l", metavar="en,zh", help="One or several; the first one's index opens."
        ),
    ] = None,
    folder: WorkbookOption = None,
) -> None:
    """Run reports and write them as HTML pages, with an index, into reports/<as-of>."""
    from clientlib.report import run_reports

    found = workbook.find(folder)
    languages = [part.strip() for part in language.split(",")] if language else None
    with talk.ReportProgress() as progress:
        result = run_reports(
            found,
            names=names or None,
            as_of=as_of,
            known_at=known_at,
            branch=branch,
            languages=languages,
            progress=progress,
        )
    out.print(f"Open {escape(str(result.index))}")
    if result.failed:
        raise typer.Exit(FAILED)
