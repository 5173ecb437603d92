"""The book as everybody else in the project sees it: frames, views, batches and imports, by role."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

from clientlib import masks, workbook
from clientlib.book import merges
from clientlib.book.batch import Batch, Described
from clientlib.book.clocks import AsOf, KnownAt, Moment, business_day, record_instant
from clientlib.book.connection import literal, quoted, telling_damage
from clientlib.book.files import Files, Held, VaultReader
from clientlib.book.frames import to_pandas
from clientlib.book.imports import ImportResult, Parts, append, take_in, who
from clientlib.book.merges import as_one
from clientlib.book.preview import Preview, Watcher
from clientlib.book.storage import BATCH_AREAS, BATCHES, COUNTS, book_fields
from clientlib.book.unfinished import PART_ROWS, Unfinished
from clientlib.config import Role, Settings
from clientlib.errors import BookError, PermissionRefused
from clientlib.intake import NaturalKeys, natural
from clientlib.intake.result import CheckResult
from clientlib.tables import AreaInfo, Areas
from clientlib.workbook import Workbook

Identity = Literal["hidden", "masked", "plain"]
HAPPENED = ("trades", "service_requests", "feedback", "balances", "prices")
"""The areas whose dates say which days the book tells of; without any of them, those below do."""
DESCRIBED = ("clients", "preferences", "finances")
_SENSITIVITY = {"N": 0, "S": 1, "I": 2}


def open_book(
    path: Path | str | Workbook | None = None, role: str = "analyst", *, write: bool = False
) -> Book:
    """Open a workbook's book; a context manager that closes it.

    Parameters
    ----------
    path : Workbook, path or None
        The workbook or its folder; None: `CLIENTLIB_WORKBOOK`, or the nearest parent that is one.
    role : str
        A role of the settings: which areas and fields are seen, and how identity looks.
    write : bool
        Whether batches will be imported. Nobody else can have the book open at the same time.

    Returns
    -------
    Book

    Raises
    ------
    KeyProblem
        There is no key, it is the wrong one, or lies where others can read it.
    BookBusy
        Somebody else has the book open and did not close it within `[book] wait_seconds`.
    BookError
        There is no book, the file is none, or it is damaged.
    PermissionRefused
        There is no such role, or it may not add rows.
    """
    found = path if isinstance(path, Workbook) else workbook.find(Path(path) if path is not None else None)
    roles = found.settings.roles
    if role not in roles:
        raise PermissionRefused(f'There is no role "{role}". The roles are: {", ".join(roles)}.')
    if write and not roles[role].may_edit:
        editors = ", ".join(name for name, other in roles.items() if other.may_edit)
        raise PermissionRefused(f'The role "{role}" may not add rows. These may: {editors}.')
    return Book(found, role, Files(found, write=write))


class Book:
    """An open book. Made by `open_book`.

    Attributes
    ----------
    workbook : Workbook
    settings : Settings
    areas : mapping of str to AreaInfo
        The table, with the fields that the firm added.
    role : Role
        What the one who opened it may see and do.
    """

    def __init__(self, workbook: Workbook, role: str, files: Files) -> None:
        self.workbook = workbook
        self.settings: Settings = workbook.settings
        self.areas: Areas = workbook.areas
        self.role: Role = self.settings.roles[role]
        self._zone = ZoneInfo(self.settings.firm.time_zone)
        self._files = files

    def __repr__(self) -> str:
        return f"Book({str(self.workbook.folder)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; others may then write."""
        self._files.close()

    # ------------------------------------------------------------------------------- rows
    @property
    def identity(self) -> Identity:
        """How identity looks here: by the role, and `hidden` to whoever does not have the vault's key."""
        if self.role.identity == "hidden" or not self._files.has_vault_key:
            return "hidden"
        return self.role.identity

    def area(
        self, name: str, as_of: AsOf = None, known_at: KnownAt = None, *, pending: bool = False
    ) -> pd.DataFrame:
        """The rows of an area visible at the two clocks.

        Parameters
        ----------
        name : str
            An area of the table.
        as_of : date or str, optional
            Business date, e.g. "2026-06-30": nothing dated after it is there, and of areas that keep a
            version per client and date only the newest version. None: everything, all versions.
        known_at : datetime, date or str, optional
            What the book held at that instant (a date alone: at its end). None: now.
        pending : bool
            Whether to tell in a column `_pending` which rows lack a required cell, also one of identity.

        Returns
        -------
        pandas.DataFrame
            The fields the role may see in declared order, sorted by key, dtypes as `frames.to_pandas`
            gives them. Identity is there plain or masked as `identity` says, or not at all. A row without
            a business date: see `clocks.visible`.

        Raises
        ------
        PermissionRefused
            The role does not see this area.
        ParameterError
            A date is none.
        BookError
            There is no such area, or the book is damaged.
        """
        area = self._permitted(name)
        moment = self._moment(as_of, known_at)
        shown = self._shown(area)
        order = ", ".join(quoted(key) for key in area.key)
        marks = ["_pending"] if pending else []
        identity = area.identity if self.identity != "hidden" else ()
        if not identity:
            return to_pandas(self._read(f"{as_one(area, [*shown, *marks], moment)} ORDER BY {order}"))
        recorded = [merges.RECORDED] if merges.concerned(area, moment) else []
        columns = list(dict.fromkeys([*area.key, *shown, "_batch", *recorded, *marks]))
        rows = self._read(f"{as_one(area, columns, moment)} ORDER BY {order}")
        vault = self._files.vault()
        with telling_damage(self.workbook.vault_file):
            told = vault.identity(area, rows)
        wanted = [f.name for f in area.fields if f.name in shown or f.name in identity]
        return to_pandas(self._masked(area, told).select([*wanted, *marks]))

    def _masked(self, area: AreaInfo, rows: pa.Table) -> pa.Table:
        if self.identity == "plain":
            return rows
        for name in area.identity:
            kind = masks.kind_of(area.field(name))
            masked = pl.DataFrame(rows.select([name])).select(masks.mask_expr(pl.col(name), kind).alias(name))
            rows = rows.set_column(rows.schema.get_field_index(name), name, masked.to_arrow()[name])
        return rows

    @contextmanager
    def views(self, as_of: AsOf = None, known_at: KnownAt = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection with a view for each area the role sees, named as the area.

        The views hold the rows visible at the two clocks, as `area` does, without identity and without
        fields above the role. Nothing can be written to the book on this connection, and the vault
        is not attached to it. Temporary tables and registered frames are welcome; they end with it.

        Parameters
        ----------
        as_of, known_at
            As for `area`.

        Yields
        ------
        duckdb.DuckDBPyConnection
            Its time zone is the firm's.
        """
        moment = self._moment(as_of, known_at)
        cursor = self._files.reader().connection.cursor()
        try:
            with telling_damage(self.workbook.book_file):
                for area in self._areas():
                    query = as_one(area, self._shown(area), moment)
                    cursor.execute(f"CREATE TEMP VIEW {quoted(area.name)} AS {query}")
                yield cursor
        finally:
            cursor.close()

    def natural_keys(self) -> NaturalKeys:
        """Whose ID numbers and mobiles are whose, by each client's newest record, for `intake.stream`.

        Raises
        ------
        PermissionRefused
            The role does not see identity plain, or the vault's key is not here.
        """
        if self.identity != "plain":
            raise PermissionRefused(
                "To tell clients by ID number or mobile, identity must be plain to your role, and the "
                "vault's key must be here. Fill in the client numbers, or ask for a role that may see it."
            )
        return NaturalKeys(self._natural_keys)

    def _natural_keys(self) -> Iterator[tuple[str, pl.DataFrame]]:
        for name, field in natural.KEYS.items():
            area = self.areas[field.area]
            told = self._identity_while_writing(area) if self._files.write else self._identity_newest(area)
            yield name, told.select("client_id", name)

    def _identity_newest(self, area: AreaInfo) -> pl.DataFrame:
        return pl.from_pandas(self.area(area.name, as_of=dt.date.max)[["client_id", *area.identity]])

    def _identity_while_writing(self, area: AreaInfo) -> pl.DataFrame:
        # A reader cannot be opened beside the engine that a batch is being written on.
        writer = self._files.writer()
        moment = self._moment_of(writer.held, dt.date.max, None)
        recorded = [merges.RECORDED] if merges.concerned(area, moment) else []
        cursor = writer.connection.cursor()
        try:
            rows = cursor.execute(as_one(area, [*area.key, "_batch", *recorded], moment)).to_arrow_table()
        finally:
            cursor.close()
        return pl.DataFrame(VaultReader(writer.connection, writer.held.found).identity(area, rows))

    # ---------------------------------------------------------------------------- contents
    def batches(self) -> pd.DataFrame:
        """Every batch, oldest first.

        Returns
        -------
        pandas.DataFrame
            Index `batch`; `recorded_at` (in the firm's time zone), `source`, `files`, `who`, `undoes`,
            `code_version`, and the counts `rows_in`, `accepted`, `rejected`, `new`, `changed`,
            `unchanged`, `pending` over all areas.
        """
        counts = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in COUNTS)
        query = f"""
            SELECT b.* REPLACE (array_to_string(files, ', ') AS files), c.* EXCLUDE (batch)
            FROM book.main.{BATCHES} b
            LEFT JOIN (SELECT batch, {counts} FROM book.main.{BATCH_AREAS} GROUP BY batch) c USING (batch)
            ORDER BY batch"""
        return to_pandas(self._read(query)).set_index("batch")

    def batch_areas(self) -> pd.DataFrame:
        """Every batch's counts for each area, oldest first.

        Returns
        -------
        pandas.DataFrame
            `batch`, `area`, and the counts of `batches`.
        """
        return to_pandas(self._read(f"SELECT * FROM book.main.{BATCH_AREAS} ORDER BY batch, area"))

    def counts(self, as_of: AsOf = None, known_at: KnownAt = None) -> dict[str, int]:
        """How many rows of each area the role sees are visible at the two clocks (as for `area`)."""
        moment = self._moment(as_of, known_at)
        areas = self._areas()
        queries = [
            f"SELECT {literal(area.name)} AS area, count(*) AS rows FROM ({as_one(area, area.key, moment)})"
            for area in areas
        ]
        rows = self._read(" UNION ALL ".join(queries)).to_pylist() if queries else []
        found = {row["area"]: row["rows"] for row in rows}
        return {area.name: found[area.name] for area in areas}

    def span(self) -> tuple[dt.date, dt.date] | None:
        """The earliest and the latest business date in the book; None when it holds nothing dated.

        Dates of what happened count (`HAPPENED`); in a book without any, those of what is known of clients.
        """
        return self._span(None)

    def latest_as_of(self, today: dt.date | None = None) -> dt.date | None:
        """The day a report is made for unless somebody says otherwise.

        Parameters
        ----------
        today : date, optional
            By default this day in the firm's time zone.

        Returns
        -------
        date or None
            The latest business date (as `span` counts them) not after `today`; None without one.
        """
        span = self._span(today or dt.datetime.now(self._zone).date())
        return span[1] if span else None

    def _span(self, until: dt.date | None) -> tuple[dt.date, dt.date] | None:
        moment = self._moment(None, None)
        for names in (HAPPENED, DESCRIBED):
            days = [
                f"SELECT CAST({quoted(date)} AS DATE) AS day FROM ({as_one(area, [date], moment)})"
                for area in map(self.areas.__getitem__, names)
                if (date := area.business_date) is not None
            ]
            limit = f" WHERE day <= DATE {literal(until.isoformat())}" if until else ""
            query = f"SELECT min(day) AS first, max(day) AS last FROM ({' UNION ALL '.join(days)}){limit}"
            found = self._read(query).to_pylist()[0]
            if found["first"] is not None:
                return found["first"], found["last"]
        return None

    def branches(self) -> list[str]:
        """Every branch that a client belongs or once belonged to, sorted."""
        query = as_one(self.areas["clients"], ["branch"], self._moment(None, None))
        table = self._read(f"SELECT DISTINCT branch FROM ({query}) WHERE branch IS NOT NULL ORDER BY branch")
        return [str(name) for name in table["branch"].to_pylist()]

    # ---------------------------------------------------------------------------- imports
    def import_checked(
        self,
        chunks: Iterable[CheckResult],
        *,
        source: str,
        all_or_nothing: bool = False,
        fingerprint: str | None = None,
        part_rows: int = PART_ROWS,
    ) -> ImportResult:
        """Take the accepted rows of a hand-in into the book, as one batch: all of it or none.

        Parameters
        ----------
        chunks : iterable of CheckResult
            From `intake.stream` or `intake.check_file`; read one at a time, so memory stays bounded.
        source : str
            What the hand-in is called, e.g. its file name.
        all_or_nothing : bool
            Whether one refused row withholds all the others (`ImportResult.withheld`).
        fingerprint : str, optional
            From `intake.fingerprint`, of the hand-in and of all that its check depends on. With it an import
            that was broken off goes on when the same hand-in is imported again as the next thing that
            changes the book (`ImportResult.resumed_rows`); what was stored of it is seen by nobody
            until the batch is whole, and taken away by any other batch. Not with `all_or_nothing`.
        part_rows : int
            So many rows of the hand-in, at least, are stored between two points to go on from.

        Returns
        -------
        ImportResult
            `batch` is None when nothing was changed: every row was known already, or refused, or withheld.

        Raises
        ------
        PermissionRefused
            The book was not opened with `write=True`.
        BookError
            The import could not be finished, e.g. because the disk is full. The book is as it was.
        """
        broken_off = parts = None
        if fingerprint is not None and not all_or_nothing:
            broken_off = self._broken_off(fingerprint)
            parts = Parts(fingerprint, part_rows, broken_off.chunks if broken_off else ())
        with self._batch(broken_off) as (batch, after):
            return take_in(
                batch,
                chunks,
                source=source,
                after=after,
                landed=self._landed,
                all_or_nothing=all_or_nothing,
                parts=parts,
            )

    def unfinished_rows(self, fingerprint: str) -> int:
        """How many rows an import of this hand-in that was broken off has stored, and would go on with.

        Parameters, errors
            As for `import_checked`.
        """
        broken_off = self._broken_off(fingerprint)
        return broken_off.rows if broken_off else 0

    def _broken_off(self, fingerprint: str) -> Unfinished | None:
        self._need_write()
        return self._files.writer().leftovers.of(fingerprint)

    def preview(self, chunks: Iterable[CheckResult], *, source: str) -> Preview:
        """What importing a hand-in would do, row by row and field by field; nothing is stored.

        Parameters, errors
            As for `import_checked`.
        """
        with self._batch() as (batch, after):
            watcher = Watcher(batch, self.settings.firm.time_zone)
            batch.looked_at = watcher.look
            result = take_in(batch, chunks, source=source, after=after, landed=self._landed, only_look=True)
        return Preview(result, pl.concat(watcher.new).to_pandas(), pl.concat(watcher.changes).to_pandas())

    # -------------------------------------------------------------------------- taken back
    def undo(self, number: int) -> int:
        """Take a batch back by a new batch: what it added is gone, what it changed is as it was before.

        Undoing the undoing brings it back. What the book held in between can still be read by `known_at`.

        Parameters
        ----------
        number : int
            The batch to take back: an import, a merge, or an undoing.

        Returns
        -------
        int
            The number of the new batch.

        Raises
        ------
        PermissionRefused
            The book was not opened with `write=True`.
        BookError
            There is no such batch, or it was taken back already.
        """
        held = self._files.writer().held if self._files.write else self._files.reader().held
        if number not in held.stamps:
            raise BookError(f"There is no batch {number}. clientlib batches lists them.")
        if number in held.known().undone:
            raise BookError(f"Batch {number} was taken back already. Nothing was changed.")
        return self._append(
            Described(source=f"undo of batch {number}", who=who(), undoes=number), lambda _: None
        )

    def merge(self, kept: str, other: str, reason: str = "") -> int:
        """Record a person's decision that two clients are one and the same.

        From now on every row of `other` reads as one of `kept`; no row is moved, and `undo` of the batch
        takes it back. Of what a client has once (basic information, contact) the record of `kept` stands;
        statements and assessments of both stand, the newest counting; balances are added up.

        Parameters
        ----------
        kept, other : str
            Client numbers.
        reason : str
            Why, in a person's words; numbers and addresses in it are masked.

        Returns
        -------
        int
            The number of the batch.

        Raises
        ------
        PermissionRefused
            The book was not opened with `write=True`.
        BookError
            One of the two is unknown or merged already, or both are the same.
        """
        clients = self.area("clients")["client_id"]
        merges.check(kept, other, clients, self._moment(None, None).merged)
        return self._decide("same", kept, other, reason)

    def keep_apart(self, one: str, other: str, reason: str = "") -> int:
        """Record a person's decision that two clients are not the same; `undo` takes it back.

        Parameters, returns, errors
            As for `merge`.
        """
        merges.check(one, other, self.area("clients")["client_id"], self._moment(None, None).merged)
        return self._decide("different", one, other, reason)

    def decisions(self) -> pd.DataFrame:
        """What persons decided about pairs of clients and did not take back, oldest first.

        Returns
        -------
        pandas.DataFrame
            Index `batch`; `kind` ("same": `other` was merged into `kept`; "different"), `kept`, `other`.
        """
        held = self._files.reader().held
        undone = held.known().undone
        rows = [(d.batch, d.kind, d.kept, d.other) for d in held.decisions if d.batch not in undone]
        return pd.DataFrame(rows, columns=["batch", "kind", "kept", "other"]).set_index("batch")

    def _decide(self, kind: merges.Kind, kept: str, other: str, reason: str) -> int:
        source = {"same": "merge of two clients", "different": "two clients kept apart"}[kind]
        return self._append(
            Described(source, who()), lambda batch: batch.decide(kind, kept, other, masks.scrub(reason))
        )

    def _append(self, described: Described, put: Callable[[Batch], None]) -> int:
        """A batch that is no import."""

        def fill() -> Described:
            put(batch)
            return described

        with self._batch() as (batch, after):
            number = append(batch, fill, what=described.source, after=after, landed=self._landed)
        assert number is not None  # noqa: S101 - a described batch is recorded, or an error raised
        return number

    @contextmanager
    def _batch(self, going_on: Unfinished | None = None) -> Iterator[tuple[Batch, dt.datetime | None]]:
        """A new batch, and when the last one was recorded. The files are closed after it."""
        self._need_write()
        writer = self._files.writer()
        held = writer.held
        try:
            with telling_damage(self.workbook.book_file):
                batch = Batch(
                    writer.connection,
                    held.last + 1,
                    self.areas,
                    held.known().undone,
                    leftovers=writer.leftovers.any,
                    going_on=going_on,
                )
            yield batch, held.last_recorded
        finally:
            self._files.close_engines()

    def _need_write(self) -> None:
        if not self._files.write:
            raise PermissionRefused("The book is open for reading only. Open it with write=True.")

    def _landed(self, number: int) -> bool:
        return number in self._files.reader().held.stamps

    # --------------------------------------------------------------------------- who sees
    def _permitted(self, name: str) -> AreaInfo:
        if name not in self.areas:
            near = difflib.get_close_matches(name, self.areas, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"The areas are: {', '.join(self.areas)}."
            raise BookError(f'There is no area "{name}". {hint}')
        if self.role.areas != "all" and name not in self.role.areas:
            raise PermissionRefused(f'Your role does not see the area "{name}". Ask for a role that does.')
        return self.areas[name]

    def _areas(self) -> list[AreaInfo]:
        return [
            area for area in self.areas.values() if self.role.areas == "all" or area.name in self.role.areas
        ]

    def _shown(self, area: AreaInfo) -> list[str]:
        """The fields of the book that the role may see."""
        highest = _SENSITIVITY[self.role.sensitivity]
        return [f.name for f in book_fields(area) if _SENSITIVITY[f.sensitivity] <= highest]

    def _moment(self, as_of: AsOf, known_at: KnownAt) -> Moment:
        return self._moment_of(self._files.reader().held, as_of, known_at)

    def _moment_of(self, held: Held, as_of: AsOf, known_at: KnownAt) -> Moment:
        known = held.known(record_instant(known_at, self._zone))
        return Moment(
            as_of=business_day(as_of, self._zone),
            known=known,
            zone=self._zone,
            source=partial(held.found.source, "book"),
            merged=merges.merged(held.decisions, known),
        )

    def _read(self, query: str) -> pa.Table:
        cursor = self._files.reader().connection.cursor()
        try:
            with telling_damage(self.workbook.book_file):
                return cursor.execute(query).to_arrow_table()
        finally:
            cursor.close()
