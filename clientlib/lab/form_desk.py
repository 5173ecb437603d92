"""What the entry form does with a row: checked by the intake, looked up and saved in the book; no widgets.

The book is open only inside `find` and `save`: one that stands open keeps everybody else out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from clientlib import workbook
from clientlib.book import Book, ImportResult, open_book
from clientlib.book.connection import quoted
from clientlib.declare import Field
from clientlib.intake.cells import read
from clientlib.intake.check import Checker, Piece
from clientlib.intake.normalise import shown
from clientlib.intake.result import CheckResult
from clientlib.lab.form_wording import Hindrance
from clientlib.tables import AreaInfo, Areas
from clientlib.workbook import Workbook

ROLE = "data_entry"
SOURCE = "entry form"
"""What a batch of the form is called."""
_ROW = 1
Texts = Mapping[str, str]
"""A row as it was typed, by field; what is not there or "" is empty."""


@dataclass(frozen=True)
class Note:
    """What is said of one field, in both languages."""

    field: str | None
    rule: str
    en: str
    zh: str

    def text(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Checked:
    """What the intake says of one row.

    Attributes
    ----------
    result : CheckResult
        As for any hand-in: the row is in `accepted` or in `rejected`.
    errors : tuple of Note
        Why it would be refused; empty when it would be taken.
    pending : tuple of Note
        What would be an error if the remarks did not say why.
    taken_as : mapping of str to str
        Field → what a cell in another form is taken as, identity masked; "" when it is taken as empty.
    """

    area: AreaInfo
    result: CheckResult
    errors: tuple[Note, ...]
    pending: tuple[Note, ...]
    taken_as: Texts


@dataclass(frozen=True)
class Change:
    """A field whose value would be another: as a person types it, identity masked; None: empty."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class ToAgree:
    """A record stands in the book already, and saving would change this; nothing was saved yet."""

    key: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Saved:
    """What became of a row.

    Attributes
    ----------
    batch : int or None
        None: the book knew it just so already, and nothing was stored.
    stood : bool
        Whether the book had an earlier record of the key (of the client, in areas that keep versions).
    changes : tuple of Change
        In what the row differs from that record.
    pending : bool
        Whether a required field is still open.
    newer : str
        The date of a record that is newer than this one and goes on counting; "" without one.
    unknown : mapping of str to str
        Field → the client, security or campaign that it names and the book does not have yet.
    """

    key: str
    batch: int | None
    stood: bool
    changes: tuple[Change, ...]
    pending: bool
    newer: str
    unknown: Texts


@dataclass(frozen=True)
class _Standing:
    """Business dates of a client's records: the newest up to the row's, and the newest after it."""

    before: Any = None
    after: Any = None


def sit_down(path: Path | Workbook | None = None, role: str = ROLE) -> Desk:
    """A desk at which rows of a workbook can be filled in.

    Raises
    ------
    ClientlibError
        There is no workbook, no book or no key, or the role may not fill in rows.
    """
    found = path if isinstance(path, Workbook) else workbook.find(path)
    # Opening it shows now, not after half an hour of typing, that book and key are there.
    with open_book(found, role=role) as book:
        _must_see_all(book, role)
        return Desk(found, role, _areas(book))


def _must_see_all(book: Book, role: str) -> None:
    """A row that is saved replaces all of the earlier one: who does not see a field would empty it."""
    roles, taken = book.settings.roles, book.access.role
    if not taken.may_edit:
        editors = ", ".join(name for name, other in roles.items() if other.may_edit)
        raise Hindrance("may_not_edit", role=role, editors=editors)
    if taken.identity != "plain" or taken.sensitivity == "N":
        raise Hindrance("sees_too_little", role=role)
    if book.identity != "plain":
        raise Hindrance("no_vault_key")


def _areas(book: Book) -> Areas:
    return {area.name: area for area in book.access.areas}


