"""Who may have the book open: many readers, or one writer. Others wait a little, then are told who has it.

DuckDB locks its files too, but by POSIX record locks, which do not hold between two connections of one
process and are lost when either closes. A lock on a file of its own holds in both cases, and covers
book and vault together. Windows has no such lock; there DuckDB's own way of opening files excludes.

Nobody is passed by for ever. Whoever waits holds a second lock, the *gate*, in his own way: readers
together, a writer alone; and whoever comes must get through the gate first. So new readers wait behind a
writer who waits, and a new writer behind readers who do. To keep one who sits there for hours from blocking
everybody, the gate counts only for the first half of the time that one would wait.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from clientlib.book import holders
from clientlib.errors import ZH, BookBusy, Words

if os.name == "posix":
    import fcntl

READING, CHANGING = "reading it", "changing it"
_ELSEWHERE = Words("another program has its file open", "另一程序已打开台账文件")
_log = logging.getLogger("clientlib.book")
_PAUSE = 0.05
_GATE_COUNTS = 0.5
"""For this part of the time that one would wait."""
_T = TypeVar("_T")
_inside: Counter[Path] = Counter()
"""How many locks this process has on each book: it must not wait behind a writer who waits for itself."""
_counting = threading.Lock()


# -------------------------------------------------------------------------------- waiting
class Patience:
    """The time that somebody is ready to wait for a book, and the one message that says so."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._began = time.monotonic()
        self._said = False

    @property
    def spent(self) -> float:
        """Which part of it is over; 1 and more: all."""
        return (time.monotonic() - self._began) / self.seconds if self.seconds else 1.0

    def pause(self, why: Callable[[], Words]) -> None:
        """Wait a moment; `why` says who is in the way.

        Raises
        ------
        BookBusy
            The time is over.
        """
        if self.spent >= 1:
            raise busy(why(), self.seconds)
        if not self._said:
            other = why()
            _log.warning(
                "The book is busy: %s; waiting up to %g s.",
                other.en,
                self.seconds,
                extra={ZH: f"台账正忙：{other.zh}；最多等待{self.seconds:g}秒。"},
            )
            self._said = True
        time.sleep(_PAUSE)


def busy(why: Words = _ELSEWHERE, waited: float = 0.0) -> BookBusy:
    so_far = Words("So far", "目前")
    if waited:
        so_far = Words(f"After waiting {waited:g} s", f"已等待{waited:g}秒，")
    return BookBusy(
        f"The book is busy: {why.en}. {so_far.en} nothing was changed; try again, or close it there.",
        f"台账正忙：{why.zh}。{so_far.zh}未作任何更改；请稍后重试，或在占用处关闭台账。",
    )


def patiently(attempt: Callable[[], _T], patience: Patience) -> _T:
    """What `attempt` gives; while it raises BookBusy, because another program has a file, it is called again.

    Raises
    ------
    BookBusy
        The time is over.
    """
    while True:
        with contextlib.suppress(BookBusy):
            return attempt()
        patience.pause(lambda: _ELSEWHERE)


# ----------------------------------------------------------------------------- the lock
class Lock:
    """A lock on the book, held until `release`. Those who are kept out are told who holds it.

    Parameters
    ----------
    path : Path
        The lock file, beside the book.
    exclusive : bool
        Whether nobody else may have the book open.
    patience : Patience, optional
        How long to wait for those who exclude this one; by default not at all.
    doing : str, optional
        What the book is opened for, as in "has been importing".

    Raises
    ------
    BookBusy
        The time is over, and another connection, here or in another process, still excludes this one.
    """

    def __init__(
        self, path: Path, *, exclusive: bool, patience: Patience | None = None, doing: str | None = None
    ) -> None:
        self._path = path
        self._exclusive = exclusive
        self._handle = _opened(path)
        self._nameplate: holders.Nameplate | None = None
        if self._handle is None:
            return
        try:
            _wait(_Queue(path, self._handle, exclusive=exclusive), patience or Patience(0))
        except BaseException:
            os.close(self._handle)
            raise
        self._come_in(doing or (CHANGING if exclusive else READING))

    def _come_in(self, doing: str) -> None:
        folder = self._path.with_name(holders.FOLDER)
        if self._exclusive:
            holders.sweep(folder)
        with _counting:
            _inside[self._path] += 1
        self._nameplate = holders.Nameplate(folder, doing=doing, exclusive=self._exclusive)

    def now_doing(self, doing: str) -> None:
        """Say what the book is held for from now on, as in "has been importing"."""
        if self._nameplate is not None:
            self._nameplate.now_doing(doing)

    def release(self) -> None:
        handle, self._handle = self._handle, None
        if handle is None:
            return
        # In this order: whoever gets the lock next may take all nameplates for those of the dead.
        if self._nameplate is not None:
            self._nameplate.remove()
        with _counting:
            _inside[self._path] -= 1
        os.close(handle)


class _Queue:
    """One who wants to get in: through the gate, which he holds while he waits, then into the book."""

    def __init__(self, path: Path, handle: int, *, exclusive: bool) -> None:
        self._path = path
        self._handle = handle
        self._exclusive = exclusive
        self._gate = _opened(path.with_name("book.gate"))

    def attempt(self, *, gate_counts: bool) -> bool:
        """Whether this one is in now."""
        if not gate_counts:
            self.leave()
        return self._is_next() and _locked(self._handle, exclusive=self._exclusive)

    def _is_next(self) -> bool:
        if self._gate is None or (_inside[self._path] and not self._exclusive):
            return True
        return _locked(self._gate, exclusive=self._exclusive)

    def in_the_way(self) -> Words:
        found = holders.present(self._path.with_name(holders.FOLDER))
        excluding = [holder for holder in found if self._exclusive or holder.exclusive]
        if found and not excluding:
            return Words("somebody is waiting to change it", "有人正在等待更改台账")
        return holders.told(excluding)

    def leave(self) -> None:
        """Let go of the gate."""
        gate, self._gate = self._gate, None
        if gate is not None:
            os.close(gate)


def _wait(queue: _Queue, patience: Patience) -> None:
    try:
        while not queue.attempt(gate_counts=patience.spent < _GATE_COUNTS):
            patience.pause(queue.in_the_way)
    finally:
        queue.leave()


def _opened(path: Path) -> int | None:
    """The file to lock; None on Windows, and where it can neither be made nor read, hence not written."""
    if os.name != "posix":
        return None
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        with contextlib.suppress(OSError):
            return os.open(path, flags | os.O_CLOEXEC, 0o600)
    return None


def _locked(handle: int, *, exclusive: bool) -> bool:
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
