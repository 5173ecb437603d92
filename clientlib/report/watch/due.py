"""When reports are due, and whether a run has been missed: the arithmetic behind `report --due`.

Moments are settled by the clock on the wall of the firm's time zone. On the night on which an hour is left
out, a moment within it comes that much later; on the night that has an hour twice, the first one counts.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from clientlib.config import WEEKDAYS, ReportSchedule, Settings
from clientlib.errors import ParameterError
from clientlib.report import plan, publish
from clientlib.report.agenda import EACH, Asked
from clientlib.report.outcome import FAILED
from clientlib.report.running import journal
from clientlib.report.watch.runs import DATE_LENGTH, Planned, Run
from clientlib.workbook import Workbook

Verdict = Literal["made", "due", "stale"]
"""There is nothing to do; a run is to be made; one was missed, too long ago to be caught up."""
STALE = 5
"""The exit code of a run that is not made any more."""
PASSED = "due_passed"
"""The event of the journal that tells of one."""
_COUNTING = (0, FAILED)
"""Exit codes with which a run counts: one that waits for a source is tried again, one that failed is not."""
_WITHIN_DAYS = {"day": 2, "week": 8, "month": 62}
"""There is a moment of each kind within so many days."""


@dataclass(frozen=True)
class Due:
    """The newest moment (UTC) at which reports were due, and what is to be done about it."""

    moment: dt.datetime
    verdict: Verdict


@dataclass(frozen=True)
class Wanted:
    """What a run that is due has to make; branches as they are asked for."""

    reports: tuple[str, ...]
    languages: tuple[str, ...]
    branches: tuple[str, ...]

    def is_in(self, run: Run, branches: frozenset[str]) -> bool:
        """Whether a run set out to make all of it for the newest of its dates.

        `branches` are the endings of all names of editions that there have been: what `each` stood for.
        """
        date = run.newest_date
        if not date:
            return False
        day, each = dt.date.fromisoformat(date), {date + ending for ending in branches if ending}
        editions = {publish.edition_name(day, one) for one in self.branches if one != EACH}
        if EACH in self.branches:
            editions |= each
        wanted = {Planned(r, lang, e) for r in self.reports for lang in self.languages for e in editions}
        return bool(wanted) and wanted <= set(run.plan)


# ------------------------------------------------------------------------------ moments
def newest(rules: ReportSchedule, zone: str, now: dt.datetime) -> dt.datetime | None:
    """The newest moment, in UTC, at which reports were due at `now`; None where they never are."""
    return next((moment for moment in _moments(rules, zone, now, -1) if moment <= now), None)


def coming(rules: ReportSchedule, zone: str, now: dt.datetime) -> dt.datetime | None:
    """The next moment, in UTC, at which reports are due; None where they never are."""
    return next((moment for moment in _moments(rules, zone, now, 1) if moment > now), None)


def _moments(
    rules: ReportSchedule, zone: str, now: dt.datetime, step: Literal[1, -1]
) -> Iterator[dt.datetime]:
    """Moments in the order of `step`, from a day on the other side of `now`."""
    if rules.every == "never":
        return
    at = dt.time.fromisoformat(rules.at)
    today = now.astimezone(ZoneInfo(zone)).date()
    for days in range(-1, _WITHIN_DAYS[rules.every] + 1):
        day = today + dt.timedelta(days=days * step)
        if _falls_on(rules, day):
            yield dt.datetime.combine(day, at, ZoneInfo(zone)).astimezone(dt.UTC)


def _falls_on(rules: ReportSchedule, day: dt.date) -> bool:
    match rules.every:
        case "week":
            return day.weekday() == WEEKDAYS.index(rules.weekday)
        case "month":
            last = calendar.monthrange(day.year, day.month)[1]
            return day.day == (last if rules.day == "last" else rules.day)
    return True


# ------------------------------------------------------------------------------ verdict
def look(workbook: Workbook, asked: Asked, runs: Sequence[Run], now: dt.datetime) -> Due:
    """What is to be done now about reports as they are asked for.

    Raises
    ------
    ParameterError
        A report that is asked for is not there, or the settings say that reports are never due.
    """
    reports = plan.choose(plan.discover(workbook), asked.names)
    languages = asked.languages or workbook.settings.firm.languages
    wanted = Wanted(tuple(r.name for r in reports), tuple(languages), asked.branches)
    return judge(workbook.settings, wanted, runs, now)


def judge(settings: Settings, wanted: Wanted, runs: Sequence[Run], now: dt.datetime) -> Due:
    """The same, from what is wanted and the runs that there have been.

    A run counts when it began at the newest due moment or later, has ended, and made all that is wanted of
    the newest date that any run has made: so one by hand counts too, one for an earlier date does not, and
    several missed moments are caught up by one run. While no run has ever been made, the first one is due,
    however long ago its moment was.
    """
    moment = newest(settings.reports.schedule, settings.firm.time_zone, now)
    if moment is None:
        raise ParameterError(
            "When reports are due is not settled. Set every in [reports.schedule] of workbook.toml, "
            'e.g. every = "day".',
            "尚未设定报告的生成时间。请在 workbook.toml 的 [reports.schedule] 中设置 every，"
            '例如 every = "day"。',
        )
    date = max((run.newest_date for run in runs), default="")
    branches = frozenset(page.edition[DATE_LENGTH:] for run in runs for page in run.plan)
    for run in runs:
        counts = run.ended is not None and run.exit_code in _COUNTING and run.began >= moment
        if counts and run.newest_date == date and wanted.is_in(run, branches):
            return Due(moment, "made")
    stale = now - moment > dt.timedelta(hours=settings.reports.schedule.stale_hours)
    return Due(moment, "stale" if stale and runs else "due")


def note_passed(workbook: Workbook, due: Due) -> bool:
    """Note once in the journal that a run was missed for too long; whether this is the first time."""
    told = {e.get("moment") for e in journal.events(workbook.reports) if e["event"] == PASSED}
    if due.moment.isoformat() in told:
        return False
    diary = journal.Journal(workbook.reports / journal.FILE, passed_name(due.moment))
    diary.note(PASSED, moment=due.moment.isoformat())
    return True


def passed_name(moment: dt.datetime) -> str:
    """What stands in the journal in place of a run's name, as none was made."""
    return f"due-{moment:%Y%m%dT%H%M%SZ}"
