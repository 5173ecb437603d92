"""Runs reports: each notebook through papermill on a kernel of its own, made a page, published together.

One report's failure does not stop the others. The executed notebook is the log and is kept beside the
pages; the pages never hold code or a traceback.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from clientlib import __version__
from clientlib.aside import put_folder
from clientlib.book import open_book
from clientlib.errors import ReportFailed
from clientlib.report import guard, parameters, plan, publish
from clientlib.report.execute import execute, read
from clientlib.report.kernel import Kernels
from clientlib.report.messages import LANGUAGES
from clientlib.report.parameters import ALL, Question
from clientlib.report.plan import Report
from clientlib.workbook import Workbook

Status = Literal["made", "unavailable", "failed"]
NOTEBOOKS = "notebooks"
"""Below an edition: the executed notebooks."""


class Progress(Protocol):
    """What the caller is told while reports are made."""

    def begins(self, report: str, language: str, number: int, total: int) -> None:
        """Report `number` of `total` starts (from 1)."""

    def advances(self, cells: int, of: int) -> None:
        """So many of the running report's code cells are done."""

    def ends(self, outcome: Outcome) -> None:
        """A report is done, well or not."""


@dataclass(frozen=True)
class Outcome:
    """What became of one report in one language. `seconds` is wall time, kernel start included."""

    report: str
    language: str
    status: Status
    seconds: float
    page: str | None
    notebook: str
    reason: str = ""
    title: str = ""
    message: str = ""
    headlines: tuple[dict[str, Any], ...] = ()
    chart: str = ""
    digest: str = ""


@dataclass(frozen=True)
class RunResult:
    """A run. `index` is the page to open, in the first language asked for; `failed` are those that failed."""

    folder: Path
    index: Path
    outcomes: tuple[Outcome, ...]
    question: Question

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.status == "failed")


class Silent:
    """A `Progress` that tells nobody."""

    def begins(self, report: str, language: str, number: int, total: int) -> None:
        """Say nothing."""

    def advances(self, cells: int, of: int) -> None:
        """Say nothing."""

    def ends(self, outcome: Outcome) -> None:
        """Say nothing."""


