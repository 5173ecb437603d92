"""Whether the value at risk can be trusted: how often, and how bunched, losses went beyond it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import xlogy
from scipy.stats import chi2

from clientlib.analysis.risk import measures
from clientlib.analysis.risk.measures import FloatArray
from clientlib.config.risk import BacktestRules

VERDICTS = ("holds", "too_many", "too_few", "clustered", "too_short")
_COLUMNS = ["n_days", "exceedances", "expected", "rate", "kupiec_p", "independence_p", "christoffersen_p"]


def count_exceedances(
    returns: FloatArray, names: pd.Index, window: int, level: float, rules: BacktestRules
) -> pd.DataFrame:
    """Days on which each portfolio lost more than the VaR of the `window` returns before, and what follows.

    Parameters
    ----------
    returns : array of shape (n_portfolios, n_days)
        Daily returns of constant weights, oldest first; NaN days are neither tested nor counted, and the
        days on either side of them count as following each other.
    names : Index of length n_portfolios
        What the portfolios are.
    window : int
        Returns that each VaR rests on; a day with fewer before it is not tested.
    level : float
        Confidence of the VaR.
    rules : BacktestRules
        Significance of the verdict, and days it needs.

    Returns
    -------
    DataFrame, index `names`
        n_days tested, exceedances, expected ((1 − level) × n_days), rate (exceedances over n_days);
        kupiec_p, independence_p, christoffersen_p: see `coverage_tests`; verdict (one of `VERDICTS`, see
        `verdict`).
    """
    rows = []
    for own in returns:
        known = own[~np.isnan(own)]
        exceeded = _exceeded(known, window, level)
        n_days, n = len(exceeded), int(exceeded.sum())
        rate = n / n_days if n_days else float("nan")
        rows.append((n_days, n, (1 - level) * n_days, rate, *coverage_tests(exceeded, 1 - level)))
    found = pd.DataFrame(rows, index=names, columns=_COLUMNS)
    return found.assign(verdict=[verdict(row, level, rules) for row in found.to_dict("records")])


def _exceeded(known: FloatArray, window: int, level: float) -> NDArray[np.bool_]:
    """Whether each day from the `window`-th on lost more than the VaR of the days before it."""
    if len(known) <= window:
        return np.zeros(0, dtype=bool)
    before = np.lib.stride_tricks.sliding_window_view(known, window)[:-1]
    var, _ = measures.tail_risk(before, level)
    return np.asarray(-known[window:] > var, dtype=bool)


def coverage_tests(exceeded: NDArray[np.bool_], chance: float) -> tuple[float, float, float]:
    """p-values of three likelihood-ratio tests of a row of days.

    Parameters
    ----------
    exceeded : array of shape (n_days,)
        Whether the loss went beyond the VaR, day by day.
    chance : float
        How likely that is on any day, if the VaR is right: 1 − level.

    Returns
    -------
    kupiec_p : float
        Of unconditional coverage: are there too many or too few? NaN without days.
    independence_p : float
        Of independence: does an exceedance make one on the next day more, or less, likely?
    christoffersen_p : float
        Of conditional coverage: both together.

    Notes
    -----
    The statistics are twice the gain in log-likelihood, held against χ² with one degree of freedom, for
    conditional coverage with two: there it is the sum of the other two. 0 ln 0 is 0: no exceedance at all
    has a kupiec_p, no exceedance right after another an independence_p. Independence, and with it
    conditional coverage, cannot be told (NaN) when no day followed an exceedance or none followed a day
    without: so with no exceedance, with nothing else, or with one only, on the last day. The χ² is a limit
    for many days: with few exceedances the p-values are rough.

    References
    ----------
    Kupiec, P. H. (1995). Techniques for verifying the accuracy of risk measurement models. Journal of
    Derivatives 3 (2), 73–84.
    Christoffersen, P. F. (1998). Evaluating interval forecasts. International Economic Review 39, 841–862.
    """
    n_days, n = len(exceeded), int(exceeded.sum())
    if not n_days:
        return float("nan"), float("nan"), float("nan")
    coverage = 2 * (_likelihood(n_days - n, n, n / n_days) - _likelihood(n_days - n, n, chance))
    first, then = exceeded[:-1].astype(int), exceeded[1:].astype(int)
    (n00, n01), (n10, n11) = np.bincount(2 * first + then, minlength=4).reshape(2, 2).tolist()
    kupiec = float(chi2.sf(coverage, 1))
    if not n00 + n01 or not n10 + n11:
        return kupiec, float("nan"), float("nan")
    apart = _likelihood(n00, n01, n01 / (n00 + n01)) + _likelihood(n10, n11, n11 / (n10 + n11))
    alike = _likelihood(n00 + n10, n01 + n11, (n01 + n11) / (n_days - 1))
    independence = 2 * (apart - alike)
    return kupiec, float(chi2.sf(independence, 1)), float(chi2.sf(coverage + independence, 2))


def _likelihood(without: int, with_: int, chance: float) -> float:
    """Log-likelihood of days without and with an exceedance that has this chance."""
    return float(xlogy(without, 1 - chance) + xlogy(with_, chance))


def verdict(row: Mapping[Hashable, float], level: float, rules: BacktestRules) -> str:
    """What a row of `count_exceedances` says about the VaR.

    too_short: fewer than `rules.least_days` days tested. Otherwise, at `rules.significance`: too_many or
    too_few exceedances where Kupiec's test says so, or else clustered where the test of independence does.
    Should only both together be too unlikely, the less likely of the two is named. holds: none of it.
    """
    if row["n_days"] < rules.least_days:
        return "too_short"
    coverage, independence, both = (row[name] for name in _COLUMNS[4:])
    amount = "too_many" if row["rate"] > 1 - level else "too_few"
    if coverage < rules.significance:
        return amount
    if independence < rules.significance:
        return "clustered"
    if both < rules.significance:
        return amount if coverage <= independence else "clustered"
    return "holds"
