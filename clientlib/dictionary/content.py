"""What the dictionary says of every area, field and code list, in one language: all of it derived.

From the declarations come meaning, form, limits and rules; from the settings who sees what; from the
notebooks which report uses what. Nothing is laid out here (see `pages`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl

from clientlib import declare, masks
from clientlib.book import Look, look
from clientlib.codes import CodeList
from clientlib.config import Settings
from clientlib.declare import Field, RuleText, rules_of
from clientlib.dictionary.uses import ReportUse
from clientlib.dictionary.words import has, pattern, punctuation, say
from clientlib.examples import example
from clientlib.intake.cells import read
from clientlib.intake.messages import bound_text
from clientlib.tables import AreaInfo, Areas

Need = Literal["key", "required", "conditional", "optional"]
FEW = 8
"""A code list of at most so many entries is told in the field's own entry."""
REPORT_ROLE = "report"
"""The role as which report notebooks open the book."""


@dataclass(frozen=True)
class FieldEntry:
    """One field. `titles` are the title in the reader's language and in the other one; `needed` are the
    cases in which an optional field is required; `rules` all rules that look at it."""

    anchor: str
    name: str
    titles: tuple[str, str]
    meaning: str
    form: str
    limits: tuple[str, ...]
    example: str
    need: Need
    needed: tuple[str, ...]
    sensitivity: declare.Sensitivity
    seen: tuple[tuple[str, str], ...]
    reports: tuple[str, ...]
    rules: tuple[str, ...]
    code_list: str | None
    custom: bool


@dataclass(frozen=True)
class AreaEntry:
    """One sheet: what a row of it is, what its rows are known and dated by, its fields and its rules."""

    name: str
    titles: tuple[str, str]
    row: str
    facts: tuple[str, ...]
    fields: tuple[FieldEntry, ...]
    rules: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CodeEntry:
    """One code, its label in the reader's language and in the other one, and other words for it."""

    value: str
    labels: tuple[str, str]
    synonyms: str


@dataclass(frozen=True)
class CodeListEntry:
    """One code list, and the anchors and titles of the fields that take it."""

    name: str
    title: str
    codes: tuple[CodeEntry, ...]
    used_by: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Dictionary:
    """The whole dictionary in one language; `undeclared` are reports that do not say what they use."""

    language: str
    areas: tuple[AreaEntry, ...]
    code_lists: tuple[CodeListEntry, ...]
    undeclared: tuple[str, ...]

    @property
    def size(self) -> int:
        return sum(len(area.fields) for area in self.areas)


def gather(areas: Areas, settings: Settings, reports: Sequence[ReportUse], language: str) -> Dictionary:
    """The dictionary of a table.

    Parameters
    ----------
    areas : mapping
        The table: the built-in one, or a workbook's with its custom fields.
    settings : Settings
        The firm's: its roles decide who sees what, its time zone how instants are typed.
    reports : sequence of ReportUse
        What each report says it uses.
    language : {"en", "zh"}
    """
    told = _Teller(settings, reports, language)
    return Dictionary(
        language,
        tuple(told.area(area) for area in areas.values()),
        tuple(told.code_list(listed, areas) for listed in _code_lists(areas)),
        tuple(report.title(language) for report in reports if report.fields is None),
    )


# ------------------------------------------------------------------ when an optional field is needed
def needed_by(area: AreaInfo, name: str) -> tuple[RuleText, ...]:
    """The rules that an empty cell of this field can break: found by trying, on the area's example row."""
    if area.field(name).required:
        return ()
    shown_here = (text for text in rules_of(area.schema) if text.fields[0] == name)
    return tuple(text for text in shown_here if _breaks_when_empty(area, text))


def _breaks_when_empty(area: AreaInfo, rule: RuleText) -> bool:
    """Whether the rule is broken by a row with only what is required and what the rule looks at beside."""
    kept = {f.name for f in area.fields if f.required} | set(rule.fields[1:])
    values = {f.name: _example_value(f) if f.name in kept else None for f in area.fields}
    row = pl.DataFrame({name: [value] for name, value in values.items()}, schema=_dtypes(area))
    _, failure = area.schema.filter(row)
    return rule.name in failure.counts()


def _example_value(field: Field, language: str = "en") -> object:
    return read(example(field, language), field, ZoneInfo("UTC")).value


def _dtypes(area: AreaInfo) -> dict[str, pl.DataType]:
    return {f.name: f.dtype for f in area.fields}


# --------------------------------------------------------------------------------- in words
def limits(field: Field, language: str) -> tuple[str, ...]:
    """The limits of a field in words; a code list of few entries is told whole."""
    found = [_listed(field.code_list, language)] if field.code_list and field.kind != "yes_no" else []
    if field.kind in ("text", "id_number", "phone", "email"):
        if field.maximum is not None:
            found.append(say("limit.length", language, most=bound_text(field.maximum)))
    else:
        found += _range(field, language)
    if field.pattern:
        found.append(pattern(field.pattern, language))
    return tuple(found)


def _listed(entries: CodeList, language: str) -> str:
    if len(entries.entries) > FEW:
        return say("limit.from_list", language, n=len(entries.entries), title=entries.title(language))
    # A label may hold a comma.
    labels = punctuation(language).semicolon.join(entries.labels(language).values())
    return say("limit.one_of", language, labels=labels)


