"""Runs reports: each notebook through papermill in a process of its own, made a page, published together.

One report's failure does not stop the others. The executed notebook is the log and is kept beside the
pages; the pages never hold code or a traceback.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from clientlib.book import open_book
from clientlib.config import Beside
from clientlib.processors import cores
from clientlib.report import agenda, plan, publish, readiness, retention
from clientlib.report.agenda import Asked
from clientlib.report.outcome import FAILED, WAITING, Outcome
from clientlib.report.parameters import Facts
from clientlib.report.publish import Edition
from clientlib.report.running.crew import Crew
from clientlib.report.running.draft import Draft
from clientlib.report.running.journal import FILE as JOURNAL
from clientlib.report.running.journal import Journal, Listener
from clientlib.report.running.unfinished import Unfinished
from clientlib.report.running.worker import Task
from clientlib.workbook import Workbook


class Progress(Protocol):
    """What the caller is told while reports are made; several may be at work at a time."""

    def plans(self, reports: int) -> None:
        """So many reports will be made, each language counted."""

    def begins(self, task: Task) -> None:
        """A report starts."""

    def advances(self, task: Task, cells: int, of: int) -> None:
        """So many of a running report's code cells are done."""

    def ends(self, outcome: Outcome) -> None:
        """A report is done, well or not."""


class Silent:
    """A `Progress` that tells nobody."""

    def plans(self, reports: int) -> None:
        """Say nothing."""

    def begins(self, task: Task) -> None:
        """Say nothing."""

    def advances(self, task: Task, cells: int, of: int) -> None:
        """Say nothing."""

    def ends(self, outcome: Outcome) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class RunResult:
    """A run. `index` is the page to open, in the first language asked for: the home page where there are
    several editions, else the edition's own."""

    run: str
    editions: tuple[Edition, ...]
    outcomes: tuple[Outcome, ...]
    index: Path

    @property
    def folder(self) -> Path:
        """The folder of the last edition that was published."""
        return self.editions[-1].folder

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.status == "failed")

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        """Those that wait for a source."""
        return tuple(o for o in self.outcomes if o.status == "skipped")

    @property
    def exit_code(self) -> int:
        """0, or `FAILED`, or `WAITING`."""
        return FAILED if self.failed else WAITING if self.skipped else 0


def run_reports(
    workbook: Workbook,
    asked: Asked | None = None,
    *,
    jobs: int | None = None,
    beside: Sequence[Beside] | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    listen: Listener | None = None,
) -> RunResult:
    """Make reports and publish them, an edition for each date and branch.

    Parameters
    ----------
    asked : Asked, optional
        Which reports, dates, branches and languages; without it all reports for the newest date. `known_at`
        is settled once, so that all reports see the same book.
    jobs : int, optional
        So many are made at a time; otherwise as the settings say, but no more than there are processors.
    beside : sequence of {"xlsx", "pdf"}, optional
        What is made beside each page; otherwise as the settings say.
    resume : bool
        Go on with the run that was broken off last: what was asked for then counts instead of `asked` and
        `beside`, and what it had finished is not made again, unless a notebook has changed.
    progress : Progress, optional
        Told as the run goes on.
    listen : callable, optional
        Told each line of the journal as it is written.

    Returns
    -------
    RunResult
        One outcome for each edition, report and language. Whether one failed is for the caller to act on.

    Raises
    ------
    ParameterError
        Before any process starts: a name, date, branch, language or parameter cannot be, or no run was broken
        off.
    WorkbookError
        Another run is at work, or the folder cannot be written.

    Notes
    -----
    Interrupted (Ctrl-C), the processes are killed and what was published before stands as it was. An edition
    is published when all of its reports are done, while others of the same run are still being made.
    """
    before = Unfinished.read(workbook.reports) if resume else None
    asked = before.asked if before else asked or Asked()
    reports = plan.choose(plan.discover(workbook), asked.names)
    questions = agenda.questions(asked, reports, _facts(workbook), workbook.settings)
    rules = workbook.settings.reports
    kinds = before.beside if before else rules.beside if beside is None else tuple(beside)
    with publish.alone(workbook.reports, keep=resume) as lock:
        settled = agenda.settled(asked, questions)
        now = Unfinished.of(settled, kinds, reports, run=before.run if before else "")
        now.write(workbook.reports)
        made = before is not None and before.same_notebooks(now)
        late = readiness.late(workbook, reports, questions)
        drafts = tuple(
            Draft.begun(workbook, reports, q, now.run, kinds, late.get(q.as_of, {}), go_on=made)
            for q in questions
        )
        journal = Journal(workbook.reports / JOURNAL, now.run, listen)
        result = _Run(workbook, drafts, journal, progress or Silent()).make(
            # More reports at a time than processors would only wait for each other.
            min(jobs or rules.jobs, cores()),
            lock,
        )
        Unfinished.forget(workbook.reports)
        return result


