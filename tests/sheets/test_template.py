"""The way of a template: written, filled in as a person would, taken by the intake as it was typed."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from polars.testing import assert_frame_equal

from clientlib.config import Language
from clientlib.declare import Field
from clientlib.errors import IntakeError, Unwritable
from clientlib.examples import example
from clientlib.intake import CheckResult, check_file
from clientlib.intake.cells import read
from clientlib.sheets import guide, lists
from clientlib.sheets.content import SheetContent
from clientlib.sheets.limits import SheetError
from clientlib.sheets.template import write_template
from clientlib.sheets.writing import write_areas
from clientlib.tables import AREAS, AreaInfo

ZONE = "Asia/Shanghai"
LANGUAGES: tuple[Language, ...] = ("en", "zh")
Template = tuple[Path, Language]


@pytest.fixture(scope="module", params=LANGUAGES)
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Template:
    path = tmp_path_factory.mktemp("template") / "template.xlsx"
    write_template(path, AREAS, language=request.param, time_zone=ZONE)
    return path, request.param


def typed(field: Field, language: Language) -> Any:
    """The example of a field as a person's Excel has it after typing: dates and numbers become such."""
    text = example(field, language)
    value = read(text, field, ZoneInfo(ZONE)).value
    if field.kind == "instant":
        return dt.datetime.fromisoformat(text)
    return value if isinstance(value, int | float | dt.date) and field.kind != "yes_no" else text


def fill(path: Path, rows: dict[str, list[Any]], language: Language, target: Path) -> Path:
    """Types rows into the template, cell by cell, and saves it as another file."""
    book = openpyxl.load_workbook(path)
    for name, cells in rows.items():
        sheet = book[AREAS[name].title(language)]
        for place, cell in enumerate(cells, start=1):
            sheet.cell(2, place).value = cell
    book.save(target)
    return target


def without_place(result: CheckResult, area: AreaInfo) -> pl.DataFrame:
    return result.accepted[area.name].select(f.name for f in area.fields)


# ------------------------------------------------------------------------------ filled in
def test_what_was_typed_into_every_cell_is_what_the_intake_takes(template: Template, tmp_path: Path) -> None:
    path, language = template
    rows = {area.name: [typed(f, language) for f in area.fields] for area in AREAS.values()}
    result = check_file(fill(path, rows, language, tmp_path / "filled.xlsx"))
    assert result.findings.is_empty(), result.findings.rows()
    for area in AREAS.values():
        expected = [read(example(f, language), f, ZoneInfo(ZONE)).value for f in area.fields]
        assert without_place(result, area).rows() == [tuple(expected)], area.name


def test_sheets_that_nobody_needed_are_left_aside_without_a_word(template: Template, tmp_path: Path) -> None:
    path, language = template
    rows = {"feedback": [typed(f, language) for f in AREAS["feedback"].fields]}
    result = check_file(fill(path, rows, language, tmp_path / "one.xlsx"))
    assert result.findings.is_empty()
    assert list(result.accepted) == ["feedback"]


def test_a_template_that_nobody_filled_in_is_empty(template: Template) -> None:
    with pytest.raises(IntakeError, match="the workbook is empty"):
        check_file(template[0])


def test_our_own_sheets_are_known_also_when_they_were_renamed(template: Template, tmp_path: Path) -> None:
    path, language = template
    rows = {"feedback": [typed(f, language) for f in AREAS["feedback"].fields]}
    target = fill(path, rows, language, tmp_path / "renamed.xlsx")
    book = openpyxl.load_workbook(target)
    for name in (guide.NAMES[language], lists.NAMES[language]):
        for marker in [n for n, d in book.defined_names.items() if name in d.value]:
            book.defined_names[marker].value = f"'My {name}''s'!$A$1"
        book[name].title = f"My {name}'s"
    book.save(target)
    assert check_file(target).findings.is_empty()


