"""The page that a data supplier is sent, as Chromium shows it on a desk and on a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from clientlib import simulate
from clientlib.config import Language
from clientlib.intake import CheckResult, check_file
from clientlib.sheets.page import findings_page
from clientlib.sheets.tally import Outcome

pytestmark = [pytest.mark.slow, pytest.mark.browser]


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
    faults: Callable[[str, str, int], dict[str, Any]],
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
    assert faults(html, f"findings-{language}", width) == {}
