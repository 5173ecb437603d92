"""What changed since the last edition of the same branch, in words, the most notable first.

Words come from the optional message `REPORT.figure.KEY_noun`: of a count, the noun that follows "17 more";
of anything else, the name that stands before its value. In Chinese a measure word may follow the noun of a
count after a bar (`投诉|件`); without one it is that of people. Where there is no such message, the label
under the figure has to do.

A count that changed by fewer than the smallest group is told nowhere, nor is a part of it by branch, nor
what would be left of it without that part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from clientlib.config import Settings
from clientlib.report import formats, glance, messages
from clientlib.report.glance import Change, Reading
from clientlib.report.index import spoken
from clientlib.report.lineage import Earlier, Lineage

MOST = 8
"""So many changes are told of an edition."""
ITSELF = "change"
"""The key of a figure that is a change itself, and is not told to have changed."""
PERSON = "位"
"""The Chinese measure word of people."""
_WHOLE = {"percent": 0.1, "points": 40.0}
"""A change by so much counts like one by the whole of a number: ten percentage points, forty of a score."""
_LEAST = 0.01
"""What weighs less is not told."""
Figure = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """A change in words; `address` is its report's page in the edition, `weight` how notable it is."""

    report: str
    key: str
    text: str
    title: str
    address: str
    weight: float


@dataclass(frozen=True)
class Changes:
    """What changed `since` the edition before; without one, or with nothing to compare, that is None."""

    since: dt.date | None = None
    told: tuple[Told, ...] = ()


def changes(
    manifest: Mapping[str, Any], lineage: Lineage, language: str, settings: Settings, most: int = MOST
) -> Changes:
    """The changes of an edition's figures, in `language`.

    Parameters
    ----------
    manifest : mapping
        Of the edition; see `manifest.bound`.
    lineage : Lineage
        What came before it. A report that was not made in the last edition is compared with the last in which
        it was, and the date is said.
    """
    compared = list(_compared(manifest, lineage, language))
    if not compared:
        return Changes()
    since = max(earlier.as_of for *_, earlier in compared)
    told = []
    for name, entry, figure, earlier in compared:
        teller = Teller.of(manifest, language, settings, figure)
        if (change := change_of(figure, earlier, teller.glance)) and change.amount:
            text = teller.sentence(name, figure, change, earlier)
            if earlier.as_of != since:
                text = messages.say("index.change.since", language, change=text, since=earlier.as_of)
            run = entry["runs"][spoken.best(entry["runs"], language)]
            address, weight = quote(run["page"]), _weight(figure, change, earlier)
            told.append(Told(name, figure["key"], text, spoken.title(name, entry, language), address, weight))
    notable = sorted((t for t in told if t.weight >= _LEAST), key=lambda t: -t.weight)
    return Changes(since, tuple(notable[:most]))


def change_of(figure: Figure, earlier: Earlier | None, writer: glance.Glance) -> Change | None:
    """The change of one figure; None where there is nothing to compare."""
    return writer.change(figure, _reading(figure, earlier)) if earlier else None


