"""An edition in the making: its tasks, what became of them, and how it is put in its place."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clientlib.aside import put_folder
from clientlib.report import guard, manifest, publish, readiness
from clientlib.report import outcome as outcomes
from clientlib.report.messages import LANGUAGES
from clientlib.report.outcome import Outcome
from clientlib.report.parameters import Question
from clientlib.report.plan import Report
from clientlib.report.publish import Edition
from clientlib.report.readiness import Late
from clientlib.report.running.worker import Task
from clientlib.workbook import Workbook


@dataclass(frozen=True)
class Draft:
    """An edition in the making. `known` has the outcome of each task that is done."""

    workbook: Workbook
    reports: tuple[Report, ...]
    question: Question
    tasks: tuple[Task, ...]
    known: dict[Task, Outcome]
    published: bool = False
    """Whether it stands in its place already, whole and without a failure, made by this very run."""

    # ------------------------------------------------------------------ begin
    @classmethod
    def begun(
        cls,
        workbook: Workbook,
        reports: tuple[Report, ...],
        question: Question,
        run: str,
        beside: tuple[str, ...],
        late: Mapping[str, Sequence[Late]],
        *,
        go_on: bool,
    ) -> Draft:
        """A new draft; with `go_on`, what an earlier run of the same name has done of it counts.

        `late` are the reports that cannot be made yet, with the sources that have not come.
        """
        name = publish.edition_name(question.as_of, question.branch)
        folder = publish.staged(workbook.reports, name)
        if not go_on:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        in_order = sorted(reports, key=lambda report: report.draws_on_others)
        tasks = tuple(
            Task.of(
                report,
                language,
                workbook,
                folder,
                edition=name,
                as_of=question.as_of.isoformat(),
                branch=question.branch,
                values=question.values(report, language),
                languages=question.languages,
                run=run,
                beside=beside,
                draws_on_others=report.draws_on_others,
            )
            for report in in_order
            for language in question.languages
        )
        standing = _published(workbook.reports / name, tasks) if go_on else {}
        if len(standing) == len(tasks):
            shutil.rmtree(folder)
            return cls(workbook, reports, question, tasks, standing, published=True)
        draft = cls(workbook, reports, question, tasks, known={})
        for task in tasks:
            # What failed or waited is tried again.
            if (word := outcomes.read(task.word)) and word.shown:
                draft.known[task] = word
            elif task in standing:
                draft._take_over(task, standing[task])
            else:
                task.word.unlink(missing_ok=True)
        for task in tasks:
            if sources := late.get(task.report):
                draft.add(task, _waiting(task, sources))
        return draft

    # ------------------------------------------------------------------ go on
    @property
    def name(self) -> str:
        return publish.edition_name(self.question.as_of, self.question.branch)

    @property
    def folder(self) -> Path:
        """Where it is made."""
        return publish.staged(self.workbook.reports, self.name)

    @property
    def place(self) -> Path:
        """Where it will stand."""
        return self.workbook.reports / self.name

    @property
    def todo(self) -> list[Task]:
        return [task for task in self.tasks if task not in self.known]

    @property
    def complete(self) -> bool:
        return len(self.known) == len(self.tasks)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Those that are there, in the order of the tasks."""
        return tuple(self.known[task] for task in self.tasks if task in self.known)

    def ready(self, task: Task) -> bool:
        """Whether a task can be begun: one that draws on the others waits for all of them."""
        return not task.draws_on_others or all(t.draws_on_others for t in self.todo)

    def add(self, task: Task, outcome: Outcome) -> None:
        """Note what became of a task, also where its process could not leave word: others draw on it."""
        self.known[task] = outcome
        if not task.word.exists():
            with contextlib.suppress(OSError):  # on a full disk they do without
                outcome.write(task.word)

    # ------------------------------------------------------------------ put in place
    def publish(self, run: str) -> Edition:
        """Bind the edition and put it in its place by one rename."""
        from clientlib.report import index

        before = manifest.read(self.place)
        self._drop_strays()
        self._link_languages(before)
        now = dt.datetime.now(dt.UTC)
        told = manifest.bound(before, self.reports, self.outcomes, self.question, run, now)
        for file in manifest.files(told):
            self._copy(file)
        manifest.seal(self.folder, told)
        index.write(self.folder, told, self.workbook)
        put_folder(self.folder, self.place)
        return Edition(self.place, self.question.as_of, self.question.branch)

    def _take_over(self, task: Task, outcome: Outcome) -> None:
        """Count in what this run has published, but not together with the others."""
        for file in (outcome.page, outcome.notebook, *outcome.files):
            if file:
                # What lies here may be of the edition before, which changed places with the one published.
                (self.folder / file).unlink(missing_ok=True)
                self._copy(file)
        self.add(task, outcome)

    def _copy(self, file: str) -> None:
        """Take a file along from the edition as it stands, unless there is a new one."""
        source, target = self.place / file, self.folder / file
        if not target.exists() and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)

    def _drop_strays(self) -> None:
        """Take away what no outcome tells of: the words, and what a report wrote before it failed or died."""
        told = {self.folder / file for o in self.outcomes for file in (o.page, o.notebook, *o.files) if file}
        for path in sorted(self.folder.rglob("*"), reverse=True):  # what is in a folder before the folder
            if path.is_dir() and not path.is_symlink():
                with contextlib.suppress(OSError):
                    path.rmdir()  # unless something is kept in it
            elif path not in told:
                path.unlink()

    def _link_languages(self, before: dict[str, Any]) -> None:
        """Bind those pages anew whose report exists in other languages than was thought when it was made."""
        from clientlib.report import exporter

        settings = self.workbook.settings
        new = [(task, o.page, o.files) for task, o in self.known.items() if o.page]
        for task, page, files in [*new, *self._staying(before)]:
            languages = self._languages(task.report, before)
            if set(languages) == set(task.languages):
                continue
            html = exporter.render(task.executed(), task.report, settings, task.binding(languages, files))
            if found := guard.sightings(html, settings.reports.planted):
                raise AssertionError(guard.sentence(found))  # the page passed the guard before
            (self.folder / page).write_text(html, "utf-8")

    def _staying(self, before: dict[str, Any]) -> Iterator[tuple[Task, str, Sequence[str]]]:
        """Pages of this run's reports that the edition has already and that stay, in languages not made now:
        the task that each was made by, its file and those beside it.

        One that could not be made again later has lost its notebook, and stays as it is bound.
        """
        made = {(o.report, o.language) for o in self.outcomes if o.page}
        for task in {task.report: task for task in self.tasks}.values():
            runs = {lang: run for lang, run in manifest.runs(before, task.report).items() if run.get("page")}
            for language, run in runs.items():
                then = replace(
                    task, folder=str(self.place), language=language, languages=tuple(runs), run=run["run"]
                )
                whole = run["status"] in ("made", "unavailable") and then.log.is_file()
                if whole and (task.report, language) not in made:
                    yield then, run["page"], run["files"]

    def _languages(self, report: str, before: dict[str, Any]) -> tuple[str, ...]:
        """The languages in which the edition will hold a page of `report`."""
        earlier = {language for language, run in manifest.runs(before, report).items() if run.get("page")}
        now = {o.language for o in self.outcomes if o.report == report and o.page}
        return tuple(language for language in LANGUAGES if language in earlier | now)


def _published(place: Path, tasks: Sequence[Task]) -> dict[Task, Outcome]:
    """What the tasks' own run has published well, before it was broken off."""
    told = manifest.read(place)
    found = {task: manifest.outcome(told, task.edition, task.report, task.language) for task in tasks}
    return {
        task: outcome
        for task, outcome in found.items()
        if outcome is not None
        and outcome.status in ("made", "unavailable")
        and told["reports"][task.report]["runs"][task.language]["run"] == task.run
    }


def _waiting(task: Task, sources: Sequence[Late]) -> Outcome:
    """The outcome of one that cannot be made yet."""
    return task.became(
        "skipped",
        reason=readiness.sentence(sources, "en"),
        message=readiness.sentence(sources, task.language),
    )
