"""Keys as their keeper sees them: where they are, which one counts, and whether it opens its file.

Nothing here gives out a key: a place, the mode of a file, and a fingerprint are all that is told.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from clientlib.book import connection as engine
from clientlib.book import swap
from clientlib.book.keys import (
    VARIABLES,
    Key,
    KeyName,
    Place,
    PlaceKind,
    checked,
    file_of,
    fingerprint,
    key_file,
    places,
)
from clientlib.book.locks import Patience
from clientlib.errors import BookError, KeyProblem, Words
from clientlib.workbook import Workbook


@dataclass(frozen=True)
class KeyPlace:
    """One place where a key may be, and what is there.

    Attributes
    ----------
    name : str
        Which key: "book" or "vault".
    kind : str
        Environment, command, file or keyring.
    where : Words
        Which one.
    used : bool
        Whether this is the key that counts: the first one that was found.
    finding : Words or None
        Why there is none, or why it is not used; None for a key in order.
    mode : str
        Of a key file, e.g. "600"; empty otherwise.
    fingerprint : str
        See `keys.fingerprint`; empty without a key.
    opens : bool or None
        Whether it opens its file; None: there is no file, or it could not be tried.
    """

    name: KeyName
    kind: PlaceKind
    where: Words
    used: bool
    finding: Words | None = None
    mode: str = ""
    fingerprint: str = ""
    opens: bool | None = None


def survey(workbook: Workbook) -> list[KeyPlace]:
    """Every place where a key is looked for, in the order in which they count.

    Raises
    ------
    BookBusy
        The book is being changed by somebody else.
    """
    found: list[KeyPlace] = []
    for name in VARIABLES:
        used = False
        for place in places(workbook, name):
            looked = _looked_at(workbook, name, place, first=not used)
            used = used or looked.used
            found.append(looked)
    return found


def _looked_at(workbook: Workbook, name: KeyName, place: Place, *, first: bool) -> KeyPlace:
    mode = _mode(key_file(workbook, name)) if place.kind == "file" else ""
    try:
        text, why = place.look()
        key = checked(text, place.where) if text else None
    except KeyProblem as problem:
        # What is refused here is refused when the book is opened: no later place is asked.
        return KeyPlace(name, place.kind, place.where, first, problem.words, mode)
    if key is None:
        return KeyPlace(name, place.kind, place.where, False, why, mode)
    opens = _opens(workbook, name, key)
    return KeyPlace(name, place.kind, place.where, first, None, mode, fingerprint(key), opens)


def _mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}" if os.name == "posix" and path.exists() else ""


def _opens(workbook: Workbook, name: KeyName, key: Key) -> bool | None:
    """Whether a key opens its file; None when there is no file, or what is there is none or is damaged."""
    path = file_of(workbook, name)
    if not path.exists():
        return None
    lock = swap.settled_lock(
        workbook, exclusive=False, patience=Patience(workbook.settings.book.wait_seconds)
    )
    connection = engine.connect(path.parent, workbook.settings.firm.time_zone)
    try:
        engine.attach(connection, path, name, key, read_only=True)
    except KeyProblem:
        return False
    except BookError:
        return None
    else:
        return True
    finally:
        connection.close()
        lock.release()
