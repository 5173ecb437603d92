"""How the reports stand: what is at work, how the last runs went, how old each report's good version is.

Only the journal, the manifests of the editions and the settings are read, so the book may be in use, locked
or away.
"""

from __future__ import annotations

import datetime as dt
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from clientlib.report import manifest, plan, publish
from clientlib.report.outcome import FAILED, WAITING
from clientlib.report.parameters import ALL
from clientlib.report.publish import Edition
from clientlib.report.watch import due
from clientlib.report.watch.runs import Run, runs
from clientlib.workbook import Workbook

_CLOCKS_DIFFER = 2.0
"""Seconds by which a process may seem younger than what it wrote first: clocks are set."""


@dataclass(frozen=True)
class Standing:
    """A report in one language: its newest good version, and what became of it when it was last tried.

    `as_of`, `edition` and `made_at` are None or empty where it was never made well. `status` and `reason` are
    those of `tried`, the newest edition that has the report; `alerts` counts the points of the good version
    by severity. A report is `late` when its good version is older than a moment at which it was due longer
    ago than is settled.
    """

    report: str
    language: str
    titles: Mapping[str, str]
    as_of: dt.date | None
    edition: str
    made_at: dt.datetime | None
    tried: str
    status: str
    reason: str
    alerts: Mapping[str, int]
    late: bool


@dataclass(frozen=True)
class Status:
    """How the reports of a workbook stand at one moment; `ended` runs are in order, the newest first."""

    at: dt.datetime
    working: Run | None
    broken_off: Run | None
    ended: tuple[Run, ...]
    reports: tuple[Standing, ...]
    due_before: dt.datetime | None
    due_next: dt.datetime | None

    @property
    def last(self) -> Run | None:
        """The run that ended last."""
        return self.ended[0] if self.ended else None

    @property
    def late(self) -> tuple[Standing, ...]:
        return tuple(standing for standing in self.reports if standing.late)

    @property
    def exit_code(self) -> int:
        """0 all is well; `FAILED` also where a report is late or a run was broken off; or `WAITING`."""
        code = self.last.exit_code if self.last else 0
        became = {standing.status for standing in self.reports}
        if code == FAILED or "failed" in became or self.broken_off or self.late:
            return FAILED
        return WAITING if code == WAITING or "skipped" in became else 0


def look(workbook: Workbook, now: dt.datetime | None = None) -> Status:
    """How the reports stand now."""
    now = now or dt.datetime.now(dt.UTC)
    rules, zone = workbook.settings.reports.schedule, workbook.settings.firm.time_zone
    made = runs(workbook.reports)
    working = at_work(workbook, made)
    broken_off = made[-1] if made and made[-1].ended is None and not working else None
    deadline = due.newest(rules, zone, now - dt.timedelta(hours=rules.stale_hours))
    return Status(
        at=now,
        working=working,
        broken_off=broken_off,
        ended=tuple(run for run in reversed(made) if run.ended),
        reports=tuple(_standings(workbook, deadline)),
        due_before=due.newest(rules, zone, now),
        due_next=due.coming(rules, zone, now),
    )


def at_work(workbook: Workbook, made: Sequence[Run]) -> Run | None:
    """Of all runs the one that is at work."""
    last = made[-1] if made else None
    return last if last and last.ended is None and _is_alive(last, workbook) else None


def _is_alive(run: Run, workbook: Workbook) -> bool:
    """Whether the process of a run is there; of one on another machine only the lock can tell.

    A process that is younger than the run has only inherited the number of the one that is gone.
    """
    if run.host != platform.node():
        return publish.is_held(workbook.reports)
    try:
        return bool(psutil.Process(run.pid).create_time() <= run.began.timestamp() + _CLOCKS_DIFFER)
    except psutil.Error:
        return False


# ---------------------------------------------------------------------------- standings
def _standings(workbook: Workbook, deadline: dt.datetime | None) -> Iterator[Standing]:
    """Each report that the workbook has, in each language that it is wanted in or was last tried in."""
    editions = _editions(workbook)
    for report in plan.discover(workbook):
        tried = next((r for edition in editions if (r := manifest.runs(edition.manifest, report.name))), {})
        for language in sorted({*tried, *workbook.settings.firm.languages}):
            yield _standing(report, language, editions, deadline)


def _editions(workbook: Workbook) -> list[Edition]:
    """Those of the whole firm, the newest first; of a firm that makes none such, those of its branches."""
    found = publish.editions(workbook.reports)
    return [edition for edition in found if edition.branch == ALL] or found


def _standing(
    report: plan.Report, language: str, editions: Sequence[Edition], deadline: dt.datetime | None
) -> Standing:
    tried = [(e, r) for e in editions if (r := manifest.runs(e.manifest, report.name).get(language))]
    newest: Mapping[str, Any] = tried[0][1] if tried else {}
    shown = [(e, r) for e, r in tried if r.get("page")]
    edition, good = shown[0] if shown else (None, dict[str, Any]())
    made_at = dt.datetime.fromisoformat(good["made_at"]) if good else None
    return Standing(
        report=report.name,
        language=language,
        titles=report.titles,
        as_of=edition.as_of if edition else None,
        edition=edition.folder.name if edition else "",
        made_at=made_at,
        tried=tried[0][0].folder.name if tried else "",
        status=str(newest.get("status", "")),
        reason=str(newest.get("reason", "")),
        alerts=dict(Counter(point["severity"] for point in good.get("points", ()))),
        late=deadline is not None and (made_at is None or made_at < deadline),
    )


# -------------------------------------------------------------------------- for machines
def as_json(status: Status, *, runs: int = 5) -> dict[str, Any]:
    """The status as plain values; instants are UTC in ISO form, of the runs that ended so many."""
    return {
        "at": _iso(status.at),
        "exit_code": status.exit_code,
        "at_work": _run_as_json(status.working),
        "broken_off": _run_as_json(status.broken_off),
        "last_runs": [_run_as_json(run) for run in status.ended[:runs]],
        "reports": [_standing_as_json(standing, status.at) for standing in status.reports],
        "due": {"newest": _iso(status.due_before), "next": _iso(status.due_next)},
    }


def _run_as_json(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    named = ("report", "language", "edition")
    return {
        "run": run.run,
        "began": _iso(run.began),
        "ended": _iso(run.ended),
        "pid": run.pid,
        "host": run.host,
        "resumed": run.resumed,
        "planned": len(run.plan),
        "done": len(run.done),
        "made": len(run.of("made")) + len(run.of("unavailable")),
        "failed": [
            dict(zip(named, p, strict=True)) | {"reason": run.done[p].reason} for p in run.of("failed")
        ],
        "waiting": [
            dict(zip(named, p, strict=True)) | {"reason": run.done[p].reason} for p in run.of("skipped")
        ],
        "exit_code": run.exit_code,
        "seconds": run.seconds,
    }


def _standing_as_json(standing: Standing, now: dt.datetime) -> dict[str, Any]:
    age = (now - standing.made_at).total_seconds() if standing.made_at else None
    return {
        "report": standing.report,
        "language": standing.language,
        "edition": standing.tried,
        "status": standing.status,
        "reason": standing.reason,
        "late": standing.late,
        "good": {
            "edition": standing.edition,
            "as_of": standing.as_of.isoformat() if standing.as_of else None,
            "made_at": _iso(standing.made_at),
            "age_seconds": round(age) if age is not None else None,
            "alerts": dict(standing.alerts),
        },
    }


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
