"""What the risk of all clients costs, against libraries for one portfolio. Printed, not asserted.

Ours begins with positions and prices by their ids. The libraries are handed each client's 250 returns ready
made, so a ratio is to our disadvantage; of many clients they are given a sample, and their time is scaled.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pyarrow
import pytest

from clientlib.analysis.risk import portfolio_risk, price_history
from clientlib.analysis.risk.holdings import Holdings, price_holdings
from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.portfolio import BLOCK, blocks, measure_holdings
from clientlib.analysis.risk.prices import PriceHistory
from clientlib.processors import cores

AS_OF = dt.date(2026, 6, 30)
SECURITIES, DAYS, HELD = 800, 251, 15
WHOLE = 100_000
"""So many clients' returns fit into memory at once: 200 MB, several times that while measured."""
# The libraries are imported where they are used: memory is measured without them.
SAMPLES = {"quantstats": 100, "empyrical-reloaded": 1_000, "skfolio, one by one": 1_000}


@dataclass(frozen=True)
class Book:
    """A book of so many clients, and what comes of it on the way."""

    n: int
    positions: pd.DataFrame
    prices: pd.DataFrame
    history: PriceHistory
    holdings: Holdings

    def returns(self, n: int) -> FloatArray:
        """Returns of the first clients, a row each."""
        weights = self.holdings.part(slice(0, n)).weights()
        return np.vstack([returns for _, returns, _ in blocks(weights, self.history)])


def positions_and_prices(n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Of `n` clients, each with about 15 of 800 securities, in no order."""
    draw = np.random.default_rng(7)
    market = draw.normal(0, 0.01, DAYS)
    moves = draw.uniform(0.3, 1.5, (SECURITIES, 1)) * market + draw.normal(0, 0.015, (SECURITIES, DAYS))
    close = np.exp(np.cumsum(moves, axis=1) + 3).round(3)
    ids = pd.Index([f"S{i:05}" for i in range(SECURITIES)], dtype="str")
    days = np.tile(pd.bdate_range(end=AS_OF, periods=DAYS), SECURITIES)
    prices = pd.DataFrame({"security_id": ids.repeat(DAYS), "date": days, "close": close.ravel()})
    client = np.repeat(draw.permutation(n), draw.integers(HELD - 7, HELD + 8, n))
    names = pd.Index([f"C{i:07}" for i in range(n)], dtype="str")
    positions = pd.DataFrame(
        {
            "client_id": names.take(client),
            "security_id": ids.take(draw.integers(0, SECURITIES, len(client))),
            "quantity": draw.integers(1, 50, len(client)) * 100.0,
        }
    )
    return positions, prices


@pytest.fixture(scope="module", params=[5_000, WHOLE, 1_000_000], ids="{} clients".format)
def book(request: pytest.FixtureRequest) -> Book:
    positions, prices = positions_and_prices(request.param)
    history = price_history(prices, AS_OF)
    return Book(request.param, positions, prices, history, price_holdings(positions, history))


def by_quantstats(returns: pd.Series) -> None:
    from quantstats import stats as quantstats

    quantstats.volatility(returns)
    quantstats.value_at_risk(returns)
    quantstats.conditional_value_at_risk(returns)
    quantstats.max_drawdown(returns)


def by_empyrical(returns: FloatArray) -> None:
    import empyrical  # type: ignore[import-untyped]

    empyrical.annual_volatility(returns)
    empyrical.value_at_risk(returns)
    empyrical.conditional_value_at_risk(returns)
    empyrical.max_drawdown(returns)


def by_skfolio(returns: FloatArray) -> None:
    """Of one portfolio (n_days), or of many at once (n_days, n_portfolios)."""
    from skfolio import measures as skfolio

    skfolio.standard_deviation(returns)
    skfolio.value_at_risk(returns)
    skfolio.cvar(returns)
    skfolio.max_drawdown(skfolio.get_drawdowns(returns, compounded=True))


def _pairs(book: Book) -> int:
    return 3 if book.n > WHOLE else 7


@pytest.mark.parametrize("peer", SAMPLES)
def test_all_clients_against_a_loop(compare: Any, book: Book, peer: str) -> None:
    n = SAMPLES[peer]
    rows: list[Any] = list(book.returns(n))
    if peer == "quantstats":
        rows = [pd.Series(row, index=book.history.days) for row in rows]
    measures: dict[str, Callable[[Any], None]] = {
        "quantstats": by_quantstats,
        "empyrical-reloaded": by_empyrical,
    }
    measure = measures.get(peer, by_skfolio)

    def loop() -> None:
        for row in rows:
            measure(row)

    compare(
        f"risk of {book.n:,} clients from positions and prices (peer: a loop of {peer}, {n} clients scaled)",
        lambda: portfolio_risk(book.positions, book.prices, AS_OF),
        loop,
        _pairs(book),
        scale=book.n / n,
    )


def test_all_clients_against_skfolio_on_the_whole_matrix(compare: Any, book: Book) -> None:
    n = min(book.n, WHOLE)
    returns = np.ascontiguousarray(book.returns(n).T)
    compare(
        f"measures of {book.n:,} clients from holdings (peer: skfolio on a matrix of {n:,} at once, scaled)",
        lambda: measure_holdings(book.holdings, book.history, 0.95),
        lambda: by_skfolio(returns),
        _pairs(book),
        scale=book.n / n,
    )


def test_measures_against_the_bare_product(compare: Any, book: Book) -> None:
    weights = book.holdings.weights()
    returns = book.history.returns[: weights.shape[1]]

    def product() -> None:
        with ThreadPoolExecutor(cores()) as threads:
            for _ in threads.map(
                lambda first: weights[first : first + BLOCK] @ returns, range(0, book.n, BLOCK)
            ):
                pass

    compare(
        f"measures of {book.n:,} clients from holdings (peer: weights @ returns, {cores()} threads)",
        lambda: measure_holdings(book.holdings, book.history, 0.95),
        product,
        _pairs(book),
    )


@pytest.mark.parametrize("kind", ["str", "category"])
@pytest.mark.parametrize("n", [5_000, WHOLE, 1_000_000])
def test_memory_and_time_by_the_number_of_clients(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, n: int, kind: str
) -> None:
    positions, prices = positions_and_prices(n)
    positions.astype({"client_id": kind, "security_id": kind}).to_parquet(tmp_path / "positions")
    prices.to_parquet(tmp_path / "prices")
    # A process of its own: this one keeps memory from what was made before.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        seconds, before, most, given = process.submit(_watched, tmp_path).result()
    with capsys.disabled():
        print(
            f"\nrisk of {n:,} clients, ids as {kind}: {seconds:.2f} s ({seconds / n * 1e6:.1f} µs a client), "
            f"{most:.0f} MB at most, {before:.0f} MB before, of which {given:.0f} MB positions"
        )


def _watched(folder: Path) -> tuple[float, float, float, float]:
    """Seconds; MB of the process at most, looked at every few milliseconds, and before; of positions."""
    positions, prices = (pd.read_parquet(folder / name) for name in ("positions", "prices"))
    pyarrow.default_memory_pool().release_unused()
    own, done = psutil.Process(), threading.Event()
    seen = [own.memory_info().rss]

    def watch() -> None:
        while not done.wait(0.005):
            seen.append(own.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.perf_counter()
    portfolio_risk(positions, prices, AS_OF)
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    given = positions.memory_usage(deep=True).sum()
    return seconds, seen[0] / 2**20, max(seen) / 2**20, given / 2**20
