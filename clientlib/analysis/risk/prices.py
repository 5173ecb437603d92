"""The prices of a window of trading days as one matrix: what a close is worth, and where a return is missing.

Nothing is guessed: a close is carried over a gap of at most `stale_days` trading days, beyond that the
return is missing, and every close that could not be used is listed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clientlib.analysis.risk.measures import FloatArray
from clientlib.features.query import LONGEST_CLOSURE_DAYS

PROBLEMS = ("not_a_number", "not_positive", "conflicting")


@dataclass(frozen=True)
class PriceHistory:
    """Closes and returns of all securities up to a day.

    `returns` has shape (n_securities, n_days ≤ window), NaN where a close is missing; `days` are the
    trading days on which they end. `price` is what a unit is worth now, NaN when the last close is too
    old; `price_date` the day of the last close. `problems`: security_id, problem, n_days, first_date,
    last_date of closes that were not used. `status` is ok, no_prices or prices_stale.
    """

    securities: pd.Index
    days: pd.DatetimeIndex
    returns: FloatArray
    price: FloatArray
    price_date: pd.DatetimeIndex
    problems: pd.DataFrame
    window: int
    status: str

    @property
    def last_day(self) -> pd.Timestamp | None:
        return self.price_date.max() if len(self.price_date) else None


@dataclass(frozen=True)
class Closes:
    """Closes of all securities on all days up to `as_of`, oldest first; see `carried_closes`.

    `close` has shape (n_securities, n_days), NaN where there is no close or the last one is too old.
    """

    securities: pd.Index
    days: pd.DatetimeIndex
    close: FloatArray
    as_of: pd.Timestamp


def price_history(
    prices: pd.DataFrame, as_of: dt.date, window: int = 250, stale_days: int = 5
) -> PriceHistory:
    """Make the matrix of the last `window` daily returns up to `as_of`.

    Parameters
    ----------
    prices : DataFrame
        security_id, date, close; in any order. Rows after `as_of` are not read.
    as_of : date
        The day asked about.
    window : int
        Returns looked at, at most.
    stale_days : int
        Trading days over which a close is carried at most.

    Returns
    -------
    PriceHistory

    Notes
    -----
    A trading day is any date on which some security has a usable close. A close that is missing, infinite,
    zero or negative is as if it were not there. Two different closes of one security on one day
    contradict each other, and neither is used; the same close twice is one. While a close is carried the
    return is zero and the next one spans the gap; after a longer gap the returns are missing up to and
    including the day on which the price is back. Should the book's prices have stopped altogether, a close
    is stale after 2 × `stale_days` calendar days and the longest holiday closure: the rule by which
    `features.positions` prices too.
    """
    usable, problems = _usable(prices, as_of)
    if usable.empty:
        return _nothing(problems, window)
    rows, securities = pd.factorize(usable["security_id"], sort=True)
    dates = usable["date"].to_numpy(dtype="datetime64[D]")
    calendar = np.unique(dates)[-(window + 1 + stale_days) :]
    last = usable["date"].groupby(rows).max()
    carried = _carry(_closes(rows, dates, usable["close"].to_numpy(), calendar, len(securities)), stale_days)
    kept = carried[:, -(window + 1) :]
    age = (pd.Timestamp(as_of) - last).dt.days.to_numpy()
    price = np.where(age <= 2 * stale_days + LONGEST_CLOSURE_DAYS, carried[:, -1], np.nan)
    return PriceHistory(
        securities=pd.Index(securities),
        days=pd.DatetimeIndex(calendar[-(window + 1) :][1:]),
        returns=kept[:, 1:] / kept[:, :-1] - 1.0,
        price=price,
        price_date=pd.DatetimeIndex(last),
        problems=problems,
        window=window,
        status="prices_stale" if np.isnan(price).all() else "ok",
    )


def carried_closes(prices: pd.DataFrame, as_of: dt.date, stale_days: int = 5) -> Closes:
    """All closes up to `as_of`, each carried over at most `stale_days` trading days without one.

    Parameters, trading days and closes that cannot be used: as in `price_history`.
    """
    usable, _ = _usable(prices, as_of)
    rows, securities = pd.factorize(usable["security_id"], sort=True)
    dates = usable["date"].to_numpy(dtype="datetime64[D]")
    calendar = np.unique(dates)
    close = np.full((len(securities), len(calendar)), np.nan)
    if len(calendar):
        close = _carry(
            _closes(rows, dates, usable["close"].to_numpy(), calendar, len(securities)), stale_days
        )
    return Closes(pd.Index(securities, dtype="str"), pd.DatetimeIndex(calendar), close, pd.Timestamp(as_of))


def _usable(prices: pd.DataFrame, as_of: dt.date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that can be priced with, one a security and day, and what was wrong with the others."""
    frame = prices.reindex(columns=["security_id", "date", "close"])
    frame = frame.assign(
        date=pd.to_datetime(frame["date"]), close=pd.to_numeric(frame["close"], errors="coerce").astype(float)
    )
    known = frame["security_id"].notna() & (frame["date"] <= pd.Timestamp(as_of))
    frame = frame[known]
    close = frame["close"]
    problem = np.select([~np.isfinite(close), close <= 0], PROBLEMS[:2], default="")
    good = frame[problem == ""].drop_duplicates()
    twice = good.duplicated(["security_id", "date"], keep=False)
    wrong = pd.concat(
        [frame.assign(problem=problem)[problem != ""], good[twice].assign(problem=PROBLEMS[2])],
        ignore_index=True,
    )
    return good[~twice], _listed(wrong)


def _listed(wrong: pd.DataFrame) -> pd.DataFrame:
    groups = wrong.groupby(["security_id", "problem"])["date"]
    listed = groups.agg(n_days="nunique", first_date="min", last_date="max")
    return listed.reset_index()


def _closes(
    rows: np.ndarray, dates: np.ndarray, close: np.ndarray, calendar: np.ndarray, n: int
) -> FloatArray:
    inside = dates >= calendar[0]
    closes = np.full((n, len(calendar)), np.nan)
    closes[rows[inside], np.searchsorted(calendar, dates[inside])] = close[inside]
    return closes


def _carry(closes: FloatArray, stale_days: int) -> FloatArray:
    """Each close carried over the days without one, at most `stale_days` of them."""
    place = np.where(np.isnan(closes), -1, np.arange(closes.shape[1]))
    source = np.maximum.accumulate(place, axis=1)
    age = np.arange(closes.shape[1]) - source
    carried = np.take_along_axis(closes, np.maximum(source, 0), axis=1)
    return np.where((source >= 0) & (age <= stale_days), carried, np.nan)


def _nothing(problems: pd.DataFrame, window: int) -> PriceHistory:
    empty = pd.DatetimeIndex([])
    none = np.empty(0)
    return PriceHistory(
        pd.Index([], dtype="str"), empty, np.empty((0, 0)), none, empty, problems, window, "no_prices"
    )
