"""How fast the main job is, against a named peer in the same run. Figures are printed, not asserted."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from typer.testing import Result

from clientlib import features, intake
from clientlib.book import open_book
from clientlib.lab import Explorer, take
from clientlib.report import Asked, run_reports
from clientlib.workbook import Workbook

TRADES = 1_000_000
CLIENTS = 20_000
SECURITIES = 500


@pytest.fixture(scope="module")
def trades_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of a million trades in the declared fields, all of them right."""
    draw = np.random.default_rng(1)
    seconds = np.sort(draw.integers(0, 3 * 365 * 86_400, TRADES))
    quantity = draw.integers(1, 50, TRADES) * 100
    price = draw.integers(100, 20_000, TRADES)
    frame = pl.DataFrame(
        {
            "trade_id": pl.Series(np.arange(TRADES)).cast(pl.String).str.zfill(9),
            "client_id": "C" + pl.Series(draw.integers(0, CLIENTS, TRADES)).cast(pl.String),
            "traded_at": pl.Series(seconds),
            "security_id": "S" + pl.Series(draw.integers(0, SECURITIES, TRADES)).cast(pl.String),
            "side": pl.Series(np.where(draw.random(TRADES) < 0.6, "buy", "sell")),
            "quantity": pl.Series(quantity),
            "price": pl.Series(price / 100).round(2),
            "amount": pl.Series(quantity * price / 100).round(2),
            "fee": pl.Series(np.full(TRADES, 5.0)),
            "currency": pl.Series(["CNY"]).new_from_index(0, TRADES),
            "channel": pl.Series(["app"]).new_from_index(0, TRADES),
        }
    )
    path = tmp_path_factory.mktemp("bench") / "trades.csv"
    moment = pl.lit(dt.datetime(2023, 7, 3)) + pl.duration(seconds=pl.col("traded_at"))
    frame.with_columns(traded_at=moment.dt.strftime("%Y-%m-%d %H:%M:%S")).write_csv(path)
    return path


def _bare_import(file: Path, target: Path) -> Callable[[], None]:
    """What the same bytes cost without any check: Polars reads, DuckDB stores, unencrypted."""

    def run() -> None:
        target.unlink(missing_ok=True)
        frame = pl.read_csv(file, try_parse_dates=True)
        with duckdb.connect(str(target)) as connection:
            connection.register("frame", frame.to_arrow())
            connection.execute("CREATE TABLE trades AS SELECT * FROM frame")

    return run


def test_import_of_a_million_trades(
    compare: Any, cli: Callable[..., Result], trades_file: Path, tmp_path: Path
) -> None:
    turns = iter(range(100))

    def ours() -> None:
        firm = tmp_path / f"firm{next(turns)}"
        cli("init", firm)
        with open_book(firm, role="data_entry", write=True) as book:
            result = book.import_checked(intake.stream(trades_file), source="bench")
        assert result.areas.loc["trades", "new"] == TRADES

    compare(
        "import 1 M trades (peer: bare Polars read + DuckDB insert)",
        ours,
        _bare_import(trades_file, tmp_path / "bare"),
        3,
    )


def test_features_of_a_million_trades(
    compare: Any, cli: Callable[..., Result], trades_file: Path, tmp_path: Path
) -> None:
    firm = tmp_path / "firm"
    cli("init", firm)
    with open_book(firm, role="data_entry", write=True) as book:
        book.import_checked(intake.stream(trades_file), source="bench")
    as_of = dt.date(2026, 6, 30)
    with open_book(firm) as book, book.views() as views, duckdb.connect() as bare:
        for area in ("clients", "finances", "preferences", "balances", "prices", "securities", "trades",
                     "service_requests", "feedback"):  # fmt: skip
            bare.register("frame", views.sql(f"SELECT * FROM {area}").to_arrow_table())
            bare.execute(f"CREATE TABLE {area} AS SELECT * FROM frame")
            bare.unregister("frame")

        def ours() -> None:
            features.client_features(book, as_of)

        def peer() -> None:
            features.compute(bare, "client_features", as_of=as_of, settings=book.settings)

        compare("features of 1 M trades (peer: the same SQL on bare tables)", ours, peer)


def test_three_reports_of_five_thousand_clients(
    capsys: pytest.CaptureFixture[str], cli: Callable[..., Result], tmp_path: Path
) -> None:
    firm = tmp_path / "firm"
    cli("init", firm)
    cli("demo", "--workbook", firm)
    started = time.perf_counter()
    result = run_reports(Workbook(firm), Asked(languages=("en",)))
    seconds = time.perf_counter() - started
    assert not result.failed
    told = ", ".join(f"{o.report} {o.seconds:.1f} s" for o in result.outcomes)
    with capsys.disabled():
        print(f"\nthree reports of 5,000 clients: {seconds:.1f} s in all ({told})")


def test_a_key_press_in_the_explorer(
    capsys: pytest.CaptureFixture[str], cli: Callable[..., Result], tmp_path: Path
) -> None:
    firm = tmp_path / "firm"
    cli("init", firm)
    cli("demo", "--workbook", firm)
    explorer = Explorer(take(firm))
    started = time.perf_counter()
    for typed in ("张", "浦东", "C3", "K0004721", ""):
        explorer.search.value = typed
    seconds = (time.perf_counter() - started) / 5
    with capsys.disabled():
        print(f"\na key press in the explorer, 5,000 clients: {seconds * 1000:.0f} ms")
