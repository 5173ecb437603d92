"""The audit of a book whose files were just opened, or put back: what it starts from, what comes first."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from clientlib.book.audit.folding import last_stored
from clientlib.book.audit.record import BACK_TO, DONE, GONE_FROM, GONE_TO, SO_FAR, Event, Link
from clientlib.book.audit.trail import BEGINNING, Audit, Stands
from clientlib.book.connection import telling_damage
from clientlib.book.files import Files, Held
from clientlib.book.storage import AUDIT
from clientlib.workbook import Workbook


def begin_audit(files: Files, *, who: str, role: str) -> Audit:
    """The audit for whoever opened `files`; that they did is its first record.

    Raises
    ------
    BookError
        The opening cannot be recorded, or the book has lost its end.
    """
    audit = _audit_of(files, who=who, role=role)
    audit.opened(write=files.write)
    return audit


def record_restore(workbook: Workbook, *, who: str, role: str, **details: object) -> Link:
    """Record that book and vault were just put back from a backup, and let the anchor know where they end.

    The journal that was in place stays, and goes on. Records that were only in the files that are no longer
    here are missing from then on; this one says which, so that a verification does not call it a defect.
    Call it before anybody opens the book: that would be refused, as the anchor knew later batches.

    Parameters
    ----------
    workbook : Workbook
    who, role : str
        The account that put them back, and its role.
    **details
        What else is to be known, e.g. the backup's name.

    Raises
    ------
    KeyProblem, BookBusy, BookError
        The files cannot be opened, or the audit cannot be written.
    """
    with closing(Files(workbook, write=False)) as files:
        audit = _audit_of(files, who=who, role=role)
        last = _last_folded(files) or BEGINNING
        held = files.reader().held
    with audit.appending() as append:
        told = {**details, BACK_TO: held.last, SO_FAR: held.last, **_gone(audit, last)}
        link = append(audit.entry("restore", told))
        audit.committed(held.last, held.stamps.get(held.last, 0))
    return link


def record_beside(
    workbook: Workbook,
    event: Event,
    *,
    who: str,
    role: str,
    outcome: str = DONE,
    details: Mapping[str, object] | None = None,
) -> Link:
    """Record something that is done with the files of a book and not within it: verified, saved, other keys.

    Unlike opening the book it also works where the book has lost its end.

    Raises
    ------
    KeyProblem, BookBusy, BookError
        The files cannot be opened, or the audit cannot be written.
    """
    with closing(Files(workbook, write=False)) as files:
        audit = _audit_of(files, who=who, role=role)
    with audit.appending() as append:
        return append(audit.entry(event, details or {}, outcome=outcome))


def _gone(audit: Audit, last: Link) -> dict[str, int]:
    """Which records are neither in the file that was put back nor in the journal."""
    first = next((link.seq for link in audit.journal.links() if link is not None), None)
    anchor = audit.anchor.read()
    end = first - 1 if first is not None else anchor.seq if anchor is not None else 0
    return {GONE_FROM: last.seq + 1, GONE_TO: end} if end > last.seq else {}


def _audit_of(files: Files, *, who: str, role: str) -> Audit:
    held = _held(files)
    stands = Stands(held.found.book_id, held.stamps, _last_folded(files))
    return Audit(files.workbook, files.key("book"), who=who, role=role, stands=stands)


def _held(files: Files) -> Held:
    return files.writer().held if files.write else files.reader().held


def _last_folded(files: Files) -> Link | None:
    opened = files.writer() if files.write else files.reader()
    if AUDIT in opened.held.found.lacking:
        return None
    with telling_damage(files.workbook.book_file):
        return last_stored(opened.connection, "book")
