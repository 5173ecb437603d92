"""Plans of adjustment for many clients, and each measured anew once it is made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clientlib.analysis.risk.areas import read_area
from clientlib.analysis.risk.day import ExaminedDay, Records, book_exchange, examine_day
from clientlib.analysis.risk.gauges import client_limits
from clientlib.analysis.risk.holdings import Holdings, price_holdings
from clientlib.analysis.risk.margin import exposure_by_client, margin_accounts
from clientlib.analysis.risk.plan import cases
from clientlib.analysis.risk.plan.gather import RULE_OF, Gathered, Gatherer
from clientlib.analysis.risk.plan.search import Outcome, find_plan
from clientlib.analysis.risk.portfolio import measure_holdings
from clientlib.analysis.suitability import LOWEST, match_holdings, mismatch_by_client, product_levels
from clientlib.config import Settings

MEASURED = ("ratio", "share_above", "var", "largest_weight", "cvar", "volatility", "gross_value", "cash")
SIDES = ("sell", "cover", "buy")
"""In the order in which they are done: what is sold pays for the rest."""
_PLAN = ["status", "blocked_by", "turnover", "turnover_share", "fees", "cash_before", "cash_after", "repaid"]
_PLAN += ["n_orders", "gap", "notes"]
_ORDERS = ["client_id", "step", "security_id", "side", "quantity", "price", "amount", "fee", "product_level"]


@dataclass(frozen=True)
class AdjustmentPlans:
    """What brings each client back inside the limits. Money is in the book's currency, shares are fractions.

    Attributes
    ----------
    by_client : DataFrame, index client_id (in the order asked for)
        status: planned (every limit is reached), nothing_to_do, infeasible (not every limit can be; the
        orders do what can be done), not_planned (nothing held has a price). blocked_by: why infeasible,
        joined by ";": the rules whose limits are not reached (margin, lowest_class, mismatch, var,
        concentration), then no_buys (the client may be offered nothing), least_kept, cash (to cover what is
        short), time. turnover (sum of all amounts), turnover_share (of the gross value before), fees,
        cash_before (missing: not known, taken as 0), cash_after, repaid (loan and interest paid back: no
        turnover), n_orders; gap (0: no smaller plan is possible; otherwise by what share one could
        be smaller, as the time ran out); notes, joined by ";": cash_unknown, debt_unknown (its limit is left
        out), unpriced (positions without a price, left as they are).
    orders : DataFrame
        client_id, step (1, 2, … in the order to be done), security_id, side (one of `SIDES`), quantity,
        price, amount, fee, product_level.
    measures : DataFrame
        client_id, measure (one of `MEASURED`), before, after, limit (missing: none), target (what the plan
        was to reach, missing: nothing). All measured as by the review.
    """

    by_client: pd.DataFrame
    orders: pd.DataFrame
    measures: pd.DataFrame


def adjustment_plan(
    positions: pd.DataFrame,
    prices: pd.DataFrame,
    securities: pd.DataFrame,
    clients: pd.DataFrame,
    preferences: pd.DataFrame,
    balances: pd.DataFrame,
    as_of: dt.date,
    settings: Settings,
    only: Collection[str] | None = None,
) -> AdjustmentPlans:
    """The smallest turnover that brings every broken limit of each client back.

    Parameters
    ----------
    positions, prices, securities, clients, preferences, balances, as_of, settings
        As for `review_risk`.
    only : collection of client ids, optional
        Whom to plan for, in this order; without it everybody who holds something.

    Returns
    -------
    AdjustmentPlans

    Notes
    -----
    The model and what is decided in it: see `clientlib.analysis.risk.plan`. The same input gives the same
    plan, unless `settings.risk.plan.seconds` ran out, which `gap` or "time" in `blocked_by` then says.

    References
    ----------
    Huangfu, Q. and Hall, J. A. J. (2018). Parallelizing the dual revised simplex method. Mathematical
    Programming Computation 10, 119–142 (HiGHS, by `scipy.optimize.milp`).
    """
    positions = read_area("positions", positions)
    zone = settings.firm.time_zone
    records = Records.read(prices, securities, clients, preferences, balances, time_zone=zone)
    holder = positions.reindex(columns=["client_id"])["client_id"]
    asked = list(holder.dropna().sort_values().unique() if only is None else map(str, only))
    exchange = book_exchange(positions, records.securities, settings)
    some = positions if only is None else positions[holder.isin(asked)]
    day = examine_day(some, records, as_of, settings, exchange=exchange)
    return plan_adjustments(asked, day, records.securities, records.balances, settings)


def plan_adjustments(
    clients: Collection[str],
    day: ExaminedDay,
    securities: pd.DataFrame,
    balances: pd.DataFrame,
    settings: Settings,
    alerts: pd.DataFrame | None = None,
) -> AdjustmentPlans:
    """`adjustment_plan` for a day that was examined already.

    `alerts` (client_id, rule, severity) tells which warnings still stand though the value is back under the
    limit: such a limit counts as broken.
    """
    asked = pd.Index(list(dict.fromkeys(clients)), name="client_id", dtype="str")
    gatherer = Gatherer(day, securities, balances, settings)
    gathered = list(gatherer.gather(asked, _warned(alerts)))
    outcomes = [find_plan(one.case, settings.risk.plan.seconds) for one in gathered]
    orders = _orders(gathered, outcomes, securities)
    by_client = _by_client(asked, gathered, outcomes, orders, day)
    after = _after(day, orders, by_client.index[by_client["status"].ne("not_planned")])
    paid = _paid(gatherer, by_client, orders)
    measured = _measures(day, after, by_client, gathered, paid, securities, settings)
    return AdjustmentPlans(by_client, orders, measured)


def _warned(alerts: pd.DataFrame | None) -> set[tuple[str, str]]:
    if alerts is None:
        return set()
    grave = alerts[alerts["severity"].isin(["warn", "high"])]
    return set(zip(grave["client_id"].tolist(), grave["rule"].tolist(), strict=True))


# ------------------------------------------------------------------ what to do
def _orders(gathered: list[Gathered], outcomes: list[Outcome], securities: pd.DataFrame) -> pd.DataFrame:
    parts = [_client_orders(one.case, found) for one, found in zip(gathered, outcomes, strict=True)]
    every = [row for part in parts for row in part]
    orders = pd.DataFrame(every, columns=_ORDERS[:-1])
    orders = orders.astype(dict.fromkeys(("client_id", "security_id", "side"), "str"))
    orders = orders.astype({"step": int, **dict.fromkeys(("quantity", "price", "amount", "fee"), float)})
    orders["product_level"] = product_levels(orders["security_id"], securities).to_numpy()
    return orders.astype({"product_level": "str"})


def _client_orders(case: cases.Case, found: Outcome) -> list[tuple[object, ...]]:
    trade = found.trade
    rows: list[tuple[object, ...]] = []
    amount = cases.amounts(case, trade)
    side = np.where(trade.up > 0, 2, np.where(case.sign < 0, 1, 0))
    traded = np.flatnonzero(amount > 0)
    first = sorted(traded, key=lambda at: (side[at], -amount[at], case.security[at]))
    for step, at in enumerate(first, start=1):
        units, money = float(trade.down[at] + trade.up[at]), float(amount[at])
        rows.append(
            (
                case.client,
                step,
                case.security[at],
                SIDES[side[at]],
                units,
                float(case.price[at]),
                money,
                money * case.fee,
            )
        )
    return rows


def _by_client(
    asked: pd.Index,
    gathered: list[Gathered],
    outcomes: list[Outcome],
    orders: pd.DataFrame,
    day: ExaminedDay,
) -> pd.DataFrame:
    rows = {}
    for one, found in zip(gathered, outcomes, strict=True):
        case = one.case
        known = "cash_unknown" not in one.notes
        rows[case.client] = {
            "status": found.status,
            "blocked_by": ";".join(_blocking(found.blocked_by, case, day)),
            "cash_before": case.account.cash if known else np.nan,
            "cash_after": cases.cash_after(case, found.trade),
            "repaid": found.trade.repaid,
            "gap": found.gap,
            "notes": ";".join(one.notes),
        }
    words = dict.fromkeys(("status", "blocked_by", "notes"), "str")
    result = pd.DataFrame.from_dict(rows, orient="index").reindex(index=asked, columns=_PLAN)
    result = result.astype({**dict.fromkeys(_PLAN, "float"), **words})
    sums = orders.groupby("client_id").agg(
        turnover=("amount", "sum"), fees=("fee", "sum"), n_orders=("side", "size")
    )
    result[["turnover", "fees", "n_orders"]] = sums.reindex(asked).fillna(0)
    gross = day.by_client["gross_value"].reindex(asked)
    result["turnover_share"] = result["turnover"] / gross.where(gross > 0)
    result = result.fillna(
        {"status": "not_planned", "blocked_by": "", "notes": "", "repaid": 0.0, "gap": 0.0}
    )
    return result.astype({"n_orders": int})


def _blocking(names: tuple[str, ...], case: cases.Case, day: ExaminedDay) -> list[str]:
    lowest = day.by_client.at[case.client, "standing"] == LOWEST
    return ["lowest_class" if lowest and name == "share_above" else RULE_OF.get(name, name) for name in names]


# ------------------------------------------------------------------ what it leads to
def _after(day: ExaminedDay, orders: pd.DataFrame, clients: pd.Index) -> Holdings:
    """The clients' holdings once the orders are done."""
    pair = ["client_id", "security_id"]
    held = day.held[day.held["client_id"].isin(clients)].set_index(pair)["quantity"]
    # What goes is towards nothing, from either side.
    toward = np.where(orders["side"].eq("sell"), -1.0, 1.0)
    change = (toward * orders["quantity"]).set_axis(pd.MultiIndex.from_frame(orders[pair]))
    every = held.index.union(change.index)
    left = held.reindex(every, fill_value=0.0) + change.reindex(every, fill_value=0.0)
    return price_holdings(left.rename("quantity").reset_index(), day.history)


