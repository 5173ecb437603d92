"""The tables of a report as an Excel workbook: numbers that can be reckoned with, one sheet a table.

It holds what the page shows and no more: the blocks' `data`, where small groups are withheld already. The
same notebook gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from clientlib.config import Settings
from clientlib.report import exporter, formats, messages
from clientlib.sheets.new_workbook import new_workbook

LONGEST_NAME = 31
"""Characters of a sheet's name, in Excel."""
_ILLEGAL = re.compile(r"[\[\]:*?/\\]")
_NARROWEST, _WIDEST = 8, 60
_SAMPLE = 200
"""So many rows decide how wide a column is."""
_SHORT, _BUTTON, _LINE = 12, 3, 15.0
"""A head of so many characters stays on one line; the button of a filter takes so many; a line is so high."""
_FORMATS = {
    "count": "#,##0",
    "number": "#,##0.0",
    "score": "0.00",
    "percent": "0.0%",
    "points": "+#,##0;-#,##0;0",
    "money": "#,##0",
}
_OF_DATES = {"date": "yyyy-mm-dd", "day": "yyyy-mm-dd", "month": "yyyy-mm"}
_HEAD: dict[str, Any] = {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8EEF2", "bottom": 1}
_LINK: dict[str, Any] = {"font_color": "#14425F", "underline": 1, "valign": "top"}
_WORDS: dict[str, Any] = {"text_wrap": True, "valign": "top"}


@dataclass(frozen=True)
class Sheet:
    """One table: the sheet's name, what stands above it on the page, and the block's data."""

    name: str
    section: str
    data: Mapping[str, Any]

    @property
    def title(self) -> str:
        return str(self.data["title"])


def has_tables(notebook: Any) -> bool:
    """Whether an executed `notebook` put a table, or the numbers of a chart, on its page."""
    return any(block.facts.get("data") for block in exporter.blocks(notebook))


def write(notebook: Any, target: Path, settings: Settings, page: str) -> None:
    """Write the tables of an executed `notebook`; `page` is the file name of its page."""
    blocks = exporter.blocks(notebook)
    head = next((b.facts for b in blocks if b.kind == "head"), {})
    language = str(head.get("language", settings.firm.languages[0]))
    figures = [f for b in blocks if b.kind == "figures" for f in b.facts["figures"]]
    sheets = tuple(_sheets(blocks, [_say(language, "about"), _say(language, "figures")]))
    about = _about(notebook, head, language, settings, page)
    with new_workbook(target) as book:
        book.set_properties({"title": about.title, "company": about.firm, "created": _created(head)})
        writer = _Writer(book, language)
        writer.about(about, sheets, with_figures=bool(figures))
        if figures:
            writer.figures(figures)
        for sheet in sheets:
            writer.table(sheet)


# ------------------------------------------------------------------ what will be written
@dataclass(frozen=True)
class About:
    """What the first sheet says: whose report it is, facts (label and value), what may be done with it."""

    title: str
    firm: str
    facts: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]


def _about(notebook: Any, head: Mapping[str, Any], language: str, settings: Settings, page: str) -> About:
    declared = dict(notebook["metadata"].get("clientlib", {}))
    smallest = settings.feedback.smallest_group
    return About(
        title=str(declared.get(f"title_{language}", Path(page).stem)),
        firm=settings.firm.name_zh if language == "zh" else settings.firm.name,
        facts=(
            (_say(language, "question"), str(declared.get(f"question_{language}", ""))),
            *exporter.provenance(head, notebook, language, settings),
            (_say(language, "page"), page),
        ),
        limits=(
            messages.say("page.audience", language),
            messages.say("page.confidential", language, smallest=smallest),
            _say(language, "withheld", smallest=smallest),
        ),
    )


def _sheets(blocks: Sequence[exporter.Block], taken: Sequence[str]) -> Iterator[Sheet]:
    names = [name.casefold() for name in taken]
    section = ""
    for block in blocks:
        if block.kind == "section":
            section = str(block.facts["heading"])
        elif data := block.facts.get("data"):
            name = sheet_name(str(data["title"]), names)
            names.append(name.casefold())
            yield Sheet(name, section, data)


