"""Runs of reports: published whole, one failure apart from the others, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clientlib.errors import ParameterError
from clientlib.report import Outcome, RunResult
from clientlib.report.running.worker import Task
from clientlib.workbook import Workbook
from tests.report.small_reports import AS_OF, GOOD, OPEN, run, without_reports, write

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def planted(demo_workbook: Workbook) -> dict[str, Any]:
    """What the demo's makers hid for the reports to find."""
    facts: dict[str, Any] = json.loads((demo_workbook.demo / "planted.json").read_text("utf-8"))
    return facts


@pytest.fixture
def firm(demo_workbook: Workbook, tmp_path: Path) -> Workbook:
    return without_reports(demo_workbook, tmp_path / "firm")


def html_of(folder: Path) -> str:
    return "\n".join(file.read_text("utf-8") for file in folder.rglob("*.html"))


# ------------------------------------------------------------------ the reports that come with clientlib


def test_all_reports_are_made_in_both_languages(report_run: RunResult) -> None:
    assert {(o.status, o.reason) for o in report_run.outcomes} == {("made", "")}
    names = {
        f"{name}{tail}"
        for name in ("overview", "segmentation", "risk_review", "feedback", "data_quality", "index")
        for tail in (".html", ".zh.html")
    }
    assert names <= {file.name for file in report_run.folder.iterdir()}
    assert report_run.index == report_run.folder / "index.html"


def test_each_report_has_figures_and_a_chart_for_its_card(report_run: RunResult) -> None:
    assert all(3 <= len(o.figures) <= 5 for o in report_run.outcomes)
    assert all("<svg" in o.chart for o in report_run.outcomes)


def test_the_planted_facts_are_found(report_run: RunResult, planted: dict[str, Any]) -> None:
    feedback = (report_run.folder / "feedback.html").read_text("utf-8")
    assert f"{planted['slow_branch']['branch']} answers more slowly" in feedback
    assert f"from {planted['happy_branch']['branch']} at +" in feedback
    risk = (report_run.folder / "risk_review.html").read_text("utf-8")
    assert [client for client in planted["lowest_class_breach"]["clients"] if client not in risk] == []


def test_pages_are_small_and_hold_no_code_or_stray_output(report_run: RunResult) -> None:
    for file in report_run.folder.glob("*.html"):
        assert file.stat().st_size < 1_500_000
    text = html_of(report_run.folder)
    for junk in ("Traceback", "Warning", "open_book", "import ", "nan%", "{n:"):
        assert junk not in text, junk


def test_nothing_tells_of_the_machine(report_run: RunResult) -> None:
    workbook = report_run.folder.parents[1]
    texts = [
        f.read_text("utf-8") for f in report_run.folder.rglob("*") if f.suffix in (".html", ".ipynb", ".json")
    ]
    for text in texts:
        assert str(workbook) not in text
        assert str(Path.home()) + os.sep not in text


def test_chinese_pages_are_chinese(report_run: RunResult) -> None:
    for file in report_run.folder.glob("*.zh.html"):
        text = file.read_text("utf-8")
        assert '<html lang="zh-Hans">' in text
        for english in ("What it means", "Clients", "Source:", "Show the numbers"):
            assert english not in text, (file.name, english)


def test_the_manifest_tells_machines_the_same(report_run: RunResult) -> None:
    manifest = json.loads((report_run.folder / "manifest.json").read_text("utf-8"))
    assert list(manifest["reports"]) == [
        *("overview", "segmentation", "risk_review", "feedback", "data_quality"),
    ]
    run = manifest["reports"]["feedback"]["runs"]["zh"]
    assert (run["status"], run["page"], run["as_of"]) == ("made", "feedback.zh.html", AS_OF)
    assert len(run["sha256"]) == 64
    assert run["seconds"] > 0


# ------------------------------------------------------------------ how runs go


TROUBLE = {
    "raises": OPEN + "raise ValueError(f'no luck in {__import__(\"os\").getcwd()}')",
    "dies": "import os; os._exit(1)",
    "leaks": GOOD + "page.unavailable('page.one_branch', branch='13812345678')",
    "noisy": GOOD + "import warnings; print('stray'); warnings.warn('stray'); page",
}


