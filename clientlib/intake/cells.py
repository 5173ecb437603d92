"""One cell as it was typed → its value, or why it has none. The only place that knows how people write.

`read` is the truth for a single value; `normalise` applies it to whole columns. A reading never guesses:
what could mean two things is refused, and says what it could be.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from clientlib import codes
from clientlib.declare import SEPARATOR, Field

EMPTY_WORDS = frozenset({"-", "--", "—", "——", "/", "n/a", "null", "无", "暂无"})
_EMPTY_IN_FIGURES = frozenset({"nan", "na", "none", "nil", "空", "未知", "不详"})
_EXCEL_ERROR = re.compile(r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!|GETTING_DATA)")
# Zero-width and direction marks come along when a number is copied from a chat or a web page.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad]")
# No workbook and no text file can hold these, so text with one in it could not be handed back.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_EDGES = re.compile(
    r"^[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff]+|[\s\u200b-\u200f\u202a-\u202e\u2060\ufeff]+$"
)
# Only width and spaces: Unicode's own normal form (NFKC) would turn 10² into 102.
_HALF_WIDTH = {code + 0xFEE0: code for code in range(0x21, 0x7F)}
_HALF_WIDTH |= {0xFFE5: 0xA5, 0xFFE0: 0xA2, 0xFFE1: 0xA3}
_HALF_WIDTH |= dict.fromkeys((0xA0, 0x2007, 0x2009, 0x202F, 0x3000), 0x20)


@dataclass(frozen=True)
class Reading:
    """What a cell says: `value` (None: nothing), `change` the kind of change of form, if any, or the
    `rule` that it breaks, with the `detail` that its message needs."""

    value: object = None
    change: str | None = None
    rule: str | None = None
    detail: str | None = None


def read(text: str, field: Field, zone: ZoneInfo) -> Reading:
    """The reading of one cell.

    Parameters
    ----------
    text : str
        As typed.
    field : Field
        What the column is.
    zone : ZoneInfo
        The firm's time zone: what a time without one is in.

    Returns
    -------
    Reading
        The value in the type of the field's column; an instant in UTC.
    """
    stripped = _EDGES.sub("", text)
    if _EXCEL_ERROR.fullmatch(stripped):
        return Reading(rule="cell_error", detail=stripped)
    free = field.kind == "text" and field.pattern is None
    if free:
        plain = _EDGES.sub("", _CONTROL.sub("", stripped))
    else:
        plain = _INVISIBLE.sub("", stripped.translate(_HALF_WIDTH)).strip()
    if not plain:
        return Reading(change="spaces" if text else None)
    reading = _READERS[field.kind](plain, field, zone)
    if reading.value is None and reading.rule is not None and _is_empty_word(plain, field):
        return Reading(change="empty_word")
    if reading.change is None and reading.rule is None and plain != text:
        return Reading(reading.value, "spaces" if plain == stripped else "width")
    return reading


def _is_empty_word(plain: str, field: Field) -> bool:
    word = plain.casefold()
    if word in EMPTY_WORDS:
        # A person may be called Null.
        return word != "null" or plain != "Null" or field.kind != "text"
    return field.kind not in ("text", "id_number", "phone", "email") and word in _EMPTY_IN_FIGURES


# ------------------------------------------------------------------------------- figures
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?P<mark>[,' ])\d{3})(?:(?P=mark)\d{3})*(?:\.\d+)?", re.ASCII)
_YUAN_BEFORE = re.compile(r"^([+-]?)\s*(?:CNY|RMB|人民币|¥)\s*", re.IGNORECASE)
_YUAN_AFTER = re.compile(r"\s*(?:人民币元|人民币|元整|元|CNY|RMB)$", re.IGNORECASE)
_SCALES = {"亿": Decimal(10) ** 8, "千万": Decimal(10) ** 7, "百万": Decimal(10) ** 6, "万": Decimal(10) ** 4}


def _decimal(plain: str) -> tuple[Decimal, bool] | None:
    """The number, and whether marks between its thousands were taken out."""
    grouped = _GROUPED.fullmatch(plain)
    digits = re.sub(r"[,' ]", "", plain) if grouped else plain
    if not _NUMBER.fullmatch(digits):
        return None
    try:
        return Decimal(digits), grouped is not None
    except InvalidOperation:
        return None


def _number(plain: str, field: Field, _zone: ZoneInfo) -> Reading:
    figure, change = plain, None
    # Only where the unit may be money: "5元" years of experience is a slip.
    if field.unit in (None, "currency") and field.kind != "fraction":
        figure, change = _without_words(plain)
    scale = next((word for word in _SCALES if figure.endswith(word)), None)
    if scale and field.unit in (None, "currency") and field.kind != "fraction":
        figure, change = figure.removesuffix(scale).strip(), change or "unit_word"
    percent = field.kind == "fraction" and figure.endswith("%")
    if percent:
        figure, change = figure.removesuffix("%").strip(), "percent"
    found = _decimal(figure)
    if found is None:
        return Reading(rule="not_a_number")
    value, grouped = found
    value *= _SCALES[scale] if scale else 1
    result = float(value / 100 if percent else value)
    if result in (float("inf"), float("-inf")):
        return Reading(rule="not_a_number")
    return Reading(result, change or ("thousands" if grouped else None))


def _without_words(plain: str) -> tuple[str, str | None]:
    figure = _YUAN_AFTER.sub("", _YUAN_BEFORE.sub(r"\1", plain)).strip()
    return figure, "currency_word" if figure != plain else None


def _integer(plain: str, _field: Field, _zone: ZoneInfo) -> Reading:
    found = _decimal(plain)
    if found is None:
        return Reading(rule="not_a_number")
    value, grouped = found
    if value != value.to_integral_value() or abs(value) >= 2**63:
        return Reading(rule="not_whole")
    return Reading(int(value), "thousands" if grouped else None)


# ---------------------------------------------------------------------- dates and instants
_YMD = re.compile(
    r"(\d{4})(?P<s>[-/.])(\d{1,2})(?P=s)(\d{1,2})|(\d{4})(\d{2})(\d{2})|(\d{4})年(\d{1,2})月(\d{1,2})[日号]",
    re.ASCII,
)
_DMY = re.compile(r"(\d{1,2})(?P<s>[-/.])(\d{1,2})(?P=s)(\d{4})", re.ASCII)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
_TIME = re.compile(
    r"(?P<date>.*?\d日?号?)(?:\s*T\s*|\s+|(?<=[日号]))(?P<h>\d{1,2})[:时](?P<m>\d{1,2})分?(?::?(?P<s>\d{1,2})(?:[.,](?P<f>\d{1,9}))?秒?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_EXCEL_EPOCH = dt.date(1899, 12, 30)
_SERIALS = range(10_000, 80_000)
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[ T]00:00(?::00(?:\.0+)?)?", re.ASCII)


def _calendar(plain: str) -> Reading:
    """A date in any of the usual forms; `change` tells the form when it is not the ISO one."""
    if found := _YMD.fullmatch(plain):
        groups = [g for g in found.groups() if g and g.isdigit()]
        year, month, day = (int(g) for g in groups)
        iso = found["s"] == "-" and len(plain) == 10
        return _dated(year, month, day, None if iso else "date_form")
    if found := _DMY.fullmatch(plain):
        first, _, second, year = (int(g) if g.isdigit() else 0 for g in found.groups())
        if first > 12 or first == second:
            return _dated(year, second, first, "date_form")
        if second > 12:
            return _dated(year, first, second, "date_form")
        return Reading(
            rule="ambiguous_date",
            detail=f"{year:04d}-{second:02d}-{first:02d}|{year:04d}-{first:02d}-{second:02d}",
        )
    if _SERIAL.fullmatch(plain) and int(float(plain)) in _SERIALS:
        day_meant = _EXCEL_EPOCH + dt.timedelta(days=int(float(plain)))
        return Reading(rule="date_serial", detail=day_meant.isoformat())
    return Reading(rule="not_a_date")


def _dated(year: int, month: int, day: int, change: str | None) -> Reading:
    try:
        return Reading(dt.date(year, month, day), change)
    except ValueError:
        return Reading(rule="no_such_date")


def _date(plain: str, _field: Field, _zone: ZoneInfo) -> Reading:
    # Excel keeps a date as the midnight that begins it.
    midnight = _MIDNIGHT.fullmatch(plain)
    return _calendar(midnight[1] if midnight else plain)


def _instant(plain: str, _field: Field, zone: ZoneInfo) -> Reading:
    found = _TIME.fullmatch(plain)
    day = _calendar(found["date"].strip() if found else plain)
    if not isinstance(day.value, dt.date):
        return Reading(rule="not_a_time") if day.rule == "not_a_date" else day
    if found is None:
        return _in_utc(dt.datetime.combine(day.value, dt.time()), zone, "midnight")
    fraction = (found["f"] or "0")[:6].ljust(6, "0")
    try:
        time = dt.time(int(found["h"]), int(found["m"]), int(found["s"] or 0), int(fraction))
    except ValueError:
        return Reading(rule="no_such_time")
    moment = dt.datetime.combine(day.value, time)
    offset = found["zone"]
    if offset is None:
        return _in_utc(moment, zone, day.change)
    try:
        stated = dt.UTC if offset in ("Z", "UTC") else dt.datetime.strptime(offset, "%z").tzinfo
        return Reading(moment.replace(tzinfo=stated).astimezone(dt.UTC), day.change)
    except (ValueError, OverflowError):
        return Reading(rule="no_such_time")


def _in_utc(moment: dt.datetime, zone: ZoneInfo, change: str | None) -> Reading:
    """A wall-clock time of the firm as an instant; not when the clocks skip it or show it twice."""
    try:
        early, late = (moment.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    except OverflowError:
        return Reading(rule="no_such_date")
    if early != late:
        return Reading(rule="clock_change")
    return Reading(early, change)


# ---------------------------------------------------------------------------------- words
def _code(plain: str, field: Field, _zone: ZoneInfo) -> Reading:
    entries = field.choices
    value = entries.lookup.get(codes.fold(plain))
    if value is None:
        return Reading(rule="code")
    return Reading(value, None if _is_official(plain, value, entries) else "code")


def _is_official(plain: str, value: str, entries: codes.CodeList) -> bool:
    # The labels are how a code is shown: a template's own words are no change of form.
    return plain in (value, entries.label(value, "en"), entries.label(value, "zh"))


def _codes(plain: str, field: Field, zone: ZoneInfo) -> Reading:
    parts = split_several(plain)
    readings = [_code(part, field, zone) for part in parts]
    if not readings:
        return Reading(change="empty_word")
    if any(reading.rule for reading in readings):
        unknown = next(part for part, reading in zip(parts, readings, strict=True) if reading.rule)
        return Reading(rule="code", detail=unknown)
    value = SEPARATOR.join(sorted({str(reading.value) for reading in readings}))
    changes = [reading.change for reading in readings if reading.change]
    tidy = plain == value or (not changes and len(parts) == 1)
    return Reading(value, None if tidy else "list")


def split_several(text: str) -> list[str]:
    """The values in a cell that takes several, as people separate them."""
    return [part.strip() for part in re.split(r"[;；、,，|]", text) if part.strip()]


def _yes_no(plain: str, field: Field, zone: ZoneInfo) -> Reading:
    reading = _code(plain, field, zone)
    return Reading(reading.value == "yes", reading.change) if reading.rule is None else reading


def _text(plain: str, field: Field, _zone: ZoneInfo) -> Reading:
    if _is_empty_word(plain, field):
        return Reading(change="empty_word")
    # Text that begins with = or @ is text: what writes it back makes it harmless (see `clientlib.harmless`).
    return Reading(plain)


_TRUNK = re.compile(r"(?:\+86|0086|86)(1[3-9]\d{9})", re.ASCII)


def _phone(plain: str, _field: Field, _zone: ZoneInfo) -> Reading:
    if plain.casefold() in EMPTY_WORDS:
        return Reading(change="empty_word")
    digits = re.sub(r"[\s\-‐-―.()]", "", plain)
    if found := _TRUNK.fullmatch(digits):
        number = f"+86{found[1]}"
    elif re.fullmatch(r"1[3-9][0-9]{9}", digits):
        number = f"+86{digits}"
    elif re.fullmatch(r"00[1-9][0-9]{6,14}", digits):
        number = f"+{digits[2:]}"
    elif re.fullmatch(r"\+[0-9]+", digits):
        number = digits
    else:
        # Left as typed: the pattern of the field refuses it, in the words that were typed.
        return Reading(plain)
    return Reading(number, None if number == plain else "phone")


def _id_number(plain: str, field: Field, zone: ZoneInfo) -> Reading:
    reading = _text(plain, field, zone)
    if not isinstance(reading.value, str):
        return reading
    number = re.sub(r"\s", "", plain).upper()
    return Reading(number, None if number == plain else "id_number")


_READERS: dict[str, Callable[[str, Field, ZoneInfo], Reading]] = {
    "text": _text,
    "email": _text,
    "phone": _phone,
    "id_number": _id_number,
    "number": _number,
    "money": _number,
    "fraction": _number,
    "integer": _integer,
    "date": _date,
    "instant": _instant,
    "code": _code,
    "codes": _codes,
    "yes_no": _yes_no,
}
