"""The review in groups: the firm, branches, advisors, levels, segments; where a client's money is bunched."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from clientlib.analysis.risk.measures import FloatArray

GROUPINGS = ("firm", "branch", "advisor", "standing", "segment")


def concentration(matches: pd.DataFrame, securities: pd.DataFrame) -> pd.DataFrame:
    """How much of each client's holdings is of one asset class, one issuer or one sector.

    Parameters
    ----------
    matches : DataFrame
        client_id, security_id, market_value.
    securities : DataFrame
        security_id, asset_class, issuer, sector.

    Returns
    -------
    DataFrame, index client_id
        largest_asset_class, largest_asset_class_weight, hhi_asset_class, largest_issuer,
        largest_issuer_weight, hhi_issuer, largest_sector, largest_sector_weight, hhi_sector, sector_share
        (of securities whose sector is known): of gross value, priced positions only.

    Notes
    -----
    A security without an issuer (or class) stands for itself, and is then the name given. One without a
    sector (a fund, a bond) is in none, rather than all of them in one: it counts in the whole, so that a
    sector's weight is its share of everything, but not in largest_sector and hhi_sector. These are missing
    where no security has a sector.
    """
    priced = matches[matches["market_value"].notna()]
    reference = securities.reindex(columns=["security_id", "asset_class", "issuer", "sector"])
    reference = reference.dropna(subset=["security_id"]).drop_duplicates("security_id", keep="last")
    size = priced["market_value"].to_numpy(dtype=float)
    client, names = pd.factorize(priced["client_id"], sort=True)
    security, ids = pd.factorize(priced["security_id"])
    groups = reference.set_index("security_id").reindex(ids).astype("str")
    own = pd.Series(ids, index=groups.index, dtype="str")
    found = pd.DataFrame(index=pd.Index(names, name="client_id"))
    _bunched(found, client, groups["asset_class"].fillna(own), security, np.abs(size))
    _bunched(found, client, groups["issuer"].fillna(own), security, np.abs(size))
    _bunched(found, client, groups["sector"], security, np.abs(size))
    whole = np.bincount(client, np.abs(size), minlength=len(names))
    in_sector = np.where(groups["sector"].notna().to_numpy()[security], np.abs(size), 0.0)
    with_sector = np.bincount(client, in_sector, minlength=len(names))
    found["sector_share"] = with_sector / np.where(whole > 0, whole, np.nan)
    return found


def _bunched(
    found: pd.DataFrame,
    client: NDArray[np.intp],
    groups: pd.Series,
    security: NDArray[np.intp],
    size: FloatArray,
) -> None:
    """Add each client's largest group, its weight and the sum of squared weights; some are in no group.

    `groups` has the group of each security that `security` points to.
    """
    n = len(found)
    whole = np.bincount(client, size, minlength=n)
    number_of, names = pd.factorize(groups, sort=True)
    within = number_of[security] >= 0
    place = (client[within], number_of[security[within]])
    sums = sparse.csr_array((size[within], place), shape=(n, len(names)))
    sums.sort_indices()
    n_groups = np.diff(sums.indptr)
    owner = np.repeat(np.arange(n), n_groups)
    weight = sums.data / np.where(whole > 0, whole, np.nan)[owner]
    some = np.flatnonzero(n_groups)
    top = np.full(n, np.nan)
    if len(some):
        top[some] = np.maximum.reduceat(weight, sums.indptr[some])
    # Of equals the first by name.
    at_top = np.flatnonzero(weight == top[owner])
    first = at_top[np.flatnonzero(np.diff(owner[at_top], prepend=-1))]
    largest = np.full(n, -1)
    largest[owner[first]] = sums.indices[first]
    squares = np.bincount(owner, weight**2, minlength=n)
    found[f"largest_{groups.name}"] = pd.Categorical.from_codes(largest, names).astype("str")
    found[f"largest_{groups.name}_weight"] = top
    found[f"hhi_{groups.name}"] = np.where(np.isnan(top), np.nan, squares)


def summarise(by_client: pd.DataFrame, alerts: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    """Counts and sums for the firm, each branch, advisor, standing and, where `by_client` tells it, segment.

    Parameters
    ----------
    by_client, alerts, calls : DataFrame
        Of a `RiskReview`.

    Returns
    -------
    DataFrame, one row a group
        grouping (one of `GROUPINGS`), group (empty: not stated; for the firm "all"), n_clients (by which
        small groups are withheld), n_holding, market_value, gross_value, value_above, share_above (of the
        value that could be judged), n_judged (whose value that is), n_mismatch, n_margin, n_var,
        n_concentration (clients with that alert at warn or high), n_high, n_warn, n_watch (by gravest alert),
        n_call_today, n_no_level, n_predicted, n_unpriced (positions), median_var.
    """
    flags = _flags(by_client, alerts, calls)
    # A category, so that the firm has its row even without a client.
    everyone = pd.Series(pd.Categorical(["all"] * len(flags), ["all"]), index=flags.index)
    parts = []
    # Segments are known only where they were asked for.
    for grouping in (name for name in GROUPINGS if name == "firm" or name in by_client.columns):
        key = by_client[grouping].astype("str").fillna("") if grouping != "firm" else everyone
        sums = flags.groupby(key, observed=False).sum()
        sums["median_var"] = by_client["var"].groupby(key, observed=False).median()
        sums.insert(0, "grouping", grouping)
        sums.index = pd.Index(sums.index.astype("str"), name="group")
        parts.append(sums.reset_index())
    result = pd.concat(parts, ignore_index=True)
    judged = result.pop("judged")
    place = list(result.columns).index("value_above") + 1
    result.insert(place, "share_above", result["value_above"] / judged.where(judged > 0))
    return result[["grouping", *(c for c in result.columns if c != "grouping")]]


def _flags(by_client: pd.DataFrame, alerts: pd.DataFrame, calls: pd.DataFrame) -> pd.DataFrame:
    grave = alerts[alerts["severity"].isin(["warn", "high"])]
    broken = {rule: part["client_id"] for rule, part in grave.groupby("rule")}
    nobody = pd.Series([], dtype="str")
    mismatch = pd.concat([broken.get("mismatch", nobody), broken.get("lowest_class", nobody)])
    today = calls.loc[calls["call"].eq("today"), "client_id"]
    who = by_client.index
    flags = pd.DataFrame(
        {
            "n_clients": 1,
            "n_holding": (by_client["n_positions"] > 0).astype(int),
            "market_value": by_client["market_value"].fillna(0.0),
            "gross_value": by_client["gross_value"].fillna(0.0),
            "value_above": by_client["value_above"].fillna(0.0),
            "judged": (by_client["value"] - by_client["value_unjudged"]).fillna(0.0),
            "n_judged": ((by_client["value"] - by_client["value_unjudged"]).fillna(0.0) > 0).astype(int),
            "n_mismatch": who.isin(mismatch).astype(int),
            "n_margin": who.isin(broken.get("margin", nobody)).astype(int),
            "n_var": who.isin(broken.get("var", nobody)).astype(int),
            "n_concentration": who.isin(broken.get("concentration", nobody)).astype(int),
        },
        index=who,
    )
    for severity in ("high", "warn", "watch"):
        flags[f"n_{severity}"] = by_client["severity"].eq(severity).fillna(False).astype(int)
    flags["n_call_today"] = who.isin(today).astype(int)
    flags["n_no_level"] = np.where(by_client["standing"].eq("none"), 1, 0)
    flags["n_predicted"] = by_client["predicted"].fillna(False).astype(int)
    flags["n_unpriced"] = by_client["n_unpriced"]
    return flags
