"""With each batch both files get what the journal has, and whatever is altered there is found out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from clientlib.book import connection as engine
from clientlib.book import open_book
from clientlib.book.audit.folding import fold, stored
from clientlib.book.audit.record import Link
from clientlib.book.audit.trail import Audit
from clientlib.book.audit.verify import verify
from clientlib.book.batch import Batch
from clientlib.book.keys import KeyName, need_key
from clientlib.errors import BookError
from clientlib.workbook import Workbook

Row = Callable[..., dict[str, Any]]
Import = Callable[..., Any]
FILES: tuple[KeyName, ...] = ("book", "vault")


def engine_on(workbook: Workbook) -> duckdb.DuckDBPyConnection:
    connection = engine.connect(workbook.book_file.parent, "UTC")
    engine.attach(connection, workbook.book_file, "book", need_key(workbook, "book"), read_only=False)
    engine.attach(connection, workbook.vault_file, "vault", need_key(workbook, "vault"), read_only=False)
    return connection


def tables(workbook: Workbook) -> dict[str, list[Link]]:
    with engine_on(workbook) as connection:
        return {file: stored(connection, file) for file in FILES}


def outcomes(workbook: Workbook) -> list[tuple[str, str]]:
    with open_book(workbook, role="auditor") as book:
        told = book.audit_records()
    return [(str(row.event), str(row.outcome)) for row in told.itertuples()]


def test_a_batch_takes_all_records_over_into_both_files(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    open_book(workbook).close()
    importing(hand_in(clients=[client(1)]))
    there = tables(workbook)
    assert there["book"] == there["vault"]
    assert [link.read()["event"] for link in there["book"]] == ["begin", "open", "open", "import"]


def test_the_journal_keeps_only_what_the_files_do_not_have_and_the_last(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    journal: Path = workbook.book_file.with_name("audit.journal")
    assert len(journal.read_bytes().splitlines()) == 1
    open_book(workbook).close()
    assert len(journal.read_bytes().splitlines()) == 2


def test_the_audit_is_well_after_several_batches(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    for number in range(1, 4):
        importing(hand_in(clients=[client(number)]))
    verification = verify(workbook)
    assert [str(remark) for remark in verification.remarks] == []
    assert verification.records == 7


def test_what_a_file_has_already_is_not_added_again(workbook: Workbook) -> None:
    links = [Link(1, "{}", "a"), Link(2, "{}", "b")]
    with engine_on(workbook) as connection:
        fold(connection, "book", links[:1])
        fold(connection, "book", links)
        fold(connection, "book", links)
        assert stored(connection, "book") == links


def test_a_batch_that_is_refused_by_the_disk_is_told_to_be_broken_off(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(batch: Batch) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Batch, "commit", full)
        with pytest.raises(BookError, match="the disk is full"):
            importing(hand_in(clients=[client(1)]))
    importing(hand_in(clients=[client(1)]))
    assert [outcome for event, outcome in outcomes(workbook) if event == "import"] == [
        "done",
        "broken off",
        "done",
    ]
    assert verify(workbook).well


def test_a_batch_whose_process_died_is_told_by_the_next_one(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(batch: Batch) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(Batch, "commit", die)
        with pytest.raises(Died):
            importing(hand_in(clients=[client(1)]))
    assert [remark.kind for remark in verify(workbook).remarks] == ["under_way"]
    importing(hand_in(clients=[client(1)]))
    assert [outcome for event, outcome in outcomes(workbook) if event == "import"] == [
        "done",
        "broken off",
        "done",
    ]
    assert verify(workbook).remarks == ()


def test_where_the_journal_is_not_to_be_written_the_batch_is_not_committed(
    workbook: Workbook, hand_in: Any, client: Row
) -> None:
    journal = workbook.book_file.with_name("audit.journal")
    with open_book(workbook, role="data_entry", write=True) as book:
        journal.unlink()
        journal.mkdir()
        with pytest.raises(BookError, match="without a record"):
            book.import_checked([hand_in(clients=[client(1)])], source="a.csv")
    journal.rmdir()
    with open_book(workbook) as book:
        assert len(book.batches()) == 0


# ------------------------------------------------------------------------------------ kept
@pytest.fixture
def years(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets so many years pass, as far as the audit can tell."""
    made = Audit.__init__
    passed = [0.0]

    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(days=365.25 * passed[0])

    def later(self: Audit, *given: Any, **named: Any) -> None:
        made(self, *given, **named, clock=now)

    monkeypatch.setattr(Audit, "__init__", later)

    def pass_(more: float) -> None:
        passed[0] += more

    return pass_


