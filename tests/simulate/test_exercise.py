"""The exercise: a check names exactly the cells of its answers, and none once they are mended."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import openpyxl
import pytest

from clientlib.config import Language
from clientlib.intake import check_file
from clientlib.simulate.exercise import RIGHT, Answer, answers, write_exercise

LANGUAGES: list[Language] = ["en", "zh"]
DOCS = Path(__file__).parents[2] / "docs" / "exercise"


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Language:
    return cast("Language", request.param)


@pytest.fixture
def workbook(language: Language, tmp_path: Path) -> Path:
    return write_exercise(tmp_path, language)[0]


def cells(path: Path) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(path)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


def mended(path: Path, solution: list[Answer]) -> Path:
    """Types the answers into the workbook, as a trainee does."""
    book = openpyxl.load_workbook(path)
    for answer in solution:
        sheet = book[answer.sheet]
        titles = [str(cell.value) for cell in sheet[1]]
        column = next(place for place, title in enumerate(titles, start=1) if answer.column in title)
        sheet.cell(answer.row, column, answer.mend)
    book.save(path)
    return path


def test_it_has_twelve_errors_in_fifteen_rows() -> None:
    assert len(answers()) == 12
    assert sum(len(rows) for rows in RIGHT.values()) == 15


def test_a_check_names_exactly_the_cells_of_the_answers(workbook: Path, language: Language) -> None:
    found = check_file(workbook).errors.select("sheet", "row", "field", "rule").rows()
    assert sorted(found) == sorted((a.sheet, a.row, a.field, a.rule) for a in answers(language))


def test_with_the_answers_typed_in_every_row_is_taken(workbook: Path, language: Language) -> None:
    result = check_file(mended(workbook, answers(language)))
    assert result.errors.is_empty()
    assert {area: frame.height for area, frame in result.accepted.items()} == {
        area: len(rows) for area, rows in RIGHT.items()
    }


def test_the_answers_stand_beside_it(language: Language, tmp_path: Path) -> None:
    page = write_exercise(tmp_path, language)[1].read_text("utf-8")
    assert all(answer.why in page and answer.mend in page for answer in answers(language))


def test_the_exercise_of_the_handbook_is_the_one_that_is_written(workbook: Path, language: Language) -> None:
    kept, made = (cells(path) for path in (DOCS / workbook.name, workbook))
    sheets = {answer.sheet for answer in answers(language)}
    assert {name: kept[name] for name in sheets} == {name: made[name] for name in sheets}
