"""The data dictionary in Chromium: found by typing, readable on a phone, and whole without its script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from clientlib import dictionary
from clientlib.config import load
from clientlib.tables import AREAS

pytestmark = [pytest.mark.slow, pytest.mark.browser]

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
DESK, PHONE = 1440, 390
ALL = sum(len(area.fields) for area in AREAS.values())
SHOWN = ".field:not([hidden])"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of each language."""
    folder = tmp_path_factory.mktemp("dictionary")
    dictionary.write(folder, AREAS, load(), notebooks=NOTEBOOKS)
    return {language: folder / f"data-dictionary.{language}.html" for language in dictionary.LANGUAGES}


def found(page: Page, words: str) -> list[str]:
    """The fields left when these words are looked for."""
    page.fill("#wanted", words)
    ids: list[str] = page.eval_on_selector_all(SHOWN, "found => found.map(field => field.id)")
    return ids


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("language", dictionary.LANGUAGES)
def test_the_page_fits_its_window_and_reaches_nothing_else(
    files: dict[str, Path],
    visit: Callable[..., Any],
    violations: Callable[[Page], list[str]],
    artefacts: Path,
    width: int,
    language: str,
) -> None:
    seen = visit(width)
    seen.page.goto(files[language].as_uri())
    seen.page.screenshot(path=artefacts / f"dictionary-{language}-{width}.png")
    assert seen.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert (seen.errors, seen.outside) == ([], [])
    assert violations(seen.page) == []


def test_a_field_is_found_by_its_title_in_either_language(
    files: dict[str, Path], visit: Callable[..., Any]
) -> None:
    page = visit(DESK).page
    page.goto(files["en"].as_uri())
    assert found(page, "annual income") == found(page, "年收入") == ["finances.annual_income"]


def test_taking_the_words_away_shows_all_fields_again(
    files: dict[str, Path], visit: Callable[..., Any]
) -> None:
    page = visit(DESK).page
    page.goto(files["zh"].as_uri())
    assert found(page, "这里没有的词") == []
    assert len(found(page, "")) == ALL


def test_a_link_to_a_field_that_the_search_has_hidden_shows_it(
    files: dict[str, Path], visit: Callable[..., Any]
) -> None:
    page = visit(PHONE).page
    page.goto(files["en"].as_uri())
    found(page, "nonsense")
    page.evaluate("location.hash = 'trades.price'")
    page.wait_for_selector(f"[id='trades.price']{SHOWN}")


def test_without_scripts_the_page_is_whole_and_has_no_dead_box(
    files: dict[str, Path], browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files["en"].as_uri())
    assert page.locator(".field:visible").count() == ALL
    assert not page.locator("#search").is_visible()
    context.close()
