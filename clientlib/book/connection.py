"""DuckDB, opened the one way this project opens it: encrypted files, nothing fetched, nothing left plain.

Nobody else in the project attaches a file or says what an engine's refusal means to a person.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import duckdb
import duckdb_extension_httpfs

from clientlib.book.keys import Key
from clientlib.book.locks import busy
from clientlib.book.spoken import FILES
from clientlib.errors import BookError, KeyProblem, Words

MEMORY_SHARE = 0.75
"""Of what DuckDB would take by itself (four fifths of the memory): up to two engines run in a process.
What does not fit is spilled, encrypted, beside the book."""
SPILL = "spill-"
_OPEN_ELSEWHERE = (
    "Could not set lock",
    "Conflicting lock",
    "used by another process",
    "file handle conflict",
)
_DAMAGE = ("AES tag", "Could not read enough", "orrupt", "checksum")
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
}
_verified: set[Path] = set()
"""Modules whose signature was looked at in this process. It takes three times as long as the rest of opening
a book, so it is done once."""


def connect(spill_beside: Path, time_zone: str) -> duckdb.DuckDBPyConnection:
    """An engine in memory, able to write encrypted files, with nothing attached yet.

    Parameters
    ----------
    spill_beside : Path
        The folder in which what does not fit into memory may lie, encrypted, while the engine runs.
    time_zone : str
        The zone in which days begin and instants are shown.

    Raises
    ------
    BookError
        The encryption module cannot be loaded.
    """
    # A name of its own for each engine: two of them would write over each other's files.
    spill = spill_beside / f"{SPILL}{os.getpid()}-{secrets.token_hex(4)}"
    module = _extension()
    known = {"allow_unsigned_extensions": "true" if module in _verified else "false"}
    connection = duckdb.connect(config={**_CONFIG, **known, "temp_directory": str(spill)})
    try:
        connection.execute(f"LOAD {literal(str(module))}")
        loaded = True
    except duckdb.Error:
        loaded = False
    if not loaded:
        connection.close()
        raise BookError(
            "DuckDB's encryption module cannot be loaded. Install the locked versions again (make setup, or "
            "pip install -r requirements.lock): duckdb and duckdb-extension-httpfs must be of one version.",
            "无法加载DuckDB的加密模块。请重新安装锁定的版本（make setup，"
            "或 pip install -r requirements.lock）："
            "duckdb 与 duckdb-extension-httpfs 的版本必须一致。",
        )
    _verified.add(module)
    connection.execute("SET temp_file_encryption = true")
    connection.execute(f"SET GLOBAL TimeZone = {literal(time_zone)}")
    amount, unit = str(connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]).split()
    connection.execute(f"SET memory_limit = '{float(amount) * MEMORY_SHARE:.1f}{unit}'")
    return connection


@contextmanager
def verified_meanwhile() -> Iterator[None]:
    """Have the module's signature looked at by another process while this one does something else.

    For a process that must not use the engine itself, because it is to be forked: its forks need not look
    again. Where the module is not right, they do, and say so.
    """
    module = _extension()
    if module in _verified:
        yield
        return
    if (child := os.fork()) == 0:
        code = 1
        try:
            duckdb.connect(config=dict(_CONFIG)).execute(f"LOAD {literal(str(module))}")
            code = 0
        finally:
            os._exit(code)
    try:
        yield
    finally:
        if os.waitpid(child, 0)[1] == 0:
            _verified.add(module)


def _extension() -> Path:
    folder = Path(duckdb_extension_httpfs.__file__).parent / "extensions"
    return folder / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"


def attach(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: Literal["book", "vault"],
    key: Key,
    *,
    read_only: bool,
    alias: str | None = None,
) -> None:
    """Attach an encrypted file that exists, as `alias` or else under its name.

    Raises
    ------
    KeyProblem
        The key is not the file's.
    BookBusy
        Somebody else has the file open.
    BookError
        There is no such file, it is no encrypted book, or it is damaged.
    """
    if not path.exists():
        raise missing(path, name)
    # Raised here and not where it was caught: what was caught holds the statement with the key.
    mode = "READ_ONLY" if read_only else "READ_WRITE"
    refusal = _attach(connection, path, name, key, mode, alias or name)
    if refusal is not None:
        raise refusal


def _attach(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, key: Key, mode: str, alias: str
) -> BookError | None:
    try:
        connection.execute(
            f"ATTACH {literal(str(path))} AS {alias} (ENCRYPTION_KEY {literal(key.reveal())}, {mode})"
        )
    except duckdb.Error as error:
        return _refusal(path, name, str(error))
    return None


def create(connection: duckdb.DuckDBPyConnection, path: Path, name: str, key: Key) -> None:
    """Make a new encrypted file and attach it.

    Raises
    ------
    BookError
        The file cannot be written.
    """
    if _attach(connection, path, name, key, "READ_WRITE", name) is not None:
        raise cannot_write(path.parent)


def missing(path: Path, name: str) -> BookError:
    file = FILES[name]
    return BookError(
        f"There is no {file.en} at {path}. Put a backup back with: clientlib restore FILE; "
        "or make a new one with: clientlib init FOLDER",
        f"{path} 处没有{file.zh}。恢复备份：clientlib restore FILE；或新建：clientlib init FOLDER",
    )


def cannot_write(folder: Path) -> BookError:
    return BookError(
        f"{folder} cannot be written: it is not yours, or the disk is full. No book was made.",
        f"无法写入 {folder}：您没有权限，或磁盘已满。未建立台账。",
    )


def stranger(path: Path, name: str) -> BookError:
    """A file that is something else."""
    file = FILES[name]
    return BookError(
        f"{path} is no {file.en} of clientlib. Put the right file there; nothing was changed.",
        f"{path} 不是 clientlib 的{file.zh}。请放入正确的文件；未作任何更改。",
    )


def _refusal(path: Path, name: str, said: str) -> BookError:
    file = FILES.get(name, Words(name, name))
    if "Wrong encryption key" in said:
        return KeyProblem(
            f"The key does not open {path}. Put back the key of this {file.en}; nothing was changed.",
            f"该密钥无法打开 {path}。请放回此{file.zh}自己的密钥；未作任何更改。",
        )
    if any(sign in said for sign in _OPEN_ELSEWHERE):
        return busy()
    if "not encrypted" in said or "not a valid DuckDB" in said:
        return stranger(path, name)
    if any(sign in said for sign in _DAMAGE):
        return damaged(path)
    if "Permission denied" in said:
        return BookError(
            f"{path} may not be opened by you. Ask its owner for access; nothing was changed.",
            f"您的账户无权打开 {path}。请向其所有者申请权限；未作任何更改。",
        )
    return BookError(
        f"{path} cannot be opened as a {file.en}. Put it back from a backup; nothing was changed.",
        f"无法将 {path} 作为{file.zh}打开。请用备份恢复；未作任何更改。",
    )


def is_damage(error: duckdb.Error) -> bool:
    """Whether the engine met bytes that are not what it once wrote."""
    return any(sign in str(error) for sign in _DAMAGE)


@contextmanager
def telling_damage(path: Path, *, whatever: bool = False) -> Iterator[None]:
    """What the engine says of damaged bytes inside, as the sentence that a person can act on.

    Parameters
    ----------
    path : Path
        The file that is read.
    whatever : bool
        Whether all that the engine may refuse here can only come from damage.

    Raises
    ------
    BookError
        The file is damaged.
    """
    try:
        yield
    except duckdb.Error as error:
        if whatever or is_damage(error):
            raise damaged(path) from None
        raise


@contextmanager
def telling_refused(path: Path) -> Iterator[None]:
    """What the engine cannot read or write while it makes or changes a file, as a sentence.

    Raises
    ------
    BookError
        A file is damaged, or the folder of `path` cannot be written.
    """
    try:
        yield
    except duckdb.Error as error:
        if is_damage(error):
            raise damaged(path) from None
        raise BookError(
            f"{path.parent} cannot be written: the disk is full, or it is not yours. Nothing was changed.",
            f"无法写入 {path.parent}：磁盘已满，或您没有权限。未作任何更改。",
        ) from None


def damaged(path: Path) -> BookError:
    return BookError(
        f"{path} is damaged: what it holds cannot be trusted. Put it back from a backup.",
        f"{path} 已损坏，其内容不可信。请用备份恢复。",
    )


def seal(connection: duckdb.DuckDBPyConnection) -> None:
    """From now on the connection reaches no file but those attached, and its settings stay as they are."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def sweep(folder: Path) -> None:
    """Take away what engines that were killed have spilled. Call it as the only one who has the book open."""
    for left in folder.glob(f"{SPILL}*"):
        shutil.rmtree(left, ignore_errors=True)


