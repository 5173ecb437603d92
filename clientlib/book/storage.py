"""The two files of a book: which tables they have, how they are made, and how one is recognised.

Both are derived from the workbook's table: the book holds every field but identity, the vault the identity
fields with the key columns and the batch they came in. A file never loses a column: what a firm no longer
declares stays in it, unread, and what it has declared since is missing in the rows that were there before.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from clientlib.book import connection as engine
from clientlib.book import swap
from clientlib.book.connection import literal, quoted
from clientlib.book.keys import KeyName, find_key, id_file, make_keys, need_key
from clientlib.book.spoken import FILES
from clientlib.declare import Field
from clientlib.errors import BookError, Words
from clientlib.tables import AreaInfo, Areas
from clientlib.workbook import Workbook

SCHEMA_VERSION = 2
SQL_TYPES: dict[type[pl.DataType], str] = {
    pl.String: "VARCHAR",
    pl.Boolean: "BOOLEAN",
    pl.Int64: "BIGINT",
    pl.Float64: "DOUBLE",
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMP WITH TIME ZONE",
}
BOOK_MARKS = {"_batch": "INTEGER", "_row": "UINTEGER", "_pending": "BOOLEAN", "_supersedes": "BOOLEAN"}
"""Beside its fields, each row of the book tells its batch, its row in the hand-in, whether a required cell
is still to come, and whether it corrects an earlier record of the same key."""
VAULT_MARKS = {"_batch": "INTEGER", "_row": "UINTEGER"}
META = "_meta"
BATCHES = "_batches"
BATCH_AREAS = "_batch_areas"
DECISIONS = "_decisions"
UNFINISHED = "_unfinished"
AUDIT = "_audit"
NAMES = "_names"
LOCKED = "_locked"
COUNTS = ("rows_in", "accepted", "rejected", "new", "changed", "unchanged", "pending")
_META_COLUMNS = {"schema_version": "INTEGER", "book_id": "VARCHAR", "created_at": "TIMESTAMP WITH TIME ZONE"}
_BATCH_COLUMNS = {
    "batch": "INTEGER",
    "recorded_at": "TIMESTAMP WITH TIME ZONE",
    "source": "VARCHAR",
    "files": "VARCHAR[]",
    "who": "VARCHAR",
    "undoes": "INTEGER",
    "code_version": "VARCHAR",
}
_BATCH_AREA_COLUMNS = {"batch": "INTEGER", "area": "VARCHAR"} | dict.fromkeys(COUNTS, "BIGINT")


_DECISION_COLUMNS = {
    "batch": "INTEGER",
    "kind": "VARCHAR",
    "kept": "VARCHAR",
    "other": "VARCHAR",
    "reason": "VARCHAR",
}
_MARK_COLUMNS = {"batch": "INTEGER", "token": "VARCHAR", "part": "INTEGER"}
_AUDIT_COLUMNS = {"seq": "BIGINT", "record": "VARCHAR", "hash": "VARCHAR"}
_NAME_COLUMNS = {
    "client_id": "VARCHAR",
    "_batch": "INTEGER",
    "written": "VARCHAR",
    "pinyin": "VARCHAR",
    "initials": "VARCHAR",
}
"""Each recorded name as it is searched for."""
_LOCKED_COLUMNS = {
    "client_id": "VARCHAR",
    "area": "VARCHAR",
    "keep_until": "DATE",
    "_batch": "INTEGER",
    "row": "VARCHAR",
}
"""What the law makes the firm keep of erased clients: rows as JSON, identity and the rest together."""
_UNFINISHED_COLUMNS = _MARK_COLUMNS | {"chunk": "INTEGER", "fingerprint": "VARCHAR", "outcomes": "VARCHAR"}


def book_fields(area: AreaInfo) -> tuple[Field, ...]:
    """The fields of an area that the book holds, in declared order."""
    return tuple(f for f in area.fields if f.sensitivity != "I")


def vault_fields(area: AreaInfo) -> tuple[Field, ...]:
    """The fields of an area that the vault holds: the key and identity; none where there is no identity."""
    return tuple(f for f in area.fields if f.key or f.sensitivity == "I") if area.identity else ()


_OWN_TABLES: dict[KeyName, dict[str, dict[str, str]]] = {
    "book": {
        META: _META_COLUMNS,
        BATCHES: _BATCH_COLUMNS,
        BATCH_AREAS: _BATCH_AREA_COLUMNS,
        DECISIONS: _DECISION_COLUMNS,
        UNFINISHED: _UNFINISHED_COLUMNS,
        AUDIT: _AUDIT_COLUMNS,
    },
    "vault": {
        META: _META_COLUMNS,
        BATCHES: {"batch": "INTEGER", "recorded_at": "TIMESTAMP WITH TIME ZONE"},
        UNFINISHED: _MARK_COLUMNS,
        AUDIT: _AUDIT_COLUMNS,
        NAMES: _NAME_COLUMNS,
        LOCKED: _LOCKED_COLUMNS,
    },
}
"""The tables that are of no area."""


def columns_of(name: KeyName, area: AreaInfo) -> dict[str, str]:
    """The columns of an area in the book or the vault, with their types; empty where it has no table."""
    fields, marks = (book_fields(area), BOOK_MARKS) if name == "book" else (vault_fields(area), VAULT_MARKS)
    typed = {field.name: SQL_TYPES[type(field.dtype)] for field in fields}
    return typed | marks if typed else {}


def _tables(name: KeyName, areas: Areas) -> dict[str, dict[str, str]]:
    found = {area.name: columns_of(name, area) for area in areas.values()}
    return _OWN_TABLES[name] | {table: columns for table, columns in found.items() if columns}


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
    swap.settled_lock(workbook, exclusive=True).release()
    for path in (workbook.book_file, workbook.vault_file):
        if path.exists():
            file = FILES[path.stem]
            raise BookError(
                f"There is a {file.en} already at {path}. Nothing was changed.",
                f"{path} 处已有{file.zh}。未作任何更改。",
            )
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
    made: dict[KeyName, Path] = {"vault": workbook.vault_file, "book": workbook.book_file}
    connection = engine.connect(folder, workbook.settings.firm.time_zone)
    try:
        for name, path in made.items():
            path.with_suffix(".new").unlink(missing_ok=True)
            engine.create(connection, path.with_suffix(".new"), name, need_key(workbook, name))
            _lay_out(connection, name, workbook.areas, book_id)
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


def _lay_out(connection: duckdb.DuckDBPyConnection, name: KeyName, areas: Areas, book_id: str) -> None:
    for table, columns in _tables(name, areas).items():
        _create_table(connection, name, table, columns)
    values = f"{SCHEMA_VERSION}, {literal(book_id)}, now()"
    connection.execute(f"INSERT INTO {name}.main.{META} VALUES ({values}); CHECKPOINT {name}")


def _create_table(
    connection: duckdb.DuckDBPyConnection, name: KeyName, table: str, columns: Mapping[str, str]
) -> None:
    listed = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
    connection.execute(f"CREATE TABLE {name}.main.{quoted(table)} ({listed})")


# ------------------------------------------------------------------------------ recognised
class Outdated(BookError):
    """A file of an earlier schema version: see `migrations`."""


@dataclass(frozen=True)
class Found:
    """What an attached file is: the number of its book, and the columns that its tables do not have yet."""

    book_id: str
    lacking: Mapping[str, tuple[str, ...]]

    def source(self, name: KeyName, area: AreaInfo) -> str:
        """The SQL of an area's table; what it lacks is missing in every row."""
        table = f"{name}.main.{quoted(area.name)}"
        if area.name not in self.lacking:
            return table
        columns, lacking = columns_of(name, area), self.lacking[area.name]
        missing = ", ".join(f"CAST(NULL AS {columns[column]}) AS {quoted(column)}" for column in lacking)
        if len(lacking) == len(columns):
            return f"(SELECT {missing} WHERE false)"
        return f"(SELECT *, {missing} FROM {table})"


