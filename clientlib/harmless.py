"""Text on its way into a spreadsheet: no program that opens the file may run it.

Free text may begin with = + - or @, and it is kept as it was typed. In a workbook it is written as a text
cell with a quote prefix, so that it stays text when somebody edits it; a CSV file has no types, so there an
apostrophe goes before it.
"""

from __future__ import annotations

import re

import polars as pl

# The full-width signs count too: Chinese and Japanese spreadsheets take them for the others.
_RUN = r"^[=+\-@\t\r\n\x00＝＋－＠]"
_MARK = "'"


def runs(text: str) -> bool:
    """Whether a spreadsheet would run the text if it were typed into a cell."""
    return re.match(_RUN, text) is not None


def cell(text: str) -> str:
    """The text as a CSV cell may hold it.

    >>> cell("=1+1")
    "'=1+1"
    >>> cell("1+1")
    '1+1'
    """
    return f"{_MARK}{text}" if runs(text) else text


def columns(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every text column as a CSV file may hold it; numbers and dates stay as they are."""
    return frame.with_columns(
        _harmless(pl.col(name)).alias(name) for name, dtype in frame.schema.items() if dtype == pl.String
    )


def _harmless(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.contains(_RUN)).then(pl.lit(_MARK) + text).otherwise(text)
