"""Hand-ins as people make them, small."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

TRADES = (
    "trade_id",
    "client_id",
    "traded_at",
    "security_id",
    "side",
    "quantity",
    "price",
    "amount",
    "fee",
    "currency",
    "channel",
    "remarks",
)

WriteCsv = Callable[..., Path]
WriteWorkbook = Callable[..., Path]


def trade(number: int = 1, **changes: str) -> dict[str, str]:
    row = {
        "trade_id": f"T{number}",
        "client_id": "C1",
        "traded_at": "2026-03-21 10:31:00",
        "security_id": "600000.SH",
        "side": "buy",
        "quantity": "1000",
        "price": "10.5",
        "amount": "10500",
        "fee": "5",
        "currency": "CNY",
        "channel": "app",
        "remarks": "",
    }
    return row | changes


@pytest.fixture
def a_trade() -> Callable[..., dict[str, str]]:
    """A good trade as typed, with some cells typed otherwise."""
    return trade


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """Writes rows (dicts by header) to a CSV file."""

    def write(
        rows: Sequence[dict[str, str]],
        name: str = "trades.csv",
        header: Sequence[str] | None = None,
        encoding: str = "utf-8",
        delimiter: str = ",",
    ) -> Path:
        names = list(rows[0]) if rows else list(TRADES)
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header or names)
        writer.writerows([row[n] for n in names] for row in rows)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.getvalue().encode(encoding))
        return path

    return write


@pytest.fixture
def write_workbook(tmp_path: Path) -> WriteWorkbook:
    """Writes sheets (name → rows of cells, the first the header) to an .xlsx file; dates become dates."""

    def write(
        sheets: dict[str, Sequence[Sequence[Any]]],
        name: str = "hand-in.xlsx",
        hidden: Sequence[str] = (),
    ) -> Path:
        path = tmp_path / name
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        book = xlsxwriter.Workbook(str(path), {**options, "default_date_format": "yyyy-mm-dd hh:mm:ss"})
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            if title in hidden:
                sheet.hide()
            for at, row in enumerate(rows):
                for place, cell in enumerate(row):
                    sheet.write(at, place, cell)
        book.close()
        return path

    return write
