"""What the command line says: findings, counts and progress, on a terminal or in a log."""

from __future__ import annotations

import os
import re
import shlex
import string
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from clientlib.errors import ParameterError, Words, meant

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    import polars as pl

    from clientlib.book import ImportResult, Preview
    from clientlib.config import Language
    from clientlib.intake import CheckResult
    from clientlib.intake.recognise.files import Recognised
    from clientlib.report import Outcome
    from clientlib.report.running.worker import Task
    from clientlib.sheets.hand_back import HandedBack
    from clientlib.tables import Areas

SHOWN, ALIKE, FEW = 20, 3, 4
"""Findings printed before the rest is only counted, in all and of one kind; files named one by one."""
OF_COLUMNS = ("missing_column", "unknown_column", "blank_header")
"""The rules that are about the columns of a sheet."""
LOG_WIDTH = 1_000
"""Columns of text that a table may take where there is no terminal, so that none of its lines is broken."""

_UNDOING = re.compile(r"undo of batch (\d+)")
_MADE_BY_COMMANDS = ("source_same", "source_different", "source_acknowledged", "source_erasure", "source_due")


class _Console(Console):
    """Says nothing more once its reader has gone (`| head`): what was asked for is done to its end."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        _lead_nowhere(self.file)


def _lead_nowhere(stream: IO[str]) -> None:
    """What is still to be written must not fail, not even at the very end, when the file is closed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def show(table: Table) -> None:
    """Print a table: fitted to a terminal, and where there is none in lines that are not broken."""
    (out if out.is_terminal else _Console(width=LOG_WIDTH)).print(table)


def flush() -> None:
    """Write what was printed; where its reader has gone, that is no failure of ours."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _lead_nowhere(sys.stdout)


out = _Console(highlight=False, soft_wrap=True)
err = _Console(stderr=True, highlight=False, soft_wrap=True)


# ------------------------------------------------------------------------------- words
class _Writer(string.Formatter):
    """Fills `{rows:,}` with a count, and `{rows:row|rows}` with the word that goes with it."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, choice, many = format_spec.partition("|")
        if choice:
            return one if value == 1 else many
        return escape(format(value, format_spec))


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("clientlib") / "talk.toml").read_text("utf-8"))


def say(key: str, language: Language, /, **values: Any) -> str:
    """A sentence of `talk.toml`; values are shown as they are, whatever brackets are in them."""
    return _Writer().format(_sentences()[key][language], **values)


def said(key: str, /, **values: Any) -> Words:
    """A sentence of `talk.toml` in both languages, for an error."""
    return Words(say(key, "en", **values), say(key, "zh", **values))


def typed(*words: object) -> str:
    """A command as it has to be typed: a name with spaces in it is quoted."""
    told = [str(word) for word in words]
    return subprocess.list2cmdline(told) if sys.platform == "win32" else shlex.join(told)


# ----------------------------------------------------------------------------- hand-ins
def checked(result: CheckResult, language: Language, areas: Areas) -> None:
    findings_of(result.findings, language, areas)
    accepted = sum(frame.height for frame in result.accepted.values())
    rejected = sum(frame.height for frame in result.rejected.values())
    pending = sum(int(frame["_pending"].sum()) for frame in result.accepted.values())
    counts = {"rows": result.rows_in, "good": accepted, "pending": pending, "rejected": rejected}
    out.print(say("checked", language, **counts))
    if result.changes.height:
        out.print(say("usual_form", language, cells=result.changes.height))


def findings_of(findings: pl.DataFrame, language: Language, areas: Areas) -> None:
    """Print errors before notices, and of each rule only the first few: a person mends by kind.

    A few columns that are missing or strange come first: they may be the cause of all the rest.
    """
    import polars as pl

    from clientlib import intake

    ordered = findings.with_columns(turn=pl.int_range(pl.len()).over("severity", "file", "rule", "field"))
    of_columns = pl.col("rule").is_in(OF_COLUMNS)
    causes = of_columns & (of_columns.cum_sum() <= FEW)
    ordered = ordered.filter(pl.col("turn") < ALIKE).sort(~causes, "severity", maintain_order=True)
    for row in ordered.head(SHOWN).iter_rows(named=True):
        style = "red" if row["severity"] == "error" else "yellow"
        out.print(f"[{style}]{escape(intake.sentence(row, language, areas))}[/{style}]")
    hidden = findings.height - min(ordered.height, SHOWN)
    if hidden:
        out.print(say("more_findings", language, hidden=hidden))