def recognise(connection: duckdb.DuckDBPyConnection, name: KeyName, path: Path, areas: Areas) -> Found:
    """Look at what an attached file is.

    Raises
    ------
    Outdated
        It was made by an earlier version.
    BookError
        It is something else, was made by a later version, or holds a field in a way that `areas` no
        longer says: of another type, or in the other one of the two files.
    """
    held = _columns(connection, name)
    if META not in held:
        raise engine.stranger(path, name)
    row = connection.execute(f"SELECT schema_version, book_id FROM {name}.main.{META}").fetchone()
    own = {table: columns for table, columns in _OWN_TABLES[name].items() if table in held}
    odd = BATCHES not in own or any(held[table] != columns for table, columns in own.items())
    _check_version(path, row[0] if row else None)
    if row is None or odd:
        file = FILES[name]
        raise BookError(
            f"{path} is not a {file.en} that this version of clientlib can read. "
            "Put the right file there, or use the version that made it.",
            f"此版本的 clientlib 无法将 {path} 作为{file.zh}读取。请放入正确的文件，或使用生成它的版本。",
        )
    for area in areas.values():
        _check_fields(path, name, area, held.get(area.name, {}))
    lacking = {}
    for table, columns in _tables(name, areas).items():
        if missing := tuple(column for column in columns if column not in held.get(table, {})):
            lacking[table] = missing
    return Found(str(row[1]), lacking)


