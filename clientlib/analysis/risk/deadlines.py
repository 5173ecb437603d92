"""Until when something has to be done, in trading days."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from clientlib.config.risk import MarginDays


def margin_deadlines(
    alerts: pd.DataFrame, trading_days: pd.DatetimeIndex, as_of: dt.date, days: MarginDays
) -> pd.DataFrame:
    """By when clients under a margin line have to act.

    Parameters
    ----------
    alerts : DataFrame
        From `find_alerts`; those of the rule margin count.
    trading_days : DatetimeIndex
        Up to `as_of`, as far back as alerts go.
    as_of : date
        The day asked about.
    days : MarginDays
        Trading days to act in, by line.

    Returns
    -------
    DataFrame, index client_id
        since (first trading day of the unbroken time under the line that counts, or a graver one), act_by (so
        many trading days later), days_to_act (trading days from `as_of` to it: 0 today, negative when it has
        passed).

    Notes
    -----
    The line that counts is the alert's: it stays the gravest one passed until the ratio has clearly
    recovered. Where an alert stands since before the days gone through, the first of them counts. Trading
    days after `as_of` are taken to be all weekdays: holidays ahead are not known to the book.
    """
    own = alerts[alerts["rule"].eq("margin")].set_index("client_id")
    allowed = (
        own["severity"].map({"watch": days.watch, "warn": days.warn, "high": days.close_out}).astype(int)
    )
    tomorrow = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    ahead = pd.bdate_range(tomorrow, periods=max(days.watch, days.warn, days.close_out))
    calendar = pd.DatetimeIndex([*trading_days, *ahead]).as_unit("us")
    # The day itself, or the last trading day before it, is the one that days are counted from.
    start = calendar.searchsorted(pd.DatetimeIndex(own["severity_since"]), side="right") - 1
    today = int(calendar.searchsorted(pd.Timestamp(as_of), side="right")) - 1
    end = start + allowed.to_numpy()
    return pd.DataFrame(
        {"since": own["severity_since"], "act_by": calendar[end], "days_to_act": end - today}, index=own.index
    )
