"""How long it takes to sell what clients hold, and which securities many of them hold much of."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from clientlib.analysis.risk.measures import FloatArray
from clientlib.config.risk import Crowding, Liquidity
from clientlib.features.query import LONGEST_CLOSURE_DAYS

SUSPENDED = "stale_price"
"""Why a position has no value when its security was quoted once, but no longer."""
_UNKNOWN_CLASS = "other"
_CROWDED = ["security_id", "asset_class", "n_clients", "n_holders", "value", "share_of_firm", "days_to_sell"]
_CROWDED += ["largest_branch", "largest_branch_share", "largest_branch_holders"]


def market_volumes(prices: pd.DataFrame, as_of: dt.date, volume_days: int) -> pd.Series:
    """Mean units traded a day of each security, lately; index security_id.

    Parameters
    ----------
    prices : DataFrame
        security_id, date, volume (may be missing, also as a column). Rows after `as_of` are not read.
    as_of : date
        The day asked about.
    volume_days : int
        Days looked at.

    Returns
    -------
    Series
        Only of securities with a volume.

    Notes
    -----
    The days are the last `volume_days` on which any volume is stated, none of them older than twice as many
    calendar days and the longest holiday closure. The mean is over the days for which the security's own
    volume is stated, those on which nothing was traded among them; a day without a row (suspended, not yet
    listed) has no part in it. A negative or infinite volume is as if it were not there.
    """
    frame = prices.reindex(columns=["security_id", "date", "volume"])
    frame = frame[frame["security_id"].notna() & frame["volume"].notna()]
    date = pd.to_datetime(frame["date"])
    oldest = pd.Timestamp(as_of) - pd.Timedelta(days=2 * volume_days + LONGEST_CLOSURE_DAYS)
    recent = (date <= pd.Timestamp(as_of)) & (date > oldest)
    frame, date = frame[recent], date[recent]
    volume = pd.to_numeric(frame["volume"], errors="coerce").astype(float)
    usable = np.isfinite(volume) & (volume >= 0) & date.isin(np.sort(date.unique())[-volume_days:])
    return volume[usable].groupby(frame["security_id"][usable]).mean()


def days_to_sell(
    quantity: pd.Series,
    security: pd.Series,
    volumes: pd.Series,
    securities: pd.DataFrame,
    settings: Liquidity,
) -> FloatArray:
    """Trading days that it takes to sell each quantity, not rounded; ∞ where nothing is traded.

    Parameters
    ----------
    quantity, security : Series in step
        Units (of a short position: to buy back) and whose they are.
    volumes : Series
        From `market_volumes`.
    securities : DataFrame
        security_id, asset_class.
    settings : Liquidity
        participation: the share of a day's volume that may be sold; days_to_sell: days by asset class,
        whatever the quantity, where no volume is known.

    Notes
    -----
    Without a volume and a class, or with a class of which the settings have no days, a security takes as
    long as the class `other`; NaN should that have none either.
    """
    classes = _classes(securities)
    place, ids = pd.factorize(security)
    by_class = classes.reindex(ids).map(settings.days_to_sell).astype(float)
    by_class = by_class.fillna(settings.days_to_sell.get(_UNKNOWN_CLASS, np.nan))
    volume = volumes.reindex(ids).to_numpy(dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.abs(quantity.to_numpy(dtype=float)) / (settings.participation * volume[place])
    days: FloatArray = np.where(np.isnan(volume[place]), by_class.to_numpy()[place], needed)
    return days


def _classes(securities: pd.DataFrame) -> pd.Series:
    known = securities.reindex(columns=["security_id", "asset_class"]).dropna()
    return known.drop_duplicates("security_id", keep="last").set_index("security_id")["asset_class"]


def liquidity_by_client(
    holdings: pd.DataFrame, volumes: pd.Series, securities: pd.DataFrame, settings: Liquidity
) -> pd.DataFrame:
    """How much of each client's holdings can be sold soon, and how long the whole takes.

    Parameters
    ----------
    holdings : DataFrame
        client_id, security_id, quantity, market_value, reason.
    volumes, securities, settings
        As for `days_to_sell`.

    Returns
    -------
    DataFrame, index client_id (all of `holdings`)
        sellable_share: of the gross value, what can be sold within `settings.days` trading days, of each
        position min(1, days ÷ its own days); days_to_sell: whole days of the slowest position that can be
        sold at all, at least 1; volume_share: of the gross value, how much is in securities whose volume is
        known; n_unsellable: positions that cannot be sold, as their security is suspended (it has no fresh
        price, so no value either) or not traded at all. Missing where nothing held has a value.

    Notes
    -----
    Each client is taken alone: should all sell at once it takes longer, see `crowded_securities`. A short
    position is bought back at the same pace.
    """
    size = holdings["market_value"].astype(float).abs().to_numpy()
    days = days_to_sell(holdings["quantity"], holdings["security_id"], volumes, securities, settings)
    priced = ~np.isnan(size)
    can = priced & np.isfinite(days)
    client, names = pd.factorize(holdings["client_id"], sort=True)
    n = len(names)
    share = np.where(can, np.minimum(1.0, settings.days / np.maximum(np.where(can, days, 1.0), 1.0)), 0.0)
    gross = np.bincount(client, np.where(priced, size, 0.0), minlength=n)
    sellable = np.bincount(client, np.where(priced, size, 0.0) * share, minlength=n)
    traded = holdings["security_id"].isin(volumes.index).to_numpy() & priced
    by_volume = np.bincount(client, np.where(traded, size, 0.0), minlength=n)
    slowest = np.zeros(n)
    np.maximum.at(slowest, client[can], days[can])
    stuck = holdings["reason"].eq(SUSPENDED).to_numpy() | (priced & ~can)
    whole = np.where(gross > 0, gross, np.nan)
    return pd.DataFrame(
        {
            "sellable_share": sellable / whole,
            "days_to_sell": np.where(np.bincount(client, can, minlength=n) > 0, _whole(slowest), np.nan),
            "volume_share": by_volume / whole,
            "n_unsellable": np.bincount(client, stuck, minlength=n).astype(int),
        },
        index=pd.Index(names, name="client_id"),
    )


def _whole(days: FloatArray) -> FloatArray:
    # A hair of rounding is no further day.
    return np.maximum(np.ceil(days - 1e-9), 1.0)


def crowded_securities(
    holdings: pd.DataFrame,
    clients: pd.DataFrame,
    volumes: pd.Series,
    securities: pd.DataFrame,
    crowding: Crowding,
    liquidity: Liquidity,
) -> pd.DataFrame:
    """Securities that make up much of what many clients hold.

    Parameters
    ----------
    holdings : DataFrame
        client_id, security_id, quantity, market_value, one row a client and security; long positions that
        have a value count.
    clients : DataFrame
        client_id, branch.
    volumes, securities, liquidity
        As for `days_to_sell`.
    crowding : Crowding
        weight: the share of its gross value from which on a security makes up much of what a client holds;
        clients: how many such clients make it crowded.

    Returns
    -------
    DataFrame, largest value first
        security_id, asset_class, n_clients (who hold much of it), n_holders (who hold it), value (of all
        their holdings), share_of_firm (of the gross value of all clients), days_to_sell (whole days to sell
        all of it; missing where it is not traded); largest_branch (whose clients hold most of it; missing
        where no branch is known), largest_branch_share (of the value), largest_branch_holders.
    """
    value = holdings["market_value"].to_numpy(dtype=float)
    size = np.nan_to_num(np.abs(value))
    client, names = pd.factorize(holdings["client_id"])
    gross = np.bincount(client, size, minlength=len(names))[client]
    about = (
        clients.reindex(columns=["client_id", "branch"]).dropna().drop_duplicates("client_id", keep="last")
    )
    branch = about.set_index("client_id")["branch"].reindex(pd.Index(names)).astype("category")
    long = pd.DataFrame(
        {
            "security_id": pd.Categorical(holdings["security_id"]),
            "quantity": holdings["quantity"].to_numpy(dtype=float),
            "value": value,
            # A hair of rounding does not make it little.
            "much": value >= (crowding.weight - 1e-9) * gross,
            "branch": branch.array.take(client),
        }
    )[value > 0]
    groups = long.groupby("security_id", observed=True)
    found = groups.agg(
        n_clients=("much", "sum"), n_holders=("value", "size"), value=("value", "sum"), q=("quantity", "sum")
    ).reset_index()
    found = found[found["n_clients"] >= crowding.clients].astype({"security_id": "str"})
    found["share_of_firm"] = found["value"] / size.sum()
    days = days_to_sell(found["q"], found["security_id"], volumes, securities, liquidity)
    found["days_to_sell"] = np.where(np.isfinite(days), _whole(days), np.nan)
    found["asset_class"] = found["security_id"].map(_classes(securities)).astype("str")
    found = found.merge(_largest_branch(long, found), on="security_id", how="left")
    found["largest_branch_share"] /= found["value"]
    found = found.sort_values(["value", "security_id"], ascending=[False, True], ignore_index=True)
    return found[_CROWDED]


def _largest_branch(long: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Of each of the securities found the branch that holds most of it, how much, and by how many clients."""
    held = long[long["security_id"].isin(found["security_id"])]
    groups = held.groupby(["security_id", "branch"], observed=True)["value"]
    sums = groups.agg(largest_branch_share="sum", largest_branch_holders="size").reset_index()
    sums = sums.astype({"security_id": "str", "branch": "str"})
    sums = sums.sort_values(["largest_branch_share", "branch"], ascending=[False, True])
    return sums.drop_duplicates("security_id").rename(columns={"branch": "largest_branch"})
