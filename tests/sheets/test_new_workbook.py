"""Workbooks that are begun: text stays text, and one that cannot be finished is told of in a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest

from clientlib.errors import Unwritable
from clientlib.sheets.new_workbook import new_workbook


@pytest.mark.parametrize("text", ["=1+1", "https://a.example", "007"])
def test_text_is_not_made_into_something_else(tmp_path: Path, text: str) -> None:
    with new_workbook(tmp_path / "x.xlsx") as book:
        book.add_worksheet("S").write(0, 0, text)
    cell = openpyxl.load_workbook(tmp_path / "x.xlsx")["S"]["A1"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    with new_workbook(tmp_path / "x.xlsx", in_order=True) as book:
        book.add_worksheet("S").write_string(0, 0, "a")
    assert [path.name for path in tmp_path.iterdir()] == ["x.xlsx"]


def test_a_folder_that_goes_away_meanwhile_is_told_of(tmp_path: Path) -> None:
    target = tmp_path / "gone" / "x.xlsx"

    def lost() -> None:
        with new_workbook(target) as book:
            book.add_worksheet("S").write_string(0, 0, "a")
            shutil.rmtree(target.parent)

    with pytest.raises(Unwritable, match=r"x\.xlsx: cannot be written \(No such file"):
        lost()
