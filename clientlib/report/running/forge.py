"""A process that has imported what every report needs, and forks a new one for each: `python -m …forge`.

Importing pandas, seaborn and the rest takes longer than most reports; a fork of a process that has done it
takes a few milliseconds and shares its memory. Requests come over the socket that is its standard input: a
message as `worker` reads it, and with it the pipe that the new process reports to. It ends when the other
side closes the socket, and the processes that it made end with it. Linux only; elsewhere `crew` starts
workers.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
from importlib import import_module

LIBRARIES = (
    "pandas",
    "seaborn",
    "papermill",
    "clientlib.analysis.clusters",
    "clientlib.book",
    "clientlib.features",
    "clientlib.report.exporter",
    "clientlib.report.page",
    "clientlib.report.running.engine",
)
LONGEST = 1 << 20
"""Bytes of a request."""
    "clientlib.report.beside.tables_workbook",
_DIE_WITH_PARENT = 1
_FIRST_TO_GO = "1000"
"""Of `oom_score_adj`: where the machine runs out of memory, a report goes and not what else it does."""


def main() -> None:
    """Import the libraries, then fork a worker for each request until nobody can ask for more."""
    channel = socket.socket(fileno=0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked for the reports ends them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for library in LIBRARIES:
        import_module(library)
    myself = os.getpid()
    while True:
        message, pipes, _, _ = socket.recv_fds(channel, LONGEST, 1)
        if not message:
            return
        if os.fork() == 0:
            _be_a_worker(channel, pipes[0], message, myself)
        os.close(pipes[0])


def _be_a_worker(channel: socket.socket, pipe: int, message: bytes, forge: int) -> None:
    """What the new process does; it never returns."""
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != forge:
            return  # it was gone before we could say so
        channel.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123 - a line for the system, no file
            file.write(_FIRST_TO_GO)
        import_module("clientlib.report.running.worker").work(message, pipe)
    finally:
        os._exit(0)  # none of the first process's own endings are this one's


if __name__ == "__main__":
    main()
