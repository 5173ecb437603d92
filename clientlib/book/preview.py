"""What an import would do, before it does it: which rows are new, and what changes field by field."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import polars as pl

from clientlib import masks
from clientlib.book.batch import Batch
from clientlib.book.imports import ImportResult
from clientlib.declare import Field
from clientlib.intake.normalise import shown
from clientlib.tables import AreaInfo

MOST = 10_000
"""Rows of each kind that are told one by one; more are only counted."""
_NEW = pl.Schema({"area": pl.String, "row": pl.String})
_CHANGES = pl.Schema(
    {"area": pl.String, "row": pl.String, "field": pl.String, "before": pl.String, "after": pl.String}
)


@dataclass(frozen=True)
class Preview:
    """What an import would come to. Nothing was stored.

    Attributes
    ----------
    result : ImportResult
        Its counts, findings and unknown references; its `batch` is None.
    new : pandas.DataFrame
        `area`, `row`: the keys of rows that would be new, at most `MOST` of them.
    changes : pandas.DataFrame
        `area`, `row`, `field`, `before`, `after`, for each field that would differ, as a person would type
        it, identity masked; of at most `MOST` rows. Missing: the cell was or would be empty.
    """

    result: ImportResult
    new: pd.DataFrame
    changes: pd.DataFrame


@dataclass
class Watcher:
    """Collects what a batch is shown of its rows."""

    batch: Batch
    time_zone: str
    new: list[pl.DataFrame] = field(default_factory=lambda: [_NEW.to_frame()])
    changes: list[pl.DataFrame] = field(default_factory=lambda: [_CHANGES.to_frame()])
    told: int = 0

    def look(self, area: AreaInfo, new: pl.DataFrame, changed: pl.DataFrame) -> None:
        left = MOST - sum(frame.height for frame in self.new)
        self.new.append(new.head(left).select(area=pl.lit(area.name), row=self._key(area)))
        changed = changed.head(MOST - self.told)
        self.told += changed.height
        if changed.height:
            self.changes.append(self._differences(area, self.batch.standing(area, changed), changed))

    def _differences(self, area: AreaInfo, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
        """One row for each field in which two frames of the same rows differ, in the order of the rows."""
        keys = after.select(row=self._key(area)).get_column("row")
        parts = []
        for place, each in enumerate(area.fields):
            both = pl.DataFrame({"before": before[each.name], "after": after[each.name]})
            words = both.select(self._shown(name, each) for name in both.columns)
            told = words.with_columns(
                row=keys, area=pl.lit(area.name), field=pl.lit(each.name), _place=pl.lit(place)
            )
            differs = before[each.name].ne_missing(after[each.name])
            parts.append(told.with_row_index("_n").filter(differs))
        ordered = pl.concat(parts).sort("_n", "_place")
        return ordered.select(_CHANGES.names())

    def _key(self, area: AreaInfo) -> pl.Expr:
        values = [shown(pl.col(name), area.field(name), self.time_zone) for name in area.key]
        return pl.concat_str(values, separator=" · ")

    def _shown(self, column: str, described: Field) -> pl.Expr:
        text = shown(pl.col(column), described, self.time_zone)
        if described.sensitivity == "I":
            text = masks.mask_expr(text, masks.kind_of(described))
        return text.alias(column)
