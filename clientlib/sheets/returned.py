"""What a person gets back after a check: the very workbook that was handed in, with its errors marked.

Nothing of a good row is changed, and nothing of a wrong one but the colour of the cell and its comment.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from clientlib.aside import written_aside
from clientlib.config import Language
from clientlib.errors import IntakeError
from clientlib.intake import headers, natural
from clientlib.intake.own_sheets import OWN_SHEET
from clientlib.intake.tables_in import RawTable
from clientlib.sheets.limits import free_sheet_name
from clientlib.sheets.said import MOST_MARKS
from clientlib.sheets.settled import Settled, as_it_is
from clientlib.sheets.summary import SHEET_NAMES, SheetMarks, summary_sheet
from clientlib.sheets.tally import Outcome, tally
from clientlib.sheets.xlsx import cells, comments
from clientlib.sheets.xlsx.package import Package, Sheet
from clientlib.sheets.xlsx.splice import UnreadableXml
from clientlib.sheets.xlsx.styles import Severity, Styles
from clientlib.tables import AREAS, AreaInfo, Areas

_SUMMARY = f"{OWN_SHEET}result"
"""The name by which the summary is told from a person's own sheets, whatever it is called."""


class Unmarkable(IntakeError):
    """A workbook whose inside is not laid out as Excel does it: it can be read, but not marked in place."""


@dataclass(frozen=True)
class Marked:
    """What `mark_workbook` did: the sheets it put marks on, in their order."""

    sheets: tuple[SheetMarks, ...]

    @property
    def coloured(self) -> int:
        return sum(sheet.coloured for sheet in self.sheets)

    @property
    def silent(self) -> int:
        """Cells that have a colour but, being too many, no comment."""
        return sum(sheet.silent for sheet in self.sheets)


@dataclass
class _Plan:
    """What to put on one sheet."""

    colours: dict[int, dict[int, Severity]] = field(default_factory=dict)
    messages: dict[comments.Place, list[str]] = field(default_factory=dict)
    first: dict[tuple[str | None, str], str] = field(default_factory=dict)

    def add(self, where: comments.Place, finding: Mapping[str, Any], language: Language) -> None:
        row, column = where
        severity: Severity = "error" if finding["severity"] == "error" else "notice"
        there = self.colours.setdefault(row, {})
        if there.get(column) != "error":
            there[column] = severity
        said = self.messages.setdefault(where, [])
        if finding[f"message_{language}"] not in said:
            said.append(finding[f"message_{language}"])
        self.first.setdefault((finding["field"], finding["rule"]), cells.reference(row, column))


# --------------------------------------------------------------------------- the workbook
def mark_workbook(
    source: Path,
    findings: pl.DataFrame,
    target: Path,
    *,
    language: Language,
    areas: Areas = AREAS,
    outcome: Outcome | None = None,
    settled: Settled = as_it_is,
    most_comments: int = MOST_MARKS,
) -> Marked:
    """Write the workbook anew with each wrong cell coloured and commented, and a summary as its first sheet.

    Marks and the summary of an earlier check are taken away first. All else stays byte for byte: sheets,
    formats, lists, formulas and their last values, macros, pictures.

    Parameters
    ----------
    source : path
        The .xlsx or .xlsm that was checked.
    findings : polars.DataFrame
        The findings of this file (see `CheckResult.findings`).
    target : path
        Where to; may be `source` itself. Only its owner may read it.
    language : {"en", "zh"}
        Of comments and summary.
    areas : mapping, optional
        The firm's table.
    outcome : Outcome, optional
        Its counts of rows stand on the summary.
    settled : callable, optional
        What a person settled of the sheets before they were checked.
    most_comments : int, default 2,000
        No sheet gets more; the other wrong cells are only coloured, and the summary says so.

    Returns
    -------
    Marked

    Raises
    ------
    Unmarkable
        The workbook is not laid out as Excel does it.
    Unwritable
        `target` cannot be written.
    """
    try:
        package = Package(source)
        marked = _Marking(package, findings, language, areas, settled).put_on(outcome, most_comments)
    except (UnreadableXml, zipfile.BadZipFile, KeyError, ValueError, IndexError):
        raise Unmarkable(
            f"{source.name}: the workbook cannot be marked in place. Open it in Excel, save it as .xlsx, and "
            "check that file.",
            f"{source.name}：无法直接在此工作簿中标注。请用Excel打开并另存为 .xlsx，再检查新的文件。",
        ) from None
    with written_aside(target) as aside:
        package.save(aside)
    return marked


