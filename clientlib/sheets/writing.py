"""Areas of the table → one Excel workbook that a person can fill in and that the intake reads back.

Written row by row in bounded memory: of a sheet only its current row, and the columns being written, are
held.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_col_to_name, xl_range  # type: ignore[import-untyped]

from clientlib.codes import Code, CodeList
from clientlib.config import Language
from clientlib.declare import Field
from clientlib.intake.own_sheets import OWN_SHEET
from clientlib.sheets import guide as guides
from clientlib.sheets import limits, lists, looks
from clientlib.sheets.aside import written_aside
from clientlib.sheets.formulas import NAMED_LISTS, Cells, Colouring, colourings
from clientlib.sheets.looks import CellLook, Looks
from clientlib.sheets.validations import LONGEST_CHECKED, PLACES, validation
from clientlib.sheets.values import TEXT_FORMAT, WHOLE_FORMAT, Value, number_format, values
from clientlib.tables import AreaInfo

SPARE_ROWS = 500
_FIRST_ROW = 1
"""The first row below the header, as XlsxWriter counts."""
_RUN_BY_EXCEL = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
_NARROWEST, _WIDEST = 10, 42
_LONG_TEXT = 200
_MEASURED_ROWS = 1_000
_COMMENT_WIDTH = 290
_A4 = 9
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True)
class Mark:
    """Something to say at a cell: the cell is coloured and `text` is its comment.

    Attributes
    ----------
    row : int
        Place in `SheetContent.rows`, from 0.
    field : str or None
        The column; None: the row as a whole, said at its first cell.
    """

    row: int
    field: str | None
    text: str
    severity: Literal["error", "notice"] = "error"


@dataclass(frozen=True)
class SheetContent:
    """What an area's sheet gets.

    Attributes
    ----------
    rows : polars.DataFrame
        Columns named after fields, either typed (from the book) or text as it was typed; a field that is
        not there stays empty. Other columns follow the fields under their own names. May be empty.
    """

    area: AreaInfo
    rows: pl.DataFrame
    marks: Sequence[Mark] = ()


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
    ClientlibError
        The file cannot be written.

    Notes
    -----
    With any row in it the file may hold identity: only its owner can read it (mode 0600).
    """
    for content in contents:
        limits.fitting_rows(content.rows.height + spare_rows, content.area.title(language))
    writer = _Writer(contents, language, ZoneInfo(time_zone), branch, spare_rows)
    with written_aside(path) as aside, tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as scratch:
        # XlsxWriter's own intermediate files hold rows too: they lie where only the owner can look.
        with xlsxwriter.Workbook(str(aside), {**_OPTIONS, "tmpdir": scratch}) as book:
            writer.write(book, guide)
    if all(content.rows.is_empty() for content in contents):
        path.chmod(0o644)


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
        made = Looks(book, self.language)
        branches = None if self.branch is None else _only(self.branch)
        listed = lists.used(areas, self.language, branches)
        book.set_properties({"title": guides.TITLES[self.language], "author": "Client Workbook"})
        _define_lists(book)
        if guide:
            about = guides.About(self.language, self.zone.key, self.branch, self.spare_rows)
            guides.write(_own_sheet(book, guides.NAMES[self.language], "guide"), areas, about, made)
        for content in self.contents:
            sheet = book.add_worksheet(limits.fitting_sheet_name(content.area.title(self.language)))
            _AreaSheet(sheet, content, self, made).write(listed, branches)
        lists.write(_own_sheet(book, lists.NAMES[self.language], "lists"), listed, areas, made)


def _only(branch: str) -> CodeList:
    return CodeList("branch", "Branch", "营业部", (Code(branch, branch, branch),))


def _define_lists(book: Any) -> None:
    for name, numbers in {**NAMED_LISTS, PLACES: tuple(range(1, LONGEST_CHECKED + 1))}.items():
        book.define_name(name, f"={{{','.join(map(str, numbers))}}}")


def _own_sheet(book: Any, name: str, purpose: str) -> Any:
    """A sheet that is no area, marked so that the intake leaves it aside whatever it will be called."""
    sheet = book.add_worksheet(limits.fitting_sheet_name(name))
    book.define_name(f"{OWN_SHEET}{purpose}", f"='{name}'!$A$1")
    _set_up_print(sheet)
    return sheet


