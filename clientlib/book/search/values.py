"""A condition on a field that the role sees → the SQL that a row fits, and how to tell of it."""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from clientlib import codes, masks
from clientlib.book.connection import literal, quoted
from clientlib.book.search import notes
from clientlib.book.search.fields import Target, masked
from clientlib.book.search.names import spellings
from clientlib.book.search.notes import Note
from clientlib.book.search.query import Condition, Range, Sign, Value
from clientlib.codes import CodeList
from clientlib.config import MaskRules
from clientlib.declare import EARLIEST_DATE, LATEST_DATE, SEPARATOR, Field
from clientlib.errors import ParameterError, Words, meant
from clientlib.intake import cells

FEW = 15
"""So many values are named where another one was typed."""
_MONTH = re.compile(r"(\d{4})(?:年|[-/.](\d{1,2})|年(\d{1,2})月)?")
_FIGURES = ("integer", "number", "money", "fraction")


@dataclass(frozen=True)
class Test:
    """What a condition comes to.

    Attributes
    ----------
    sql : str
        Holds for a row that has what was asked for; the column is named as the field.
    told : str
        The condition as it may stand in a log.
    notes : tuple of Note
        What the one who asked should know about how it was understood.
    """

    sql: str
    told: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both included; None: open."""

    low: Any
    high: Any


@dataclass(frozen=True)
class Reading:
    """How conditions are read.

    Attributes
    ----------
    zone : ZoneInfo
        The firm's.
    day : date
        The day at which ages are told.
    rules : MaskRules
    values_of : callable
        The values that a field of text has in the book, where they are few; None where they are many.
    """

    zone: ZoneInfo
    day: dt.date
    rules: MaskRules
    values_of: Callable[[Field], Sequence[str] | None]

    def test(self, target: Target, condition: Condition, *, bands: bool) -> Test:
        """What a condition comes to; `bands`: the role sees only in which band a value is.

        Raises
        ------
        ParameterError
            A value cannot be one of this field, or the sign does not go with it.
        """
        field = target.field
        if condition.values == ("",):
            return Test(f"{quoted(field.name)} IS NULL", f'{target.name}{condition.sign}""')
        if target.age or field.kind in (*_FIGURES, "date", "instant"):
            return self._within(target, condition, bands=bands)
        _need_equal(condition, field)
        if field.code_list is not None:
            return self._coded(field, condition)
        return self._text(field, condition)

    # ------------------------------------------------------------------------- from … to …
    def _within(self, target: Target, condition: Condition, *, bands: bool) -> Test:
        spans = [self._interval(target, condition.sign, value) for value in condition.values]
        if target.age:
            spans = [self._births(span) for span in spans]
        tests = [self._banded(target.field, s) if bands else _between(target.field, s) for s in spans]
        sql = " OR ".join(f"({test})" for test in tests)
        noted = (notes.in_bands(target.field),) if bands else ()
        return Test(sql, f"{target.name}{condition.sign}{','.join(map(str, condition.values))}", noted)

    def _interval(self, target: Target, sign: Sign, value: Value) -> Interval:
        if isinstance(value, Range):
            if sign not in ("=", "!=", ":"):
                raise ParameterError(
                    f"A range goes with = or :, e.g. {target.name}:{value.low}..{value.high}",
                    f"范围须与 = 或 : 一起使用，例如 {target.name}:{value.low}..{value.high}",
                )
            low = self._read(target, value.low).low if value.low else None
            return Interval(low, self._read(target, value.high).high if value.high else None)
        read = self._read(target, value)
        if sign in ("=", "!=", ":"):
            return read
        if sign in (">", ">="):
            return Interval(read.low if sign == ">=" else _after(read.high), None)
        return Interval(None, read.high if sign == "<=" else _before(read.low))

    def _read(self, target: Target, text: str) -> Interval:
        """A value as it was typed: a month or a year is all its days."""
        field = target.field
        if target.age:
            if not re.fullmatch(r"\d{1,3}", text):
                raise ParameterError(
                    f"age: “{masked(text)}” is no age. Type whole years, e.g. age>=60.",
                    f"age：“{masked(text)}”不是年龄。请填写整岁数，例如 age>=60。",
                )
            return Interval(int(text), int(text))
        if field.kind in ("date", "instant") and (found := _MONTH.fullmatch(text)):
            return _days(field, int(found[1]), found[2] or found[3])
        kind = field if field.kind != "instant" else _as_day(field)
        value = cells.read(text, kind, self.zone).value
        if value is None:
            likely = Words("digits, e.g. 1000000", "数字，例如 1000000")
            if field.dtype.is_temporal():
                likely = Words(
                    "a day, e.g. 2024-03-31, 2024-03 or 2024", "日期，例如 2024-03-31、2024-03 或 2024"
                )
            raise ParameterError(
                f"{field.name}: “{masked(text)}” is none of its values. Type {likely.en}.",
                f"{field.name}：“{masked(text)}”不是可用的值。请填写{likely.zh}。",
            )
        return Interval(value, value)

    def _births(self, ages: Interval) -> Interval:
        """The birth dates of those of some ages."""
        youngest = None if ages.low is None else _years_before(self.day, ages.low)
        oldest = None if ages.high is None else _years_before(self.day, ages.high + 1) + dt.timedelta(1)
        return Interval(oldest, youngest)

    def _banded(self, field: Field, span: Interval) -> str:
        """That a value's band has a part in the interval: nobody can tell where in its band a value lies."""
        points = _years(span) if field.name == "birth_date" else _amounts(span, self.rules.money_bands)
        if not points:
            return "false"
        listed = ", ".join(f"({point})" for point in points)
        band = masks.band_sql("x", field, self.rules)
        return f"{quoted(field.name)} IN (SELECT {band} FROM (VALUES {listed}) points(x))"

    # ----------------------------------------------------------------------------- labels
    def _coded(self, field: Field, condition: Condition) -> Test:
        found = [self._code(field, value) for value in condition.values if isinstance(value, str)]
        column, told = quoted(field.name), f"{field.name}{condition.sign}{','.join(found)}"
        if field.kind == "yes_no":
            return Test(" OR ".join(column if code == "yes" else f"NOT {column}" for code in found), told)
        if field.kind == "codes":
            parts = f"string_split({column}, {literal(SEPARATOR)})"
            return Test(" OR ".join(f"list_contains({parts}, {literal(code)})" for code in found), told)
        order = field.choices.values
        if condition.sign in ("<", "<=", ">", ">="):
            found = [
                code for code in order if _holds(order.index(code), condition.sign, order.index(found[0]))
            ]
        return Test(_among(column, found), told)

    def _code(self, field: Field, text: str) -> str:
        return code_of(field.choices, text, field.name)

    def _text(self, field: Field, condition: Condition) -> Test:
        texts = [value for value in condition.values if isinstance(value, str)]
        # What is sensitive is free text: its values are neither offered nor told.
        values = self.values_of(field) if field.sensitivity == "N" else None
        column = quoted(field.name)
        if values is None:
            told = f"{field.name}{condition.sign}{','.join(map(masked, texts))}"
            return Test(" OR ".join(_says(column, text, whole=condition.sign != ":") for text in texts), told)
        found, noted = [], list[Note]()
        for text in texts:
            meant, whole = _meant(values, text, whole=condition.sign != ":")
            if not meant:
                raise _none_such(field, text, values)
            found += meant
            if condition.sign != ":" and not whole:
                noted.append(notes.taken_for(field, meant[:FEW]))
        told = f"{field.name}{condition.sign}{','.join(found)}"
        return Test(_among(column, found), told, tuple(noted))