@dataclass(frozen=True)
class Teller:
    """Says in `language` what became of a figure."""

    glance: glance.Glance

    @classmethod
    def of(cls, manifest: Mapping[str, Any], language: str, settings: Settings, figure: Figure) -> Teller:
        """One that writes money in the figure's own currency."""
        currency = figure.get("currency") or settings.firm.currency
        day = dt.date.fromisoformat(manifest["as_of"])
        return cls(glance.Glance(day, language, currency, settings.feedback.smallest_group))

    def sentence(self, report: str, figure: Figure, change: Change, earlier: Earlier) -> str:
        """The change in words, and the branch that most of it lies in."""
        noun = _message(f"{report}.figure.{figure['key']}_noun", self.glance.language)
        if noun and figure["kind"] == "count":
            noun, _, measure = noun.partition("|")
            key = "more" if change.direction == "up" else "fewer"
            text = self._say(key, n=self._counted(change.amount, measure), noun=noun)
        else:
            measure = ""
            text = self._named(noun or self.label(report, figure), figure, change)
        if not (part := _part(figure, earlier, self.glance.smallest)):
            return text
        branch, size, whole = part
        if whole:
            return self._say("whole", change=text, branch=branch)
        amount = self._counted(formats.decimal(size, self.glance.language, 0), measure)
        return self._say("part", change=text, n=amount, branch=branch)

    def label(self, report: str, figure: Figure) -> str:
        """What stands under the figure, in the teller's language where the catalogue has it."""
        return _message(f"{report}.figure.{figure['key']}", self.glance.language) or str(figure["label"])

    def shown(self, figure: Figure) -> str:
        """The figure's value, written in the teller's language."""
        if formats.missing(figure["value"]):
            return str(figure["shown"])
        language, currency = self.glance.language, self.glance.currency
        return formats.write(figure["value"], figure["kind"], language, currency)

    def _named(self, name: str, figure: Figure, change: Change) -> str:
        manner = glance.manner(str(figure["kind"]))
        name = name[:1].upper() + name[1:]
        return self._say(
            f"{change.direction}.{manner}", label=name, shown=self.shown(figure), amount=change.amount
        )

    def _counted(self, amount: str, measure: str) -> str:
        return amount + (measure or PERSON) if self.glance.language == "zh" else amount

    def _say(self, key: str, **values: Any) -> str:
        return messages.say(f"index.change.{key}", self.glance.language, **values)


# ------------------------------------------------------------------ within
def _compared(
    manifest: Mapping[str, Any], lineage: Lineage, language: str
) -> Iterator[tuple[str, Mapping[str, Any], Figure, Earlier]]:
    """Each figure of a report that was made, with the earlier run that it can be compared with."""
    # What the overview shows of another report, under KEY = REPORT_KEY, is told there.
    borrowed = tuple(f"{name}_" for name in manifest["reports"])
    for name, entry in manifest["reports"].items():
        tongue = spoken.best(entry["runs"], language)
        run, earlier = entry["runs"][tongue], lineage.last_made(name, tongue)
        if run["status"] != "made" or earlier is None:
            continue
        for figure in run["figures"]:
            told_elsewhere = figure["key"].startswith(borrowed) or figure["key"] == ITSELF
            if not told_elsewhere and _reading(figure, earlier):
                yield name, entry, figure, earlier


def _reading(figure: Figure, earlier: Earlier) -> list[Reading]:
    before = {f["key"]: f["value"] for f in earlier.run["figures"]}
    return glance.readings([{"as_of": earlier.as_of.isoformat(), "figures": before}], figure["key"])


def _weight(figure: Figure, change: Change, earlier: Earlier) -> float:
    now, then = float(figure["value"]), _reading(figure, earlier)[0].value
    whole = _WHOLE.get(figure["kind"]) or max(abs(now), abs(then)) or 1.0
    grave = figure["alert"] or change.verdict == "worse"
    return abs(now - then) / whole * (2 if grave else 1)


def _part(figure: Figure, earlier: Earlier, smallest: int) -> tuple[str, float, bool] | None:
    """The branch in which at least half of a count's change lies, how much, and whether it is all of it."""
    before: Figure = next(f for f in earlier.run["figures"] if f["key"] == figure["key"])
    parts, former = figure.get("parts") or {}, before.get("parts") or {}
    grown = {branch: parts[branch] - former[branch] for branch in parts if branch in former}
    if not grown or figure["kind"] != "count":
        return None
    total = figure["value"] - before["value"]
    branch = max(grown, key=lambda name: grown[name] * (1 if total > 0 else -1))
    size, rest = abs(grown[branch]), abs(total - grown[branch])
    within = grown[branch] * total > 0 and size <= abs(total) <= 2 * size
    if not within or size < smallest or 0 < rest < smallest:
        return None
    return branch, size, rest == 0


def _message(key: str, language: str) -> str:
    return messages.say(key, language) if messages.has(key) else ""
