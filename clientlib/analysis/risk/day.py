"""One day examined: what each client holds, is limited to and owes on it.

The review asks it of its own day. An earlier day, or some clients only, can be asked as well: give that
day's holdings, and the records of those clients.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Self

import pandas as pd

from clientlib.analysis.risk.areas import read_area
from clientlib.analysis.risk.holdings import Holdings, price_holdings
from clientlib.analysis.risk.margin import exposure_by_client, margin_accounts
from clientlib.analysis.risk.portfolio import measure_holdings
from clientlib.analysis.risk.prices import Exchange, PriceHistory, price_history
from clientlib.analysis.risk.summary import concentration
from clientlib.analysis.suitability import client_levels, match_holdings, mismatch_by_client
from clientlib.config import Settings

_ABOUT = ["client_type", "branch", "advisor", "status"]


@dataclass(frozen=True)
class Records:
    """The book's areas that a day is examined by, one frame each; rows dated after the day are not read.

    An area that the book does not hold is an empty frame. `clients` has one row a client.
    """

    prices: pd.DataFrame
    securities: pd.DataFrame
    clients: pd.DataFrame
    preferences: pd.DataFrame
    balances: pd.DataFrame

    @classmethod
    def read(
        cls,
        prices: pd.DataFrame,
        securities: pd.DataFrame,
        clients: pd.DataFrame,
        preferences: pd.DataFrame,
        balances: pd.DataFrame,
        *,
        time_zone: str,
    ) -> Self:
        """From frames as they are given; see `areas.read_area`."""
        return cls(
            prices=read_area("prices", prices, time_zone),
            securities=read_area("securities", securities, time_zone),
            clients=read_area("clients", clients, time_zone),
            preferences=read_area("preferences", preferences, time_zone),
            balances=read_area("balances", balances, time_zone),
        )


@dataclass(frozen=True)
class ExaminedDay:
    """What the records say of a day.

    Attributes
    ----------
    as_of : date
    exchange : Exchange
        The currency that money is added up in, and the rates of others.
    history : PriceHistory
    holdings : Holdings
    held : DataFrame
        `holdings.frame()`.
    levels : DataFrame
        See `client_levels`.
    matches : DataFrame
        See `match_holdings`.
    margin : DataFrame
        See `margin.margin_accounts`.
    by_client : DataFrame, index client_id
        Whoever is a client, was assessed, holds something, or owes: client_type, branch, advisor,
        client_status; the columns of `client_levels`, `portfolio_risk`, `mismatch_by_client` and
        `concentration`; ratio and line. What `limits.find_alerts` finds in it and in `margin` breaks a
        limit on that day, whatever was before.
    """

    as_of: dt.date
    exchange: Exchange
    history: PriceHistory
    holdings: Holdings
    held: pd.DataFrame
    levels: pd.DataFrame
    matches: pd.DataFrame
    margin: pd.DataFrame
    by_client: pd.DataFrame


def examine_day(
    positions: pd.DataFrame, records: Records, as_of: dt.date, settings: Settings, *, exchange: Exchange
) -> ExaminedDay:
    """Examine the holdings of a day.

    Parameters
    ----------
    positions : DataFrame
        client_id, security_id, quantity on that day; negative is short.
    records : Records
        Of all clients, or of some.
    as_of : date
        The day.
    settings : Settings
        The firm's rules and limits.
    exchange : Exchange
        See `book_exchange`.

    Returns
    -------
    ExaminedDay

    Notes
    -----
    Of some clients only, everything is as with all of them, save beta against "all clients together".
    """
    rules = settings.risk
    history = price_history(records.prices, as_of, rules.window, rules.stale_days, exchange)
    holdings = price_holdings(positions, history)
    held = holdings.frame()
    levels = client_levels(records.preferences, records.clients, as_of, settings.suitability)
    matches = match_holdings(held, records.securities, levels, settings.suitability)
    margin = _margin(held, records.balances, as_of, settings, exchange.currency)
    by_client = _by_client(records, levels, holdings, history, matches, margin.index, settings)
    return ExaminedDay(
        as_of=as_of,
        exchange=exchange,
        history=history,
        holdings=holdings,
        held=held,
        levels=levels,
        matches=matches,
        margin=margin,
        by_client=by_client.join(margin[["ratio", "line"]]),
    )


def book_exchange(positions: pd.DataFrame, securities: pd.DataFrame, settings: Settings) -> Exchange:
    """The currency that money is added up in, and the rates of others.

    It is the firm's, or, should nothing held be in it nor in one that there is a rate of, the one that most
    held securities are in. A security's currency is its own, else that of its trades (`positions.currency`).
    """
    firm, rates = settings.firm.currency, settings.risk.exchange_rates
    columns = ["security_id", "currency"]
    traded = positions.reindex(columns=columns).dropna().drop_duplicates("security_id")
    own = securities.reindex(columns=columns).dropna().drop_duplicates("security_id", keep="last")
    both = pd.concat([own, traded]).drop_duplicates("security_id").set_index("security_id")
    currencies = both["currency"].astype("str")
    held = currencies[currencies.index.isin(positions.reindex(columns=columns)["security_id"])]
    if held.empty or (held.eq(firm) | held.isin(list(rates))).any():
        return Exchange(firm, currencies, rates)
    return Exchange(str(held.mode().iloc[0]), currencies)


def _margin(
    held: pd.DataFrame, balances: pd.DataFrame, as_of: dt.date, settings: Settings, currency: str
) -> pd.DataFrame:
    known = balances if len(held) else balances.iloc[:0]
    lines = settings.risk.margin_lines
    return margin_accounts(known, exposure_by_client(held), as_of, lines, currency=currency)


def _by_client(
    records: Records,
    levels: pd.DataFrame,
    holdings: Holdings,
    history: PriceHistory,
    matches: pd.DataFrame,
    owing: pd.Index,
    settings: Settings,
) -> pd.DataFrame:
    """One row for whoever is a client, was assessed, holds something, or owes."""
    rules = settings.risk
    risk = measure_holdings(holdings, history, rules.level, benchmark=rules.benchmark or None)
    index = pd.Index(levels.index.union(risk.index).union(owing), name="client_id")
    about = records.clients.reindex(columns=["client_id", *_ABOUT]).dropna(subset=["client_id"])
    about = about.drop_duplicates("client_id", keep="last").set_index("client_id").reindex(index)
    level = levels.reindex(index)
    level["standing"] = level["standing"].fillna("none")
    level["status"] = level["status"].fillna("none")
    level = level.astype({"lowest_class": "boolean", "predicted": "boolean"})
    level = level.fillna({"lowest_class": False, "predicted": False})
    joined = about.rename(columns={"status": "client_status"}).join(level).join(risk)
    counts = {"n_positions": 0, "n_unpriced": 0, "n_returns": 0, "short_history": False}
    joined = joined.astype({"short_history": "boolean"}).fillna(counts)
    joined = joined.astype({"n_positions": int, "n_unpriced": int, "n_returns": int, "short_history": bool})
    mismatch = mismatch_by_client(matches).drop(columns="n_holdings")
    return joined.join(mismatch).join(concentration(matches, records.securities))
