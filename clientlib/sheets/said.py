"""What was found in the rows of a frame, put beside them: marks, reasons in words, where they stood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from clientlib.config import Language
from clientlib.intake.own_columns import ORIGIN, REASONS
from clientlib.intake.result import FOUND_AT, PLACE
from clientlib.sheets.content import Mark
from clientlib.sheets.tally import field_title
from clientlib.sheets.xlsx.comments import block
from clientlib.tables import AreaInfo

MOST_MARKS = 2_000
"""On one sheet: Excel opens and scrolls well with these comments, and crawls with tens of thousands."""
_LONGEST = 8_000
"""Characters of all reasons of one row: more than a person reads, less than a cell holds."""


def marks(
    rows: pl.DataFrame, findings: pl.DataFrame, language: Language, *, most: int = MOST_MARKS
) -> list[Mark]:
    """The marks for a sheet that is written anew from `rows`, which have `_file`, `_sheet` and `_row`.

    One mark a cell, in the words of a comment that a later check can tell from a person's own. No more than
    `most`, those of errors first.
    """
    found = _placed(rows, findings).sort(pl.col("severity") != "error", "_at", maintain_order=True)
    said: dict[tuple[int, str | None], list[Mapping[str, Any]]] = {}
    for finding in found.iter_rows(named=True):
        field = finding["field"] if finding["field"] in rows.columns else None
        said.setdefault((finding["_at"], field), []).append(finding)
    return [_mark(at, field, found, language) for (at, field), found in list(said.items())[:most]]


def _mark(at: int, field: str | None, findings: list[Mapping[str, Any]], language: Language) -> Mark:
    lines = list(dict.fromkeys(finding[f"message_{language}"] for finding in findings))
    error = any(finding["severity"] == "error" for finding in findings)
    return Mark(at, field, block(lines), "error" if error else "notice")


def with_reasons(
    rows: pl.DataFrame, findings: pl.DataFrame, area: AreaInfo | None, language: Language
) -> pl.DataFrame:
    """The rows with two columns that the intake leaves aside: why they came back, and where they stood."""
    placed = _placed(rows, findings.filter(pl.col("severity") == "error"))
    titles = {name: field_title(area, name, language) for name in placed.get_column("field").unique() if name}
    colon = "：" if language == "zh" else ": "
    title = pl.col("field").replace_strict(titles, default=None, return_dtype=pl.String)
    said = pl.concat_str(pl.coalesce(title + colon, pl.lit("")), pl.col(f"message_{language}"))
    reasons = placed.group_by("_at", maintain_order=True).agg(
        said.unique(maintain_order=True).str.join("\n").str.head(_LONGEST).alias(REASONS[language])
    )
    return (
        rows.with_row_index("_at")
        .join(reasons, on="_at", how="left", maintain_order="left")
        .with_columns(_origin(language).alias(ORIGIN[language]))
        .drop("_at", *PLACE)
    )


def _placed(rows: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """The findings of these rows, with `_at`: which row of the frame."""
    at = rows.select("_file", "_sheet", pl.col("_row").cast(pl.UInt32)).with_row_index("_at")
    return findings.join(at, left_on=FOUND_AT, right_on=PLACE, how="inner", maintain_order="right")


def _origin(language: Language) -> pl.Expr:
    sheet, row = ("工作表 ", "第{}行") if language == "zh" else ("sheet ", "row {}")
    named = pl.when(pl.col("_sheet") != "").then(pl.concat_str(pl.lit(sheet), "_sheet"))
    number = pl.format(row, pl.col("_row"))
    return pl.concat_str(
        "_file", named, number, separator="，" if language == "zh" else ", ", ignore_nulls=True
    )
