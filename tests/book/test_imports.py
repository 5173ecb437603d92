"""Imports: what counts as new, changed and unchanged; one batch or nothing; what is not known is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from clientlib.book import ImportResult, open_book
from clientlib.book import connection as engine
from clientlib.book.audit.trail import anchor_path
from clientlib.book.batch import Batch
from clientlib.book.keys import need_key
from clientlib.errors import BookError, IntakeError, PermissionRefused
from clientlib.intake.result import CHANGES, FINDINGS, CheckResult
from clientlib.workbook import Workbook

Import = Callable[..., ImportResult]
Row = Callable[..., dict[str, Any]]


def counts(result: ImportResult, area: str) -> dict[str, int]:
    """Only the counts that are not nought."""
    return {str(name): int(value) for name, value in result.areas.loc[area].items() if value}


def contents(workbook: Workbook) -> list[str]:
    return [sha256(path.read_bytes()).hexdigest() for path in (workbook.book_file, workbook.vault_file)]


# ------------------------------------------------------------------- what became of each row
def test_the_first_hand_in_is_all_new(importing: Import, hand_in: Any, client: Row, trade: Row) -> None:
    result = importing(hand_in(clients=[client(1), client(2)], trades=[trade(1)]))
    assert result.batch == 1
    assert counts(result, "clients") == {"rows_in": 2, "accepted": 2, "new": 2}
    assert counts(result, "trades") == {"rows_in": 1, "accepted": 1, "new": 1}


def test_the_same_hand_in_again_changes_nothing_and_says_so(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, trade: Row
) -> None:
    chunk = hand_in(clients=[client(1)], trades=[trade(1), trade(2)])
    importing(chunk)
    before = contents(workbook)
    result = importing(chunk)
    assert result.batch is None
    assert counts(result, "trades") == {"rows_in": 2, "accepted": 2, "unchanged": 2}
    assert contents(workbook) == before


def test_an_empty_hand_in_makes_no_batch(importing: Import) -> None:
    assert importing().batch is None


@pytest.mark.parametrize(
    "correction",
    [
        {"branch": "South"},
        {"full_name": "李四"},
        {"employer": "Works"},
        {"birth_date": None},
        {"id_number": None},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_one_field_that_differs_makes_a_row_changed(
    importing: Import, hand_in: Any, client: Row, correction: dict[str, Any]
) -> None:
    importing(hand_in(clients=[client(1), client(2)]))
    result = importing(hand_in(clients=[client(1, **correction), client(2)]))
    assert counts(result, "clients") == {"rows_in": 2, "accepted": 2, "changed": 1, "unchanged": 1}


def test_a_correction_is_compared_with_the_newest_record(
    importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    importing(hand_in(clients=[client(1, full_name="李四")]))
    assert counts(importing(hand_in(clients=[client(1, full_name="李四")])), "clients")["unchanged"] == 1
    assert counts(importing(hand_in(clients=[client(1)])), "clients")["changed"] == 1


def test_another_version_of_a_client_is_new_and_no_correction(
    importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    later = client(1, updated_at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    assert counts(importing(hand_in(clients=[later])), "clients")["new"] == 1


def test_pending_rows_are_counted_and_kept(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    result = importing(hand_in(clients=[client(1, full_name=None, remarks="asked", _pending=True)]))
    assert counts(result, "clients") == {"rows_in": 1, "accepted": 1, "new": 1, "pending": 1}
    with open_book(workbook) as book:
        assert len(book.area("clients")) == 1


def test_rejected_rows_are_counted_and_their_findings_handed_on(importing: Import, hand_in: Any) -> None:
    refused = pl.DataFrame(
        {"trade_id": ["T1"], "_file": ["a.csv"], "_sheet": [""], "_row": [2]},
        schema_overrides={"_row": pl.UInt32},
    )
    finding = pl.DataFrame({name: [None] for name in FINDINGS} | {"severity": ["error"]}, schema=FINDINGS)
    result = importing(CheckResult({}, {"trades": refused}, finding, CHANGES.to_frame(), 1))
    assert result.batch is None
    assert counts(result, "trades") == {"rows_in": 1, "rejected": 1}
    assert result.findings.height == 1


# ------------------------------------------------------------------------- a key that comes twice
@pytest.mark.parametrize("apart", [False, True], ids=["one chunk", "two chunks"])
def test_the_same_row_twice_in_a_hand_in_is_stored_once(
    importing: Import, hand_in: Any, client: Row, apart: bool
) -> None:
    rows = [client(1), client(1)]
    result = importing(*([hand_in(clients=[row]) for row in rows] if apart else [hand_in(clients=rows)]))
    assert counts(result, "clients") == {"rows_in": 2, "accepted": 2, "new": 1, "unchanged": 1}


@pytest.mark.parametrize("apart", [False, True], ids=["one chunk", "two chunks"])
@pytest.mark.parametrize("field", ["full_name", "branch"])
def test_a_row_that_contradicts_an_earlier_one_is_refused_with_its_place(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, apart: bool, field: str
) -> None:
    rows = [client(1), client(1, **{field: "另一个"})]
    result = importing(*([hand_in(clients=[row]) for row in rows] if apart else [hand_in(clients=rows)]))
    assert counts(result, "clients") == {"rows_in": 2, "accepted": 1, "rejected": 1, "new": 1}
    finding = result.findings.row(0, named=True)
    assert (finding["rule"], finding["row"]) == ("contradicts_earlier_row", 2 if apart else 3)
    with open_book(workbook, role="data_entry") as book:
        assert book.area("clients")[field].tolist() == [rows[0][field]]


# ----------------------------------------------------------------------------- what is not known
def test_unknown_clients_and_securities_are_counted_and_their_rows_kept(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, trade: Row
) -> None:
    trades = [trade(1), trade(2, client_id="C404"), trade(3, client_id="C404")]
    result = importing(hand_in(clients=[client(1)], trades=trades))
    told = result.unknown_references.to_dict("records")
    assert told == [
        {"area": "trades", "field": "client_id", "rows": 2, "ids": 1},
        {"area": "trades", "field": "security_id", "rows": 3, "ids": 1},
    ]
    with open_book(workbook) as book:
        assert len(book.area("trades")) == 3


# ------------------------------------------------------------------------------------- the batch
def test_a_batch_tells_its_source_its_files_and_its_counts(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(
        hand_in(clients=[client(1)], file="north.csv"),
        hand_in(clients=[client(2)], file="south.csv"),
        source="/home/somebody/handins",
    )
    with open_book(workbook) as book:
        batch = book.batches().loc[1]
        areas = book.batch_areas()
    assert (batch["source"], batch["files"]) == ("handins", "north.csv, south.csv")
    assert (batch["rows_in"], batch["new"], batch["rejected"]) == (2, 2, 0)
    assert areas[["batch", "area", "new"]].values.tolist() == [[1, "clients", 2]]


def test_record_time_never_goes_back(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    with engine_on(workbook) as connection:
        connection.execute("UPDATE book._batches SET recorded_at = recorded_at + INTERVAL 10 YEAR")
        connection.execute("UPDATE vault._batches SET recorded_at = recorded_at + INTERVAL 10 YEAR")
    anchor_path(workbook).unlink()  # which knows when the batch was recorded
    importing(hand_in(clients=[client(2)]))
    with open_book(workbook) as book:
        assert book.batches()["recorded_at"].is_monotonic_increasing


def engine_on(workbook: Workbook) -> duckdb.DuckDBPyConnection:
    """Both files, open for what no public function does."""
    connection = engine.connect(workbook.book_file.parent, "UTC")
    engine.attach(connection, workbook.book_file, "book", need_key(workbook, "book"), read_only=False)
    engine.attach(connection, workbook.vault_file, "vault", need_key(workbook, "vault"), read_only=False)
    return connection


def test_what_came_with_a_batch_taken_back_is_no_standing_record(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    with engine_on(workbook) as connection:
        for file, rest in (("book", ", 'undo', [], 'me', 1, '0'"), ("vault", "")):
            now = "TIMESTAMPTZ '2999-01-01 00:00:00+00'"
            connection.execute(f"INSERT INTO {file}._batches VALUES (2, {now}{rest})")
    with open_book(workbook) as book:
        assert book.area("clients").empty
    assert counts(importing(hand_in(clients=[client(1)])), "clients")["new"] == 1
    with open_book(workbook) as book:
        assert len(book.area("clients")) == 1


# ---------------------------------------------------------------------------------- all or nothing
def test_an_import_needs_a_book_opened_for_writing(workbook: Workbook, hand_in: Any, client: Row) -> None:
    with (
        open_book(workbook, role="data_entry") as book,
        pytest.raises(PermissionRefused, match="write=True"),
    ):
        book.import_checked([hand_in(clients=[client(1)])], source="a.csv")


@pytest.mark.parametrize(
    "error", [IntakeError("The file broke off."), KeyboardInterrupt(), ZeroDivisionError()]
)
def test_an_import_that_dies_leaves_the_book_as_it_was_and_says_so(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, error: BaseException
) -> None:
    importing(hand_in(clients=[client(1)]))

    def chunks() -> Iterator[CheckResult]:
        yield hand_in(clients=[client(2), client(1, full_name="李四")])
        raise error

    with open_book(workbook, role="data_entry", write=True) as book:
        with pytest.raises(type(error)) as caught:
            book.import_checked(chunks(), source="a.csv")
        told = f"{caught.value} {getattr(caught.value, '__notes__', '')}"
        assert "the book is as it was" in told
        assert book.area("clients")["full_name"].tolist() == [client(1)["full_name"]]
    assert counts(importing(hand_in(clients=[client(2)])), "clients")["new"] == 1


@pytest.mark.parametrize("lands", [False, True])
def test_an_engine_that_breaks_down_at_the_last_moment_is_asked_whether_the_batch_is_there(
    workbook: Workbook, hand_in: Any, client: Row, monkeypatch: pytest.MonkeyPatch, lands: bool
) -> None:
    commit_book = Batch.commit_book

    def break_down(batch: Batch) -> None:
        if lands:
            commit_book(batch)
        raise duckdb.IOException("No space left on device")

    monkeypatch.setattr(Batch, "commit_book", break_down)
    with open_book(workbook, role="data_entry", write=True) as book:
        if lands:
            assert book.import_checked([hand_in(clients=[client(1)])], source="a.csv").batch == 1
        else:
            with pytest.raises(BookError, match=r"the disk is full\. Nothing of it was taken"):
                book.import_checked([hand_in(clients=[client(1)])], source="a.csv")
        assert len(book.area("clients")) == int(lands)


def test_ctrl_c_during_a_statement_is_ctrl_c(workbook: Workbook) -> None:
    def chunks() -> Iterator[CheckResult]:
        # What DuckDB raises when it is interrupted.
        raise RuntimeError("Query interrupted") from KeyboardInterrupt()
        yield

    with open_book(workbook, role="data_entry", write=True) as book, pytest.raises(KeyboardInterrupt):
        book.import_checked(chunks(), source="a.csv")


def test_after_an_import_the_same_book_reads_what_it_wrote(
    workbook: Workbook, hand_in: Any, client: Row
) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:
        assert book.area("clients").empty
        book.import_checked([hand_in(clients=[client(1)])], source="a.csv")
        assert book.area("clients")["full_name"].tolist() == ["王小001"]


# --------------------------------------------------------------------------- files of other times
def test_a_book_put_back_from_an_older_backup_than_its_vault_is_refused(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    old = workbook.book_file.read_bytes()
    importing(hand_in(clients=[client(1)]))
    importing(hand_in(clients=[client(2)]))
    workbook.book_file.write_bytes(old)
    with pytest.raises(BookError, match="of different times"):
        open_book(workbook, role="data_entry", write=True)


def test_a_vault_put_back_from_an_older_backup_than_its_book_is_refused(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    old = workbook.vault_file.read_bytes()
    importing(hand_in(clients=[client(1)]))
    workbook.vault_file.write_bytes(old)
    with open_book(workbook) as book, pytest.raises(BookError, match="of different times"):
        book.area("clients")


def test_no_temporary_folder_is_left_beside_the_book(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    left = Path(workbook.book_file.parent / "spill-1-dead")
    left.mkdir()
    importing(hand_in(clients=[client(1)]))
    names = {path.name for path in workbook.book_file.parent.iterdir()}
    kept = {"book.duckdb", "vault.duckdb", "book.id", "book.lock", "book.gate", "open"}
    assert names == kept | {"audit.journal", "audit.lock"}
