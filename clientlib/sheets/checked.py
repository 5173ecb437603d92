"""What a person gets back after a check of a file that is no workbook: its rows as a workbook, marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from clientlib.config import Language
from clientlib.intake import headers, readers, sources
from clientlib.intake.own_columns import is_own_column
from clientlib.intake.result import PLACE
from clientlib.intake.tables_in import RawTable
from clientlib.sheets.outgoing import MOST_ROWS, AreaRows, frames_by_area, write_rows
from clientlib.sheets.said import MOST_MARKS, marks
from clientlib.sheets.settled import Settled, as_it_is
from clientlib.tables import AREAS, Areas


@dataclass(frozen=True)
class Written:
    """The files that were written; `whole` where all rows are in them, not only those with a finding."""

    paths: tuple[Path, ...]
    whole: bool


def mark_rows(
    source: sources.Source,
    findings: pl.DataFrame,
    target: Path,
    *,
    language: Language,
    time_zone: str,
    areas: Areas = AREAS,
    settled: Settled = as_it_is,
    most_rows: int = MOST_ROWS,
    most_marks: int = MOST_MARKS,
) -> Written:
    """Write the rows of a CSV, TSV or Parquet file as they were typed into a workbook, and mark them.

    Parameters
    ----------
    source : Source
        The file that was checked, with its name in the findings (see `sources.listed`).
    findings : polars.DataFrame
        The findings of this file.
    target : path
        The workbook (.xlsx).
    language : {"en", "zh"}
    time_zone : str
        The firm's.
    areas : mapping, optional
        The firm's table.
    settled : callable, optional
        What a person settled of the table before it was checked.
    most_rows : int, default 100,000
        Of a longer file only the rows with a finding come; are they more than that too, they come as CSV.
    most_marks : int, default 2,000
        Coloured and commented cells, those of errors first.

    Raises
    ------
    IntakeError
        The file cannot be read.
    SheetError
        Something does not fit into Excel.
    Unwritable
        `target` cannot be written.
    """
    table = settled(next(readers.tables(source)))
    place = headers.find(table, areas)
    if place is None:
        raise headers.wrong_header(table, areas, None)
    rows, whole = _typed(table, place, findings, most_rows)
    content = AreaRows(
        place.area, rows.drop(PLACE), partial(marks, rows, findings, language, most=most_marks)
    )
    paths = write_rows([content], target, language=language, time_zone=time_zone, most_rows=most_rows)
    return Written(paths, whole)


def _typed(
    table: RawTable, place: headers.Place, findings: pl.DataFrame, most_rows: int
) -> tuple[pl.DataFrame, bool]:
    """The rows as typed: all of them, or where they are many those with a finding (and then False)."""
    found = findings.get_column("row").drop_nulls().unique().implode()
    columns = _columns(table, place)
    kept: list[pl.DataFrame] = []
    height, whole = 0, True
    for chunk in table.chunks:
        kept.append(chunk.rows.select(*columns, "_row"))
        height += chunk.rows.height
        if height > most_rows:
            whole = False
            kept = [rows.filter(pl.col("_row").is_in(found)) for rows in kept]
    rows = pl.concat(kept) if kept else pl.DataFrame()
    return rows.with_columns(_file=pl.lit(table.file), _sheet=pl.lit(table.sheet)), whole


def _columns(table: RawTable, place: headers.Place) -> list[pl.Expr]:
    """The columns under the names of their fields; those that are no field, under their own titles."""
    fields = place.columns.fields
    names = [f.name for f in place.area.fields]
    wanted: dict[str, str] = {}
    for at, title in enumerate(table.header):
        name = fields.get(at) or (title if title not in names else "") or f"column {at + 1}"
        if not is_own_column(name) and not name.startswith("_"):
            wanted.setdefault(name, f"c{at}")
    return [pl.col(column).alias(name) for name, column in wanted.items()]


def write_good(
    accepted: Mapping[str, pl.DataFrame],
    target: Path,
    *,
    language: Language,
    time_zone: str,
    areas: Areas = AREAS,
    most_rows: int = MOST_ROWS,
) -> tuple[Path, ...]:
    """Write only the good rows, in the template's form, so that they can be handed on by themselves.

    Parameters
    ----------
    accepted : mapping of str to polars.DataFrame
        As in `CheckResult.accepted`.
    target : path
        The workbook (.xlsx); an area with more than `most_rows` comes as CSV beside it.
    language, time_zone, areas, most_rows
        As for `write_rejected`.

    Returns
    -------
    tuple of path
        The files written; none where there is no good row.

    Raises
    ------
    SheetError
        Something does not fit into Excel.
    Unwritable
        A file cannot be written.
    """
    contents = [
        AreaRows(area, rows.drop(*PLACE, "_pending")) for area, rows in frames_by_area(accepted, areas)
    ]
    return write_rows(contents, target, language=language, time_zone=time_zone, most_rows=most_rows)
