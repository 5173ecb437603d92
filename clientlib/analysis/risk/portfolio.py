"""Risk of every client's holdings at once: today's weights times the window's returns, block by block."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from clientlib.analysis.risk import measures
from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.prices import PriceHistory, price_history
from clientlib.errors import ParameterError

BLOCK = 1_000
"""Clients worked on at once: bounds the memory, and keeps a block's returns in the processor's cache."""
LEAST_COVERAGE = 0.5
"""A day counts for a client when securities with at least this share of the weight have a return."""
MEASURES = ("volatility", "var", "cvar", "max_drawdown", "beta")


@dataclass(frozen=True)
class Holdings:
    """Positions added up per client and security, with today's price; arrays in step, sorted by both.

    `client` and `security` point into `clients` and `securities`; `row` into the price history (−1: no
    price of it is known). `price` and `value` are NaN and `reason` says why where a position cannot be
    priced: no_quantity, other_currency, no_price, bad_price, stale_price.
    """

    clients: pd.Index
    securities: pd.Index
    client: NDArray[np.intp]
    security: NDArray[np.intp]
    row: NDArray[np.intp]
    quantity: FloatArray
    price: FloatArray
    value: FloatArray
    reason: NDArray[np.str_]

    def frame(self) -> pd.DataFrame:
        """client_id, security_id, quantity, price, market_value, reason (empty when priced)."""
        return pd.DataFrame(
            {
                "client_id": self.clients[self.client],
                "security_id": self.securities[self.security],
                "quantity": self.quantity,
                "price": self.price,
                "market_value": self.value,
                "reason": self.reason,
            }
        )

    def weights(self) -> sparse.csr_array:
        """Client × security in the price history: value as a share of the client's gross value."""
        priced = ~np.isnan(self.value)
        client, value = self.client[priced], self.value[priced]
        gross = np.bincount(client, np.abs(value), minlength=len(self.clients))
        shape = (len(self.clients), int(self.row.max(initial=-1)) + 1)
        return sparse.csr_array((value / gross[client], (client, self.row[priced])), shape=shape)


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
) -> pd.DataFrame:
    """Risk of each client's holdings of `as_of`, over the last `window` daily returns up to that day.

    Parameters
    ----------
    positions : DataFrame
        client_id, security_id, quantity (negative: a short position). Several rows of one client and
        security are added up; what adds up to nothing is no position.
    prices : DataFrame
        security_id, date, close, all in one currency. Rows after `as_of` are not read.
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

    Returns
    -------
    DataFrame, index client_id (every client with a row in `positions`, sorted)
        volatility (a year), var and cvar (a day) and max_drawdown: fractions of gross_value, positive
        when a loss; beta; hhi (sum of squared weights), largest_weight, largest_security; market_value
        (long less short) and gross_value (long plus short) in the prices' currency; n_positions,
        n_unpriced, priced_share (of the number of positions: what has no price has no value to weigh);
        n_returns, history_share, short_history. Missing where nothing can be measured.

    Raises
    ------
    ParameterError
        `window`, `level` or `stale_days` cannot be so.

    Notes
    -----
    Weights are today's market values over their gross sum, so a portfolio without short positions has
    weights that add up to one, and one with them stays finite when long and short cancel. Cash is no
    security and has no part in it. On a day on which some securities have no return (not yet listed,
    suspended for more than `stale_days`) the others stand for them, their weights scaled up, as long as
    they make up half of the gross value; otherwise the client has no return that day. Nothing is taken
    as zero. `n_returns` counts the days left, `history_share` is the mean weight covered by true
    returns over the window, and `short_history` marks any client for whom that is less than all.

    References
    ----------
    Order-statistic VaR and CVaR as in `measures.tail_risk`.
    """
    _check(window, level, stale_days)
    history = price_history(prices, as_of, window, stale_days)
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


