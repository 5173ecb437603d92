"""The days before a review gone through again: what they raised, and what they kept standing.

Nothing is stored from one review to the next, so the same records tell the same past whenever they are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clientlib.analysis.risk import measures
from clientlib.analysis.risk.day import ExaminedDay, Records
from clientlib.analysis.risk.gauges import gauges
from clientlib.analysis.risk.limits import Replay
from clientlib.analysis.risk.margin import FIGURES, margin_accounts
from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.portfolio import blocks
from clientlib.analysis.risk.prices import PriceHistory, price_histories
from clientlib.analysis.risk.rewound import Rewound, rewind, trades_since
from clientlib.analysis.risk.standing import Past
from clientlib.analysis.suitability import (
    NO_LEVEL,
    PRODUCT_LEVELS,
    STANDINGS,
    judge,
    levels_on_days,
    product_levels,
)
from clientlib.config import Settings

BLOCK = 2_000
"""Clients gone through at once: bounds the memory."""


def replay_days(
    day: ExaminedDay, records: Records, trades: pd.DataFrame | None, settings: Settings
) -> Replay:
    """Go through the last trading days before a day, for the clients whose alerts of the day may be older.

    Parameters
    ----------
    day : ExaminedDay
        The day that is asked about.
    records : Records
        What it was examined by.
    trades : DataFrame or None
        client_id, security_id, traded_at, side, quantity. None: what is held is taken to have been held all
        along.
    settings : Settings
        `risk.alerts.look_back_days` trading days are gone through: fewer where prices begin later, or where
        `risk.window` is shorter.

    Returns
    -------
    Replay

    Notes
    -----
    An alert that stands on the day, or could be kept standing, has a value beyond its line of release: only
    these clients are looked at, and risk only where it is the one of them.

    On an earlier day counts what was known of it: today's holdings less the trades since, the prices up to
    that day, the newest assessment and balance up to it. Product levels, investor classes, limits and lines
    are today's: the book keeps no earlier ones.

    So an alert that the days since have only held, none of them raising it, ends when the day that raised it
    is no longer among those gone through. Who has no value on the day itself, for want of a price, has no
    alert of it on that day: it stands again, since the same day, once there is a value.
    """
    rules = settings.risk
    concerned = {
        gauge.rule: gauge.clients[(gauge.kept > 0) & ~np.isnan(gauge.graver)]
        for gauge in gauges(day.by_client, day.margin, rules)
    }
    known = day.history.days[day.history.days < pd.Timestamp(day.as_of)]
    days = known[max(len(known) - rules.alerts.look_back_days, 0) :]
    who = _union(concerned.values())
    all_days = pd.DatetimeIndex([*days, pd.Timestamp(day.as_of)])
    if days.empty or who.empty:
        return Replay(all_days)
    past = _Past.before(day, records, days, settings)
    until = pd.Timestamp(day.as_of)
    undone = trades_since(trades, who, days[0], until, settings.firm.time_zone)
    held = day.held.loc[day.held["client_id"].isin(who), ["client_id", "security_id", "quantity"]]
    found: dict[str, list[Past]] = {rule: [] for rule in concerned}
    for start in range(0, len(who), BLOCK):
        own = who[start : start + BLOCK]
        asked = {rule: clients[clients.isin(own)] for rule, clients in concerned.items()}
        positions = rewind(own, held, undone, days, past.histories)
        by_client = past.by_client(positions, asked["var"])
        for gauge in gauges(by_client, past.margin(positions, asked["margin"]), rules):
            rows = asked["margin"] if gauge.rule == "margin" else own
            place = rows.get_indexer(asked[gauge.rule])
            raised, kept = (
                steps.reshape(len(rows), len(days))[place] for steps in (gauge.raised, gauge.kept)
            )
            found[gauge.rule].append(Past(raised, kept))
    return Replay(all_days, {rule: (concerned[rule], _joined(parts)) for rule, parts in found.items()})


def _union(of_rules: Iterable[pd.Index]) -> pd.Index:
    names: pd.Index = pd.Index([], dtype="str", name="client_id")
    for who in of_rules:
        names = names.union(who)
    return names


def _joined(parts: Sequence[Past]) -> Past:
    return Past(np.vstack([part.raised for part in parts]), np.vstack([part.kept for part in parts]))


# ------------------------------------------------------------------ what counted on each day
@dataclass(frozen=True)
class _Past:
    """The records of the days gone through, oldest first.

    Frames that its methods give have a row for each client and day, the days of a client one after the other.
    `product` has the place of each security's level, by the rows of the price histories.
    """

    days: pd.DatetimeIndex
    histories: tuple[PriceHistory, ...]
    product: NDArray[np.intp]
    levels: pd.DataFrame
    records: Records
    settings: Settings
    currency: str

    @classmethod
    def before(cls, day: ExaminedDay, records: Records, days: pd.DatetimeIndex, settings: Settings) -> _Past:
        rules = settings.risk
        asked = [date.date() for date in days]
        histories = tuple(
            price_histories(records.prices, asked, rules.window, rules.stale_days, day.exchange)
        )
        levels = product_levels(pd.Series(histories[0].securities), records.securities)
        product = pd.Index(PRODUCT_LEVELS).get_indexer(pd.Index(levels))
        return cls(days, histories, product, day.levels, records, settings, day.exchange.currency)

    def by_client(self, positions: Rewound, risky: pd.Index) -> pd.DataFrame:
        """What `gauges` needs of the clients; var only of those `risky`, missing for the others."""
        frame = self._levels(positions.clients)
        standing = pd.Index(STANDINGS).get_indexer(pd.Index(frame["standing"]))
        gross = positions.sums(positions.size)
        weight = np.divide(positions.largest, gross, out=np.full(gross.shape, np.nan), where=gross > 0)
        share = self._share_above(positions, standing.reshape(gross.shape), gross)
        var, n_returns = self._var(positions, positions.clients.get_indexer(risky))
        return frame.assign(
            n_positions=positions.sums(positions.there).ravel(),
            largest_weight=weight.ravel(),
            share_above=share.ravel(),
            var=var.ravel(),
            n_returns=n_returns.ravel(),
        )

    def _levels(self, clients: pd.Index) -> pd.DataFrame:
        """level and standing; looked up day by day only for those for whom they may have changed."""
        n = len(self.days)
        now = self.levels.reindex(clients)
        now["standing"] = now["standing"].fillna(NO_LEVEL)
        frame = now.loc[np.repeat(clients, n), ["level", "standing"]].reset_index(drop=True)
        changing = np.flatnonzero(clients.isin(self._changing(now["expires_on"])))
        if not len(changing):
            return frame
        asked = pd.DataFrame(
            {"client_id": np.repeat(clients[changing], n), "day": np.tile(self.days, len(changing))}
        )
        records = self.records
        then = levels_on_days(asked, records.preferences, records.clients, self.settings.suitability)
        rows = (changing[:, None] * n + np.arange(n)).ravel()
        for name in ("level", "standing"):
            column = frame[name].to_numpy(dtype=object, copy=True)
            column[rows] = then[name].to_numpy(dtype=object)
            frame[name] = pd.array(column, dtype="str")
        return frame

    def _changing(self, expires_on: pd.Series) -> pd.Index:
        """Clients who were assessed, or whose assessment ran out, after the first day."""
        assessed = self.records.preferences.reindex(columns=["client_id", "assessed_on"])
        newly = assessed.loc[pd.to_datetime(assessed["assessed_on"]) > self.days[0], "client_id"]
        run_out = expires_on.index[expires_on >= self.days[0]]
        return run_out.union(pd.Index(newly.dropna().unique(), dtype="str"))

    def _share_above(self, positions: Rewound, standing: NDArray[np.intp], gross: FloatArray) -> FloatArray:
        """As in `mismatch_by_client`: of value, missing when nothing of it could be judged."""
        verdicts = _verdicts(self.settings)
        product = np.append(self.product, -1)[positions.row]
        verdict = verdicts[standing[positions.client], product[:, None]]
        above = positions.sums(np.where(verdict == 0, positions.size, 0.0))
        unjudged = positions.sums(np.where(verdict < 0, positions.size, 0.0))
        judged = (gross > 0) & (unjudged < gross)
        share: FloatArray = np.divide(above, gross, out=np.full(gross.shape, np.nan), where=judged)
        return share

    def _var(self, positions: Rewound, risky: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """var and the number of returns that it rests on."""
        shape = (len(positions.clients), len(self.days))
        var, n_returns = np.full(shape, np.nan), np.zeros(shape)
        for place, history in enumerate(self.histories):
            weights = positions.weights(risky, place, len(history.securities))
            for rows, returns, _ in blocks(weights, history):
                n_returns[risky[rows], place] = (~np.isnan(returns)).sum(axis=1)
                var[risky[rows], place], _ = measures.tail_risk(returns, self.settings.risk.level)
        return var, n_returns

    def margin(self, positions: Rewound, owing: pd.Index) -> pd.DataFrame:
        """ratio and line of the clients who owe."""
        own = positions.clients.get_indexer(owing)
        value = positions.value
        unknown = np.isnan(value)
        exposure = {
            "long": positions.sums(np.nan_to_num(value).clip(min=0)),
            "short": positions.sums(-np.nan_to_num(value).clip(max=0)),
            "n_priced": positions.sums(positions.there & ~unknown),
            "n_unpriced": positions.sums(unknown),
        }
        rows = pd.RangeIndex(len(owing) * len(self.days), name="client_id")
        accounts = margin_accounts(
            self._balances(owing),
            pd.DataFrame({name: part[own].ravel() for name, part in exposure.items()}, index=rows),
            self.days[-1].date(),
            self.settings.risk.margin_lines,
            currency=self.currency,
        )
        return accounts[["ratio", "line"]].reindex(rows)

    def _balances(self, owing: pd.Index) -> pd.DataFrame:
        """The newest balance up to each day; `client_id` is the place of client and day."""
        asked = pd.DataFrame(
            {
                "owner": owing.repeat(len(self.days)).astype("str"),
                "day": np.tile(self.days.as_unit("us"), len(owing)),
            }
        )
        given = self.records.balances.reindex(columns=["client_id", "as_of", *FIGURES, "currency"])
        known = given[given["client_id"].isin(owing) & given["as_of"].notna()]
        known = known.assign(
            owner=known["client_id"].astype("str"), as_of=pd.to_datetime(known["as_of"]).dt.as_unit("us")
        )
        newest = pd.merge_asof(
            asked.rename_axis("place").reset_index().sort_values("day"),
            known.drop(columns="client_id").sort_values("as_of", kind="stable"),
            left_on="day",
            right_on="as_of",
            by="owner",
        )
        return newest.rename(columns={"place": "client_id"})


def _verdicts(settings: Settings) -> NDArray[np.int8]:
    """Standing × product level, and a last column for none: 1 may hold, 0 above the level, −1 not judged."""
    products = [*PRODUCT_LEVELS, None]
    allowed, _ = judge(
        pd.Series(np.repeat(STANDINGS, len(products)), dtype="str"),
        pd.Series(products * len(STANDINGS), dtype="str"),
        settings.suitability,
    )
    table = pd.Series(allowed).astype("Int8").fillna(-1).to_numpy().astype(np.int8)
    return table.reshape(len(STANDINGS), len(products))
