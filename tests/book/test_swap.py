"""Several files put into their places together: whatever moment the process dies at, all of them or none."""

from __future__ import annotations

import itertools
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clientlib.book import open_book, swap
from clientlib.book.locks import Lock
from clientlib.book.swap import Move, aside, kept_as, put_in_place
from clientlib.errors import BookBusy, BookError
from clientlib.workbook import Workbook

WHEN = "20261125-161200-123"


class Killed(BaseException):
    """Stands for SIGKILL: nothing that would clean up catches it."""


@pytest.fixture
def plain(tmp_path: Path) -> Workbook:
    """A folder with three old files, two of which belong to a book and one to its keys."""
    workbook = Workbook(tmp_path)
    workbook.book_file.parent.mkdir(parents=True)
    workbook.keys.mkdir()
    for path in targets(workbook):
        path.write_text("old")
    return workbook


def targets(workbook: Workbook) -> list[Path]:
    return [workbook.vault_file, workbook.book_file, workbook.keys / "book.key"]


def moves(workbook: Workbook, *, keep: bool) -> list[Move]:
    made = [
        Move(aside(path), path, kept_as(path, "test", WHEN) if keep else None) for path in targets(workbook)
    ]
    for move in made:
        move.new.write_text("new")
    return made


def contents(workbook: Workbook) -> list[str]:
    return [path.read_text() for path in targets(workbook)]


def names(workbook: Workbook) -> set[str]:
    return {path.name for folder in ("data/book", "keys") for path in (workbook.folder / folder).iterdir()}


def test_new_files_are_in_their_places_and_nothing_else_is_left(plain: Workbook) -> None:
    put_in_place(plain, moves(plain, keep=False))
    assert contents(plain) == ["new"] * 3
    assert names(plain) == {"vault.duckdb", "book.duckdb", "book.key"}


def test_old_files_are_kept_under_their_names_when_asked_for(plain: Workbook) -> None:
    put_in_place(plain, moves(plain, keep=True))
    assert contents(plain) == ["new"] * 3
    assert [path.read_text() for path in swap.kept(plain)] == ["old"] * 3
    assert plain.keys / f"book.before-test-{WHEN}.key" in swap.kept(plain)


def test_a_file_that_was_not_there_before_is_put_there(plain: Workbook) -> None:
    plain.book_file.unlink()
    put_in_place(plain, moves(plain, keep=True))
    assert contents(plain) == ["new"] * 3
    assert len(swap.kept(plain)) == 2


@pytest.mark.parametrize("keep", [False, True])
def test_what_an_engine_logged_beside_an_old_file_never_meets_the_new_one(
    plain: Workbook, keep: bool
) -> None:
    log = plain.book_file.with_name("book.duckdb.wal")
    log.write_text("of the old file")
    put_in_place(plain, moves(plain, keep=keep))
    assert not log.exists()
    assert plain.book_file.with_name(f"book.before-test-{WHEN}.duckdb.wal").exists() is keep


