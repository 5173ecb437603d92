"""Clients who drift away: they bought regularly, and lately hardly at all.

It tells whom to call while there is still something to keep. Who has not traded for the whole RFM period
is gone rather than fading (segment `inactive`).
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
from scipy.stats import poisson

from clientlib.config import Segments

BASELINE_PERIODS = 2
"""How many RFM periods before the last `fading_days` make up the usual rate."""
SURPRISE = 0.05
"""A client fades only where, at the usual rate, so few purchases are less probable than this."""
COLUMNS = ("bought_before", "days_before", "expected", "bought_recently", "ratio", "probability", "fading")


def fading_by_trades(trades: pd.DataFrame, as_of: dt.date, settings: Segments) -> pd.DataFrame:
    """How much less than before each client bought lately.

    Parameters
    ----------
    trades : DataFrame
        client_id, traded_at (instants or days) and, where known, side. Trades after `as_of` are not read.
        With a side only buys count: who sells out is leaving, however busily.
    as_of : date
        The last day that counts, by the clock of `traded_at`'s own time zone.
    settings : config.Segments
        fading_days, fading_share, recency_days.

    Returns
    -------
    DataFrame, index client_id (who bought in the baseline)
        bought_before (purchases in the baseline: the two RFM periods before the last `fading_days`),
        days_before (from the first of them to its end), expected (purchases in `fading_days` at that
        rate), bought_recently, ratio (bought_recently / expected), probability, fading.

    Notes
    -----
    Were purchases to fall evenly by chance (Poisson) at the usual rate, `probability` would be that of at
    most `bought_recently` of them; the rate is taken as known. A client fades when ratio ≤ `fading_share`,
    the probability is below 0.05, the last trade of any kind lies within the RFM period, and the baseline
    is at least one RFM period long: a new client's first purchases are no habit yet. So nobody with fewer
    than three expected purchases is said to fade: too little is known of them.
    """
    if not {"client_id", "traded_at"} <= set(trades.columns):
        return _judged(pd.DataFrame(), settings)
    counted = pd.DataFrame({"client_id": trades["client_id"], "ago": _days_ago(trades["traded_at"], as_of)})
    bought = trades["side"].eq("buy").fillna(False) if "side" in trades.columns else True
    counted = counted.assign(bought=bought)[counted["ago"] >= 0]
    last = counted.groupby("client_id")["ago"].min()
    buys = counted[counted["bought"]]
    until = settings.fading_days
    baseline = buys[(buys["ago"] >= until) & (buys["ago"] < until + BASELINE_PERIODS * settings.recency_days)]
    table = baseline.groupby("client_id").agg(bought_before=("ago", "size"), days_before=("ago", "max"))
    table["days_before"] = table["days_before"] - until + 1
    recently = buys[buys["ago"] < until].groupby("client_id").size()
    table["bought_recently"] = recently.reindex(table.index, fill_value=0)
    present = last.reindex(table.index) < settings.recency_days
    return _judged(table, settings, present & (table["days_before"] >= settings.recency_days))


def fading_by_features(features: pd.DataFrame, settings: Segments) -> pd.DataFrame:
    """The same as far as features can tell: who traded in the RFM period, but not in its last `fading_days`.

    Parameters
    ----------
    features : DataFrame, index client_id
        recency_days and frequency, both of trades of either side.
    settings : config.Segments
        fading_days, fading_share, recency_days.

    Returns
    -------
    DataFrame
        As `fading_by_trades`, of the clients whose last trade is `fading_days` old or older. Whoever still
        trades a little, or only sells, cannot be told from features.
    """
    days = settings.recency_days - settings.fading_days
    if not {"recency_days", "frequency"} <= set(features.columns) or days <= 0:
        return _judged(pd.DataFrame(), settings)
    silent = (features["recency_days"] >= settings.fading_days) & (features["frequency"] > 0)
    table = pd.DataFrame(
        {
            "bought_before": features["frequency"][silent].astype("int64"),
            "days_before": max(days, settings.fading_days),
            "bought_recently": 0,
        }
    )
    return _judged(table, settings)


def _days_ago(instants: pd.Series, as_of: dt.date) -> pd.Series:
    moments = pd.to_datetime(instants)
    days = moments.dt.tz_localize(None) if moments.dt.tz is not None else moments
    ago: pd.Series = (pd.Timestamp(as_of) - days.dt.normalize()).dt.days
    return ago


def _judged(table: pd.DataFrame, settings: Segments, known: pd.Series | None = None) -> pd.DataFrame:
    if table.empty:
        empty = pd.DataFrame(columns=list(COLUMNS), index=pd.Index([], name="client_id", dtype="str"))
        return empty.astype(dict.fromkeys(COLUMNS, "float64") | {"fading": "bool"})
    table["expected"] = table["bought_before"] * settings.fading_days / table["days_before"]
    table["ratio"] = table["bought_recently"] / table["expected"]
    table["probability"] = poisson.cdf(table["bought_recently"], table["expected"])
    fading = (table["ratio"] <= settings.fading_share) & (table["probability"] < SURPRISE)
    table["fading"] = fading if known is None else fading & known
    return table[list(COLUMNS)]
