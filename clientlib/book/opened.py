"""An open book as everybody else in the project reads it: frames, views, one client's history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

from clientlib import masks
from clientlib.book import merges
from clientlib.book.access import Access
from clientlib.book.audit.trail import Audit
from clientlib.book.clocks import AsOf, KnownAt, Moment, day_end
from clientlib.book.connection import literal, quoted, telling_damage
from clientlib.book.contents import Contents
from clientlib.book.files import Files, VaultReader
from clientlib.book.frames import to_pandas
from clientlib.book.history.differences import Wording
from clientlib.book.history.told import Told
from clientlib.book.merges import CLIENT
from clientlib.book.owners import owners
from clientlib.errors import ParameterError, PermissionRefused, Words
from clientlib.intake import NaturalKeys, natural
from clientlib.tables import AreaInfo
from clientlib.workbook import Workbook

Identity = Literal["hidden", "masked", "plain"]
SHORTEST_REASON = 3
"""Characters: 开户 and a stop, or "tax"; less says nothing."""


class OpenedBook(Contents):
    """An open book, as far as it is read. Attributes: those of `Contents`."""

    def __init__(self, workbook: Workbook, access: Access, files: Files, audit: Audit) -> None:
        super().__init__(workbook, access, files, audit)
        self._seen_plain: set[tuple[object, ...]] = set()

    @property
    def book_id(self) -> str:
        """The number by which this book is told from any other; it is no secret."""
        return self._files.reader().held.found.book_id

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
        self,
        name: str,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        *,
        pending: bool = False,
        versions: bool = False,
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
        versions : bool
            Whether all versions dated up to `as_of` are there, not only the newest of each client.

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
        if versions and area.versioned and area.business_date and moment.as_of:
            rows = self._rows_of(area, replace(moment, as_of=None), self.identity, pending=pending)
            reached = _reached(rows[area.business_date], moment.as_of, moment.zone)
            rows = rows[reached].reset_index(drop=True)
        else:
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
            Client numbers; one that was merged into another leads to that client.
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
            The role may not look up, and does not see identity plain anyway; or it does not see this area; or
            the vault's key is not here.
        ParameterError
            There is no reason, or the area is of no clients.
        """
        if self.access.role.identity != "plain":
            self.access.needs("may_look_up", Words("see who a client is", "查看客户身份"))
        area = self.access.area(name)
        if len(reason.strip()) < SHORTEST_REASON:
            raise ParameterError(
                "Say in a few words why you look these clients up: it is kept with the look.",
                "请简要说明查询这些客户的事由：事由会随查询一并留存。",
            )
        if not merges.of_clients(area):
            raise ParameterError(
                f'The area "{name}" tells of no clients, so none can be looked up in it.',
                f"表“{name}”不涉及客户，因此无法从中查询客户。",
            )
        if not self._files.has_vault_key:
            raise PermissionRefused(
                "The vault's key is not here, so nobody's identity can be read.",
                "此处没有身份库密钥，因此无法读取任何人的身份。",
            )
        moment = self._moment(as_of, known_at)
        self.audit.record("look_up", clients=sorted(set(clients)), reason=reason, area=name)
        return self._rows_of(area, moment, "plain", among=[moment.merged.get(one, one) for one in clients])

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
                "vault's key must be here. Fill in the client numbers, or ask for a role that may see it.",
                "按证件号码或手机号识别客户时，您的角色须能看到明文身份，且此处须有身份库密钥。"
                "请填写客户编号，或申请可查看身份的角色。",
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

    # ----------------------------------------------------------------------------- history
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


def _reached(dated: pd.Series, as_of: dt.date, zone: ZoneInfo) -> pd.Series:
    """Which rows are dated up to a business date; one without a date is not."""
    if isinstance(dated.dtype, pd.DatetimeTZDtype):
        return dated < pd.Timestamp(day_end(as_of, zone))
    return dated <= pd.Timestamp(as_of)


def _as_looked(area: AreaInfo, rows: pa.Table, look: Identity, id_ends: tuple[int, int]) -> pa.Table:
    if look == "plain":
        return rows
    for name in area.identity:
        kind = masks.kind_of(area.field(name))
        shown = masks.mask_expr(pl.col(name), kind, id_ends).alias(name)
        masked = pl.DataFrame(rows.select([name])).select(shown).to_arrow()[name]
        rows = rows.set_column(rows.schema.get_field_index(name), name, masked)
    return rows
