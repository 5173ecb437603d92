"""Numbers, money and dates as each language writes them."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.report import formats


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("value", "kind", "en", "zh"),
    [
        (1234567, "count", "1,234,567", "1,234,567"),
        (-3, "count", "−3", "−3"),
        (0.1234, "percent", "12.3%", "12.3%"),
        (0.0002, "percent", "<0.1%", "<0.1%"),
        (0.0, "percent", "0.0%", "0.0%"),
        (31.6, "points", "+32", "+32"),
        (-12, "points", "−12", "−12"),
        (3.44, "hours", "3.4 h", "3.4小时"),
        (24.0, "hours", "24 h", "24小时"),
        (640.7, "days", "641 days", "641天"),
        (0.123, "score", "0.12", "0.12"),
        (dt.date(2026, 6, 30), "date", "30 June 2026", "2026年6月30日"),
        ("2026-06-30", "date", "30 June 2026", "2026年6月30日"),
        (pd.Timestamp("2026-06-30"), "month", "Jun 2026", "2026年6月"),
        (dt.date(2026, 6, 30), "day", "2026-06-30", "2026-06-30"),
        ("C3", "code:client_level", "C3 Steady", "C3 稳健型"),
        (math.inf, "number", "∞", "∞"),
    ],
)
def test_a_kind_is_written_as_the_language_does(value: object, kind: str, en: str, zh: str) -> None:
    assert (plain(formats.write(value, kind, "en")), formats.write(value, kind, "zh")) == (en, zh)


@pytest.mark.parametrize(
    ("amount", "en", "zh"),
    [
        (950, "CNY 950", "950元"),
        (12_300, "CNY 12.3 k", "1.2万元"),
        (12_345_678, "CNY 12.3 m", "1,234.6万元"),
        (-2.5e9, "CNY −2.5 bn", "−25.0亿元"),
        (0, "CNY 0", "0元"),
    ],
)
def test_money_takes_the_unit_of_its_size(amount: float, en: str, zh: str) -> None:
    assert (plain(formats.money(amount, "en", "CNY")), formats.money(amount, "zh", "CNY")) == (en, zh)


def test_a_foreign_currency_keeps_its_name_in_chinese() -> None:
    assert formats.money(20_000, "zh", "EUR") == "2.0万欧元"


@pytest.mark.parametrize("nothing", [None, math.nan, pd.NaT, pd.NA])
def test_what_is_missing_is_a_dash(nothing: object) -> None:
    assert formats.write(nothing, "money", "en", "CNY") == "–"


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no kind"):
        formats.write(1, "furlongs", "en")


@given(st.floats(min_value=-1e12, max_value=1e12, allow_nan=False))
def test_no_number_is_written_as_minus_zero(value: float) -> None:
    assert formats.decimal(value, "en", 1) not in ("−0.0", "-0.0")


def test_no_line_may_part_a_number_from_its_unit() -> None:
    assert " " not in formats.money(12_345_678, "en", "CNY") + formats.write(3.4, "hours", "en")


def test_a_column_of_money_shares_one_unit() -> None:
    assert formats.scale_for([1e6, 2e6, 5.0], "en") == formats.Scale(1e6, "\N{NO-BREAK SPACE}m")
    assert formats.scale_for([], "zh") == formats.Scale(1.0, "")
