"""Excel workbooks, every cell as text: no digit, plus sign or leading zero is lost on the way.

A number comes as Excel keeps it (15 significant digits), a date or time as ISO text, a formula as its
last value. Nothing in a workbook is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import fastexcel
import polars as pl

from clientlib.errors import IntakeError
from clientlib.intake.own_sheets import own_sheets
from clientlib.intake.sources import Source
from clientlib.intake.tables_in import (
    FIRST_ROW,
    RawChunk,
    RawTable,
    as_text,
    column_names,
    numbered,
    without_blank,
)

_EXCEL_ERRORS = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}


def read(source: Source) -> Iterator[RawTable]:
    """The sheets of a workbook that have anything in them, in their order.

    Of a template of ours, guide and code lists are left aside, and so are the sheets that nobody needed.

    Raises
    ------
    IntakeError
        The workbook cannot be opened.
    """
    try:
        book = fastexcel.read_excel(source.path)
        ours = own_sheets(book.defined_names())
    except fastexcel.FastExcelError:
        raise _damaged(source) from None
    names = [name for name in book.sheet_names if name not in ours]
    for name in names:
        try:
            table = _sheet(source, book, name, alone=len(names) == 1, header_alone=not ours)
        except fastexcel.FastExcelError:
            raise _damaged(source) from None
        if table is not None:
            yield table


def _damaged(source: Source) -> IntakeError:
    return IntakeError(
        f"{source.name}: the workbook is damaged and cannot be read. Open it in Excel, let it "
        f"repair, and save it.",
        f"{source.name}：工作簿已损坏，无法读取。请用Excel打开并修复，然后保存。",
    )


def _sheet(
    source: Source, book: fastexcel.ExcelReader, name: str, alone: bool, header_alone: bool
) -> RawTable | None:
    """A sheet with anything in it; `header_alone`: also one that has nothing below its header."""
    # skip_rows=0 keeps empty rows at the top, so that rows count as Excel counts them.
    sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    if sheet.width == 0 or sheet.height == 0:
        return None
    batch, errors = sheet.to_arrow_with_errors()
    texts = pl.DataFrame(batch)
    texts.columns = column_names(texts.width)
    texts = _with_exact_numbers(texts.cast(pl.String), book, name)
    for error in errors.errors if errors is not None else ():
        # The engine leaves a cell like #DIV/0! empty; an empty cell would pass as one left out.
        row, column = error.offset_position
        texts[row, column] = _excel_error(error.detail)
    header = as_text(texts.row(0))
    chunk = RawChunk(without_blank(numbered(texts.slice(1), FIRST_ROW)))
    if chunk.rows.is_empty() and not header_alone:
        return None
    visible = sheet.visible == "visible"
    return RawTable(source.name, name, header, iter([chunk]), visible=visible, alone=alone)


def _excel_error(detail: str) -> str:
    found = re.search(r"Error\((\w+)\)", detail)
    return _EXCEL_ERRORS.get(found[1], found[1]) if found else detail


def _with_exact_numbers(texts: pl.DataFrame, book: fastexcel.ExcelReader, name: str) -> pl.DataFrame:
    """Numeric cells with all their digits: as text the engine gives only nine after the point."""
    numeric = [c for c in texts.columns if texts.get_column(c).cast(pl.Float64, strict=False).count()]
    if not numeric:
        return texts
    places = [int(c[1:]) for c in numeric]
    sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="float", use_columns=places)
    numbers = sheet.to_polars()
    numbers.columns = numeric
    for column in numeric:
        text, number = texts.get_column(column), numbers.get_column(column)
        rounded = text.cast(pl.Float64, strict=False) != number
        if rounded.any():
            at = rounded.fill_null(False).arg_true()
            exact = [format(value, ".15g") for value in number.gather(at)]
            texts = texts.with_columns(text.scatter(at, pl.Series(exact, dtype=pl.String)))
    return texts
