"""Areas of the table → one Excel workbook that a person can fill in and that the intake reads back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clientlib.aside import EVERYBODY
from clientlib.codes import Code, CodeList
from clientlib.config import Language
from clientlib.intake.own_sheets import OWN_SHEET
from clientlib.sheets import guide as guides
from clientlib.sheets import limits, lists
from clientlib.sheets.area_sheet import FIRST_ROW, AreaSheet
from clientlib.sheets.columns import columns_of
from clientlib.sheets.content import SheetContent
from clientlib.sheets.formulas import NAMED_LISTS
from clientlib.sheets.looks import Looks, set_up_print
from clientlib.sheets.new_workbook import new_workbook
from clientlib.sheets.validations import LONGEST_CHECKED, PLACES

SPARE_ROWS = 500


def write_areas(
    path: Path,
    contents: Sequence[SheetContent],
    *,
    language: Language,
    time_zone: str,
    guide: bool = True,
    branch: str | None = None,
    spare_rows: int = SPARE_ROWS,
) -> None:
    """Write a workbook with a sheet an area: the whole file, or none of it.

    Parameters
    ----------
    path : path
        An existing file is replaced.
    contents : sequence of SheetContent
        The sheets, in their order.
    language : {"en", "zh"}
        Of hints, labels and guide; every header has both.
    time_zone : str
        IANA name: the zone in which instants are shown and typed.
    guide : bool, default True
        Whether the guide comes first. The code lists are always last: the drop-down lists need them.
    branch : str, optional
        The only branch that may be chosen.
    spare_rows : int, default 500
        Rows below the last one that limits and colours reach to. They stay empty: none is read back.

    Raises
    ------
    SheetError
        Something does not fit into Excel.
    Unwritable
        The file cannot be written.

    Notes
    -----
    With any row in it the file may hold identity: only its owner can read it (mode 0600). Rows are written
    one after the other in bounded memory.
    """
    for content in contents:
        limits.fitting_rows(content.rows.height + spare_rows, content.area.title(language))
    writer = _Writer(contents, language, ZoneInfo(time_zone), branch, spare_rows)
    with new_workbook(path, in_order=True) as book:
        writer.write(book, guide)
    if all(content.rows.is_empty() for content in contents):
        path.chmod(EVERYBODY)


@dataclass(frozen=True)
class _Writer:
    """What all sheets of one workbook share."""

    contents: Sequence[SheetContent]
    language: Language
    zone: ZoneInfo
    branch: str | None
    spare_rows: int

    def write(self, book: Any, guide: bool) -> None:
        areas = [content.area for content in self.contents]
        looks = Looks(book, self.language)
        branches = None if self.branch is None else _only(self.branch)
        listed = lists.used(areas, self.language, branches)
        book.set_properties({"title": guides.title(self.language), "author": "Client Workbook"})
        _name_numbers(book)
        if guide:
            about = guides.About(self.language, self.zone.key, self.branch, self.spare_rows)
            first = _own_sheet(book, guides.NAMES[self.language], "guide")
            # A page to pin on the wall.
            first.set_portrait()
            first.fit_to_pages(1, 1)
            guides.write(first, areas, about, looks)
        for content in self.contents:
            self._area_sheet(book, content, looks).write(content.marks, listed, branches)
        lists.write(_own_sheet(book, lists.NAMES[self.language], "lists"), listed, areas, looks)

    def _area_sheet(self, book: Any, content: SheetContent, looks: Looks) -> AreaSheet:
        sheet = book.add_worksheet(limits.fitting_sheet_name(content.area.title(self.language)))
        rows = content.rows.height
        # Even where no row is to come, a range has one.
        last_row = FIRST_ROW - 1 + max(rows + self.spare_rows, 1)
        columns = columns_of(content, self.language, self.zone)
        return AreaSheet(sheet, content.area, columns, rows, last_row, looks)


def _only(branch: str) -> CodeList:
    return CodeList("branch", "Branch", "营业部", (Code(branch, branch, branch),))


def _name_numbers(book: Any) -> None:
    """Names for the lists of numbers that formulas need."""
    for name, numbers in {**NAMED_LISTS, PLACES: range(1, LONGEST_CHECKED + 1)}.items():
        book.define_name(name, f"={{{','.join(map(str, numbers))}}}")


def _own_sheet(book: Any, name: str, purpose: str) -> Any:
    """A sheet that is no area, marked so that the intake leaves it aside whatever it will be called."""
    sheet = book.add_worksheet(limits.fitting_sheet_name(name))
    book.define_name(f"{OWN_SHEET}{purpose}", f"='{name}'!$A$1")
    set_up_print(sheet)
    return sheet
