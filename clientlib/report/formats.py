"""Numbers, money, dates and codes as a reader of the report's language writes them.

A value always travels with its kind (`count`, `money`, `percent` …); how a kind is written in a language
is settled here and nowhere else.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_name

from clientlib import codes

MISSING = "–"
"""What stands for a value that is not there."""
_GAP = "\N{NO-BREAK SPACE}"
"""Between a number and its unit, which no line may part."""
LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
NUMERIC = frozenset(
    {"count", "number", "score", "percent", "points", "money", "hours", "days", "months", "years"}
)
"""The kinds that stand right-aligned in a table."""
_UNITS = {
    "hours": (f"{_GAP}h", "小时"),
    "days": (f"{_GAP}days", "天"),
    "months": (f"{_GAP}months", "个月"),
    "years": (f"{_GAP}years", "年"),
}
_MONEY_STEPS = {
    "en": ((1e9, f"{_GAP}bn"), (1e6, f"{_GAP}m"), (1e3, f"{_GAP}k")),
    "zh": ((1e8, "亿"), (1e4, "万")),
}


@dataclass(frozen=True)
class Scale:
    """What a column of money is divided by, and the mark of that unit (` m`, `万` …)."""

    divisor: float
    mark: str


def missing(value: Any) -> bool:
    """Whether `value` is none, NaN or NaT."""
    if value is None:
        return True
    try:
        return bool(value != value)  # NaN and NaT differ from themselves
    except (TypeError, ValueError):  # pandas.NA has no truth
        return True


def plain(value: Any) -> Any:
    """A value as JSON holds it: a number to ten places, a date in ISO form, none for what is missing."""
    if missing(value):
        return None
    if isinstance(value, str | bool):
        return value
    if isinstance(value, dt.date):
        return value.isoformat()
    return round(float(value), 10)


def decimal(value: float, language: str, places: int) -> str:
    """A number with thousands marks and exactly `places` decimals; a minus is a true minus sign."""
    pattern = "#,##0" + ("." + "0" * places if places else "")
    text = str(format_decimal(round(float(value), places) + 0.0, format=pattern, locale=LOCALES[language]))
    return text.replace("-", "−")


def scale_for(values: list[float], language: str) -> Scale:
    """The largest unit in which the typical value of a column is at least one."""
    sizes = sorted(abs(v) for v in values if not missing(v) and v)
    typical = sizes[len(sizes) // 2] if sizes else 0.0
    for divisor, mark in _MONEY_STEPS[language]:
        if typical >= divisor:
            return Scale(divisor, mark)
    return Scale(1.0, "")


def money(value: float, language: str, currency: str) -> str:
    """An amount in running text: `CNY 12.3 m`, `1,230.0万元`."""
    scale = scale_for([value], language)
    amount = decimal(value / scale.divisor, language, 1 if scale.mark else 0)
    if language == "zh":
        return f"{amount}{scale.mark}{currency_name(currency, language)}"
    return f"{currency}{_GAP}{amount}{scale.mark}"


def currency_name(currency: str, language: str) -> str:
    """The word for a currency behind an amount (Chinese says 元 for its own)."""
    if language == "zh":
        return "元" if currency == "CNY" else str(get_currency_name(currency, locale="zh"))
    return currency


def unit(kind: str, language: str) -> str:
    """The word behind every number of a kind, such as `h` behind hours; empty where there is none."""
    return _UNITS[kind][language == "zh"].strip(_GAP) if kind in _UNITS else ""


def percent(value: float, language: str) -> str:
    """A share as a percentage with one decimal; a trace above zero is not rounded to nothing."""
    if 0 < abs(value) < 0.0005:
        return ("<" if value > 0 else ">−") + "0.1%"
    return decimal(value * 100, language, 1) + "%"


def date(value: Any, language: str) -> str:
    """A day in words: `30 June 2026`, `2026年6月30日`."""
    return str(format_date(_day(value), format="long", locale=LOCALES[language]))


def month(value: Any, language: str) -> str:
    """A month in words: `Jun 2026`, `2026年6月`."""
    pattern = "y年M月" if language == "zh" else "MMM y"
    return str(format_date(_day(value), format=pattern, locale=LOCALES[language]))


def write(value: Any, kind: str, language: str, currency: str = "") -> str:
    """`value` as its kind is written in `language`.

    Parameters
    ----------
    value : number, date or str
        None, NaN and NaT are written as a dash.
    kind : str
        One of `NUMERIC`, or `date`, `month`, `day` (ISO), `text`, `sentence` (text
        that may run over lines in a table), or `code:LIST` (a code's label).
    currency : str
        ISO code for the kind `money`; without it the bare amount is written in full.

    Raises
    ------
    ValueError
        There is no such kind.
    """
    if missing(value):
        return MISSING
    if kind.startswith("code:"):
        return codes.CODES[kind.removeprefix("code:")].label(str(value), language)
    if kind in NUMERIC:
        return _number(float(value), kind, language, currency)
    match kind:
        case "date":
            return date(value, language)
        case "month":
            return month(value, language)
        case "day":
            return _day(value).isoformat()
        case "text" | "sentence":
            return str(value)
    raise ValueError(f"There is no kind of value called {kind!r}.")


def _number(value: float, kind: str, language: str, currency: str) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    match kind:
        case "count":
            return decimal(value, language, 0)
        case "number":
            return decimal(value, language, 1)
        case "score":
            return decimal(value, language, 2)
        case "percent":
            return percent(value, language)
        case "points":
            return ("+" if value > 0 else "") + decimal(value, language, 0)
        case "money":
            return money(value, language, currency) if currency else decimal(value, language, 0)
    places = 0 if abs(value) >= 100 or float(value).is_integer() else 1
    return decimal(value, language, places) + _UNITS[kind][language == "zh"]


def _day(value: Any) -> dt.date:
    if isinstance(value, str):
        return dt.date.fromisoformat(value[:10])
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    raise ValueError(f"{type(value).__name__} is no date.")
