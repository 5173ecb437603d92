"""The journal: an append-only file in which every record of the audit is sealed before anything is done.

Readers hold the book's files open for reading, so none of them could write a record there. The next batch
takes the records over into both files and shortens the journal to what they do not have. Nothing here knows
what a record says.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clientlib.aside import OWNER_ONLY, open_alike
from clientlib.book.audit.record import Link
from clientlib.book.audit.sealing import Seal
from clientlib.errors import BookError, system_says

if os.name == "posix":
    import fcntl

PATIENCE = 10.0
"""Seconds to wait for another process that is appending, which takes it a millisecond."""
_PAUSE = 0.001
_BLOCK = 8_192
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Tail:
    """The last record that can be read, and how many lines after it cannot."""

    last: Link | None
    unreadable: int


class Journal:
    """The journal in `folder`. All but `locked` and `links` are for whoever holds `locked`.

    Parameters
    ----------
    folder : Path
        Where the book lies.
    seal : Seal
    """

    def __init__(self, folder: Path, seal: Seal) -> None:
        self.path = folder / "audit.journal"
        self._lock = folder / "audit.lock"
        self._seal = seal

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else appends or shortens meanwhile. On Windows, which has no such lock, nothing is held."""
        with telling(self.path):
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | _FLAGS, OWNER_ONLY)
        try:
            if os.name == "posix":
                self._take(handle)
            yield
        finally:
            os.close(handle)

    def _take(self, handle: int) -> None:
        # A lock on a file of its own: the journal itself is replaced when it is shortened.
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if time.monotonic() >= deadline:
                raise BookError(
                    "Another program has held the audit's journal for too long, and nothing is done without "
                    f"a record. Look for one that hangs; its lock is {self._lock}.",
                    "另一程序占用审计日志过久，而任何操作都须留痕才能进行。"
                    f"请查找卡住的程序；其锁文件为 {self._lock}。",
                )
            time.sleep(_PAUSE)

    # ------------------------------------------------------------------------------ written
    def append(self, link: Link, *, durable: bool) -> None:
        """Write one record at the end, whole or not at all; `durable`: and wait until the disk has it."""
        line = self._line(link)
        with telling(self.path):
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | _FLAGS, OWNER_ONLY)
            try:
                end = _whole(handle)
                try:
                    _write_at(handle, line, end)
                    if durable:
                        _to_disk(handle)
                except OSError:
                    os.ftruncate(handle, end)
                    raise
            finally:
                os.close(handle)

    def keep_from(self, seq: int) -> None:
        """Let go of the records before number `seq`; the last of all stays, to be gone on from."""
        kept = self.after(seq - 1)
        last = self.tail().last
        self.write_anew(kept or ([last] if last is not None else []))

    def write_anew(self, links: list[Link]) -> None:
        """Put a journal of these records in the place of the one that is there."""
        aside = self.path.with_suffix(".new")
        with telling(self.path):
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, OWNER_ONLY)
            with os.fdopen(handle, "wb") as file:
                file.writelines(map(self._line, links))
            if self.path.exists():
                open_alike(aside, self.path)
            aside.replace(self.path)

    def _line(self, link: Link) -> bytes:
        return self._seal.close(f"{link.seq} {link.hash} {link.text}") + b"\n"

    # -------------------------------------------------------------------------------- read
    def links(self) -> Iterator[Link | None]:
        """Every record, first to last; None in the place of a line that cannot be read.

        A half-written last line is no record: whoever was writing it was never told that it stands.
        """
        with telling(self.path), contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield self._read(line)

    def tail(self) -> Tail:
        """The end of the journal, found without reading the rest of it."""
        unreadable = 0
        for line in self._backwards():
            if (link := self._read(line)) is not None:
                return Tail(link, unreadable)
            unreadable += 1
        return Tail(None, unreadable)

    def after(self, seq: int) -> list[Link]:
        """The records after this number, in their order, found without reading those before."""
        found: list[Link] = []
        for link in map(self._read, self._backwards()):
            if link is not None and link.seq <= seq:
                break
            if link is not None:
                found.append(link)
        return found[::-1]

    def find(self, seq: int) -> Link | None:
        """The record with this number, looked for from the end."""
        for line in self._backwards():
            link = self._read(line)
            if link is not None and link.seq <= seq:
                return link if link.seq == seq else None
        return None

    def _read(self, line: bytes) -> Link | None:
        text = self._seal.open(line.rstrip(b"\n"))
        seq, _, rest = (text or "").partition(" ")
        found, _, said = rest.partition(" ")
        return Link(int(seq), said, found) if seq.isdecimal() else None

    def _backwards(self) -> Iterator[bytes]:
        """The lines, last first; what follows the last line feed is none."""
        with telling(self.path), contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            place = file.seek(0, os.SEEK_END)
            rest, ended = b"", False
            while place:
                size = min(_BLOCK, place)
                place -= size
                file.seek(place)
                rest, *lines = (file.read(size) + rest).split(b"\n")
                if lines and not ended:
                    lines.pop()
                    ended = True
                yield from reversed(lines)
            if ended:
                yield rest


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """What the system refuses, as the sentence that nothing is done without a record.

    Raises
    ------
    BookError
        The file cannot be read or written.
    """
    try:
        yield
    except OSError as error:
        reason = system_says(error)
    else:
        return
    raise BookError(
        f"{path} cannot be written: {reason.en}. Nothing is read or changed without a record in the audit. "
        "Give it room, and make it and its folder writable for you.",
        f"无法写入 {path}：{reason.zh}。未在审计中留痕，就不能读取或更改任何内容。"
        "请腾出空间，并使您的账户可以写入该文件及其文件夹。",
    )


def _whole(handle: int) -> int:
    """Where the last whole line ends, and so the next one begins."""
    place = os.fstat(handle).st_size
    while place:
        size = min(_BLOCK, place)
        os.lseek(handle, place - size, os.SEEK_SET)
        found = os.read(handle, size).rfind(b"\n")
        if found >= 0:
            return place - size + found + 1
        place -= size
    return 0


def _to_disk(handle: int) -> None:
    # The size goes along with the content, the times of the file need not.
    getattr(os, "fdatasync", os.fsync)(handle)


def _write_at(handle: int, line: bytes, end: int) -> None:
    os.ftruncate(handle, end)
    os.lseek(handle, end, os.SEEK_SET)
    left = memoryview(line)
    while left:
        # A disk that is nearly full takes a part, and says so when asked to take the rest.
        left = left[os.write(handle, left) :]
