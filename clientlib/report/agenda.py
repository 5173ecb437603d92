"""Which questions a run asks: one as-of date or several, one branch, several or each in turn."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from clientlib.config import Settings
from clientlib.errors import ParameterError
from clientlib.report import parameters
from clientlib.report.parameters import ALL, Facts, Question
from clientlib.report.plan import Report, nearest

EACH = "each"
"""In place of a branch: every branch in turn."""
Step = Literal["day", "week", "month", "quarter", "year"]
STEPS: tuple[Step, ...] = get_args(Step)
MOST = 1_000
"""Editions of one run; more is a slip of the pen."""


@dataclass(frozen=True)
class Asked:
    """What somebody asked for, as it was typed. `as_of` or a period; without either the newest date."""

    names: tuple[str, ...] | None = None
    as_of: str | dt.date | None = None
    since: str | dt.date | None = None
    until: str | dt.date | None = None
    every: str = "month"
    known_at: str | dt.datetime | None = None
    branches: tuple[str, ...] = (ALL,)
    languages: tuple[str, ...] | None = None
    others: Mapping[str, Any] | None = None


def questions(
    asked: Asked, reports: Sequence[Report], facts: Facts, settings: Settings
) -> tuple[Question, ...]:
    """The questions of a run, the earliest date first, on each date the whole firm or branch by branch.

    Raises
    ------
    ParameterError
        One of them cannot be asked; the sentence says what can.
    """
    now = dt.datetime.now(dt.UTC)
    dates = tuple(_dates(asked, facts, parameters.today(settings, now)))
    branches = _branches(asked, facts)
    if not branches:
        raise ParameterError(
            f"The book names no branch, so there is none to make in turn. Choose {ALL}.",
            f"台账中没有营业部，因此无法逐个生成。请选择 {ALL}。",
        )
    if len(dates) * len(branches) > MOST:
        raise ParameterError(
            f"That is {len(dates)} dates × {len(branches)} branches; a run makes at most {MOST} editions. "
            f"Choose a shorter period or a longer step: {', '.join(STEPS)}.",
            f"共{len(dates)}个日期 × {len(branches)}个营业部，而一次最多生成{MOST}期。"
            f"请缩短期间，或加大步长：{'、'.join(STEPS)}。",
        )
    return tuple(
        parameters.check(
            reports,
            facts,
            settings,
            as_of=date,
            known_at=asked.known_at,
            branch=branch,
            languages=asked.languages,
            others=asked.others,
            now=now,
        )
        for date in dates
        for branch in branches
    )


def settled(asked: Asked, questions: Sequence[Question]) -> Asked:
    """The same with what it left open settled, so that it asks the same when the book has grown."""
    newest = questions[-1]
    if asked.since is None and asked.until is None:
        return replace(asked, as_of=newest.as_of, known_at=newest.known_at)
    return replace(asked, until=newest.as_of, known_at=newest.known_at)


def _branches(asked: Asked, facts: Facts) -> tuple[str, ...]:
    # A branch that is called like all of them cannot be told from these.
    each = [branch for branch in facts.branches if branch != ALL]
    found = [branch for one in asked.branches for branch in (each if one == EACH else [one or ALL])]
    return tuple(dict.fromkeys(found))


def _dates(asked: Asked, facts: Facts, today: dt.date) -> Iterator[str | dt.date | None]:
    if asked.since is None and asked.until is None:
        yield asked.as_of
        return
    if asked.as_of is not None:
        raise ParameterError(
            "Either one date (as_of) or a period (from, to): both cannot be.",
            "请指定一个日期（as_of）或一段期间（from、to），不能同时指定。",
        )
    if asked.every not in STEPS:
        hint = nearest(asked.every, STEPS)
        raise ParameterError(
            f"There is no step {asked.every!r}.{hint.en}", f"没有步长“{asked.every}”。{hint.zh}"
        )
    first, last = _ends(asked, facts, today)
    if first > last:
        raise ParameterError(
            f"The period begins on {first}, after its end on {last}. Exchange the two.",
            f"期间的开始日期 {first} 晚于结束日期 {last}。请对调。",
        )
    yield from ends_of_steps(first, last, asked.every)


def _ends(asked: Asked, facts: Facts, today: dt.date) -> tuple[dt.date, dt.date]:
    if facts.span is None:
        parameters.refuse_empty()
    begin, end = facts.span
    return _day(asked.since, "from", begin), _day(asked.until, "to", min(end, today))


def _day(value: str | dt.date | None, name: str, otherwise: dt.date) -> dt.date:
    if value is None:
        return otherwise
    return value if isinstance(value, dt.date) else parameters.parse_date(value, name)


def ends_of_steps(first: dt.date, last: dt.date, step: Step) -> Iterator[dt.date]:
    """The last day of each step of the calendar that ends from `first` to `last`, and `last` itself."""
    day = _end_of(first, step)
    while day < last:
        yield day
        day = _end_of(day + dt.timedelta(days=1), step)
    yield last


def _end_of(day: dt.date, step: Step) -> dt.date:
    """The last day of the week (a Sunday), month, quarter or year that `day` lies in."""
    match step:
        case "day":
            return day
        case "week":
            return day + dt.timedelta(days=6 - day.weekday())
        case "month":
            month = day.month
        case "quarter":
            month = day.month + (-day.month) % 3
        case "year":
            month = 12
    return dt.date(day.year, month, calendar.monthrange(day.year, month)[1])
