"""An import that was broken off: what of it is stored already, and whether a hand-in may go on with it.

A long import commits *parts*: rows under the number of a batch that is not in the book's list of batches
yet, so that nobody sees them. With each part the book writes down what became of each chunk, and both files
how many parts they have. The next batch of the book goes on with these rows, or takes them away.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace

import duckdb
import polars as pl

from clientlib import __version__
from clientlib.book.connection import literal, quoted
from clientlib.book.keys import KeyName
from clientlib.book.storage import BATCHES, NAMES, UNFINISHED, Found, book_fields
from clientlib.tables import AreaInfo

PART_ROWS = 491_520
"""A part has at least so many rows of a hand-in (two chunks of the intake): some seconds of work, against
which the commit of both files does not count, and full row groups of the engine."""


@dataclass(frozen=True)
class Outcome:
    """What became of the rows of one area in one chunk, without any of their values.

    Attributes
    ----------
    seen : int
        A number by which the same rows are known again: see `seen`.
    new, changed, unchanged : int
        How many there were of each.
    contradicted : tuple of int
        Which rows of the chunk contradicted an earlier one.
    """

    seen: int
    new: int
    changed: int
    unchanged: int
    contradicted: tuple[int, ...]

    @property
    def stored(self) -> int:
        return self.new + self.changed


Chunk = Mapping[str, Outcome]
"""Area → what became of its rows in one chunk."""


def seen(area: AreaInfo, frame: pl.DataFrame) -> int:
    """A number for the rows of a chunk; other rows, or the same ones in another place, have another.

    Identity does not go into it: the book must not tell of it what the vault keeps.
    """
    names = [field.name for field in book_fields(area)]
    return int(frame.select(*names, "_row", "_pending").hash_rows().sum() or 0)


@dataclass(frozen=True)
class Mark:
    """How far the import of a batch has come in one file; `token` tells it from any other attempt."""

    batch: int
    token: str
    part: int

    @classmethod
    def first(cls, batch: int) -> Mark:
        """Where an import begins: no part is committed."""
        return cls(batch, secrets.token_hex(8), 0)

    @property
    def next(self) -> Mark:
        return replace(self, part=self.part + 1)


@dataclass(frozen=True)
class Unfinished:
    """An import that was broken off and that both files hold alike.

    Attributes
    ----------
    fingerprint : str
        Of its hand-in.
    mark : Mark
        How far it has come.
    chunks : tuple of Chunk
        What became of those that are stored, in their order.
    surplus : bool
        Whether the vault is one part ahead: the process died between its commit and the book's.
    """

    fingerprint: str
    mark: Mark
    chunks: tuple[Chunk, ...]
    surplus: bool

    @property
    def rows(self) -> int:
        """How many rows are stored."""
        return sum(outcome.stored for chunk in self.chunks for outcome in chunk.values())


@dataclass(frozen=True)
class Leftovers:
    """What lies in the files beyond their last batch: rows, if `any`, and whether one can go on with them."""

    any: bool
    unfinished: Unfinished | None = None

    def of(self, fingerprint: str) -> Unfinished | None:
        """The import of the hand-in with this fingerprint, if that is what was broken off."""
        found = self.unfinished
        return found if found is not None and found.fingerprint == versioned(fingerprint) else None


def versioned(fingerprint: str) -> str:
    """With the versions under which rows are read, checked and known again alike."""
    return f"{fingerprint} clientlib {__version__} polars {pl.__version__}"


# -------------------------------------------------------------------------------- looked at
def in_book(connection: duckdb.DuckDBPyConnection, found: Found) -> bool:
    """Whether the book holds rows of an import that was broken off."""
    if UNFINISHED in found.lacking:
        return False
    return connection.execute(f"SELECT 1 FROM book.main.{UNFINISHED} LIMIT 1").fetchone() is not None


def look(connection: duckdb.DuckDBPyConnection, number: int, *, ahead: bool) -> Leftovers:
    """What an import that died has left in both files, opened for writing.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With both files attached, which have all their tables.
    number : int
        The number that the next batch will have.
    ahead : bool
        Whether the vault knows that batch, and the book does not.
    """
    rows = connection.execute(
        f"SELECT batch, token, part, fingerprint, outcomes FROM book.main.{UNFINISHED} ORDER BY chunk"
    ).fetchall()
    row = connection.execute(f"SELECT batch, token, part FROM vault.main.{UNFINISHED}").fetchone()
    vault = Mark(*row) if row else None
    # The vault's mark stays when an import is finished: it means something only for the next batch.
    if not rows:
        return Leftovers(ahead or (vault is not None and vault.batch >= number))
    mark = Mark(*rows[-1][:3])
    if mark.batch != number or vault not in (mark, mark.next):
        return Leftovers(any=True)
    chunks = tuple(_read(row[-1]) for row in rows)
    return Leftovers(any=True, unfinished=Unfinished(rows[0][3], mark, chunks, surplus=vault != mark))


def _read(outcomes: str) -> Chunk:
    return {
        area: Outcome(**values | {"contradicted": tuple(values["contradicted"])})
        for area, values in json.loads(outcomes).items()
    }


# ------------------------------------------------------------------------------ written down
def note_part(
    cursor: duckdb.DuckDBPyConnection, mark: Mark, fingerprint: str, first: int, chunks: Sequence[Chunk]
) -> None:
    """Write into the book what became of further chunks, the first of them being number `first`."""
    for place, chunk in enumerate(chunks, first):
        told = json.dumps({area: asdict(outcome) for area, outcome in chunk.items()})
        values = [*astuple(mark), place, versioned(fingerprint), told]
        cursor.execute(f"INSERT INTO book.main.{UNFINISHED} VALUES (?, ?, ?, ?, ?, ?)", values)


def note_mark(cursor: duckdb.DuckDBPyConnection, mark: Mark) -> None:
    """Write into the vault how far the import has come."""
    cursor.execute(f"DELETE FROM vault.main.{UNFINISHED}")
    cursor.execute(f"INSERT INTO vault.main.{UNFINISHED} VALUES (?, ?, ?)", list(astuple(mark)))


# ------------------------------------------------------------------------------- taken away
def forget(cursor: duckdb.DuckDBPyConnection) -> None:
    """The book has the batch: it is no longer unfinished."""
    cursor.execute(f"DELETE FROM book.main.{UNFINISHED}")


def clear(cursor: duckdb.DuckDBPyConnection, file: KeyName, number: int) -> int:
    """Take away what a file has of batches from `number` on; returns how many rows of areas that were."""
    rows = 0
    for table in _tables_of_rows(cursor, file):
        deleted = cursor.execute(f"DELETE FROM {table} WHERE _batch >= {number}").fetchone()
        rows += deleted[0] if deleted else 0
    cursor.execute(f"DELETE FROM {file}.main.{UNFINISHED}")
    cursor.execute(f"DELETE FROM {file}.main.{BATCHES} WHERE batch >= {number}")
    return rows


def drop_surplus(cursor: duckdb.DuckDBPyConnection, number: int, areas: Iterable[AreaInfo]) -> None:
    """Take away the vault's rows of a part that the book does not have."""
    for area in areas:
        if area.identity:
            table = quoted(area.name)
            same = " AND ".join(f"b.{quoted(key)} = v.{quoted(key)}" for key in (*area.key, "_batch"))
            cursor.execute(
                f"DELETE FROM vault.main.{table} v WHERE v._batch = {number} "
                f"AND NOT EXISTS (SELECT 1 FROM book.main.{table} b WHERE {same})"
            )
    cursor.execute(
        f"DELETE FROM vault.main.{NAMES} n WHERE n._batch = {number} "
        "AND NOT EXISTS (SELECT 1 FROM vault.main.clients v "
        "WHERE v.client_id = n.client_id AND v._batch = n._batch)"
    )
    cursor.execute(f"DELETE FROM vault.main.{BATCHES} WHERE batch >= {number}")


def _tables_of_rows(cursor: duckdb.DuckDBPyConnection, file: KeyName) -> list[str]:
    # Not only those that are declared: a firm may have taken an area or a field out since.
    query = (
        "SELECT table_name FROM duckdb_columns() "
        f"WHERE database_name = {literal(file)} AND schema_name = 'main' AND column_name = '_batch'"
    )
    return [f"{file}.main.{quoted(name)}" for (name,) in cursor.execute(query).fetchall()]
