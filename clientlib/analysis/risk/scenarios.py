"""What each scenario does to each security: shocks by name, or the moves of a window of past prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.portfolio import LEAST_COVERAGE
from clientlib.analysis.risk.prices import Closes
from clientlib.codes import CODES
from clientlib.config.risk import Scenario
from clientlib.features.query import LONGEST_CLOSURE_DAYS

WINDOWS = 250
"""Windows of past days looked at together: bounds the memory."""
_ABOUT = ["kind", "from_date", "to_date", "n_securities", "n_by_class", "n_unmoved"]
_ABOUT += ["value_by_class", "value_unmoved", "reason"]
UNPLAYED = ("no_prices", "before_prices", "after_as_of", "no_days", "too_short")
"""Why a scenario cannot be played."""


@dataclass(frozen=True)
class ScenarioShocks:
    """What the scenarios do to the securities held.

    Attributes
    ----------
    shocks : DataFrame, index security_id (held and priced), one column a scenario that can be played
        Change of the price as a fraction of it, at least −1; 0 for what stays as it is.
    about : DataFrame, index scenario (all of them, in the order of the settings)
        kind (shocks, replay, worst_days), from_date and to_date (of the closes compared; missing for named
        shocks), n_securities (held and priced), n_by_class (of them moved by the median of their asset
        class, having no price on one of the two days), n_unmoved (left as they are: no shock fits, or no
        security of their class has prices either), value_by_class and value_unmoved (gross market value of
        these), reason (empty, or why it cannot be played: no_prices, before_prices, after_as_of, no_days,
        too_short).
    unknown : DataFrame
        scenario, name: shocks of what is no security, sector or asset class, most likely misspelt.
    """

    shocks: pd.DataFrame
    about: pd.DataFrame
    unknown: pd.DataFrame


@dataclass(frozen=True)
class _Book:
    """The securities held: their value over all clients, and what they are."""

    ids: pd.Index
    net: FloatArray
    gross: FloatArray
    sector: pd.Series
    asset_class: pd.Series


@dataclass(frozen=True)
class _Moves:
    """What one scenario does to the securities of a `_Book`, and how that is known."""

    shock: FloatArray
    by_class: NDArray[np.bool_]
    unmoved: NDArray[np.bool_]
    days: tuple[pd.Timestamp, pd.Timestamp] | None = None


def scenario_shocks(
    holdings: pd.DataFrame,
    securities: pd.DataFrame,
    scenarios: Mapping[str, Scenario],
    closes: Closes,
    stale_days: int = 5,
) -> ScenarioShocks:
    """Find what every scenario does to every security held.

    Parameters
    ----------
    holdings : DataFrame
        client_id, security_id, market_value; positions without a value have no part in it.
    securities : DataFrame
        security_id, sector, asset_class.
    scenarios : mapping of name to Scenario
        With `shocks` (−0.3: a fall by 30 %) per security id, sector or asset class, the first that fits;
        with `replay`, two days whose closes are compared; or with `worst_days`, a number of trading days.
    closes : Closes
        From `carried_closes`, up to the day of the review.
    stale_days : int
        As for `closes`: also bounds how long before a day of `replay` the last trading day may lie.

    Returns
    -------
    ScenarioShocks

    Notes
    -----
    A replay takes each security's change between the closes of the two days (of the last trading day
    before, where there was none), carried as `closes` are. A security without both takes the median change
    of its asset class over all securities that have prices, held or not; if there is none, it stays.
    `worst_days` looks at every window of so many trading days in all of `closes` and replays the one in
    which today's holdings of all clients together lose most, by the same rule; of equals the earliest.
    Windows in which less than half of the gross value has prices of its own are not looked at.
    """
    book = _book(holdings, securities)
    classes = _known(securities, "asset_class").reindex(closes.securities)
    rows: dict[str, dict[str, object]] = {}
    columns: dict[str, FloatArray] = {}
    for name, scenario in scenarios.items():
        kind, found = _played(book, classes, closes, scenario, stale_days)
        rows[name] = {"kind": kind, **_about(book, found)}
        if isinstance(found, _Moves):
            columns[name] = found.shock
    about = pd.DataFrame.from_dict(rows, orient="index", columns=_ABOUT).rename_axis("scenario")
    dates = {column: pd.to_datetime(about[column]) for column in ("from_date", "to_date")}
    shocks = pd.DataFrame(columns, index=book.ids)
    return ScenarioShocks(shocks, about.assign(**dates), _unknown(book, securities, scenarios))


def _book(holdings: pd.DataFrame, securities: pd.DataFrame) -> _Book:
    priced = holdings[holdings["market_value"].notna()]
    value = priced["market_value"].astype(float)
    by_security = value.groupby(priced["security_id"])
    net = by_security.sum()
    gross = value.abs().groupby(priced["security_id"]).sum()
    ids = pd.Index(net.index, name="security_id")
    kinds = [_known(securities, name).reindex(ids) for name in ("sector", "asset_class")]
    return _Book(ids, np.asarray(net, dtype=float), np.asarray(gross, dtype=float), *kinds)


def _known(securities: pd.DataFrame, name: str) -> pd.Series:
    """The sector or the asset class of each security that has one."""
    known = securities.reindex(columns=["security_id", name]).dropna()
    return known.drop_duplicates("security_id", keep="last").set_index("security_id")[name].astype("str")


def _played(
    book: _Book, classes: pd.Series, closes: Closes, scenario: Scenario, stale_days: int
) -> tuple[str, _Moves | str]:
    """The kind of a scenario, and what it does, or why it cannot be played."""
    if scenario.shocks:
        return "shocks", _named(book, scenario.shocks)
    if scenario.replay is not None:
        return "replay", _replayed(book, classes, closes, scenario.replay, stale_days)
    return "worst_days", _worst(book, classes, closes, scenario.worst_days or 1)


def _about(book: _Book, found: _Moves | str) -> dict[str, object]:
    if isinstance(found, str):
        return {"n_securities": len(book.ids), "n_by_class": 0, "n_unmoved": 0, "reason": found} | {
            "value_by_class": 0.0,
            "value_unmoved": 0.0,
        }
    days = found.days or (pd.NaT, pd.NaT)
    return {
        "from_date": days[0],
        "to_date": days[1],
        "n_securities": len(book.ids),
        "n_by_class": int(found.by_class.sum()),
        "n_unmoved": int(found.unmoved.sum()),
        "value_by_class": float(book.gross[found.by_class].sum()),
        "value_unmoved": float(book.gross[found.unmoved].sum()),
        "reason": "",
    }


# ------------------------------------------------------------------ shocks by name
def _named(book: _Book, shocks: Mapping[str, float]) -> _Moves:
    shock = pd.Series(book.ids, index=book.ids).map(shocks).astype(float)
    for kind in (book.sector, book.asset_class):
        shock = shock.fillna(kind.map(shocks).astype(float))
    unmoved = shock.isna().to_numpy()
    return _Moves(np.asarray(shock.fillna(0.0), dtype=float), np.zeros(len(book.ids), dtype=bool), unmoved)


def _unknown(book: _Book, securities: pd.DataFrame, scenarios: Mapping[str, Scenario]) -> pd.DataFrame:
    # An asset class of which the book has no security is no slip.
    known = set(CODES["asset_class"].values) | set(book.ids)
    for name in ("security_id", "sector", "asset_class"):
        known |= set(securities.reindex(columns=[name])[name].dropna())
    slips = [
        (name, key) for name, scenario in scenarios.items() for key in scenario.shocks if key not in known
    ]
    return pd.DataFrame(slips, columns=["scenario", "name"])


# ------------------------------------------------------------------ past prices once more
def _replayed(
    book: _Book,
    classes: pd.Series,
    closes: Closes,
    replay: tuple[dt.date, dt.date],
    stale_days: int,
) -> _Moves | str:
    if not len(closes.days):
        return "no_prices"
    asked = pd.DatetimeIndex([pd.Timestamp(day) for day in replay])
    places = closes.days.searchsorted(asked, side="right") - 1
    if asked[1] > closes.as_of:
        return "after_as_of"
    age = (asked - closes.days[np.maximum(places, 0)]).days
    if (places < 0).any() or (age > 2 * stale_days + LONGEST_CLOSURE_DAYS).any():
        return "before_prices" if places[0] < 0 else "no_days"
    if places[0] == places[1]:
        return "no_days"
    return _moves(book, classes, closes, int(places[0]), int(places[1]))


def _worst(book: _Book, classes: pd.Series, closes: Closes, n_days: int) -> _Moves | str:
    """The window of `n_days` trading days in which the book loses most."""
    n_windows = len(closes.days) - n_days
    if not len(closes.days):
        return "no_prices"
    least, at = np.inf, -1
    for first in range(0, n_windows, WINDOWS):
        starts = slice(first, min(first + WINDOWS, n_windows))
        ends = slice(starts.start + n_days, starts.stop + n_days)
        change, own = _changes(book, classes, closes, starts, ends)
        enough = book.gross @ own >= LEAST_COVERAGE * book.gross.sum()
        gain = np.where(enough, book.net @ np.nan_to_num(change), np.inf)
        place = int(np.argmin(gain))
        if gain[place] < least:
            least, at = float(gain[place]), first + place
    return "too_short" if at < 0 else _moves(book, classes, closes, at, at + n_days)


def _moves(book: _Book, classes: pd.Series, closes: Closes, start: int, end: int) -> _Moves:
    change, own = _changes(book, classes, closes, slice(start, start + 1), slice(end, end + 1))
    shock, has_own = change[:, 0], own[:, 0]
    unmoved = np.isnan(shock)
    days = (closes.days[start], closes.days[end])
    return _Moves(np.nan_to_num(shock), ~has_own & ~unmoved, unmoved, days)


def _changes(
    book: _Book, classes: pd.Series, closes: Closes, starts: slice, ends: slice
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Change of each security held (row) in each window (column), and whether it is by its own prices.

    NaN for a security without prices of its own whose class has none either.
    """
    every = closes.close[:, ends] / closes.close[:, starts] - 1.0
    place = closes.securities.get_indexer(book.ids)
    change = np.where((place >= 0)[:, None], every[place], np.nan)
    own = ~np.isnan(change)
    held_class = book.asset_class.to_numpy()
    of_class = classes.to_numpy()
    for name in pd.unique(book.asset_class[np.asarray(~own.all(axis=1))].dropna()):
        middle = _median(every[np.flatnonzero(of_class == name)])
        rows = np.flatnonzero(held_class == name)
        change[rows] = np.where(own[rows], change[rows], middle)
    return change, own


def _median(values: FloatArray) -> FloatArray:
    """Median of each column, NaN left out; NaN for a column of nothing else."""
    count = (~np.isnan(values)).sum(axis=0)
    if not len(values):
        return np.full(values.shape[1], np.nan)
    ordered = np.sort(values, axis=0)
    last = np.maximum(count - 1, 0)
    middle = [np.take_along_axis(ordered, half[None, :], axis=0)[0] for half in (last // 2, (last + 1) // 2)]
    halfway: FloatArray = (middle[0] + middle[1]) / 2
    return halfway
