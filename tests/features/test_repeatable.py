"""The same inputs give the same bytes, however many threads share the work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest

from clientlib import features
from clientlib.config import Settings
from clientlib.features.query import Relation

Connect = Callable[..., duckdb.DuckDBPyConnection]
AS_OF = dt.date(2026, 6, 30)
pytestmark = pytest.mark.slow
TRADES, CLIENTS, SECURITIES = 200_000, 2_000, 60


def _trades() -> pl.DataFrame:
    random = np.random.default_rng(7)
    at = np.datetime64("2024-01-01T02:00:00", "us") + random.integers(0, 900 * 86_400, TRADES).astype("m8[s]")
    quantity = np.round(random.lognormal(5, 1, TRADES), 2)
    price = np.round(random.lognormal(3, 1, TRADES), 3)
    return pl.DataFrame(
        {
            "trade_id": [f"T{n:07d}" for n in range(TRADES)],
            "client_id": [f"C{n:05d}" for n in random.integers(0, CLIENTS, TRADES)],
            "traded_at": pl.Series(at).dt.replace_time_zone("UTC"),
            "security_id": [f"S{n:03d}" for n in random.integers(0, SECURITIES, TRADES)],
            "side": np.where(random.random(TRADES) < 0.55, "buy", "sell"),
            "quantity": quantity,
            "price": price,
            "amount": quantity * price,
            "fee": quantity * price * 3e-4,
            "currency": ["CNY"] * TRADES,
            "channel": random.choice(["app", "branch"], TRADES),
        }
    )


@pytest.fixture(scope="module")
def connection(connect: Connect) -> duckdb.DuckDBPyConnection:
    opened = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
    prices = [{"security_id": f"S{n:03d}", "date": AS_OF, "close": 10 / (n + 3)} for n in range(SECURITIES)]
    connection = connect(
        clients=[{"client_id": f"C{n:05d}", "updated_at": opened} for n in range(CLIENTS)], prices=prices
    )
    connection.unregister("trades")
    connection.register("trades_given", _trades().to_arrow())
    connection.execute("CREATE TABLE trades AS SELECT * FROM trades_given")
    return connection


@pytest.fixture(scope="module")
def expected(connection: duckdb.DuckDBPyConnection, settings: Settings) -> pd.DataFrame:
    return features.compute(connection, "client_features", AS_OF, settings=settings)


@pytest.mark.parametrize("name", ["ledger", "positions", "client_features"])
def test_two_runs_are_equal_bit_for_bit(
    name: Relation, connection: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    first, second = (features.compute(connection, name, AS_OF, settings=settings) for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_changes_nothing(
    threads: int, connection: duckdb.DuckDBPyConnection, settings: Settings, expected: pd.DataFrame
) -> None:
    connection.execute(f"SET threads = {threads}")
    found = features.compute(connection, "client_features", AS_OF, settings=settings)
    connection.execute("RESET threads")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_the_order_in_which_trades_came_changes_nothing(
    connection: duckdb.DuckDBPyConnection, settings: Settings, expected: pd.DataFrame
) -> None:
    connection.execute("CREATE OR REPLACE TABLE trades AS SELECT * FROM trades ORDER BY amount")
    found = features.compute(connection, "client_features", AS_OF, settings=settings)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
