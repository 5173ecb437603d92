"""Commands about what the book holds: its batches, and taking one back."""

from __future__ import annotations

from typing import Annotated

import typer

from clientlib import talk, workbook
from clientlib.cli.app import app
from clientlib.cli.options import EDITOR, LanguageOption, RoleOption, WorkbookOption, known_language, taken
from clientlib.talk import out, say


@app.command(epilog="Example: clientlib batches")
def batches(language: LanguageOption = "en", role: RoleOption = None, folder: WorkbookOption = None) -> None:
    """List the batches of the book, oldest first: when, from which hand-in, by whom, how many rows."""
    from clientlib.book import open_book

    spoken = known_language(language)
    found = workbook.find(folder)
    with open_book(found, role=taken(role, found, EDITOR)) as book:
        talk.batches(book.batches(), spoken)


@app.command(epilog="Example: clientlib undo 12")
def undo(
    batch: Annotated[int, typer.Argument(metavar="BATCH", help="Its number, from: clientlib batches")],
    language: LanguageOption = "en",
    role: RoleOption = None,
    folder: WorkbookOption = None,
) -> None:
    """Take a batch back: what it added is gone, what it changed is as before. Undoing that brings it back."""
    from clientlib.book import open_book

    spoken = known_language(language)
    found = workbook.find(folder)
    with open_book(found, role=taken(role, found, EDITOR), write=True) as book:
        number = book.undo(batch)
    out.print(say("undone", spoken, batch=batch, number=number))
