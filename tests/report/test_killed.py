"""Runs are killed, again and again, at any moment: what is published is whole, and the next run goes on.

With `--benchmarks` ten times as often, and what was met is printed.
"""

from __future__ import annotations

import math
import os
import random
import secrets
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from clientlib.report import publish
from clientlib.report.running import crew
from clientlib.workbook import Workbook
from tests.ordered import OrderedProcess
from tests.report import standing
from tests.report.small_reports import OPEN, without_reports, write

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="the forge is Linux's")]

SCRIPT = Path(__file__).parent / "processes" / "reporter.py"
KILLS = 50
AIMED_AT = (
    *("begins", "cells", "report_ended", "linking", "sealing"),
    *("exchanging", "home", "published", "deleting", "run_ended"),
)
PERIOD = {"since": "2026-05-31", "until": "2026-06-30", "languages": ["en"]}
LEAVES_A_CHILD = """
import subprocess
child = subprocess.Popen(["sleep", "600"], start_new_session={apart})
with open("children", "a") as file:
    file.write(f"{{child.pid}}\\n")
"""


# ------------------------------------------------------------------ the process
@dataclass(frozen=True)
class Strike:
    """When to kill, and whom: so long after it has come to a phase for the so-manieth time."""

    phase: str
    turn: int
    delay: float
    group: bool

    @classmethod
    def drawn(cls, draw: random.Random) -> Strike:
        group = draw.random() < 0.5
        if draw.random() < 0.4:
            return cls("run_started", 1, draw.uniform(0, 2), group)
        delay = draw.choice([0, draw.uniform(0, 0.01)])
        return cls(draw.choice(AIMED_AT), draw.choice([1, 1, 2]), delay, group)


@dataclass
class Death:
    """How a run ended: killed in a phase, or by itself with a code and what it said."""

    code: int = 0
    phase: str = "beginning"
    error: str = ""

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Reporter(OrderedProcess):
    """The process that has children run reports, and kills them."""

    def runs(self, firm: Workbook, strike: Strike | None = None, **order: Any) -> Death:
        """Have reports run by a child, and strike it if told to."""
        self.order(folder=str(firm.folder), **order)
        death, met, child, due = Death(), 0, 0, math.inf
        while True:
            line = self.line_until(due)
            if line is None:
                assert strike is not None
                (os.killpg if strike.group else os.kill)(child, signal.SIGKILL)
                due, strike = math.inf, None
                continue
            word, what = line.split(maxsplit=1)
            if word == "dead":
                death.code = int(what)
                return death
            if word == "pid":
                child = int(what)
            elif word == "error":
                death.error = what
            else:
                death.phase = what
            if strike is not None and due == math.inf and what == strike.phase:
                met += 1
                due = time.monotonic() + strike.delay if met == strike.turn else due


@pytest.fixture(scope="module")
def reporter() -> Iterator[Reporter]:
    started = Reporter(SCRIPT, crew.environment())
    yield started
    started.end()


@pytest.fixture
def firm(demo_workbook: Workbook, tmp_path: Path) -> Workbook:
    made = without_reports(demo_workbook, tmp_path / "firm")
    (made.folder / "workbook.toml").write_text("[reports]\nkeep_days = 1\nkeep_months = 0\n", "utf-8")
    write_version(made, 0)
    return made


def write_version(firm: Workbook, version: int, apart: bool = False) -> None:
    """Three reports that show a version; one leaves a process behind, maybe in a session of its own."""
    shows = f"{OPEN}page.figures(Figure('clients', {version}))\n"
    write(firm, "first", shows, order=1)
    write(firm, "second", shows + LEAVES_A_CHILD.format(apart=apart), order=2)
    write(firm, "third", shows, order=3)


# ------------------------------------------------------------------ looking
def wait_until_all_are_gone(firm: Workbook) -> None:
    """Whoever comes from a run holds its lock; what notebooks started has left its number."""
    children = firm.folder / "children"
    told = [int(n) for n in children.read_text().split()] if children.exists() else []
    until = time.monotonic() + 30
    while publish.is_held(firm.reports) or any(map(is_asleep, told)):
        assert time.monotonic() < until, "a process has outlived its run"
        time.sleep(0.02)
    children.unlink(missing_ok=True)


