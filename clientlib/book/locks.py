"""Who may have the book open: many readers, or one writer. Others wait a little, then are told.

DuckDB locks its files too, but by POSIX record locks, which do not hold between two connections of one
process and are lost when either closes. A lock on a file of its own holds in both cases, and covers
book and vault together. Windows has no such lock; there DuckDB's own way of opening files excludes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from clientlib.errors import BookBusy

if os.name == "posix":
    import fcntl

_log = logging.getLogger("clientlib.book")
_PAUSE = 0.05
_T = TypeVar("_T")


class Lock:
    """A lock on the book, held until `release`.

    Raises
    ------
    BookBusy
        Another connection, here or in another process, excludes this one.
    """

    def __init__(self, path: Path, *, exclusive: bool) -> None:
        self._handle: int | None = None
        if os.name != "posix":
            return
        try:
            self._handle = _opened(path)
        except OSError:
            # A reader of a book on a read-only medium: nobody can write there either.
            return
        try:
            fcntl.flock(self._handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            self.release()
            taken = True
        else:
            taken = False
        if taken:
            raise busy(exclusive)

    def release(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


def _opened(path: Path) -> int:
    with contextlib.suppress(OSError):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def busy(exclusive: bool) -> BookBusy:
    who = "reading or changing" if exclusive else "changing"
    return BookBusy(
        f"The book is busy: somebody else is {who} it. Try again in a moment; nothing was changed."
    )


def patiently(attempt: Callable[[], _T], seconds: float) -> _T:
    """What `attempt` gives; while it raises BookBusy it is called again, for at most `seconds`.

    Raises
    ------
    BookBusy
        The time is over and the book is still busy.
    """
    deadline = time.monotonic() + seconds
    said = False
    while True:
        try:
            return attempt()
        except BookBusy:
            if time.monotonic() >= deadline:
                raise
        if not said:
            _log.warning("The book is open elsewhere. Waiting up to %g seconds for it.", seconds)
            said = True
        time.sleep(_PAUSE)
