"""Values in words."""

from __future__ import annotations

import pandas as pd
import pytest

from clientlib.lab import values
from clientlib.tables import AREAS

SHANGHAI = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("area", "name", "value", "en", "zh"),
    [
        ("clients", "status", "active", "Active", "正常"),
        ("clients", "status", "unheard_of", "unheard_of", "unheard_of"),
        ("clients", "birth_date", pd.Timestamp("1980-02-03"), "1980-02-03", "1980-02-03"),
        (
            "clients",
            "updated_at",
            pd.Timestamp("2026-01-31 17:00", tz="UTC"),
            "2026-02-01 01:00",
            "2026-02-01 01:00",
        ),
        ("contacts", "marketing_consent", True, "Yes", "是"),
        ("contacts", "marketing_consent", False, "No", "否"),
        ("finances", "net_assets", -1500000.4, "−1,500,000", "−1,500,000"),
        ("preferences", "max_loss", 0.125, "12.5%", "12.5%"),
        ("preferences", "experience_years", 5.0, "5 years", "5年"),
        ("preferences", "product_types", "stock;bond", "Stock, Bond", "股票, 债券"),
        ("feedback", "csat", 4, "4", "4"),
        ("clients", "branch", None, "–", "–"),
        ("clients", "opened_on", pd.NaT, "–", "–"),
    ],
)
def test_a_value_is_written_by_the_kind_of_its_field(
    area: str, name: str, value: object, en: str, zh: str
) -> None:
    field = AREAS[area].field(name)
    assert (values.write(value, field, "en", SHANGHAI), values.write(value, field, "zh", SHANGHAI)) == (
        en,
        zh,
    )


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [
        (0.0, "0", "0"),
        (950.0, "950", "950"),
        (12_500.0, "12.5 k", "1.2万"),
        (-3e6, "−3 m", "−300万"),
        (2e9, "2 bn", "20亿"),
    ],
)
def test_money_is_short_on_an_axis(value: float, en: str, zh: str) -> None:
    assert (values.short_money(value, "en"), values.short_money(value, "zh")) == (en, zh)


def test_a_trace_below_zero_is_not_a_minus_zero() -> None:
    assert values.money(-0.2) == "0"
