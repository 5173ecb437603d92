"""Commands for those who keep the reports running: schedule them, look how they stand, be told."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import FINDINGS, LanguageOption, WorkbookOption, known_language
from clientlib.errors import ParameterError, Unwritable, Words
from clientlib.talk import out, say

if TYPE_CHECKING:
    from clientlib.config import Language, ReportSchedule
    from clientlib.report.watch.notify import Way
    from clientlib.report.watch.units import Job
    from clientlib.workbook import Workbook

TELLING = {
    "smtp": "notify_smtp",
    "webhook": "notify_webhook_address",
    "webhook_token": "notify_webhook_token",
}
"""What a secret is called in the catalogue."""


# ------------------------------------------------------------------------------- status
@app.command(epilog="Example: clientlib status --prometheus /var/lib/node_exporter/clientlib.prom")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For machines: one object of JSON.")] = False,
    prometheus: Annotated[
        Path | None,
        typer.Option(
            "--prometheus",
            metavar="FILE.prom",
            help="Write it for Prometheus' node exporter, and say nothing.",
        ),
    ] = None,
    runs: Annotated[int, typer.Option("--runs", min=0, metavar="N", help="So many earlier runs.")] = 5,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Tell how the reports stand: what is at work, how the last runs went, how old each good version is.

    Leaves with exit code 3 when a report failed or the last run was broken off, or when a report has no good
    version as new as the settings ask for; 4 when one waits for a source. The book is not opened.
    """
    from clientlib.cli import standing
    from clientlib.report.watch import prometheus as textfile
    from clientlib.report.watch import status as watch

    spoken = known_language(language)
    found = workbook.find(folder)
    now = watch.look(found)
    if prometheus is not None:
        textfile.write(prometheus, now)
    if as_json:
        print(json.dumps(watch.as_json(now, runs=runs), ensure_ascii=False))
    elif prometheus is None:
        standing.tell(now, spoken, found.settings.firm.time_zone, runs=runs)
    if now.exit_code:
        raise typer.Exit(now.exit_code)


# ----------------------------------------------------------------------------- schedule
@app.command(epilog="Example: clientlib schedule --for systemd --every day --at 06:30 --output units")
def schedule(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAMES]", help="Which reports; all when none is named.")
    ] = None,
    scheduler: Annotated[
        str, typer.Option("--for", metavar="cron|systemd|airflow|jupyter-scheduler", help="Which scheduler.")
    ] = "cron",
    every: Annotated[
        str | None,
        typer.Option(
            "--every", metavar="day|week|month", help="How often; else as \\[reports.schedule] says."
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="HH:MM", help="When, in the firm's time zone; likewise.")
    ] = None,
    weekday: Annotated[
        str | None, typer.Option("--weekday", metavar="monday…sunday", help="Of every week; likewise.")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--day", metavar="1…28|last", help="Of every month; likewise.")
    ] = None,
    branch: Annotated[
        list[str] | None,
        typer.Option(
            "--branch", metavar="BRANCH", help="A branch (may be repeated), all (default), or each."
        ),
    ] = None,
    pages: Annotated[
        str | None, typer.Option("--pages", metavar="en,zh", help="The languages of the reports.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Write the files there instead of printing them."
        ),
    ] = None,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Print what makes a scheduler run the reports: lines for cron, units for systemd, a DAG, a notebook job.

    They are ready for this machine and hold no secret. Where the settings say when reports are due and no
    other time is named, cron and systemd ask every hour whether a run is due, so that none is missed.
    """
    from clientlib.report import plan
    from clientlib.report.watch.units import SCHEDULERS, units

    spoken = known_language(language)
    found = workbook.find(folder)
    chosen = next((one for one in SCHEDULERS if one == scheduler), None)
    if chosen is None:
        raise ParameterError(
            f'There are no units for "{scheduler}". There are: {", ".join(SCHEDULERS)}.',
            f"没有适用于“{scheduler}”的配置。可选：{'、'.join(SCHEDULERS)}。",
        )
    plan.choose(plan.discover(found), names or None)
    timing = _timing(found, every=every, at=at, weekday=weekday, day=day)
    job = _job(found, timing, tuple(names or ()), tuple(branch or ()), pages)
    files = units(chosen, job)
    if output is None:
        _print(files)
        return
    for path in _write(files, output):
        out.print(say("schedule_written", spoken, path=path))


def _timing(found: Workbook, **changes: str | None) -> ReportSchedule:
    """The settings' schedule with what was typed in its place; without either every day."""
    from pydantic import ValidationError

    from clientlib.config import ReportSchedule

    settled = found.settings.reports.schedule
    typed = {
        name: _day(text) if name == "day" else text for name, text in changes.items() if text is not None
    }
    values = {"every": "day"} if settled.every == "never" else {}
    try:
        return ReportSchedule.model_validate(settled.model_dump() | values | typed)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
    forms = {
        "every": Words("day, week or month", "day、week 或 month"),
        "at": Words("a time such as 06:30", "时间，例如 06:30"),
        "weekday": Words("a day such as monday", "星期几，例如 monday"),
        "day": Words(
            'a day that every month has, 1 to 28, or "last"', "每个月都有的日子，即 1 至 28，或 last"
        ),
    }
    raise ParameterError(
        f"--{name} {changes[name]} cannot be. It has to be {forms[name].en}.",
        f"--{name} {changes[name]} 无效，应为{forms[name].zh}。",
    )


