"""The finished pages as a manager opens them in Chromium: on a desk and a phone, by day, by night, on paper.

Each page is opened once in a window of each width, and everything there is to know of it is looked at in
that visit, the second scheme included.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page

from clientlib.report import RunResult, exporter, tables
from clientlib.workbook import Workbook

pytestmark = [pytest.mark.slow, pytest.mark.browser]

REPORTS = ("segmentation", "risk_review", "feedback", "data_quality")
WIDTHS = {"desk": 1440, "phone": 390}
SCHEMES = ("light", "dark")
LARGEST = 1_500_000
PAPER = 680
"""The width in pixels of what is printed on A4 between our margins."""
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
HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))"
WITHOUT_NUMBERS = """() => [...document.querySelectorAll("figure.chart")]
    .filter(chart => !chart.querySelector("details table tbody tr"))
    .map(chart => chart.querySelector("figcaption").textContent)"""
LOST = """() => [...document.querySelectorAll("figure.chart svg, .method, .method p")]
    .filter(e => e.tagName === "svg" || !document.querySelector(".things"))
    .filter(e => !e.checkVisibility() || e.getBoundingClientRect().height < 10)
    .map(e => e.outerHTML.slice(0, 120))"""
"""What should be on paper and is not: charts, and the method, which is folded on the screen.

The overview, which is one page, leaves its method out."""
MILLISECONDS = "() => Math.round(performance.getEntriesByType('navigation')[0].duration)"


@dataclass(frozen=True)
class Look:
    """What was seen of one page in a window of one width."""

    page: str
    errors: list[str]
    outside: list[str]
    wider: list[str]
    unnamed: list[str]
    violations: list[str]
    headings: list[int]
    without_numbers: list[str]
    title: str
    language: str
    milliseconds: int


@pytest.fixture(scope="module")
def pages(
    report_pages: list[Path], report_run: RunResult, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Every page of the run, and one report in both languages as it is bound when earlier runs are there."""
    folder = tmp_path_factory.mktemp("later")
    return [*report_pages, *(_later(report_run.folder, folder, language) for language in ("en", "zh"))]


def _later(edition: Path, folder: Path, language: str) -> Path:
    notebook = nbformat.read(edition / "notebooks" / f"risk_review.{language}.ipynb", as_version=4)
    settings = Workbook(edition.parents[1]).settings
    figures = [f for b in exporter.blocks(notebook) if b.kind == "figures" for f in b.facts["figures"]]
    history = [
        {"as_of": day, "figures": {f["key"]: part * (f["value"] or 0) for f in figures}}
        for day, part in (("2026-03-31", 0.4), ("2026-04-30", 1.7), ("2026-05-31", 0.6))
    ]
    binding = exporter.Binding(("en", "zh"), "20260701-080000-abcd", history, ("later.xlsx", "later.pdf"))
    file = folder / f"later.{language}.html"
    file.write_text(exporter.render(notebook, "later", settings, binding), "utf-8")
    return file


@pytest.fixture(scope="module", params=list(WIDTHS.values()), ids=list(WIDTHS))
def looks(
    request: pytest.FixtureRequest,
    pages: list[Path],
    visit: Callable[..., Any],
    violations: Callable[[Page], list[str]],
    artefacts: Path,
) -> list[Look]:
    """Every page, opened once in a window of the width."""
    seen = [_look(file, visit(request.param), violations, artefacts) for file in pages]
    # Told, not judged: another machine is slower.
    opened_in = {look.page: look.milliseconds for look in seen}
    (artefacts / f"report-milliseconds-{request.param}.json").write_text(
        json.dumps(opened_in, indent=1), "utf-8"
    )
    return seen


