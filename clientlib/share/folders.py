"""A folder of files for each department, by the same agreement as on a server: for a firm that has none.

Each folder is written aside and put in place by a rename, so that nobody meets a half of it; a run that was
killed in between is tidied up by the next one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from clientlib.aside import STAGED, put_folder, tidy_folders, write_text
from clientlib.book import Book
from clientlib.config import Language
from clientlib.errors import system_says
from clientlib.share.agreement import Agreed, agreements, together
from clientlib.share.errors import NOBODY, SHARING, ShareError
from clientlib.share.reading import Newest, Reading, reading
from clientlib.share.readme import Written, readme
from clientlib.share.writers import Extract, write_parquet, write_workbook

if os.name == "posix":
    import fcntl

Format = Literal["parquet", "xlsx"]
MANIFEST = "manifest.json"
README = "README.md"
_MADE_BY = "clientlib share"
_LOCK = ".lock"


@dataclass(frozen=True)
class Shared:
    """What was written.

    Attributes
    ----------
    batch : int
        As of which batch.
    folders : dict of str to Path
        Each department's.
    rows : dict of str to int
        How many rows each department got, over all areas.
    left_over : tuple of Path
        Folders of departments that get nothing any more. They are not touched.
    """

    batch: int
    folders: dict[str, Path]
    rows: dict[str, int]
    left_over: tuple[Path, ...]


def share_folders(book: Book, target: Path, kind: Format, *, language: Language = "en") -> Shared:
    """Write each department's files into a folder of its own in `target`.

    Parameters
    ----------
    book : Book
        Opened by a role that may keep it.
    target : path
        Made if it is not there. Only its owner can look into what is written: whom else to let in is the
        matter of whoever hands it on.
    kind : {"parquet", "xlsx"}
        A Parquet file an area, or one workbook with a sheet an area.
    language : {"en", "zh"}
        Of titles and labels in workbooks.

    Raises
    ------
    PermissionRefused
        The role may not share.
    SettingsError
        What is agreed contradicts itself.
    ShareError, Unwritable, SheetError
        Something is in the way, cannot be written, or does not fit into Excel. The folders that were there
        are as they were, or whole and new.
    """
    book.access.needs("may_keep", SHARING)
    agreed = agreements(book.settings, book.areas)
    newest = Newest.of(book)
    names = [each.name for each in agreed]
    with (
        book.audit.doing("share", to=target.name, departments=names, up_to_batch=newest.number),
        _alone(target),
        reading(book, together(agreed, book.areas)) as rows,
    ):
        left_over = _look_around(target, names)
        if not agreed and not left_over:
            raise ShareError(*NOBODY)
        writer = _FolderWriter(book, rows, newest, kind, language)
        written = {each.name: writer.write(each, target) for each in agreed}
    folders = {name: target / name for name in names}
    return Shared(newest.number, folders, written, left_over)


class _FolderWriter:
    """Writes the folders of one run."""

    def __init__(self, book: Book, rows: Reading, newest: Newest, kind: Format, language: Language) -> None:
        self._settings = book.settings
        self._rows = rows
        self._newest = newest
        self._kind = kind
        self._language = language
        self._now = dt.datetime.now(ZoneInfo(book.settings.firm.time_zone))

    def write(self, agreed: Agreed, target: Path) -> int:
        """Write one department's folder and put it in place; how many rows are in it."""
        staged = Path(tempfile.mkdtemp(prefix=f"{STAGED}{agreed.name}-", dir=target))
        try:
            written = self._files(agreed, staged)
            text = readme(agreed, self._newest, written, self._settings, self._now)
            write_text(staged / README, text)
            write_text(staged / MANIFEST, self._manifest(agreed, written, staged))
            _put_in_place(staged, target / agreed.name)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        return sum(written.rows.values())

    def _files(self, agreed: Agreed, folder: Path) -> Written:
        extracts = {
            name: Extract(shared.area, self._rows.frames(shared, agreed.branches))
            for name, shared in agreed.areas.items()
        }
        if self._kind == "parquet":
            files = {name: folder / f"{name}.parquet" for name in extracts}
            return Written({name: write_parquet(files[name], each) for name, each in extracts.items()}, files)
        path = folder / f"{agreed.name}.xlsx"
        zone = self._settings.firm.time_zone
        rows = write_workbook(path, list(extracts.values()), language=self._language, time_zone=zone)
        return Written(rows, dict.fromkeys(extracts, path))

    def _manifest(self, agreed: Agreed, written: Written, folder: Path) -> str:
        recorded = self._newest.recorded_at
        said = {
            "made_by": _MADE_BY,
            "department": agreed.name,
            "batch": self._newest.number,
            "recorded_at": recorded.isoformat() if recorded else None,
            "written_at": self._now.isoformat(timespec="seconds"),
            "rows": written.rows,
            "sha256": {
                path.name: _digest(path) for path in sorted({*written.files.values(), folder / README})
            },
        }
        return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --------------------------------------------------------------------------------- places
@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """The folder, made if need be, with nobody else writing into it.

    Raises
    ------
    ShareError
        It cannot be written, or another run is at work in it.
    """
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(target / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        if os.name == "posix":
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise ShareError(
            f"Another run is writing into {target}. Try again when it is done.",
            f"另一次运行正在写入 {target}。请待其完成后重试。",
        ) from None
    try:
        yield
    finally:
        os.close(handle)


def _look_around(target: Path, names: list[str]) -> tuple[Path, ...]:
    """Tidy up after a run that was killed, and see that nothing is in the way.

    Returns
    -------
    tuple of path
        Folders of departments that get nothing any more.
    """
    tidy_folders(target)
    for name in names:
        if (target / name).exists() and not _is_ours(target / name):
            raise ShareError(
                f"{target / name} is there already, and clientlib did not write it. Move it away, or name "
                "another folder.",
                f"{target / name} 已存在，且不是由 clientlib 生成的。请将其移走，或改用其他文件夹。",
            )
    return tuple(sorted(path for path in target.iterdir() if _is_ours(path) and path.name not in names))


def _is_ours(folder: Path) -> bool:
    try:
        said = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("made_by") == _MADE_BY


def _put_in_place(staged: Path, place: Path) -> None:
    try:
        put_folder(staged, place)
    except OSError as error:
        raise _unwritable(place, error) from None


def _unwritable(place: Path, error: OSError) -> ShareError:
    why = system_says(error)
    return ShareError(
        f"{place} cannot be written ({why.en}). Check the rights of its folder and the space that is "
        "left, or name another place.",
        f"无法写入 {place}（{why.zh}）。请检查所在文件夹的权限和剩余空间，或改用其他位置。",
    )
