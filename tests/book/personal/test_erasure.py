"""An erased client is nowhere in the book but where the law wants it, and nobody else lost anything."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clientlib.book import open_book
from clientlib.book.audit.verify import verify
from clientlib.book.keeping.rewrite import NAMES, contents
from clientlib.book.personal import erase, erase_due
from clientlib.errors import BookError, ParameterError, PermissionRefused
from clientlib.intake.result import CheckResult
from clientlib.workbook import Workbook
from tests.book.personal.conftest import ANN, BOB, PLANTED
from tests.book.processes.eraser import left_of, plainly

ERASER = Path(__file__).parents[1] / "processes" / "eraser.py"
WHY = "asked in writing"
LOCKED_ROWS = 8
FAR_AHEAD = dt.date(2150, 1, 1)


@pytest.fixture(scope="module")
def without_ann(filled: Workbook, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    made = Workbook(Path(shutil.copytree(filled.folder, tmp_path_factory.mktemp("without") / "firm")))
    erase(made, ANN, WHY)
    return made


@pytest.fixture
def erased(without_ann: Workbook, tmp_path: Path) -> Workbook:
    """A copy of the book without Ann, to do anything to."""
    return Workbook(Path(shutil.copytree(without_ann.folder, tmp_path / "firm")))


def texts(workbook: Workbook) -> Iterator[tuple[str, str]]:
    """Every table and every value of both files as text, read by the plain engine."""
    with plainly(workbook) as connection:
        for name in NAMES:
            for table in contents(connection, name):
                for row in connection.execute(f'SELECT * FROM {name}.main."{table}"').fetchall():
                    yield from ((f"{name}.{table}", str(value)) for value in row)


def rows_of(workbook: Workbook, client: str, area: str) -> pd.DataFrame:
    with open_book(workbook, role="data_entry") as book:
        frame = book.area(area)
    return frame[frame["client_id"] == client]


# ----------------------------------------------------------------------------- what went
def test_no_planted_string_is_in_any_table_but_the_locked_one(erased: Workbook) -> None:
    found = {
        (table, word)
        for table, text in texts(erased)
        for word in PLANTED
        if word in text and table != "vault._locked"
    }
    # In a relation with another mobile somebody else of that name stands, and stays.
    assert found == {("vault.relations", "欧阳翡翠")}


def test_the_number_stands_only_in_the_audit_and_the_locked_table(erased: Workbook) -> None:
    assert {table for table, text in texts(erased) if ANN in text} == {
        "book._audit",
        "vault._audit",
        "vault._locked",
    }


def test_no_planted_string_is_on_the_disk(erased: Workbook) -> None:
    files = [path.read_bytes() for path in erased.folder.rglob("*") if path.is_file()]
    assert [word for word in PLANTED if any(word.encode() in data for data in files)] == []


def test_no_old_file_is_kept(erased: Workbook) -> None:
    assert {path.name for path in erased.book_file.parent.glob("*.duckdb*")} == {
        "book.duckdb",
        "vault.duckdb",
    }


def test_a_known_at_before_the_erasure_does_not_bring_the_client_back(mine: Workbook) -> None:
    before = dt.datetime.now(dt.UTC)
    erase(mine, ANN, WHY)
    with open_book(mine, role="data_entry") as book:
        assert list(book.area("clients", known_at=before)["client_id"]) == [BOB]


def test_what_was_taken_back_goes_as_well_and_is_not_locked(mine: Workbook) -> None:
    with open_book(mine, role="data_entry", write=True) as book:
        book.undo(3)
    done = erase(mine, ANN, WHY)
    assert (done.areas["trades"].gone, done.areas["trades"].locked) == (2, 0)


def test_rows_of_an_import_that_was_broken_off_go_as_well(
    mine: Workbook, hand_in: Any, trade: Callable[..., dict[str, Any]]
) -> None:
    def breaking() -> Iterator[Any]:
        for number in (10, 11):
            yield hand_in(trades=[trade(number, client_id=ANN, channel="app")])
        raise KeyboardInterrupt

    with open_book(mine, role="data_entry", write=True) as book, pytest.raises(KeyboardInterrupt):
        book.import_checked(breaking(), source="4.csv", fingerprint="f", part_rows=1)
    erase(mine, ANN, WHY)
    assert left_of(mine, ANN) == {"vault._locked": LOCKED_ROWS}


def test_all_numbers_of_a_merged_person_go(mine: Workbook) -> None:
    with open_book(mine, role="data_entry", write=True) as book:
        book.merge(ANN, BOB)
    done = erase(mine, BOB, WHY)
    assert done.numbers == (ANN, BOB)
    assert left_of(mine, ANN).keys() | left_of(mine, BOB).keys() == {"vault._locked"}
    with open_book(mine, role="data_entry") as book:
        assert book.decisions().empty


def test_a_merge_that_told_of_an_erased_client_can_still_be_undone(mine: Workbook) -> None:
    with open_book(mine, role="data_entry", write=True) as book:
        book.merge(ANN, BOB)
    erase(mine, ANN, WHY)
    with open_book(mine, role="data_entry", write=True) as book:
        assert book.undo(4) == 6


# ---------------------------------------------------------------------------- what stays
def test_everything_else_reads_as_before(mine: Workbook) -> None:
    def others() -> dict[str, pd.DataFrame]:
        with open_book(mine, role="data_entry") as book:
            frames = {name: book.area(name) for name in book.areas if name != "relations"}
        return {
            name: frame[frame["client_id"] != ANN].reset_index(drop=True) if "client_id" in frame else frame
            for name, frame in frames.items()
        }

    before = others()
    erase(mine, ANN, WHY)
    for name, frame in others().items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_other_clients_keep_their_rows_of_every_version(mine: Workbook) -> None:
    before = left_of(mine, BOB)
    erase(mine, ANN, WHY)
    assert left_of(mine, BOB) == before


def test_anothers_relation_stays_without_the_person(erased: Workbook) -> None:
    rows = rows_of(erased, BOB, "relations").set_index("relation_id")
    named = rows[["related_client_id", "related_name", "related_mobile"]].notna().any(axis=1)
    assert list(named[named].index) == ["R4"]
    assert rows["remarks"].notna().sum() == 3


def moved(workbook: Workbook, hand_in: Callable[..., CheckResult], values: dict[str, Any]) -> None:
    """Hands in a trade and a relation as Bob's, and corrects both to Ann's."""
    relation = {
        "relation_id": "N9",
        "kind": "family",
        "since": dt.date(2020, 1, 1),
        "related_name": "王小九",
    }
    for client in (BOB, ANN):
        rows = hand_in(trades=[values | {"client_id": client}], relations=[relation | {"client_id": client}])
        with open_book(workbook, role="data_entry", write=True) as book:
            book.import_checked([rows], source="moved")


def test_what_a_correction_made_the_clients_does_not_fall_back_to_another(
    mine: Workbook, hand_in: Callable[..., CheckResult], trade: Callable[..., dict[str, Any]]
) -> None:
    moved(mine, hand_in, trade(9))
    erase(mine, ANN, WHY)
    with open_book(mine, role="data_entry") as book:
        assert "T009" not in set(book.area("trades")["trade_id"])
        assert "N9" not in set(book.area("relations")["relation_id"])
    assert not any("王小九" in text for table, text in texts(mine) if "_locked" not in table)


def test_what_another_got_back_when_a_correction_was_undone_stays(
    mine: Workbook, hand_in: Callable[..., CheckResult], trade: Callable[..., dict[str, Any]]
) -> None:
    moved(mine, hand_in, trade(9))
    with open_book(mine, role="data_entry", write=True) as book:
        book.undo(book.batches().index[-1])
    erase(mine, ANN, WHY)
    assert "T009" in set(rows_of(mine, BOB, "trades")["trade_id"])


def test_earlier_batches_keep_their_counts(mine: Workbook) -> None:
    def counts() -> pd.DataFrame:
        with open_book(mine, role="data_entry") as book:
            return book.batches().loc[:3]

    before = counts()
    erase(mine, ANN, WHY)
    pd.testing.assert_frame_equal(counts(), before)


def test_the_erasure_is_a_batch(erased: Workbook) -> None:
    with open_book(erased, role="data_entry") as book:
        assert book.batches().loc[4, "source"] == "erasure of one client"


def test_the_erasure_cannot_be_undone(erased: Workbook) -> None:
    with (
        open_book(erased, role="data_entry", write=True) as book,
        pytest.raises(BookError, match="nothing is left to bring back"),
    ):
        book.undo(4)


def test_an_import_that_brought_the_client_can_still_be_undone(erased: Workbook) -> None:
    with open_book(erased, role="data_entry", write=True) as book:
        book.undo(1)
        assert book.area("clients").empty


def test_the_erasure_is_recorded_and_the_audit_verifies(erased: Workbook) -> None:
    assert verify(erased).remarks == ()
    with open_book(erased, role="auditor") as book:
        records = book.audit_records()
    record = records[records["event"] == "erase"].iloc[-1]
    assert (record["clients"], record["reason"], record["role"]) == (ANN, WHY, "service")


# --------------------------------------------------------------------------- what is locked
def test_locked_rows_are_whole(erased: Workbook) -> None:
    locked = [json.loads(text) for table, text in texts(erased) if table == "vault._locked" and "{" in text]
    names = [row["full_name"] for row in locked if "full_name" in row]
    assert sorted(names) == ["欧阳琥珀", "欧阳翡翠"]
    assert all({"_batch", "_recorded_at"} <= row.keys() for row in locked)


def test_what_is_past_its_time_is_not_locked(mine: Workbook) -> None:
    share = erase(mine, ANN, WHY, only_look=True).areas["balances"]
    assert (share.gone, share.locked, share.keep_until) == (1, 1, dt.date(2044, 1, 1))


def test_what_describes_the_client_is_kept_from_the_closing_on(mine: Workbook) -> None:
    areas = erase(mine, ANN, WHY, only_look=True).areas
    described = {name: areas[name].keep_until for name in ("clients", "preferences", "finances")}
    assert set(described.values()) == {dt.date(2044, 6, 1)}


def test_locked_rows_are_in_no_area(erased: Workbook) -> None:
    with open_book(erased, role="data_entry") as book:
        held = [
            name
            for name in book.areas
            if "client_id" in (frame := book.area(name)) and ANN in set(frame["client_id"])
        ]
    assert held == []


def test_locked_rows_go_when_they_are_due(erased: Workbook) -> None:
    due = erase_due(erased, day=FAR_AHEAD)
    assert (due.rows, due.clients, due.batch) == (LOCKED_ROWS, (ANN,), 5)
    assert left_of(erased, ANN) == {}
    assert verify(erased).remarks == ()


def test_only_what_is_due_goes(erased: Workbook) -> None:
    assert erase_due(erased, day=dt.date(2044, 1, 2)).rows == 2
    assert left_of(erased, ANN) == {"vault._locked": LOCKED_ROWS - 2}


def test_nothing_due_changes_nothing(erased: Workbook) -> None:
    assert erase_due(erased).batch is None


def test_a_dry_run_of_what_is_due_changes_nothing(erased: Workbook) -> None:
    assert erase_due(erased, day=FAR_AHEAD, only_look=True).rows == LOCKED_ROWS
    assert left_of(erased, ANN) == {"vault._locked": LOCKED_ROWS}


def test_an_erasure_of_what_is_due_cannot_be_undone(erased: Workbook) -> None:
    erase_due(erased, day=FAR_AHEAD)
    with open_book(erased, role="data_entry", write=True) as book, pytest.raises(BookError, match="erased"):
        book.undo(5)


# --------------------------------------------------------------------------------- refused
def test_a_dry_run_says_the_same_and_changes_nothing(mine: Workbook) -> None:
    before = left_of(mine, ANN)
    planned = erase(mine, ANN, WHY, only_look=True)
    assert (planned.batch, left_of(mine, ANN)) == (None, before)
    assert planned.areas == erase(mine, ANN, WHY).areas


def test_an_open_account_is_not_erased(mine: Workbook) -> None:
    with pytest.raises(BookError, match=r"account of C002 is open.*Close it first"):
        erase(mine, BOB, WHY)


def test_an_account_that_was_opened_again_is_not_erased(
    mine: Workbook, hand_in: Any, client: Callable[..., dict[str, Any]]
) -> None:
    again = client(1, status="active", updated_at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    with open_book(mine, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[again])], source="4.csv")
    with pytest.raises(BookError, match="is open"):
        erase(mine, ANN, WHY)


def test_a_client_is_erased_once(erased: Workbook) -> None:
    with pytest.raises(BookError, match="erased already, by batch 4"):
        erase(erased, ANN, WHY)


def test_an_unknown_client_is_a_sentence(mine: Workbook) -> None:
    with pytest.raises(BookError, match='no client "C999"'):
        erase(mine, "C999", WHY)


def test_without_a_reason_nobody_is_erased(mine: Workbook) -> None:
    with pytest.raises(ParameterError, match="--reason"):
        erase(mine, ANN, "")


@pytest.mark.parametrize("role", ["data_entry", "administrator", "analyst"])
def test_a_role_that_may_not_answer_may_not_erase(mine: Workbook, role: str) -> None:
    with pytest.raises(PermissionRefused, match="may not erase a client"):
        erase(mine, ANN, WHY, role)


def test_a_full_disk_leaves_the_book_as_it_was(mine: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = left_of(mine, ANN)
    monkeypatch.setattr("clientlib.book.swap._put_note", full)
    with pytest.raises(BookError, match="disk is full"):
        erase(mine, ANN, WHY)
    monkeypatch.undo()
    assert left_of(mine, ANN) == before
    assert verify(mine).remarks == ()
    assert erase(mine, ANN, WHY).batch == 4


def test_an_interruption_leaves_the_book_as_it_was(mine: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = left_of(mine, ANN)
    monkeypatch.setattr("clientlib.book.swap.put_in_place", interrupted)
    with pytest.raises(KeyboardInterrupt):
        erase(mine, ANN, WHY)
    monkeypatch.undo()
    assert left_of(mine, ANN) == before
    assert verify(mine).remarks == ()


# ----------------------------------------------------------------------------------- crashes
@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills are POSIX")
def test_killed_at_any_step_the_client_is_wholly_there_or_wholly_gone(mine: Workbook, tmp_path: Path) -> None:
    there = left_of(mine, ANN)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, str(ERASER), str(mine.folder), str(scratch), ANN],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    states = [(one["batches"], one["left"], one["defects"]) for one in told]
    whole: tuple[int, dict[str, int], list[str]] = (3, there, [])
    gone: tuple[int, dict[str, int], list[str]] = (4, {"vault._locked": LOCKED_ROWS}, [])
    assert [state for state in states if state not in (whole, gone)] == []
    assert whole in states
    assert states.count(gone) > 1
    assert told[-1]["finished"]
