"""What came before an edition: the earlier ones of the same branch, the last figures, the last good page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clientlib.report import manifest, publish
from clientlib.report.publish import Edition

Run = Mapping[str, Any]
"""What a manifest tells of one report in one language."""
LOOKED_BACK = 12
"""On so many earlier runs does a page look back."""
_DAY = len("2026-06-30")


@dataclass(frozen=True)
class Earlier:
    """A report's run in an earlier edition."""

    edition: Edition
    run: Run

    @property
    def as_of(self) -> dt.date:
        return self.edition.as_of


@dataclass(frozen=True)
class Lineage:
    """The editions of one branch before a date, the newest first."""

    editions: tuple[Edition, ...] = ()

    @classmethod
    def of(cls, reports: Path, as_of: dt.date, branch: str) -> Lineage:
        """Those that stand in the folder `reports`."""
        return cls(tuple(sorted(_before(reports, as_of, branch), key=lambda e: e.as_of, reverse=True)))

    def last_made(self, report: str, language: str) -> Earlier | None:
        """The newest run in which a report was made: what its figures are compared with."""
        return next((told for told in self._runs(report, language) if told.run["status"] == "made"), None)

    def last_good(self, report: str, language: str) -> Earlier | None:
        """The newest edition that has a page of the report in this language which says something."""
        runs = self._runs(report, language, strict=True)
        return next((t for t in runs if t.run.get("page") and t.run["status"] != "unavailable"), None)

    def figures(self, report: str, language: str) -> tuple[dict[str, Any], ...]:
        """What a report's figures were, the oldest first: `as_of` and `figures`, key → value.

        An edition in which it was not made is left out.
        """
        made = [told for told in self._runs(report, language) if told.run["status"] == "made"]
        return tuple(
            {
                "as_of": told.as_of.isoformat(),
                "figures": {figure["key"]: figure["value"] for figure in told.run["figures"]},
            }
            for told in made[:LOOKED_BACK][::-1]
        )

    def _runs(self, report: str, language: str, *, strict: bool = False) -> Iterator[Earlier]:
        for edition in self.editions:
            runs = manifest.runs(edition.manifest, report)
            run = runs.get(language) or (None if strict else next(iter(runs.values()), None))
            if run:
                yield Earlier(edition, run)


def _before(reports: Path, as_of: dt.date, branch: str) -> Iterator[Edition]:
    # By the folders' names, as the manifests of all the other branches need not be read for this.
    same = publish.edition_name(as_of, branch)[_DAY:]
    for folder in _folders(reports):
        day, tail = folder.name[:_DAY], folder.name[_DAY:]
        if tail == same and day < as_of.isoformat() and _is_day(day):
            yield Edition(folder, dt.date.fromisoformat(day), branch)


def _folders(reports: Path) -> Iterable[Path]:
    return reports.iterdir() if reports.is_dir() else ()


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
