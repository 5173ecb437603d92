"""What the audit costs a batch, a look, and whoever verifies it. Figures are printed, not asserted."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clientlib.book import create_book, open_book
from clientlib.book.audit.folding import BatchTrail
from clientlib.book.audit.journal import Journal
from clientlib.book.audit.record import START, Entry, Link, digest
from clientlib.book.audit.sealing import Seal
from clientlib.book.audit.trail import Audit
from clientlib.book.audit.verify import verify
from clientlib.book.keys import need_key
from clientlib.intake.result import CHANGES, FINDINGS, CheckResult
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

RECORDS = 100_000
APPENDS = 1_000
AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def new_workbook(folder: Path) -> Workbook:
    folder.mkdir()
    (folder / "workbook.toml").touch()
    made = Workbook(folder)
    create_book(made)
    return made


def hand_in(first: int, rows: int) -> CheckResult:
    """Clients with identity, so that both files are written."""
    numbers = pl.int_range(first, first + rows, eager=True)
    schema = {field.name: field.dtype for field in AREAS["clients"].fields}
    known: dict[str, pl.Series | pl.Expr] = {
        "client_id": "C" + numbers.cast(pl.String),
        "full_name": "name " + numbers.hash(7).cast(pl.String),
        "employer": "works " + numbers.hash(11).cast(pl.String),
        "updated_at": pl.lit(AT).cast(pl.Datetime("us", "UTC")),
    }
    frame = pl.DataFrame(schema=schema).clear(rows).with_columns(**known)
    frame = frame.with_columns(
        _file=pl.lit("a.csv"),
        _sheet=pl.lit(""),
        _row=pl.int_range(2, rows + 2, dtype=pl.UInt32),
        _pending=pl.lit(True),
    )
    return CheckResult({"clients": frame}, {}, FINDINGS.to_frame(), CHANGES.to_frame(), rows)


@contextmanager
def without_audit() -> Iterator[None]:
    """Nothing is recorded, nothing taken over: what a batch would cost otherwise."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Audit, "opened", lambda self, **ignored: None)
        patched.setattr(BatchTrail, "before_commit", lambda self, *ignored: None)
        patched.setattr(BatchTrail, "landed", lambda self: None)
        yield


@pytest.mark.parametrize(("rows", "pairs"), [(100, 15), (10_000, 15), (200_000, 5)])
def test_a_batch_with_and_without_its_audit(compare: Any, tmp_path: Path, rows: int, pairs: int) -> None:
    def importing(workbook: Workbook) -> Callable[[], None]:
        turns = itertools.count()

        def run() -> None:
            with open_book(workbook, role="data_entry", write=True) as book:
                book.import_checked([hand_in(next(turns) * rows, rows)], source="a.csv")

        return run

    ours = importing(new_workbook(tmp_path / "ours"))
    bare = importing(new_workbook(tmp_path / "bare"))

    def peer() -> None:
        with without_audit():
            bare()

    compare(f"a batch of {rows:,} clients with its audit, against none", ours, peer, pairs=pairs)


def test_a_record_of_a_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_book(new_workbook(tmp_path / "firm")) as book:
        book.audit.record("search", query="x")
        started = time.perf_counter()
        for _ in range(APPENDS):
            book.audit.record("search", query="x")
        each = (time.perf_counter() - started) / APPENDS
    with capsys.disabled():
        print(f"\na record of a look: {each * 1000:.2f} ms")


def test_verification_of_many_records(compare: Any, tmp_path: Path) -> None:
    workbook = new_workbook(tmp_path / "firm")
    open_book(workbook).close()
    texts = _fill(workbook)
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([hand_in(0, 100)], source="a.csv")

    def bare() -> None:
        before = START
        for text in texts:
            before = hashlib.sha256((before + text).encode()).hexdigest()

    def ours() -> None:
        assert verify(workbook).well

    compare(f"verification of {RECORDS:,} records in both files, against their bare hashes", ours, bare)


def _fill(workbook: Workbook) -> list[str]:
    """Puts many records at the end of the journal; returns their texts."""
    journal = Journal(workbook.book_file.parent, Seal(need_key(workbook, "book")))
    links = [link for link in journal.links() if link is not None]
    for seq in range(links[-1].seq + 1, RECORDS):
        entry = Entry.of("look_up", who="wang", role="service", clients=["C1", "C2"], reason="asked for it")
        text = entry.text(seq, AT, 1)
        links.append(Link(seq, text, digest(links[-1].hash, text)))
    journal.write_anew(links)
    open_book(workbook).close()  # moves the anchor to the new end
    return [link.text for link in links]
