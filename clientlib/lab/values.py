"""How one value of the table is written for a reader, by the kind of its field."""

from __future__ import annotations

from typing import Any

import pandas as pd

from clientlib.codes import CODES
from clientlib.declare import SEPARATOR, Field

MISSING = "–"
"""What stands for a value that is not there."""
_YEARS = (" years", "年")


def is_missing(value: Any) -> bool:
    """Whether there is no value: None, NaN, NaT or an empty text."""
    return value is None or value is pd.NA or bool(pd.isna(value)) or value == ""


def write(value: Any, field: Field, language: str, time_zone: str) -> str:
    """A value of `field` in words: codes by their label, instants in `time_zone`, money in full."""
    if is_missing(value):
        return MISSING
    match field.kind:
        case "code" | "codes":
            codes = [str(value)] if field.kind == "code" else str(value).split(SEPARATOR)
            return ", ".join(field.choices.label(code.strip(), language) for code in codes)
        case "yes_no":
            return CODES["yes_no"].label("yes" if value else "no", language)
        case "date":
            return day(value)
        case "instant":
            return instant(value, time_zone)
        case "money":
            return money(value)
        case "fraction":
            return percent(value)
        case "number" | "integer":
            return number(value) + (_YEARS[language == "zh"] if field.unit == "years" else "")
    return str(value)


def day(value: Any) -> str:
    """A date as 2026-06-30."""
    return MISSING if is_missing(value) else pd.Timestamp(value).date().isoformat()


def instant(value: Any, time_zone: str) -> str:
    """A moment to the minute where the firm is."""
    if is_missing(value):
        return MISSING
    moment = pd.Timestamp(value)
    moment = moment.tz_localize("UTC") if moment.tzinfo is None else moment
    return moment.tz_convert(time_zone).strftime("%Y-%m-%d %H:%M")


def local_day(value: Any, time_zone: str) -> str:
    """The day of a moment where the firm is."""
    return MISSING if is_missing(value) else instant(value, time_zone)[:10]


def money(value: Any) -> str:
    """An amount without decimals, a true minus before what is owed."""
    return MISSING if is_missing(value) else f"{round(float(value)) + 0:,}".replace("-", "−")


def number(value: Any) -> str:
    """A number with at most four decimals, none that say nothing."""
    if is_missing(value):
        return MISSING
    text = f"{float(value):,.4f}"
    return text.rstrip("0").rstrip(".").replace("-", "−")


def percent(value: Any) -> str:
    """A share with one decimal."""
    return MISSING if is_missing(value) else f"{float(value) * 100:.1f}%".replace("-", "−")


def short_money(value: float, language: str) -> str:
    """An amount for an axis or a sentence: 1.2 m, 120万."""
    steps = ((1e8, "亿"), (1e4, "万")) if language == "zh" else ((1e9, " bn"), (1e6, " m"), (1e3, " k"))
    for size, mark in steps:
        if abs(value) >= size:
            return f"{value / size:,.1f}".removesuffix(".0").replace("-", "−") + mark
    return money(value)
