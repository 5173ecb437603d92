"""What plans change: how many clients are beyond each limit before them, and after."""

from __future__ import annotations

import pandas as pd

_ROUNDING = 1e-9
"""A hair of rounding is no breach."""


def clients_beyond(measures: pd.DataFrame) -> pd.DataFrame:
    """Clients beyond the limit of each measure, before the plans and after.

    Parameters
    ----------
    measures : DataFrame
        Of `AdjustmentPlans`: client_id, measure, before, after, limit. Of the ratio less is worse, of all
        others more. Rows without one of these numbers do not count.

    Returns
    -------
    DataFrame, one row a measure with a limit, most clients first
        measure, before, after.
    """
    known = measures.dropna(subset=["before", "after", "limit"])
    sign = known["measure"].eq("ratio").map({True: -1.0, False: 1.0}).astype(float)
    beyond = {
        when: (sign * (known[when] - known["limit"]).astype(float)).gt(_ROUNDING).astype(int)
        for when in ("before", "after")
    }
    counts = pd.DataFrame({"measure": known["measure"].astype("str"), **beyond})
    counts = counts.groupby("measure", sort=True).sum().reset_index()
    return counts.sort_values("before", ascending=False, kind="stable", ignore_index=True)
