"""How many processors there are for this process, and work that is shared by all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def at_once(work: Callable[[Part], object], parts: Sequence[Part]) -> None:
    """Do the work on every part, on as many threads as there are processors; none outlives the call.

    For work that leaves Python for NumPy or SciPy, and that writes what it finds where no other part does.
    Of errors the first part's is raised, and what had not begun by then is not done.
    """
    workers = min(cores(), len(parts))
    if workers < 2:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(workers) as threads:
        for _ in threads.map(work, parts):
            pass
