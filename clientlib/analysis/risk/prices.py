"""The prices of a window of trading days as one matrix, in one currency: what a close is worth, and where a
return is missing.

Nothing is guessed: a close is carried over a gap of at most `stale_days` trading days, beyond that the
return is missing, and every close that could not be used is listed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clientlib.analysis.risk.measures import FloatArray
from clientlib.features.query import LONGEST_CLOSURE_DAYS

PROBLEMS = ("not_a_number", "not_positive", "conflicting")
_LARGEST = 1e12
"""No close is larger, and none smaller than one over it: sums of squared returns then stay numbers."""
Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Exchange:
    """The currency that money is added up in, and what closes in other currencies are converted by.

    `currencies` tells the currency of a security; one that it does not tell of is in `currency`. `rates`
    names, for a currency, the security whose close is what one unit of it costs in `currency`.
    """

    currency: str
    currencies: Mapping[str, str] | pd.Series = field(default_factory=dict)
    rates: Mapping[str, str] = field(default_factory=dict)

    def foreign(self, securities: pd.Index) -> pd.Series:
        """The currency of each security that is in another one; a rate is no such security."""
        known = pd.Series(self.currencies, dtype="str")
        known = known[~known.index.duplicated(keep="last")].reindex(securities).dropna()
        return known[known.ne(self.currency) & ~known.index.isin(list(self.rates.values()))]


@dataclass(frozen=True)
class PriceHistory:
    """Closes and returns of all securities up to a day, in one currency.

    `returns` has shape (n_securities, n_days ≤ window), NaN where a close is missing; `days` are the
    trading days on which they end. `price` is what a unit is worth now, NaN when the last close is too
    old or cannot be converted; `price_date` the day of the last close. `problems`: security_id, problem,
    n_days, first_date, last_date of closes that were not used. `status` is ok, no_prices or prices_stale.
    """

    securities: pd.Index
    days: pd.DatetimeIndex
    returns: FloatArray
    price: FloatArray
    price_date: pd.DatetimeIndex
    problems: pd.DataFrame
    window: int
    status: str
    exchange: Exchange | None = None

    @property
    def last_day(self) -> pd.Timestamp | None:
        return self.price_date.max() if len(self.price_date) else None

    def price_of(self, securities: pd.Index) -> tuple[FloatArray, NDArray[np.intp], NDArray[np.object_]]:
        """The price of each of `securities`, its row here (−1: none), and why it has no price.

        Reasons are other_currency (no rate of its currency is known, or it is too old), stale_price,
        bad_price (no close of it could be used), no_price; empty with a price.
        """
        row = self.securities.get_indexer(securities)
        price = np.append(self.price, np.nan)[row]
        bad = securities.isin(self.problems["security_id"])
        reason = np.where(row >= 0, "stale_price", np.where(bad, "bad_price", "no_price")).astype(object)
        if self.exchange is not None:
            foreign = self.exchange.foreign(securities)
            rate = pd.Series(self.price, index=self.securities).reindex(foreign.map(self.exchange.rates))
            reason[securities.isin(foreign.index[rate.isna()])] = "other_currency"
        return price, row, np.where(np.isnan(price), reason, "")


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
    prices: pd.DataFrame,
    as_of: dt.date,
    window: int = 250,
    stale_days: int = 5,
    exchange: Exchange | None = None,
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
    exchange : Exchange, optional
        How closes in other currencies are converted; without it all are in one.

    Returns
    -------
    PriceHistory

    Notes
    -----
    A trading day is any date on which some security has a usable close. A close that is missing, infinite,
    zero or negative is as if it were not there, and so is one beyond 1e12 or under 1e-12. Two different
    closes of one security on one day contradict each other, and neither is used; the same close twice is
    one. While a close is carried the return is zero and the next one spans the gap; after a longer gap the
    returns are missing up to and including the day on which the price is back. Should the book's prices
    have stopped altogether, a close is stale after 2 × `stale_days` calendar days and the longest holiday
    closure: the rule by which `features.positions` prices too.

    A close in another currency is worth the close times the rate of that trading day, so a return holds the
    move of the rate as well. A rate is carried over gaps as a close is; where there is none, neither price
    nor return is known. Rates make no trading days, as they are also published while the exchanges are
    closed: a rate of such a day counts on the next trading day that has none of its own.
    """
    return next(price_histories(prices, [as_of], window, stale_days, exchange))


