"""Whoever keeps the book's files: its keys and backups. That alone shows nobody a client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from clientlib.book.access import grant
from clientlib.book.audit.opening import record_beside
from clientlib.book.audit.record import FAILED, Event
from clientlib.book.audit.trail import record_refusal
from clientlib.book.book import open_book
from clientlib.book.holders import account
from clientlib.errors import ClientlibError, PermissionRefused, Words
from clientlib.workbook import Workbook


def need_keeper(workbook: Workbook, role: str, what: Words) -> str:
    """Make sure that a role keeps the files, also where the book cannot be opened.

    Parameters
    ----------
    workbook : Workbook
    role : str
    what : Words
        What was asked for, as words after "may not": "change keys".

    Returns
    -------
    str
        The account of whoever took the role.

    Raises
    ------
    PermissionRefused
        There is no such role, this person may not take it, or it may not do that; the refusal is recorded.
    """
    who = account()
    try:
        grant(workbook.settings, workbook.areas, role, who).needs("may_keep", what)
    except PermissionRefused as refusal:
        record_refusal(workbook, who=who, role=role, what=str(refusal))
        raise
    return who


@contextmanager
def recorded(workbook: Workbook, role: str, event: Event, **details: object) -> Iterator[None]:
    """Record in the audit what a keeper is about to do within, and, should that fail, that it did.

    Raises
    ------
    KeyProblem, BookBusy, BookError
        As for `open_book`: what cannot be recorded must not be done.
    """
    with open_book(workbook, role=role) as book, book.audit.appending() as append:
        append(book.audit.entry(event, details))
    try:
        yield
    except BaseException:
        # Opened anew: the key may be another one by now.
        with suppress(ClientlibError):
            record_beside(workbook, event, who=account(), role=role, outcome=FAILED, details=details)
        raise
