"""In which languages an edition can be read, and what stands in for a language that it lacks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from clientlib.config import Settings
from clientlib.report import exporter
from clientlib.report.messages import LANGUAGES


def of(manifest: Mapping[str, Any]) -> frozenset[str]:
    """The languages that the reports of an edition are in."""
    return frozenset(language for entry in manifest["reports"].values() for language in entry["runs"])


def languages(found: Collection[str], settings: Settings) -> list[str]:
    """Those of a page over reports in the languages `found`: the firm's first, then these."""
    first = settings.firm.languages[0]
    return [first, *(language for language in LANGUAGES if language in found and language != first)]


def best(runs: Mapping[str, Mapping[str, Any]], language: str) -> str:
    """The language in which a report is shown on a page in `language`: that one, or else one with a page."""
    if language in runs:
        return language
    return next((other for other, run in runs.items() if run["page"]), next(iter(runs)))


def title(name: str, entry: Mapping[str, Any], language: str) -> str:
    """A report's title."""
    return str(entry["titles"].get(language) or name)


def alternates(name: str, others: Iterable[str], language: str, settings: Settings) -> list[dict[str, str]]:
    """Links to the same page in other languages."""
    return [
        {
            "file": exporter.file_name(name, other, settings),
            "tag": exporter.TAGS[other],
            "name": exporter.NAMES[other],
        }
        for other in others
        if other != language
    ]
