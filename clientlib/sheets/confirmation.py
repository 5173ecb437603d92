"""The workbook that asks a person what the columns and words of a hand-in are, unsure ones first.

It holds the file's own titles and words, examples only masked. `clientlib.intake.recognise.confirm` reads
the answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

from clientlib.codes import CODES
from clientlib.config import Language
from clientlib.declare import Field
from clientlib.intake.recognise import confirm
from clientlib.intake.recognise.files import Recognised
from clientlib.sheets.limits import fitting_text
from clientlib.sheets.looks import ERROR_FILL, MISSING_FILL, MUTED, NOTICE_FILL, PAPER, REQUIRED_HEAD, Looks
from clientlib.sheets.new_workbook import new_workbook
from clientlib.sheets.values import TEXT_FORMAT
from clientlib.tables import AREAS, Areas

_LISTS = "clientlib_choices"
_STATUS = {
    "en": {"sure": "sure", "unsure": "unsure", "unknown": "unknown", "decided": "decided before"},
    "zh": {"sure": "确信", "unsure": "不确定", "unknown": "未知", "decided": "以前决定过"},
}
_FILLS = {"unknown": ERROR_FILL, "unsure": MISSING_FILL, "decided": NOTICE_FILL}
_COLUMN_TITLES = {
    "en": (
        "File",
        "Sheet",
        "Column",
        "Its title",
        "Examples, masked",
        "It may be",
        "Confidence",
        "Status",
        "Why",
    ),
    "zh": ("文件", "工作表", "第几列", "原标题", "示例（已脱敏）", "可能是", "把握", "状态", "理由"),
}
_WORD_TITLES = {
    "en": ("Field", "Word", "How often", "It may be", "Probability", "Status"),
    "zh": ("字段", "词语", "次数", "可能是", "概率", "状态"),
}
_COLUMN_WIDTHS = (18, 14, 9, 18, 30, 26, 11, 12, 48, 9, 44, 8)
_WORD_WIDTHS = (26, 30, 10, 34, 11, 14, 9, 44, 8)
_HELP = {
    "en": "Say yes or no, or choose what it is. What you leave blank is not applied.",
    "zh": "请回答“是”或“否”，或选择正确的一项。留空则不采用。",
}


def write_confirmation(
    path: Path, found: Recognised, *, language: Language = "en", areas: Areas = AREAS
) -> None:
    """Write the questions about a hand-in: the whole file, or none of it, for its owner only (0600).

    Parameters
    ----------
    path : path
        An existing file is replaced.
    found : Recognised
        What `recognise_file` made of the hand-in.
    language : {"en", "zh"}
        Of titles, choices and reasons.
    areas : mapping of str to AreaInfo
        The table of the workbook.

    Raises
    ------
    Unwritable
        The file cannot be written.
    """
    with new_workbook(path) as book:
        looks = _Looks.of(Looks(book, language))
        columns = book.add_worksheet(confirm.COLUMNS_SHEET[language])
        words = book.add_worksheet(confirm.WORDS_SHEET[language])
        choices = _Choices(book.add_worksheet(_LISTS), areas, language)
        _write_columns(columns, found.columns, looks, choices)
        _write_words(words, found.words, looks, choices)


@dataclass(frozen=True)
class _Looks:
    head: Any
    text: Any
    percent: Any
    answer: Any
    by_status: dict[str, Any]

    @classmethod
    def of(cls, looks: Looks) -> _Looks:
        text = {"num_format": TEXT_FORMAT, "text_wrap": True, "valign": "top"}
        # What stands in a hand-in may begin like a formula, and stays text also when it is edited.
        quoted = {**text, "quote_prefix": True}
        return cls(
            head=looks.style(bold=True, bg_color=REQUIRED_HEAD, font_color=PAPER, text_wrap=True),
            text=looks.style(**quoted),
            percent=looks.style(num_format="0 %", valign="top"),
            answer=looks.style(**text, border=1, border_color=MUTED),
            by_status={status: looks.style(**quoted, bg_color=fill) for status, fill in _FILLS.items()},
        )


class _Choices:
    """The drop-down lists, on a hidden sheet: all fields, and the codes of each list asked about."""

    def __init__(self, sheet: Any, areas: Areas, language: Language) -> None:
        self.areas, self.language = areas, language
        self._sheet = sheet
        self._sources: dict[str, str] = {}
        sheet.hide()

    @property
    def yes_no(self) -> list[str]:
        return list(CODES["yes_no"].labels(self.language).values())

    def fields(self) -> str:
        """Every field of every area, and none."""
        named = (
            confirm.field_choice(area.name, field, self.language, self.areas)
            for area in self.areas.values()
            for field in area.fields
        )
        return self._source("fields", [confirm.NO_FIELD[self.language], *named])

    def codes(self, field: Field) -> str:
        entries = field.code_list.entries if field.code_list else ()
        return self._source(
            f"{field.area}.{field.name}", [confirm.code_choice(e, self.language) for e in entries]
        )

    def _source(self, name: str, choices: Sequence[str]) -> str:
        """The range of a list, written once."""
        if name not in self._sources:
            column = len(self._sources)
            for row, choice in enumerate(choices):
                self._sheet.write_string(row, column, choice)
            letters = xl_col_to_name(column, col_abs=True)
            self._sources[name] = f"={_LISTS}!{letters}$1:{letters}${len(choices)}"
        return self._sources[name]


def _write_columns(sheet: Any, found: pl.DataFrame, looks: _Looks, choices: _Choices) -> None:
    language = choices.language
    _head(sheet, _COLUMN_TITLES[language], _COLUMN_WIDTHS, looks, language)
    for row, guess in enumerate(found.iter_rows(named=True), start=1):
        cells = (
            guess["file"],
            guess["sheet"],
            str(guess["place"] + 1),
            guess["column"],
            guess["examples"],
            _field_title(guess, choices),
            guess["confidence"] if guess["field"] else None,
            _STATUS[language][guess["status"]],
            guess[f"why_{language}"],
        )
        named = f"{guess['area']}.{guess['field']}" if guess["field"] else None
        place = (guess["file"], guess["sheet"], guess["place"], guess["column"], guess["headless"])
        _write_row(sheet, row, cells, guess["status"], looks)
        _write_answer(
            sheet,
            row,
            len(cells),
            (choices.yes_no, choices.fields()),
            confirm.column_key(*place, named),
            looks,
        )
    _close(sheet, len(_COLUMN_TITLES[language]), found.height)


def _field_title(guess: dict[str, Any], choices: _Choices) -> str:
    if not guess["field"]:
        return ""
    area = choices.areas[guess["area"]]
    return f"{area.title(choices.language)} · {area.field(guess['field']).title(choices.language)}"


def _write_words(sheet: Any, found: pl.DataFrame, looks: _Looks, choices: _Choices) -> None:
    language = choices.language
    _head(sheet, _WORD_TITLES[language], _WORD_WIDTHS, looks, language)
    for row, guess in enumerate(found.iter_rows(named=True), start=1):
        area = choices.areas[guess["area"]]
        field = area.field(guess["field"])
        label = field.code_list.label(guess["code"], language) if field.code_list and guess["code"] else ""
        cells = (
            f"{area.title(language)} · {field.title(language)}",
            guess["text"],
            guess["count"],
            label,
            guess["probability"] if guess["code"] else None,
            _STATUS[language].get(guess["status"], _STATUS[language]["sure"]),
        )
        key = confirm.word_key(area.name, field.name, guess["text"], guess["code"])
        _write_row(sheet, row, cells, guess["status"], looks)
        _write_answer(sheet, row, len(cells), (choices.yes_no, choices.codes(field)), key, looks)
        if guess["status"] == "decided":
            # A person has said so before: the answer stands there already, and can be changed.
            sheet.write_string(row, len(cells), choices.yes_no[0], looks.answer)
    _close(sheet, len(_WORD_TITLES[language]), found.height)


# ------------------------------------------------------------------------------ the rows
def _head(
    sheet: Any, titles: Iterable[str], widths: Sequence[int], looks: _Looks, language: Language
) -> None:
    whole = [*titles, confirm.RIGHT[language], confirm.IT_IS[language], confirm.KEY]
    for column, (title, width) in enumerate(zip(whole, widths, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, looks.head)
    sheet.write_comment(0, len(whole) - 3, _HELP[language])
    sheet.set_column(len(whole) - 1, len(whole) - 1, None, None, {"hidden": True})
    sheet.freeze_panes(1, 0)


def _write_row(sheet: Any, row: int, cells: Iterable[object], status: str, looks: _Looks) -> None:
    form = looks.by_status.get(status, looks.text)
    for column, cell in enumerate(cells):
        if isinstance(cell, float):
            sheet.write_number(row, column, cell, looks.percent)
        elif cell is not None:
            text = fitting_text(str(cell), f"{sheet.get_name()}, row {row + 1}")
            sheet.write_string(row, column, text, form)


def _write_answer(
    sheet: Any, row: int, column: int, lists: tuple[list[str], str], key: str, looks: _Looks
) -> None:
    for place, source in enumerate(lists):
        sheet.write_blank(row, column + place, None, looks.answer)
        sheet.data_validation(
            row, column + place, row, column + place, {"validate": "list", "source": source}
        )
    sheet.write_string(row, column + 2, key)


def _close(sheet: Any, columns: int, rows: int) -> None:
    sheet.autofilter(0, 0, max(rows, 1), columns + 1)
