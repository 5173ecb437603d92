"""Risk of every client's holdings at once: today's weights times the window's returns, block by block."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from clientlib import processors
from clientlib.analysis.risk import measures
from clientlib.analysis.risk.areas import read_area
from clientlib.analysis.risk.holdings import Holdings, price_holdings, total
from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.prices import Exchange, PriceHistory, price_history
from clientlib.errors import ParameterError

BLOCK = 4_000
"""Clients that a thread takes at a time: bounds the memory."""
ROWS = 500
"""Clients of a block whose returns are made and measured together: they fit into a processor's cache."""
LEAST_COVERAGE = 0.5
"""A day counts for a client when securities with at least this share of the weight have a return."""
MEASURES = ("volatility", "var", "cvar", "max_drawdown", "beta")
_COLUMNS = (*MEASURES, "hhi", "largest_weight", "market_value", "gross_value", "history_share")
_COUNTS = ("largest", "n_positions", "n_priced", "n_returns")


def portfolio_risk(
    positions: pd.DataFrame,
    prices: pd.DataFrame,
    as_of: dt.date,
    window: int = 250,
    level: float = 0.95,
    *,
    stale_days: int = 5,
    benchmark: str | None = None,
    compounded: bool = True,
    currencies: Mapping[str, str] | pd.Series | None = None,
    currency: str | None = None,
    exchange_rates: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Risk of each client's holdings of `as_of`, over the last `window` daily returns up to that day.

    Parameters
    ----------
    positions : DataFrame
        client_id, security_id, quantity (negative: a short position). Several rows of one client and
        security are added up; what adds up to nothing is no position. One beyond 1e15 is not known.
    prices : DataFrame
        security_id, date, close. Rows after `as_of` are not read.
    as_of : date
        The day whose holdings and prices count.
    window : int
        Daily returns looked at.
    level : float
        Confidence of var and cvar.
    stale_days : int
        Trading days over which a close is carried at most.
    benchmark : str, optional
        Security that beta is measured against; without one (None or ""), all clients' holdings together.
    compounded : bool
        Whether the path of `max_drawdown` compounds; see `measures.max_drawdown`.
    currencies : mapping or Series of security to currency, optional
        What closes are in; a security that it does not tell of is in `currency`. None: all are in one.
    currency : str, optional
        The one that money is added up in; has to be there when `currencies` is.
    exchange_rates : mapping of currency to security, optional
        The security whose close is what one unit of the currency costs in `currency`.

    Returns
    -------
    DataFrame, index client_id (every client with a row in `positions`, sorted)
        volatility (a year), var and cvar (a day) and max_drawdown: fractions of gross_value, positive
        when a loss; beta; hhi (sum of squared weights), largest_weight, largest_security; market_value
        (long less short) and gross_value (long plus short) in `currency`; n_positions,
        n_unpriced, priced_share (of the number of positions: what has no price has no value to weigh);
        n_returns, history_share, short_history. Missing where nothing can be measured.

    Raises
    ------
    ParameterError
        `window`, `level` or `stale_days` cannot be so, `currencies` comes without `currency`, or
        `prices.date` holds what is no date.

    Notes
    -----
    Weights are today's market values over their gross sum, so a portfolio without short positions has
    weights that add up to one, and one with them stays finite when long and short cancel. Cash is no
    security and has no part in it. On a day on which some securities have no return (not yet listed,
    suspended for more than `stale_days`) the others stand for them, their weights scaled up, as long as
    they make up half of the gross value; otherwise the client has no return that day. Nothing is taken
    as zero. `n_returns` counts the days left, `history_share` is the mean weight covered by true
    returns over the window, and `short_history` marks any client for whom that is less than all.

    A security in another currency is converted day by day, so that the risk of the rate is in the returns;
    without a rate it is unpriced. See `price_history`, also for prices that cannot be used.

    The work is shared by as many threads as there are processors; the figures do not depend on how many.

    References
    ----------
    Order-statistic VaR and CVaR as in `measures.tail_risk`.

    Examples
    --------
    Two clients, two securities, four returns; K2 holds only A, which fell by a tenth on its worst day.

    >>> days = pd.bdate_range("2026-06-22", "2026-06-26")
    >>> closes = {"A": [10, 9, 9.9, 9.9, 10.4], "B": [5, 5.1, 5, 5.2, 5.2]}
    >>> prices = pd.DataFrame(closes, days.rename("date")).melt(
    ...     var_name="security_id", value_name="close", ignore_index=False
    ... ).reset_index()
    >>> positions = pd.DataFrame(
    ...     {"client_id": ["K1", "K1", "K2"], "security_id": ["A", "B", "A"], "quantity": [100, 200, 50]}
    ... )
    >>> found = portfolio_risk(positions, prices, dt.date(2026, 6, 26), window=4)
    >>> found["gross_value"].to_dict()
    {'K1': 2080.0, 'K2': 520.0}
    >>> found["var"].round(3).to_dict()
    {'K1': 0.04, 'K2': 0.1}
    """
    _check(window, level, stale_days)
    exchange = None
    if currencies is not None:
        exchange = Exchange(_named(currency), currencies, exchange_rates or {})
    history = price_history(read_area("prices", prices), as_of, window, stale_days, exchange)
    holdings = price_holdings(positions, history)
    return measure_holdings(holdings, history, level, benchmark=benchmark, compounded=compounded)


def _check(window: int, level: float, stale_days: int) -> None:
    if window < 2:
        raise ParameterError(
            f"window is {window}: a risk needs at least 2 returns. Ask for 2 or more.",
            f"window 为 {window}：计算风险至少需要2个收益率。请设为2或更大。",
        )
    if not 0 < level < 1:
        raise ParameterError(
            f"level is {level}: a confidence lies between 0 and 1, e.g. 0.95.",
            f"level 为 {level}：置信水平应在0与1之间，例如 0.95。",
        )
    if stale_days < 0:
        raise ParameterError(
            f"stale_days is {stale_days}: days are counted from 0 up.",
            f"stale_days 为 {stale_days}：天数应从0起。",
        )


def _named(currency: str | None) -> str:
    if not currency:
        raise ParameterError(
            'currencies is given, but currency is not: name the one that money is added up in, e.g. "CNY".',
            '给出了 currencies，但未给出 currency：请写明以哪种货币合计，例如 "CNY"。',
        )
    return currency


# ------------------------------------------------------------------ measures
def measure_holdings(
    holdings: Holdings,
    history: PriceHistory,
    level: float,
    *,
    benchmark: str | None = None,
    compounded: bool = True,
) -> pd.DataFrame:
    """`portfolio_risk` of holdings that are priced already."""
    market = benchmark_returns(holdings, history, benchmark)
    known = _Known.of(history)
    n = len(holdings.clients)
    columns: dict[str, FloatArray] = {name: np.full(n, np.nan) for name in _COLUMNS}
    counts: dict[str, NDArray[np.int64]] = {name: np.zeros(n, dtype=np.int64) for name in _COUNTS}

    spaces: list[_Space] = []

    def measure(rows: slice) -> None:
        part = holdings.part(rows)
        weights = part.weights()
        space = spaces.pop() if spaces else _Space.of(history)
        found = _sizes(part, weights) | _risk(weights, known, level, market, compounded, space)
        spaces.append(space)
        for name, values in found.items():
            (columns[name] if name in columns else counts[name])[rows] = values

    size = max(1, min(BLOCK, -(-n // processors.cores())))
    processors.at_once(measure, [slice(start, min(start + size, n)) for start in range(0, n, size)])
    return _table(holdings.clients, history.securities, columns, counts)


@dataclass(frozen=True)
class _Space:
    """What one thread works in, block after block: fresh memory for each would take as long as the work."""

    by_day: FloatArray
    work: FloatArray

    @classmethod
    def of(cls, history: PriceHistory) -> Self:
        n_days = history.returns.shape[1]
        return cls(np.empty((n_days, BLOCK)), np.empty((ROWS, n_days)))


def _risk(
    weights: sparse.csr_array,
    known: _Known,
    level: float,
    market: FloatArray,
    compounded: bool,
    space: _Space,
) -> dict[str, NDArray[Any]]:
    """The measures that rest on returns, of one block."""
    n, n_days = weights.shape[0], known.filled.shape[1]
    found = {name: np.full(n, np.nan) for name in (*MEASURES, "history_share")}
    found["n_returns"] = np.full(n, float(n_days))
    start = measures.path_start(compounded)
    returns, found["history_share"] = known.returns(weights)
    by_day = space.by_day[:, :n]
    for first in range(0, n, ROWS):
        rows = slice(first, min(first + ROWS, n))
        some = returns[rows]
        work, total = space.work[: len(some)], some.sum(axis=1)
        gappy = np.isnan(total)
        np.add(some, start, out=work)
        if gappy.any():
            missing = np.isnan(some)
            work[missing] = start
            found["n_returns"][rows] -= missing.sum(axis=1)
        by_day[:, rows] = work.T
        # Those without gaps are measured in fewer steps.
        for kind in [np.flatnonzero(~gappy), np.flatnonzero(gappy)] if gappy.any() else [slice(None)]:
            own = some[kind]
            found["volatility"][rows][kind] = measures.volatility(own, total[kind], work[: len(own)])
            found["beta"][rows][kind] = measures.beta(own, market)
            tails = measures.tail_risk(own, level, overwrite=True)
            found["var"][rows][kind], found["cvar"][rows][kind] = tails
    fall = measures.deepest_fall(by_day, compounded)
    found["max_drawdown"] = np.where(found["n_returns"] > 0, fall, np.nan)
    return found


def _sizes(part: Holdings, weights: sparse.csr_array) -> dict[str, NDArray[Any]]:
    """What the holdings alone tell, of one block; `largest` is a row of the price history, −1 for none."""
    n, value = len(part.clients), part.value
    n_positions = np.bincount(part.client, minlength=n)
    n_priced, unpriced = n_positions, np.isnan(value)
    if unpriced.any():
        n_priced = n_positions - np.bincount(part.client[unpriced], minlength=n)
        value = np.where(unpriced, 0.0, value)
    some = n_priced > 0
    owner = np.repeat(np.arange(n), np.diff(weights.indptr))
    largest, weight = _largest(weights, owner)
    return {
        "hhi": np.where(some, np.bincount(owner, weights.data**2, minlength=n), np.nan),
        "largest_weight": weight,
        "largest": largest,
        "market_value": np.where(some, np.bincount(part.client, value, minlength=n), np.nan),
        "gross_value": np.where(some, np.bincount(part.client, np.abs(value), minlength=n), np.nan),
        "n_positions": n_positions,
        "n_priced": n_priced,
    }


def _largest(weights: sparse.csr_array, owner: NDArray[np.intp]) -> tuple[NDArray[np.intp], FloatArray]:
    """The column and size of each row's largest weight by size (of equals the first by id).

    `owner` is the row of each weight.
    """
    size = np.abs(weights.data)
    filled = np.flatnonzero(np.diff(weights.indptr))
    largest = np.full(weights.shape[0], np.nan)
    column = np.full(weights.shape[0], -1)
    if len(filled):
        largest[filled] = np.maximum.reduceat(size, weights.indptr[filled])
        at_top = np.flatnonzero(size == largest[owner])
        first = at_top[np.flatnonzero(np.diff(owner[at_top], prepend=-1))]
        column[owner[first]] = weights.indices[first]
    return column, largest


def _table(
    clients: pd.Index,
    securities: pd.Index,
    columns: dict[str, FloatArray],
    counts: dict[str, NDArray[np.int64]],
) -> pd.DataFrame:
    n_positions, n_priced = counts["n_positions"], counts["n_priced"]
    table: dict[str, Any] = {name: columns[name] for name in (*MEASURES, "hhi", "largest_weight")}
    # A place of −1, for nobody's, is the last one.
    names = pd.Series([*securities, None], dtype="str").array
    table["largest_security"] = names.take(counts["largest"])
    table |= {name: columns[name] for name in ("market_value", "gross_value")}
    table["n_positions"] = n_positions
    table["n_unpriced"] = n_positions - n_priced
    table["priced_share"] = np.where(n_positions > 0, n_priced / np.maximum(n_positions, 1), np.nan)
    table["n_returns"] = counts["n_returns"]
    table["history_share"] = columns["history_share"]
    table["short_history"] = (n_priced > 0) & (columns["history_share"] < 1 - 1e-12)
    return pd.DataFrame(table, index=clients, copy=False)


# ------------------------------------------------------------------ returns
@dataclass(frozen=True)
class _Known:
    """The returns of a history made ready for products: gaps as nought, and where they are.

    `absent` has a row for each security with gaps, 1 on the days without a return; `place` tells of each
    security which row that is, −1 for one without gaps.
    """

    filled: FloatArray
    absent: FloatArray
    place: NDArray[np.intp]
    window: int

    @classmethod
    def of(cls, history: PriceHistory) -> Self:
        gap = np.isnan(history.returns)
        gappy = np.flatnonzero(gap.any(axis=1))
        place = np.full(len(gap), -1)
        place[gappy] = np.arange(len(gappy))
        filled = np.where(gap, 0.0, history.returns) if len(gappy) else history.returns
        return cls(filled, gap[gappy].astype(float), place, history.window)

    def returns(self, weights: sparse.csr_array) -> tuple[FloatArray, FloatArray]:
        """Returns of some portfolios (n, n_days), and the share of each one's weight with a true return.

        A portfolio without a priced security has neither.
        """
        held = np.diff(weights.indptr) > 0
        returns = np.asarray(weights @ self.filled[: weights.shape[1]])
        covered = self._scaled(returns, weights)
        if not held.all():
            returns[~held] = np.nan
        # A window longer than the history is history that is missing.
        share = covered * self.filled.shape[1] / self.window
        return returns, np.where(held, share, np.nan)

    def _scaled(self, returns: FloatArray, weights: sparse.csr_array) -> FloatArray:
        """Scale up the returns of days with gaps, in place; the mean share of weight with a true return."""
        covered = np.ones(len(returns))
        if not len(self.absent):
            return covered
        place = self.place[weights.indices]
        if not (gappy := place >= 0).any():
            return covered
        before = np.concatenate([[0], np.cumsum(gappy)])[weights.indptr]
        touched = np.flatnonzero(np.diff(before))
        ends = np.append(before[touched], before[-1])
        gaps = sparse.csr_array(
            (np.abs(weights.data[gappy]), place[gappy], ends), shape=(len(touched), len(self.absent))
        )
        there = 1.0 - np.asarray(gaps @ self.absent)
        enough = there >= LEAST_COVERAGE
        returns[touched] = np.where(enough, returns[touched] / np.where(enough, there, 1.0), np.nan)
        covered[touched] = there.sum(axis=1) / max(returns.shape[1], 1)
        return covered


def blocks(
    weights: sparse.csr_array, history: PriceHistory
) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """Returns of `BLOCK` portfolios at a time: rows, returns (n, n_days), share of weight with a true return.

    A portfolio without a priced security has no returns and no share.
    """
    known, n = _Known.of(history), weights.shape[0]
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        yield rows, *known.returns(weights[rows])


def benchmark_returns(holdings: Holdings, history: PriceHistory, benchmark: str | None) -> FloatArray:
    """Returns that beta is measured against, one a day: the security's, or those of all holdings together."""
    nothing = np.full(history.returns.shape[1], np.nan)
    if benchmark:
        place = history.securities.get_indexer(pd.Index([benchmark]))[0]
        return history.returns[place] if place >= 0 else nothing
    whole = total(holdings)
    return next((returns[0] for _, returns, _ in blocks(whole.weights(), history)), nothing)
