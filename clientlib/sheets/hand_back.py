"""All that goes back to a person after a check: a workbook for each file, a page, and JSON Lines."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from clientlib.aside import write_text
from clientlib.config import Language, Settings
from clientlib.intake import sources
from clientlib.intake.result import CheckResult
from clientlib.sheets.checked import Written, mark_rows, write_good
from clientlib.sheets.lines import write_lines
from clientlib.sheets.page import findings_page
from clientlib.sheets.rejected import write_rejected
from clientlib.sheets.returned import Unmarkable, mark_workbook
from clientlib.sheets.settled import Settled, as_it_is
from clientlib.sheets.tally import Outcome
from clientlib.tables import AREAS, Areas


@dataclass(frozen=True)
class HandedBack:
    """The files written for one check.

    Attributes
    ----------
    marked : tuple of path
        The hand-in with its errors marked: one workbook a file, CSV where it is too long for Excel.
    good : tuple of path
        The good rows alone, in the template's form.
    page, lines : path
        The findings for a person, and for machines.
    shortened : tuple of str
        The files of which `marked` has only rows with a finding, because all would be too many for Excel or
        because the workbook is not laid out as Excel does it.
    """

    marked: tuple[Path, ...]
    good: tuple[Path, ...]
    page: Path
    lines: Path
    shortened: tuple[str, ...]


def hand_back(
    result: CheckResult,
    source: Path,
    folder: Path,
    *,
    settings: Settings,
    language: Language,
    checked_at: dt.datetime,
    areas: Areas = AREAS,
    settled: Settled = as_it_is,
) -> HandedBack:
    """Write what a check of `source`, a file or a folder in our own form, gives back into `folder`.

    Of `trades.xlsx` there are `trades.checked.xlsx`, `trades.good.xlsx`, `trades.findings.en.html` and
    `trades.findings.jsonl`; of a folder there is one checked and one good workbook for each file in it.

    Parameters
    ----------
    result : CheckResult
        Of `check_file(source)`.
    source : path
        What was checked.
    folder : path
        Is made if it is not there. Files of an earlier check are replaced.
    settings : Settings
        The firm's.
    language : {"en", "zh"}
        Of comments, summaries and page; the JSON Lines have both.
    checked_at : datetime
        The instant of the check, with its time zone.
    areas : mapping, optional
        The firm's table.
    settled : callable, optional
        What a person settled of the tables before they were checked.

    Raises
    ------
    SheetError
        Something does not fit into Excel.
    Unwritable
        A file cannot be written.
    """
    marked: list[Path] = []
    good: list[Path] = []
    shortened: list[str] = []
    zone = settings.firm.time_zone
    marking = _Marking(language, zone, areas, settled)
    for file in sources.listed(source)[0]:
        mine = _of_file(result, file.name)
        stem = Path(file.name).with_suffix("").as_posix().replace("/", "--")
        written = marking.written(file, mine, folder / f"{stem}.checked.xlsx")
        marked += written.paths
        shortened += [] if written.whole else [file.name]
        target = folder / f"{stem}.good.xlsx"
        good += write_good(mine.accepted, target, language=language, time_zone=zone, areas=areas)
    stem = source.name if source.is_dir() else source.stem
    page, lines = folder / f"{stem}.findings.{language}.html", folder / f"{stem}.findings.jsonl"
    html = findings_page(
        result.findings,
        Outcome.of(result),
        name=source.name,
        checked_at=checked_at,
        language=language,
        time_zone=zone,
        areas=areas,
        rejected=result.rejected,
    )
    write_text(page, html)
    write_lines(result.findings, lines, rejected=result.rejected, areas=areas)
    return HandedBack(tuple(marked), tuple(good), page, lines, tuple(shortened))


@dataclass(frozen=True)
class _Marking:
    """How the files of one check are marked."""

    language: Language
    zone: str
    areas: Areas
    settled: Settled

    def written(self, file: sources.Source, result: CheckResult, target: Path) -> Written:
        """The file marked in place where it is a workbook, else its rows in a workbook."""
        if file.kind != "workbook":
            return mark_rows(
                file,
                result.findings,
                target,
                language=self.language,
                time_zone=self.zone,
                areas=self.areas,
                settled=self.settled,
            )
        try:
            return self._in_place(file, result, target.with_suffix(file.path.suffix.lower()))
        except Unmarkable:
            paths = write_rejected(
                result.rejected,
                result.findings,
                target,
                language=self.language,
                time_zone=self.zone,
                areas=self.areas,
            )
            return Written(paths, whole=False)

    def _in_place(self, file: sources.Source, result: CheckResult, target: Path) -> Written:
        mark_workbook(
            file.path,
            result.findings,
            target,
            language=self.language,
            areas=self.areas,
            outcome=Outcome.of(result),
            settled=self.settled,
        )
        return Written((target,), whole=True)


def _of_file(result: CheckResult, file: str) -> CheckResult:
    """What the check of a folder came to in one of its files."""
    mine = pl.col("_file") == file
    accepted = {area: rows.filter(mine) for area, rows in result.accepted.items()}
    rejected = {area: rows.filter(mine) for area, rows in result.rejected.items()}
    return CheckResult(
        accepted=accepted,
        rejected=rejected,
        findings=result.findings.filter(pl.col("file") == file),
        changes=result.changes.filter(pl.col("file") == file),
        rows_in=sum(rows.height for frames in (accepted, rejected) for rows in frames.values()),
    )
