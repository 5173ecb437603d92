"""The table's declaration: complete against the domain, and each cross-field rule both ways."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from clientlib.codes import CODES
from clientlib.declare import RULE_TEXTS, Field
from clientlib.tables import AREAS, AreaInfo

ALL_FIELDS = [field for info in AREAS.values() for field in info.fields]


def _name(field: Field) -> str:
    return f"{field.area}.{field.name}"


NOON = dt.datetime(2026, 3, 20, 4, tzinfo=dt.UTC)
GOOD: dict[str, dict[str, Any]] = {
    "clients": {
        "client_id": "C1",
        "full_name": "某某",
        "client_type": "individual",
        "id_type": "id_card",
        "id_number": "11010519491231002X",
        "birth_date": dt.date(1949, 12, 31),
        "gender": "2",
        "investor_class": "ordinary",
        "branch": "B1",
        "opened_on": dt.date(2020, 1, 1),
        "status": "active",
        "updated_at": NOON,
    },
    "contacts": {
        "client_id": "C1",
        "mobile": "+8613800005678",
        "marketing_consent": True,
        "consent_on": dt.date(2026, 3, 1),
        "updated_at": NOON,
    },
    "finances": {
        "client_id": "C1",
        "as_of": dt.date(2026, 1, 1),
        "annual_income": 1e5,
        "total_assets": 9e5,
        "financial_assets": 4e5,
        "liabilities": 1e5,
        "net_assets": 8e5,
        "currency": "CNY",
    },
    "preferences": {
        "client_id": "C1",
        "assessed_on": dt.date(2026, 1, 1),
        "risk_level": "C1",
        "lowest_class": True,
        "expires_on": dt.date(2028, 1, 1),
    },
    "relations": {
        "relation_id": "L1",
        "client_id": "C1",
        "related_client_id": "C2",
        "kind": "spouse",
        "since": dt.date(2020, 1, 1),
        "until": dt.date(2021, 1, 1),
    },
    "trades": {
        "trade_id": "T1",
        "client_id": "C1",
        "traded_at": NOON,
        "security_id": "S1",
        "side": "buy",
        "quantity": 300.0,
        "price": 3.33,
        "amount": 999.0,
        "currency": "CNY",
    },
    "service_requests": {
        "request_id": "Q1",
        "client_id": "C1",
        "opened_at": NOON,
        "category": "advice",
        "first_response_at": NOON + dt.timedelta(hours=1),
        "closed_at": NOON + dt.timedelta(hours=2),
        "status": "closed",
    },
    "campaigns": {
        "campaign_id": "M1",
        "name": "Spring",
        "starts_on": dt.date(2026, 3, 1),
        "ends_on": dt.date(2026, 4, 1),
    },
    "campaign_contacts": {
        "campaign_id": "M1",
        "client_id": "C1",
        "arm": "treated",
        "contacted_at": NOON,
        "outcome_at": NOON,
    },
}

BROKEN = [
    ("clients", "id_card_form", {"id_number": "ABC123"}),
    ("clients", "id_check_character", {"id_number": "110105194912310021"}),
    ("clients", "birth_date_in_id", {"birth_date": dt.date(1950, 1, 1)}),
    ("clients", "gender_in_id", {"gender": "1"}),
    ("clients", "birth_date_of_person", {"birth_date": None}),
    ("clients", "age_at_opening", {"opened_on": dt.date(1967, 12, 30)}),
    ("contacts", "consent_has_date", {"consent_on": None}),
    ("contacts", "consent_not_later", {"consent_on": dt.date(2026, 3, 22)}),
    ("finances", "net_assets_add_up", {"net_assets": 8e5 + 1.5}),
    ("finances", "financial_within_total", {"financial_assets": 9e5 + 2}),
    ("preferences", "expires_after_assessment", {"expires_on": dt.date(2025, 12, 31)}),
    ("preferences", "lowest_class_is_c1", {"risk_level": "C2"}),
    ("relations", "someone_is_named", {"related_client_id": None}),
    ("relations", "not_to_itself", {"related_client_id": "C1"}),
    ("relations", "until_after_since", {"until": dt.date(2019, 1, 1)}),
    ("trades", "amount_is_product", {"amount": 999.02}),
    ("service_requests", "response_after_opening", {"first_response_at": NOON - dt.timedelta(hours=1)}),
    ("service_requests", "closed_after_response", {"closed_at": NOON + dt.timedelta(minutes=30)}),
    ("service_requests", "closed_after_opening", {"closed_at": NOON - dt.timedelta(minutes=30)}),
    ("service_requests", "closed_has_time", {"closed_at": None}),
    ("campaigns", "ends_after_start", {"ends_on": dt.date(2026, 2, 1)}),
    ("campaign_contacts", "outcome_after_contact", {"outcome_at": NOON - dt.timedelta(1)}),
]


def _frame(info: AreaInfo, row: dict[str, Any]) -> pl.DataFrame:
    full = {field.name: row.get(field.name) for field in info.fields}
    return pl.DataFrame([full], schema={field.name: field.dtype for field in info.fields})


def _broken_rules(area: str, row: dict[str, Any]) -> set[str]:
    _, failure = AREAS[area].schema.filter(_frame(AREAS[area], row))
    return set(failure.counts())


@pytest.mark.parametrize("area", GOOD)
def test_a_right_row_breaks_no_rule(area: str) -> None:
    assert _broken_rules(area, GOOD[area]) == set()


@pytest.mark.parametrize(("area", "rule", "change"), BROKEN, ids=[f"{a}.{r}" for a, r, _ in BROKEN])
def test_a_broken_rule_is_named(area: str, rule: str, change: dict[str, Any]) -> None:
    assert rule in _broken_rules(area, GOOD[area] | change)


def test_every_cross_field_rule_is_tried_above() -> None:
    schemas = {info.schema.__name__: area for area, info in AREAS.items()}
    declared = {(schemas[text.schema], text.name) for text in RULE_TEXTS.values()}
    assert declared == {(area, rule) for area, rule, _ in BROKEN}


@pytest.mark.parametrize("field", ALL_FIELDS, ids=_name)
def test_every_field_speaks_both_languages(field: Field) -> None:
    for words in (field.title_en, field.title_zh, field.hint_en, field.hint_zh):
        assert words.strip() == words != ""


@pytest.mark.parametrize("area", AREAS)
def test_titles_within_an_area_are_unique(area: str) -> None:
    for language in ("en", "zh"):
        titles = [field.title(language) for field in AREAS[area].fields]
        assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("field", [f for f in ALL_FIELDS if f.required and not f.key], ids=_name)
def test_a_required_field_may_be_missing_only_with_a_reason(field: Field) -> None:
    row: dict[str, Any] = {"remarks": None}
    assert f"{field.name}|check__required" in _broken_rules(field.area, row)
    assert f"{field.name}|check__required" not in _broken_rules(field.area, {"remarks": "on its way"})


@pytest.mark.parametrize("field", [f for f in ALL_FIELDS if f.code_list], ids=_name)
def test_coded_fields_name_a_list_that_exists(field: Field) -> None:
    assert CODES[field.choices.name] is field.code_list


def test_identity_is_exactly_what_the_domain_names() -> None:
    identity = {_name(field) for field in ALL_FIELDS if field.sensitivity == "I"}
    assert identity == {
        "clients.full_name",
        "clients.id_number",
        "contacts.mobile",
        "contacts.email",
        "contacts.address",
        "relations.related_name",
        "relations.related_mobile",
    }


def test_keys_and_business_dates_are_never_identity() -> None:
    for info in AREAS.values():
        assert not set(info.key) & set(info.identity)
        assert info.business_date is None or info.business_date in {f.name for f in info.fields}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 0.0])
def test_no_impossible_price_passes(value: float) -> None:
    row = GOOD["trades"] | {"price": value, "amount": value}
    assert any(rule.startswith("price|") for rule in _broken_rules("trades", row))


@pytest.mark.parametrize(
    ("mobile", "right"),
    [
        ("+8613800005678", True),
        ("+8612345678901", False),
        ("+85291234567", True),
        ("+14155550100", True),
        ("13800005678", False),
        ("+86138000056", False),
    ],
)
def test_mobiles_are_in_the_international_form(mobile: str, right: bool) -> None:
    broken = _broken_rules("contacts", GOOD["contacts"] | {"mobile": mobile})
    assert ("mobile|check__pattern" not in broken) is right


@pytest.mark.parametrize("birth_month", range(1, 13))
@pytest.mark.parametrize("opening_month", range(1, 13))
def test_an_adult_passes_whatever_the_months_of_birth_and_opening(
    birth_month: int, opening_month: int
) -> None:
    change = {"birth_date": dt.date(2001, birth_month, 22), "opened_on": dt.date(2020, opening_month, 8)}
    assert "age_at_opening" not in _broken_rules("clients", GOOD["clients"] | change)
