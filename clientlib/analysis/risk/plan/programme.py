"""The mixed-integer linear programme of one case, solved by HiGHS. Money is in shares of the gross value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.plan.cases import Case, day_losses
from clientlib.analysis.risk.portfolio import LEAST_COVERAGE

GAP = 1e-6
"""A plan counts as the smallest when it is within this share of the bound on all plans."""
TIE = 5e-6
"""By so much the less liked of two equal plans is dearer."""
EDGE = 1e-9


@dataclass(frozen=True)
class Solution:
    """Units that go and come, a line each, not rounded yet; `gap` to the bound (0: proven the smallest)."""

    down: FloatArray
    up: FloatArray
    gap: float


@dataclass(frozen=True)
class Unsolved:
    """No plan: there is none, or `late`: none was found in the time."""

    late: bool


@dataclass(frozen=True)
class Tail:
    """The days looked at for the value at risk; None in its place: it is left out."""

    days: NDArray[np.intp]


class _Columns:
    """The variables, added one block after the other."""

    def __init__(self) -> None:
        self.cost: list[FloatArray] = []
        self.upper: list[FloatArray] = []
        self.whole: list[FloatArray] = []
        self.n = 0

    def add(
        self, upper: FloatArray, cost: FloatArray | float = 0.0, whole: NDArray[np.bool_] | bool = False
    ) -> slice:
        n = len(upper)
        self.upper.append(upper)
        self.cost.append(np.broadcast_to(cost, n))
        self.whole.append(np.broadcast_to(np.asarray(whole, dtype=float), n))
        self.n += n
        return slice(self.n - n, self.n)


class _Rows:
    """The constraints: dense rows, each with what it may not fall under and not exceed."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.rows: list[FloatArray] = []
        self.low: list[FloatArray] = []
        self.high: list[FloatArray] = []

    def at_most(self, rows: FloatArray, high: FloatArray | float) -> None:
        rows = np.atleast_2d(rows)
        self.rows.append(rows)
        self.low.append(np.full(len(rows), -np.inf))
        self.high.append(np.broadcast_to(high, len(rows)))

    def at_least(self, rows: FloatArray, low: FloatArray | float) -> None:
        self.at_most(-np.atleast_2d(rows), -np.asarray(low))

    def constraint(self) -> optimize.LinearConstraint:
        return optimize.LinearConstraint(
            sparse.csc_array(np.vstack(self.rows)), np.concatenate(self.low), np.concatenate(self.high)
        )


