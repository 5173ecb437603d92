"""Forges that are forked from a process that has its libraries, so that a small run does not wait for them.

Each is a process of its own all the same, with the environment, the folder and the locks that one would be
started with. What is left out is the start of Python and the imports.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from clientlib.report.running import crew

SCRIPT = Path(__file__).parent / "processes" / "foundry.py"


class Forged:
    """A forge as of `crew.Started`, known by a descriptor of its process."""

    def __init__(self, process: int) -> None:
        self._process = process

    def __del__(self) -> None:
        os.close(self._process)

    def wait(self, timeout: float | None = None) -> int:
        if not select.select([self._process], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("forge", timeout or 0)
        return 0

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, signal.SIGKILL)


class Foundry:
    """The process that forks them; it is started when the first one is asked for."""

    def __init__(self) -> None:
        self._asked, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._theirs.close()
        self._asked.close()
        if self._process is not None:
            self._process.wait(60)

    def start_forge(self, channel: int, locks: tuple[int, ...]) -> Forged:
        """Takes the place of `crew.start_forge`."""
        environment = crew.environment()
        if self._process is None:
            command = [sys.executable, "-P", str(SCRIPT)]
            self._process = subprocess.Popen(command, stdin=self._theirs.fileno(), env=environment)
            self._theirs.close()
        request = {"environment": environment, "folder": str(Path.cwd())}
        socket.send_fds(self._asked, [json.dumps(request).encode()], [channel, 1, 2, *locks])
        _, processes, _, _ = socket.recv_fds(self._asked, 64, 1)
        return Forged(processes[0])
