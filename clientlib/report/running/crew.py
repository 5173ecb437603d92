"""Makes several reports at a time, each in a process of its own, watched from outside.

A report that takes too long or too much memory is ended, whatever it is doing, and one that dies takes nobody
along. Nothing is said to the processes once they work; they tell how far they are through pipes.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Protocol, Self, cast

from clientlib.book import keys, secret_store
from clientlib.report import outcome as outcomes
from clientlib.report.outcome import Outcome
from clientlib.report.running import family, worker
from clientlib.report.running.worker import Task
from clientlib.workbook import Workbook

WATCH_SECONDS = 0.1
"""How often the memory of the processes is looked at."""
START_SECONDS = 120
"""So long may it take until the process of a report is there: libraries are imported first."""
DYING_SECONDS = 2.0
"""So long may a process that was killed take to be gone, its threads one after the other."""
GRACE_SECONDS = 20
"""So long may the ending of what is at work take; importing may have to end first."""
_FORKS = sys.platform == "linux"


class Teller(Protocol):
    """What a crew tells as it works."""

    def begins(self, task: Task) -> None:
        """A report starts."""

    def advances(self, task: Task, cells: int, of: int) -> None:
        """So many of the report's code cells are done."""


class Crew:
    """So many processes as reports may be made at a time. All are dead when the context ends.

    Parameters
    ----------
    workbook : Workbook
        Its settings say how long a report may take, and how much memory.
    size : int
        Reports made at a time.
    lock : int, optional
        A file that the run holds locked. So do its processes: no other run begins while one still writes.
    """

    def __init__(self, workbook: Workbook, size: int, lock: int | None = None) -> None:
        self._workbook = workbook
        self._size = size
        self._lock = lock
        self._told: queue.Queue[tuple[_Job, dict[str, Any] | None]] = queue.Queue()
        self._working: list[_Job] = []
        self._again: set[Task] = set()
        self._forge: _Forge | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for job in self._working:
            job.end()
        if self._forge is not None:
            self._forge.close()

    def make(
        self, tasks: Iterable[Task], teller: Teller, ready: Callable[[Task], bool] = lambda _: True
    ) -> Iterator[tuple[Task, Outcome]]:
        """Make the reports, as many at a time as the crew has hands, and give each outcome as it is there.

        Parameters
        ----------
        tasks : iterable of Task
            In the order in which they are begun.
        ready : callable, optional
            Whether a task can be begun; one that cannot is asked again when another has ended.

        Raises
        ------
        OSError
            The disk is full.
        """
        waiting = list(tasks)
        while waiting or self._working:
            while len(self._working) < self._size:
                task = next((t for t in waiting if ready(t)), None)
                if task is None:
                    break
                waiting.remove(task)
                self._begin(task, teller)
            if not self._working:
                raise AssertionError("None of the reports that wait can ever be begun.")
            ended = self._next_end(teller)
            self._working.remove(ended)
            if ended.never_began and ended.task not in self._again:
                self._again.add(ended.task)
                waiting.insert(0, ended.task)
                continue
            yield ended.task, self._outcome(ended)

    # ------------------------------------------------------------------ one of them
    def _begin(self, task: Task, teller: Teller) -> None:
        teller.begins(task)
        lines = self._forked(task) if _FORKS else _start(task)
        rules = self._workbook.settings.reports
        job = _Job(task, lines, rules.timeout_seconds, rules.memory_mb)
        threading.Thread(target=self._listen, args=(job,), daemon=True).start()
        self._working.append(job)

    def _forked(self, task: Task) -> IO[bytes]:
        """Have it forked; by another forge where the one that was there is gone, killed from outside."""
        # One that is dying may have lost the request and still count as there: it is given time to be gone.
        patience = DYING_SECONDS if task in self._again else 0.0
        if self._forge is not None and self._forge.is_gone(patience):
            self._forge.close()
            self._forge = None
        if self._forge is None:
            self._forge = _Forge(self._lock)
        return self._forge.start(task)

    def _listen(self, job: _Job) -> None:
        with job.lines:
            for line in job.lines:
                if word := _word(line):
                    self._told.put((job, word))
        self._told.put((job, None))

    def _next_end(self, teller: Teller) -> _Job:
        """Watch over those at work until one of them is gone."""
        while True:
            with contextlib.suppress(queue.Empty):
                job, word = self._told.get(timeout=WATCH_SECONDS)
                if word is None:
                    return job
                if "pid" in word:
                    job.is_at_work(word["pid"])
                job.no_room = word.get("no_room", job.no_room)
                if "done" in word:
                    job.cells = word["done"]
                    teller.advances(job.task, word["done"], word["of"])
            for job in self._working:
                job.watch()
                if job.ended_for and job.pid is None and self._forge is not None:
                    self._forge.end()

    def _outcome(self, job: _Job) -> Outcome:
        """What became of it: its own word, or why it left none."""
        if job.no_room is not None:
            raise OSError(job.no_room, os.strerror(job.no_room))
        word = outcomes.read(job.task.word)
        if word is not None:
            return word
        worker.leave_log(job.task, self._workbook)
        return job.task.failed(job.ended_for or f"Its process died after {job.cells} cells.")


