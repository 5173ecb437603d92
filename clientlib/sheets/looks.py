"""How the workbooks look: one palette, and every cell format made once.

Colours differ in lightness and not in hue alone, and none says anything that a word or a star does not
say too.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any, Literal

from clientlib.config import Language

INK, MUTED, LINE, PAPER = "#1F2A36", "#5A6673", "#C9D1D8", "#FFFFFF"
REQUIRED_HEAD, OPTIONAL_HEAD, EXTRA_HEAD = "#14425F", "#DCE8EF", "#ECEEF0"
MISSING_FILL = "#FFE9A8"
WRONG_FILL, WRONG_INK = "#F6B58F", "#7A1F00"
ERROR_FILL, NOTICE_FILL = "#F9D0B8", "#CFE6F5"
"""Behind a cell that was handed back: an error, something worth knowing."""

Tone = Literal["plain", "error", "notice"]
TONES: dict[str, dict[str, Any]] = {
    "plain": {},
    "error": {"bg_color": ERROR_FILL, "border": 1, "border_color": WRONG_INK},
    "notice": {"bg_color": NOTICE_FILL, "border": 1, "border_color": REQUIRED_HEAD},
}
_FONTS: dict[Language, str] = {"en": "Calibri", "zh": "Microsoft YaHei"}
POINTS_A_LINE = 16.5
_A4 = 9


@dataclass(frozen=True)
class CellLook:
    """What tells the formats of two cells below the header apart."""

    number_format: str
    quoted: bool = False
    wrapped: bool = False
    centred: bool = False
    tone: Tone = "plain"


@dataclass
class Looks:
    """The formats of one workbook; each is made when it is first asked for."""

    book: Any
    language: Language
    _made: dict[Any, Any] = field(default_factory=dict)

    def cell(self, look: CellLook) -> Any:
        """The format of a cell below the header; `quoted` keeps Excel from running its text."""
        if look not in self._made:
            self._made[look] = self._cell(look)
        return self._made[look]

    def _cell(self, look: CellLook) -> Any:
        return self.style(
            num_format=look.number_format,
            quote_prefix=look.quoted,
            text_wrap=look.wrapped,
            valign="top",
            align="center" if look.centred else "general",
            **TONES[look.tone],
        )

    def style(self, **properties: Any) -> Any:
        """A format in the workbook's own font."""
        stated = {"font_name": _FONTS[self.language], "font_size": 10, "font_color": INK, **properties}
        key = tuple(sorted(stated.items()))
        if key not in self._made:
            self._made[key] = self.book.add_format(stated)
        return self._made[key]

    def difference(self, **properties: Any) -> Any:
        """What a conditional format changes: nothing but `properties`."""
        key = ("difference", *sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self.book.add_format(properties)
        return self._made[key]


def set_up_print(sheet: Any) -> None:
    """A4 across, as many pages long as it takes, named and numbered."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")


def width(text: str) -> int:
    """How wide a line is in digits of the font: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def lines(text: str, room: float) -> int:
    """How many lines a text takes in a cell that is `room` digits wide."""
    return sum(max(1, -(-width(line) // max(1, int(room)))) for line in text.split("\n"))
