"""The alerts of an edition: what its reports find grave, the gravest first, whichever report tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from clientlib.report import exporter, messages
from clientlib.report.index import spoken
from clientlib.report.page import SEVERITIES

ALERTS = SEVERITIES[:2]
"""Points of these severities are alerts."""


@dataclass(frozen=True)
class Alert:
    """One of them. `address` is below the edition; `tag` is the language of its text where it is another."""

    severity: str
    label: str
    text: str
    tag: str
    title: str
    address: str


def alerts(manifest: Mapping[str, Any], language: str) -> list[Alert]:
    """All alerts of an edition, in `language` where their report was made in it."""
    found = _alerts(manifest, language)
    return sorted(found, key=lambda alert: ALERTS.index(alert.severity))


def _alerts(manifest: Mapping[str, Any], language: str) -> Iterator[Alert]:
    for name, entry in manifest["reports"].items():
        tongue = spoken.best(entry["runs"], language)
        run = entry["runs"][tongue]
        for point in run["points"] if run["page"] else ():
            if point["severity"] in ALERTS:
                yield Alert(
                    severity=point["severity"],
                    label=messages.say(f"page.severity.{point['severity']}", language),
                    text=point["text"],
                    tag="" if tongue == language else exporter.TAGS[tongue],
                    title=spoken.title(name, entry, language),
                    address=quote(run["page"]) + (f"#{quote(point['anchor'])}" if point["anchor"] else ""),
                )
