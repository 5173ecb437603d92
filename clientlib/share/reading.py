"""The current rows of the book as they are shared: each field in the looks agreed, each row with its branch.

Current is the newest of what the book holds, whatever its day: so the rows depend on the batches alone, and
"as of batch 12" says all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import duckdb
import polars as pl

from clientlib import masks
from clientlib.book import Book
from clientlib.book.connection import literal, quoted
from clientlib.book.merges import CLIENT
from clientlib.config import MaskRules, Role
from clientlib.declare import LATEST_DATE
from clientlib.errors import KeyProblem
from clientlib.share.agreement import SharedArea, Shown

BRANCH = "_branch"
"""Whose row it is: the branch in the client's newest record, as everywhere in the book."""
CHUNK_ROWS = 50_000
_WHOSE = "_whose"
_ALL_BUT_IDENTITY = Role(areas="all", sensitivity="S", identity="hidden")


@dataclass(frozen=True)
class Reading:
    """The current rows of an open book. Made by `reading`.

    Attributes
    ----------
    newest : DuckDBPyConnection
        With a view for each area of which only the newest version a date counts.
    standing : DuckDBPyConnection
        With a view for each of the others.
    rules : MaskRules
        Where bands begin.
    """

    newest: duckdb.DuckDBPyConnection
    standing: duckdb.DuckDBPyConnection
    rules: MaskRules

    def connection(self, shared: SharedArea) -> duckdb.DuckDBPyConnection:
        """Where `query` can be asked."""
        return self.newest if shared.area.versioned else self.standing

    def query(self, shared: SharedArea) -> str:
        """The SQL of the rows: the fields under their stored names, then the branch."""
        columns = [f"{self._sql(each)} AS {quoted(each.stored)}" for each in shared.fields]
        joins = [_identity_join(shared, look) for look in _looks_of_identity(shared)]
        if shared.of_clients:
            joins.append(f"LEFT JOIN {_WHOSE} w ON w.{CLIENT} = t.{CLIENT}")
        columns.append(f"{'w.branch' if shared.of_clients else 'CAST(NULL AS VARCHAR)'} AS {BRANCH}")
        return f"SELECT {', '.join(columns)} FROM {quoted(shared.area.name)} t {' '.join(joins)}"

    def frames(self, shared: SharedArea, branches: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
        """The rows, some at a time, sorted by their key, under the names of the fields; at least one frame.

        Parameters
        ----------
        shared : SharedArea
            With one look a field.
        branches : sequence of str
            Only of these branches' clients; none: of all.
        """
        listed = ", ".join(f"{quoted(each.stored)} AS {quoted(each.field.name)}" for each in shared.fields)
        own = f" WHERE {BRANCH} IN ({', '.join(map(literal, branches))})"
        where = own if branches and shared.of_clients else ""
        order = ", ".join(map(quoted, shared.area.key))
        query = f"SELECT {listed} FROM ({self.query(shared)}){where} ORDER BY {order}"
        yield from chunks(self.connection(shared).execute(query))

    def _sql(self, shown: Shown) -> str:
        name = quoted(shown.field.name)
        if shown.field.sensitivity == "I":
            return f"{_table(shown.look)}.{name}"
        if shown.look == "bands":
            return masks.band_sql(f"t.{name}", shown.field, self.rules)
        return f"t.{name}"


def chunks(asked: duckdb.DuckDBPyConnection) -> Iterator[pl.DataFrame]:
    """What a query gives, some rows at a time; at least one frame."""
    reader = asked.to_arrow_reader(CHUNK_ROWS)
    empty = True
    for batch in reader:
        empty = False
        yield pl.DataFrame(batch)
    if empty:
        yield pl.DataFrame(reader.schema.empty_table())


@contextmanager
def reading(book: Book, areas: Sequence[SharedArea]) -> Iterator[Reading]:
    """Read the current rows of a book for others.

    Parameters
    ----------
    book : Book
        Opened by a role that may keep it.
    areas : sequence of SharedArea
        All that will be asked for.

    Raises
    ------
    KeyProblem
        Identity was granted to somebody, and the vault's key is not here.
    """
    access = replace(book.access, name="share", role=_ALL_BUT_IDENTITY)
    seen = book.as_seen_by(access)
    with ExitStack() as stack:
        newest = stack.enter_context(seen.views(LATEST_DATE))
        standing = stack.enter_context(seen.views())
        whose = newest.execute(f"SELECT {CLIENT}, branch FROM clients").to_arrow_table()
        opened = Reading(newest, standing, book.settings.masks)
        for connection in (newest, standing):
            connection.register(_WHOSE, whose)
        for shared in areas:
            for look in _looks_of_identity(shared):
                opened.connection(shared).register(_held(shared, look), _identity(book, shared, look))
        yield opened


# ------------------------------------------------------------------------------- identity
def _looks_of_identity(shared: SharedArea) -> list[str]:
    return sorted({each.look for each in shared.fields if each.field.sensitivity == "I"})


def _identity(book: Book, shared: SharedArea, look: str) -> pl.DataFrame:
    """The identity of an area's current rows, beside their keys."""
    role = _ALL_BUT_IDENTITY.model_copy(update={"identity": look})
    seen = book.as_seen_by(replace(book.access, name="share", role=role))
    if seen.identity != look:
        raise KeyProblem(
            f"Identity in {shared.area.name} was granted to a department, and the vault's key is not here. "
            "Put the key in its place, or take identity = true out of workbook.toml.",
            f"已约定向某部门提供 {shared.area.name} 中的身份信息，但此处没有身份库密钥。"
            "请将密钥放回原处，或从 workbook.toml 中删除 identity = true。",
        )
    area = shared.area
    rows = seen.area(area.name, LATEST_DATE if area.versioned else None)
    return pl.from_pandas(rows[[*area.key, *area.identity]])


def _identity_join(shared: SharedArea, look: str) -> str:
    table = _table(look)
    same = " AND ".join(f"{table}.{quoted(key)} = t.{quoted(key)}" for key in shared.area.key)
    return f"LEFT JOIN {_held(shared, look)} {table} ON {same}"


def _held(shared: SharedArea, look: str) -> str:
    """The name under which the identity of an area lies beside its view."""
    return f"_{look}_{shared.area.name}"


def _table(look: str) -> str:
    return f"{look}_identity"


# ----------------------------------------------------------------------------- as of when
@dataclass(frozen=True)
class Newest:
    """The last batch of a book, which says as of when its current rows are; 0 and None: it has none."""

    number: int
    recorded_at: dt.datetime | None

    @classmethod
    def of(cls, book: Book) -> Newest:
        batches = book.batches()
        if batches.empty:
            return cls(0, None)
        return cls(int(batches.index[-1]), batches["recorded_at"].iloc[-1].to_pydatetime())