def handed_back(files: HandedBack, folder: Path, language: Language) -> None:
    """Which files came back; of many only how many."""
    for what, paths in (("marked", files.marked), ("good_only", files.good)):
        if len(paths) > FEW:
            alike = folder / f"*{paths[0].suffixes[-2]}.xlsx"
            told = say("many", language, count=len(paths), alike=alike)
            out.print(f"  {say(what, language, path=told)}")
            continue
        for path in paths:
            out.print(f"  {say(what, language, path=path)}")
    out.print(f"  {say('supplier', language, path=files.page)}")
    out.print(f"  {say('machines', language, path=files.lines)}")
    for name in files.shortened:
        out.print(f"[yellow]  {say('shortened', language, name=name)}[/yellow]")


def previewed(looked: Preview, language: Language, areas: Areas) -> None:
    """What an import would do: counts, then the first new rows, and the first changes field by field."""
    _counted(looked.result, language, areas)
    for row in _rows(looked.new.head(FEW)):
        row["area"] = _title(row["area"], language, areas)
        out.print(f"  {say('preview_new', language, **row)}")
    if len(looked.new) > FEW:
        out.print(f"  {say('preview_more_new', language, rows=len(looked.new) - FEW)}")
    for row in _rows(looked.changes.head(SHOWN)):
        row["field"] = areas[row["area"]].field(row["field"]).title(language)
        row["area"] = _title(row["area"], language, areas)
        row |= {name: _quoted(row[name], language) for name in ("before", "after")}
        out.print(f"  {say('preview_change', language, **row)}")
    if len(looked.changes) > SHOWN:
        out.print(f"  {say('preview_more_changes', language, cells=len(looked.changes) - SHOWN)}")
    out.print(say("only_looked", language))


def _quoted(value: object, language: Language) -> str:
    return f'"{value}"' if isinstance(value, str) else say("empty_cell", language)


def _title(area: str, language: Language, areas: Areas) -> str:
    return areas[area].title(language) if area in areas else area


def going_on(rows: int, language: Language) -> None:
    if rows:
        out.print(say("going_on", language, rows=rows))


def imported(result: ImportResult, language: Language, areas: Areas) -> None:
    if result.withheld:
        out.print(f"[red]{say('withheld', language)}[/red]")
    elif result.batch is None:
        out.print(say("nothing_new", language))
    _counted(result, language, areas)
    if result.dropped_rows:
        out.print(f"[yellow]  {say('dropped', language, rows=result.dropped_rows)}[/yellow]")
    if result.batch is not None:
        out.print(say("imported", language, batch=result.batch))


def _counted(result: ImportResult, language: Language, areas: Areas) -> None:
    for row in _rows(result.areas.reset_index()):
        row["area"] = _title(row["area"], language, areas)
        out.print(f"  {say('area', language, **row)}")
    for row in _rows(result.unknown_references):
        row["field"] = areas[row["area"]].field(row["field"]).title(language)
        row["area"] = _title(row["area"], language, areas)
        out.print(f"[yellow]  {say('unknown_references', language, **row)}[/yellow]")


def batches(frame: pd.DataFrame, language: Language) -> None:
    """The batches as a table, or that there are none."""
    if frame.empty:
        out.print(say("batches_none", language))
        return
    table = Table(box=None, pad_edge=False)
    for title in ("batch", "recorded", "source", "who", "new", "changed", "refused", "pending"):
        text = title in ("recorded", "source", "who")
        heading = say(f"batches_{title}", language)
        table.add_column(heading, justify="left" if text else "right", no_wrap=title != "source")
    undone = set(frame["undoes"].dropna().astype(int))
    for row in _rows(frame.reset_index()):
        source = source_of(str(row["source"]), language)
        if row["batch"] in undone:
            source = f"{source} {say('taken_back', language)}"
        counts = [_count(row[name]) for name in ("new", "changed", "rejected", "pending")]
        recorded = f"{row['recorded_at']:%Y-%m-%d %H:%M}"
        table.add_row(str(row["batch"]), recorded, escape(source), escape(row["who"]), *counts)
    show(table)


def source_of(source: str, language: Language) -> str:
    """What a batch came from: a hand-in by its name, and what the book records in English in words."""
    undoing = _UNDOING.fullmatch(source)
    if undoing:
        return say("source_undo", language, batch=undoing[1])
    made = next((key for key in _MADE_BY_COMMANDS if say(key, "en") == source), None)
    return say(made, language) if made else source


def _count(number: float | None) -> str:
    """A decision about clients, or an undoing, has no rows of its own to count."""
    return "" if number is None or number != number else f"{number:,.0f}"


