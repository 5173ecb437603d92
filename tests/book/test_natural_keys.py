"""The book tells whose ID numbers and mobiles are whose, while it is read and while it is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clientlib.book import Book, open_book
from clientlib.errors import PermissionRefused
from clientlib.intake import check_file, stream
from clientlib.workbook import Workbook

Row = Callable[..., dict[str, Any]]
HEADER = "id_number,as_of,annual_income,currency"


@pytest.fixture
def filled(workbook: Workbook, importing: Callable[..., Any], hand_in: Any, client: Row) -> Workbook:
    """C001 had another passport before; C002 has one."""
    importing(hand_in(clients=[client(1, id_number="OLD12345"), client(2)]))
    later = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    importing(hand_in(clients=[client(1, id_number="NEW12345", updated_at=later)]))
    return workbook


def statement(workbook: Workbook, number: str) -> Path:
    path = workbook.folder / "finances.csv"
    path.write_text(f"{HEADER}\n{number},2024-06-30,1,CNY\n", "utf-8")
    return path


def owner(book: Book, path: Path) -> list[str]:
    result = check_file(path, natural_keys=book.natural_keys())
    return [client for frame in result.accepted.values() for client in frame["client_id"]]


def test_a_passport_tells_its_client(filled: Workbook) -> None:
    with open_book(filled, role="data_entry") as book:
        assert owner(book, statement(filled, "E1234002")) == ["C002"]


def test_only_the_newest_record_counts(filled: Workbook) -> None:
    with open_book(filled, role="data_entry") as book:
        assert owner(book, statement(filled, "NEW12345")) == ["C001"]
        assert owner(book, statement(filled, "OLD12345")) == []


def test_rows_are_told_while_they_are_imported(filled: Workbook) -> None:
    path = statement(filled, "NEW12345")
    with open_book(filled, role="data_entry", write=True) as book:
        chunks = stream(path, natural_keys=book.natural_keys())
        assert book.import_checked(chunks, source=path.name).batch == 3
        assert book.area("finances")["client_id"].tolist() == ["C001"]


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("number", ["E1234002", "NEW12345"])
def test_the_number_of_either_merged_client_tells_the_kept_one(
    filled: Workbook, write: bool, number: str
) -> None:
    with open_book(filled, role="data_entry", write=True) as book:
        book.merge("C002", "C001")
    with open_book(filled, role="data_entry", write=write) as book:
        assert owner(book, statement(filled, number)) == ["C002"]


@pytest.mark.parametrize("role", ["analyst", "manager"])
def test_a_role_that_does_not_see_identity_is_told_so(filled: Workbook, role: str) -> None:
    with open_book(filled, role=role) as book, pytest.raises(PermissionRefused, match="Fill in the client"):
        book.natural_keys()
