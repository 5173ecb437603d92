"""The audit of a workbook's book, looked through from end to end."""

from __future__ import annotations

from dataclasses import dataclass

from clientlib.book.access import grant
from clientlib.book.audit.anchor import AnchorFile
from clientlib.book.audit.chain import Found, Remark, check
from clientlib.book.audit.folding import stored
from clientlib.book.audit.journal import Journal
from clientlib.book.audit.opening import record_beside
from clientlib.book.audit.record import Link
from clientlib.book.audit.sealing import Seal
from clientlib.book.audit.trail import anchor_path, record_refusal
from clientlib.book.connection import telling_damage
from clientlib.book.files import Files
from clientlib.book.holders import account
from clientlib.book.keys import need_key
from clientlib.book.storage import AUDIT
from clientlib.errors import BookError, PermissionRefused, Words
from clientlib.workbook import Workbook


@dataclass(frozen=True)
class Verification:
    """What a verification came to.

    Attributes
    ----------
    records : int
        How many records there are.
    remarks : tuple of Remark
        Defects and notes; `str` of one is its sentence.
    """

    records: int
    remarks: tuple[Remark, ...]

    @property
    def defects(self) -> tuple[Remark, ...]:
        return tuple(remark for remark in self.remarks if remark.defect)

    @property
    def well(self) -> bool:
        return not self.defects


def verify(workbook: Workbook) -> Verification:
    """Look whether the audit is as it was left. Nothing is recorded, and nothing mended.

    Works with the book's key alone; without the vault's a note says that its records were not looked at.
    It also works where opening the book is refused because its end was cut off.

    Parameters
    ----------
    workbook : Workbook

    Returns
    -------
    Verification

    Raises
    ------
    KeyProblem, BookBusy, BookError
        The files cannot be opened at all: as `clientlib.open_book` says.
    """
    files = Files(workbook, write=False)
    try:
        found = _gathered(workbook, files)
    finally:
        files.close()
    records = {link.seq for links in found.sources.values() for link in links}
    return Verification(len(records), tuple(check(found)))


def verify_as(workbook: Workbook, role: str) -> Verification:
    """As `verify`, by somebody in a role; that and what it came to is recorded afterwards.

    Afterwards, because a record before it would have put a new anchor in the place of one that is gone. Where
    nothing can be recorded, as on a medium that is only read, a note says so.

    Raises
    ------
    PermissionRefused
        The role may not read the audit.
    KeyProblem, BookBusy, BookError
        As for `verify`.
    """
    who = account()
    try:
        grant(workbook.settings, workbook.areas, role, who).needs(
            "may_audit", Words("verify the audit", "核验审计")
        )
    except PermissionRefused as refusal:
        record_refusal(workbook, who=who, role=role, what=str(refusal))
        raise
    verification = verify(workbook)
    told = {"records": verification.records, "defects": [defect.kind for defect in verification.defects]}
    outcome = "well" if verification.well else "defects found"
    try:
        record_beside(workbook, "verify", who=who, role=role, outcome=outcome, details=told)
    except BookError:
        unrecorded = Remark("not_recorded", False, {})
        return Verification(verification.records, (*verification.remarks, unrecorded))
    return verification


def _gathered(workbook: Workbook, files: Files) -> Found:
    reader = files.reader()
    with telling_damage(workbook.book_file):
        book = [] if AUDIT in reader.held.found.lacking else stored(reader.connection, "book")
    vault: list[Link] | None = None
    if files.has_vault_key:
        opened = files.vault()
        with telling_damage(workbook.vault_file):
            vault = [] if AUDIT in opened.found.lacking else stored(opened.connection, "vault")
    seal = Seal(need_key(workbook, "book"))
    journal = Journal(workbook.book_file.parent, seal)
    # No batch runs while the book is open for reading; but other readers may be at the journal.
    with journal.locked():
        lines = list(journal.links())
        anchor = AnchorFile(anchor_path(workbook), seal).read()
    return Found(book, vault, lines, anchor, reader.held.found.book_id, reader.held.stamps)
