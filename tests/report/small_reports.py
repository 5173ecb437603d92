"""Reports of a few lines, written into a workbook and run: what tests of runs begin with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from clientlib.report import Asked, RunResult, run_reports
from clientlib.workbook import Workbook

AS_OF = "2026-06-30"
PARAMETERS = 'as_of = ""\nknown_at = ""\nbranch = "all"\nlanguage = "en"\n'
OPEN = """from clientlib import open_book
from clientlib.report import Figure, open_page
with open_book(role="report") as book:
    page = open_page("segmentation", book, as_of=as_of, known_at=known_at, branch=branch, language=language)
"""
GOOD = OPEN + 'page.figures(Figure("clients", 5000))\n'


def without_reports(demo_workbook: Workbook, folder: Path) -> Workbook:
    """A copy of the demo workbook that has no report yet."""
    shutil.copytree(demo_workbook.folder, folder, ignore=shutil.ignore_patterns("reports", "demo"))
    (folder / "notebooks" / "reports").mkdir()
    return Workbook(folder)


def write(firm: Workbook, name: str, source: str, order: int = 1, parameters: str = "") -> None:
    """Write a report of one cell, with `parameters` beside those that all have."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": metadata,
            "source": text,
            "outputs": [],
            "execution_count": None,
        }
        for n, (text, metadata) in enumerate(
            [(PARAMETERS + parameters, {"tags": ["parameters"]}), (source, {})]
        )
    ]
    facts = {
        "title_en": f"The {name}",
        "title_zh": name,
        "question_en": "Why?",
        "question_zh": "为什么？",
        "order": order,
    }
    notebook = {"cells": cells, "metadata": {"clientlib": facts}, "nbformat": 4, "nbformat_minor": 5}
    (firm.notebooks / "reports" / f"{name}.ipynb").write_text(json.dumps(notebook), "utf-8")


def run(
    firm: Workbook, *names: str, jobs: int = 1, resume: bool = False, progress: Any = None, **asked: Any
) -> RunResult:
    """Run reports of `firm` in English, unless asked otherwise."""
    question = Asked(names=names or None, **{"languages": ("en",), **asked})
    return run_reports(firm, question, jobs=jobs, resume=resume, progress=progress)
