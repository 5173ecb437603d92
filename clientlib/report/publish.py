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
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from clientlib.aside import STAGED, tidy_files, tidy_folders
from clientlib.errors import Words, WorkbookError, system_says
from clientlib.report import manifest
from clientlib.report.parameters import ALL

LOCK = ".lock"
EDITION_VARIABLE = "CLIENTLIB_EDITION"
"""In the environment of a report's process: the folder in which its edition is made."""
_SEPARATOR = "--"
GRACE_SECONDS = 2.0
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of a disk that is full, or of an account that may not have more of it."""
_RIGHTS = Words("Check who may write there.", "请检查其写入权限。")
_ROOM = Words(
    "Make room on that disk, then go on with: clientlib report --resume.",
    "请腾出磁盘空间，然后继续运行：clientlib report --resume。",
)
_NAMESAKE = Words("A file has the name of the folder; move it.", "有文件与该文件夹同名，请将其移走。")
_MENDS = {
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
    errno.EEXIST: _NAMESAKE,
    errno.ENOTDIR: _NAMESAKE,
    **dict.fromkeys(NO_ROOM, _ROOM),
}
"""What a person can do about an error of the system."""


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
    return f"{as_of.isoformat()}{_SEPARATOR}{plain_name(branch)}"


def plain_name(text: str) -> str:
    """A part of a file's name as near to `text` as every file system can hold it; no two texts give one."""
    plain = re.sub(r"[^\w]+", "-", text).strip("-")[:60]
    if plain == text:
        return plain
    return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:6]}".lstrip("-")


def editions(reports: Path) -> list[Edition]:
    """All complete editions in `reports`: the newest date first, the whole firm before its branches."""
    found = []
    for folder in reports.iterdir() if reports.is_dir() else []:
        told = manifest.read(folder)
        if told and is_called_so(folder.name, told):
            found.append(Edition(folder, dt.date.fromisoformat(told["as_of"]), str(told["branch"])))
    return sorted(found, key=lambda e: (-e.as_of.toordinal(), e.branch != ALL, e.branch))


def is_called_so(name: str, told: Mapping[str, Any]) -> bool:
    """Whether a folder is called as the edition that its manifest is of; a copy that somebody made is not."""
    return name == edition_name(dt.date.fromisoformat(told["as_of"]), str(told["branch"]))


def staged(reports: Path, edition: str) -> Path:
    """The folder in which an edition is made."""
    return reports / f"{STAGED}{edition}"


@contextmanager
def alone(reports: Path, *, keep: bool = False) -> Iterator[int]:
    """One run at a time writes to `reports`; what a killed one left is cleared first.

    Parameters
    ----------
    keep : bool
        Leave the editions that it had begun, to go on with them.

    Yields
    ------
    int
        The file that is locked; a process that inherits it holds the lock too.

    Raises
    ------
    WorkbookError
        Another run is at work here, or the folder cannot be written, now or later, for instance because the
        disk is full.
    """
    try:
        reports.mkdir(parents=True, exist_ok=True)
        with (reports / LOCK).open("a+b") as lock:
            _wait_for(lock, reports)
            tidy_files(reports)
            tidy_folders(reports, keep_staged=keep)
            yield lock.fileno()
    except OSError as error:
        if error.errno not in _MENDS or not _is_in(error.filename, reports):
            raise
        why, mend = system_says(error), _MENDS[error.errno]
        raise WorkbookError(
            f"Reports cannot be written to {reports}: {why.en}. {mend.en} "
            "What was published before stands as it was.",
            f"无法将报告写入 {reports}：{why.zh}。{mend.zh}此前发布的内容保持原样。",
        ) from None


def _is_in(file: str | None, folder: Path) -> bool:
    """Whether an error speaks of a file in `folder`; of one that is being written the system names none."""
    return file is None or Path(os.fsdecode(file)).absolute().is_relative_to(folder.absolute())


def _wait_for(lock: IO[bytes], reports: Path) -> None:
    """Hold the lock, if need be after the processes of a killed run have ended, or a look at it has."""
    until = time.monotonic() + GRACE_SECONDS
    while True:
        try:
            return _hold(lock, reports)
        except WorkbookError:
            if time.monotonic() > until:
                raise
        time.sleep(GRACE_SECONDS / 20)


def is_held(reports: Path) -> bool:
    """Whether a run is at work on `reports`. A run that begins in this very instant would be turned away, so
    this is for those who cannot tell by the run's process."""
    try:
        with (reports / LOCK).open("r+b") as lock:
            _hold(lock, reports)
    except WorkbookError:
        return True
    except OSError:
        return False
    return False


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
            f"Another run is writing reports in {reports.name}{os.sep} right now. Wait until it is done.",
            f"另一次运行正在写入 {reports.name}{os.sep} 中的报告。请待其完成。",
        ) from None
