"""Once a year somebody asks each client whether what the book says still holds; one branch has stopped."""

from __future__ import annotations

import numpy as np
import polars as pl

from clientlib.simulate.clientele import Clientele
from clientlib.simulate.people import client_ids, ended_on, instants
from clientlib.simulate.streams import Flags, stream

YEARS = 2
"""Reviews of the last two years are in the book; older ones were never keyed in."""
USUAL, NEGLECTED = 0.94, 0.3
"""Chance that a client is reviewed in a year; and in the last year at the neglected branch."""
NEVER_STATED = 0.1
"""Share of the neglected branch's clients who were let off without stating their income."""
INCOME_REMARK = "客户未提供收入证明，待补"


def with_reviews(seed: int, clients: Clientele, versions: pl.DataFrame) -> pl.DataFrame:
    """`versions` (of clients or contacts), and a row each time one was confirmed: the same but its date."""
    confirmed = _visits(seed, clients).join_asof(
        versions.sort("updated_at"), on="updated_at", by="client_id", check_sortedness=False
    )
    return pl.concat([versions, confirmed.select(versions.columns)]).sort("updated_at", "client_id")


def _visits(seed: int, clients: Clientele) -> pl.DataFrame:
    """client_id and updated_at of every review, in order of time."""
    rng = stream(seed, "reviews")
    end = np.datetime64(clients.cast.end)
    phase = rng.integers(1, 350, clients.size)
    parts = []
    for year in range(YEARS):
        day = end - phase - 365 * year
        chance = np.where(neglected(clients) & (year == 0), NEGLECTED, USUAL)
        held = (rng.random(clients.size) < chance) & (day > clients.opened + 90) & (day < ended_on(clients))
        # After the offices close: no other version of a client is of that moment.
        seconds = rng.integers(17 * 3600, 19 * 3600, clients.size)
        frame = pl.DataFrame(
            {"client_id": client_ids(np.arange(clients.size)), "updated_at": instants(day, seconds)}
        )
        parts.append(frame.filter(pl.Series(held)))
    return pl.concat(parts).sort("updated_at", "client_id")


def without_some_incomes(seed: int, clients: Clientele, finances: pl.DataFrame) -> pl.DataFrame:
    """`finances`, some clients of the neglected branch without their income, and a remark that says why."""
    rng = stream(seed, "reviews.incomes")
    plain = ~clients.cast.planted & ~clients.professional
    silent = neglected(clients) & plain & (rng.random(clients.size) < NEVER_STATED)
    lacking = pl.col("client_id").is_in(client_ids(np.flatnonzero(silent)).implode())
    return finances.with_columns(
        annual_income=pl.when(~lacking).then("annual_income"),
        remarks=pl.when(lacking).then(pl.lit(INCOME_REMARK)).otherwise("remarks"),
    )


def neglected(clients: Clientele) -> Flags:
    """(size,) who belongs to the branch that has stopped asking."""
    flags: Flags = clients.branch == clients.cast.neglected_branch
    return flags
