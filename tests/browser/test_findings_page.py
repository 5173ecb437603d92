"""The page that a data supplier is sent, as Chromium shows it on a desk and on a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from clientlib import simulate
from clientlib.config import Language
from clientlib.intake import CheckResult, check_file
from clientlib.sheets.page import findings_page
from clientlib.sheets.tally import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.browser]
WIDER = "() => document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> CheckResult:
    """What a check of hand-ins with many kinds of errors finds."""
    folder = tmp_path_factory.mktemp("hand-ins") / "六月"
    simulate.write_handins(simulate.demo(seed=3, clients=80, years=1), folder, dirty=True, mistakes=100)
    return check_file(folder)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_fits_its_window_and_asks_nothing_of_anybody(
    result: CheckResult,
    visit: Callable[..., Any],
    violations: Callable[[Page], list[str]],
    artefacts: Path,
    tmp_path: Path,
    language: Language,
    width: int,
) -> None:
    html = findings_page(
        result.findings,
        Outcome.of(result),
        name="六月",
        checked_at=dt.datetime(2026, 7, 1, tzinfo=dt.UTC),
        language=language,
        time_zone="Asia/Shanghai",
        rejected=result.rejected,
    )
    (tmp_path / "page.html").write_text(html, "utf-8")
    seen = visit(width)
    seen.page.goto((tmp_path / "page.html").as_uri())
    seen.page.screenshot(path=artefacts / f"findings-{language}-{width}.png")
    assert (seen.page.evaluate(WIDER), seen.errors, seen.outside) == (False, [], [])
    assert violations(seen.page) == []
