"""A report is plain papermill and nbconvert: their own commands make of it what a run makes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from clientlib.report import RunResult, exporter
from clientlib.workbook import Workbook

pytestmark = pytest.mark.slow


def command(name: str, *arguments: str | Path, workbook: Path | None = None) -> None:
    """Run a command of this environment; nothing of a workbook outside is passed on."""
    outside = {k: v for k, v in os.environ.items() if not k.startswith("CLIENTLIB_")}
    inside = {"CLIENTLIB_WORKBOOK": str(workbook)} if workbook else {}
    program = Path(sys.executable).with_name(name)
    done = subprocess.run(
        [program, *arguments], env=outside | inside, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]


def content(page: Path) -> str:
    """What stands between a page's head and its footer."""
    found = re.search(r"<main.*</main>", page.read_text("utf-8"), re.DOTALL)
    assert found
    return found.group()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nbconvert_makes_the_published_page_of_an_executed_notebook(
    language: str, report_run: RunResult, tmp_path: Path
) -> None:
    executed = report_run.folder / "notebooks" / f"feedback.{language}.ipynb"
    command("jupyter-nbconvert", "--to", "clientreport", executed, "--output-dir", tmp_path)
    published = report_run.folder / ("feedback.html" if language == "en" else "feedback.zh.html")
    assert content(tmp_path / f"feedback.{language}.html") == content(published)


def test_nbconvert_takes_the_settings_of_the_workbook_that_the_notebook_lies_in(
    report_run: RunResult, tmp_path: Path
) -> None:
    folder = tmp_path / "firm"
    (folder / "elsewhere").mkdir(parents=True)
    (folder / "workbook.toml").write_text('[firm]\nname = "Plover Securities"\n', "utf-8")
    executed = (report_run.folder / "notebooks" / "feedback.en.ipynb").read_bytes()
    (folder / "elsewhere" / "feedback.ipynb").write_bytes(executed)
    command("jupyter-nbconvert", "--to", "clientreport", folder / "elsewhere" / "feedback.ipynb")
    assert "Plover Securities" in (folder / "elsewhere" / "feedback.html").read_text("utf-8")


def test_executed_notebooks_are_whole_and_open_on_a_kernel_that_everybody_has(report_run: RunResult) -> None:
    for outcome in report_run.outcomes:
        notebook = nbformat.read(report_run.folder / outcome.notebook, as_version=4)
        nbformat.validate(notebook)
        assert notebook.metadata.kernelspec.name == "python3"


def test_an_executed_notebook_can_be_run_on_from_there(
    demo_workbook: Workbook, report_run: RunResult, tmp_path: Path
) -> None:
    executed = report_run.folder / "notebooks" / "feedback.en.ipynb"
    command("papermill", executed, tmp_path / "again.ipynb", workbook=demo_workbook.folder)
    again = nbformat.read(tmp_path / "again.ipynb", as_version=4)
    head = next(b for b in exporter.blocks(again) if b.kind == "head")
    assert head.facts["as_of"] == report_run.editions[0].as_of.isoformat()