@dataclass(frozen=True)
class _Marking:
    """One workbook being marked."""

    package: Package
    findings: pl.DataFrame
    language: Language
    areas: Areas
    settled: Settled

    def put_on(self, outcome: Outcome | None, most_comments: int) -> Marked:
        """Take earlier marks off, put the new ones on, and the summary before all sheets."""
        package = self.package
        # LibreOffice puts a colour of its palette behind every solid fill; Excel leaves there what it found.
        kept = not package.application.startswith("LibreOffice")
        styles = Styles(package[package.styles], backgrounds_kept=kept)
        # The guide shows what marks look like; no sheet of ours is marked, nor loses what looks like it.
        ours = package.named_sheets(OWN_SHEET)
        old = ours.get(_SUMMARY)
        marks: list[SheetMarks] = []
        first_cells: dict[tuple[str, str | None, str], str] = {}
        for sheet in (sheet for sheet in package.sheets() if sheet not in ours.values()):
            plan = self._plan(sheet)
            marks.append(_put_on(package, sheet, plan, styles, most_comments))
            first_cells |= {(sheet.name, *what): where for what, where in plan.first.items()}
        marks = [mark for mark in marks if mark.coloured]
        broken = tally(self.findings, self.areas, self.language)
        data = summary_sheet(broken, first_cells, marks, outcome, styles, self.language)
        _put_first(package, old, data, self.language)
        package[package.styles] = styles.data()
        return Marked(tuple(marks))

    def _plan(self, sheet: Sheet) -> _Plan:
        plan = _Plan()
        mine = self.findings.filter((pl.col("sheet") == sheet.name) & pl.col("row").is_not_null())
        if mine.is_empty():
            return plan
        shared = self.package.related(self.package.workbook, "sharedStrings")
        titles = cells.header(self.package[sheet.part], self.package[shared] if shared else None)
        first = next((column for column, title in titles.items() if title), 0)
        line = tuple(titles.get(column, "") for column in range(first, max(titles, default=-1) + 1))
        # A table begins at its first column with anything in it.
        table = self.settled(RawTable(mine["file"][0], sheet.name, line, iter(())))
        columns = {
            name: {field: first + at for field, at in _columns(table, area).items()}
            for name, area in self.areas.items()
            if name in mine["area"]
        }
        # Errors come first, so that where not all comments fit, those of mere notices are left out.
        ordered = mine.sort(pl.col("severity") != "error", "row", maintain_order=True)
        for finding in ordered.iter_rows(named=True):
            column = columns.get(finding["area"], {}).get(finding["field"] or "", first)
            plan.add((finding["row"], column), finding, self.language)
        return plan


def _columns(table: RawTable, area: AreaInfo) -> dict[str, int]:
    """Field → its column, by the intake's own reading of the header.

    Where a column for the client's number is missing, what is said of it stands at the ID number or mobile
    that was to tell whose the row is.
    """
    found = headers.match(table.header, area)
    columns = {name: at for at, name in found.fields.items()}
    if found.natural:
        columns.setdefault(natural.CLIENT, min(found.natural))
    return columns


def _put_on(package: Package, sheet: Sheet, plan: _Plan, styles: Styles, most_comments: int) -> SheetMarks:
    package[sheet.part] = cells.recoloured(package[sheet.part], plan.colours, styles)
    said = dict(list(plan.messages.items())[:most_comments])
    comments.annotate(package, sheet.part, said)
    return SheetMarks(sheet.name, len(plan.messages), len(plan.messages) - len(said))


# ---------------------------------------------------------------------------- the summary
def _put_first(package: Package, old: Sheet | None, data: bytes, language: Language) -> None:
    """The summary as the first sheet; an earlier one is written over where it stands."""
    if old is None:
        name = free_sheet_name(SHEET_NAMES[language], [sheet.name for sheet in package.sheets()])
        package.add_first_sheet(name, _SUMMARY, data)
    else:
        package.overwrite_sheet(old, data)
