"""A page as a PDF, printed by a real Chromium and read by poppler."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from clientlib import config
from clientlib.report import RunResult, beside
from clientlib.report.beside import pdf
from clientlib.workbook import Workbook
from tests.report.small_reports import GOOD, without_reports, write

SETTINGS = config.load()
CAPTION = "The segments in numbers</caption>"


@pytest.fixture(scope="module")
def printed(report_run: RunResult, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The segmentation as a PDF in each language."""
    if pdf.browser(SETTINGS) is None or shutil.which("pdftotext") is None:
        message = "Chromium or poppler is not installed (Debian packages chromium, poppler-utils)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    folder = tmp_path_factory.mktemp("printed")
    pages = {"en": "segmentation.html", "zh": "segmentation.zh.html"}
    for page in pages.values():
        pdf.write(report_run.folder / page, (folder / page).with_suffix(".pdf"), SETTINGS)
    return {language: (folder / page).with_suffix(".pdf") for language, page in pages.items()}


def told(program: str, *arguments: str | Path) -> str:
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def text(file: Path) -> str:
    return re.sub(r"\s+", " ", told("pdftotext", file, "-"))


@pytest.mark.browser
def test_it_is_on_a4_tagged_and_titled(printed: dict[str, Path]) -> None:
    info = told("pdfinfo", printed["en"])
    assert "(A4)" in info
    assert re.search(r"Tagged: +yes", info)
    assert re.search(r"Title: +Client segmentation", info)


@pytest.mark.browser
def test_it_has_pages_and_no_empty_one(printed: dict[str, Path]) -> None:
    pages = told("pdftotext", printed["en"], "-").split("\f")[:-1]
    assert 2 <= len(pages) <= 12
    assert all(page.strip() for page in pages)


@pytest.mark.browser
def test_chinese_is_there_as_text(printed: dict[str, Path]) -> None:
    for word in ("客户细分", "核心客户", "仅供管理人员内部使用"):
        assert word in text(printed["zh"])


@pytest.mark.browser
def test_it_tells_of_no_folder_of_this_machine(printed: dict[str, Path]) -> None:
    assert "file:" not in told("pdfinfo", "-url", printed["en"])
    assert b"file:" not in printed["en"].read_bytes()


@pytest.mark.browser
def test_the_method_is_opened(printed: dict[str, Path]) -> None:
    assert "recency, frequency and amount are each ranked into five equal parts" in text(printed["en"])


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_chart_is_there(language: str, printed: dict[str, Path], report_run: RunResult) -> None:
    page = (report_run.folder / f"{printed[language].stem}.html").read_text("utf-8")
    titles = re.findall(r"<figcaption>(.*?)</figcaption>", page)
    assert titles
    whole = text(printed[language]).replace(" ", "")
    assert [title for title in titles if title.replace(" ", "") not in whole] == []


@pytest.mark.browser
@pytest.mark.usefixtures("printed")
def test_the_head_of_a_table_stands_on_each_sheet_that_it_reaches(
    report_run: RunResult, tmp_path: Path
) -> None:
    before, table = (report_run.folder / "segmentation.html").read_text("utf-8").split(CAPTION)
    first, row, after = re.split(r"(?s)(?<=<tbody>)\s*(<tr>.*?</tr>)", table, maxsplit=1)
    page, sheets = tmp_path / "long.html", tmp_path / "long.pdf"
    page.write_text(f"{before}{CAPTION}{first}{row * 100}{after}", "utf-8")
    pdf.write(page, sheets, SETTINGS)
    of_table = [sheet for sheet in told("pdftotext", sheets, "-").split("\f") if sheet.count("Champions") > 5]
    assert len(of_table) > 1
    assert [sheet for sheet in of_table if "Segment\n" not in sheet] == []


@pytest.mark.browser
def test_whoever_may_read_the_page_may_read_what_is_beside_it(
    printed: dict[str, Path], report_run: RunResult, tmp_path: Path
) -> None:
    page = Path(shutil.copy(report_run.folder / "feedback.html", tmp_path))
    page.chmod(0o640)
    assert beside.make(["pdf"], None, page, SETTINGS) == beside.Beside(("feedback.pdf",))
    assert stat.S_IMODE((tmp_path / "feedback.pdf").stat().st_mode) == 0o640


# ------------------------------------------------------------------ where there is no browser
def test_without_a_browser_the_administrator_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "page.html").write_text("<p>Well</p>")
    made = beside.make(["pdf"], None, tmp_path / "page.html", SETTINGS)
    assert made.files == ()
    assert "no Chromium was found. Install it" in made.notices[0]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the browser")
@pytest.mark.parametrize(
    ("script", "why"),
    [("exit 7", "exit code 7"), ("exit 0", "print the page.")],
    ids=["fails", "idles"],
)
def test_a_browser_that_does_not_print_leaves_nothing_and_is_told_of(
    script: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "browser"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv(pdf.VARIABLE, str(program))
    (tmp_path / "page.html").write_text("<p>Well</p>")
    with pytest.raises(pdf.NotMade, match=why):
        pdf.write(tmp_path / "page.html", tmp_path / "page.pdf", SETTINGS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["browser", "page.html"]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the browser")
def test_what_the_browser_leaves_lies_beside_the_page_and_no_secret_is_told_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, told = tmp_path / "browser", tmp_path / "told"
    program.write_text(f"#!/bin/sh\nenv >{told}\n")
    program.chmod(0o755)
    monkeypatch.setenv(pdf.VARIABLE, str(program))
    monkeypatch.setenv("CLIENTLIB_KEY", "a secret")
    page = tmp_path / "edition" / "page.html"
    page.parent.mkdir()
    page.write_text("<p>Well</p>")
    with pytest.raises(pdf.NotMade):
        pdf.write(page, page.with_suffix(".pdf"), SETTINGS)
    assert f"HOME={page.parent}{os.sep}" in told.read_text()
    assert "a secret" not in told.read_text()


@pytest.mark.slow
def test_a_run_without_a_browser_says_so_once_and_is_well(
    demo_workbook: Workbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Result]
) -> None:
    monkeypatch.setenv(pdf.VARIABLE, str(tmp_path / "none"))
    firm = without_reports(demo_workbook, tmp_path / "firm")
    write(firm, "first", GOOD)
    write(firm, "second", GOOD)
    done = cli("report", "--beside", "xlsx,pdf", "-w", firm.folder)
    assert (done.exit_code, done.output.count("PDF was not made")) == (0, 1)


def test_a_browser_that_is_named_and_not_there_is_not_replaced_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(pdf.VARIABLE, str(tmp_path / "none"))
    assert pdf.browser(SETTINGS) is None
