"""The questions about a hand-in: drop-down lists, colours, no identity, for their owner only."""

from __future__ import annotations

import stat
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from clientlib.intake.recognise.files import COLUMNS_FOUND, WORDS_FOUND, Recognised
from clientlib.sheets.confirmation import write_confirmation
from clientlib.sheets.looks import MISSING_FILL


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """One unsure column and two words, one of them decided before."""
    column = ("x.csv", "", 2, "=1+1", False, "clients", "full_name", 0.6, "unsure", "张**", "Why.", "理由。")
    words = [
        ("clients", "occupation", "夜市小贩", "4", 0.8, "sure", 3),
        ("clients", "occupation", "跑单王", "4", 1.0, "decided", 1),
    ]
    found = Recognised(
        pl.DataFrame([column], schema=COLUMNS_FOUND, orient="row"),
        pl.DataFrame(words, schema=WORDS_FOUND, orient="row"),
    )
    path = tmp_path / "questions.xlsx"
    write_confirmation(path, found, language="en")
    return path


def cells(path: Path, sheet: str, title: str) -> list[object]:
    rows = list(openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True))
    return [row[rows[0].index(title)] for row in rows[1:]]


def test_a_guess_stands_with_its_confidence_and_reason(questions: Path) -> None:
    assert cells(questions, "Columns", "It may be") == ["Basic information · Full name"]
    assert cells(questions, "Columns", "Confidence") == [0.6]
    assert cells(questions, "Columns", "Why") == ["Why."]


def test_every_question_has_its_two_lists(questions: Path) -> None:
    book = openpyxl.load_workbook(questions)
    for name in ("Columns", "Words"):
        sheet = book[name]
        lists = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
        assert len(lists) == 2 * (sheet.max_row - 1)


def test_a_title_like_a_formula_is_text(questions: Path) -> None:
    sheet = openpyxl.load_workbook(questions)["Columns"]
    found = next(cell for cell in sheet[2] if cell.value == "=1+1")
    assert found.quotePrefix


def test_what_was_decided_before_is_answered_already(questions: Path) -> None:
    assert cells(questions, "Words", "Right?") == [None, "Yes"]


def test_an_unsure_column_is_coloured(questions: Path) -> None:
    sheet = openpyxl.load_workbook(questions)["Columns"]
    assert sheet["A2"].fill.fgColor.rgb == f"FF{MISSING_FILL[1:]}"


def test_only_the_owner_may_read_it(questions: Path) -> None:
    assert stat.S_IMODE(questions.stat().st_mode) == 0o600
