"""One table as it lies in a file: its header, and its rows as text, chunk by chunk.

Readers make these; nothing here knows what a field means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from clientlib.errors import Words
from clientlib.intake.result import PROBLEMS

FIRST_ROW = 2
"""The first row below the header, as a person counts."""


@dataclass(frozen=True)
class Notice:
    """Something worth knowing about a whole sheet or file."""

    rule: str
    detail: str = ""
    field: str | None = None
    value: str | None = None
    area: str | None = None
    row: int | None = None


@dataclass(frozen=True)
class RawChunk:
    """Some rows of a table: `rows` has one text column per header cell (see `column_names`) and `_row`."""

    rows: pl.DataFrame
    problems: pl.DataFrame = field(default_factory=PROBLEMS.to_frame)
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class RawTable:
    """A sheet of a workbook, or a file without sheets (`sheet` then is ""). `area`: its name, where a person
    has settled it."""

    file: str
    sheet: str
    header: tuple[str, ...]
    chunks: Iterator[RawChunk]
    notices: tuple[Notice, ...] = ()
    visible: bool = True
    alone: bool = True
    area: str | None = None

    @property
    def where(self) -> Words:
        """How an error names it."""
        if not self.sheet:
            return Words(self.file, self.file)
        return Words(f"{self.file}, sheet {self.sheet}", f"{self.file}，工作表 {self.sheet}")


def column_names(width: int) -> list[str]:
    """Names for the columns of a raw table, free of what the header says."""
    return [f"c{place}" for place in range(width)]


def numbered(rows: pl.DataFrame, first: int) -> pl.DataFrame:
    """The rows with `_row`, counted from `first`."""
    count = pl.int_range(first, first + pl.len(), dtype=pl.UInt32)
    return rows.with_columns(count.alias("_row"))


def without_blank(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that have anything in them."""
    texts = [name for name in rows.columns if name != "_row"]
    if not texts:
        return rows.clear()
    # Nearly every first column is filled: only where it is empty need the others be looked at.
    first = rows.get_column(texts[0])
    if first.null_count() == 0 and not (first == "").any():
        return rows
    filled = [pl.col(name).str.strip_chars() != "" for name in texts]
    return rows.filter(pl.any_horizontal(expr.fill_null(False) for expr in filled))


def as_text(value: Sequence[object]) -> tuple[str, ...]:
    """Header cells as stripped text; an empty cell is ""."""
    return tuple("" if cell is None else str(cell).replace("\ufeff", "").strip() for cell in value)
