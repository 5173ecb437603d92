"""What a sheet of a workbook for people gets: an area's rows, and what there is to say at their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from clientlib.tables import AreaInfo


@dataclass(frozen=True)
class Mark:
    """Something to say at a cell: the cell is coloured and `text` is its comment.

    Attributes
    ----------
    row : int
        Place in `SheetContent.rows`, from 0.
    field : str or None
        The column; None: the row as a whole, said at its first cell.
    """

    row: int
    field: str | None
    text: str
    severity: Literal["error", "notice"] = "error"


@dataclass(frozen=True)
class SheetContent:
    """What an area's sheet gets.

    Attributes
    ----------
    rows : polars.DataFrame
        Columns named after fields, either typed (from the book) or text as it was typed; a field that is
        not there stays empty. Other columns follow the fields under their own names. May be empty.
    """

    area: AreaInfo
    rows: pl.DataFrame
    marks: Sequence[Mark] = ()
