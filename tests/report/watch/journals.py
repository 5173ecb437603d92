"""Runs as tests write them: in memory, or as lines of a journal."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clientlib.report.running.journal import FILE
from clientlib.report.watch.runs import Planned, Run

HOST = "elsewhere"


def at(text: str) -> dt.datetime:
    """An instant; without a zone in UTC."""
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def run(
    began: str,
    *,
    reports: tuple[str, ...] = ("one",),
    languages: tuple[str, ...] = ("en",),
    editions: tuple[str, ...] = ("2026-06-30",),
    code: int | None = 0,
) -> Run:
    """A run that ended at once with a code; without one it did not end."""
    plan = tuple(Planned(r, lang, e) for e in editions for r in reports for lang in languages)
    ended = at(began) if code is not None else None
    return Run(f"run of {began}", at(began), 1, HOST, plan, ended=ended, exit_code=code)


def events(
    name: str, began: str, *, statuses: dict[str, str], code: int | None = 0, **process: Any
) -> Iterator[dict[str, Any]]:
    """The events of a run of reports in English for one edition; without a code it was broken off."""
    page = {"language": "en", "edition": "2026-06-30"}
    stamp = {"at": at(began).isoformat(), "run": name}
    plan = [{"report": report, **page} for report in statuses]
    yield {**stamp, "event": "run_started", "pid": 1, "host": HOST, "plan": plan, **process}
    for report, status in statuses.items():
        if status:
            reason = "It broke." if status == "failed" else ""
            facts = {"status": status, "seconds": 1.5, "memory_mb": 100, "reason": reason}
            yield {**stamp, "event": "report_ended", "report": report, **page, **facts}
    if code is not None:
        yield {**stamp, "event": "run_ended", "exit_code": code, "seconds": 3.0}


def write(reports: Path, *told: dict[str, Any]) -> None:
    """Append events to the journal of a folder of reports."""
    reports.mkdir(exist_ok=True)
    with (reports / FILE).open("a", encoding="utf-8") as journal:
        journal.writelines(json.dumps(event) + "\n" for event in told)
