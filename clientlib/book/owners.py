"""Whose ID numbers and mobiles are whose: what tells the client of a row that has no client number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import polars as pl

from clientlib.book.access import Access
from clientlib.book.clocks import Moment
from clientlib.book.files import VaultReader
from clientlib.book.merges import CLIENT
from clientlib.intake import natural


def owners(
    connection: duckdb.DuckDBPyConnection, vault: VaultReader, access: Access, newest: Moment
) -> Iterator[tuple[str, pl.DataFrame]]:
    """For each field of `natural.KEYS` its values by client, as `NaturalKeys` wants them.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        On the book.
    vault : VaultReader
    access : Access
    newest : Moment
        What the book holds now, only the newest version of each client.

    Notes
    -----
    A merged client's own number and mobile lead to the client that it reads as, beside that one's.
    """
    apart = replace(newest, merged={})
    for name, field in natural.KEYS.items():
        area = access.table[field.area]
        query = access.rows(area, [*area.key, "_batch"], apart, newest.known)
        cursor = connection.cursor()
        try:
            rows = cursor.execute(query).to_arrow_table()
        finally:
            cursor.close()
        told = pl.DataFrame(vault.identity(area, rows))
        yield name, told.select(pl.col(CLIENT).replace(dict(newest.merged)), name)
