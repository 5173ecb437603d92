"""The book: two encrypted files in which the client management table is kept, with its whole history.

`open_book` gives a `Book`; `create_book` makes the empty files. Which file holds what, how the files are
encrypted and how an import becomes a batch are matters of the modules inside.
"""

from __future__ import annotations

from clientlib.book.access import Access, Look, look, usual_role
from clientlib.book.book import Book, open_book
from clientlib.book.connection import prove_encryption
from clientlib.book.holders import account
from clientlib.book.imports import ImportResult
from clientlib.book.preview import Preview
from clientlib.book.storage import create_book

__all__ = [
    "Access",
    "Book",
    "ImportResult",
    "Look",
    "Preview",
    "account",
    "create_book",
    "look",
    "open_book",
    "prove_encryption",
    "usual_role",
]
