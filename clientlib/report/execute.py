"""One report's notebook, run by papermill on a kernel of its own; the executed notebook is the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clientlib.errors import ReportFailed
from clientlib.report import scrub
from clientlib.report.kernel import Kernels
from clientlib.report.plan import Report
from clientlib.workbook import Workbook

START_SECONDS = 120
"""How long a kernel may take to come up, its imports on a busy machine included."""
Advance = Callable[[int, int], None]
"""Told the code cells done, and how many there are."""


def execute(
    report: Report, values: dict[str, Any], log: Path, workbook: Workbook, kernels: Kernels, advance: Advance
) -> Any:
    """Run the notebook of `report` with the parameters `values`.

    Parameters
    ----------
    log : Path
        Where the executed notebook is written, cell by cell.

    Returns
    -------
    NotebookNode
        The executed notebook, scrubbed of what tells of the machine, as it stands in `log`.

    Raises
    ------
    ReportFailed
        A cell raised, the time was up, or the kernel died. `log` then holds what was done.
    """
    try:
        _run(report, values, log, workbook, kernels, advance)
    finally:
        _scrub(log, report, workbook)
    return read(log)


def read(log: Path) -> Any:
    """The executed notebook at `log`."""
    import nbformat

    return nbformat.read(log, as_version=4)


def _run(
    report: Report, values: dict[str, Any], log: Path, workbook: Workbook, kernels: Kernels, advance: Advance
) -> None:
    from nbclient.exceptions import CellTimeoutError
    from papermill.exceptions import PapermillExecutionError

    seconds = workbook.settings.reports.timeout_seconds
    try:
        _with_a_second_try(report, values, log, workbook, kernels, advance, seconds)
    except PapermillExecutionError as error:
        raise ReportFailed(scrub.sentence(f"{error.ename}: {error.evalue}", workbook.folder)) from None
    except CellTimeoutError:
        raise ReportFailed(
            f"It took longer than {seconds} seconds (timeout_seconds in [reports] of workbook.toml)."
        ) from None
    except KeyboardInterrupt:
        # The kernel dies with the run, and asyncio would print that as a traceback on the way out.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        raise
    except RuntimeError:  # nbclient's for a kernel that died or never answered
        raise ReportFailed("Its kernel died, most likely for want of memory.") from None


def _with_a_second_try(
    report: Report,
    values: dict[str, Any],
    log: Path,
    workbook: Workbook,
    kernels: Kernels,
    advance: Advance,
    seconds: int,
) -> None:
    """A kernel that never comes up (another program took its port, say) is tried once more."""
    total = _code_cells(report) + 1  # papermill adds the one with the parameters
    done = 0

    def advanced(**_: Any) -> None:
        nonlocal done
        if done == 0:
            kernels.start_next()  # this one is up: another may have the processor's second core
        done += 1
        advance(done, total)

    try:
        _papermill(report, values, log, workbook, kernels, seconds, advanced)
    except RuntimeError:
        if done:
            raise
        _papermill(report, values, log, workbook, kernels, seconds, advanced)


def _papermill(
    report: Report,
    values: dict[str, Any],
    log: Path,
    workbook: Workbook,
    kernels: Kernels,
    seconds: int,
    advanced: Callable[..., None],
) -> None:
    with kernels.take() as manager:
        import papermill  # while the kernel starts

        kernels.start_next()

        logging.getLogger("papermill").setLevel(logging.CRITICAL)
        papermill.execute_notebook(
            str(report.notebook),
            str(log),
            parameters=values,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            log_output=False,
            cwd=str(workbook.folder),
            start_timeout=START_SECONDS,
            km=manager,
            timeout_func=_time_left(seconds),
            on_cell_executed=advanced,
        )


def _time_left(seconds: int) -> Callable[[Any], int]:
    """For nbclient: what is left for a cell of the `seconds` that all cells together may take."""
    deadline: float | None = None

    def left(_: Any) -> int:
        nonlocal deadline
        # The clock starts with the first cell: a slow start of the kernel is not the report's fault.
        deadline = deadline or time.monotonic() + seconds
        return max(1, round(deadline - time.monotonic()))

    return left


def _code_cells(report: Report) -> int:
    return sum(cell["cell_type"] == "code" for cell in read(report.notebook)["cells"])


def _scrub(log: Path, report: Report, workbook: Workbook) -> None:
    import nbformat

    # Papermill writes nothing when it fails before the first cell.
    notebook = read(log if log.exists() else report.notebook)
    scrub.clean(notebook, workbook.folder)
    nbformat.write(notebook, log)
