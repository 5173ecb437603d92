"""Typed rows → which of them hold, and for the others which rule each one broke.

The rules are those of `tables.py`; dataframely applies them, this module tells what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import dataframely as dy
import polars as pl

from clientlib.declare import rule_text
from clientlib.intake.result import PROBLEMS
from clientlib.tables import AreaInfo

_ROW = "row_in_file"


@dataclass(frozen=True)
class Validated:
    """Rows that hold (`_row`, `_pending` and the area's fields), and what is wrong with the others."""

    valid: pl.DataFrame
    problems: pl.DataFrame


def validate(typed: pl.DataFrame, area: AreaInfo, unread: pl.DataFrame) -> Validated:
    """Apply every rule of an area.

    Parameters
    ----------
    typed : polars.DataFrame
        The area's fields in their types, and `_row`.
    area : AreaInfo
        What the rows are.
    unread : polars.DataFrame
        `PROBLEMS` of cells that could not be read. Such a cell is null in `typed` without being empty:
        the row is refused, and rules that look at the cell say nothing more.

    Returns
    -------
    Validated
        `problems` holds what the rules found; `unread` is not repeated in it.
    """
    schema = _with_row(area.schema)
    held, failure = schema.filter(typed.rename({"_row": _ROW}))
    good: pl.DataFrame = held
    found = [PROBLEMS.to_frame()]
    counts = failure.counts()
    if counts:
        details = failure.details()
        found += [_broken(details, name, area) for name in counts]
    problems = pl.concat(found)
    if unread.height:
        problems = problems.join(_silenced(unread, problems, area), on=["row", "rule", "field"], how="anti")
        refused = unread.get_column("row").unique()
        good = good.filter(~pl.col(_ROW).is_in(refused.implode()))
    valid = good.rename({_ROW: "_row"}).with_columns(_pending=pl.lit(False))
    return Validated(_with_pending(valid, area), problems.sort("row", maintain_order=True))


@cache
def _with_row(schema: type[dy.Schema]) -> type[dy.Schema]:
    """The schema with a column that carries the row's number through dataframely."""
    return type(f"{schema.__name__}InFile", (schema,), {_ROW: dy.UInt32(nullable=True)})


def _broken(details: pl.DataFrame, name: str, area: AreaInfo) -> pl.DataFrame:
    """The rows that broke one rule, as `PROBLEMS`; the value is filled in later, as it was typed."""
    field, _, check = name.partition("|")
    rule = check.removeprefix("check__") if check else name
    words = None if check else rule_text(area.schema, rule)
    shown_at = field if check else (words.fields[0] if words else None)
    detail = pl.lit(None, pl.String)
    if rule == "max_length":
        detail = pl.col(field).str.len_chars().cast(pl.String)
    return details.filter(pl.col(name) == "invalid").select(
        pl.col(_ROW).alias("row"),
        pl.lit(shown_at, pl.String).alias("field"),
        pl.lit(None, pl.String).alias("value"),
        pl.lit(rule).alias("rule"),
        detail.alias("detail"),
    )


def _silenced(unread: pl.DataFrame, problems: pl.DataFrame, area: AreaInfo) -> pl.DataFrame:
    """Problems that only echo an unreadable cell: its own, and those of rules that look at it."""
    looked_at = []
    for field, rule in problems.select("field", "rule").unique().rows():
        words = rule_text(area.schema, rule)
        looked_at += [(field, rule, name) for name in (words.fields if words else (field,))]
    schema = {"field": pl.String, "rule": pl.String, "looked_at": pl.String}
    echoes = pl.DataFrame(looked_at, schema=schema, orient="row")
    cells = unread.select("row", pl.col("field").alias("looked_at"))
    return cells.join(echoes, on="looked_at", how="inner").select("row", "rule", "field").unique()


def _with_pending(valid: pl.DataFrame, area: AreaInfo) -> pl.DataFrame:
    """`_pending` where the row holds only thanks to its remarks."""
    excused = valid.filter(pl.col("remarks").is_not_null())
    if excused.is_empty():
        return valid
    bare = excused.with_columns(remarks=pl.lit(None, pl.String)).drop("_pending").rename({"_row": _ROW})
    _, failure = _with_row(area.schema).filter(bare)
    pending = failure.invalid().get_column(_ROW)
    return valid.with_columns(_pending=pl.col("_row").is_in(pending.implode()))
