"""Clients registered twice, in the ways in which that happens, and people who only look like one another.

Made from a demo's own clients and with the truth beside them, so that whatever looks for duplicates can
be measured. None of it is part of the demo firm itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from clientlib.simulate import duplicates_again as again
from clientlib.simulate import duplicates_strangers as lookalikes
from clientlib.simulate.duplicates_again import HOMOPHONES, Random, Registration
from clientlib.simulate.firm import Demo
from clientlib.simulate.people import client_ids
from clientlib.simulate.streams import stream

SHARE_OF_KIND = 0.008
"""Of each kind of duplicate and of look-alike so many a client of the demo, within `FEWEST` and `MOST`."""
FEWEST, MOST = 4, 60


@dataclass(frozen=True)
class PlantedDuplicates:
    """Clients among whom some are the same.

    Attributes
    ----------
    clients, contacts : polars.DataFrame
        The areas of the demo with the planted clients added; several dated rows a client.
    pairs : polars.DataFrame
        client_id_l < client_id_r and kind, of all pairs that are one client.
    strangers : polars.DataFrame
        The same of pairs that were made to look alike and are not.
    """

    clients: pl.DataFrame
    contacts: pl.DataFrame
    pairs: pl.DataFrame
    strangers: pl.DataFrame


Change: TypeAlias = Callable[[Random, Registration], None]
Origin: TypeAlias = Callable[[Registration], bool]


def plant_duplicates(demo: Demo, seed: int) -> PlantedDuplicates:
    """Register some of a demo's clients a second time, and add look-alikes of others.

    Parameters
    ----------
    demo : Demo
        Its own few duplicates count as pairs of the kind `same_id`.
    seed : int
        Chooses who and how; the same seed gives the same.
    """
    known = [sorted(pair) for pair in demo.planted["duplicates"]["pairs"]]
    first = _newest(demo)
    for number in {client for pair in known for client in pair}:
        first.pop(number, None)
    free = [first[number] for number in stream(seed, "duplicates.order").permutation(sorted(first))]
    each = min(max(round(SHARE_OF_KIND * len(first)), FEWEST), MOST)
    added: list[Registration] = []
    pairs = [(*pair, "same_id") for pair in known]
    strangers: list[tuple[str, str, str]] = []
    offset = demo.areas["clients"]["client_id"].n_unique()
    for kinds, found in ((DUPLICATES, pairs), (STRANGERS, strangers)):
        for kind, (fits, change) in kinds.items():
            rng = stream(seed, f"duplicates.{kind}")
            for origin in _take(free, fits, each):
                second = deepcopy(origin)
                second.client["client_id"] = client_ids(np.array([offset + len(added)]))[0]
                second.contact["client_id"] = second.client["client_id"]
                change(rng, second)
                added.append(second)
                found.append((*sorted((origin.client["client_id"], second.client["client_id"])), kind))
    return PlantedDuplicates(
        _joined(demo.areas["clients"], [r.client for r in added]),
        _joined(demo.areas["contacts"], [r.contact for r in added]),
        _as_frame(pairs),
        _as_frame(strangers),
    )


def _newest(demo: Demo) -> dict[str, Registration]:
    rows = {
        area: demo.areas[area].sort("updated_at").unique("client_id", keep="last", maintain_order=True)
        for area in ("clients", "contacts")
    }
    contacts = {row["client_id"]: row for row in rows["contacts"].iter_rows(named=True)}
    return {
        row["client_id"]: Registration(row, contacts[row["client_id"]])
        for row in rows["clients"].iter_rows(named=True)
        if contacts.get(row["client_id"], {}).get("mobile")
    }


def _take(free: list[Registration], fits: Origin, count: int) -> list[Registration]:
    """The first `count` that fit, taken out of `free`: nobody plays two parts."""
    taken = [registration for registration in free if fits(registration)][:count]
    numbers = {registration.client["client_id"] for registration in taken}
    free[:] = [registration for registration in free if registration.client["client_id"] not in numbers]
    return taken


def _joined(area: pl.DataFrame, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    added = pl.DataFrame(rows, schema=area.schema)
    return pl.concat([area, added]).sort("updated_at", "client_id")


def _as_frame(pairs: Sequence[Sequence[str]]) -> pl.DataFrame:
    names = ("client_id_l", "client_id_r", "kind")
    return pl.DataFrame(list(pairs), schema=dict.fromkeys(names, pl.String), orient="row")


# ------------------------------------------------------------------------- who fits a part


def _person(registration: Registration) -> bool:
    return bool(registration.client["client_type"] == "individual")


def _with_card(registration: Registration) -> bool:
    return _person(registration) and registration.client["id_type"] == "id_card"


def _of_old_days(registration: Registration) -> bool:
    """Old enough to have had a card of fifteen digits."""
    return _with_card(registration) and registration.client["id_number"][6:8] == "19"


def _with_han_name(registration: Registration) -> bool:
    name = registration.client["full_name"]
    return _with_card(registration) and 2 <= len(name) <= 4 and name[0] > "\u2e80" and "·" not in name


def _with_homophone(registration: Registration) -> bool:
    return _with_han_name(registration) and registration.client["full_name"][-1] in HOMOPHONES


def _with_two_given(registration: Registration) -> bool:
    return _with_han_name(registration) and len(registration.client["full_name"]) == 3


def _firm(registration: Registration) -> bool:
    return bool(registration.client["client_type"] == "institution")


def _product(registration: Registration) -> bool:
    return bool(registration.client["client_type"] == "product")


DUPLICATES: dict[str, tuple[Origin, Change]] = {
    "same_id": (_person, again.same_id),
    "traditional": (_with_han_name, again.traditional),
    "homophone": (_with_homophone, again.homophone),
    "moved_phone": (_with_card, again.moved_phone),
    "transposed_id": (_with_card, again.transposed_id),
    "mistyped_id": (_with_card, again.mistyped_id),
    "check_character": (_with_card, again.wrong_check_character),
    "old_card": (_of_old_days, again.old_card),
    "other_document": (_with_card, again.other_document),
    "latin_name": (_with_han_name, again.latin_name),
    "married": (_with_card, again.married),
    "birth_slip": (_with_card, again.birth_slip),
    "company_form": (_firm, again.company_form),
}
"""Every kind of duplicate: who it can happen to, and what is different the second time."""

STRANGERS: dict[str, tuple[Origin, Change]] = {
    "spouses": (_with_card, lookalikes.spouse),
    "parent_and_child": (_with_han_name, lookalikes.parent),
    "twins": (_with_two_given, lookalikes.twin),
    "namesakes": (_with_card, lookalikes.namesake),
    "products_of_a_manager": (_product, lookalikes.product_of_manager),
    "group_companies": (_firm, lookalikes.group_company),
    "companies_of_one_name": (_firm, lookalikes.company_of_same_name),
    "representative": (_firm, lookalikes.representative),
}
"""Every kind of look-alike likewise."""
