"""Makes the book of this folder, with the code of the version that it stands for; never run again.

It was run once, from a checkout of the last commit whose books were of schema version 1, and
is kept to show what is in the book: two imports, a correction, a merge, and an undoing.

    cd CHECKOUT && PYTHONPATH=. python …/tests/book/files/v1/make.py …/tests/book/files/v1
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from clientlib.book import create_book, open_book
from clientlib.book.book import Book
from clientlib.intake.result import CHANGES, FINDINGS, CheckResult
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

DAYS = (None, "2024-06-30", "2025-06-30")


def checked(**areas: list[dict[str, Any]]) -> CheckResult:
    accepted = {}
    for name, rows in areas.items():
        schema = {field.name: field.dtype for field in AREAS[name].fields}
        filled = [{column: row.get(column) for column in schema} for row in rows]
        accepted[name] = pl.DataFrame(filled, schema=schema).with_columns(
            pl.lit("v1.csv").alias("_file"),
            pl.lit("").alias("_sheet"),
            pl.Series("_row", range(2, len(rows) + 2), dtype=pl.UInt32),
            pl.lit(False).alias("_pending"),
        )
    rows_in = sum(frame.height for frame in accepted.values())
    return CheckResult(accepted, {}, FINDINGS.to_frame(), CHANGES.to_frame(), rows_in)


def client(number: int, **values: Any) -> dict[str, Any]:
    row = {
        "client_id": f"C{number:03}",
        "full_name": ("欧阳娜娜", "张伟", "Anna Müller", "單依純", "王小明", "李静")[number % 6],
        "client_type": "individual",
        "id_type": "passport",
        "id_number": f"E1234{number:03}",
        "birth_date": dt.date(1980, 1, number),
        "investor_class": "ordinary",
        "branch": ("上海浦东", "North")[number % 2],
        "opened_on": dt.date(2020, 1, 1),
        "status": "active",
        "updated_at": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    }
    return row | values


def contact(number: int, **values: Any) -> dict[str, Any]:
    row = {
        "client_id": f"C{number:03}",
        "mobile": f"1380000{number:04}",
        "email": f"c{number}@example.com",
        "updated_at": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    }
    return row | values


def trade(number: int, **values: Any) -> dict[str, Any]:
    row = {
        "trade_id": f"T{number:03}",
        "client_id": f"C{number % 6 + 1:03}",
        "traded_at": dt.datetime(2024, number % 12 + 1, 1, 2, tzinfo=dt.UTC),
        "security_id": "S1",
        "side": "buy",
        "quantity": 10.0 * number,
        "price": 2.5,
        "amount": 25.0 * number,
        "fee": 0.0,
        "currency": "CNY",
    }
    return row | values


def fill(workbook: Workbook) -> None:
    numbers = range(1, 7)
    later = dt.datetime(2025, 2, 1, tzinfo=dt.UTC)
    hand_ins = [
        checked(
            clients=[client(number) for number in numbers],
            contacts=[contact(number) for number in numbers],
            trades=[trade(number) for number in range(1, 13)],
        ),
        checked(
            clients=[client(2, branch="West"), client(3, full_name="Anna Schmidt", updated_at=later)],
            trades=[trade(1, quantity=99.0, amount=247.5), trade(13, traded_at=later)],
        ),
        checked(contacts=[contact(4, mobile="13999990004", updated_at=later)]),
    ]
    for number, hand_in in enumerate(hand_ins, 1):
        with open_book(workbook, role="data_entry", write=True) as book:
            book.import_checked([hand_in], source=f"hand-in {number}")
    with open_book(workbook, role="data_entry", write=True) as book:
        book.merge("C005", "C006", "same passport")
    with open_book(workbook, role="data_entry", write=True) as book:
        book.undo(3)


def held(book: Book) -> dict[str, Any]:
    """What the book holds at every mixture of the two clocks, as text."""
    instants = [None, *book.batches()["recorded_at"]]
    return {
        "batches": book.batches().drop(columns="code_version").to_csv(),
        "decisions": book.decisions().to_csv(),
        "areas": [
            {
                "area": name,
                "as_of": day,
                "known_at": instant and instant.isoformat(),
                "rows": book.area(name, as_of=day, known_at=instant, pending=True).to_csv(index=False),
            }
            for name in ("clients", "contacts", "trades")
            for day in DAYS
            for instant in instants
        ],
    }


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workbook = Workbook(Path(folder))
        create_book(workbook)
        fill(workbook)
        with open_book(workbook, role="data_entry") as book:
            (target / "expected.json").write_text(
                json.dumps(held(book), ensure_ascii=False, indent=1), "utf-8"
            )
        for path in (workbook.book_file, workbook.vault_file, *workbook.keys.iterdir()):
            shutil.copyfile(path, target / path.name)
        shutil.copyfile(workbook.book_file.with_name("book.id"), target / "book.id")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