@pytest.mark.parametrize(
    "name", ["𠮷野家", "阿卜杜拉·买买提", "O'Brien-Müller", "张伟（小）", "欧阳" * 25, "Nguyễn Thị"]
)
def test_rare_names_come_through(template: Template, tmp_path: Path, name: str) -> None:
    path, language = template
    clients = AREAS["clients"]
    row = {f.name: typed(f, language) for f in clients.fields}
    row |= {"full_name": name, "client_id": "000123", "remarks": "👍🏽 已核对\n第二行"}
    result = check_file(fill(path, {"clients": list(row.values())}, language, tmp_path / "rare.xlsx"))
    taken = without_place(result, clients).row(0, named=True)
    assert (taken["full_name"], taken["client_id"]) == (name, "000123")
    assert taken["remarks"] == row["remarks"]


# ------------------------------------------------------------------------------ prefilled
def readable(field: Field) -> st.SearchStrategy[str]:
    """Texts that can stand in the book: the intake takes them as they are."""
    alphabet = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")
    zone = ZoneInfo(ZONE)
    return st.text(alphabet, min_size=1, max_size=field.maximum).filter(
        lambda text: (reading := read(text, field, zone)).value == text and reading.change is None
    )


def value_of(field: Field) -> st.SearchStrategy[Any]:
    if field.kind == "instant":
        drawn: st.SearchStrategy[Any] = st.datetimes(
            dt.datetime(1900, 1, 2), dt.datetime(2199, 12, 30), timezones=st.just(dt.UTC)
        )
    elif field.kind == "date":
        drawn = st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31))
    elif field.kind == "integer":
        drawn = st.integers(field.minimum, field.maximum)
    elif field.kind in ("money", "number"):
        drawn = st.floats(field.minimum, allow_nan=False, allow_infinity=False)
    elif field.code_list is not None:
        drawn = st.sampled_from(field.code_list.values)
    elif field.pattern is not None:
        drawn = st.from_regex(re.compile(field.pattern, re.ASCII), fullmatch=True)
    else:
        drawn = readable(field)
    return drawn if field.required else st.none() | drawn


