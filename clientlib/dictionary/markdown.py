"""The dictionary as Markdown: headings, tables and lists that any viewer shows, in one file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from clientlib.dictionary.content import AreaEntry, CodeListEntry, Dictionary, FieldEntry
from clientlib.dictionary.words import punctuation, say

COLUMNS = ("field", "meaning", "example", "form", "limits", "need", "protection", "seen", "reports")
_CODES = ("code", "label", "other_label", "synonyms")
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~])")
_BREAK = "<br>"


def markdown(dictionary: Dictionary) -> str:
    """The whole dictionary, its fields as one table a sheet."""
    language = dictionary.language
    parts = [
        *_head(dictionary),
        *(part for area in dictionary.areas for part in _area(area, language)),
        f'<a id="code-lists"></a>\n\n## {say("code_lists", language)}',
        say("code_lists_lead", language),
        *(part for listed in dictionary.code_lists for part in _code_list(listed, language)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def cell(text: str) -> str:
    """Text as Markdown shows it unchanged, also inside a table: marks escaped, on one line."""
    return " ".join(_MARKS.sub(r"\\\1", text).split())


def lines(parts: Iterable[str]) -> str:
    """Several texts in one cell, each on a line of its own."""
    return _BREAK.join(cell(part) for part in parts)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    ruled = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled)


def _head(dictionary: Dictionary) -> Iterator[str]:
    language = dictionary.language
    yield f"# {say('title', language)}"
    yield say("question", language)
    size = say("size", language, areas=len(dictionary.areas), fields=dictionary.size)
    yield f"{size}{punctuation(language).stop} {say('derived', language)}"
    if dictionary.undeclared:
        named = punctuation(language).comma.join(cell(title) for title in dictionary.undeclared)
        yield say("undeclared", language, reports=named)
    contents = [f"- [{cell(a.titles[0])}](#{a.name}) `{a.name}`" for a in dictionary.areas]
    yield "\n".join([*contents, f"- [{say('code_lists', language)}](#code-lists)"])


def _area(area: AreaEntry, language: str) -> Iterator[str]:
    yield f'<a id="{area.name}"></a>\n\n## {cell(area.titles[0])} · {cell(area.titles[1])}'
    yield f"{cell(area.row)} `{area.name}`".strip()
    yield "\n".join(f"- {cell(fact)}" for fact in area.facts)
    header = [say(f"column.{name}", language) for name in COLUMNS]
    yield table(header, (_row(field, language) for field in area.fields))
    if area.rules:
        yield f"**{say('rules', language)}**{punctuation(language).stop} {say('rules_lead', language)}"
        colon = punctuation(language).colon
        yield "\n".join(f"- {cell(fields)}{colon}{cell(text)}" for fields, text in area.rules)


def _row(field: FieldEntry, language: str) -> list[str]:
    marks = punctuation(language)
    custom = f" ({say('custom', language)})" if field.custom else ""
    title, other = (cell(title) for title in field.titles)
    return [
        f'<a id="{field.anchor}"></a>**{title}** {other} `{field.name}`{custom}',
        cell(field.meaning),
        cell(field.example),
        cell(field.form),
        lines(field.limits),
        lines([say(f"need.{field.need}", language), *field.needed]),
        cell(say(f"class.{field.sensitivity}", language)),
        lines(f"{how}{marks.colon}{roles}" for how, roles in field.seen),
        cell(marks.comma.join(field.reports)) or say("no_report", language),
    ]


def _code_list(listed: CodeListEntry, language: str) -> Iterator[str]:
    marks = punctuation(language)
    yield f"### {cell(listed.title)} `{listed.name}`"
    users = marks.comma.join(f"[{cell(title)}](#{anchor})" for anchor, title in listed.used_by)
    yield f"{say('column.used_by', language)}{marks.colon}{users}"
    header = [say(f"column.{name}", language) for name in _CODES]
    yield table(header, ([cell(c.value), *map(cell, c.labels), cell(c.synonyms)] for c in listed.codes))
