"""A column of the table → what Excel gets in its cells, so that the intake reads the very same values back.

A number, date or time is written as such where Excel holds it exactly, and as text where it would not:
figures of more than 15 digits, days before March 1900, fractions of a second, hours that a clock showed
twice.
"""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

import polars as pl

from clientlib import codes
from clientlib.codes import CodeList
from clientlib.config import Language
from clientlib.declare import SEPARATOR, Field

TEXT_FORMAT = "@"
NUMBER_FORMATS = {
    "integer": "#,##0",
    "number": "#,##0.00####",
    "money": "#,##0.00",
    "fraction": "0.0##%",
    "date": "yyyy-mm-dd",
    "instant": "yyyy-mm-dd hh:mm:ss",
}
WHOLE_FORMAT = "#,##0"
LARGEST_WHOLE = 10**15 - 1
"""The largest number of which Excel keeps every digit."""
_NUMERIC = ("number", "money", "fraction", "integer")
# Excel counts a 29 February 1900 that never was, other programs do not: they differ on the days before.
_FIRST_SAFE_DAY = dt.date(1900, 3, 1)
_SPLITS_A_LIST = frozenset(";；、,，|")
Value = str | int | float | dt.date | None


def number_format(field: Field) -> str:
    """How the cells of a field are shown. Text where Excel would make something else of what is typed."""
    return NUMBER_FORMATS.get(field.kind, TEXT_FORMAT)


def shown_labels(listed: CodeList, language: Language, *, several: bool = False) -> dict[str, str]:
    """Code → the word for it in a drop-down list: its label, or itself where the label would be misread."""
    labels = {}
    for entry in listed.entries:
        label = entry.label(language)
        read_as = listed.lookup.get(codes.fold(label))
        split = several and not _SPLITS_A_LIST.isdisjoint(label)
        labels[entry.value] = label if read_as == entry.value and not split else entry.value
    return labels


def values(column: pl.Series, field: Field, language: Language, zone: ZoneInfo) -> list[Value]:
    """What the cells of a column get, from the book (typed) or from a hand-in (text as it was typed).

    Codes come as their labels, instants by the clock in `zone`. Of text as typed only what is plainly a
    number or date becomes one; all else stays as it is.
    """
    if field.code_list is not None:
        return _labelled(column, field, field.code_list, language)
    if field.kind in _NUMERIC:
        return [_number(value) for value in column]
    if field.kind == "date":
        return [_date(value) for value in column]
    if field.kind == "instant":
        return [_instant(value, zone) for value in column]
    return column.cast(pl.String).to_list()


def figure(value: float) -> str:
    """A number as formulas have it: in digits, without an exponent."""
    return f"{value:.15f}".rstrip("0").rstrip(".")


# --------------------------------------------------------------------------------- one cell
def _labelled(column: pl.Series, field: Field, listed: CodeList, language: Language) -> list[Value]:
    several = field.kind == "codes"
    labels = shown_labels(listed, language, several=several)
    if column.dtype == pl.Boolean:
        return [None if value is None else labels["yes" if value else "no"] for value in column]
    texts = column.cast(pl.String).to_list()
    if not several:
        return [labels.get(text, text) for text in texts]
    return [None if text is None else _several(text, labels) for text in texts]


def _several(text: str, labels: dict[str, str]) -> str:
    parts = text.split(SEPARATOR)
    return SEPARATOR.join(labels[part] for part in parts) if all(part in labels for part in parts) else text


def _number(value: float | int | str | None) -> Value:
    if isinstance(value, str):
        return _number_in_words(value)
    if value is None or (math.isfinite(value) and _exact(value)):
        return value
    return str(value) if isinstance(value, int) else repr(value)


def _exact(value: float | int) -> bool:
    """Whether Excel, which keeps 15 digits, keeps all of it."""
    if isinstance(value, int):
        return abs(value) <= LARGEST_WHOLE
    return float(f"{value:.15g}") == value


def _number_in_words(text: str) -> Value:
    """Text that says what a number's cell would say too; anything else, "007" and "1,00O", stays."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) and f"{number:.15g}" == text else text


def _date(value: dt.date | str | None) -> Value:
    if isinstance(value, str):
        day = value.removesuffix(" 00:00:00")
        try:
            typed = dt.date.fromisoformat(day)
        except ValueError:
            return value
        return typed if typed >= _FIRST_SAFE_DAY and typed.isoformat() == day else value
    if value is None or value >= _FIRST_SAFE_DAY:
        return value
    return value.isoformat()


def _instant(value: dt.datetime | str | None, zone: ZoneInfo) -> Value:
    if isinstance(value, str):
        try:
            typed = dt.datetime.strptime(value, "%Y-%m-%d %H:%M:%S")
        except ValueError:
            return value
        return typed if typed.date() >= _FIRST_SAFE_DAY and str(typed) == value else value
    if value is None:
        return None
    local = value.astimezone(zone)
    clock = local.replace(tzinfo=None, fold=0)
    if _read_alike(clock, zone):
        whole = not clock.microsecond and clock.date() >= _FIRST_SAFE_DAY
        return clock if whole else str(clock)
    return _with_offset(local)


def _read_alike(clock: dt.datetime, zone: ZoneInfo) -> bool:
    """Whether a clock in the zone showed this time once only."""
    return clock.replace(tzinfo=zone).utcoffset() == clock.replace(tzinfo=zone, fold=1).utcoffset()


def _with_offset(local: dt.datetime) -> str:
    offset = local.utcoffset() or dt.timedelta()
    if offset % dt.timedelta(minutes=1):
        # Before standard time a zone may be off by seconds, which no offset in a cell can say.
        return str(local.astimezone(dt.UTC))
    return str(local)