def _word(line: bytes) -> dict[str, Any]:
    """What a line tells; nothing where a notebook has written into what it does not know."""
    try:
        word = json.loads(line)
    except ValueError:
        return {}
    return word if isinstance(word, dict) else {}


@dataclass
class _Job:
    """A report at work."""

    task: Task
    lines: IO[bytes]
    seconds: float
    memory_mb: int
    pid: int | None = None
    cells: int = 0
    no_room: int | None = None
    ended_for: str = field(default="", init=False)
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.seconds + START_SECONDS

    @property
    def never_began(self) -> bool:
        """Whether it had no process: the forge was killed before it could, or the system had none to give."""
        return self.pid is None and not self.ended_for

    def is_at_work(self, pid: int) -> None:
        """Its process is there, and its time begins."""
        self.pid, self.deadline = pid, time.monotonic() + self.seconds

    def watch(self) -> None:
        """End it where it has had more time or memory than it may."""
        if self.ended_for:
            return
        if time.monotonic() > self.deadline:
            self.ended_for = (
                f"It took longer than it may and was in cell {self.cells + 1} "
                "(timeout_seconds in [reports] of workbook.toml)."
            )
        elif self._memory_mb() > self.memory_mb:
            self.ended_for = (
                f"It took more than {self.memory_mb} MB of memory in cell {self.cells + 1} "
                "(memory_mb in [reports] of workbook.toml)."
            )
        if self.ended_for:
            self.end()

    def end(self) -> None:
        """Kill it, and what it started."""
        if self.pid is not None:
            family.kill_all(self.pid)

    def _memory_mb(self) -> float:
        return family.memory_mb(self.pid) if self.pid is not None else 0.0


# ------------------------------------------------------------------ how they come to be
class Started(Protocol):
    """What a crew does with a forge that was started: as of `subprocess.Popen`."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended; `TimeoutExpired` when it has not by then."""

    def kill(self) -> None:
        """End it at once, if it is there."""


def start_forge(channel: int, locks: tuple[int, ...]) -> Started:
    """Start a forge. (Tests put another function in its place, which forks one that has its libraries.)

    Parameters
    ----------
    channel : int
        The descriptor that it reads requests from.
    locks : tuple of int
        Descriptors that it holds until all of its processes have ended.
    """
    return subprocess.Popen(  # noqa: S603 - our own module
        [*_python("clientlib.report.running.forge"), *map(str, locks)],
        stdin=channel,
        env=environment(),
        pass_fds=locks,
    )


class _Forge:
    """The process that forks them; see `forge`."""

    def __init__(self, lock: int | None) -> None:
        # Packets, so that a request arrives whole or not at all.
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = start_forge(theirs.fileno(), () if lock is None else (lock,))

    def is_gone(self, patience: float) -> bool:
        """Whether it has ended, or does so within so many seconds."""
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def start(self, task: Task) -> IO[bytes]:
        """Have a process forked; what it tells. Nothing, where the forge dies on the way."""
        ours, theirs = os.pipe()
        try:
            with contextlib.suppress(ConnectionError):
                socket.send_fds(self._channel, [task.message()], [theirs])
        finally:
            os.close(theirs)
        return os.fdopen(ours, "rb")

    def end(self) -> None:
        """Kill it, because it does not answer."""
        self._process.kill()

    def close(self) -> None:
        """End it; it ends all that came from it first."""
        self._channel.close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _start(task: Task) -> IO[bytes]:
    process = subprocess.Popen(  # noqa: S603 - likewise
        _python("clientlib.report.running.worker"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    with cast("IO[bytes]", process.stdin) as asked:
        asked.write(task.message())
    return cast("IO[bytes]", process.stdout)


def _python(module: str) -> list[str]:
    """This very Python, which does not look for modules in the folder that it is started in."""
    return [sys.executable, "-P", "-m", module]


def environment() -> dict[str, str]:
    """What must not differ from run to run, and what keeps libraries from starting threads before a fork.

    Of our keys and passwords a notebook gets the one that it reads the book with: not the vault's, as no
    report tells who somebody is, and none for messages about the run.
    """
    no_thread = "background_thread:false"
    return {
        **secret_store.environment(keys.VARIABLES["book"]),
        "MPLBACKEND": "agg",
        "PYTHONHASHSEED": "0",
        "JE_ARROW_MALLOC_CONF": no_thread,
        "_RJEM_MALLOC_CONF": no_thread,
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
