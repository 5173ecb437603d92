"""Whether the value at risk can be trusted: how often a day's loss went beyond it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clientlib.analysis.risk import measures
from clientlib.analysis.risk.measures import FloatArray


def count_exceedances(returns: FloatArray, names: pd.Index, window: int, level: float) -> pd.DataFrame:
    """Days on which each portfolio lost more than the VaR of the `window` returns before that day.

    Parameters
    ----------
    returns : array of shape (n_portfolios, n_days)
        Daily returns of constant weights, oldest first; NaN days are neither tested nor counted.
    names : Index of length n_portfolios
        What the portfolios are.
    window : int
        Returns that each VaR rests on; a day with fewer before it is not tested.
    level : float
        Confidence of the VaR.

    Returns
    -------
    DataFrame, index `names`
        n_days tested, exceedances, expected ((1 − level) × n_days).
    """
    rows = []
    for own in returns:
        known = own[~np.isnan(own)]
        n_days = max(len(known) - window, 0)
        exceeded = 0
        if n_days:
            before = np.lib.stride_tricks.sliding_window_view(known, window)[:-1]
            var, _ = measures.tail_risk(before, level)
            exceeded = int((-known[window:] > var).sum())
        rows.append({"n_days": n_days, "exceedances": exceeded, "expected": (1 - level) * n_days})
    return pd.DataFrame(rows, index=names, columns=["n_days", "exceedances", "expected"])
