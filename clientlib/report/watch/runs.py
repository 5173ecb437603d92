"""The journal of the runs, read back: what each run set out to do, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from clientlib.report.running import journal

DATE_LENGTH = len("2026-06-30")
"""So many characters of an edition's name are its date; what follows is its branch."""


class Planned(NamedTuple):
    """A page that a run set out to make."""

    report: str
    language: str
    edition: str


@dataclass(frozen=True)
class Became:
    """What became of a page (see `Outcome.status`); the reason is for the administrator."""

    status: str
    seconds: float
    memory_mb: int
    reason: str


@dataclass(frozen=True)
class Run:
    """A run as the journal tells it. `ended` is None of one that is at work, or was broken off.

    `resumed` counts how often it was gone on with; `began` is when it was begun, or last gone on with.
    """

    run: str
    began: dt.datetime
    pid: int
    host: str
    plan: tuple[Planned, ...]
    resumed: int = 0
    done: Mapping[Planned, Became] = field(default_factory=dict)
    ended: dt.datetime | None = None
    exit_code: int | None = None
    seconds: float = 0.0

    def of(self, status: str) -> list[Planned]:
        """The pages of which this became."""
        return [page for page, became in self.done.items() if became.status == status]

    @property
    def newest_date(self) -> str:
        """The date of the newest edition that it set out to make; empty without any."""
        return max((page.edition[:DATE_LENGTH] for page in self.plan), default="")


def runs(reports: Path) -> list[Run]:
    """All runs that the journal in `reports` tells of, in the order in which they were begun."""
    return list(told(journal.events(reports)))


def told(events: Iterable[Mapping[str, Any]]) -> Iterator[Run]:
    """The runs that events tell of.

    What does not fit (the end of a run that never began, a fact that is missing) is left out: a full disk may
    have cut the file, and a watch must still see the rest.
    """
    found: dict[str, Run] = {}
    for event in events:
        try:
            _add(found, event)
        except (KeyError, ValueError, TypeError):
            continue
    yield from found.values()


def _add(found: dict[str, Run], event: Mapping[str, Any]) -> None:
    name = str(event["run"])
    at = dt.datetime.fromisoformat(event["at"])
    match event["event"]:
        case "run_started":
            plan = tuple(_planned(page) for page in event["plan"])
            run = Run(name, at, int(event["pid"]), str(event["host"]), plan)
            if before := found.pop(name, None):
                run = replace(run, resumed=before.resumed + 1, done=before.done)
            found[name] = run
        case "report_ended":
            became = Became(
                str(event["status"]), float(event["seconds"]), int(event["memory_mb"]), str(event["reason"])
            )
            run = found[name]
            found[name] = replace(run, done={**run.done, _planned(event): became})
        case "run_ended":
            code, seconds = int(event["exit_code"]), float(event["seconds"])
            found[name] = replace(found[name], ended=at, exit_code=code, seconds=seconds)


def _planned(facts: Mapping[str, Any]) -> Planned:
    return Planned(str(facts["report"]), str(facts["language"]), str(facts["edition"]))
