"""What stands above all editions: each is reached from there, and nothing else; nobody meets a half."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.report.index import home
from clientlib.report.index.archive import SHOWN, archive
from clientlib.report.index.shelf import Brief
from clientlib.workbook import Workbook
from tests.report.index.links import dead_links, links
from tests.report.index.made_up import failed, figure, made, point, put, told, waiting

MAY, JUNE = "2026-05-31", "2026-06-30"
REPORTS = {
    "risk": made(figure("over", 40), points=(point("call them", "high", "calls"),)),
    "late": waiting("Waiting for trades."),
    "wrong": failed(),
}


@pytest.fixture
def full(firm: Workbook) -> Workbook:
    """Two years of editions in both languages, of the firm and of branches."""
    for year in (2025, 2026):
        for month in (1, 2, 3, 4, 5, 6, 9, 12):
            put(firm, told(f"{year}-{month:02}-15", REPORTS, languages=("en", "zh")))
    put(firm, told(MAY, REPORTS, "上海营业部", ("zh",)))
    put(firm, told("2026-06-15", REPORTS, "A/B", ("en",)))
    put(firm, told(JUNE, {name: made() for name in REPORTS}, "North", ("en", "zh")))
    home.write(firm)
    return firm


# ------------------------------------------------------------------ links
def test_every_link_of_the_home_pages_and_indexes_leads_somewhere(full: Workbook) -> None:
    pages = [*full.reports.glob("index*.html"), *full.reports.glob("*/index*.html")]
    assert len(pages) > 30
    assert [(page.name, link) for page in pages for link in dead_links(page)] == []


def test_the_calendar_leads_to_each_edition_once_and_to_nothing_else(full: Workbook) -> None:
    for name in ("index.html", "index.zh.html"):
        html = (full.reports / name).read_text("utf-8")
        found = re.findall(r'href="([^"#]*)"', html[html.index('<section class="archive"') :])
        folders = sorted(unquote(link.partition("/")[0]) for link in found if "/" in link)
        assert folders == sorted(f.name for f in full.reports.iterdir() if f.is_dir())


def test_the_newest_edition_of_the_whole_firm_comes_first(full: Workbook) -> None:
    html = (full.reports / "index.html").read_text("utf-8")
    assert "As of 15 December 2026" in html
    assert 'href="2026-12-15/risk.html#calls"' in html


def test_with_branches_only_no_branch_speaks_for_the_firm(firm: Workbook) -> None:
    put(firm, told(JUNE, REPORTS, "North"))
    home.write(firm)
    assert "Branch: North" in (firm.reports / "index.html").read_text("utf-8")
    put(firm, told(JUNE, REPORTS, "South"))
    home.write(firm)
    html = (firm.reports / "index.html").read_text("utf-8")
    assert 'class="card' not in html
    assert {"2026-06-30--North/index.html", "2026-06-30--South/index.html"} <= set(
        links(firm.reports / "index.html")
    )


def test_an_edition_is_opened_in_the_language_of_the_home_page_if_it_has_it(full: Workbook) -> None:
    chinese = links(full.reports / "index.zh.html")
    assert "2026-05-15/index.zh.html" in chinese
    assert "2026-06-15--A-B-" in next(link for link in chinese if "A-B" in link)
    assert next(link for link in chinese if "A-B" in link).endswith("/index.html")


# ------------------------------------------------------------------ the calendar
days = st.dates(dt.date(2019, 1, 1), dt.date(2027, 12, 31))


def brief(date: dt.date, branch: str = "all") -> Brief:
    folder = f"{date}-{branch}"
    return Brief(folder, (0, 0, 0), date, branch, "", frozenset(), "")


@given(st.sets(days, min_size=1, max_size=40))
def test_each_day_stands_under_its_weekday_and_is_a_link_if_it_has_an_edition(dates: set[dt.date]) -> None:
    found = archive([brief(date) for date in sorted(dates, reverse=True)], "en", "en")
    months = [*found.months, *(month for _, group in found.years for month in group)]
    linked = {
        square.day.date: column
        for month in months
        for week in month.weeks
        for column, square in enumerate(week)
        if square and square.day
    }
    assert linked == {date: date.weekday() for date in dates}
    assert len(found.months) <= SHOWN


@given(st.sets(days, min_size=1, max_size=40))
def test_months_and_years_stand_newest_first(dates: set[dt.date]) -> None:
    found = archive([brief(date) for date in sorted(dates, reverse=True)], "en", "en")
    months = [*found.months, *(month for _, group in found.years for month in group)]
    firsts = [month.days[0].date.replace(day=1) for month in months]
    assert firsts == sorted(set(firsts), reverse=True)
    assert [year for year, _ in found.years] == sorted({year for year, _ in found.years}, reverse=True)


def test_a_day_without_an_edition_of_the_firm_leads_to_its_branches() -> None:
    date = dt.date(2026, 6, 30)
    (month,) = archive([brief(date, "A"), brief(date, "B")], "en", "en").months
    (day,) = month.days_with_branches
    assert day.address == f"#{day.anchor}"
    assert [place.branch for place in day.branches] == ["A", "B"]


# ------------------------------------------------------------------ what comes and goes
def test_without_editions_there_is_still_a_home_page(firm: Workbook) -> None:
    put(firm, told(JUNE, REPORTS, languages=("en", "zh")))
    home.write(firm)
    shutil.rmtree(firm.reports / JUNE)
    home.write(firm)
    assert "No report has been published yet" in (firm.reports / "index.html").read_text("utf-8")
    assert json.loads((firm.reports / "manifest.json").read_text("utf-8"))["editions"] == []
    assert sorted(f.name for f in firm.reports.iterdir()) == ["feed.xml", "index.html", "manifest.json"]


def test_what_is_about_to_be_deleted_is_not_linked_any_more(full: Workbook) -> None:
    gone = {"2025-01-15", "2026-06-30--North"}
    home.write(full, without=gone)
    told_of = [link for page in full.reports.glob("*.*ml") for link in links(page)]
    assert not [link for link in told_of if link.partition("/")[0] in gone]


def test_an_edition_that_was_made_anew_is_told_anew(firm: Workbook) -> None:
    put(firm, told(JUNE, {"risk": made()}))
    home.write(firm)
    shutil.rmtree(firm.reports / JUNE)
    put(firm, told(JUNE, {"risk": failed()}))
    home.write(firm)
    (edition,) = json.loads((firm.reports / "manifest.json").read_text("utf-8"))["editions"]
    assert edition["reports"]["risk"]["runs"]["en"]["status"] == "failed"


def test_what_is_being_made_or_is_no_edition_is_left_aside(firm: Workbook) -> None:
    put(firm, told(JUNE, REPORTS))
    shutil.copytree(firm.reports / JUNE, firm.reports / ".staging-2026-07-31")
    (firm.reports / "notes").mkdir()
    (firm.reports / "damaged").mkdir()
    (firm.reports / "damaged" / "manifest.json").write_text('{"format": 2, "as_of": "2026-06-30"}')
    home.write(firm)
    (edition,) = json.loads((firm.reports / "manifest.json").read_text("utf-8"))["editions"]
    assert edition["folder"] == JUNE


@pytest.mark.skipif(os.name != "posix", reason="modes are a matter of POSIX")
def test_who_may_read_the_reports_may_read_the_way_to_them(firm: Workbook) -> None:
    folder = put(firm, told(JUNE, REPORTS))
    (folder / "manifest.json").chmod(0o640)
    home.write(firm)
    assert {oct(f.stat().st_mode & 0o777) for f in firm.reports.iterdir() if f.is_file()} == {"0o640"}


def test_written_twice_they_are_the_same(full: Workbook) -> None:
    def files() -> dict[str, bytes]:
        return {f.name: f.read_bytes() for f in full.reports.iterdir() if f.is_file()}

    before = files()
    home.write(full)
    assert files() == before


# ------------------------------------------------------------------ for machines
def test_machines_are_told_of_every_edition_with_the_state_and_hash_of_each_page(firm: Workbook) -> None:
    put(firm, told(JUNE, {"risk": {**made(), "sha256": "f" * 64}}, "North", ("en", "zh")))
    home.write(firm)
    listed = json.loads((firm.reports / "manifest.json").read_text("utf-8"))
    (edition,) = listed["editions"]
    assert (listed["format"], edition["folder"], edition["branch"]) == (1, "2026-06-30--North", "North")
    assert edition["made_at"] == "2026-07-01T02:03:04+00:00"
    run = edition["reports"]["risk"]["runs"]["zh"]
    assert (run["status"], run["page"], run["sha256"]) == ("made", "risk.zh.html", "f" * 64)
