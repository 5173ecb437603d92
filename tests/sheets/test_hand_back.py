"""All files of one check: which there are, what they are called, and that they tell the same."""

from __future__ import annotations

import datetime as dt
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from clientlib import config, simulate
from clientlib.intake import CheckResult, check_file
from clientlib.sheets.hand_back import HandedBack, hand_back

Hand = tuple[Path, CheckResult]
WriteTrades = Callable[..., Path]
CHECKED_AT = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)


def given_back(hand: Hand, **options: Any) -> HandedBack:
    path, result = hand
    options = {"settings": config.load(), "language": "en", "checked_at": CHECKED_AT, **options}
    return hand_back(result, path, path.parent / "back", **options)


def test_a_workbook_comes_back_marked_with_its_good_rows_a_page_and_lines(checked: Hand) -> None:
    given_back(checked)
    assert {path.name for path in (checked[0].parent / "back").iterdir()} == {
        "trades.checked.xlsx",
        "trades.good.xlsx",
        "trades.findings.en.html",
        "trades.findings.jsonl",
    }


def test_a_macro_workbook_stays_one(write_trades: WriteTrades, tmp_path: Path) -> None:
    macros = tmp_path / "vba.bin"
    macros.write_bytes(b"macro")
    path = write_trades(2, name="t.xlsm", decorate=lambda book, _: book.add_vba_project(str(macros)))
    assert [p.name for p in given_back((path, check_file(path))).marked] == ["t.checked.xlsm"]


def test_each_file_of_a_folder_comes_back(write_trades: WriteTrades, tmp_path: Path) -> None:
    folder = tmp_path / "june"
    (folder / "north").mkdir(parents=True)
    shutil.move(write_trades(3, {(2, "side"): "x"}), folder / "a.xlsx")
    shutil.move(write_trades(5, {(3, "side"): "x"}), folder / "north" / "b.xlsx")
    back = given_back((folder, check_file(folder)))
    assert [path.name for path in back.marked] == ["a.checked.xlsx", "north--b.checked.xlsx"]
    assert back.page.name == "june.findings.en.html"


def test_in_a_folder_each_workbook_gets_its_own_findings_only(
    write_trades: WriteTrades, tmp_path: Path
) -> None:
    folder = tmp_path / "june"
    folder.mkdir()
    shutil.move(write_trades(3, {(2, "side"): "x"}), folder / "a.xlsx")
    shutil.move(write_trades(5, {(3, "side"): "x"}), folder / "b.xlsx")
    marked = given_back((folder, check_file(folder))).marked
    places = [_commented(path) for path in marked]
    # All keys of the second file repeat those of the first.
    assert (places[0], "E3" in places[1], "E2" in places[1]) == (["E2"], True, False)


def _commented(path: Path) -> list[str]:
    sheet = openpyxl.load_workbook(path)["交易记录"]
    return [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment]


def test_a_workbook_that_cannot_be_marked_comes_back_as_its_refused_rows(checked: Hand) -> None:
    path, result = checked
    broken = path.with_name("odd.xlsx")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(b"<cellXfs", b"<other").replace(b"</cellXfs", b"</other"))
    renamed = {"file": pl.lit("odd.xlsx")}
    rejected = {area: rows.with_columns(_file=pl.lit("odd.xlsx")) for area, rows in result.rejected.items()}
    same = CheckResult({}, rejected, result.findings.with_columns(**renamed), result.changes, 6)
    back = given_back((broken, same))
    assert back.shortened == ("odd.xlsx",)
    assert check_file(back.marked[0]).rows_rejected == 3


@pytest.mark.slow
def test_every_planted_error_is_marked_in_its_cell_and_good_rows_are_untouched(tmp_path: Path) -> None:
    folder = tmp_path / "dirty"
    simulate.write_handins(simulate.demo(seed=5, clients=120, years=1), folder, dirty=True, mistakes=200)
    result = check_file(folder)
    back = given_back((folder, result))
    for path in (
        p for p in back.marked if (folder / f"{p.name.removesuffix('.checked.xlsx')}.xlsx").exists()
    ):
        before = openpyxl.load_workbook(folder / f"{path.name.removesuffix('.checked.xlsx')}.xlsx")
        after = openpyxl.load_workbook(path)
        errors = result.errors.filter(pl.col("file") == f"{path.name.removesuffix('.checked.xlsx')}.xlsx")
        for sheet in before.worksheets:
            values = [[cell.value for cell in row] for row in sheet.iter_rows()]
            assert values == [[c.value for c in row] for row in after[sheet.title].iter_rows()]
            marked = {cell.row for row in after[sheet.title].iter_rows() for cell in row if cell.comment}
            assert marked == set(errors.filter(pl.col("sheet") == sheet.title)["row"])
