"""What a check of hand-ins gives back: rows taken, rows refused, what was found and what was changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

PLACE = ("_file", "_sheet", "_row")
"""Where a row stood, as columns of `CheckResult.accepted` and `.rejected`."""
FOUND_AT = ("file", "sheet", "row")
"""The same place, as columns of `CheckResult.findings`."""
UNRECOGNISED = "unrecognised"
"""The key in `CheckResult.rejected` for rows of sheets that are no area."""

FINDINGS = pl.Schema(
    {
        "file": pl.String,
        "sheet": pl.String,
        "row": pl.UInt32,
        "area": pl.String,
        "field": pl.String,
        "value": pl.String,
        "rule": pl.String,
        "severity": pl.String,
        "message_en": pl.String,
        "message_zh": pl.String,
    }
)
CHANGES = pl.Schema(
    {
        "file": pl.String,
        "sheet": pl.String,
        "row": pl.UInt32,
        "area": pl.String,
        "field": pl.String,
        "before": pl.String,
        "after": pl.String,
        "kind": pl.String,
    }
)
PROBLEMS = pl.Schema(
    {
        "row": pl.UInt32,
        "field": pl.String,
        "value": pl.String,
        "rule": pl.String,
        "detail": pl.String,
    }
)
"""A finding on its way: `detail` is what its message needs besides the value."""


@dataclass(frozen=True)
class CheckResult:
    """What a hand-in, or one chunk of it, came to. Nothing is dropped: `rows_in` = accepted + rejected.

    Attributes
    ----------
    accepted : dict of str to polars.DataFrame
        Area → its fields in declared order and type, then `_file`, `_sheet` ("" outside workbooks),
        `_row` (as a person counts it in the file, the header being row 1) and `_pending` (a required
        cell is empty and the remarks say why).
    rejected : dict of str to polars.DataFrame
        Area → the fields as text, as they were typed, then `_file`, `_sheet`, `_row`. Rows of a
        sheet that is no area stand under "unrecognised", with the columns of that sheet. What told, beside
        the fields, whose a row is (`natural.KEYS`) stands after them.
    findings : polars.DataFrame
        A row per broken rule, or per thing worth knowing (severity "notice"); row null: the whole
        sheet or file. Every rejected row has at least one of severity "error". Identity is masked.
    changes : polars.DataFrame
        A row per cell that was put into another form on the way in. Identity is masked.
    rows_in : int
        Rows read, blank ones left out.
    """

    accepted: dict[str, pl.DataFrame]
    rejected: dict[str, pl.DataFrame]
    findings: pl.DataFrame
    changes: pl.DataFrame
    rows_in: int

    @property
    def errors(self) -> pl.DataFrame:
        """The findings that made a row be rejected."""
        return self.findings.filter(pl.col("severity") == "error")

    @property
    def rows_accepted(self) -> int:
        return sum(frame.height for frame in self.accepted.values())

    @property
    def rows_rejected(self) -> int:
        return sum(frame.height for frame in self.rejected.values())


def combine(chunks: Iterable[CheckResult]) -> CheckResult:
    """The results of several chunks as one."""
    parts = list(chunks)
    return CheckResult(
        accepted=_by_area([part.accepted for part in parts]),
        rejected=_by_area([part.rejected for part in parts]),
        findings=pl.concat([FINDINGS.to_frame(), *(part.findings for part in parts)]),
        changes=pl.concat([CHANGES.to_frame(), *(part.changes for part in parts)]),
        rows_in=sum(part.rows_in for part in parts),
    )


def _by_area(parts: list[dict[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    frames: dict[str, list[pl.DataFrame]] = {}
    for part in parts:
        for area, frame in part.items():
            frames.setdefault(area, []).append(frame)
    return {area: _stacked(found) for area, found in frames.items()}


def _stacked(frames: list[pl.DataFrame]) -> pl.DataFrame:
    if all(frame.columns == frames[0].columns for frame in frames):
        return pl.concat(frames)
    stacked = pl.concat(frames, how="diagonal")
    return stacked.select(pl.exclude(PLACE), *PLACE)
