"""What the dictionary says of fields: derived from the table, and true of the book and the intake."""

from __future__ import annotations

import dataclasses
from importlib import resources

import pytest

from clientlib import declare
from clientlib.book import look, open_book
from clientlib.config import Role, Settings, load
from clientlib.declare import rules_of
from clientlib.dictionary import words
from clientlib.dictionary.content import (
    AreaEntry,
    Dictionary,
    FieldEntry,
    gather,
    limits,
    needed_by,
)
from clientlib.dictionary.uses import ReportUse
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

LANGUAGES = ("en", "zh")
SETTINGS = load()


@pytest.fixture(scope="module", params=LANGUAGES)
def told(request: pytest.FixtureRequest) -> Dictionary:
    return gather(AREAS, SETTINGS, [], request.param)


def entry(told: Dictionary, area: str, field: str) -> FieldEntry:
    return next(f for f in entry_of(told, area).fields if f.name == field)


def entry_of(told: Dictionary, area: str) -> AreaEntry:
    return next(a for a in told.areas if a.name == area)


# ---------------------------------------------------------------------------- complete
def test_every_area_and_field_is_told_in_the_order_of_the_table(told: Dictionary) -> None:
    assert [(a.name, [f.name for f in a.fields]) for a in told.areas] == [
        (a.name, [f.name for f in a.fields]) for a in AREAS.values()
    ]


def test_every_area_says_what_a_row_is(told: Dictionary) -> None:
    assert [a.name for a in told.areas if not a.row] == []


def test_every_rule_of_the_table_is_told_once(told: Dictionary) -> None:
    shown = [text for area in told.areas for _, text in area.rules]
    declared = {text.zh if told.language == "zh" else text.en for text in declare.RULE_TEXTS.values()}
    own = {text for area in AREAS.values() for rule in rules_of(area.schema) for text in (rule.en, rule.zh)}
    assert set(shown) == declared & own
    assert len(shown) == sum(len(rules_of(area.schema)) for area in AREAS.values())


def test_every_code_list_names_the_fields_that_take_it(told: Dictionary) -> None:
    named = {target for listed in told.code_lists for target, _ in listed.used_by}
    assert named == {f"{f.area}.{f.name}" for a in AREAS.values() for f in a.fields if f.code_list}


def test_a_code_list_is_told_whole(told: Dictionary) -> None:
    for listed in told.code_lists:
        field = next(
            f
            for a in AREAS.values()
            for f in a.fields
            if f.code_list is not None and f.code_list.name == listed.name
        )
        assert field.code_list is not None
        assert [code.value for code in listed.codes] == list(field.code_list.values)


def test_every_pattern_of_the_built_in_table_has_words() -> None:
    patterns = {f.pattern for area in AREAS.values() for f in area.fields if f.pattern}
    assert patterns == set(words.PATTERNS)


def test_every_word_exists_in_both_languages() -> None:
    text = resources.files("clientlib.dictionary").joinpath("words.toml").read_text("utf-8")
    blocks = text.split("\n[")[1:]
    assert [b.splitlines()[0] for b in blocks if "\nen = " not in b or "\nzh = " not in b] == []


# ------------------------------------------------------------------ when it must be filled in
@pytest.mark.parametrize(
    ("area", "field", "rules"),
    [
        ("clients", "birth_date", ["birth_date_of_person"]),
        ("contacts", "consent_on", ["consent_has_date"]),
        ("relations", "related_client_id", ["someone_is_named"]),
        ("service_requests", "closed_at", ["closed_has_time"]),
        ("preferences", "expires_on", []),
        ("clients", "full_name", []),
    ],
)
def test_the_cases_in_which_an_optional_field_is_needed(area: str, field: str, rules: list[str]) -> None:
    assert [rule.name for rule in needed_by(AREAS[area], field)] == rules


@pytest.mark.parametrize(
    ("area", "field", "need"),
    [
        ("clients", "client_id", "key"),
        ("clients", "full_name", "required"),
        ("clients", "birth_date", "conditional"),
        ("clients", "employer", "optional"),
        ("clients", "remarks", "optional"),
    ],
)
def test_how_much_a_field_is_needed(told: Dictionary, area: str, field: str, need: str) -> None:
    assert entry(told, area, field).need == need


