"""Processes that read and change a book, all at once: `party.py FOLDER IMPORTERS READERS SECONDS`.

Every batch brings `ROWS` new clients, with identity, and as many contacts and trades; so whoever reads must
find a multiple of them in each, and the same numbers everywhere. At the end each says in a line of JSON how
often it had its turn, the longest that a turn took with its waiting, and what went wrong.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl

from clientlib.book import open_book, prove_encryption
from clientlib.intake.result import CHANGES, FINDINGS, CheckResult
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

ROWS = 7
DAY = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def hand_in(prefix: str) -> CheckResult:
    clients = [f"{prefix}-{number}" for number in range(ROWS)]
    values: dict[str, dict[str, list[Any]]] = {
        "clients": {"full_name": [f"name of {client}" for client in clients], "updated_at": [DAY] * ROWS},
        "contacts": {"mobile": [f"mobile of {client}" for client in clients], "updated_at": [DAY] * ROWS},
        "trades": {"trade_id": [f"T-{client}" for client in clients]},
    }
    accepted = {area: frame(area, {"client_id": clients} | columns) for area, columns in values.items()}
    return CheckResult(accepted, {}, FINDINGS.to_frame(), CHANGES.to_frame(), ROWS * len(accepted))


def frame(area: str, columns: dict[str, list[Any]]) -> pl.DataFrame:
    schema = {field.name: field.dtype for field in AREAS[area].fields}
    empty = {name: [None] * ROWS for name in schema}
    return pl.DataFrame(empty | columns, schema=schema).with_columns(
        _file=pl.lit("a.csv"),
        _sheet=pl.lit(""),
        _row=pl.int_range(2, ROWS + 2, dtype=pl.UInt32),
        _pending=pl.lit(True),
    )


def change(folder: Path, number: int, turn: int) -> None:
    with open_book(Workbook(folder), role="data_entry", write=True) as book:
        book.import_checked([hand_in(f"{number}-{turn}")], source=f"{number}.csv")


def read(folder: Path) -> str:
    """What is wrong with what was read; nothing."""
    with open_book(Workbook(folder), role="data_entry") as book:
        before = len(book.batches())
        clients, contacts, trades = map(book.area, ("clients", "contacts", "trades"))
        time.sleep(0.02)
        after, again = len(book.batches()), len(book.area("clients"))
    counts = [len(clients), len(contacts), len(trades), again]
    identity = [int(clients["full_name"].notna().sum()), int(contacts["mobile"].notna().sum())]
    if {*counts, *identity} == {before * ROWS} and before == after:
        return ""
    return f"{before} and {after} batches, rows {counts}, with identity {identity}"


def take_part(way: str, folder: Path, number: int, seconds: float) -> None:
    turns, longest, wrong = 0, 0.0, []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        if way == "change":
            change(folder, number, turns)
        elif found := read(folder):
            wrong.append(found)
        turns += 1
        longest = max(longest, time.monotonic() - began)
    told = json.dumps({"way": way, "turns": turns, "longest": longest, "wrong": wrong})
    # In one call, so that the lines of two do not mix.
    os.write(1, f"{told}\n".encode())


def main(folder: Path, importers: int, readers: int, seconds: float) -> int:
    """How many ended otherwise than they should."""
    logging.disable()
    prove_encryption()
    children = []
    for number, way in enumerate(["change"] * importers + ["read"] * readers):
        children.append(os.fork())
        if children[-1] == 0:
            take_part(way, folder, number, seconds)
            os._exit(0)
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