def price_histories(
    prices: pd.DataFrame,
    days: Iterable[dt.date],
    window: int = 250,
    stale_days: int = 5,
    exchange: Exchange | None = None,
) -> Iterator[PriceHistory]:
    """`price_history` of each of several days, from one reading of the prices.

    A security whose first close comes after a day has a row there already, without returns and price.
    """
    days = list(days)
    usable, wrong = _usable(prices, max(days, default=dt.date.min))
    quotes, listed = _quotes(usable, exchange), _listed(wrong)
    for as_of in days:
        later = wrong["date"] > pd.Timestamp(as_of)
        problems = _listed(wrong[~later]) if later.any() else listed
        yield _history(quotes.until(as_of), problems, as_of, window, stale_days, exchange)


def _history(
    quotes: _Quotes,
    problems: pd.DataFrame,
    as_of: dt.date,
    window: int,
    stale_days: int,
    exchange: Exchange | None,
) -> PriceHistory:
    if not len(quotes.calendar):
        return _nothing(problems, window, exchange)
    calendar = quotes.calendar[-(window + 1 + stale_days) :]
    own = _carry(quotes.matrix(calendar), stale_days)
    age = (np.datetime64(as_of, "D") - quotes.last).astype(int)
    fresh = (age <= 2 * stale_days + LONGEST_CLOSURE_DAYS) & ~np.isnan(own[:, -1])
    carried = _converted(quotes, own, exchange)
    kept = carried[:, -(window + 1) :]
    return PriceHistory(
        securities=quotes.securities,
        days=pd.DatetimeIndex(calendar[-(window + 1) :][1:]),
        returns=kept[:, 1:] / kept[:, :-1] - 1.0,
        price=np.where(fresh, carried[:, -1], np.nan),
        price_date=pd.DatetimeIndex(quotes.last),
        problems=problems,
        window=window,
        status="ok" if fresh[~quotes.is_rate].any() else "prices_stale",
        exchange=exchange,
    )


def carried_closes(
    prices: pd.DataFrame, as_of: dt.date, stale_days: int = 5, exchange: Exchange | None = None
) -> Closes:
    """All closes up to `as_of`, each carried over at most `stale_days` trading days without one.

    Parameters, trading days, rates and closes that cannot be used: as in `price_history`.
    """
    quotes = _quotes(_usable(prices, as_of)[0], exchange)
    close = _converted(quotes, _carry(quotes.matrix(quotes.calendar), stale_days), exchange)
    return Closes(quotes.securities, pd.DatetimeIndex(quotes.calendar), close, pd.Timestamp(as_of))


