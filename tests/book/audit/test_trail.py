"""What a book's doings leave in its audit, and what becomes of it when journal or anchor were altered."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clientlib.book import open_book
from clientlib.book.audit.trail import anchor_path
from clientlib.book.audit.verify import verify
from clientlib.book.keys import key_file
from clientlib.errors import BookError, ParameterError, PermissionRefused
from clientlib.workbook import Workbook

Row = Callable[..., dict[str, Any]]
Import = Callable[..., Any]


def journal_of(workbook: Workbook) -> Path:
    return workbook.book_file.with_name("audit.journal")


def records(workbook: Workbook) -> pd.DataFrame:
    """All records but the opening for reading them."""
    with open_book(workbook, role="auditor") as book:
        return book.audit_records().iloc[:-1]


def events(workbook: Workbook) -> list[str]:
    return list(records(workbook)["event"])


def last(workbook: Workbook) -> dict[str, Any]:
    found = records(workbook).iloc[-1].to_dict()
    return {str(name): value for name, value in found.items()} | {"details": json.loads(found["details"])}


def well(workbook: Workbook) -> bool:
    return verify(workbook).well


# ------------------------------------------------------------------------- what is recorded
def test_the_first_record_is_the_beginning_and_each_opening_is_one(workbook: Workbook) -> None:
    with open_book(workbook):
        pass
    assert events(workbook) == ["begin", "open"]


def test_an_import_is_told_with_its_batch_and_its_counts(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1), client(2)]))
    told = last(workbook)
    assert (told["event"], told["role"], told["outcome"]) == ("import", "data_entry", "done")
    assert (told["details"]["batch"], told["details"]["source"]) == (1, "hand-in.csv")
    assert told["details"]["new"] == {"clients": 2}


def test_undoing_and_decisions_are_told_with_whom_they_concern_and_why(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1), client(2)]))
    with open_book(workbook, role="data_entry", write=True) as book:
        book.merge("C001", "C002", "same phone 13812345678")
        book.undo(2)
        book.keep_apart("C001", "C002")
    told = records(workbook).tail(3)
    assert list(told["event"]) == ["merge", "undo", "keep_apart"]
    assert list(told["clients"]) == ["C001 C002", "", "C001 C002"]
    assert told["reason"].iloc[0] == "same phone 138****5678"


def test_a_preview_changes_nothing_and_is_told_as_an_opening_only(
    workbook: Workbook, hand_in: Any, client: Row
) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:
        book.preview([hand_in(clients=[client(1)])], source="a.csv")
    assert events(workbook) == ["begin", "open"]


def test_reading_identity_plain_is_told_once_for_each_area_with_the_clients(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1), client(2)]))
    with open_book(workbook, role="data_entry") as book:
        book.area("clients")
        book.area("clients")
        book.area("trades")
    told = records(workbook).tail(2)
    assert list(told["event"]) == ["open", "look_up"]
    assert told["clients"].iloc[-1] == "C001 C002"


def test_reading_identity_masked_is_no_look_at_it(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    with open_book(workbook, role="analyst") as book:
        book.area("clients")
    assert events(workbook)[-1] == "open"


def test_a_look_up_is_told_with_its_reason(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1), client(2)]))
    with open_book(workbook, role="service") as book:
        book.look_up("clients", ["C002"], "asked for a statement")
    told = last(workbook)
    assert (told["event"], told["clients"], told["reason"]) == ("look_up", "C002", "asked for a statement")


def test_asking_whose_numbers_are_whose_is_a_look_at_identity(workbook: Workbook) -> None:
    with open_book(workbook, role="data_entry") as book:
        book.natural_keys()
    assert last(workbook)["event"] == "look_up"


@pytest.mark.parametrize(
    "asked",
    [
        lambda w: open_book(w, role="analyst", write=True),
        lambda w: open_book(w, role="no_such_role"),
        lambda w: open_book(w, role="administrator").area("clients"),
        lambda w: open_book(w, role="analyst").look_up("clients", ["C001"], "curious"),
        lambda w: open_book(w, role="analyst").audit_records(),
    ],
)
def test_a_refusal_is_told(workbook: Workbook, asked: Callable[[Workbook], object]) -> None:
    open_book(workbook).close()
    with pytest.raises(PermissionRefused):
        asked(workbook)
    assert last(workbook)["event"] == "refused"


def test_a_look_up_that_is_not_made_is_not_told_as_one(workbook: Workbook) -> None:
    with open_book(workbook, role="service") as book, pytest.raises(ParameterError):
        book.look_up("clients", ["C001"], " ")
    assert "look_up" not in events(workbook)


def test_no_identity_is_in_any_record(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    with open_book(workbook, role="data_entry") as book:
        book.area("clients")
    told = records(workbook).to_csv()
    assert client(1)["full_name"] not in told
    assert client(1)["id_number"] not in told


def test_a_wrong_key_writes_nothing_into_the_audit(
    workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_book(workbook).close()
    before = journal_of(workbook).read_bytes()
    monkeypatch.setenv("CLIENTLIB_KEY", key_file(workbook, "vault").read_text("ascii"))
    with pytest.raises(PermissionRefused):
        open_book(workbook, role="no_such_role")
    assert journal_of(workbook).read_bytes() == before


# -------------------------------------------------------------- not as they were left
def test_where_nothing_can_be_recorded_nothing_is_opened(workbook: Workbook) -> None:
    open_book(workbook).close()
    journal_of(workbook).unlink()
    journal_of(workbook).mkdir()
    with pytest.raises(BookError, match="without a record in the audit"):
        open_book(workbook)


def test_an_anchor_on_a_disk_that_is_not_there_is_told(workbook: Workbook) -> None:
    settings = workbook.folder / "workbook.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[audit]\nanchor = "no/disk/audit.anchor"\n', "utf-8")
    with pytest.raises(BookError, match=r"audit\.anchor cannot be written"):
        open_book(Workbook(workbook.folder))


def test_an_anchor_that_is_gone_is_made_anew_and_an_alarm_recorded(workbook: Workbook) -> None:
    open_book(workbook).close()
    anchor_path(workbook).unlink()
    open_book(workbook).close()
    assert events(workbook)[-2:] == ["alarm", "open"]
    assert [defect.kind for defect in verify(workbook).defects] == ["alarm_anchor_gone"]


def test_records_that_are_gone_stay_missing(workbook: Workbook) -> None:
    for _ in range(3):
        open_book(workbook).close()
    lines = journal_of(workbook).read_bytes().splitlines(keepends=True)
    journal_of(workbook).write_bytes(b"".join(lines[:2]))
    open_book(workbook).close()
    assert str(verify(workbook).defects[0]) == "Records 3 to 4 are missing in the journal."
    assert list(records(workbook)["seq"])[:4] == [1, 2, 5, 6]


def test_a_journal_that_is_gone_is_begun_after_what_the_anchor_knows(workbook: Workbook) -> None:
    for _ in range(3):
        open_book(workbook).close()
    journal_of(workbook).unlink()
    open_book(workbook).close()
    assert {d.kind for d in verify(workbook).defects} == {"missing", "alarm_end_gone"}


def test_without_journal_and_anchor_the_chain_goes_on_after_the_book(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    journal_of(workbook).unlink()
    anchor_path(workbook).unlink()
    open_book(workbook).close()
    assert [d.kind for d in verify(workbook).defects] == ["alarm_anchor_gone"]


def test_a_changed_line_of_the_journal_is_told(workbook: Workbook) -> None:
    for _ in range(2):
        open_book(workbook).close()
    lines = journal_of(workbook).read_bytes().splitlines(keepends=True)
    lines[1] = lines[1][:50] + (b"A" if lines[1][50:51] != b"A" else b"B") + lines[1][51:]
    journal_of(workbook).write_bytes(b"".join(lines))
    assert {d.kind for d in verify(workbook).defects} == {"unreadable", "missing"}


def test_an_older_book_put_in_place_is_not_opened_and_told(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    older = {path: path.read_bytes() for path in (workbook.book_file, workbook.vault_file)}
    importing(hand_in(clients=[client(2)]))
    for path, content in older.items():
        path.write_bytes(content)
    with pytest.raises(BookError, match=r"knows batch 2, which it does not have.*clientlib restore"):
        open_book(workbook)
    assert "batch_gone" in [d.kind for d in verify(workbook).defects]


def test_an_anchor_that_a_crash_left_behind_a_batch_is_no_loss(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    importing(hand_in(clients=[client(1)]))
    with open_book(workbook, role="data_entry", write=True) as book:
        anchor = anchor_path(workbook).read_bytes()
        book.import_checked([hand_in(clients=[client(2)])], source="a.csv")
    anchor_path(workbook).write_bytes(anchor)
    open_book(workbook).close()
    assert verify(workbook).defects == ()


DIES_BEFORE_THE_CHECKPOINT = """
import os, sys
from pathlib import Path
from clientlib import intake
from clientlib.book import open_book
from clientlib.book.audit.folding import BatchTrail
from clientlib.book.batch import Batch

