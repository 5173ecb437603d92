"""The workbook that staff fill in: every area asked for, empty or with what the book has of it already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from clientlib.config import Language
from clientlib.errors import Words, meant
from clientlib.sheets.content import SheetContent
from clientlib.sheets.limits import SheetError
from clientlib.sheets.writing import write_areas
from clientlib.tables import AreaInfo, Areas

SPARE_ROWS = 5_000
"""Rows below the last one that are prepared: more than a branch types into one file."""


def write_template(
    path: Path,
    areas: Areas,
    *,
    names: Sequence[str] | None = None,
    language: Language = "en",
    branch: str | None = None,
    prefill: Mapping[str, pl.DataFrame] | None = None,
    time_zone: str,
) -> int:
    """Write a workbook for staff to fill in: the whole file, or none of it.

    Parameters
    ----------
    path : path
        Ends in .xlsx; an existing file is replaced.
    areas : mapping of str to AreaInfo
        The table of the workbook (`Workbook.areas`).
    names : sequence of str, optional
        The areas that get a sheet; all of them by default.
    language : {"en", "zh"}, default "en"
    branch : str, optional
        The only branch that may be chosen. Of `prefill`, only its clients' rows are written.
    prefill : mapping of str to polars.DataFrame, optional
        Area → rows typed as in the book. All of them are written, in their order.
    time_zone : str
        IANA name: the zone in which instants are shown and typed.

    Returns
    -------
    int
        How many rows of `prefill` are in it.

    Raises
    ------
    SheetError
        An area is not known, `prefill` does not tell whose branch a row is, or something does not fit.
    Unwritable
        The file cannot be written, or its name does not end in .xlsx.
    """
    chosen = [_known(name, areas) for name in dict.fromkeys(names if names is not None else areas)]
    if not chosen:
        raise SheetError(
            f"No area was asked for. Choose from: {', '.join(areas)}.",
            f"未指定任何表。可选：{'、'.join(areas)}。",
        )
    rows = dict(prefill or {})
    if branch is not None:
        rows = {area.name: _of_branch(rows, area, branch) for area in chosen if area.name in rows}
    contents = [SheetContent(area, rows.get(area.name, pl.DataFrame())) for area in chosen]
    write_areas(path, contents, language=language, time_zone=time_zone, branch=branch, spare_rows=SPARE_ROWS)
    return sum(content.rows.height for content in contents)


def _known(name: str, areas: Areas) -> AreaInfo:
    if name in areas:
        return areas[name]
    hint = meant(name, areas, Words("Choose from", "可选"))
    raise SheetError(f'There is no area "{name}". {hint.en}', f"没有名为“{name}”的表。{hint.zh}")


def _of_branch(rows: Mapping[str, pl.DataFrame], area: AreaInfo, branch: str) -> pl.DataFrame:
    """The rows of an area that belong to clients of one branch; all where an area is not about clients."""
    mine = rows[area.name]
    if "branch" in mine.columns:
        return mine.filter(pl.col("branch") == branch)
    if "client_id" not in mine.columns:
        return mine
    clients = rows.get("clients", pl.DataFrame())
    if not {"client_id", "branch"} <= set(clients.columns):
        raise SheetError(
            f"Which rows of {area.title_en} ({area.title_zh}) belong to a branch is told by the basic "
            "information of the clients, which was not given. Give it too, or ask for no branch.",
            f"“{area.title_zh}”（{area.title_en}）中哪些行属于某营业部，须由客户的基本信息判断，"
            "而基本信息未提供。"
            "请一并提供，或不指定营业部。",
        )
    return mine.join(
        clients.filter(pl.col("branch") == branch), on="client_id", how="semi", maintain_order="left"
    )
