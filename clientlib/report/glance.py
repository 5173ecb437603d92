"""The at-a-glance strip of a page: each figure with its change against the last run and its course over runs.

A change of fewer clients than the smallest group is never told as a number: two pages side by side would
otherwise tell of a few people.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from markupsafe import Markup

from clientlib.report import formats, messages

Direction = Literal["up", "down", "same"]
Facts = Mapping[str, Any]
"""The facts of a figure's block, see `page.Figure`."""
FEWEST = 3
"""A course of fewer values is none."""
_WIDTH, _HEIGHT, _MARGIN = 120.0, 28.0, 4.0
_MARKS = {"up": "▲", "down": "▼", "same": "≈"}
_NOTABLE = 0.005
"""A change of money by less than this share of it is none to speak of."""
_FINEST = {"percent": 0.0005, "points": 0.5, "score": 0.005}
_FINE = 0.05
"""A change by less, here or by kind, would be written as none."""


@dataclass(frozen=True)
class Reading:
    """A figure as it stood on a day."""

    day: dt.date
    value: float


@dataclass(frozen=True)
class Change:
    """What became of a figure since an earlier run.

    `mark` is a sign for the eye only; `text` says all of it, `amount` how much (empty where nothing may be
    told); `verdict` is `better`, `worse` or empty.
    """

    direction: Direction
    verdict: Literal["better", "worse", ""]
    text: str
    amount: str = ""

    @property
    def mark(self) -> str:
        return _MARKS[self.direction]


@dataclass(frozen=True)
class Glance:
    """Writes figures in a language, for a page as of `day`.

    `currency` is that of a figure which does not tell its own; `smallest` is the smallest group shown.
    """

    day: dt.date
    language: str
    currency: str
    smallest: int

    def strip(self, figures: Sequence[Facts], history: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The figures' own facts, each with its `change` and `course` (an `<svg>`), where there is one.

        `history` is `exporter.Binding`'s.
        """
        return [
            {**figure, "change": self.change(figure, before), "course": self.course(figure, before)}
            for figure in figures
            for before in (readings(history, figure["key"]),)
        ]

    def change(self, figure: Facts, before: Sequence[Reading]) -> Change | None:
        """The change since the newest reading; None where there is nothing to compare."""
        if not before or not _is_number(figure["value"]):
            return None
        last, now = before[-1], float(figure["value"])
        if self._alike(last.value, now, figure):
            return Change("same", "", self._say("same", since=last.day))
        direction: Direction = "up" if now > last.value else "down"
        amount = self._amount(abs(now - last.value), figure)
        text = self._say(f"{direction}.{manner(figure['kind'])}", since=last.day, amount=amount)
        if not figure["better"]:
            return Change(direction, "", text, amount)
        return Change(direction, "better" if figure["better"] == direction else "worse", text, amount)

    def course(self, figure: Facts, before: Sequence[Reading]) -> Markup | None:
        """The figure over earlier runs and now as a small line; None for fewer than `FEWEST` values."""
        if not _is_number(figure["value"]) or len(before) + 1 < FEWEST:
            return None
        course = [*before, Reading(self.day, float(figure["value"]))]
        first, last = course[0], course[-1]
        title = self._say(
            "course",
            first=self._write(first.value, figure),
            since=first.day,
            last=self._write(last.value, figure),
            until=last.day,
        )
        return Markup(_line(course, title))  # noqa: S704 - drawn here, the title is escaped

    def _alike(self, then: float, now: float, figure: Facts) -> bool:
        match figure["kind"]:
            case "count":
                return abs(now - then) < self.smallest
            case "money":
                return abs(now - then) < _NOTABLE * abs(then)
        return abs(now - then) < _FINEST.get(figure["kind"], _FINE)

    def _amount(self, size: float, figure: Facts) -> str:
        match figure["kind"]:
            case "percent":
                points = formats.decimal(size * 100, self.language, 1)
                return messages.say("page.change.points", self.language, points=points)
            case "points":
                return formats.decimal(size, self.language, 0)
        return self._write(size, figure)

    def _write(self, value: float, figure: Facts) -> str:
        return formats.write(value, figure["kind"], self.language, figure.get("currency") or self.currency)

    def _say(self, key: str, **values: Any) -> str:
        return messages.say(f"page.change.{key}", self.language, **values)


def readings(history: Sequence[Mapping[str, Any]], key: str) -> list[Reading]:
    """The earlier values of the figure `key`, the oldest first; an edition without it is passed over."""
    return [
        Reading(dt.date.fromisoformat(entry["as_of"]), float(entry["figures"][key]))
        for entry in history
        if _is_number(entry["figures"].get(key))
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not formats.missing(value)


def manner(kind: str) -> str:
    """Chinese says of amounts that they grow, of rates and scores that they rise."""
    return "rate" if kind in ("percent", "points", "score", "number") else "amount"


def _line(course: Sequence[Reading], title: str) -> str:
    """The course as an `<svg>`: days to the right, values upwards, a dot on the last."""
    first, span = course[0].day, max((course[-1].day - course[0].day).days, 1)
    low = min(reading.value for reading in course)
    high = max(reading.value for reading in course)
    across, upwards = _WIDTH - 2 * _MARGIN, _HEIGHT - 2 * _MARGIN

    def place(reading: Reading) -> str:
        x = _MARGIN + across * (reading.day - first).days / span
        y = _HEIGHT / 2 if high == low else _MARGIN + upwards * (high - reading.value) / (high - low)
        return f"{x:.1f},{y:.1f}"

    points = [place(reading) for reading in course]
    x, y = points[-1].split(",")
    return (
        f'<svg class="course" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img">'
        f"<title>{escape(title)}</title>"
        f'<polyline points="{" ".join(points)}"/><circle cx="{x}" cy="{y}" r="3"/></svg>'
    )
