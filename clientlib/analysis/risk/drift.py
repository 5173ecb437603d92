"""Suitability drift: how much of a client's holdings lay above the level when it was assessed, and does now.

The level is the same on both days, so what differs is what was bought, sold, and moved in price since.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from clientlib.analysis.behaviour import local_days
from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.prices import Closes, Exchange, carried_closes
from clientlib.analysis.risk.rewound import NOTHING_LEFT
from clientlib.analysis.suitability import PRODUCT_LEVELS, as_assessed, match_holdings, mismatch_by_client
from clientlib.config import Settings
from clientlib.features.query import LONGEST_CLOSURE_DAYS


def level_drift(
    matches: pd.DataFrame,
    trades: pd.DataFrame | None,
    prices: pd.DataFrame,
    securities: pd.DataFrame,
    levels: pd.DataFrame,
    as_of: dt.date,
    settings: Settings,
    *,
    exchange: Exchange | None = None,
) -> pd.DataFrame:
    """Share above the level on the day of each client's newest assessment, and what it has changed by.

    Parameters
    ----------
    matches : DataFrame
        From `match_holdings`, as of `as_of`.
    trades : DataFrame or None
        The book's area; None, or not a row in it: what was held before cannot be told.
    prices : DataFrame
        security_id, date, close.
    securities : DataFrame
        security_id and risk_level, as rated today: the book keeps no earlier ratings.
    levels : DataFrame
        From `client_levels` as of `as_of`.
    as_of : date
        The day asked about.
    settings : Settings
        The firm's rules.
    exchange : Exchange, optional
        What closes in other currencies are converted by; without it all are in one.

    Returns
    -------
    DataFrame, index client_id (as `levels`)
        share_above_at_assessment (of value, by the level then assessed), drift (now less then, −1 to 1),
        mean_product_level_at_assessment and mean_product_level (1 to 5, by value), drift_reason (empty, or
        why drift is missing: not_assessed, no_trades, no_quantity, no_price: of something held then no price
        of that day is known, no_holdings: none then, not_judged: nothing held then has a level, or
        not_judged_now: what is held now cannot be judged, or nothing is).

    Notes
    -----
    What was held at the end of that day (the firm's) is what is held now less the trades since. Its price
    is the day's close, carried and converted as by `price_history`. What never had a price in the book, or
    one in a currency whose rate is not known, counts on neither day. An assessment that has run out no
    longer tells what is above it: the share of its day is still given, drift is missing.
    """
    known = levels["assessed_on"].where(levels["stated_level"].notna())
    columns = ["client_id", "security_id", "quantity"]
    since = trades if trades is not None else pd.DataFrame()
    held = _held_on(matches[columns], since, known.dropna(), as_of, settings.firm.time_zone)
    day = pd.DatetimeIndex(known.reindex(pd.Index(held["client_id"])))
    stale_days = settings.risk.stale_days
    closes = carried_closes(prices, as_of, stale_days, exchange)
    price, lost = _prices_on(closes, held["security_id"], day, stale_days, exchange)
    held["market_value"] = held["quantity"] * price
    then = match_holdings(held, securities, as_assessed(levels), settings.suitability)
    share_then = mismatch_by_client(then)["share_above"].reindex(levels.index)
    share_now = mismatch_by_client(matches)["share_above"].reindex(levels.index)
    flags = pd.DataFrame(
        {"unknown": held["quantity"].isna(), "lost": lost, "held": True}, index=held.index
    ).groupby(held["client_id"])
    signs = flags.any().reindex(levels.index).fillna(False).astype(bool)
    reason = np.select(
        [
            known.isna(),
            pd.Series(since.empty, index=levels.index),
            signs["unknown"],
            signs["lost"],
            ~signs["held"],
        ],
        ["not_assessed", "no_trades", "no_quantity", "no_price", "no_holdings"],
        default="",
    )
    told = pd.Series(reason, index=levels.index, dtype="str")
    share_then = share_then.where(told.eq(""))
    told = told.mask(told.eq("") & share_then.isna(), "not_judged")
    told = told.mask(told.eq("") & share_now.isna(), "not_judged_now")
    return pd.DataFrame(
        {
            "share_above_at_assessment": share_then,
            "drift": share_now - share_then,
            "mean_product_level_at_assessment": _mean_level(then)
            .reindex(levels.index)
            .where(share_then.notna()),
            "mean_product_level": _mean_level(matches).reindex(levels.index),
            "drift_reason": told,
        }
    )


def _held_on(
    now: pd.DataFrame, trades: pd.DataFrame, day: pd.Series, as_of: dt.date, time_zone: str
) -> pd.DataFrame:
    """client_id, security_id, quantity at the end of each client's `day`: now, less the trades since."""
    names = ["client_id", "security_id", "traded_at", "side", "quantity"]
    known = trades.reindex(columns=names).dropna(subset=["client_id", "security_id", "traded_at"])
    traded = local_days(known["traded_at"], time_zone).to_numpy()
    start = day.reindex(pd.Index(known["client_id"])).to_numpy()
    known = known[(traded > start) & (traded <= np.datetime64(as_of))]
    size = pd.to_numeric(known["quantity"], errors="coerce").astype(float)
    sign = known["side"].map({"buy": -1.0, "sell": 1.0}).astype(float)
    undone = known[["client_id", "security_id"]].assign(quantity=size * sign)
    both = pd.concat([now[now["client_id"].isin(day.index)], undone], ignore_index=True)
    sums = both.groupby(["client_id", "security_id"], sort=True)["quantity"].sum(skipna=False).reset_index()
    return sums[~(sums["quantity"].abs() <= NOTHING_LEFT)].reset_index(drop=True)


def _prices_on(
    closes: Closes, security: pd.Series, day: pd.DatetimeIndex, stale_days: int, exchange: Exchange | None
) -> tuple[FloatArray, np.ndarray]:
    """The price of each security on its day, and whether it has one in the book, but not of that day."""
    row = closes.securities.get_indexer(pd.Index(security))
    if exchange is not None:
        foreign = exchange.foreign(closes.securities)
        known = foreign.map(exchange.rates).isin(closes.securities)
        row = np.where(security.isin(foreign.index[~known]), -1, row)
    place = closes.days.searchsorted(day, side="right") - 1
    found = (row >= 0) & (place >= 0)
    price = np.full(len(security), np.nan)
    price[found] = closes.close[row[found], place[found]]
    if len(closes.days):
        age = (day - closes.days[np.maximum(place, 0)]).days.to_numpy()
        price = np.where(age <= 2 * stale_days + LONGEST_CLOSURE_DAYS, price, np.nan)
    return price, (row >= 0) & np.isnan(price)


def _mean_level(matches: pd.DataFrame) -> pd.Series:
    """Mean number of the product level by value, of what has both."""
    number = matches["product_level"].map({level: n for n, level in enumerate(PRODUCT_LEVELS, start=1)})
    value = matches["market_value"].astype(float).abs().where(number.notna())
    sums = pd.DataFrame({"weighed": value * number.astype(float), "value": value})
    sums = sums.groupby(matches["client_id"]).sum()
    return sums["weighed"] / sums["value"].where(sums["value"] > 0)