def code_of(choices: CodeList, text: str, name: str) -> str:
    """The code that is meant by a value, a label, or a part of one label only.

    Raises
    ------
    ParameterError
        There is none.
    """
    folded = codes.fold(text)
    exact = choices.lookup.get(folded)
    if exact is not None:
        return exact
    parts = {code for word, code in choices.lookup.items() if len(folded) > 1 and folded in word}
    if len(parts) == 1:
        return parts.pop()
    near = difflib.get_close_matches(folded, choices.lookup, n=1)
    entries = [entry for entry in choices.entries if near and entry.value == choices.lookup[near[0]]]
    listed = "; ".join(f"{e.value} ({e.en}, {e.zh})" for e in (entries or choices.entries)[:FEW])
    mend = Words(f"Did you mean {listed}?", f"是否指 {listed}？")
    if not entries:
        more = " …" * (len(choices.entries) > FEW)
        mend = Words(f"It can be: {listed}{more}.", f"可选：{listed}{more}。")
    raise ParameterError(
        f"{name}: “{masked(text)}” is none of its values. {mend.en}",
        f"{name}：“{masked(text)}”不是可用的值。{mend.zh}",
    )


# -------------------------------------------------------------------------------- signs
def _need_equal(condition: Condition, field: Field) -> None:
    if any(isinstance(value, Range) for value in condition.values):
        raise ParameterError(
            f"{field.name} has no order, so no range. Name its values, e.g. {field.name}=A,B.",
            f"{field.name} 没有先后顺序，不能用范围。请列出其值，例如 {field.name}=A,B。",
        )
    ordered = field.kind == "code" and len(condition.values) == 1
    if condition.sign in ("<", "<=", ">", ">=") and not ordered:
        raise ParameterError(
            f"{field.name} cannot be compared with {condition.sign}. Use =, != or : (holds).",
            f"{field.name} 不能用 {condition.sign} 比较。请使用 =、!= 或 :（包含）。",
        )


