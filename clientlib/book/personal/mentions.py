"""Where a client is named in the words of the book's other rows: told to a person, and not changed.

Only a person can tell whether a comment of another client that holds the same name is about this one, and
what of it may stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clientlib.book.connection import quoted, telling_damage
from clientlib.book.files import Reader
from clientlib.book.merges import CLIENT
from clientlib.book.personal.desk import Desk
from clientlib.book.personal.dossier import HOME, Dossier
from clientlib.book.storage import BATCHES, book_fields
from clientlib.tables import AreaInfo

BATCH = "batches"
"""Instead of an area: the name of a hand-in or of its files."""


@dataclass(frozen=True)
class Mention:
    """A row of the book that names the client: its area and its key, or a batch and its number."""

    area: str
    key: str


def mentions(desk: Desk, dossier: Dossier) -> list[Mention]:
    """The rows of other clients, and the batches, in whose free text the client is named.

    Raises
    ------
    BookError
        The book is damaged.
    """
    known_by = [*dossier.numbers, *dossier.identity_numbers, *dossier.names]
    sought = "|".join(re.escape(word.removeprefix(HOME)) for word in known_by)
    reader = desk.files.reader()
    with telling_damage(desk.workbook.book_file):
        found = [
            mention
            for area in desk.workbook.areas.values()
            for mention in _in_area(reader, area, sought, dossier.numbers)
        ]
        return found + list(_in_batches(reader, sought))


def _in_area(reader: Reader, area: AreaInfo, sought: str, own: Sequence[str]) -> Iterator[Mention]:
    texts = [quoted(f.name) for f in book_fields(area) if f.kind == "text" and f.pattern is None]
    source = reader.held.found.source("book", area)
    query = f"SELECT DISTINCT {quoted(area.key[0])} FROM {source} WHERE "
    values: list[object] = []
    if area.find(CLIENT):
        query += f"NOT coalesce(list_contains(?, {CLIENT}), false) AND "
        values.append(list(own))
    query += f"regexp_matches(concat_ws(chr(10), {', '.join(texts)}), ?) ORDER BY ALL"
    for (key,) in _ask(reader, query, [*values, sought]):
        yield Mention(area.name, str(key))


def _in_batches(reader: Reader, sought: str) -> Iterator[Mention]:
    query = (
        f"SELECT batch FROM book.main.{BATCHES} "
        "WHERE regexp_matches(concat_ws(chr(10), source, array_to_string(files, chr(10))), ?) ORDER BY batch"
    )
    for (number,) in _ask(reader, query, [sought]):
        yield Mention(BATCH, str(number))


def _ask(reader: Reader, query: str, values: Sequence[object]) -> list[tuple[object, ...]]:
    cursor = reader.connection.cursor()
    try:
        return cursor.execute(query, list(values)).fetchall()
    finally:
        cursor.close()
