"""A hand-in cannot bring an erased client back: such rows are refused, each with a finding."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clientlib.book import ImportResult, open_book
from clientlib.book.personal import erase
from clientlib.book.personal.erased import RULE, Erased, digest
from clientlib.intake.result import CheckResult
from clientlib.workbook import Workbook
from tests.book.personal.conftest import ANN, BOB

Row = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def pattern(filled: Workbook, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    made = Workbook(Path(shutil.copytree(filled.folder, tmp_path_factory.mktemp("without") / "firm")))
    erase(made, ANN, "asked in writing")
    return made


@pytest.fixture
def without_ann(pattern: Workbook, tmp_path: Path) -> Workbook:
    """A book that Ann was erased from."""
    return Workbook(Path(shutil.copytree(pattern.folder, tmp_path / "firm")))


def imported(workbook: Workbook, *chunks: CheckResult, **how: Any) -> ImportResult:
    with open_book(workbook, role="data_entry", write=True) as book:
        return book.import_checked(chunks, source="again.csv", **how)


def test_rows_of_an_erased_client_are_refused_one_by_one(
    without_ann: Workbook, hand_in: Any, client: Row, trade: Row
) -> None:
    chunk = hand_in(clients=[client(1), client(3)], trades=[trade(9, client_id=ANN)])
    result = imported(without_ann, chunk)
    assert result.areas["rejected"].to_dict() == {"clients": 1, "trades": 1}
    assert set(result.findings["rule"]) == {RULE}
    assert list(result.findings["row"]) == [2, 2]


def test_rows_in_are_still_accepted_and_rejected(without_ann: Workbook, hand_in: Any, client: Row) -> None:
    areas = imported(without_ann, hand_in(clients=[client(1), client(3)])).areas
    assert (areas["rows_in"] == areas["accepted"] + areas["rejected"]).all()


@pytest.mark.parametrize(("language", "said"), [("en", "by batch 4"), ("zh", "第4批")])
def test_the_finding_says_by_which_batch(
    without_ann: Workbook, hand_in: Any, client: Row, language: str, said: str
) -> None:
    findings = imported(without_ann, hand_in(clients=[client(1)])).findings
    assert said in findings[f"message_{language}"][0]


def test_a_relation_to_an_erased_client_is_refused(without_ann: Workbook, hand_in: Any) -> None:
    relation = {"relation_id": "R9", "client_id": BOB, "related_client_id": ANN, "kind": "spouse"}
    result = imported(without_ann, hand_in(relations=[relation]))
    assert result.batch is None
    assert list(result.findings["field"]) == ["related_client_id"]


def test_a_hand_in_of_nothing_else_changes_nothing(without_ann: Workbook, hand_in: Any, client: Row) -> None:
    assert imported(without_ann, hand_in(clients=[client(1)])).batch is None


def test_all_or_nothing_withholds_the_rest(without_ann: Workbook, hand_in: Any, client: Row) -> None:
    assert imported(without_ann, hand_in(clients=[client(1), client(3)]), all_or_nothing=True).withheld


def test_a_preview_says_so_too(without_ann: Workbook, hand_in: Any, client: Row) -> None:
    with open_book(without_ann, role="data_entry", write=True) as book:
        looked = book.preview([hand_in(clients=[client(1), client(3)])], source="again.csv")
    assert looked.result.areas.loc["clients", "rejected"] == 1


def test_the_same_person_under_a_new_number_is_a_new_client(
    without_ann: Workbook, hand_in: Any, client: Row
) -> None:
    again = client(7, full_name="欧阳翡翠", id_number="E7654321")
    assert imported(without_ann, hand_in(clients=[again])).areas.loc["clients", "new"] == 1


def test_a_digest_tells_books_apart() -> None:
    assert digest(ANN, "one book") != digest(ANN, "another")


def test_a_book_without_erasures_hands_chunks_on_as_they_are(hand_in: Any, client: Row) -> None:
    chunks = [hand_in(clients=[client(1)])]
    assert Erased("book", {}).refusing(chunks, {}) is chunks
