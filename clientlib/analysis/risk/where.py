"""Where the calls are: each branch's, or advisor's, clients to call and clients by kind of reason."""

from __future__ import annotations

import pandas as pd

KINDS = {
    "margin": ("margin",),
    "suitability": ("lowest_class", "mismatch"),
    "concentration": ("concentration",),
    "market": ("var",),
    "assessment": ("buys_above", "finances", "score", "level_expired", "level_missing", "level_expiring"),
}
"""Kinds of reasons for a call, and the rules behind them."""
CALLS = ("today", "this_week")


def calls_by_place(
    by_client: pd.DataFrame, alerts: pd.DataFrame, calls: pd.DataFrame, grouping: str = "branch"
) -> pd.DataFrame:
    """How many clients of each place there are to call, and with which kinds of reasons.

    Parameters
    ----------
    by_client, alerts, calls : DataFrame
        Of a `RiskReview`.
    grouping : {"branch", "advisor", "segment"}
        What a place is.

    Returns
    -------
    DataFrame, one row a place and kind
        group (empty: not stated; those with most clients to call today first), kind (`CALLS`, then
        `KINDS`), n_clients. A client with several reasons counts under each. Of margin, suitability,
        concentration and market those alerts count that call for somebody; a new assessment never does, so
        there all do.

    Notes
    -----
    Each kind adds up to a total of the firm; a row does not.
    """
    kinds = {rule: kind for kind, rules in KINDS.items() for rule in rules}
    named = alerts.assign(kind=alerts["rule"].map(kinds))
    named = named[named["severity"].ne("watch") | named["kind"].eq("assessment")]
    marks = pd.concat(
        [
            calls[["client_id", "call"]].rename(columns={"call": "kind"}),
            named[["client_id", "kind"]].drop_duplicates(),
        ]
    )
    group = by_client[grouping].astype("str").reindex(marks["client_id"])
    counts = pd.crosstab(group.fillna("").to_numpy(), marks["kind"].to_numpy())
    places = by_client[grouping].astype("str").fillna("").unique()
    counts = counts.reindex(index=sorted(places), columns=[*CALLS, *KINDS], fill_value=0)
    counts = counts.sort_values(["today", "this_week"], ascending=False, kind="stable")
    long = counts.rename_axis(index="group", columns=None).reset_index()
    return long.melt("group", var_name="kind", value_name="n_clients")
