"""Who has the book open: account, process, host, since when and doing what, for others to be told.

Each holder keeps a small file of its own beside the book, with a lock on it. The lock, and not the number of
the process, tells whether it is still there: one that was killed is taken for gone, and its file away. No
identity and no key is ever in such a file. Where none can be written, e.g. on a read-only medium, nobody is
named, and nothing else changes. Windows has no such lock; there nobody is named either.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import json
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from clientlib.book import spoken
from clientlib.errors import Words

if os.name == "posix":
    import fcntl
    import pwd

FOLDER = "open"
"""Beside the book; holds a file for each who has it open."""
NAMED = 3
"""Holders named one by one; of more only the number is told."""
BYTES = 1024
"""Of such a file: padded to one length, it is rewritten in one stroke."""
_UNITS = (
    (Words("day", "天"), 86_400),
    (Words("h", "小时"), 3_600),
    (Words("min", "分钟"), 60),
    (Words("s", "秒"), 1),
)


@dataclass(frozen=True)
class Holder:
    """One who has the book open.

    Attributes
    ----------
    account, process, host : str, int, str
        Whose process it is.
    since : datetime
        Since when, in UTC.
    doing : str
        What, as in "has been reading it".
    exclusive : bool
        Whether nobody else can have it open at the same time.
    """

    account: str
    process: int
    host: str
    since: dt.datetime
    doing: str
    exclusive: bool

    @property
    def is_here(self) -> bool:
        return (self.process, self.host) == (os.getpid(), here())

    def told(self, now: dt.datetime) -> Words:
        """E.g. "wang (process 4711) has been importing for 2 min"."""
        does, age = spoken.doing(self.doing), _age(now - self.since)
        who = self._named()
        return Words(f"{who.en} has been {does.en} for {age.en}", f"{who.zh}正在{does.zh}，已持续{age.zh}")

    def _named(self) -> Words:
        if self.is_here:
            return Words("this very process", "本进程")
        if self.host == here():
            return Words(f"{self.account} (process {self.process})", f"{self.account}（进程 {self.process}）")
        return Words(
            f"{self.account} (process {self.process} on {self.host})",
            f"{self.account}（{self.host} 上的进程 {self.process}）",
        )


def _age(lasted: dt.timedelta) -> Words:
    seconds = max(int(lasted.total_seconds()), 0)
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), _UNITS[-1])
    count = seconds // size
    return Words(f"{count} {unit.en}{'s' if unit.en == 'day' and count > 1 else ''}", f"{count}{unit.zh}")


def here() -> str:
    """The name of this machine."""
    return socket.gethostname()


def account() -> str:
    """The account of this machine under which the program runs, as the system knows it: never as the
    environment says, which whoever asks can set."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name if os.name == "posix" else getpass.getuser()
    except (OSError, KeyError, ImportError):
        return str(os.getuid()) if os.name == "posix" else "unknown"


def told(holders: Sequence[Holder]) -> Words:
    """Who they are in one clause, the longest first; "somebody else has it open" where nobody is named."""
    now = dt.datetime.now(dt.UTC)
    named = [holder.told(now) for holder in holders[:NAMED]]
    others = len(holders) - len(named)
    if others:
        more = Words(
            f"{others} other{'s have' if others > 1 else ' has'} it open", f"另有{others}个进程也已打开"
        )
        named.append(more)
    if not named:
        return Words("somebody else has it open", "已被他人打开")
    *most, last = named
    english = f"{', '.join(each.en for each in most)} and {last.en}" if most else last.en
    return Words(english, "；".join(each.zh for each in named))


class Nameplate:
    """The file by which this process says that it holds the book, until `remove`."""

    def __init__(self, folder: Path, *, doing: str, exclusive: bool) -> None:
        now = dt.datetime.now(dt.UTC)
        self._holder = Holder(account(), os.getpid(), here(), now, doing, exclusive)
        self._path: Path | None = None
        self._handle: int | None = None
        if os.name == "posix":
            try:
                self._put_up(folder)
            except OSError:
                # A full disk or a read-only medium: the book can be read all the same.
                self.remove()

    def _put_up(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        name = f"{os.getpid()}-{secrets.token_hex(4)}"
        # Hidden until it is locked: others take one without a lock for that of a dead process.
        self._path = folder / f".{name}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._handle = os.open(self._path, flags, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._write()
        self._path = self._path.rename(folder / name)

    def now_doing(self, doing: str) -> None:
        """Say what the book is held for from now on; since when does not change."""
        self._holder = replace(self._holder, doing=doing)
        with contextlib.suppress(OSError):
            self._write()

    def _write(self) -> None:
        if self._handle is not None:
            told = json.dumps(asdict(self._holder) | {"since": self._holder.since.isoformat()})
            os.pwrite(self._handle, told.encode().ljust(BYTES), 0)

    def remove(self) -> None:
        path, handle, self._path, self._handle = self._path, self._handle, None, None
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)


def present(folder: Path) -> list[Holder]:
    """Those who have the book open, the longest first. The file of a dead process is taken away."""
    return sorted(_living(folder), key=lambda holder: holder.since) if os.name == "posix" else []


def _living(folder: Path) -> Iterator[Holder]:
    for path in folder.glob("[!.]*"):
        # Another's file that may not be opened names nobody; one that has just gone neither.
        with contextlib.suppress(OSError):
            holder = _looked_at(path)
            if holder is not None:
                yield holder


def _looked_at(path: Path) -> Holder | None:
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            return None
        return _read(os.pread(handle, BYTES, 0))
    finally:
        os.close(handle)


def _read(told: bytes) -> Holder | None:
    try:
        values = json.loads(told)
        return Holder(**values | {"since": dt.datetime.fromisoformat(values["since"])})
    except (ValueError, TypeError, KeyError):
        return None


def sweep(folder: Path) -> None:
    """Take away all such files. Call it as the only one who has the book open."""
    for path in folder.glob("*"):
        with contextlib.suppress(OSError):
            path.unlink()
