"""What an import would do, before it does it: which rows are new, and what changes field by field."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
import polars as pl

from clientlib.book.access import Access
from clientlib.book.batch import Batch
from clientlib.book.history.differences import Wording, differences
from clientlib.book.imports import ImportResult
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
        it, identity masked and without what the role does not see as it is; of at most `MOST` rows. Missing:
        the cell was or would be empty.
    """

    result: ImportResult
    new: pd.DataFrame
    changes: pd.DataFrame


@dataclass
class Watcher:
    """Collects what a batch is shown of its rows, as far as the role sees it."""

    batch: Batch
    wording: Wording
    access: Access
    new: list[pl.DataFrame] = field(default_factory=lambda: [_NEW.to_frame()])
    changes: list[pl.DataFrame] = field(default_factory=lambda: [_CHANGES.to_frame()])
    told: int = 0

    def look(self, area: AreaInfo, new: pl.DataFrame, changed: pl.DataFrame) -> None:
        left = MOST - sum(frame.height for frame in self.new)
        self.new.append(new.head(left).select(area=pl.lit(area.name), row=self.wording.of_key(area)))
        changed = changed.head(MOST - self.told)
        self.told += changed.height
        if changed.height:
            standing = self.batch.standing(area, changed)
            names = [f.name for f in area.fields if self.access.look(area, f) in ("plain", "masked")]
            rows = changed.select(area=pl.lit(area.name), row=self.wording.of_key(area))
            self.changes.append(differences(area, names, rows, standing, changed, self.wording))
