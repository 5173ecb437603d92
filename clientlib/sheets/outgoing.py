"""Rows of several areas on their way out: one workbook, and CSV beside it for what is too long for Excel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from clientlib import harmless
from clientlib.aside import written_aside
from clientlib.config import Language
from clientlib.sheets.content import Mark, SheetContent
from clientlib.sheets.values import Value, values
from clientlib.sheets.writing import write_areas
from clientlib.tables import AreaInfo, Areas

MOST_ROWS = 100_000
"""Of an area in a workbook: Excel holds ten times as many, but nobody mends more by hand, and these are
written in less than a minute."""
CSV_ROWS = 1_000_000
"""Of one CSV part: what Excel can still open."""
_PLAIN_NUMBER = r"^[+\-][0-9][0-9,. ]*$"


@dataclass(frozen=True)
class AreaRows:
    """Rows of one area, and what to say at their cells (asked only where they go into a workbook)."""

    area: AreaInfo
    rows: pl.DataFrame
    marks: Callable[[], Sequence[Mark]] = tuple


def write_rows(
    contents: Sequence[AreaRows],
    target: Path,
    *,
    language: Language,
    time_zone: str,
    most_rows: int = MOST_ROWS,
) -> tuple[Path, ...]:
    """Write each area into the workbook `target`, or where it has more than `most_rows`, into CSV beside it.

    Returns
    -------
    tuple of path
        The files written, the workbook first.
    """
    fitting = [content for content in contents if content.rows.height <= most_rows]
    written: list[Path] = []
    if fitting:
        sheets = [SheetContent(content.area, content.rows, content.marks()) for content in fitting]
        write_areas(target, sheets, language=language, time_zone=time_zone, guide=False)
        written.append(target)
    for content in contents:
        if content.rows.height > most_rows:
            written += _write_csv(content, target, language, ZoneInfo(time_zone))
    return tuple(written)


def _write_csv(content: AreaRows, target: Path, language: Language, zone: ZoneInfo) -> list[Path]:
    written = []
    for number, rows in enumerate(content.rows.iter_slices(CSV_ROWS), 1):
        part = f".part-{number:03}" if content.rows.height > CSV_ROWS else ""
        path = target.with_name(f"{target.stem}.{content.area.name}{part}.csv")
        save_csv(as_typed(rows, content.area, language, zone), path)
        written.append(path)
    return written


def as_typed(rows: pl.DataFrame, area: AreaInfo, language: Language, zone: ZoneInfo) -> pl.DataFrame:
    """The rows as text, under the titles and with the labels that a person types."""
    fields = {field.name: field for field in area.fields}
    columns = []
    for column in rows.iter_columns():
        field = fields.get(column.name)
        if field is None:
            columns.append(column.cast(pl.String))
        elif column.dtype == pl.String and field.code_list is None:
            columns.append(column.alias(field.title(language)))
        else:
            texts = [_text(value) for value in values(column, field, language, zone)]
            columns.append(pl.Series(field.title(language), texts, dtype=pl.String))
    return pl.DataFrame(columns)


def _text(value: Value) -> str | None:
    if isinstance(value, float):
        # All digits written out: 1e+16 is a number to few people.
        return format(Decimal(f"{value:.15g}"), "f")
    return None if value is None else str(value)


def save_csv(texts: pl.DataFrame, path: Path) -> None:
    """Write text columns as CSV that Excel reads as UTF-8 and runs nothing of."""
    # A number with its sign is no formula, and an apostrophe would spoil it for those who read the file.
    safe = [
        pl.when(pl.col(name).str.contains(_PLAIN_NUMBER))
        .then(pl.col(name))
        .otherwise(guarded[name])
        .alias(name)
        for guarded in [harmless.columns(texts)]
        for name in texts.columns
    ]
    with written_aside(path) as aside:
        texts.select(safe).write_csv(aside, include_bom=True)


def frames_by_area(frames: Mapping[str, pl.DataFrame], areas: Areas) -> list[tuple[AreaInfo, pl.DataFrame]]:
    """The frames that have rows, in the order of the table."""
    return [(area, frames[name]) for name, area in areas.items() if name in frames and frames[name].height]
