"""What earlier editions said: the figures that a page compares its own with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clientlib.report import manifest

EDITIONS = 12
"""So many does a page look back on."""
_DATE = len("2026-06-30")


def earlier(reports: Path, edition: str, report: str, language: str) -> tuple[dict[str, Any], ...]:
    """The figures of a report in the published editions of the same branch before `edition`.

    Returns
    -------
    tuple of dict
        The oldest first: `as_of` and `figures`, key → value. An edition in which the report was not made is
        left out; where it is there in another language only, that one counts.
    """
    date, branch = edition[:_DATE], edition[_DATE:]
    names = sorted(
        folder.name
        for folder in reports.iterdir()
        if folder.name[_DATE:] == branch and folder.name[:_DATE] < date and folder.is_dir()
    )
    told = []
    for name in names[-EDITIONS:]:
        runs = manifest.read(reports / name).get("reports", {}).get(report, {}).get("runs", {})
        run = runs.get(language) or next(iter(runs.values()), None)
        if run and run["status"] == "made":
            figures = {figure["key"]: figure["value"] for figure in run["figures"]}
            told.append({"as_of": name[:_DATE], "figures": figures})
    return tuple(told)
