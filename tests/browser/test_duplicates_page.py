"""The page of duplicates in Chromium, on a desk and on a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Page

from clientlib.analysis.quality import find_duplicates
from clientlib.config import Language, load
from clientlib.report.duplicates_page import duplicates_page

pytestmark = [pytest.mark.slow, pytest.mark.browser]
WIDER = "() => document.documentElement.scrollWidth > innerWidth"
DAY = dt.date(2026, 7, 1)
PERSON = {
    "client_type": "individual",
    "id_type": "id_card",
    "id_number": "11010519491231002X",
    "birth_date": dt.date(1949, 12, 31),
    "gender": "2",
    "opened_on": dt.date(2024, 5, 1),
    "branch": "上海浦东",
    "mobile": "+8616112345678",
    "email": "zhang.weiguo@example.com",
    "address": "上海市浦东新区学府路12号301室",
}


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_fits_its_window_and_asks_nothing_of_anybody(
    visit: Callable[..., Any],
    violations: Callable[[Page], list[str]],
    artefacts: Path,
    tmp_path: Path,
    language: Language,
    width: int,
) -> None:
    people = pd.DataFrame(
        [{"client_id": f"A{n}", "full_name": name, **PERSON} for n, name in enumerate(("张伟国", "張偉國"))]
    )
    html = duplicates_page(find_duplicates(people, people), people, people, language, load(), day=DAY)
    (tmp_path / "page.html").write_text(html, "utf-8")
    seen = visit(width)
    seen.page.goto((tmp_path / "page.html").as_uri())
    seen.page.screenshot(path=artefacts / f"duplicates-{language}-{width}.png", full_page=True)
    assert (seen.page.evaluate(WIDER), seen.errors, seen.outside) == (False, [], [])
    assert violations(seen.page) == []
