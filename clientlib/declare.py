"""The words in which `tables.py` declares the client management table.

One call makes one dataframely column that carries, as metadata, all that the rest of the project
derives from it: titles, hint, sensitivity, code list, kind of value. Nothing is read or checked here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar

import dataframely as dy
import polars as pl

from clientlib import codes

Sensitivity = Literal["N", "S", "I"]
Kind = Literal[
    "text",
    "code",
    "codes",
    "yes_no",
    "integer",
    "number",
    "money",
    "fraction",
    "date",
    "instant",
    "id_number",
    "phone",
    "email",
]
EARLIEST_DATE = dt.date(1900, 1, 1)
LATEST_DATE = dt.date(2199, 12, 31)
SEPARATOR = ";"
"""Between the values of a field that takes several."""


# ------------------------------------------------------------------ areas, fields and rules


class Area(dy.Schema):
    """A table of the book. `key` is what makes two rows two versions or two things."""

    remarks = dy.String(
        nullable=True,
        check={"max_length": lambda c: c.str.len_chars() <= 500},
        metadata={
            "kind": "text",
            "title_en": "Remarks",
            "title_zh": "备注",
            "hint_en": "If a required cell has to stay empty, say here why.",
            "hint_zh": "必填项暂时无法填写时，请在此说明原因。",
            "sensitivity": "S",
            "maximum": 500,
        },
    )


@dataclass(frozen=True)
class Field:
    """All that is known of one field. `minimum` and `maximum` bound a text's length in characters,
    a number's or date's value (inclusive unless `above`); `custom`: a firm added it in its fields.toml."""

    area: str
    name: str
    kind: Kind
    dtype: pl.DataType
    title_en: str
    title_zh: str
    hint_en: str
    hint_zh: str
    sensitivity: Sensitivity
    required: bool
    key: bool
    code_list: codes.CodeList | None
    minimum: Any
    maximum: Any
    above: Any
    pattern: str | None
    unit: str | None
    custom: bool = False

    def title(self, language: str) -> str:
        return self.title_zh if language == "zh" else self.title_en

    def hint(self, language: str) -> str:
        return self.hint_zh if language == "zh" else self.hint_en

    @property
    def choices(self) -> codes.CodeList:
        """The list of a coded field."""
        if self.code_list is None:
            raise TypeError(f"{self.area}.{self.name} is not coded")
        return self.code_list


@dataclass(frozen=True)
class RuleText:
    """What a broken cross-field rule says, and which cell it is shown at (the first of `fields`)."""

    schema: str
    name: str
    fields: tuple[str, ...]
    en: str
    zh: str

    def text(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


RULE_TEXTS: dict[tuple[str, str], RuleText] = {}
"""Every cross-field rule's words, by the name of its schema and its own."""
_Rule = TypeVar("_Rule", bound=Callable[[Any], pl.Expr])


def rule(*fields: str, en: str, zh: str) -> Callable[[_Rule], Any]:
    """Declare a rule over several fields of a row; `en` and `zh` say what is wrong and the mend.

    A rule never judges what is missing: where one of `fields` is null the row passes here, and
    the `required` check of that field speaks instead.
    """

    def decorate(function: _Rule) -> Any:
        schema, name = function.__qualname__.split(".")[-2:]
        RULE_TEXTS[schema, name] = RuleText(schema, name, fields, en, zh)
        return dy.rule()(function)

    return decorate


def rule_text(schema: type[dy.Schema], name: str) -> RuleText | None:
    """The text of a cross-field rule of `schema`, or of a schema that it extends."""
    return next(
        (RULE_TEXTS[c.__name__, name] for c in schema.__mro__ if (c.__name__, name) in RULE_TEXTS), None
    )


def rules_of(schema: type[dy.Schema]) -> tuple[RuleText, ...]:
    """The rules over several fields of `schema` and of those that it extends, in declared order."""
    names = {base.__name__ for base in schema.__mro__}
    return tuple(text for (owner, _), text in RULE_TEXTS.items() if owner in names)


