"""The finished pages as a manager opens them: in Chromium, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.browser]

REPORTS = ("segmentation", "risk_review", "feedback")
UNNAMED = """() => [...document.querySelectorAll("svg, img")].filter(picture => {
    if (picture.closest("[aria-hidden=true]") || picture.getAttribute("role") === "presentation") return false;
    const named = (picture.getAttribute("aria-labelledby") || "").split(" ").map(id => document.getElementById(id));
    const title = picture.querySelector(":scope > title");
    const texts = [picture.getAttribute("aria-label"), picture.getAttribute("alt"), title && title.textContent];
    return ![...texts, ...named.map(element => element && element.textContent)].some(text => text && text.trim());
}).map(picture => picture.outerHTML.slice(0, 120))"""
"""Charts without an accessible name; what is hidden from those who listen needs none."""
WIDER = """() => [...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("svg"))
    .map(e => e.tagName + "." + e.className).slice(0, 5)"""


def _opened(visit: Callable[..., Any], file: Path, width: int) -> Any:
    seen = visit(width)
    seen.page.goto(file.as_uri())
    seen.page.wait_for_load_state("networkidle")
    return seen


def _in_turn(
    pages: list[Path], visit: Callable[..., Any], width: int, look: Callable[[Page], Any]
) -> dict[str, Any]:
    """What `look` finds on each page that it finds something on."""
    found = {file.name: look(_opened(visit, file, width).page) for file in pages}
    return {name: what for name, what in found.items() if what}


def test_the_index_and_the_three_reports_are_there_in_both_languages(report_pages: list[Path]) -> None:
    names = [file.name for file in report_pages]
    missing = [r for r in (*REPORTS, "index") if sum(name.startswith(r) for name in names) < 2]
    assert missing == []


def test_no_error_is_on_the_console(report_pages: list[Path], visit: Callable[..., Any], width: int) -> None:
    errors = {file.name: _opened(visit, file, width).errors for file in report_pages}
    assert {name: told for name, told in errors.items() if told} == {}


def test_no_other_address_is_asked(report_pages: list[Path], visit: Callable[..., Any], width: int) -> None:
    asked = {file.name: _opened(visit, file, width).outside for file in report_pages}
    assert {name: urls for name, urls in asked.items() if urls} == {}


def test_no_page_scrolls_sideways(
    report_pages: list[Path], visit: Callable[..., Any], width: int, artefacts: Path
) -> None:
    def too_wide(page: Page) -> Any:
        name = Path(page.url).stem
        page.screenshot(path=artefacts / f"report-{name}-{width}.png", full_page=True)
        wide = page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
        return page.evaluate(WIDER) or ["the page"] if wide else []

    assert _in_turn(report_pages, visit, width, too_wide) == {}


def test_every_page_has_a_title_and_says_its_language(
    report_pages: list[Path], visit: Callable[..., Any]
) -> None:
    facts = "() => [document.title.trim() !== '', document.documentElement.lang]"
    told = {file.name: _opened(visit, file, 1440).page.evaluate(facts) for file in report_pages}
    assert [name for name, (titled, _) in told.items() if not titled] == []
    assert {lang.split("-")[0] for _, lang in told.values()} == {"en", "zh"}


def test_every_chart_has_an_accessible_name(report_pages: list[Path], visit: Callable[..., Any]) -> None:
    assert _in_turn(report_pages, visit, 1440, lambda page: page.evaluate(UNNAMED)) == {}
