"""A process that has imported what every report needs, and forks a new one for each: `python -m …forge`.

Importing pandas, seaborn and the rest takes longer than most reports; a fork of a process that has done it
takes a few milliseconds and shares its memory. Requests come over the socket that is its standard input: a
message as `worker` reads it, and with it the pipe that the new process reports to. It ends when the other
side closes the socket, and all that came from it end with it: the processes that it made, and those that
notebooks started, which fall to it when their report is done or dead. Linux only; elsewhere `crew` starts
workers.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from clientlib.report import lean
from clientlib.report.running import family

LIBRARIES = (
    "pandas",
    "seaborn",
    "papermill",
    "IPython.core.completerlib",
    "IPython.core.magics",
    "jinja2.ext",
    "pyarrow.pandas_compat",
    "clientlib.analysis.clusters",
    "clientlib.book",
    "clientlib.custom",
    "clientlib.features",
    "clientlib.report.beside.pdf",
    "clientlib.report.beside.tables_workbook",
    "clientlib.report.exporter",
    "clientlib.report.page",
    "clientlib.report.running.engine",
)
LONGEST = 1 << 20
"""Bytes of a request."""
_DIE_WITH_PARENT, _TAKE_OVER_ORPHANS = 1, 36
"""Of `prctl`."""
_FIRST_TO_GO = "1000"
"""Of `oom_score_adj`: where the machine runs out of memory, a report goes and not what else it does."""


def main() -> None:
    """Make ready what reports need, then fork a worker for each request until nobody can ask for more."""
    channel = socket.socket(fileno=0)
    for lock in map(int, sys.argv[1:]):
        os.set_inheritable(lock, False)  # our forks hold the run's lock, what they start does not
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked for the reports ends them
    for _ in make_ready():
        if _deserted(channel):
            return
    workers = _Workers()
    while True:
        message, pipes, _, _ = socket.recv_fds(channel, LONGEST, 1)
        if not message:
            break
        workers.fork(channel, pipes[0], message)
        os.close(pipes[0])
    workers.end()


def make_ready() -> Iterator[None]:
    """Import the libraries, one a step, and have what all reports need alike worked out."""
    with import_module("clientlib.book.connection").verified_meanwhile():
        lean.import_nbformat()
        for library in LIBRARIES:
            import_module(library)
            yield
    import_module("nbformat.validator").get_validator(4, 5)
    import_module("clientlib.report.messages").catalogue()


class _Workers:
    """The processes that were forked. What their notebooks started does not outlive them."""

    def __init__(self) -> None:
        self._alive: set[int] = set()
        _prctl(_TAKE_OVER_ORPHANS, 1)
        signal.signal(signal.SIGCHLD, self._tend)

    def fork(self, channel: socket.socket, pipe: int, message: bytes) -> None:
        myself = os.getpid()
        # Not to be tended to before it is known.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        with contextlib.suppress(BlockingIOError, MemoryError):  # too many processes: it is as one that died
            if (pid := os.fork()) == 0:
                _be_a_worker(channel, pipe, message, myself)
            self._alive.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})

    def end(self) -> None:
        """End them all, and wait until nobody is left."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        self._alive.clear()
        while True:
            self._tend()
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return

    def _tend(self, *_: Any) -> None:
        """Bury the dead, and end those that fell to us: they have lost the report that they worked for."""
        with contextlib.suppress(ChildProcessError):
            while dead := os.waitpid(-1, os.WNOHANG)[0]:
                self._alive.discard(dead)
        for child in family.children(os.getpid()):
            if child not in self._alive:
                family.kill(child)


def _deserted(channel: socket.socket) -> bool:
    """Whether the other side is gone already, killed while we imported."""
    try:
        return not channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value)


def _be_a_worker(channel: socket.socket, pipe: int, message: bytes, forge: int) -> None:
    """What the new process does; it never returns."""
    try:
        _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != forge:
            return  # it was gone before we could say so
        channel.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - a line for the system, no file
            file.write(_FIRST_TO_GO)
        import_module("clientlib.report.running.worker").work(message, pipe)
    finally:
        os._exit(0)  # none of the first process's own endings are this one's


if __name__ == "__main__":
    main()
