"""How single cells are read: every usual form gives the same value, and nothing is guessed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.declare import Field
from clientlib.intake.cells import Reading, read
from clientlib.tables import AREAS

SHANGHAI = ZoneInfo("Asia/Shanghai")
QUANTITY = AREAS["trades"].field("quantity")
FEE = AREAS["trades"].field("fee")
LOSS = AREAS["preferences"].field("max_loss")
YEARS = AREAS["preferences"].field("experience_years")
CSAT = AREAS["feedback"].field("csat")
DATE = AREAS["preferences"].field("assessed_on")
INSTANT = AREAS["trades"].field("traded_at")
MOBILE = AREAS["contacts"].field("mobile")
ID_NUMBER = AREAS["clients"].field("id_number")
NAME = AREAS["clients"].field("full_name")
TRADE_ID = AREAS["trades"].field("trade_id")
REMARKS = AREAS["trades"].field("remarks")
SIDE = AREAS["trades"].field("side")
PRODUCTS = AREAS["preferences"].field("product_types")
CONSENT = AREAS["contacts"].field("marketing_consent")

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def reading(text: str, field: Field) -> Reading:
    return read(text, field, SHANGHAI)


# ------------------------------------------------------------------------------- numbers
amounts = st.decimals(-(10**13), 10**13, places=4, allow_nan=False)


@given(amounts)
def test_any_number_with_separators_reads_back_exactly(number: Decimal) -> None:
    assert reading(f"{number:,}", FEE).value == float(number)


@given(amounts)
def test_full_width_digits_read_as_the_same_number(number: Decimal) -> None:
    assert reading(f"{number:,}".translate(FULL_WIDTH), FEE).value == float(number)


@given(
    st.decimals(0, 10**8, places=4),
    st.sampled_from([("万", 10**4), ("万元", 10**4), ("亿", 10**8), ("元", 1)]),
)
def test_a_unit_word_multiplies_exactly(number: Decimal, unit: tuple[str, int]) -> None:
    word, factor = unit
    assert reading(f"¥{number} {word}", FEE).value == float(number * factor)


@given(st.decimals(0, 100, places=6))
def test_a_percentage_is_a_fraction(percent: Decimal) -> None:
    assert reading(f"{percent}%", LOSS).value == float(percent / 100)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_float_as_a_program_writes_it_reads_back_exactly(number: float) -> None:
    assert reading(repr(number), FEE).value == number


@pytest.mark.parametrize(
    ("text", "value", "change"),
    [
        ("1000", 1000, None),
        (" 1000 ", 1000, "spaces"),
        ("\u00a01000\u3000", 1000, "spaces"),
        ("１０００", 1000, "width"),
        ("1,000.5", 1000.5, "thousands"),
        ("12 000", 12000, "thousands"),
        ("1.5万元", 15000, "currency_word"),
        ("2亿", 200_000_000, "unit_word"),
        ("CNY 1,000", 1000, "currency_word"),
        ("-¥5", -5, "currency_word"),
        ("-", None, "empty_word"),
        ("N/A", None, "empty_word"),
        ("无", None, "empty_word"),
        ("nan", None, "empty_word"),
    ],
)
def test_a_number_in_a_usual_form_is_read(text: str, value: float | None, change: str | None) -> None:
    assert reading(text, FEE) == Reading(value, change)


@pytest.mark.parametrize(
    "text",
    ["1,00O", "1,00", "12,5", "1.000,50", "10²", "inf", "0x10", "1_000", "=1+1", "$5", "五", "1e999", "--5"],
)
def test_what_is_no_number_is_not_made_one(text: str) -> None:
    assert reading(text, FEE) == Reading(rule="not_a_number")


def test_a_currency_word_is_no_number_of_years() -> None:
    assert reading("5元", YEARS).rule == "not_a_number"


@pytest.mark.parametrize(
    ("text", "expected"), [("5", Reading(5)), ("5.0", Reading(5)), ("4.5", Reading(rule="not_whole"))]
)
def test_a_whole_number_stays_whole(text: str, expected: Reading) -> None:
    assert reading(text, CSAT) == expected


def test_an_error_of_excel_is_no_empty_cell() -> None:
    assert reading("#N/A", FEE) == Reading(rule="cell_error", detail="#N/A")


# --------------------------------------------------------------------------------- dates
days = st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31))
DATE_FORMS = ["{d:%Y-%m-%d}", "{d:%Y/%m/%d}", "{d:%Y%m%d}", "{d:%Y.%m.%d}", "{d.year}年{d.month}月{d.day}日"]
DATE_FORMS += ["{d.year}-{d.month}-{d.day}", "{d.year}/{d.month}/{d.day}", "{d:%Y-%m-%d} 00:00:00"]


@given(days, st.sampled_from(DATE_FORMS))
def test_any_date_in_any_usual_form_is_that_date(day: dt.date, form: str) -> None:
    assert reading(form.format(d=day), DATE).value == day


@given(days, st.sampled_from(["{d.day:02}.{d.month:02}.{d.year}", "{d.day}/{d.month}/{d.year}"]))
def test_a_date_with_the_day_first_is_read_only_where_it_can_be_no_other(day: dt.date, form: str) -> None:
    found = reading(form.format(d=day), DATE)
    if day.day > 12 or day.day == day.month:
        assert found.value == day
    else:
        assert found.rule == "ambiguous_date"


@given(st.integers(10_000, 79_999))
def test_an_excel_serial_is_never_taken_silently(serial: int) -> None:
    found = reading(str(serial), DATE)
    assert found == Reading(rule="date_serial", detail=str(dt.date(1899, 12, 30) + dt.timedelta(serial)))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2026-02-30", "no_such_date"),
        ("20260230", "no_such_date"),
        ("2026-13-01", "no_such_date"),
        ("45000", "date_serial"),
        ("03.04.2026", "ambiguous_date"),
        ("26-03-21", "not_a_date"),
        ("2026-03-21 10:00", "not_a_date"),
        ("soon", "not_a_date"),
    ],
)
def test_a_date_that_is_none_says_why(text: str, rule: str) -> None:
    assert reading(text, DATE).rule == rule


moments = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2099, 12, 31)).map(
    lambda m: m.replace(microsecond=0)
)
TIME_FORMS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.000"]
TIME_FORMS += [
    "%Y-%m-%dT%H:%M:%S+08:00",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日%H时%M分%S秒",
    "%Y%m%d %H:%M:%S",
]


@given(moments, st.sampled_from(TIME_FORMS))
def test_any_time_in_any_usual_form_is_that_instant(moment: dt.datetime, form: str) -> None:
    assert reading(moment.strftime(form), INSTANT).value == moment.replace(tzinfo=SHANGHAI).astimezone(dt.UTC)


def test_a_time_in_utc_stays_where_it_is() -> None:
    assert reading("2026-03-21T10:31:00Z", INSTANT).value == dt.datetime(2026, 3, 21, 10, 31, tzinfo=dt.UTC)


def test_a_date_alone_is_its_first_moment_at_the_firm() -> None:
    found = reading("2026-03-21", INSTANT)
    assert found == Reading(dt.datetime(2026, 3, 20, 16, tzinfo=dt.UTC), "midnight")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2026-03-21 25:00", "no_such_time"),
        ("2026-03-21 10:31:60", "no_such_time"),
        ("2026-02-30 10:31", "no_such_date"),
        ("45000.4", "date_serial"),
        ("10:31", "not_a_time"),
        ("1991-09-15 01:30:00", "clock_change"),
    ],
)
def test_a_time_that_is_none_says_why(text: str, rule: str) -> None:
    assert reading(text, INSTANT).rule == rule


# --------------------------------------------------------------------------------- words
@pytest.mark.parametrize(
    "text",
    [
        "13812345678",
        "+8613812345678",
        "+86 138-1234-5678",
        "008613812345678",
        "86 13812345678",
        "１３８１２３４５６７８",
        "\u202d138 1234 5678\u202c",
    ],
)
def test_a_mainland_mobile_in_any_form_is_one_number(text: str) -> None:
    assert reading(text, MOBILE).value == "+8613812345678"


def test_a_foreign_phone_keeps_its_country() -> None:
    assert reading("0044 20 7946-0958", MOBILE).value == "+442079460958"


def test_a_phone_of_no_known_form_stays_as_typed() -> None:
    assert reading("010-12345678", MOBILE) == Reading("010-12345678")


def test_an_id_number_is_written_large_and_without_spaces() -> None:
    assert reading("110105 19491231 002ｘ", ID_NUMBER) == Reading("11010519491231002X", "id_number")


@pytest.mark.parametrize("name", ["阿依古丽·买买提", "O’Neill", "张　三", "Null", "Ⅷ", "-很好"])
def test_a_name_is_left_as_it_is(name: str) -> None:
    assert reading(name, NAME) == Reading(name)


@pytest.mark.parametrize("text", ["无", "-", "N/A", " ", "——", "暂无", "/", "null"])
def test_a_word_for_nothing_is_nothing_also_in_remarks(text: str) -> None:
    assert reading(text, REMARKS).value is None


@pytest.mark.parametrize("text", ["a\x00b", "\x00ab", "ab\x07", "a\uffffb\x07"])
def test_a_character_that_no_file_can_hold_is_taken_out_of_text(text: str) -> None:
    assert reading(text, REMARKS) == Reading("ab", "width")


@pytest.mark.parametrize("text", ["one\ttwo", "one\ntwo"])
def test_a_tab_or_line_end_inside_a_text_stays(text: str) -> None:
    assert reading(text, REMARKS) == Reading(text)


@pytest.mark.parametrize("text", ["buy", "Buy", "买入"])
def test_a_code_and_its_labels_are_plain_forms(text: str) -> None:
    assert reading(text, SIDE) == Reading("buy")


def test_another_word_for_a_code_is_a_recorded_change() -> None:
    assert reading("买", SIDE) == Reading("buy", "code")


def test_an_unknown_code_is_refused() -> None:
    assert reading("hold", SIDE) == Reading(rule="code")


@pytest.mark.parametrize("text", ["stock;bond", "债券；股票", "Bond, Stock、bond", "bond ; stock"])
def test_several_codes_are_sorted_and_unique(text: str) -> None:
    assert reading(text, PRODUCTS).value == "bond;stock"


def test_an_unknown_one_of_several_codes_is_named() -> None:
    assert reading("stock;gold bars", PRODUCTS) == Reading(rule="code", detail="gold bars")


@pytest.mark.parametrize(
    ("text", "value"), [("是", True), ("Y", True), ("TRUE", True), ("0", False), ("否", False)]
)
def test_yes_and_no_have_many_words(text: str, value: bool) -> None:
    assert reading(text, CONSENT).value is value


ALL_FIELDS = [field for area in AREAS.values() for field in area.fields]


@given(st.text(max_size=30), st.sampled_from(ALL_FIELDS))
def test_any_text_in_any_field_is_read_or_refused_but_never_breaks(text: str, field: Field) -> None:
    found = reading(text, field)
    assert found.value is None or found.rule is None


@given(
    st.text(max_size=30),
    st.sampled_from([f for f in ALL_FIELDS if f.kind in ("text", "phone", "id_number", "email")]),
)
def test_reading_what_was_read_changes_nothing_more(text: str, field: Field) -> None:
    once = reading(text, field).value
    if isinstance(once, str):
        assert reading(once, field) == Reading(once)
