"""Plans of a thousand simulated clients, each judged by a checker that was written apart from the planner."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk import AdjustmentPlans, adjustment_plan
from tests.analysis.plan_market import (
    AS_OF,
    FIGURES,
    LEVELS,
    Account,
    Book,
    Market,
    Rules,
    beyond,
    book_of,
    changed,
    losses_of,
    market,
    measured,
    worths,
)

N = 1_000
SETTINGS = changed(window=120)
KINDS = [
    ("stock", "SH", "CNY", 3, 12.4, 0.016),
    ("stock", "SZ", "CNY", 4, 55.0, 0.021),
    ("stock", "SH", "CNY", 3, 4.1, 0.013),
    ("stock", "SZ", "CNY", 5, 8.8, 0.030),
    ("stock", "SH", "CNY", 4, 150.0, 0.022),
    ("fund", "OTC", "CNY", 2, 1.05, 0.002),
    ("fund", "OTC", "CNY", 3, 1.8, 0.009),
    ("fund", "OTC", "CNY", 4, 2.2, 0.013),
    ("bond", "IB", "CNY", 1, 101.5, 0.0008),
    ("bond", "IB", "CNY", 2, 99.2, 0.0015),
    ("bond", "IB", "CNY", 0, 98.0, 0.002),
    ("money_market", "OTC", "CNY", 1, 1.0, 0.00003),
    ("structured", "OTC", "CNY", 3, 1_000.0, 0.003),
    ("derivative", "OTC", "CNY", 5, 0.6, 0.045),
    ("private_fund", "OTC", "CNY", 5, 1_300.0, 0.008),
    ("stock", "SH", "CNY", 3, 20.0, 0.018),  # listed 70 days ago
    ("stock", "SZ", "CNY", 4, 33.0, 0.020),  # suspended for a while, back again
    ("stock", "SH", "CNY", 3, 9.0, 0.018),  # no price any more
]
NEW, BACK, GONE = "ST15", "ST16", "ST17"


def make_market() -> Market:
    found = market(5, 140, KINDS)
    close = found.close.copy()
    close.loc[close.index[:-70], NEW] = np.nan
    close.loc[close.index[60:90], BACK] = np.nan
    close.loc[close.index[-20:], GONE] = np.nan
    close.loc[close.index[30:33], "FU06"] = np.nan
    return Market(found.securities, close, found.rank)


def make_book(found: Market) -> tuple[Book, dict[str, Account]]:
    rng = np.random.default_rng(11)
    names = list(found.rank)
    last = found.close.ffill().iloc[-1]
    accounts, positions = {}, []
    for place in range(N):
        client = f"K{place:04d}"
        held = rng.choice(names, size=int(rng.integers(1, 9)), replace=False)
        worth = rng.dirichlet(np.full(len(held), 0.7)) * 10 ** rng.uniform(4, 6.5)
        quantity = np.maximum(np.round(worth / last[held].to_numpy(), rng.choice([0, 2])), 1.0)
        lots = np.array([KINDS[names.index(name)][1] in ("SH", "SZ") for name in held])
        even = rng.random(len(held)) < 0.7
        quantity = np.where(lots & even, np.maximum(np.round(quantity / 100), 1) * 100, quantity)
        quantity = np.where(lots, np.round(quantity), quantity)
        quantity = np.where(rng.random(len(held)) < 0.06, -quantity, quantity)
        positions += [(client, name, units) for name, units in zip(held, quantity, strict=True)]
        accounts[client] = make_account(rng, (quantity * last[held].to_numpy()))
    return book_of(positions, accounts), accounts


def make_account(rng: np.random.Generator, value: np.ndarray) -> Account:
    level = (*LEVELS, None)[rng.choice(6, p=[0.15, 0.2, 0.25, 0.2, 0.15, 0.05])]
    long, short = value[value > 0].sum(), -value[value < 0].sum()
    borrows, has = rng.random() < 0.25, rng.random() < 0.9
    cash = float(np.round(long * rng.choice([0.0, 0.02, 0.3]), 2))
    loan = float(np.round(max(0.0, (long + cash) / rng.uniform(1.05, 2.2) - short), 2)) if borrows else 0.0
    lends = has and bool(borrows or short > 0)
    return Account(
        level=level,
        lowest=level == "C1" and rng.random() < 0.3,
        predicted=rng.random() < 0.08,
        professional=rng.random() < 0.05,
        cash=cash if has else 0.0,
        loan=loan if lends else 0.0,
        interest=float(np.round(loan * 0.01, 2)) if lends else 0.0,
        short_value=float(np.round(short * rng.choice([0.9, 1.1]), 2)) if lends else 0.0,
        has_balance=has,
    )


@dataclass(frozen=True)
class Case:
    """One client's plan as the checker sees it."""

    client: str
    account: Account
    before: dict[str, float]
    after: dict[str, float]
    orders: list[dict[Any, Any]]
    row: pd.Series
    figures_before: dict[str, float]
    figures_after: dict[str, float]


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules(make_market(), SETTINGS)


