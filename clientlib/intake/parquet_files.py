"""Parquet files, every value as text, so that they pass the same checks as what people type."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from clientlib.declare import SEPARATOR
from clientlib.errors import IntakeError
from clientlib.intake.sources import Source
from clientlib.intake.tables_in import FIRST_ROW, RawChunk, RawTable, column_names, numbered, without_blank

_ROWS = 250_000


def read(source: Source) -> RawTable:
    """A Parquet file, not yet read further than its schema; its first row counts as row 2.

    Raises
    ------
    IntakeError
        The file is damaged, or has a column whose values cannot be written as text.
    """
    try:
        scan = pl.scan_parquet(source.path)
        schema = scan.collect_schema()
    except (pl.exceptions.PolarsError, OSError):
        raise _damaged(source) from None
    for name, dtype in schema.items():
        if isinstance(dtype, pl.Struct | pl.Binary | pl.Object):
            raise IntakeError(
                f"{source.name}, column {name}: values of type {dtype} cannot be read. Write it "
                "as text, numbers or dates.",
                f"{source.name}，列 {name}：无法读取 {dtype} 类型的值。请改存为文本、数字或日期。",
            )
    return RawTable(source.name, "", tuple(schema.names()), _chunks(source, scan, schema))


def _chunks(source: Source, scan: pl.LazyFrame, schema: pl.Schema) -> Iterator[RawChunk]:
    names = column_names(len(schema))
    texts = [_text(name, dtype).alias(to) for (name, dtype), to in zip(schema.items(), names, strict=True)]
    start = 0
    while True:
        try:
            rows = scan.slice(start, _ROWS).select(texts).collect()
        except (pl.exceptions.PolarsError, OSError):
            raise _damaged(source) from None
        if rows.height == 0:
            return
        yield RawChunk(without_blank(numbered(rows, FIRST_ROW + start)))
        start += rows.height


def _text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        form = "%Y-%m-%d %H:%M:%S%.f" if dtype.time_zone is None else "%Y-%m-%dT%H:%M:%S%.f%:z"
        return column.dt.strftime(form)
    if isinstance(dtype, pl.List | pl.Array):
        return column.cast(pl.List(pl.String)).list.join(SEPARATOR)
    return column.cast(pl.String)


def _damaged(source: Source) -> IntakeError:
    return IntakeError(
        f"{source.name}: the Parquet file is damaged and cannot be read. Write it again.",
        f"{source.name}：Parquet文件已损坏，无法读取。请重新生成。",
    )