def _paid(gatherer: Gatherer, by_client: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """The balances once the orders are done: what is repaid goes to the interest first."""
    margin = gatherer.day.margin
    owing = by_client.index.intersection(margin.index[margin["reason"].eq("")])
    balance = gatherer.balance.reindex(owing).copy()
    repaid = by_client["repaid"].reindex(owing)
    interest = np.minimum(balance["accrued_interest"].astype(float), repaid)
    covered = orders[orders["side"].eq("cover")].groupby("client_id")["amount"].sum()
    balance["cash"] = by_client["cash_after"].reindex(owing)
    balance["margin_loan"] = balance["margin_loan"].astype(float) - (repaid - interest)
    balance["accrued_interest"] = balance["accrued_interest"].astype(float) - interest
    short = balance["short_value"].astype(float) - covered.reindex(owing).fillna(0.0)
    balance["short_value"] = short.clip(lower=0.0)
    balance["as_of"] = pd.Timestamp(gatherer.day.as_of)
    balance["currency"] = gatherer.day.exchange.currency
    return balance.rename_axis("client_id").reset_index()


def _measures(
    day: ExaminedDay,
    after: Holdings,
    by_client: pd.DataFrame,
    gathered: list[Gathered],
    paid: pd.DataFrame,
    securities: pd.DataFrame,
    settings: Settings,
) -> pd.DataFrame:
    held = after.frame()
    risk = measure_holdings(after, day.history, settings.risk.level)
    matches = match_holdings(held, securities, day.by_client, settings.suitability)
    lines = settings.risk.margin_lines
    exposure = exposure_by_client(held)
    accounts = margin_accounts(paid, exposure, day.as_of, lines, currency=day.exchange.currency)
    found = risk.join(mismatch_by_client(matches)["share_above"]).join(accounts["ratio"])
    found["gross_value"] = found["gross_value"].fillna(0.0)
    clients = after.clients
    found["cash"] = by_client["cash_after"].reindex(clients)
    before = day.by_client.reindex(clients).assign(cash=by_client["cash_before"].reindex(clients))
    limit = client_limits(before, settings.risk).rename(columns={"mismatch": "share_above"})
    limit["share_above"] = limit["share_above"].mask(before["standing"].eq(LOWEST), 0.0)
    limit["ratio"] = before["ratio"].where(before["ratio"].isna(), lines.watch)
    target = pd.DataFrame.from_dict({one.case.client: one.case.targets for one in gathered}, orient="index")
    parts = {"before": before, "after": found, "limit": limit, "target": target}
    columns = {
        name: frame.reindex(index=clients, columns=list(MEASURED)).astype(float).to_numpy().ravel()
        for name, frame in parts.items()
    }
    keys = {
        "client_id": np.repeat(clients.to_numpy(dtype=object), len(MEASURED)),
        "measure": np.tile(np.array(MEASURED, dtype=object), len(clients)),
    }
    return pd.DataFrame({**keys, **columns}).astype({"client_id": "str", "measure": "str"})
