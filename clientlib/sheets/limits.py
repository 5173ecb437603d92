"""What Excel can hold, and the error that says so before anything is cut."""

from __future__ import annotations

import re
from collections.abc import Collection

from clientlib.errors import ClientlibError

LAST_ROW = 1_048_576
LONGEST_TEXT = 32_767
LONGEST_SHEET_NAME = 31
LONGEST_PROMPT_TITLE = 32
LONGEST_PROMPT = 255
LONGEST_FORMULA = 255
"""Of a validation; a conditional format may be longer, but is kept to it too."""
_FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_NO_CHARACTERS = str.maketrans({"\ufffe": "\ufffd", "\uffff": "\ufffd"})


class SheetError(ClientlibError):
    """A workbook for people cannot be written: something does not fit into Excel."""


def length(text: str) -> int:
    """The length as Excel counts it: a character beyond the first 65,536 counts twice."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def fitting_text(text: str, place: str) -> str:
    """The text as a cell can hold it.

    U+FFFE and U+FFFF, which are no characters and which XML cannot hold, become U+FFFD; control characters
    stay what they are.

    Raises
    ------
    SheetError
        It is longer than a cell can be.
    """
    if len(text) > LONGEST_TEXT // 2 and length(text) > LONGEST_TEXT:
        raise SheetError(
            f"{place}: a text of {length(text):,} characters does not fit into a cell of Excel "
            f"({LONGEST_TEXT:,}). Shorten it, or write CSV or Parquet.",
            f"{place}：一段{length(text):,}个字符的文本超过Excel单元格的上限（{LONGEST_TEXT:,}）。"
            "请缩短，或改存为CSV或Parquet。",
        )
    return text if text.isprintable() else text.translate(_NO_CHARACTERS)


def fitting_rows(rows: int, sheet: str) -> None:
    """Make sure that so many rows and a header fit into one sheet.

    Raises
    ------
    SheetError
        They do not.
    """
    if rows >= LAST_ROW:
        raise SheetError(
            f"{sheet}: {rows:,} rows do not fit into a sheet of Excel ({LAST_ROW - 1:,} below the "
            "header). Choose fewer rows, e.g. one branch, or write CSV or Parquet.",
            f"{sheet}：{rows:,}行超过Excel工作表的上限（表头以下{LAST_ROW - 1:,}行）。"
            "请减少行数，例如只选一个营业部，或改存为CSV或Parquet。",
        )


def fitting_sheet_name(name: str) -> str:
    """The name, if a sheet can be called so.

    Raises
    ------
    SheetError
        It is empty, too long, or has a character that Excel forbids there.
    """
    quoted = name.startswith("'") or name.endswith("'")
    if not name or length(name) > LONGEST_SHEET_NAME or quoted or _FORBIDDEN_IN_NAMES.search(name):
        raise SheetError(
            f'A sheet of Excel cannot be called "{name}". Give it 1 to {LONGEST_SHEET_NAME} characters '
            "and none of [ ] : * ? / \\.",
            f"Excel工作表不能命名为“{name}”。名称须为1至{LONGEST_SHEET_NAME}个字符，"
            "且不含 [ ] : * ? / \\ 中的任何一个。",
        )
    return name


def free_sheet_name(name: str, taken: Collection[str]) -> str:
    """A name for a sheet as near to `name` as Excel allows, unlike those `taken` (whatever their case)."""
    plain = _FORBIDDEN_IN_NAMES.sub(" ", name).strip("' ") or "-"
    known = {other.casefold() for other in taken}
    marks = ("", *(f" ({number})" for number in range(2, len(known) + 3)))
    names = (_cut(plain, LONGEST_SHEET_NAME - len(mark)) + mark for mark in marks)
    return next(free for free in names if free.casefold() not in known)


def _cut(text: str, longest: int) -> str:
    while length(text) > longest:
        text = text[:-1]
    # An apostrophe may stand inside, but not at the end.
    return text.rstrip("' ")


def shortened(text: str, longest: int) -> str:
    """A hint that ends in "…" where Excel shows no more of it. For hints only, never for data."""
    return text if length(text) <= longest else text[: longest - 1 - (length(text) - len(text))] + "…"
