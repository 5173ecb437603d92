"""All editions by date: a calendar for each month that has one, its days with editions being links."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from babel.dates import format_date, get_day_names

from clientlib.report import formats
from clientlib.report.index.shelf import Brief

SHOWN = 12
"""So many months show at once; earlier ones are folded."""


@dataclass(frozen=True)
class Place:
    """An edition of one branch."""

    branch: str
    address: str


@dataclass(frozen=True)
class Day:
    """A day with editions: the address of the firm's, if it has one, and those of branches."""

    date: dt.date
    title: str
    firm: str
    branches: tuple[Place, ...]

    @property
    def anchor(self) -> str:
        """Where its branches are listed."""
        return f"day-{self.date.isoformat()}"

    @property
    def address(self) -> str:
        """Where its square in the calendar leads."""
        return self.firm or f"#{self.anchor}"


@dataclass(frozen=True)
class Square:
    """A square of a calendar: a number, and the day behind it if that has editions."""

    number: int
    day: Day | None


@dataclass(frozen=True)
class Month:
    """A month as a calendar; `weeks` are rows of seven squares; none where another month's day would stand"""

    year: int
    title: str
    weeks: tuple[tuple[Square | None, ...], ...]
    days: tuple[Day, ...]

    @property
    def days_with_branches(self) -> tuple[Day, ...]:
        return tuple(day for day in self.days if day.branches)


@dataclass(frozen=True)
class Archive:
    """The months that have editions, the newest first: those that show at once, and earlier ones by year."""

    months: tuple[Month, ...]
    years: tuple[tuple[str, tuple[Month, ...]], ...]


def archive(briefs: Iterable[Brief], language: str, first: str) -> Archive:
    """All editions by date; `first` is the firm's first language."""
    days = [_day(date, list(group), language, first) for date, group in groupby(briefs, lambda b: b.as_of)]
    months = [
        _month(list(group), language) for _, group in groupby(days, lambda day: day.date.replace(day=1))
    ]
    years = groupby(months[SHOWN:], lambda month: month.year)
    return Archive(tuple(months[:SHOWN]), tuple((str(year), tuple(group)) for year, group in years))


def weekdays(language: str) -> list[tuple[str, str]]:
    """The days of the week from Monday: short and whole."""
    locale = formats.LOCALES[language]
    short = get_day_names("narrow" if language == "zh" else "short", "stand-alone", locale=locale)
    whole = get_day_names("wide", "stand-alone", locale=locale)
    return [(short[n], whole[n]) for n in range(7)]


def _day(date: dt.date, briefs: Sequence[Brief], language: str, first: str) -> Day:
    firm = next((b.index(language, first) for b in briefs if b.of_the_firm), "")
    branches = tuple(Place(b.branch, b.index(language, first)) for b in briefs if not b.of_the_firm)
    return Day(date, formats.date(date, language), firm, branches)


def _month(days: Sequence[Day], language: str) -> Month:
    month = days[0].date
    with_editions: Mapping[int, Day] = {day.date.day: day for day in days}
    weeks = tuple(
        tuple(Square(number, with_editions.get(number)) if number else None for number in week)
        for week in calendar.Calendar().monthdayscalendar(month.year, month.month)
    )
    pattern = "y年M月" if language == "zh" else "MMMM y"
    title = str(format_date(month, format=pattern, locale=formats.LOCALES[language]))
    return Month(month.year, title, weeks, tuple(days))
