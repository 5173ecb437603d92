"""A backup put back: everything in it is verified first, then all files are swapped at once.

Nothing that is here is lost by it: the files that were in place are kept until somebody forgets them,
settings that a person may have changed stay as they are, and the audit goes on where it is rather than back.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from cryptography.exceptions import InvalidTag

from clientlib.aside import write_text
from clientlib.book import connection as engine
from clientlib.book import swap
from clientlib.book.audit.folding import stored
from clientlib.book.audit.journal import Journal
from clientlib.book.audit.opening import record_restore
from clientlib.book.audit.record import Link
from clientlib.book.audit.sealing import Seal
from clientlib.book.audit.trail import anchor_path
from clientlib.book.backup import BLOCK, FORMAT, MANIFEST, SIGNATURE, Backup, Manifest, Sealer, last_folded
from clientlib.book.keys import Key, KeyName, file_of, fingerprint, id_file, need_key
from clientlib.book.locks import Lock, Patience
from clientlib.book.rewrite import contents
from clientlib.book.storage import META, batch_stamps, match, refuse_later
from clientlib.book.swap import Move
from clientlib.config import SETTINGS_FILE
from clientlib.custom import FIELDS_FILE
from clientlib.errors import BookError, KeyProblem
from clientlib.workbook import Workbook

WHY = "restore"
_NAMES: tuple[KeyName, KeyName] = ("vault", "book")
_LARGEST_MANIFEST = 1 << 20
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
    """

    manifest: Manifest
    kept: tuple[Path, ...]
    beside: tuple[Path, ...]


@dataclass(frozen=True)
class _Unpacked:
    """A backup that was found to be whole.

    `small` are its members beside book and vault, opened, by name; `last_record` is the number of the last
    record of the audit in its book.
    """

    folder: Path
    manifest: Manifest
    small: dict[str, bytes]
    last_record: int


# ------------------------------------------------------------------------------------ asked
def check(workbook: Workbook, file: Path) -> Backup:
    """Verify a backup as `restore` would, down to every row, and change nothing.

    Parameters, errors
        As for `restore`.
    """
    lock = _locked(workbook, exclusive=False, doing="verifying a backup")
    try:
        with _unpacked(workbook, file) as found:
            return Backup(file, found.manifest)
    finally:
        lock.release()


def restore(workbook: Workbook, file: Path, *, who: str, role: str) -> Restored:
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

    Raises
    ------
    KeyProblem
        The keys here are not those of the backup.
    BookBusy
        Somebody has the book open.
    BookError
        The file is no backup, is damaged or of another book. Nothing was changed.
    """
    lock = _locked(workbook, exclusive=True, doing="putting a backup back")
    try:
        with _unpacked(workbook, file) as found:
            # Only now: what cannot be finished is given up, as all its files are replaced.
            swap.finish_or_drop(workbook)
            kept = _put_back(workbook, found)
    finally:
        lock.release()
    told = {"backup": file.name, "made_at": found.manifest.made_at}
    record_restore(workbook, who=who, role=role, **told)
    return Restored(found.manifest, kept, tuple(_settings(workbook, found)))


def _locked(workbook: Workbook, *, exclusive: bool, doing: str) -> Lock:
    """The book's lock, also where a swap was broken off or there is no book any more."""
    path = workbook.book_file.with_name("book.lock")
    with _telling(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    patience = Patience(workbook.settings.book.wait_seconds)
    return Lock(path, exclusive=exclusive, patience=patience, doing=doing)


# --------------------------------------------------------------------------------- verified
@contextmanager
def _unpacked(workbook: Workbook, file: Path) -> Iterator[_Unpacked]:
    """A backup, verified and unpacked beside the book. The folder is gone afterwards."""
    key = need_key(workbook, "book")
    sealer = Sealer(key)
    with _telling(file):
        manifest = _manifest(file, key, sealer)
    _same_book(workbook, manifest)
    # Named as what engines spill: whatever a killed process leaves is swept by the next writer.
    folder = workbook.book_file.parent / f"{engine.SPILL}backup-{secrets.token_hex(4)}"
    try:
        with _telling(file):
            folder.mkdir(mode=0o700)
            small = _take_out(file, manifest, sealer, folder)
        yield _Unpacked(folder, manifest, small, _opened(workbook, folder, manifest))
    finally:
        if not swap.broken_off(workbook):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _telling(file: Path) -> Iterator[None]:
    """What a file that is no whole backup does to those who read it, as a sentence."""
    try:
        yield
    except (zipfile.BadZipFile, InvalidTag, ValueError, KeyError, TypeError, NotImplementedError, EOFError):
        raise _damaged(file) from None
    except OSError as error:
        what = f"{error.filename or file}: {error.strerror or 'cannot be read'}"
        raise BookError(f"{what}. Nothing was changed.") from None


def _damaged(file: Path) -> BookError:
    return BookError(
        f"{file} is no backup of clientlib, or it is damaged: what it holds cannot be trusted. "
        "Take another one; nothing was changed."
    )


def _manifest(file: Path, key: Key, sealer: Sealer) -> Manifest:
    with zipfile.ZipFile(file) as archive:
        signature = archive.comment.decode("ascii")
        entry = archive.getinfo(MANIFEST)
        if len(signature) != SIGNATURE or entry.file_size > _LARGEST_MANIFEST or _packed(archive):
            raise _damaged(file)
        values = json.loads(archive.read(entry))
    if int(values["format"]) > FORMAT:
        raise BookError(
            f"{file} was made by a later version of clientlib. Install that; nothing was changed."
        )
    manifest = Manifest(**values)
    if manifest.key != fingerprint(key):
        raise KeyProblem(
            f"{file} was made under another key of the book (fingerprint {manifest.key}; the one here has "
            f"{fingerprint(key)}). Put the keys of that time in place, and try again; nothing was changed."
        )
    if not hmac.compare_digest(sealer.sign(file), signature):
        raise _damaged(file)
    return manifest


def _packed(archive: zipfile.ZipFile) -> bool:
    """Whether anything is compressed, which nothing of ours is: it might unpack to whatever size."""
    return any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist())


