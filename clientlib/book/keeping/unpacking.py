"""A backup taken apart and verified: its signature, each member, both files with the keys that are here."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
from cryptography.exceptions import InvalidTag

from clientlib.book import connection as engine
from clientlib.book import swap
from clientlib.book.keeping.backup import BLOCK, FORMAT, MANIFEST, SIGNATURE, Manifest, Sealer, last_folded
from clientlib.book.keeping.rewrite import contents
from clientlib.book.keys import Key, KeyName, file_of, fingerprint, id_file, need_key
from clientlib.book.spoken import FILES
from clientlib.book.storage import META, batch_stamps, match, refuse_later
from clientlib.errors import BookError, KeyProblem, system_says
from clientlib.workbook import Workbook

NAMES: tuple[KeyName, KeyName] = ("vault", "book")
"""In the order in which the files are put into their places."""
_LARGEST_MANIFEST = 1 << 20
_UNREADABLE = (
    zipfile.BadZipFile,
    InvalidTag,
    ValueError,
    OverflowError,
    KeyError,
    TypeError,
    RuntimeError,  # a member that is locked with a password, a manifest nested without end
    EOFError,
)
"""What reading an archive raises that nobody here has made."""


@dataclass(frozen=True)
class Unpacked:
    """A backup that was found to be whole.

    Attributes
    ----------
    folder : Path
        Where its book and vault lie, with nothing left to be folded in.
    manifest : Manifest
    small : dict of str to bytes
        Its other members, opened, by name.
    last_record : int
        The number of the last record of the audit in its book.
    """

    folder: Path
    manifest: Manifest
    small: dict[str, bytes]
    last_record: int


@contextmanager
def unpacked(workbook: Workbook, file: Path) -> Iterator[Unpacked]:
    """A backup, verified down to every row and unpacked beside the book, by whoever has the book's lock.

    The folder is gone afterwards, unless a swap of what is in it was broken off.

    Raises
    ------
    KeyProblem
        The keys here are not those of the backup.
    BookError
        The file is no backup, is damaged or of another book.
    """
    key = need_key(workbook, "book")
    sealer = Sealer(key)
    with telling(file):
        manifest = _manifest(file, key, sealer)
    _same_book(workbook, manifest)
    # Named as what engines spill: whatever a killed process leaves is swept by the next writer.
    folder = workbook.book_file.parent / f"{engine.SPILL}backup-{secrets.token_hex(4)}"
    try:
        with telling(file):
            folder.mkdir(mode=0o700)
            small = _take_out(file, manifest, sealer, folder)
        yield Unpacked(folder, manifest, small, _opened(workbook, folder, manifest))
    finally:
        if not swap.broken_off(workbook):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def telling(file: Path) -> Iterator[None]:
    """What a file that is no whole backup does to those who read it, as a sentence."""
    try:
        yield
    except _UNREADABLE:
        raise _damaged(file) from None
    except OSError as error:
        where, why = error.filename or file, system_says(error)
        raise BookError(
            f"{where}: {why.en}. Nothing was changed.", f"{where}：{why.zh}。未作任何更改。"
        ) from None


def _damaged(file: Path) -> BookError:
    return BookError(
        f"{file} is no backup of clientlib, or it is damaged: what it holds cannot be trusted. "
        "Take another one; nothing was changed.",
        f"{file} 不是 clientlib 的备份，或已损坏：其内容不可信。请改用其他备份；未作任何更改。",
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
            f"{file} was made by a later version of clientlib. Install that; nothing was changed.",
            f"{file} 由更高版本的 clientlib 生成。请安装该版本；未作任何更改。",
        )
    manifest = Manifest(**values)
    if manifest.key != fingerprint(key):
        raise KeyProblem(
            f"{file} was made under another key of the book (fingerprint {manifest.key}; the one here has "
            f"{fingerprint(key)}). Put the keys of that time in place, and try again; nothing was changed.",
            f"{file} 是用台账的另一把密钥备份的（指纹 {manifest.key}；此处密钥的指纹为 {fingerprint(key)}）。"
            "请放回当时的密钥后重试；未作任何更改。",
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
            "To put it there all the same, move that folder away first. Nothing was changed.",
            f"该备份属于另一个台账，不是 {workbook.book_file.parent} 中的台账。"
            "如仍要恢复到此处，请先将该文件夹移走。未作任何更改。",
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
        for name in NAMES:
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
        file = FILES[name]
        raise BookError(
            f"The {file.en} in the backup is of another book. Take another one; nothing was changed.",
            f"备份中的{file.zh}属于另一个台账。请改用其他备份；未作任何更改。",
        )
