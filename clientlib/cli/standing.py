"""What `clientlib status` says to a person: what is at work, how runs went, how old each report is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from clientlib import talk
from clientlib.report.watch.runs import Planned
from clientlib.talk import out, say

if TYPE_CHECKING:
    from clientlib.config import Language
    from clientlib.report.watch.runs import Run
    from clientlib.report.watch.status import Standing, Status

_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


def tell(status: Status, language: Language, zone: str, *, runs: int) -> None:
    """Print all of it; instants in the firm's time zone, of earlier runs so many."""
    for line in _now(status, language, zone):
        out.print(line)
    talk.show(_of_reports(status, language, zone))
    if len(status.ended) > 1 and runs:
        talk.show(_of_runs(status.ended[:runs], language, zone))
    if status.due_next:
        out.print(say("status_due", language, moment=_local(status.due_next, zone), zone=zone))
    else:
        out.print(say("status_not_scheduled", language))


# --------------------------------------------------------------------------------- runs
def _now(status: Status, language: Language, zone: str) -> Iterator[str]:
    if not (status.working or status.broken_off or status.last):
        yield say("status_no_run", language)
    for key, run, style in (
        ("status_at_work", status.working, ""),
        ("status_broken_off", status.broken_off, "yellow"),
    ):
        if run:
            told = {"host": run.host, "pid": run.pid, "done": len(run.done), "planned": len(run.plan)}
            yield _styled(say(key, language, began=_local(run.began, zone), **told), style)
    if status.last and status.last.ended:
        last = status.last
        ended, code = _local(last.ended, zone), last.exit_code
        told = {**_counts(last), "seconds": last.seconds, "ended": ended, "code": code}
        yield _styled(say("status_last", language, **told), {3: "red", 4: "yellow"}.get(code or 0, ""))
    for page, reason in _unmade(status).items():
        spoken = say(f"status_in_{page.language}", language)
        told = {"report": page.report, "language": spoken, "edition": page.edition, "reason": reason}
        yield f"  {say('status_page', language, **told)}"


def _unmade(status: Status) -> dict[Planned, str]:
    """The pages that failed or wait, in the last run or since an earlier one, and why."""
    last = status.last
    found = (
        {page: last.done[page].reason for page in [*last.of("failed"), *last.of("skipped")]} if last else {}
    )
    for standing in status.reports:
        if standing.status in ("failed", "skipped"):
            found.setdefault(Planned(standing.report, standing.language, standing.tried), standing.reason)
    return found


def _counts(run: Run) -> dict[str, int]:
    made = len(run.of("made")) + len(run.of("unavailable"))
    return {"made": made, "failed": len(run.of("failed")), "waiting": len(run.of("skipped"))}


def _of_runs(runs: Sequence[Run], language: Language, zone: str) -> Table:
    table = _table(("began", "seconds", "made", "failed", "waiting", "code"), language, text=("began",))
    for run in runs:
        counts = [f"{count:,}" for count in _counts(run).values()]
        table.add_row(_local(run.began, zone), f"{run.seconds:,.1f}", *counts, str(run.exit_code))
    return table


# ------------------------------------------------------------------------------ reports
def _of_reports(status: Status, language: Language, zone: str) -> Table:
    """A line for each report; one for each of its languages where these do not stand alike."""
    columns = ("report", "languages", "as_of", "made_at", "age", "urgent", "tried")
    table = _table(columns, language, text=("report", "languages", "as_of", "made_at", "tried"))
    shown = [(_row(standing, status.at, language, zone), standing.language) for standing in status.reports]
    for (title, *rest), alike in groupby(shown, key=lambda pair: pair[0]):
        languages = [say(f"status_in_{spoken}", language) for _, spoken in alike]
        table.add_row(title, say("status_list", language).join(languages), *rest)
    return table


def _row(standing: Standing, now: dt.datetime, language: Language, zone: str) -> list[str]:
    title = standing.titles.get(language) or standing.report
    was = say(f"status_was_{standing.status}", language)
    if standing.late:
        was = say("status_is_late", language, was=was)
    tried = _styled(was, "red" if standing.late or standing.status == "failed" else "")
    if standing.made_at is None or standing.as_of is None:
        return [escape(title), say("status_none", language), "", "", "", tried]
    made, age = _local(standing.made_at, zone), _age(now - standing.made_at, language)
    urgent = f"{standing.alerts.get('high', 0):,}"
    return [escape(title), standing.as_of.isoformat(), made, age, urgent, tried]


def _age(age: dt.timedelta, language: Language) -> str:
    seconds = max(0, round(age.total_seconds()))
    unit, size = next((u for u in _UNITS if seconds >= 2 * u[1]), _UNITS[-1])
    return say(f"status_{unit}", language, count=seconds // size)


def _table(columns: Sequence[str], language: Language, *, text: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(
            say(f"status_{column}", language),
            justify="left" if column in text else "right",
            no_wrap=column != "report",
        )
    return table


def _styled(text: str, style: str) -> str:
    return f"[{style}]{text}[/{style}]" if style else text


def _local(moment: dt.datetime | None, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if moment else ""
