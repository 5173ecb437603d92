"""A report is a notebook dropped into the folder, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clientlib.errors import ParameterError, WorkbookError
from clientlib.report import plan
from clientlib.workbook import Workbook

SOURCE = 'as_of = ""  # business date\nbranch: str = "all"  # one branch, or all\ntop = -5\n'


def write(
    folder: Path, name: str, source: str = SOURCE, tags: tuple[str, ...] = ("parameters",), **facts: Any
) -> None:
    cell = {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source.splitlines(keepends=True)}
    notebook = {"cells": [cell], "metadata": {"clientlib": facts}, "nbformat": 4, "nbformat_minor": 5}
    target = folder / "notebooks" / "reports" / f"{name}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(notebook), "utf-8")


def test_a_report_tells_its_parameters_with_their_meaning(tmp_path: Path) -> None:
    write(tmp_path, "money", title_en="Money", title_zh="资金", question_en="Where?", order=2)
    (report,) = plan.discover(Workbook(tmp_path))
    assert report.parameters == (
        plan.Parameter("as_of", "", "business date"),
        plan.Parameter("branch", "all", "one branch, or all"),
        plan.Parameter("top", -5, ""),
    )
    assert (report.name, report.title("zh"), report.question("en")) == ("money", "资金", "Where?")


def test_reports_come_in_their_stated_order(tmp_path: Path) -> None:
    write(tmp_path, "a", order=3)
    write(tmp_path, "b", order=1)
    write(tmp_path, "c")
    assert [r.name for r in plan.discover(Workbook(tmp_path))] == ["b", "a", "c"]


def test_a_misspelt_report_is_met_with_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "segmentation")
    with pytest.raises(ParameterError, match="Did you mean segmentation"):
        plan.choose(plan.discover(Workbook(tmp_path)), ["segmentatoin"])


def test_a_notebook_without_parameters_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "plain", tags=())
    with pytest.raises(WorkbookError, match="tagged 'parameters'"):
        plan.discover(Workbook(tmp_path))


def test_a_broken_notebook_is_named(tmp_path: Path) -> None:
    write(tmp_path, "broken")
    (tmp_path / "notebooks/reports/broken.ipynb").write_text("{", "utf-8")
    with pytest.raises(WorkbookError, match=r"broken\.ipynb is not a notebook"):
        plan.discover(Workbook(tmp_path))


@pytest.mark.parametrize("line", ["import os\n", "a, b = 1, 2\n"])
def test_the_parameters_cell_only_sets_names(tmp_path: Path, line: str) -> None:
    write(tmp_path, "busy", source=line)
    with pytest.raises(WorkbookError, match="parameters cell"):
        plan.discover(Workbook(tmp_path))


def test_an_empty_folder_says_what_a_report_is(tmp_path: Path) -> None:
    with pytest.raises(WorkbookError, match="Each is a notebook"):
        plan.discover(Workbook(tmp_path))


@pytest.mark.parametrize(
    ("comment", "english", "chinese"),
    [
        ("how far back · 回看周数", "how far back", "回看周数"),
        ("how far back", "how far back", "how far back"),
    ],
)
def test_a_parameters_meaning_is_read_in_the_readers_language(
    comment: str, english: str, chinese: str
) -> None:
    parameter = plan.Parameter("weeks", 4, comment)
    assert (parameter.meaning_in("en"), parameter.meaning_in("zh")) == (english, chinese)


def test_a_notebooks_code_has_one_hash_whatever_it_was_asked() -> None:
    own = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "weeks = 4"}
    injected = {"cell_type": "code", "metadata": {"tags": ["injected-parameters"]}, "source": "weeks = 9"}
    words = {"cell_type": "markdown", "metadata": {}, "source": "# Weeks"}
    assert plan.code_hash([words, own, injected]) == plan.code_hash([own])
    assert plan.code_hash([own]) != plan.code_hash([{**own, "source": "weeks = 5"}])
