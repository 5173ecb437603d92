"""The history of a client: each change of each row, whose it was, and what is not told to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from clientlib.book import account, open_book
from clientlib.errors import BookError, PermissionRefused
from clientlib.workbook import Workbook

Import = Callable[..., Any]
Row = Callable[..., dict[str, Any]]


def history(workbook: Workbook, client: str = "C001", role: str = "data_entry") -> pd.DataFrame:
    with open_book(workbook, role=role) as book:
        return book.history(client)


def told(frame: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    shown = frame[list(columns)].astype(object)
    return list(shown.where(shown.notna(), None).itertuples(index=False, name=None))


def change(workbook: Workbook, act: str, *arguments: Any) -> int:
    with open_book(workbook, role="data_entry", write=True) as book:
        return int(getattr(book, act)(*arguments))


def utc(year: int, month: int = 1, day: int = 1) -> dt.datetime:
    return dt.datetime(year, month, day, tzinfo=dt.UTC)


# ------------------------------------------------------------------------------ what happened
def test_a_first_record_tells_each_filled_field(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1), client(2)]), source="north.xlsx")
    found = history(workbook)
    assert set(found["kind"]) == {"new"}
    assert found["before"].isna().all()
    assert dict(told(found, "field", "after"))["full_name"] == "王小001"
    assert "employer" not in found["field"].tolist()
    assert set(told(found, "source", "client_id", "area", "key")) == {
        ("north.xlsx", "C001", "clients", "C001 · 2024-01-01 08:00:00")
    }


def test_a_new_version_is_told_against_the_one_before_it(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    importing(hand_in(clients=[client(1, branch="South", updated_at=utc(2025))]))
    found = history(workbook).query("batch == 2")
    assert told(found, "kind", "field", "before", "after") == [
        ("changed", "branch", "North", "South"),
        ("changed", "updated_at", "2024-01-01 08:00:00", "2025-01-01 08:00:00"),
    ]


def test_a_back_dated_version_is_told_against_what_was_known_to_lie_before_it(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1, branch="A", updated_at=utc(2020))]))
    importing(hand_in(clients=[client(1, branch="C", updated_at=utc(2024))]))
    importing(hand_in(clients=[client(1, branch="B", updated_at=utc(2022))]))
    found = history(workbook).query("field == 'branch'")
    assert told(found, "before", "after") == [(None, "A"), ("A", "C"), ("A", "B")]


def test_other_contents_of_a_record_are_a_correction(
    workbook: Workbook, importing: Import, hand_in: Any, trade: Row
) -> None:
    importing(hand_in(trades=[trade(1)]))
    importing(hand_in(trades=[trade(1, fee=9.0)]))
    found = history(workbook).query("batch == 2")
    assert told(found, "kind", "key", "field", "before", "after") == [("corrected", "T001", "fee", "0", "9")]


def test_a_row_put_to_another_client_is_told_of_both(
    workbook: Workbook, importing: Import, hand_in: Any, trade: Row
) -> None:
    importing(hand_in(trades=[trade(1)]))
    importing(hand_in(trades=[trade(1, client_id="C002")]))
    left = history(workbook, "C001").query("batch == 2 and field == 'trade_id'")
    came = history(workbook, "C002").query("batch == 2 and field == 'trade_id'")
    assert told(left, "kind", "before", "after") == [("moved", "T001", None)]
    assert told(came, "kind", "before", "after") == [("moved", None, "T001")]


# -------------------------------------------------------------------------- taken back, merged
def test_what_was_taken_back_and_brought_back_is_told_each_time(
    workbook: Workbook, importing: Import, hand_in: Any, trade: Row
) -> None:
    importing(hand_in(trades=[trade(1)]))
    importing(hand_in(trades=[trade(1, fee=9.0)]))
    change(workbook, "undo", 2)
    change(workbook, "undo", 3)
    found = history(workbook).query("field == 'fee'")
    assert told(found, "batch", "kind", "before", "after", "undone_by") == [
        (1, "new", None, "0", None),
        (2, "corrected", "0", "9", None),
        (3, "undone", "9", "0", 4),
        (4, "restored", "0", "9", None),
    ]


def test_a_client_whose_batch_was_taken_back_still_has_a_history(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    change(workbook, "undo", 1)
    found = history(workbook).query("field == 'branch'")
    assert told(found, "kind", "before", "after", "undone_by") == [
        ("new", None, "North", 2),
        ("undone", "North", None, None),
    ]


@pytest.mark.parametrize("asked", ["C001", "C002"])
def test_a_merged_client_is_told_with_both_numbers_whichever_is_asked_for(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, asked: str
) -> None:
    importing(hand_in(clients=[client(1), client(2), client(3)]))
    change(workbook, "merge", "C001", "C002")
    found = history(workbook, asked)
    assert told(found.query("field == 'branch'"), "client_id", "after") == [
        ("C001", "North"),
        ("C002", "North"),
    ]
    assert told(found.query("batch == 2"), "kind", "client_id", "before", "after") == [
        ("merged", "C002", "C002", "C001")
    ]


def test_decisions_taken_back_are_told_of_both_clients(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1), client(2)]))
    change(workbook, "merge", "C001", "C002")
    change(workbook, "undo", 2)
    change(workbook, "keep_apart", "C001", "C002")
    expected = [(2, "merged", 3), (3, "undone", None), (4, "kept_apart", None)]
    for asked in ("C001", "C002"):
        assert told(history(workbook, asked).query("batch > 1"), "batch", "kind", "undone_by") == expected


# ------------------------------------------------------------------------------- who sees what
@pytest.fixture
def renamed(workbook: Workbook, importing: Import, hand_in: Any, client: Row) -> Workbook:
    """C001 had another name and another birth date before."""
    importing(hand_in(clients=[client(1)]))
    importing(hand_in(clients=[client(1, full_name="王大", birth_date=dt.date(1979, 1, 1))]))
    return workbook


def test_a_role_that_does_not_see_identity_hears_nothing_of_it(renamed: Workbook) -> None:
    found = history(renamed, role="marketing")
    assert not {"full_name", "id_number"} & set(found["field"])
    assert "王" not in found.to_csv()


def test_masked_identity_is_told_to_have_changed(renamed: Workbook) -> None:
    found = history(renamed, role="analyst").query("batch == 2 and field == 'full_name'")
    assert told(found, "before", "after") == [("王**", "王**")]


def test_an_id_number_keeps_the_ends_that_the_firm_settled(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    with (workbook.folder / "workbook.toml").open("a", encoding="utf-8") as settings:
        settings.write("[masks]\nid_number = [3, 2]\n")
    importing(hand_in(clients=[client(1)]))
    found = history(Workbook(workbook.folder), role="analyst").query("field == 'id_number'")
    assert found["after"].str.match(r"E12[^0-9]+01$").tolist() == [True]


def test_fields_above_the_role_are_not_told(renamed: Workbook) -> None:
    assert "birth_date" not in history(renamed, role="marketing")["field"].tolist()


def test_what_shows_in_bands_is_told_in_bands(renamed: Workbook) -> None:
    found = history(renamed, role="manager").query("field == 'birth_date'")
    assert told(found, "before", "after") == [(None, "1980–1989"), ("1980–1989", "1970–1979")]


def test_areas_that_the_role_does_not_see_are_not_told(
    renamed: Workbook, importing: Import, hand_in: Any, trade: Row
) -> None:
    importing(hand_in(trades=[trade(1)]))
    assert set(history(renamed, role="marketing")["area"]) == {"clients"}
    assert set(history(renamed, role="analyst")["area"]) == {"clients", "trades"}


def test_a_role_that_sees_no_client_is_refused(renamed: Workbook) -> None:
    with pytest.raises(PermissionRefused, match=r"administrator.*does not see"):
        history(renamed, role="administrator")


def test_an_unknown_client_is_told_in_a_sentence(renamed: Workbook) -> None:
    with pytest.raises(BookError, match='no client "C999"'):
        history(renamed, "C999")


@pytest.fixture
def advised(workbook: Workbook, importing: Import, hand_in: Any, client: Row) -> Workbook:
    """C001 is the advisor's own client, C002 was, C003 never."""
    person = f'[people.{account()}]\nroles = ["advisor", "data_entry"]\nadvisor = "A1"\n'
    with (workbook.folder / "workbook.toml").open("a", encoding="utf-8") as settings:
        settings.write(person)
    rows = [client(1, advisor="A1"), client(2, advisor="A1"), client(3, advisor="A2")]
    importing(hand_in(clients=rows))
    importing(hand_in(clients=[client(2, advisor="A2", updated_at=utc(2025))]))
    return Workbook(workbook.folder)


def test_an_advisor_hears_of_the_own_clients(advised: Workbook) -> None:
    assert told(history(advised, role="advisor").query("field == 'advisor'"), "after") == [("A1",)]


@pytest.mark.parametrize("other", ["C002", "C003", "C999"])
def test_an_advisor_is_refused_others_in_the_same_words_whether_or_not_they_are_there(
    advised: Workbook, other: str
) -> None:
    with pytest.raises(PermissionRefused, match=f"own clients only, and {other} is none of them"):
        history(advised, other, role="advisor")