def _facts(workbook: Workbook) -> Facts:
    from clientlib.report.page import book_facts

    with open_book(workbook, role="report") as book:
        return book_facts(book)


@dataclass(frozen=True)
class _Run:
    """One run: drafts of editions on one side, a crew on the other, and word of it in the journal."""

    workbook: Workbook
    drafts: tuple[Draft, ...]
    journal: Journal
    teller: Progress

    def make(self, hands: int, lock: int) -> RunResult:
        """Make and publish what is not there yet, so many reports at a time; then delete what is too old."""
        began = time.perf_counter()
        self._start()
        editions = [self._publish(draft) for draft in self.drafts if draft.complete]
        todo = [task for draft in self.drafts for task in draft.todo]
        with Crew(self.workbook, min(hands, max(1, len(todo))), lock) as crew:
            for task, outcome in crew.make(todo, self.teller, self._ready):
                draft = self._draft(task)
                draft.add(task, outcome)
                self.journal.report_ended(outcome)
                self.teller.ends(outcome)
                if draft.complete:
                    editions.append(self._publish(draft))
        self._prune()
        result = RunResult(self.journal.run, tuple(editions), self._outcomes(), self._index())
        self._end(result, time.perf_counter() - began)
        return result

    def _start(self) -> None:
        tasks = [task for draft in self.drafts for task in draft.tasks]
        plan = [{"report": t.report, "language": t.language, "edition": t.edition} for t in tasks]
        self.journal.note("run_started", pid=os.getpid(), host=platform.node(), plan=plan)
        if not (self.workbook.reports / self._index().name).exists():
            self._write_home()  # an edition's index leads there
        self.teller.plans(len(tasks))
        for draft in self.drafts:
            for outcome in draft.outcomes:
                self.teller.ends(outcome)

    @cached_property
    def _by_name(self) -> dict[str, Draft]:
        return {draft.name: draft for draft in self.drafts}

    @cached_property
    def _of_branch(self) -> dict[str, list[Draft]]:
        """The drafts of each branch, the earliest date first."""
        found: dict[str, list[Draft]] = {}
        for draft in self.drafts:
            found.setdefault(draft.question.branch, []).append(draft)
        return found

    def _draft(self, task: Task) -> Draft:
        return self._by_name[task.edition]

    def _ready(self, task: Task) -> bool:
        """Whether a report can be begun: it looks back on the editions of its branch before its own."""
        mine = self._draft(task)
        unfinished = next((d for d in self._of_branch[task.branch] if not d.complete), mine)
        return unfinished is mine and mine.ready(task)

    def _publish(self, draft: Draft) -> Edition:
        if draft.published:
            return Edition(draft.place, draft.question.as_of, draft.question.branch)
        edition = draft.publish(self.journal.run)
        self.journal.note("published", edition=draft.name)
        self._write_home()
        return edition

    def _write_home(self, without: Collection[str] = ()) -> None:
        from clientlib.report.index import home

        home.write(self.workbook, without)

    def _prune(self) -> None:
        """Delete the editions that have had their time, and shorten the journal."""
        rules, today = self.workbook.settings.reports, dt.datetime.now(dt.UTC).date()
        standing = publish.editions(self.workbook.reports)
        gone = retention.expendable(standing, today, rules.keep_days, rules.keep_months)
        self._write_home(without=[edition.folder.name for edition in gone])
        if gone:
            self.journal.note("pruned", editions=retention.delete(gone, self.workbook.calls))
        retention.expire_calls(self.workbook.calls, today, rules.keep_days)
        self.journal.shorten()

    def _outcomes(self) -> tuple[Outcome, ...]:
        return tuple(outcome for draft in self.drafts for outcome in draft.outcomes)

    def _index(self) -> Path:
        from clientlib.report import exporter

        language = self.drafts[-1].question.languages[0]
        name = exporter.file_name("index", language, self.workbook.settings)
        return (self.workbook.reports if len(self.drafts) > 1 else self.drafts[-1].place) / name

    def _end(self, result: RunResult, seconds: float) -> None:
        counts = {s: sum(o.status == s for o in result.outcomes) for s in ("made", "failed", "skipped")}
        self.journal.note("run_ended", exit_code=result.exit_code, seconds=round(seconds, 2), **counts)
