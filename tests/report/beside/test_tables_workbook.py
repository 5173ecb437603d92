"""The tables of a report as an Excel workbook: what the page shows, as numbers, the same bytes each time."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import openpyxl
import pytest

from clientlib import config
from clientlib.report import RunResult, beside, exporter
from clientlib.report.beside import tables_workbook
from clientlib.report.page import BLOCK
from tests.sheets.spreadsheets import convert

SETTINGS = config.load()
COLUMNS = [
    {"name": "branch", "title": "Branch", "kind": "text"},
    {"name": "clients", "title": "Clients", "kind": "count"},
    {"name": "share", "title": "Share", "kind": "percent"},
    {"name": "value", "title": "Market value", "kind": "money"},
    {"name": "since", "title": "Since", "kind": "day"},
    {"name": "wait", "title": "Wait", "kind": "days"},
]
ROWS = [
    ["=HYPERLINK(A1)", 1200, 0.125, 1234567.0, "2026-06-30", 1.5],
    ["North", "<5", None, None, None, float("inf")],
]


def notebook(*titles: str) -> dict[str, Any]:
    """An executed notebook with a table of each title, in English."""
    head: dict[str, Any] = {
        "kind": "head",
        "as_of": "2026-06-30",
        "known_at": "2026-07-01T02:03:04+00:00",
        "branch": "all",
    }
    head |= {"language": "en", "code": "clientlib 0.1.0", "batches": 2, "rows": 123456}
    blocks: list[dict[str, Any]] = [head, {"kind": "section", "heading": "How many?", "anchor": "sizes"}]
    figure = {
        "key": "value",
        "label": "Value",
        "value": 5.0,
        "kind": "money",
        "currency": "CNY",
        "note": "all",
    }
    blocks.insert(1, {"kind": "figures", "figures": [figure]})
    for title in titles:
        data = {"title": title, "currency": "CNY", "columns": COLUMNS, "rows": ROWS}
        blocks.append({"kind": "table", "data": data})
    outputs = [{"output_type": "display_data", "data": {BLOCK: b}, "metadata": {}} for b in blocks]
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": outputs}
    return {"cells": [cell], "metadata": {"clientlib": {"title_en": "Sizes", "question_en": "How many?"}}}


def written(folder: Path, *titles: str) -> Path:
    target = folder / "sizes.xlsx"
    tables_workbook.write(notebook(*titles), target, SETTINGS, "sizes.html")
    return target


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The sheet of the table above, as openpyxl reads it."""
    return openpyxl.load_workbook(written(tmp_path_factory.mktemp("sizes"), "Sizes"))["Sizes"]


def test_numbers_are_numbers_in_the_format_of_their_kind(sizes: Any) -> None:
    told = [(cell.value, cell.number_format) for cell in sizes[2]][1:4]
    assert told == [(1200, "#,##0"), (0.125, "0.0%"), (1234567, "#,##0")]


def test_a_date_is_a_date(sizes: Any) -> None:
    assert (sizes["E2"].is_date, str(sizes["E2"].value)[:10]) == (True, "2026-06-30")


def test_units_stand_in_the_heads(sizes: Any) -> None:
    heads = [cell.value for cell in sizes[1]]
    assert heads == ["Branch", "Clients", "Share", "Market value (CNY)", "Since", "Wait (days)"]


def test_what_is_withheld_shows_as_on_the_page(sizes: Any) -> None:
    assert [cell.value for cell in sizes[3]] == ["North", "<5", "–", "–", "–", "∞"]


def test_text_is_never_a_formula(sizes: Any) -> None:
    assert (sizes["A2"].value, sizes["A2"].data_type) == ("=HYPERLINK(A1)", "s")


def test_the_heads_stay_in_sight_and_filter(sizes: Any) -> None:
    assert (sizes.freeze_panes, sizes.auto_filter.ref) == ("B2", "A1:F3")


def test_the_figures_stand_on_a_sheet_of_their_own(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(written(tmp_path, "Sizes"))["At a glance"]
    assert [cell.value for cell in sheet[2]] == ["Value (CNY)", 5, "all"]


def test_the_first_sheet_says_what_this_is_and_from_where(tmp_path: Path) -> None:
    about = openpyxl.load_workbook(written(tmp_path, "Sizes")).worksheets[0]
    told = "\n".join(str(cell) for row in about.values for cell in row if cell is not None)
    for part in ("How many?", "2026-06-30", "All branches", "123,456", "clientlib 0.1.0", "in-house only"):
        assert part in told


def test_the_first_sheet_leads_to_each_table(tmp_path: Path) -> None:
    about = openpyxl.load_workbook(written(tmp_path, "It's", "Sizes")).worksheets[0]
    places = [link.location for cell in about["A"] if (link := cell.hyperlink)]
    assert places == ["'At a glance'!A1", "'It''s'!A1", "'Sizes'!A1"]


@pytest.mark.parametrize(
    ("title", "taken", "name"),
    [
        ("Clients: by [branch]?", [], "Clients by branch"),
        ("a" * 40, [], "a" * 31),
        ("a" * 40, ["a" * 31], "a" * 29 + " 2"),
        ("sizes", ["sizes"], "sizes 2"),
        ("History", [], "History 2"),
        ("'/'", [], "-"),
        ("各客群的客户占比与市值占比", [], "各客群的客户占比与市值占比"),
    ],
)
def test_a_sheets_name_is_one_that_excel_takes(title: str, taken: list[str], name: str) -> None:
    assert tables_workbook.sheet_name(title, taken) == name


def test_the_same_notebook_gives_the_same_bytes(tmp_path: Path) -> None:
    first = written(tmp_path / "a", "Sizes").read_bytes()
    assert written(tmp_path / "b", "Sizes").read_bytes() == first


def test_a_report_without_tables_gets_no_workbook(tmp_path: Path) -> None:
    page = tmp_path / "sizes.html"
    assert beside.expected(["xlsx"], notebook(), page, SETTINGS) == ()
    assert beside.make(["xlsx"], notebook(), page, SETTINGS) == beside.Beside()


# ------------------------------------------------------------------ those of a real run
@pytest.mark.slow
def test_every_report_has_a_workbook_with_each_of_its_tables(report_run: RunResult) -> None:
    for outcome in report_run.outcomes:
        executed = nbformat.read(report_run.folder / outcome.notebook, as_version=4)
        tables = [b for b in exporter.blocks(executed) if b.facts.get("data")]
        (file,) = outcome.files
        book = openpyxl.load_workbook(report_run.folder / file)
        numbered = [name for name in book.sheetnames[1:] if name not in ("At a glance", "概览")]
        assert len(numbered) == len(tables), file


@pytest.mark.slow
def test_libreoffice_opens_one_in_chinese(report_run: RunResult, tmp_path: Path) -> None:
    own = Path(shutil.copy(report_run.folder / "segmentation.zh.xlsx", tmp_path / "segmentation.xlsx"))
    seen = openpyxl.load_workbook(convert(own, "xlsx:Calc MS Excel 2007 XML"))
    told = {str(cell) for sheet in seen for row in sheet.values for cell in row}
    (made,) = [o for o in report_run.outcomes if (o.report, o.language) == ("segmentation", "zh")]
    counted = next(figure["value"] for figure in made.figures if figure["key"] == "clients")
    assert {"仅供管理人员内部使用", "核心客户", f"{counted:.0f}"} <= told
