"""A page looks back on what earlier editions of its branch said."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from clientlib.report.lineage import LOOKED_BACK, Lineage
from clientlib.workbook import Workbook
from tests.report.small_reports import GOOD, run, without_reports, write


def publish(reports: Path, name: str, value: float, status: str = "made", language: str = "en") -> None:
    figures = [{"key": "clients", "value": value}]
    runs: dict[str, Any] = {language: {"status": status, "figures": figures}}
    told = {"format": 2, "as_of": name[:10], "reports": {"risk": {"runs": runs}}}
    (reports / name).mkdir()
    (reports / name / "manifest.json").write_text(json.dumps(told))


def values(reports: Path, day: str, branch: str = "all", language: str = "en") -> list[float]:
    before = Lineage.of(reports, dt.date.fromisoformat(day), branch)
    return [told["figures"]["clients"] for told in before.figures("risk", language)]


def test_the_editions_before_it_the_oldest_first(tmp_path: Path) -> None:
    for day, value in (("2026-05-31", 2.0), ("2026-04-30", 1.0), ("2026-06-30", 3.0), ("2026-07-31", 4.0)):
        publish(tmp_path, day, value)
    assert values(tmp_path, "2026-06-30") == [1.0, 2.0]


def test_those_of_its_own_branch_only(tmp_path: Path) -> None:
    publish(tmp_path, "2026-05-31", 1.0)
    publish(tmp_path, "2026-05-31--North", 2.0)
    publish(tmp_path, "2026-05-31--North-East", 3.0)
    assert values(tmp_path, "2026-06-30", "North") == [2.0]


def test_no_more_than_so_many(tmp_path: Path) -> None:
    for year in range(2000, 2020):
        publish(tmp_path, f"{year}-12-31", float(year))
    assert values(tmp_path, "2026-06-30") == [float(year) for year in range(2020 - LOOKED_BACK, 2020)]


def test_an_edition_in_which_it_failed_is_left_out(tmp_path: Path) -> None:
    publish(tmp_path, "2026-05-31", 1.0, status="failed")
    assert values(tmp_path, "2026-06-30") == []


def test_another_language_counts_where_its_own_is_not_there(tmp_path: Path) -> None:
    publish(tmp_path, "2026-05-31", 1.0, language="zh")
    assert values(tmp_path, "2026-06-30", language="en") == [1.0]


def test_what_is_no_edition_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "2026-05-31").mkdir()
    (tmp_path / ".staging-2026-05-31").mkdir()
    assert values(tmp_path, "2026-06-30") == []


@pytest.mark.slow
def test_editions_of_one_run_look_back_on_each_other(demo_workbook: Workbook, tmp_path: Path) -> None:
    firm = without_reports(demo_workbook, tmp_path / "firm")
    write(firm, "risk", GOOD)
    result = run(firm, jobs=2, since="2026-04-30", until="2026-06-30")
    pages = [(edition.folder / "risk.html").read_text("utf-8") for edition in result.editions]
    assert ["as on 30 April 2026" in page for page in pages] == [False, True, False]
    assert ["as on 31 May 2026" in page for page in pages] == [False, False, True]