@pytest.fixture(scope="module")
def planned(rules: Rules) -> tuple[AdjustmentPlans, list[Case]]:
    book, accounts = make_book(rules.market)
    plans = adjustment_plan(
        book.positions,
        rules.market.prices,
        rules.market.securities,
        book.clients,
        book.preferences,
        book.balances,
        AS_OF,
        SETTINGS,
    )
    held: dict[str, dict[str, float]] = defaultdict(dict)
    for client, security, units in book.positions.itertuples(index=False):
        held[client][security] = units
    orders = {str(client): part.to_dict("records") for client, part in plans.orders.groupby("client_id")}
    cases = []
    for key, row in plans.by_client.iterrows():
        client = str(key)
        account = accounts[client]
        done = orders.get(client, [])
        after = dict(held[client])
        for order in done:
            change = -order["quantity"] if order["side"] == "sell" else order["quantity"]
            after[order["security_id"]] = after.get(order["security_id"], 0.0) + change
        covered = sum(order["amount"] for order in done if order["side"] == "cover")
        cash = row["cash_before"] if not np.isnan(row["cash_before"]) else 0.0
        cases.append(
            Case(
                client,
                account,
                held[client],
                after,
                done,
                row,
                measured(rules, account, held[client], cash),
                measured(rules, account, after, row["cash_after"], row["repaid"], covered),
            )
        )
    return plans, cases


def wrong(cases: list[Case], is_wrong: object) -> list[str]:
    return [case.client for case in cases if is_wrong(case)]  # type: ignore[operator]


# ------------------------------------------------------------------ what is planned
def test_most_kinds_of_client_are_there(planned: tuple[AdjustmentPlans, list[Case]], rules: Rules) -> None:
    # A checker that has nothing to check proves nothing.
    plans, cases = planned
    statuses = plans.by_client["status"].value_counts()
    assert set(statuses.index) == {"planned", "nothing_to_do", "infeasible", "not_planned"}
    assert statuses["planned"] > 500
    broken = [beyond(rules, case.account, case.figures_before) for case in cases]
    for name in FIGURES:
        assert sum(name in one for one in broken) > 40, name
    assert {"sell", "cover", "buy"} == set(plans.orders["side"])


def test_whoever_breaks_a_limit_has_a_plan_or_a_reason(
    planned: tuple[AdjustmentPlans, list[Case]], rules: Rules
) -> None:
    idle = [case for case in planned[1] if case.row["status"] == "nothing_to_do"]
    assert wrong(idle, lambda case: beyond(rules, case.account, case.figures_before)) == []
    assert all(case.row["blocked_by"] for case in planned[1] if case.row["status"] == "infeasible")


def test_every_limit_holds_after_a_plan(planned: tuple[AdjustmentPlans, list[Case]], rules: Rules) -> None:
    done = [case for case in planned[1] if case.row["status"] == "planned"]
    assert wrong(done, lambda case: beyond(rules, case.account, case.figures_after)) == []


