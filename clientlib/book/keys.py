"""The two keys: where they are looked for, how they are made, and that nothing ever prints them."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import secrets
import stat
import threading
import warnings
from pathlib import Path
from typing import Any, Literal, NoReturn

from clientlib.errors import KeyProblem
from clientlib.workbook import Workbook

KeyName = Literal["book", "vault"]
VARIABLES: dict[KeyName, str] = {"book": "CLIENTLIB_KEY", "vault": "CLIENTLIB_VAULT_KEY"}
KEY_BYTES = 32
KEYRING_SERVICE = "clientlib"
KEYRING_PATIENCE = 5.0
"""Seconds that a keyring may take: one that asks on a screen nobody sees must not hang a report at 2 a.m."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Key:
    """A key that shows itself only to `reveal`: no repr, log, pickle or list of variables holds it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "Key(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is never written out")

    def reveal(self) -> str:
        return self._text


def new_key() -> Key:
    """A key that nobody has seen: random bytes of the operating system."""
    return Key(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii"))


def key_file(workbook: Workbook, name: KeyName) -> Path:
    return workbook.keys / f"{name}.key"


def id_file(workbook: Workbook) -> Path:
    """Holds the book's number, which is no secret: it names the keyring's entry, also after a move."""
    return workbook.book_file.with_name("book.id")


def find_key(workbook: Workbook, name: KeyName) -> Key | None:
    """The key from the environment, else from the key file, else from the OS keyring; None without one.

    Raises
    ------
    KeyProblem
        What was found is no key, or lies in a file that others can read.
    """
    if text := os.environ.get(VARIABLES[name]):
        return _checked(text, VARIABLES[name])
    path = key_file(workbook, name)
    if text := _read(path):
        return _checked(text, str(path))
    entry = keyring_entry(workbook, name)
    if entry and (text := _from_keyring(entry)):
        return _checked(text, f"the keyring entry {KEYRING_SERVICE} / {entry}")
    return None


def need_key(workbook: Workbook, name: KeyName) -> Key:
    """As `find_key`; without a key it says where one was looked for.

    Raises
    ------
    KeyProblem
        There is no key, or `find_key` refuses what it found.
    """
    key = find_key(workbook, name)
    if key is None:
        raise KeyProblem(
            f"There is no key for the {name}: {VARIABLES[name]} is not set, {key_file(workbook, name)} is "
            "not there, and the system's keyring has none. Put back the key file from where its copy is kept."
        )
    return key


def make_keys(workbook: Workbook) -> None:
    """Make the key files that are not there yet, readable by their owner only. None is ever overwritten.

    Raises
    ------
    KeyProblem
        The folder `keys` cannot be written.
    """
    try:
        workbook.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in VARIABLES:
            with contextlib.suppress(FileExistsError):
                write_key(key_file(workbook, name), new_key())
    except OSError as error:
        reason = error.strerror
    else:
        return
    raise KeyProblem(f"{workbook.keys} cannot be written: {reason}. Make it writable for you.")


def keyring_entry(workbook: Workbook, name: KeyName) -> str | None:
    """The user name under which the OS keyring may hold the key: this book's number and the key's name."""
    try:
        return f"{id_file(workbook).read_text('utf-8').strip()}:{name}"
    except OSError:
        return None


def write_key(path: Path, key: Key) -> None:
    """Write a key into a new file, on the disk and readable by its owner only.

    Raises
    ------
    FileExistsError
        There is a file of this name: of two processes one makes the key, and an old key is never lost.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(key.reveal() + "\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            if os.name == "posix":
                _refuse_if_open_to_others(path, os.fstat(file.fileno()).st_mode)
            return file.read(1024).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = error.strerror
    raise KeyProblem(f"{path} cannot be read: {reason}. It must belong to you, with mode 600.")


def _refuse_if_open_to_others(path: Path, mode: int) -> None:
    if mode & _OTHERS:
        raise KeyProblem(
            f"{path} can be read by others (mode {stat.S_IMODE(mode):o}), so it is not used. "
            f"Close it with: chmod 600 {path}"
        )


def _checked(text: str, where: str) -> Key:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) == KEY_BYTES:
        # Written anew, so that what goes between quotes later is base64 and nothing else.
        return Key(base64.b64encode(raw).decode("ascii"))
    raise KeyProblem(f"{where} holds no key: 32 bytes in base64 are expected. Put the right key there.")


def _from_keyring(entry: str) -> str | None:
    found: list[Any] = []

    def ask() -> None:
        # No keyring, a locked one, a broken one: each is the same as no key, and the caller says so.
        with contextlib.suppress(Exception):
            import keyring

            found.append(keyring.get_password(KEYRING_SERVICE, entry))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asking = threading.Thread(target=ask, daemon=True, name="keyring")
        asking.start()
        asking.join(KEYRING_PATIENCE)
    return found[0] if found else None
