"""Where else a client may be found, in files that an erasure of the book does not reach.

Files of the workbook folder are searched for the client's numbers; backups and old files of the book are
encrypted, so all of them count as holding the client. Nothing is changed here: what becomes of each is a
person's decision.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from clientlib.book import swap
from clientlib.book.personal.dossier import HOME, Dossier
from clientlib.workbook import Workbook

Kind = Literal["backup", "old_file", "report", "call_list", "work", "file", "unsearched"]
_UNSEARCHED = {".parquet", ".xls", ".gz", ".7z", ".rar", ".pdf"}
"""What holds its contents packed in a way that is not looked into."""
_BLOCK = 1 << 24
_OVERLAP = 256
"""Bytes: more than any number that is looked for."""


@dataclass(frozen=True)
class Trace:
    """A file that names the client, or may.

    Attributes
    ----------
    kind : str
        A backup; a file of the book kept by an earlier change; a report; a call list; a file in data/work;
        any other file, such as a hand-in; one that could not be looked into.
    path : str
        In the workbook folder, else absolute.
    dated : datetime
        When it was last written, in UTC.
    """

    kind: Kind
    path: str
    dated: dt.datetime


def traces(workbook: Workbook, dossier: Dossier) -> list[Trace]:
    """Every file that names a client, by a number of the client's or of the person, or that may.

    Parameters
    ----------
    workbook : Workbook
    dossier : Dossier
        Tells by what the client is known. Where a file is called by it, its name is masked.
    """
    numbers = [*dossier.numbers, *dossier.identity_numbers]
    return [replace(trace, path=dossier.masked(trace.path)) for trace in _found(workbook, numbers)]


def _found(workbook: Workbook, numbers: Sequence[str]) -> Iterator[Trace]:
    for path in _files(backups(workbook)):
        yield _trace(workbook, "backup", path)
    for path in swap.kept(workbook):
        if path.suffix == ".duckdb":
            yield _trace(workbook, "old_file", path)
    sought = _Sought(numbers)
    for path in _searched(workbook):
        holds = _holds(path, sought)
        if holds is None:
            yield _trace(workbook, "unsearched", path)
        elif holds:
            yield _trace(workbook, _kind(workbook, path), path)


def backups(workbook: Workbook) -> Path:
    """The folder of the backups."""
    return workbook.folder / workbook.settings.backup.folder


def _kind(workbook: Workbook, path: Path) -> Kind:
    if path.is_relative_to(workbook.reports):
        return "report"
    if path.is_relative_to(workbook.calls):
        return "call_list"
    return "work" if path.is_relative_to(workbook.work) else "file"


def _trace(workbook: Workbook, kind: Kind, path: Path) -> Trace:
    inside = path.is_relative_to(workbook.folder)
    told = path.relative_to(workbook.folder).as_posix() if inside else str(path)
    return Trace(kind, told, dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC))


def _searched(workbook: Workbook) -> Iterator[Path]:
    """Reports, call lists, data/ without the book, the firm's notebooks, what lies in the folder itself."""
    apart = (workbook.book_file.parent, workbook.keys, backups(workbook))
    for folder in (workbook.reports, workbook.calls, workbook.folder / "data", workbook.notebooks):
        yield from (path for path in _files(folder) if not any(map(path.is_relative_to, apart)))
    yield from (path for path in sorted(workbook.folder.glob("*")) if path.is_file())


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


# -------------------------------------------------------------------------------- a file
class _Sought:
    """Numbers, each standing alone: C1 is not in C12."""

    def __init__(self, numbers: Sequence[str]) -> None:
        words = {word.removeprefix(HOME) for word in numbers}
        either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        alone = rf"(?:(?<![0-9A-Za-z_])|(?<=\{HOME}))(?:{either})(?![0-9A-Za-z_])"
        self._words = [word.encode() for word in words]
        self._pattern = re.compile(alone.encode())

    def is_in(self, block: bytes) -> bool:
        # Many times as fast as the pattern alone, and nearly every block has none of them.
        return any(word in block for word in self._words) and self._pattern.search(block) is not None


def _holds(path: Path, sought: _Sought) -> bool | None:
    """Whether a file names the client; None: it could not be looked into."""
    if path.suffix.lower() in _UNSEARCHED:
        return None
    try:
        return any(sought.is_in(block) for block in _contents(path))
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
        return None


def _contents(path: Path) -> Iterator[bytes]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            yield from _blocks(file)
        return
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as part:
                yield from _blocks(part)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """A file piece by piece, each with the end of the one before: it may be of any size."""
    before = b""
    while block := file.read(_BLOCK):
        yield before + block
        before = block[-_OVERLAP:]
