"""What is made beside a page: its tables as an Excel workbook, and the page as a PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clientlib.config import BESIDE

if TYPE_CHECKING:
    from clientlib.config import Settings


@dataclass(frozen=True)
class Beside:
    """`files` are the names of what was made, in the page's folder; `notices` tell the administrator what
    was not, and why."""

    files: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def expected(kinds: Sequence[str], notebook: Any, page: Path, settings: Settings) -> tuple[str, ...]:
    """The names of the files that `make` will make, unless the browser fails: the page leads to them."""
    from clientlib.report.beside import pdf, tables_workbook

    able = {"xlsx": tables_workbook.has_tables(notebook), "pdf": pdf.browser(settings) is not None}
    return tuple(page.with_suffix(f".{kind}").name for kind in BESIDE if kind in kinds and able[kind])


def make(kinds: Sequence[str], notebook: Any, page: Path, settings: Settings) -> Beside:
    """Make what is asked for beside `page`, which is there already.

    Parameters
    ----------
    kinds : sequence of {"xlsx", "pdf"}
        A report without a single table gets no workbook, without a word.
    notebook : notebook
        The executed one that the page was made of.

    Returns
    -------
    Beside
        What could not be made is no failure of the report: the page stands without it.
    """
    from clientlib.report.beside import pdf, tables_workbook

    files, notices = [], []
    if "xlsx" in kinds and tables_workbook.has_tables(notebook):
        file = page.with_suffix(".xlsx")
        tables_workbook.write(notebook, file, settings, page.name)
        files.append(file.name)
    if "pdf" in kinds:
        file = page.with_suffix(".pdf")
        try:
            pdf.write(page, file, settings)
            files.append(file.name)
        except pdf.NotMade as why:
            notices.append(str(why))
    for name in files:
        page.with_name(name).chmod(page.stat().st_mode)  # whoever may read the page may read these
    return Beside(tuple(files), tuple(notices))
