"""The current rows put on the server: only what differs is sent, and all of it is there at once or not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
import psycopg

from clientlib.book import Book
from clientlib.book.connection import quoted
from clientlib.share.agreement import agreements
from clientlib.share.errors import SHARING
from clientlib.share.reading import Newest, reading
from clientlib.share.server.address import Address, telling
from clientlib.share.server.arranging import arrange, prepare
from clientlib.share.server.layout import ABOUT, Layout
from clientlib.share.server.sending import Sent, send

_AREAS = {"area": pl.String, **dict.fromkeys(("rows", "sent", "removed"), pl.Int64)}
SHORTEST_WAIT = 0.1
"""Seconds; to a server, 0 would mean to wait for ever."""


@dataclass(frozen=True)
class Published:
    """What a run did.

    Attributes
    ----------
    batch : int
        As of which batch the rows are now.
    areas : polars.DataFrame
        `area`, `rows` now there, `sent` and `removed`, in declared order.
    gone : tuple of str
        Departments that get nothing any more.
    rearranged : bool
        Whether grants, policies and views were put in order: the first time, after a change of the settings,
        and where somebody has changed them on the server.
    """

    batch: int
    areas: pl.DataFrame
    gone: tuple[str, ...]
    rearranged: bool


def publish(book: Book, address: Address, *, full: bool = False) -> Published:
    """Bring the server to what the book holds and the settings agree.

    Parameters
    ----------
    book : Book
        Opened by a role that may keep it.
    address : Address
    full : bool
        Send every row again, also those that are known to be there.

    Raises
    ------
    PermissionRefused
        The role may not share.
    ShareError
        The server cannot be reached, or refuses. It is as it was.
    SettingsError
        What is agreed contradicts itself.
    """
    book.access.needs("may_keep", SHARING)
    layout = layout_of(book)
    newest = Newest.of(book)
    departments = [each.name for each in layout.agreed]
    shared = [table.shared for table in layout.tables.values()]
    with (
        book.audit.doing("share", to=str(address), departments=departments, up_to_batch=newest.number),
        reading(book, shared) as rows,
        telling(address),
        address.connect() as server,
    ):
        with server.transaction():
            alone(server, layout.schema, book.settings.book.wait_seconds)
            gone = prepare(server, layout)
            done = [send(server, rows, each, newest.number, full=full) for each in layout.tables.values()]
            _tell(server, layout.schema, newest)
            rearranged = arrange(server, layout)
        _sweep(server, layout, done)
    areas = pl.DataFrame([asdict(each) for each in done], schema=_AREAS)
    return Published(newest.number, areas, gone, rearranged)


def layout_of(book: Book) -> Layout:
    """What has to be on the server, by the settings."""
    settings = book.settings
    return Layout.of(book.book_id, settings.share.server_schema, agreements(settings, book.areas), book.areas)


def alone(server: psycopg.Connection[Any], schema: str, wait_seconds: float) -> None:
    """Wait until no other run is at work on this schema, but not for ever."""
    milliseconds = int(max(wait_seconds, SHORTEST_WAIT) * 1000)
    server.execute(f"SET LOCAL lock_timeout = {milliseconds}")
    server.execute("SELECT pg_advisory_xact_lock(hashtext('clientlib share'), hashtext(%s))", [schema])


def _tell(server: psycopg.Connection[Any], schema: str, newest: Newest) -> None:
    """Let departments know as of which batch their rows are."""
    about = f"{quoted(schema)}.{ABOUT}"
    server.execute(f"DELETE FROM {about}")
    server.execute(f"INSERT INTO {about} VALUES (%s, %s, now())", [newest.number, newest.recorded_at])


def _sweep(server: psycopg.Connection[Any], layout: Layout, done: list[Sent]) -> None:
    """Let the server give up the space of rows that went: they may be an erased client's.

    Nobody sees these rows any more, and the server does the same by itself in time: if it cannot now, let it.
    """
    with suppress(psycopg.Error):
        for table in (layout.tables[each.area] for each in done if each.removed):
            server.execute(f"VACUUM {table.name}")


def for_the_dba(book: Book, publisher: str, database: str) -> list[str]:
    """The SQL that needs rights which whoever publishes may not have, for the server's administrator."""
    book.access.needs("may_keep", SHARING)
    return layout_of(book).roles_for_dba(publisher, database)
