"""Two clients found to be one: how they read, as whom, since when, and how it is taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from clientlib.book import Book, open_book
from clientlib.book.clocks import Known
from clientlib.book.merges import Decision, merged
from clientlib.errors import BookError
from clientlib.workbook import Workbook

Import = Callable[..., Any]
Row = Callable[..., dict[str, Any]]
DAY = dt.date(2024, 6, 30)


def change(workbook: Workbook, act: Callable[[Book], Any]) -> Any:
    with open_book(workbook, role="data_entry", write=True) as book:
        return act(book)


def merge(workbook: Workbook, kept: str, other: str) -> int:
    return int(change(workbook, lambda book: book.merge(kept, other, "the same ID card")))


def rows(workbook: Workbook, area: str, *columns: str, **clocks: Any) -> list[tuple[Any, ...]]:
    with open_book(workbook, role="data_entry") as book:
        frame = book.area(area, **clocks)
    return [tuple(row) for row in frame[list(columns)].to_numpy().tolist()]


@pytest.fixture
def two(workbook: Workbook, importing: Import, hand_in: Any, client: Row, trade: Row) -> Workbook:
    """C001 and C002 with a trade, a statement and a balance each; C002 is related to C001 and to C003."""
    later = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    statement = {"annual_income": 1.0, "currency": "CNY"}
    balance = {"margin_loan": 0.0, "short_value": 0.0, "accrued_interest": 0.0, "currency": "CNY"}
    importing(
        hand_in(
            clients=[client(1), client(2, updated_at=later, branch="South"), client(3)],
            trades=[trade(1), trade(2, client_id="C002"), trade(3, client_id="C003")],
            finances=[
                {"client_id": "C001", "as_of": dt.date(2024, 1, 1), **statement},
                {"client_id": "C002", "as_of": dt.date(2024, 2, 1), **statement},
            ],
            balances=[
                {"client_id": "C001", "as_of": dt.date(2024, 6, 29), "cash": 10.0, **balance},
                {"client_id": "C002", "as_of": dt.date(2024, 6, 30), "cash": 5.0, **balance},
                {"client_id": "C003", "as_of": dt.date(2024, 6, 30), "cash": 1.0, **balance},
            ],
            relations=[
                {"relation_id": "R1", "client_id": "C002", "related_client_id": "C001", "kind": "spouse"},
                {"relation_id": "R2", "client_id": "C002", "related_client_id": "C003", "kind": "child"},
                {"relation_id": "R3", "client_id": "C003", "related_client_id": "C002", "kind": "parents"},
            ],
        )
    )
    return workbook


# ------------------------------------------------------------------------------- how it reads
def test_the_record_of_the_kept_client_stands_though_the_other_is_newer(two: Workbook) -> None:
    merge(two, "C001", "C002")
    expected = [("C001", "王小001", "North"), ("C003", "王小003", "North")]
    assert rows(two, "clients", "client_id", "full_name", "branch", as_of=DAY) == expected
    assert rows(two, "clients", "client_id", "full_name", "branch") == expected


def test_the_other_clients_record_serves_until_the_kept_one_has_any(two: Workbook) -> None:
    merge(two, "C002", "C001")
    early = rows(two, "clients", "client_id", "full_name", "branch", as_of=dt.date(2024, 3, 1))
    assert early[0] == ("C002", "王小001", "North")
    assert rows(two, "clients", "client_id", "branch", as_of=DAY)[0] == ("C002", "South")


def test_what_happened_to_both_happened_to_one(two: Workbook) -> None:
    merge(two, "C001", "C002")
    assert rows(two, "trades", "trade_id", "client_id") == [
        ("T001", "C001"),
        ("T002", "C001"),
        ("T003", "C003"),
    ]


def test_the_newest_statement_of_both_counts(two: Workbook) -> None:
    merge(two, "C001", "C002")
    found = rows(two, "finances", "client_id", "as_of", as_of=DAY)
    assert [(client, str(day)[:10]) for client, day in found] == [("C001", "2024-02-01")]
    assert len(rows(two, "finances", "client_id")) == 2


def test_balances_are_added_up_each_at_its_newest(two: Workbook) -> None:
    merge(two, "C001", "C002")
    assert rows(two, "balances", "client_id", "cash", as_of=DAY) == [("C001", 15.0), ("C003", 1.0)]


def test_balances_in_two_currencies_stay_two_sums(two: Workbook, importing: Import, hand_in: Any) -> None:
    dollars = {"margin_loan": 0.0, "short_value": 0.0, "accrued_interest": 0.0, "currency": "USD"}
    importing(hand_in(balances=[{"client_id": "C002", "as_of": DAY, "cash": 7.0, **dollars}]))
    merge(two, "C001", "C002")
    found = rows(two, "balances", "client_id", "cash", "currency", as_of=DAY)
    assert found[:2] == [("C001", 10.0, "CNY"), ("C001", 7.0, "USD")]


def test_nobody_is_related_to_himself(two: Workbook) -> None:
    merge(two, "C001", "C002")
    assert rows(two, "relations", "relation_id", "client_id", "related_client_id") == [
        ("R2", "C001", "C003"),
        ("R3", "C003", "C001"),
    ]


def test_views_and_counts_see_one_client_too(two: Workbook) -> None:
    merge(two, "C001", "C002")
    with open_book(two) as book:
        assert book.counts(as_of=DAY)["clients"] == 2
        with book.views(as_of=DAY) as connection:
            found = connection.execute("SELECT client_id, count(*) FROM trades GROUP BY ALL ORDER BY 1")
            assert found.fetchall() == [("C001", 2), ("C003", 1)]


def test_a_later_hand_in_under_the_old_number_reads_as_the_kept_client(
    two: Workbook, importing: Import, hand_in: Any, trade: Row
) -> None:
    merge(two, "C001", "C002")
    assert (
        importing(hand_in(trades=[trade(9, client_id="C002")]))
        .unknown_references.query("field == 'client_id'")
        .empty
    )
    assert ("T009", "C001") in rows(two, "trades", "trade_id", "client_id")


# ------------------------------------------------------------------------------- taken back
def test_an_undone_merge_leaves_two_clients_as_they_were(two: Workbook) -> None:
    areas = ("clients", "trades", "finances", "balances", "relations")
    before = {area: rows(two, area, "client_id", as_of=DAY) for area in areas}
    batch = merge(two, "C001", "C002")
    change(two, lambda book: book.undo(batch))
    assert {area: rows(two, area, "client_id", as_of=DAY) for area in areas} == before


def test_before_the_merge_was_known_there_were_two(two: Workbook) -> None:
    with open_book(two) as book:
        before = book.batches()["recorded_at"].iloc[-1].to_pydatetime()
    merge(two, "C001", "C002")
    assert len(rows(two, "clients", "client_id", as_of=DAY, known_at=before)) == 3


def test_decisions_are_listed_without_those_taken_back(two: Workbook) -> None:
    batch = merge(two, "C001", "C002")
    change(two, lambda book: book.undo(batch))
    change(two, lambda book: book.keep_apart("C001", "C003"))
    with open_book(two) as book:
        assert book.decisions().to_numpy().tolist() == [["different", "C001", "C003"]]


def test_a_pair_is_kept_apart_once_whichever_is_named_first(two: Workbook) -> None:
    change(two, lambda book: book.keep_apart("C001", "C003"))
    with pytest.raises(BookError, match="kept apart already, by batch 2"):
        change(two, lambda book: book.keep_apart("C003", "C001"))


def test_a_reason_is_kept_without_the_numbers_in_it(two: Workbook) -> None:
    change(two, lambda book: book.merge("C001", "C002", "both have 13812345678"))
    with open_book(two) as book:
        reader = book._files.reader()
        kept = reader.connection.execute("SELECT reason FROM book.main._decisions").fetchall()
    assert kept == [("both have 138****5678",)]


# --------------------------------------------------------------------------------- refused
@pytest.mark.parametrize(
    ("kept", "other", "said"),
    [
        ("C001", "C001", "named twice"),
        ("C001", "C999", 'no client "C999"'),
        ("C009", "C001", 'no client "C009"'),
    ],
)
def test_a_pair_that_cannot_be_merged_is_told(two: Workbook, kept: str, other: str, said: str) -> None:
    with pytest.raises(BookError, match=said):
        merge(two, kept, other)


def test_a_client_is_merged_once(two: Workbook) -> None:
    merge(two, "C001", "C002")
    with pytest.raises(BookError, match="C002 was merged into C001 already"):
        merge(two, "C003", "C002")


# ------------------------------------------------------------------------------ which is which
def known(last: int, *undone: int) -> Known:
    return Known(last, undone, all=not undone, superseding=frozenset())


def test_a_chain_of_merges_leads_to_its_end() -> None:
    chain = [Decision(1, "same", "B", "A"), Decision(2, "same", "C", "B")]
    assert merged(chain, known(2)) == {"A": "C", "B": "C"}


def test_an_undone_link_ends_the_chain_before_it() -> None:
    chain = [Decision(1, "same", "B", "A"), Decision(2, "same", "C", "B")]
    assert merged(chain, known(3, 2)) == {"A": "B"}


def test_an_older_merge_brought_back_beside_its_contrary_leads_nobody_in_a_circle() -> None:
    circle = [Decision(1, "same", "B", "A"), Decision(4, "same", "A", "B")]
    assert merged(circle, known(5)) == {"B": "A"}


def test_of_two_merges_of_one_client_the_newest_counts() -> None:
    twice = [Decision(1, "same", "B", "A"), Decision(4, "same", "C", "A")]
    assert merged(twice, known(5)) == {"A": "C"}


def test_a_pair_kept_apart_reads_as_two() -> None:
    assert merged([Decision(1, "different", "B", "A")], known(1)) == {}


def test_a_number_that_was_merged_away_leads_to_the_client_wherever_it_is_typed(
    workbook: Workbook, importing: Any, hand_in: Any, client: Any
) -> None:
    importing(hand_in(clients=[client(1), client(2), client(3)]))
    with open_book(workbook, role="data_entry", write=True) as book:
        book.merge("C001", "C002", "the same")
    with open_book(workbook, role="data_entry") as book:
        assert list(book.look_up("clients", ["C002"], "a question of hers")["client_id"]) == ["C001"]
        assert [book.search(q).total for q in ("C002", "client_id=C002", "client_id!=C002")] == [1, 1, 1]
