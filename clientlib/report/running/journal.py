"""The journal of the runs: a line of JSON for whatever happened, appended to `reports/runs.jsonl`.

`clientlib status` reads it, and so can whoever watches over a scheduler. It holds no parameter but dates,
branches and languages, and nothing of any client.

Events, each with `at` (UTC) and `run`: `run_started` (`plan`, `pid`, `host`), `report_ended` (`report`,
`language`, `edition`, `status`, `seconds`, `memory_mb`, `reason`), `published` (`edition`), `pruned`
(`editions`), `run_ended` (`exit_code`, `seconds`, `made`, `failed`, `skipped`).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clientlib.report.outcome import Outcome

FILE = "runs.jsonl"


@dataclass(frozen=True)
class Journal:
    """Writes the events of one run."""

    file: Path
    run: str

    def note(self, event: str, **facts: Any) -> None:
        at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "run": self.run, "event": event, **facts}, ensure_ascii=False)
        with self.file.open("a", encoding="utf-8") as journal:
            journal.write(line + "\n")

    def report_ended(self, outcome: Outcome) -> None:
        told = ("report", "language", "edition", "status", "memory_mb", "reason")
        facts = {name: getattr(outcome, name) for name in told}
        self.note("report_ended", seconds=round(outcome.seconds, 2), **facts)


def events(reports: Path) -> Iterator[dict[str, Any]]:
    """All events, the oldest first; a line that was cut off by a crash is left out."""
    try:
        lines = (reports / FILE).read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "event" in event:
            yield event
