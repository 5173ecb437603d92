"""An open book as everybody else in the project reads it: frames, views, and what it says of itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Literal, Self
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

from clientlib import masks
from clientlib.book import merges
from clientlib.book.access import Access
from clientlib.book.audit.folding import stored
from clientlib.book.audit.reading import framed
from clientlib.book.audit.trail import Audit
from clientlib.book.clocks import AsOf, KnownAt, Moment, business_day, record_instant
from clientlib.book.connection import literal, quoted, telling_damage
from clientlib.book.differences import Wording
from clientlib.book.files import Files, Held, VaultReader
from clientlib.book.frames import to_pandas
from clientlib.book.history import Told
from clientlib.book.merges import CLIENT, as_one
from clientlib.book.owners import owners
from clientlib.book.storage import AUDIT, BATCH_AREAS, BATCHES, COUNTS
from clientlib.config import Settings
from clientlib.errors import ParameterError, PermissionRefused
from clientlib.intake import NaturalKeys, natural
from clientlib.tables import AreaInfo, Areas
from clientlib.workbook import Workbook

Identity = Literal["hidden", "masked", "plain"]
HAPPENED = ("trades", "service_requests", "feedback", "balances", "prices")
"""The areas whose dates say which days the book tells of; without any of them, those below do."""
DESCRIBED = ("clients", "preferences", "finances")
SHORTEST_REASON = 3
"""Characters: 开户 and a stop, or "tax"; less says nothing."""


class OpenedBook:
    """An open book, as far as it is read.

    Attributes
    ----------
    workbook : Workbook
    settings : Settings
    areas : mapping of str to AreaInfo
        The table, with the fields that the firm added.
    access : Access
        What the one who opened it may see and do.
    audit : Audit
        Where it is recorded what is looked at and done.
    """

    def __init__(self, workbook: Workbook, access: Access, files: Files, audit: Audit) -> None:
        self.workbook = workbook
        self.settings: Settings = workbook.settings
        self.areas: Areas = workbook.areas
        self.access = replace(access, refused=audit.refused)
        self.audit = audit
        self._seen_plain: set[tuple[object, ...]] = set()
        self._zone = ZoneInfo(self.settings.firm.time_zone)
        self._files = files

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.workbook.folder)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; others may then write."""
        self._files.close()

    def as_seen_by(self, access: Access) -> OpenedBook:
        """The same open files as somebody else sees them, for one who gives out what was agreed with others.

        It needs no closing of its own, and is of no use once this one is closed.
        """
        return OpenedBook(self.workbook, access, self._files, self.audit)

    # ------------------------------------------------------------------------------- rows
    @property
    def identity(self) -> Identity:
        """How identity looks here: by the role, and `hidden` to whoever does not have the vault's key."""
        if not self._files.has_vault_key:
            return "hidden"
        return self.access.role.identity

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
            gives them; what the role sees in bands is text. Identity is there plain or masked as `identity`
            says, or not at all. A row without a business date: see `clocks.visible`.

        Raises
        ------
        PermissionRefused
            The role does not see this area.
        ParameterError
            A date is none.
        BookError
            There is no such area, or the book is damaged.
        """
        area = self.access.area(name)
        moment = self._moment(as_of, known_at)
        rows = self._rows_of(area, moment, self.identity, pending=pending)
        if area.identity and self.identity == "plain":
            self._record_look(area, moment, rows)
        return rows

    def _record_look(self, area: AreaInfo, moment: Moment, rows: pd.DataFrame) -> None:
        """That whole areas were read with identity plain: once for each area and point on the clocks.

        Which clients those were is told by number, or, of many, by the clocks: nothing is forgotten.
        """
        looked = (area.name, moment.as_of, moment.known.last)
        if looked in self._seen_plain:
            return
        clients = sorted(set(rows[CLIENT].dropna())) if CLIENT in rows else []
        self.audit.record(
            "look_up",
            clients=clients,
            area=area.name,
            rows=len(rows),
            as_of=moment.as_of,
            up_to_batch=moment.known.last,
        )
        self._seen_plain.add(looked)

    def look_up(
        self, name: str, clients: Collection[str], reason: str, as_of: AsOf = None, known_at: KnownAt = None
    ) -> pd.DataFrame:
        """The rows of an area of some clients, identity plain, for a reason that is kept.

        Parameters
        ----------
        name : str
            An area of the table.
        clients : collection of str
            Client numbers.
        reason : str
            Why these clients are looked at, in a person's words.
        as_of, known_at
            As for `area`.

        Returns
        -------
        pandas.DataFrame
            As `area` gives it.

        Raises
        ------
        PermissionRefused
            The role may not look up, or does not see this area; or the vault's key is not here.
        ParameterError
            There is no reason, or the area is of no clients.
        """
        self.access.needs("may_look_up", "see who a client is")
        area = self.access.area(name)
        if len(reason.strip()) < SHORTEST_REASON:
            raise ParameterError(
                "Say in a few words why you look these clients up: it is kept with the look."
            )
        if not merges.of_clients(area):
            raise ParameterError(f'The area "{name}" tells of no clients, so none can be looked up in it.')
        if not self._files.has_vault_key:
            raise PermissionRefused("The vault's key is not here, so nobody's identity can be read.")
        moment = self._moment(as_of, known_at)
        self.audit.record("look_up", clients=sorted(set(clients)), reason=reason, area=name)
        return self._rows_of(area, moment, "plain", among=list(clients))

    def _rows_of(
        self,
        area: AreaInfo,
        moment: Moment,
        look: Identity,
        *,
        pending: bool = False,
        among: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        shown = self.access.shown(area)
        order = ", ".join(map(quoted, merges.order(area)))
        marks = ["_pending"] if pending else []
        of_them = "" if among is None else f" WHERE {CLIENT} IN ({', '.join(map(literal, among)) or 'NULL'})"
        identity = area.identity if look != "hidden" else ()
        recorded = [merges.RECORDED] if identity and merges.concerned(area, moment) else []
        inner = [*area.key, "_batch", *recorded] if identity else []
        columns = list(dict.fromkeys([*inner, *shown, *marks]))
        rows = self._read(f"SELECT * FROM ({self._sql(area, columns, moment)}){of_them} ORDER BY {order}")
        if not identity:
            return to_pandas(rows)
        vault = self._files.vault()
        with telling_damage(self.workbook.vault_file):
            told = vault.identity(area, rows)
        wanted = [f.name for f in area.fields if f.name in shown or f.name in identity]
        looked = _as_looked(area, told, look, self.settings.masks.id_number)
        return to_pandas(looked.select([*wanted, *marks]))

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
                for area in self.access.areas:
                    query = self._sql(area, self.access.shown(area), moment)
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
        areas = sorted({field.area for field in natural.KEYS.values()})
        self.audit.record("look_up", areas=areas, what="whose ID numbers and mobiles are whose")
        return NaturalKeys(self._natural_keys)

    def _natural_keys(self) -> Iterator[tuple[str, pl.DataFrame]]:
        if self._files.write:
            # A reader cannot be opened beside the engine that a batch is being written on.
            writer = self._files.writer()
            connection, held = writer.connection, writer.held
            vault = VaultReader(connection, held.found)
        else:
            connection, held = self._files.reader().connection, self._files.reader().held
            vault = self._files.vault()
        newest = self._moment_of(held, dt.date.max, None)
        with telling_damage(self.workbook.book_file):
            yield from owners(connection, vault, self.access, newest)

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
        shown = {area.name: self._sql(area, area.key, moment) for area in self.access.areas}
        queries = [
            f"SELECT {literal(name)} AS area, count(*) AS rows FROM ({rows})" for name, rows in shown.items()
        ]
        rows = self._read(" UNION ALL ".join(queries)).to_pylist() if queries else []
        found = {row["area"]: row["rows"] for row in rows}
        return {name: found[name] for name in shown}

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
        query = self._sql(self.areas["clients"], ["branch"], self._moment(None, None))
        table = self._read(f"SELECT DISTINCT branch FROM ({query}) WHERE branch IS NOT NULL ORDER BY branch")
        return [str(name) for name in table["branch"].to_pylist()]

    def decisions(self) -> pd.DataFrame:
        """What persons decided about pairs of clients and did not take back, oldest first.

        Returns
        -------
        pandas.DataFrame
            Index `batch`; `kind` ("same": `other` was merged into `kept`; "different"), `kept`, `other`.
        """
        held = self._files.reader().held
        undone = held.known().undone
        about_two = [d for d in held.decisions if d.kind != "erased" and d.batch not in undone]
        rows = [(d.batch, d.kind, d.kept, d.other) for d in about_two]
        return pd.DataFrame(rows, columns=["batch", "kind", "kept", "other"]).set_index("batch")

    def audit_records(self) -> pd.DataFrame:
        """Every record of the audit that is held, oldest first; the vault's key is not needed.

        Returns
        -------
        pandas.DataFrame
            As `audit.reading.framed` says.

        Raises
        ------
        PermissionRefused
            The role may not read the audit.
        """
        self.access.needs("may_audit", "read the audit")
        reader = self._files.reader()
        with telling_damage(self.workbook.book_file):
            lacking = AUDIT in reader.held.found.lacking
            links = [] if lacking else stored(reader.connection, "book")
        with self.audit.journal.locked():
            links += [link for link in self.audit.journal.links() if link is not None]
        return framed(links, self.settings.firm.time_zone)

    def history(self, client: str) -> pd.DataFrame:
        """All that was ever recorded of a client, and who changed it, when and through which batch.

        Parameters
        ----------
        client : str
            A client's number; one that was merged into another leads to that client, with all its numbers.

        Returns
        -------
        pandas.DataFrame
            A row for each field of each change, oldest first: `batch`, `recorded_at`, `who`, `source`;
            `client_id` (the number under which the row was recorded), `area`, `key` (which row); `field`,
            `before`, `after`, as a person would type them; `kind`, one of `changes.Kind`; `undone_by`, the
            batch that took this one back and still counts. What the role does not see is not there.

        Raises
        ------
        PermissionRefused
            The role sees its own clients only, and this is none of them.
        BookError
            There is no such client, or the book is damaged.
        """
        look = self.identity
        told = Told(
            self._files.reader(),
            None if look == "hidden" else self._files.vault(),
            self.access,
            self._moment(None, None),
            Wording.of(self.settings, plain=look == "plain"),
        )
        with telling_damage(self.workbook.book_file):
            lines = told.history(client)
        numbers = {client, *lines["client_id"]}
        self.audit.record("look_up", clients=sorted(numbers), what="history", identity=look)
        return lines

    def _sql(self, area: AreaInfo, columns: Sequence[str], moment: Moment) -> str:
        """The SQL of the rows that the role sees."""
        return self.access.rows(area, columns, moment, self._files.reader().held.known())

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


def _as_looked(area: AreaInfo, rows: pa.Table, look: Identity, id_ends: tuple[int, int]) -> pa.Table:
    if look == "plain":
        return rows
    for name in area.identity:
        kind = masks.kind_of(area.field(name))
        shown = masks.mask_expr(pl.col(name), kind, id_ends).alias(name)
        masked = pl.DataFrame(rows.select([name])).select(shown).to_arrow()[name]
        rows = rows.set_column(rows.schema.get_field_index(name), name, masked)
    return rows
