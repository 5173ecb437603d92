"""The finished pages as a manager opens them: in Chromium, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.browser]

REPORTS = ("segmentation", "risk_review", "feedback", "data_quality")
WIDTHS = {"desk": 1440, "phone": 390}
UNNAMED = """() => {
    const hidden = p => p.closest("[aria-hidden=true]") || p.getAttribute("role") === "presentation";
    const labels = p => (p.getAttribute("aria-labelledby") || "").split(" ")
        .map(id => document.getElementById(id)).map(element => element && element.textContent);
    const title = p => [...p.children].filter(c => c.tagName === "title").map(c => c.textContent);
    const texts = p => [p.getAttribute("aria-label"), p.getAttribute("alt"), ...title(p), ...labels(p)];
    return [...document.querySelectorAll("svg, img")]
        .filter(p => !hidden(p) && !texts(p).some(text => text && text.trim()))
        .map(p => p.outerHTML.slice(0, 120));
}"""
"""Charts without an accessible name; what is hidden from those who listen needs none."""
WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [
    `${document.documentElement.scrollWidth} of ${innerWidth} px`,
    ...[...document.querySelectorAll("body *")]
        .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("svg"))
        .map(e => `${e.tagName}.${e.className}`).slice(0, 5)]"""
"""Nothing where the page does not scroll sideways, else its width and what stands out of it."""


@dataclass(frozen=True)
class Look:
    """What was seen of one page in a window of one width."""

    page: str
    errors: list[str]
    outside: list[str]
    wider: list[str]
    unnamed: list[str]
    title: str
    language: str


@pytest.fixture(scope="module", params=list(WIDTHS.values()), ids=list(WIDTHS))
def looks(
    request: pytest.FixtureRequest, report_pages: list[Path], visit: Callable[..., Any], artefacts: Path
) -> list[Look]:
    """Every page of the run, opened once in a window of the width."""
    return [_look(file, visit(request.param), artefacts) for file in report_pages]


def _look(file: Path, seen: Any, artefacts: Path) -> Look:
    page = seen.page
    page.goto(file.as_uri())
    page.wait_for_load_state("networkidle")
    page.screenshot(path=artefacts / f"report-{file.stem}-{page.viewport_size['width']}.png", full_page=True)
    look = Look(
        page=file.name,
        errors=seen.errors,
        outside=seen.outside,
        wider=page.evaluate(WIDER),
        unnamed=page.evaluate(UNNAMED),
        title=page.title().strip(),
        language=page.evaluate("() => document.documentElement.lang"),
    )
    page.close()
    return look


def test_the_index_and_the_reports_are_there_in_both_languages(report_pages: list[Path]) -> None:
    names = [file.name for file in report_pages]
    missing = [r for r in (*REPORTS, "index") if sum(name.startswith(r) for name in names) < 2]
    assert missing == []


def test_no_error_is_on_the_console(looks: list[Look]) -> None:
    assert {look.page: look.errors for look in looks if look.errors} == {}


def test_no_other_address_is_asked(looks: list[Look]) -> None:
    assert {look.page: look.outside for look in looks if look.outside} == {}


def test_no_page_scrolls_sideways(looks: list[Look]) -> None:
    assert {look.page: look.wider for look in looks if look.wider} == {}


def test_every_page_has_a_title(looks: list[Look]) -> None:
    assert [look.page for look in looks if not look.title] == []


def test_every_page_says_its_language(looks: list[Look]) -> None:
    assert {look.language.split("-")[0] for look in looks} == {"en", "zh"}


def test_every_chart_has_an_accessible_name(looks: list[Look]) -> None:
    assert {look.page: look.unnamed for look in looks if look.unnamed} == {}