@dataclass(frozen=True)
class Desk:
    """Where rows are checked, looked up and saved. `areas`: those that the role may fill in."""

    workbook: Workbook
    role: str
    areas: Areas

    @property
    def time_zone(self) -> str:
        return self.workbook.settings.firm.time_zone

    # ---------------------------------------------------------------------------- the row
    def proposed(self, area: AreaInfo) -> Texts:
        """What an empty row begins with: the moment at which it is true, where that is part of its key."""
        now = dt.datetime.now(ZoneInfo(self.time_zone)).strftime("%Y-%m-%d %H:%M:%S")
        return {name: now for name in area.key if area.field(name).kind == "instant"}

    def check(self, area: AreaInfo, texts: Texts) -> Checked:
        """What the intake says of a row."""
        result = self._checked(area, texts)
        errors = _errors(result)
        pending: tuple[Note, ...] = ()
        if texts.get("remarks"):
            told = {(note.field, note.rule) for note in errors}
            bare = _errors(self._checked(area, {**texts, "remarks": ""}))
            pending = tuple(note for note in bare if (note.field, note.rule) not in told)
        changed = result.changes.select("field", pl.col("after").fill_null("")).rows()
        return Checked(area, result, errors, pending, dict(changed))

    def _checked(self, area: AreaInfo, texts: Texts) -> CheckResult:
        cells = {field.name: [texts.get(field.name) or None] for field in area.fields}
        schema = dict.fromkeys(cells, pl.String)
        rows = pl.DataFrame(cells, schema=schema).with_columns(_row=pl.lit(_ROW, pl.UInt32))
        return Checker(self.time_zone, self.areas).check(Piece(SOURCE, area=area, rows=rows))

    # --------------------------------------------------------------------------- the book
    def find(self, area: AreaInfo, wanted: Texts) -> Texts:
        """A record as a person would type it: the newest one, in areas that keep versions.

        Parameters
        ----------
        area : AreaInfo
        wanted : mapping of str to str
            What its fields `identifiers(area)` say, as typed.

        Raises
        ------
        Hindrance
            The book has no such record.
        ClientlibError
            The book cannot be read.
        """
        zone = ZoneInfo(self.time_zone)
        values = {name: read(text, area.field(name), zone).value for name, text in wanted.items()}
        if None in values.values():
            raise Hindrance("unknown", record=" · ".join(wanted.values()))
        with open_book(self.workbook, role=self.role) as book:
            rows = _records(book, area, values)
        if rows.is_empty():
            raise Hindrance("unknown", record=" · ".join(wanted.values()))
        typed = rows.select(shown(pl.col(f.name), f, self.time_zone).alias(f.name) for f in area.fields)
        row = typed.row(-1, named=True)
        return {name: text or "" for name, text in row.items()}

    def save(self, checked: Checked, agreed: tuple[Change, ...] = ()) -> Saved | ToAgree:
        """Take a sound row into the book, as a batch of its own.

        Parameters
        ----------
        checked : Checked
            Without errors.
        agreed : tuple of Change
            What somebody agreed to change. Should the book say something else by now, it is asked again.

        Returns
        -------
        Saved or ToAgree
            `ToAgree`: the row would change a record; nothing was stored.

        Raises
        ------
        ClientlibError
            The book is busy, cannot be written, or the role may not.
        """
        with open_book(self.workbook, role=self.role, write=True) as book:
            standing = self._standing(book, checked)
            changes, stood = self._changes(book, checked, standing)
            if changes and changes != agreed:
                return ToAgree(self._key(checked), changes)
            result = book.import_checked([checked.result], source=SOURCE)
        return self._saved(checked, result, changes, standing, stood)

    def _standing(self, book: Book, checked: Checked) -> _Standing:
        area = checked.area
        if not area.versioned or area.business_date is None:
            return _Standing()
        row = checked.result.accepted[area.name]
        date, (client,) = area.business_date, identifiers(area)
        new = row[date][0]
        with book.views() as connection:
            found = connection.execute(
                f"SELECT max({quoted(date)}) FILTER ({quoted(date)} <= $1), "
                f"max({quoted(date)}) FILTER ({quoted(date)} > $1) "
                f"FROM {quoted(area.name)} WHERE {quoted(client)} = $2",
                [new, row[client][0]],
            ).fetchone()
        return _Standing(*(found or ()))

    def _changes(self, book: Book, checked: Checked, standing: _Standing) -> tuple[tuple[Change, ...], bool]:
        """In what the row differs from the record that stands; and whether one does."""
        area, result = checked.area, checked.result
        if standing.before is not None:
            # A version has a key of its own; under the date of the one before, the book compares the two.
            date = area.field(str(area.business_date))
            dated = pl.lit(standing.before).cast(date.dtype).alias(date.name)
            rows = result.accepted[area.name].with_columns(dated)
            result = replace(result, accepted={area.name: rows})
        preview = book.preview([result], source=SOURCE)
        told = preview.changes[["field", "before", "after"]].astype(object)
        rows_told = told.where(told.notna(), None).itertuples(index=False, name=None)
        return tuple(Change(*row) for row in rows_told), preview.new.empty

    def _saved(
        self,
        checked: Checked,
        result: ImportResult,
        changes: tuple[Change, ...],
        standing: _Standing,
        stood: bool,
    ) -> Saved:
        newer = "" if standing.after is None else self._date(checked.area, standing.after)
        row = checked.result.accepted[checked.area.name]
        return Saved(
            key=self._key(checked),
            batch=result.batch,
            stood=stood,
            changes=changes,
            pending=bool(checked.pending),
            newer=newer,
            unknown={name: str(row[name][0]) for name in result.unknown_references["field"]},
        )

    def _key(self, checked: Checked) -> str:
        area = checked.area
        row = checked.result.accepted[area.name]
        parts = [shown(pl.col(name), area.field(name), self.time_zone) for name in identifiers(area)]
        return str(row.select(pl.concat_str(parts, separator=" · ")).item())

    def _date(self, area: AreaInfo, value: Any) -> str:
        field = area.field(str(area.business_date))
        frame = pl.select(pl.lit(value).cast(field.dtype).alias(field.name))
        return str(frame.select(shown(pl.col(field.name), field, self.time_zone)).item())


def identifiers(area: AreaInfo) -> tuple[str, ...]:
    """The fields by which a record is found: its key, without the date of the version."""
    return tuple(name for name in area.key if not (area.versioned and name == area.business_date))


def _errors(result: CheckResult) -> tuple[Note, ...]:
    columns = result.errors.select("field", "rule", "message_en", "message_zh")
    return tuple(Note(*row) for row in columns.iter_rows())


def _records(book: Book, area: AreaInfo, values: Mapping[str, object]) -> pl.DataFrame:
    """The records with these values, the newest last, in the types of the area."""
    if area.identity:
        rows = pl.from_pandas(book.area(area.name))
        rows = rows.filter([pl.col(name).eq(pl.lit(value)) for name, value in values.items()])
    else:
        # Trades are too many to be looked through outside the engine.
        where = " AND ".join(f"{quoted(name)} = ?" for name in values)
        query = f"SELECT * FROM {quoted(area.name)} WHERE {where}"
        with book.views() as connection:
            rows = connection.execute(query, list(values.values())).pl()
    typed = rows.select(_typed(field) for field in area.fields)
    return typed.sort(area.business_date) if area.versioned and area.business_date else typed


def _typed(field: Field) -> pl.Expr:
    value = pl.col(field.name)
    if field.kind == "instant":
        return value.dt.convert_time_zone("UTC").cast(field.dtype)
    return value.cast(field.dtype)
