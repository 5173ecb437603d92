"""A process that takes and leaves the lock of a book when told to by a line: `neighbour.py LOCKFILE`."""

from __future__ import annotations

import itertools
import logging
import sys
import time
from pathlib import Path

from clientlib.book.locks import Lock, Patience

HELD = 0.02


def answer() -> None:
    sys.stdout.write("done\n")
    sys.stdout.flush()


def stream(path: Path, *, exclusive: bool) -> None:
    """Have the lock again and again, with hardly a moment between."""
    for turn in itertools.count():
        lock = Lock(path, exclusive=exclusive, patience=Patience(60))
        if turn == 0:
            answer()
        time.sleep(HELD)
        lock.release()


def obey(path: Path) -> None:
    lock: Lock | None = None
    for line in sys.stdin:
        order, way = line.split()
        if order == "stream":
            stream(path, exclusive=way == "write")
        elif order == "hold":
            lock = Lock(path, exclusive=way == "write", patience=Patience(60))
        elif lock is not None:
            lock.release()
        answer()


if __name__ == "__main__":
    logging.basicConfig(format="waiting: %(message)s", stream=sys.stdout)
    obey(Path(sys.argv[1]))
