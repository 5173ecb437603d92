"""A file written beside its place and put there when it is whole, so that nobody meets a half."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clientlib.errors import Unwritable, system_says

OWNER_ONLY, EVERYBODY = 0o600, 0o644
"""Who may read a file; its owner may write it."""
_OWNERS_FOLDER = 0o700
WRITTEN = ".written-"
"""How the names begin of files that are written aside."""
STAGED, FORMER, EXPIRED = ".staging-", ".replaced-", ".expired-"
"""How the names begin of folders that are being made, of those that are being replaced or removed."""
_FROM_HERE, _EXCHANGE = -100, 2
"""Of `renameat2`: paths are relative to the folder one is in; two names change places."""


@contextmanager
def written_aside(target: Path, *, mode: int = OWNER_ONLY) -> Iterator[Path]:
    """A path to write to, which becomes `target` at the end; its folder is made if it is not there.

    Raises
    ------
    Unwritable
        The folder or the file cannot be written, e.g. because it is open in Excel.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = tempfile.NamedTemporaryFile(  # noqa: SIM115  # closed at once: others write to it by its name
            dir=target.parent, prefix=WRITTEN, suffix=target.suffix, delete=False
        )
        handle.close()
    except OSError as error:
        raise _unwritable(target, error) from None
    aside = Path(handle.name)
    try:
        yield aside
        aside.chmod(mode)
        aside.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from None
    finally:
        aside.unlink(missing_ok=True)


def write_text(target: Path, text: str, *, mode: int = OWNER_ONLY) -> None:
    """Write a text as UTF-8, aside and then into its place.

    Raises
    ------
    Unwritable
        As for `written_aside`.
    """
    with written_aside(target, mode=mode) as aside:
        aside.write_text(text, "utf-8", newline="\n")


def private_folder(place: Path) -> None:
    """Make a folder into which only its owner may look, or let one that is there be so.

    Raises
    ------
    Unwritable
        It cannot be made, or belongs to another account.
    """
    try:
        place.mkdir(mode=_OWNERS_FOLDER, parents=True, exist_ok=True)
        place.chmod(_OWNERS_FOLDER)  # whatever the umask was, or somebody changed
    except OSError as error:
        raise _unwritable(place, error) from None


def put_folder(staged: Path, place: Path) -> None:
    """Make the folder `staged` be `place`, by one rename where the system can exchange two folders.

    Elsewhere what stood there is moved aside first, and comes back if that fails.
    """
    if _exchanged(staged, place):
        shutil.rmtree(staged, ignore_errors=True)
        return
    former = place.with_name(f"{FORMER}{place.name}")
    replaced = place.exists()
    if replaced:
        place.rename(former)
    try:
        staged.rename(place)
    except BaseException:
        if replaced:
            former.rename(place)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _exchanged(staged: Path, place: Path) -> bool:
    """Whether both folders are there and have changed places; some systems and some disks cannot do that."""
    if sys.platform != "linux" or not place.exists():
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    here, there = os.fsencode(staged), os.fsencode(place)
    return bool(rename(_FROM_HERE, here, _FROM_HERE, there, _EXCHANGE) == 0)


def tidy_files(parent: Path) -> None:
    """Take away what `written_aside` left of a process that was killed. Nobody else may be writing there."""
    for left in parent.glob(f"{WRITTEN}*"):
        left.unlink(missing_ok=True)


def remove_folder(place: Path) -> None:
    """Take a folder away, by one rename first, so that nobody meets a half."""
    expired = place.with_name(f"{EXPIRED}{place.name}")
    place.rename(expired)
    shutil.rmtree(expired, ignore_errors=True)


def tidy_folders(parent: Path, *, keep_staged: bool = False) -> None:
    """Take away what a killed run staged or was removing; a folder that it had just moved aside goes back."""
    for beginning in (EXPIRED,) if keep_staged else (EXPIRED, STAGED):
        for left in parent.glob(f"{beginning}*"):
            shutil.rmtree(left, ignore_errors=True)
    for former in parent.glob(f"{FORMER}*"):
        place = parent / former.name.removeprefix(FORMER)
        if place.exists():
            shutil.rmtree(former, ignore_errors=True)
        else:
            former.rename(place)


def open_alike(new: Path, old: Path) -> None:
    """Let whoever might open the old file open the new one: a firm may share its files among a group."""
    was = old.stat()
    new.chmod(stat.S_IMODE(was.st_mode))
    if os.name == "posix" and was.st_gid != new.stat().st_gid:
        # Only root, or a member of the group, can; otherwise it stays with the one who made it.
        with contextlib.suppress(PermissionError):
            os.chown(new, -1, was.st_gid)


def _unwritable(target: Path, error: OSError) -> Unwritable:
    why = system_says(error)
    return Unwritable(
        f"{target}: cannot be written ({why.en}). Close it if it is open in Excel, check the "
        "rights of its folder and the space that is left, or name another place.",
        f"{target}：无法写入（{why.zh}）。若正在Excel中打开，请先关闭；并检查所在文件夹的权限和剩余空间，"
        "或改用其他位置。",
    )
