"""A small sheet of our own for an .xlsx that is changed in place: lines of text, numbers and links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from clientlib.sheets.xlsx.cells import column_letters, reference
from clientlib.sheets.xlsx.package import MAIN_NAMESPACE
from clientlib.sheets.xlsx.splice import xml_text
from clientlib.sheets.xlsx.styles import Look, Styles

_USUAL = Look()


@dataclass(frozen=True)
class Cell:
    """A text or number, how it looks, and the cell of the workbook that it leads to, if any."""

    value: str | int | None = None
    look: Look = _USUAL
    link: str | None = None
    """As in a formula: `'交易记录'!C18`."""
    across: int = 1
    """How many columns the cell covers."""


def sheet(
    rows: Sequence[Sequence[Cell]], widths: Sequence[float], heights: dict[int, float], styles: Styles
) -> bytes:
    """The part of such a sheet.

    Parameters
    ----------
    rows : sequence of sequences of Cell
    widths : sequence of float
        Of the columns, in characters.
    heights : dict of int to float
        Of rows (counted from 1) whose text needs more than one line, in points.
    styles : Styles
        The workbook's, to which the looks are added.
    """
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>' for n, width in enumerate(widths, 1)
    )
    body, links, merged = [], [], []
    for number, row in enumerate(rows, 1):
        height = f' ht="{heights[number]}" customHeight="1"' if number in heights else ""
        body.append(f'<row r="{number}"{height}>{_cells(number, row, styles)}</row>')
        for column, cell in enumerate(row):
            at = reference(number, column)
            if cell.link:
                links.append(f'<hyperlink ref="{at}" location={quoteattr(cell.link)}/>')
            if cell.across > 1:
                merged.append(f'<mergeCell ref="{at}:{column_letters(column + cell.across - 1)}{number}"/>')
    parts = [
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n',
        f'<worksheet xmlns="{MAIN_NAMESPACE}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>',
        '<sheetViews><sheetView showGridLines="0" workbookViewId="0"/></sheetViews>',
        f"<cols>{columns}</cols><sheetData>{''.join(body)}</sheetData>",
        f'<mergeCells count="{len(merged)}">{"".join(merged)}</mergeCells>' if merged else "",
        f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else "",
        '<pageSetup orientation="landscape" fitToHeight="0"/></worksheet>',
    ]
    return "".join(parts).encode()


def _cells(number: int, row: Sequence[Cell], styles: Styles) -> str:
    return "".join(_cell(reference(number, column), cell, styles) for column, cell in enumerate(row))


def _cell(at: str, cell: Cell, styles: Styles) -> str:
    style = styles.look(cell.look)
    if cell.value is None:
        return f'<c r="{at}" s="{style}"/>'
    if isinstance(cell.value, int):
        return f'<c r="{at}" s="{style}"><v>{cell.value}</v></c>'
    text = f'<is><t xml:space="preserve">{xml_text(cell.value)}</t></is>'
    return f'<c r="{at}" s="{style}" t="inlineStr">{text}</c>'


def link_to(sheet_name: str, cell: str) -> str:
    """A place in the workbook, as a link names it."""
    quoted = sheet_name.replace("'", "''")
    return f"'{quoted}'!{cell}"
