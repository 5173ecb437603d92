"""The demo as a whole: the same from the same seed, of any size, valid row by row."""

from __future__ import annotations

import datetime as dt
import json

import polars as pl
import pytest

from clientlib import simulate
from clientlib.errors import ParameterError
from clientlib.simulate.streams import stream
from clientlib.tables import AREAS

REFERENCES = [
    ("contacts", "client_id", "clients"),
    ("finances", "client_id", "clients"),
    ("preferences", "client_id", "clients"),
    ("relations", "client_id", "clients"),
    ("relations", "related_client_id", "clients"),
    ("trades", "client_id", "clients"),
    ("trades", "security_id", "securities"),
    ("prices", "security_id", "securities"),
    ("service_requests", "client_id", "clients"),
    ("feedback", "client_id", "clients"),
    ("balances", "client_id", "clients"),
    ("acknowledgements", "client_id", "clients"),
    ("campaign_contacts", "client_id", "clients"),
    ("campaign_contacts", "campaign_id", "campaigns"),
]


def test_the_same_seed_gives_the_same_firm(small_firm: simulate.Demo) -> None:
    again = simulate.demo(seed=11, clients=50)
    assert again.planted == small_firm.planted
    assert all(again.areas[name].equals(small_firm.areas[name]) for name in AREAS)


def test_another_seed_gives_another_firm(small_firm: simulate.Demo) -> None:
    other = simulate.demo(seed=12, clients=50)
    assert not other.areas["trades"].equals(small_firm.areas["trades"])


def test_more_clients_do_not_shift_the_market(firm: simulate.Demo) -> None:
    alone = simulate.demo(seed=7, clients=1)
    assert alone.areas["prices"].equals(firm.areas["prices"])


def test_every_part_has_a_stream_of_its_own() -> None:
    first, again, other = (stream(7, name).random(3).tolist() for name in ("a", "a", "b"))
    assert first == again != other


@pytest.mark.parametrize(("clients", "years"), [(1, 1), (1, 3), (24, 2), (50, 3), (400, 1)])
def test_a_firm_of_any_size_has_exactly_its_clients(clients: int, years: int) -> None:
    made = simulate.demo(seed=3, clients=clients, years=years)
    assert made.areas["clients"]["client_id"].n_unique() == clients


@pytest.mark.parametrize("area", AREAS)
def test_every_row_is_valid(firm: simulate.Demo, area: str) -> None:
    _, failure = AREAS[area].schema.filter(firm.areas[area])
    assert failure.counts() == {}


@pytest.mark.parametrize(("seed", "clients", "years"), [(1, 1, 1), (5, 60, 2), (6, 300, 5)])
def test_every_row_is_valid_whatever_the_size(seed: int, clients: int, years: int) -> None:
    made = simulate.demo(seed=seed, clients=clients, years=years, end=dt.date(2024, 2, 29))
    failures = {name: AREAS[name].schema.filter(frame)[1].counts() for name, frame in made.areas.items()}
    assert failures == {name: {} for name in AREAS}


@pytest.mark.parametrize("area", AREAS)
def test_fields_and_types_are_the_declared_ones(firm: simulate.Demo, area: str) -> None:
    declared = {field.name: field.dtype for field in AREAS[area].fields}
    assert dict(firm.areas[area].schema) == declared


@pytest.mark.parametrize("area", AREAS)
def test_every_area_has_rows(firm: simulate.Demo, area: str) -> None:
    assert firm.areas[area].height > 0


@pytest.mark.parametrize("area", AREAS)
def test_keys_are_unique(firm: simulate.Demo, area: str) -> None:
    assert not firm.areas[area].select(AREAS[area].key).is_duplicated().any()


@pytest.mark.parametrize(("area", "field", "target"), REFERENCES)
def test_references_lead_somewhere(firm: simulate.Demo, area: str, field: str, target: str) -> None:
    key = AREAS[target].key[0]
    pointing = firm.areas[area].select(pl.col(field).alias(key)).drop_nulls()
    assert pointing.join(firm.areas[target], on=key, how="anti").is_empty()


@pytest.mark.parametrize("area", [name for name, info in AREAS.items() if info.business_date])
def test_nothing_happens_after_the_end(firm: simulate.Demo, area: str) -> None:
    day = firm.areas[area][AREAS[area].business_date or ""].drop_nulls()
    if isinstance(day.dtype, pl.Datetime):
        day = day.dt.convert_time_zone("Asia/Shanghai").dt.date()
    assert day.to_frame("day").filter(pl.col("day") > dt.date(2026, 6, 30)).is_empty()


def test_remarks_are_rare(firm: simulate.Demo) -> None:
    rows = sum(frame.height for frame in firm.areas.values())
    remarks = sum(frame["remarks"].count() for frame in firm.areas.values())
    assert 0 < remarks < rows / 1000


def test_what_was_planted_can_be_written_as_json(firm: simulate.Demo) -> None:
    assert json.loads(json.dumps(firm.planted)) == firm.planted


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"clients": 0}, {"clients": 10_000_000}, {"years": 0}])
def test_an_impossible_firm_is_refused_in_a_sentence(wrong: dict[str, int]) -> None:
    with pytest.raises(ParameterError, match=r"e\.g\. \d"):
        simulate.demo(**wrong)  # type: ignore[arg-type]
