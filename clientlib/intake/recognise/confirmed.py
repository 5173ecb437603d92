"""What a person has confirmed of an unfamiliar hand-in, and how the intake applies it.

Nothing else is applied: a column or word without an answer stays as it was found. Each column renamed and
each word replaced is recorded as a change of the kind "confirmed".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from clientlib.codes import fold
from clientlib.declare import SEPARATOR, Field
from clientlib.errors import IntakeError
from clientlib.intake.cells import split_several
from clientlib.intake.recognise import vocabulary
from clientlib.intake.recognise.headless import rows_from_first
from clientlib.intake.result import CHANGES
from clientlib.intake.tables_in import RawTable
from clientlib.masks import scrub
from clientlib.tables import AreaInfo

KIND = "confirmed"
HEADER_ROW = 1
ADDRESS = "address"
REGION = vocabulary.REGION.name


@dataclass(frozen=True)
class ConfirmedTable:
    """One table: its area, and the fields of its columns by place, with the titles that stood there.

    `headless`: row 1 is data, not a header.
    """

    area: str
    fields: Mapping[int, str]
    titles: Mapping[int, str]
    headless: bool = False


@dataclass(frozen=True)
class Confirmed:
    """The answers of a person.

    Attributes
    ----------
    tables : mapping
        (file, sheet) → what its columns are; sheet is "" outside workbooks.
    words : mapping
        (area, field) → word (numbers and mail addresses in it masked) → code.
    """

    tables: Mapping[tuple[str, str], ConfirmedTable] = field(default_factory=dict)
    words: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    # ------------------------------------------------------------------------ columns
    def retitled(self, table: RawTable) -> RawTable:
        """The table with the confirmed columns titled by their fields, and its area settled.

        Raises
        ------
        IntakeError
            Another title stands above a column than when it was confirmed.
        """
        known = self.tables.get((table.file, table.sheet))
        if known is None:
            return table
        header = ("",) * len(table.header) if known.headless else table.header
        for place, title in known.titles.items():
            if place >= len(header) or header[place] != title:
                raise _another_title(table, place)
        titled = tuple(known.fields.get(place, title) for place, title in enumerate(header))
        chunks = rows_from_first(table) if known.headless else table.chunks
        return replace(table, header=titled, chunks=chunks, area=known.area)

    def column_changes(self, file: str, sheet: str) -> pl.DataFrame:
        """The columns of a table that were renamed, as `CHANGES`."""
        known = self.tables.get((file, sheet))
        if known is None:
            return CHANGES.to_frame()
        rows = [
            (file, sheet, HEADER_ROW, known.area, name, known.titles.get(place, ""), name, KIND)
            for place, name in sorted(known.fields.items())
        ]
        return pl.DataFrame(rows, schema=CHANGES, orient="row")

    # -------------------------------------------------------------------------- words
    def sorted_words(self, rows: pl.DataFrame, area: AreaInfo) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows of text with the confirmed words replaced by their codes, and what was replaced.

        Returns
        -------
        (polars.DataFrame, polars.DataFrame)
            The rows; and row, field, before, after, kind for each cell replaced, numbers and mail
            addresses in `before` masked.
        """
        replaced = []
        for listed in (f for f in area.fields if (area.name, f.name) in self.words):
            words = {key_of(word): code for word, code in self.words[area.name, listed.name].items()}
            before = rows.get_column(listed.name) if listed.name in rows.columns else None
            after = _coded(before, listed, words) if before is not None else None
            if takes_region(listed, area) and ADDRESS in rows.columns:
                after = _with_regions(after, rows.get_column(ADDRESS), words)
            if after is None:
                continue
            replaced.append(_replaced(rows.get_column("_row"), before, after, listed.name))
            rows = rows.with_columns(after.alias(listed.name))
        empty = pl.DataFrame(schema=_REPLACED)
        return rows, pl.concat([empty, *replaced])


UNCONFIRMED = Confirmed()
"""No answers: everything stays as it was found."""
_REPLACED = pl.Schema({name: CHANGES[name] for name in ("row", "field", "before", "after", "kind")})


def key_of(word: str) -> str:
    """How a word is found again: numbers and mail addresses masked, case, width and spaces apart."""
    return fold(scrub(word))


def takes_region(field: Field, area: AreaInfo) -> bool:
    """Whether a field tells the region of the address that stands beside it."""
    has_address = any(other.name == ADDRESS for other in area.fields)
    return has_address and field.code_list is not None and field.code_list.name == REGION


def _coded(column: pl.Series, listed: Field, words: Mapping[str, str]) -> pl.Series:
    """The column with each confirmed word as its code; all else as it stands."""
    return column.replace({text: _code(text, listed, words) for text in column.drop_nulls().unique()})


def _code(text: str, listed: Field, words: Mapping[str, str]) -> str:
    if listed.kind == "codes":
        parts = [words.get(key_of(part), part) for part in split_several(text)]
        changed = any(key_of(part) in words for part in split_several(text))
        return SEPARATOR.join(dict.fromkeys(parts)) if changed else text
    return words.get(key_of(text), text)


def _with_regions(column: pl.Series | None, addresses: pl.Series, words: Mapping[str, str]) -> pl.Series:
    """The column of regions, filled from the places of the addresses where it is empty."""
    places = {text: vocabulary.place(text) for text in addresses.drop_nulls().unique()}
    known = {text: words.get(key_of(place)) for text, place in places.items() if place is not None}
    told = addresses.replace_strict(known, default=None, return_dtype=pl.String)
    if column is None:
        return told
    blank = column.is_null() | (column.str.strip_chars() == "")
    return pl.select(pl.when(blank).then(told).otherwise(column)).to_series()


def _replaced(rows: pl.Series, before: pl.Series | None, after: pl.Series, name: str) -> pl.DataFrame:
    stood = before if before is not None else pl.Series([None] * rows.len(), dtype=pl.String)
    cells = pl.DataFrame({"row": rows, "before": stood, "after": after})
    changed = cells.filter(pl.col("after").is_not_null() & ~pl.col("before").eq_missing(pl.col("after")))
    return changed.select(
        "row",
        pl.lit(name).alias("field"),
        pl.col("before").map_elements(scrub, return_dtype=pl.String),
        "after",
        pl.lit(KIND).alias("kind"),
    )


def _another_title(table: RawTable, place: int) -> IntakeError:
    return IntakeError(
        f"{table.where.en}: column {place + 1} has another title than when it was confirmed. Let the file be "
        "recognised again: clientlib recognise FILE --output FILE.xlsx",
        f"{table.where.zh}：第{place + 1}列的标题与确认时不同。"
        "请重新识别该文件：clientlib recognise FILE --output FILE.xlsx",
    )
