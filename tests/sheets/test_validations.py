"""The validations of a template, read back as Excel finds them, for every field of every area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from clientlib.config import Language
from clientlib.declare import Field
from clientlib.sheets.limits import LONGEST_FORMULA, LONGEST_PROMPT, LONGEST_PROMPT_TITLE
from clientlib.sheets.lists import used
from clientlib.sheets.template import SPARE_ROWS, write_template
from clientlib.sheets.validations import plain_characters
from clientlib.sheets.validations import validation as limit
from clientlib.sheets.values import LARGEST_WHOLE, shown_labels
from clientlib.tables import AREAS

LANGUAGES: tuple[Language, ...] = ("en", "zh")
FIELDS = [field for area in AREAS.values() for field in area.fields]
Books = dict[Language, Any]
Limit = Any
"""A validation as openpyxl has it: of its texts the stubs say that they may be missing."""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Books:
    folder = tmp_path_factory.mktemp("templates")
    made = {}
    for language in LANGUAGES:
        path = folder / f"{language}.xlsx"
        write_template(path, AREAS, language=language, time_zone="Asia/Shanghai")
        made[language] = openpyxl.load_workbook(path)
    return made


@pytest.fixture(params=LANGUAGES)
def found(request: pytest.FixtureRequest, books: Books) -> Callable[[Field], Limit]:
    """The validation of a field's column, in either language."""

    def of(field: Field) -> Limit:
        return validation(books, request.param, field)

    return of


def validation(books: Books, language: Language, field: Field) -> Limit:
    area = AREAS[field.area]
    place = [f.name for f in area.fields].index(field.name) + 1
    letters = get_column_letter(place)
    wanted = f"{letters}2:{letters}{SPARE_ROWS + 1}"
    sheet = books[language][area.title(language)]
    (only,) = [each for each in sheet.data_validations.dataValidation if str(each.sqref) == wanted]
    return only


def source(books: Books, language: Language, field: Field) -> list[str]:
    """What a drop-down list offers: the cells that the validation refers to."""
    sheet, _, cells = validation(books, language, field).formula1.partition("!")
    column = books[language][sheet.strip("'")][cells.replace("$", "")]
    return [cell.value for (cell,) in column]


def by_kind(*kinds: str) -> list[Any]:
    return [pytest.param(f, id=f"{f.area}-{f.name}") for f in FIELDS if f.kind in kinds]


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f"{f.area}-{f.name}")
def test_every_cell_has_a_hint_and_an_answer_to_what_is_wrong(
    field: Field, found: Callable[[Field], Limit]
) -> None:
    each = found(field)
    assert each.allow_blank
    assert each.showInputMessage
    assert each.showErrorMessage
    assert 0 < len(each.promptTitle) <= LONGEST_PROMPT_TITLE
    assert 0 < len(each.prompt) <= LONGEST_PROMPT
    assert 0 < len(each.error) <= LONGEST_PROMPT
    assert len(each.formula1) <= LONGEST_FORMULA


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("field", by_kind("code", "yes_no"))
def test_a_coded_field_offers_its_labels(books: Books, language: Language, field: Field) -> None:
    assert field.code_list is not None
    assert validation(books, language, field).type == "list"
    assert source(books, language, field) == list(shown_labels(field.code_list, language).values())


@pytest.mark.parametrize("field", by_kind("code", "yes_no"))
def test_only_a_long_list_lets_its_codes_be_typed(field: Field, found: Callable[[Field], Limit]) -> None:
    assert field.code_list is not None
    long = len(field.code_list.entries) > 30
    assert (found(field).errorStyle == "warning") == long


@pytest.mark.parametrize("field", by_kind("codes"))
def test_a_field_of_several_codes_is_no_list_of_one(field: Field, found: Callable[[Field], Limit]) -> None:
    assert found(field).type == "textLength"
    assert found(field).errorStyle == "warning"


@pytest.mark.parametrize("field", by_kind("date", "instant"))
def test_dates_are_limited_to_those_of_the_field(field: Field, found: Callable[[Field], Limit]) -> None:
    each = found(field)
    epoch = dt.datetime(1899, 12, 30)
    assert each.type == "date"
    assert float(each.formula1) == 1  # 1900-01-01, in Excel's count
    assert (epoch + dt.timedelta(days=float(each.formula2))).date() == field.maximum


@pytest.mark.parametrize("field", by_kind("number", "money", "fraction", "integer"))
def test_numbers_are_limited_to_those_of_the_field(field: Field, found: Callable[[Field], Limit]) -> None:
    each = found(field)
    assert each.type == ("whole" if field.kind == "integer" else "decimal")
    if field.above is not None:
        assert (each.operator, float(each.formula1)) == ("greaterThan", field.above)
        return
    low, high = float(each.formula1), float(each.formula2)
    assert low == (field.minimum if field.minimum is not None else -LARGEST_WHOLE)
    assert high == (field.maximum if field.maximum is not None else LARGEST_WHOLE)


@pytest.mark.parametrize("field", by_kind("text", "id_number", "phone", "email"))
def test_texts_are_limited_in_length(field: Field, found: Callable[[Field], Limit]) -> None:
    each = found(field)
    if each.type == "textLength":
        assert (each.operator, int(each.formula1)) == ("lessThanOrEqual", field.maximum)
    else:
        assert each.type == "custom"
        assert f"<={field.maximum + (5 if field.kind == 'phone' else 0)}" in each.formula1


def test_no_bound_is_written_with_an_exponent() -> None:
    cash = AREAS["balances"].field("cash")
    small = replace(cash, minimum=1e-7, maximum=1e300)
    limited = limit(small, "A2", used([], "en", None), None)
    assert (limited["minimum"], limited["maximum"]) == ("=0.0000001", f"={LARGEST_WHOLE}")


def test_a_phone_is_only_warned_of(books: Books) -> None:
    assert validation(books, "en", AREAS["contacts"].field("mobile")).errorStyle == "warning"


def test_only_the_own_branch_may_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "branch.xlsx"
    write_template(path, AREAS, names=["clients"], branch="Sun, Moon & 星", time_zone="Asia/Shanghai")
    books = {"en": openpyxl.load_workbook(path)}
    assert source(books, "en", AREAS["clients"].field("branch")) == ["Sun, Moon & 星"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (r"[A-C]{2}\d{1,3}", "0123ABC"),
        (r"[a-b\-.]+", "-.ab"),
        (r"(?:a|b)", None),
        (r"[^a]", None),
        (r"\+\d{6}", None),
        (r"AB\d", None),
    ],
)
def test_the_characters_of_a_pattern_are_known_where_it_is_made_of_classes(
    pattern: str, allowed: str | None
) -> None:
    found = plain_characters(pattern)
    assert (found is None) == (allowed is None)
    assert allowed is None or set(allowed) <= set(found or "")
