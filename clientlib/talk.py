"""What the command line says: findings, counts and progress, on a terminal or in a log."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from clientlib.errors import ClientlibError, ParameterError

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    import polars as pl

    from clientlib.book import ImportResult, Preview
    from clientlib.config import Language
    from clientlib.intake import CheckResult
    from clientlib.intake.recognise.files import Recognised
    from clientlib.report import Outcome
    from clientlib.sheets.hand_back import HandedBack
    from clientlib.tables import Areas

SHOWN, ALIKE, FEW = 20, 3, 4
"""Findings printed before the rest is only counted, in all and of one kind; files named one by one."""

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


# ----------------------------------------------------------------------------- hand-ins
def checked(result: CheckResult, language: Language, areas: Areas) -> None:
    findings_of(result.findings, language, areas)
    accepted = sum(frame.height for frame in result.accepted.values())
    rejected = sum(frame.height for frame in result.rejected.values())
    pending = sum(int(frame["_pending"].sum()) for frame in result.accepted.values())
    good = f"{accepted:,} good ({pending:,} of them pending)"
    out.print(f"{result.rows_in:,} rows read: {good}, {rejected:,} to mend.")
    if result.changes.height:
        out.print(f"{result.changes.height:,} cells were put into the usual form (spaces, digits, dates …).")


def findings_of(findings: pl.DataFrame, language: Language, areas: Areas) -> None:
    """Print errors before notices, and of each rule only the first few: a person mends by kind."""
    import polars as pl

    from clientlib import intake

    ordered = findings.with_columns(turn=pl.int_range(pl.len()).over("severity", "file", "rule", "field"))
    ordered = ordered.sort("severity", maintain_order=True).filter(pl.col("turn") < ALIKE)
    for row in ordered.head(SHOWN).iter_rows(named=True):
        style = "red" if row["severity"] == "error" else "yellow"
        out.print(f"[{style}]{escape(intake.sentence(row, language, areas))}[/{style}]")
    if findings.height > min(ordered.height, SHOWN):
        hidden = findings.height - min(ordered.height, SHOWN)
        out.print(f"… and {hidden:,} more, most of them alike. Write them all with --findings FILE.csv")


def handed_back(files: HandedBack, folder: Path) -> None:
    """Which files came back; of many only how many."""
    for what, paths in (("marked", files.marked), ("good rows only", files.good)):
        if len(paths) > FEW:
            alike = folder / f"*{paths[0].suffixes[-2]}.xlsx"
            out.print(f"  {what}: {len(paths)} workbooks, {escape(str(alike))}")
            continue
        for path in paths:
            out.print(f"  {what}: {escape(str(path))}")
    out.print(f"  to send to a supplier: {escape(str(files.page))}")
    out.print(f"  for machines: {escape(str(files.lines))}")
    for name in files.shortened:
        told = f"{escape(name)} is too large to be marked whole: only the rows to mend came back."
        out.print(f"[yellow]  {told}[/yellow]")


def previewed(looked: Preview, language: Language, areas: Areas) -> None:
    """What an import would do: counts, then the first new rows, and the first changes field by field."""
    _counted(looked.result)
    for row in _rows(looked.new.head(FEW)):
        out.print(f"  {escape(row['area'])} {escape(row['row'])}: new")
    if len(looked.new) > FEW:
        out.print(f"  … and {len(looked.new) - FEW:,} more new rows.")
    for row in _rows(looked.changes.head(SHOWN)):
        title = areas[row["area"]].field(row["field"]).title(language)
        before, after = (_quoted(row[name]) for name in ("before", "after"))
        out.print(f"  {escape(row['area'])} {escape(row['row'])}, {title}: {before} → {after}")
    if len(looked.changes) > SHOWN:
        out.print(f"  … and {len(looked.changes) - SHOWN:,} more cells would change.")
    out.print("Nothing was imported.")


def _quoted(value: object) -> str:
    return escape(f'"{value}"') if isinstance(value, str) else "(empty)"


def going_on(rows: int) -> None:
    if rows:
        out.print(f"Going on with the import that was broken off: {rows:,} rows were stored already.")


def imported(result: ImportResult) -> None:
    if result.withheld:
        out.print("[red]Nothing was imported: rows were refused, and all or nothing was asked for.[/red]")
    elif result.batch is None:
        out.print("Nothing new: the rows are in the book already, or none was good. It was not changed.")
    _counted(result)
    if result.dropped_rows:
        told = f"{result.dropped_rows:,} rows of an import that was broken off before were taken away"
        out.print(f"[yellow]  {told}. Hand that file in again to have them.[/yellow]")
    if result.batch is not None:
        out.print(f"Imported as batch {result.batch}. To take it back: clientlib undo {result.batch}")


def _counted(result: ImportResult) -> None:
    for row in _rows(result.areas.reset_index()):
        known = "{new:,} new, {changed:,} changed, {unchanged:,} known already".format_map(row)
        refused = "{rejected:,} refused, {pending:,} pending".format_map(row)
        out.print(f"  {row['area']}: {known}, {refused}")
    for row in _rows(result.unknown_references):
        told = "{rows:,} rows name {ids:,} {field} that the book does not have yet".format_map(row)
        out.print(f"[yellow]  {row['area']}: {told}. They are kept; hand the missing ones in.[/yellow]")


def batches(frame: pd.DataFrame) -> None:
    """The batches as a table, or that there are none."""
    if frame.empty:
        out.print("The book is empty. Take a hand-in in: clientlib import PATH")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("batch", "recorded", "hand-in", "by", "new", "changed", "refused", "pending"):
        table.add_column(title, justify="left" if title in ("recorded", "hand-in", "by") else "right")
    undone = set(frame["undoes"].dropna().astype(int))
    for row in _rows(frame.reset_index()):
        source = f"{row['source']} (taken back)" if row["batch"] in undone else str(row["source"])
        counts = [row[name] for name in ("new", "changed", "rejected", "pending")]
        shown = ["" if count != count else f"{count:,.0f}" for count in counts]
        table.add_row(str(row["batch"]), f"{row['recorded_at']:%Y-%m-%d %H:%M}", source, row["who"], *shown)
    out.print(table)


def recognised(found: Recognised, language: Language, areas: Areas) -> None:
    """What the columns of a hand-in may be, unsure ones first, and how many words its lists do not know."""
    from clientlib import masks

    if found.columns.is_empty() and found.words.is_empty():
        out.print("Nothing is strange here: every column is plainly a field, every word is in its list.")
        return
    for row in found.columns.iter_rows(named=True):
        place = f"{row['file']}, column {row['place'] + 1}"
        title = f' "{masks.scrub(row["column"])}"' if row["column"] else ""
        field = areas[row["area"]].field(row["field"]).title(language) if row["field"] else "?"
        sure = f", {row['confidence']:.0%}" if row["field"] else ""
        style = "green" if row["status"] == "sure" else "yellow"
        told = f"{field} ({row['status']}{sure})"
        out.print(
            f"{escape(place + title)}: [{style}]{escape(told)}[/{style}] {escape(row[f'why_{language}'])}"
        )
    if found.words.height:
        unsure = found.words.filter(found.words["status"] == "unsure").height
        out.print(
            f"{found.words.height:,} words are not in their lists; of {unsure:,} the meaning is unsure."
        )


def pending(rows: pd.DataFrame, told: list[str], as_of: dt.date) -> None:
    """Rows that wait for a cell, the oldest first: whose, since when, what is missing, the reason given."""
    for row, sentence in zip(_rows(rows), told, strict=True):
        whose = [row[name] for name in ("branch", "advisor", "client_id") if isinstance(row[name], str)]
        since = (
            f"since {row['since']:%Y-%m-%d} ({row['days']:,.0f} days)" if row["days"] == row["days"] else ""
        )
        remark = f" [dim]{escape(row['remark'])}[/dim]" if isinstance(row["remark"], str) else ""
        out.print(f"{escape(' '.join(whose))}{since}: {escape(sentence)}{remark}")
    out.print(f"{len(rows):,} rows are pending as of {as_of}.")


def known_branch(branch: str | None, branches: list[str]) -> None:
    """Make sure that a branch is one of the book's.

    Raises
    ------
    ParameterError
        It is none.
    """
    if branch is not None and branch not in branches:
        near = difflib.get_close_matches(branch, branches, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"The branches are: {', '.join(branches)}."
        raise ParameterError(f'There is no branch "{branch}". {hint}')


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
def rows_of(path: Path) -> Iterator[Callable[[Iterable[CheckResult]], Iterator[CheckResult]]]:
    """Counts the rows of a hand-in as they go by: a bar on a terminal, nothing in a log."""
    if not out.is_terminal:
        yield iter
        return
    from clientlib.intake.sources import rows_at

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,} rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(path.name, total=rows_at(path))

        def counted(chunks: Iterable[CheckResult]) -> Iterator[CheckResult]:
            for chunk in chunks:
                yield chunk
                progress.advance(task, chunk.rows_in)

        yield counted


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
