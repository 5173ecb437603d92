"""Who may have the book open, who is told whom they wait for, and that nobody waits for ever."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clientlib.book import holders, open_book
from clientlib.book.holders import Holder
from clientlib.book.locks import Lock, Patience
from clientlib.errors import BookBusy
from clientlib.workbook import Workbook

NOW = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
SCRIPT = Path(__file__).parent / "processes" / "neighbour.py"
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX locks")


class Neighbour:
    """Another process that takes and leaves the lock when told to."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self, order: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def does(self, order: str) -> None:
        self.told(order)
        assert self.said() == "done"

    def killed(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "book.lock"


@pytest.fixture
def neighbours(path: Path) -> Iterator[Callable[[], Neighbour]]:
    started: list[Neighbour] = []

    def start() -> Neighbour:
        started.append(Neighbour(path))
        return started[-1]

    yield start
    for one in started:
        one.killed()


def kept_out(path: Path, *, exclusive: bool, seconds: float = 0.0) -> str:
    with pytest.raises(BookBusy) as caught:
        Lock(path, exclusive=exclusive, patience=Patience(seconds))
    return str(caught.value)


# --------------------------------------------------------------------------------- words
@pytest.mark.parametrize(
    ("lasted", "told"),
    [
        (dt.timedelta(seconds=-3), "0 s"),  # another machine's clock
        (dt.timedelta(seconds=59), "59 s"),
        (dt.timedelta(minutes=2, seconds=50), "2 min"),
        (dt.timedelta(hours=5), "5 h"),
        (dt.timedelta(days=1), "1 day"),
        (dt.timedelta(days=3, hours=5), "3 days"),
    ],
)
def test_a_holder_is_told_with_its_account_its_process_what_it_does_and_for_how_long(
    lasted: dt.timedelta, told: str
) -> None:
    holder = Holder("wang", -1, holders.here(), NOW - lasted, "importing", exclusive=True)
    assert holder.told(NOW).en == f"wang (process -1) has been importing for {told}"


def test_a_holder_on_another_machine_is_told_with_its_name() -> None:
    holder = Holder("wang", 4711, "nas1", NOW, "reading it", exclusive=False)
    assert holder.told(NOW).en == "wang (process 4711 on nas1) has been reading it for 0 s"


def test_of_many_holders_only_a_few_are_named() -> None:
    one = Holder("wang", 4711, "nas1", dt.datetime.now(dt.UTC), "reading it", exclusive=False)
    assert holders.told([one] * 5).en.endswith(" and 2 others have it open")
    assert holders.told([one] * 4).en.endswith(" and 1 other has it open")
    assert holders.told([one] * 2).en.count(" and ") == 1


def test_a_holder_that_nobody_can_name_is_somebody() -> None:
    assert holders.told([]).en == "somebody else has it open"


# --------------------------------------------------------------------------- who has it
@posix
def test_a_writer_is_told_who_reads(path: Path, neighbours: Callable[[], Neighbour]) -> None:
    reader = neighbours()
    reader.does("hold read")
    told = kept_out(path, exclusive=True)
    assert told.startswith(f"The book is busy: {holders.account()} (process {reader.process.pid}) has been ")
    assert "has been reading it for" in told
    assert "nothing was changed" in told


@posix
def test_a_reader_is_told_who_changes_it_and_what_is_being_done(path: Path) -> None:
    lock = Lock(path, exclusive=True)
    assert "has been changing it for" in kept_out(path, exclusive=False)
    lock.now_doing("importing")
    assert "this very process has been importing for" in kept_out(path, exclusive=False)
    lock.release()


@posix
def test_readers_keep_no_reader_out(path: Path, neighbours: Callable[[], Neighbour]) -> None:
    neighbours().does("hold read")
    Lock(path, exclusive=False).release()


@posix
def test_a_killed_holder_blocks_nobody_and_is_not_shown(
    path: Path, neighbours: Callable[[], Neighbour]
) -> None:
    dead, alive = neighbours(), neighbours()
    dead.does("hold read")
    alive.does("hold read")
    dead.killed()
    told = kept_out(path, exclusive=True)
    assert f"process {alive.process.pid})" in told
    assert f"process {dead.process.pid})" not in told
    alive.killed()
    Lock(path, exclusive=True).release()


@posix
def test_what_dead_processes_left_is_swept_away_by_the_next_writer(
    path: Path, neighbours: Callable[[], Neighbour]
) -> None:
    dead = neighbours()
    dead.does("hold write")
    folder = path.with_name(holders.FOLDER)
    (folder / ".half-made").touch()
    dead.killed()
    lock = Lock(path, exclusive=True)
    assert [file.name.split("-")[0] for file in folder.iterdir()] == [str(os.getpid())]
    lock.release()
    assert list(folder.iterdir()) == []


@posix
def test_the_files_that_name_holders_are_for_their_owner_only_and_hold_nothing_else(
    workbook: Workbook,
) -> None:
    with open_book(workbook):
        folder = workbook.book_file.with_name(holders.FOLDER)
        (file,) = folder.iterdir()
        modes = [found.stat().st_mode & 0o777 for found in (folder, file)]
        told = json.loads(file.read_text("utf-8"))
    assert modes == [0o700, 0o600]
    assert set(told) == {"account", "process", "host", "since", "doing", "exclusive"}


@posix
def test_a_book_that_nobody_can_be_named_in_is_locked_all_the_same(path: Path) -> None:
    path.with_name(holders.FOLDER).write_text("no folder")
    lock = Lock(path, exclusive=False)
    assert "somebody else has it open" in kept_out(path, exclusive=True)
    lock.release()
    Lock(path, exclusive=True).release()


@posix
def test_a_file_that_names_nobody_is_passed_over(path: Path) -> None:
    lock = Lock(path, exclusive=False)
    (file,) = path.with_name(holders.FOLDER).iterdir()
    file.write_text("{}")
    assert "somebody else has it open" in kept_out(path, exclusive=True)
    lock.release()


@posix
def test_who_waits_for_an_import_is_told_that_it_is_one(workbook: Workbook, hand_in: Any) -> None:
    said: list[str] = []

    def chunks() -> Iterator[Any]:
        with pytest.raises(BookBusy) as caught:
            open_book(workbook)
        said.append(str(caught.value))
        yield hand_in()

    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked(chunks(), source="a.csv")
        with pytest.raises(BookBusy, match="has been changing it"):
            open_book(workbook)
    assert "has been importing" in said[0]


# ------------------------------------------------------------------------------ waiting
@posix
def test_who_waits_says_once_for_whom_and_gives_up_with_a_sentence(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = Lock(path, exclusive=True, doing="importing")
    with caplog.at_level(logging.WARNING, "clientlib.book"):
        told = kept_out(path, exclusive=False, seconds=0.3)
    lock.release()
    (said,) = caplog.messages
    assert said == "The book is busy: this very process has been importing for 0 s; waiting up to 0.3 s."
    assert "After waiting 0.3 s nothing was changed" in told


@posix
def test_new_readers_wait_behind_a_writer_who_waits_but_not_for_all_their_time(
    path: Path, neighbours: Callable[[], Neighbour], caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = neighbours(), neighbours()
    reader.does("hold read")
    writer.told("hold write")
    assert "has been reading it" in writer.said()
    with caplog.at_level(logging.WARNING, "clientlib.book"):
        Lock(path, exclusive=False, patience=Patience(0.5)).release()
    assert caplog.messages == ["The book is busy: somebody is waiting to change it; waiting up to 0.5 s."]


@posix
def test_who_reads_already_does_not_wait_behind_a_writer_who_waits_for_it(
    path: Path, neighbours: Callable[[], Neighbour], caplog: pytest.LogCaptureFixture
) -> None:
    writer = neighbours()
    first = Lock(path, exclusive=False)
    writer.told("hold write")
    assert "has been reading it" in writer.said()
    with caplog.at_level(logging.WARNING, "clientlib.book"):
        Lock(path, exclusive=False, patience=Patience(60)).release()
    assert caplog.messages == []
    first.release()
    assert writer.said() == "done"


@posix
@pytest.mark.slow
@pytest.mark.parametrize(("others", "exclusive"), [("read", True), ("write", False)])
def test_an_endless_stream_of_others_starves_nobody(
    path: Path, neighbours: Callable[[], Neighbour], others: str, exclusive: bool
) -> None:
    for other in [neighbours() for _ in range(4)]:
        other.told(f"stream {others}")
        while other.said() != "done":
            pass
    for _ in range(5):
        Lock(path, exclusive=exclusive, patience=Patience(30)).release()
