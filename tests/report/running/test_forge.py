"""The process that reports are forked from: everything imported, next to nothing running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clientlib.report.running import crew

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")]
IDLE = {"polars-ooc-clea", "python"}
"""Threads that Polars and DuckDB start when they are imported; they sleep, and hold nothing."""


@pytest.fixture
def warm() -> Iterator[int]:
    """The process number of a forge that has answered a request that it cannot fulfil: so it is warm."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-P", "-m", "clientlib.report.running.forge"]
    with ours:
        with theirs:
            process = subprocess.Popen(command, stdin=theirs.fileno(), env=crew.environment())
        reading, writing = os.pipe()
        socket.send_fds(ours, [b"no task"], [writing])
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            assert answer.read() == b""
        yield process.pid
    assert process.wait(timeout=60) == 0


def test_it_is_as_good_as_single_threaded_when_it_forks(warm: int) -> None:
    names = [thread / "comm" for thread in Path(f"/proc/{warm}/task").iterdir()]
    running = [name.read_text().strip() for name in names]
    assert set(running) <= IDLE
    assert len(running) <= 3
