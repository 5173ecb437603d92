"""Rows that tell whose they are by an ID number or a mobile instead of a client's number."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from clientlib.errors import IntakeError
from clientlib.intake import CheckResult, NaturalKeys, check_file

CARD = "11010119900307889X"
ANN, BOB = "+8613800000001", "+8613800000002"
IDS = pl.DataFrame({"id_number": [CARD, "E1234567"], "client_id": ["C1", "C2"]})
MOBILES = pl.DataFrame({"mobile": [ANN, BOB, BOB], "client_id": ["C1", "C2", "C3"]})
STATEMENT = "as_of,annual_income,currency"
FIGURES = "2026-06-30,100,CNY"


def known() -> NaturalKeys:
    return NaturalKeys(lambda: [("id_number", IDS), ("mobile", MOBILES)])


def check(folder: Path, text: str, name: str = "finances.csv", *, natural: bool = True) -> CheckResult:
    (folder / name).write_text(text, "utf-8")
    return check_file(folder / name, natural_keys=known() if natural else None)


def owners(result: CheckResult, area: str = "finances") -> list[str]:
    return result.accepted[area]["client_id"].to_list()


@pytest.mark.parametrize(
    ("title", "value"),
    [
        ("证件号码", CARD),
        ("ID number", CARD.lower()),
        ("id_number", f" {CARD} "),
        ("手机号码", "13800000001"),
        ("Mobile", "+86 138 0000 0001"),
    ],
)
def test_a_number_in_another_column_tells_whose_a_row_is(tmp_path: Path, title: str, value: str) -> None:
    result = check(tmp_path, f"{title},{STATEMENT}\n{value},{FIGURES}\n")
    assert owners(result) == ["C1"]
    assert result.errors.is_empty()


def test_what_was_filled_in_is_recorded_as_a_change(tmp_path: Path) -> None:
    result = check(tmp_path, f"证件号码,{STATEMENT}\n{CARD},{FIGURES}\n")
    changed = result.changes.filter(pl.col("kind") == "natural_key")
    assert changed.select("row", "field", "before", "after").rows() == [(2, "client_id", None, "C1")]


def test_an_empty_client_number_is_filled_in_and_a_typed_one_stays(tmp_path: Path) -> None:
    rows = f"C9,,{FIGURES}\n ,{CARD},{FIGURES}\n"
    result = check(tmp_path, f"client_id,id_number,{STATEMENT}\n{rows}")
    assert owners(result) == ["C9", "C1"]


def test_the_clients_own_sheet_is_told_by_its_own_column(tmp_path: Path) -> None:
    header = "mobile,marketing_consent,updated_at"
    result = check(tmp_path, f"{header}\n13800000001,no,2026-06-30 10:00:00\n", "contacts.csv")
    assert owners(result, "contacts") == ["C1"]


def test_a_clients_new_mobile_contradicts_nothing(tmp_path: Path) -> None:
    header = "client_id,mobile,marketing_consent,updated_at"
    result = check(tmp_path, f"{header}\nC2,13800000001,no,2026-06-30 10:00:00\n", "contacts.csv")
    assert owners(result, "contacts") == ["C2"]


@pytest.mark.parametrize(
    ("columns", "cells", "rule"),
    [
        ("id_number", "X9999999", "natural_unknown"),
        ("mobile", "13900000000", "natural_unknown"),
        ("mobile", "not a phone", "natural_unknown"),
        ("mobile", "13800000002", "natural_shared"),
        ("id_number,mobile", "E1234567,13800000001", "natural_conflict"),
        ("client_id,id_number", f"C2,{CARD}", "natural_mismatch"),
    ],
)
def test_a_number_that_does_not_settle_it_is_refused(
    tmp_path: Path, columns: str, cells: str, rule: str
) -> None:
    result = check(tmp_path, f"{columns},{STATEMENT}\n{cells},{FIGURES}\n")
    assert result.errors.select("field", "rule").rows() == [("client_id", rule)]
    assert result.accepted == {}


def test_a_number_that_several_have_is_settled_by_the_other_column(tmp_path: Path) -> None:
    result = check(tmp_path, f"id_number,mobile,{STATEMENT}\nE1234567,13800000002,{FIGURES}\n")
    assert owners(result) == ["C2"]


def test_no_number_stands_unmasked_in_what_is_said(tmp_path: Path) -> None:
    cells = "X9999999\nE1234567"
    rows = "".join(f"{cell},13900000000,{FIGURES}\n" for cell in cells.split("\n"))
    result = check(tmp_path, f"id_number,mobile,{STATEMENT}\n{rows}")
    told = result.findings.write_csv() + result.changes.write_csv()
    assert not [number for number in ("X9999999", "E1234567", "13900000000") if number in told]


def test_a_refused_row_comes_back_with_what_told_whose_it_was(tmp_path: Path) -> None:
    result = check(tmp_path, f"id_number,{STATEMENT}\n{CARD},2026-06-30,much,CNY\n")
    assert result.rejected["finances"].select("client_id", "id_number").rows() == [(None, CARD)]


def test_a_row_with_neither_is_refused_as_before(tmp_path: Path) -> None:
    result = check(tmp_path, f"client_id,id_number,{STATEMENT}\n,,{FIGURES}\n")
    assert result.errors["rule"].to_list() == ["nullability"]


def test_without_a_book_a_sheet_without_client_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=r"the column Client ID .* is missing"):
        check(tmp_path, f"id_number,{STATEMENT}\n{CARD},{FIGURES}\n", natural=False)


def test_areas_that_are_of_no_client_know_no_such_columns(tmp_path: Path) -> None:
    result = check(tmp_path, "security_id,date,close,mobile\nA,2026-06-30,1,13800000001\n", "prices.csv")
    assert result.findings["rule"].to_list() == ["unknown_column"]


def test_nothing_is_looked_up_where_every_row_has_its_number(tmp_path: Path) -> None:
    def never() -> list[tuple[str, pl.DataFrame]]:
        raise AssertionError("looked up")

    (tmp_path / "finances.csv").write_text(f"client_id,{STATEMENT}\nC1,{FIGURES}\n", "utf-8")
    assert owners(check_file(tmp_path / "finances.csv", natural_keys=NaturalKeys(never))) == ["C1"]
