"""Book and vault written anew into fresh encrypted files: under other keys, or with a change applied.

A file that rows were deleted from still has them in blocks that are free now. A fresh file has only what was
copied into it, so a change (an erasure) is made on a draft under a key that nobody keeps, and what the draft
then holds is copied once more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from clientlib.book import connection as engine
from clientlib.book import swap
from clientlib.book.connection import literal, quoted
from clientlib.book.files import Files
from clientlib.book.keys import Key, KeyName, file_of, new_key
from clientlib.book.spoken import FILES
from clientlib.book.swap import Move
from clientlib.errors import BookError, KeyProblem
from clientlib.workbook import Workbook

Change = Callable[[duckdb.DuckDBPyConnection], None]
NAMES: tuple[KeyName, KeyName] = ("vault", "book")
"""In the order in which the files are put into their places."""


@dataclass(frozen=True)
class Table:
    """What a table holds, as far as two copies of it can be told apart by it."""

    columns: tuple[str, ...]
    rows: int
    content: int


@dataclass(frozen=True)
class Rewritten:
    """What was written.

    Attributes
    ----------
    rows : mapping of str to int
        How many rows each table has, by "book.TABLE" or "vault.TABLE".
    kept : tuple of Path
        The old files, where they were kept.
    """

    rows: Mapping[str, int]
    kept: tuple[Path, ...]


def rewrite(
    workbook: Workbook,
    *,
    new_keys: Mapping[KeyName, Key] | None = None,
    change: Change | None = None,
    keep: bool,
    why: str = "rewrite",
    beside: Callable[[str], Sequence[Move]] | None = None,
    files: Files | None = None,
) -> Rewritten:
    """Copy book and vault into new encrypted files, verify these, and put them into the old ones' places.

    The copies are verified before anything is moved: same tables, same columns, as many rows and the same
    content in each; read again from the disk with their keys, and not to be opened with an old key. A
    process that dies leaves the old files or the new ones, never one of each (`swap`).

    Parameters
    ----------
    workbook : Workbook
        Whose book. Both of its keys must be here.
    new_keys : mapping, optional
        Keys for the new files; by default they have those of the old ones. To put them where keys are
        looked for is the caller's part (`beside`).
    change : callable, optional
        Is called once with a connection on which `book` and `vault` are drafts, open for writing, and
        changes them. What it begins it commits. One transaction can write to one of the two only.
        Raises what it likes: then nothing was changed. Rows that it deletes are not in the new files.
    keep : bool
        Whether the old files stay, under names with `before-WHY` in them.
    why : str
        For these names.
    beside : callable, optional
        Given the stamp of the kept files, other files to put into their places in the same swap.
    files : Files, optional
        The book, if the caller has it open for writing. Its engines are closed; it can be used again, and
        sees the new files. By default the book is opened here.

    Returns
    -------
    Rewritten

    Raises
    ------
    KeyProblem, BookBusy, BookError
        As for `open_book`; or the new files cannot be written, or are not what they should be. Nothing was
        changed.
    """
    with contextlib.nullcontext(files) if files is not None else _alone(workbook) as held:
        held.close_engines()
        old = {name: held.key(name) for name in NAMES}
        job = _Job(workbook, old, {**old, **(new_keys or {})}, change)
        try:
            tables = job.run()
        except BaseException:
            swap.sweep(workbook)
            raise
        when = swap.stamp()
        moves = [job.move(name, why, when if keep else None) for name in NAMES]
        swap.put_in_place(workbook, [*moves, *(beside(when) if beside else ())])
        held.forget_keys()
    kept = tuple(move.kept for move in moves if move.kept is not None)
    return Rewritten({name: table.rows for name, table in tables.items()}, kept)


@contextlib.contextmanager
def _alone(workbook: Workbook) -> Iterator[Files]:
    files = Files(workbook, write=True)
    try:
        files.now_doing("writing it anew")
        yield files
    finally:
        files.close()


class _Job:
    """The copying and the verifying, on an engine of its own."""

    def __init__(
        self,
        workbook: Workbook,
        old: Mapping[KeyName, Key],
        new: Mapping[KeyName, Key],
        change: Change | None,
    ) -> None:
        self._workbook = workbook
        self._paths = {name: file_of(workbook, name) for name in NAMES}
        self._old = old
        self._new = new
        self._change = change

    def move(self, name: KeyName, why: str, when: str | None) -> Move:
        target = self._paths[name]
        return Move(swap.aside(target), target, swap.kept_as(target, why, when) if when else None)

    def run(self) -> dict[str, Table]:
        """Write the new files aside; what is in them, by "book.TABLE" and "vault.TABLE"."""
        connection = engine.connect(self._workbook.book_file.parent, "UTC")
        try:
            if self._change is None:
                self._open(connection, "")
            else:
                self._draft(connection, self._change)
            found: dict[str, Table] = {}
            for name in NAMES:
                found |= self._copy_out(connection, name)
        finally:
            connection.close()
        for name in NAMES:
            self._refuse_old_key(name)
        return found

    def _open(self, connection: duckdb.DuckDBPyConnection, prefix: str) -> None:
        for name, path in self._paths.items():
            engine.attach(connection, path, name, self._old[name], read_only=True, alias=prefix + name)

    def _draft(self, connection: duckdb.DuckDBPyConnection, change: Change) -> None:
        """`book` and `vault` as copies, changed; their keys are forgotten with this engine."""
        self._open(connection, "old_")
        for name in NAMES:
            path = self._paths[name]
            self._copy(connection, f"old_{name}", name, swap.aside(path.with_suffix(".draft")), new_key())
            self._same(connection, f"old_{name}", name)
            connection.execute(f"DETACH old_{name}")
        change(connection)

    def _copy_out(self, connection: duckdb.DuckDBPyConnection, name: KeyName) -> dict[str, Table]:
        path, copy = swap.aside(self._paths[name]), f"new_{name}"
        self._copy(connection, name, copy, path, self._new[name])
        # From the disk, with the key as whoever opens it next will give it.
        connection.execute(f"DETACH {copy}")
        engine.attach(connection, path, name, self._new[name], read_only=True, alias=copy)
        tables = self._same(connection, name, copy)
        for attached in (name, copy):
            connection.execute(f"DETACH {attached}")
        if self._change is not None:
            swap.aside(self._paths[name].with_suffix(".draft")).unlink()
        return {f"{name}.{table}": found for table, found in tables.items()}

    def _copy(
        self, connection: duckdb.DuckDBPyConnection, source: str, target: str, path: Path, key: Key
    ) -> None:
        path.unlink(missing_ok=True)
        with engine.telling_refused(path):
            engine.create(connection, path, target, key)
            path.chmod(0o600)
            connection.execute(f"COPY FROM DATABASE {source} TO {target}; CHECKPOINT {target}")

    def _same(self, connection: duckdb.DuckDBPyConnection, one: str, other: str) -> dict[str, Table]:
        with engine.telling_refused(self._workbook.book_file):
            found = contents(connection, one)
            same = found == contents(connection, other)
        if not same:
            raise BookError(
                "The new files do not hold what the old ones do. Nothing was changed.",
                "新文件的内容与旧文件不一致。未作任何更改。",
            )
        return found

    def _refuse_old_key(self, name: KeyName) -> None:
        if self._old[name].reveal() == self._new[name].reveal():
            return
        connection = engine.connect(self._workbook.book_file.parent, "UTC")
        try:
            engine.attach(connection, swap.aside(self._paths[name]), name, self._old[name], read_only=True)
        except KeyProblem:
            return
        finally:
            connection.close()
        file = FILES[name]
        raise BookError(
            f"The old key still opens the new {file.en}. Nothing was changed.",
            f"旧密钥仍能打开新的{file.zh}。未作任何更改。",
        )


def contents(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, Table]:
    """What each table of an attached file holds; the order of its rows does not count."""
    tables = connection.execute(
        f"""SELECT table_name, list(column_name || ' ' || data_type ORDER BY column_index)
        FROM duckdb_columns() WHERE database_name = {literal(database)} AND NOT internal
        GROUP BY table_name ORDER BY table_name"""
    ).fetchall()
    found = {}
    for name, columns in tables:
        query = f"SELECT count(*), coalesce(sum(hash(_all)), 0) FROM {database}.main.{quoted(name)} AS _all"
        rows, content = connection.execute(query).fetchall()[0]
        found[str(name)] = Table(tuple(columns), rows, int(content))
    return found