def test_records_whose_time_is_over_go_with_the_next_batch_and_a_record_says_so(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, years: Callable[[float], None]
) -> None:
    importing(hand_in(clients=[client(1)]))
    years(21)
    importing(hand_in(clients=[client(2)]))
    there = tables(workbook)
    assert [link.read()["event"] for link in there["book"]] == ["open", "prune", "import"]
    assert there["book"] == there["vault"]
    assert [str(remark) for remark in verify(workbook).remarks] == []


def test_pruned_twice_the_chain_can_still_be_verified(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, years: Callable[[float], None]
) -> None:
    for number in range(1, 5):
        importing(hand_in(clients=[client(number)]))
        years(11)
    assert outcomes(workbook).count(("prune", "done")) == 2
    assert [str(remark) for remark in verify(workbook).remarks] == []


def test_more_taken_away_than_was_pruned_is_found(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, years: Callable[[float], None]
) -> None:
    importing(hand_in(clients=[client(1)]))
    years(21)
    importing(hand_in(clients=[client(2)]))
    with engine_on(workbook) as connection:
        for file in FILES:
            connection.execute(f"DELETE FROM {file}._audit WHERE seq = (SELECT min(seq) FROM {file}._audit)")
    assert "missing" in [defect.kind for defect in verify(workbook).defects]


def test_before_their_time_is_over_records_stay(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, years: Callable[[float], None]
) -> None:
    importing(hand_in(clients=[client(1)]))
    years(19)
    importing(hand_in(clients=[client(2)]))
    assert [event for event, _ in outcomes(workbook)][:1] == ["begin"]


# ------------------------------------------------------------------------ with both keys at hand
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "tampered",
    [
        "UPDATE {f}._audit SET record = replace(record, 'data_entry', 'analyst') WHERE seq = 3",
        "DELETE FROM {f}._audit WHERE seq = 3",
        "DELETE FROM {f}._audit WHERE seq >= 4",
        "DELETE FROM {f}._audit",
        "INSERT INTO {f}._audit SELECT seq, record, hash FROM {f}._audit WHERE seq = 3",
        "INSERT INTO {f}._audit SELECT seq + 9, record, hash FROM {f}._audit WHERE seq = 3",
        "UPDATE {f}._audit SET seq = CASE seq WHEN 3 THEN 4 ELSE 3 END WHERE seq IN (3, 4)",
        "UPDATE {f}._audit SET hash = upper(hash) WHERE seq = 3",
    ],
)
def test_whoever_holds_the_keys_and_alters_a_file_is_found_out(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, file: str, tampered: str
) -> None:
    for number in (1, 2):
        importing(hand_in(clients=[client(number)]))
    with engine_on(workbook) as connection:
        connection.execute(tampered.format(f=file))
    assert not verify(workbook).well


def test_a_batch_slipped_in_without_a_record_is_found(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    with engine_on(workbook) as connection:
        connection.execute("INSERT INTO book._batches SELECT * REPLACE (2 AS batch) FROM book._batches")
        connection.execute("INSERT INTO vault._batches SELECT * REPLACE (2 AS batch) FROM vault._batches")
    assert [defect.kind for defect in verify(workbook).defects] == ["batch_without_record"]
