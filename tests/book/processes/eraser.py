"""Erases a client again and again in copies of a book, killed each time a step later; tells what is left.

    eraser.py FOLDER SCRATCH CLIENT

A step is whatever gives, takes or changes the name of a file of the workbook. One line of JSON for each kill,
the last one for the erasure that nobody killed.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from clientlib.book import connection as engine
from clientlib.book import open_book
from clientlib.book.audit.verify import verify
from clientlib.book.keeping.rewrite import NAMES, contents
from clientlib.book.keys import need_key
from clientlib.book.personal import erase
from clientlib.workbook import Workbook

STEPS = {"os.rename", "os.remove", "os.link"}


def main(pattern: Path, scratch: Path, client: str) -> None:
    """Kill at every step; stop when an erasure got to its end."""
    for step in itertools.count(1):
        workbook = Workbook(Path(shutil.copytree(pattern, scratch / str(step))))
        finished = _in_a_process(_erase, workbook, client, step) == 0
        _in_a_process(_tell, workbook, client, finished)
        shutil.rmtree(workbook.folder)
        if finished:
            return


def _in_a_process(work: Callable[..., None], *arguments: object) -> int:
    # Forked before anything was used: neither engine has threads yet.
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work(*arguments)
            code = 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    return os.waitpid(child, 0)[1]


def _erase(workbook: Workbook, client: str, step: int) -> None:
    left = step

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in STEPS and str(arguments[0]).startswith(str(workbook.folder)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    erase(workbook, client, "asked in writing")


def _tell(workbook: Workbook, client: str, finished: bool) -> None:
    with open_book(workbook, role="data_entry") as book:
        batches = len(book.batches())
    told = {
        "finished": finished,
        "batches": batches,
        "left": left_of(workbook, client),
        "defects": [str(remark) for remark in verify(workbook).defects],
    }
    sys.stdout.write(json.dumps(told) + "\n")


def left_of(workbook: Workbook, client: str) -> dict[str, int]:
    """How many rows of a client each table of both files has, read by the plain engine."""
    found: dict[str, int] = {}
    with plainly(workbook) as connection:
        for name in NAMES:
            for table, what in contents(connection, name).items():
                if any(column.startswith("client_id ") for column in what.columns):
                    query = f'SELECT count(*) FROM {name}.main."{table}" WHERE client_id = ?'
                    rows = connection.execute(query, [client]).fetchall()[0][0]
                    found |= {f"{name}.{table}": rows} if rows else {}
    return found


@contextmanager
def plainly(workbook: Workbook) -> Iterator[duckdb.DuckDBPyConnection]:
    """Both files of a book, opened with their keys and nothing else of ours."""
    connection = engine.connect(workbook.book_file.parent, "UTC")
    try:
        for name in NAMES:
            path = workbook.book_file if name == "book" else workbook.vault_file
            engine.attach(connection, path, name, need_key(workbook, name), read_only=True)
        yield connection
    finally:
        connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
