"""A table on a sheet of Excel that people print and fill in: title, notes, heads that stay, wrapped cells.

What stands in it is text, numbers or dates; nothing in a cell is ever run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from clientlib import harmless
from clientlib.report import formats
from clientlib.sheets import limits, looks

Kind = Literal["text", "number", "money", "price", "fill_in", "fill_in_date"]
"""How cells look. Dates are known by their value; whoever has the sheet writes into the last two."""
_LINE_POINTS = 15
_WHOLE, _SMALL, _PRICE = "#,##0", "#,##0.00", "#,##0.00##"
FILL_IN_PAPER = "#FFF8E1"
"""Behind the cells to be filled in: light enough to write on, and to print."""


@dataclass(frozen=True)
class Column:
    """A column of the table: its head, its width in digits, what its cells hold.

    Of a column to be filled in also what may be chosen there, and before which day a date may not lie.
    """

    head: str
    width: float
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    not_before: dt.date | None = None

    @property
    def rule(self) -> dict[str, Any] | None:
        """What Excel holds the cells to."""
        if self.choices:
            return {"validate": "list", "source": list(self.choices)}
        if self.not_before is not None:
            return {"validate": "date", "criteria": ">=", "value": self.not_before}
        return None


class Looks:
    """The formats of a workbook of such sheets."""

    def __init__(self, book: Any) -> None:
        base = {"valign": "top", "text_wrap": True, "border": 1, "border_color": looks.LINE}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.note = book.add_format({"text_wrap": True, "valign": "top", "font_color": looks.MUTED})
        self.head = book.add_format(
            {**base, "bold": True, "bg_color": looks.OPTIONAL_HEAD, "valign": "vcenter"}
        )
        self.text = book.add_format(base)
        # What Excel would run if somebody edits the cell stays text then too.
        self.quoted = book.add_format({**base, "quote_prefix": True})
        own = {**base, "bg_color": FILL_IN_PAPER, "locked": False}
        # Centred, so that no number stands hard against the text beside it.
        self._numbers = {
            shape: book.add_format({**base, "num_format": shape, "align": "center"})
            for shape in (_WHOLE, _SMALL, _PRICE)
        }
        self.date = book.add_format({**base, "num_format": "yyyy-mm-dd", "align": "center"})
        self._own = {
            "fill_in": book.add_format({**own, "num_format": "@"}),
            "fill_in_date": book.add_format({**own, "num_format": "yyyy-mm-dd", "align": "center"}),
        }

    def empty(self, kind: Kind) -> Any:
        """A cell without a value."""
        return self._own.get(kind, self.text)

    def number(self, kind: Kind, value: float) -> Any:
        """A number; what is no whole one shows its decimals, unless it is money."""
        if kind == "price":
            return self._numbers[_PRICE]
        return self._numbers[_WHOLE if kind == "money" or float(value).is_integer() else _SMALL]


def write_table(
    book: Any,
    name: str,
    columns: Mapping[str, Column],
    rows: pd.DataFrame,
    made: Looks,
    *,
    title: str,
    notes: Sequence[str] = (),
    frozen: int = 2,
) -> Any:
    """Add a sheet with a table, ready to be printed.

    Parameters
    ----------
    book : xlsxwriter.Workbook
    name : str
        The sheet's, free and as Excel can hold it.
    columns : mapping of str to Column
        By the name of the column in `rows`; one that is not there stays empty.
    rows : DataFrame
    made : Looks
    title : str
        The line at the top.
    notes : sequence of str
        Sentences below it.
    frozen : int
        So many columns stay in sight.

    Returns
    -------
    xlsxwriter.Worksheet

    Raises
    ------
    SheetError
        More rows than a sheet of Excel has, or a text longer than a cell.
    """
    head = 1 + len(notes)
    limits.fitting_rows(len(rows) + head, name)
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, title, made.title)
    sheet.set_row(0, 1.5 * _LINE_POINTS)
    for place, column in enumerate(columns.values()):
        sheet.set_column(place, place, column.width)
        sheet.write_string(head, place, column.head, made.head)
    room = sum(column.width for column in columns.values())
    for line, note in enumerate(notes, start=1):
        sheet.merge_range(line, 0, line, len(columns) - 1, "", made.note)
        sheet.write_string(line, 0, note, made.note)
        sheet.set_row(line, _LINE_POINTS * looks.lines(note, room))
    sheet.set_row(head, _LINE_POINTS * max(looks.lines(c.head, c.width) for c in columns.values()))
    for line, row in enumerate(rows.to_dict("records"), start=head + 1):
        sheet.set_row(line, _LINE_POINTS * _lines(row, columns))
        for place, (key, column) in enumerate(columns.items()):
            _write_cell(sheet, line, place, row.get(key), column.kind, made)
    for place, column in enumerate(columns.values()):
        if len(rows) and (rule := column.rule):
            sheet.data_validation(head + 1, place, head + len(rows), place, rule)
    _ready_to_print(sheet, head, len(rows), len(columns), frozen)
    return sheet


def _lines(row: Mapping[Any, Any], columns: Mapping[str, Column]) -> int:
    """How many lines the row's texts take when wrapped: not every program finds that out by itself."""
    texts = {name: row[name] for name in columns if isinstance(row.get(name), str)}
    return max((looks.lines(text, columns[name].width) for name, text in texts.items()), default=1)


def _write_cell(sheet: Any, line: int, place: int, value: Any, kind: Kind, made: Looks) -> None:
    if formats.missing(value):
        sheet.write_blank(line, place, None, made.empty(kind))
    elif isinstance(value, str):
        text = limits.fitting_text(value, sheet.get_name())
        sheet.write_string(line, place, text, made.quoted if harmless.runs(text) else made.text)
    elif isinstance(value, dt.date):
        sheet.write_datetime(line, place, value, made.date)
    else:
        sheet.write_number(line, place, value, made.number(kind, value))


def _ready_to_print(sheet: Any, head: int, rows: int, columns: int, frozen: int) -> None:
    sheet.freeze_panes(head + 1, frozen)
    sheet.autofilter(head, 0, head + max(rows, 1), columns - 1)
    looks.set_up_print(sheet)
    sheet.repeat_rows(head)