def rows_of(area: AreaInfo) -> st.SearchStrategy[pl.DataFrame]:
    row = st.fixed_dictionaries({f.name: value_of(f) for f in area.fields})
    key = [lambda row, name=name: row[name] for name in area.key]
    schema = {f.name: f.dtype for f in area.fields}
    return st.lists(row, min_size=1, max_size=5, unique_by=tuple(key)).map(
        lambda rows: pl.DataFrame(rows, schema=schema)
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["feedback", "balances", "securities"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(data=st.data(), language=st.sampled_from(LANGUAGES))
def test_what_was_put_in_beforehand_comes_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject, language: Language
) -> None:
    area = AREAS[name]
    rows = data.draw(rows_of(area))
    path = tmp_path_factory.mktemp("prefilled") / "template.xlsx"
    write_template(path, AREAS, names=[name], language=language, prefill={name: rows}, time_zone=ZONE)
    assert_frame_equal(without_place(check_file(path), area), rows)


def demo_clients(count: int) -> pl.DataFrame:
    clients = AREAS["clients"]
    row = {f.name: read(example(f, "zh"), f, ZoneInfo(ZONE)).value for f in clients.fields}
    numbers = pl.int_range(count, eager=True)
    return (
        pl.DataFrame([row], schema={f.name: f.dtype for f in clients.fields})
        .select(pl.all().repeat_by(count).explode())
        .with_columns(client_id=pl.format("C{}", numbers), branch=pl.format("B{}", numbers % 3))
    )


@pytest.mark.slow
def test_no_row_is_lost_over_the_pieces_that_are_written(tmp_path: Path) -> None:
    rows = demo_clients(11_000)
    path = tmp_path / "many.xlsx"
    write_template(path, AREAS, names=["clients"], prefill={"clients": rows}, time_zone=ZONE)
    assert_frame_equal(without_place(check_file(path), AREAS["clients"]), rows)


# --------------------------------------------------------------------------------- branch
def test_of_a_branch_only_its_own_clients_are_put_in(tmp_path: Path) -> None:
    clients = demo_clients(6)
    balances = pl.DataFrame(
        {"client_id": clients["client_id"], "as_of": [dt.date(2026, 3, 21)] * 6, "cash": [1.0] * 6}
    )
    path = tmp_path / "branch.xlsx"
    prefill = {"clients": clients, "balances": balances}
    write_template(path, AREAS, names=["balances"], branch="B1", prefill=prefill, time_zone=ZONE)
    sheet = openpyxl.load_workbook(path)["Cash and margin"]
    assert [cell.value for cell in sheet["A"][1:]] == ["C1", "C4"]


def test_rows_whose_branch_nobody_tells_are_not_given_out(tmp_path: Path) -> None:
    balances = pl.DataFrame({"client_id": ["C1"], "as_of": [dt.date(2026, 3, 21)]})
    with pytest.raises(SheetError, match="belong to a branch"):
        write_template(
            tmp_path / "x.xlsx", AREAS, branch="B1", prefill={"balances": balances}, time_zone=ZONE
        )


# ------------------------------------------------------------------------------- asked for
def test_only_the_areas_asked_for_get_a_sheet(tmp_path: Path) -> None:
    path = tmp_path / "two.xlsx"
    write_template(path, AREAS, names=["trades", "clients"], time_zone=ZONE)
    names = openpyxl.load_workbook(path).sheetnames
    assert names == ["Guide", "Trades", "Basic information", "Code lists"]


@pytest.mark.parametrize(
    ("names", "said"), [(["trade"], "Did you mean trades"), (["weather"], "Choose from"), ([], "No area")]
)
def test_an_area_that_there_is_not_is_an_error_with_the_mend(
    tmp_path: Path, names: list[str], said: str
) -> None:
    with pytest.raises(SheetError, match=said):
        write_template(tmp_path / "x.xlsx", AREAS, names=names, time_zone=ZONE)


def test_a_template_is_called_xlsx(tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match=r"end in \.xlsx"):
        write_template(tmp_path / "x.xls", AREAS, time_zone=ZONE)


def test_the_guide_has_words_for_every_area_in_both_languages() -> None:
    purposes = guide.words()["sheets"]["areas"]
    assert set(purposes) == set(AREAS)
    assert all(set(words) == set(LANGUAGES) for words in purposes.values())


def test_the_headers_show_both_titles_and_a_star_where_required(template: Template) -> None:
    path, language = template
    sheet = openpyxl.load_workbook(path)[AREAS["clients"].title(language)]
    wanted = {"en": ["* Full name\n姓名", "Gender\n性别"], "zh": ["* 姓名\nFull name", "性别\nGender"]}
    assert set(wanted[language]) <= {cell.value for cell in sheet[1]}


def test_headers_stay_in_sight_and_are_printed_on_every_page(template: Template) -> None:
    path, language = template
    sheet = openpyxl.load_workbook(path)[AREAS["clients"].title(language)]
    assert sheet.freeze_panes == "B2"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.auto_filter.ref.startswith("A1:")


def test_a_sheet_of_text_keeps_digits_that_a_number_would_lose(template: Template) -> None:
    path, language = template
    sheet = openpyxl.load_workbook(path)[AREAS["contacts"].title(language)]
    place = [f.name for f in AREAS["contacts"].fields].index("mobile")
    assert sheet.column_dimensions[get_column_letter(place + 1)].number_format == "@"


def test_a_firms_own_field_is_in_the_template(tmp_path: Path) -> None:
    from clientlib.custom import extended

    areas = extended(
        '[feedback.mood]\ntitle_en = "Mood"\ntitle_zh = "心情"\ntype = "code"\ncodes = { g = ["Good", "好"] }'
    )
    rows = pl.DataFrame(
        {"feedback_id": ["F1"], "client_id": ["C1"], "given_at": ["2026-03-21 10:31:00"], "mood": ["g"]}
    )
    path = tmp_path / "own.xlsx"
    write_areas(path, [SheetContent(areas["feedback"], rows)], language="zh", time_zone=ZONE)
    assert check_file(path, areas=areas).accepted["feedback"].item(0, "mood") == "g"
