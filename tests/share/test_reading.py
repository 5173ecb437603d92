"""The current rows as they are shared: the newest, each with its branch, each field in the look agreed."""

from __future__ import annotations

import polars as pl

from clientlib.book import open_book
from clientlib.share.agreement import Agreed, agreements
from clientlib.share.reading import Newest, reading
from clientlib.workbook import Workbook

from .conftest import at, client, finance, take_in


def rows(firm: Workbook, department: str, area: str) -> pl.DataFrame:
    agreed = {each.name: each for each in agreements(firm.settings, firm.areas)}[department]
    return _read(firm, agreed, area)


def _read(firm: Workbook, agreed: Agreed, area: str) -> pl.DataFrame:
    shared = agreed.areas[area]
    with open_book(firm, role="administrator") as book, reading(book, list(agreed.areas.values())) as opened:
        return pl.concat(opened.frames(shared, agreed.branches))


def test_rows_are_those_of_the_branches_of_a_department(firm: Workbook) -> None:
    assert rows(firm, "north", "contacts")["client_id"].to_list() == ["C001", "C002"]
    assert rows(firm, "risk", "contacts")["client_id"].to_list() == ["C001", "C002", "C003"]


def test_a_client_who_moved_is_of_the_new_branch_with_all_rows(firm: Workbook) -> None:
    take_in(firm, clients=[client(3, "North", updated_at=at(2025))])
    assert rows(firm, "north", "contacts")["client_id"].to_list() == ["C001", "C002", "C003"]


def test_a_row_of_no_known_client_is_of_no_branch(firm: Workbook) -> None:
    take_in(firm, feedback=[{"feedback_id": "F9", "client_id": "C999", "given_at": at(2024)}])
    assert "C999" not in rows(firm, "north", "feedback")["client_id"].to_list()
    assert "C999" in rows(firm, "management", "feedback")["client_id"].to_list()


def test_merged_clients_are_one(firm: Workbook) -> None:
    with open_book(firm, role="data_entry", write=True) as book:
        book.merge("C001", "C003")
    assert rows(firm, "risk", "clients")["client_id"].to_list() == ["C001", "C002"]
    assert rows(firm, "risk", "trades")["client_id"].to_list() == ["C001", "C002", "C001"]


def test_what_is_in_bands_is_text_under_the_fields_own_name(firm: Workbook) -> None:
    assert rows(firm, "management", "finances")["annual_income"].to_list() == [
        "50,000–99,999",
        "100,000–199,999",
        "100,000–199,999",
    ]


def test_of_several_statements_the_newest_counts(firm: Workbook) -> None:
    take_in(firm, finances=[finance(1, 7.0, as_of=at(2025).date())])
    assert rows(firm, "risk", "finances")["annual_income"].to_list() == [7.0, 150_000.0, 150_000.0]


def test_an_area_without_rows_has_its_columns(firm: Workbook) -> None:
    empty = rows(firm, "marketing", "campaigns")
    assert (empty.height, empty.columns[0]) == (0, "campaign_id")


def test_as_of_when_is_the_last_batch(firm: Workbook) -> None:
    number = take_in(firm, finances=[finance(4)])
    with open_book(firm) as book:
        assert Newest.of(book) == Newest(number, book.batches()["recorded_at"].iloc[-1].to_pydatetime())
