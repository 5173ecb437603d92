"""Stress read backwards: which fall breaks the loss that a client said to bear; and who is hit hardest."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from clientlib.analysis.suitability import newest_per_client

WORST = 10
"""Clients named for each scenario."""
SEPARATOR = ";"
"""Between the scenarios of `breaks_in`."""
_HIT = ["scenario", "rank", "client_id", "gross_value", "loss", "loss_share"]


def bearable_loss(preferences: pd.DataFrame, as_of: dt.date) -> pd.Series:
    """The `max_loss` that each client stated in the newest assessment up to `as_of`; index client_id.

    A fraction of the money invested. Missing where that assessment states none, whatever an earlier one
    said, and where it is no fraction from 0 to 1.
    """
    newest = newest_per_client(preferences, "assessed_on", as_of).reindex(columns=["max_loss"])
    stated = pd.to_numeric(newest["max_loss"], errors="coerce").astype(float)
    return stated.where(stated.between(0, 1))


def reverse_stress(by_client: pd.DataFrame, max_loss: pd.Series, stressed: pd.DataFrame) -> pd.DataFrame:
    """Which fall breaks each client's stated bearable loss.

    Parameters
    ----------
    by_client : DataFrame, index client_id
        market_value (long less short), gross_value, beta.
    max_loss : Series, index client_id
        From `bearable_loss`.
    stressed : DataFrame
        From `stress_by_client`.

    Returns
    -------
    DataFrame, index of `by_client`
        max_loss; fall_to_max_loss, the fall of all securities alike that costs this share of the gross
        value; market_fall_to_max_loss, the fall of the benchmark that does so by the client's beta;
        breaks_in, the scenarios that cost more than this share, joined by ";" in their order (empty: none).

    Notes
    -----
    Losses are shares of the gross value (long plus short), as in `stress_by_client`: for who is only long
    and has no beta of its own, a fall of all alike breaks the limit when it is as large as the limit. Short
    positions gain in a fall. A fall is missing where no fall breaks the limit: more short than long, a beta
    of zero or less, or a fall of more than all. Everything is missing where no bearable loss is stated, and
    but for `max_loss` itself where nothing is held that has a value.
    """
    stated = max_loss.reindex(by_client.index)
    gross, net = by_client["gross_value"].astype(float), by_client["market_value"].astype(float)
    beta = by_client["beta"].astype(float)
    alike = stated * gross / net.where(net > 0)
    market = stated / beta.where(beta > 0)
    return pd.DataFrame(
        {
            "max_loss": stated,
            "fall_to_max_loss": alike.where(alike <= 1),
            "market_fall_to_max_loss": market.where(market <= 1),
            "breaks_in": _broken(stated, gross, stressed),
        },
        index=by_client.index,
    )


def _broken(stated: pd.Series, gross: pd.Series, stressed: pd.DataFrame) -> pd.Series:
    names = np.full(len(stated), "", dtype=object)
    for name, part in stressed.groupby("scenario", sort=False):
        share = part.set_index("client_id")["loss_share"].reindex(stated.index)
        # A hair of rounding breaks nothing.
        broken = (share > stated + 1e-12).to_numpy()
        names[broken] = names[broken] + np.where(names[broken] == "", "", SEPARATOR) + str(name)
    found = pd.Series(names, index=stated.index, dtype="str")
    return found.where(stated.notna() & gross.gt(0))


def worst_hit(stressed: pd.DataFrame, n: int = WORST) -> pd.DataFrame:
    """The `n` clients hit hardest in each scenario.

    Parameters
    ----------
    stressed : DataFrame
        From `stress_by_client`: only clients who hold something that has a value.
    n : int
        Clients named, at most.

    Returns
    -------
    DataFrame
        scenario (in the order of `stressed`), rank from 1, client_id, gross_value, loss, loss_share.

    Notes
    -----
    Hardest by the share of the gross value that is lost, which is what a client feels; where that is equal
    to a hundredth of a percent (all who hold nothing but one security), by the money lost, then by client
    id. Who loses nothing is not named.
    """
    losing = stressed[stressed["loss"] > 0]
    order = pd.DataFrame(
        {
            "scenario": pd.factorize(losing["scenario"])[0],
            "share": -losing["loss_share"].round(4),
            "loss": -losing["loss"],
            "client": losing["client_id"],
        }
    ).sort_values(["scenario", "share", "loss", "client"])
    place = order.groupby("scenario").cumcount() + 1
    named = losing.loc[place.index[place <= n]].assign(rank=place)
    return named[_HIT].reset_index(drop=True)
