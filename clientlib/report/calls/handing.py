"""Handing call lists out: each workbook is written whole, and the audit knows of it before it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from clientlib.book import Book
from clientlib.config import Language
from clientlib.report.calls.listing import CallList
from clientlib.report.calls.workbook import write_calls


def hand_out(book: Book, targets: Mapping[Path, CallList], languages: Sequence[Language]) -> None:
    """Write each part of a list into its file, and record which clients stand in it and how they show.

    Raises
    ------
    BookError
        That cannot be recorded: then nothing is written.
    Unwritable, SheetError
        A file cannot be written, or does not hold so much.
    """
    for file, part in targets.items():
        clients = part.calls["client_id"].to_list()
        told = {"what": "calls", "file": file.name, "identity": part.identity, "edition": part.edition}
        with book.audit.doing("export", clients=clients, **told):
            write_calls(part, file, book.settings, languages)
