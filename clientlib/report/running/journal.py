"""The journal of the runs: a line of JSON for whatever happened, appended to `reports/runs.jsonl`.

`clientlib status` reads it, and so can whoever watches over a scheduler. It holds no parameter but dates,
branches and languages, and nothing of any client. It is shortened when it is long: whole runs go, the oldest
first, but never the last good one.

Events, each with `at` (UTC) and `run`: `run_started` (`plan`, `pid`, `host`), `report_ended` (`report`,
`language`, `edition`, `status`, `seconds`, `memory_mb`, `reason`), `published` (`edition`), `pruned`
(`editions`), `run_ended` (`exit_code`, `seconds`, `made`, `failed`, `skipped`), `notified` (`by`, `about`,
`failed`: why the message did not go out), `due_passed` (`moment`; there was no run).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from clientlib.aside import open_alike, written_aside
from clientlib.report.outcome import Outcome

FILE = "runs.jsonl"
MOST_LINES = 50_000
"""Longer, and it is cut to half: some 12 MB, which are read in a third of a second."""


Listener = Callable[[str], None]
"""Told each line as it is written."""


@dataclass(frozen=True)
class Journal:
    """Writes the events of one run."""

    file: Path
    run: str
    listen: Listener | None = None

    def note(self, event: str, **facts: Any) -> None:
        at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "run": self.run, "event": event, **facts}, ensure_ascii=False)
        with self.file.open("a+b") as journal:
            begin = b"\n" if _cut_off(journal) else b""
            journal.write(begin + line.encode() + b"\n")
        if self.listen is not None:
            self.listen(line)

    def report_ended(self, outcome: Outcome) -> None:
        told = ("report", "language", "edition", "status", "memory_mb", "reason")
        facts = {name: getattr(outcome, name) for name in told}
        self.note("report_ended", seconds=round(outcome.seconds, 2), **facts)

    def shorten(self, most: int = MOST_LINES) -> None:
        """Where it has more lines than `most`, leave the newest runs, half as many lines at the most.

        This run stays whole, and so does the last one that ended well: `status` tells how long ago that was.
        """
        lines = self.file.read_bytes().splitlines(keepends=True)
        if len(lines) <= most:
            return
        runs = [_event(line).get("run", "") for line in lines]
        ended_well = [e["run"] for e in map(_event, lines) if e.get("exit_code") == 0]
        kept, room = {self.run, *ended_well[-1:]}, most // 2
        for run, count in reversed(Counter(runs).items()):
            room -= count
            if room < 0:
                break
            kept.add(run)
        mode = stat.S_IMODE(self.file.stat().st_mode)
        with written_aside(self.file, mode=mode) as aside:
            aside.write_bytes(b"".join(line for line, run in zip(lines, runs, strict=True) if run in kept))
            open_alike(aside, self.file)


def events(reports: Path) -> Iterator[dict[str, Any]]:
    """All events, the oldest first; a line that was cut off by a crash is left out."""
    try:
        lines = (reports / FILE).read_text("utf-8").splitlines()
    except OSError:
        return
    yield from filter(None, map(_event, lines))


def _event(line: str | bytes) -> dict[str, Any]:
    """What a line tells; nothing where it is not whole."""
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) and "event" in event else {}


def _cut_off(journal: IO[bytes]) -> bool:
    """Whether its last line has no end, because a disk was full: the next must not be lost with it."""
    if not journal.seek(0, os.SEEK_END):
        return False
    journal.seek(-1, os.SEEK_END)
    return journal.read(1) != b"\n"
