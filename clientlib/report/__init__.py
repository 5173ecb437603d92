"""Reports: notebooks run through papermill, made pages that a manager reads, published together.

A notebook calls `open_page` and what that returns; everyone else calls `run_reports`. Names load when
they are first asked for, because a kernel needs only the one half and the command line the other.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clientlib.report.agenda import Asked
    from clientlib.report.outcome import Outcome
    from clientlib.report.page import Figure, Page, open_page
    from clientlib.report.parameters import Question
    from clientlib.report.plan import Report, discover
    from clientlib.report.run import Progress, RunResult, run_reports

_HOMES = {
    "Asked": "agenda",
    "Figure": "page",
    "Page": "page",
    "open_page": "page",
    "Question": "parameters",
    "Report": "plan",
    "discover": "plan",
    "Outcome": "outcome",
    "Progress": "run",
    "RunResult": "run",
    "run_reports": "run",
}
__all__ = [
    "Asked",
    "Figure",
    "Outcome",
    "Page",
    "Progress",
    "Question",
    "Report",
    "RunResult",
    "discover",
    "open_page",
    "run_reports",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
