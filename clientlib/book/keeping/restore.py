"""A backup put back: everything in it is verified first, then all files are swapped at once.

Nothing that is here is lost by it: the files that were in place are kept until somebody forgets them,
settings that a person may have changed stay as they are, and the audit goes on where it is rather than back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb

from clientlib.aside import write_text
from clientlib.book import connection as engine
from clientlib.book import swap
from clientlib.book.audit.folding import stored
from clientlib.book.audit.journal import Journal
from clientlib.book.audit.opening import record_restore
from clientlib.book.audit.record import DONE, Link
from clientlib.book.audit.sealing import Seal
from clientlib.book.audit.trail import anchor_path
from clientlib.book.keeping.backup import Backup, Manifest
from clientlib.book.keeping.unpacking import NAMES, Unpacked, telling, unpacked
from clientlib.book.keys import Key, file_of, id_file, need_key
from clientlib.book.locks import Lock, Patience
from clientlib.book.storage import BATCHES
from clientlib.book.swap import Move
from clientlib.config import SETTINGS_FILE
from clientlib.custom import FIELDS_FILE
from clientlib.errors import BookError
from clientlib.workbook import Workbook

WHY = "restore"
_T = TypeVar("_T")
_JOURNAL, _ANCHOR = "audit.journal", "audit.anchor"


@dataclass(frozen=True)
class Restored:
    """What was put back.

    Attributes
    ----------
    manifest : Manifest
        Of the backup.
    kept : tuple of Path
        What was in place before.
    beside : tuple of Path
        The backup's settings and fields, where they are others than those here, for a person to compare.
    erased : tuple of str
        Clients who were erased after the backup was made, as far as the audit knows: they are back, and have
        to be erased again.
    """

    manifest: Manifest
    kept: tuple[Path, ...]
    beside: tuple[Path, ...]
    erased: tuple[str, ...]


# ------------------------------------------------------------------------------------ asked
def check(workbook: Workbook, file: Path) -> Backup:
    """Verify a backup as `restore` would, down to every row, and change nothing.

    Parameters, errors
        As for `restore`.
    """
    lock = _locked(workbook, exclusive=False, doing="verifying a backup")
    try:
        with unpacked(workbook, file) as found:
            return Backup(file, found.manifest)
    finally:
        lock.release()


def restore(workbook: Workbook, file: Path, *, who: str, role: str, losing: bool = False) -> Restored:
    """Put a backup back, also where the book is damaged or gone.

    The audit does not go back with it: the journal that is here stays, and records that only the files here
    have are taken over into it.

    Parameters
    ----------
    workbook : Workbook
        With the keys under which the backup was made.
    file : Path
    who, role : str
        Who does it, for the audit.
    losing : bool
        Whether batches that the book here has, and the backup has not, may go from it.

    Raises
    ------
    KeyProblem
        The keys here are not those of the backup.
    BookBusy
        Somebody has the book open.
    BookError
        The file is no backup, is damaged or of another book; or the book here has later batches, and they
        may not go. Nothing was changed.
    """
    lock = _locked(workbook, exclusive=True, doing="putting a backup back")
    try:
        with unpacked(workbook, file) as found:
            later = _later(workbook, found.manifest)
            if later and not losing:
                raise BookError(
                    f"The book here has later batches ({later:,}) that the backup has not; they would be in "
                    "the kept files only. To put it back all the same, say --yes. Nothing was changed.",
                    f"现有台账有备份中没有的更晚批次（{later:,}批）；恢复后，它们只存在于保留的旧文件中。"
                    "如仍要恢复，请加 --yes。未作任何更改。",
                )
            # Only now: what cannot be finished is given up, as all its files are replaced.
            swap.finish_or_drop(workbook)
            kept = _put_back(workbook, found)
    finally:
        lock.release()
    told = {"backup": file.name, "made_at": found.manifest.made_at}
    record_restore(workbook, who=who, role=role, **told)
    beside = tuple(_settings(workbook, found))
    return Restored(found.manifest, kept, beside, _erased_since(workbook, found.manifest))


def _locked(workbook: Workbook, *, exclusive: bool, doing: str) -> Lock:
    """The book's lock, also where a swap was broken off or there is no book any more."""
    path = workbook.book_file.with_name("book.lock")
    with telling(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    patience = Patience(workbook.settings.book.wait_seconds)
    return Lock(path, exclusive=exclusive, patience=patience, doing=doing)


# --------------------------------------------------------------------------------- put back
def _put_back(workbook: Workbook, found: Unpacked) -> tuple[Path, ...]:
    when, key = swap.stamp(), need_key(workbook, "book")
    journal = Journal(workbook.book_file.parent, Seal(key))
    with journal.locked():
        files = [(found.folder / path.name, path) for path in (file_of(workbook, name) for name in NAMES)]
        files += _audit_files(workbook, found, journal, key)
        if not id_file(workbook).exists():
            files.append((_laid(found, "book.id", f"{found.manifest.book_id}\n".encode()), id_file(workbook)))
        moves = [
            Move(new, target, swap.kept_as(target, WHY, when) if target.exists() else None)
            for new, target in files
        ]
        swap.put_in_place(workbook, moves)
    return tuple(move.kept for move in moves if move.kept is not None)


def _laid(found: Unpacked, name: str, content: bytes) -> Path:
    path = found.folder / name
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def _audit_files(
    workbook: Workbook, found: Unpacked, journal: Journal, key: Key
) -> Iterator[tuple[Path, Path]]:
    """What becomes of the audit's journal and anchor: new file, place."""
    saved = Journal(found.folder, Seal(key))
    _laid(found, saved.path.name, found.small.get(_JOURNAL, b""))
    if not journal.path.exists() and not anchor_path(workbook).exists():
        # Nothing is left of the audit: it goes on from the backup's. Where only the anchor is gone, it stays
        # gone, for somebody may have taken it away.
        yield saved.path, journal.path
        if _ANCHOR in found.small:
            lying = swap.aside(anchor_path(workbook))
            lying.write_bytes(found.small[_ANCHOR])
            lying.chmod(0o600)
            yield lying, anchor_path(workbook)
        return
    here = journal.path.read_bytes() if journal.path.exists() else b""
    before = carried(found.last_record, _readable(saved), _stored_here(workbook, key), _readable(journal))
    if before:
        saved.write_anew(before)
        yield _laid(found, "carried", saved.path.read_bytes() + here), journal.path


def carried(last: int, saved: Sequence[Link], here: Sequence[Link], journal: Sequence[Link]) -> list[Link]:
    """The records that have to come before those of the journal, so that none is lost with the files here.

    Parameters
    ----------
    last : int
        The number of the last record in the book of the backup.
    saved : sequence of Link
        Of the backup's journal.
    here : sequence of Link
        Of the book that is being replaced, as far as it can be read.
    journal : sequence of Link
        Of the journal that is in place.

    Returns
    -------
    list of Link
        The unbroken run up to the journal's first record; without a journal, up to the last that is known.
    """
    known = {link.seq: link for link in (*saved, *here)}
    following = journal[0].seq if journal else max(known, default=0) + 1
    first = following
    while first - 1 in known and first - 1 > last:
        first -= 1
    return [known[number] for number in range(first, following)]


def _readable(journal: Journal) -> list[Link]:
    return [link for link in journal.links() if link is not None]


def _stored_here(workbook: Workbook, key: Key) -> list[Link]:
    """The records of the book that is being replaced; none where it cannot be read any more."""
    return _asked_here(workbook, key, lambda connection: stored(connection, "book")) or []


def _later(workbook: Workbook, manifest: Manifest) -> int:
    """How many batches the book that is being replaced has, and the backup has not."""

    def count(connection: duckdb.DuckDBPyConnection) -> int:
        query = f"SELECT count(*) FROM book.main.{BATCHES} WHERE epoch_us(recorded_at) > ?"
        row = connection.execute(query, [manifest.recorded_at_us]).fetchone()
        return int(row[0]) if row else 0

    return _asked_here(workbook, need_key(workbook, "book"), count) or 0


def _asked_here(workbook: Workbook, key: Key, ask: Callable[[duckdb.DuckDBPyConnection], _T]) -> _T | None:
    """What the book that is being replaced answers; None where it is gone or cannot be read any more."""
    if not workbook.book_file.exists():
        return None
    connection = engine.connect(workbook.book_file.parent, "UTC")
    try:
        engine.attach(connection, workbook.book_file, "book", key, read_only=True)
        return ask(connection)
    except (BookError, duckdb.Error):
        return None
    finally:
        connection.close()


def _erased_since(workbook: Workbook, manifest: Manifest) -> tuple[str, ...]:
    journal = Journal(workbook.book_file.parent, Seal(need_key(workbook, "book")))
    with journal.locked():
        said = [link.read() for link in _readable(journal) if link.seq > manifest.audit_seq]
    clients = (
        client
        for record in said
        if record.get("event") == "erase" and record.get("outcome") == DONE
        for client in record.get("clients", ())
    )
    return tuple(dict.fromkeys(clients))


def _settings(workbook: Workbook, found: Unpacked) -> Iterator[Path]:
    """Put back settings that are gone; where others are here, lay the backup's beside them."""
    for name in (SETTINGS_FILE, str(FIELDS_FILE)):
        saved, here = found.small.get(name), workbook.folder / name
        if saved is None or (here.exists() and here.read_bytes() == saved):
            continue
        beside = here.with_name(f"{here.stem}.from-backup{here.suffix}") if here.exists() else here
        write_text(beside, saved.decode("utf-8"))
        if beside != here:
            yield beside
