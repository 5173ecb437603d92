"""Hand-ins in our own form (CSV, Excel, Parquet; a file or a folder; one area or many) → pieces to check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from clientlib import masks
from clientlib.config import Settings
from clientlib.errors import IntakeError
from clientlib.intake import headers, messages, parquet_files, sources, text_files, workbooks
from clientlib.intake.check import Piece
from clientlib.intake.natural import PREFIX
from clientlib.intake.own_columns import is_own_column
from clientlib.intake.recognise.confirmed import UNCONFIRMED, Confirmed
from clientlib.intake.result import PROBLEMS
from clientlib.intake.tables_in import Notice, RawChunk, RawTable, column_names
from clientlib.tables import AreaInfo, Areas


def pieces(
    path: Path,
    settings: Settings,
    areas: Areas,
    *,
    natural_keys: bool = False,
    confirmed: Confirmed = UNCONFIRMED,
) -> Iterator[Piece]:
    """All that can be read at `path`, in order of the files' names, columns as a person has confirmed them.

    With `natural_keys`, a sheet may lack the client's number where another column can tell whose a row is.

    Raises
    ------
    IntakeError
        A file as a whole cannot be taken: see `sources.examine`, `text_files.read`, `headers.check`.
    """
    files, aside = sources.listed(path)
    for source in files:
        sources.examine(source, settings.intake)
    for name in aside:
        yield Piece(name, notices=[Notice("file_ignored")])
    any_rows = False
    for source in files:
        found = map(confirmed.retitled, tables(source))
        for piece in _file_pieces(source, found, areas, natural_keys=natural_keys, alone=len(files) == 1):
            any_rows = any_rows or piece.rows is not None
            yield piece
    if not any_rows:
        raise IntakeError(
            f"{path.name}: no file here has a row below its header. There is nothing to take.",
            f"{path.name}：此处的文件都只有表头，没有数据行，因此没有可导入的内容。",
        )


def _file_pieces(
    source: sources.Source, found: Iterable[RawTable], areas: Areas, *, natural_keys: bool, alone: bool
) -> Iterator[Piece]:
    """The pieces of one file; a file in which no table is an area is an error."""
    strays: list[tuple[RawTable, list[Piece]]] = []
    recognised = seen = False
    for table in found:
        seen = True
        place = headers.find(table, areas)
        if place is None and table.alone:
            first = next(iter(table.chunks), None)
            raise headers.wrong_header(table, areas, first.rows if first is not None else None)
        if place is None:
            strays.append((table, list(_stray_pieces(table))))
            continue
        recognised = True
        wrong = headers.check(table, place, natural_keys=natural_keys)
        if wrong is not None:
            if table.alone:
                raise wrong
            yield from _refused_pieces(table, place.area, wrong)
            continue
        yield from _area_pieces(table, place, alone and table.alone)
    if not seen:
        if alone:
            raise IntakeError(
                f"{source.name}: the workbook is empty. Fill in the template and hand it in anew.",
                f"{source.name}：工作簿是空的。请填写模板后重新提交。",
            )
        # Of many branches, one may have had nothing to hand in.
        yield Piece(source.name, notices=[Notice("empty_workbook")])
        return
    if not recognised:
        stray, refused = strays[0]
        raise headers.wrong_header(stray, areas, next((piece.rows for piece in refused), None))
    for _, refused in strays:
        yield from refused


def tables(source: sources.Source) -> Iterator[RawTable]:
    """The tables of a file, whatever its kind."""
    if source.kind == "workbook":
        yield from workbooks.read(source)
    elif source.kind == "parquet":
        yield parquet_files.read(source)
    else:
        yield text_files.read(source)


# ---------------------------------------------------------------------------- an area's rows
def _area_pieces(table: RawTable, place: headers.Place, alone: bool) -> Iterator[Piece]:
    first = [*table.notices, *_header_notices(place)]
    blank_told: set[int] = set()
    any_rows = False
    for chunk in table.chunks:
        notices = [*first, *chunk.notices, *_blank_columns(chunk, place, blank_told)]
        first = []
        any_rows = any_rows or chunk.rows.height > 0
        rows = _by_field(chunk, place)
        problems = chunk.problems.filter(pl.col("row").is_in(rows.get_column("_row").implode()))
        yield Piece(table.file, table.sheet, place.area, rows if rows.height else None, problems, notices)
    if not any_rows:
        if alone:
            raise IntakeError(
                f"{table.where.en}: there is a header but no row below it. Add the rows, or leave it out.",
                f"{table.where.zh}：只有表头，没有数据行。请补充数据行，或不提交此表。",
            )
        yield Piece(table.file, table.sheet, place.area, notices=[*first, Notice("no_rows")])


def _by_field(chunk: RawChunk, place: headers.Place) -> pl.DataFrame:
    columns = {name: f"c{at}" for at, name in place.columns.fields.items()}
    ordered = [f.name for f in place.area.fields if f.name in columns]
    own = [pl.col(columns[name]).alias(name) for name in ordered]
    beside = [pl.col(f"c{at}").alias(PREFIX + name) for at, name in place.columns.natural.items()]
    return chunk.rows.select(*own, *beside, "_row")


def _header_notices(place: headers.Place) -> list[Notice]:
    notices = [Notice("area_guessed")] if place.guessed else []
    titles = [title for title in place.columns.unknown.values() if title and not is_own_column(title)]
    notices += [Notice("unknown_column", title, value=masks.scrub(title)) for title in titles]
    present = set(place.columns.fields.values())
    absent = [f.name for f in place.area.fields if f.required and f.name not in present]
    return notices + [Notice("missing_column", name, field=name) for name in absent]


def _blank_columns(chunk: RawChunk, place: headers.Place, told: set[int]) -> list[Notice]:
    """A notice for each column without a title that has something in it, once."""
    blank = [at for at, title in place.columns.unknown.items() if not title and at not in told]
    filled = [at for at in blank if (chunk.rows.get_column(f"c{at}").fill_null("") != "").any()]
    told.update(filled)
    return [Notice("blank_header", str(at + 1)) for at in filled]


# ------------------------------------------------------------------------ sheets not taken
def _stray_pieces(table: RawTable) -> Iterator[Piece]:
    """A sheet that is no area: its rows are refused, unless it is hidden (lists of a template)."""
    if not table.visible:
        yield Piece(table.file, table.sheet, notices=[Notice("hidden_sheet")])
        return
    titles: list[str] = []
    for at, title in enumerate(table.header):
        titles.append(
            title if title and title not in titles and not title.startswith("_") else f"column {at + 1}"
        )
    for chunk in table.chunks:
        names = dict(zip(column_names(len(titles)), titles, strict=True))
        yield Piece(table.file, table.sheet, rows=chunk.rows.rename(names))


def _refused_pieces(table: RawTable, area: AreaInfo, wrong: IntakeError) -> Iterator[Piece]:
    """A sheet whose key is not there, beside others that can be taken: each of its rows is refused."""
    fields = headers.match(table.header, area)
    for chunk in table.chunks:
        rows = _by_field(chunk, headers.Place(area, fields, guessed=False))
        problems = rows.select(
            pl.col("_row").alias("row"),
            *(pl.lit(None, pl.String).alias(n) for n in ("field", "value")),
            pl.lit("wrong_header").alias("rule"),
            pl.lit(messages.in_one(wrong.words)).alias("detail"),
        )
        yield Piece(table.file, table.sheet, area, rows, problems.cast(dict(PROBLEMS)))  # type: ignore[arg-type]
