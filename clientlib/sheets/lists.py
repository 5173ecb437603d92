"""The last sheet: every code list with its words in both languages, and an example of every field.

Drop-down lists of the other sheets take their entries from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from clientlib.codes import CodeList
from clientlib.config import Language, other
from clientlib.declare import Field
from clientlib.examples import example
from clientlib.sheets import looks
from clientlib.sheets.looks import Looks
from clientlib.sheets.values import shown_labels
from clientlib.tables import AreaInfo

NAMES: dict[Language, str] = {"en": "Code lists", "zh": "代码表"}
_FIRST = 3
"""The first row below title and headers, as Excel counts."""
_HEADS: dict[Language, tuple[str, ...]] = {
    "en": ("List", "Choose", "Code", "中文", "", "Sheet", "Column", "Required", "Example"),
    "zh": ("列表", "选项", "代码", "English", "", "工作表", "栏目", "必填", "示例"),
}
_TITLES: dict[Language, tuple[str, str]] = {
    "en": ("Code lists", "An example of every column"),
    "zh": ("代码表", "各栏目示例"),
}
_WIDTHS = (22, 38, 14, 38, 3, 22, 24, 10, 46)


@dataclass(frozen=True)
class Lists:
    """The code lists of a workbook, and where on their sheet the entries of each stand."""

    language: Language
    lists: tuple[CodeList, ...]

    def source(self, listed: CodeList) -> str:
        """The entries of a list, as a validation refers to them."""
        first = _FIRST
        for each in self.lists:
            if each == listed:
                return f"='{NAMES[self.language]}'!$B${first}:$B${first + len(each.entries) - 1}"
            first += len(each.entries)
        raise LookupError(listed.name)


def used(areas: Sequence[AreaInfo], language: Language, branch: CodeList | None) -> Lists:
    """The code lists of some areas, in the order in which they are met; `branch` is the list of one."""
    found: list[CodeList] = [] if branch is None else [branch]
    for area in areas:
        for field in area.fields:
            if field.code_list is not None and field.code_list not in found:
                found.append(field.code_list)
    return Lists(language, tuple(found))


def write(sheet: Any, lists: Lists, areas: Sequence[AreaInfo], looks_: Looks) -> None:
    """Fill the sheet, row by row."""
    head = looks_.style(bold=True, font_color=looks.PAPER, bg_color=looks.REQUIRED_HEAD, valign="vcenter")
    title = looks_.style(bold=True, font_size=14, font_color=looks.REQUIRED_HEAD)
    body = looks_.style(num_format="@", text_wrap=True, valign="top", bottom=4, bottom_color=looks.LINE)
    for place, columns in enumerate(_WIDTHS):
        sheet.set_column(place, place, columns)
    for place, text in zip((0, 5), _TITLES[lists.language], strict=True):
        sheet.write_string(0, place, text, title)
    for place, text in enumerate(_HEADS[lists.language]):
        if text:
            sheet.write_string(1, place, text, head)
    entries, examples = _entries(lists), _examples(areas, lists.language)
    for row, (left, right) in enumerate(zip_longest(entries, examples, fillvalue=()), start=_FIRST - 1):
        for first, texts in ((0, left), (5, right)):
            for place, text in enumerate(texts, start=first):
                sheet.write_string(row, place, text, body)
    sheet.freeze_panes(_FIRST - 1, 0)


def _entries(lists: Lists) -> Iterator[tuple[str, ...]]:
    beside = other(lists.language)
    for listed in lists.lists:
        shown = shown_labels(listed, lists.language)
        name = listed.title(lists.language)
        for entry in listed.entries:
            yield name, shown[entry.value], entry.value, entry.label(beside)


def _examples(areas: Sequence[AreaInfo], language: Language) -> Iterator[tuple[str, ...]]:
    for area in areas:
        for field in area.fields:
            yield area.title(language), field.title(language), _star(field), example(field, language)


def _star(field: Field) -> str:
    return "*" if field.required else ""
