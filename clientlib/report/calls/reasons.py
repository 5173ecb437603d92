"""By which sentence of the report the reason of a call is told."""

from __future__ import annotations

import pandas as pd


def reason_keys(calls: pd.DataFrame) -> pd.Series:
    """The key of each call's sentence: its rule, or the rule's for what is back inside its line.

    Parameters
    ----------
    calls : DataFrame
        rule and held; see `RiskReview.call_list`.

    Returns
    -------
    Series of str
        E.g. margin, or margin_held where the ratio is above the line again, and not yet by enough.
    """
    return calls["rule"].where(~calls["held"].astype(bool), calls["rule"] + "_held").astype("str")
