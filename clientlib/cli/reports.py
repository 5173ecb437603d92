"""The command that makes reports."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import WorkbookOption
from clientlib.config import BESIDE, Beside
from clientlib.errors import ParameterError
from clientlib.talk import err, out, say

if TYPE_CHECKING:
    from clientlib.config import Language
    from clientlib.report import Asked
    from clientlib.report.publish import Edition
    from clientlib.report.running.journal import Listener
    from clientlib.workbook import Workbook


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
        typer.Option(
            "--from", metavar="DATE", help="Make one edition for each step of a period: its first day."
        ),
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
        int | None,
        typer.Option("--jobs", "-j", min=1, metavar="N", help="How many reports are made at a time."),
    ] = None,
    beside: Annotated[
        str | None,
        typer.Option("--beside", metavar="xlsx,pdf", help="What is made beside each page; none for nothing."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run that was broken off, as it was asked for.")
    ] = False,
    due: Annotated[
        bool,
        typer.Option(
            "--due",
            help="Only if none was made since the moment that \\[reports.schedule] of the settings names.",
        ),
    ] = False,
    log: Annotated[
        str, typer.Option("--log", metavar="text|json", help="What is told on the way: json for machines.")
    ] = "text",
    folder: WorkbookOption = None,
) -> None:
    """Run reports and write them as HTML pages, with an index, into reports/<as-of>.

    Leaves with exit code 3 when one failed, 4 when none did and one waits for a source, and with --due 5 when
    a run was missed for too long to be caught up.
    """
    from clientlib.report import Asked, lean, run_reports
    from clientlib.report.parameters import ALL
    from clientlib.report.running import unfinished
    from clientlib.report.watch import notify

    lean.import_nbformat()
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
    if resume and (asked != Asked(others={}) or beside is not None):
        raise ParameterError(
            "--resume goes on with what was asked for then. Leave the other options out.",
            "--resume 按当时的要求继续运行。请去掉其他选项。",
        )
    if due and (resume or as_of or since or until or known_at):
        raise ParameterError(
            "--due makes reports of the newest date. Leave dates and --resume out.",
            "--due 只生成最新日期的报告。请去掉日期选项和 --resume。",
        )
    moment = _need_due(found, asked, language) if due else None
    if due and moment is None:
        return
    kinds, listen = _beside(beside), _listener(log)
    try:
        with talk.ReportProgress() if listen is None else nullcontext() as progress:
            result = run_reports(
                found, asked, jobs=jobs, beside=kinds, resume=resume, progress=progress, listen=listen
            )
    except KeyboardInterrupt:
        if listen is None and (found.reports / unfinished.FILE).exists():
            err.print(say("report_go_on", "zh" if language == "zh" else "en"))
        raise
    notices = dict.fromkeys(notice for outcome in result.outcomes for notice in outcome.notices)
    for notice in [*notices, *notify.after_run(found, result, since=moment, listen=listen)]:
        (out if listen else err).print(f"[yellow]{escape(notice)}[/yellow]")
    for edition in result.editions:
        _tell_of_lists(found, edition, "zh" if language == "zh" else "en")
    out.print(f"Open {escape(str(result.index))}")
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def _tell_of_lists(found: Workbook, edition: Edition, spoken: Language) -> None:
    """Say that call lists of the edition that stood here before are still there, and how to make new ones."""
    folder = found.calls / edition.folder.name
    if not folder.is_dir():
        return
    from clientlib.report.calls import belonging, place

    known = belonging.known_at(edition)
    if lists := place.earlier(found.calls, edition.folder.name, known) if known else []:
        command = talk.typed("clientlib", "calls", "--as-of", edition.as_of.isoformat())
        told = say("calls_stale", spoken, lists=len(lists), folder=folder, command=command)
        out.print(f"[yellow]{told}[/yellow]")


def _need_due(found: Workbook, asked: Asked, language: str | None) -> dt.datetime | None:
    """The moment for which a run is to be made now; None, and a word why, where there is nothing to do.

    Leaves with `due.STALE` where one was missed for too long.
    """
    from clientlib.report.watch import due, notify, status
    from clientlib.report.watch.runs import runs

    spoken: Language = "zh" if language == "zh" else "en"
    zone = ZoneInfo(found.settings.firm.time_zone)
    made, now = runs(found.reports), dt.datetime.now(dt.UTC)
    if working := status.at_work(found, made):
        out.print(say("due_at_work", spoken, began=f"{working.began.astimezone(zone):%Y-%m-%d %H:%M}"))
        return None
    judged = due.look(found, asked, made, now)
    if judged.verdict == "due":
        return judged.moment
    out.print(say(f"due_{judged.verdict}", spoken, moment=f"{judged.moment.astimezone(zone):%Y-%m-%d %H:%M}"))
    if judged.verdict == "made":
        return None
    if due.note_passed(found, judged):
        for why in notify.after_missing(found, judged.moment):
            err.print(f"[yellow]{escape(why)}[/yellow]")
    raise typer.Exit(due.STALE)


def _listener(log: str) -> Listener | None:
    """Who is told each line of the journal: standard error, where that was asked for."""
    if log not in ("text", "json"):
        raise ParameterError(
            f"--log {log} cannot be. There are: text, json.", f"--log 没有 {log}。可选：text、json。"
        )
    return (lambda line: err.out(line, highlight=False)) if log == "json" else None


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ParameterError(
            f"--parameter {text!r} is not of the form NAME=VALUE, e.g. window=250.",
            f"--parameter “{text}”不是 NAME=VALUE 的形式，例如 window=250。",
        )
    return name.strip(), value.strip()


def _beside(text: str | None) -> tuple[Beside, ...] | None:
    if text is None:
        return None
    asked = [part for part in _parts(text) if part not in ("", "none")]
    for kind in asked:
        if kind not in BESIDE:
            raise ParameterError(
                f"--beside {kind} cannot be. There are: {', '.join(BESIDE)}; or none.",
                f"--beside 没有 {kind}。可选：{'、'.join(BESIDE)}，或 none。",
            )
    return tuple(kind for kind in BESIDE if kind in asked)