# ------------------------------------------------------------------ what can be used
def _usable(prices: pd.DataFrame, as_of: dt.date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that can be priced with, one a security and day, and the others with what is wrong."""
    frame = prices.reindex(columns=["security_id", "date", "close"])
    frame = frame.assign(
        date=pd.to_datetime(frame["date"]), close=pd.to_numeric(frame["close"], errors="coerce").astype(float)
    )
    frame = frame[frame["security_id"].notna() & (frame["date"] <= pd.Timestamp(as_of))]
    close = frame["close"].to_numpy()
    bad = ~((close >= 1 / _LARGEST) & (close <= _LARGEST))
    # What is smaller than any price is as good as nought.
    small = (close[bad] < 1) & np.isfinite(close[bad])
    problem = np.where(small, "not_positive", "not_a_number")
    wrong = [frame[bad].assign(problem=problem)]
    good = frame[~bad] if bad.any() else frame
    # A book has no such rows: then there is nothing to compare.
    if (again := good.duplicated(["security_id", "date"], keep=False)).any():
        several = good[again].drop_duplicates()
        twice = several.duplicated(["security_id", "date"], keep=False)
        wrong.append(several[twice].assign(problem=PROBLEMS[2]))
        good = pd.concat([good[~again], several[~twice]])
    return good, pd.concat(wrong, ignore_index=True)


def _listed(wrong: pd.DataFrame) -> pd.DataFrame:
    if wrong.empty:
        date = wrong["date"]
        about = wrong[["security_id", "problem"]]
        return about.assign(n_days=date.astype("int64"), first_date=date, last_date=date)
    groups = wrong.groupby(["security_id", "problem"])["date"]
    listed = groups.agg(n_days="nunique", first_date="min", last_date="max")
    return listed.reset_index()


@dataclass(frozen=True)
class _Quotes:
    """Usable closes as arrays in step, one an element; `row` points into `securities`, sorted by id.

    `calendar` holds the trading days; `last` the day of each security's last close; `is_rate` tells of each
    security whether it is the rate of a currency.
    """

    securities: pd.Index
    calendar: Days
    last: Days
    is_rate: NDArray[np.bool_]
    row: NDArray[np.intp]
    date: Days
    close: FloatArray

    def until(self, day: dt.date) -> _Quotes:
        """Those up to a day."""
        known = self.date <= np.datetime64(day, "D")
        if known.all():
            return self
        row, date = self.row[known], self.date[known]
        return replace(
            self,
            calendar=_distinct(date[~self.is_rate[row]].astype(np.int64)).astype("datetime64[D]"),
            last=_last(row, date, len(self.securities)),
            row=row,
            date=date,
            close=self.close[known],
        )

    def matrix(self, calendar: Days) -> FloatArray:
        """The closes of the last trading days; a rate's stands on its day or the next trading day."""
        closes = np.full((len(self.securities), len(calendar)), np.nan)
        if len(calendar):
            inside = (self.date >= calendar[0]) & (self.date <= calendar[-1])
            row, date, close = self.row[inside], self.date[inside], self.close[inside]
            if self.is_rate.any():
                # Of several that come to stand on one day the last one written stays: the newest.
                order = np.argsort(date, kind="stable")
                row, date, close = row[order], date[order], close[order]
            closes[row, np.searchsorted(calendar, date)] = close
        return closes


def _quotes(usable: pd.DataFrame, exchange: Exchange | None) -> _Quotes:
    row, names = pd.factorize(usable["security_id"], sort=True)
    securities = pd.Index(names, dtype="str")
    date = usable["date"].to_numpy(dtype="datetime64[D]")
    is_rate = securities.isin([] if exchange is None else list(exchange.rates.values()))
    calendar = _distinct(date[~is_rate[row]].astype(np.int64)).astype("datetime64[D]")
    close = usable["close"].to_numpy(dtype=float)
    last = _last(row, date, len(securities))
    return _Quotes(securities, calendar, last, is_rate, row, date, close)


def _last(row: NDArray[np.intp], date: Days, n: int) -> Days:
    """The last day of each of `n` rows; NaT for one without any."""
    last = np.full(n, np.iinfo(np.int64).min)
    np.maximum.at(last, row, date.astype(np.int64))
    return last.astype("datetime64[D]")


def _distinct(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each of some days once, in order, without sorting them all."""
    if not len(day):
        return day
    first = int(day.min())
    return np.flatnonzero(np.bincount(day - first)).astype(np.int64) + first


# ------------------------------------------------------------------ gaps and currencies
def _carry(closes: FloatArray, stale_days: int) -> FloatArray:
    """Each close carried over the days without one, at most `stale_days` of them."""
    place = np.where(np.isnan(closes), -1, np.arange(closes.shape[1]))
    source = np.maximum.accumulate(place, axis=1)
    age = np.arange(closes.shape[1]) - source
    carried = np.take_along_axis(closes, np.maximum(source, 0), axis=1)
    return np.where((source >= 0) & (age <= stale_days), carried, np.nan)


def _converted(quotes: _Quotes, carried: FloatArray, exchange: Exchange | None) -> FloatArray:
    """What the closes are worth in the one currency; NaN on days without a rate."""
    if exchange is None:
        return carried
    foreign = exchange.foreign(quotes.securities)
    row = quotes.securities.get_indexer(pd.Index(foreign.index))
    rate = quotes.securities.get_indexer(pd.Index(foreign.map(exchange.rates), dtype="str"))
    carried[row] *= np.where((rate >= 0)[:, None], carried[rate], np.nan)
    return carried


def _nothing(problems: pd.DataFrame, window: int, exchange: Exchange | None) -> PriceHistory:
    empty = pd.DatetimeIndex([])
    none = np.empty(0)
    securities = pd.Index([], dtype="str")
    return PriceHistory(
        securities, empty, np.empty((0, 0)), none, empty, problems, window, "no_prices", exchange
    )
