"""Reports two at a time, hundreds of them: none is lost, and what is made does not depend on the order.

With `--benchmarks` 300, in CI 30. Kernels spoken to through sockets lost one now and then.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path

import pytest

from clientlib.report.running.crew import Crew
from clientlib.report.running.worker import Task
from clientlib.workbook import Workbook
from tests.report import standing
from tests.report.small_reports import GOOD, run, without_reports, write

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_forges")]
RUNS = 30
PRINTS = GOOD + "import sys\nfor n in range(200): print(n, file=sys.stderr if n % 3 else sys.stdout)\n"


@pytest.fixture
def firm(demo_workbook: Workbook, tmp_path: Path) -> Workbook:
    made = without_reports(demo_workbook, tmp_path / "firm")
    write(made, "sizes", GOOD)
    write(made, "prints", PRINTS)
    return made


class Count:
    """Counts what a crew tells."""

    def __init__(self) -> None:
        self.begun = 0

    def begins(self, task: Task) -> None:
        self.begun += 1

    def advances(self, task: Task, cells: int, of: int) -> None:
        """Not counted."""


def tasks(firm: Workbook, folder: Path, count: int) -> list[Task]:
    from clientlib.report import plan

    reports = plan.discover(firm)
    folder.mkdir()
    now = dt.datetime.now(dt.UTC).isoformat()
    values = {"as_of": "2026-06-30", "known_at": now, "branch": "all", "language": "en"}
    return [
        Task.of(
            reports[number % len(reports)],
            "en",
            firm,
            folder / str(number),
            edition="2026-06-30",
            as_of="2026-06-30",
            branch="all",
            values=values,
            languages=("en",),
            run="soak",
            beside=(),
            draws_on_others=False,
        )
        for number in range(count)
    ]


def test_of_many_reports_made_two_at_a_time_none_is_lost(
    firm: Workbook, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    longer = request.config.getoption("--benchmarks")
    count, told, began = RUNS * 10 if longer else RUNS, Count(), time.monotonic()
    asked = tasks(firm, tmp_path / "made", count)
    for task in asked:
        Path(task.folder).mkdir()
    with Crew(firm, size=2) as crew:
        made = list(crew.make(asked, told))
    assert told.begun == count
    assert {(outcome.status, outcome.reason) for _, outcome in made} == {("made", "")}
    assert sorted(int(Path(task.folder).name) for task, _ in made) == list(range(count))
    assert len({(outcome.report, outcome.content) for _, outcome in made}) == 2
    if longer:
        seconds = time.monotonic() - began
        with capsys.disabled():
            sys.stdout.write(
                f"\n{count} reports, two at a time: {seconds:.0f} s, {seconds / count:.2f} s each\n"
            )


def test_one_at_a_time_or_two_in_whatever_order_of_languages_the_contents_are_equal(firm: Workbook) -> None:
    first = run(firm, languages=("en", "zh"), jobs=1)
    known_at = first.editions[0].manifest["known_at"]
    before = standing.contents(firm.reports)
    run(firm, languages=("zh", "en"), jobs=2, known_at=known_at)
    assert standing.contents(firm.reports) == before
    assert len(before) == 4


def test_two_runs_give_the_same_bytes_but_for_the_run_and_its_time(firm: Workbook) -> None:
    first = run(firm)
    manifest = first.editions[0].manifest
    page = (first.folder / "sizes.html").read_text("utf-8")
    second = run(firm, known_at=manifest["known_at"])
    again = (second.folder / "sizes.html").read_text("utf-8")
    assert second.run != first.run
    assert again.replace(second.run, first.run) == page
