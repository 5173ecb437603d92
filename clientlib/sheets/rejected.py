"""The refused rows as a workbook in the template's form: to be mended in place and handed in again.

Nothing is lost: rows of sheets that are no area come back too, as they were, and what is too long for Excel
comes as CSV.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from clientlib import harmless
from clientlib.config import Language
from clientlib.intake.result import UNRECOGNISED
from clientlib.sheets.limits import fitting_text, free_sheet_name
from clientlib.sheets.new_workbook import new_workbook
from clientlib.sheets.outgoing import MOST_ROWS, AreaRows, frames_by_area, save_csv, write_rows
from clientlib.sheets.said import MOST_MARKS, marks, with_reasons
from clientlib.sheets.values import TEXT_FORMAT
from clientlib.tables import AREAS, Areas


def write_rejected(
    rejected: Mapping[str, pl.DataFrame],
    findings: pl.DataFrame,
    target: Path,
    *,
    language: Language,
    time_zone: str,
    areas: Areas = AREAS,
    most_rows: int = MOST_ROWS,
    most_marks: int = MOST_MARKS,
) -> tuple[Path, ...]:
    """Write the refused rows: wrong cells coloured and commented, the reasons and the old place at the end.

    Parameters
    ----------
    rejected : mapping of str to polars.DataFrame
        As in `CheckResult.rejected`; also the rows of sheets that are no area.
    findings : polars.DataFrame
        As in `CheckResult.findings`.
    target : path
        The workbook (.xlsx). What does not go into it lies beside it under names that begin alike.
    language : {"en", "zh"}
    time_zone : str
        The firm's.
    areas : mapping, optional
        The firm's table.
    most_rows : int, default 100,000
        An area with more comes as CSV, in parts of a million rows.
    most_marks : int, default 2,000
        Of one sheet, coloured and commented; the reasons of the other rows stand in their last columns only.

    Returns
    -------
    tuple of path
        The files written, readable for their owner only; none where no row was refused.

    Raises
    ------
    SheetError
        Something does not fit into Excel.
    Unwritable
        A file cannot be written.
    """
    contents = [
        AreaRows(
            area,
            with_reasons(rows, findings, area, language),
            partial(marks, rows, findings, language, most=most_marks),
        )
        for area, rows in frames_by_area(rejected, areas)
    ]
    written = write_rows(contents, target, language=language, time_zone=time_zone, most_rows=most_rows)
    strays = rejected.get(UNRECOGNISED)
    if strays is None or strays.is_empty():
        return written
    return (*written, *_write_strays(strays, findings, target, language, most_rows))


# ------------------------------------------------------------------ sheets that are no area
def _write_strays(
    rows: pl.DataFrame, findings: pl.DataFrame, target: Path, language: Language, most_rows: int
) -> list[Path]:
    """The rows of sheets that are no area, a sheet each with the columns that it had."""
    sheets = [_own_columns(sheet) for sheet in rows.partition_by("_file", "_sheet", maintain_order=True)]
    named = [(sheet["_sheet"][0], with_reasons(sheet, findings, None, language)) for sheet in sheets]
    path = target.with_name(f"{target.stem}.unrecognised.xlsx")
    if max(sheet.height for _, sheet in named) <= most_rows:
        _write_plain(named, path)
        return [path]
    paths = [path.with_suffix(f".{number:03}.csv") for number in range(1, len(named) + 1)]
    for place, (_, sheet) in zip(paths, named, strict=True):
        save_csv(sheet, place)
    return paths


def _own_columns(sheet: pl.DataFrame) -> pl.DataFrame:
    """Without the columns of other sheets, which stacking put in."""
    return sheet.select(column for column in sheet.iter_columns() if column.null_count() < sheet.height)


def _write_plain(sheets: list[tuple[str, pl.DataFrame]], path: Path) -> None:
    taken: list[str] = []
    with new_workbook(path, in_order=True) as book:
        text, head = book.add_format({"num_format": TEXT_FORMAT}), book.add_format({"bold": True})
        quoted = book.add_format({"num_format": TEXT_FORMAT, "quote_prefix": True})
        for name, rows in sheets:
            taken.append(free_sheet_name(name, taken))
            sheet = book.add_worksheet(taken[-1])
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, rows.width - 1, 16)
            sheet.write_row(0, 0, rows.columns, head)
            for number, cells in enumerate(rows.iter_rows(), 1):
                _write_texts(sheet, number, cells, text, quoted)


def _write_texts(sheet: Any, number: int, cells: tuple[str | None, ...], text: Any, quoted: Any) -> None:
    for place, value in enumerate(cells):
        if value:
            look = quoted if harmless.runs(value) else text
            sheet.write_string(number, place, fitting_text(value, f"row {number + 1}"), look)