def _set_up_print(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")


# ---------------------------------------------------------------------------- an area's sheet
@dataclass(frozen=True)
class _Column:
    """A column ready to be written: its header, what its cells hold and how they are shown."""

    field: Field | None
    titles: tuple[str, ...]
    values: Sequence[Value]
    number_format: str

    @property
    def wrapped(self) -> bool:
        return self.field is not None and self.field.kind == "text" and self.field.maximum >= _LONG_TEXT

    @property
    def width(self) -> float:
        if self.wrapped:
            return _WIDEST
        heads = [looks.width(word) for title in self.titles for word in title.split()]
        texts = [_shown(value) for value in self.values[:_MEASURED_ROWS] if value is not None]
        likely = {"date": 11, "instant": 19, "money": 15}.get(self.field.kind if self.field else "", 0)
        widest = max([likely, *heads, *map(looks.width, texts)])
        # Room for the button of the filter, which covers the end of the header.
        return min(max(widest + 3, _NARROWEST), _WIDEST)


def _shown(value: Value) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


class _AreaSheet:
    """One area's sheet being written."""

    def __init__(self, sheet: Any, content: SheetContent, writer: _Writer, made: Looks) -> None:
        self.sheet, self.content, self.writer, self.looks = sheet, content, writer, made
        self.columns = _columns(content, writer.language, writer.zone)
        self.last_row = _FIRST_ROW - 1 + max(content.rows.height + writer.spare_rows, 1)

    def write(self, listed: lists.Lists, branches: CodeList | None) -> None:
        self._lay_out()
        self._write_header()
        self._write_rows()
        for place, column in enumerate(self.columns):
            if column.field is not None:
                self._limit(place, column.field, listed, branches)
        cells = Cells(self.content.area, self.writer.language, _FIRST_ROW + 1, self.last_row + 1)
        for colouring in colourings(cells):
            self._colour(cells.column(colouring.field), colouring)
        self._show_whole_numbers()

    def _lay_out(self) -> None:
        sheet = self.sheet
        for place, column in enumerate(self.columns):
            look = CellLook(column.number_format, wrapped=column.wrapped)
            sheet.set_column(place, place, column.width, self.looks.cell(look))
        sheet.freeze_panes(_FIRST_ROW, 1)
        sheet.autofilter(0, 0, self.last_row, len(self.columns) - 1)
        _set_up_print(sheet)
        sheet.repeat_rows(0)
        sheet.hide_gridlines(0)
        everywhere = xl_range(_FIRST_ROW, 0, self.last_row, len(self.columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": everywhere})
        sheet.set_comments_author("Client Workbook")

    # ------------------------------------------------------------------------- header
    def _write_header(self) -> None:
        heights = [looks.lines("\n".join(c.titles), c.width - 2) for c in self.columns]
        self.sheet.set_row(0, looks.POINTS_A_LINE * max(heights) + 4)
        for place, column in enumerate(self.columns):
            self._write_titles(place, column)

    def _write_titles(self, place: int, column: _Column) -> None:
        required = column.field is not None and column.field.required
        fill = looks.REQUIRED_HEAD if required else looks.OPTIONAL_HEAD
        fill = looks.EXTRA_HEAD if column.field is None else fill
        ink = looks.PAPER if required else looks.INK
        cell = self.looks.style(
            bg_color=fill,
            font_color=ink,
            text_wrap=True,
            valign="vcenter",
            border=1,
            border_color=looks.LINE,
            bold=True,
        )
        first, *second = [limits.fitting_text(title, "row 1") for title in column.titles]
        first = f"* {first}" if required else first
        if not second:
            self.sheet.write_string(0, place, first, cell)
            return
        strong = self.looks.style(font_color=ink, bold=True)
        light = self.looks.style(font_color=ink, font_size=9)
        self.sheet.write_rich_string(0, place, strong, first, light, f"\n{second[0]}", cell)

    # --------------------------------------------------------------------------- rows
    def _write_rows(self) -> None:
        marked = _marks_by_cell(
            self.content.marks, [c.field.name if c.field else c.titles[0] for c in self.columns]
        )
        for row, cells in enumerate(zip(*(column.values for column in self.columns), strict=True)):
            for place, value in enumerate(cells):
                said = marked.get((row, place))
                if value not in (None, "") or said:
                    self._write_cell(row, place, value, said or ())
            for place in range(len(self.columns)) if row in marked.rows else ():
                if said := marked.get((row, place)):
                    self._comment(row, place, said)

    def _write_cell(self, row: int, place: int, value: Value, said: Sequence[Mark]) -> None:
        column = self.columns[place]
        tone = "plain" if not said else "error" if any(m.severity == "error" for m in said) else "notice"
        text = isinstance(value, str)
        quoted = isinstance(value, str) and value.startswith(_RUN_BY_EXCEL)
        # Text in a column of numbers must stay text when somebody clicks into it.
        shown_as = TEXT_FORMAT if text else column.number_format
        look = self.looks.cell(CellLook(shown_as, quoted, column.wrapped, tone))
        at = (row + _FIRST_ROW, place)
        if value is None or value == "":
            self.sheet.write_blank(*at, None, look)
        elif isinstance(value, str):
            self.sheet.write_string(*at, limits.fitting_text(value, self._place(row, place)), look)
        elif isinstance(value, dt.date):
            self.sheet.write_datetime(*at, value, look)
        else:
            self.sheet.write_number(*at, value, look)

    def _place(self, row: int, place: int) -> str:
        return f"{self.sheet.get_name()}, {xl_col_to_name(place)}{row + _FIRST_ROW + 1}"

    def _comment(self, row: int, place: int, said: Sequence[Mark]) -> None:
        text = limits.fitting_text("\n".join(mark.text for mark in said), self._place(row, place))
        fill = looks.ERROR_FILL if any(m.severity == "error" for m in said) else looks.NOTICE_FILL
        height = 14 * looks.lines(text, _COMMENT_WIDTH / 7) + 12
        size = {"width": _COMMENT_WIDTH, "height": height, "color": fill, "font_size": 9}
        self.sheet.write_comment(row + _FIRST_ROW, place, text, size)

    # --------------------------------------------------------------- limits and colours
    def _limit(self, place: int, field: Field, listed: lists.Lists, branches: CodeList | None) -> None:
        cell = f"{xl_col_to_name(place)}{_FIRST_ROW + 1}"
        only = branches if field.name == "branch" and field.code_list is None else None
        options = validation(field, cell, listed, only)
        self.sheet.data_validation(_FIRST_ROW, place, self.last_row, place, options)

    def _colour(self, letters: str, colouring: Colouring) -> None:
        look = {
            "missing": self.looks.difference(bg_color=looks.MISSING_FILL),
            "wrong": self.looks.difference(bg_color=looks.WRONG_FILL, font_color=looks.WRONG_INK),
        }[colouring.sign]
        reach = f"{letters}{_FIRST_ROW + 1}:{letters}{self.last_row + 1}"
        self.sheet.conditional_format(
            reach, {"type": "formula", "criteria": colouring.formula, "format": look}
        )

    def _show_whole_numbers(self) -> None:
        """1,000 rather than 1,000.00: no number format alone can say both."""
        look = self.looks.difference(num_format=WHOLE_FORMAT)
        for place, column in enumerate(self.columns):
            if column.field is not None and column.field.kind == "number":
                letters = xl_col_to_name(place)
                whole = f"=IFERROR(MOD({letters}{_FIRST_ROW + 1},1)=0,FALSE)"
                options = {"type": "formula", "criteria": whole, "format": look}
                self.sheet.conditional_format(_FIRST_ROW, place, self.last_row, place, options)


class _Marked(dict[tuple[int, int], list[Mark]]):
    """Marks by row and column, and the rows that have any."""

    rows: frozenset[int] = frozenset()


def _marks_by_cell(marks: Iterable[Mark], names: Sequence[str]) -> _Marked:
    found: Mapping[tuple[int, int], list[Mark]] = defaultdict(list)
    for mark in marks:
        found[mark.row, names.index(mark.field) if mark.field else 0].append(mark)
    marked = _Marked(found)
    marked.rows = frozenset(row for row, _ in marked)
    return marked


def _columns(content: SheetContent, language: Language, zone: ZoneInfo) -> list[_Column]:
    """The area's fields, then the other columns of the rows."""
    rows = content.rows
    found = []
    for field in content.area.fields:
        column = (
            rows[field.name]
            if field.name in rows.columns
            else pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
        )
        both = (field.title_zh, field.title_en) if language == "zh" else (field.title_en, field.title_zh)
        titles = tuple(dict.fromkeys(both))
        found.append(_Column(field, titles, values(column, field, language, zone), number_format(field)))
    own = {field.name for field in content.area.fields}
    for name in (name for name in rows.columns if name not in own):
        found.append(_Column(None, (name,), _as_they_are(rows[name]), TEXT_FORMAT))
    return found


def _as_they_are(column: pl.Series) -> list[Value]:
    """Of a column that is no field: numbers as numbers, all else as text."""
    return column.to_list() if column.dtype.is_numeric() else column.cast(pl.String).to_list()
