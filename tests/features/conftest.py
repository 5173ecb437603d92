"""Small books in memory: a DuckDB connection with one table an area, in the declared dtypes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import duckdb
import polars as pl
import pytest

from clientlib import config
from clientlib.config import Settings
from clientlib.tables import AREAS

Rows = Sequence[Mapping[str, Any]]
Connect = Callable[..., duckdb.DuckDBPyConnection]


def _frame(area: str, rows: Rows) -> pl.DataFrame:
    schema = {field.name: field.dtype for field in AREAS[area].fields}
    return pl.DataFrame([dict(row) for row in rows], schema=schema)


@pytest.fixture(scope="session")
def connect() -> Iterator[Connect]:
    """`connect(trades=[{…}], prices=[{…}])`: fields and areas that are not named are empty."""
    opened: list[duckdb.DuckDBPyConnection] = []

    def make(**areas: Rows) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        opened.append(connection)
        for name in AREAS:
            connection.register(name, _frame(name, areas.get(name, [])).to_arrow())
        return connection

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture(scope="session")
def settings() -> Settings:
    return config.load()
