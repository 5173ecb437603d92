"""Opening: what is no book, whose key it is, who else has it open. A sentence each, and nothing changed."""

from __future__ import annotations

import base64
import logging
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from clientlib.book import create_book, open_book, prove_encryption
from clientlib.book.keys import key_file
from clientlib.errors import BookBusy, BookError, KeyProblem, PermissionRefused, WorkbookError
from clientlib.workbook import Workbook

OTHER_KEY = base64.b64encode(b"another key, of 32 bytes, wrong!").decode()
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX locks")


def contents(workbook: Workbook) -> dict[str, str]:
    return {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in workbook.book_file.parent.glob("*.duckdb*")
    }


def test_encryption_works_on_this_machine() -> None:
    assert "AES-256-GCM" in prove_encryption().en


def test_a_new_book_is_empty_and_opens_for_reading_and_writing(workbook: Workbook) -> None:
    for write in (False, True):
        with open_book(workbook, role="data_entry", write=write) as book:
            assert book.batches().empty
            assert book.span() is None


def test_a_book_is_found_by_its_folder(workbook: Workbook) -> None:
    with open_book(workbook.folder) as book:
        assert book.workbook.folder == workbook.folder


def test_a_folder_without_a_workbook_is_answered_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="clientlib init"):
        open_book(tmp_path)


def test_a_second_book_is_not_made_over_the_first(workbook: Workbook) -> None:
    before = contents(workbook)
    with pytest.raises(BookError, match="already"):
        create_book(workbook)
    assert contents(workbook) == before


def test_both_files_are_for_their_owner_only(workbook: Workbook) -> None:
    assert {path.stat().st_mode & 0o077 for path in (workbook.book_file, workbook.vault_file)} == {0}


# ------------------------------------------------------------------------------ no book
def plain_duckdb(path: Path) -> None:
    path.unlink()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE clients AS SELECT 1 AS client_id")


def random_bytes(path: Path) -> None:
    path.write_bytes(os.urandom(100_000))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_in_its_head(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (plain_duckdb, "is no book of clientlib"),
        (random_bytes, "is no book of clientlib"),
        (empty, "is no book of clientlib"),
        (cut_in_half, "is damaged"),
        (cut_in_its_head, "is damaged"),
    ],
)
def test_a_file_that_is_no_book_is_refused_and_left_alone(
    workbook: Workbook, spoil: Callable[[Path], None], said: str, write: bool
) -> None:
    spoil(workbook.book_file)
    before = contents(workbook)
    with pytest.raises(BookError, match=said):
        open_book(workbook, role="data_entry", write=write)
    assert contents(workbook) == before


def test_a_missing_book_is_answered_with_how_to_make_one(workbook: Workbook) -> None:
    workbook.book_file.unlink()
    with pytest.raises(BookError, match=r"no book at .*clientlib init"):
        open_book(workbook)
    assert not workbook.book_file.exists()


def test_the_vault_of_another_book_is_refused(
    workbook: Workbook, new_workbook: Callable[[Path], Workbook], tmp_path: Path
) -> None:
    other = new_workbook(tmp_path / "other")
    shutil.copy(other.vault_file, workbook.vault_file)
    shutil.copy(key_file(other, "vault"), key_file(workbook, "vault"))
    with pytest.raises(BookError, match="vault of another book"):
        open_book(workbook, role="data_entry", write=True)


def test_a_vault_in_the_place_of_the_book_is_refused(workbook: Workbook) -> None:
    shutil.copy(workbook.vault_file, workbook.book_file)
    shutil.copy(key_file(workbook, "vault"), key_file(workbook, "book"))
    with pytest.raises(BookError, match="not a book that this version"):
        open_book(workbook)


# --------------------------------------------------------------------------------- keys
@pytest.mark.parametrize(("variable", "file"), [("CLIENTLIB_KEY", "book"), ("CLIENTLIB_VAULT_KEY", "vault")])
def test_a_wrong_key_is_a_sentence_and_changes_nothing(
    workbook: Workbook, monkeypatch: pytest.MonkeyPatch, variable: str, file: str
) -> None:
    monkeypatch.setenv(variable, OTHER_KEY)
    before = contents(workbook)
    with pytest.raises(KeyProblem, match=f"does not open .*{file}.duckdb"):
        open_book(workbook, role="data_entry", write=True)
    assert contents(workbook) == before