landed = BatchTrail.landed

def die(trail):
    landed(trail)
    os._exit(0)

BatchTrail.landed = die
Batch._close = lambda batch: None
folder = Path(sys.argv[1])
with open_book(folder, role="data_entry", write=True) as book:
    chunks = intake.stream(folder / "b.csv", settings=book.settings, areas=book.areas)
    book.import_checked(chunks, source="b.csv")
"""


@pytest.mark.slow
@pytest.mark.parametrize("kept", [0, 0.5])
def test_a_batch_in_a_log_that_was_cut_off_is_missed(workbook: Workbook, kept: float) -> None:
    (workbook.folder / "b.csv").write_text("campaign_id,name,starts_on,ends_on\nA,B,2026-01-01,2026-02-01\n")
    command = [sys.executable, "-c", DIES_BEFORE_THE_CHECKPOINT, str(workbook.folder)]
    subprocess.run(command, check=True, timeout=120)
    log = workbook.book_file.with_name("book.duckdb.wal")
    content = log.read_bytes()
    log.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(BookError, match=r"knows batch 1, which it does not have|damaged"):
        open_book(workbook)


def test_after_a_loss_of_power_the_chain_goes_on_after_what_the_book_has(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    open_book(workbook).close()
    anchor = anchor_path(workbook).read_bytes()
    importing(hand_in(clients=[client(1)]))
    # What was not forced onto the disk: the shortened journal's content, and the anchor.
    anchor_path(workbook).write_bytes(anchor)
    journal_of(workbook).write_bytes(b"")
    open_book(workbook).close()
    assert list(records(workbook)["seq"]) == [1, 2, 3, 4, 5]
    assert verify(workbook).defects == ()


def test_what_was_begun_and_failed_is_told(workbook: Workbook) -> None:
    with (
        open_book(workbook, role="administrator") as book,
        pytest.raises(OSError, match="full"),
        book.audit.doing("share", to="a folder"),
    ):
        raise OSError("the disk is full")
    with open_book(workbook, role="auditor") as book:
        records = book.audit_records()
    assert records[records["event"] == "share"]["outcome"].tolist() == ["done", "failed"]