@pytest.fixture(scope="module")
def troubled(demo_workbook: Workbook, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run in which most reports go wrong, each in its own way."""
    own = without_reports(demo_workbook, tmp_path_factory.mktemp("troubled") / "firm")
    for order, (name, source) in enumerate(TROUBLE.items()):
        write(own, name, source, order)
    return run(own)


def outcome(result: RunResult, name: str) -> Outcome:
    return next(o for o in result.outcomes if o.report == name)


def test_a_failing_report_does_not_stop_the_others(troubled: RunResult) -> None:
    statuses = {o.report: o.status for o in troubled.outcomes}
    assert statuses == {"raises": "failed", "dies": "failed", "leaks": "failed", "noisy": "made"}
    assert len(troubled.failed) == 3


def test_the_index_says_which_report_failed_but_not_why(troubled: RunResult) -> None:
    html = html_of(troubled.folder)
    assert html.count("there is no earlier version") == 3
    assert "no luck" not in html
    assert "Traceback" not in html


def test_the_reason_is_kept_for_the_administrator_without_paths(troubled: RunResult) -> None:
    reason = outcome(troubled, "raises").reason
    assert reason == "ValueError in cell 3. The executed notebook has the traceback."
    kept = (troubled.folder / "notebooks" / "raises.en.ipynb").read_text("utf-8")
    assert "Traceback" in kept
    assert str(troubled.folder.parents[1]) not in kept


def test_a_process_that_dies_is_a_failed_report(troubled: RunResult) -> None:
    assert "died" in outcome(troubled, "dies").reason


def test_a_page_with_identity_is_refused_and_its_notebook_emptied(troubled: RunResult) -> None:
    assert "mobile number" in outcome(troubled, "leaks").reason
    for file in troubled.folder.glob("*.*"):
        assert "13812345678" not in file.read_text("utf-8")
    notebook = json.loads((troubled.folder / "notebooks" / "leaks.en.ipynb").read_text("utf-8"))
    assert [c["outputs"] for c in notebook["cells"] if c["cell_type"] == "code"] == [[]] * 3


def test_prints_and_warnings_stay_in_the_notebook(troubled: RunResult) -> None:
    assert "stray" not in html_of(troubled.folder)
    assert "stray" in (troubled.folder / "notebooks" / "noisy.en.ipynb").read_text("utf-8")


def test_a_report_that_hangs_is_ended(firm: Workbook) -> None:
    (firm.folder / "workbook.toml").write_text("[reports]\ntimeout_seconds = 5\n", "utf-8")
    write(firm, "endless", "while True: pass")
    result = run(Workbook(firm.folder))
    assert "longer than it may" in result.failed[0].reason


def test_a_run_of_one_report_keeps_the_others_and_a_failure_the_last_good_page(firm: Workbook) -> None:
    write(firm, "first", GOOD, order=1)
    write(firm, "second", "1 / 0", order=2)
    page = (run(firm, "first").folder / "first.html").read_bytes()
    result = run(firm, "second")
    assert 'href="first.html"' in result.index.read_text("utf-8")
    assert (result.folder / "notebooks" / "first.en.ipynb").is_file()
    write(firm, "first", "1 / 0", order=1)
    result = run(firm, "first")
    assert (result.folder / "first.html").read_bytes() == page
    assert "this is the last good version" in result.index.read_text("utf-8")


def test_a_wrong_parameter_starts_nothing(firm: Workbook) -> None:
    write(firm, "good", GOOD)
    with pytest.raises(ParameterError, match="not a day of the calendar"):
        run(firm, as_of="2026-02-30")
    assert not firm.reports.exists()


def test_a_branch_has_an_edition_of_its_own_and_progress_is_told(
    firm: Workbook, planted: dict[str, Any]
) -> None:
    told: list[str] = []

    class Teller:
        def plans(self, reports: int) -> None:
            told.append(f"plans {reports}")

        def begins(self, task: Task) -> None:
            told.append(f"begins {task.report} {task.language}")

        def advances(self, task: Task, cells: int, of: int) -> None:
            told.append(f"{cells}/{of}")

        def ends(self, outcome: Outcome) -> None:
            told.append(f"ends {outcome.status}")

    branch = planted["slow_branch"]["branch"]
    write(firm, "good", GOOD)
    result = run(firm, branches=(branch,), as_of=AS_OF, progress=Teller())
    assert result.folder.name == f"{AS_OF}--{branch}"
    assert f"Branch: {branch}" in (result.folder / "good.html").read_text("utf-8")
    assert told == ["plans 1", "begins good en", "1/3", "2/3", "3/3", "ends made"]


RUNNER = """
import sys
from pathlib import Path
from clientlib.report import Asked, run_reports
from clientlib.report.run import Silent
from clientlib.workbook import Workbook

class Teller(Silent):
    def advances(self, task, cells, of):
        print(cells, flush=True)

run_reports(Workbook(Path(sys.argv[1])), Asked(languages=("en",)), progress=Teller())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_leaves_the_reports_as_they_were(firm: Workbook) -> None:
    write(firm, "report", GOOD)
    before = run(firm)
    page = (before.folder / "report.html").read_bytes()
    write(firm, "report", OPEN + "print(__import__('os').getpid(), file=open('pid', 'w'))\nwhile True: pass")
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(firm.folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    while process.stdout.readline().strip() != "2":  # the endless cell is the third
        assert process.poll() is None
    pid = wait_for(firm.folder / "pid")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    (firm.folder / "pid").unlink()
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert (before.folder / "report.html").read_bytes() == page
    assert not alive(pid)


def wait_for(file: Path) -> int:
    """The number in a file that another process is about to write."""
    while True:
        if file.exists() and (text := file.read_text().strip()):
            return int(text)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text()
