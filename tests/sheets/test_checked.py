"""A file that is no workbook comes back as one, marked; good rows come back by themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from clientlib.intake import CheckResult, check_file, sources
from clientlib.intake.tables_in import RawTable
from clientlib.sheets.checked import mark_rows, write_good

Hand = tuple[Path, CheckResult]
WriteTrades = Callable[..., Path]
ZONE = "Asia/Shanghai"


@pytest.fixture
def csv(checked: Hand) -> Hand:
    """The trades as a CSV file, with leading zeros in a key."""
    rows = pl.read_excel(checked[0], infer_schema_length=0).with_columns(
        pl.lit("0012").alias("客户编号"), pl.lit("1050").alias("成交金额")
    )
    path = checked[0].with_name("交易记录.csv")
    rows.write_csv(path)
    return path, check_file(path)


def mark(hand: Hand, **options: Any) -> tuple[Path, bool]:
    path, result = hand
    target = path.with_name("back.xlsx")
    options = {"language": "zh", "time_zone": ZONE, **options}
    source = sources.listed(path)[0][0]
    written = mark_rows(source, result.findings, target, **options)
    assert written.paths == (target,)
    return target, written.whole


def values(path: Path) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_all_rows_come_back_as_they_were_typed(csv: Hand, kind: str) -> None:
    path = csv[0]
    if kind == "parquet":
        path = csv[0].with_suffix(".parquet")
        pl.read_csv(csv[0], infer_schema=False).write_parquet(path)
    target, whole = mark((path, check_file(path)))
    rows = [row for row in values(target)[1:] if row[0]]
    assert (whole, [row[:2] for row in rows]) == (True, [(f"T{n}", "0012") for n in range(2, 8)])
    assert {"1,00O", "hold"} <= {cell for row in rows for cell in row}


def test_wrong_cells_are_commented(csv: Hand) -> None:
    sheet = openpyxl.load_workbook(mark(csv)[0]).worksheets[0]
    said = [cell.value for row in sheet.iter_rows() for cell in row if cell.comment]
    assert said == ["1,00O", "hold", None]


def test_of_a_long_file_only_rows_with_a_finding_come(csv: Hand) -> None:
    target, whole = mark(csv, most_rows=3)
    assert (whole, [row[0] for row in values(target)[1:] if row[0]]) == (False, ["T3", "T4", "T5"])


def test_it_can_be_handed_in_again(csv: Hand) -> None:
    again = check_file(mark(csv)[0])
    columns = ["row", "field", "rule", "value"]
    assert again.findings.select(columns).equals(csv[1].findings.select(columns))


# --------------------------------------------------------------------------- the good rows
@pytest.mark.parametrize("most_rows", [100, 0], ids=["workbook", "csv"])
def test_good_rows_are_read_back_the_same(checked: Hand, tmp_path: Path, most_rows: int) -> None:
    good = checked[1].accepted
    target = tmp_path / "good.xlsx"
    (path,) = write_good(good, target, language="zh", time_zone=ZONE, most_rows=most_rows)
    again = check_file(path)
    place = ["_file", "_sheet", "_row"]
    assert again.findings.is_empty()
    assert again.accepted["trades"].drop(place).equals(good["trades"].drop(place))


def test_instants_are_written_by_the_firms_clock(checked: Hand, tmp_path: Path) -> None:
    (path,) = write_good(checked[1].accepted, tmp_path / "g.xlsx", language="en", time_zone=ZONE)
    assert values(path)[1][2] == dt.datetime(2026, 3, 21, 10, 31)


def test_columns_that_are_no_field_come_back_too(csv: Hand) -> None:
    rows = pl.read_csv(csv[0], infer_schema=False).with_columns(pl.lit("甲").alias("分组"))
    rows.write_csv(csv[0])
    first = values(mark((csv[0], check_file(csv[0])))[0])[:2]
    assert dict(zip(*first, strict=True))["分组"] == "甲"


def test_columns_that_a_person_settled_are_marked_as_such(csv: Hand) -> None:
    path, result = csv
    text = path.read_text("utf-8").replace("成交数量", "数目")
    path.write_text(text, "utf-8")

    def settled(table: RawTable) -> RawTable:
        return replace(table, header=tuple(title.replace("数目", "quantity") for title in table.header))

    sheet = openpyxl.load_workbook(mark((path, result), settled=settled)[0]).worksheets[0]
    assert "1,00O" in [cell.value for row in sheet.iter_rows() for cell in row if cell.comment]
