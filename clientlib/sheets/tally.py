"""What a check came to, counted: rows by what became of them, findings by sheet, column and rule."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from clientlib.config import Language
from clientlib.intake.result import CheckResult
from clientlib.sheets.wording import in_words
from clientlib.tables import AreaInfo, Areas


@dataclass(frozen=True)
class Outcome:
    """Rows of a hand-in: `rows_in` = `good` + `pending` + `refused`.

    `pending` rows are taken, with a required cell empty and a remark that says why.
    """

    rows_in: int
    good: int
    pending: int
    refused: int

    @classmethod
    def of(cls, result: CheckResult) -> Outcome:
        pending = sum(int(frame.get_column("_pending").sum()) for frame in result.accepted.values())
        return cls(result.rows_in, result.rows_accepted - pending, pending, result.rows_rejected)


@dataclass(frozen=True)
class Broken:
    """One rule as it was broken in one column of one sheet.

    Attributes
    ----------
    file, sheet : str
        Where; "" where it was broken in several.
    title : str
        The column's title; "" where the rule is about a whole row, sheet or file.
    words : str
        The rule in words.
    example : str
        What was said of the first cell, with the mend; "" where that is no more than `words`.
    count : int
        How many cells, rows or sheets.
    first_row : int or None
        None: the sheet or file as a whole.
    findings : polars.DataFrame
        Those counted here, in order of their rows.
    """

    file: str
    sheet: str
    area: str | None
    field: str | None
    rule: str
    severity: str
    title: str
    words: str
    example: str
    count: int
    first_row: int | None
    findings: pl.DataFrame


def tally(
    findings: pl.DataFrame,
    areas: Areas,
    language: Language,
    *,
    by_sheet: bool = True,
) -> list[Broken]:
    """Findings counted by column and rule: errors first, areas as they come, the most frequent first.

    Each sheet is counted by itself, or with `by_sheet=False` all sheets of an area together.
    """
    if findings.is_empty():
        return []
    place = ["file", "sheet", "area"] if by_sheet else ["area"]
    groups = findings.partition_by("severity", *place, "field", "rule", maintain_order=True)
    places = findings.select(place).unique(maintain_order=True).rows()
    order = {where: number for number, where in enumerate(places)}
    ranked = sorted(
        groups,
        key=lambda g: (g["severity"][0] != "error", order[g.select(place).row(0)], -g.height),
    )
    return [_broken(group, areas, language) for group in ranked]


def _broken(group: pl.DataFrame, areas: Areas, language: Language) -> Broken:
    group = group.sort("row", nulls_last=False, maintain_order=True)
    first = group.row(0, named=True)
    area = areas.get(first["area"] or "")
    message = first[f"message_{language}"]
    words = in_words(first["rule"], area, language) or message
    return Broken(
        file=_only(group["file"]),
        sheet=_only(group["sheet"]),
        area=first["area"],
        field=first["field"],
        rule=first["rule"],
        severity=first["severity"],
        title=field_title(area, first["field"], language),
        words=words,
        example="" if message == words else message,
        count=group.height,
        first_row=first["row"],
        findings=group,
    )


def _only(names: pl.Series) -> str:
    return str(names[0]) if names.n_unique() == 1 else ""


def field_title(area: AreaInfo | None, name: str | None, language: Language) -> str:
    """What a field is called; a name that is no field stands for itself."""
    field = area.find(name) if area else None
    return field.title(language) if field else name or ""