def _look(file: Path, seen: Any, violations: Callable[[Page], list[str]], artefacts: Path) -> Look:
    page, broken = seen.page, []
    page.goto(file.as_uri())
    milliseconds = page.evaluate(MILLISECONDS)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        picture = f"report-{_name(file)}-{page.viewport_size['width']}-{scheme}.png"
        page.screenshot(path=artefacts / picture, full_page=True)
        broken += [f"{scheme}: {rule}" for rule in violations(page)]
    look = Look(
        page=_name(file),
        errors=seen.errors,
        outside=seen.outside,
        wider=page.evaluate(WIDER),
        unnamed=page.evaluate(UNNAMED),
        violations=broken,
        headings=page.evaluate(HEADINGS),
        without_numbers=page.evaluate(WITHOUT_NUMBERS),
        title=page.title().strip(),
        language=page.evaluate("() => document.documentElement.lang"),
        milliseconds=milliseconds,
    )
    page.close()
    return look


def _name(file: Path) -> str:
    """The page's name; the front page of all editions is called as their folder is."""
    front = (file.parent / "runs.jsonl").exists() and file.stem.startswith("index")
    return f"front{file.stem.removeprefix('index')}" if front else file.stem


# ------------------------------------------------------------------------------- each page, as it opens
def test_the_index_and_the_reports_are_there_in_both_languages(report_pages: list[Path]) -> None:
    names = [file.name for file in report_pages]
    missing = [r for r in (*REPORTS, "index") if sum(name.startswith(r) for name in names) < 2]
    assert missing == []


def test_no_page_is_heavy(pages: list[Path]) -> None:
    assert {_name(file): file.stat().st_size for file in pages if file.stat().st_size > LARGEST} == {}


def test_no_error_is_on_the_console(looks: list[Look]) -> None:
    assert {look.page: look.errors for look in looks if look.errors} == {}


def test_no_other_address_is_asked(looks: list[Look]) -> None:
    assert {look.page: look.outside for look in looks if look.outside} == {}


def test_no_page_scrolls_sideways(looks: list[Look]) -> None:
    assert {look.page: look.wider for look in looks if look.wider} == {}


def test_no_rule_of_wcag_a_or_aa_is_broken(looks: list[Look]) -> None:
    assert {look.page: look.violations for look in looks if look.violations} == {}


def test_headings_are_in_order(looks: list[Look]) -> None:
    skipped = {
        look.page: look.headings
        for look in looks
        if look.headings[:1] != [1] or any(b - a > 1 for a, b in itertools.pairwise(look.headings))
    }
    assert skipped == {}


def test_every_page_has_a_title(looks: list[Look]) -> None:
    assert [look.page for look in looks if not look.title] == []


def test_every_page_says_its_language(looks: list[Look]) -> None:
    assert {look.language.split("-")[0] for look in looks} == {"en", "zh"}


def test_every_chart_has_an_accessible_name(looks: list[Look]) -> None:
    assert {look.page: look.unnamed for look in looks if look.unnamed} == {}


def test_every_chart_shows_its_numbers(looks: list[Look]) -> None:
    assert {look.page: look.without_numbers for look in looks if look.without_numbers} == {}


# ------------------------------------------------------------------------------- on paper
@pytest.fixture(scope="module")
def printed(
    pages: list[Path], visit: Callable[..., Any], artefacts: Path
) -> dict[str, tuple[list[str], list[str]]]:
    """For each page, what is lost on A4 and what stands out of it; it is kept to be looked at."""
    found = {}
    for file in pages:
        page = visit(PAPER).page
        page.goto(file.as_uri())
        page.pdf(path=artefacts / f"report-{_name(file)}.pdf", prefer_css_page_size=True)
        page.emulate_media(media="print")
        found[_name(file)] = (page.evaluate(LOST), page.evaluate(WIDER))
        page.close()
    return found


def test_no_chart_and_no_method_is_lost_on_paper(printed: dict[str, tuple[list[str], list[str]]]) -> None:
    assert {name: lost for name, (lost, _) in printed.items() if lost} == {}


def test_nothing_is_wider_than_the_paper(printed: dict[str, tuple[list[str], list[str]]]) -> None:
    assert {name: wider for name, (_, wider) in printed.items() if wider} == {}