def run_reports(
    workbook: Workbook,
    names: Sequence[str] | None = None,
    as_of: str | dt.date | None = None,
    known_at: str | dt.datetime | None = None,
    branch: str = ALL,
    languages: Sequence[str] | None = None,
    parameters_given: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Make the reports of `workbook` and publish them as one edition.

    Parameters
    ----------
    names : sequence of str, optional
        Which reports; without it all.
    as_of, known_at, branch, languages
        See `parameters.check`. `known_at` is settled once, so that all reports see the same book.
    parameters_given : mapping, optional
        Further parameters of the notebooks.
    progress : Progress, optional
        Told as the run goes on.

    Returns
    -------
    RunResult
        One outcome for each report and language. Whether one failed is for the caller to act on.

    Raises
    ------
    ParameterError
        Before any kernel starts: a name, date, branch, language or parameter cannot be.
    WorkbookError
        Another run is at work, or the folder cannot be written.

    Notes
    -----
    Interrupted (Ctrl-C), the kernel is killed and what was published before stands as it was.
    """
    teller = progress or Silent()
    reports = plan.choose(plan.discover(workbook), names)
    question = parameters.check(
        reports,
        _facts(workbook),
        workbook.settings,
        as_of=as_of,
        known_at=known_at,
        branch=branch,
        languages=languages,
        others=parameters_given,
    )
    name = publish.edition_name(question.as_of, question.branch)
    jobs = [(report, language) for report in reports for language in question.languages]
    with publish.staging(workbook.reports, name) as staged, Kernels(workbook.folder, len(jobs)) as kernels:
        run = _Run(workbook, question, kernels, staged, teller)
        outcomes = []
        for number, (report, language) in enumerate(jobs, start=1):
            teller.begins(report.name, language, number, len(jobs))
            outcome = _make(report, language, run)
            outcomes.append(outcome)
            teller.ends(outcome)
        target = workbook.reports / name
        before = publish.read_manifest(target)
        outcomes = [_written(o, _languages(o.report, outcomes, before), workbook, staged) for o in outcomes]
        _bind(staged, target, before, reports, outcomes, question, workbook)
        put_folder(staged, target)
    from clientlib.report import exporter

    index = exporter.file_name("index", question.languages[0], workbook.settings)
    return RunResult(target, target / index, tuple(outcomes), question)


def _facts(workbook: Workbook) -> parameters.Facts:
    from clientlib.report.page import book_facts

    with open_book(workbook, role="report") as book:
        return book_facts(book)


# ------------------------------------------------------------------ one report


@dataclass(frozen=True)
class _Run:
    """What all reports of a run share."""

    workbook: Workbook
    question: Question
    kernels: Kernels
    staged: Path
    teller: Progress


def _make(report: Report, language: str, run: _Run) -> Outcome:
    began = time.perf_counter()
    kept = f"{NOTEBOOKS}/{report.name}.{language}.ipynb"
    log = run.staged / kept
    log.parent.mkdir(exist_ok=True)
    values = run.question.values(report, language)
    try:
        notebook = execute(report, values, log, run.workbook, run.kernels, run.teller.advances)
        outcome = _judged(notebook, report, language, run.workbook, log)
    except ReportFailed as error:
        outcome = _failed(report, language, str(error))
    return replace(outcome, notebook=kept, seconds=time.perf_counter() - began)


def _failed(report: Report, language: str, reason: str) -> Outcome:
    return Outcome(report.name, language, "failed", 0.0, None, "", reason, report.title(language))


def _judged(notebook: Any, report: Report, language: str, workbook: Workbook, log: Path) -> Outcome:
    """The outcome of an executed notebook; it names a page when there is nothing against one."""
    from clientlib.report import exporter

    html = exporter.render(notebook, report.name, workbook.settings)
    found = guard.sightings(html) or guard.sightings_in_notebook(notebook)
    if found:
        _forget_outputs(notebook, log)
        return _failed(report, language, guard.sentence(found))
    blocks = exporter.blocks(notebook)
    missing = [b.facts["text"] for b in blocks if b.kind == "unavailable"]
    empty = bool(missing) and not any(b.kind in ("chart", "table") for b in blocks)
    return Outcome(
        report.name,
        language,
        status="unavailable" if empty else "made",
        seconds=0.0,
        notebook="",
        title=report.title(language),
        page=exporter.file_name(report.name, language, workbook.settings),
        message=missing[0] if empty else "",
        headlines=tuple(f for b in blocks if b.kind == "figures" for f in b.facts["headlines"]),
        chart=next((b.html for b in blocks if b.kind == "card"), ""),
    )


def _written(outcome: Outcome, languages: Sequence[str], workbook: Workbook, staged: Path) -> Outcome:
    """Write the page of an outcome that has one, with links to the `languages` that it exists in."""
    from clientlib.report import exporter

    if outcome.page is None:
        return outcome
    notebook = read(staged / outcome.notebook)
    html = exporter.render(notebook, outcome.report, workbook.settings, languages)
    (staged / outcome.page).write_text(html, "utf-8")
    return replace(outcome, digest=hashlib.sha256(html.encode()).hexdigest())


def _forget_outputs(notebook: Any, log: Path) -> None:
    # The notebook is kept beside the pages, and must not tell what the page may not.
    import nbformat

    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
    nbformat.write(notebook, log)


# ------------------------------------------------------------------ all of them


def _languages(report: str, outcomes: Sequence[Outcome], before: Mapping[str, Any]) -> list[str]:
    """The languages in which the edition will hold a page of `report`."""
    runs = before.get("reports", {}).get(report, {}).get("runs", {})
    earlier = {language for language, run in runs.items() if run.get("page")}
    now = {o.language for o in outcomes if o.report == report and o.page}
    return [language for language in LANGUAGES if language in earlier | now]


def _bind(
    staged: Path,
    target: Path,
    before: Mapping[str, Any],
    reports: Sequence[Report],
    outcomes: Sequence[Outcome],
    question: Question,
    workbook: Workbook,
) -> None:
    """Write manifest and index, and take along what of the edition this run did not make."""
    from clientlib.report import index

    manifest = index.bound(before, reports, outcomes, question, __version__)
    for file in index.files(manifest):
        if not (staged / file).exists() and (target / file).is_file():
            (staged / file).parent.mkdir(parents=True, exist_ok=True)
            (staged / file).write_bytes((target / file).read_bytes())
    (staged / publish.MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")
    index.write(staged, manifest, workbook, target.name)
