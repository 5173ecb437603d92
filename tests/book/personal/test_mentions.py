"""Where else in the book's own words a client is named is told, and nothing of it is changed."""

from __future__ import annotations

from typing import Any

import pytest

from clientlib.book import open_book
from clientlib.book.personal import erase
from clientlib.book.personal.mentions import Mention
from clientlib.workbook import Workbook
from tests.book.personal.conftest import ANN, BOB, day

WHY = "asked in writing"


def told(workbook: Workbook) -> set[Mention]:
    return set(erase(workbook, ANN, WHY, only_look=True).mentions)


def test_a_mobile_in_anothers_comment_is_told(mine: Workbook) -> None:
    assert told(mine) == {Mention("feedback", "F2")}


@pytest.mark.parametrize("text", ["of 欧阳翡翠", "wife: C001", "see E7654321", "RARE rare.ann@example.com"])
def test_whatever_the_client_is_known_by_is_looked_for(mine: Workbook, hand_in: Any, text: str) -> None:
    request = {
        "request_id": "Q9",
        "client_id": BOB,
        "opened_at": day(2024),
        "category": "advice",
        "status": "open",
        "text": text,
    }
    with open_book(mine, role="data_entry", write=True) as book:
        book.import_checked([hand_in(service_requests=[request])], source="4.csv")
    assert Mention("service_requests", "Q9") in told(mine)


def test_a_hand_in_called_by_the_client_is_told(mine: Workbook, hand_in: Any, client: Any) -> None:
    with open_book(mine, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[client(5)])], source="欧阳翡翠.xlsx")
    assert Mention("batches", "4") in told(mine)


def test_the_clients_own_rows_are_no_mention(mine: Workbook) -> None:
    assert not any(one.area == "clients" for one in told(mine))
