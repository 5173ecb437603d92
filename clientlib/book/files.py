"""The open files of one book: its lock, an engine to read each file, and one to write both.

Book and vault are read by engines of their own, so that no query on the book, whoever wrote it, reaches
the vault. Each is opened when it is first needed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from clientlib.book import connection as engine
from clientlib.book.clocks import BatchMark
from clientlib.book.connection import quoted
from clientlib.book.keys import VARIABLES as KEY_NAMES
from clientlib.book.keys import Key, KeyName, find_key, need_key
from clientlib.book.locks import Lock, patiently
from clientlib.book.storage import BATCH_AREAS, BATCHES, batch_stamps, match, recognise
from clientlib.errors import BookError
from clientlib.tables import AreaInfo
from clientlib.workbook import Workbook

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_T = TypeVar("_T")


@dataclass(frozen=True)
class Reader:
    """The book, open for reading. The numbers of its batches cannot change while it is."""

    connection: duckdb.DuckDBPyConnection
    book_id: str
    stamps: dict[int, int]
    batches: tuple[BatchMark, ...]

    @property
    def last(self) -> int:
        return max(self.stamps, default=0)

    @property
    def last_recorded(self) -> dt.datetime | None:
        return max((batch.recorded_at for batch in self.batches), default=None)


@dataclass(frozen=True)
class VaultReader:
    """The vault, open for reading."""

    connection: duckdb.DuckDBPyConnection
    ahead: bool

    def identity(self, area: AreaInfo, rows: pa.Table) -> pa.Table:
        """`rows` of the book (key columns and `_batch` among them) with the identity fields of `area`."""
        fields = ", ".join(f"v.{quoted(name)}" for name in area.identity)
        same = " AND ".join(f"v.{quoted(name)} = r.{quoted(name)}" for name in (*area.key, "_batch"))
        order = ", ".join(f"r.{quoted(name)}" for name in area.key)
        cursor = self.connection.cursor()
        try:
            cursor.register("_rows", rows)
            query = f"SELECT r.*, {fields} FROM _rows r LEFT JOIN vault.main.{quoted(area.name)} v ON {same}"
            return cursor.execute(f"{query} ORDER BY {order}").to_arrow_table()
        finally:
            cursor.close()


class Files:
    """Both files of a workbook's book, opened and locked; `close` lets go of them.

    Parameters
    ----------
    workbook : Workbook
    write : bool
        Whether `writing` will be called; it takes the lock that excludes everybody else.

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
        if not workbook.book_file.exists():
            raise BookError(f"There is no book at {workbook.book_file}. Make one with: clientlib init FOLDER")
        self._key = need_key(workbook, "book")
        if write:
            need_key(workbook, "vault")
        patiently(self._open, workbook.settings.book.wait_seconds)

    def _open(self) -> None:
        folder = self.workbook.book_file.parent
        self._lock = Lock(folder / "book.lock", exclusive=self.write)
        try:
            if self.write:
                engine.sweep(folder)
                self.vault()
            self.reader()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._close_engines()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _close_engines(self) -> None:
        for opened in (self._reader, self._vault):
            if opened is not None:
                opened.connection.close()
        self._reader = self._vault = None

    # ---------------------------------------------------------------------------- reading
    @cached_property
    def has_vault_key(self) -> bool:
        return find_key(self.workbook, "vault") is not None

    def reader(self) -> Reader:
        """The book, opened now if it was not."""
        self._still_open()
        if self._reader is None:
            self._reader = self._attached("book", self._key, self._read_book)
        return self._reader

    def vault(self) -> VaultReader:
        """The vault, opened now if it was not, and found to be the one of this book."""
        book = self.reader()
        if self._vault is None:
            key = need_key(self.workbook, "vault")
            self._vault = self._attached("vault", key, lambda connection: self._read_vault(connection, book))
        return self._vault

    def _still_open(self) -> None:
        if self._lock is None:
            raise BookError("The book has been closed. Open it again with open_book.")

    def _attached(self, name: KeyName, key: Key, read: Callable[[duckdb.DuckDBPyConnection], _T]) -> _T:
        path = self._path(name)
        connection = self._engine()
        try:
            engine.attach(connection, path, name, key, read_only=True)
            engine.seal(connection)
            return read(connection)
        except BaseException as error:
            connection.close()
            if not isinstance(error, duckdb.Error):
                raise
        raise engine.damaged(path)

    def _path(self, name: KeyName) -> Path:
        return self.workbook.book_file if name == "book" else self.workbook.vault_file

    def _engine(self) -> duckdb.DuckDBPyConnection:
        return engine.connect(self.workbook.book_file.parent, self.workbook.settings.firm.time_zone)

    def _read_book(self, connection: duckdb.DuckDBPyConnection) -> Reader:
        book_id = recognise(connection, "book", self.workbook.book_file)
        rows = connection.execute(
            f"""SELECT batch, epoch_us(recorded_at), undoes,
                (SELECT coalesce(list(area), []) FROM book.main.{BATCH_AREAS} a
                 WHERE a.batch = b.batch AND a.changed > 0)
            FROM book.main.{BATCHES} b ORDER BY batch"""
        ).fetchall()
        marks = tuple(
            BatchMark(number, EPOCH + dt.timedelta(microseconds=stamp), undoes, frozenset(areas))
            for number, stamp, undoes, areas in rows
        )
        return Reader(connection, book_id, {row[0]: row[1] for row in rows}, marks)

    def _read_vault(self, connection: duckdb.DuckDBPyConnection, book: Reader) -> VaultReader:
        path = self.workbook.vault_file
        if recognise(connection, "vault", path) != book.book_id:
            raise BookError(
                f"{path} is the vault of another book. Put the right one back; nothing was changed."
            )
        return VaultReader(connection, match(self.workbook, book.stamps, batch_stamps(connection, "vault")))

    # ---------------------------------------------------------------------------- writing
    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """An engine with book and vault attached for writing. Both are closed for reading meanwhile."""
        self._still_open()
        self._close_engines()
        connection = self._engine()
        try:
            for name in KEY_NAMES:
                key = need_key(self.workbook, name)
                engine.attach(connection, self._path(name), name, key, read_only=False)
            engine.seal(connection)
            yield connection
        finally:
            connection.close()
