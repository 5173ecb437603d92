"""Where finished reports go: written aside, then put in place by one rename, so that nobody meets a half.

An *edition* is the folder of one as-of date and branch: `reports/2026-06-30` for the whole firm,
`reports/2026-06-30--BRANCH` for one branch. A run of some reports takes the others of its edition along.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from clientlib.aside import STAGED, tidy_folders
from clientlib.errors import WorkbookError
from clientlib.report import manifest
from clientlib.report.parameters import ALL

LOCK = ".lock"
EDITION_VARIABLE = "CLIENTLIB_EDITION"
"""In the environment of a report's process: the folder in which its edition is made."""
_SEPARATOR = "--"


@dataclass(frozen=True)
class Edition:
    """A published folder of reports."""

    folder: Path
    as_of: dt.date
    branch: str

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What became of its reports; see `manifest.bound`."""
        return manifest.read(self.folder)


def edition_name(as_of: dt.date, branch: str) -> str:
    """The folder name of an edition; a branch's name is kept as far as every file system can hold it."""
    if branch == ALL:
        return as_of.isoformat()
    plain = re.sub(r"[^\w]+", "-", branch).strip("-")[:60]
    if plain != branch:
        plain = f"{plain}-{hashlib.sha256(branch.encode()).hexdigest()[:6]}".lstrip("-")
    return f"{as_of.isoformat()}{_SEPARATOR}{plain}"


def editions(reports: Path) -> list[Edition]:
    """All complete editions in `reports`: the newest date first, the whole firm before its branches."""
    found = []
    for folder in reports.iterdir() if reports.is_dir() else []:
        if not folder.name.startswith(".") and (told := manifest.read(folder)):
            found.append(Edition(folder, dt.date.fromisoformat(told["as_of"]), str(told["branch"])))
    return sorted(found, key=lambda e: (-e.as_of.toordinal(), e.branch != ALL, e.branch))


def staged(reports: Path, edition: str) -> Path:
    """The folder in which an edition is made."""
    return reports / f"{STAGED}{edition}"


@contextmanager
def alone(reports: Path, *, keep: bool = False) -> Iterator[None]:
    """One run at a time writes to `reports`; what a killed one left is cleared first.

    Parameters
    ----------
    keep : bool
        Leave the editions that it had begun, to go on with them.

    Raises
    ------
    WorkbookError
        Another run is at work here, or the folder cannot be written.
    """
    try:
        reports.mkdir(parents=True, exist_ok=True)
        lock = (reports / LOCK).open("a+b")
    except OSError as error:
        raise WorkbookError(
            f"Reports cannot be written to {reports}: {error.strerror}. Check its permissions."
        ) from None
    with lock:
        _hold(lock, reports)
        if not keep:
            tidy_folders(reports)
        yield


def _hold(lock: IO[bytes], reports: Path) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            raise
        raise WorkbookError(
            f"Another run is writing reports in {reports.name}{os.sep} right now. Wait until it is done."
        ) from None
