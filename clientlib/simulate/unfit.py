"""Clients whose level no longer fits, and nobody has assessed them anew: less is owned, the score is lower.

Chosen after all else is made, from streams of their own, among those who play no other part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from clientlib.config import Suitability
from clientlib.simulate.cast import FEWEST_CLIENTS_PER_MEMBER
from clientlib.simulate.clientele import ACTIVE, INDIVIDUAL, Clientele
from clientlib.simulate.profile import Assessments
from clientlib.simulate.streams import Flags, Ints, stream

SHARE, FEWEST = 0.003, 2
"""Of all clients in each of the two groups, and the smallest number."""
SETTLED_DAYS, FRESH_DAYS = 120, 600
"""An assessment of theirs is neither so new nor, with a validity of two years, so old."""
LEFT = 0.3
"""Of what was owned and not owed, so much is left to those who lost most of it ..."""
OWED = 0.88
"""... and so much of what they own is owed by the others, every second one."""


@dataclass(frozen=True)
class Unfit:
    """Client numbers, sorted; the groups share nobody."""

    weaker_finances: Ints
    score_below_level: Ints


def choose_unfit(seed: int, clients: Clientele, made: Assessments) -> Unfit:
    """Deal the two parts among ordinary people who are active and have a level that counts."""
    newest = _newest(made)
    age = (np.datetime64(clients.cast.end) - made.day[newest]).astype(np.int64)
    plain = ~clients.cast.planted & ~clients.professional
    plain &= (clients.kind == INDIVIDUAL) & (clients.status == ACTIVE)
    # From C2 on: nobody scores below C1.
    fit = plain[made.client[newest]] & (age >= SETTLED_DAYS) & (age <= FRESH_DAYS) & (made.level[newest] >= 2)
    able = made.client[newest][fit]
    wanted = max(round(SHARE * clients.size), min(FEWEST, clients.size // FEWEST_CLIENTS_PER_MEMBER))
    chosen = stream(seed, "unfit").permutation(able)[: 2 * wanted]
    return Unfit(np.sort(chosen[:wanted]), np.sort(chosen[wanted:]))


def _newest(made: Assessments) -> Ints:
    """The place of each client's newest assessment."""
    return np.flatnonzero(np.append(made.client[1:] != made.client[:-1], True))


def with_setbacks(
    seed: int, clients: Clientele, made: Assessments, unfit: Unfit, finances: pl.DataFrame
) -> pl.DataFrame:
    """`finances`, and a later statement of each client who has lost much of it, or owes much."""
    rng = stream(seed, "unfit.finances")
    newest = _newest(made)
    place = newest[np.isin(made.client[newest], unfit.weaker_finances)]
    room = (np.datetime64(clients.cast.end) - made.day[place]).astype(np.int64)
    day = made.day[place] + (30 + rng.random(len(place)) * (room - 60)).astype(np.int64)
    before = finances[place]
    lost: Flags = np.arange(len(place)) % 2 == 0
    total = np.where(lost, LEFT * before["net_assets"].to_numpy(), before["total_assets"].to_numpy()).round(2)
    debts = np.where(lost, 0.0, OWED * total).round(2)
    later = before.with_columns(
        as_of=pl.Series(day).cast(pl.Date),
        total_assets=total,
        financial_assets=np.minimum(before["financial_assets"].to_numpy(), total),
        net_assets=(total - debts).round(2),
        liabilities=debts,
    )
    return pl.concat([finances, later])


def with_low_scores(
    seed: int, made: Assessments, unfit: Unfit, preferences: pl.DataFrame, rules: Suitability
) -> pl.DataFrame:
    """`preferences`, where the newest score of some clients is one of the level below theirs."""
    rng = stream(seed, "unfit.scores")
    newest = _newest(made)
    place = newest[np.isin(made.client[newest], unfit.score_below_level)]
    bands = np.array([rules.score_bands[name] for name in ("C1", "C2", "C3", "C4", "C5")])
    level = made.level[place]
    low, high = np.maximum(bands[level - 2], 1), bands[level - 1]
    score = preferences["questionnaire_score"].to_numpy().copy()
    score[place] = np.floor(low + rng.random(len(place)) * (high - low))
    return preferences.with_columns(questionnaire_score=score)
