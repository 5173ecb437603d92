"""Keys made, changed for others, and forgotten; the files that they open change with them, in one swap."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from clientlib.aside import write_text
from clientlib.book import swap
from clientlib.book.audit.anchor import AnchorFile
from clientlib.book.audit.journal import Journal
from clientlib.book.audit.sealing import Seal
from clientlib.book.audit.trail import anchor_path
from clientlib.book.keeping.rewrite import rewrite
from clientlib.book.keys import (
    VARIABLES,
    Key,
    KeyName,
    Place,
    checked,
    entries_file,
    file_of,
    find_key,
    key_file,
    keyring_entries,
    keyring_entry,
    need_key,
    new_key,
    places,
    put_into_keyring,
    take_out_of_keyring,
    write_key,
)
from clientlib.book.locks import Patience
from clientlib.book.spoken import FILES
from clientlib.book.swap import Move
from clientlib.errors import BookError, KeyProblem, Words, system_says
from clientlib.workbook import Workbook

NEW_VARIABLES: dict[KeyName, str] = {"book": "CLIENTLIB_NEW_KEY", "vault": "CLIENTLIB_NEW_VAULT_KEY"}
"""Where a rotation finds the new key when it cannot put one where the old one is."""
ROTATION = "rotation"


# ------------------------------------------------------------------------------------ made
def make_missing(workbook: Workbook) -> list[Path]:
    """Make key files for the keys that are nowhere to be found.

    Returns
    -------
    list of Path
        The files that were made.

    Raises
    ------
    KeyProblem
        There is a book or a vault already, so that a new key would not open it; or `keys` cannot be written.
    """
    made = []
    for name in VARIABLES:
        if find_key(workbook, name) is not None:
            continue
        if file_of(workbook, name).exists():
            file, path = FILES[name], key_file(workbook, name)
            raise KeyProblem(
                f"There is a {file.en} already, and a new key would not open it. Put back its own key, as "
                f"{path} or where else keys are looked for. Nothing was changed.",
                f"已有{file.zh}，新密钥无法打开它。请放回其原有的密钥：放在 {path}，"
                "或程序查找密钥的其他位置。"
                "未作任何更改。",
            )
        made.append(_made(workbook, name))
    return made


def _made(workbook: Workbook, name: KeyName) -> Path:
    path = key_file(workbook, name)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_key(path, new_key())
    except OSError as error:
        reason = system_says(error)
    else:
        return path
    raise KeyProblem(
        f"{path} cannot be written: {reason.en}. Make its folder writable for you.",
        f"无法写入 {path}：{reason.zh}。请使您的账户可以写入其文件夹。",
    )


# ---------------------------------------------------------------------------------- rotated
@dataclass(frozen=True)
class Rotated:
    """What a rotation did.

    Attributes
    ----------
    stored : mapping of str to Words
        By key: where the new one is now, or where its keeper has to put it.
    by_hand : tuple of str
        The keys that their keeper has to put there: those from the environment or the firm's store.
    kept : tuple of Path
        The old files and old key files, until `forget`.
    """

    stored: Mapping[KeyName, Words]
    by_hand: tuple[KeyName, ...]
    kept: tuple[Path, ...]


def rotate(workbook: Workbook, names: Collection[KeyName] = ("book", "vault")) -> Rotated:
    """Give book and vault new keys: both are written anew, verified, and swapped together with the keys.

    A key from a file or the OS keyring is replaced there by a random one. One from the environment or the
    firm's command cannot be: the new one is read from `NEW_VARIABLES`, and its keeper puts it where the old
    one was. The old files and keys are kept until `forget`.

    Raises
    ------
    KeyProblem
        A key is not here, or the new one was not given or is the old one.
    BookBusy, BookError
        As for `rewrite`. Nothing was changed.
    """
    used = {name: _used(workbook, name) for name in VARIABLES if name in names}
    fresh = {name: _fresh(name, place) for name, place in used.items()}
    in_keyring = [name for name, place in used.items() if place.kind == "keyring"]
    in_files = [name for name, place in used.items() if place.kind == "file"]

    with ExitStack() as held:

        def beside(when: str) -> list[Move]:
            moves = [_file_move(workbook, name, fresh[name], when) for name in in_files]
            moves += _keyring_move(workbook, {name: fresh[name] for name in in_keyring}, when)
            if "book" in fresh:
                # Until the swap is over: a record that is written meanwhile would be lost with the old key.
                held.enter_context(Journal(workbook.book_file.parent, Seal(fresh["book"])).locked())
                moves += _audit_moves(workbook, need_key(workbook, "book"), fresh["book"], when)
            return moves

        written = rewrite(workbook, new_keys=fresh, keep=True, why=ROTATION, beside=beside)
    when = written.kept[0].stem.partition(swap.KEPT)[2]
    kept = tuple(path for path in swap.kept(workbook) if when in path.name)
    by_hand = tuple(name for name, place in used.items() if place.kind in ("environment", "command"))
    return Rotated({name: place.where for name, place in used.items()}, by_hand, kept)


def _used(workbook: Workbook, name: KeyName) -> Place:
    for place in places(workbook, name):
        if place.look()[0]:
            return place
    file = FILES[name]
    raise KeyProblem(
        f"There is no key for the {file.en}, so it cannot be given another. See: clientlib keys show",
        f"没有{file.zh}的密钥，因此无法更换。请查看：clientlib keys show",
    )


def _fresh(name: KeyName, place: Place) -> Key:
    """The new key: a random one where it can be stored, else the one that its keeper gave."""
    if place.kind in ("file", "keyring"):
        return new_key()
    variable = NEW_VARIABLES[name]
    given = os.environ.get(variable)
    file = FILES[name]
    if not given:
        raise KeyProblem(
            f"The key of the {file.en} comes from {place.where.en}, which only its keeper can change. Make a "
            f"new one (openssl rand -base64 32), put it into {variable}, and try again. Nothing was changed.",
            f"{file.zh}的密钥来自 {place.where.zh}，只能由其保管人更换。"
            f"请生成新密钥（openssl rand -base64 32），放入 {variable}，然后重试。未作任何更改。",
        )
    fresh = checked(given, Words(variable, variable))
    old, _ = place.look()
    if old and checked(old, place.where).reveal() == fresh.reveal():
        raise KeyProblem(
            f"{variable} holds the key that the {file.en} has already. Nothing was changed.",
            f"{variable} 中就是{file.zh}现有的密钥。未作任何更改。",
        )
    return fresh


def _file_move(workbook: Workbook, name: KeyName, fresh: Key, when: str) -> Move:
    target = key_file(workbook, name)
    lying = swap.aside(target)
    lying.unlink(missing_ok=True)
    write_key(lying, fresh)
    return Move(lying, target, swap.kept_as(target, ROTATION, when))


def _keyring_move(workbook: Workbook, fresh: Mapping[KeyName, Key], when: str) -> list[Move]:
    """The new keys as new entries, and the file that names them: so the swap decides which ones count."""
    entries = keyring_entries(workbook)
    for name, key in fresh.items():
        old = keyring_entry(workbook, name)
        entry = f"{str(old).split(':', 1)[0]}:{name}:{when}"
        if old is None or not put_into_keyring(entry, key):
            raise KeyProblem(
                "The system's keyring does not take the new key. Nothing was changed.",
                "系统密钥环拒绝存入新密钥。未作任何更改。",
            )
        entries |= {name: entry, f"{name}{swap.KEPT}{when}": old}
    if not fresh:
        return []
    target = entries_file(workbook)
    write_text(swap.aside(target), json.dumps(entries, indent=1))
    return [Move(swap.aside(target), target)]


def _audit_moves(workbook: Workbook, old: Key, fresh: Key, when: str) -> list[Move]:
    """The audit's journal and anchor, which are sealed and signed under keys derived from the book's."""
    seals = Seal(old), Seal(fresh)
    moves = []
    journal = Journal(workbook.book_file.parent, seals[0]).path
    if journal.exists():
        swap.aside(journal).write_bytes(b"".join(_sealed_anew(journal, *seals)))
        swap.aside(journal).chmod(0o600)
        moves.append(Move(swap.aside(journal), journal, swap.kept_as(journal, ROTATION, when)))
    anchor = AnchorFile(anchor_path(workbook), seals[0])
    if (signed := anchor.read()) is not None:
        lying = swap.aside(anchor.path)
        lying.unlink(missing_ok=True)
        AnchorFile(lying, seals[1]).write(signed)
        moves.append(Move(lying, anchor.path))
    return moves


def _sealed_anew(journal: Path, old: Seal, fresh: Seal) -> Iterator[bytes]:
    with journal.open("rb") as lines:
        for line in lines:
            text = old.open(line.rstrip(b"\n"))
            # What cannot be read stays as it is, so that a verification still finds it.
            yield line if text is None else fresh.close(text) + b"\n"


# --------------------------------------------------------------------------------- forgotten
def forgettable(workbook: Workbook) -> list[str]:
    """What `forget` would take away: files by their path in the workbook, and entries of the keyring."""
    files = [path.relative_to(workbook.folder).as_posix() for path in swap.kept(workbook)]
    return files + [f"keyring: {entry}" for entry in _kept_entries(workbook).values()]


def forget(workbook: Workbook) -> Sequence[str]:
    """Take away the old files and old keys that rotations and restorings have kept.

    Returns
    -------
    sequence of str
        What was taken away, as `forgettable` names it.

    Raises
    ------
    BookBusy
        Somebody has the book open.
    BookError
        A file cannot be taken away.
    """
    patience = Patience(workbook.settings.book.wait_seconds)
    lock = swap.settled_lock(workbook, exclusive=True, patience=patience)
    try:
        gone = forgettable(workbook)
        for path in swap.kept(workbook):
            path.unlink()
        if kept := _kept_entries(workbook):
            for entry in kept.values():
                take_out_of_keyring(entry)
            left = {name: entry for name, entry in keyring_entries(workbook).items() if name not in kept}
            write_text(entries_file(workbook), json.dumps(left, indent=1))
    except OSError as error:
        reason = system_says(error)
    else:
        return gone
    finally:
        lock.release()
    raise BookError(
        f"Old files cannot be taken away: {reason.en}. Make their folders writable for you.",
        f"无法清除旧文件：{reason.zh}。请使您的账户可以写入其文件夹。",
    )


def _kept_entries(workbook: Workbook) -> dict[str, str]:
    return {name: entry for name, entry in keyring_entries(workbook).items() if swap.KEPT in name}