def sheet_name(title: str, taken: Sequence[str]) -> str:
    """`title` as the name of a sheet: legal in Excel, and not yet `taken` (case folded)."""
    whole = re.sub(r"\s+", " ", _ILLEGAL.sub(" ", title)).strip(" '") or "-"
    name, n = whole[:LONGEST_NAME].rstrip(" '"), 1
    while name.casefold() in (*taken, "history"):  # Excel keeps "History" for itself
        n += 1
        mark = f" {n}"
        name = whole[: LONGEST_NAME - len(mark)].rstrip(" '") + mark
    return name


def _created(head: Mapping[str, Any]) -> dt.datetime:
    """The moment whose knowledge the report holds: unlike the time of writing, the same in every run."""
    known = dt.datetime.fromisoformat(str(head.get("known_at", "2000-01-01T00:00:00+00:00")))
    return known.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)


def _say(language: str, key: str, **values: Any) -> str:
    return messages.say(f"beside.{key}", language, **values)


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _aligned(kind: str) -> dict[str, Any]:
    """Numbers stand at the right, under heads at the right; words keep off the numbers before them."""
    return {"align": "right"} if kind in formats.NUMERIC else {"align": "left", "indent": 1}


def _wide(head: str, kind: str, values: Sequence[Any]) -> float:
    """Wide enough for what stands in a column and for its head on two lines, but not for a whole sentence."""
    if kind in _OF_DATES:
        longest = 10
    elif kind in formats.NUMERIC:
        longest = max((len(f"{v:,.0f}") + 2 for v in values if _is_finite(v)), default=0)
    else:
        longest = max((_width(str(v)) for v in values[:_SAMPLE] if v is not None), default=0)
    words = [_width(head) / 2, *(_width(word) for word in head.split())]
    of_head = _width(head) if _width(head) <= _SHORT else max(words) + 2
    return min(_WIDEST, max(_NARROWEST, 1.1 * longest + 3, of_head + _BUTTON + 1))


def _lines(text: str, width: float) -> int:
    """So many lines does a text take in a column; words do not fill a line to its end."""
    return max(1, math.ceil(_width(text) / max(1.0, width * 0.92)))


def _make_tall(sheet: Any, row: int, lines: int) -> None:
    # Excel would do so by itself when it opens the file, but LibreOffice does not.
    if lines > 1:
        sheet.set_row(row, _LINE * lines)


def _width(text: str) -> int:
    """Columns of a terminal, or of Excel, that a text takes: a Chinese character is twice as wide."""
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


