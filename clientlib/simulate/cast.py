"""Who plays which part: groups of clients, apart from each other, for each fact that is planted.

Chosen before anything else is made, so that people, trades, service and balances can all act on it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from clientlib.simulate import vocabulary as words
from clientlib.simulate.streams import Flags, Ints, stream

GROUPS: dict[str, tuple[float, int]] = {
    # name: share of all clients, smallest number
    "lowest_class_breach": (0.0, 3),
    "margin_watch": (0.0008, 1),
    "margin_warn": (0.0008, 1),
    "margin_close_out": (0.0006, 1),
    "over_level": (0.02, 3),
    "drifting": (0.03, 3),
    "concentrated": (0.008, 2),
    "active_high_value": (0.02, 3),
    "above_level_trader": (0.006, 2),
    "expired_assessment": (0.04, 3),
    "unpriced_holder": (0.0, 3),
    "duplicate": (0.002, 1),
    "duplicated": (0.002, 1),
    "margin_healthy": (0.02, 2),
}
FEWEST_CLIENTS_PER_MEMBER = 25
"""A group has at most one member for so many clients: a demo of one client is an ordinary client."""


@dataclass(frozen=True)
class Cast:
    """The parts: `groups` name → client numbers (disjoint), and three branches with a character."""

    size: int
    start: dt.date
    end: dt.date
    groups: dict[str, Ints]
    slow_branch: int
    happy_branch: int
    neglected_branch: int

    def flag(self, *names: str) -> Flags:
        """(size,) whether a client belongs to one of the groups."""
        flags = np.zeros(self.size, dtype=bool)
        for name in names:
            flags[self.groups[name]] = True
        return flags

    @property
    def person(self) -> Ints:
        """(size,) the number of the client whose person each one is: its own, but for duplicates."""
        owner = np.arange(self.size)
        owner[self.groups["duplicate"]] = self.groups["duplicated"]
        return owner

    @property
    def planted(self) -> Flags:
        return self.flag(*GROUPS)


def choose_cast(seed: int, size: int, start: dt.date, end: dt.date) -> Cast:
    """Deal the parts to `size` clients."""
    rng = stream(seed, "cast")
    order = rng.permutation(size)
    groups, taken = {}, 0
    for name, (share, fewest) in GROUPS.items():
        count = max(round(share * size), min(fewest, size // FEWEST_CLIENTS_PER_MEMBER))
        groups[name] = np.sort(order[taken : taken + count]).astype(np.int64)
        taken += count
    # Neither among the smallest branches: their numbers would be too few to tell.
    slow, happy = rng.choice(len(words.BRANCHES) - 3, size=2, replace=False)
    others = np.setdiff1d(np.arange(len(words.BRANCHES) - 3), [slow, happy])
    neglected = stream(seed, "cast.neglected").choice(others)
    return Cast(size, start, end, groups, int(slow), int(happy), int(neglected))
