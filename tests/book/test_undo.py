"""A batch taken back, an import looked at before it is made, and all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import polars as pl
import pytest

from clientlib.book import Preview, open_book
from clientlib.errors import BookError, PermissionRefused
from clientlib.intake.result import CheckResult
from clientlib.workbook import Workbook

Import = Callable[..., Any]
Row = Callable[..., dict[str, Any]]


def contents(workbook: Workbook) -> list[str]:
    return [sha256(path.read_bytes()).hexdigest() for path in (workbook.book_file, workbook.vault_file)]


def undo(workbook: Workbook, batch: int) -> int:
    with open_book(workbook, role="data_entry", write=True) as book:
        return book.undo(batch)


def clients(workbook: Workbook, **clocks: Any) -> dict[str, tuple[str, str]]:
    with open_book(workbook, role="data_entry") as book:
        frame = book.area("clients", **clocks)
    return {row.client_id: (row.full_name, row.branch) for row in frame.itertuples()}  # type: ignore[misc]


def preview(workbook: Workbook, *chunks: CheckResult) -> Preview:
    with open_book(workbook, role="data_entry", write=True) as book:
        return book.preview(chunks, source="hand-in.csv")


# --------------------------------------------------------------------------------- taken back
def test_what_a_batch_added_is_gone(workbook: Workbook, importing: Import, hand_in: Any, client: Row) -> None:
    importing(hand_in(clients=[client(1)]))
    importing(hand_in(clients=[client(2)]))
    assert undo(workbook, 2) == 3
    assert list(clients(workbook)) == ["C001"]


def test_what_a_batch_changed_is_as_before_in_book_and_vault(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    before = clients(workbook)
    importing(hand_in(clients=[client(1, full_name="李四", branch="South")]))
    assert clients(workbook) != before
    undo(workbook, 2)
    assert clients(workbook) == before


def test_the_undoing_can_be_undone(workbook: Workbook, importing: Import, hand_in: Any, client: Row) -> None:
    importing(hand_in(clients=[client(1)]))
    undo(workbook, 1)
    assert clients(workbook) == {}
    undo(workbook, 2)
    assert list(clients(workbook)) == ["C001"]


def test_what_was_known_before_the_undoing_can_still_be_read(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    undo(workbook, 1)
    with open_book(workbook) as book:
        recorded = book.batches()["recorded_at"]
    assert list(clients(workbook, known_at=recorded[1].to_pydatetime())) == ["C001"]


def test_rows_taken_back_can_be_handed_in_again(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    undo(workbook, 1)
    assert importing(hand_in(clients=[client(1)])).batch == 3
    assert list(clients(workbook)) == ["C001"]


def test_rows_taken_back_count_as_new_when_they_are_handed_in_again(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    undo(workbook, 1)
    counts = importing(hand_in(clients=[client(1)])).areas.loc["clients"]
    assert counts[["new", "changed", "unchanged"]].tolist() == [1, 0, 0]


def test_of_two_batches_with_one_key_the_later_counts_when_the_earlier_is_brought_back(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    undo(workbook, 1)
    importing(hand_in(clients=[client(1, branch="South")]))
    undo(workbook, 2)
    with open_book(workbook) as book:
        assert book.area("clients")["branch"].tolist() == ["South"]
        recorded = book.batches()["recorded_at"]
        found = [book.area("clients", known_at=at)["branch"].tolist() for at in recorded]
    assert found == [["North"], [], ["South"], ["South"]]


def test_of_two_batches_with_one_key_the_earlier_counts_when_the_later_is_taken_back(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    undo(workbook, 1)
    importing(hand_in(clients=[client(1, branch="South")]))
    undo(workbook, 3)
    assert clients(workbook) == {}
    undo(workbook, 2)
    assert clients(workbook)["C001"][1] == "North"


def test_a_preview_tells_rows_that_were_taken_back_as_new(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    undo(workbook, 1)
    found = preview(workbook, hand_in(clients=[client(1)]))
    assert found.changes.empty
    assert found.new["row"].tolist() == ["C001 · 2024-01-01 08:00:00"]


def test_a_batch_may_be_named_as_the_list_of_batches_names_it(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    with open_book(workbook, role="data_entry", write=True) as book:
        book.undo(book.batches().index.max())
    assert clients(workbook) == {}


def test_a_batch_is_taken_back_once(workbook: Workbook, importing: Import, hand_in: Any, client: Row) -> None:
    importing(hand_in(clients=[client(1)]))
    undo(workbook, 1)
    with pytest.raises(BookError, match="taken back already"):
        undo(workbook, 1)


def test_a_batch_that_does_not_exist_is_told(workbook: Workbook) -> None:
    with pytest.raises(BookError, match="no batch 7"):
        undo(workbook, 7)


def test_a_book_open_for_reading_takes_nothing_back(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    with open_book(workbook) as book, pytest.raises(PermissionRefused, match="reading only"):
        book.undo(1)


# ----------------------------------------------------------------------------- looked at first
def test_a_preview_stores_nothing(workbook: Workbook, importing: Import, hand_in: Any, client: Row) -> None:
    importing(hand_in(clients=[client(1)]))
    before = contents(workbook)
    preview(workbook, hand_in(clients=[client(1, branch="South"), client(2)]))
    assert contents(workbook) == before


def test_a_preview_names_new_rows_by_their_key(workbook: Workbook, hand_in: Any, client: Row) -> None:
    found = preview(workbook, hand_in(clients=[client(1), client(2)]))
    assert found.new.to_dict("list") == {
        "area": ["clients"] * 2,
        "row": ["C001 · 2024-01-01 08:00:00", "C002 · 2024-01-01 08:00:00"],
    }
    assert found.changes.empty


def test_a_preview_tells_old_and_new_field_by_field_with_identity_masked(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1), client(2)]))
    found = preview(workbook, hand_in(clients=[client(1, full_name="李四", branch="South"), client(2)]))
    assert found.changes[["field", "before", "after"]].to_numpy().tolist() == [
        ["full_name", "王**", "李**"],
        ["branch", "North", "South"],
    ]
    counts = found.result.areas.reset_index()[["new", "changed", "unchanged"]]
    assert counts.to_numpy().tolist() == [[0, 1, 1]]


def test_a_preview_shows_a_cell_that_would_be_emptied(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1, employer="Works")]))
    found = preview(workbook, hand_in(clients=[client(1, employer=None)]))
    assert found.changes["before"].tolist() == ["Works"]
    assert found.changes["after"].isna().all()


def test_a_preview_compares_with_the_record_that_stands(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    importing(hand_in(clients=[client(1, branch="South")]))
    undo(workbook, 2)
    found = preview(workbook, hand_in(clients=[client(1, branch="West")]))
    assert found.changes["before"].tolist() == ["North"]


# ------------------------------------------------------------------------------ all or nothing
def refused(chunk: CheckResult) -> CheckResult:
    """The same chunk with its first client refused."""
    frame = chunk.accepted["clients"]
    text = frame.head(1).cast(pl.String, strict=False).with_columns(pl.lit(2, pl.UInt32).alias("_row"))
    return CheckResult(
        {"clients": frame.slice(1)}, {"clients": text}, chunk.findings, chunk.changes, chunk.rows_in
    )


@pytest.mark.parametrize("order", [0, 1])
def test_one_refused_row_withholds_all_the_others(
    workbook: Workbook, hand_in: Any, client: Row, order: int
) -> None:
    chunks = [refused(hand_in(clients=[client(1), client(2)])), hand_in(clients=[client(3)])]
    before = contents(workbook)
    with open_book(workbook, role="data_entry", write=True) as book:
        result = book.import_checked(chunks[:: 1 - 2 * order], source="x.csv", all_or_nothing=True)
    assert result.batch is None
    assert result.withheld
    assert contents(workbook) == before


def test_a_hand_in_without_a_fault_is_taken_whole(workbook: Workbook, hand_in: Any, client: Row) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:
        result = book.import_checked([hand_in(clients=[client(1)])], source="x.csv", all_or_nothing=True)
    assert (result.batch, result.withheld) == (1, False)
