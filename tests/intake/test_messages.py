"""Sentences: what is wrong, where, and the mend, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from clientlib.declare import Field
from clientlib.intake import check_file, sentence
from clientlib.intake.messages import of_cell
from clientlib.tables import AREAS

Trade = Callable[..., dict[str, str]]
Write = Callable[..., Path]


def first_error(path: Path) -> dict[str, object]:
    return check_file(path).errors.row(0, named=True)


def test_a_finding_reads_as_one_sentence(a_trade: Trade, write_workbook: Write) -> None:
    good = list(a_trade().values())
    bad = list(a_trade(2, quantity="1,00O").values())
    sheet = [list(a_trade()), *([g.replace("T1", f"T{i + 10}") for g in good] for i in range(16)), bad]
    finding = first_error(write_workbook({"交易记录": sheet}, name="trades.xlsx"))
    assert sentence(finding) == (
        'trades.xlsx, sheet 交易记录, row 18, 成交数量: "1,00O" is not a number. Type digits only, e.g. 1000.'
    )


def test_a_finding_reads_as_one_sentence_in_chinese(a_trade: Trade, write_csv: Write) -> None:
    finding = first_error(write_csv([a_trade(quantity="1,00O")]))
    assert sentence(finding, "zh") == 'trades.csv，第2行，成交数量："1,00O"不是数字。请只填数字，例如 1000。'


def test_an_english_file_is_spoken_of_in_english(a_trade: Trade, write_csv: Write) -> None:
    assert "row 2, Side: " in sentence(first_error(write_csv([a_trade(side="hold")])))


def test_an_english_sheet_is_spoken_of_in_english_whatever_its_file_is_called(
    a_trade: Trade, write_workbook: Write
) -> None:
    sheet = [list(a_trade()), list(a_trade(side="hold").values())]
    path = write_workbook({"Trades": sheet}, name="深圳福田.xlsx")
    assert sentence(first_error(path)).startswith("深圳福田.xlsx, sheet Trades, row 2, Side: ")


def test_a_rule_over_several_fields_speaks_its_own_words(a_trade: Trade, write_csv: Write) -> None:
    assert "quantity × price" in sentence(first_error(write_csv([a_trade(amount="1")])))


def test_a_number_out_of_bounds_says_the_bound(a_trade: Trade, write_csv: Write) -> None:
    assert '"-5" is below 0. Type 0 or more.' in sentence(first_error(write_csv([a_trade(fee="-5")])))


@pytest.mark.parametrize("rule", ["min", "max"])
def test_a_large_bound_is_said_with_all_its_digits(rule: str) -> None:
    field = replace(AREAS["trades"].field("quantity"), minimum=12_345_678, maximum=12_345_678)
    assert "12,345,678" in of_cell(field, rule, "7", None).en


def test_a_short_list_of_codes_is_spelled_out(a_trade: Trade, write_csv: Write) -> None:
    finding = first_error(write_csv([a_trade(side="hold")]))
    assert "Choose one of: Buy, Sell." in sentence(finding)
    assert "请从中选择：买入、卖出。" in sentence(finding, "zh")


def test_a_long_value_is_cut(a_trade: Trade, write_csv: Write) -> None:
    assert len(sentence(first_error(write_csv([a_trade(quantity="9" * 10 + "x" * 500)])))) < 200


def test_a_notice_about_a_file_has_no_row(a_trade: Trade, write_csv: Write) -> None:
    notices = check_file(write_csv([a_trade() | {"colour": "red"}])).findings
    assert notices.get_column("row").to_list() == [None]
    assert sentence(notices.row(0, named=True)).startswith('trades.csv: The column "colour"')


CHECKS = ("required", "nullability", "code", "pattern", "max_length", "min", "max", "above")
CASES = [
    (field, rule)
    for area in AREAS.values()
    for field in area.fields
    for rule in CHECKS
    if {
        "required": field.required and not field.key,
        "nullability": field.key,
        "code": field.code_list is not None,
        "pattern": field.pattern is not None,
        "max_length": isinstance(field.dtype, pl.String) and field.code_list is None,
        "min": field.minimum is not None and field.kind != "text",
        "max": field.maximum is not None and field.dtype != pl.String,
        "above": field.above is not None,
    }[rule]
]


@pytest.mark.parametrize(("field", "rule"), CASES, ids=lambda case: getattr(case, "name", case))
def test_every_check_of_every_field_has_words_in_both_languages(field: Field, rule: str) -> None:
    message = of_cell(field, rule, "7", "7")
    assert re.search(r"[A-Za-z].*\.$", message.en)
    assert re.search(r"[\u4e00-\u9fff].*[。.]$", message.zh)
    assert "None" not in message.en + message.zh


def test_a_hint_inside_a_sentence_begins_small_also_after_a_single_letter() -> None:
    said = of_cell(AREAS["clients"].field("client_type"), "required", None, None).en
    assert "Fill it in (a person, an institution or a product account)" in said


def test_labels_with_commas_in_them_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "clients.csv").write_text("client_id,updated_at,occupation\nC1,2026-03-01,plumber\n")
    found = check_file(tmp_path / "clients.csv").findings.filter(pl.col("field") == "occupation")
    assert "Leaders of party, state and business bodies; Professionals" in found["message_en"][0]
