"""Cells of a sheet in place, in all the ways in which programs write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.sheets.xlsx.cells import column_letters, header, place, recoloured, reference
from clientlib.sheets.xlsx.splice import parse
from clientlib.sheets.xlsx.styles import Styles

STYLES = Styles(
    b"<styleSheet><fonts><font/></fonts><fills><fill/><fill/></fills>"
    b"<borders><border/></borders><cellXfs><xf fillId='0'/><xf fillId='0'/></cellXfs></styleSheet>"
)
STRINGS = (
    "<sst><si><t>客户编号</t></si><si><r><t>币</t></r><r><t>种</t></r>"
    "<rPh sb='0' eb='1'><t>bizhong</t></rPh></si></sst>"
).encode()


def marked(sheet: str, row: int, column: int) -> list[tuple[str | None, str | None]]:
    """Reference and style of all cells after one was marked."""
    root = parse(recoloured(sheet.encode(), {row: {column: "error"}}, STYLES))
    return [(n.attributes.get("r"), n.attributes.get("s")) for n in root.walk() if n.name == "c"]


@given(st.integers(1, 1_048_576), st.integers(0, 16_383))
def test_a_reference_is_read_back(row: int, column: int) -> None:
    assert place(reference(row, column)) == (row, column)


@pytest.mark.parametrize(("column", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (16_383, "XFD")])
def test_columns_have_the_letters_of_excel(column: int, letters: str) -> None:
    assert column_letters(column) == letters


@pytest.mark.parametrize(
    "sheet",
    [
        "<w><sheetData><row r='2'><c r='A2'/><c r='C2'/></row></sheetData></w>",
        "<x:w><x:sheetData><x:row r='2'><x:c r='A2'/><x:c r='C2'/></x:row></x:sheetData></x:w>",
    ],
    ids=["plain", "prefixed"],
)
def test_a_cell_that_is_not_there_is_put_in_order(sheet: str) -> None:
    assert [at for at, _ in marked(sheet, 2, 1)] == ["A2", "B2", "C2"]


def test_a_cell_is_put_into_a_row_that_has_none() -> None:
    assert marked("<w><sheetData><row r='2'/></sheetData></w>", 2, 1)[0][0] == "B2"


def test_a_cell_behind_the_last_one_is_added() -> None:
    assert [at for at, _ in marked("<w><row r='2'><c r='A2'><v>1</v></c></row></w>", 2, 3)] == ["A2", "D2"]


def test_cells_without_a_reference_are_counted() -> None:
    cells = marked("<w><row><c/></row><row><c/><c/><c/></row></w>", 2, 1)
    assert [style is not None for _, style in cells] == [False, False, True, False]


def test_a_new_cell_takes_the_style_of_its_column() -> None:
    sheet = "<w><cols><col min='2' max='2' style='1'/></cols><sheetData><row r='2'/></sheetData></w>"
    assert marked(sheet, 2, 1)[0][1] == str(STYLES.marked(1, "error"))


def test_a_header_is_read_from_shared_rich_and_inline_texts() -> None:
    sheet = (
        "<w><sheetData><row r='1'><c r='B1' t='s'><v>0</v></c><c r='C1' t='s'><v>1</v></c>"
        "<c r='E1' t='inlineStr'><is><t> x </t></is></c><c r='F1'><v>7</v></c></row></sheetData></w>"
    )
    assert header(sheet.encode(), STRINGS) == {1: "客户编号", 2: "币种", 4: "x", 5: "7"}


@pytest.mark.parametrize("sheet", ["<w><sheetData/></w>", "<w><row r='3'><c r='A3'/></row></w>"])
def test_a_sheet_without_row_1_has_no_header(sheet: str) -> None:
    assert header(sheet.encode(), None) == {}
