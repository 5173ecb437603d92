"""How fast reports are made, against papermill and nbconvert on the same notebooks. Printed, not asserted."""

from __future__ import annotations

import datetime as dt
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import Result

from clientlib.report import Asked, discover, run_reports
from clientlib.report.run import Silent
from clientlib.report.running.worker import Task
from clientlib.workbook import Workbook
from tests.report.small_reports import GOOD, OPEN, write

LANGUAGES = ("en", "zh")
NOTHING = OPEN
"""A report has to open a page."""
MANY_BRANCHES, EMPTY_REPORTS = 200, 20
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def firm(cli: Callable[..., Result], tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """The demo book as `make report` makes it: 5,000 clients."""
    folder = tmp_path_factory.mktemp("bench") / "firm"
    cli("init", folder)
    cli("demo", "--workbook", folder)
    return Workbook(folder)


def command(firm: Workbook, *words: str) -> None:
    environment = os.environ | {"CLIENTLIB_WORKBOOK": str(firm.folder), "MPLBACKEND": "agg"}
    done = subprocess.run(words, env=environment, cwd=firm.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_all_reports_against_papermill_and_nbconvert(compare: Any, firm: Workbook, tmp_path: Path) -> None:
    def ours() -> None:
        command(
            firm, str(BIN / "clientlib"), "report", "--language", "en,zh", "--jobs", "2", "--beside", "none"
        )

    def peer() -> None:
        for report in discover(firm):
            if report.draws_on_others:
                continue  # it reads what the others of an edition left, which there is not
            for language in LANGUAGES:
                made = tmp_path / f"{report.name}.{language}.ipynb"
                asked = ["-p", "language", language, "-k", "python3"]
                command(firm, str(BIN / "papermill"), str(report.notebook), str(made), *asked)
                command(firm, str(BIN / "jupyter-nbconvert"), "--to", "html", "--no-input", str(made))

    compare("all reports, two languages (peer: papermill + nbconvert, one after the other)", ours, peer, 2)


def empty(firm: Workbook, reports: int) -> Workbook:
    """The workbook with so many reports that do nothing instead of its own."""
    for notebook in (firm.notebooks / "reports").glob("*.ipynb"):
        notebook.unlink()
    for number in range(reports):
        write(firm, f"empty{number}", NOTHING)
    return firm


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_report_costs_that_does_nothing(
    jobs: int, own_demo_workbook: Workbook, capsys: pytest.CaptureFixture[str]
) -> None:
    def seconds(reports: int) -> float:
        firm = empty(own_demo_workbook, reports)
        began = time.perf_counter()
        assert not run_reports(firm, Asked(languages=("en",)), jobs=jobs, beside=()).failed
        return time.perf_counter() - began

    first, all_of_them = seconds(1), seconds(EMPTY_REPORTS)
    each = (all_of_them - first) / (EMPTY_REPORTS - 1)
    with capsys.disabled():
        print(
            f"\na report that does nothing, {jobs} at a time: "
            f"the first {first:.2f} s, each after it {each:.3f} s"
        )


class Watch(Silent):
    """Notes how much memory this process and the one that forks take, and when each report is done."""

    def __init__(self) -> None:
        self.memory: list[float] = []
        self.began = time.perf_counter()
        self.moments: list[float] = []

    def ends(self, outcome: Any) -> None:
        self.moments.append(time.perf_counter() - self.began)
        own = psutil.Process()
        lasting = [own, *(p for p in own.children() if "running.forge" in " ".join(p.cmdline()))]
        self.memory.append(sum(p.memory_info().rss for p in lasting) / (1 << 20))

    def begins(self, task: Task) -> None:
        """Nothing to note."""


def test_two_hundred_branch_runs_of_one_report(
    own_demo_workbook: Workbook, capsys: pytest.CaptureFixture[str]
) -> None:
    firm = empty(own_demo_workbook, 0)
    write(firm, "one", GOOD)
    branches = run_reports(firm, Asked(branches=("each",), languages=("en",)), beside=()).editions
    days = -(-MANY_BRANCHES // len(branches))
    watch = Watch()
    since = dt.date(2026, 6, 30) - dt.timedelta(days=days - 1)
    asked = Asked(branches=("each",), since=since, every="day", languages=("en",))
    result = run_reports(firm, asked, beside=(), progress=watch)
    assert not result.failed
    half = len(watch.moments) // 2
    each = (watch.moments[-1] - watch.moments[half]) / (len(watch.moments) - half - 1)
    early, late = statistics.median(watch.memory[10:30]), statistics.median(watch.memory[-20:])
    with capsys.disabled():
        print(
            f"\n{len(watch.moments)} branch runs of one report, two at a time: {each:.3f} s each; "
            f"memory of the lasting processes {early:.0f} MB early, {late:.0f} MB late"
        )
