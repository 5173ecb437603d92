"""A process and those that come from it: what they hold in memory, and how they are ended."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil


def children(pid: int) -> list[int]:
    """The processes that a process started, as far as they live; also those that it took over.

    Linux keeps a list for each thread. Reading that is quick; psutil would read about every process there is.
    """
    if sys.platform != "linux":
        with contextlib.suppress(psutil.Error):
            return [child.pid for child in psutil.Process(pid).children()]
        return []
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += map(int, (thread / "children").read_text().split())
    return found


def descendants(pid: int) -> Iterator[int]:
    """All that come from a process, however far."""
    for child in children(pid):
        yield child
        yield from descendants(child)


def memory_mb(pid: int) -> float:
    """What a process and its descendants hold in memory; what they share is counted once."""
    others = list(descendants(pid))
    with contextlib.suppress(psutil.Error):
        if not others:
            return float(psutil.Process(pid).memory_info().rss) / (1 << 20)
        return sum(map(_share, [pid, *others])) / (1 << 20)
    return 0.0


def kill(pid: int) -> None:
    """End a process at once; one that is gone, or another account's, is left."""
    with contextlib.suppress(psutil.Error):
        psutil.Process(pid).kill()


def kill_all(pid: int) -> None:
    """End a process, and what it started: first the process, that it may not start more."""
    others = list(descendants(pid))
    for one in [pid, *others]:
        kill(one)


def _share(pid: int) -> int:
    try:
        told = psutil.Process(pid).memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(told, "pss", told.uss))
