"""A process that dies in the middle, a disk that fills: the book holds all of a batch or nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from clientlib.book import open_book
from clientlib.errors import BookError
from clientlib.workbook import Workbook

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills and limits are POSIX")

# What both children share: a hand-in of clients with identity, in chunks.
PRELUDE = """
import datetime as dt, os, signal, sys
from pathlib import Path
import polars as pl
from clientlib.book import open_book
from clientlib.book.batch import Batch
from clientlib.errors import BookError
from clientlib.intake.result import CHANGES, FINDINGS, CheckResult
from clientlib.tables import AREAS

folder, stage, rows = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def chunk(first, count):
    numbers = pl.int_range(first, first + count, eager=True)
    text = numbers.cast(pl.String)
    schema = {field.name: field.dtype for field in AREAS["clients"].fields}
    known = {
        "client_id": "C" + text,
        "full_name": "name " + numbers.hash(7).cast(pl.String),
        "employer": "works " + numbers.hash(11).cast(pl.String),
        "updated_at": pl.lit(dt.datetime(2024, 1, 1, tzinfo=dt.UTC)).cast(pl.Datetime("us", "UTC")),
    }
    empty = pl.DataFrame(schema=schema).clear(count)
    frame = empty.with_columns(**known).with_columns(
        _file=pl.lit("a.csv"),
        _sheet=pl.lit(""),
        _row=pl.int_range(2, count + 2, dtype=pl.UInt32),
        _pending=pl.lit(True),
    )
    return CheckResult({"clients": frame}, {}, FINDINGS.to_frame(), CHANGES.to_frame(), count)
"""

DIE = (
    PRELUDE
    + """
def die(*ignored):
    os.kill(os.getpid(), signal.SIGKILL)

def chunks():
    for number in range(3):
        if stage == f"before chunk {number}":
            die()
        yield chunk(1000 * number, rows)

if stage == "between the commits":
    Batch.commit_book = die
if stage == "after the commits":
    Batch._close = die
with open_book(folder, role="data_entry", write=True) as book:
    book.import_checked(chunks(), source="a.csv")
    if stage == "before closing":
        die()
"""
)

FILL = (
    PRELUDE
    + """
import resource
limit = max(path.stat().st_size for path in folder.glob("data/book/*.duckdb")) + int(stage)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
try:
    with open_book(folder, role="data_entry", write=True) as book:
        book.import_checked((chunk(rows * number, rows) for number in range(3)), source="/far/away/a.csv")
except BookError as error:
    print(error)
"""
)


def run(script: str, workbook: Workbook, stage: str, rows: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, str(workbook.folder), stage, str(rows)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "landed"),
    [
        ("before chunk 0", False),
        ("before chunk 2", False),
        ("between the commits", False),
        ("after the commits", True),
        ("before closing", True),
    ],
)
def test_a_process_killed_during_an_import_leaves_all_of_it_or_none(
    workbook: Workbook, hand_in: Any, client: Callable[..., dict[str, Any]], stage: str, landed: bool
) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[client(1)])], source="first.csv")

    assert run(DIE, workbook, stage, rows=500).returncode == -9

    with open_book(workbook, role="data_entry") as book:
        found = book.area("clients")
        assert len(found) == (1501 if landed else 1)
        assert found["full_name"].notna().all()
        assert len(book.batches()) == (2 if landed else 1)

    # The next import takes up the same number, and finds nothing of the dead one's identity in its way.
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[client(1), client(2)])], source="next.csv")
        again = book.area("clients")
    assert len(again) == len(found) + 1
    assert again["full_name"].notna().all()


@pytest.mark.slow
def test_a_disk_that_fills_stops_the_import_with_a_sentence_and_the_book_is_as_it_was(
    workbook: Workbook, hand_in: Any, client: Callable[..., dict[str, Any]]
) -> None:
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[client(1)])], source="first.csv")

    done = run(FILL, workbook, "1000000", rows=130_000)

    assert done.stdout == (
        "The import of a.csv stopped: the disk is full. Nothing of it was taken; the book is as it was.\n"
    )
    assert done.stderr == ""
    with open_book(workbook, role="data_entry", write=True) as book:
        assert book.area("clients")["full_name"].tolist() == [client(1)["full_name"]]
        book.import_checked([hand_in(clients=[client(2)])], source="second.csv")
        assert len(book.area("clients")) == 2


def test_a_disk_that_is_full_from_the_start_is_no_place_for_a_book(tmp_path: Any) -> None:
    script = """
import resource, sys
from pathlib import Path
from clientlib.book import create_book
from clientlib.errors import BookError
from clientlib.workbook import Workbook
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
try:
    create_book(Workbook(Path(sys.argv[1])))
except BookError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert "cannot be written" in done.stdout, done.stderr
    with pytest.raises(BookError, match="no book"):
        open_book(Workbook(tmp_path))
