"""What a person gets back after a check of a file that is no workbook: its rows as a workbook, marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from clientlib.config import Language, Settings
from clientlib.intake import readers
from clientlib.sheets.outgoing import MOST_ROWS, AreaRows, frames_by_area, write_rows
from clientlib.sheets.said import MOST_MARKS, marks
from clientlib.tables import AREAS, AreaInfo

_PLACE = ["_file", "_sheet", "_row"]


@dataclass(frozen=True)
class Written:
    """The files that were written; `whole` where all rows are in them, not only those with a finding."""

    paths: tuple[Path, ...]
    whole: bool


def mark_rows(
    source: Path,
    findings: pl.DataFrame,
    target: Path,
    *,
    settings: Settings,
    language: Language,
    areas: Mapping[str, AreaInfo] = AREAS,
    most_rows: int = MOST_ROWS,
    most_marks: int = MOST_MARKS,
) -> Written:
    """Write the rows of a CSV, TSV or Parquet file as they were typed into a workbook, and mark them.

    Parameters
    ----------
    source : path
        The file that was checked.
    findings : polars.DataFrame
        The findings of this file.
    target : path
        The workbook (.xlsx).
    settings : Settings
        The firm's.
    language : {"en", "zh"}
    areas : mapping, optional
        The firm's table.
    most_rows : int, default 100,000
        Of a longer file only the rows with a finding come; are they more than that too, they come as CSV.
    most_marks : int, default 2,000
        Coloured and commented cells, those of errors first.

    Raises
    ------
    IntakeError
        The file cannot be read.
    SheetError
        `target` cannot be written.
    """
    area, rows, whole = _typed(source, findings, settings, areas, most_rows)
    if rows.is_empty() or area is None:
        return Written((), whole)
    # The person's own name for the file may differ from the one in the findings: rows alone decide.
    mine = findings.with_columns(file=pl.lit(source.name), sheet=pl.lit(""))
    content = AreaRows(area, rows.drop(_PLACE), partial(marks, rows, mine, language, most=most_marks))
    zone = settings.firm.time_zone
    paths = write_rows([content], target, language=language, time_zone=zone, most_rows=most_rows)
    return Written(paths, whole)


def _typed(
    source: Path, findings: pl.DataFrame, settings: Settings, areas: Mapping[str, AreaInfo], most_rows: int
) -> tuple[AreaInfo | None, pl.DataFrame, bool]:
    """The rows as typed: all of them, or where they are many those with a finding (and then False)."""
    found = findings.get_column("row").drop_nulls().unique().implode()
    area, kept, height, whole = None, [pl.DataFrame()], 0, True
    for piece in readers.pieces(source, settings, areas):
        if piece.rows is None:
            continue
        area = piece.area
        kept.append(piece.rows)
        height += piece.rows.height
        if height > most_rows:
            whole = False
            kept = [frame.filter(pl.col("_row").is_in(found)) for frame in kept if frame.width]
    rows = pl.concat(kept, how="diagonal")
    return area, rows.with_columns(_file=pl.lit(source.name), _sheet=pl.lit("")), whole


def write_good(
    accepted: Mapping[str, pl.DataFrame],
    target: Path,
    *,
    language: Language,
    time_zone: str,
    areas: Mapping[str, AreaInfo] = AREAS,
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
        A file cannot be written.
    """
    contents = [
        AreaRows(area, rows.drop(*_PLACE, "_pending")) for area, rows in frames_by_area(accepted, areas)
    ]
    return write_rows(contents, target, language=language, time_zone=time_zone, most_rows=most_rows)
