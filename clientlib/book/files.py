"""The open files of one book: its lock, an engine to read each file, and one to write both.

Book and vault are read by engines of their own, so that no query on the book, whoever wrote it, reaches
the vault. Each is opened when it is first needed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import duckdb
import pyarrow as pa

from clientlib.book import connection as engine
from clientlib.book import unfinished
from clientlib.book.clocks import BatchMark, Known, known_batches
from clientlib.book.connection import quoted
from clientlib.book.keys import Key, KeyName, file_of, find_key, need_key
from clientlib.book.locks import Lock, Patience, patiently
from clientlib.book.merges import CLIENT, RECORDED, Decision
from clientlib.book.storage import (
    BATCH_AREAS,
    BATCHES,
    DECISIONS,
    Found,
    Outdated,
    batch_stamps,
    extend,
    match,
    recognise,
)
from clientlib.book.swap import settled_lock, sweep
from clientlib.errors import BookError
from clientlib.tables import AreaInfo
from clientlib.workbook import Workbook

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Held:
    """What a book holds, as far as its batches tell. It cannot change while the book is open for reading.

    `unfinished`: it may hold rows of a batch that is not there yet, or never will be.
    """

    found: Found
    stamps: dict[int, int]
    batches: tuple[BatchMark, ...]
    decisions: tuple[Decision, ...]
    unfinished: bool

    @property
    def last(self) -> int:
        return max(self.stamps, default=0)

    @property
    def last_recorded(self) -> dt.datetime | None:
        return max((batch.recorded_at for batch in self.batches), default=None)

    def known(self, known_at: dt.datetime | None = None) -> Known:
        """The batches that count at an instant of record time; None: now."""
        return known_batches(self.batches, known_at, unfinished=self.unfinished)


@dataclass(frozen=True)
class Reader:
    """The book, open for reading."""

    connection: duckdb.DuckDBPyConnection
    held: Held


@dataclass(frozen=True)
class Writer:
    """Book and vault, open for writing, and what an import that died has left in them."""

    connection: duckdb.DuckDBPyConnection
    held: Held
    leftovers: unfinished.Leftovers


@dataclass(frozen=True)
class VaultReader:
    """The vault, open for reading."""

    connection: duckdb.DuckDBPyConnection
    found: Found

    def identity(self, area: AreaInfo, rows: pa.Table) -> pa.Table:
        """`rows` of the book (key columns and `_batch` among them) with the identity fields of `area`.

        A row of a merged client is the one of the number under which it was recorded (`merges.RECORDED`).
        """
        fields = ", ".join(f"v.{quoted(name)}" for name in area.identity)
        recorded = {CLIENT: RECORDED} if RECORDED in rows.column_names else {}
        same = " AND ".join(
            f"v.{quoted(name)} = r.{quoted(recorded.get(name, name))}" for name in (*area.key, "_batch")
        )
        order = ", ".join(f"r.{quoted(name)}" for name in area.key)
        vault = self.found.source("vault", area)
        cursor = self.connection.cursor()
        try:
            cursor.register("_rows", rows)
            query = f"SELECT r.*, {fields} FROM _rows r LEFT JOIN {vault} v ON {same}"
            return cursor.execute(f"{query} ORDER BY {order}").to_arrow_table()
        finally:
            cursor.close()


class Files:
    """Both files of a workbook's book, opened and locked; `close` lets go of them.

    Parameters
    ----------
    workbook : Workbook
    write : bool
        Whether `writer` will be called; it takes the lock that excludes everybody else.

    Raises
    ------
    KeyProblem, BookBusy, BookError
        As `clientlib.open_book` says.
    """

    def __init__(self, workbook: Workbook, *, write: bool) -> None:
        self.workbook = workbook
        self.write = write
        self._lock: Lock | None = None
        self._reader: Reader | None = None
        self._vault: VaultReader | None = None
        self._writer: Writer | None = None
        self._keys: dict[KeyName, Key | None] = {}
        self._open(Patience(workbook.settings.book.wait_seconds))

    def _open(self, patience: Patience) -> None:
        try:
            self._open_as_it_is(patience)
        except Outdated:
            if not self.has_vault_key:
                raise
            # Here and not above: books of earlier versions are rare, and what migrates them is large.
            from clientlib.book.keeping.migrations import migrate

            migrate(self.workbook, patience)
            self._open_as_it_is(patience)

    def _open_as_it_is(self, patience: Patience) -> None:
        self._lock = settled_lock(self.workbook, exclusive=self.write, patience=patience)
        try:
            # Only now: a swap that was broken off may just have put the file there, or changed the key.
            _need_book(self.workbook)
            self.key("book")
            if self.write:
                engine.sweep(self.workbook.book_file.parent)
                sweep(self.workbook)
                patiently(self.writer, patience)
            else:
                patiently(self.reader, patience)
        except BaseException:
            self.close()
            raise

    def now_doing(self, what: str) -> None:
        """Tell those who wait for the book what it is held for, as in "has been importing"."""
        if self._lock is not None:
            self._lock.now_doing(what)

    def close(self) -> None:
        self.close_engines()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def close_engines(self) -> None:
        """Let go of the files, but not of the lock."""
        for opened in (self._reader, self._vault, self._writer):
            if opened is not None:
                opened.connection.close()
        self._reader = self._vault = self._writer = None

    # -------------------------------------------------------------------------------- keys
    @property
    def has_vault_key(self) -> bool:
        return self._found_key("vault") is not None

    def key(self, name: KeyName) -> Key:
        """The key of a file. It is looked for once, as a firm's own store of secrets may be far away.

        Raises
        ------
        KeyProblem
            As `need_key` says.
        """
        return self._found_key(name) or need_key(self.workbook, name)

    def _found_key(self, name: KeyName) -> Key | None:
        if name not in self._keys:
            self._keys[name] = find_key(self.workbook, name)
        return self._keys[name]

    def forget_keys(self) -> None:
        """Look for the keys again when they are next needed: the files have others now."""
        self._keys.clear()

    # ----------------------------------------------------------------------------- engines

    def reader(self) -> Reader:
        """The book, opened for reading now if it was not."""
        if self._reader is None:
            self.close_engines()
            connection = self._attached("book", read_only=True)
            self._reader = self._looked_at(connection, lambda: Reader(connection, self._held(connection)))
        return self._reader

    def vault(self) -> VaultReader:
        """The vault, opened for reading now if it was not, and found to be the one of this book."""
        held = self.reader().held
        if self._vault is None:
            connection = self._attached("vault", read_only=True)
            found, _ = self._looked_at(connection, lambda: self._vault_of(connection, held))
            self._vault = VaultReader(connection, found)
        return self._vault

    def writer(self) -> Writer:
        """Book and vault, opened for writing now if they were not; what was open for reading is closed."""
        if self._writer is None:
            self.close_engines()
            connection = self._attached("book", "vault", read_only=False)
            self._writer = self._looked_at(connection, lambda: self._write_on(connection))
        return self._writer

    def _write_on(self, connection: duckdb.DuckDBPyConnection) -> Writer:
        held = self._held(connection)
        vault, ahead = self._vault_of(connection, held)
        extend(connection, "vault", self.workbook.areas, vault)
        extend(connection, "book", self.workbook.areas, held.found)
        with engine.telling_damage(self.workbook.book_file, whatever=True):
            leftovers = unfinished.look(connection, held.last + 1, ahead=ahead)
        # What is written from now on is no part of the book before the batch is.
        return Writer(connection, replace(held, unfinished=True), leftovers)

    def _attached(self, *names: KeyName, read_only: bool) -> duckdb.DuckDBPyConnection:
        if self._lock is None:
            raise BookError(
                "The book has been closed. Open it again with open_book.",
                "台账已关闭。请用 open_book 重新打开。",
            )
        connection = engine.connect(self.workbook.book_file.parent, self.workbook.settings.firm.time_zone)

        def attach() -> None:
            for name in names:
                engine.attach(
                    connection, file_of(self.workbook, name), name, self.key(name), read_only=read_only
                )
            engine.seal(connection)

        self._looked_at(connection, attach)
        return connection

    def _looked_at(self, connection: duckdb.DuckDBPyConnection, look: Callable[[], _T]) -> _T:
        try:
            return look()
        except BaseException:
            connection.close()
            raise

    # ------------------------------------------------------------------------ what they hold
    def _held(self, connection: duckdb.DuckDBPyConnection) -> Held:
        with engine.telling_damage(self.workbook.book_file, whatever=True):
            found = recognise(connection, "book", self.workbook.book_file, self.workbook.areas)
            rows = connection.execute(
                f"""SELECT batch, epoch_us(recorded_at), undoes,
                    (SELECT coalesce(list(area), []) FROM book.main.{BATCH_AREAS} a
                     WHERE a.batch = b.batch AND a.changed > 0),
                    (SELECT coalesce(list(area), []) FROM book.main.{BATCH_AREAS} a
                     WHERE a.batch = b.batch AND a.new + a.changed > 0)
                FROM book.main.{BATCHES} b ORDER BY batch"""
            ).fetchall()
            decided = self._decisions(connection, found)
            broken_off = unfinished.in_book(connection, found)
        marks = tuple(
            BatchMark(
                number,
                EPOCH + dt.timedelta(microseconds=stamp),
                undoes,
                superseding=frozenset(corrected),
                storing=frozenset(stored),
            )
            for number, stamp, undoes, corrected, stored in rows
        )
        return Held(found, {row[0]: row[1] for row in rows}, marks, decided, broken_off)

    def _decisions(self, connection: duckdb.DuckDBPyConnection, found: Found) -> tuple[Decision, ...]:
        if DECISIONS in found.lacking:
            return ()
        query = f"SELECT batch, kind, kept, other FROM book.main.{DECISIONS} ORDER BY batch"
        return tuple(Decision(*row) for row in connection.execute(query).fetchall())

    def _vault_of(self, connection: duckdb.DuckDBPyConnection, held: Held) -> tuple[Found, bool]:
        """What the attached vault is, and whether it has rows of an import that died."""
        path = self.workbook.vault_file
        with engine.telling_damage(path, whatever=True):
            found = recognise(connection, "vault", path, self.workbook.areas)
            stamps = batch_stamps(connection, "vault")
        if found.book_id != held.found.book_id:
            raise BookError(
                f"{path} is the vault of another book. Put the right one back; nothing was changed.",
                f"{path} 是另一个台账的身份库。请放回正确的文件；未作任何更改。",
            )
        return found, match(self.workbook, held.stamps, stamps)


def _need_book(workbook: Workbook) -> None:
    if not workbook.book_file.exists():
        raise engine.missing(workbook.book_file, "book")
