"""The refused rows as a workbook to mend: all of them, with their reasons, ready to be handed in again."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from clientlib.intake import CheckResult, check_file
from clientlib.sheets.rejected import write_rejected
from clientlib.sheets.returned import mark_workbook

Hand = tuple[Path, CheckResult]
WriteTrades = Callable[..., Path]
ZONE = "Asia/Shanghai"


def given_back(result: CheckResult, folder: Path, **options: Any) -> tuple[Path, ...]:
    options = {"language": "zh", "time_zone": ZONE, **options}
    return write_rejected(result.rejected, result.findings, folder / "rejected.xlsx", **options)


def cells(path: Path, sheet: int = 0) -> list[dict[str, Any]]:
    """The rows by header; of a header in two languages the first line."""
    head, *rows = openpyxl.load_workbook(path).worksheets[sheet].iter_rows(values_only=True)
    titles = [str(title).split("\n")[0].removeprefix("* ") for title in head]
    return [dict(zip(titles, row, strict=True)) for row in rows if any(row)]


def test_all_refused_rows_and_no_others_come_back(checked: Hand, tmp_path: Path) -> None:
    path, *others = given_back(checked[1], tmp_path)
    assert ([row["成交编号"] for row in cells(path)], others) == (["T3", "T4", "T5"], [])


def test_each_row_says_why_it_came_back(checked: Hand, tmp_path: Path) -> None:
    reasons = cells(given_back(checked[1], tmp_path)[0])[0]["退回原因"]
    assert reasons == f"成交数量：{checked[1].errors['message_zh'][0]}"


def test_each_row_says_where_it_stood(checked: Hand, tmp_path: Path) -> None:
    places = [row["Where it stood"] for row in cells(given_back(checked[1], tmp_path, language="en")[0])]
    assert places[0] == "trades.xlsx, sheet 交易记录, row 3"


def test_wrong_cells_are_commented(checked: Hand, tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(given_back(checked[1], tmp_path)[0]).worksheets[0]
    assert len([cell for row in sheet.iter_rows() for cell in row if cell.comment]) == 3


@pytest.mark.parametrize("language", ["en", "zh"])
def test_handed_in_again_it_gives_the_same_errors_and_no_notice(
    checked: Hand, tmp_path: Path, language: str
) -> None:
    again = check_file(given_back(checked[1], tmp_path, language=language)[0]).findings
    columns = ["field", "rule", "severity", "value"]
    assert again.select(columns).equals(checked[1].findings.select(columns))


def test_mended_and_handed_in_again_every_row_is_taken(checked: Hand, tmp_path: Path) -> None:
    path = given_back(checked[1], tmp_path)[0]
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    titles = {str(cell.value).split("\n")[0].removeprefix("* "): cell.column for cell in sheet[1]}
    for row, title, value in ((2, "成交数量", 100), (3, "买卖方向", "买入"), (4, "币种", "CNY")):
        sheet.cell(row, titles[title] or 0).value = value
    book.save(path)
    result = check_file(path)
    assert (result.rows_accepted, result.findings.height) == (3, 0)


def test_a_check_of_the_mended_rows_takes_the_marks_away(checked: Hand, tmp_path: Path) -> None:
    path = given_back(checked[1], tmp_path)[0]
    mark_workbook(path, checked[1].findings.clear(), path, language="zh")
    cells = [cell for row in openpyxl.load_workbook(path)["交易记录"].iter_rows(min_row=2) for cell in row]
    left = [c for c in cells if c.comment or c.fill.patternType == "solid" or c.border.left.style]
    assert left == []


def test_no_refused_rows_no_file(checked: Hand, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert write_rejected({}, checked[1].findings, folder / "r.xlsx", language="en", time_zone=ZONE) == ()
    assert not folder.exists()


def test_only_its_owner_can_read_it(checked: Hand, tmp_path: Path) -> None:
    assert stat.S_IMODE(given_back(checked[1], tmp_path)[0].stat().st_mode) == 0o600


def test_text_that_looks_like_a_formula_comes_back_as_text(write_trades: WriteTrades, tmp_path: Path) -> None:
    path = write_trades(2, {(2, "side"): "x", (2, "remarks"): "=1+1"})
    sheet = openpyxl.load_workbook(given_back(check_file(path), tmp_path)[0]).worksheets[0]
    found = [cell.data_type for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert found == ["s"]


# --------------------------------------------------------------------- too long for Excel
def test_what_is_too_long_for_excel_comes_as_csv_whole(checked: Hand, tmp_path: Path) -> None:
    (path,) = given_back(checked[1], tmp_path, most_rows=2)
    rows = pl.read_csv(path, infer_schema=False)
    assert (path.name, rows["成交编号"].to_list()) == ("rejected.trades.csv", ["T3", "T4", "T5"])


def test_the_csv_is_read_again_without_a_notice(checked: Hand, tmp_path: Path) -> None:
    (path,) = given_back(checked[1], tmp_path, most_rows=2)
    assert check_file(path).findings["rule"].to_list() == checked[1].findings["rule"].to_list()


def test_no_cell_of_the_csv_is_run_by_a_spreadsheet(write_trades: WriteTrades, tmp_path: Path) -> None:
    path = write_trades(1, {(2, "remarks"): "=1+1", (2, "quantity"): "-5"})
    (csv,) = given_back(check_file(path), tmp_path, most_rows=0)
    row = pl.read_csv(csv, infer_schema=False).row(0, named=True)
    assert (row["备注"], row["成交数量"]) == ("'=1+1", "-5")


# ------------------------------------------------------------------ sheets that are no area
@pytest.fixture
def with_a_stray_sheet(write_trades: WriteTrades) -> CheckResult:
    def decorate(book: Any, page: Any) -> None:
        notes = book.add_worksheet("杂记")
        notes.write_row(0, 0, ["日期", "事项"])
        notes.write_string(1, 0, "3月")
        notes.write_string(1, 1, "=打电话")

    return check_file(write_trades(2, decorate=decorate))


def test_rows_of_a_sheet_that_is_no_area_come_back_as_they_were(
    with_a_stray_sheet: CheckResult, tmp_path: Path
) -> None:
    (path,) = given_back(with_a_stray_sheet, tmp_path)
    assert path.name == "rejected.unrecognised.xlsx"
    assert openpyxl.load_workbook(path).sheetnames == ["杂记"]
    assert {**cells(path)[0], "退回原因": ""} == {
        "日期": "3月",
        "事项": "=打电话",
        "退回原因": "",
        "原来位置": "trades.xlsx，工作表 杂记，第2行",
    }


def test_long_sheets_that_are_no_area_come_as_csv(with_a_stray_sheet: CheckResult, tmp_path: Path) -> None:
    (path,) = given_back(with_a_stray_sheet, tmp_path, most_rows=0)
    assert pl.read_csv(path, infer_schema=False)["事项"].to_list() == ["'=打电话"]


def test_sheets_of_the_same_name_from_two_files_do_not_collide(
    with_a_stray_sheet: CheckResult, tmp_path: Path
) -> None:
    rows = with_a_stray_sheet.rejected["unrecognised"]
    both = {"unrecognised": pl.concat([rows, rows.with_columns(_file=pl.lit("other.xlsx"))])}
    target = tmp_path / "r.xlsx"
    (path,) = write_rejected(both, with_a_stray_sheet.findings, target, language="en", time_zone=ZONE)
    assert openpyxl.load_workbook(path).sheetnames == ["杂记", "杂记 (2)"]