def _range(field: Field, language: str) -> list[str]:
    least, most = field.minimum, field.maximum
    found = []
    if least is not None and most is not None:
        found.append(say("limit.between", language, least=bound_text(least), most=bound_text(most)))
    elif least is not None:
        found.append(say("limit.least", language, least=bound_text(least)))
    elif most is not None:
        found.append(say("limit.most", language, most=bound_text(most)))
    if field.above is not None:
        found.append(say("limit.above", language, bound=bound_text(field.above)))
    return found


def _code_lists(areas: Areas) -> list[CodeList]:
    """Every list that a field takes, once, in the order in which the fields come."""
    found: dict[str, CodeList] = {}
    for field in _fields(areas):
        if field.code_list is not None:
            found.setdefault(field.code_list.name, field.code_list)
    return list(found.values())


def _fields(areas: Areas) -> Iterable[Field]:
    return (field for area in areas.values() for field in area.fields)


def anchor(field: Field) -> str:
    return f"{field.area}.{field.name}"


class _Teller:
    """Tells of areas, fields and lists in one language."""

    def __init__(self, settings: Settings, reports: Sequence[ReportUse], language: str) -> None:
        self.settings, self.reports, self.language = settings, reports, language

    def area(self, area: AreaInfo) -> AreaEntry:
        row = f"row.{area.name}"
        return AreaEntry(
            area.name,
            self._titles(area),
            say(row, self.language) if has(row) else "",
            self._facts(area),
            tuple(self.field(area, field) for field in area.fields),
            tuple(
                (self._joined(area.field(name) for name in text.fields), text.text(self.language))
                for text in rules_of(area.schema)
            ),
        )

    def field(self, area: AreaInfo, field: Field) -> FieldEntry:
        needed = needed_by(area, field.name)
        need: Need = "conditional" if needed else "optional"
        if field.required:
            need = "key" if field.key else "required"
        looking = [text for text in rules_of(area.schema) if field.name in text.fields]
        return FieldEntry(
            anchor=anchor(field),
            name=field.name,
            titles=self._titles(field),
            meaning=field.hint(self.language),
            form=say(f"kind.{field.kind}", self.language, time_zone=self.settings.firm.time_zone),
            limits=limits(field, self.language),
            example=example(field, self.language),
            need=need,
            needed=tuple(text.text(self.language) for text in needed),
            sensitivity=field.sensitivity,
            seen=self._seen(area, field),
            reports=self._users(area, field),
            rules=tuple(text.text(self.language) for text in looking if text not in needed),
            code_list=field.code_list.name if field.code_list else None,
            custom=field.custom,
        )

    def code_list(self, listed: CodeList, areas: Areas) -> CodeListEntry:
        users = [f for f in _fields(areas) if f.code_list is not None and f.code_list.name == listed.name]
        other = "en" if self.language == "zh" else "zh"
        return CodeListEntry(
            listed.name,
            listed.title(self.language),
            tuple(
                CodeEntry(e.value, (e.label(self.language), e.label(other)), self._comma(e.synonyms))
                for e in listed.entries
            ),
            tuple(
                (anchor(f), f"{areas[f.area].title(self.language)} · {f.title(self.language)}") for f in users
            ),
        )

    def _facts(self, area: AreaInfo) -> tuple[str, ...]:
        facts = [say("anchor_key", self.language, fields=self._joined(area.field(n) for n in area.key))]
        if area.business_date is None:
            facts.append(say("undated", self.language))
        else:
            dated = area.field(area.business_date).title(self.language)
            facts.append(say("dated", self.language, field=dated))
        if area.versioned:
            facts.append(say("versioned", self.language))
        return tuple(facts)

    def _seen(self, area: AreaInfo, field: Field) -> tuple[tuple[str, str], ...]:
        """How the field looks → the roles to which it does, as words."""
        by_look: dict[Look, list[str]] = {}
        for name, role in self.settings.roles.items():
            by_look.setdefault(look(area, field, role), []).append(self._role(name))
        order: tuple[Look, ...] = ("plain", "masked", "bands", "hidden")
        return tuple((self._look(field, how), self._comma(by_look[how])) for how in order if how in by_look)

    def _users(self, area: AreaInfo, field: Field) -> tuple[str, ...]:
        """The reports that use the field; none uses what it may not see, whatever it declares."""
        role = self.settings.roles.get(REPORT_ROLE)
        if role is not None and look(area, field, role) == "hidden":
            return ()
        return tuple(r.title(self.language) for r in self.reports if r.uses(area.name, field.name))

    def _look(self, field: Field, how: Look) -> str:
        if how != "masked":
            return say(f"seen.{how}", self.language)
        shown = masks.mask(str(_example_value(field, self.language)), masks.kind_of(field))
        return say("seen.masked_as", self.language, shown=shown)

    def _role(self, name: str) -> str:
        return say(f"role.{name}", self.language) if has(f"role.{name}") else name

    def _titles(self, thing: AreaInfo | Field) -> tuple[str, str]:
        pair = thing.title_en, thing.title_zh
        return pair if self.language == "en" else (pair[1], pair[0])

    def _joined(self, fields: Iterable[Field]) -> str:
        return self._comma(field.title(self.language) for field in fields)

    def _comma(self, parts: Iterable[str]) -> str:
        return punctuation(self.language).comma.join(parts)
