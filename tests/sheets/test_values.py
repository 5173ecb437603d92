"""What Excel gets in a cell, and what the intake reads from it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib import codes
from clientlib.codes import CODES, Code, CodeList
from clientlib.config import Language
from clientlib.intake.cells import read
from clientlib.sheets.values import Value, shown_labels, values
from clientlib.tables import AREAS

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
CASH = AREAS["balances"].field("cash")
DAY = AREAS["balances"].field("as_of")
TIME = AREAS["feedback"].field("given_at")


def one(
    cell: object, field: object = CASH, zone: ZoneInfo = SHANGHAI, dtype: pl.DataType | None = None
) -> Value:
    return values(pl.Series([cell], dtype=dtype, strict=False), field, "en", zone)[0]  # type: ignore[arg-type]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_to_the_last_digit(number: float) -> None:
    cell = one(number)
    # Excel, and the intake after it, keep 15 digits of a number; of a text, all.
    text = cell if isinstance(cell, str) else f"{cell:.15g}"
    assert read(text, CASH, SHANGHAI).value == number


@pytest.mark.parametrize("text", ["007", "1,000", "1e3", "1,00O", "nan", "", "12.50", "１２"])
def test_text_that_is_not_plainly_a_number_stays_as_it_was_typed(text: str) -> None:
    assert one(text) == text


def test_text_that_is_plainly_a_number_becomes_one() -> None:
    assert one("10500.5") == 10500.5


@pytest.mark.parametrize("zone", [SHANGHAI, NEW_YORK])
@given(moment=st.datetimes(dt.datetime(1900, 1, 3), dt.datetime(2199, 12, 30), timezones=st.just(dt.UTC)))
def test_an_instant_comes_back_to_the_microsecond(zone: ZoneInfo, moment: dt.datetime) -> None:
    cell = one(moment, TIME, zone, pl.Datetime("us", "UTC"))
    assert read(str(cell), TIME, zone).value == moment


@pytest.mark.parametrize("hour", [5, 6])
def test_an_hour_that_the_clock_shows_twice_says_which_it_is(hour: int) -> None:
    moment = dt.datetime(2026, 11, 1, hour, 30, tzinfo=dt.UTC)
    cell = one(moment, TIME, NEW_YORK, pl.Datetime("us", "UTC"))
    assert read(str(cell), TIME, NEW_YORK).value == moment


def test_a_day_that_spreadsheet_programs_disagree_about_is_text() -> None:
    assert one(dt.date(1900, 2, 28), DAY) == "1900-02-28"
    assert one(dt.date(1900, 3, 1), DAY) == dt.date(1900, 3, 1)


@pytest.mark.parametrize("typed", ["2026-03-21", "2026-03-21 00:00:00"])
def test_a_date_that_was_read_as_text_is_a_date_again(typed: str) -> None:
    assert one(typed, DAY) == dt.date(2026, 3, 21)


@pytest.mark.parametrize("typed", ["20260321", "2026-02-30", "21.3.2026", "2026-03-21 10:31:00"])
def test_what_is_no_plain_date_stays_as_it_was_typed(typed: str) -> None:
    assert one(typed, DAY) == typed


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("listed", CODES.values(), ids=lambda listed: listed.name)
def test_every_word_shown_for_a_code_is_read_as_that_code(listed: CodeList, language: Language) -> None:
    for value, label in shown_labels(listed, language).items():
        assert listed.lookup[codes.fold(label)] == value


def test_a_label_that_would_be_read_as_another_code_is_not_shown() -> None:
    listed = CodeList("grade", "Grade", "级别", (Code("1", "2", "二"), Code("2", "Two", "二级")))
    assert shown_labels(listed, "en") == {"1": "1", "2": "Two"}


def test_a_label_that_a_list_of_values_would_split_is_not_shown_there() -> None:
    listed = CodeList("food", "Food", "食物", (Code("f", "Fish, chips", "鱼"), Code("t", "Tea", "茶")))
    assert shown_labels(listed, "en", several=True) == {"f": "f", "t": "Tea"}


def test_several_codes_are_shown_as_labels_in_their_order() -> None:
    field = AREAS["preferences"].field("product_types")
    assert values(pl.Series(["bond;stock", "bond;gold", None]), field, "zh", SHANGHAI) == [
        "债券;股票",
        "bond;gold",
        None,
    ]


def test_yes_and_no_are_shown_in_words() -> None:
    field = AREAS["contacts"].field("marketing_consent")
    assert values(pl.Series([True, False, None]), field, "zh", SHANGHAI) == ["是", "否", None]
