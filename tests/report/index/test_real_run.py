"""The pages that lead to reports after a real run: their alerts lead to sections that real pages have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clientlib.report import RunResult
from tests.report.index.links import dead_links

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reports(report_run: RunResult) -> Path:
    return report_run.folder.parent


def test_a_run_leaves_a_home_page_in_each_language_that_leads_to_it(reports: Path) -> None:
    for name in ("index.html", "index.zh.html"):
        assert f'href="2026-06-30/{name}"' in (reports / name).read_text("utf-8")


def test_no_link_is_dead_be_it_to_a_section(reports: Path) -> None:
    pages = [*reports.glob("*.html"), *reports.glob("*/*.html")]
    assert {page.name: dead for page in pages if (dead := dead_links(page))} == {}


def test_the_list_for_machines_has_the_hash_of_each_page(reports: Path) -> None:
    (edition,) = json.loads((reports / "manifest.json").read_text("utf-8"))["editions"]
    runs = [run for report in edition["reports"].values() for run in report["runs"].values()]
    assert {run["status"] for run in runs} == {"made"}
    assert all(len(run["sha256"]) == 64 for run in runs)
