"""Rows accepted or rejected, and what is said of the rejected ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clientlib.idcard import check_character
from clientlib.intake import CheckResult, check_file
from clientlib.intake.check import Checker, Piece
from clientlib.tables import AREAS

Trade = Callable[..., dict[str, str]]
Write = Callable[..., Path]
BODY = "31010119850321123"
CARD = BODY + check_character(BODY)


def client(**changes: str) -> dict[str, str]:
    row = {
        "client_id": "C1",
        "full_name": "张三丰",
        "client_type": "individual",
        "id_type": "id_card",
        "id_number": CARD,
        "birth_date": "1985-03-21",
        "gender": "1",
        "investor_class": "ordinary",
        "branch": "海淀",
        "opened_on": "2020-01-05",
        "status": "active",
        "updated_at": "2026-03-21 10:31:00",
        "remarks": "",
    }
    return row | changes


def rules(result: CheckResult) -> list[tuple[str, str]]:
    return result.errors.select("field", "rule").rows()


def test_a_good_client_is_accepted_and_not_pending(write_csv: Write) -> None:
    accepted = check_file(write_csv([client()], name="clients.csv")).accepted["clients"]
    assert accepted.get_column("_pending").to_list() == [False]


@pytest.mark.parametrize("field", ["full_name", "branch", "birth_date"])
def test_a_gap_that_the_remarks_explain_makes_a_row_pending(write_csv: Write, field: str) -> None:
    row = client(**{field: "", "remarks": "follows next week"})
    accepted = check_file(write_csv([row], name="clients.csv")).accepted["clients"]
    assert accepted.get_column("_pending").to_list() == [True]


def test_remarks_alone_do_not_make_a_row_pending(write_csv: Write) -> None:
    accepted = check_file(write_csv([client(remarks="met in person")], name="clients.csv")).accepted[
        "clients"
    ]
    assert accepted.get_column("_pending").to_list() == [False]


@pytest.mark.parametrize("remarks", ["", "-", "无", "N/A"])
def test_a_gap_without_a_reason_is_refused(write_csv: Write, remarks: str) -> None:
    result = check_file(write_csv([client(branch="", remarks=remarks)], name="clients.csv"))
    assert rules(result) == [("branch", "required")]


def test_an_unreadable_cell_is_not_excused_by_remarks(write_csv: Write) -> None:
    result = check_file(write_csv([client(opened_on="soon", remarks="follows")], name="clients.csv"))
    assert rules(result) == [("opened_on", "not_a_date")]


def test_an_unreadable_cell_is_said_once(write_csv: Write) -> None:
    result = check_file(write_csv([client(birth_date="1985-02-30")], name="clients.csv"))
    assert rules(result) == [("birth_date", "no_such_date")]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"id_number": CARD[:-1] + ("1" if CARD[-1] != "1" else "2")}, "id_check_character"),
        ({"birth_date": "1985-03-22"}, "birth_date_in_id"),
        ({"gender": "2"}, "gender_in_id"),
        ({"status": "asleep"}, "code"),
        ({"opened_on": "1850-01-01"}, "min"),
        ({"branch": "x" * 61}, "max_length"),
        ({"client_id": "no spaces please"}, "pattern"),
        ({"client_id": ""}, "nullability"),
    ],
)
def test_each_broken_rule_is_named(write_csv: Write, changes: dict[str, str], rule: str) -> None:
    assert rule in [name for _, name in rules(check_file(write_csv([client(**changes)], name="clients.csv")))]


def test_a_rejected_row_comes_back_as_it_was_typed(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(write_csv([a_trade(quantity="1,00O", traded_at="2026/3/21 10:31")]))
    row = result.rejected["trades"].row(0, named=True)
    assert (row["quantity"], row["traded_at"], row["_file"], row["_row"]) == (
        "1,00O",
        "2026/3/21 10:31",
        "trades.csv",
        2,
    )


def test_all_errors_of_a_row_are_found_at_once(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(write_csv([a_trade(quantity="x", side="hold", price="-1", fee="-2")]))
    assert sorted(rules(result)) == [
        ("fee", "min"),
        ("price", "above"),
        ("quantity", "not_a_number"),
        ("side", "code"),
    ]


# ------------------------------------------------------------------------------ identity
def test_no_identity_stands_in_findings_or_changes(write_csv: Write) -> None:
    row = client(id_number=CARD[:-1], full_name=" " + "长" * 101)
    result = check_file(write_csv([row], name="clients.csv"))
    said = result.findings.write_csv() + result.changes.write_csv()
    assert CARD[:-1] not in said
    assert "长长" not in said


def test_a_phone_in_the_wrong_column_is_masked(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(write_csv([a_trade(quantity="tel 13812345678")]))
    assert result.errors.item(0, "value") == "tel 138****5678"


@pytest.mark.parametrize("field", ["side", "quantity", "traded_at", "security_id", "currency"])
@pytest.mark.parametrize("name", ["徐新娜", " 欧阳修 ", "买买提·艾力"])
def test_a_name_in_the_wrong_column_is_masked(
    a_trade: Trade, write_csv: Write, field: str, name: str
) -> None:
    result = check_file(write_csv([a_trade(**{field: name})]))
    assert not result.errors.is_empty()
    assert name.strip() not in result.findings.write_csv()


def test_free_text_is_quoted_by_its_beginning_only(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(write_csv([a_trade(remarks="Mr Zhang is away. " * 30)]))
    assert result.errors.select("rule", "value").row(0) == ("max_length", "Mr Zh…")


# ------------------------------------------------------------------------------ repeats
def test_the_first_row_of_a_key_is_taken_and_an_exact_repeat_refused(
    a_trade: Trade, write_csv: Write
) -> None:
    result = check_file(write_csv([a_trade(1), a_trade(2), a_trade(1)]))
    assert result.accepted["trades"].get_column("_row").to_list() == [2, 3]
    assert result.errors.select("row", "rule").rows() == [(4, "repeat")]
    assert "row 2" in result.errors.item(0, "message_en")


def test_a_row_that_contradicts_the_first_of_its_key_is_refused(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(write_csv([a_trade(1), a_trade(1, channel="web")]))
    assert result.errors.select("row", "rule", "value").rows() == [(3, "contradiction", "T1")]


def test_a_row_put_right_further_down_is_taken(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(write_csv([a_trade(1, quantity="1,00O"), a_trade(1)]))
    assert result.accepted["trades"].get_column("_row").to_list() == [3]


def test_two_ways_of_writing_a_key_are_one_key(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(write_csv([a_trade(1), a_trade(1, trade_id=" Ｔ1")]))
    assert result.errors.get_column("rule").to_list() == ["repeat"]


def test_repeats_are_found_across_files_and_name_the_other_file(a_trade: Trade, write_csv: Write) -> None:
    folder = write_csv([a_trade(1)], name="in/trades_a.csv").parent
    write_csv([a_trade(1)], name="in/trades_b.csv")
    error = check_file(folder).errors.row(0, named=True)
    assert (error["file"], error["rule"]) == ("trades_b.csv", "repeat")
    assert "trades_a.csv, row 2" in error["message_en"]


# ------------------------------------------------------------------- nothing is ever lost
texts = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "T1", "T2", "C1", "2026-03-21 10:31:00", "buy", "100", "1,00O", "CNY", "app", "=x", "无"]
    ),
    st.text(max_size=6),
)
dirty_rows = st.lists(st.lists(texts, min_size=12, max_size=12), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(dirty_rows)
def test_rows_in_are_rows_accepted_and_rejected(rows: list[list[str | None]]) -> None:
    area = AREAS["trades"]
    schema = {f.name: pl.String for f in area.fields}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    frame = frame.with_columns(_row=pl.int_range(2, frame.height + 2, dtype=pl.UInt32))
    result = Checker("Asia/Shanghai").check(Piece("trades.csv", "", area, frame))
    assert result.rows_in == frame.height == result.rows_accepted + result.rows_rejected
    rejected = {row for part in result.rejected.values() for row in part.get_column("_row")}
    assert rejected == set(result.errors.get_column("row"))
    assert result.errors.select(pl.col("message_en", "message_zh").null_count()).row(0) == (0, 0)