def test_a_limit_that_was_broken_is_back_far_enough_for_its_alert_to_end(
    planned: tuple[AdjustmentPlans, list[Case]], rules: Rules
) -> None:
    release = SETTINGS.risk.alerts.release

    def short_of_it(case: Case) -> bool:
        limits = rules.limits(case.account)
        broken = beyond(rules, case.account, case.figures_before)
        high = any(case.figures_after[name] > release * limits[name] + 1e-9 for name in broken - {"ratio"})
        line = SETTINGS.risk.margin_lines.watch / release
        return high or ("ratio" in broken and case.figures_after["ratio"] < line - 1e-9)

    assert wrong([case for case in planned[1] if case.row["status"] == "planned"], short_of_it) == []


def test_an_infeasible_plan_worsens_only_what_is_less_pressing_than_what_was_broken(
    planned: tuple[AdjustmentPlans, list[Case]], rules: Rules
) -> None:
    def worse(case: Case) -> bool:
        before = beyond(rules, case.account, case.figures_before)
        now = beyond(rules, case.account, case.figures_after)
        risen = {n for n in now - {"ratio"} if case.figures_after[n] > case.figures_before[n] + 1e-9}
        if "ratio" in now and case.figures_after["ratio"] < case.figures_before["ratio"] - 1e-9:
            risen.add("ratio")
        first = min(FIGURES.index(name) for name in before)
        return any(FIGURES.index(name) <= first for name in (now - before) | risen)

    stuck = [case for case in planned[1] if case.row["status"] == "infeasible"]
    assert wrong(stuck, worse) == []


def test_days_that_count_go_on_counting(planned: tuple[AdjustmentPlans, list[Case]], rules: Rules) -> None:
    def days(case: Case, held: dict[str, float]) -> int:
        value = worths(held, rules.price)
        gross = sum(abs(money) for money in value.values())
        # With nothing left there is no tail to hide.
        return len(losses_of(value, gross, rules.returns.iloc[1:])) if gross else 10**6

    def fewer(case: Case) -> bool:
        before = days(case, case.before)
        judged = "var" in rules.limits(case.account) and before >= 20
        return judged and days(case, case.after) < before

    assert wrong(planned[1], fewer) == []


# ------------------------------------------------------------------ how it is traded
def test_lots_are_whole_and_an_odd_remainder_goes_in_one(
    planned: tuple[AdjustmentPlans, list[Case]], rules: Rules
) -> None:
    def uneven(case: Case) -> bool:
        for order in case.orders:
            lot = rules.lot(str(order["security_id"]))
            units = float(order["quantity"])
            step = lot or SETTINGS.risk.plan.least_step
            held = abs(case.before.get(str(order["security_id"]), 0.0))
            rest = held % step
            evens = [units % step, -units % step]
            if order["side"] != "buy":
                evens += [(units - rest) % step, (rest - units) % step]
            if min(evens) > 1e-7:
                return True
        return False

    assert wrong(planned[1], uneven) == []


def test_nothing_is_sold_that_is_not_held_nor_bought_back_beyond_nothing(
    planned: tuple[AdjustmentPlans, list[Case]],
) -> None:
    def too_much(case: Case) -> bool:
        for order in case.orders:
            held = case.before.get(str(order["security_id"]), 0.0)
            units = float(order["quantity"])
            if units <= 0 or (order["side"] == "sell" and units > held):
                return True
            if (order["side"] == "cover" and units > -held) or (order["side"] == "buy" and held < 0):
                return True
        return len({order["security_id"] for order in case.orders}) < len(case.orders)

    assert wrong(planned[1], too_much) == []


def test_only_what_is_within_an_assessed_level_is_bought(
    planned: tuple[AdjustmentPlans, list[Case]], rules: Rules
) -> None:
    whole = ~rules.returns.iloc[1:].isna().any()
    classes = dict(rules.market.securities[["security_id", "asset_class"]].to_numpy())

    def unfit(case: Case) -> bool:
        bought = [str(order["security_id"]) for order in case.orders if order["side"] == "buy"]
        if bought and (case.account.predicted or case.account.level is None):
            return True
        return any(
            rules.may_hold(case.account, name) is not True
            or not whole[name]
            or classes[name] not in SETTINGS.risk.plan.buy_classes
            for name in bought
        )

    assert wrong(planned[1], unfit) == []


