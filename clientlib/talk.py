"""What the command line says: findings, counts and progress, on a terminal or in a log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from clientlib.errors import ClientlibError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from clientlib.book import ImportResult
    from clientlib.config import Language
    from clientlib.intake import CheckResult
    from clientlib.report import Outcome

SHOWN, ALIKE = 20, 3
"""Findings printed before the rest is only counted, in all and of one kind."""

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


# ----------------------------------------------------------------------------- hand-ins
def checked(result: CheckResult, language: Language) -> None:
    findings_of(result.findings, language)
    accepted = sum(frame.height for frame in result.accepted.values())
    rejected = sum(frame.height for frame in result.rejected.values())
    pending = sum(int(frame["_pending"].sum()) for frame in result.accepted.values())
    good = f"{accepted:,} good ({pending:,} of them pending)"
    out.print(f"{result.rows_in:,} rows read: {good}, {rejected:,} to mend.")
    if result.changes.height:
        out.print(f"{result.changes.height:,} cells were put into the usual form (spaces, digits, dates …).")


def findings_of(findings: pl.DataFrame, language: Language) -> None:
    """Print errors before notices, and of each rule only the first few: a person mends by kind."""
    import polars as pl

    from clientlib import intake

    ordered = findings.with_columns(turn=pl.int_range(pl.len()).over("severity", "file", "rule", "field"))
    ordered = ordered.sort("severity", maintain_order=True).filter(pl.col("turn") < ALIKE)
    for row in ordered.head(SHOWN).iter_rows(named=True):
        style = "red" if row["severity"] == "error" else "yellow"
        out.print(f"[{style}]{escape(intake.sentence(row, language))}[/{style}]")
    if findings.height > min(ordered.height, SHOWN):
        hidden = findings.height - min(ordered.height, SHOWN)
        out.print(f"… and {hidden:,} more, most of them alike. Write them all with --findings FILE.csv")


def imported(result: ImportResult) -> None:
    if result.batch is None:
        out.print("Nothing new: the rows are in the book already, or none was good. It was not changed.")
    for row in _rows(result.areas.reset_index()):
        known = "{new:,} new, {changed:,} changed, {unchanged:,} known already".format_map(row)
        refused = "{rejected:,} refused, {pending:,} pending".format_map(row)
        out.print(f"  {row['area']}: {known}, {refused}")
    for row in _rows(result.unknown_references):
        told = "{rows:,} rows name {ids:,} {field} that the book does not have yet".format_map(row)
        out.print(f"[yellow]  {row['area']}: {told}. They are kept; hand the missing ones in.[/yellow]")
    if result.batch is not None:
        out.print(f"Imported as batch {result.batch}.")


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def write_findings(findings: pl.DataFrame, path: Path | None) -> None:
    if path is None:
        return
    from clientlib import harmless

    try:
        # The byte order mark makes Excel read the Chinese right.
        harmless.columns(findings).write_csv(path, include_bom=True)
    except OSError as error:
        raise ClientlibError(f"{path} cannot be written: {error.strerror}. Name another file.") from None
    out.print(f"{findings.height:,} findings written to {escape(str(path))}")


def has_errors(findings: pl.DataFrame) -> bool:
    return bool((findings["severity"] == "error").any())


# ----------------------------------------------------------------------------- progress
@contextmanager
def working(what: str) -> Iterator[None]:
    """A spinner with the time on a terminal; nothing at all in a log."""
    if not out.is_terminal:
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        progress.add_task(what, total=None)
        yield


class ReportProgress:
    """Tells how a run of reports goes: a bar on a terminal, a plain line for each report in a log."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=err, transient=True) if out.is_terminal else None
        self._task = self._bar.add_task("", total=None) if self._bar else None

    def __enter__(self) -> ReportProgress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def begins(self, report: str, language: str, number: int, total: int) -> None:
        if self._bar and self._task is not None:
            described = f"{report} ({language}), {number} of {total}"
            self._bar.reset(self._task, description=described, total=1)

    def advances(self, cells: int, of: int) -> None:
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=cells, total=of)

    def ends(self, outcome: Outcome) -> None:
        style = {"failed": "red", "made": "green"}.get(outcome.status, "yellow")
        told = f"  {outcome.report} ({outcome.language}): [{style}]{outcome.status}[/{style}]"
        why = f" — {escape(outcome.reason or outcome.message)}" if outcome.status != "made" else ""
        out.print(f"{told} in {outcome.seconds:.1f} s{why}")