# ----------------------------------------------------------------------------- limits
@pytest.mark.parametrize(
    ("area", "field", "expected"),
    [
        ("clients", "employer", ("at most 100 characters",)),
        ("feedback", "csat", ("from 1 to 5",)),
        ("finances", "liabilities", ("0 or more",)),
        ("trades", "price", ("more than 0",)),
        ("finances", "net_assets", ()),
        ("trades", "side", ("one of: Buy; Sell",)),
        ("clients", "opened_on", ("from 1900-01-01 to 2199-12-31",)),
        ("contacts", "marketing_consent", ()),
    ],
)
def test_limits_in_words(area: str, field: str, expected: tuple[str, ...]) -> None:
    assert limits(AREAS[area].field(field), "en") == expected


def test_a_long_list_is_counted_not_told() -> None:
    (limit,) = limits(AREAS["clients"].field("nationality"), "zh")
    assert "国家或地区" in limit


def test_a_firms_own_pattern_is_shown_as_it_is() -> None:
    field = dataclasses.replace(AREAS["clients"].field("branch"), pattern="[A-Z]{3}")
    assert "must fit the pattern [A-Z]{3}" in limits(field, "en")


# ------------------------------------------------------------------------- who sees it
@pytest.mark.parametrize("name", [name for name, role in SETTINGS.roles.items() if role.rows == "all"])
def test_who_sees_what_is_what_the_book_hands_out(demo_workbook: Workbook, name: str) -> None:
    role = SETTINGS.roles[name]
    with open_book(demo_workbook, role=name) as book:
        for area in book.access.areas:
            shown = set(book.area(area.name, "2000-01-01").columns)
            assert {f.name for f in area.fields if look(area, f, role) != "hidden"} == shown


def test_identity_looks_as_the_role_says() -> None:
    mobile = AREAS["contacts"].field("mobile")
    role = Role(areas="all", sensitivity="N", identity="masked", may_edit=False)
    assert look(AREAS["contacts"], mobile, role) == "masked"


def test_an_area_that_a_role_does_not_see_is_hidden() -> None:
    role = Role(areas=("trades",), sensitivity="I", identity="plain", may_edit=False)
    assert look(AREAS["contacts"], AREAS["contacts"].field("mobile"), role) == "hidden"


def with_roles(**roles: Role) -> Settings:
    return SETTINGS.model_copy(update={"roles": roles})


def test_a_masked_example_shows_how_the_mask_looks() -> None:
    role = Role(areas="all", sensitivity="N", identity="masked", may_edit=False)
    told = gather(AREAS, with_roles(audit=role), [], "zh")
    assert entry(told, "contacts", "mobile").seen == (("脱敏可见（如 160****5678）", "audit"),)


# ------------------------------------------------------------------------ reports and firms
def test_a_report_is_named_at_the_fields_that_it_uses() -> None:
    use = ReportUse("risk", {"en": "Risk"}, {"trades": ["price"]})
    told = gather(AREAS, SETTINGS, [use], "en")
    users = {f.anchor for area in told.areas for f in area.fields if f.reports == ("Risk",)}
    assert users == {"trades.price"}


def test_a_report_uses_no_field_that_it_may_not_see() -> None:
    told = gather(AREAS, SETTINGS, [ReportUse("all", {}, {"*": ["*"]})], "en")
    unused = {f.anchor for area in told.areas for f in area.fields if not f.reports}
    assert unused == {f"{f.area}.{f.name}" for a in AREAS.values() for f in a.fields if f.sensitivity == "I"}


def test_a_report_that_does_not_say_is_named() -> None:
    told = gather(AREAS, SETTINGS, [ReportUse("mine", {}, None)], "en")
    assert told.undeclared == ("mine",)


def test_a_custom_field_is_told_and_marked(told: Dictionary) -> None:
    own = declare.text("Shoe size", "鞋码", "European.", "欧码。", longest=3)
    areas = {**AREAS, "clients": AREAS["clients"].extended({"shoe_size": own})}
    added = entry(gather(areas, SETTINGS, [], told.language), "clients", "shoe_size")
    assert (added.custom, added.titles[told.language == "zh"]) == (True, "Shoe size")
