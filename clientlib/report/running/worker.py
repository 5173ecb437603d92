"""What the process of one report does: run its notebook, bind the page, judge both, leave word.

`forge` forks it; where there is no fork it is started: `python -m clientlib.report.running.worker`, with the
task as standard input. While it works it writes lines to a pipe (see `tell`); what became of the report goes
into a file, put there whole, so that a process that dies leaves none.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import html
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
from clientlib.report.lineage import Lineage
from clientlib.report.outcome import Outcome, Status, word_file
from clientlib.report.plan import Report
from clientlib.report.publish import EDITION_VARIABLE, NO_ROOM
from clientlib.workbook import FOLDER_VARIABLE, Workbook

if TYPE_CHECKING:
    from clientlib.report.exporter import Binding

NOTEBOOKS = "notebooks"
"""Below an edition: the executed notebooks."""


@dataclass(frozen=True)
class Task:
    """One report to be made: all that its process has to know, in values that JSON can hold.

    `folder` is the edition in the making.
    """

    workbook: str
    folder: str
    edition: str
    as_of: str
    branch: str
    report: str
    notebook: str
    title: str
    language: str
    values: Mapping[str, Any]
    languages: tuple[str, ...]
    run: str
    beside: tuple[str, ...]
    draws_on_others: bool

    @classmethod
    def of(cls, report: Report, language: str, workbook: Workbook, folder: Path, **others: Any) -> Task:
        return cls(
            workbook=str(workbook.folder.absolute()),  # a notebook may change the folder that it is in
            folder=str(folder.absolute()),
            report=report.name,
            notebook=str(report.notebook.absolute()),
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

        # Papermill writes nothing when it fails before the first cell, and half a file when it is killed.
        with contextlib.suppress(OSError, ValueError):
            return nbformat.read(self.log, as_version=4)
        return nbformat.read(self.notebook, as_version=4)

    def binding(self, languages: Sequence[str], files: Sequence[str]) -> Binding:
        """What its page is bound with, when it exists in these languages and these files stand beside it."""
        from clientlib.report.exporter import Binding

        before = Lineage.of(Path(self.folder).parent, dt.date.fromisoformat(self.as_of), self.branch)
        told = before.figures(self.report, self.language)
        return Binding(languages=languages, run=self.run, history=told, files=files)

    def failed(self, reason: str) -> Outcome:
        notebook = f"{NOTEBOOKS}/{self.log.name}" if self.log.exists() else ""
        return self.became("failed", notebook=notebook, reason=reason)

    def became(self, status: Status, **facts: Any) -> Outcome:
        """The outcome of this task."""
        return Outcome(self.report, self.language, status, self.edition, self.title, **facts)


def task_of(message: bytes) -> Task:
    values = json.loads(message)
    for name in ("languages", "beside"):
        values[name] = tuple(values[name])
    return Task(**values)


def work(message: bytes, pipe: int) -> None:
    """Make the report that the message asks for, and tell of it through the pipe."""
    task = task_of(message)
    began = time.perf_counter()
    _settle_process(task)
    tell(pipe, {"pid": os.getpid()})
    try:
        outcome = make(task, lambda done, of: tell(pipe, {"done": done, "of": of}))
        outcome = replace(outcome, seconds=time.perf_counter() - began, memory_mb=_most_memory_mb())
        outcome.write(task.word.with_suffix(".part"))
        task.word.with_suffix(".part").replace(task.word)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        tell(pipe, {"no_room": error.errno})
    tell(pipe, {"ended": True})


def tell(pipe: int, line: Mapping[str, Any]) -> None:
    """One line for whoever waits; short enough that the system writes it in one piece."""
    os.write(pipe, json.dumps(line).encode() + b"\n")


def make(task: Task, advance: Callable[[int, int], None]) -> Outcome:
    """The outcome of the report; whatever goes wrong with it is one that failed.

    Raises
    ------
    OSError
        The disk is full: that is no fault of the report's.
    """
    workbook = Workbook(Path(task.workbook))
    try:
        return _made(task, workbook, advance)
    except Exception as error:  # whatever it is, the other reports go on, and somebody is told where to look
        leave_log(task, workbook)
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise
        return task.failed(f"No page came of its notebook: {_where(error)}.")


def leave_log(task: Task, workbook: Workbook) -> None:
    """Leave what a report that went wrong has executed, tidied; nothing, where that cannot be."""
    try:
        tidy(task, workbook)
    except Exception:
        task.log.unlink(missing_ok=True)


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


def _settle_process(task: Task) -> None:
    os.environ[FOLDER_VARIABLE] = task.workbook
    os.environ[EDITION_VARIABLE] = task.folder
    _seed(f"{task.report} {task.edition}")
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    # What libraries print past Python would reach whoever reads the lines, or nobody.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _seed(name: str) -> None:
    """Let what a notebook draws be the same in every run and language, and another in each report.

    Processes that are forked would otherwise all draw alike from NumPy.
    """
    import random

    import numpy as np

    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    random.seed(seed)
    np.random.seed(seed)  # what a notebook uses that does not bring a generator of its own


def _made(task: Task, workbook: Workbook, advance: Callable[[int, int], None]) -> Outcome:
    from papermill.exceptions import PapermillExecutionError

    try:
        _execute(task, workbook, advance)
    except PapermillExecutionError as error:
        tidy(task, workbook)
        return task.failed(_reason(error, workbook))
    return _judged(tidy(task, workbook), task, workbook)


def _execute(task: Task, workbook: Workbook, advance: Callable[[int, int], None]) -> None:
    import nbformat
    import papermill

    from clientlib.report.running import engine

    source = nbformat.read(task.notebook, as_version=4)
    cells = sum(cell["cell_type"] == "code" for cell in source["cells"]) + 1  # papermill adds the parameters
    task.log.parent.mkdir(exist_ok=True)
    papermill.execute_notebook(
        _literal(task.notebook),
        _literal(str(task.log)),
        parameters=dict(task.values),
        engine_name=engine.NAME,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        cwd=str(workbook.folder),
        told=lambda done: advance(done, cells),
    )


def _literal(path: str) -> str:
    """A path as papermill takes it, who would put parameters in where braces stand."""
    return path.replace("{", "{{").replace("}", "}}")


def _reason(error: Any, workbook: Workbook) -> str:
    """Why a notebook failed. The text of an error may quote a cell of the book, so only ours is repeated."""
    kind = getattr(errors, error.ename, None)
    told = scrub.sentence(str(error.evalue), workbook.folder)
    ours = isinstance(kind, type) and issubclass(kind, ClientlibError)
    if ours and not guard.sightings(html.escape(told), workbook.settings.reports.planted):
        return told
    return f"{error.ename} in cell {error.exec_count}. The executed notebook has the traceback."


def _where(error: Exception) -> str:
    """The kind of an error, and the last line of ours that it passed; its text may quote the book."""
    passed = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in passed if Path(frame.filename).is_relative_to(Path(errors.__file__).parent)]
    return f"{type(error).__name__} in {Path(ours[-1].filename).name}, line {ours[-1].lineno}"


def _judged(notebook: Any, task: Task, workbook: Workbook) -> Outcome:
    """The outcome of a notebook that ran to its end: with a page when there is nothing against one."""
    from clientlib.report import beside, exporter

    settings = workbook.settings
    if refused := notebook["metadata"].get(WITHHELD):
        return task.failed(refused)
    blocks = exporter.blocks(notebook)
    if not any(block.kind == "head" for block in blocks):
        return task.failed("Its notebook opened no page. Begin with open_page: docs/write-a-report.md.")
    page = exporter.file_name(task.report, task.language, settings)
    file = Path(task.folder, page)
    files = beside.expected(task.beside, notebook, file, settings)
    page_html = exporter.render(notebook, task.report, settings, task.binding(task.languages, files))
    if found := guard.sightings(page_html, settings.reports.planted):
        return task.failed(guard.sentence(found))
    file.write_text(page_html, "utf-8")
    made = beside.make(task.beside, notebook, file, settings)
    if made.files != files:
        binding = task.binding(task.languages, made.files)
        file.write_text(exporter.render(notebook, task.report, settings, binding), "utf-8")
    missing = [b.facts["text"] for b in blocks if b.kind == "unavailable"]
    empty = bool(missing) and not any(b.kind in ("chart", "table") for b in blocks)
    return task.became(
        "unavailable" if empty else "made",
        page=page,
        notebook=f"{NOTEBOOKS}/{task.log.name}",
        files=made.files,
        notices=made.notices,
        message=missing[0] if empty else "",
        figures=tuple(f for b in blocks if b.kind == "figures" for f in b.facts["figures"]),
        points=tuple(b.facts for b in blocks if b.kind == "point"),
        chart=next((b.html for b in blocks if b.kind == "card"), ""),
        content=exporter.content(notebook),
    )


if __name__ == "__main__":
    work(sys.stdin.buffer.read(), os.dup(1))
