"""How long clients wait: quantiles that count those still waiting, promises kept, and who is slower.

Durations are hours by the calendar: nights, weekends and holidays count.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

Times = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def kaplan_meier(hours: Times, happened: Flags) -> tuple[Times, Times]:
    """The share still waiting after each time at which a wait ended.

    Parameters
    ----------
    hours : (n,) array
        How long each one waited, or has waited so far.
    happened : (n,) array of bool
        True where the wait ended, False where it goes on (censored).

    Returns
    -------
    times, waiting : (m,) arrays
        The m different times at which a wait ended, rising, and the share that waits longer.

    Notes
    -----
    waiting(t) = Π over tᵢ ≤ t of (1 − dᵢ / nᵢ), with dᵢ waits ended at tᵢ and nᵢ not over before it.

    References
    ----------
    Kaplan & Meier (1958), J. American Statistical Association 53, 457–481.
    """
    times, ended = np.unique(hours[happened], return_counts=True)
    at_risk = len(hours) - np.searchsorted(np.sort(hours), times, side="left")
    waiting: Times = np.cumprod(1 - ended / at_risk, dtype=np.float64)
    return times, waiting


def waiting_quantile(hours: Times, happened: Flags, share: float) -> float:
    """The time within which `share` of the waits end: the first at which that share or more has ended.

    Missing where so many still wait that it cannot be told yet, and without any wait. Of an even number of
    finished waits the median is the lower of the middle two.
    """
    times, waiting = kaplan_meier(hours, happened)
    # 1 − 0.9 is a little less than 0.1: a share that is reached exactly must count as reached.
    reached = np.flatnonzero(waiting <= 1 - share + 1e-9)
    return float(times[reached[0]]) if len(reached) else np.nan


def promise_kept(hours: pd.Series, happened: pd.Series, due_hours: pd.Series) -> pd.Series:
    """Whether each wait kept within what was promised.

    Parameters
    ----------
    hours, happened : Series
        As for `kaplan_meier`.
    due_hours : Series
        What is promised; missing: nothing is.

    Returns
    -------
    Series of boolean
        True: ended in time. False: ended too late, or goes on beyond what was promised. Missing: not
        promised, or goes on and is not due yet.
    """
    kept = (happened & (hours <= due_hours)).astype("boolean")
    known = due_hours.notna() & hours.notna() & (happened | (hours > due_hours))
    return kept.where(known)


def due(categories: pd.Series, limits: Mapping[str, float]) -> pd.Series:
    """Hours promised for each request by its category; missing where the firm promises none."""
    return categories.map(dict(limits)).astype(float)


def log_rank(waits: pd.DataFrame, group: str, stratum: str) -> pd.DataFrame:
    """Test each group's waits against those of all other groups, like compared with like.

    Parameters
    ----------
    waits : DataFrame
        hours, happened, and the columns `group` and `stratum`. Rows that lack hours are left out.
    group : str
        What is compared, e.g. branch.
    stratum : str
        Within which waits are compared, e.g. category: so that a branch with many hard requests does not
        seem slow for that.

    Returns
    -------
    DataFrame, index group
        ended (waits that ended), expected (were all groups equally quick), pace (ended / expected; below 1:
        slower), z (negative: slower), p (two-sided), p_holm (for all groups tested together). Missing
        where a group has nothing to compare.

    Notes
    -----
    At each time t at which d of n waits of a stratum end, a group with m of the n is expected to end d m/n,
    with variance d (m/n) (1 − m/n) (n − d)/(n − 1); sums over times and strata give z = (ended − expected) /
    √variance. Requests count as independent. p_holm: step-down, the smallest p times the number of tests,
    the next times one less, never falling.

    References
    ----------
    Mantel (1966), Cancer Chemotherapy Reports 50, 163–170. Holm (1979), Scand. J. Statistics 6, 65–70.
    """
    known = waits[waits["hours"].notna() & waits[group].notna()]
    names = sorted(known[group].unique())
    ended, expected, variance = np.zeros(len(names)), np.zeros(len(names)), np.zeros(len(names))
    for _, rows in known.groupby(stratum, dropna=False):
        part = _one_stratum(rows, group, names)
        ended, expected, variance = ended + part[0], expected + part[1], variance + part[2]
    table = pd.DataFrame(
        {"ended": ended, "expected": expected}, index=pd.Index(names, name=group, dtype="str")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        table["pace"] = np.where(expected > 0, ended / expected, np.nan)
        table["z"] = np.where(variance > 0, (ended - expected) / np.sqrt(variance), np.nan)
    table["p"] = 2 * norm.sf(table["z"].abs())
    table["p_holm"] = holm(table["p"])
    return table


def _one_stratum(rows: pd.DataFrame, group: str, names: list[str]) -> tuple[Times, Times, Times]:
    hours, happened = rows["hours"].to_numpy(dtype=float), rows["happened"].to_numpy(dtype=bool)
    times, total = np.unique(hours[happened], return_counts=True)
    at_risk = len(hours) - np.searchsorted(np.sort(hours), times, side="left")
    ended, expected, variance = [], [], []
    for name in names:
        own = rows[group].eq(name).to_numpy(dtype=bool)
        mine = own.sum() - np.searchsorted(np.sort(hours[own]), times, side="left")
        share = mine / at_risk
        ended.append(float((happened & own).sum()))
        expected.append(float((total * share).sum()))
        spread = (at_risk - total) / np.maximum(at_risk - 1, 1)
        variance.append(float((total * share * (1 - share) * spread).sum()))
    return np.array(ended), np.array(expected), np.array(variance)


def holm(p: pd.Series) -> pd.Series:
    """p-values raised so that the chance of any false alarm among them is kept; missing ones stay missing."""
    rising = p.dropna().sort_values(kind="stable")
    left = len(rising) - np.arange(len(rising))
    adjusted = (rising * left).cummax().clip(upper=1.0)
    return adjusted.reindex(p.index)
