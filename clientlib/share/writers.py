"""Rows of areas into files for others: Parquet for programs, Excel and CSV for people; nothing in them runs.

The columns are those of the frames: what a role does not see never comes here. What shows masked or in bands
is text, and stays text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow.parquet as pq

from clientlib import harmless
from clientlib.aside import written_aside
from clientlib.config import Language
from clientlib.declare import Field
from clientlib.sheets.limits import fitting_rows, fitting_sheet_name, fitting_text
from clientlib.sheets.new_workbook import new_workbook
from clientlib.sheets.outgoing import as_typed, save_csv
from clientlib.sheets.values import TEXT_FORMAT, Value, number_format, values
from clientlib.tables import AreaInfo

_WIDTH = 16


@dataclass(frozen=True)
class Extract:
    """Rows of one area on their way out, some at a time; at least one frame, all with the same columns."""

    area: AreaInfo
    frames: Iterable[pl.DataFrame]


# -------------------------------------------------------------------------------- parquet
def write_parquet(path: Path, extract: Extract) -> int:
    """Write rows as Parquet, under the names of the fields.

    Returns
    -------
    int
        How many rows.

    Raises
    ------
    Unwritable
        The file cannot be written.
    """
    rows = 0
    frames = iter(extract.frames)
    first = next(frames)
    with written_aside(path) as aside, pq.ParquetWriter(aside, first.to_arrow().schema) as writer:
        for frame in chain([first], frames):
            writer.write_table(frame.to_arrow())
            rows += frame.height
    return rows


# ------------------------------------------------------------------------------------ csv
def write_csv(path: Path, extract: Extract, *, language: Language, time_zone: str) -> int:
    """Write rows as CSV under their titles, codes as their labels, instants by the clock in `time_zone`.

    Returns, raises
        As `write_parquet`.
    """
    rows = pl.concat(extract.frames)
    save_csv(as_typed(rows, extract.area, language, ZoneInfo(time_zone)), path)
    return rows.height


# ---------------------------------------------------------------------------------- excel
def write_workbook(
    path: Path, extracts: Sequence[Extract], *, language: Language, time_zone: str
) -> dict[str, int]:
    """Write a workbook with a sheet an area, as `write_csv` does; dates and numbers are such.

    Returns
    -------
    dict of str to int
        How many rows of each area.

    Raises
    ------
    SheetError
        More rows than a sheet holds, or a text longer than a cell holds.
    Unwritable
        As `write_parquet`.
    """
    rows = {}
    with new_workbook(path, in_order=True) as book:
        writer = _SheetWriter(book, language, ZoneInfo(time_zone))
        for extract in extracts:
            rows[extract.area.name] = writer.write(extract)
    return rows


class _SheetWriter:
    """Writes sheets of one workbook; formats are shared, as Excel wants it."""

    def __init__(self, book: Any, language: Language, zone: ZoneInfo) -> None:
        self._book = book
        self._language = language
        self._zone = zone
        self._head = book.add_format({"bold": True, "num_format": TEXT_FORMAT})
        self._text = book.add_format({"num_format": TEXT_FORMAT})
        # Somebody who edits the cell must not set off what is in it.
        self._quoted = book.add_format({"num_format": TEXT_FORMAT, "quote_prefix": True})
        self._formats: dict[str, Any] = {}

    def write(self, extract: Extract) -> int:
        title = extract.area.title(self._language)
        sheet = self._book.add_worksheet(fitting_sheet_name(title))
        sheet.freeze_panes(1, 0)
        rows = 0
        for frame in extract.frames:
            if not rows:
                self._begin(sheet, extract.area, frame)
            fitting_rows(rows + frame.height, title)
            self._rows(sheet, extract.area, frame, rows + 1)
            rows += frame.height
        return rows

    def _begin(self, sheet: Any, area: AreaInfo, frame: pl.DataFrame) -> None:
        sheet.set_column(0, max(frame.width - 1, 0), _WIDTH)
        for place, name in enumerate(frame.columns):
            sheet.write_string(0, place, area.field(name).title(self._language), self._head)

    def _rows(self, sheet: Any, area: AreaInfo, frame: pl.DataFrame, first: int) -> None:
        fields = [area.field(name) for name in frame.columns]
        columns = [self._cells(frame[field.name], field) for field in fields]
        formats = [self._format(field) for field in fields]
        for number, cells in enumerate(zip(*columns, strict=True), first):
            for place, value in enumerate(cells):
                self._cell(sheet, number, place, value, formats[place])

    def _cells(self, column: pl.Series, field: Field) -> list[Value]:
        if column.dtype == pl.String and field.code_list is None:
            return column.to_list()
        return values(column, field, self._language, self._zone)

    def _cell(self, sheet: Any, row: int, place: int, value: Value, look: Any) -> None:
        if value is None:
            return
        if isinstance(value, str):
            shown = self._quoted if harmless.runs(value) else self._text
            sheet.write_string(row, place, fitting_text(value, f"row {row + 1}"), shown)
        elif isinstance(value, int | float):
            sheet.write_number(row, place, value, look)
        else:
            sheet.write_datetime(row, place, value, look)

    def _format(self, field: Field) -> Any:
        shown = number_format(field)
        if shown not in self._formats:
            self._formats[shown] = self._book.add_format({"num_format": shown})
        return self._formats[shown]
