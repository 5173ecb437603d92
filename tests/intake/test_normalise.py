"""Whole columns: the fast way agrees with the exact one, and every change of form is on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clientlib.declare import Field
from clientlib.intake import check_file
from clientlib.intake.cells import read
from clientlib.intake.normalise import normalise, shown
from clientlib.tables import AREAS

ZONE = "Asia/Shanghai"
ALL_FIELDS = [field for area in AREAS.values() for field in area.fields]
Trade = Callable[..., dict[str, str]]
Write = Callable[..., Path]


def column(field: Field, texts: list[str | None]) -> pl.DataFrame:
    rows = pl.DataFrame({field.name: pl.Series(texts, dtype=pl.String)})
    return rows.with_columns(_row=pl.int_range(2, len(texts) + 2, dtype=pl.UInt32))


times = st.datetimes(dt.datetime(1900, 1, 2), dt.datetime(2199, 1, 1))
forms = [
    "%Y-%m-%d",
    "%Y%m%d",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%SZ",
]
typed = st.one_of(
    st.builds(lambda moment, form: moment.strftime(form), times, st.sampled_from(forms)),
    st.floats(allow_nan=False).map(repr),
    st.integers(-(10**12), 10**12).map("{:,}".format),
    st.sampled_from(
        ["buy", "买入", "yes", "否", "CNY", "13812345678", " x", "=1", "-", "", "C1", "２０", "nan", "60"]
    ),
    st.sampled_from(
        ["2026-03-21 10:31:60", "1991-09-15 01:30:00", "1991-04-14 02:30:00", "1,00O", "2026-02-30"]
    ),
    st.text(max_size=12),
)


@given(st.lists(typed, max_size=8), st.sampled_from(ALL_FIELDS))
def test_a_column_is_read_as_its_cells_are(texts: list[str], field: Field) -> None:
    found = normalise(column(field, list(texts)), AREAS[field.area], ZONE)
    expected = [read(text, field, ZoneInfo(ZONE)) if text else None for text in texts]
    assert found.typed.get_column(field.name).to_list() == [e.value if e else None for e in expected]
    assert found.problems.get_column("rule").to_list() == [e.rule for e in expected if e and e.rule]
    assert found.changes.get_column("kind").to_list() == [e.change for e in expected if e and e.change]


# ------------------------------------------------------------------- shown and read again
RARE = "𠮷𬱖㐂㛃·・•’ﾟé😀👍🏽\u3000 -=+@#;,\"'“”《》①Ⅷ\n\t0"
"""Characters of rare names, of remarks from a phone, and those with a meaning of their own in some file."""
words = st.one_of(
    st.text(alphabet=RARE, max_size=30),
    st.text(max_size=30),
    st.from_regex(r"\A0{0,6}[0-9]{1,18}\Z"),
    st.sampled_from(["阿依古丽·买买提", "𠮷野家😀", "=客户要求", "-无", "+1 等待", "@张经理", "王" * 100]),
)
instants = st.datetimes(
    dt.datetime(1900, 1, 1), dt.datetime(2199, 12, 30), timezones=st.just(dt.UTC)
) | st.integers(0, 7200).map(
    # The hours around the end of the last summer time in China.
    lambda seconds: dt.datetime(1991, 9, 14, 15, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
)


def values_of(field: Field) -> st.SearchStrategy[object]:
    """Any value that a cell of the field can come to hold."""
    if field.code_list is not None:
        if field.kind == "yes_no":
            return st.booleans()
        codes = st.sampled_from(field.code_list.values)
        if field.kind == "codes":
            return st.sets(codes, min_size=1).map(lambda several: ";".join(sorted(several)))
        return codes
    if field.kind == "integer":
        return st.integers(-(2**63), 2**63 - 1)
    if field.kind in ("number", "money", "fraction"):
        return st.floats(allow_nan=False, allow_infinity=False)
    if field.kind == "date":
        return st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31))
    if field.kind == "instant":
        return instants
    # What the intake would not leave as it is cannot stand in the book.
    return words.map(lambda text: read(text, field, ZoneInfo(ZONE)).value).filter(
        lambda text: text is not None
    )


@pytest.mark.parametrize("field", ALL_FIELDS, ids=lambda f: f"{f.area}.{f.name}")
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_is_shown_is_read_back_the_same(field: Field, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | values_of(field), min_size=1, max_size=8))
    typed = pl.DataFrame({field.name: pl.Series(values, dtype=field.dtype)})
    texts = typed.select(shown(pl.col(field.name), field, ZONE)).to_series().to_list()
    found = normalise(column(field, texts), AREAS[field.area], ZONE)
    assert found.problems.is_empty()
    assert found.changes.is_empty()
    assert found.typed.get_column(field.name).to_list() == values


def test_a_time_that_came_twice_is_shown_in_utc() -> None:
    field = AREAS["trades"].field("traded_at")
    moments = [dt.datetime(1991, 9, 14, hour, 30, tzinfo=dt.UTC) for hour in (14, 16)]
    frame = pl.DataFrame({"at": pl.Series(moments, dtype=field.dtype)})
    assert frame.select(shown(pl.col("at"), field, ZONE)).to_series().to_list() == [
        "1991-09-14 23:30:00",
        "1991-09-14 16:30:00Z",
    ]


def test_fields_that_a_file_does_not_have_are_null_in_their_type() -> None:
    area = AREAS["trades"]
    found = normalise(column(area.field("trade_id"), ["T1"]), area, ZONE).typed
    assert found.get_column("traded_at").dtype == pl.Datetime("us", "UTC")
    assert found.get_column("traded_at").to_list() == [None]


def test_every_change_says_before_after_and_kind(a_trade: Trade, write_csv: Write) -> None:
    row = a_trade(
        quantity="1,000", amount="1.05万元", traded_at="2026/3/21 10:31", side="买", fee="-", client_id=" C1"
    )
    changes = check_file(write_csv([row])).changes
    assert sorted(changes.select("field", "before", "after", "kind").rows()) == [
        ("amount", "1.05万元", "10500", "currency_word"),
        ("client_id", " C1", "C1", "spaces"),
        ("fee", "-", None, "empty_word"),
        ("quantity", "1,000", "1000", "thousands"),
        ("side", "买", "buy", "code"),
        ("traded_at", "2026/3/21 10:31", "2026-03-21 10:31:00", "date_form"),
    ]


def test_what_is_in_the_plain_form_is_no_change(a_trade: Trade, write_csv: Write) -> None:
    row = a_trade(traded_at="2026-03-21T10:31:00+08:00", side="买入", quantity="1000.0")
    assert check_file(write_csv([row])).changes.is_empty()


def test_an_instant_is_read_in_the_time_zone_of_the_firm(a_trade: Trade, write_csv: Write) -> None:
    accepted = check_file(write_csv([a_trade(traded_at="2026-03-21 00:30:00")])).accepted["trades"]
    assert accepted.item(0, "traded_at") == dt.datetime(2026, 3, 20, 16, 30, tzinfo=dt.UTC)


def test_yuan_in_a_row_of_another_currency_is_refused(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(
        write_csv([a_trade(1, amount="¥10,500", currency="USD"), a_trade(2, amount="¥10,500")])
    )
    assert result.errors.select("row", "field", "rule").rows() == [(2, "amount", "currency_conflict")]
    assert result.changes.get_column("row").to_list() == [3]


def test_identity_is_masked_in_the_changes(write_csv: Write) -> None:
    row = {
        "client_id": "C1",
        "mobile": "13812345678",
        "marketing_consent": "no",
        "updated_at": "2026-03-21 10:31:00",
    }
    result = check_file(write_csv([row], name="contacts.csv"))
    assert result.changes.select("before", "after").row(0) == ("138****5678", "138****5678")
    assert result.accepted["contacts"].item(0, "mobile") == "+8613812345678"


@pytest.mark.parametrize(
    "field", [f for f in ALL_FIELDS if f.name != "remarks"], ids=lambda f: f"{f.area}.{f.name}"
)
def test_every_field_of_the_table_can_be_read(field: Field) -> None:
    found = normalise(column(field, ["", None]), AREAS[field.area], ZONE)
    assert found.typed.get_column(field.name).dtype == field.dtype
