"""A backup: one file with all that a book is, whole, sealed and signed, taken while others read on.

It is an uncompressed zip archive. Book and vault lie in it as they are, for they are encrypted already; all
else (settings, the firm's fields, the audit's journal) is sealed under a key derived from the book's. The
manifest can be read by anybody: it names no client. The archive's comment, its last bytes, signs everything
before them, so that one changed byte anywhere, or an end that is gone, is found before anything is believed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from clientlib import __version__
from clientlib.aside import written_aside
from clientlib.book import connection as engine
from clientlib.book import swap
from clientlib.book.audit.folding import last_stored
from clientlib.book.audit.journal import Journal
from clientlib.book.audit.record import Link
from clientlib.book.audit.sealing import Seal
from clientlib.book.audit.trail import anchor_path
from clientlib.book.keys import Key, fingerprint, need_key
from clientlib.book.locks import Patience
from clientlib.book.spoken import FILES
from clientlib.book.storage import AUDIT, BATCHES, META
from clientlib.config import SETTINGS_FILE
from clientlib.custom import FIELDS_FILE
from clientlib.errors import BookError
from clientlib.workbook import Workbook

MANIFEST = "manifest.json"
FORMAT = 1
SIGNATURE = 64
"""Characters of the signature, in hexadecimal."""
BLOCK = 1 << 20
_NONCE = 12


# ---------------------------------------------------------------------------------- secrets
class Sealer:
    """Seals members and signs the whole, under keys derived from the book's, which is not kept."""

    def __init__(self, key: Key) -> None:
        self._members = AESGCM(_derived(key, b"clientlib backup members"))
        self._signing = _derived(key, b"clientlib backup signature")

    def __repr__(self) -> str:
        return "Sealer(…)"

    def close(self, name: str, content: bytes) -> bytes:
        """`content`, sealed; bound to the member's name, so that no two can change places."""
        nonce = os.urandom(_NONCE)
        return nonce + self._members.encrypt(nonce, content, name.encode())

    def open(self, name: str, sealed: bytes) -> bytes:
        return self._members.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())

    def sign(self, file: Path) -> str:
        """The signature of all of a file but its last `SIGNATURE` bytes."""
        made = hmac.new(self._signing, digestmod=hashlib.sha256)
        left = file.stat().st_size - SIGNATURE
        with file.open("rb") as opened:
            while left > 0 and (block := opened.read(min(BLOCK, left))):
                made.update(block)
                left -= len(block)
        return made.hexdigest()


