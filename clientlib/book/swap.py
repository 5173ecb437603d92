"""New versions of several files put into their places together: all of them or none, whatever happens.

The new versions lie aside, whole and on the disk, before a note of what is to become of them is put down
(`data/book/swap.json`). From then on the swap counts as done: whoever opens the book next finishes it, alone,
before anything is read. Without a note, what lies aside is nothing, and the next who writes takes it away.
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clientlib.aside import open_alike, write_text
from clientlib.book.locks import Lock, Patience
from clientlib.errors import BookError, system_says
from clientlib.workbook import Workbook

ASIDE = ".new"
KEPT = ".before-"
_FINISHING = "putting new files in its place"


@dataclass(frozen=True)
class Move:
    """One file of a swap.

    Attributes
    ----------
    new : Path
        Its new version, on the disk of `target` (see `aside`).
    target : Path
        Its place.
    kept : Path, optional
        What was in that place is kept under this name (see `kept_as`); by default it is gone.
    """

    new: Path
    target: Path
    kept: Path | None = None


# ---------------------------------------------------------------------------------- names
def aside(target: Path) -> Path:
    """Where the new version of a file is written."""
    return target.with_name(target.name + ASIDE)


def stamp() -> str:
    """This instant as part of a file's name, the same for all files of one swap."""
    return dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3]


def kept_as(target: Path, why: str, when: str) -> Path:
    """The name under which an old version stays: `book.before-rotation-20261125-161200-123.duckdb`."""
    return target.with_name(f"{target.stem}{KEPT}{why}-{when}{target.suffix}")


def kept(workbook: Workbook) -> list[Path]:
    """All old versions that were kept, of the book's files and of key files."""
    return [path for folder in _folders(workbook) for path in sorted(folder.glob(f"*{KEPT}*"))]


# ----------------------------------------------------------------------------------- swap
def put_in_place(workbook: Workbook, moves: Sequence[Move]) -> None:
    """Put new files into their places, together.

    What an engine has logged beside an old file (`.wal`) goes with that file. The caller has the book's
    exclusive lock, and no engine has any of the files open.

    Raises
    ------
    BookError
        The files cannot be moved. Before the note is put down nothing was changed; after it, the swap is
        finished when the book is next opened.
    """
    try:
        for move in moves:
            _to_disk(move.new)
        for folder in {move.new.parent for move in moves}:
            _to_disk(folder)
    except OSError as error:
        reason = system_says(error)
    else:
        _put_note(workbook, moves)
        finish(workbook)
        return
    raise BookError(
        f"The new files of the book cannot be written: {reason.en}. Nothing was changed.",
        f"无法写入台账的新文件：{reason.zh}。未作任何更改。",
    )


def broken_off(workbook: Workbook) -> bool:
    """Whether a swap is to be finished."""
    return _note(workbook).exists()


def finish(workbook: Workbook) -> None:
    """Carry out what the note says; what is done already is left as it is. Only with the exclusive lock.

    Raises
    ------
    BookError
        The note is damaged, or the files cannot be moved.
    """
    moves = _noted(workbook)
    try:
        for move in moves:
            _carry_out(move)
        for folder in {move.target.parent for move in moves}:
            _to_disk(folder)
        _note(workbook).unlink()
        _to_disk(_note(workbook).parent)
    except OSError as error:
        reason = system_says(error)
    else:
        return
    one, other = _folders(workbook)
    raise BookError(
        f"New files of the book could not be put into their places: {reason.en}. "
        f"Make {one} and {other} writable for you; it goes on when the book is next opened.",
        f"台账的新文件未能就位：{reason.zh}。"
        f"请使您的账户可以写入 {one} 和 {other}；下次打开台账时会继续完成。",
    )


def finish_or_drop(workbook: Workbook) -> None:
    """As `finish`, for one who puts other files there anyway: what cannot be finished is given up."""
    if not broken_off(workbook):
        return
    try:
        finish(workbook)
    except BookError:
        _note(workbook).unlink()


