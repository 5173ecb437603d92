"""The alerts of an edition: what its reports find grave, the gravest first, whichever report tells it.

Of equal gravity each report has its first say, then its second, so that none of them fills what shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from clientlib.report import exporter, messages
from clientlib.report.index import spoken
from clientlib.report.outcome import ALERTS

SHOWN = 6
"""So many show at once, and all of the gravest; the others are folded."""


@dataclass(frozen=True)
class Alert:
    """One of them. `address` is below the edition; `tag` is the language of its text where it is another."""

    severity: str
    label: str
    text: str
    tag: str
    title: str
    address: str


@dataclass(frozen=True)
class Alerts:
    """All of an edition: those that show at once, and the rest."""

    shown: tuple[Alert, ...]
    folded: tuple[Alert, ...]


def alerts(manifest: Mapping[str, Any], language: str) -> Alerts:
    """The alerts of an edition, in `language` where their report was made in it."""
    turns: Counter[tuple[str, str]] = Counter()
    ranked = []
    for place, (name, alert) in enumerate(_alerts(manifest, language)):
        ranked.append(((ALERTS.index(alert.severity), turns[name, alert.severity], place), alert))
        turns[name, alert.severity] += 1
    told = [alert for _, alert in sorted(ranked, key=lambda pair: pair[0])]
    shown = max(SHOWN, sum(alert.severity == ALERTS[0] for alert in told))
    return Alerts(tuple(told[:shown]), tuple(told[shown:]))


def _alerts(manifest: Mapping[str, Any], language: str) -> Iterator[tuple[str, Alert]]:
    for name, entry in manifest["reports"].items():
        tongue = spoken.best(entry["runs"], language)
        run = entry["runs"][tongue]
        for point in run["points"] if run["page"] else ():
            if point["severity"] in ALERTS:
                yield (
                    name,
                    Alert(
                        severity=point["severity"],
                        label=messages.say(f"page.severity.{point['severity']}", language),
                        text=point["text"],
                        tag="" if tongue == language else exporter.TAGS[tongue],
                        title=spoken.title(name, entry, language),
                        address=quote(run["page"])
                        + (f"#{quote(point['anchor'])}" if point["anchor"] else ""),
                    ),
                )
