"""The list of what was planted in the demo, for tests to look for in the reports."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from clientlib.simulate import vocabulary as words
from clientlib.simulate.clientele import ACTIVE, DRIFT_DAYS, Clientele
from clientlib.simulate.market import Market
from clientlib.simulate.people import client_ids
from clientlib.simulate.service import SLOW_FACTOR
from clientlib.simulate.streams import Ints
from clientlib.simulate.unfit import Unfit

GROUPS = {
    "over_level": "Ordinary clients who hold far more above their risk level than any limit allows.",
    "lowest_class_breach": "Clients of the lowest class who hold something that is not R1.",
    "above_level_trader": "Clients who buy above their level again and again, but hold none of it.",
    "drifting": "Clients who traded often, then stopped, sold and took their money away.",
    "concentrated": "Clients with more than nine tenths of their holdings in one security.",
    "active_high_value": "Wealthy clients who trade every week.",
    "margin_watch": "Margin accounts below the watch line, above the next one.",
    "margin_warn": "Margin accounts below the warning line, above the close-out line.",
    "margin_close_out": "Margin accounts below the close-out line.",
    "unpriced_holder": "Clients who hold the security that has no price.",
}
MISFITS = {
    "weaker_finances": "Clients who lost most of what they owned since their assessment, or owe most of it.",
    "score_below_level": "Clients whose newest score is one of the level below the one assessed.",
}


def planted(
    seed: int,
    clients: Clientele,
    misfits: Unfit,
    market: Market,
    areas: dict[str, pl.DataFrame],
    named: list[str],
) -> dict[str, Any]:
    """Every planted fact by its name; client numbers as in the areas."""
    cast = clients.cast
    groups = {name: {"what": what, "clients": _ids(cast.groups[name])} for name, what in GROUPS.items()}
    for name, what in MISFITS.items():
        groups[name] = {"what": what, "clients": _ids(getattr(misfits, name))}
    groups["drifting"]["since"] = str(np.datetime64(cast.end) - DRIFT_DAYS)
    return {
        "seed": seed,
        "client_count": clients.size,
        "start": cast.start.isoformat(),
        "end": cast.end.isoformat(),
        **market.facts,
        **groups,
        "expired_assessment": _expired(clients, areas["preferences"]),
        "duplicates": _duplicates(clients),
        "slow_branch": {
            "what": "A branch that takes `factor` times as many working hours to answer.",
            "branch": words.BRANCHES[cast.slow_branch].name,
            "factor": SLOW_FACTOR,
        },
        "happy_branch": {
            "what": "A branch whose clients recommend it more than others.",
            "branch": words.BRANCHES[cast.happy_branch].name,
        },
        "neglected_branch": {
            "what": "A branch that no longer asks its clients whether what the book says still holds.",
            "branch": words.BRANCHES[cast.neglected_branch].name,
        },
        "pending_contacts": {
            "what": "Contacts whose number is missing for a reason given in the remarks.",
            "clients": _pending(areas["contacts"]),
        },
        "comments_with_identity": {
            "what": "Comments that hold the client's own name and number.",
            "feedback": named,
        },
    }


def _ids(numbers: Ints) -> list[str]:
    return client_ids(numbers).to_list()


def _expired(clients: Clientele, preferences: pl.DataFrame) -> dict[str, Any]:
    """All whose newest assessment had run out by the end: those planted, and who had left before."""
    newest = preferences.group_by("client_id").agg(pl.col("expires_on").max())
    expired = newest.filter(pl.col("expires_on") < clients.cast.end)["client_id"].sort()
    active = client_ids(np.flatnonzero(clients.status == ACTIVE))
    return {
        "what": "Clients whose newest risk assessment has run out (closed and dormant accounts too).",
        "clients": expired.to_list(),
        "active_clients": expired.filter(expired.is_in(active.implode())).to_list(),
    }


def _duplicates(clients: Clientele) -> dict[str, Any]:
    groups = clients.cast.groups
    first, second = _ids(groups["duplicated"]), _ids(groups["duplicate"])
    return {
        "what": "Pairs of client numbers that are one person.",
        "pairs": [list(pair) for pair in zip(first, second, strict=True)],
    }


def _pending(contacts: pl.DataFrame) -> list[str]:
    return contacts.filter(pl.col("mobile").is_null())["client_id"].unique().sort().to_list()
