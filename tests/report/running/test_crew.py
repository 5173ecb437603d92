"""Whatever a notebook does to its process, or somebody else to all of them, the other reports are made."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from clientlib.report import Outcome, RunResult
from clientlib.report.outcome import Outcome as Ended
from clientlib.report.run import Silent
from clientlib.report.running.worker import Task
from clientlib.workbook import Workbook
from tests.report import standing
from tests.report.small_reports import GOOD, run, without_reports, write

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("own_forges"),
    pytest.mark.skipif(sys.platform != "linux", reason="the forge is Linux's"),
]

NOTES = "import os\nopen('pids', 'a').write(f'{os.getpid()}\\n')\n"
CHILDREN = """
import os, subprocess, sys
for _ in range(3):
    one = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    open('pids', 'a').write(f'{one.pid}\\n')
if os.fork() == 0:
    open('pids', 'a').write(f'{os.getpid()}\\n')
    os.setsid()
    while True:
        import time; time.sleep(600)
"""
LIBRARIES = """
import threading, logging
from concurrent.futures import ThreadPoolExecutor
import duckdb, polars as pl, pyarrow as pa, pyarrow.compute as pc
logging.basicConfig(level="INFO"); logging.info("begun")
with ThreadPoolExecutor(4) as threads:
    assert list(threads.map(abs, range(-3, 0))) == [3, 2, 1]
frame = pl.DataFrame({"k": [n % 7 for n in range(100_000)], "v": range(100_000)})
assert frame.lazy().group_by("k").agg(pl.col("v").sum()).collect().height == 7
assert pc.sum(pa.array(range(100_000))).as_py() == 4_999_950_000
assert duckdb.sql("SELECT count(*) FROM range(1000000)").fetchall() == [(1_000_000,)]
import multiprocessing
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(abs, range(-3, 0)) == [3, 2, 1]
"""
JUNK = """
import os
for number in os.listdir("/proc/self/fd"):
    place = f"/proc/self/fd/{number}"
    if os.path.lexists(place) and os.readlink(place).startswith("pipe:"):
        os.write(int(number), b"junk\\n1\\n")
"""
REPORTS = {
    "hangs": NOTES + "while True: pass",
    "hangs_with_children": NOTES + CHILDREN + "while True: pass",
    "leaves_children": NOTES + CHILDREN + GOOD,
    "kills_itself": NOTES + "import signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "crashes": NOTES + "import ctypes\nctypes.string_at(0)",
    "exits_at_once": NOTES + CHILDREN + "os._exit(0)",
    "eats_memory": NOTES + "held = []\nwhile True: held.append(bytearray(b'x' * (50 << 20)))",
    "eats_memory_in_a_child": NOTES
    + "import multiprocessing\n"
    + "def eat():\n    held = []\n    while True: held.append(bytearray(b'x' * (50 << 20)))\n"
    + "child = multiprocessing.get_context('fork').Process(target=eat)\nchild.start()\nchild.join()",
    "prints_a_million_lines": GOOD + "for n in range(1_000_000): print('line', n)",
    "writes_to_what_it_does_not_know": GOOD + JUNK,
    "uses_libraries": LIBRARIES + GOOD,
    "good": GOOD,
}
LIMITS = "[reports]\ntimeout_seconds = 20\nmemory_mb = 900\nbeside = []\n"


def alive(pids: Path) -> list[int]:
    return [int(line) for line in pids.read_text().split() if works(int(line))]


def works(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def made(demo_workbook: Workbook, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    firm = without_reports(demo_workbook, tmp_path_factory.mktemp("crew") / "firm")
    (firm.folder / "workbook.toml").write_text(LIMITS, "utf-8")
    for order, (name, source) in enumerate(REPORTS.items()):
        write(firm, name, source, order)
    return run(firm, jobs=2)


def outcome(made: RunResult, name: str) -> Outcome:
    return next(o for o in made.outcomes if o.report == name)


@pytest.mark.parametrize(
    "name",
    [
        "good",
        "leaves_children",
        "uses_libraries",
        "prints_a_million_lines",
        "writes_to_what_it_does_not_know",
    ],
)
def test_the_others_are_made(made: RunResult, name: str) -> None:
    assert (outcome(made, name).status, outcome(made, name).reason) == ("made", "")


def test_the_run_says_that_reports_failed(made: RunResult) -> None:
    assert made.exit_code == 3
    standing.check(made.folder.parent)
    assert standing.wreck(made.folder.parent) == []


@pytest.mark.parametrize("name", ["hangs", "hangs_with_children"])
def test_a_report_that_hangs_is_ended_and_says_in_which_cell(made: RunResult, name: str) -> None:
    assert "took longer than it may and was in cell 3" in outcome(made, name).reason


@pytest.mark.parametrize("name", ["eats_memory", "eats_memory_in_a_child"])
def test_a_report_that_eats_memory_is_ended(made: RunResult, name: str) -> None:
    assert "took more than 900 MB of memory in cell 3" in outcome(made, name).reason


@pytest.mark.parametrize("name", ["kills_itself", "crashes", "exits_at_once"])
def test_a_process_that_dies_is_a_failed_report(made: RunResult, name: str) -> None:
    assert outcome(made, name).reason == "Its process died after 2 cells."


def test_nothing_that_a_notebook_started_outlives_its_run(made: RunResult) -> None:
    assert alive(made.folder.parents[1] / "pids") == []


def test_of_a_million_lines_the_first_are_kept(made: RunResult) -> None:
    kept = (made.folder / "notebooks" / "prints_a_million_lines.en.ipynb").read_text("utf-8")
    assert "left out" in kept
    assert len(kept) < 1_000_000


# ------------------------------------------------------------------ the forge


class KillsTheForge(Silent):
    """Kills it once, while a report is at work."""

    def __init__(self) -> None:
        self.killed = 0

    def begins(self, task: Task) -> None:
        if task.report == "second" and not self.killed:
            forges = [
                child
                for child in psutil.Process().children()
                if any(word.endswith("running.forge") for word in child.cmdline())
            ]
            os.kill(forges[0].pid, signal.SIGKILL)
            self.killed = forges[0].pid
            while works(self.killed):
                time.sleep(0.01)

    def ends(self, outcome: Ended) -> None:
        """Not told of."""


def test_a_forge_that_is_killed_is_replaced(demo_workbook: Workbook, tmp_path: Path) -> None:
    firm = without_reports(demo_workbook, tmp_path / "firm")
    for order, name in enumerate(("first", "second", "third")):
        write(firm, name, GOOD, order)
    teller = KillsTheForge()
    result = run(firm, jobs=1, progress=teller)
    assert teller.killed
    assert [(o.status, o.reason) for o in result.outcomes] == [("made", "")] * 3
