"""The audit of a book whose files were just opened: what it starts from, and the record of the opening."""

from __future__ import annotations

from clientlib.book.audit.folding import last_stored
from clientlib.book.audit.record import Link
from clientlib.book.audit.trail import Audit, Stands
from clientlib.book.connection import telling_damage
from clientlib.book.files import Files
from clientlib.book.storage import AUDIT


def begin_audit(files: Files, *, who: str, role: str) -> Audit:
    """The audit for whoever opened `files`; that they did is its first record.

    Raises
    ------
    BookError
        The opening cannot be recorded, or the book has lost its end.
    """
    held = (files.writer() if files.write else files.reader()).held
    stands = Stands(held.found.book_id, held.stamps)
    audit = Audit(files.workbook, files.key("book"), who=who, role=role, stands=stands)
    if audit.is_lost:
        audit.go_on_after(_last_folded(files))
    audit.opened(write=files.write)
    return audit


def _last_folded(files: Files) -> Link | None:
    opened = files.writer() if files.write else files.reader()
    if AUDIT in opened.held.found.lacking:
        return None
    with telling_damage(files.workbook.book_file):
        return last_stored(opened.connection, "book")
