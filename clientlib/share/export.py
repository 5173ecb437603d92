"""What one person takes out of the book: the rows of some areas as the role sees them, into one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from clientlib.book import Book
from clientlib.book.clocks import AsOf, KnownAt
from clientlib.book.merges import CLIENT
from clientlib.config import Language
from clientlib.errors import Words
from clientlib.share.errors import ShareError
from clientlib.share.writers import Extract, write_csv, write_parquet, write_workbook
from clientlib.tables import AreaInfo

ONE_AREA = (".csv", ".parquet")
ENDINGS = (".xlsx", *ONE_AREA)


@dataclass(frozen=True)
class Exported:
    """What was written: the file, and how many rows of each area are in it."""

    path: Path
    rows: Mapping[str, int]


def export(
    book: Book,
    names: Sequence[str],
    target: Path,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    language: Language = "en",
) -> Exported:
    """Write the rows that the role sees into a file, and record that they were taken.

    Parameters
    ----------
    book : Book
    names : sequence of str
        Areas; a CSV or Parquet file holds one.
    target : path
        Its ending says what it becomes: .xlsx, .csv or .parquet. An existing file is replaced.
    as_of, known_at
        As for `Book.area`.
    language : {"en", "zh"}
        Of titles and labels in .xlsx and .csv; a .parquet file has the names of the fields and the codes.

    Raises
    ------
    PermissionRefused
        The role may not export, or does not see an area.
    BookError
        There is no such area, or the export cannot be recorded. Nothing was written.
    ShareError, SheetError, Unwritable
        The file cannot be so called, does not hold so much, or cannot be written.
    """
    book.access.needs("may_export", Words("export rows", "导出数据"))
    areas = [book.access.area(name) for name in dict.fromkeys(names)]
    _check_name(target, areas)
    frames = {area.name: _rows(book, area, as_of, known_at) for area in areas}
    extracts = [Extract(area, [frames[area.name]]) for area in areas]
    with book.audit.doing(
        "export",
        clients=_clients(frames.values()),
        areas=list(frames),
        rows=sum(frame.height for frame in frames.values()),
        file=target.name,
        as_of=as_of,
        known_at=known_at,
    ):
        _write(target, extracts, language, book.settings.firm.time_zone)
    return Exported(target, {name: frame.height for name, frame in frames.items()})


def _check_name(target: Path, areas: Sequence[AreaInfo]) -> None:
    ending = target.suffix.lower()
    if ending not in ENDINGS:
        *most, last = ENDINGS
        raise ShareError(
            f"{target.name}: what it becomes, its name must say. Let it end in {', '.join(most)} or {last}.",
            f"{target.name}：文件类型由扩展名决定。请以 {'、'.join(most)} 或 {last} 结尾。",
        )
    if ending in ONE_AREA and len(areas) != 1:
        raise ShareError(
            f"{target.name} holds one area. Name one, or let the file end in .xlsx.",
            f"{target.name} 只能存放一张表。请只指定一张，或让文件名以 .xlsx 结尾。",
        )


def _rows(book: Book, area: AreaInfo, as_of: AsOf, known_at: KnownAt) -> pl.DataFrame:
    """The rows in the declared types; what shows masked or in bands is text."""
    frame = pl.from_pandas(book.area(area.name, as_of, known_at))
    return frame.select(
        column if column.dtype == pl.String else column.cast(area.field(column.name).dtype)
        for column in frame.iter_columns()
    )


def _clients(frames: Iterable[pl.DataFrame]) -> list[str]:
    """Whose rows are among them."""
    named = [frame[CLIENT] for frame in frames if CLIENT in frame.columns]
    return pl.concat(named).drop_nulls().unique().sort().to_list() if named else []


def _write(target: Path, extracts: Sequence[Extract], language: Language, time_zone: str) -> None:
    ending = target.suffix.lower()
    if ending == ".parquet":
        write_parquet(target, extracts[0])
    elif ending == ".csv":
        write_csv(target, extracts[0], language=language, time_zone=time_zone)
    else:
        write_workbook(target, extracts, language=language, time_zone=time_zone)
