"""A whole hand-in looked at: what its columns may be, and which code its unfamiliar words may stand for.

Nothing is checked or taken here; what comes out is for a person to answer (`confirm`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from clientlib import config, masks
from clientlib.declare import Field
from clientlib.errors import IntakeError
from clientlib.intake import headers, readers, sources
from clientlib.intake.recognise import vocabulary
from clientlib.intake.recognise.columns import ColumnGuess, recognise
from clientlib.intake.recognise.confirmed import ADDRESS, takes_region
from clientlib.intake.recognise.headless import is_data, rows_from_first
from clientlib.intake.recognise.shapes import shape
from clientlib.intake.recognise.sorting import DECIDED, SORTED, sort_text
from clientlib.intake.tables_in import RawTable
from clientlib.tables import AREAS, AreaInfo, Areas

LOOKED_AT = 20_000
"""Rows of a table that are looked at."""
MOST_WORDS = 300
"""Different words of a field that a person is asked about, the commonest first."""
_EXAMPLES = 3
_LONGEST_EXAMPLE = 20
_MASKS: Mapping[str, masks.MaskKind] = {
    "id_card": "id_number",
    "licence": "id_number",
    "identifier": "id_number",
    "mobile": "phone",
    "email": "email",
    "address": "address",
    "person": "name",
    "latin_name": "name",
    "organisation": "name",
    "sentence": "name",
    "other": "name",
}
COLUMNS_FOUND = pl.Schema(
    {
        "file": pl.String(),
        "sheet": pl.String(),
        "place": pl.UInt32(),
        "column": pl.String(),
        "headless": pl.Boolean(),
        "area": pl.String(),
        "field": pl.String(),
        "confidence": pl.Float64(),
        "status": pl.String(),
        "examples": pl.String(),
        "why_en": pl.String(),
        "why_zh": pl.String(),
    }
)
WORDS_FOUND = pl.Schema(
    {
        "area": pl.String(),
        "field": pl.String(),
        "text": pl.String(),
        "code": pl.String(),
        "probability": pl.Float64(),
        "status": pl.String(),
        "count": pl.UInt32(),
    }
)


@dataclass(frozen=True)
class Recognised:
    """What a hand-in may be, unsure things first.

    Attributes
    ----------
    columns : polars.DataFrame
        A row a column whose title is not plainly a field's: file, sheet, place (from 0), column (its title,
        "" where row 1 is data), headless (row 1 is data), area, field, confidence, status, examples
        (masked), why_en, why_zh.
    words : polars.DataFrame
        A row a word that its code list does not know: area, field, text (numbers and mail addresses in it
        masked; of an address only province and city), code, probability, status, count.
    """

    columns: pl.DataFrame
    words: pl.DataFrame


def recognise_file(
    path: Path | str,
    *,
    settings: config.Settings | None = None,
    areas: Areas = AREAS,
    decisions: pl.DataFrame | None = None,
) -> Recognised:
    """Look at a file, or all files of a folder.

    Parameters
    ----------
    path : path-like
        A CSV, Excel or Parquet file, or a folder of such files.
    settings : Settings, optional
        The firm's settings; the defaults without them.
    areas : mapping of str to AreaInfo
        The table of the workbook.
    decisions : polars.DataFrame, optional
        What the firm has decided before (`decisions.load`).

    Raises
    ------
    IntakeError
        A file as a whole cannot be read; the message says what, where, and the mend.
    """
    settings = settings or config.load()
    zone = settings.firm.time_zone
    looks = [_look(table, areas, zone) for table in _tables(Path(path), settings) if table.visible]
    columns = [look.row(guess) for look in looks for guess in look.guesses if not look.is_plain(guess)]
    found = pl.DataFrame(columns, schema=COLUMNS_FOUND, orient="row")
    return Recognised(_unsure_first(found, "confidence"), _words(looks, areas, decisions))


def _tables(path: Path, settings: config.Settings) -> Iterator[RawTable]:
    files, _ = sources.listed(path)
    for source in files:
        sources.examine(source, settings.intake)
        yield from readers.tables(source)


def _unsure_first(frame: pl.DataFrame, by: str) -> pl.DataFrame:
    rank = pl.col("status").replace_strict(_ORDER, default=0, return_dtype=pl.Int8)
    return frame.sort(rank, by, maintain_order=True)


_ORDER = {"unknown": 0, "unsure": 1, "sure": 2, "decided": 3, "listed": 3}


# ------------------------------------------------------------------------------ columns
@dataclass(frozen=True)
class _Look:
    """One table, its first rows, and what each of its columns may be."""

    table: RawTable
    headless: bool
    rows: pl.DataFrame
    guesses: tuple[ColumnGuess, ...]
    areas: Areas

    def is_plain(self, guess: ColumnGuess) -> bool:
        """Whether the intake takes the column as it is, or there is nothing in it to ask about."""
        if guess.area is None:
            return not guess.title and self._cells(guess).null_count() == self.rows.height
        if self.headless:
            return False
        titled = headers.match((guess.title,), self.areas[guess.area]).fields.get(0)
        return titled == guess.field and guess.status == "sure"

    def row(self, guess: ColumnGuess) -> tuple[object, ...]:
        return (
            self.table.file,
            self.table.sheet,
            guess.place,
            guess.title,
            self.headless,
            guess.area,
            guess.field,
            guess.confidence,
            guess.status,
            self._examples(guess),
            guess.why_en,
            guess.why_zh,
        )

    def cells_of(self, name: str) -> pl.Series | None:
        """The column that is probably the field of this name."""
        found = next((guess for guess in self.guesses if guess.field == name), None)
        return None if found is None else self._cells(found)

    @property
    def area(self) -> AreaInfo | None:
        name = next((guess.area for guess in self.guesses if guess.area), None)
        return self.areas[name] if name else None

    def _cells(self, guess: ColumnGuess) -> pl.Series:
        return self.rows.get_column(f"c{guess.place}")

    def _examples(self, guess: ColumnGuess) -> str:
        field = self.areas[guess.area].field(guess.field) if guess.area and guess.field else None
        texts = self._cells(guess).drop_nulls().unique(maintain_order=True).head(_EXAMPLES)
        return " · ".join(example(text, field) for text in texts)


def example(text: str, field: Field | None) -> str:
    """A cell as it may stand beside a guess: masked by what it looks like, and by what it may be."""
    if field is not None and field.sensitivity == "I":
        return masks.mask(text, masks.kind_of(field)) or ""
    kind = _MASKS.get(shape(text))
    shown = masks.scrub(text) if kind is None else masks.mask(text, kind) or ""
    return shown if len(shown) <= _LONGEST_EXAMPLE else f"{shown[:_LONGEST_EXAMPLE]}…"


def _look(table: RawTable, areas: Areas, zone: str) -> _Look:
    headless = is_data(table.header)
    chunks = rows_from_first(table) if headless else table.chunks
    rows = _first_rows(chunk.rows for chunk in chunks)
    titles = ("",) * len(table.header) if headless else table.header
    named = _named_area(table, areas)
    guesses = recognise(rows.drop("_row"), titles, areas, named, time_zone=zone) if rows.width > 1 else []
    return _Look(table, headless, rows, tuple(guesses), areas)


def _first_rows(chunks: Iterator[pl.DataFrame]) -> pl.DataFrame:
    first = next(chunks, None)
    if first is None:
        return pl.DataFrame({"_row": []})
    taken = [first]
    while sum(part.height for part in taken) < LOOKED_AT and (more := next(chunks, None)) is not None:
        taken.append(more)
    return pl.concat(taken).head(LOOKED_AT)


def _named_area(table: RawTable, areas: Areas) -> str | None:
    """The area that the intake itself takes the table for, if it does and its key is there."""
    try:
        place = headers.find(table, areas)
    except IntakeError:
        return None
    return place.area.name if place is not None and headers.check(table, place) is None else None


# -------------------------------------------------------------------------------- words
def _words(looks: list[_Look], areas: Areas, decisions: pl.DataFrame | None) -> pl.DataFrame:
    texts: dict[tuple[str, str], list[str | None]] = {}
    for look in looks:
        if look.area is None:
            continue
        for field in look.area.fields:
            if cells := _unfamiliar(look, look.area, field):
                texts.setdefault((look.area.name, field.name), []).extend(cells)
    parts = [_sorted(areas[area].field(name), cells, decisions) for (area, name), cells in texts.items()]
    return _unsure_first(pl.concat([pl.DataFrame(schema=WORDS_FOUND), *parts]), "probability")


def _unfamiliar(look: _Look, area: AreaInfo, field: Field) -> list[str | None]:
    """The cells from which words for a field come: its own, or the places of the addresses beside it."""
    if field.kind not in ("code", "codes"):
        return []
    own = look.cells_of(field.name)
    found = [] if own is None else own.to_list()
    if takes_region(field, area) and (addresses := look.cells_of(ADDRESS)) is not None:
        empty = [True] * addresses.len() if own is None else own.is_null().to_list()
        pairs = zip(addresses.to_list(), empty, strict=True)
        found = [*found, *(vocabulary.place(text) for text, blank in pairs if blank and text is not None)]
    return found


def _sorted(field: Field, cells: list[str | None], decisions: pl.DataFrame | None) -> pl.DataFrame:
    known = decisions if decisions is not None else pl.DataFrame(schema={"field": pl.String, **DECIDED})
    own = known.filter(pl.col("field") == f"{field.area}.{field.name}").select("text", "code")
    scrubbed = (None if cell is None else masks.scrub(cell) for cell in cells)
    found = sort_text(scrubbed, field, decisions=own)
    asked = found.filter((pl.col("status") != "listed") | _is_place(field)).sort(
        "count", descending=True, maintain_order=True
    )
    return asked.head(MOST_WORDS).select(
        pl.lit(field.area).alias("area"), pl.lit(field.name).alias("field"), *SORTED.names()
    )


def _is_place(field: Field) -> bool:
    """Places of addresses are asked about also where the list knows them: nobody typed them as a region."""
    return field.code_list is not None and field.code_list.name == vocabulary.REGION.name
