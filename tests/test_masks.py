"""Masks: enough to recognise a client by, not enough to know one; one value and a column alike."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.config import load
from clientlib.masks import HIDDEN, MaskKind, band_sql, kind_of, mask, mask_expr, scrub, scrub_expr
from clientlib.tables import AREAS

KINDS: list[MaskKind] = ["phone", "id_number", "email", "name", "address"]


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        ("phone", "+8613812345678", "138****5678"),
        ("phone", "13812345678", "138****5678"),
        ("phone", "+442079460958", "+44****58"),
        ("phone", "12345", "****"),
        ("id_number", "31010119491231002X", "3****…****X"),
        ("id_number", "310", "****"),
        ("name", "张三丰", "张**"),
        ("name", "Ann Lee", "A**"),
        ("email", "ann.lee@example.com", "a***@example.com"),
        ("email", "not an address", "****"),
        ("address", "北京市朝阳区建国路1号", "北京市****"),
        ("address", "广东省深圳市南山区科技路2号", "广东省深圳市****"),
        ("address", "云南省大理白族自治州大理市3号", "云南省大理白族自治州****"),
        ("address", "上海浦东新区世纪大道4号", "上海****"),
        ("address", "和平路菜市场5号", "****"),
        ("address", "221B Baker Street, London", "****"),
    ],
)
def test_a_value_is_masked_as_stated(kind: MaskKind, value: str, masked: str) -> None:
    assert mask(value, kind) == masked


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_stays_nothing(kind: MaskKind) -> None:
    assert mask(None, kind) is None
    assert pl.select(mask_expr(pl.lit(None, pl.String), kind)).item() is None


digits_and_more = st.text("0123456789+@.张三北京市省区路abcX ", max_size=24)


@given(st.one_of(st.text(max_size=20), digits_and_more), st.sampled_from(KINDS))
def test_a_column_is_masked_as_its_values_are(value: str, kind: MaskKind) -> None:
    assert pl.select(mask_expr(pl.lit(value), kind)).item() == mask(value, kind)


@given(st.from_regex(r"\+861[3-9][0-9]{9}", fullmatch=True))
def test_no_phone_can_be_read_from_its_mask(phone: str) -> None:
    assert phone[6:10] not in (mask(phone, "phone") or "").replace(phone[10:], "").replace(phone[3:6], "")


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("call 13812345678 now", "call 138****5678 now"),
        ("ID 11010519491231002X", "ID 1****…****X"),
        ("write ann@example.com", "write a***@example.com"),
        ("order 600000.SH, 1000 pieces", "order 600000.SH, 1000 pieces"),
    ],
)
def test_numbers_and_addresses_inside_a_text_are_masked(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed
    assert pl.select(scrub_expr(pl.lit(text))).item() == scrubbed


@pytest.mark.parametrize(
    ("area", "field", "kind"),
    [
        ("clients", "full_name", "name"),
        ("clients", "id_number", "id_number"),
        ("contacts", "mobile", "phone"),
        ("contacts", "email", "email"),
        ("contacts", "address", "address"),
        ("relations", "related_name", "name"),
    ],
)
def test_every_identity_field_has_its_mask(area: str, field: str, kind: MaskKind) -> None:
    assert kind_of(AREAS[area].field(field)) == kind


def test_a_firm_says_how_much_of_an_id_number_stays() -> None:
    numbers = pl.DataFrame({"n": ["330106198503071234", "123456789"]})
    shown = numbers.select(n=mask_expr(pl.col("n"), "id_number", (3, 4)))
    assert shown["n"].to_list() == ["330****…****1234", HIDDEN]


@pytest.mark.parametrize(
    ("amount", "band"),
    [
        (-0.5, "< 0"),
        (0.0, "0–49,999"),
        (49_999.99, "0–49,999"),
        (50_000.0, "50,000–99,999"),
        (5e7, "≥ 50,000,000"),
    ],
)
def test_an_amount_lies_in_the_band_that_begins_at_or_below_it(amount: float, band: str) -> None:
    field = AREAS["finances"].field("liabilities")
    query = f"SELECT {band_sql(f'CAST({amount} AS DOUBLE)', field, load(None).masks)}"
    assert duckdb.sql(query).fetchone() == (band,)


def test_what_is_missing_is_in_no_band() -> None:
    field = AREAS["clients"].field("birth_date")
    assert duckdb.sql(f"SELECT {band_sql('CAST(NULL AS DATE)', field, load(None).masks)}").fetchone() == (
        None,
    )
