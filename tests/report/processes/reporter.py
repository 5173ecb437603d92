"""A process that runs reports, and tells how far it is; made to be killed.

It reads orders, a line of JSON each: the folder of a workbook, and how `run_reports` is called. For each it
forks a child, which starts with everything imported and leads a group of processes of its own. The child
tells of itself by lines: `pid N`, then `at PHASE`. When it is dead, its parent says `dead STATUS`.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypedDict

from clientlib.errors import ClientlibError
from clientlib.report import Asked, manifest, retention, run_reports
from clientlib.report.index import home
from clientlib.report.run import Silent
from clientlib.report.running import crew, draft, forge
from clientlib.report.running.worker import Task
from clientlib.workbook import Workbook

PHASES = {
    "linking": (draft.Draft, "_drop_strays"),
    "sealing": (manifest, "seal"),
    "exchanging": (draft, "put_folder"),
    "home": (home, "write"),
    "deleting": (retention, "delete"),
}
"""Where a child says that it has come to, and by the call of which function it is known."""


class Order(TypedDict, total=False):
    folder: str
    asked: dict[str, Any]
    jobs: int
    resume: bool
    largest_file: int


def tell(line: str) -> None:
    # In one call: a line is whole, or not there.
    os.write(1, f"{line}\n".encode())


class Forked:
    """A forge that is forked from here instead of started, so that it has its libraries at once."""

    def __init__(self, channel: int, locks: tuple[int, ...]) -> None:
        self._code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.dup2(channel, 0)
                for descriptor in range(3, 256):  # as starting a program would
                    if descriptor not in locks:
                        with contextlib.suppress(OSError):
                            os.close(descriptor)
                sys.argv = ["forge", *map(str, locks)]
                forge.main()
            finally:
                os._exit(0)

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        until = time.monotonic() + (math.inf if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("forge", timeout or 0)
            time.sleep(0.005)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class Teller(Silent):
    def begins(self, task: Task) -> None:
        tell("at begins")

    def advances(self, task: Task, cells: int, of: int) -> None:
        tell("at cells")


def telling(function: Callable[..., Any], phase: str) -> Callable[..., Any]:
    @wraps(function)
    def told(*values: Any, **named: Any) -> Any:
        tell(f"at {phase}")
        return function(*values, **named)

    return told


def asked(order: Order) -> Asked:
    several = {name: tuple(v) for name, v in order["asked"].items() if isinstance(v, list)}
    return Asked(**{**order["asked"], **several})


def carry_out(order: Order) -> int:
    """Run the reports; the exit code."""
    for phase, (owner, name) in PHASES.items():
        setattr(owner, name, telling(getattr(owner, name), phase))
    crew.start_forge = Forked
    if most := order.get("largest_file"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    try:
        return run_reports(
            Workbook(Path(order["folder"])),
            None if order.get("resume") else asked(order),
            jobs=order.get("jobs", 2),
            beside=(),
            resume=order.get("resume", False),
            progress=Teller(),
            listen=lambda line: tell(f"at {json.loads(line)['event']}"),
        ).exit_code
    except ClientlibError as error:
        tell(f"error {error}")
        return error.exit_code


def main() -> None:
    for _ in forge.make_ready():
        pass
    for line in sys.stdin:
        order: Order = json.loads(line)
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            tell(f"pid {os.getpid()}")
            code = 99
            try:
                code = carry_out(order)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        tell(f"dead {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")


if __name__ == "__main__":
    main()
