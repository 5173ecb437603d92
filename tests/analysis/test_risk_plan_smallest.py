"""The smallest plan, against trying every plan there is; and plans that can be worked out by hand."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk import AdjustmentPlans, adjustment_plan
from clientlib.analysis.risk.day import Records, book_exchange, examine_day
from clientlib.analysis.risk.plan import plan_adjustments
from clientlib.analysis.risk.plan.programme import Programme, Solution, Unsolved
from clientlib.config import Settings
from tests.analysis.plan_market import (
    AS_OF,
    Account,
    Book,
    Market,
    Rules,
    book_of,
    changed,
    market,
    measured,
    worths,
)

N = 120
LOTS = {"stock": 100.0, "fund": 1_000.0, "derivative": 2_000.0, "money_market": 2_000.0}
COARSE = changed(window=40, var_times=0.5, least_order=0, buys=2, least_kept=0.4, lots=LOTS)
TO_NOTHING = changed(window=40, var_times=0.5, least_order=0, buys=2, least_kept=0, lots=LOTS)
KINDS = [
    ("stock", None, "CNY", 3, 10.0, 0.016),
    ("stock", None, "CNY", 4, 25.0, 0.022),
    ("fund", None, "CNY", 2, 2.0, 0.004),
    ("derivative", None, "CNY", 5, 1.0, 0.045),
    ("money_market", None, "CNY", 1, 1.0, 0.00005),
]


def plans_of(found: Market, book: Book, settings: Settings, **more: Any) -> AdjustmentPlans:
    frames = (found.prices, found.securities, book.clients, book.preferences, book.balances)
    return adjustment_plan(book.positions, *frames, AS_OF, settings, **more)


# ------------------------------------------------------------------ every plan there is
def small_clients(found: Market) -> tuple[Book, dict[str, Account], dict[str, dict[str, float]]]:
    """Clients with one or two positions of a few lots each, some with an odd remainder, short or in debt."""
    rng = np.random.default_rng(3)
    names = list(found.rank)
    lots = {name: LOTS[kind[0]] for name, kind in zip(names, KINDS, strict=True)}
    accounts, held = {}, {}
    for place in range(N):
        client = f"S{place:03d}"
        own = rng.choice(names, size=int(rng.integers(1, 3)), replace=False)
        units = {str(name): float(lots[name] * rng.integers(1, 7)) for name in own}
        units = {name: u + (lots[name] * 0.3 if rng.random() < 0.3 else 0) for name, u in units.items()}
        units = {name: -u if rng.random() < 0.08 else u for name, u in units.items()}
        value = worths(units, found.close.iloc[-1])
        long = sum(money for money in value.values() if money > 0)
        short = -sum(money for money in value.values() if money < 0)
        borrows = rng.random() < 0.3
        cash = round(float(rng.choice([0.0, 0.1, 0.8])) * long, 2)
        loan = round(max(0.0, (long + cash) / rng.uniform(1.1, 1.8) - short), 2) if borrows else 0.0
        level = str(rng.choice(["C1", "C2", "C3", "C4", "C5"]))
        accounts[client] = Account(
            level=level,
            lowest=level == "C1" and bool(rng.random() < 0.3),
            predicted=bool(rng.random() < 0.1),
            professional=False,
            cash=cash,
            loan=loan,
            interest=0.0,
            short_value=short,
            has_balance=True,
        )
        held[client] = units
    rows = [(client, name, units) for client, own in held.items() for name, units in own.items()]
    return book_of(rows, accounts), accounts, held


def targets_of(rules: Rules, account: Account, before: dict[str, float]) -> dict[str, float]:
    """Where the limits are to be: at the limit, or where an alert ends should it be broken."""
    release = rules.settings.risk.alerts.release
    targets = {}
    for name, limit in rules.limits(account).items():
        targets[name] = limit * release if before[name] > limit + 1e-12 else limit
    line = rules.settings.risk.margin_lines.watch
    targets["ratio"] = line / release if before["ratio"] < line else line
    return targets


def ends_of(rules: Rules, account: Account, name: str, held: float, money: float) -> list[float]:
    """What a position can be after a plan: fewer whole lots, the odd remainder too, or more whole lots."""
    lot = rules.lot(name) or 0.0
    size, sign = abs(held), -1.0 if held < 0 else 1.0
    fewer = [size - n * lot for n in range(int(size // lot) + 1)]
    fewer += [left - size % lot for left in fewer if size % lot and left >= size % lot - 1e-9]
    more = []
    may = rules.may_hold(account, name) is True and not account.predicted
    if held >= 0 and may and rules.returns.iloc[1:][name].notna().all():
        more = [size + n * lot for n in range(1, int(money / (lot * rules.price[name])) + 1)]
    return [sign * left for left in sorted({*np.round(fewer, 6), *np.round(more, 6)})]


def smallest_by_trying(rules: Rules, account: Account, held: dict[str, float]) -> float | None:
    """The least turnover of all plans that reach the targets; None when none does."""
    names = list(rules.market.rank)
    price = rules.price[names].to_numpy()
    targets = targets_of(rules, account, measured(rules, account, held, account.cash))
    money = account.cash + sum(max(worth, 0.0) for worth in worths(held, rules.price).values())
    ends = [ends_of(rules, account, name, held.get(name, 0.0), money) for name in names]
    now = np.array([held.get(name, 0.0) for name in names])
    every = np.array(list(itertools.product(*ends)))
    change = (every - now) * price
    turnover = np.abs(change).sum(axis=1)
    plan = rules.settings.risk.plan
    cash = account.cash - change.sum(axis=1) - plan.fee * turnover
    bought = ((change > 1e-9) & (now >= 0)).sum(axis=1)
    within = [
        abs(worth) for name, worth in worths(held, rules.price).items() if rules.may_hold(account, name)
    ]
    value = every * price
    fits = (cash >= -1e-9) & (bought <= plan.buys)
    fits &= np.abs(value).sum(axis=1) >= plan.least_kept * sum(within) - 0.01
    fits &= reaches(rules, account, targets, value, cash)
    return float(turnover[fits].min()) if fits.any() else None


def reaches(
    rules: Rules, account: Account, targets: dict[str, float], value: np.ndarray, cash: np.ndarray
) -> np.ndarray:
    """Which of many holdings (rows) reach the targets."""
    names = list(rules.market.rank)
    size = np.abs(value)
    gross = np.maximum(size.sum(axis=1), 1e-300)
    above = np.array([rules.may_hold(account, name) is False for name in names])
    losses = np.sort(-(value / gross[:, None]) @ rules.returns.iloc[1:][names].to_numpy().T, axis=1)
    beyond = int((1 - rules.settings.risk.level) * losses.shape[1] + 1e-9)
    well = size[:, above].sum(axis=1) / gross <= targets["share_above"] + 1e-12
    well &= size.max(axis=1) / gross <= targets["largest_weight"] + 1e-12
    well &= losses[:, -1 - beyond] <= targets["var"] + 1e-12
    debt = account.loan - np.clip(cash, 0.0, account.loan) + np.where(value < 0, size, 0.0).sum(axis=1)
    assets = cash - np.clip(cash, 0.0, account.loan) + np.where(value > 0, size, 0.0).sum(axis=1)
    return np.asarray(well & ((debt < 0.005) | (assets >= targets["ratio"] * debt - 0.02)))


Tried = tuple[str, dict[Any, Any], float | None, float]
"""A client, the row of the plan, the least turnover of all plans (None: there is none), the money held."""


@pytest.fixture(scope="module")
def tried() -> list[Tried]:
    found = market(2, 60, KINDS)
    book, accounts, held = small_clients(found)
    result = []
    for settings, borrows in ((COARSE, False), (TO_NOTHING, True)):
        # What the margin leaves is a matter of its own: the margin clients may sell all that they have.
        rules = Rules(found, settings)
        some = [client for client, one in accounts.items() if (one.loan + one.short_value > 0) is borrows]
        rows: dict[Any, Any] = plans_of(found, book, settings, only=some).by_client.to_dict("index")
        for client in some:
            best = smallest_by_trying(rules, accounts[client], held[client])
            money = sum(abs(worth) for worth in worths(held[client], rules.price).values())
            result.append((client, rows[client], best, money))
    return result


def test_there_is_a_plan_whenever_trying_all_of_them_finds_one(
    tried: list[Tried],
) -> None:
    stuck = {client for client, row, _, _ in tried if row["status"] == "infeasible"}
    assert stuck == {client for client, _, best, _ in tried if best is None}
    assert 10 < len(stuck) < N / 3


def test_no_plan_turns_over_more_than_the_smallest_of_all(
    tried: list[Tried],
) -> None:
    # Of equal plans one is preferred at a price of less than a hundred-thousandth.
    more = [
        (client, row["turnover"], best)
        for client, row, best, money in tried
        if best is not None and abs(row["turnover"] - best) > 1e-5 * money
    ]
    assert more == []
    assert sum(best is not None and best > 0 for _, _, best, _ in tried) > 50


# ------------------------------------------------------------------ worked out by hand
HAND = changed(window=40, fee=0.001)
FUNDS = market(
    4,
    60,
    [
        ("fund", "OTC", "CNY", 1, 1.0, 0.0005),
        ("fund", "OTC", "CNY", 1, 2.0, 0.0005),
        ("fund", "OTC", "CNY", 2, 4.0, 0.0005),
        ("fund", "OTC", "CNY", 2, 1.0, 0.0005),
        ("fund", "OTC", "CNY", 4, 1.0, 0.0005),
        ("stock", "SH", "CNY", 3, 10.0, 0.0005),
        ("money_market", "OTC", "CNY", 1, 1.0, 0.00001),
        ("money_market", "OTC", "USD", 1, 1.0, 0.000001),
    ],
)
WITHIN = {"FU00": 1_500.0, "FU01": 750.0, "FU02": 375.0, "FU03": 1_500.0}
"""Four funds of 1,500 each."""


def plan_of(
    held: dict[str, float], level: str | None = "C3", settings: Settings = HAND, **account: Any
) -> tuple[dict[Any, Any], dict[Any, tuple[Any, Any]], dict[Any, dict[Any, Any]]]:
    """The row of the plan, its orders by security, and its measures."""
    usual: dict[str, Any] = {
        "lowest": False,
        "predicted": False,
        "professional": False,
        "cash": 0.0,
        "loan": 0.0,
        "interest": 0.0,
        "short_value": 0.0,
        "has_balance": True,
    }
    book = book_of(
        [("A", name, units) for name, units in held.items()], {"A": Account(level, **{**usual, **account})}
    )
    plans = plans_of(FUNDS, book, settings)
    orders = {row["security_id"]: (row["side"], row["quantity"]) for row in plans.orders.to_dict("records")}
    row = plans.by_client.to_dict("index")["A"]
    return row, orders, plans.measures.set_index("measure").to_dict("index")


def test_what_is_above_the_level_is_sold_down_to_where_the_alert_ends() -> None:
    # (4,000 − s) / (10,000 − s) = 0.95 × 0.10, and the units go in steps of 0.01.
    row, orders, measures = plan_of({**WITHIN, "FU04": 4_000.0})
    assert orders == {"FU04": ("sell", pytest.approx(np.ceil((4_000 - 950) / 0.905 * 100) / 100))}
    assert row["turnover"] == pytest.approx((4_000 - 950) / 0.905, abs=0.01)
    assert (measures["share_above"]["limit"], measures["share_above"]["target"]) == (0.1, 0.095)
    assert row["cash_after"] == pytest.approx(row["turnover"] * 0.999)


def test_a_lowest_class_client_keeps_nothing_above_and_an_odd_remainder_goes_with_its_lots() -> None:
    row, orders, _ = plan_of({"FU00": 1_500.0, "FU01": 750.0, "ST05": 1_234.0}, "C1", lowest=True)
    assert (row["status"], orders) == ("planned", {"ST05": ("sell", 1_234.0)})


def test_a_position_that_is_sold_whole_leaves_no_hair_behind() -> None:
    # The units of two rows need not add up to the last digit.
    units = 100.1 + 0.02
    assert units != round(units, 9)
    _, orders, measures = plan_of({**WITHIN, "FU04": units}, "C1", lowest=True)
    assert orders["FU04"] == ("sell", units)
    assert measures["share_above"]["after"] == 0


def test_a_sale_of_lots_goes_a_lot_further_rather_than_stop_short() -> None:
    # Of 1,000 shares at 10 beside 6,000 in funds: (10,000 − s) / (16,000 − s) = 0.475 at s = 4,571.4.
    _, orders, measures = plan_of({**WITHIN, "ST05": 1_000.0}, settings=changed(window=40, buys=0))
    assert orders == {"ST05": ("sell", 500.0)}
    assert measures["largest_weight"]["after"] == pytest.approx(5 / 11)


def test_a_loan_is_repaid_from_what_is_sold() -> None:
    # (15,000 − S) / (12,000 − 0.999 S) = 1.5 / 0.95.
    line = 1.5 / 0.95
    row, orders, measures = plan_of({"FU00": 15_000.0}, professional=True, loan=12_000.0)
    sold = (line * 12_000 - 15_000) / (line * 0.999 - 1)
    assert orders == {"FU00": ("sell", pytest.approx(sold, abs=0.03))}
    assert row["repaid"] == pytest.approx(0.999 * sold, abs=0.05)
    assert measures["ratio"]["after"] == pytest.approx(line, abs=1e-4)


def test_cash_repays_a_loan_without_a_turnover() -> None:
    # (20,000 − R) / (14,000 − R) = 1.5 / 0.95.
    row, orders, _ = plan_of({"FU00": 15_000.0}, professional=True, cash=5_000.0, loan=14_000.0)
    line = 1.5 / 0.95
    assert (row["status"], row["turnover"], orders) == ("planned", 0.0, {})
    assert row["repaid"] == pytest.approx((line * 14_000 - 20_000) / (line - 1), abs=0.01)


def test_whoever_owes_more_than_there_is_cannot_be_brought_back_by_selling() -> None:
    row, orders, _ = plan_of({"FU00": 15_000.0}, professional=True, loan=16_000.0)
    assert (row["status"], row["blocked_by"], orders) == ("infeasible", "margin", {})


def test_one_holding_alone_is_brought_down_by_buying_another() -> None:
    row, orders, measures = plan_of({"FU00": 10_000.0})
    assert row["status"] == "planned"
    assert orders["FU00"][0] == "sell"
    assert {side for name, (side, _) in orders.items() if name != "FU00"} == {"buy"}
    assert measures["largest_weight"]["after"] <= 0.475


@pytest.mark.parametrize("who", [{"predicted": True}, {"settings": changed(window=40, buys=0)}])
def test_one_holding_alone_stays_as_it_is_for_whom_nothing_may_be_bought(who: dict[str, Any]) -> None:
    row, orders, _ = plan_of({"FU00": 10_000.0}, **who)
    assert (row["status"], row["blocked_by"]) == ("infeasible", "concentration;no_buys;least_kept")
    assert orders == {}


def test_the_level_comes_before_the_weights_where_both_cannot_be_had() -> None:
    # Without buys one fund is all that is left: nothing above the level, and all in one.
    row, orders, measures = plan_of({"FU00": 4_000.0, "FU04": 6_000.0}, predicted=True)
    assert orders.keys() == {"FU04"}
    assert measures["share_above"]["after"] <= 0.095
    assert (row["status"], row["blocked_by"].split(";")[0]) == ("infeasible", "concentration")


def test_a_short_position_above_the_level_is_bought_back() -> None:
    row, orders, measures = plan_of({**WITHIN, "FU04": -1_000.0}, cash=2_000.0, short_value=1_000.0)
    assert orders["FU04"][0] == "cover"
    assert measures["share_above"]["after"] <= 0.095
    assert row["cash_after"] == pytest.approx(2_000 - 1.001 * row["turnover"] - row["repaid"])


def test_nothing_is_bought_in_another_currency() -> None:
    # The dollar fund is the calmest of all, and one unit of it would do.
    for level in ("C1", "C3"):
        assert "MO07" not in plan_of({"FU00": 10_000.0}, level)[1]


def test_an_overdraft_grows_no_larger() -> None:
    row, orders, _ = plan_of({"FU00": 10_000.0}, cash=-400.0)
    assert row["status"] == "planned"
    assert "buy" in {side for side, _ in orders.values()}
    assert row["cash_after"] >= -400


@pytest.mark.parametrize(
    ("account", "known", "notes"),
    [
        ({"has_balance": False}, False, "cash_unknown"),
        ({"cash": float("nan")}, False, "cash_unknown"),
        ({"cash": float("nan"), "loan": 9_000.0}, False, "cash_unknown;debt_unknown"),
        ({"cash": 70.0}, True, ""),
    ],
)
def test_cash_that_is_not_known_is_taken_as_none_and_said(
    account: dict[str, Any], known: bool, notes: str
) -> None:
    row, _, _ = plan_of({**WITHIN, "FU04": 4_000.0}, **account)
    assert (row["status"], row["notes"], row["cash_before"] == 70) == ("planned", notes, known)
    assert row["cash_after"] == pytest.approx(0.999 * row["turnover"] + (70 if known else 0))


def test_a_time_that_ran_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Programme, "solve", lambda self, seconds: Unsolved(late=True))
    row, orders, measures = plan_of({**WITHIN, "FU04": 4_000.0})
    assert (row["status"], row["blocked_by"], orders) == ("infeasible", "mismatch;time", {})
    assert measures["share_above"]["after"] == measures["share_above"]["before"]


def test_how_much_smaller_a_plan_might_be_is_said_when_it_was_not_proven(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solve = Programme.solve

    def unproven(self: Programme, seconds: float) -> Solution:
        found = solve(self, seconds)
        assert isinstance(found, Solution)
        return replace(found, gap=0.25)

    monkeypatch.setattr(Programme, "solve", unproven)
    row, _, _ = plan_of({**WITHIN, "FU04": 4_000.0})
    assert (row["status"], row["gap"]) == ("planned", 0.25)


def test_a_client_within_all_limits_has_nothing_to_do() -> None:
    row, orders, measures = plan_of(WITHIN)
    assert (row["status"], row["turnover"], orders) == ("nothing_to_do", 0.0, {})
    same = ("share_above", "var", "largest_weight", "cvar", "volatility", "gross_value", "cash")
    assert all(measures[name]["after"] == measures[name]["before"] for name in same)


def test_a_warning_that_still_stands_is_ended_though_the_value_is_back_under_the_limit() -> None:
    # 9.8 % above the level: under the limit of 10 %, over the 9.5 % at which a warning ends.
    held = {**{name: units * 1.0 for name, units in WITHIN.items()}, "FU04": 6_000 * 0.098 / 0.902}
    one = Account("C3", False, False, False, 0.0, 0.0, 0.0, 0.0, True)
    book = book_of([("A", name, units) for name, units in held.items()], {"A": one})
    exchange = book_exchange(book.positions, FUNDS.securities, HAND)
    records = Records(FUNDS.prices, FUNDS.securities, book.clients, book.preferences, book.balances)
    day = examine_day(book.positions, records, AS_OF, HAND, exchange=exchange)
    alerts = pd.DataFrame({"client_id": ["A"], "rule": ["mismatch"], "severity": ["warn"]})
    plans = [
        plan_adjustments(["A"], day, FUNDS.securities, book.balances, HAND, stands)
        for stands in (None, alerts)
    ]
    statuses = [plan.by_client.at["A", "status"] for plan in plans]
    assert statuses == ["nothing_to_do", "planned"]


def test_the_order_of_the_rows_does_not_change_the_plan() -> None:
    found = market(2, 60, KINDS)
    book, _, _ = small_clients(found)
    some = [f"S{place:03d}" for place in range(12)]
    mixed = Book(*(frame.sample(frac=1, random_state=1) for frame in vars(book).values()))
    plans = [plans_of(found, one, COARSE, only=some) for one in (book, mixed)]
    for name in ("by_client", "orders", "measures"):
        pd.testing.assert_frame_equal(getattr(plans[0], name), getattr(plans[1], name))


def test_orders_are_numbered_with_sales_first_and_the_largest_first() -> None:
    found = market(2, 60, KINDS)
    book, _, _ = small_clients(found)
    orders = plans_of(found, book, COARSE, only=[f"S{place:03d}" for place in range(40)]).orders
    place = orders["side"].map({"sell": 0, "cover": 1, "buy": 2})
    key = orders.assign(place=place, less=-orders["amount"])
    assert key.sort_values(["client_id", "place", "less"]).index.tolist() == orders.index.tolist()
    assert (orders.groupby("client_id").cumcount() + 1).tolist() == orders["step"].tolist()
