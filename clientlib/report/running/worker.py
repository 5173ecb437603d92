"""What the process of one report does: run its notebook, bind the page, judge both, leave word.

`forge` forks it; where there is no fork it is started: `python -m clientlib.report.running.worker`, with the
task as standard input. While it works it writes lines to a pipe (see `tell`); what became of the report goes
into a file, put there whole, so that a process that dies leaves none.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clientlib import errors
from clientlib.errors import ClientlibError
from clientlib.report import guard, scrub
from clientlib.report.outcome import Outcome, Status, word_file
from clientlib.report.plan import Report
from clientlib.report.publish import EDITION_VARIABLE
from clientlib.workbook import FOLDER_VARIABLE, Workbook

if TYPE_CHECKING:
    from clientlib.report.exporter import Binding

NOTEBOOKS = "notebooks"
"""Below an edition: the executed notebooks."""


@dataclass(frozen=True)
class Task:
    """One report to be made: all that its process has to know, in values that JSON can hold.

    `folder` is the edition in the making; `history` tells of earlier editions, see `exporter.Binding`.
    """

    workbook: str
    folder: str
    edition: str
    report: str
    notebook: str
    title: str
    language: str
    values: Mapping[str, Any]
    languages: tuple[str, ...]
    run: str
    history: tuple[Mapping[str, Any], ...]
    beside: tuple[str, ...]
    draws_on_others: bool

    @classmethod
    def of(cls, report: Report, language: str, workbook: Workbook, folder: Path, **others: Any) -> Task:
        return cls(
            workbook=str(workbook.folder),
            folder=str(folder),
            report=report.name,
            notebook=str(report.notebook),
            title=report.title(language),
            language=language,
            **others,
        )

    @property
    def log(self) -> Path:
        """Where the executed notebook is written."""
        return Path(self.folder, NOTEBOOKS, f"{self.report}.{self.language}.ipynb")

    @property
    def word(self) -> Path:
        """Where the outcome is left."""
        return word_file(Path(self.folder), self.report, self.language)

    def __hash__(self) -> int:
        return hash((self.edition, self.report, self.language))

    def message(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    def executed(self) -> Any:
        """The executed notebook, as far as it went."""
        import nbformat

        # Papermill writes nothing when it fails before the first cell.
        return nbformat.read(self.log if self.log.exists() else self.notebook, as_version=4)

    def binding(self, languages: Sequence[str]) -> Binding:
        """What its page is bound with, when it exists in these languages."""
        from clientlib.report.exporter import Binding

        return Binding(languages=languages, run=self.run, history=self.history)

    def failed(self, reason: str) -> Outcome:
        notebook = f"{NOTEBOOKS}/{self.log.name}" if self.log.exists() else ""
        return self.became("failed", notebook=notebook, reason=reason)

    def became(self, status: Status, **facts: Any) -> Outcome:
        """The outcome of this task."""
        return Outcome(self.report, self.language, status, self.edition, self.title, **facts)


def task_of(message: bytes) -> Task:
    values = json.loads(message)
    for name in ("languages", "history", "beside"):
        values[name] = tuple(values[name])
    return Task(**values)


def work(message: bytes, pipe: int) -> None:
    """Make the report that the message asks for, and tell of it through the pipe."""
    task = task_of(message)
    began = time.perf_counter()
    _settle_process(task)
    tell(pipe, {"pid": os.getpid()})
    outcome = make(task, lambda done, of: tell(pipe, {"done": done, "of": of}))
    outcome = replace(outcome, seconds=time.perf_counter() - began, memory_mb=_most_memory_mb())
    outcome.write(task.word.with_suffix(".part"))
    task.word.with_suffix(".part").replace(task.word)
    tell(pipe, {"ended": True})


def tell(pipe: int, line: Mapping[str, Any]) -> None:
    """One line for whoever waits; short enough that the system writes it in one piece."""
    os.write(pipe, json.dumps(line).encode() + b"\n")


def make(task: Task, advance: Callable[[int, int], None]) -> Outcome:
    """The outcome of the report; whatever its notebook does wrong is one that failed."""
    from papermill.exceptions import PapermillExecutionError

    workbook = Workbook(Path(task.workbook))
    try:
        _execute(task, workbook, advance)
    except PapermillExecutionError as error:
        tidy(task, workbook)
        return task.failed(_reason(error))
    notebook = tidy(task, workbook)
    try:
        return _judged(notebook, task, workbook)
    except Exception as error:  # whatever it is, the other reports go on, and somebody is told where to look
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        return task.failed(f"Its notebook ran, but no page came of it: {type(error).__name__} in {where}.")


def tidy(task: Task, workbook: Workbook) -> Any:
    """The executed notebook, without what tells of the machine or of a person; so it is left in the log."""
    import nbformat

    notebook = task.executed()
    scrub.clean(notebook, workbook.folder)
    if found := guard.sightings_in_notebook(notebook, workbook.settings.reports.planted):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = []
        notebook["metadata"][WITHHELD] = guard.sentence(found)
    nbformat.write(notebook, task.log)
    return notebook


WITHHELD = "clientlib_withheld"
"""In the metadata of an executed notebook whose outputs were thrown away: why."""


# ------------------------------------------------------------------ within
def _most_memory_mb() -> int:
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset) >> 20
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most >> (20 if sys.platform == "darwin" else 10)  # in bytes there, in kilobytes elsewhere


    os.environ[EDITION_VARIABLE] = task.folder
def _settle_process(task: Task) -> None:
    os.environ[FOLDER_VARIABLE] = task.workbook
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    # What libraries print past Python would reach whoever reads the lines, or nobody.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _execute(task: Task, workbook: Workbook, advance: Callable[[int, int], None]) -> None:
    import nbformat
    import papermill

    from clientlib.report.running import engine

    source = nbformat.read(task.notebook, as_version=4)
    cells = sum(cell["cell_type"] == "code" for cell in source["cells"]) + 1  # papermill adds the parameters
    task.log.parent.mkdir(exist_ok=True)
    papermill.execute_notebook(
        task.notebook,
        str(task.log),
        parameters=dict(task.values),
        engine_name=engine.NAME,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        cwd=str(workbook.folder),
        told=lambda done: advance(done, cells),
    )


def _reason(error: Any) -> str:
    """Why a notebook failed. The text of an error may quote a cell of the book, so only ours is repeated."""
    kind = getattr(errors, error.ename, None)
    if isinstance(kind, type) and issubclass(kind, ClientlibError):
        return str(error.evalue)
    return f"{error.ename} in cell {error.exec_count}. The executed notebook has the traceback."


def _judged(notebook: Any, task: Task, workbook: Workbook) -> Outcome:
    """The outcome of a notebook that ran to its end: with a page when there is nothing against one."""
    from clientlib.report import beside, exporter

    settings = workbook.settings
    if refused := notebook["metadata"].get(WITHHELD):
        return task.failed(refused)
    html = exporter.render(notebook, task.report, settings, task.binding(task.languages))
    if found := guard.sightings(html, settings.reports.planted):
        return task.failed(guard.sentence(found))
    page = exporter.file_name(task.report, task.language, settings)
    Path(task.folder, page).write_text(html, "utf-8")
    blocks = exporter.blocks(notebook)
    missing = [b.facts["text"] for b in blocks if b.kind == "unavailable"]
    made = beside.make(task.beside, notebook, Path(task.folder, page), settings)
    empty = bool(missing) and not any(b.kind in ("chart", "table") for b in blocks)
    return task.became(
        "unavailable" if empty else "made",
        page=page,
        notebook=f"{NOTEBOOKS}/{task.log.name}",
        message=missing[0] if empty else "",
        figures=tuple(f for b in blocks if b.kind == "figures" for f in b.facts["figures"]),
        files=made.files,
        notices=made.notices,
        points=tuple(b.facts for b in blocks if b.kind == "point"),
        chart=next((b.html for b in blocks if b.kind == "card"), ""),
        content=exporter.content(notebook),
    )


if __name__ == "__main__":
    work(sys.stdin.buffer.read(), os.dup(1))
