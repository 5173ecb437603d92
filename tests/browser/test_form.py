"""The entry form as data-entry staff use it: in a real JupyterLab, in Chromium, on a demo workbook."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from clientlib import open_book

pytestmark = [pytest.mark.slow, pytest.mark.browser]

NOTEBOOK = "notebooks/lab/entry_form.ipynb"
ANSWER_MS = 15_000
PLANTED = "欧阳试填"
NEW_CLIENT = {
    "Client ID": "BR0001",
    "Full name": PLANTED,
    "ID number": "780101198503210017",
    "Birth date": "1985-03-21",
    "Branch": "上海浦东",
    "Opened on": "2019-06-03",
}
CHOSEN = {
    "Client type": "Individual",
    "ID type": "Resident ID card",
    "Gender": "Male",
    "Investor class": "Ordinary",
    "Status": "Active",
}


@pytest.fixture(scope="module")
def seen(run_notebook: Callable[..., Any]) -> Any:
    """A window in which every cell of the notebook has been run."""
    return run_notebook(NOTEBOOK, lambda page: _button(page, "Save"))


@pytest.fixture
def page(seen: Any) -> Page:
    """The form as it is at first: in English, basic information, empty."""
    page: Page = seen.page
    page.get_by_role("button", name="English", exact=True).click()
    _form(page).get_by_label("Area", exact=True).select_option(label="Basic information")
    _button(page, "Empty the form").click()
    expect(_told(page)).to_contain_text("The form is empty again", timeout=ANSWER_MS)
    return page


def _form(page: Page) -> Locator:
    return page.locator(".cw-form")


def _button(page: Page, name: str) -> Locator:
    return _form(page).get_by_role("button", name=name, exact=True)


def _told(page: Page) -> Locator:
    return _form(page).locator(".cw-told")


def _box(page: Page, title: str) -> Locator:
    return _form(page).get_by_label(re.compile(rf"^{title}( \*)?$"))


def _field(page: Page, title: str) -> Locator:
    return _form(page).locator(".cw-field").filter(has=page.get_by_label(re.compile(rf"^{title}( \*)?$")))


def _fill_in_a_client(page: Page) -> None:
    for title, text in NEW_CLIENT.items():
        _box(page, title).fill(text)
        _box(page, title).blur()
    for title, label in CHOSEN.items():
        _box(page, title).select_option(label=label)


def test_what_is_wrong_stands_under_its_field_when_it_is_left(page: Page, artefacts: Path) -> None:
    _box(page, "Birth date").fill("1985-02-30")
    _box(page, "Birth date").press("Tab")
    expect(_field(page, "Birth date")).to_contain_text('no such day as "1985-02-30"', timeout=ANSWER_MS)
    assert _form(page).locator(".cw-error").count() == 1
    page.screenshot(path=artefacts / "form-typing.png")


def test_check_tells_of_every_field_and_goes_to_the_first(page: Page, artefacts: Path) -> None:
    _button(page, "Check").click()
    expect(_told(page)).to_contain_text("To mend: Client ID", timeout=ANSWER_MS)
    expect(_box(page, "Client ID")).to_be_focused(timeout=ANSWER_MS)
    assert _form(page).locator(".cw-error").count() == 9
    page.screenshot(path=artefacts / "form-check.png")


def test_a_remark_makes_what_is_missing_pending(page: Page) -> None:
    _box(page, "Remarks").fill("ID follows")
    _button(page, "Check").click()
    expect(_field(page, "ID number")).to_contain_text("left open: the remarks say why", timeout=ANSWER_MS)


def test_everything_is_there_in_chinese_too(page: Page, artefacts: Path) -> None:
    _button(page, "Check").click()
    page.get_by_role("button", name="中文", exact=True).click()
    expect(_button(page, "保存")).to_be_visible(timeout=ANSWER_MS)
    expect(_told(page)).to_contain_text("请更正：客户编号", timeout=ANSWER_MS)
    assert _form(page).locator(".cw-error").first.inner_text().startswith("“客户编号”为空")
    page.screenshot(path=artefacts / "form-zh.png")


def test_a_row_is_saved_opened_changed_and_saved_again(page: Page, lab: Any, artefacts: Path) -> None:
    _fill_in_a_client(page)
    _button(page, "Save").click()
    expect(_told(page)).to_contain_text("Saved: BR0001 is new in the book", timeout=ANSWER_MS)
    expect(_box(page, "Full name")).to_have_value("")
    page.get_by_label("Existing: Client ID").fill("BR0001")
    _button(page, "Open for editing").click()
    expect(_box(page, "Full name")).to_have_value(PLANTED, timeout=ANSWER_MS)
    _box(page, "Branch").fill("北京朝阳")
    _button(page, "Save").click()
    expect(_button(page, "Save these changes")).to_be_focused(timeout=ANSWER_MS)
    page.screenshot(path=artefacts / "form-changes.png")
    page.keyboard.press("Enter")
    expect(_told(page)).to_contain_text("BR0001 was changed", timeout=ANSWER_MS)
    with open_book(lab.workbook, role="data_entry") as book:
        clients = book.area("clients")
    assert list(clients[clients["client_id"] == "BR0001"]["branch"]) == ["上海浦东", "北京朝阳"]


def test_what_was_typed_is_not_in_the_saved_notebook(page: Page, lab: Any) -> None:
    _box(page, "Full name").fill(PLANTED)
    _button(page, "Check").click()
    expect(_told(page)).to_contain_text("To mend", timeout=ANSWER_MS)
    page.get_by_role("menuitem", name="File", exact=True).click()
    with page.expect_response(lambda r: r.request.method == "PUT" and "entry_form" in r.url):
        page.locator("#jp-mainmenu-file").get_by_text("Save Notebook", exact=True).click()
    saved = (lab.workbook.folder / NOTEBOOK).read_text("utf-8")
    assert "widget-view" in saved
    assert PLANTED not in saved
    assert "widget-state" not in saved


def test_a_narrow_window_shows_all_of_it(page: Page, artefacts: Path) -> None:
    _form(page).get_by_label("Area", exact=True).select_option(label="Investment preferences")
    page.set_viewport_size({"width": 700, "height": 1400})
    _form(page).get_by_label("Bond", exact=True).check()
    _button(page, "Check").click()
    expect(_told(page)).to_contain_text("To mend: Client ID", timeout=ANSWER_MS)
    wider = """form => [...form.querySelectorAll('input, select, textarea, label, .cw-told')]
        .filter(e => e.getBoundingClientRect().right > form.getBoundingClientRect().right + 1)
        .map(e => e.outerHTML.slice(0, 90))"""
    try:
        page.screenshot(path=artefacts / "form-narrow.png")
        assert _form(page).evaluate(wider) == []
    finally:
        page.set_viewport_size({"width": 1440, "height": 1400})


def test_every_field_has_a_name_of_its_own_for_those_who_listen(page: Page) -> None:
    unnamed = """form => [...form.querySelectorAll('input, select, textarea')]
        .filter(e => !e.labels || ![...e.labels].some(l => l.textContent.trim()))
        .map(e => e.outerHTML.slice(0, 90))"""
    assert _form(page).evaluate(unnamed) == []


def test_nothing_outside_is_asked_for_and_no_error_is_on_the_console(page: Page, seen: Any) -> None:
    _button(page, "Check").click()
    expect(_told(page)).to_contain_text("To mend", timeout=ANSWER_MS)
    assert (seen.outside, seen.errors) == ([], [])
