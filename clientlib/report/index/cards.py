"""A report's card: what it asks, its first figures with their change, and how it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from markupsafe import Markup

from clientlib.config import Settings
from clientlib.report import exporter, messages
from clientlib.report.glance import Change
from clientlib.report.index import spoken
from clientlib.report.index.changes import Teller, change_of
from clientlib.report.lineage import Earlier, Lineage, Run

FIGURES = 3
"""So many figures of a report stand on its card."""


@dataclass(frozen=True)
class Link:
    """A way to a file. `address` is below the edition; `tag` is its language where that is another."""

    address: str
    text: str
    tag: str = ""


@dataclass(frozen=True)
class CardFigure:
    """A figure as a card shows it."""

    label: str
    shown: str
    alert: bool
    change: Change | None


@dataclass(frozen=True)
class Card:
    """What a card shows.

    `page` is empty where there is none; `last_good` is then the page of an earlier edition, below the folder
    of all reports. `reason` is for the administrator only; `compared` tells the date that the figures'
    changes count from.
    """

    name: str
    status: str
    title: str
    question: str
    page: str
    tag: str
    state: str
    last_good: Link | None
    reason: str
    figures: tuple[CardFigure, ...]
    compared: str
    chart: Markup
    links: tuple[Link, ...]


def cards(manifest: Mapping[str, Any], lineage: Lineage, language: str, settings: Settings) -> list[Card]:
    """The cards of an edition, in `language`; a report that was not made in it shows as in another."""
    dealer = _Dealer(manifest, lineage, language, settings)
    return [dealer.card(name, entry) for name, entry in manifest["reports"].items()]


@dataclass(frozen=True)
class _Dealer:
    manifest: Mapping[str, Any]
    lineage: Lineage
    language: str
    settings: Settings

    def card(self, name: str, entry: Mapping[str, Any]) -> Card:
        runs: Mapping[str, Run] = entry["runs"]
        tongue = spoken.best(runs, self.language)
        run = runs[tongue]
        earlier = self.lineage.last_made(name, tongue) if run["status"] == "made" else None
        figures = tuple(self._figure(name, tongue, figure, earlier) for figure in run["figures"][:FIGURES])
        last_good = None if run["page"] else self._last_good(name, tongue, run["status"])
        return Card(
            name=name,
            status=run["status"],
            title=spoken.title(name, entry, self.language),
            question=entry["questions"].get(self.language, ""),
            page=quote(run["page"] or ""),
            tag="" if tongue == self.language else exporter.TAGS[tongue],
            state=self._state(run, last_good, same_language=tongue == self.language),
            last_good=last_good,
            reason=run["reason"] if run["status"] == "failed" else "",
            figures=figures,
            compared=self._say("card.since", since=earlier.as_of) if earlier and _moved(figures) else "",
            chart=Markup(run["chart"]),  # noqa: S704 - drawn by page.py, which escapes what enters it
            links=(*self._beside(run), *self._other_languages(runs, tongue)),
        )

    def _state(self, run: Run, last_good: Link | None, *, same_language: bool) -> str:
        """How the report stands in a sentence; empty where all is well. What `last_good` says follows it."""
        if run["status"] == "made":
            return ""
        if run["status"] == "failed":
            state = self._say("state.failed")
        else:
            state = run["message"] if same_language else ""
            state = state or (self._say("state.waiting") if run["status"] == "skipped" else "")
        if run["status"] == "unavailable" or last_good:
            return state
        if not run["page"]:
            return self._say("state.without", state=state.rstrip(".。"))
        made = dt.datetime.fromisoformat(run["made_at"]).astimezone(ZoneInfo(self.settings.firm.time_zone))
        return self._say("state.kept", state=state.rstrip(".。"), made=made, time=f"{made:%H:%M}")

    def _last_good(self, name: str, tongue: str, status: str) -> Link | None:
        if (earlier := self.lineage.last_good(name, tongue)) is None:
            return None
        folder, page = quote(earlier.edition.folder.name), quote(earlier.run["page"])
        return Link(f"{folder}/{page}", self._say(f"last_good.{status}", as_of=earlier.as_of))

    def _figure(
        self, name: str, tongue: str, figure: Mapping[str, Any], earlier: Earlier | None
    ) -> CardFigure:
        teller = Teller.of(self.manifest, self.language, self.settings, figure)
        return CardFigure(
            label=teller.label(name, figure),
            shown=figure["shown"] if tongue == self.language else teller.shown(figure),
            alert=figure["alert"],
            change=change_of(figure, earlier, teller.glance),
        )

    def _beside(self, run: Run) -> list[Link]:
        """What was made beside the page: its tables, its print."""
        kinds = [(file, PurePath(file).suffix.lstrip(".")) for file in run.get("files", ())]
        return [
            Link(quote(file), messages.say(f"page.files.{kind}", self.language))
            for file, kind in kinds
            if messages.has(f"page.files.{kind}")
        ]

    def _other_languages(self, runs: Mapping[str, Run], tongue: str) -> list[Link]:
        return [
            Link(quote(run["page"]), exporter.NAMES[other], exporter.TAGS[other])
            for other, run in runs.items()
            if other != tongue and run["page"]
        ]

    def _say(self, key: str, **values: Any) -> str:
        return messages.say(f"index.{key}", self.language, **values)


def _moved(figures: Sequence[CardFigure]) -> bool:
    return any(figure.change for figure in figures)
