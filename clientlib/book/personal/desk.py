"""The book as it is opened for whoever answers a person who wants a copy or to be erased.

A right of its own (`may_answer`), and more than a role sees otherwise: an answer must be complete. It takes
both keys and a reason. The opening is recorded before anything is read, the answer before it is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clientlib.book.access import Access, grant
from clientlib.book.audit.opening import begin_audit
from clientlib.book.audit.trail import Audit, record_refusal
from clientlib.book.files import Files
from clientlib.book.holders import account
from clientlib.book.opened import SHORTEST_REASON
from clientlib.errors import ParameterError, PermissionRefused, Words
from clientlib.workbook import Workbook

SERVICE = "service"
"""The role that answers, unless another is named."""
_NO_KEY = Words(
    "The vault's key is not here, and without it no answer is complete.",
    "此处没有身份库密钥，缺少它就无法给出完整的答复。",
)


@dataclass(frozen=True)
class Desk:
    """An open book, and who answers from it."""

    workbook: Workbook
    access: Access
    files: Files
    audit: Audit


@contextmanager
def opened(workbook: Workbook, role: str, what: Words, *, write: bool = False) -> Iterator[Desk]:
    """Open a book to answer a person.

    Parameters
    ----------
    workbook : Workbook
    role : str
        It needs the right `may_answer`.
    what : Words
        What for, as words after "may not": "erase a client".
    write : bool
        Whether the book will be changed.

    Raises
    ------
    PermissionRefused
        The role may not, or the vault's key is not here.
    KeyProblem, BookBusy, BookError
        As for `open_book`.
    """
    who = account()
    try:
        access = grant(workbook.settings, workbook.areas, role, who)
        access.needs("may_answer", what)
    except PermissionRefused as refusal:
        record_refusal(workbook, who=who, role=role, what=str(refusal))
        raise
    files = Files(workbook, write=write)
    try:
        audit = begin_audit(files, who=who, role=role)
        if not files.has_vault_key:
            audit.refused(_NO_KEY.en)
            raise PermissionRefused(*_NO_KEY)
        yield Desk(workbook, access, files, audit)
    finally:
        files.close()


def need_reason(reason: str) -> str:
    """The reason, if it says something.

    Raises
    ------
    ParameterError
        It does not.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise ParameterError(
            'Say in a few words why, with --reason "…": it is kept in the audit.',
            '请用 --reason "…" 简要说明事由：事由会记入审计。',
        )
    return reason.strip()