def prove_encryption() -> Words:
    """Write and read a small encrypted file, and look that nothing plain is in it.

    Returns
    -------
    Words
        What was proven, for `clientlib doctor`.

    Raises
    ------
    BookError
        The encryption module cannot be loaded, or what was written can be read without the key.
    """
    planted = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="clientlib-") as folder:
        path = Path(folder) / "proof.duckdb"
        connection = connect(Path(folder), "UTC")
        try:
            create(connection, path, "proof", Key(secrets.token_hex(32)))
            connection.execute(f"CREATE TABLE proof.planted AS SELECT {literal(planted)} AS text")
            connection.execute("CHECKPOINT proof")
            row = connection.execute("SELECT text FROM proof.planted").fetchone()
        finally:
            connection.close()
        if row != (planted,) or planted.encode() in path.read_bytes():
            raise BookError(
                "DuckDB did not encrypt a file. Install the locked versions again: make setup",
                "DuckDB未能加密文件。请重新安装锁定的版本：make setup",
            )
    version = duckdb.__version__
    return Words(
        f"DuckDB {version} writes AES-256-GCM, its module loaded from this machine",
        f"DuckDB {version} 以AES-256-GCM加密写入，加密模块从本机加载",
    )


def literal(text: str) -> str:
    """`text` as an SQL literal; what no SQL can hold becomes marks that nothing in a book is alike."""
    held = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return "'" + held.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
