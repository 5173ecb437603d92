"""Rows taken out of both files for good: these are written anew without them, and swapped together.

Such a change is a batch of its own. After a crash it is wholly there or not at all, and no freed block of
either file holds a row. What lies in the vault's table of locked rows is read by no area, search or report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from clientlib import __version__
from clientlib.book import swap, unfinished
from clientlib.book.audit.folding import BatchTrail
from clientlib.book.audit.record import Entry
from clientlib.book.connection import literal, quoted, telling_damage
from clientlib.book.files import EPOCH
from clientlib.book.holders import account
from clientlib.book.imports import AS_IT_WAS, recorded_after, told_reason
from clientlib.book.keeping.rewrite import rewrite
from clientlib.book.keys import KeyName
from clientlib.book.merges import CLIENT, RELATED
from clientlib.book.personal.desk import Desk
from clientlib.book.personal.dossier import RELATIONS, Dossier
from clientlib.book.personal.erased import digest
from clientlib.book.storage import BATCHES, DECISIONS, LOCKED
from clientlib.errors import BookError
from clientlib.tables import AreaInfo, Areas

NAMED_NO_MORE = "related person erased / 关联人已删除"
"""In the remarks of another client's relation that named the erased one: why nobody stands there any more."""
_INCOMING = "_incoming"
_IN_DUE_TIME = ""
"""Instead of the digest of a number: no client was erased, but what was left of some."""


@dataclass(frozen=True)
class Cursors:
    """Where the two transactions of an erasure run: the vault's may read the book, but not write to it."""

    book: duckdb.DuckDBPyConnection
    vault: duckdb.DuckDBPyConnection
    batch: int
    book_id: str
    areas: Areas


Write = Callable[[Cursors], Sequence[str]]
"""Takes out what has to go, and gives the digests that are to be remembered."""


# ----------------------------------------------------------------------------------- a batch
class ErasureBatch:
    """A batch that takes rows out of the book's files.

    Attributes
    ----------
    number : int
    recorded_at : datetime
        In UTC.
    """

    def __init__(self, desk: Desk, source: str) -> None:
        held = desk.files.reader().held
        self.number = held.last + 1
        self.recorded_at = recorded_after(held.last_recorded)
        self._desk = desk
        self._source = source
        self._book_id = held.found.book_id
        self._trail = BatchTrail(desk.audit)

    def run(
        self, write: Write, *, clients: Sequence[str], reason: str, details: Mapping[str, object]
    ) -> None:
        """Write both files anew without what `write` takes out.

        Parameters
        ----------
        write : callable
        clients, reason, details
            What the audit says of it.

        Raises
        ------
        BookError
            The new files cannot be written, or are not what they should be. Nothing was changed.
        """
        entry = self._trail.entry(
            "erase", {"source": self._source, **details}, clients=clients, reason=reason
        )
        broken = None
        try:
            rewrite(
                self._desk.workbook,
                change=lambda connection: self._change(connection, write, entry),
                keep=False,
                why="erasure",
                files=self._desk.files,
            )
        except (duckdb.Error, OSError, MemoryError) as error:
            broken = told_reason(error)
        except BaseException as error:
            self._broken_off()
            if isinstance(error.__cause__, KeyboardInterrupt):
                # DuckDB turns Ctrl-C during a statement into a RuntimeError.
                raise KeyboardInterrupt from None
            raise
        if broken is not None:
            self._broken_off()
            raise BookError(
                f"The erasure stopped: {broken.en}. {AS_IT_WAS.en}",
                f"删除未能完成：{broken.zh}。{AS_IT_WAS.zh}",
            )
        self._trail.landed()

    def _broken_off(self) -> None:
        # With its note put down the swap counts as done, and whoever comes next finishes it.
        if not swap.broken_off(self._desk.workbook):
            self._trail.broken_off()

    def _change(self, connection: duckdb.DuckDBPyConnection, write: Write, entry: Entry) -> None:
        book, vault = connection.cursor(), connection.cursor()
        cursors = Cursors(book, vault, self.number, self._book_id, self._desk.workbook.areas)
        book.begin()
        vault.begin()
        # Rows of an import that was broken off go, as with any batch: the client's may be among them.
        unfinished.clear(vault, "vault", self.number)
        unfinished.clear(book, "book", self.number)
        self._record(cursors, write(cursors))
        stamp = (self.recorded_at - EPOCH) // dt.timedelta(microseconds=1)
        self._trail.before_commit(entry, self.number, stamp, book, vault)
        vault.commit()
        book.commit()
        for cursor in (book, vault):
            cursor.close()

    def _record(self, cursors: Cursors, digests: Sequence[str]) -> None:
        stamp = f"{self.number}, TIMESTAMPTZ {literal(self.recorded_at.isoformat(sep=' '))}"
        cursors.vault.execute(f"INSERT INTO vault.main.{BATCHES} VALUES ({stamp})")
        cursors.book.execute(
            f"INSERT INTO book.main.{BATCHES} VALUES ({stamp}, ?, [], ?, NULL, ?)",
            [self._source, account(), __version__],
        )
        for one in digests:
            values = [self.number, "erased", one, "", ""]
            cursors.book.execute(f"INSERT INTO book.main.{DECISIONS} VALUES (?, ?, ?, ?, ?)", values)


