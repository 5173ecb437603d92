"""Tables without a header: row 1 is data, and must not be lost as a title."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from clientlib.intake.recognise.shapes import VALUE_SHAPES, shape
from clientlib.intake.tables_in import RawChunk, RawTable, column_names, numbered

FIRST_ROW = 1


def is_data(header: Sequence[str]) -> bool:
    """Whether the first row holds what never stands as a title: an ID number, a day, an amount, a mailbox.

    Small whole numbers do not tell: columns are numbered by some programs.
    """
    return any(
        shape(cell) in VALUE_SHAPES and not (cell.isdigit() and len(cell) <= 3) for cell in header if cell
    )


def rows_from_first(table: RawTable) -> Iterator[RawChunk]:
    """The chunks of a table, its first row before the others."""
    names = column_names(len(table.header))
    cells = {name: [cell or None] for name, cell in zip(names, table.header, strict=True)}
    first = pl.DataFrame(cells, schema=dict.fromkeys(names, pl.String))
    yield RawChunk(numbered(first, FIRST_ROW))
    yield from table.chunks
