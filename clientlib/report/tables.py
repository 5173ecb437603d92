"""A frame as an accessible HTML table: titles and numbers in the reader's language, small groups withheld."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from clientlib.analysis import disclosure
from clientlib.errors import WordsError
from clientlib.report import formats, messages
from clientlib.tables import AREAS

_DATES = ("date", "day", "month")
FIRST = 10
"""So many rows of a folded table stand open; the style sheet hides the others by this number."""
_WORTH_FOLDING = 13
_SHADES = 5


@dataclass(frozen=True)
class Style:
    """Whose table it is: the report (for its own words), the language, the currency, the smallest group."""

    report: str
    language: str
    currency: str
    smallest: int


def table(
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    style: Style,
    caption: str,
    *,
    size: str | None = None,
    folded: bool = False,
    shaded: Sequence[str] = (),
) -> str:
    """`frame` as HTML.

    Parameters
    ----------
    frame : DataFrame
        Its rows are shown as they stand.
    columns : mapping of str to str
        Which columns, in which order, and each one's kind (see `written`). The first heads its row.
    size : str, optional
        The column with the number of people behind a row. Rows of small groups show `<5` there and a dash
        in every other number.
    folded : bool
        Whether rows beyond the first `FIRST` wait behind a fold, which needs no script. Sorted by a column,
        the first are those of that order; on paper all stand.
    shaded : sequence of str
        Columns of numbers of at least zero whose cells are the darker the more they hold, each column against
        its own largest.

    Returns
    -------
    str
        A box that scrolls by itself, with the table in it. One with sentences is read on a phone row by row:
        first what is short, then what is told, each number with its title.
    """
    frame = frame.reset_index(drop=True)
    withheld = _withheld(frame, style, size)
    made = [_Column.of(frame[name], kind, style, shaded=name in shaded) for name, kind in columns.items()]
    ranks = [column.ranks(frame[column.name], withheld) for column in made]
    rows = zip(frame.to_dict("records"), withheld, zip(*ranks, strict=True), strict=True)
    told = "sentence" in columns.values()
    titles = [column.label(style) if told else "" for column in made]
    head = "".join(column.heading(style) for column in made)
    body = "".join(
        _row(row, made, titles, places, style, size if hidden else None) for row, hidden, places in rows
    )
    label, kind = escape(caption, quote=True), ' class="told"' if told else ""
    html = (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">'
        f"<table{kind}><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return _folded(html, len(frame), style) if folded and len(frame) >= _WORTH_FOLDING else html


def _folded(table: str, rows: int, style: Style) -> str:
    more = escape(messages.say("page.table.all", style.language, n=rows))
    fewer = escape(messages.say("page.table.first", style.language, n=FIRST))
    summary = f"<summary><span>{more}</span><span>{fewer}</span></summary>"
    return f'<div class="fold">{table}<details>{summary}</details></div>'


def data(
    frame: pd.DataFrame, columns: Mapping[str, str], style: Style, title: str, *, size: str | None = None
) -> dict[str, Any]:
    """The same table for machines: its title, columns (name, title, kind) and rows of plain values.

    Numbers stay numbers; what is a word on the page is one here. A number that is withheld is null, the
    size of a small group the text `<5`.
    """
    frame = frame.reset_index(drop=True)
    rows = [
        [_plain(row, column, kind, style, size if hidden else None) for column, kind in columns.items()]
        for row, hidden in zip(frame.to_dict("records"), _withheld(frame, style, size), strict=True)
    ]
    heads = [{"name": c, "title": column_title(c, style), "kind": k} for c, k in columns.items()]
    return {"title": title, "currency": style.currency, "columns": heads, "rows": rows}


def _withheld(frame: pd.DataFrame, style: Style, size: str | None) -> list[bool]:
    if size is None:
        return [False] * len(frame)
    return list(disclosure.withheld(frame[size], style.smallest))


def _plain(row: Mapping[Any, Any], column: str, kind: str, style: Style, withheld: str | None) -> Any:
    value = row[column]
    if kind in formats.NUMERIC:
        if withheld is None:
            return formats.plain(value)
        return _few(style) if column == withheld and value < style.smallest else None
    if formats.missing(value):
        return None
    return formats.plain(value) if kind in _DATES else written(value, kind, style)


def _few(style: Style) -> str:
    return f"<{style.smallest}"


def column_title(column: str, style: Style) -> str:
    """What stands above a column: the report's own word, the common one, or the field's title.

    Raises
    ------
    WordsError
        Nobody has a word for it.
    """
    for key in (f"{style.report}.columns.{column}", f"page.columns.{column}"):
        if messages.has(key):
            return messages.say(key, style.language, style.currency)
    if title := _field_title(column, style.language):
        return title
    raise WordsError(
        f"The column {column!r} has no title. Write one into {style.report}.toml beside the notebook: "
        f"[columns.{column}] with en and zh.",
        f"列“{column}”没有标题。请写入笔记本旁的 {style.report}.toml：[columns.{column}]，含 en 和 zh。",
    )


def _field_title(name: str, language: str) -> str:
    found = (field for area in AREAS.values() for field in area.fields if field.name == name)
    return next((field.title(language) for field in found), "")


def written(value: Any, kind: str, style: Style) -> str:
    """One value in the reader's language.

    Besides the kinds of `formats.write`: `label:PREFIX` looks `PREFIX.VALUE` up in the catalogue, `field`
    and `feature` give the title of the field or feature of that name.
    """
    if formats.missing(value):
        return formats.MISSING
    if kind.startswith("label:"):
        key = f"{kind.removeprefix('label:')}.{value}"
        return messages.say(key, style.language) if messages.has(key) else str(value)
    if kind == "field":
        return _field_title(str(value), style.language) or str(value)
    if kind == "feature":
        from clientlib.features import BY_NAME

        return BY_NAME[str(value)].title(style.language)
    return formats.write(value, kind, style.language)


# ------------------------------------------------------------------ columns
@dataclass(frozen=True)
class _Column:
    """How one column is written: numbers in one unit, which stands in its head, and to as many places.

    `divisor` and `places` are for a column with a `unit`; the others are written value by value. `darkest` is
    the value with the darkest cell, where cells are shaded.
    """

    name: str
    kind: str
    unit: str = ""
    divisor: float = 1.0
    places: int | None = None
    darkest: float = 0.0

    @classmethod
    def of(cls, values: pd.Series, kind: str, style: Style, *, shaded: bool = False) -> _Column:
        name = str(values.name)
        if shaded:
            return cls(name, kind, darkest=float(values.max()) if values.notna().any() else 0.0)
        if kind == "money":
            scale = formats.scale_for(list(values), style.language)
            currency = formats.currency_name(style.currency, style.language)
            unit = f"{scale.mark}{currency}" if style.language == "zh" else f"{currency}{scale.mark}"
            return cls(name, kind, unit, scale.divisor, 1 if scale.mark else 0)
        if unit := formats.unit(kind, style.language):
            numbers = [float(value) for value in values if not formats.missing(value)]
            whole = all(number.is_integer() or abs(number) >= 100 for number in numbers)
            return cls(name, kind, unit, places=0 if whole else 1)
        return cls(name, kind)

    def heading(self, style: Style) -> str:
        title = escape(column_title(self.name, style))
        if self.unit:
            title += f' <span class="unit">{escape(self.unit)}</span>'
        return f'<th scope="col"{self.classes()}>{title}</th>'

    def label(self, style: Style) -> str:
        """The title in one line, for what says nothing by itself: a number, a date."""
        if self.kind not in formats.NUMERIC and self.kind not in _DATES:
            return ""
        return f"{column_title(self.name, style)} {self.unit}".strip()

    def classes(self, value: Any = None) -> str:
        """The attribute that says how a cell looks."""
        names = ["n"] if self.kind in formats.NUMERIC else ["wrap"] if self.kind == "sentence" else []
        if self.darkest > 0 and not formats.missing(value) and value > 0:
            names.append(f"s{math.ceil(_SHADES * value / self.darkest)}")
        return f' class="{" ".join(names)}"' if names else ""

    def write(self, value: Any, style: Style) -> str:
        if self.places is None or formats.missing(value):
            return written(value, self.kind, style)
        return formats.decimal(float(value) / self.divisor, style.language, self.places)

    def ranks(self, values: pd.Series, withheld: Iterable[bool]) -> list[int | None]:
        """The place of each number or date among those shown, by which the page's script sorts.

        A place tells no more than the page does, which a number to many places would.
        """
        if self.kind not in formats.NUMERIC and self.kind not in _DATES:
            return [None] * len(values)
        kept = [
            None if hidden and self.kind in formats.NUMERIC else formats.plain(value)
            for value, hidden in zip(values, withheld, strict=True)
        ]
        places = {value: place for place, value in enumerate(sorted({v for v in kept if v is not None}), 1)}
        return [None if value is None else places[value] for value in kept]


def _row(
    row: Mapping[Any, Any],
    columns: Sequence[_Column],
    titles: Sequence[str],
    ranks: Sequence[int | None],
    style: Style,
    withheld: str | None,
) -> str:
    cells: list[str] = []
    for column, title, rank in zip(columns, titles, ranks, strict=True):
        value = row[column.name]
        text, classes = column.write(value, style), column.classes(value)
        if withheld is not None and column.kind in formats.NUMERIC:
            few = column.name == withheld and value < style.smallest
            text, classes = _few(style) if few else formats.MISSING, column.classes()
        tag, scope = ("td", "") if cells else ("th", ' scope="row"')
        place = "" if rank is None else f' data-rank="{rank}"'
        named = f' data-title="{escape(title)}"' if title and cells else ""
        cells.append(f"<{tag}{scope}{classes}{place}{named}>{escape(text)}</{tag}>")
    return f"<tr>{''.join(cells)}</tr>"
