"""All editions in brief: what the home page, the feed and the list for machines know of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from clientlib.report import manifest
from clientlib.report.parameters import ALL

_RUN = ("status", "run", "made_at", "page", "files", "sha256", "content")
"""What machines are told of a report in one language."""
Stamp = tuple[int, int, int]
"""When a manifest was written, how long, and as which file: while these are the same, so is the edition."""


@dataclass(frozen=True)
class Brief:
    """An edition in brief; `reports` is name → `titles` and `runs`, language → what became of it."""

    folder: str
    stamp: Stamp
    as_of: dt.date
    branch: str
    known_at: str
    made_at: str
    run: str
    code: str
    reports: dict[str, Any]

    @property
    def of_the_firm(self) -> bool:
        """Whether it is about all branches."""
        return self.branch == ALL

    @property
    def languages(self) -> frozenset[str]:
        """Those that its reports were made in."""
        return frozenset(language for report in self.reports.values() for language in report["runs"])

    def index(self, language: str, first: str) -> str:
        """The address of its index in a language, or else in the firm's `first`, which it always has."""
        own = language != first and language in self.languages
        return f"{quote(self.folder)}/index.{language}.html" if own else f"{quote(self.folder)}/index.html"


def briefs(reports: Path, without: Collection[str] = ()) -> list[Brief]:
    """All editions but those in the folders `without`: the newest date first, the firm before a branch."""
    folders = [f for f in reports.iterdir() if not f.name.startswith(".")] if reports.is_dir() else []
    found = [brief for f in folders if f.name not in without and (brief := _brief(f, _stamp(f)))]
    return sorted(found, key=lambda b: (-b.as_of.toordinal(), not b.of_the_firm, b.branch))


def _stamp(folder: Path) -> Stamp:
    try:
        found = (folder / manifest.FILE).stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=4096)
def _brief(folder: Path, stamp: Stamp) -> Brief | None:
    """None for a folder that is no edition. A run writes the home page after each of its editions: that must
    not mean to read all the others each time."""
    if not (told := manifest.read(folder)):
        return None
    return Brief(
        folder=folder.name,
        stamp=stamp,
        as_of=dt.date.fromisoformat(told["as_of"]),
        branch=str(told["branch"]),
        known_at=told["known_at"],
        made_at=told["made_at"],
        run=told["run"],
        code=told["code"],
        reports={name: _report(entry) for name, entry in told["reports"].items()},
    )


def _report(entry: dict[str, Any]) -> dict[str, Any]:
    runs = {
        language: {key: run[key] for key in _RUN if key in run} for language, run in entry["runs"].items()
    }
    return {"titles": entry["titles"], "runs": runs}
