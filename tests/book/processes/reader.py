"""A process that reads or changes a book again and again, each time with other bytes of its files damaged.

It reads orders, a line of JSON each (`Order`). For each damage it says in a line what came of it: `read` and
a digest of all that was read, or `refused` and the sentence. Should it end otherwise, the engine took the
process down, or an error was no sentence.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from clientlib.book import open_book
from clientlib.errors import ClientlibError
from clientlib.workbook import Workbook

READ = ("clients", "trades")
"""The areas that the book has rows of."""


class Order(TypedDict):
    """The folder of a workbook, one of its files, what to damage there, and whether to change the book then.

    A damage is a place and the bits to turn over there; without any bits the file ends at that place.
    """

    folder: str
    file: str
    damages: list[tuple[int, int]]
    undo: int | None


@contextmanager
def damaged(path: Path, place: int, bits: int) -> Iterator[None]:
    """The file with one byte changed, or without its end, for a while."""
    kept = path.read_bytes()
    handle = os.open(path, os.O_RDWR)
    if bits:
        os.pwrite(handle, bytes([kept[place] ^ bits]), place)
    else:
        os.ftruncate(handle, place)
    try:
        yield
    finally:
        os.pwrite(handle, kept[place:], place)
        os.close(handle)


def digest(folder: Path) -> str:
    """Of what a book shows: rows with their identity, batches but not when they were recorded, decisions."""
    found = hashlib.sha256()
    with open_book(Workbook(folder), role="data_entry") as book:
        batches = book.batches().drop(columns="recorded_at")
        frames = [batches, book.batch_areas(), book.decisions(), *map(book.area, READ)]
    for frame in frames:
        found.update(frame.to_csv().encode())
    return found.hexdigest()


def changed(order: Order, place: int, bits: int) -> str:
    """The digest after a batch was taken back in a copy of the damaged book, whose damage stays."""
    own = Path(order["folder"]).with_name("own")
    shutil.rmtree(own, ignore_errors=True)
    with damaged(Path(order["folder"]) / order["file"], place, bits):
        shutil.copytree(order["folder"], own)
    with open_book(Workbook(own), role="data_entry", write=True) as book:
        book.undo(order["undo"] or 0)
    return digest(own)


def looked_at(order: Order, place: int, bits: int) -> str:
    with damaged(Path(order["folder"]) / order["file"], place, bits):
        return digest(Path(order["folder"]))


def main() -> None:
    logging.disable()
    for line in sys.stdin:
        order: Order = json.loads(line)
        look = looked_at if order["undo"] is None else changed
        for place, bits in order["damages"]:
            try:
                told = ["read", look(order, place, bits)]
            except ClientlibError as error:
                told = ["refused", str(error)]
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
