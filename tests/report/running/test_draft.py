"""An edition in the making takes along what is right, and nothing that is not."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clientlib.report.parameters import Question
from clientlib.report.plan import Report
from clientlib.report.running.draft import Draft
from clientlib.report.running.worker import Task
from clientlib.workbook import Workbook

KNOWN_AT = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
EN, BOTH = ("en",), ("en", "zh")
Notebooks = Callable[[list[dict[str, Any]], str], dict[str, Any]]


@pytest.fixture
def firm(tmp_path: Path) -> Workbook:
    (tmp_path / "reports").mkdir()
    return Workbook(tmp_path)


def begun(firm: Workbook, *names: str, languages: tuple[str, ...] = EN, go_on: bool = False) -> Draft:
    """A draft of reports that need no book; all are of one run."""
    reports = tuple(Report(name, firm.notebooks / f"{name}.ipynb", {}, {}, 1, ()) for name in names)
    question = Question(dt.date(2026, 6, 30), KNOWN_AT, "all", languages, {})
    return Draft.begun(firm, reports, question, "run", (), {}, go_on=go_on)


def make(
    draft: Draft, text: str, *, failing: tuple[str, ...] = (), notebooks: Notebooks | None = None
) -> None:
    """Let every report have been made, its page being `text`, but for those that fail."""
    for task in draft.todo:
        if task.report in failing:
            draft.add(task, task.failed("no luck"))
            continue
        page = task.report + (".html" if task.language == "en" else f".{task.language}.html")
        (draft.folder / page).write_text(text)
        if notebooks:
            write_log(task, notebooks([], task.language))
        draft.add(task, task.became("made", page=page, notebook=f"notebooks/{task.log.name}"))


def write_log(task: Task, notebook: dict[str, Any]) -> None:
    task.log.parent.mkdir(exist_ok=True)
    cells = [{"id": f"c{n}", "execution_count": None, **cell} for n, cell in enumerate(notebook["cells"])]
    task.log.write_text(json.dumps({**notebook, "cells": cells, "nbformat": 4, "nbformat_minor": 5}))


def test_what_was_published_counts_when_a_run_goes_on_though_the_edition_before_still_lies_about(
    firm: Workbook,
) -> None:
    draft = begun(firm, "good", "bad")
    make(draft, "new", failing=("bad",))
    draft.publish("run")
    # Killed when the two had changed places, before the one from before was deleted.
    draft.folder.mkdir()
    (draft.folder / "good.html").write_text("of the edition before")
    again = begun(firm, "good", "bad", go_on=True)
    make(again, "newer")
    again.publish("run")
    assert (again.place / "good.html").read_text() == "new"
    assert (again.place / "bad.html").read_text() == "newer"


def test_pages_in_two_languages_lead_to_each_other_also_when_they_are_made_one_after_the_other(
    firm: Workbook, notebook_of: Notebooks
) -> None:
    for languages in (("zh",), EN):
        draft = begun(firm, "first", languages=languages)
        make(draft, "bound when the other was not there", notebooks=notebook_of)
        draft.publish("run")
    assert 'href="first.zh.html"' in (draft.place / "first.html").read_text("utf-8")
    assert 'href="first.html"' in (draft.place / "first.zh.html").read_text("utf-8")


def test_nothing_is_published_that_no_report_tells_of(firm: Workbook) -> None:
    draft = begun(firm, "good")
    (draft.folder / ".print-profile" / "Default").mkdir(parents=True)
    (draft.folder / ".print-profile" / "Default" / "Cookies").touch()
    (draft.folder / ".print-profile" / "Lock").symlink_to("nowhere")
    make(draft, "well")
    draft.publish("run")
    assert sorted(p.name for p in draft.place.rglob("*")) == ["good.html", "index.html", "manifest.json"]
