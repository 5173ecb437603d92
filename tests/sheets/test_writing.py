"""Workbooks for people: marks, text that must not run, who may read the file, and what Excel cannot hold."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from clientlib.intake import check_file, workbooks
from clientlib.intake.sources import Source
from clientlib.sheets import limits
from clientlib.sheets.content import Mark, SheetContent
from clientlib.sheets.limits import LONGEST_TEXT, SheetError
from clientlib.sheets.writing import write_areas
from clientlib.tables import AREAS

ZONE = "Asia/Shanghai"
FEEDBACK = AREAS["feedback"]
RUN_BY_EXCEL = ["=1+1", "+SUM(A1)", "-2+3|cmd", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1", "\0=1", "{=1+1}"]


def answers(*comments: str | None, **columns: list[Any]) -> pl.DataFrame:
    count = len(comments)
    return pl.DataFrame(
        {
            "feedback_id": [f"F{number}" for number in range(count)],
            "client_id": ["C1"] * count,
            "given_at": ["2026-03-21 10:31:00"] * count,
            "comment": pl.Series(comments, dtype=pl.String),
            **columns,
        }
    )


def write(path: Path, rows: pl.DataFrame, *marks: Mark, **options: Any) -> Worksheet:
    write_areas(path, [SheetContent(FEEDBACK, rows, marks)], language="en", time_zone=ZONE, **options)
    sheet = openpyxl.load_workbook(path)["Feedback"]
    assert isinstance(sheet, Worksheet)
    return sheet


def cell(sheet: Worksheet, row: int, name: str) -> Any:
    place = [f.name for f in FEEDBACK.fields].index(name) + 1
    return sheet.cell(row + 2, place)


# ------------------------------------------------------------------- text that must not run
@pytest.mark.parametrize("text", RUN_BY_EXCEL)
def test_text_that_looks_like_a_formula_is_text_and_stays_so_when_edited(tmp_path: Path, text: str) -> None:
    found = cell(write(tmp_path / "x.xlsx", answers(text)), 0, "comment")
    assert found.data_type in ("s", "inlineStr")
    assert found.number_format == "@"
    assert found.quotePrefix == (text[0] != "{")


def read_back(path: Path) -> str:
    """The comment of the first row as the intake gets it, before it judges."""
    (table,) = workbooks.read(Source(path, path.name, "workbook"))
    (chunk,) = table.chunks
    place = [f.name for f in FEEDBACK.fields].index("comment")
    return str(chunk.rows.item(0, place))


ODD = ["a\x01b", "a\0b", "a\r\nb", "_x0041_", "_x005F_", "x\x0b", "<&>\"'", "a\ufffdb", "𠮷", " a "]


@pytest.mark.parametrize("text", [*RUN_BY_EXCEL, *ODD])
def test_text_comes_through_whatever_is_in_it(tmp_path: Path, text: str) -> None:
    write(tmp_path / "x.xlsx", answers(text))
    assert read_back(tmp_path / "x.xlsx") == text


def test_what_is_no_character_at_all_shows_as_unknown(tmp_path: Path) -> None:
    write(tmp_path / "x.xlsx", answers("a\uffffb"))
    assert read_back(tmp_path / "x.xlsx") == "a\ufffdb"


def test_a_link_in_a_text_is_no_link(tmp_path: Path) -> None:
    assert cell(write(tmp_path / "x.xlsx", answers("https://example.com")), 0, "comment").hyperlink is None


# ----------------------------------------------------------------------------------- marks
def test_a_mark_is_a_colour_and_a_comment_at_its_cell(tmp_path: Path) -> None:
    sheet = write(tmp_path / "x.xlsx", answers("a", "b"), Mark(1, "comment", "No."))
    marked, other = cell(sheet, 1, "comment"), cell(sheet, 0, "comment")
    assert marked.comment.text == "No."
    assert other.comment is None
    assert marked.fill.fgColor.rgb != other.fill.fgColor.rgb


def test_a_mark_without_a_field_stands_at_the_first_cell_of_the_row(tmp_path: Path) -> None:
    sheet = write(tmp_path / "x.xlsx", answers("a"), Mark(0, None, "The row stands twice."))
    assert cell(sheet, 0, "feedback_id").comment.text == "The row stands twice."


def test_several_marks_at_a_cell_are_all_said(tmp_path: Path) -> None:
    marks = [Mark(0, "comment", "First."), Mark(0, "comment", "Second.", "notice")]
    assert (
        cell(write(tmp_path / "x.xlsx", answers("a"), *marks), 0, "comment").comment.text == "First.\nSecond."
    )


def test_an_error_and_a_notice_look_different(tmp_path: Path) -> None:
    marks = [Mark(0, "comment", "No."), Mark(1, "comment", "Hm.", "notice")]
    sheet = write(tmp_path / "x.xlsx", answers("a", "b"), *marks)
    fills = {cell(sheet, row, "comment").fill.fgColor.rgb for row in (0, 1)}
    assert len(fills) == 2


def test_an_empty_cell_can_be_marked_without_being_filled(tmp_path: Path) -> None:
    found = cell(write(tmp_path / "x.xlsx", answers(None), Mark(0, "csat", "Empty.")), 0, "csat")
    assert (found.value, found.comment.text) == (None, "Empty.")


# --------------------------------------------------------------------------------- columns
def test_columns_that_are_no_fields_follow_under_their_own_names(tmp_path: Path) -> None:
    rows = answers("a", reasons=["Too long."], line=[18])
    sheet = write(tmp_path / "x.xlsx", rows)
    first = len(FEEDBACK.fields) + 1
    assert [sheet.cell(1, first + more).value for more in (0, 1)] == ["reasons", "line"]
    assert [sheet.cell(2, first + more).value for more in (0, 1)] == ["Too long.", 18]


def test_a_field_that_the_rows_do_not_have_stays_empty(tmp_path: Path) -> None:
    assert cell(write(tmp_path / "x.xlsx", answers("a")), 0, "nps").value is None


def test_a_time_is_shown_by_the_clock_of_the_firm(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 3, 21, 2, 31, tzinfo=dt.UTC)
    rows = answers("a").with_columns(given_at=pl.Series([moment], dtype=pl.Datetime("us", "UTC")))
    found = cell(write(tmp_path / "x.xlsx", rows), 0, "given_at")
    assert found.value == dt.datetime(2026, 3, 21, 10, 31)
    assert found.number_format == "yyyy-mm-dd hh:mm:ss"


def test_limits_reach_as_far_as_they_are_asked_to(tmp_path: Path) -> None:
    sheet = write(tmp_path / "x.xlsx", answers("a", "b"), spare_rows=3)
    assert {str(each.sqref).partition(":")[2][1:] for each in sheet.data_validations.dataValidation} == {"6"}


def test_spare_rows_are_no_rows(tmp_path: Path) -> None:
    write(tmp_path / "x.xlsx", answers("a"), spare_rows=500)
    assert check_file(tmp_path / "x.xlsx").rows_in == 1


def test_without_a_guide_the_code_lists_are_still_there(tmp_path: Path) -> None:
    write(tmp_path / "x.xlsx", answers("a"), guide=False)
    assert openpyxl.load_workbook(tmp_path / "x.xlsx").sheetnames == ["Feedback", "Code lists"]


# ------------------------------------------------------------------------ the file as such
def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_workbook_with_rows_is_for_its_owner_only(tmp_path: Path) -> None:
    write(tmp_path / "x.xlsx", answers("a"))
    assert mode(tmp_path / "x.xlsx") == 0o600


def test_an_empty_workbook_is_for_everybody(tmp_path: Path) -> None:
    write(tmp_path / "x.xlsx", answers())
    assert mode(tmp_path / "x.xlsx") == 0o644


def test_nothing_is_left_beside_the_workbook(tmp_path: Path) -> None:
    write(tmp_path / "x.xlsx", answers("a"))
    assert [path.name for path in tmp_path.iterdir()] == ["x.xlsx"]


def test_what_does_not_fit_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    write(path, answers("a"))
    before = path.read_bytes()
    with pytest.raises(SheetError, match=r"Feedback, G2: a text of 32,768 characters"):
        write(path, answers("x" * (LONGEST_TEXT + 1)))
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["x.xlsx"]


# ------------------------------------------------------------------------- Excel's limits
def test_a_character_beyond_the_first_plane_counts_twice() -> None:
    limits.fitting_text("𠮷" * 16_383, "here")
    with pytest.raises(SheetError):
        limits.fitting_text("𠮷" * 16_384, "here")


def test_more_rows_than_a_sheet_has_are_refused_before_any_is_written(tmp_path: Path) -> None:
    rows = pl.DataFrame({"feedback_id": pl.repeat("F", 1_048_076, eager=True)})
    with pytest.raises(SheetError, match=r"1,048,576 rows do not fit .* one branch"):
        write(tmp_path / "x.xlsx", rows)


@pytest.mark.parametrize("name", ["", "x" * 32, "a/b", "a:b", "[a]", "what?", "'quoted'"])
def test_a_name_that_no_sheet_can_have_is_refused(name: str) -> None:
    with pytest.raises(SheetError, match="cannot be called"):
        limits.fitting_sheet_name(name)


def test_a_hint_that_is_too_long_ends_in_an_ellipsis() -> None:
    assert limits.shortened("abcdef", 4) == "abc…"
    assert limits.length(limits.shortened("𠮷" * 200, 255)) <= 255
