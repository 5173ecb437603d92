"""What the columns of a table say of each other: which one is a sum, a product, or comes before another."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence

import numpy as np

from clientlib import idcard
from clientlib.intake.recognise.profile import Floats, Profile, adult_share
from clientlib.tables import AMOUNT_TOLERANCE

_FIRST_ROWS = 400
_IDENTIFIERS = {"identifier", "ticker", "isin"}
_HOLDS = 0.9
_ORDERED, _APART = 0.85, 0.15
"""Of two columns of days one comes first: in so many rows not later, in so many more rows earlier."""
_LEAST_ROWS = 5
_LEAST_TWINS = 2
_MOST_FIGURES = 12
"""More columns of figures than this are not tried against each other."""
_LEAST_GROUPS, _LEAST_QUOTES = 5, 30
_WITHIN = 0.12
"""A quoted price varies within one security by less than this share of how it varies overall."""


def roles(columns: Sequence[Profile]) -> list[list[str]]:
    """For each column the roles that it plays (names of `evidence.toml`'s `[roles]`), none twice."""
    found: list[list[str]] = [[] for _ in columns]
    for place, role in itertools.chain(*(find(columns) for find in _FINDERS)):
        if role not in found[place]:
            found[place].append(role)
    return found


def order(columns: Sequence[Profile]) -> list[dict[str, float]]:
    """For each column of dates where it stands among the others: `earlier` is 0 for the first, 1 for the
    last; `adult` is the share of its days that lie eighteen years before the table's latest."""
    dated = [(place, c.days) for place, c in enumerate(columns) if c.days is not None]
    found: list[dict[str, float]] = [{} for _ in columns]
    if not dated:
        return found
    latest = max(float(np.nanmax(days)) for _, days in dated)
    for place, days in dated:
        found[place]["adult"] = adult_share(days, latest)
        others = [other for at, other in dated if at != place]
        if others:
            after = sum(_is_before(other, days) for other in others)
            before = sum(_is_before(days, other) for other in others)
            found[place]["earlier"] = 0.5 + (after - before) / (2 * len(others))
    return found


def ranks(columns: Sequence[Profile]) -> list[dict[str, float]]:
    """For each column of identifiers, its place by how often its cells repeat: 0 seldom, 1 most often."""
    named = [at for at, c in enumerate(columns) if c.shapes.keys() & _IDENTIFIERS and c.numbers is None]
    found: list[dict[str, float]] = [{} for _ in columns]
    if len(named) > 1:
        for at in named:
            rarer = sum(columns[other].distinct > columns[at].distinct for other in named)
            found[at]["rank"] = rarer / (len(named) - 1)
    return found


def _is_before(first: Floats, second: Floats) -> bool:
    both = ~np.isnan(first) & ~np.isnan(second)
    if both.sum() < 2:
        return False
    # Days and moments of the same day are in no order.
    whole = np.floor(first[both]) == first[both]
    left, right = first[both], second[both]
    if whole.all() or (np.floor(right) == right).all():
        left, right = np.floor(left), np.floor(right)
    return bool(
        np.mean(left <= right) >= _ORDERED and np.mean(left < right) - np.mean(left > right) >= _APART
    )


# ------------------------------------------------------------------------------ figures
def _arithmetic(columns: Sequence[Profile]) -> list[tuple[int, str]]:
    """Columns that are the sum or the product of two others."""
    figures = [(at, c.numbers[:_FIRST_ROWS]) for at, c in enumerate(columns) if c.numbers is not None]
    found = []
    for (x, a), (y, b) in itertools.combinations(figures[:_MOST_FIGURES], 2):
        for z, c in figures[:_MOST_FIGURES]:
            if z in (x, y) or not (_varies(a) and _varies(b)):
                continue
            if _agrees(_product(a, b), c):
                found += [(z, "product"), (x, "factor"), (y, "factor")]
            elif _agrees(a + b, c):
                found += [(z, "total"), (x, "part"), (y, "part")]
    return found


def _product(first: Floats, second: Floats) -> Floats:
    with np.errstate(over="ignore"):
        return np.asarray(first * second)


def _agrees(made: Floats, stated: Floats) -> bool:
    # Nothing times something is nothing: that proves no product.
    there = np.isfinite(made) & np.isfinite(stated) & (stated != 0) & (made != 0)
    if there.sum() < _LEAST_ROWS:
        return False
    gap = np.abs(made[there] - stated[there])
    return bool(np.mean(gap <= np.maximum(AMOUNT_TOLERANCE, 1e-4 * np.abs(stated[there]))) >= _HOLDS)


def _varies(column: Floats) -> bool:
    values = column[~np.isnan(column)]
    return bool(values.size and np.unique(values).size > 2)


# ----------------------------------------------------------------- dates inside ID numbers
def _card_births(columns: Sequence[Profile]) -> list[tuple[int, str]]:
    cards = [c for c in columns if c.shapes.get("id_card", 0.0) > 0.5]
    dated = [(at, c.days) for at, c in enumerate(columns) if c.days is not None]
    return [(at, "card_birth") for card in cards for at, days in dated if _inside(card, days)]


def _inside(card: Profile, days: Floats) -> bool:
    """Whether the days are those inside the ID numbers."""
    pairs = zip(card.cells.to_list(), days, strict=True)
    births = [(_birth(text), day) for text, day in pairs if text is not None and not math.isnan(day)]
    known = [(inside, day) for inside, day in births if inside is not None][:_FIRST_ROWS]
    # Midnight in the firm's zone is the day before by UTC's clock.
    same = sum(abs(inside - day) < 1 for inside, day in known)
    return len(known) >= 2 and same >= _HOLDS * len(known)


def _birth(number: str) -> int | None:
    if not re.fullmatch(idcard.PATTERN, number.upper()):
        return None
    try:
        return int(np.datetime64(f"{number[6:10]}-{number[10:12]}-{number[12:14]}").astype(int))
    except ValueError:
        return None


# ------------------------------------------------------------------------------- quotes
def _quotes(columns: Sequence[Profile]) -> list[tuple[int, str]]:
    """Figures that hardly vary within one value of another column: prices, by security."""
    groups = [
        (at, np.array([text or "" for text in column.cells.to_list()]))
        for at, column in enumerate(columns)
        if column.numbers is None and column.days is None and column.distinct_sampled >= _LEAST_GROUPS
    ]
    found = []
    for at, column in enumerate(columns):
        if column.numbers is None or not groups:
            continue
        within, group = min((_share_within(names, column.numbers), place) for place, names in groups)
        if within < _WITHIN:
            found += [(group, "quoting"), (at, "quoted")]
    return found


def _share_within(names: np.ndarray, numbers: Floats) -> float:
    """How much of the variance of the logarithms lies within groups of the same name; 1 where unknown."""
    good = ~np.isnan(numbers) & (numbers > 0) & (names != "")
    if good.sum() < _LEAST_QUOTES:
        return 1.0
    logs, (_, group) = np.log(numbers[good]), np.unique(names[good], return_inverse=True)
    size = np.bincount(group)
    # Groups of one vary not at all, and prove nothing.
    several = size[group] > 2
    overall = float(np.var(logs[several])) if several.sum() >= _LEAST_QUOTES else 0.0
    if overall == 0:
        return 1.0
    mean = np.bincount(group, logs) / size
    return float(np.mean((logs - mean[group])[several] ** 2)) / overall


# -------------------------------------------------------------------------------- twins
def _twins(columns: Sequence[Profile]) -> list[tuple[int, str]]:
    """Columns of numbers of the same make (the same letters before as many digits): both of clients."""
    makes = [(at, make) for at, c in enumerate(columns) if (make := _make(c)) is not None]
    return [(at, "twin") for at, make in makes if sum(make == other for _, other in makes) > 1]


def _make(column: Profile) -> str | None:
    if column.shapes.get("identifier", 0.0) < _HOLDS or column.seen < _LEAST_TWINS:
        return None
    makes = {re.sub(r"\d", "0", text) for text in column.counts}
    return makes.pop() if len(makes) == 1 else None


_FINDERS = (_arithmetic, _card_births, _quotes, _twins)