def _day(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _job(
    found: Workbook,
    timing: ReportSchedule,
    names: tuple[str, ...],
    branches: tuple[str, ...],
    pages: str | None,
) -> Job:
    from clientlib.book import account
    from clientlib.report.watch.units import Job

    folder = found.folder.resolve()
    if not str(folder).isprintable():
        raise ParameterError(
            "The name of the workbook's folder holds what no scheduler can read. Rename it.",
            "工作簿文件夹的名称含有调度程序无法读取的字符。请改名。",
        )
    anchor = (folder / found.settings.audit.anchor).resolve()
    outside = () if anchor.is_relative_to(folder) else (anchor.parent,)
    languages = tuple(known_language(part.strip()) for part in pages.split(",")) if pages else ()
    return Job(
        program=_program(),
        workbook=folder,
        rules=timing,
        zone=found.settings.firm.time_zone,
        account=account(),
        names=names,
        branches=branches,
        languages=languages,
        writable=outside,
        catch_up=timing == found.settings.reports.schedule,
    )


def _program() -> Path:
    """This very command, with its full path."""
    beside = Path(sys.executable).with_name("clientlib")
    return beside if beside.is_file() else Path(sys.argv[0]).resolve()


def _print(files: dict[str, str]) -> None:
    for number, (name, text) in enumerate(files.items()):
        if len(files) > 1:
            print(f"{'' if number == 0 else chr(10)}# ==> {name} <==")
        print(text, end="")


def _write(files: dict[str, str], folder: Path) -> list[Path]:
    """Write files, none of them over one that is there.

    Raises
    ------
    Unwritable
        One is there; then nothing is written.
    """
    from clientlib.aside import EVERYBODY, write_text

    paths = [folder / name for name in files]
    for path in paths:
        if path.exists():
            raise Unwritable(
                f"{path} is there already. Move it away or name another folder.",
                f"{path} 已存在。请将其移走，或指定另一个文件夹。",
            )
    for path, text in zip(paths, files.values(), strict=True):
        write_text(path, text, mode=EVERYBODY)
    return paths


# ------------------------------------------------------------------------------- notify
@app.command(epilog="Example: clientlib notify --test")
def notify(
    test: Annotated[bool, typer.Option("--test", help="Send a trial message by each way.")] = False,
    language: LanguageOption = "en",
    folder: WorkbookOption = None,
) -> None:
    """Show who is told when a run does not go as it should, and where the secrets for it come from.

    No secret is ever shown. Leaves with exit code 1 when a trial message did not go out.
    """
    from clientlib.report.watch import notify as telling

    spoken = known_language(language)
    found = workbook.find(folder)
    ways = telling.need_ways(found)
    if not test:
        for way in ways:
            _show(found, way, spoken)
        out.print(say("notify_try", spoken))
        return
    with talk.working(say("doing_notify", spoken)):
        sent, failed = telling.trial(found)
    for way in sent:
        out.print(say("notify_sent", spoken, way=say(f"notify_{way}", spoken)))
    for why in failed:
        out.print(f"[red]{escape(why.told(spoken))}[/red]")
    if failed:
        raise typer.Exit(FINDINGS)


def _show(found: Workbook, way: Way, language: Language) -> None:
    from clientlib.report.watch import notify as telling

    rules = found.settings.notify
    if way == "email":
        mail = rules.email
        where = say("notify_server", language, host=mail.host, port=mail.port, count=len(mail.recipients))
    else:
        where = say("notify_kind", language, kind=rules.webhook.kind)
    on = say("status_list", language).join(say(f"notify_on_{kind}", language) for kind in rules.on)
    out.print(say("notify_way", language, way=say(f"notify_{way}", language), where=where, on=on))
    for name, kind in telling.secrets_of(found, way).items():
        place = say(f"keys_{kind}" if kind else "notify_nowhere", language)
        out.print(f"  {say('notify_secret', language, what=say(TELLING[name], language), where=place)}")