def recognised(found: Recognised, language: Language, areas: Areas) -> None:
    """What the columns of a hand-in may be, unsure ones first, and how many words its lists do not know."""
    from clientlib import masks

    if found.columns.is_empty() and found.words.is_empty():
        out.print(say("nothing_strange", language))
        return
    for row in found.columns.iter_rows(named=True):
        place = say("column", language, file=row["file"], place=row["place"] + 1)
        title = f' "{masks.scrub(row["column"])}"' if row["column"] else ""
        field = areas[row["area"]].field(row["field"]).title(language) if row["field"] else "?"
        style = "green" if row["status"] == "sure" else "yellow"
        status = say(row["status"], language)
        likely = say("likely", language, status=status, sure=row["confidence"]) if row["field"] else status
        told = say("meant", language, field=field, status=likely)
        colon = say("colon", language)
        out.print(f"{place}{escape(title)}{colon}[{style}]{told}[/{style}] {escape(row[f'why_{language}'])}")
    if found.words.height:
        unsure = found.words.filter(found.words["status"] == "unsure").height
        out.print(say("words", language, words=found.words.height, unsure=unsure))


def pending(rows: pd.DataFrame, told: list[str], as_of: dt.date, language: Language) -> None:
    """Rows that wait for a cell, the oldest first: whose, since when, what is missing, the reason given."""
    for row, sentence in zip(_rows(rows), told, strict=True):
        whose = [row[name] for name in ("branch", "advisor", "client_id") if isinstance(row[name], str)]
        if row["days"] == row["days"]:
            day, days = f"{row['since']:%Y-%m-%d}", int(row["days"])
            whose.append(say("pending_since", language, day=day, days=days))
        remark = f" [dim]{escape(row['remark'])}[/dim]" if isinstance(row["remark"], str) else ""
        out.print(f"{escape(' '.join(whose))}: {escape(sentence)}{remark}")
    out.print(say("pending_count", language, rows=len(rows), day=as_of))


def known_branch(branch: str | None, branches: list[str]) -> None:
    """Make sure that a branch is one of the book's.

    Raises
    ------
    ParameterError
        It is none.
    """
    if branch is not None and branch not in branches:
        hint = meant(branch, branches, Words("The branches are", "现有营业部"))
        raise ParameterError(f'There is no branch "{branch}". {hint.en}', f"没有营业部“{branch}”。{hint.zh}")


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def write_findings(findings: pl.DataFrame, path: Path | None, language: Language) -> None:
    if path is None:
        return
    from clientlib import harmless
    from clientlib.aside import written_aside

    with written_aside(path) as aside:
        # The byte order mark makes Excel read the Chinese right.
        harmless.columns(findings).write_csv(aside, include_bom=True)
    out.print(say("findings_written", language, findings=findings.height, path=path))


def has_errors(findings: pl.DataFrame) -> bool:
    return bool((findings["severity"] == "error").any())


# ----------------------------------------------------------------------------- progress
@contextmanager
def rows_of(
    path: Path, language: Language
) -> Iterator[Callable[[Iterable[CheckResult]], Iterator[CheckResult]]]:
    """Counts the rows of a hand-in as they go by: a bar on a terminal, nothing in a log."""
    if not out.is_terminal:
        yield iter
        return
    from clientlib.intake.sources import rows_at

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(say("rows_read", language)),
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
    """Tells how a run of reports goes: bars on a terminal, a plain line for each report in a log."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
        )
        self._bars = Progress(*columns, console=err, transient=True) if out.is_terminal else None
        self._whole: TaskID | None = None
        self._each: dict[str, TaskID] = {}

    def __enter__(self) -> ReportProgress:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()

    def plans(self, reports: int) -> None:
        if self._bars:
            self._whole = self._bars.add_task("reports", total=reports)

    def begins(self, task: Task) -> None:
        if self._bars:
            self._each[_name(task)] = self._bars.add_task(_name(task), total=None)

    def advances(self, task: Task, cells: int, of: int) -> None:
        if self._bars and _name(task) in self._each:
            self._bars.update(self._each[_name(task)], completed=cells, total=of)

    def ends(self, outcome: Outcome) -> None:
        if self._bars and self._whole is not None:
            self._bars.advance(self._whole)
            if (done := self._each.pop(_name(outcome), None)) is not None:
                self._bars.remove_task(done)
        style = {"failed": "red", "made": "green"}.get(outcome.status, "yellow")
        told = f"  {escape(_name(outcome))}: [{style}]{outcome.status}[/{style}]"
        why = f" — {escape(outcome.reason or outcome.message)}" if outcome.status != "made" else ""
        out.print(f"{told} in {outcome.seconds:.1f} s{why}")


def _name(report: Task | Outcome) -> str:
    return f"{report.edition} {report.report} ({report.language})"
