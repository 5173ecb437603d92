"""The two keys: where they are looked for, how they are made, and that nothing ever prints them."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import os
import secrets
import stat
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from clientlib.book import secret_store
from clientlib.book.spoken import FILES
from clientlib.errors import KeyProblem, Words, system_says
from clientlib.workbook import Workbook

KeyName = Literal["book", "vault"]
PlaceKind = Literal["environment", "command", "file", "keyring"]
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


def file_of(workbook: Workbook, name: KeyName) -> Path:
    """The file that a key opens."""
    return workbook.book_file if name == "book" else workbook.vault_file


def key_file(workbook: Workbook, name: KeyName) -> Path:
    return workbook.keys / f"{name}.key"


def id_file(workbook: Workbook) -> Path:
    """Holds the book's number, which is no secret: it names the keyring's entry, also after a move."""
    return workbook.book_file.with_name("book.id")


def find_key(workbook: Workbook, name: KeyName) -> Key | None:
    """The key from the first of `places` that has one; None without one.

    A place that has none is passed by, also a firm's store that refuses: whoever may not have the vault's
    key works without it.

    Raises
    ------
    KeyProblem
        What was found is no key, or lies in a file that others can read.
    """
    found, _ = _look(workbook, name)
    return found


def need_key(workbook: Workbook, name: KeyName) -> Key:
    """As `find_key`; without a key it says where one was looked for.

    Raises
    ------
    KeyProblem
        There is no key, or `find_key` refuses what it found.
    """
    found, absent = _look(workbook, name)
    if found is None:
        *others, last = absent
        file = FILES[name]
        raise KeyProblem(
            f"There is no key for the {file.en}: {', '.join(each.en for each in others)}, and {last.en}. "
            "Put back the key file from where its copy is kept.",
            f"没有{file.zh}的密钥：{'，'.join(each.zh for each in others)}，{last.zh}。"
            "请从保存副本之处放回密钥文件。",
        )
    return found


def _look(workbook: Workbook, name: KeyName) -> tuple[Key | None, list[Words]]:
    absent: list[Words] = []
    for place in places(workbook, name):
        text, why = place.look()
        if text:
            return checked(text, place.where), absent
        absent.append(why)
    return None, absent


# ----------------------------------------------------------------------------------- places
@dataclass(frozen=True)
class Place:
    """Where a key may be.

    Attributes
    ----------
    kind : str
    where : Words
        As it is told to a person.
    look : callable
        The text that is there, or None and why, as a part of a sentence. Raises KeyProblem when what is
        there must not be used.
    """

    kind: PlaceKind
    where: Words
    look: Callable[[], tuple[str | None, Words]]


def places(workbook: Workbook, name: KeyName) -> list[Place]:
    """Where a key is looked for, in this order: environment, the firm's command, key file, OS keyring.

    What was said for one run (the environment) comes before what the firm settled (the command), and that
    before what happens to lie about on one machine.
    """
    return secret_places(workbook, name, VARIABLES[name], key_file(workbook, name))


def secret_places(workbook: Workbook, name: str, variable: str, path: Path) -> list[Place]:
    """Where any secret is looked for: as `places` for a key."""
    entry = keyring_entry(workbook, name)
    unset = Words(f"{variable} is not set", f"未设置 {variable}")
    unread = Words(f"{path} is not there or not yours to read", f"{path} 不存在或您无权读取")
    none = Words("the system's keyring has none", "系统密钥环中没有")
    found = [
        Place("environment", Words(variable, variable), lambda: (os.environ.get(variable), unset)),
        Place("file", Words(str(path), str(path)), lambda: (_read(path), unread)),
        Place(
            "keyring",
            Words(
                f"the keyring entry {KEYRING_SERVICE} / {entry}", f"密钥环条目 {KEYRING_SERVICE} / {entry}"
            ),
            lambda: (_from_keyring(entry) if entry else None, none),
        ),
    ]
    if command := workbook.settings.keys.command:
        told = secret_store.called(command)
        found.insert(1, Place("command", told, lambda: _from_store(command, name)))
    return found


def _from_store(command: Sequence[str], name: str) -> tuple[str | None, Words]:
    answer, called = secret_store.ask(command, name), secret_store.called(command)
    return answer.text, Words(f"{called.en} {answer.why.en}", f"{called.zh}{answer.why.zh}")


def fingerprint(key: Key) -> str:
    """Eight digits by which two copies of a key are told apart or found to be the same.

    They are safe to show: a key is 32 random bytes, so nobody can try all those that have the same digits.
    """
    digest = hashlib.sha256(b"clientlib fingerprint of a key\0" + key.reveal().encode("ascii")).hexdigest()
    return f"{digest[:4]}-{digest[4:8]}"


# ------------------------------------------------------------------------------------- made
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
        reason = system_says(error)
    else:
        return
    raise KeyProblem(
        f"{workbook.keys} cannot be written: {reason.en}. Make it writable for you.",
        f"无法写入 {workbook.keys}：{reason.zh}。请使您的账户可以写入。",
    )


# ---------------------------------------------------------------------------------- keyring
def keyring_entry(workbook: Workbook, name: str) -> str | None:
    """The user name under which the OS keyring may hold a secret: this book's number and the secret's name.

    A rotation gives each new key an entry of its own, which `entries_file` then names.
    """
    named = keyring_entries(workbook).get(name)
    try:
        return named or f"{id_file(workbook).read_text('utf-8').strip()}:{name}"
    except OSError:
        return None


def entries_file(workbook: Workbook) -> Path:
    """Names the keyring's entries of keys that were rotated; it changes in one swap with the book's files."""
    return workbook.book_file.with_name("keyring.json")


def keyring_entries(workbook: Workbook) -> dict[str, str]:
    """What `entries_file` says: the entry of each key that was rotated, and others that are still kept.

    Raises
    ------
    KeyProblem
        The file is damaged.
    """
    path = entries_file(workbook)
    try:
        found = json.loads(path.read_text("utf-8"))
        return {str(name): str(entry) for name, entry in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, RecursionError):
        raise KeyProblem(
            f"{path} is damaged. Put the book back: clientlib restore FILE",
            f"{path} 已损坏。请恢复台账：clientlib restore FILE",
        ) from None


def put_into_keyring(entry: str, key: Key) -> bool:
    """Whether the OS keyring has taken a key."""
    return _of_keyring("set_password", entry, key.reveal()) is not None


def take_out_of_keyring(entry: str) -> bool:
    """Whether the OS keyring has let go of a key."""
    return _of_keyring("delete_password", entry) is not None


def _from_keyring(entry: str) -> str | None:
    found = _of_keyring("get_password", entry)
    return found[0] if found else None


def _of_keyring(what: str, entry: str, *values: str) -> list[Any] | None:
    """What the keyring answers, in a list; None when it refuses, or takes too long."""
    answers: list[Any] = []

    def ask() -> None:
        # No keyring, a locked one, a broken one: each is the same as no key, and the caller says so.
        with contextlib.suppress(Exception):
            import keyring

            answers.append(getattr(keyring, what)(KEYRING_SERVICE, entry, *values))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asking = threading.Thread(target=ask, daemon=True, name="keyring")
        asking.start()
        asking.join(KEYRING_PATIENCE)
    return answers or None


# ------------------------------------------------------------------------------------- files
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
            return file.read(1024).decode("utf-8", "replace")
    except (FileNotFoundError, PermissionError):
        # Another account's key file is none for this one, which may have its own elsewhere or work without.
        return None
    except OSError as error:
        reason = system_says(error)
    raise KeyProblem(
        f"{path} cannot be read: {reason.en}. It must belong to you, with mode 600.",
        f"无法读取 {path}：{reason.zh}。该文件须归您的账户所有，权限为600。",
    )


def _refuse_if_open_to_others(path: Path, mode: int) -> None:
    if mode & _OTHERS:
        raise KeyProblem(
            f"{path} can be read by others (mode {stat.S_IMODE(mode):o}), so it is not used. "
            f"Close it with: chmod 600 {path}",
            f"{path} 可被他人读取（权限{stat.S_IMODE(mode):o}），因此不使用。请收紧权限：chmod 600 {path}",
        )


def checked(text: str, where: Words) -> Key:
    """A text as a key.

    Raises
    ------
    KeyProblem
        It is none.
    """
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) == KEY_BYTES:
        # Written anew, so that what goes between quotes later is base64 and nothing else.
        return Key(base64.b64encode(raw).decode("ascii"))
    raise KeyProblem(
        f"{where.en} holds no key: 32 bytes in base64 are expected. Put the right key there.",
        f"{where.zh} 中没有密钥：应为base64格式的32字节。请放入正确的密钥。",
    )
