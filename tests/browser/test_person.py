"""The copy for a person and the protocol of an erasure in Chromium: on a desk, a phone and paper."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clientlib.book import open_book
from clientlib.book.personal import PersonalCopy, copy_for, erase
from clientlib.config import Language
from clientlib.report.erasure_page import erasure_page
from clientlib.report.person_page import person_page
from clientlib.workbook import Workbook

pytestmark = [pytest.mark.slow, pytest.mark.browser]
WHY = "asked in writing"


@pytest.fixture(scope="module")
def closed(demo_workbook: Workbook, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workbook, str]:
    """A demo workbook, and a client of it who traded and has closed the account."""
    folder = Path(shutil.copytree(demo_workbook.folder, tmp_path_factory.mktemp("closed") / "firm"))
    with open_book(Workbook(folder), role="data_entry") as book:
        clients = book.area("clients", as_of=book.latest_as_of())
        traded = set(book.area("trades")["client_id"])
    gone = clients[(clients["status"] == "closed") & clients["client_id"].isin(traded)]
    return Workbook(folder), str(gone["client_id"].iloc[0])


@pytest.fixture(scope="module")
def copy(closed: tuple[Workbook, str]) -> PersonalCopy:
    made = copy_for(*closed, WHY)
    assert len(made.areas) >= 6
    return replace(made, looks=copy_for(*closed, WHY).looks)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_copy_fits_its_window_and_asks_nothing_of_anybody(
    closed: tuple[Workbook, str],
    copy: PersonalCopy,
    faults: Callable[[str, str, int], dict[str, Any]],
    language: Language,
    width: int,
) -> None:
    assert faults(person_page(copy, language, closed[0], "person.json"), f"person-{language}", width) == {}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_protocol_fits_its_window_and_asks_nothing_of_anybody(
    closed: tuple[Workbook, str],
    faults: Callable[[str, str, int], dict[str, Any]],
    language: Language,
    width: int,
) -> None:
    planned = replace(erase(*closed, WHY, only_look=True), batch=7)
    assert faults(erasure_page(planned, language, closed[0]), f"erasure-{language}", width) == {}


def test_the_copy_can_be_printed(
    closed: tuple[Workbook, str],
    copy: PersonalCopy,
    visit: Callable[..., Any],
    artefacts: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "page.html").write_text(person_page(copy, "zh", closed[0], "person.json"), "utf-8")
    seen = visit(1280)
    seen.page.goto((tmp_path / "page.html").as_uri())
    printed = seen.page.pdf(path=artefacts / "person-zh.pdf", prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
