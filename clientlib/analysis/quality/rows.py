"""Rows of the book as Polars reads them: typed, dated by the firm's days, the newest of each client.

Identity is dropped on the way in, whoever asks: data quality is told of records, not of people.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import polars as pl

from clientlib.declare import Field
from clientlib.tables import AreaInfo

NUMBER, DAY, LATER, RECORD, PENDING = "_number", "_day", "_later", "_record", "_pending"
"""Besides its fields a row has: its number here, its business day, the day of the client's next version,
its key as text (without client and date), and whether the intake took it as pending (null: not told)."""

NONE = "none"
"""The branch or advisor of clients who have none."""


def visible_fields(area: AreaInfo, frame: pd.DataFrame) -> list[Field]:
    """The fields that can be judged: all that `frame` holds and that tell nobody's identity."""
    return [f for f in area.fields if f.sensitivity != "I" and f.name in frame.columns]


def typed_rows(frame: pd.DataFrame, area: AreaInfo, time_zone: str) -> pl.DataFrame:
    """The rows of an area as `Book.area` gives them, in the area's types, with the columns above.

    Parameters
    ----------
    frame : DataFrame
        Any versions, any order; `_pending` is read if it is there. A field that it lacks is not judged.
    area : AreaInfo
        What the rows are.
    time_zone : str
        Whose days count.
    """
    fields = visible_fields(area, frame)
    marks = [PENDING] if PENDING in frame.columns else []
    rows = pl.from_pandas(frame[[f.name for f in fields] + marks])
    rows = rows.with_columns(pl.col(f.name).cast(f.dtype) for f in fields)
    if not marks:
        rows = rows.with_columns(pl.lit(None, pl.Boolean).alias(PENDING))
    if "remarks" not in rows.columns:
        rows = rows.with_columns(remarks=pl.lit(None, pl.String))
    rows = rows.with_columns(_day(area, rows, time_zone).alias(DAY), _record(area, rows).alias(RECORD))
    return _versions(rows, area).with_row_index(NUMBER)


def _day(area: AreaInfo, rows: pl.DataFrame, time_zone: str) -> pl.Expr:
    name = area.business_date
    if name is None or name not in rows.columns:
        return pl.lit(None, pl.Date)
    column = pl.col(name)
    return column.dt.convert_time_zone(time_zone).dt.date() if area.field(name).kind == "instant" else column


def _record(area: AreaInfo, rows: pl.DataFrame) -> pl.Expr:
    own = [
        name for name in area.key if name not in ("client_id", area.business_date) and name in rows.columns
    ]
    if not own:
        return pl.lit(None, pl.String)
    return pl.concat_str([pl.col(name).cast(pl.String) for name in own], separator=" ", ignore_nulls=True)


def _versions(rows: pl.DataFrame, area: AreaInfo) -> pl.DataFrame:
    """With the day on which the client's next version takes over; null where there is none."""
    if not area.versioned or area.business_date is None or "client_id" not in rows.columns:
        return rows.with_columns(pl.lit(None, pl.Date).alias(LATER))
    ordered = rows.sort("client_id", area.business_date)
    return ordered.with_columns(pl.col(DAY).shift(-1).over("client_id").alias(LATER))


def current(rows: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    """The rows that count on a day: nothing dated after it, and of versions only the newest."""
    begun = pl.col(DAY).is_null() | (pl.col(DAY) <= as_of)
    replaced = pl.col(LATER).is_not_null() & (pl.col(LATER) <= as_of)
    return rows.filter(begun & ~replaced)