def test_a_wrong_key_stands_in_no_part_of_the_traceback(
    workbook: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTLIB_KEY", OTHER_KEY)
    with pytest.raises(KeyProblem) as caught:
        open_book(workbook)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert OTHER_KEY not in told.replace("OTHER_KEY", "")


def test_the_right_key_stands_in_no_part_of_a_later_traceback(workbook: Workbook) -> None:
    with open_book(workbook) as book, pytest.raises(BookError) as caught:
        book.area("nothing")
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert key_file(workbook, "book").read_text().strip() not in told


def test_without_the_vault_key_the_book_is_read_but_not_written(workbook: Workbook) -> None:
    key_file(workbook, "vault").unlink()
    with open_book(workbook) as book:
        assert book.identity == "hidden"
    with pytest.raises(KeyProblem, match="no key for the vault"):
        open_book(workbook, role="data_entry", write=True)


# --------------------------------------------------------------------------------- roles
def test_a_role_that_does_not_exist_is_refused_with_those_that_do(workbook: Workbook) -> None:
    with pytest.raises(PermissionRefused, match=r'no role "boss".*analyst'):
        open_book(workbook, role="boss")


def test_a_role_that_may_not_edit_cannot_open_for_writing(workbook: Workbook) -> None:
    with pytest.raises(PermissionRefused, match="may not add rows"):
        open_book(workbook, role="analyst", write=True)


def test_a_closed_book_says_so(workbook: Workbook) -> None:
    with open_book(workbook) as book:
        pass
    with pytest.raises(BookError, match="has been closed"):
        book.area("clients")


# --------------------------------------------------------------------------- who else is in
NEIGHBOUR = """
import sys
from pathlib import Path
from clientlib.book import open_book
book = None
for line in sys.stdin:
    how, folder = line.split(" ", 1)
    if how == "close":
        book.close()
    else:
        book = open_book(Path(folder.strip()), role="data_entry", write=how == "write")
    print("done", flush=True)
"""


class Neighbour:
    """Another process that opens and closes books when told to."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NEIGHBOUR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def told(self, how: str, workbook: Workbook) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{how} {workbook.folder}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def killed(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture(scope="module")
def neighbour() -> Iterator[Neighbour]:
    started = Neighbour()
    yield started
    started.killed()


@posix
@pytest.mark.parametrize("write", [False, True])
def test_a_writer_keeps_everybody_out(workbook: Workbook, neighbour: Neighbour, write: bool) -> None:
    neighbour.told("write", workbook)
    with pytest.raises(BookBusy, match="The book is busy"):
        open_book(workbook, role="data_entry", write=write)
    neighbour.told("close", workbook)


@posix
def test_a_reader_keeps_a_writer_out_and_no_reader(workbook: Workbook, neighbour: Neighbour) -> None:
    neighbour.told("read", workbook)
    open_book(workbook).close()
    with pytest.raises(BookBusy, match="The book is busy"):
        open_book(workbook, role="data_entry", write=True)
    neighbour.told("close", workbook)


@posix
def test_a_reader_in_the_same_process_keeps_a_writer_out(workbook: Workbook) -> None:
    with open_book(workbook), open_book(workbook), pytest.raises(BookBusy):
        open_book(workbook, role="data_entry", write=True)


@posix
def test_when_one_of_two_readers_closes_the_other_still_keeps_writers_out(workbook: Workbook) -> None:
    with open_book(workbook):
        open_book(workbook).close()
        with pytest.raises(BookBusy):
            open_book(workbook, role="data_entry", write=True)


@posix
def test_a_reader_says_that_it_waits_and_goes_in_when_the_writer_leaves(
    workbook: Workbook, neighbour: Neighbour
) -> None:
    (workbook.folder / "workbook.toml").write_text("[book]\nwait_seconds = 60\n")

    class LeaveWhenWaitedFor(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            neighbour.told("close", workbook)

    neighbour.told("write", workbook)
    handler = LeaveWhenWaitedFor()
    logging.getLogger("clientlib.book").addHandler(handler)
    try:
        with open_book(Workbook(workbook.folder)) as book:
            assert book.batches().empty
    finally:
        logging.getLogger("clientlib.book").removeHandler(handler)


@posix
def test_a_writer_that_was_killed_leaves_no_lock(workbook: Workbook) -> None:
    other = Neighbour()
    other.told("write", workbook)
    other.killed()
    open_book(workbook, role="data_entry", write=True).close()
