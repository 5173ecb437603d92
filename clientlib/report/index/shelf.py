"""All editions in brief: what the home page, the feed and the list for machines know of each."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from clientlib.report import manifest, publish
from clientlib.report.index import spoken
from clientlib.report.parameters import ALL

_EDITION = ("as_of", "branch", "known_at", "made_at", "run", "code")
_RUN = ("status", "run", "made_at", "page", "files", "sha256", "content")
"""What machines are told of an edition, and of a report in one language."""
Stamp = tuple[int, int, int]
"""When a manifest was written, how long, and as which file: while these are the same, so is the edition."""


@dataclass(frozen=True)
class Brief:
    """An edition in brief. `languages` are those that its reports are in, `line` is what machines are told of
    it, as JSON."""

    folder: str
    stamp: Stamp
    as_of: dt.date
    branch: str
    made_at: str
    languages: frozenset[str]
    line: str

    @property
    def of_the_firm(self) -> bool:
        """Whether it is about all branches."""
        return self.branch == ALL

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
    """None for a folder that is no edition, or whose manifest is not as runs write it. A run writes the home
    page after each of its editions: that must not mean to read all the others each time."""
    told = manifest.read(folder)
    if any(key not in told for key in _EDITION) or not publish.is_called_so(folder.name, told):
        return None
    return Brief(
        folder=folder.name,
        stamp=stamp,
        as_of=dt.date.fromisoformat(told["as_of"]),
        branch=str(told["branch"]),
        made_at=told["made_at"],
        languages=spoken.of(told),
        line=json.dumps(_listed(folder.name, told), ensure_ascii=False),
    )


def _listed(folder: str, told: Mapping[str, Any]) -> dict[str, Any]:
    reports = {
        name: {
            "titles": entry["titles"],
            "runs": {lang: {k: run[k] for k in _RUN if k in run} for lang, run in entry["runs"].items()},
        }
        for name, entry in told["reports"].items()
    }
    return {"folder": folder, **{key: told[key] for key in _EDITION}, "reports": reports}
