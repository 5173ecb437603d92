"""A small invented market, clients to be planned for, and a judge of plans that knows the definitions only.

Nothing here is taken from the planner or from what measures risk: closes are carried, returns made, losses
sorted and ratios formed anew, one client at a time.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from clientlib.config import Settings, load

AS_OF = dt.date(2026, 6, 30)
SETTINGS = load()
LEVELS = ("C1", "C2", "C3", "C4", "C5")
FIGURES = ("ratio", "share_above", "var", "largest_weight")


def changed(settings: Settings = SETTINGS, window: int = 60, var_times: float = 1.0, **plan: Any) -> Settings:
    """The shipped settings with a shorter window, other rules for plans, and limits of var times so much."""
    rules = settings.risk.plan.model_copy(update=plan)
    limits = {
        level: own.model_copy(update={"var": own.var * var_times})
        for level, own in settings.risk.limits.items()
    }
    update = {"plan": rules, "window": window, "limits": limits}
    return settings.model_copy(update={"risk": settings.risk.model_copy(update=update)})


@dataclass(frozen=True)
class Market:
    """`close`: days × securities, NaN where there is none; `rank`: product levels, 0 for none."""

    securities: pd.DataFrame
    close: pd.DataFrame
    rank: dict[str, int]

    @property
    def prices(self) -> pd.DataFrame:
        flat = (
            self.close.rename_axis("date")
            .reset_index()
            .melt("date", var_name="security_id", value_name="close")
        )
        return flat.dropna(subset=["close"]).reset_index(drop=True)


@dataclass(frozen=True)
class Book:
    positions: pd.DataFrame
    clients: pd.DataFrame
    preferences: pd.DataFrame
    balances: pd.DataFrame


def market(seed: int, days: int, kinds: Sequence[tuple[str, str | None, str, int, float, float]]) -> Market:
    """Securities of (asset class, market, currency, product level, last price, daily volatility)."""
    rng = np.random.default_rng(seed)
    common = rng.standard_t(4, days)
    names = [f"{kind[0][:2].upper()}{place:02d}" for place, kind in enumerate(kinds)]
    columns = {}
    for name, (_, _, _, _, last, move) in zip(names, kinds, strict=True):
        path = np.exp(np.cumsum(move * (0.6 * common + 0.6 * rng.standard_t(4, days))))
        columns[name] = path / path[-1] * last
    close = pd.DataFrame(columns, index=pd.bdate_range(end=AS_OF, periods=days))
    reference = pd.DataFrame(
        {
            "security_id": names,
            "asset_class": [kind[0] for kind in kinds],
            "market": [kind[1] for kind in kinds],
            "currency": [kind[2] for kind in kinds],
            "risk_level": [f"R{kind[3]}" if kind[3] else None for kind in kinds],
            "issuer": "Issuer",
        }
    )
    return Market(reference, close.round(4), dict(zip(names, [kind[3] for kind in kinds], strict=True)))


# ------------------------------------------------------------------ the definitions
@dataclass(frozen=True)
class Account:
    """What a client is limited to and owes."""

    level: str | None
    lowest: bool
    predicted: bool
    professional: bool
    cash: float
    loan: float
    interest: float
    short_value: float
    has_balance: bool


def book_of(positions: list[tuple[str, str, float]], accounts: dict[str, Account]) -> Book:
    ids = list(accounts)
    all_of = list(accounts.values())
    assessed = [client for client in ids if accounts[client].level is not None]
    paid = [client for client in ids if accounts[client].has_balance]
    return Book(
        positions=pd.DataFrame(positions, columns=["client_id", "security_id", "quantity"]),
        clients=pd.DataFrame(
            {
                "client_id": ids,
                "client_type": "individual",
                "investor_class": ["professional" if one.professional else "ordinary" for one in all_of],
            }
        ),
        preferences=pd.DataFrame(
            {
                "client_id": assessed,
                "assessed_on": pd.Timestamp("2026-01-01"),
                "risk_level": [accounts[client].level for client in assessed],
                "questionnaire_score": 50.0,
                "lowest_class": [accounts[client].lowest for client in assessed],
                "level_source": ["predicted" if accounts[c].predicted else "assessed" for c in assessed],
            }
        ),
        balances=pd.DataFrame(
            {
                "client_id": paid,
                "as_of": pd.Timestamp(AS_OF),
                "cash": [accounts[client].cash for client in paid],
                "margin_loan": [accounts[client].loan for client in paid],
                "short_value": [accounts[client].short_value for client in paid],
                "accrued_interest": [accounts[client].interest for client in paid],
                "currency": "CNY",
            }
        ),
    )


@dataclass(frozen=True)
class Rules:
    """The market and the settings as the judge reads them."""

    market: Market
    settings: Settings

    @cached_property
    def price(self) -> pd.Series:
        return self.market.close.ffill(limit=self.settings.risk.stale_days).iloc[-1]

    @cached_property
    def returns(self) -> pd.DataFrame:
        window = self.settings.risk.window
        carried = self.market.close.ffill(limit=self.settings.risk.stale_days).iloc[-(window + 1) :]
        return carried / carried.shift() - 1

    @cached_property
    def about(self) -> dict[str, Any]:
        return {row["security_id"]: row for row in self.market.securities.to_dict("records")}

    def lot(self, security: str) -> float | None:
        row = self.about[security]
        lots: dict[Any, float] = dict(self.settings.risk.plan.lots)
        return lots.get(row["market"], lots.get(row["asset_class"]))

    def limits(self, account: Account) -> dict[str, float]:
        if account.professional or account.level is None:
            return {}
        own = self.settings.risk.limits[account.level]  # type: ignore[index]
        share = 0.0 if account.lowest else own.mismatch
        return {"share_above": share, "var": own.var, "largest_weight": own.largest_weight}

    def may_hold(self, account: Account, security: str) -> bool | None:
        rank = self.market.rank[security]
        if account.professional:
            return True
        if account.level is None or not rank:
            return None
        allowed = (
            self.settings.suitability.lowest_class_match
            if account.lowest
            else self.settings.suitability.match[account.level]  # type: ignore[index]
        )
        return f"R{rank}" in allowed


def measured(
    rules: Rules,
    account: Account,
    quantity: dict[str, float],
    cash: float,
    repaid: float = 0.0,
    covered: float = 0.0,
) -> dict[str, float]:
    """The four limited figures of one client, worked out plainly; `covered`: money spent on buying back."""
    price, returns = rules.price, rules.returns.iloc[1:]
    value = {
        name: units * price[name] for name, units in quantity.items() if units and not np.isnan(price[name])
    }
    gross = sum(abs(money) for money in value.values())
    found = dict.fromkeys(FIGURES, float("nan"))
    if gross > 0:
        found["largest_weight"] = max(abs(money) for money in value.values()) / gross
        above = sum(abs(money) for name, money in value.items() if rules.may_hold(account, name) is False)
        found["share_above"] = above / gross
        losses = losses_of(value, gross, returns)
        n = len(losses)
        k = math.floor((1 - rules.settings.risk.level) * n + 1e-9)
        if k >= 1:
            found["var"] = sorted(losses, reverse=True)[k]
    if account.has_balance:
        short = -sum(money for money in value.values() if money < 0)
        debt = account.loan + account.interest - repaid + max(short, account.short_value - covered)
        if debt > 0.005:
            found["ratio"] = (cash + sum(money for money in value.values() if money > 0)) / debt
    return found


def worths(quantity: dict[str, float], price: pd.Series) -> dict[str, float]:
    """Market values of what is held and has a price; negative where short."""
    priced = {name: units for name, units in quantity.items() if units and not np.isnan(price[name])}
    return {name: float(units * price[name]) for name, units in priced.items()}


def losses_of(value: dict[str, float], gross: float, returns: pd.DataFrame) -> list[float]:
    """Each day's loss over what has a return that day, where that is half of the holdings or more."""
    weights = np.array(list(value.values())) / gross
    table = returns[list(value)].to_numpy()
    there = ~np.isnan(table)
    covered = there @ np.abs(weights)
    day = np.where(there, table, 0.0) @ weights
    return [-float(day[at] / covered[at]) for at in range(len(day)) if covered[at] >= 0.5 - 1e-12]


def beyond(rules: Rules, account: Account, found: dict[str, float], slack: float = 1e-9) -> set[str]:
    """Which limits are broken. A margin ratio is under its line, everything else over its limit."""
    broken = {name for name, limit in rules.limits(account).items() if found[name] > limit + slack}
    if found["ratio"] < rules.settings.risk.margin_lines.watch - slack:
        broken.add("ratio")
    return broken
