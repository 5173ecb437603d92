"""What the audit says of a client, and to whom rows of the book were given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clientlib.book.audit.record import DONE, NAMED, Link
from clientlib.book.personal.desk import Desk
from clientlib.book.storage import AUDIT

_COUNT = "client_count"


@dataclass(frozen=True)
class Given:
    """Somebody or some file that rows were given to.

    Attributes
    ----------
    to : str
        A server or a folder that departments read, or a file that was exported.
    at : datetime
        When last, in UTC.
    """

    to: str
    at: dt.datetime


def naming(desk: Desk, numbers: Sequence[str]) -> list[dict[str, Any]]:
    """The records that name any of a client's numbers, the oldest first."""
    found = _records(desk, [f'"{number}"' for number in numbers])
    return [said for said in found if not set(numbers).isdisjoint(said.get("clients") or ())]


def given(desk: Desk, numbers: Sequence[str]) -> list[Given]:
    """To whom rows were given that may be of a client.

    That is whatever was shared, and what was exported of the client or of so many that none is named.
    """
    last: dict[str, dt.datetime] = {}
    for said in _records(desk, ['"event":"share"', '"event":"export"']):
        details = said.get("details") or {}
        to = details.get("to") if said.get("event") == "share" else _exported(said, details, numbers)
        if to and said.get("outcome") == DONE:
            last[str(to)] = _instant(said)
    return [Given(to, at) for to, at in last.items()]


def _exported(said: dict[str, Any], details: dict[str, Any], numbers: Sequence[str]) -> str | None:
    if said.get("event") != "export":
        return None
    among = not set(numbers).isdisjoint(said.get("clients") or ())
    file = details.get("file")
    return str(file) if file and (among or details.get(_COUNT, 0) > NAMED) else None


def _instant(said: dict[str, Any]) -> dt.datetime:
    return dt.datetime.fromisoformat(said["at"])


def _records(desk: Desk, needles: Sequence[str]) -> list[dict[str, Any]]:
    """The records that hold any of some texts: of the book, and those that only the journal has yet."""
    reader = desk.files.reader()
    links: list[Link | None] = []
    if AUDIT not in reader.held.found.lacking:
        # A first sieve by the engine: the audit of many years is not read whole.
        held = " OR ".join("contains(record, ?)" for _ in needles)
        query = f"SELECT seq, record, hash FROM book.main.{AUDIT} WHERE {held}"
        cursor = reader.connection.cursor()
        try:
            links += [Link(*row) for row in cursor.execute(query, list(needles)).fetchall()]
        finally:
            cursor.close()
    links += desk.audit.journal.links()
    told = {link.seq: link.read() for link in links if link is not None}
    return [said for _, said in sorted(told.items()) if said]
