"""The workbook folder: laid out, found, and never written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from clientlib import workbook
from clientlib.errors import WorkbookError


def test_a_new_folder_holds_settings_notebooks_and_places(tmp_path: Path) -> None:
    made = workbook.lay_out(tmp_path / "firm")
    assert (made.notebooks / "reports" / "segmentation.ipynb").is_file()
    assert made.settings.firm.currency == "CNY"
    assert made.reports.is_dir()


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(WorkbookError, match="holds something else"):
        workbook.lay_out(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_workbook_is_not_laid_out_twice(tmp_path: Path) -> None:
    workbook.lay_out(tmp_path / "firm")
    with pytest.raises(WorkbookError, match="already"):
        workbook.lay_out(tmp_path / "firm")


def test_the_nearest_parent_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLIENTLIB_WORKBOOK", raising=False)
    made = workbook.lay_out(tmp_path / "firm")
    monkeypatch.chdir(made.notebooks / "reports")
    assert workbook.find().folder == made.folder


def test_the_variable_comes_before_the_parent_and_the_option_before_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, named, stated = (workbook.lay_out(tmp_path / name) for name in ("here", "named", "stated"))
    monkeypatch.chdir(here.folder)
    monkeypatch.setenv("CLIENTLIB_WORKBOOK", str(named.folder))
    assert workbook.find().folder == named.folder
    assert workbook.find(stated.folder).folder == stated.folder


def test_no_workbook_is_answered_with_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLIENTLIB_WORKBOOK", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkbookError, match="clientlib init"):
        workbook.find()
    with pytest.raises(WorkbookError, match="--workbook"):
        workbook.find(tmp_path)
