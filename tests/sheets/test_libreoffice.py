"""Templates in LibreOffice: opened, saved in its own forms, and the same cells in them."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from clientlib.config import Language
from clientlib.examples import example
from clientlib.intake import check_file
from clientlib.intake.cells import read
from clientlib.sheets.content import Mark, SheetContent
from clientlib.sheets.template import write_template
from clientlib.sheets.writing import write_areas
from clientlib.tables import AREAS, AreaInfo
from tests.sheets.spreadsheets import convert

pytestmark = pytest.mark.slow
ZONE = "Asia/Shanghai"
EXCEL = "xlsx:Calc MS Excel 2007 XML"
UTF_8 = "csv:Text - txt - csv (StarCalc):44,34,76"
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "=HYPERLINK(0)", "\t=1+1"]


def one_row(area: AreaInfo, language: Language) -> pl.DataFrame:
    row = {f.name: read(example(f, language), f, ZoneInfo(ZONE)).value for f in area.fields}
    return pl.DataFrame([row], schema={f.name: f.dtype for f in area.fields})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_libreoffice_saves_is_read_back_as_it_was(tmp_path: Path, language: Language) -> None:
    path = tmp_path / "template.xlsx"
    rows = {area.name: one_row(area, language) for area in AREAS.values()}
    write_template(path, AREAS, language=language, prefill=rows, time_zone=ZONE)
    result = check_file(convert(path, EXCEL))
    assert result.findings.is_empty(), result.findings.rows()
    for area in AREAS.values():
        assert_frame_equal(result.accepted[area.name].select(rows[area.name].columns), rows[area.name])


def test_libreoffice_keeps_the_limits_and_the_colours(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    write_template(path, AREAS, names=["clients"], time_zone=ZONE)
    before, after = (
        openpyxl.load_workbook(each)["Basic information"] for each in (path, convert(path, EXCEL))
    )
    kinds = [sorted(v.type for v in s.data_validations.dataValidation) for s in (before, after)]
    assert kinds[0] == kinds[1]
    rules = [sum(len(r.rules) for r in s.conditional_formatting) for s in (before, after)]
    assert rules[0] == rules[1]


def test_a_template_can_be_saved_as_an_open_document(tmp_path: Path) -> None:
    path = tmp_path / "template.xlsx"
    content = SheetContent(AREAS["trades"], one_row(AREAS["trades"], "zh"), [Mark(0, "price", "Check it.")])
    write_areas(path, [content], language="zh", time_zone=ZONE)
    assert convert(path, "ods").stat().st_size > 0


def test_a_sheet_saved_as_csv_is_still_understood(tmp_path: Path) -> None:
    path, clients = tmp_path / "clients.xlsx", AREAS["clients"]
    rows = one_row(clients, "zh")
    write_areas(path, [SheetContent(clients, rows)], language="zh", time_zone=ZONE, guide=False)
    result = check_file(convert(path, UTF_8))
    assert result.findings.is_empty(), result.findings.rows()
    assert_frame_equal(result.accepted["clients"].select(rows.columns), rows)


def test_text_that_looks_like_a_formula_is_shown_and_not_computed(tmp_path: Path) -> None:
    path = tmp_path / "formulas.xlsx"
    rows = pl.DataFrame(
        {
            "feedback_id": [f"F{number}" for number in range(len(FORMULAS))],
            "given_at": [dt.datetime(2026, 3, 21, tzinfo=dt.UTC)] * len(FORMULAS),
            "comment": FORMULAS,
        }
    )
    write_areas(path, [SheetContent(AREAS["feedback"], rows)], language="en", time_zone=ZONE, guide=False)
    place = [f.name for f in AREAS["feedback"].fields].index("comment")
    with convert(path, UTF_8).open(encoding="utf-8", newline="") as stream:
        shown = [row[place] for row in csv.reader(stream)][1:]
    assert shown == FORMULAS