def _same_book(workbook: Workbook, manifest: Manifest) -> None:
    try:
        here = id_file(workbook).read_text("utf-8").strip()
    except OSError:
        return
    if here != manifest.book_id:
        raise BookError(
            f"The backup is of another book than the one in {workbook.book_file.parent}. "
            "To put it there all the same, move that folder away first. Nothing was changed."
        )


def _take_out(file: Path, manifest: Manifest, sealer: Sealer, folder: Path) -> dict[str, bytes]:
    """Write book and vault into `folder`; the other members, opened."""
    small = {}
    with zipfile.ZipFile(file) as archive:
        for name, expected in manifest.members.items():
            if Path(name).suffix in (".duckdb", ".wal"):
                found = _write(archive, name, folder / Path(name).name)
            else:
                sealed = archive.read(name)
                found = hashlib.sha256(sealed).hexdigest()
                small[name] = sealer.open(name, sealed)
            if found != expected:
                raise _damaged(file)
    return small


def _write(archive: zipfile.ZipFile, name: str, target: Path) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as source, target.open("xb") as opened:
        target.chmod(0o600)
        while block := source.read(BLOCK):
            digest.update(block)
            opened.write(block)
    return digest.hexdigest()


def _opened(workbook: Workbook, folder: Path, manifest: Manifest) -> int:
    """Open both files with the keys that are here, read every row, and fold in what an engine had logged.

    Returns
    -------
    int
        The number of the last record of the audit in the book.
    """
    connection = engine.connect(folder, "UTC")
    try:
        for name in _NAMES:
            path = folder / file_of(workbook, name).name
            engine.attach(connection, path, name, need_key(workbook, name), read_only=False)
            _read_through(connection, path, name, manifest)
        match(workbook, batch_stamps(connection, "book"), batch_stamps(connection, "vault"))
        return last.seq if (last := last_folded(connection)) else 0
    finally:
        connection.close()


def _read_through(
    connection: duckdb.DuckDBPyConnection, path: Path, name: KeyName, manifest: Manifest
) -> None:
    with engine.telling_damage(path, whatever=True):
        contents(connection, name)
        row = connection.execute(f"SELECT schema_version, book_id FROM {name}.main.{META}").fetchall()[0]
    refuse_later(path, row[0])
    if row[1] != manifest.book_id:
        raise BookError(
            f"The {name} in the backup is of another book. Take another one; nothing was changed."
        )


# --------------------------------------------------------------------------------- put back
def _put_back(workbook: Workbook, found: _Unpacked) -> tuple[Path, ...]:
    when, key = swap.stamp(), need_key(workbook, "book")
    journal = Journal(workbook.book_file.parent, Seal(key))
    with journal.locked():
        files = [(found.folder / path.name, path) for path in (file_of(workbook, name) for name in _NAMES)]
        files += _audit_files(workbook, found, journal, key)
        if not id_file(workbook).exists():
            files.append((_laid(found, "book.id", f"{found.manifest.book_id}\n".encode()), id_file(workbook)))
        moves = [
            Move(new, target, swap.kept_as(target, WHY, when) if target.exists() else None)
            for new, target in files
        ]
        swap.put_in_place(workbook, moves)
    return tuple(move.kept for move in moves if move.kept is not None)


def _laid(found: _Unpacked, name: str, content: bytes) -> Path:
    path = found.folder / name
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def _audit_files(
    workbook: Workbook, found: _Unpacked, journal: Journal, key: Key
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
    if not workbook.book_file.exists():
        return []
    connection = engine.connect(workbook.book_file.parent, "UTC")
    try:
        engine.attach(connection, workbook.book_file, "book", key, read_only=True)
        return stored(connection, "book")
    except (BookError, duckdb.Error):
        return []
    finally:
        connection.close()


def _settings(workbook: Workbook, found: _Unpacked) -> Iterator[Path]:
    """Put back settings that are gone; where others are here, lay the backup's beside them."""
    for name in (SETTINGS_FILE, str(FIELDS_FILE)):
        saved, here = found.small.get(name), workbook.folder / name
        if saved is None or (here.exists() and here.read_bytes() == saved):
            continue
        beside = here.with_name(f"{here.stem}.from-backup{here.suffix}") if here.exists() else here
        write_text(beside, saved.decode("utf-8"))
        if beside != here:
            yield beside
