"""One client's case: what is held, what may be bought, the limits and the money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clientlib.analysis.risk import measures
from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.portfolio import LEAST_COVERAGE

LIMITED = ("ratio", "share_above", "var", "largest_weight")
"""What is limited, the most pressing first."""
HAIR = 1e-12
"""A hair of rounding is no breach."""
CENT = 0.01


@dataclass(frozen=True)
class Account:
    """A client's money. `debt`, of which `repayable` is loan and interest, is 0 where no ratio is judged."""

    cash: float
    repayable: float = 0.0
    debt: float = 0.0


@dataclass(frozen=True)
class Case:
    """One client; arrays are in step, a line a security: first what is held, then what may be bought besides,
    the one liked best first.

    `sign` is −1 for a short position; `quantity` counts units, never negative, 0 where nothing is held.
    `step` is what quantities go by, and `whole` says that the programme has to count in it (a lot).
    `moves` are returns (0 where `known` is not), lines × days. `targets` are where each of `LIMITED` is to
    be, those that do not apply left out; `broken` are those that are not there yet.
    """

    client: str
    security: NDArray[np.object_]
    sign: FloatArray
    price: FloatArray
    quantity: FloatArray
    step: FloatArray
    whole: NDArray[np.bool_]
    above: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    may_buy: NDArray[np.bool_]
    moves: FloatArray
    known: NDArray[np.bool_]
    level: float
    targets: dict[str, float]
    broken: tuple[str, ...]
    account: Account
    fee: float
    buys: int
    least_order: float
    least_kept: float

    @property
    def size(self) -> FloatArray:
        return self.quantity * self.price


@dataclass(frozen=True)
class Trade:
    """What is done: units that go (sold or covered) and that come (bought), a line each; money repaid."""

    down: FloatArray
    up: FloatArray
    repaid: float = 0.0


def nothing(case: Case) -> Trade:
    return Trade(np.zeros(len(case.price)), np.zeros(len(case.price)))


# ------------------------------------------------------------------ what a trade leads to
def size_after(case: Case, trade: Trade) -> FloatArray:
    return (case.quantity - trade.down + trade.up) * case.price


def amounts(case: Case, trade: Trade) -> FloatArray:
    """Money bought or sold, a line each."""
    return (trade.down + trade.up) * case.price


def cash_after(case: Case, trade: Trade) -> float:
    sold = np.where(case.sign > 0, trade.down, 0.0) @ case.price
    paid = amounts(case, trade).sum() - sold
    return float(case.account.cash + sold - paid - case.fee * (sold + paid) - trade.repaid)


def day_losses(case: Case, size: FloatArray) -> FloatArray:
    """Loss on each day as a share of what has a return that day, as in `portfolio.blocks`; NaN: no return."""
    gross = size.sum()
    if gross <= 0:
        return np.full(case.moves.shape[1], np.nan)
    covered = (size / gross) @ case.known
    lost = -((size / gross * case.sign) @ case.moves)
    return np.where(covered >= LEAST_COVERAGE, lost / np.where(covered > 0, covered, 1.0), np.nan)


def figures(case: Case, trade: Trade) -> dict[str, float]:
    """What is limited, after a trade; missing where it has no value, as a ratio without debt has none."""
    size = size_after(case, trade)
    gross = float(size.sum())
    found = dict.fromkeys(LIMITED, np.nan)
    if gross > 0:
        found["largest_weight"] = float(size.max()) / gross
        if size[case.judged].any():
            found["share_above"] = float(size[case.above].sum()) / gross
        losses = day_losses(case, size)
        if is_judged(case, losses):
            found["var"] = float(measures.tail_risk(-losses[None], case.level)[0][0])
    covered = np.where(case.sign < 0, trade.down, 0.0) @ case.price
    debt = case.account.debt - trade.repaid - covered
    if case.account.debt > 0 and debt > CENT / 2:
        found["ratio"] = float((cash_after(case, trade) + size[case.sign > 0].sum()) / debt)
    return found


def is_judged(case: Case, losses: FloatArray) -> bool:
    """Whether the tail holds a whole return, as in `limits.find_alerts`."""
    return bool((1 - case.level) * np.count_nonzero(~np.isnan(losses)) >= 1 - 1e-9)


def missed(targets: dict[str, float], found: dict[str, float]) -> list[str]:
    """Which targets are not reached."""
    beyond = []
    for name, target in targets.items():
        value = found[name]
        if value < target - HAIR if name == "ratio" else value > target + HAIR:
            beyond.append(name)
    return beyond
