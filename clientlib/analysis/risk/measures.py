"""Risk measures of many return series at once: rows are portfolios, columns are days, NaN is no return.

Arrays in, arrays out; what a return is and whose it is, is decided elsewhere.
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


def volatility(returns: FloatArray) -> FloatArray:
    """Yearly volatility of each row: standard deviation (ddof=1) × √252; NaN with fewer than two returns."""
    present = ~np.isnan(returns)
    count = present.sum(axis=1)
    mean = np.where(present, returns, 0.0).sum(axis=1) / np.maximum(count, 1)
    gaps = np.where(present, returns - mean[:, None], 0.0)
    variance = np.einsum("ij,ij->i", gaps, gaps) / np.maximum(count - 1, 1)
    return np.where(count >= 2, np.sqrt(variance * TRADING_DAYS), np.nan)


def tail_risk(returns: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Historical value at risk and conditional value at risk of each row.

    Parameters
    ----------
    returns : array of shape (n_portfolios, n_days)
        Simple returns; NaN are left out, row by row.
    level : float
        Confidence, e.g. 0.95.

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
    count = (~np.isnan(returns)).sum(axis=1)
    var, cvar = np.full(len(returns), np.nan), np.full(len(returns), np.nan)
    for n in np.unique(count[count > 0]):
        rows = np.flatnonzero(count == n)
        group = returns if len(rows) == len(returns) else returns[rows]
        var[rows], cvar[rows] = _tails(group, int(n), level)
    return var, cvar


def _tails(returns: FloatArray, n: int, level: float) -> tuple[FloatArray, FloatArray]:
    """Both measures of rows with `n` returns each; NaN sort behind them."""
    k = (1.0 - level) * n
    # (1 − 0.9) × 10 is a hair below 1: the tolerance keeps a whole number whole.
    at = min(n - 1, math.floor(k + _ROUNDING * n))
    last = max(0, math.ceil(k) - 1)
    ordered = np.partition(returns, sorted({at, last}), axis=1)
    cvar = -ordered[:, :last].sum(axis=1) / k + ordered[:, last] * (last / k - 1.0)
    return -ordered[:, at], cvar


def max_drawdown(returns: FloatArray, compounded: bool = True) -> FloatArray:
    """Largest fall of each row's path from its peak so far; the starting value is the first peak.

    Compounded: a fraction of the peak, the path being the product of 1 + r (it stays at nothing once
    it got there). Otherwise the path is the sum of the returns, and the fall a fraction of the starting
    value. NaN days leave the path where it is; NaN for a row without returns.
    """
    missing = np.isnan(returns)
    known = np.where(missing, 0.0, returns) if missing.any() else returns
    if compounded:
        path = np.cumprod(np.maximum(1.0 + known, 0.0), axis=1)
        peak = np.maximum(np.maximum.accumulate(path, axis=1), 1.0)
        fall = 1.0 - (path / peak).min(axis=1, initial=1.0)
    else:
        path = np.cumsum(known, axis=1)
        peak = np.maximum(np.maximum.accumulate(path, axis=1), 0.0)
        fall = (peak - path).max(axis=1, initial=0.0)
    return np.where(missing.all(axis=1), np.nan, fall)


def beta(returns: FloatArray, benchmark: FloatArray) -> FloatArray:
    """Slope of each row on the benchmark's returns, by least squares over the days that both have.

    NaN with fewer than two common days, or where the benchmark does not move.
    """
    both = ~np.isnan(returns) & ~np.isnan(benchmark)
    market = np.where(both, benchmark, 0.0)
    count = np.maximum(both.sum(axis=1), 1)
    market_gap = np.where(both, market - (market.sum(axis=1) / count)[:, None], 0.0)
    spread = np.einsum("ij,ij->i", market_gap, market_gap)
    together = np.einsum("ij,ij->i", market_gap, np.where(both, returns, 0.0))
    enough = (both.sum(axis=1) >= 2) & (spread > 0)
    return np.where(enough, together / np.where(enough, spread, 1.0), np.nan)