def _holds(place: int, sign: Sign, other: int) -> bool:
    return {"<": place < other, "<=": place <= other, ">": place > other, ">=": place >= other}[sign]


def _between(field: Field, span: Interval) -> str:
    column = quoted(field.name)
    if field.kind == "instant":
        column = f"CAST({column} AS DATE)"
    ends = [f"{column} >= {_literal(span.low)}"] if span.low is not None else []
    ends += [f"{column} <= {_literal(span.high)}"] if span.high is not None else []
    return " AND ".join(ends) or f"{column} IS NOT NULL"


def _literal(value: Any) -> str:
    return f"DATE '{value.isoformat()}'" if isinstance(value, dt.date) else repr(value)


def _after(value: Any) -> Any:
    return _next(value, 1)


def _before(value: Any) -> Any:
    return _next(value, -1)


def _next(value: Any, step: int) -> Any:
    if isinstance(value, dt.date):
        edge = dt.date.max if step > 0 else dt.date.min
        return value if value == edge else value + dt.timedelta(step)
    return value + step if isinstance(value, int) else math.nextafter(value, step * math.inf)


# ---------------------------------------------------------------------------------- days
def _as_day(field: Field) -> Field:
    return replace(field, kind="date")


def _days(field: Field, year: int, month: str | None) -> Interval:
    try:
        first = dt.date(year, int(month or 1), 1)
        following = dt.date(year + 1, 1, 1) if month is None else (first + dt.timedelta(31)).replace(day=1)
    except ValueError:
        raise ParameterError(
            f"{field.name}: there is no such month or year. Type e.g. 2024-03.",
            f"{field.name}：没有这样的年份或月份。请填写如 2024-03。",
        ) from None
    return Interval(first, following - dt.timedelta(1))


def _years_before(day: dt.date, years: int) -> dt.date:
    year = max(day.year - years, dt.MINYEAR)
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)


def _years(span: Interval) -> list[str]:
    first = max(span.low or EARLIEST_DATE, EARLIEST_DATE).year
    last = min(span.high or LATEST_DATE, LATEST_DATE).year
    return [f"DATE '{year}-01-01'" for year in range(first, last + 1)]


def _amounts(span: Interval, edges: Sequence[float]) -> list[str]:
    """Amounts of which each band that the interval has a part of has one."""
    low = -math.inf if span.low is None else float(span.low)
    high = math.inf if span.high is None else float(span.high)
    points = [edge for edge in (edges[0] - 1, *edges) if low <= edge <= high]
    ends = [end for end in (low, high) if math.isfinite(end) and low <= high]
    return [repr(float(point)) for point in (*points, *ends)]


def bands_in_order(field: Field, rules: MaskRules) -> str:
    """The SQL of the list of all bands of money, the lowest first."""
    points = ", ".join(f"({point})" for point in _amounts(Interval(None, None), rules.money_bands))
    band = masks.band_sql("x", field, rules)
    return f"(SELECT list({band} ORDER BY x) FROM (VALUES {points}) points(x))"


# ---------------------------------------------------------------------------------- text
def _among(column: str, values: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(map(literal, values)) or 'NULL'})"


def _says(column: str, text: str, *, whole: bool) -> str:
    lower = f"lower({column})"
    forms = spellings(text)
    if whole:
        return _among(lower, forms)
    return " OR ".join(f"contains({lower}, {literal(form)})" for form in forms)


def _meant(values: Sequence[str], text: str, *, whole: bool) -> tuple[list[str], bool]:
    """The values that are meant: those that are the text; if there are none, those that it is a part of."""
    forms = set(spellings(text))
    folded = [(value, set(spellings(value))) for value in values]
    exact = [value for value, spelt in folded if spelt & forms]
    if exact and whole:
        return exact, True
    return [value for value, spelt in folded if any(f in s for s in spelt for f in forms)], False


def _none_such(field: Field, text: str, values: Sequence[str]) -> ParameterError:
    near = difflib.get_close_matches(text, values, n=1)
    if not values:
        mend = Words("It is filled in for nobody.", "所有客户的该字段都为空。")
    elif near or len(values) <= FEW:
        mend = meant(text, values, Words("There are", "现有的值"))
    else:
        some = values[:3]
        mend = Words(
            f"There are {len(values)}, e.g. {', '.join(some)}.",
            f"共有{len(values)}个值，例如 {'、'.join(some)}。",
        )
    return ParameterError(
        f"{field.name}: no client has “{masked(text)}”. {mend.en}",
        f"{field.name}：没有客户的值为“{masked(text)}”。{mend.zh}",
    )
