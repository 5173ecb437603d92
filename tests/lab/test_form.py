"""The entry form's widgets, driven by their values as a person drives them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest

from clientlib import open_book
from clientlib.examples import example
from clientlib.lab import EntryForm, entry_form
from clientlib.workbook import Workbook


@pytest.fixture
def form(firm: Workbook) -> EntryForm:
    return entry_form(firm, language="en")


def all_of(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_of(child)


def plain(page: str) -> str:
    return html.unescape(re.sub("<[^>]*>", " ", page))


def told(form: EntryForm) -> str:
    return plain(form.status.value)


def note(form: EntryForm, name: str) -> str:
    return plain(form.page.boxes[name].notes.value)


def notes(form: EntryForm) -> list[str]:
    """The fields of which something is said."""
    return [name for name, box in form.page.boxes.items() if box.notes.value]


def type_in(form: EntryForm, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        form.page.boxes[name].inputs[0].value = text


def fill_in(form: EntryForm) -> None:
    """The whole example row of the chosen area."""
    for name, box in form.page.boxes.items():
        box.text = example(form.page.area.field(name), "en")


def press(form: EntryForm, name: str) -> None:
    form.buttons[name].click()


def save_a_client(form: EntryForm) -> None:
    fill_in(form)
    press(form, "save")
    assert "C000123 is new" in told(form)


def open_the_client(form: EntryForm) -> None:
    form.numbers["client_id"].value = "C000123"
    press(form, "open")


# ----------------------------------------------------------------------------------- the fields
def test_it_opens_on_basic_information_with_one_box_a_field(form: EntryForm, firm: Workbook) -> None:
    assert form.area.label == "Basic information"
    assert list(form.page.boxes) == [field.name for field in firm.areas["clients"].fields]


def test_a_firms_own_fields_are_in_it(form: EntryForm) -> None:
    assert {"hobby", "habits"} <= set(form.page.boxes)


def test_every_area_can_be_chosen(form: EntryForm, firm: Workbook) -> None:
    for name, area in firm.areas.items():
        form.area.value = name
        assert list(form.page.boxes) == [field.name for field in area.fields]
        assert form.place.children == (form.page.view,)


def test_another_area_keeps_what_was_typed_in_the_first(form: EntryForm) -> None:
    type_in(form, {"branch": "Nanjing Road"})
    form.area.value = "contacts"
    form.area.value = "clients"
    assert form.page.boxes["branch"].text == "Nanjing Road"


def test_the_language_keeps_the_area_and_what_was_typed(form: EntryForm) -> None:
    form.area.value = "contacts"
    type_in(form, {"postcode": "200001"})
    form.language.value = "zh"
    assert (form.area.label, form.page.boxes["postcode"].text) == ("联系方式", "200001")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_whatever_can_be_operated_has_a_name_and_says_what_it_does(firm: Workbook, language: str) -> None:
    form = entry_form(firm, language=language)
    operated = (widgets.Button, widgets.Text, widgets.Textarea, widgets.Dropdown, widgets.Checkbox)
    found = [w for w in all_of(form.view) if isinstance(w, operated)]
    assert [w for w in found if not (w.description and w.tooltip)] == []
    chinese = [w for w in found if re.search("[\u4e00-\u9fff]", w.description)]
    assert len(chinese) == (len(found) if language == "zh" else 0)


def test_the_firms_first_language_is_the_default(firm: Workbook) -> None:
    assert entry_form(firm).language.value == firm.settings.firm.languages[0]


# ----------------------------------------------------------------------------------- what is said
def test_while_typing_only_the_field_that_was_left_is_judged(form: EntryForm) -> None:
    type_in(form, {"birth_date": "1985-02-30"})
    assert notes(form) == ["birth_date"]
    assert 'no such day as "1985-02-30"' in note(form, "birth_date")


def test_a_mended_field_is_silent_again(form: EntryForm) -> None:
    type_in(form, {"birth_date": "1985-02-30"})
    type_in(form, {"birth_date": "1985-02-28"})
    assert notes(form) == []


def test_check_tells_of_every_field(form: EntryForm) -> None:
    press(form, "check")
    required = [box.field.name for box in form.page.boxes.values() if box.field.required]
    assert [*notes(form), "updated_at"] == required
    assert "To mend: Client ID, Full name" in told(form)


def test_what_is_said_changes_its_language(form: EntryForm) -> None:
    press(form, "check")
    form.language.value = "zh"
    assert "“客户编号”为空" in note(form, "client_id")
    assert "请更正：客户编号、姓名" in told(form)


def test_a_gap_with_a_remark_is_pending(form: EntryForm) -> None:
    fill_in(form)
    type_in(form, {"branch": "", "remarks": "follows"})
    press(form, "check")
    assert "Branch is left open" in note(form, "branch")
    assert "as pending" in told(form)


def test_what_was_typed_is_never_markup(form: EntryForm) -> None:
    form.area.value = "finances"
    type_in(form, {"liabilities": "<b>1</b>"})
    assert "&lt;b&gt;1&lt;/b&gt;" in form.page.boxes["liabilities"].notes.value


# ----------------------------------------------------------------------------------------- saved
def test_a_saved_row_is_in_the_book_and_the_form_is_empty(form: EntryForm, firm: Workbook) -> None:
    save_a_client(form)
    assert (form.page.changed, notes(form)) == (False, [])
    with open_book(firm, role="data_entry") as book:
        assert book.area("clients")["full_name"].to_list() == ["Zhang Wei"]


def test_a_second_press_does_not_take_the_answer_away(form: EntryForm) -> None:
    save_a_client(form)
    press(form, "save")
    assert "C000123 is new" in told(form)
    assert notes(form) == []


def test_an_empty_form_has_nothing_to_save(form: EntryForm) -> None:
    press(form, "save")
    assert "nothing to save" in told(form)
    assert notes(form) == []


def test_a_row_with_a_fault_is_not_saved_and_stays(form: EntryForm, firm: Workbook) -> None:
    fill_in(form)
    type_in(form, {"id_number": "780101198503210018"})
    press(form, "save")
    assert "To mend: ID number" in told(form)
    assert form.page.boxes["full_name"].text == "Zhang Wei"
    with open_book(firm) as book:
        assert book.batches().empty


def test_a_busy_book_is_a_sentence_and_what_was_typed_stays(form: EntryForm, firm: Workbook) -> None:
    fill_in(form)
    with open_book(firm):
        press(form, "save")
    assert "The book is busy" in told(form)
    assert form.page.boxes["full_name"].text == "Zhang Wei"
    form.language.value = "zh"
    assert "客户台账正被他人使用" in told(form)
    press(form, "save")
    assert "C000123 为新记录" in told(form)


def test_an_error_of_the_book_is_a_sentence(form: EntryForm, firm: Workbook) -> None:
    fill_in(form)
    firm.vault_file.unlink()
    press(form, "save")
    assert told(form).strip()
    assert form.page.changed


# ------------------------------------------------------------------------------------- an edit
def test_a_record_is_opened_with_its_number_locked(form: EntryForm) -> None:
    save_a_client(form)
    open_the_client(form)
    assert form.page.boxes["full_name"].text == "Zhang Wei"
    assert form.page.boxes["client_id"].inputs[0].disabled
    assert not form.page.boxes["updated_at"].inputs[0].disabled
    assert form.page.boxes["updated_at"].text > "2026-03-21 10:31:00"


def test_a_change_shows_old_and_new_and_is_saved_when_agreed_to(form: EntryForm) -> None:
    save_a_client(form)
    open_the_client(form)
    type_in(form, {"gender": "9", "status": "dormant"})
    press(form, "save")
    assert form.question.layout.display == ""
    assert re.search(r"Gender\W+Male\W+Not stated", plain(form.changes.value))
    press(form, "agree")
    assert "C000123 was changed (batch 2): Gender, Status" in told(form)
    assert form.question.layout.display == "none"


def test_who_does_not_agree_goes_on_editing(form: EntryForm) -> None:
    save_a_client(form)
    open_the_client(form)
    type_in(form, {"status": "dormant"})
    press(form, "save")
    press(form, "keep")
    assert form.question.layout.display == "none"
    assert form.page.boxes["status"].text == "dormant"


def test_typing_takes_the_question_back(form: EntryForm) -> None:
    save_a_client(form)
    open_the_client(form)
    type_in(form, {"status": "dormant"})
    press(form, "save")
    type_in(form, {"advisor": "A0002"})
    press(form, "agree")
    assert form.page.opened == "C000123"
    press(form, "save")
    assert "Advisor" in form.changes.value


def test_a_record_opened_and_saved_as_it_is_is_confirmed(form: EntryForm) -> None:
    save_a_client(form)
    open_the_client(form)
    press(form, "save")
    assert "confirmed as it stood" in told(form)


def test_opening_never_overwrites_what_is_not_saved(form: EntryForm) -> None:
    save_a_client(form)
    type_in(form, {"branch": "elsewhere"})
    open_the_client(form)
    assert "not saved" in told(form)
    assert form.page.boxes["branch"].text == "elsewhere"


def test_a_record_that_was_only_looked_at_gives_way_to_another(form: EntryForm) -> None:
    form.area.value = "preferences"
    fill_in(form)
    press(form, "save")
    open_the_client(form)
    assert form.page.boxes["product_types"].text == "stock;fund"
    open_the_client(form)
    assert "is open" in told(form)


def test_emptying_unlocks_the_number(form: EntryForm) -> None:
    save_a_client(form)
    open_the_client(form)
    press(form, "empty")
    assert not form.page.boxes["client_id"].inputs[0].disabled
    assert form.page.boxes["full_name"].text == ""


@pytest.mark.parametrize(("number", "sentence"), [("", "Type the number"), ("C9", "no record of C9")])
def test_a_number_that_leads_nowhere_is_told(form: EntryForm, number: str, sentence: str) -> None:
    form.numbers["client_id"].value = number
    press(form, "open")
    assert sentence in told(form)


def test_a_record_with_several_parts_to_its_number_asks_for_all(form: EntryForm) -> None:
    form.area.value = "campaign_contacts"
    assert list(form.numbers) == ["campaign_id", "client_id"]


# ------------------------------------------------------------------------------------- hindered
@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "may not add rows"), ("zh", "无权录入")], ids=["en", "zh"]
)
def test_a_role_that_may_not_edit_is_told(firm: Workbook, language: str, sentence: str) -> None:
    form = entry_form(firm, role="analyst", language=language)
    assert sentence in told(form)
    assert not [w for w in all_of(form.view) if isinstance(w, widgets.Text | widgets.Button)]


def test_a_missing_key_of_the_vault_is_told(firm: Workbook) -> None:
    (firm.keys / "vault.key").unlink()
    form = entry_form(firm, language="zh")
    assert "缺少身份信息库的密钥" in told(form)
    form.language.value = "en"
    assert "vault's key is missing" in told(form)


def test_no_workbook_is_told(tmp_path: Path) -> None:
    assert "no workbook folder" in told(entry_form(tmp_path, language="en"))


# -------------------------------------------------------------------- nothing typed is shown
def test_what_is_saved_of_the_form_as_a_result_holds_nothing_typed(form: EntryForm) -> None:
    type_in(form, {"full_name": "欧阳试填"})
    bundle = form._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "欧阳试填" not in str(bundle) + repr(form) + str(form)