def test_a_disk_that_gives_no_second_names_keeps_old_files_too(
    plain: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    put_in_place(plain, moves(plain, keep=True))
    assert contents(plain) == ["new"] * 3
    assert len(swap.kept(plain)) == 3


# ------------------------------------------------------------------------------ broken off
def killed_at(step: int, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> bool:
    """Let `act` die before its step-th change of the disk; whether it had so many."""
    steps = itertools.count()

    def dying(real: Callable[..., None]) -> Callable[..., None]:
        def change(*arguments: object, **options: object) -> None:
            if next(steps) == step:
                raise Killed
            real(*arguments, **options)

        return change

    with monkeypatch.context() as patched:
        for owner, name in ((os, "replace"), (os, "link"), (os, "fsync"), (Path, "unlink")):
            patched.setattr(owner, name, dying(getattr(owner, name)))
        try:
            act()
        except Killed:
            return True
    return False


@pytest.mark.parametrize("keep", [False, True])
def test_killed_at_any_step_all_files_are_new_or_all_are_old(
    copied: Callable[[Path], Workbook], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    outcomes = []
    for step in itertools.count():
        workbook = Workbook(tmp_path / str(step))
        workbook.book_file.parent.mkdir(parents=True)
        workbook.keys.mkdir()
        for path in targets(workbook):
            path.write_text("old")
        made = moves(workbook, keep=keep)
        died = killed_at(step, monkeypatch, lambda: put_in_place(workbook, made))  # noqa: B023
        swap.settled_lock(workbook, exclusive=False).release()
        found = set(contents(workbook))
        assert found in ({"old"}, {"new"})
        outcomes.append(found.pop())
        assert len(swap.kept(workbook)) == (3 if keep and outcomes[-1] == "new" else 0)
        if not died:
            break
    # Old up to the note, new from then on, and many moments of both.
    assert outcomes == sorted(outcomes, reverse=True)
    assert outcomes.count("old") > 4
    assert outcomes.count("new") > 8


def test_finishing_may_die_too_at_any_step(plain: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    made = moves(plain, keep=True)
    swap._put_note(plain, made)
    for step in itertools.count():
        if not killed_at(step, monkeypatch, lambda: swap.finish(plain)):
            break
        assert swap.broken_off(plain) or contents(plain) == ["new"] * 3
        if not swap.broken_off(plain):
            break
    assert contents(plain) == ["new"] * 3
    assert [path.read_text() for path in swap.kept(plain)] == ["old"] * 3


@pytest.mark.parametrize(
    "move",
    [
        {"new": "data/book/x", "target": "workbook.toml"},
        {"new": "data/book/x", "target": "keys/book.key"},
        {"new": "data/book/x", "target": "data/book/../../workbook.toml"},
        {"new": "workbook.toml", "target": "data/book/x"},
        {"new": "data/book/x", "target": "data/book/book.duckdb", "kept": "workbook.toml"},
    ],
)
def test_a_forged_note_moves_no_file_that_is_not_the_books(plain: Workbook, move: dict[str, str]) -> None:
    settings = plain.folder / "workbook.toml"
    settings.write_text("# ours", "utf-8")
    (plain.folder / "data" / "book" / "x").write_text("forged", "utf-8")
    (plain.folder / "data" / "book" / "swap.json").write_text(json.dumps({"moves": [move]}), "utf-8")
    with pytest.raises(BookError, match=r"swap\.json is damaged"):
        swap.settled_lock(plain, exclusive=False)
    assert settings.read_text("utf-8") == "# ours"
    assert contents(plain) == ["old"] * 3


def test_a_process_killed_between_two_files_is_finished_by_the_next_reader(workbook: Workbook) -> None:
    script = """
import os, signal, shutil, sys
from pathlib import Path
from clientlib.book import swap
from clientlib.workbook import Workbook
workbook = Workbook(Path(sys.argv[1]))
moves = []
for path in (workbook.vault_file, workbook.book_file):
    shutil.copyfile(path, swap.aside(path))
    moves.append(swap.Move(swap.aside(path), path, swap.kept_as(path, "test", "x")))
carry_out = swap._carry_out
def die_at_the_second(move):
    if move.target == workbook.book_file:
        os.kill(os.getpid(), signal.SIGKILL)
    carry_out(move)
swap._carry_out = die_at_the_second
swap.put_in_place(workbook, moves)
"""
    done = subprocess.run([sys.executable, "-c", script, str(workbook.folder)], timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert swap.broken_off(workbook)
    with open_book(workbook) as book:
        assert book.batches().empty
    assert not swap.broken_off(workbook)
    assert len(swap.kept(workbook)) == 2


def test_a_folder_that_was_moved_after_the_kill_is_finished_in_its_new_place(
    plain: Workbook, tmp_path: Path
) -> None:
    swap._put_note(plain, moves(plain, keep=False))
    moved = Workbook(plain.folder.rename(tmp_path.with_name(tmp_path.name + "-moved")))
    swap.settled_lock(moved, exclusive=True).release()
    assert contents(moved) == ["new"] * 3


def test_a_swap_is_not_finished_while_somebody_reads(plain: Workbook) -> None:
    swap._put_note(plain, moves(plain, keep=False))
    reader = Lock(plain.book_file.with_name("book.lock"), exclusive=False)
    try:
        with pytest.raises(BookBusy):
            swap.settled_lock(plain, exclusive=False)
    finally:
        reader.release()
    assert contents(plain) == ["old"] * 3


# -------------------------------------------------------------------------------- leftovers
def test_what_lies_aside_without_a_note_is_swept_by_the_next_writer(workbook: Workbook) -> None:
    before = names(workbook)
    moves(workbook, keep=False)
    aside(workbook.book_file).with_name("book.duckdb.new.wal").write_text("log")
    open_book(workbook, role="data_entry", write=True).close()
    assert names(workbook) >= before
    assert not [name for name in names(workbook) if ".new" in name]


def test_a_reader_leaves_what_lies_aside(workbook: Workbook) -> None:
    moves(workbook, keep=False)
    open_book(workbook).close()
    assert aside(workbook.book_file).exists()


def test_a_damaged_note_is_said_with_the_mend(workbook: Workbook) -> None:
    (workbook.book_file.parent / "swap.json").write_text("{")
    with pytest.raises(BookError, match=r"swap\.json is damaged.*clientlib restore"):
        open_book(workbook)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_with_the_mend(plain: Workbook) -> None:
    made = moves(plain, keep=False)
    swap._put_note(plain, made)
    plain.keys.chmod(0o500)
    with pytest.raises(BookError, match="writable for you"):
        swap.finish(plain)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_whom_an_old_file_was_open_to_the_new_one_is_too(workbook: Workbook) -> None:
    workbook.book_file.chmod(0o640)
    new = swap.aside(workbook.book_file)
    new.write_bytes(workbook.book_file.read_bytes())
    new.chmod(0o600)
    swap.put_in_place(workbook, [swap.Move(new, workbook.book_file)])
    assert stat.S_IMODE(workbook.book_file.stat().st_mode) == 0o640
