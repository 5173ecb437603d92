"""The rows of one table: what differs between book and server is found by digests, and only that is sent.

Whatever has made a row other than it was, a batch, an undoing, a merge, an erasure or a setting, it has
another digest or is no longer among the current ones.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl
import psycopg
import pyarrow as pa

from clientlib.book.connection import quoted
from clientlib.share.reading import Reading, chunks
from clientlib.share.server.layout import DIGEST, STATE, UPDATED, Table

Server = psycopg.Connection[Any]
_THERE = "_there"
_SOME = 50_000
"""Rows that are taken away by one statement."""


@dataclass(frozen=True)
class Sent:
    """What was done to one table: how many rows it has now, and how many came and went."""

    area: str
    rows: int
    sent: int
    removed: int


def send(server: Server, rows: Reading, table: Table, batch: int, *, full: bool) -> Sent:
    """Bring a table of the server to the current rows of the book.

    Parameters
    ----------
    server : psycopg.Connection
        In a transaction.
    rows : Reading
    table : Table
    batch : int
        The book's last one.
    full : bool
        Send every row, also those that are there.
    """
    area, book = table.shared.area.name, rows.connection(table.shared)
    current = f"SELECT r.*, md5(CAST(to_json(r) AS VARCHAR)) AS {DIGEST} FROM ({rows.query(table.shared)}) r"
    count, fingerprint = _summed(book, current)
    state = f"{quoted(table.schema)}.{STATE}"
    known = server.execute(f"SELECT rows, fingerprint FROM {state} WHERE area = %s", [area]).fetchone()
    if known == (count, fingerprint) and not full:
        return Sent(area, count, 0, 0)
    if full:
        server.execute(f"DELETE FROM {table.name}")
    book.register(_THERE, _digests_there(server, table))
    try:
        removed = _remove(server, book, table, current)
        sent = _copy(server, book, table, f"SELECT * FROM ({current}) ANTI JOIN {_THERE} USING ({DIGEST})")
    finally:
        book.unregister(_THERE)
    server.execute(
        f"UPDATE {state} SET rows = %s, fingerprint = %s, batch = %s WHERE area = %s",
        [count, fingerprint, batch, area],
    )
    return Sent(area, count, sent, removed)


def _summed(book: duckdb.DuckDBPyConnection, current: str) -> tuple[int, str]:
    """How many rows there are, and a number that is another one when any of them is."""
    query = f"SELECT count(*), CAST(bit_xor(md5_number({DIGEST})) AS VARCHAR) FROM ({current})"
    count, fingerprint = book.execute(query).fetchall()[0]
    return count, fingerprint or ""


def _digests_there(server: Server, table: Table) -> pa.Table:
    query = f"COPY (SELECT replace({DIGEST}::text, '-', '') FROM {table.name}) TO STDOUT"
    with server.cursor().copy(query) as told:
        digests = b"".join(bytes(part) for part in told).decode().split()
    return pa.table({DIGEST: pa.array(digests, pa.string())})


def _remove(server: Server, book: duckdb.DuckDBPyConnection, table: Table, current: str) -> int:
    """Take away the rows that are no longer current, those of an erased client among them."""
    stale = book.execute(f"SELECT {DIGEST} FROM {_THERE} ANTI JOIN ({current}) USING ({DIGEST})").fetchall()
    for first in range(0, len(stale), _SOME):
        some = [row[0] for row in stale[first : first + _SOME]]
        server.execute(f"DELETE FROM {table.name} WHERE {DIGEST} = ANY(%s::uuid[])", [some])
    return len(stale)


def _copy(server: Server, book: duckdb.DuckDBPyConnection, table: Table, query: str) -> int:
    columns = [name for name in table.columns if name != UPDATED]
    listed = ", ".join(map(quoted, columns))
    sent = 0
    with server.cursor().copy(f"COPY {table.name} ({listed}) FROM STDIN (FORMAT csv)") as copy:
        for frame in chunks(book.execute(query)):
            copy.write(_as_csv(frame.select(columns)))
            sent += frame.height
    return sent


def _as_csv(frame: pl.DataFrame) -> bytes:
    """Rows as PostgreSQL reads them: every text in quotes, so that an empty one is not taken for none."""
    written = io.BytesIO()
    # The one character that a text of PostgreSQL cannot hold.
    texts = pl.col(pl.String).str.replace_all("\x00", "\ufffd", literal=True)
    frame.with_columns(texts).write_csv(written, include_header=False, quote_style="non_numeric")
    return written.getvalue()