def refuse_later(path: Path, version: int) -> None:
    """Make sure that this code knows a schema version.

    Raises
    ------
    BookError
        It is a later one.
    """
    if version > SCHEMA_VERSION:
        raise BookError(
            f"{path} was made by a later version of clientlib: its tables are of version {version}, and this "
            f"one knows them up to {SCHEMA_VERSION}. Install the later version; nothing was changed.",
            f"{path} 由更高版本的 clientlib 生成：其表结构版本为{version}，本版本最高支持{SCHEMA_VERSION}。"
            "请安装更高版本；未作任何更改。",
        )


def _check_version(path: Path, version: int | None) -> None:
    if version is not None:
        refuse_later(path, version)
    if version is not None and version < SCHEMA_VERSION:
        raise Outdated(
            f"{path} was made by an earlier version of clientlib. It is brought to this one when somebody "
            "who has the vault's key too opens it: ask for that. Nothing was changed.",
            f"{path} 由较早版本的 clientlib 生成。须由同时持有身份库密钥的人打开，才会升级到本版本："
            "请联系其打开。"
            "未作任何更改。",
        )


def _check_fields(path: Path, name: KeyName, area: AreaInfo, there: Mapping[str, str]) -> None:
    """A field that is stored stays of its type, and in its file."""
    columns = columns_of(name, area)
    for field in area.fields:
        stored = there.get(field.name)
        if stored is None:
            continue
        where = Words(
            f"{path.name}: the field {area.name}.{field.name}", f"{path.name}：字段 {area.name}.{field.name}"
        )
        if field.name not in columns:
            said = Words("in the book, not as identity", "在台账中，不作为身份信息")
            if name == "vault":
                said = Words("as identity in the vault", "在身份库中，作为身份信息")
            raise BookError(
                f"{where.en} is stored {said.en}, and its sensitivity says otherwise now. "
                "Put the sensitivity back in data/fields.toml, or give the new field another name.",
                f"{where.zh}已存{said.zh}，与现在的 sensitivity 不符。"
                "请在 data/fields.toml 中恢复原来的 sensitivity，或给新字段另取名称。",
            )
        if stored != columns[field.name]:
            raise BookError(
                f"{where.en} is stored as {stored.lower()}, and its type says otherwise now. "
                "Put the type back in data/fields.toml, or give the new field another name.",
                f"{where.zh}已按 {stored.lower()} 存储，与现在的 type 不符。"
                "请在 data/fields.toml 中恢复原来的 type，或给新字段另取名称。",
            )


def extend(connection: duckdb.DuckDBPyConnection, name: KeyName, areas: Areas, found: Found) -> None:
    """Give an attached file the columns that it lacks; the rows that are there have nothing in them."""
    declared = _tables(name, areas)
    for table, lacking in found.lacking.items():
        columns = declared[table]
        if len(lacking) == len(columns):
            _create_table(connection, name, table, columns)
            continue
        for column in lacking:
            connection.execute(
                f"ALTER TABLE {name}.main.{quoted(table)} ADD COLUMN {quoted(column)} {columns[column]}"
            )


def _columns(connection: duckdb.DuckDBPyConnection, name: KeyName) -> dict[str, dict[str, str]]:
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        f"WHERE database_name = {literal(name)} AND schema_name = 'main' ORDER BY column_index"
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


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
            "Put both back from one backup; nothing was changed.",
            f"{workbook.vault_file} 与 {workbook.book_file} 不是同一时间的文件。"
            "请用同一份备份一并恢复；未作任何更改。",
        )
    return bool(ahead)
