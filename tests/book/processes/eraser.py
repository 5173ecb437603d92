"""Erases a client again and again in copies of a book, killed each time a step later; tells what is left then.

    eraser.py FOLDER SCRATCH CLIENT

A step is whatever Python does to a file of the workbook. One line of JSON for each kill, the last one for the
erasure that nobody killed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from clientlib.book import connection as engine
from clientlib.book import open_book
from clientlib.book.audit.verify import verify
from clientlib.book.keys import need_key
from clientlib.book.personal import erase
from clientlib.book.rewrite import contents
from clientlib.workbook import Workbook

STEPS = {"open", "os.rename", "os.remove", "os.link"}


def main(pattern: Path, scratch: Path, client: str) -> None:
    """Kill at every step; stop when an erasure got to its end."""
    step, finished = 0, False
    while not finished:
        step += 1
        folder = Path(shutil.copytree(pattern, scratch / str(step)))
        finished = _in_a_process(lambda: _erase(folder, client, step)) == 0
        _in_a_process(lambda: _tell(folder, client, step, finished))
        shutil.rmtree(folder)


def _in_a_process(work: Any) -> int:
    # Forked before anything was used: neither engine has threads yet.
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            sys.stdout.flush()
            os._exit(code)
    return os.waitpid(child, 0)[1]


def _erase(folder: Path, client: str, step: int) -> None:
    left = step

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in STEPS and str(arguments[0]).startswith(str(folder)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    workbook = Workbook(folder)
    sys.addaudithook(count)
    erase(workbook, client, "asked in writing")


def _tell(folder: Path, client: str, step: int, finished: bool) -> None:
    workbook = Workbook(folder)
    with open_book(workbook, role="data_entry") as book:
        batches = len(book.batches())
    told = {
        "step": step,
        "finished": finished,
        "batches": batches,
        "left": left_of(workbook, client),
        "defects": [str(remark) for remark in verify(workbook).defects],
        "files": sorted(path.name for path in workbook.book_file.parent.glob("*.duckdb*")),
    }
    print(json.dumps(told))


def left_of(workbook: Workbook, client: str) -> dict[str, int]:
    """How many rows of a client each table of both files has, read by the plain engine."""
    connection = engine.connect(workbook.book_file.parent, "UTC")
    found = {}
    for name, path in (("book", workbook.book_file), ("vault", workbook.vault_file)):
        engine.attach(connection, path, name, need_key(workbook, name), read_only=True)
        for table, what in contents(connection, name).items():
            if any(column.startswith("client_id ") for column in what.columns):
                query = f'SELECT count(*) FROM {name}.main."{table}" WHERE client_id = ?'
                rows = connection.execute(query, [client]).fetchall()[0][0]
                found |= {f"{name}.{table}": rows} if rows else {}
    connection.close()
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