def describe(area: str, schema: type[dy.Schema], key: Sequence[str]) -> tuple[Field, ...]:
    """The fields of a schema in the order in which they are declared, `remarks` last."""
    columns = schema.columns()
    names = [n for n in columns if n != "remarks"] + ["remarks"]
    return tuple(_field(area, name, columns[name], key) for name in names)


def _field(area: str, name: str, column: dy.Column, key: Sequence[str]) -> Field:
    meta = dict(column.metadata or {})
    return Field(
        area=area,
        name=name,
        kind=meta["kind"],
        dtype=column.dtype,
        title_en=meta["title_en"],
        title_zh=meta["title_zh"],
        hint_en=meta["hint_en"],
        hint_zh=meta["hint_zh"],
        sensitivity=meta["sensitivity"],
        required=meta.get("required", False),
        key=name in key,
        code_list=meta.get("code_list"),
        minimum=meta.get("minimum"),
        maximum=meta.get("maximum"),
        above=meta.get("above"),
        pattern=meta.get("pattern"),
        unit=meta.get("unit"),
    )


# ------------------------------------------------------------------------------- columns

Check = Callable[[pl.Expr], pl.Expr]


def _required(c: pl.Expr) -> pl.Expr:
    # A gap with its reason in the remarks is accepted as pending; null must not slip through.
    return c.is_not_null() | pl.col("remarks").is_not_null()


def _common(
    kind: Kind,
    titles: tuple[str, str],
    hints: tuple[str, str],
    *,
    required: bool,
    key: bool,
    sensitivity: Sensitivity,
    checks: dict[str, Check],
    **meta: Any,
) -> dict[str, Any]:
    if required and not key:
        checks = {"required": _required, **checks}
    return {
        "nullable": not key,
        "check": checks or None,
        "metadata": {
            "kind": kind,
            "title_en": titles[0],
            "title_zh": titles[1],
            "hint_en": hints[0],
            "hint_zh": hints[1],
            "sensitivity": sensitivity,
            "required": required or key,
            **meta,
        },
    }


def text(
    en: str,
    zh: str,
    hint: str,
    hint_zh: str,
    *,
    required: bool = False,
    key: bool = False,
    sensitivity: Sensitivity = "N",
    longest: int = 100,
    pattern: str | None = None,
    kind: Kind = "text",
) -> dy.String:
    """Free text of at most `longest` characters (not bytes), all of it matching `pattern`."""
    checks: dict[str, Check] = {"max_length": lambda c: c.str.len_chars() <= longest}
    if pattern:
        checks["pattern"] = lambda c: c.str.contains(f"^(?:{pattern})$")
    common = _common(
        kind,
        (en, zh),
        (hint, hint_zh),
        required=required,
        key=key,
        sensitivity=sensitivity,
        checks=checks,
        maximum=longest,
        pattern=pattern,
    )
    return dy.String(**common)


def code(
    en: str,
    zh: str,
    code_list: str | codes.CodeList,
    hint: str,
    hint_zh: str,
    *,
    required: bool = False,
    key: bool = False,
    several: bool = False,
    sensitivity: Sensitivity = "N",
) -> dy.String:
    """A value of a code list (one of `codes.CODES` by name, or a list of the field's own); with
    `several`, values joined by `SEPARATOR`."""
    listed = codes.CODES[code_list] if isinstance(code_list, str) else code_list
    values = listed.values

    def known(c: pl.Expr) -> pl.Expr:
        if several:
            return c.str.split(SEPARATOR).list.eval(pl.element().is_in(values)).list.all()
        return c.is_in(values)

    common = _common(
        "codes" if several else "code",
        (en, zh),
        (hint, hint_zh),
        required=required,
        key=key,
        sensitivity=sensitivity,
        checks={"code": known},
        code_list=listed,
    )
    return dy.String(**common)