def _derived(key: Key, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(key.reveal().encode("ascii"))


# --------------------------------------------------------------------------------- manifest
@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Attributes
    ----------
    format, schema_version : int
        Of the archive; of the book's tables.
    code_version : str
    made_at : str
        The instant, in UTC.
    book_id : str
    key : str
        The fingerprint of the book's key.
    last_batch, recorded_at_us : int
        The newest batch (0: none), and when it was recorded, in microseconds since 1970 in UTC.
    audit_seq, audit_hash : int, str
        The newest record of the audit (0: none).
    members : mapping of str to str
        Each file in the archive, and the SHA-256 of what lies there.
    """

    format: int
    schema_version: int
    code_version: str
    made_at: str
    book_id: str
    key: str
    last_batch: int
    recorded_at_us: int
    audit_seq: int
    audit_hash: str
    members: Mapping[str, str]


@dataclass(frozen=True)
class Backup:
    """A backup that was made, or that was found to be whole."""

    file: Path
    manifest: Manifest


# -------------------------------------------------------------------------------------- made
def back_up(workbook: Workbook, file: Path | None = None) -> Backup:
    """Save the book as it is now; readers go on, and a writer waits.

    Only the book's key is needed: the vault is copied as it is.

    Parameters
    ----------
    workbook : Workbook
    file : Path, optional
        By default one in `[backup] folder`, named by the instant.

    Raises
    ------
    KeyProblem, BookBusy, BookError
        As for `open_book`; or there is such a file already.
    Unwritable
        The file cannot be written.
    """
    key = need_key(workbook, "book")
    patience = Patience(workbook.settings.book.wait_seconds)
    lock = swap.settled_lock(workbook, exclusive=False, patience=patience, doing="making a backup of it")
    try:
        return write(workbook, key, file or default_file(workbook))
    finally:
        lock.release()


def default_file(workbook: Workbook, why: str = "") -> Path:
    """A name for a backup made now: `client-book-20261125-161200-123.zip`."""
    folder = workbook.folder / workbook.settings.backup.folder
    parts = ("client-book", swap.stamp(), why)
    return folder / f"{'-'.join(filter(None, parts))}.zip"


def write(workbook: Workbook, key: Key, file: Path) -> Backup:
    """As `back_up`, for whoever holds the book's lock, with no engine that has it open for writing."""
    if file.exists():
        raise BookError(
            f"{file} is there already. Name another file; nothing was written.",
            f"{file} 已存在。请改用其他文件名；未写入任何内容。",
        )
    sealer = Sealer(key)
    told = _told(workbook, key)
    with written_aside(file) as aside:
        members: dict[str, str] = {}
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED) as archive:
            for path in _engine_files(workbook):
                members[path.name] = _put_file(archive, path)
            for name, content in _small(workbook, key):
                members[name] = _put(archive, name, sealer.close(name, content))
            manifest = replace(told, members=members)
            _put(archive, MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
            archive.comment = b"0" * SIGNATURE
        _sign(aside, sealer)
    return Backup(file, manifest)


def _sign(aside: Path, sealer: Sealer) -> None:
    signature = sealer.sign(aside).encode()
    with aside.open("r+b") as opened:
        opened.seek(-SIGNATURE, os.SEEK_END)
        opened.write(signature)
        opened.flush()
        os.fsync(opened.fileno())


def _put_file(archive: zipfile.ZipFile, path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source, archive.open(zipfile.ZipInfo(path.name), "w", force_zip64=True) as target:
        while block := source.read(BLOCK):
            digest.update(block)
            target.write(block)
    return digest.hexdigest()


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> str:
    archive.writestr(zipfile.ZipInfo(name), content)
    return hashlib.sha256(content).hexdigest()


def _engine_files(workbook: Workbook) -> Iterator[Path]:
    """Book and vault, each with the log that a process which died may have left beside it."""
    for path in (workbook.book_file, workbook.vault_file):
        if not path.exists():
            file = FILES[path.stem]
            raise BookError(
                f"There is no {file.en} at {path}, so there is nothing whole to save.",
                f"{path} 处没有{file.zh}，因此没有可备份的完整内容。",
            )
        yield path
        log = path.with_name(f"{path.name}.wal")
        if log.exists():
            yield log


def _small(workbook: Workbook, key: Key) -> Iterator[tuple[str, bytes]]:
    """The other files: name in the archive, content."""
    journal = Journal(workbook.book_file.parent, Seal(key))
    with journal.locked():
        # Together, or the anchor might know of a record that the journal does not have yet.
        for name, path in (("audit.journal", journal.path), ("audit.anchor", anchor_path(workbook))):
            if path.exists():
                yield name, path.read_bytes()
    for name in (SETTINGS_FILE, FIELDS_FILE):
        if (workbook.folder / name).exists():
            yield str(name), (workbook.folder / name).read_bytes()


def _told(workbook: Workbook, key: Key) -> Manifest:
    """What the manifest says of the book itself."""
    connection = engine.connect(workbook.book_file.parent, "UTC")
    try:
        engine.attach(connection, workbook.book_file, "book", key, read_only=True)
        with engine.telling_damage(workbook.book_file, whatever=True):
            row = connection.execute(
                f"""SELECT schema_version, book_id,
                    (SELECT coalesce(max(batch), 0) FROM book.main.{BATCHES}),
                    (SELECT coalesce(max(epoch_us(recorded_at)), 0) FROM book.main.{BATCHES})
                FROM book.main.{META}"""
            ).fetchall()[0]
            stored = last_folded(connection)
    finally:
        connection.close()
    last = _last_record(workbook, key) or stored or Link(0, "", "")
    return Manifest(
        format=FORMAT,
        schema_version=row[0],
        code_version=__version__,
        made_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        book_id=row[1],
        key=fingerprint(key),
        last_batch=row[2],
        recorded_at_us=row[3],
        audit_seq=last.seq,
        audit_hash=last.hash,
        members={},
    )


def last_folded(connection: duckdb.DuckDBPyConnection) -> Link | None:
    """The last record of the audit in an attached book; None also where an earlier version made it."""
    query = f"SELECT 1 FROM duckdb_tables() WHERE database_name = 'book' AND table_name = '{AUDIT}'"
    return last_stored(connection, "book") if connection.execute(query).fetchall() else None


def _last_record(workbook: Workbook, key: Key) -> Link | None:
    journal = Journal(workbook.book_file.parent, Seal(key))
    with journal.locked():
        return journal.tail().last
