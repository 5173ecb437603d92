"""The files of FAR-Trans: which there are, their rows by the names of DATASET.txt, repeated records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from clientlib.errors import IntakeError
from clientlib.intake import sources, text_files
from clientlib.intake.check import Piece
from clientlib.intake.spelling import folded
from clientlib.intake.tables_in import Notice, RawChunk
from clientlib.tables import AREAS

NOON = " 12:00:00Z"
"""Dated rows become the noon of UTC: the same calendar day from UTC-12 to UTC+11:59."""
COLUMNS = {
    "customer_information.csv": (
        "customerID",
        "customerType",
        "riskLevel",
        "investmentCapacity",
        "lastQuestionnaireDate",
        "timestamp",
    ),
    "asset_information.csv": (
        "ISIN",
        "assetName",
        "assetShortName",
        "assetCategory",
        "assetSubCategory",
        "marketID",
        "sector",
        "timestamp",
    ),
    "close_prices.csv": ("ISIN", "timestamp", "closePrice"),
    "limit_prices.csv": ("ISIN", "minDate", "maxDate", "priceMinDate", "priceMaxDate"),
    "transactions.csv": (
        "customerID",
        "ISIN",
        "transactionID",
        "transactionType",
        "timestamp",
        "totalValue",
        "units",
        "channel",
    ),
}
"""The files that are read, and their columns that are needed."""
NOT_NEEDED = ("markets.csv", "questionnaires.csv")


def files_at(path: Path) -> dict[str, sources.Source]:
    if not path.exists():
        raise IntakeError(
            f"{path}: there is no such file or folder. Check the path.",
            f"{path}：没有此文件或文件夹。请核对路径。",
        )
    candidates = [path] if path.is_file() else sorted(path.iterdir())
    found = {p.name: sources.Source(p, p.name, "text") for p in candidates if p.name in COLUMNS}
    if not found:
        raise IntakeError(
            f"{path.name}: there is no FAR-Trans file here. One of these is needed: {', '.join(COLUMNS)}.",
            f"{path.name}：此处没有FAR-Trans文件。至少需要其中之一：{'、'.join(COLUMNS)}。",
        )
    return found


def left_aside(path: Path, files: dict[str, sources.Source]) -> Iterator[Piece]:
    if path.is_file():
        return
    for name in NOT_NEEDED:
        if (path / name).exists():
            yield Piece(name, notices=[notice("not_needed", "Not needed: left aside.", "不需要，未读取。")])
    if "close_prices.csv" in files and "limit_prices.csv" in files:
        text = (
            "Left aside, because close_prices.csv has all prices.",
            "close_prices.csv已有全部行情，未读取。",
        )
        yield Piece("limit_prices.csv", notices=[notice("not_needed", *text)])
    for name in ("transactions.csv", "close_prices.csv"):
        if name not in files:
            yield Piece(name, notices=[notice("file_absent", "Not in the folder.", "文件夹中没有此文件。")])


def notice(rule: str, en: str, zh: str, area: str | None = None, row: int | None = None) -> Notice:
    return Notice(rule, f"{en}|{zh}", area=area, row=row)


# ------------------------------------------------------------------------------ reading
def chunks(source: sources.Source) -> Iterator[RawChunk]:
    """The rows of a file under the names of DATASET.txt."""
    table = text_files.read(source)
    places = {folded(title): f"c{at}" for at, title in enumerate(table.header)}
    missing = [name for name in COLUMNS[source.name] if folded(name) not in places]
    if missing:
        raise IntakeError(
            f"{source.name}: the column {missing[0]} is missing. Take the file as FAR-Trans "
            f"publishes it, or leave --reader away if it is another kind.",
            f"{source.name}：缺少列 {missing[0]}。"
            "请使用FAR-Trans发布的原始文件；若是其他文件，请去掉 --reader。",
        )
    names = [pl.col(places[folded(name)]).str.strip_chars().alias(name) for name in COLUMNS[source.name]]
    for chunk in table.chunks:
        rows = chunk.rows.select(*names, "_row")
        if rows.height:
            yield RawChunk(rows, chunk.problems, (*table.notices, *chunk.notices))


def whole(source: sources.Source) -> RawChunk:
    found = list(chunks(source))
    if not found:
        raise IntakeError(
            f"{source.name}: there is a header but no row below it. Take the whole file.",
            f"{source.name}：只有表头，没有数据行。请使用完整的文件。",
        )
    return RawChunk(
        pl.concat([chunk.rows for chunk in found]),
        pl.concat([chunk.problems for chunk in found]),
        tuple(told for chunk in found for told in chunk.notices),
    )


def piece(
    source: sources.Source, area: str, rows: pl.DataFrame, chunk: RawChunk, notices: Sequence[Notice] = ()
) -> Piece:
    fields = [f.name for f in AREAS[area].fields if f.name in rows.columns]
    problems = chunk.problems.filter(pl.col("row").is_in(rows.get_column("_row").implode()))
    return Piece(source.name, "", AREAS[area], rows.select(*fields, "_row"), problems, notices)


# --------------------------------------------------------------------- repeated records
def newest(rows: pl.DataFrame, key: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Per key the newest record (the first one where several are equally new), and the ones it replaces."""
    order = rows.sort("timestamp", "_row", descending=[True, False])
    chosen = order.unique(key, keep="first", maintain_order=True)
    kept = chosen.sort("_row")
    into = chosen.select(*key, pl.col("_row").alias("_into"))
    merged = rows.join(kept, on="_row", how="anti").join(into, on=key, how="left").sort("_row")
    return kept, merged


def about_merging(area: str, rows: int, kept: int, merged: int) -> Notice:
    title = AREAS[area]
    return notice(
        "merged",
        f"{rows:,} records make {kept:,} rows of {title.title_en}: {merged:,} older ones of the "
        f"same key were merged "
        "into the newest (each is named).",
        f"{rows:,}条记录得到{kept:,}行“{title.title_zh}”：{merged:,}条同一主键的较早记录并入最新一条（逐条列出）。",
        area=area,
    )


def merged_rows(merged: pl.DataFrame, area: str) -> Iterator[Notice]:
    for row, into in merged.select("_row", "_into").rows():
        yield notice(
            "merged_row",
            f"An older record of the same key: merged into row {into}.",
            f"同一主键的较早记录：并入第{into}行。",
            area=area,
            row=row,
        )
