"""The planted duplicates are what they are said to be, and the demo's own rows stay as they were."""

from __future__ import annotations

import polars as pl
import pytest

from clientlib import simulate
from clientlib.simulate.duplicates import DUPLICATES, STRANGERS, PlantedDuplicates, plant_duplicates


@pytest.fixture(scope="module")
def planted(firm: simulate.Demo) -> PlantedDuplicates:
    return plant_duplicates(firm, seed=5)


def test_every_kind_is_there(planted: PlantedDuplicates) -> None:
    assert set(planted.pairs["kind"]) == set(DUPLICATES)
    assert set(planted.strangers["kind"]) == set(STRANGERS)


def test_the_demo_keeps_its_rows(planted: PlantedDuplicates, firm: simulate.Demo) -> None:
    for area in ("clients", "contacts"):
        kept = getattr(planted, area).join(
            firm.areas[area].select("client_id").unique(), on="client_id", how="semi"
        )
        assert kept.sort(pl.all()).equals(firm.areas[area].sort(pl.all()))


def test_nobody_plays_two_parts(planted: PlantedDuplicates) -> None:
    parts = pl.concat([planted.pairs, planted.strangers])
    assert pl.concat([parts["client_id_l"], parts["client_id_r"]]).is_unique().all()


def test_pairs_are_in_order(planted: PlantedDuplicates) -> None:
    assert (planted.pairs["client_id_l"] < planted.pairs["client_id_r"]).all()


def test_the_demos_own_duplicates_are_among_the_pairs(
    planted: PlantedDuplicates, firm: simulate.Demo
) -> None:
    known = {tuple(sorted(pair)) for pair in firm.planted["duplicates"]["pairs"]}
    assert known <= set(planted.pairs.select("client_id_l", "client_id_r").iter_rows())


def test_no_look_alike_has_somebody_elses_card(planted: PlantedDuplicates) -> None:
    second = planted.strangers.filter(pl.col("kind") != "products_of_a_manager")["client_id_r"]
    numbers = planted.clients.unique(["client_id", "id_number"])
    taken = numbers.join(numbers, on="id_number").filter(pl.col("client_id") != pl.col("client_id_right"))
    assert not set(taken["client_id"]) & set(second)


def test_the_same_seed_plants_the_same(planted: PlantedDuplicates, firm: simulate.Demo) -> None:
    again = plant_duplicates(firm, seed=5)
    assert again.clients.equals(planted.clients)
    assert again.contacts.equals(planted.contacts)
