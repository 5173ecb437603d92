"""One area's sheet: header, rows with their marks, limits, and what is coloured while somebody types.

Written from top to bottom, a row at a time: in bounded memory a cell above the current row would be lost.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_range  # type: ignore[import-untyped]

from clientlib import harmless
from clientlib.codes import CodeList
from clientlib.sheets import looks
from clientlib.sheets.columns import Column
from clientlib.sheets.content import Mark
from clientlib.sheets.formulas import Cells, colourings
from clientlib.sheets.limits import fitting_text
from clientlib.sheets.lists import Lists
from clientlib.sheets.looks import CellLook, Looks, Tone
from clientlib.sheets.validations import validation
from clientlib.sheets.values import TEXT_FORMAT, WHOLE_FORMAT, Value
from clientlib.tables import AreaInfo

FIRST_ROW = 1
"""The first row below the header, as XlsxWriter counts."""
_ROWS_AT_ONCE = 5_000
_COMMENT_WIDTH = 290
_COMMENT_LINE = 14


@dataclass(frozen=True)
class AreaSheet:
    """An area's sheet being written.

    Attributes
    ----------
    sheet : xlsxwriter worksheet
    columns : sequence of Column
        The area's fields, in their order, then others.
    rows : int
        How many there are.
    last_row : int
        The last one that limits and colours reach to, as XlsxWriter counts.
    """

    sheet: Any
    area: AreaInfo
    columns: Sequence[Column]
    rows: int
    last_row: int
    looks: Looks

    def write(self, marks: Iterable[Mark], lists: Lists, branches: CodeList | None) -> None:
        """All of it; `branches` are those that may be chosen, if not every one."""
        self._lay_out()
        self._write_header()
        self._write_rows(_by_cell(marks, [column.name for column in self.columns]))
        self._limit(lists, branches)
        self._colour()
        self._show_whole_numbers()

    def _lay_out(self) -> None:
        sheet = self.sheet
        for place, column in enumerate(self.columns):
            look = CellLook(column.number_format, wrapped=column.wrapped, centred=column.centred)
            sheet.set_column(place, place, column.width, self.looks.cell(look))
        sheet.freeze_panes(FIRST_ROW, 1)
        sheet.autofilter(0, 0, self.last_row, len(self.columns) - 1)
        looks.set_up_print(sheet)
        sheet.repeat_rows(0)
        sheet.hide_gridlines(0)
        everywhere = xl_range(FIRST_ROW, 0, self.last_row, len(self.columns) - 1)
        sheet.ignore_errors({"number_stored_as_text": everywhere})
        sheet.set_comments_author("Client Workbook")

    # ------------------------------------------------------------------------------ header
    def _write_header(self) -> None:
        heights = [looks.lines("\n".join(column.titles), column.width - 2) for column in self.columns]
        self.sheet.set_row(0, looks.POINTS_A_LINE * max(heights) + 4)
        for place, column in enumerate(self.columns):
            self._write_titles(place, column)

    def _write_titles(self, place: int, column: Column) -> None:
        required = column.field is not None and column.field.required
        fill = looks.REQUIRED_HEAD if required else looks.OPTIONAL_HEAD
        fill = looks.EXTRA_HEAD if column.field is None else fill
        ink = looks.PAPER if required else looks.INK
        edge = {"border": 1, "border_color": looks.LINE}
        cell = self.looks.style(
            bg_color=fill, font_color=ink, bold=True, text_wrap=True, valign="vcenter", **edge
        )
        first, *second = [fitting_text(title, f"{self.sheet.get_name()}, row 1") for title in column.titles]
        first = f"* {first}" if required else first
        if not second:
            self.sheet.write_string(0, place, first, cell)
            return
        strong = self.looks.style(font_color=ink, bold=True)
        light = self.looks.style(font_color=ink, font_size=9)
        self.sheet.write_rich_string(0, place, strong, first, light, f"\n{second[0]}", cell)

    # -------------------------------------------------------------------------------- rows
    def _write_rows(self, marked: dict[int, dict[int, list[Mark]]]) -> None:
        for row, cells in enumerate(self._cells()):
            said = marked.get(row, {})
            for place, value in enumerate(cells):
                marks = said.get(place, ())
                if marks or value not in (None, ""):
                    self._write_cell(row, place, value, _tone(marks))
                if marks:
                    self._comment(row, place, marks)

    def _cells(self) -> Iterator[tuple[Value, ...]]:
        for first in range(0, self.rows, _ROWS_AT_ONCE):
            yield from zip(*(column.values(first, _ROWS_AT_ONCE) for column in self.columns), strict=True)

    def _write_cell(self, row: int, place: int, value: Value, tone: Tone) -> None:
        column, at = self.columns[place], (row + FIRST_ROW, place)
        text = isinstance(value, str)
        quoted = isinstance(value, str) and harmless.runs(value)
        # Text in a column of numbers must stay text when somebody clicks into it.
        shown_as = TEXT_FORMAT if text else column.number_format
        look = self.looks.cell(CellLook(shown_as, quoted, column.wrapped, column.centred, tone))
        if value is None or value == "":
            self.sheet.write_blank(*at, None, look)
        elif isinstance(value, str):
            self.sheet.write_string(*at, fitting_text(value, self._place(row, place)), look)
        elif isinstance(value, dt.date):
            self.sheet.write_datetime(*at, value, look)
        else:
            self.sheet.write_number(*at, value, look)

    def _comment(self, row: int, place: int, marks: Sequence[Mark]) -> None:
        text = fitting_text("\n".join(mark.text for mark in marks), self._place(row, place))
        fill = looks.ERROR_FILL if _tone(marks) == "error" else looks.NOTICE_FILL
        height = _COMMENT_LINE * looks.lines(text, _COMMENT_WIDTH / 7) + _COMMENT_LINE
        size = {"width": _COMMENT_WIDTH, "height": height, "color": fill, "font_size": 9}
        self.sheet.write_comment(row + FIRST_ROW, place, text, size)

    def _place(self, row: int, place: int) -> str:
        return f"{self.sheet.get_name()}, {xl_col_to_name(place)}{row + FIRST_ROW + 1}"

    # ------------------------------------------------------------------ limits and colours
    def _limit(self, lists: Lists, branches: CodeList | None) -> None:
        for place, column in enumerate(self.columns):
            field = column.field
            if field is not None:
                only = branches if field.name == "branch" and field.kind == "text" else None
                options = validation(field, f"{xl_col_to_name(place)}{FIRST_ROW + 1}", lists, only)
                self.sheet.data_validation(FIRST_ROW, place, self.last_row, place, options)

    def _colour(self) -> None:
        signs = {
            "missing": self.looks.difference(bg_color=looks.MISSING_FILL),
            "wrong": self.looks.difference(bg_color=looks.WRONG_FILL, font_color=looks.WRONG_INK),
        }
        cells = Cells(self.area, self.looks.language, FIRST_ROW + 1, self.last_row + 1)
        for colouring in colourings(cells):
            self._format_where(cells.place(colouring.field), colouring.formula, signs[colouring.sign])

    def _show_whole_numbers(self) -> None:
        """1,000 rather than 1,000.00: no number format alone can say both."""
        look = self.looks.difference(num_format=WHOLE_FORMAT)
        for place, column in enumerate(self.columns):
            if column.field is not None and column.field.kind == "number":
                cell = f"{xl_col_to_name(place)}{FIRST_ROW + 1}"
                self._format_where(place, f"=IFERROR(MOD({cell},1)=0,FALSE)", look)

    def _format_where(self, place: int, formula: str, look: Any) -> None:
        options = {"type": "formula", "criteria": formula, "format": look}
        self.sheet.conditional_format(FIRST_ROW, place, self.last_row, place, options)


def _by_cell(marks: Iterable[Mark], names: Sequence[str]) -> dict[int, dict[int, list[Mark]]]:
    """Marks by row and column; one of a row as a whole stands at the first column."""
    found: dict[int, dict[int, list[Mark]]] = defaultdict(lambda: defaultdict(list))
    for mark in marks:
        found[mark.row][names.index(mark.field) if mark.field else 0].append(mark)
    return {row: dict(cells) for row, cells in found.items()}


def _tone(marks: Sequence[Mark]) -> Tone:
    if not marks:
        return "plain"
    return "error" if any(mark.severity == "error" for mark in marks) else "notice"