# ---------------------------------------------------------------------------------- a client
@dataclass(frozen=True)
class Wiping:
    """A client to be wiped out of both files, the rows to be locked (`retention.LOCKED_ROW`), and the batches
    that were taken back."""

    dossier: Dossier
    locked: pl.DataFrame
    undone: Sequence[int]

    def carry_out(self, cursors: Cursors) -> Sequence[str]:
        """As `Write` says."""
        # The vault first: its rows without a client's number are found by those of the book.
        for area in cursors.areas.values():
            if area.identity and CLIENT not in area.key and area.find(CLIENT):
                self._wipe_beside(cursors, area)
        self._free_others(cursors)
        self._wipe_covered(cursors)
        self._wipe(cursors.vault, "vault")
        self._wipe(cursors.book, "book")
        self._lock(cursors)
        numbers = list(self.dossier.numbers)
        cursors.book.execute(
            f"DELETE FROM book.main.{DECISIONS} WHERE list_contains(?, kept) OR list_contains(?, other)",
            [numbers, numbers],
        )
        return [digest(number, cursors.book_id) for number in numbers]

    def _wipe(self, cursor: duckdb.DuckDBPyConnection, file: KeyName) -> None:
        """Out of every table with a client's number: also of areas that the firm no longer declares."""
        tables = cursor.execute(
            "SELECT table_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = 'main' "
            "AND column_name = ? AND table_name <> ?",
            [file, CLIENT, LOCKED],
        ).fetchall()
        for (table,) in tables:
            query = f"DELETE FROM {file}.main.{quoted(table)} WHERE list_contains(?, {CLIENT})"
            cursor.execute(query, [list(self.dossier.numbers)])

    def _wipe_beside(self, cursors: Cursors, area: AreaInfo) -> None:
        table = quoted(area.name)
        cursors.vault.execute(
            f"DELETE FROM vault.main.{table} v WHERE EXISTS (SELECT 1 FROM book.main.{table} b "
            f"WHERE {_same((*area.key, '_batch'), 'b', 'v')} AND list_contains(?, b.{CLIENT}))",
            [list(self.dossier.numbers)],
        )

    def _wipe_covered(self, cursors: Cursors) -> None:
        """Rows that were another client's until a correction made them this one's: without the correction
        they would stand again, and the other client have what never was theirs."""
        values = {"numbers": list(self.dossier.numbers), "undone": list(self.undone)}
        for area in cursors.areas.values():
            if area.find(CLIENT) is None or CLIENT in area.key:
                continue
            table, of_one_key = quoted(area.name), _same(area.key, "w", "r")
            covered = (
                f"NOT coalesce(list_contains($numbers, r.{CLIENT}), false) AND EXISTS ("
                f"SELECT 1 FROM book.main.{table} w WHERE {of_one_key} AND w._batch > r._batch "
                f"AND list_contains($numbers, w.{CLIENT}) AND NOT list_contains($undone, w._batch))"
            )
            if area.identity:
                cursors.vault.execute(
                    f"DELETE FROM vault.main.{table} v WHERE EXISTS (SELECT 1 FROM book.main.{table} r "
                    f"WHERE {_same((*area.key, '_batch'), 'r', 'v')} AND {covered})",
                    values,
                )
            cursors.book.execute(f"DELETE FROM book.main.{table} r WHERE {covered}", values)

    def _free_others(self, cursors: Cursors) -> None:
        """Take the person out of other clients' relations; that there was one stays theirs to know."""
        named = self.dossier.by_others.select("relation_id", "_batch")
        same = "r.relation_id = i.relation_id AND r._batch = i._batch"
        for cursor, change in (
            (
                cursors.vault,
                f"UPDATE vault.main.{RELATIONS} r SET related_name = NULL, related_mobile = NULL",
            ),
            (
                cursors.book,
                f"UPDATE book.main.{RELATIONS} r SET {RELATED} = NULL, "
                f"remarks = concat_ws(' ', r.remarks, {literal(NAMED_NO_MORE)})",
            ),
        ):
            cursor.register(_INCOMING, named.to_arrow())
            cursor.execute(f"{change} FROM {_INCOMING} i WHERE {same}")
            cursor.unregister(_INCOMING)

    def _lock(self, cursors: Cursors) -> None:
        cursors.vault.register(_INCOMING, self.locked.to_arrow())
        cursors.vault.execute(
            f"INSERT INTO vault.main.{LOCKED} (client_id, area, keep_until, _batch, row) "
            f"SELECT client_id, area, keep_until, {cursors.batch}, row FROM {_INCOMING}"
        )
        cursors.vault.unregister(_INCOMING)


def _same(columns: Sequence[str], one: str, other: str) -> str:
    """The SQL that two rows are alike in some columns."""
    return " AND ".join(f"{one}.{quoted(name)} = {other}.{quoted(name)}" for name in columns)


# --------------------------------------------------------------------------------- in due time
@dataclass(frozen=True)
class DueRows:
    """Locked rows that had to be kept until a day before `day`."""

    day: dt.date

    def carry_out(self, cursors: Cursors) -> Sequence[str]:
        """As `Write` says."""
        cursors.vault.execute(f"DELETE FROM vault.main.{LOCKED} WHERE keep_until < ?", [self.day])
        return [_IN_DUE_TIME]


def due_rows(desk: Desk, day: dt.date) -> pl.DataFrame:
    """How many locked rows of each client were to be kept until before `day`: `client_id`, `rows`."""
    vault = desk.files.vault()
    if LOCKED in vault.found.lacking:
        return pl.DataFrame(schema={CLIENT: pl.String, "rows": pl.Int64})
    query = (
        f"SELECT {CLIENT}, count(*) AS rows FROM vault.main.{LOCKED} "
        f"WHERE keep_until < ? AND _batch <= {desk.files.reader().held.last} GROUP BY ALL ORDER BY ALL"
    )
    cursor = vault.connection.cursor()
    try:
        with telling_damage(desk.workbook.vault_file):
            return pl.DataFrame(cursor.execute(query, [day]).to_arrow_table())
    finally:
        cursor.close()