# ------------------------------------------------------------------ how
class _Writer:
    """Writes the sheets of one workbook in one language."""

    def __init__(self, book: Any, language: str) -> None:
        self.book = book
        self.say = partial(_say, language)
        self.language = language
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def format(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self.book.add_format(properties)
        return self._made[key]

    def about(self, about: About, sheets: Sequence[Sheet], *, with_figures: bool) -> None:
        """The first sheet: what this is, from where, what may be done with it, and what is on the others."""
        sheet = self.book.add_worksheet(self.say("about"))
        sheet.hide_gridlines(2)
        first, second = 34, 72
        for column, width in enumerate((first, second, 10)):
            sheet.set_column(column, column, width)
        sheet.write_string(0, 0, f"{about.title} · {about.firm}", self.format(bold=True, font_size=16))
        row = 2
        for name, value in about.facts:
            sheet.write_string(row, 0, name, self.format(bold=True, valign="top"))
            sheet.write_string(row, 1, value, self.format(**_WORDS))
            _make_tall(sheet, row, _lines(value, second))
            row += 1
        for sentence in about.limits:
            row += 1
            sheet.merge_range(row, 0, row, 1, "", self.format(**_WORDS))
            sheet.write_string(row, 0, sentence, self.format(**_WORDS))
            _make_tall(sheet, row, _lines(sentence, first + second))
        self._contents(sheet, row + 2, sheets, with_figures=with_figures)
        self._print_on_a4(sheet)

    def _contents(self, sheet: Any, row: int, sheets: Sequence[Sheet], *, with_figures: bool) -> None:
        for column, (word, kind) in enumerate((("sheet", "text"), ("content", "text"), ("rows", "count"))):
            sheet.write_string(row, column, self.say(word), self.format(**_HEAD, **_aligned(kind)))
        if with_figures:
            row += 1
            self._link(sheet, row, self.say("figures"))
        for listed in sheets:
            row += 1
            self._link(sheet, row, listed.name)
            told = f"{listed.section} · {listed.title}" if listed.section else listed.title
            sheet.write_string(row, 1, told, self.format(**_WORDS, **_aligned("text")))
            sheet.write_number(row, 2, len(listed.data["rows"]), self._format_of("count", ()))

    def _link(self, sheet: Any, row: int, name: str) -> None:
        place = "internal:'" + name.replace("'", "''") + "'!A1"
        sheet.write_url(row, 0, place, self.format(**_LINK, **_aligned("text")), name)

    def figures(self, figures: Sequence[Mapping[str, Any]]) -> None:
        """The figures at the top of the page."""
        sheet = self.book.add_worksheet(self.say("figures"))
        columns = (("figure", "text", 40), ("value", "number", 18), ("note", "text", 70))
        for column, (word, kind, width) in enumerate(columns):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, self.say(word), self.format(**_HEAD, **_aligned(kind)))
        for row, figure in enumerate(figures, 1):
            kind = str(figure["kind"])
            label = self._with_unit(str(figure["label"]), kind, str(figure.get("currency", "")))
            sheet.write_string(row, 0, label, self.format(**_WORDS, **_aligned("text")))
            self._cell(sheet, row, 1, figure["value"], kind, self._format_of(kind, [figure["value"]]))
            sheet.write_string(row, 2, str(figure["note"]), self.format(**_WORDS, **_aligned("text")))
        sheet.freeze_panes(1, 1)
        self._print_on_a4(sheet)

    def table(self, listed: Sheet) -> None:
        """A table: its heads stay in sight and filter, its first column stays too."""
        sheet = self.book.add_worksheet(listed.name)
        columns, rows = listed.data["columns"], listed.data["rows"]
        lines = [1] * (len(rows) + 1)
        for place, column in enumerate(columns):
            kind = str(column["kind"])
            values = [row[place] for row in rows]
            head = self._with_unit(str(column["title"]), kind, str(listed.data["currency"]))
            shape = self._format_of(kind, values)
            width = _wide(head, kind, values)
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, head, self.format(**_HEAD, **_aligned(kind)))
            lines[0] = max(lines[0], _lines(head, width - _BUTTON))
            for row, value in enumerate(values, 1):
                self._cell(sheet, row, place, value, kind, shape)
                if kind not in formats.NUMERIC:
                    lines[row] = max(lines[row], _lines(str(value), width))
        for row, count in enumerate(lines):
            _make_tall(sheet, row, count)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
        sheet.repeat_rows(0)
        sheet.set_header("&L" + listed.title.replace("&", "&&")[:200])
        self._print_on_a4(sheet)

    def _cell(self, sheet: Any, row: int, column: int, value: Any, kind: str, shape: Any) -> None:
        if value is None:
            sheet.write_string(row, column, formats.MISSING, self.format(**_aligned(kind), valign="top"))
        elif kind in _OF_DATES:
            sheet.write_datetime(row, column, dt.datetime.fromisoformat(str(value)[:10]), shape)
        elif kind in formats.NUMERIC and _is_finite(value):
            sheet.write_number(row, column, value, shape)
        elif kind in formats.NUMERIC:  # a small group's size, or infinity, which no cell can hold
            told = value if isinstance(value, str) else formats.write(value, kind, self.language)
            sheet.write_string(row, column, told, self.format(align="right", valign="top"))
        else:
            sheet.write_string(row, column, str(value), shape)

    def _format_of(self, kind: str, values: Sequence[Any]) -> Any:
        """How a column of a kind is shown; lengths of time have a decimal where one of them needs it."""
        if kind in _OF_DATES:
            return self.format(num_format=_OF_DATES[kind], **_aligned(kind), valign="top")
        if kind not in formats.NUMERIC:
            return self.format(**_WORDS, **_aligned(kind))
        whole = all(float(value).is_integer() for value in values if _is_finite(value))
        pattern = _FORMATS.get(kind, "#,##0" if whole else "#,##0.0")
        return self.format(num_format=pattern, valign="top")

    def _with_unit(self, title: str, kind: str, currency: str) -> str:
        key = f"beside.unit.{kind}"
        if not messages.has(key) or (kind == "money" and not currency):
            return title
        unit = formats.currency_name(currency, self.language) if kind == "money" else ""
        return messages.say(key, self.language, title=title, currency=unit)

    def _print_on_a4(self, sheet: Any) -> None:
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&R&P / &N")
