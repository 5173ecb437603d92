"""One widget a field: which one, and what comes out of it is what the intake reads."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import ipywidgets as widgets
import pytest

from clientlib import custom
from clientlib.declare import Field
from clientlib.examples import example
from clientlib.intake.cells import read
from clientlib.lab.form_fields import ChoiceBox, ChoicesBox, TextBox, box_for
from clientlib.tables import AREAS

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIELDS = [field for area in AREAS.values() for field in area.fields]


def _name(field: Field) -> str:
    return f"{field.area}.{field.name}"


def _field(area: str, name: str) -> Field:
    return AREAS[area].field(name)


@pytest.mark.parametrize(
    ("area", "name", "box", "widget"),
    [
        ("clients", "full_name", TextBox, widgets.Text),
        ("clients", "remarks", TextBox, widgets.Textarea),
        ("clients", "birth_date", TextBox, widgets.Text),
        ("finances", "annual_income", TextBox, widgets.Text),
        ("clients", "client_type", ChoiceBox, widgets.Dropdown),
        ("contacts", "marketing_consent", ChoiceBox, widgets.Dropdown),
        ("preferences", "product_types", ChoicesBox, widgets.Checkbox),
    ],
)
def test_the_kind_of_a_field_chooses_its_widget(area: str, name: str, box: type, widget: type) -> None:
    made = box_for(_field(area, name))
    assert isinstance(made, box)
    assert {type(each) for each in made.inputs} == {widget}


@pytest.mark.parametrize("field", FIELDS, ids=_name)
def test_what_was_put_in_comes_out_as_the_intake_reads_it(field: Field) -> None:
    box = box_for(field)
    typed = example(field, "zh")
    box.text = typed
    assert read(box.text, field, SHANGHAI).value == read(typed, field, SHANGHAI).value


@pytest.mark.parametrize("field", FIELDS, ids=_name)
def test_it_is_empty_at_first_and_can_be_emptied(field: Field) -> None:
    box = box_for(field)
    first = box.text
    box.text = example(field, "en")
    box.text = ""
    assert (first, box.text) == ("", "")


@pytest.mark.parametrize("field", FIELDS, ids=_name)
def test_the_language_does_not_change_what_is_in_it(field: Field) -> None:
    box = box_for(field)
    box.text = example(field, "en")
    before = box.text
    box.word("zh")
    assert box.text == before


def test_a_required_field_has_a_star() -> None:
    assert box_for(_field("clients", "branch")).inputs[0].description == "Branch *"
    assert box_for(_field("clients", "advisor")).inputs[0].description == "Advisor"


def test_the_hint_is_the_placeholder_and_the_tooltip() -> None:
    box = box_for(_field("clients", "full_name"))
    box.word("zh")
    assert box.inputs[0].placeholder == "与证件一致。"
    assert box.inputs[0].tooltip == "与证件一致。必填。"


def test_labels_of_a_list_are_in_the_language() -> None:
    box = box_for(_field("clients", "gender"))
    box.text = "1"
    box.word("zh")
    assert box.inputs[0].label == "男性"


def test_a_value_that_the_list_no_longer_has_stays_and_is_named() -> None:
    box = box_for(_field("clients", "gender"))
    box.text = "7"
    assert (box.text, box.inputs[0].label) == ("7", "7 (not in the list)")


def test_several_values_that_the_list_no_longer_has_stay_too() -> None:
    box = box_for(_field("preferences", "product_types"))
    box.text = "bond;gold"
    assert box.text == "bond;gold"
    box.text = "bond"
    assert len(box.inputs) == 9
    assert box.text == "bond"


def test_only_what_a_person_changes_is_heard() -> None:
    heard: list[str] = []
    box = box_for(_field("preferences", "product_types"))
    box.heard_by(heard.append)
    box.text = "bond;fund"
    box.word("zh")
    assert heard == []
    box.inputs[0].value = True
    assert heard == ["product_types"]


def test_a_firms_own_field_has_a_box_without_a_hint_being_there() -> None:
    areas = custom.extended('[clients.hobby]\ntitle_en = "Hobby"\ntitle_zh = "爱好"\ntype = "text"\n')
    box = box_for(areas["clients"].field("hobby"))
    assert (box.inputs[0].description, bool(box.inputs[0].tooltip)) == ("Hobby", True)


def test_a_list_of_two_labels_alike_is_told_apart() -> None:
    """Nothing in a list can be chosen by accident for its neighbour."""
    alike = [
        (_name(field), language)
        for field in FIELDS
        if field.code_list is not None
        for language in ("en", "zh")
        if len(set(field.code_list.labels(language).values())) < len(field.code_list.entries)
    ]
    assert alike == []