def is_asleep(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return bool(process.name() == "sleep" and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def versions(edition: Path) -> set[int]:
    return {run["figures"][0]["value"] for run in standing.runs(edition)}


@dataclass
class Tally:
    """What the kills met."""

    phases: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    resumed: int = 0

    def __str__(self) -> str:
        told = ", ".join(f"{phase} {count}" for phase, count in self.phases.most_common())
        ends = f"{self.finished} runs came to their end, {self.resumed} of them resumed"
        return f"{self.phases.total()} kills ({told}); {ends}"


class Torment:
    """Kills runs of one firm, and looks at its reports after each."""

    def __init__(self, firm: Workbook, reporter: Reporter, draw: random.Random) -> None:
        self.firm, self.reporter, self.draw = firm, reporter, draw
        self.tally, self.version = Tally(), 0
        self.seen: dict[str, int] = {}

    def round(self) -> None:
        """Kill one or two runs, then let one come to its end."""
        if self.draw.random() < 0.3:
            shutil.rmtree(self.firm.reports, ignore_errors=True)
            self.seen = {}
        self.version += 1
        write_version(self.firm, self.version, apart=False)
        for _ in range(self.draw.choice([3, 4, 5])):
            self._kill(resume=self._can_resume() and self.draw.random() < 0.5)
        self._finish(resume=self._can_resume() and self.draw.random() < 0.7)

    def _can_resume(self) -> bool:
        return (self.firm.reports / ".unfinished.json").exists()

    def _kill(self, resume: bool) -> None:
        strike = Strike.drawn(self.draw)
        death = self.reporter.runs(self.firm, strike, asked=PERIOD, resume=resume)
        assert death.killed or death.code == 0, (strike, death)
        self.tally.phases.update([death.phase] if death.killed else [])
        self._look()

    def _finish(self, resume: bool) -> None:
        death = self.reporter.runs(self.firm, asked=PERIOD, resume=resume)
        assert (death.code, death.error) == (0, "")
        self.tally.finished += 1
        self.tally.resumed += resume
        self._look()
        assert standing.wreck(self.firm.reports) == []
        assert self.seen == {"2026-05-31": self.version, "2026-06-30": self.version}

    def _look(self) -> None:
        wait_until_all_are_gone(self.firm)
        standing.check(self.firm.reports)
        for edition in publish.editions(self.firm.reports):
            (found,) = versions(edition.folder)
            assert self.seen.get(edition.folder.name, 0) <= found <= self.version
            self.seen[edition.folder.name] = found


def test_after_every_kill_the_index_opens_and_leads_to_whole_reports(
    firm: Workbook, reporter: Reporter, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    longer = request.config.getoption("--benchmarks")
    seed = secrets.randbits(32) if longer else 20_260_706
    torment, began = Torment(firm, reporter, random.Random(seed)), time.monotonic()
    try:
        while torment.tally.phases.total() < (KILLS * 10 if longer else KILLS):
            torment.round()
    except BaseException as error:
        error.add_note(f"Seed {seed}: {torment.tally}")
        raise
    if longer:
        with capsys.disabled():
            sys.stdout.write(f"\n{torment.tally}; {time.monotonic() - began:.0f} s, seed {seed}\n")


def test_what_a_notebook_leaves_in_a_session_of_its_own_ends_with_the_run(
    firm: Workbook, reporter: Reporter
) -> None:
    write_version(firm, 1, apart=True)
    strike = Strike("published", 1, 0, group=False)
    assert reporter.runs(firm, strike, asked=PERIOD).killed
    wait_until_all_are_gone(firm)


def test_resuming_makes_only_what_was_not_finished(firm: Workbook, reporter: Reporter) -> None:
    assert reporter.runs(firm, Strike("published", 1, 0, group=True), asked=PERIOD, jobs=1).killed
    wait_until_all_are_gone(firm)
    before = (firm.reports / "2026-05-31" / "first.html").stat()
    assert reporter.runs(firm, resume=True).code == 0
    after = (firm.reports / "2026-05-31" / "first.html").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert {run["run"] for e in publish.editions(firm.reports) for run in standing.runs(e.folder)} == {
        publish.editions(firm.reports)[0].manifest["run"]
    }


def test_a_resumed_run_gives_the_contents_of_an_undisturbed_one(firm: Workbook, reporter: Reporter) -> None:
    assert reporter.runs(firm, asked=PERIOD).code == 0
    undisturbed = standing.contents(firm.reports)
    shutil.rmtree(firm.reports)
    assert reporter.runs(firm, Strike("report_ended", 2, 0, group=False), asked=PERIOD).killed
    wait_until_all_are_gone(firm)
    assert reporter.runs(firm, resume=True).code == 0
    assert standing.contents(firm.reports) == undisturbed


# ------------------------------------------------------------------ a full disk
def test_on_a_disk_that_is_full_at_any_place_the_old_editions_stand_and_a_sentence_is_said(
    firm: Workbook, reporter: Reporter, request: pytest.FixtureRequest
) -> None:
    longer = request.config.getoption("--benchmarks")
    seed = secrets.randbits(32) if longer else 20_260_707
    draw, refused = random.Random(seed), 0
    assert reporter.runs(firm, asked=PERIOD).code == 0
    largest = max(path.stat().st_size for path in firm.reports.rglob("*"))
    for _ in range(50 if longer else 6):
        death = reporter.runs(firm, asked=PERIOD, largest_file=int(largest * draw.uniform(0.02, 1)))
        wait_until_all_are_gone(firm)
        standing.check(firm.reports)
        assert death.code in (0, 2), (seed, death)
        assert (death.code == 2) == bool(death.error), (seed, death)
        refused += death.code == 2
    assert refused
    assert reporter.runs(firm, asked=PERIOD).code == 0
    assert standing.wreck(firm.reports) == []
