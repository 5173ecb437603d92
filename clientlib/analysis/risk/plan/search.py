"""The search for one client's plan: solve, round, measure, and ask again for what was missed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.plan import cases
from clientlib.analysis.risk.plan.cases import CENT, LIMITED, Case, Trade
from clientlib.analysis.risk.plan.programme import Programme, Solution, Tail, Unsolved

ROUNDS = 40
"""Programmes solved for one set of targets at most."""
INSIDE = 1e-6
"""How far inside its targets the programme first aims, as a share of them."""
HALVINGS = 4
"""How often the way to a limit that cannot be reached is halved."""
SPARE = 0.98
"""Of what the margin leaves, so much is kept: the other limits need a little room."""
FINE = 4
"""Orders in small steps that are tried a step more and a step less."""
NEAR = 0.8
"""Days that lose so much of the target are looked at along with those that lose more."""


@dataclass(frozen=True)
class Outcome:
    """status (planned, nothing_to_do, infeasible), the trade, what blocks, and the gap not closed in time."""

    status: str
    trade: Trade
    blocked_by: tuple[str, ...] = ()
    gap: float = 0.0


@dataclass(frozen=True)
class _Found:
    trade: Trade
    gap: float


def find_plan(case: Case, seconds: float) -> Outcome:
    """The plan of one case, in about `seconds` at most; a case that meets its targets needs none."""
    if not case.broken:
        return Outcome("nothing_to_do", cases.nothing(case))
    deadline = time.monotonic() + seconds
    keep = _kept(case, deadline)
    found = _attempt(case, case.targets, keep, deadline)
    if isinstance(found, _Found):
        return Outcome("planned", found.trade, gap=found.gap)
    return _best_effort(case, keep, found.late, seconds)


def _kept(case: Case, deadline: float) -> float:
    """Money that stays invested: a share of what is within the level, less where the margin takes more."""
    size = case.size
    within = size.copy()
    if "share_above" in case.targets:
        within[case.above] = 0.0
    kept = case.least_kept * float(within.sum())
    if kept > 0 and "ratio" in case.broken:
        # What has to go whatever the weights are: these alone would have everything sold.
        due = {name: at for name, at in case.targets.items() if name in ("ratio", "share_above")}
        alone = _attempt(case, due, 0.0, deadline)
        if isinstance(alone, _Found):
            kept = min(kept, SPARE * float(cases.size_after(case, alone.trade).sum()))
    return kept


# ------------------------------------------------------------------ one set of targets
def _attempt(case: Case, targets: dict[str, float], keep: float, deadline: float) -> _Found | Unsolved:
    """The smallest trade that reaches the targets."""
    days: np.ndarray | None = None
    # What goes in lots only needs no room for rounding, and may be at a limit to the last digit.
    inside, counted = 0.0 if case.whole.all() else INSIDE, False
    for _ in range(ROUNDS):
        tail = None if days is None else Tail(days)
        asked = _inside(case, targets, inside)
        programme = Programme(case, asked, keep * (1 + inside), tail, counted)
        solution = programme.solve(deadline - time.monotonic())
        if isinstance(solution, Unsolved):
            return solution
        trade = _rounded(case, solution, targets)
        beyond = _missed(case, trade, targets, keep)
        if not counted and "orders" in beyond:
            counted = True
        elif "var" in beyond and (more := _days(case, trade, targets, days)) is not None:
            days = more
        elif not beyond:
            return _Found(trade, solution.gap)
        elif nearby := _nearby(case, trade, targets, keep):
            return _Found(nearby, solution.gap)
        else:
            inside = max(INSIDE, 10 * inside)
    return Unsolved(late=False)


def _nearby(case: Case, trade: Trade, targets: dict[str, float], keep: float) -> Trade | None:
    """The cheapest of the ways to round what goes in small steps that reaches the targets, if one does."""
    fine = np.flatnonzero(~case.whole & (trade.down + trade.up > 0))[:FINE]
    tried = []
    for moves in product((-1.0, 0.0, 1.0), repeat=len(fine)):
        change = np.zeros(len(case.price))
        change[fine] = moves * case.step[fine]
        down = np.where(trade.down > 0, np.clip(trade.down + change, 0.0, case.quantity), 0.0)
        up = np.where(trade.up > 0, np.maximum(trade.up + change, 0.0), 0.0)
        other = _trade(case, down, up)
        tried.append((float(cases.amounts(case, other).sum()), other))
    for _, other in sorted(tried, key=lambda one: one[0]):
        settled = replace(other, repaid=_repaid(case, other, targets))
        if not _missed(case, settled, targets, keep):
            return settled
    return None


def _inside(case: Case, targets: dict[str, float], share: float) -> dict[str, float]:
    """Targets with room for rounding; never so little that what is so today would be asked to change."""
    now = cases.figures(case, cases.nothing(case))
    asked = {}
    for name, target in targets.items():
        if name == "ratio":
            asked[name] = target * (1 + share) if now[name] < target else min(target * (1 + share), now[name])
        else:
            asked[name] = target * (1 - share)
            if now[name] <= target:
                asked[name] = max(asked[name], now[name])
    return asked


def _missed(case: Case, trade: Trade, targets: dict[str, float], keep: float) -> list[str]:
    beyond = cases.missed(targets, cases.figures(case, trade))
    if cases.cash_after(case, trade) < min(0.0, case.account.cash) - 1e-9:
        beyond.append("cash")
    if cases.size_after(case, trade).sum() < keep - CENT:
        beyond.append("kept")
    if _unruly(case, trade):
        beyond.append("orders")
    if "var" in targets and "var" not in beyond and _forgotten(case, trade):
        beyond.append("var")
    return beyond


def _unruly(case: Case, trade: Trade) -> bool:
    """Whether too many are bought, one is bought and sold, or an order is too small for more to be there."""
    bought, sold = trade.up > 0, trade.down > 0
    small = cases.amounts(case, trade) < case.least_order - CENT / 2
    idle = small & (bought | (sold & (case.size > case.least_order)))
    return bool(np.count_nonzero(bought) > case.buys or (bought & sold).any() or idle.any())


def _forgotten(case: Case, trade: Trade) -> bool:
    """Whether days that count today would no longer."""
    size = cases.size_after(case, trade)
    if size.sum() <= 0:
        return False
    now = cases.day_losses(case, case.size)
    after = cases.day_losses(case, size)
    return cases.is_judged(case, now) and bool((~np.isnan(now) & np.isnan(after)).any())


def _days(case: Case, trade: Trade, targets: dict[str, float], known: np.ndarray | None) -> np.ndarray | None:
    """The days to look at, those of this trade added; None when it shows no new ones."""
    losses = [cases.day_losses(case, cases.size_after(case, trade))]
    if known is None:
        losses.append(cases.day_losses(case, case.size))
    target = targets["var"]
    now = np.zeros(0, dtype=np.intp) if known is None else known
    beyond = np.unique(np.concatenate([np.flatnonzero(loss > target) for loss in losses]))
    if known is not None and np.isin(beyond, known).all():
        return None
    near = [np.flatnonzero(loss > NEAR * target) for loss in losses]
    return np.unique(np.concatenate([now, *near])).astype(np.intp)


# ------------------------------------------------------------------ whole steps
def _rounded(case: Case, solution: Solution, targets: dict[str, float]) -> Trade:
    """In whole steps: a little more goes, a little less comes; then what is repaid, to the cent."""
    lots = np.floor(case.quantity / case.step + 1e-9)
    down = _in_steps(solution.down, case, np.ceil)
    counted = np.round(solution.down / case.step) * case.step
    # An odd remainder is in the programme's own figure: what is sold of lots is nearest to it either way.
    rest = case.quantity - lots * case.step
    with_rest = np.round((solution.down - rest) / case.step) * case.step + rest
    nearer = np.abs(with_rest - solution.down) < np.abs(counted - solution.down)
    down = np.where(case.whole, np.where(nearer, with_rest, counted), down)
    down = np.clip(down, 0.0, case.quantity)
    up = np.where(
        case.whole, np.round(solution.up / case.step) * case.step, _in_steps(solution.up, case, np.floor)
    )
    trade = _trade(case, down, up)
    return replace(trade, repaid=_repaid(case, trade, targets))


def _trade(case: Case, down: FloatArray, up: FloatArray) -> Trade:
    """Without noise behind the ninth decimal; but what is sold whole is sold to the last digit."""
    down = np.round(down, 9).astype(np.float64)
    down = np.where(down >= case.quantity - 1e-9, case.quantity, down)
    return Trade(down, np.round(up, 9).astype(np.float64))


def _in_steps(units: FloatArray, case: Case, to_whole: Callable[[FloatArray], FloatArray]) -> FloatArray:
    steps = units / case.step
    nearest = np.round(steps)
    # What the solver leaves of a step is noise.
    return np.where(np.abs(steps - nearest) < 1e-3, nearest, to_whole(steps)) * case.step


def _repaid(case: Case, trade: Trade, targets: dict[str, float]) -> float:
    """The least that has to be repaid: (assets − R) / (debt − R) reaches the line."""
    line = targets.get("ratio", 0.0)
    if line <= 1:
        return 0.0
    size = cases.size_after(case, trade)
    cash = cases.cash_after(case, trade)
    covered = np.where(case.sign < 0, trade.down, 0.0) @ case.price
    owed = case.account.debt - covered
    needed = (line * owed - cash - size[case.sign > 0].sum()) / (line - 1)
    most = max(0.0, min(case.account.repayable, owed, math.floor(cash / CENT + 1e-9) * CENT))
    # All that is owed may be repaid to the last fraction of a cent.
    return float(round(min(max(0.0, math.ceil(needed / CENT - 1e-9) * CENT), most), 9))


# ------------------------------------------------------------------ where no plan reaches all
def _best_effort(case: Case, keep: float, late: bool, seconds: float) -> Outcome:
    """The plan for the more pressing limits; those let go of for it are brought as near as can be."""
    deadline = time.monotonic() + seconds
    loose, targets, found = _loosened(case, keep, deadline)
    for name in loose:
        found, targets = _nearer(case, name, targets, found, keep, deadline)
    left = cases.missed(case.targets, cases.figures(case, found.trade))
    reasons = ["time"] if late else _reasons(case, left, keep, deadline)
    return Outcome("infeasible", found.trade, (*(n for n in LIMITED if n in left), *reasons), found.gap)


def _loosened(case: Case, keep: float, deadline: float) -> tuple[tuple[str, ...], dict[str, float], _Found]:
    """The limits to let go of so that there is a plan for the rest: none that is more pressing than need be.

    What is let go of may even grow worse; not so the most pressing of the broken limits.
    """
    now = cases.figures(case, cases.nothing(case))
    first = min(LIMITED.index(name) for name in case.broken)
    open_to = [name for name in reversed(LIMITED[first:]) if name in case.targets]
    for number in range(1, 2 ** len(open_to)):
        loose = tuple(name for place, name in enumerate(open_to) if number >> place & 1)
        targets = {name: target for name, target in case.targets.items() if name not in loose}
        if LIMITED[first] in loose:
            targets[LIMITED[first]] = now[LIMITED[first]]
        found = _attempt(case, targets, keep, deadline)
        if isinstance(found, _Found):
            return tuple(reversed(loose)), targets, found
    return (), dict(case.targets), _Found(cases.nothing(case), 0.0)


def _nearer(
    case: Case, name: str, targets: dict[str, float], found: _Found, keep: float, deadline: float
) -> tuple[_Found, dict[str, float]]:
    """The way from where a limit is to where it should be, halved again and again."""
    near, far = cases.figures(case, found.trade)[name], case.targets[name]
    if not cases.missed({name: far}, {name: near}):
        return found, {**targets, name: far}
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        tried = _attempt(case, {**targets, name: middle}, keep, deadline)
        if isinstance(tried, _Found):
            found, near = tried, cases.figures(case, tried.trade)[name]
        else:
            far = middle
    return found, {**targets, name: near}


def _reasons(case: Case, left: list[str], keep: float, deadline: float) -> list[str]:
    """What is in the way of those that are left: other limits, and what is not a limit."""

    def would_do(other: Case, targets: dict[str, float], kept: float) -> bool:
        return isinstance(_attempt(other, targets, kept, deadline), _Found)

    rest = {name: {n: t for n, t in case.targets.items() if n != name} for name in case.targets}
    reasons = [n for n in LIMITED if n in rest and n not in left and would_do(case, rest[n], keep)]
    if not case.may_buy.any() and {"largest_weight", "var"} & {*left, *reasons}:
        reasons.append("no_buys")
    if keep > 0 and would_do(case, case.targets, 0.0):
        reasons.append("least_kept")
    if case.sign.min() < 0 and would_do(_with_cash(case), case.targets, keep):
        reasons.append("cash")
    return reasons


def _with_cash(case: Case) -> Case:
    """The case with money enough to cover all that is short, lent so that the ratio is none the better."""
    money = 2 * float(case.size.sum())
    debt = case.account.debt + (money / case.targets["ratio"] if "ratio" in case.targets else 0.0)
    return replace(case, account=replace(case.account, cash=case.account.cash + money, debt=debt))