def yes_no(
    en: str, zh: str, hint: str, hint_zh: str, *, required: bool = False, sensitivity: Sensitivity = "N"
) -> dy.Bool:
    """Yes or no."""
    common = _common(
        "yes_no",
        (en, zh),
        (hint, hint_zh),
        required=required,
        key=False,
        sensitivity=sensitivity,
        checks={},
        code_list=codes.CODES["yes_no"],
    )
    return dy.Bool(**common)


def number(
    en: str,
    zh: str,
    hint: str,
    hint_zh: str,
    *,
    required: bool = False,
    sensitivity: Sensitivity = "N",
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    kind: Kind = "number",
    unit: str | None = None,
) -> dy.Float64:
    """A decimal number within its bounds; never infinite, never NaN."""
    checks: dict[str, Check] = {"finite": lambda c: c.is_finite()}
    if minimum is not None:
        checks["min"] = lambda c: c >= minimum
    if maximum is not None:
        checks["max"] = lambda c: c <= maximum
    if above is not None:
        checks["above"] = lambda c: c > above
    common = _common(
        kind,
        (en, zh),
        (hint, hint_zh),
        required=required,
        key=False,
        sensitivity=sensitivity,
        checks=checks,
        minimum=minimum,
        maximum=maximum,
        above=above,
        unit=unit,
    )
    return dy.Float64(allow_inf=True, allow_nan=True, **common)


def money(en: str, zh: str, hint: str, hint_zh: str, **bounds: Any) -> dy.Float64:
    """An amount in the row's own currency; sensitive unless said otherwise."""
    bounds = {"sensitivity": "S", **bounds}
    return number(en, zh, hint, hint_zh, kind="money", unit="currency", **bounds)


def fraction(en: str, zh: str, hint: str, hint_zh: str, **bounds: Any) -> dy.Float64:
    """A share between 0 and 1."""
    return number(en, zh, hint, hint_zh, kind="fraction", minimum=0, maximum=1, **bounds)


def integer(
    en: str,
    zh: str,
    hint: str,
    hint_zh: str,
    *,
    minimum: int,
    maximum: int,
    required: bool = False,
    sensitivity: Sensitivity = "N",
) -> dy.Int64:
    """A whole number within its bounds."""
    common = _common(
        "integer",
        (en, zh),
        (hint, hint_zh),
        required=required,
        key=False,
        sensitivity=sensitivity,
        checks={"min": lambda c: c >= minimum, "max": lambda c: c <= maximum},
        minimum=minimum,
        maximum=maximum,
    )
    return dy.Int64(**common)


def date(
    en: str,
    zh: str,
    hint: str,
    hint_zh: str,
    *,
    required: bool = False,
    key: bool = False,
    sensitivity: Sensitivity = "N",
) -> dy.Date:
    """A calendar date."""
    common = _common(
        "date",
        (en, zh),
        (hint, hint_zh),
        required=required,
        key=key,
        sensitivity=sensitivity,
        checks={"min": lambda c: c >= EARLIEST_DATE, "max": lambda c: c <= LATEST_DATE},
        minimum=EARLIEST_DATE,
        maximum=LATEST_DATE,
    )
    return dy.Date(**common)


def instant(
    en: str,
    zh: str,
    hint: str,
    hint_zh: str,
    *,
    required: bool = False,
    key: bool = False,
    sensitivity: Sensitivity = "N",
) -> dy.Datetime:
    """A moment, kept in UTC with microseconds; typed and shown in the firm's time zone."""
    common = _common(
        "instant",
        (en, zh),
        (hint, hint_zh),
        required=required,
        key=key,
        sensitivity=sensitivity,
        checks={
            "min": lambda c: c.dt.date() >= EARLIEST_DATE,
            "max": lambda c: c.dt.date() <= LATEST_DATE,
        },
        minimum=EARLIEST_DATE,
        maximum=LATEST_DATE,
    )
    return dy.Datetime(time_zone="UTC", time_unit="us", **common)


@cache
def schema_key(schema: type[dy.Schema]) -> tuple[str, ...]:
    """The names of the columns that may never be empty: they make a row what it is."""
    return tuple(name for name, column in schema.columns().items() if not column.nullable)
