"""Conditional formats: every rule has one, and LibreOffice finds by them what the intake finds."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from openpyxl.formula.translate import Translator

from clientlib.config import Language
from clientlib.declare import RULE_TEXTS, Field, rules_of
from clientlib.intake.result import PROBLEMS
from clientlib.intake.validate import validate
from clientlib.sheets.formulas import NAMED_LISTS, RULES, Cells, colourings
from clientlib.sheets.limits import LONGEST_FORMULA
from clientlib.sheets.values import values
from clientlib.tables import AREAS, AreaInfo
from tests.sheets.spreadsheets import convert

ZONE = "Asia/Shanghai"
ROWS = 160
LANGUAGES: tuple[Language, ...] = ("en", "zh")
MILDER = {"consent_not_later"}
"""Formulas that colour less than the rule refuses: this one knows no UTC."""
TODAY = dt.date(2026, 3, 21)
CARDS = (
    "11010519491231002X",  # the example of GB 11643-1999
    "440524188001010014",  # of the same standard
    "780101198503210017",
    "780101198503210010",
    "78010119850321001X",
    "780101198513210017",
    "080101198503210017",
    "7801011985032100I7",
    "78010119850321001Y",
    "780101850321001",
    "1.345E78901234567X",
    "P1234567",
)
POOLS: Mapping[str, tuple[Any, ...]] = {
    "id_number": CARDS,
    "gender": ("1", "2", "9", None),
    "birth_date": (
        dt.date(1985, 3, 21),
        dt.date(1949, 12, 31),
        dt.date(2001, 6, 3),
        dt.date(2001, 6, 4),
        dt.date(1905, 1, 1),
        None,
    ),
    "opened_on": (dt.date(2019, 6, 3), dt.date(1995, 1, 1)),
    "quantity": (10.0, 1000.0, None),
    "price": (1.5, 2.0),
    "amount": (15.0, 15.009, 15.02, 20.0, 2000.0, 2000.001, 1500.0, 1500.2),
    "total_assets": (100.0, 300.0, None),
    "liabilities": (0.0, 200.0, None),
    "net_assets": (100.0, 100.9, 101.5, 300.0, -100.0, None),
    "financial_assets": (50.0, 101.0, 101.5, 301.5, None),
    "client_id": ("C1", "c1", "C2"),
    "related_client_id": ("C1", "C2", None),
    "related_name": ("李娜", None),
    "remarks": ("稍后补齐", None, None),
}


def value(field: Field, chance: random.Random) -> Any:
    if field.name in POOLS:
        return chance.choice(POOLS[field.name])
    if field.kind == "date":
        return chance.choice((TODAY, TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1), None))
    if field.kind == "instant":
        days = chance.choice((-1, 0, 0, 1))
        return dt.datetime(2026, 3, 21, chance.choice((1, 9, 20)), 31, tzinfo=dt.UTC) + dt.timedelta(
            days=days
        )
    if field.kind == "yes_no":
        return chance.choice((True, False, None))
    if field.code_list is not None:
        return chance.choice((*field.code_list.values[:4], *field.code_list.values[:1] * 4, None))
    return None


def some_rows(area: AreaInfo) -> pl.DataFrame:
    chance = random.Random(area.name)
    rows = [{f.name: value(f, chance) for f in area.fields} for _ in range(ROWS)]
    return pl.DataFrame(rows, schema={f.name: f.dtype for f in area.fields})


def refused(area: AreaInfo, rows: pl.DataFrame) -> dict[str, set[int]]:
    """Rule over several fields → the rows that intake finds to break it."""
    numbered = rows.with_row_index("_row").with_columns(pl.col("_row").cast(pl.UInt32))
    problems = validate(numbered, area, PROBLEMS.to_frame()).problems
    found: dict[str, set[int]] = {text.name: set() for text in rules_of(area.schema)}
    for row, rule in problems.select("row", "rule").rows():
        if rule in found:
            found[rule].add(row)
    return found


def write_formulas(
    book: Any, area: AreaInfo, rows: pl.DataFrame, formulas: list[str], language: Language
) -> None:
    """Rows as a template shows them, and beside them every formula for every row."""
    sheet = book.add_worksheet(area.name)
    day = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    columns = [values(rows[f.name], f, language, ZoneInfo(ZONE)) for f in area.fields]
    for place, cells in enumerate(columns):
        for row, cell in enumerate(cells, start=1):
            if isinstance(cell, dt.date):
                sheet.write_datetime(row, place, cell, day)
            elif cell is not None:
                sheet.write(row, place, cell)
    for place, formula in enumerate(formulas, start=len(columns) + 1):
        for row in range(1, rows.height + 1):
            moved = Translator(formula, origin="A2").translate_formula(f"A{row + 1}")
            # Without a stored value LibreOffice computes one.
            sheet.write_formula(row, place, moved, None, "")


def computed(path: Path, width: Mapping[str, int]) -> dict[str, list[set[int]]]:
    """Area → for each of its formulas the rows for which LibreOffice finds it true."""
    book = openpyxl.load_workbook(convert(path, "xlsx:Calc MS Excel 2007 XML"), data_only=True)
    found = {}
    for name, formulas in width.items():
        first = len(AREAS[name].fields) + 2
        columns = book[name].iter_cols(
            min_row=2, min_col=first, max_col=first + formulas - 1, values_only=True
        )
        found[name] = [{row for row, cell in enumerate(cells) if cell is True} for cells in columns]
    return found


def new_book(path: Path) -> Any:
    options = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(str(path), options)
    for name, numbers in NAMED_LISTS.items():
        book.define_name(name, f"={{{','.join(map(str, numbers))}}}")
    return book


def test_every_rule_over_several_fields_has_a_formula() -> None:
    assert set(RULES) == set(RULE_TEXTS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_formula_is_longer_than_a_format_may_safely_be(language: Language) -> None:
    for area in AREAS.values():
        for colouring in colourings(Cells(area, language, 2, 1_000_000)):
            assert len(colouring.formula) <= LONGEST_FORMULA + 1, (area.name, colouring)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_libreoffice_colours_the_cells_that_the_intake_refuses(tmp_path: Path, language: Language) -> None:
    path = tmp_path / "rules.xlsx"
    areas = [area for area in AREAS.values() if rules_of(area.schema)]
    frames = {area.name: some_rows(area) for area in areas}
    with new_book(path) as book:
        for area in areas:
            cells = Cells(area, language, 2, ROWS + 1)
            formulas = [
                f"=IFERROR({RULES[text.schema, text.name](cells)},FALSE)" for text in rules_of(area.schema)
            ]
            write_formulas(book, area, frames[area.name], formulas, language)
    coloured = computed(path, {area.name: len(rules_of(area.schema)) for area in areas})
    for area in areas:
        expected = refused(area, frames[area.name])
        for text, rows in zip(rules_of(area.schema), coloured[area.name], strict=True):
            wrong = expected[text.name]
            assert wrong, f"the rows try {text.name}"
            assert rows <= wrong if text.name in MILDER else rows == wrong, text.name


KEYED = pl.DataFrame(
    {
        "client_id": ["007", "7", "007", "A1", "a1", "A1", "12345678901234567", "12345678901234568", None],
        "as_of": [TODAY, TODAY, TODAY, TODAY, TODAY, dt.date(2026, 3, 22), TODAY, TODAY, TODAY],
        "cash": [1.0] * 8 + [None],
        "remarks": [None] * 8 + ["later"],
    },
    schema_overrides={"remarks": pl.String},
)


@pytest.mark.slow
def test_keys_that_stand_twice_and_required_cells_left_empty_are_coloured(tmp_path: Path) -> None:
    area = AREAS["balances"]
    missing = [pl.lit(None, f.dtype).alias(f.name) for f in area.fields if f.name not in KEYED.columns]
    rows = KEYED.with_columns(missing).select(f.name for f in area.fields)
    made = colourings(Cells(area, "en", 2, rows.height + 1))
    with new_book(tmp_path / "keys.xlsx") as book:
        write_formulas(book, area, rows, [colouring.formula for colouring in made], "en")
    coloured = computed(tmp_path / "keys.xlsx", {"balances": len(made)})["balances"]
    by_place = {(c.field, c.sign): rows for c, rows in zip(made, coloured, strict=True)}
    assert by_place["client_id", "wrong"] == by_place["as_of", "wrong"] == {0, 2}
    assert by_place["client_id", "missing"] == {8}, "a remark is no excuse for a missing key"
    assert by_place["cash", "missing"] == set()
    assert by_place["margin_loan", "missing"] == set(range(8)), "the ninth row says in its remarks why"