def settled_lock(
    workbook: Workbook, *, exclusive: bool, patience: Patience | None = None, doing: str | None = None
) -> Lock:
    """The lock on a book of which every file is in its place: what was broken off is finished first.

    Parameters, errors
        As for `Lock` and `finish`.
    """
    path = workbook.book_file.with_name("book.lock")
    lock = Lock(path, exclusive=exclusive, patience=patience, doing=doing)
    while broken_off(workbook):
        lock.release()
        alone = Lock(path, exclusive=True, patience=patience, doing=_FINISHING)
        try:
            if broken_off(workbook):
                finish(workbook)
        finally:
            alone.release()
        lock = Lock(path, exclusive=exclusive, patience=patience, doing=doing)
    return lock


def sweep(workbook: Workbook) -> None:
    """Take away what lies aside without a note. Only with the exclusive lock."""
    for folder in _folders(workbook):
        for left in (*folder.glob(f"*{ASIDE}"), *folder.glob(f"*{ASIDE}.wal")):
            left.unlink(missing_ok=True)


# -------------------------------------------------------------------------------- one file
def _carry_out(move: Move) -> None:
    if not move.new.exists():
        if not move.target.exists():
            raise FileNotFoundError(errno.ENOENT, "a new file is gone", str(move.new))
        return  # It is in its place already: it left `new` by the very last step below.
    log, kept_log = _log_of(move.target), None if move.kept is None else _log_of(move.kept)
    if kept_log is None:
        log.unlink(missing_ok=True)
    elif log.exists():
        log.replace(kept_log)
    if move.target.exists():
        open_alike(move.new, move.target)
    if move.kept is not None and move.target.exists() and not move.kept.exists():
        _give_name(move.target, move.kept)
    move.new.replace(move.target)


def _give_name(old: Path, kept_name: Path) -> None:
    # A second name rather than another one: so the place is never empty, where the disk can do that.
    try:
        os.link(old, kept_name)
    except OSError:
        old.replace(kept_name)


def _log_of(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


# -------------------------------------------------------------------------------- the note
def _note(workbook: Workbook) -> Path:
    return workbook.book_file.with_name("swap.json")


def _put_note(workbook: Workbook, moves: Sequence[Move]) -> None:
    # Relative to the workbook: a folder that is moved or copied as a whole can still be finished.
    noted = [dict(_names(workbook, move)) for move in moves]
    note = _note(workbook)
    lying = aside(note)
    write_text(lying, json.dumps({"moves": noted}, ensure_ascii=False, indent=1))
    _to_disk(lying)
    lying.replace(note)
    _to_disk(note.parent)


def _names(workbook: Workbook, move: Move) -> Iterator[tuple[str, str]]:
    for name in ("new", "target", "kept"):
        if (path := getattr(move, name)) is not None:
            inside = path.is_relative_to(workbook.folder)
            yield name, (path.relative_to(workbook.folder) if inside else path.absolute()).as_posix()


def _noted(workbook: Workbook) -> list[Move]:
    note = _note(workbook)
    try:
        found = json.loads(note.read_text("utf-8"))["moves"]
        moves = [Move(**{name: workbook.folder / path for name, path in move.items()}) for move in found]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        moves = []
    if not moves or not all(_is_of_a_book(workbook, move) for move in moves):
        raise BookError(
            f"{note} is damaged. Put the book back: clientlib restore FILE",
            f"{note} 已损坏。请恢复台账：clientlib restore FILE",
        )
    return moves


def _is_of_a_book(workbook: Workbook, move: Move) -> bool:
    """Whether a swap moves such files. Whoever may write beside the book could otherwise have any other file
    replaced, the settings or a key say, by whoever opens the book next."""
    book, keys = _folders(workbook)
    anchor = workbook.folder / workbook.settings.audit.anchor
    home = move.target.parent
    unpacked = home == book and move.new.parent.parent == book
    return (
        (home in (book, keys) or move.target == anchor)
        and (move.new.parent == home or unpacked)
        and (move.kept is None or (move.kept.parent == home and KEPT in move.kept.name))
        and not any(".." in path.parts for path in (move.target, move.new, move.kept) if path is not None)
    )


def _to_disk(path: Path) -> None:
    """Make sure that a file, or the names in a folder, survive the machine's going off."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _folders(workbook: Workbook) -> tuple[Path, Path]:
    return workbook.book_file.parent, workbook.keys
