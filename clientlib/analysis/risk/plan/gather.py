"""The cases of many clients, from what a day's examination found and what the firm allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from clientlib.analysis.risk import measures
from clientlib.analysis.risk.day import ExaminedDay
from clientlib.analysis.risk.gauges import client_limits
from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.plan.cases import HAIR, Account, Case
from clientlib.analysis.suitability import LOWEST, newest_per_client, permissions
from clientlib.config import Settings

CALMEST, APART, AGAIN = 5, 3, 6
"""What is offered to buy: the calmest, those that move least with the holdings, and of the holdings."""
COARSE = 1e-4
"""A step of more than this share of the holdings is counted by the programme, a finer one rounded after."""
RULE_OF = {
    "ratio": "margin",
    "share_above": "mismatch",
    "var": "var",
    "largest_weight": "concentration",
}
"""The rule that an alert about a measure has; of the lowest class, share_above is lowest_class."""


@dataclass(frozen=True)
class Gathered:
    """A case, and what has to be said of it: cash_unknown, debt_unknown, unpriced."""

    case: Case
    notes: tuple[str, ...]


class Gatherer:
    """Makes the cases; what clients share is worked out once."""

    def __init__(
        self, day: ExaminedDay, securities: pd.DataFrame, balances: pd.DataFrame, settings: Settings
    ) -> None:
        self.day, self.settings, self.rules = day, settings, settings.risk.plan
        self.price, self.value = day.holdings.price, day.holdings.value
        self.row = day.holdings.row.astype(np.intp)
        known = securities.reindex(columns=["security_id", "asset_class", "risk_level", "market"]).dropna(
            subset=["security_id"]
        )
        self.reference = known.drop_duplicates("security_id", keep="last").set_index("security_id")
        self.balance = newest_per_client(balances, "as_of", day.as_of).reindex(
            columns=["cash", "margin_loan", "short_value", "accrued_interest", "currency"]
        )
        self._accounts = self.balance.to_dict("index")
        self._debts = day.margin[["debt", "reason"]].to_dict("index")
        self._offers: dict[str, NDArray[np.intp]] = {}

    # -------------------------------------------------------------- securities
    @cached_property
    def lot_of(self) -> dict[str, float]:
        lots = self.rules.lots
        by_market = self.reference["market"].map(lots)
        lot = by_market.fillna(self.reference["asset_class"].map(lots)).dropna()
        return {str(name): float(size) for name, size in lot.items()}

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Which returns there are, securities of the history × days."""
        return ~np.isnan(self.day.history.returns)

    @cached_property
    def moves(self) -> FloatArray:
        return np.where(self.known, self.day.history.returns, 0.0)

    @cached_property
    def own_var(self) -> FloatArray:
        return measures.tail_risk(self.day.history.returns, self.settings.risk.level)[0]

    def offers(self, standing: str) -> NDArray[np.intp]:
        """Rows of the history that a standing may be offered, the calmest first."""
        if standing not in self._offers:
            history = self.day.history
            about = self.reference.reindex(history.securities)
            row = permissions(self.settings.suitability).loc[standing].to_dict()
            within = about["risk_level"].isin([name for name, may in row.items() if may is True])
            offered = about["asset_class"].isin(self.rules.buy_classes)
            foreign = history.securities.isin(self.day.exchange.foreign(history.securities).index)
            open_to = (within & offered).to_numpy(dtype=bool) & ~foreign
            full = self.known.all(axis=1) & (self.known.shape[1] > 0) & ~np.isnan(history.price)
            rows = np.flatnonzero(open_to & full)
            self._offers[standing] = rows[np.argsort(self.own_var[rows], kind="stable")]
        return self._offers[standing]

    # -------------------------------------------------------------- cases
    def gather(self, clients: pd.Index, standing_alerts: set[tuple[str, str]]) -> Iterator[Gathered]:
        """Cases of those of `clients` who hold something with a price, in their order."""
        holdings, by_client = self.day.holdings, self.day.by_client
        priced = ~np.isnan(self.value)
        start = np.searchsorted(holdings.client, np.arange(len(holdings.clients) + 1))
        limits = client_limits(by_client, self.settings.risk)
        allowed = self.day.matches["allowed"]
        above = allowed.eq(False).fillna(False).to_numpy(dtype=bool)
        judged = allowed.notna().to_numpy(dtype=bool)
        place = holdings.clients.get_indexer(clients)
        for client, at in zip(clients.tolist(), place.tolist(), strict=True):
            rows = np.arange(start[at], start[at + 1]) if at >= 0 else np.empty(0, dtype=np.intp)
            lines = rows[priced[rows]]
            if not len(lines):
                continue
            about = by_client.loc[client]
            account, notes = self._account(client)
            if len(lines) < len(rows):
                notes = (*notes, "unpriced")
            targets, broken = self._targets(about, limits.loc[client], account, client, standing_alerts)
            yield Gathered(
                self._case(client, lines, above[lines], judged[lines], about, targets, broken, account), notes
            )

    def _account(self, client: str) -> tuple[Account, tuple[str, ...]]:
        row = self._accounts.get(client)
        if row is None:
            return Account(0.0), ("cash_unknown",)
        ours = bool(pd.isna(row["currency"]) or row["currency"] == self.day.exchange.currency)
        known = ours and bool(pd.notna(row["cash"]))
        cash = float(row["cash"]) if known else 0.0
        notes = () if known else ("cash_unknown",)
        debt = self._debts.get(client)
        if debt is None:
            return Account(cash), notes
        if debt["reason"]:
            return Account(cash), (*notes, "debt_unknown")
        repayable = float(row["margin_loan"]) + float(row["accrued_interest"])
        return Account(cash, repayable, float(debt["debt"])), notes

    def _targets(
        self,
        about: pd.Series,
        limits: pd.Series,
        account: Account,
        client: str,
        standing_alerts: set[tuple[str, str]],
    ) -> tuple[dict[str, float], tuple[str, ...]]:
        """Where each measure is to be, and which are not there."""
        rules, lowest = self.settings.risk, about["standing"] == LOWEST
        release = rules.alerts.release
        targets: dict[str, float] = {}
        broken: list[str] = []
        if account.debt > 0:
            line = rules.margin_lines.watch
            off = about["ratio"] < line or (client, "margin") in standing_alerts
            targets["ratio"] = line / release if off else line
            if off and about["ratio"] < targets["ratio"]:
                broken.append("ratio")
        judged = (1 - rules.level) * about["n_returns"] >= 1 - 1e-9
        for measure, name in (
            ("share_above", "mismatch"),
            ("var", "var"),
            ("largest_weight", "largest_weight"),
        ):
            limit = 0.0 if lowest and name == "mismatch" else float(limits[name])
            if np.isnan(limit):
                continue
            limit *= min(1.0, rules.severity[name].warn)  # type: ignore[index]
            value = float(about[measure]) if measure != "var" or judged else np.nan
            rule = "lowest_class" if lowest and name == "mismatch" else RULE_OF[measure]
            off = value > limit + HAIR or (client, rule) in standing_alerts
            targets[measure] = limit * release if off else limit
            if off and value > targets[measure] + HAIR:
                broken.append(measure)
        return targets, tuple(broken)

    def _case(
        self,
        client: str,
        lines: NDArray[np.intp],
        above: NDArray[np.bool_],
        judged: NDArray[np.bool_],
        about: pd.Series,
        targets: dict[str, float],
        broken: tuple[str, ...],
        account: Account,
    ) -> Case:
        holdings, history = self.day.holdings, self.day.history
        rows, signed = self.row[lines], holdings.quantity[lines]
        money = float(np.abs(self.value[lines]).sum()) + max(account.cash, 0.0)
        again, new = np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
        if broken and self._buys(about, targets):
            again, new = self._choice(rows, signed, self.value[lines], about["standing"], money)
        every = np.concatenate([rows, new])
        names = np.concatenate(
            [
                holdings.securities[holdings.security[lines]].to_numpy(dtype=object),
                history.securities[new].to_numpy(dtype=object),
            ]
        )
        price = np.concatenate([self.price[lines], history.price[new]])
        more = np.zeros(len(new))
        step = self._steps(names)
        lots = np.array([name in self.lot_of for name in names], dtype=bool)
        return Case(
            client=client,
            security=names,
            sign=np.concatenate([np.sign(signed), more + 1.0]),
            price=price,
            quantity=np.concatenate([np.abs(signed), more]),
            step=step,
            whole=lots | (step * price > COARSE * money),
            above=np.concatenate([above, more > 0]),
            judged=np.concatenate([judged, more == 0]),
            may_buy=np.isin(every, np.concatenate([again, new])),
            moves=self.moves[every],
            known=self.known[every],
            level=self.settings.risk.level,
            targets=targets,
            broken=broken,
            account=account,
            fee=self.rules.fee,
            buys=self.rules.buys,
            least_order=self.rules.least_order,
            least_kept=self.rules.least_kept,
        )

    def _steps(self, names: NDArray[np.object_]) -> FloatArray:
        return np.array([self.lot_of.get(name, self.rules.least_step) for name in names], dtype=float)

    # -------------------------------------------------------------- what may be bought
    def _buys(self, about: pd.Series, targets: dict[str, float]) -> bool:
        """A level that was assessed and counts, and a limit that a buy can help to reach."""
        assessed = pd.notna(about["level"]) and not about["predicted"]
        return bool(assessed and set(targets) - {"ratio"} and self.rules.buys)

    def _choice(
        self, rows: NDArray[np.intp], signed: FloatArray, value: FloatArray, standing: str, money: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows of the history to offer: of the long holdings, and new ones, the calmest first."""
        offers = self.offers(standing)
        price = self.day.history.price[offers]
        steps = self._steps(self.day.history.securities[offers].to_numpy(dtype=object))
        offers = offers[steps * price <= money]
        again = offers[np.isin(offers, rows[signed > 0])][:AGAIN]
        new = offers[~np.isin(offers, rows)]
        if len(new) > CALMEST + APART:
            together = self._together(rows, value, new[CALMEST:])
            apart = new[CALMEST:][np.argsort(together, kind="stable")[:APART]]
            new = np.concatenate([new[:CALMEST], apart])
        return again, new

    def _together(self, rows: NDArray[np.intp], value: FloatArray, others: NDArray[np.intp]) -> FloatArray:
        """Correlation of each other security with the holdings."""
        own = value @ self.moves[rows]
        own = own - own.mean()
        gaps = self.moves[others] - self.moves[others].mean(axis=1, keepdims=True)
        size = np.sqrt(np.einsum("ij,ij->i", gaps, gaps) * (own @ own))
        return np.where(size > 0, (gaps @ own) / np.where(size > 0, size, 1.0), 0.0)
