"""The two files of a book: which tables they have, how they are made, and how one is recognised.

Both are derived from `tables.AREAS`: the book holds every field but identity, the vault the identity
fields with the key columns and the batch they came in.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl

from clientlib.book import connection as engine
from clientlib.book.connection import literal, quoted
from clientlib.book.keys import find_key, id_file, make_keys, need_key
from clientlib.declare import Field
from clientlib.errors import BookError
from clientlib.tables import AREAS, AreaInfo
from clientlib.workbook import Workbook

SCHEMA_VERSION = 1
SQL_TYPES: dict[type[pl.DataType], str] = {
    pl.String: "VARCHAR",
    pl.Boolean: "BOOLEAN",
    pl.Int64: "BIGINT",
    pl.Float64: "DOUBLE",
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMPTZ",
}
BOOK_MARKS = {"_batch": "INTEGER", "_row": "UINTEGER", "_pending": "BOOLEAN", "_supersedes": "BOOLEAN"}
"""Beside its fields, each row of the book tells its batch, its row in the hand-in, whether a required cell
is still to come, and whether it corrects an earlier record of the same key."""
VAULT_MARKS = {"_batch": "INTEGER", "_row": "UINTEGER"}
META = "_meta"
BATCHES = "_batches"
BATCH_AREAS = "_batch_areas"
COUNTS = ("rows_in", "accepted", "rejected", "new", "changed", "unchanged", "pending")
_META_COLUMNS = {"schema_version": "INTEGER", "book_id": "VARCHAR", "created_at": "TIMESTAMPTZ"}
_BATCH_COLUMNS = {
    "batch": "INTEGER",
    "recorded_at": "TIMESTAMPTZ",
    "source": "VARCHAR",
    "files": "VARCHAR[]",
    "who": "VARCHAR",
    "undoes": "INTEGER",
    "code_version": "VARCHAR",
}
_BATCH_AREA_COLUMNS = {"batch": "INTEGER", "area": "VARCHAR"} | dict.fromkeys(COUNTS, "BIGINT")


def book_fields(area: AreaInfo) -> tuple[Field, ...]:
    """The fields of an area that the book holds, in declared order."""
    return tuple(f for f in area.fields if f.sensitivity != "I")


def vault_fields(area: AreaInfo) -> tuple[Field, ...]:
    """The fields of an area that the vault holds: the key and identity; none where there is no identity."""
    return tuple(f for f in area.fields if f.key or f.sensitivity == "I") if area.identity else ()


def _book_tables() -> Iterator[tuple[str, dict[str, str]]]:
    yield META, _META_COLUMNS
    yield BATCHES, _BATCH_COLUMNS
    yield BATCH_AREAS, _BATCH_AREA_COLUMNS
    for name, area in AREAS.items():
        yield name, _typed(book_fields(area)) | BOOK_MARKS


def _vault_tables() -> Iterator[tuple[str, dict[str, str]]]:
    yield META, _META_COLUMNS
    yield BATCHES, {"batch": "INTEGER", "recorded_at": "TIMESTAMPTZ"}
    for name, area in AREAS.items():
        if fields := vault_fields(area):
            yield name, _typed(fields) | VAULT_MARKS


def _typed(fields: tuple[Field, ...]) -> dict[str, str]:
    return {field.name: SQL_TYPES[type(field.dtype)] for field in fields}


_TABLES = {"book": _book_tables, "vault": _vault_tables}


# ------------------------------------------------------------------------------ made anew
def create_book(workbook: Workbook) -> None:
    """Make an empty book and its vault, and the keys that are not there yet.

    Parameters
    ----------
    workbook : Workbook
        Where. Keys that can be found already (environment, key file, keyring) are used.

    Raises
    ------
    BookError
        There is a book or a vault already, or the folder cannot be written. Nothing was changed.
    """
    for path in (workbook.book_file, workbook.vault_file):
        if path.exists():
            raise BookError(f"There is a {path.stem} already at {path}. Nothing was changed.")
    folder = workbook.book_file.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(workbook)
    except OSError:
        raise engine.cannot_write(folder) from None


def _make(workbook: Workbook) -> None:
    if find_key(workbook, "book") is None or find_key(workbook, "vault") is None:
        make_keys(workbook)
    book_id = str(uuid.uuid4())
    id_file(workbook).write_text(book_id + "\n", "utf-8")
    folder = workbook.book_file.parent
    made = {"vault": workbook.vault_file, "book": workbook.book_file}
    connection = engine.connect(folder, workbook.settings.firm.time_zone)
    try:
        for name, path in made.items():
            path.with_suffix(".new").unlink(missing_ok=True)
            key = need_key(workbook, "book" if name == "book" else "vault")
            engine.create(connection, path.with_suffix(".new"), name, key)
            _lay_out(connection, name, book_id)
    except duckdb.Error:
        refused = True
    else:
        refused = False
    finally:
        connection.close()
    if refused:
        raise engine.cannot_write(folder)
    # The book comes last: a vault alone is nothing anybody could take for a book.
    for path in made.values():
        path.with_suffix(".new").chmod(0o600)
        path.with_suffix(".new").replace(path)


def _lay_out(connection: duckdb.DuckDBPyConnection, name: str, book_id: str) -> None:
    for table, columns in _TABLES[name]():
        listed = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        connection.execute(f"CREATE TABLE {name}.main.{quoted(table)} ({listed})")
    values = f"{SCHEMA_VERSION}, {literal(book_id)}, now()"
    connection.execute(f"INSERT INTO {name}.main.{META} VALUES ({values}); CHECKPOINT {name}")


# ------------------------------------------------------------------------------ recognised
def recognise(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> str:
    """The number of the book that an attached file is (or is the vault of).

    Raises
    ------
    BookError
        It is something else, or was made by a version with other fields.
    """
    found = _columns(connection, name)
    if META not in found:
        raise BookError(f"{path} is no {name} of clientlib. Put the right file there; nothing was changed.")
    row = connection.execute(f"SELECT schema_version, book_id FROM {name}.main.{META}").fetchone()
    expected = {table: tuple(columns) for table, columns in _TABLES[name]()}
    if row is None or row[0] != SCHEMA_VERSION or found != expected:
        odd = sorted(
            table for table in found.keys() | expected.keys() if found.get(table) != expected.get(table)
        )
        raise BookError(
            f"{path} was made by a version of clientlib with other fields ({', '.join(odd) or 'its own'}). "
            "Use that version, or make a new book and import the hand-ins again."
        )
    return str(row[1])


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, tuple[str, ...]]:
    rows = connection.execute(
        "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        f"WHERE database_name = {literal(name)} AND schema_name = 'main' GROUP BY table_name"
    ).fetchall()
    return {table: tuple(columns) for table, columns in rows}


def batch_stamps(connection: duckdb.DuckDBPyConnection, name: str) -> dict[int, int]:
    """Each batch that a file knows, and when it was recorded, in microseconds since 1970 in UTC."""
    rows = connection.execute(f"SELECT batch, epoch_us(recorded_at) FROM {name}.main.{BATCHES}").fetchall()
    return dict(rows)


def match(workbook: Workbook, book: dict[int, int], vault: dict[int, int]) -> bool:
    """Look that book and vault have lived through the same imports; True if the vault is one ahead.

    One ahead is what an import leaves that died between its two commits: such rows are not there.

    Raises
    ------
    BookError
        One of the two files was put back from another time than the other.
    """
    ahead = vault.keys() - book.keys()
    same = all(vault.get(batch) == stamp for batch, stamp in book.items())
    if not same or ahead - {max(book, default=0) + 1}:
        raise BookError(
            f"{workbook.vault_file} and {workbook.book_file} are of different times. "
            "Put both back from one backup; nothing was changed."
        )
    return bool(ahead)
