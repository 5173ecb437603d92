"""The explorer notebook as an analyst uses it: in a real JupyterLab, in Chromium, on a demo workbook."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from clientlib import open_book
from clientlib.tables import AREAS

pytestmark = [pytest.mark.slow, pytest.mark.browser]

NOTEBOOK = "notebooks/lab/explorer.ipynb"
ANSWER_MS = 15_000
SHORTEST_NAME = 3
"""Two characters of a name also occur in words that are nobody's name."""


@pytest.fixture(scope="module")
def seen(run_notebook: Callable[..., Any]) -> Any:
    """A window in which every cell of the notebook has been run."""
    return run_notebook(NOTEBOOK, lambda page: page.locator(".cw-ids button").first)


@pytest.fixture
def page(seen: Any) -> Page:
    """The explorer as it is at first: in English, the list of everybody."""
    page: Page = seen.page
    page.get_by_role("button", name="English", exact=True).click()
    page.get_by_role("tab", name="List").click()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(_count(page)).to_have_text(re.compile(r"^([\d,]+) of \1 clients$"), timeout=ANSWER_MS)
    return page


def _count(page: Page) -> Locator:
    return page.locator(".cw-explorer span[role=status]").first


def _first_client(page: Page) -> str:
    return page.locator(".cw-ids button").first.inner_text()


def _open_card(page: Page, number: int) -> None:
    client = page.locator(".cw-ids button").nth(number)
    name = client.inner_text()
    client.click()
    expect(page.get_by_role("heading", name=f"Client {name}")).to_be_visible(timeout=ANSWER_MS)


def test_typing_narrows_the_list(page: Page, artefacts: Path) -> None:
    everybody = _first_client(page)
    page.get_by_role("textbox", name="Search").press_sequentially("0042")
    expect(_count(page)).to_have_text(re.compile(r"^\d of "), timeout=ANSWER_MS)
    assert _first_client(page) != everybody
    page.screenshot(path=artefacts / "explorer-search.png")


def test_picking_a_branch_changes_the_table(page: Page) -> None:
    page.get_by_role("combobox", name="Branch").select_option(label="上海浦东")
    expect(_count(page)).not_to_have_text(re.compile(r"^([\d,]+) of \1 "), timeout=ANSWER_MS)
    cells = page.locator(".cw-list tbody tr td:nth-child(4)").all_inner_texts()
    assert set(cells) == {"上海浦东"}


def test_a_heading_sorts_the_table(page: Page) -> None:
    page.get_by_role("button", name="Client ID").click()
    expect(page.get_by_role("button", name="Client ID ▼")).to_be_visible(timeout=ANSWER_MS)
    ids = page.locator(".cw-ids button").all_inner_texts()
    page.get_by_role("button", name="Client ID").click()
    assert ids == sorted(ids, reverse=True)


def test_the_rows_stand_beside_their_client_ids(page: Page) -> None:
    rows = page.locator(".cw-list tbody tr").evaluate_all(
        "rows => rows.map(r => r.getBoundingClientRect().top)"
    )
    ids = page.locator(".cw-ids button").evaluate_all("ids => ids.map(b => b.getBoundingClientRect().top)")
    assert len(rows) == len(ids) == 25
    assert max(abs(row - own) for row, own in zip(rows, ids, strict=True)) <= 2


def test_a_press_on_a_client_opens_the_card_with_charts(page: Page, artefacts: Path) -> None:
    _open_card(page, 2)
    chart = page.locator("img.cw-chart").first
    expect(chart).to_be_visible(timeout=ANSWER_MS)
    assert chart.evaluate("image => image.complete && image.naturalWidth > 0")
    page.screenshot(path=artefacts / "explorer-card.png")


def test_everything_is_there_in_chinese_too(page: Page, artefacts: Path) -> None:
    page.get_by_role("button", name="中文", exact=True).click()
    expect(page.get_by_role("heading", name="客户查询").last).to_be_visible(timeout=ANSWER_MS)
    expect(page.get_by_role("button", name="下一页")).to_be_visible(timeout=ANSWER_MS)
    page.screenshot(path=artefacts / "explorer-zh.png")


def test_no_identity_is_on_the_page(page: Page, lab: Any) -> None:
    _open_card(page, 0)
    shown = page.content()
    page.get_by_role("tab", name="List").click()
    shown += page.content()
    with open_book(lab.workbook, role="data_entry") as book:
        secrets = {
            str(value)
            for area in ("clients", "contacts", "relations")
            for field in AREAS[area].identity
            for value in book.area(area)[field].dropna()
        }
    secrets |= {value.removeprefix("+86") for value in secrets}
    assert [secret for secret in secrets if len(secret) >= SHORTEST_NAME and secret in shown] == []


def test_the_book_is_free_for_a_writer_meanwhile(page: Page, lab: Any) -> None:
    with open_book(lab.workbook, role="data_entry", write=True) as book:
        assert len(book.batches())


def test_nothing_outside_is_asked_for_and_no_error_is_on_the_console(page: Page, seen: Any) -> None:
    _open_card(page, 1)
    assert (seen.outside, seen.errors) == ([], [])
