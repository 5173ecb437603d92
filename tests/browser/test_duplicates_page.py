"""The page of duplicates in Chromium, on a desk and on a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from clientlib.analysis.quality import find_duplicates
from clientlib.config import Language, load
from clientlib.report.duplicates_page import duplicates_page

pytestmark = [pytest.mark.slow, pytest.mark.browser]
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
    faults: Callable[[str, str, int], dict[str, Any]],
    language: Language,
    width: int,
) -> None:
    people = pd.DataFrame(
        [{"client_id": f"A{n}", "full_name": name, **PERSON} for n, name in enumerate(("张伟国", "張偉國"))]
    )
    html = duplicates_page(find_duplicates(people, people), people, people, language, load(), day=DAY)
    assert faults(html, f"duplicates-{language}", width) == {}
