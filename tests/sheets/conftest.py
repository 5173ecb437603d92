"""Workbooks as people fill them in, and what a check says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from clientlib.intake import CheckResult, check_file
from clientlib.tables import AREAS

TRADE_FIELDS = (
    "trade_id",
    "client_id",
    "traded_at",
    "security_id",
    "side",
    "quantity",
    "price",
    "amount",
    "currency",
    "remarks",
)
WriteTrades = Callable[..., Path]


@pytest.fixture
def write_trades(tmp_path: Path) -> WriteTrades:
    """Writes 交易记录 with as many good trades as asked, some cells typed otherwise.

    `slips` maps (row in Excel, field) to what stands there instead; `decorate` may add to book and sheet. The
    amount is a formula, as where people let Excel reckon.
    """

    def write(
        rows: int = 6,
        slips: Mapping[tuple[int, str], Any] | None = None,
        *,
        name: str = "trades.xlsx",
        sheet: str = "交易记录",
        decorate: Callable[[Any, Any], None] | None = None,
        typed_amounts: bool = False,
    ) -> Path:
        path = tmp_path / name
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet(sheet)
            page.write_row(0, 0, [AREAS["trades"].field(field).title_zh for field in TRADE_FIELDS])
            for row in range(2, rows + 2):
                _write_row(page, row, _trade(row), slips or {}, typed_amounts)
            if decorate is not None:
                decorate(book, page)
        return path

    return write


def _trade(row: int) -> Sequence[Any]:
    return (f"T{row}", "C1", "2026-03-21 10:31:00", "600000.SH", "买入", 100, 10.5, 1050, "CNY", None)


def _write_row(
    page: Any, row: int, values: Sequence[Any], slips: Mapping[tuple[int, str], Any], typed_amounts: bool
) -> None:
    for column, (field, value) in enumerate(zip(TRADE_FIELDS, values, strict=True)):
        if (row, field) in slips:
            _write_cell(page, row, column, slips[row, field])
        elif field == "amount" and not typed_amounts:
            page.write_formula(row - 1, column, f"=F{row}*G{row}", None, value)
        else:
            _write_cell(page, row, column, value)


def _write_cell(page: Any, row: int, column: int, value: Any) -> None:
    if isinstance(value, str):
        page.write_string(row - 1, column, value)
    else:
        page.write(row - 1, column, value)


@pytest.fixture
def checked(write_trades: WriteTrades) -> tuple[Path, CheckResult]:
    """A workbook of six trades with three wrong cells, one of them empty, and what the check says of it."""
    slips = {(3, "quantity"): "1,00O", (4, "side"): "hold", (5, "currency"): None}
    path = write_trades(6, slips)
    result = check_file(path)
    assert result.errors.select("row", "field").rows() == [(3, "quantity"), (4, "side"), (5, "currency")]
    return path, result


@pytest.fixture
def no_findings(checked: tuple[Path, CheckResult]) -> pl.DataFrame:
    return checked[1].findings.clear()
