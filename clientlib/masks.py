"""How identity looks when it may not be seen: enough to recognise a client by, not enough to know one.

Each mask exists twice, for one value and as a Polars expression, and both give the same. Hiding a value
altogether, and who sees what, is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import polars as pl

from clientlib.config import MaskRules
from clientlib.declare import Field

MaskKind = Literal["phone", "id_number", "email", "name", "address"]

HIDDEN = "****"
ID_MIDDLE = "****…****"
ID_ENDS = (1, 1)
_MAINLAND = r"^(?:\+86)?(1[3-9]\d)\d{4}(\d{4})$"
_EMAIL = r"^([^@\s])[^@\s]*@([^@\s]+)$"
# No digits, spaces or street words before the city: else a market (市场) in a road would pass for one.
_CITY = r"^((?:[^\s\d路街道巷弄村]{2,8}(?:省|自治区))?[^\s\d路街道巷弄村县区]{1,8}?(?:市|自治州|地区|盟))"
_MUNICIPALITY = r"^(北京|上海|天津|重庆|香港|澳门)"
_MARKET = "市场"

_EMBEDDED_ID = r"(^|[^0-9])([1-9])\d{5}(?:19|20)\d{2}[01]\d[0-3]\d{4}([\dXx])($|[^0-9])"
_EMBEDDED_PHONE = r"(^|[^0-9])(1[3-9]\d)\d{4}(\d{4})($|[^0-9])"
_EMBEDDED_EMAIL = r"([A-Za-z0-9])[A-Za-z0-9._%+\-]*@([A-Za-z0-9.\-]+\.[A-Za-z]{2,})"
_SCRUBS = (
    (_EMBEDDED_ID, f"${{1}}${{2}}{ID_MIDDLE}${{3}}${{4}}"),
    (_EMBEDDED_PHONE, "${1}${2}****${3}${4}"),
    (_EMBEDDED_EMAIL, "${1}***@${2}"),
)


def kind_of(field: Field) -> MaskKind:
    """The mask that fits an identity field; what is neither number nor address is masked as a name."""
    if field.kind in ("phone", "id_number", "email"):
        return field.kind
    return "address" if "address" in field.name else "name"


# ------------------------------------------------------------------------------ one value
def mask(value: str | None, kind: MaskKind) -> str | None:
    """One identity value, masked.

    Parameters
    ----------
    value : str or None
        The value; None stays None.
    kind : {"phone", "id_number", "email", "name", "address"}

    Returns
    -------
    str or None
        A mainland mobile as ``138****5678``, another phone by its first three and last two characters,
        an ID number by its first and last, a name by its first, an e-mail by its first and its domain,
        an address down to the city. What does not have the form expected is hidden wholly (``****``).

    >>> mask("+8613812345678", "phone"), mask("张三丰", "name"), mask("ann@example.com", "email")
    ('138****5678', '张**', 'a***@example.com')
    """
    if value is None:
        return None
    return _ONE[kind](value)


def _phone(value: str) -> str:
    if found := re.match(_MAINLAND, value):
        return f"{found[1]}****{found[2]}"
    return f"{value[:3]}****{value[-2:]}" if len(value) >= 9 else HIDDEN


def _id_number(value: str) -> str:
    return f"{value[0]}{ID_MIDDLE}{value[-1]}" if len(value) >= 5 else HIDDEN


def _email(value: str) -> str:
    found = re.match(_EMAIL, value)
    return f"{found[1]}***@{found[2]}" if found else HIDDEN


def _name(value: str) -> str:
    return f"{value[:1]}**"


def _address(value: str) -> str:
    found = None if _MARKET in value else re.match(_CITY, value)
    found = found or re.match(_MUNICIPALITY, value)
    return f"{found[1]}****" if found else HIDDEN


_ONE = {"phone": _phone, "id_number": _id_number, "email": _email, "name": _name, "address": _address}


def scrub(text: str) -> str:
    """Free text with the ID numbers, mainland mobiles and e-mail addresses in it masked; names stay."""
    for pattern, replacement in _SCRUBS:
        text = re.sub(pattern, re.sub(r"\$\{(\d)\}", r"\\g<\1>", replacement), text)
    return text


# ---------------------------------------------------------------------------- expressions
def mask_expr(column: pl.Expr, kind: MaskKind, id_ends: tuple[int, int] = ID_ENDS) -> pl.Expr:
    """`mask` as a Polars expression over a string column; null stays null.

    `id_ends`: how many characters of an ID number stay at its beginning and its end.
    """
    if kind == "phone":
        found = column.str.contains(_MAINLAND)
        short = column.str.len_chars() < 9
        other = pl.concat_str(column.str.head(3), pl.lit(HIDDEN), column.str.tail(2))
        return (
            pl.when(found)
            .then(column.str.replace(_MAINLAND, "${1}****${2}"))
            .when(short)
            .then(pl.lit(HIDDEN))
            .otherwise(other)
        )
    if kind == "id_number":
        first, last = id_ends
        shown = pl.concat_str(column.str.head(first), pl.lit(ID_MIDDLE), column.str.tail(last))
        return pl.when(column.str.len_chars() < first + last + 3).then(pl.lit(HIDDEN)).otherwise(shown)
    if kind == "email":
        hidden = pl.when(column.is_not_null()).then(pl.lit(HIDDEN))
        return (
            pl.when(column.str.contains(_EMAIL))
            .then(column.str.replace(_EMAIL, "${1}***@${2}"))
            .otherwise(hidden)
        )
    if kind == "name":
        return pl.concat_str(column.str.head(1), pl.lit("**"))
    city = pl.when(~column.str.contains(_MARKET, literal=True)).then(column.str.extract(_CITY, 1))
    place = pl.coalesce(city, column.str.extract(_MUNICIPALITY, 1))
    known = pl.concat_str(place, pl.lit(HIDDEN))
    return pl.coalesce(known, pl.when(column.is_not_null()).then(pl.lit(HIDDEN)))


def scrub_expr(column: pl.Expr) -> pl.Expr:
    """`scrub` as a Polars expression over a string column; null stays null."""
    for pattern, replacement in _SCRUBS:
        column = column.str.replace_all(pattern, replacement)
    return column


# ---------------------------------------------------------------------------------- bands
def has_bands(field: Field) -> bool:
    """Whether the field can be shown in bands: an amount of money, or a birth date."""
    return field.kind == "money" or field.name == "birth_date"


def band_sql(column: str, field: Field, rules: MaskRules) -> str:
    """The SQL of the band of a value, as text such as `100,000–199,999` or `1980–1989`; null stays null.

    Parameters
    ----------
    column : str
        The SQL of the value.
    field : Field
        One that `has_bands`.
    rules : MaskRules
        Where bands of money begin, and how many years a band of birth dates has.
    """
    if field.name == "birth_date":
        first = f"year({column}) // {rules.birth_years} * {rules.birth_years}"
        return f"({first}) || '–' || ({first} + {rules.birth_years - 1})"
    lines = [f"WHEN {column} < {edge!r} THEN '{label}'" for edge, label in _money_bands(rules.money_bands)]
    return f"CASE {' '.join(lines)} WHEN {column} IS NOT NULL THEN '≥ {rules.money_bands[-1]:,.0f}' END"


def _money_bands(edges: Sequence[float]) -> list[tuple[float, str]]:
    """The upper end and the label of every band but the last."""
    between = [(high, f"{low:,.0f}–{high - 1:,.0f}") for low, high in pairwise(edges)]
    return [(edges[0], f"< {edges[0]:,.0f}"), *between]