# ------------------------------------------------------------------ positions with today's prices
def price_holdings(positions: pd.DataFrame, history: PriceHistory, foreign: Collection[str] = ()) -> Holdings:
    """Add up positions per client and security and price them; `foreign` securities are left unpriced."""
    named = positions.reindex(columns=["client_id", "security_id", "quantity"])
    named = named[named["client_id"].notna() & named["security_id"].notna()]
    client, clients = pd.factorize(named["client_id"], sort=True)
    security, securities = pd.factorize(named["security_id"], sort=True)
    quantity = pd.to_numeric(named["quantity"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    quantity = np.where(np.isfinite(quantity), quantity, np.nan)
    pairs, (quantity,) = _added_up(client * max(len(securities), 1) + security, [quantity])
    held = quantity != 0
    client, security = np.divmod(pairs[held], max(len(securities), 1))
    quantity = quantity[held]
    index = pd.Index(securities, dtype="str")
    row_of = history.securities.get_indexer(index)
    now = np.append(history.price, np.nan)[row_of]
    is_foreign = index.isin(list(foreign))
    price = np.where(is_foreign, np.nan, now)[security]
    reason = np.where(is_foreign, "other_currency", _why_unpriced(index, row_of, history))[security]
    reason = np.where(np.isnan(quantity), "no_quantity", np.where(np.isnan(price), reason, ""))
    names = pd.Index(clients, name="client_id")
    row = row_of[security]
    return Holdings(names, index, client, security, row, quantity, price, quantity * price, reason)


def _added_up(
    key: NDArray[np.intp], amounts: Sequence[FloatArray]
) -> tuple[NDArray[np.intp], list[FloatArray]]:
    """Each key once, in order, and the sums of its amounts."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    if not len(first):
        return key, list(amounts)
    return ordered[first], [np.add.reduceat(amount[order], first) for amount in amounts]


def _why_unpriced(index: pd.Index, row_of: NDArray[np.intp], history: PriceHistory) -> NDArray[np.str_]:
    """Why each security has no price today, should it have none."""
    bad = index.isin(history.problems["security_id"])
    return np.where(row_of >= 0, "stale_price", np.where(bad, "bad_price", "no_price"))


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
    weights = holdings.weights()
    market = benchmark_returns(holdings, history, benchmark)
    columns = {name: np.full(len(holdings.clients), np.nan) for name in (*MEASURES, "history_share")}
    columns["n_returns"] = np.zeros(len(holdings.clients))
    for rows, returns, covered in blocks(weights, history):
        columns["volatility"][rows] = measures.volatility(returns)
        columns["var"][rows], columns["cvar"][rows] = measures.tail_risk(returns, level)
        columns["max_drawdown"][rows] = measures.max_drawdown(returns, compounded)
        columns["beta"][rows] = measures.beta(returns, market)
        columns["n_returns"][rows] = (~np.isnan(returns)).sum(axis=1)
        columns["history_share"][rows] = covered
    return _table(holdings, history, weights, columns)


def blocks(
    weights: sparse.csr_array, history: PriceHistory
) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """Returns of `BLOCK` portfolios at a time: rows, returns (n, n_days), share of weight with a true return.

    A portfolio without a priced security has no returns and no share.
    """
    known = history.returns[: weights.shape[1]]
    absent = np.isnan(known)
    gappy = np.flatnonzero(absent.any(axis=1))
    filled = np.where(absent, 0.0, known) if len(gappy) else known
    n_days = known.shape[1]
    for start in range(0, weights.shape[0], BLOCK):
        rows = slice(start, min(start + BLOCK, weights.shape[0]))
        part = weights[rows]
        returns = np.asarray(part @ filled)
        share = np.where(np.diff(part.indptr) > 0, 1.0, 0.0)
        touching = abs(part[:, gappy]) if len(gappy) else None
        if touching is not None and touching.nnz:
            covered = share[:, None] - np.asarray(touching @ absent[gappy].astype(float))
            enough = covered >= LEAST_COVERAGE
            returns = np.where(enough, returns / np.where(enough, covered, 1.0), np.nan)
            share = covered.sum(axis=1) / max(n_days, 1)
        returns[np.diff(part.indptr) == 0] = np.nan
        # A window longer than the history is history that is missing.
        yield rows, returns, np.where(np.diff(part.indptr) > 0, share * n_days / history.window, np.nan)


def benchmark_returns(holdings: Holdings, history: PriceHistory, benchmark: str | None) -> FloatArray:
    """Returns that beta is measured against, one a day: the security's, or those of all holdings together."""
    nothing = np.full(history.returns.shape[1], np.nan)
    if benchmark:
        place = history.securities.get_indexer(pd.Index([benchmark]))[0]
        return history.returns[place] if place >= 0 else nothing
    whole = total(holdings)
    return next((returns[0] for _, returns, _ in blocks(whole.weights(), history)), nothing)


def total(holdings: Holdings, groups: NDArray[np.intp] | None = None, n: int = 1) -> Holdings:
    """All clients' holdings as those of one, or of `n` groups (`groups`: each client's, −1 for none)."""
    group = np.zeros(len(holdings.clients), dtype=np.intp) if groups is None else groups
    priced = ~np.isnan(holdings.value) & (group[holdings.client] >= 0)
    width = max(len(holdings.securities), 1)
    pair = group[holdings.client[priced]] * width + holdings.security[priced]
    pairs, (value, quantity) = _added_up(pair, [holdings.value[priced], holdings.quantity[priced]])
    client, security = np.divmod(pairs, width)
    # Whatever the client, a security has one price and one place in the history.
    price_of, row_of = np.full(width, np.nan), np.full(width, -1, dtype=np.intp)
    price_of[holdings.security[priced]] = holdings.price[priced]
    row_of[holdings.security[priced]] = holdings.row[priced]
    names = pd.RangeIndex(n)
    row, price, reason = row_of[security], price_of[security], np.full(len(pairs), "")
    return Holdings(names, holdings.securities, client, security, row, quantity, price, value, reason)


def _table(
    holdings: Holdings, history: PriceHistory, weights: sparse.csr_array, columns: dict[str, FloatArray]
) -> pd.DataFrame:
    n = len(holdings.clients)
    priced = ~np.isnan(holdings.value)
    value = np.where(priced, holdings.value, 0.0)
    n_positions = np.bincount(holdings.client, minlength=n)
    n_priced = np.bincount(holdings.client, priced, minlength=n).astype(int)
    some = n_priced > 0
    result = pd.DataFrame({name: columns[name] for name in MEASURES}, index=holdings.clients)
    result["hhi"] = np.where(some, weights.power(2).sum(axis=1), np.nan)
    result["largest_weight"], result["largest_security"] = _largest(weights, history.securities)
    result["market_value"] = np.where(some, np.bincount(holdings.client, value, minlength=n), np.nan)
    result["gross_value"] = np.where(some, np.bincount(holdings.client, np.abs(value), minlength=n), np.nan)
    result["n_positions"] = n_positions
    result["n_unpriced"] = n_positions - n_priced
    result["priced_share"] = np.where(n_positions > 0, n_priced / np.maximum(n_positions, 1), np.nan)
    result["n_returns"] = columns["n_returns"].astype(int)
    result["history_share"] = columns["history_share"]
    result["short_history"] = some & (columns["history_share"] < 1 - 1e-12)
    return result


def _largest(weights: sparse.csr_array, securities: pd.Index) -> tuple[FloatArray, pd.Series]:
    """Each row's largest weight by size, and whose it is (of equals the first by id)."""
    size = np.abs(weights.data)
    filled = np.flatnonzero(np.diff(weights.indptr))
    largest = np.full(weights.shape[0], np.nan)
    names = np.full(weights.shape[0], None, dtype=object)
    if len(filled):
        largest[filled] = np.maximum.reduceat(size, weights.indptr[filled])
        of_client = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
        at_top = np.flatnonzero(size == largest[of_client])
        first = at_top[np.flatnonzero(np.diff(of_client[at_top], prepend=-1))]
        names[of_client[first]] = securities[weights.indices[first]]
    return largest, pd.Series(names, dtype="str").array