def test_few_securities_are_bought_and_each_for_enough(
    planned: tuple[AdjustmentPlans, list[Case]],
) -> None:
    orders = planned[0].orders
    buys = orders[orders["side"] == "buy"]
    assert buys.groupby("client_id").size().max() <= SETTINGS.risk.plan.buys
    assert buys["amount"].min() >= SETTINGS.risk.plan.least_order


def test_what_is_without_a_price_is_left_alone_and_said(
    planned: tuple[AdjustmentPlans, list[Case]],
) -> None:
    assert GONE not in set(planned[0].orders["security_id"])
    said = {case.client for case in planned[1] if "unpriced" in case.row["notes"].split(";")}
    assert said == {c.client for c in planned[1] if GONE in c.before and len(c.before) > 1}


def test_cash_is_never_below_nothing_at_any_step_and_fees_are_counted(
    planned: tuple[AdjustmentPlans, list[Case]],
) -> None:
    def overspent(case: Case) -> bool:
        cash = 0.0 if np.isnan(case.row["cash_before"]) else case.row["cash_before"]
        for order in sorted(case.orders, key=lambda one: one["step"]):
            amount = float(order["quantity"]) * float(order["price"])
            fee = SETTINGS.risk.plan.fee * amount
            if abs(fee - float(order["fee"])) > 1e-6 or abs(amount - float(order["amount"])) > 1e-6:
                return True
            cash += (amount if order["side"] == "sell" else -amount) - fee
            if cash < -1e-6:
                return True
        cash -= case.row["repaid"]
        owed = case.account.loan + case.account.interest
        too_much = not 0 <= case.row["repaid"] <= owed + 1e-6
        return cash < -1e-6 or too_much or (bool(case.orders) and abs(cash - case.row["cash_after"]) > 1e-6)

    assert wrong(planned[1], overspent) == []


def test_what_is_within_the_level_is_not_sold_off(
    planned: tuple[AdjustmentPlans, list[Case]], rules: Rules
) -> None:
    def sold_off(case: Case) -> bool:
        if "ratio" in beyond(rules, case.account, case.figures_before):
            return False
        limited = bool(rules.limits(case.account))
        within = sum(
            abs(money)
            for name, money in worths(case.before, rules.price).items()
            if not (limited and rules.may_hold(case.account, name) is False)
        )
        left = sum(abs(money) for money in worths(case.after, rules.price).values())
        return left < SETTINGS.risk.plan.least_kept * within - 0.02

    assert wrong(planned[1], sold_off) == []


# ------------------------------------------------------------------ what is told of it
def test_sums_are_those_of_the_orders(planned: tuple[AdjustmentPlans, list[Case]]) -> None:
    plans = planned[0]
    sums = plans.orders.groupby("client_id")[["amount", "fee"]].sum().reindex(plans.by_client.index).fillna(0)
    np.testing.assert_allclose(plans.by_client["turnover"], sums["amount"])
    np.testing.assert_allclose(plans.by_client["fees"], sums["fee"])
    assert (plans.by_client["gap"] == 0).all()


@pytest.mark.parametrize("name", FIGURES)
def test_measures_before_and_after_are_the_checkers(
    planned: tuple[AdjustmentPlans, list[Case]], name: str
) -> None:
    plans, cases = planned
    told = plans.measures[plans.measures["measure"] == name].set_index("client_id")
    some = [case for case in cases if case.client in told.index]
    if name == "share_above":
        # Where nothing could be judged the review gives no share, the checker nought.
        judged = set(told.index[told[["before", "after"]].notna().all(axis=1)])
        some = [case for case in some if case.client in judged]
    if name == "ratio":
        # Without a debt, or with nothing left that has a price, the review gives none.
        some = [case for case in some if case.account.loan + case.account.short_value > 0]
        some = [case for case in some if not np.isnan(case.figures_after["largest_weight"])]
    if name == "var":
        some = [case for case in some if not np.isnan(case.figures_after["var"])]
    where = [case.client for case in some]
    for when, own in (("before", "figures_before"), ("after", "figures_after")):
        expected = [getattr(case, own)[name] for case in some]
        np.testing.assert_allclose(told.loc[where, when], expected, rtol=1e-9, atol=1e-12)