# ------------------------------------------------------------------------------- tables and folds by keyboard
@pytest.fixture
def opened(report_run: RunResult, visit: Callable[..., Any]) -> Iterator[Page]:
    """The data quality report, which has short tables and long ones."""
    page = visit(1440).page
    page.goto((report_run.folder / "data_quality.html").as_uri())
    yield page
    page.close()


def _ranks(page: Page, column: int) -> list[int]:
    cells = (
        page.locator("table")
        .first.locator("tbody tr")
        .evaluate_all("(rows, column) => rows.map(row => Number(row.cells[column].dataset.rank))", column)
    )
    return list(cells)


def test_a_column_is_sorted_both_ways_and_back_by_the_return_key(opened: Page) -> None:
    table = opened.locator("table").first
    head = table.locator("thead th").nth(1)
    before, turns = _ranks(opened, 1), []
    for _ in range(3):
        head.locator("button").press("Enter")
        turns.append((head.get_attribute("aria-sort"), _ranks(opened, 1)))
    assert turns == [("descending", sorted(before)[::-1]), ("ascending", sorted(before)), (None, before)]


def test_words_are_sorted_as_the_language_does(opened: Page) -> None:
    table = opened.locator("table").first
    table.locator("thead button").first.press("Space")
    words = table.locator("tbody tr > :first-child").all_inner_texts()
    assert words == sorted(words, key=str.casefold)


def test_a_long_table_is_filtered_by_what_is_typed(opened: Page) -> None:
    field = opened.get_by_role("searchbox").last
    box = field.locator("xpath=ancestor::p")
    texts = box.locator("+ .scroll tbody tr").all_inner_texts()
    wanted = texts[0].split("\t")[0]
    field.press_sequentially(wanted)
    fitting = sum(wanted in text for text in texts)
    assert box.locator("+ .scroll tbody tr:visible").count() == fitting
    assert box.locator("output").inner_text() == f"{fitting} of {len(texts)} rows"


def test_numbers_behind_a_chart_unfold_by_the_return_key(opened: Page) -> None:
    fold = opened.locator("figure.chart details").first
    fold.locator("summary").press("Enter")
    assert fold.locator("table").is_visible()


@pytest.fixture
def folded(report_run: RunResult, visit: Callable[..., Any]) -> Iterator[Locator]:
    """A table of the risk review that is longer than what stands open."""
    page = visit(1440).page
    page.goto((report_run.folder / "risk_review.html").as_uri())
    yield page.locator(".fold").first
    page.close()


def test_a_folded_table_unfolds_by_the_return_key(folded: Locator) -> None:
    rows = folded.locator("tbody tr")
    shown = rows.locator("visible=true").count()
    folded.locator("summary").press("Enter")
    assert (shown, rows.locator("visible=true").count()) == (tables.FIRST, rows.count())


def test_what_is_typed_is_found_behind_the_fold(folded: Locator) -> None:
    last = folded.locator("tbody tr").last
    folded.get_by_role("searchbox").press_sequentially(str(last.locator("td").first.text_content()))
    assert last.is_visible()


def test_every_row_of_a_folded_table_stands_on_paper(folded: Locator) -> None:
    folded.page.emulate_media(media="print")
    rows = folded.locator("tbody tr")
    assert rows.locator("visible=true").count() == rows.count()


def test_an_alert_leads_to_its_section(report_run: RunResult, visit: Callable[..., Any]) -> None:
    page = visit(1440).page
    page.goto((report_run.folder / "risk_review.html").as_uri())
    link = page.locator(".alerts a").first
    link.press("Enter")
    assert page.locator(str(link.get_attribute("href"))).is_visible()
    assert page.url.endswith(str(link.get_attribute("href")))


def test_without_scripts_the_page_is_whole_and_has_no_dead_button(
    report_run: RunResult, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((report_run.folder / "data_quality.html").as_uri())
    assert page.locator("thead button, .filter").count() == 0
    assert page.locator("main > section table tbody tr:visible").count() > 20
    context.close()
