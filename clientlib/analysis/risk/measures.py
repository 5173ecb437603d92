"""Risk measures of many return series at once: rows are portfolios, columns are days, NaN is no return.

Arrays in, arrays out; what a return is and whose it is, is decided elsewhere. Rows without gaps, nearly all
there are, take a way of fewer steps to the same figures.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
TRADING_DAYS = 252
"""Trading days a year, by which a daily volatility is made a yearly one."""
_ROUNDING = 4 * float(np.finfo(float).eps)


def volatility(
    returns: FloatArray, total: FloatArray | None = None, work: FloatArray | None = None
) -> FloatArray:
    """Yearly volatility of each row: standard deviation (ddof=1) × √252; NaN with fewer than two returns.

    `total` is the sum of each row, where it is known already. `work`, an array of the same shape, is
    overwritten: many calls then take memory once.
    """
    total = returns.sum(axis=1) if total is None else total
    if np.isnan(total).any():
        present = ~np.isnan(returns)
        count = present.sum(axis=1)
        mean = np.where(present, returns, 0.0).sum(axis=1) / np.maximum(count, 1)
        gaps = np.where(present, returns - mean[:, None], 0.0)
    else:
        count = np.full(len(returns), returns.shape[1])
        mean = total / np.maximum(count, 1)
        gaps = np.subtract(returns, mean[:, None], out=work)
    variance = np.einsum("ij,ij->i", gaps, gaps) / np.maximum(count - 1, 1)
    return np.where(count >= 2, np.sqrt(variance * TRADING_DAYS), np.nan)


def tail_risk(returns: FloatArray, level: float, *, overwrite: bool = False) -> tuple[FloatArray, FloatArray]:
    """Historical value at risk and conditional value at risk of each row.

    Parameters
    ----------
    returns : array of shape (n_portfolios, n_days)
        Simple returns; NaN are left out, row by row.
    level : float
        Confidence, e.g. 0.95.
    overwrite : bool
        Whether the days of `returns` may be put into another order, which saves a copy.

    Returns
    -------
    var, cvar : arrays of shape (n_portfolios,)
        Positive when a loss, as a fraction of value; NaN for a row without returns.

    Notes
    -----
    VaR is an order statistic, not an interpolated quantile: with n returns and k = (1 − level) n it is the
    (⌊k⌋ + 1)-th largest loss. CVaR is the mean of the worst k losses, the last one counted by its part.
    The same convention as `skfolio.measures.value_at_risk` and `cvar`.

    References
    ----------
    Rockafellar, R. T. and Uryasev, S. (2002). Conditional value-at-risk for general loss distributions.
    Journal of Banking & Finance 26, 1443–1471.
    """
    n_days = returns.shape[1]
    missing = np.isnan(returns)
    if n_days and not missing.any():
        return _tails(returns if overwrite else returns.copy(), n_days, level)
    count = n_days - missing.sum(axis=1)
    var, cvar = np.full(len(returns), np.nan), np.full(len(returns), np.nan)
    for n in np.unique(count[count > 0]):
        rows = np.flatnonzero(count == n)
        var[rows], cvar[rows] = _tails(returns[rows], int(n), level)
    return var, cvar


def _tails(returns: FloatArray, n: int, level: float) -> tuple[FloatArray, FloatArray]:
    """Both measures of rows with `n` returns each, which are put into another order; NaN come last."""
    k = (1.0 - level) * n
    # (1 − 0.9) × 10 is a hair below 1: the tolerance keeps a whole number whole.
    at = min(n - 1, math.floor(k + _ROUNDING * n))
    last = max(0, math.ceil(k) - 1)
    # One place at a time: NumPy finds several in one call much more slowly than one.
    returns.partition(at, axis=1)
    if last < at:
        returns[:, :at].partition(last, axis=1)
    elif last > at:
        returns[:, at:].partition(last - at, axis=1)
    cvar = -np.sort(returns[:, :last], axis=1).sum(axis=1) / k + returns[:, last] * (last / k - 1.0)
    return -returns[:, at], cvar


def max_drawdown(returns: FloatArray, compounded: bool = True) -> FloatArray:
    """Largest fall of each row's path from its peak so far; the starting value is the first peak.

    Compounded: a fraction of the peak, the path being the product of 1 + r (it stays at nothing once
    it got there). Otherwise the path is the sum of the returns, and the fall a fraction of the starting
    value. NaN days leave the path where it is; NaN for a row without returns.
    """
    missing = np.isnan(returns)
    known = np.where(missing, 0.0, returns) if missing.any() else returns
    by_day = np.add(known.T, path_start(compounded), order="C")
    return np.where(missing.all(axis=1), np.nan, deepest_fall(by_day, compounded))


def path_start(compounded: bool) -> float:
    """Where a path starts; what is added to a return to have the step of the path."""
    return 1.0 if compounded else 0.0


def deepest_fall(by_day: FloatArray, compounded: bool = True) -> FloatArray:
    """`max_drawdown` of portfolios that are the columns, from the steps of their paths.

    Parameters
    ----------
    by_day : array of shape (n_days, n_portfolios)
        Compounded: 1 + the return, by which the path is multiplied; otherwise the return. No NaN.
    compounded : bool
        See `max_drawdown`.

    Notes
    -----
    Where the path stands towards its peak follows from where it stood the day before: 1 at the peak, and
    never above. So neither path nor peak is kept, and each day is done for all portfolios at once.
    """
    start = path_start(compounded)
    move = np.multiply if compounded else np.add
    stands = np.full(by_day.shape[1], start)
    deepest = stands.copy()
    for step in by_day:
        np.minimum(move(stands, step, out=stands), start, out=stands)
        np.minimum(deepest, stands, out=deepest)
    # Who has lost more than everything, by what was sold short, has lost everything.
    return 1.0 - np.maximum(deepest, 0.0) if compounded else 0.0 - deepest


def beta(returns: FloatArray, benchmark: FloatArray) -> FloatArray:
    """Slope of each row on the benchmark's returns, by least squares over the days that both have.

    NaN with fewer than two common days, or where the benchmark does not move.
    """
    gap = benchmark - benchmark.sum() / max(len(benchmark), 1)
    whole: FloatArray = np.einsum("ij,j->i", returns, gap)
    if not np.isnan(whole).any():
        spread = float(np.einsum("i,i->", gap, gap))
        return whole / spread if len(benchmark) >= 2 and spread > 0 else np.full(len(returns), np.nan)
    both = ~np.isnan(returns) & ~np.isnan(benchmark)
    market = np.where(both, benchmark, 0.0)
    count = np.maximum(both.sum(axis=1), 1)
    market_gap = np.where(both, market - (market.sum(axis=1) / count)[:, None], 0.0)
    spreads = np.einsum("ij,ij->i", market_gap, market_gap)
    together = np.einsum("ij,ij->i", market_gap, np.where(both, returns, 0.0))
    enough = (both.sum(axis=1) >= 2) & (spreads > 0)
    return np.where(enough, together / np.where(enough, spreads, 1.0), np.nan)
