"""The first sheet: how to fill in the workbook, for people who know no computing (words: `guide.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from clientlib.config import Language, other
from clientlib.sheets import lists, looks
from clientlib.sheets.looks import Looks
from clientlib.tables import AreaInfo

NAMES: dict[Language, str] = {"en": "Guide", "zh": "填写说明"}
_WIDTHS = (3, 30, 26, 74)
_FIRST, _LAST = 1, len(_WIDTHS) - 1
"""The columns that are written to; the one before them is a margin."""
_TEXT_ROOM = sum(_WIDTHS[_FIRST:])
_LINE = 17
_SIGNS: dict[str, dict[str, Any]] = {
    "required": {"bg_color": looks.REQUIRED_HEAD, "font_color": looks.PAPER, "bold": True},
    "optional": {"bg_color": looks.OPTIONAL_HEAD, "bold": True},
    "missing": {"bg_color": looks.MISSING_FILL, "font_color": looks.MUTED},
    "wrong": {"bg_color": looks.WRONG_FILL, "font_color": looks.WRONG_INK},
    "error": looks.TONES["error"],
    "notice": looks.TONES["notice"],
}


@dataclass(frozen=True)
class About:
    """What the guide tells of this workbook."""

    language: Language
    time_zone: str
    branch: str | None
    spare_rows: int


@cache
def words() -> dict[str, Any]:
    """All that the guide says, in both languages."""
    return tomllib.loads((resources.files("clientlib.sheets") / "guide.toml").read_text("utf-8"))


def title(language: Language) -> str:
    """What the workbook as a whole is called."""
    return str(words()["title"][language])


def write(sheet: Any, areas: Sequence[AreaInfo], about: About, made: Looks) -> None:
    """Fill the sheet, row by row."""
    page, said = _Page(sheet, about, made), words()
    sheet.hide_gridlines(2)
    for place, columns in enumerate(_WIDTHS):
        sheet.set_column(place, place, columns)
    page.title()
    page.heading(said["fill"])
    page.steps(said["fill"]["steps"])
    page.heading(said["colours"])
    for entry in said["colours"]["legend"]:
        page.legend(entry)
    page.heading(said["hand_in"])
    page.steps(said["hand_in"]["steps"])
    page.heading(said["sheets"])
    page.sheets(areas)
    sheet.activate()


class _Page:
    """The guide being written from top to bottom."""

    def __init__(self, sheet: Any, about: About, made: Looks) -> None:
        self.sheet, self.about, self.looks, self.row = sheet, about, made, 0
        self.language = about.language
        self.other = other(about.language)

    def title(self) -> None:
        large = self.looks.style(bold=True, font_size=20, font_color=looks.REQUIRED_HEAD, valign="vcenter")
        small = self.looks.style(font_size=11, font_color=looks.MUTED)
        line = [title(self.other)]
        if self.about.branch is not None:
            line.append(f"{words()['branch'][self.language]}: {self.about.branch}")
        self.sheet.set_row(self.row, 34)
        self.sheet.write_string(self.row, _FIRST, title(self.language), large)
        self.sheet.write_string(self.row + 1, _FIRST, "   ·   ".join(line), small)
        self.row += 2

    def heading(self, said: dict[str, str]) -> None:
        ink = looks.REQUIRED_HEAD
        look = self.looks.style(bold=True, font_size=13, font_color=ink, bottom=2, bottom_color=ink)
        self.row += 1
        self.sheet.set_row(self.row, 24)
        self.sheet.write_string(self.row, _FIRST, said[self.language], look)
        for place in range(_FIRST + 1, _LAST + 1):
            self.sheet.write_blank(self.row, place, None, look)
        self.row += 1

    def steps(self, steps: Sequence[dict[str, str]]) -> None:
        look = self.looks.style(text_wrap=True, valign="vcenter", font_size=11)
        about = {"time_zone": self.about.time_zone, "spare_rows": self.about.spare_rows}
        for number, step in enumerate(steps, start=1):
            text = f"{number}.  {step[self.language].format(**about)}"
            self.sheet.set_row(self.row, _height(text, _TEXT_ROOM))
            self.sheet.merge_range(self.row, _FIRST, self.row, _LAST, text, look)
            self.row += 1

    def legend(self, entry: dict[str, Any]) -> None:
        sample = self.looks.style(valign="vcenter", align="center", num_format="@", **_SIGNS[entry["sign"]])
        look = self.looks.style(text_wrap=True, valign="vcenter", font_size=11, indent=1)
        meaning = entry[self.language]
        self.sheet.set_row(self.row, _height(meaning, sum(_WIDTHS[_FIRST + 1 :])) + 3)
        self.sheet.write_string(self.row, _FIRST, entry["sample"][self.language], sample)
        self.sheet.merge_range(self.row, _FIRST + 1, self.row, _LAST, meaning, look)
        self.row += 1

    def sheets(self, areas: Sequence[AreaInfo]) -> None:
        said = words()["sheets"]
        head = self.looks.style(bold=True, bg_color=looks.OPTIONAL_HEAD, font_size=11)
        for place, text in enumerate(said["heads"][self.language], start=_FIRST):
            self.sheet.write_string(self.row, place, text, head)
        self.row += 1
        for area in areas:
            purpose = said["areas"][area.name][self.language]
            self._sheet_line(area.title(self.language), area.title(self.other), purpose)
        purpose = said["lists"][self.language]
        self._sheet_line(lists.NAMES[self.language], lists.NAMES[self.other], purpose)

    def _sheet_line(self, name: str, other: str, purpose: str) -> None:
        line = {"valign": "top", "font_size": 11, "bottom": 4, "bottom_color": looks.LINE}
        plain = self.looks.style(text_wrap=True, **line)
        link = self.looks.style(underline=1, **{**line, "font_color": looks.REQUIRED_HEAD})
        self.sheet.set_row(self.row, _height(purpose, _WIDTHS[_LAST]))
        self.sheet.write_url(self.row, _FIRST, f"internal:'{name}'!A1", link, name)
        self.sheet.write_string(self.row, _FIRST + 1, other, plain)
        self.sheet.write_string(self.row, _LAST, purpose, plain)
        self.row += 1


def _height(text: str, room: float) -> float:
    # A little less than there is: fonts differ, and a line too many is better than one cut off.
    return _LINE * looks.lines(text, room * 0.93) + 3
