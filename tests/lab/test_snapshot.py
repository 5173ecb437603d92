"""What the explorer reads from a book."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

from clientlib import config, custom, open_book
from clientlib.book import create_book
from clientlib.errors import KeyProblem, ParameterError
from clientlib.lab import Snapshot, search, take
from clientlib.lab.card import card_of
from clientlib.lab.snapshot import assemble, nothing
from clientlib.tables import AREAS
from clientlib.workbook import Workbook


def test_there_is_one_row_for_each_client(snapshot: Snapshot) -> None:
    assert snapshot.clients.index.is_unique
    assert len(snapshot.clients) == 60


def test_a_level_comes_with_whether_it_counts(snapshot: Snapshot) -> None:
    levels = snapshot.clients.loc[["K0001", "K0002", "K0003", "K0060"]]
    assert levels["level_status"].to_list() == ["valid", "expired", "expiring", "none"]


def test_an_expired_level_is_stated_but_does_not_count(snapshot: Snapshot) -> None:
    client = snapshot.clients.loc["K0002"]
    assert client["stated_level"] == "C3"
    assert pd.isna(client["level"])


def test_positions_say_whether_the_level_permits_them(snapshot: Snapshot) -> None:
    held = snapshot.positions[snapshot.positions["client_id"] == "K0001"].set_index("security_id")["allowed"]
    assert held["600001"] is False or not held["600001"]
    assert held["600002"]
    assert pd.isna(held["600003"])


def test_identity_that_comes_plain_is_masked(areas: dict[str, pd.DataFrame], snapshot: Snapshot) -> None:
    plain = areas["contacts"].assign(mobile="+8613912345678", email="bob@example.com")
    made = assemble(
        areas | {"contacts": plain},
        snapshot.positions,
        snapshot.clients[["currency", "market_value"]],
        _DAY,
        _SETTINGS,
    )
    assert set(made.clients["mobile"]) == {"139****5678"}
    assert set(made.clients["email"]) == {"b***@example.com"}


def test_an_area_without_identity_leaves_it_empty(areas: dict[str, pd.DataFrame], snapshot: Snapshot) -> None:
    hidden = areas["clients"].drop(columns=["full_name", "id_number"])
    made = assemble(
        areas | {"clients": hidden},
        snapshot.positions,
        snapshot.clients[["currency", "market_value"]],
        _DAY,
        _SETTINGS,
    )
    assert made.clients["full_name"].isna().all()


def test_free_text_is_scrubbed(snapshot: Snapshot) -> None:
    assert snapshot.service_requests["text"].to_list() == ["张**要求回电", "138****5678"]


def test_nothing_has_the_columns_of_something(snapshot: Snapshot) -> None:
    assert list(nothing().clients.columns) == list(snapshot.clients.columns)


def test_an_empty_book_gives_no_clients_and_no_date(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = _workbook(tmp_path_factory)
    made = take(empty)
    assert (made.as_of, len(made.clients), made.notice) == (None, 0, None)


def test_a_book_without_its_key_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = _workbook(tmp_path_factory)
    for key in empty.keys.iterdir():
        key.unlink()
    with pytest.raises(KeyProblem):
        take(empty)


def _workbook(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    folder = tmp_path_factory.mktemp("firm")
    (folder / config.SETTINGS_FILE).write_text("", "utf-8")
    made = Workbook(folder)
    create_book(made)
    return made


# ------------------------------------------------------------------------------ a real book
@pytest.mark.slow
def test_every_client_of_the_demo_is_there(demo_workbook: Workbook) -> None:
    made = take(demo_workbook)
    with open_book(demo_workbook) as book:
        assert sorted(made.clients.index) == sorted(book.area("clients", as_of=made.as_of)["client_id"])


@pytest.mark.slow
def test_no_identity_of_the_demo_is_plain_in_any_frame(demo_workbook: Workbook) -> None:
    made = take(demo_workbook)
    with open_book(demo_workbook, role="data_entry") as book:
        secrets = {
            str(value)
            for name in ("clients", "contacts")
            for field in AREAS[name].identity
            for value in book.area(name)[field].dropna()
        }
    frames = (made.clients, made.positions, made.trades, made.service_requests, made.feedback)
    shown = {str(v) for frame in frames for column in frame for v in frame[column].dropna().unique()}
    assert shown & secrets == set()


@pytest.mark.slow
def test_the_book_is_closed_for_the_next_writer(demo_workbook: Workbook) -> None:
    take(demo_workbook)
    with open_book(demo_workbook, role="data_entry", write=True) as book:
        assert len(book.batches())


@pytest.mark.slow
def test_an_earlier_date_shows_what_was_then(demo_workbook: Workbook) -> None:
    made = take(demo_workbook, "2024-12-31")
    assert made.as_of == dt.date(2024, 12, 31)
    assert made.trades["traded_at"].max() < pd.Timestamp("2025-01-01", tz="Asia/Shanghai")


@pytest.mark.slow
def test_a_date_that_is_none_is_refused(demo_workbook: Workbook) -> None:
    with pytest.raises(ParameterError, match="2026-06-30"):
        take(demo_workbook, "last Friday")


_DAY = dt.date(2026, 6, 30)
_SETTINGS = config.load()


# ------------------------------------------------------------------------ the firm's own fields
OWN = """
[clients.club]
title_en = "Club"
title_zh = "俱乐部"
type = "code"
codes = { g = ["Golf", "高尔夫"] }
"""


@pytest.fixture(scope="module")
def with_own_field(snapshot: Snapshot) -> Snapshot:
    clients = snapshot.clients.assign(club=pd.Series({"K0002": "g"}, dtype="str"))
    return replace(snapshot, table=custom.extended(OWN), clients=clients)


def test_a_field_of_the_firms_own_is_searched_by_its_labels(with_own_field: Snapshot) -> None:
    texts = search.searchable(with_own_field.clients, with_own_field.table)
    found = search.find(with_own_field.clients, texts, search.Query(text="高尔夫"))
    assert list(found.index) == ["K0002"]


def test_a_field_of_the_firms_own_stands_on_the_card(with_own_field: Snapshot) -> None:
    facts = {fact.field.name: fact.value for fact in card_of(with_own_field, "K0002").basics}
    assert facts["club"] == "g"


def test_a_field_of_the_firms_own_is_a_column_of_an_empty_snapshot() -> None:
    assert "club" in nothing(table=custom.extended(OWN)).clients