class Programme:
    """The programme of one case.

    Parameters
    ----------
    case : Case
    targets : mapping
        Where each limited measure is to be; a little inside what will be asked of the rounded plan.
    keep : float
        Money that stays invested at least.
    tail : Tail or None
        Days for the value at risk.
    counted : bool
        Whether orders are held to their least amount and buys to their number. Most plans keep to both
        anyway, and a programme without these binaries is solved much faster.
    """

    def __init__(
        self, case: Case, targets: Mapping[str, float], keep: float, tail: Tail | None, counted: bool
    ) -> None:
        self.case, self.targets, self.counted = case, targets, counted
        size = case.size
        self.unit = float(size.sum())
        self.size = size / self.unit
        self.long, self.short = case.sign > 0, case.sign < 0
        self.step = case.step * case.price / self.unit
        self.cash = case.account.cash / self.unit
        self.columns = _Columns()
        self._trades()
        tailed = self._tail_columns(tail) if tail is not None else None
        self._matrix()
        self.rows = _Rows(self.columns.n)
        self._money(keep / self.unit)
        self._holdings()
        if tailed is not None:
            self._tail(*tailed)

    # -------------------------------------------------------------- variables
    def _trades(self) -> None:
        case, add = self.case, self.columns.add
        self.held = np.flatnonzero(case.quantity > 0)
        lots = np.where(case.whole, np.floor(case.quantity / case.step + 1e-9), 0.0)
        rest = np.where(case.whole, case.quantity - lots * case.step, 0.0) * case.price / self.unit
        self.odd = np.flatnonzero(rest > 1e-9 * self.step)
        self.odd_size = rest[self.odd]
        self.worth = np.where(case.whole, self.step, 1.0)
        most = np.where(case.whole, lots, self.size)
        liking = self._liking()
        held, odd = self.held, self.odd
        self.down = add(most[held], self.worth[held] * liking[held], case.whole[held])
        self.odd_down = add(np.ones(len(odd)), self.odd_size * liking[odd], True)
        # All that could be paid with: no buy is larger.
        self.purse = max(0.0, self.cash + float(self.size[self.long].sum()))
        count = np.where(case.whole, np.floor(self.purse / self.step), self.purse)
        self.buys = np.flatnonzero(case.may_buy & (count > 0)) if case.buys else np.empty(0, dtype=np.intp)
        self.most_up = count[self.buys]
        dearer = 1.0 + TIE * np.cumsum(case.quantity[self.buys] == 0) / max(len(self.buys), 1)
        self.up = add(self.most_up, self.worth[self.buys] * dearer, case.whole[self.buys])
        least = case.least_order / self.unit
        self.sold = np.flatnonzero((case.quantity > 0) & (self.size > least))
        self.is_bought = add(np.ones(len(self.buys) if self.counted else 0), TIE, True)
        self.is_sold = add(np.ones(len(self.sold) if self.counted else 0), TIE, True)
        owed = min(case.account.repayable, case.account.debt) / self.unit
        self.repay = add(np.array([owed if "ratio" in self.targets else 0.0]))

    def _liking(self) -> FloatArray:
        """What a sale costs a unit of money: the larger of two is sold first, of equals the first by id."""
        rank = np.empty(len(self.size))
        rank[np.lexsort((np.arange(len(self.size)), -self.size, ~self.case.above))] = np.arange(len(rank))
        return 1.0 + TIE * rank / max(len(rank), 1)

    def _matrix(self) -> None:
        """Sizes after are `size + change @ variables`; cash after is `cash + earned @ variables`."""
        n = self.columns.n
        gone, come = np.zeros((len(self.size), n)), np.zeros((len(self.size), n))
        gone[self.held, np.arange(self.down.start, self.down.stop)] = self.worth[self.held]
        gone[self.odd, np.arange(self.odd_down.start, self.odd_down.stop)] = self.odd_size
        come[self.buys, np.arange(self.up.start, self.up.stop)] = self.worth[self.buys]
        self.gone, self.come = gone, come
        self.change = come - gone
        fee = self.case.fee
        self.earned = (1 - fee) * gone[self.long].sum(axis=0)
        self.earned -= (1 + fee) * (gone[self.short].sum(axis=0) + come.sum(axis=0))
        self.earned[self.repay] = -1.0

    # -------------------------------------------------------------- constraints
    def _money(self, keep: float) -> None:
        case, rows = self.case, self.rows
        rows.at_least(self.earned, min(0.0, self.cash) - self.cash)
        if keep > 0:
            rows.at_least(self.change.sum(axis=0), min(keep, 1.0) - 1.0)
        if self.counted:
            self._orders(self.come, self.buys, self.is_bought, self.most_up * self.worth[self.buys])
            self._orders(self.gone, self.sold, self.is_sold, self.size[self.sold])
            count = np.zeros(self.columns.n)
            count[self.is_bought] = 1.0
            rows.at_most(count, float(case.buys))
            both = self.gone[self.buys] / np.where(self.size > 0, self.size, 1.0)[self.buys, None]
            both[np.arange(len(both)), np.arange(self.is_bought.start, self.is_bought.stop)] = 1.0
            rows.at_most(both[self.size[self.buys] > 0], 1.0)
        if "ratio" in self.targets:
            line, owed = self.targets["ratio"], case.account.debt / self.unit
            row = (
                self.earned + self.change[self.long].sum(axis=0) - line * self.change[self.short].sum(axis=0)
            )
            row[self.repay] += line
            rows.at_least(row, line * owed - self.cash - self.size[self.long].sum())

    def _orders(self, money: FloatArray, lines: NDArray[np.intp], marks: slice, most: FloatArray) -> None:
        """An order is marked, and then for no less than the least amount; in fine steps a step more."""
        place, marked = np.arange(len(lines)), np.arange(marks.start, marks.stop)
        linked = money[lines] / most[:, None]
        linked[place, marked] = -1.0
        self.rows.at_most(linked, 0.0)
        enough = money[lines].copy()
        enough[place, marked] = -self.case.least_order / self.unit
        enough[place, marked] -= np.where(self.case.whole, 0.0, self.step)[lines]
        self.rows.at_least(enough, 0.0)

    def _holdings(self) -> None:
        whole = self.change.sum(axis=0)
        if (share := self.targets.get("share_above", 1.0)) < 1 and self.case.above.any():
            # Of nothing, nothing may be left: each line for itself, or a hair too much would do for all.
            above = self.change[self.case.above]
            if share > 0:
                self.rows.at_most(above.sum(axis=0) - share * whole, share - self.size[self.case.above].sum())
            else:
                self.rows.at_most(above, -self.size[self.case.above])
        if (weight := self.targets.get("largest_weight", 1.0)) < 1:
            self.rows.at_most(self.change - weight * whole, weight - self.size)

    def _tail_columns(self, tail: Tail) -> tuple[FloatArray, FloatArray, NDArray[np.intp], slice, slice]:
        """Columns of the days that may be beyond the limit, and of whether days that do not count would."""
        case = self.case
        self.counts = ~np.isnan(day_losses(case, case.size))
        self.patterns, pattern = np.unique(case.known.T, axis=0, return_inverse=True)
        self.pattern = np.asarray(pattern).reshape(-1)
        self.open = np.unique(self.pattern[~self.counts])
        rows = -case.sign[:, None] * case.moves - self.targets["var"] * case.known
        dearest = np.maximum(rows[self.buys], 0.0).max(axis=0, initial=0.0) * self.purse
        most = self.size @ np.maximum(rows, 0.0) + dearest
        days = tail.days[most[tail.days] > 0]
        beyond = self.columns.add(np.ones(len(days)), 0.0, True)
        opened = self.columns.add(np.ones(len(self.open)), 0.0, True)
        return rows[:, days], most[days], days, beyond, opened

    def _tail(
        self, rows: FloatArray, most: FloatArray, days: NDArray[np.intp], beyond: slice, opened: slice
    ) -> None:
        case = self.case
        place_of = np.full(len(self.patterns), -1)
        place_of[self.open] = np.arange(self.open.size)
        # A day beyond the limit is one that is marked, or one that does not count.
        limited = rows.T @ self.change
        limited[np.arange(len(days)), np.arange(beyond.start, beyond.stop)] = -most
        room = -(rows.T @ self.size)
        place = place_of[self.pattern[days]]
        uncounted = np.flatnonzero((place >= 0) & ~self.counts[days])
        limited[uncounted, opened.start + place[uncounted]] = most[uncounted]
        room[uncounted] += most[uncounted]
        self.rows.at_most(limited, room)
        allowed = np.zeros(self.columns.n)
        allowed[beyond] = 1.0
        new = np.bincount(self.pattern[~self.counts], minlength=len(self.patterns))[self.open]
        allowed[opened] = -(1 - case.level) * new
        self.rows.at_most(allowed, (1 - case.level) * np.count_nonzero(self.counts) + 1e-9)
        # Of what is left, those with a return that day are half or more: kept so, or found out.
        share = self.patterns - LEAST_COVERAGE
        over, now = share @ self.change, share @ self.size
        stays = np.setdiff1d(np.unique(self.pattern[self.counts]), np.flatnonzero(self.patterns.all(axis=1)))
        if len(stays):
            self.rows.at_least(over[stays], -now[stays])
        if len(self.open):
            marks = np.zeros((len(self.open), self.columns.n))
            marks[np.arange(len(self.open)), np.arange(opened.start, opened.stop)] = 1.0 + self.purse
            self.rows.at_most(over[self.open] - marks, -now[self.open] - EDGE)
            self.rows.at_least(over[self.open] - marks, -now[self.open] - 1.0 - self.purse)

    # -------------------------------------------------------------- solving
    def solve(self, seconds: float) -> Solution | Unsolved:
        columns = self.columns
        found = optimize.milp(
            np.concatenate(columns.cost),
            integrality=np.concatenate(columns.whole),
            bounds=optimize.Bounds(0.0, np.concatenate(columns.upper)),
            constraints=self.rows.constraint(),
            options={"time_limit": max(seconds, 0.01), "mip_rel_gap": GAP},
        )
        if found.x is None:
            return Unsolved(late=int(found.status) == 1)
        units = self.unit / self.case.price
        # A status of 1 is the time that ran out.
        gap = float(found.mip_gap or 0.0) if int(found.status) == 1 else 0.0
        return Solution((self.gone @ found.x) * units, (self.come @ found.x) * units, gap)
