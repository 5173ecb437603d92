"""Books of earlier schema versions, brought to this one when they are next opened.

A step takes a file from one version to the next, in one transaction of that file: first the vault, last the
book, whose version is what a reader looks at. A process that dies in between leaves a vault that is ahead;
the next opening goes on from there. What a step makes is written out here and not derived from today's
tables, which will change again; columns that a firm added are none of its business (`storage.extend`).

To fill something new from the rows that are there, add a function to the step's file in `STEPS`: it is called
once, with a connection on which the file is attached under its name, inside the transaction of the step.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import duckdb
import polars as pl

from clientlib.book import connection as engine
from clientlib.book.keeping import backup
from clientlib.book.keys import Key, KeyName, file_of, need_key
from clientlib.book.locks import Patience
from clientlib.book.search import names
from clientlib.book.storage import META, SCHEMA_VERSION
from clientlib.book.swap import settled_lock
from clientlib.errors import ZH
from clientlib.workbook import Workbook

_log = logging.getLogger("clientlib.book")
Step = Callable[[duckdb.DuckDBPyConnection], None]
_ORDER: tuple[KeyName, KeyName] = ("vault", "book")


# ------------------------------------------------------------------------------------ 1 → 2
def _audit_of(name: KeyName) -> Step:
    """The table of records of who looked at what and who changed what."""

    def make(connection: duckdb.DuckDBPyConnection) -> None:
        columns = "seq BIGINT, record VARCHAR, hash VARCHAR"
        connection.execute(f"CREATE TABLE IF NOT EXISTS {name}.main._audit ({columns})")

    return make


def _names(connection: duckdb.DuckDBPyConnection) -> None:
    """The table of names as they are searched for, filled from those that were recorded so far."""
    columns = "client_id VARCHAR, _batch INTEGER, written VARCHAR, pinyin VARCHAR, initials VARCHAR"
    connection.execute(f"CREATE OR REPLACE TABLE vault.main._names ({columns})")
    recorded = pl.DataFrame(
        connection.execute("SELECT client_id, _batch, full_name FROM vault.main.clients").to_arrow_table()
    )
    found = pl.concat([recorded, names.keys(recorded["full_name"])], how="horizontal").drop_nulls("written")
    connection.register("_recorded", found.to_arrow())
    connection.execute(
        "INSERT INTO vault.main._names SELECT client_id, _batch, written, pinyin, initials FROM _recorded"
    )
    connection.unregister("_recorded")


def _locked(connection: duckdb.DuckDBPyConnection) -> None:
    """The table of what the law makes the firm keep of erased clients."""
    columns = 'client_id VARCHAR, area VARCHAR, keep_until DATE, _batch INTEGER, "row" VARCHAR'
    connection.execute(f"CREATE TABLE IF NOT EXISTS vault.main._locked ({columns})")


STEPS: Mapping[int, Mapping[KeyName, tuple[Step, ...]]] = {
    1: {"vault": (_audit_of("vault"), _names, _locked), "book": (_audit_of("book"),)},
}
"""From each version to the next: what is done to each file, in this order."""


# -------------------------------------------------------------------------------- brought up
def migrate(workbook: Workbook, patience: Patience) -> None:
    """Bring book and vault to `SCHEMA_VERSION`, after a backup of both; nothing is done where they are there.

    Raises
    ------
    KeyProblem
        One of the two keys is not here, or not the file's.
    BookBusy
        Somebody has the book open.
    BookError
        A file is damaged or cannot be written. What was not brought up is as it was.
    """
    keys: dict[KeyName, Key] = {name: need_key(workbook, name) for name in _ORDER}
    lock = settled_lock(workbook, exclusive=True, patience=patience, doing="bringing it to this version")
    try:
        before = _versions(workbook, keys)
        if min(before.values()) >= SCHEMA_VERSION:
            return
        saved = backup.write(
            workbook, keys["book"], backup.default_file(workbook, f"before-v{SCHEMA_VERSION}")
        )
        _log.warning(
            "The book is brought to schema version %s. It was saved as %s.",
            SCHEMA_VERSION,
            saved.file,
            extra={ZH: f"正在将台账升级到结构版本{SCHEMA_VERSION}。原台账已备份为 {saved.file}。"},
        )
        connection = _attached(workbook, keys, read_only=False)
        try:
            for name in _ORDER:
                for version in range(before[name], SCHEMA_VERSION):
                    _step(connection, workbook, name, version)
        finally:
            connection.close()
    finally:
        lock.release()


def _step(connection: duckdb.DuckDBPyConnection, workbook: Workbook, name: KeyName, version: int) -> None:
    with engine.telling_refused(file_of(workbook, name)):
        connection.begin()
        for change in STEPS[version][name]:
            change(connection)
        connection.execute(f"UPDATE {name}.main.{META} SET schema_version = {version + 1}")
        connection.commit()


def _versions(workbook: Workbook, keys: Mapping[KeyName, Key]) -> dict[KeyName, int]:
    connection = _attached(workbook, keys, read_only=True)
    try:
        return {name: _version(connection, workbook, name) for name in _ORDER}
    finally:
        connection.close()


def _version(connection: duckdb.DuckDBPyConnection, workbook: Workbook, name: KeyName) -> int:
    with engine.telling_damage(file_of(workbook, name), whatever=True):
        row = connection.execute(f"SELECT schema_version FROM {name}.main.{META}").fetchone()
    return int(row[0]) if row else SCHEMA_VERSION


def _attached(
    workbook: Workbook, keys: Mapping[KeyName, Key], *, read_only: bool
) -> duckdb.DuckDBPyConnection:
    connection = engine.connect(workbook.book_file.parent, workbook.settings.firm.time_zone)
    try:
        for name, key in keys.items():
            engine.attach(connection, file_of(workbook, name), name, key, read_only=read_only)
        engine.seal(connection)
    except BaseException:
        connection.close()
        raise
    return connection
