"""The sheet that comes first in a workbook that was checked: what is wrong, how often, where, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clientlib.config import Language
from clientlib.sheets.looks import ERROR_FILL, INK, MUTED, NOTICE_FILL, OPTIONAL_HEAD, lines
from clientlib.sheets.tally import Broken, Outcome
from clientlib.sheets.xlsx.plain import Cell, link_to, sheet
from clientlib.sheets.xlsx.styles import Look, Styles

SHEET_NAMES: dict[Language, str] = {"en": "Check result", "zh": "检查结果"}
_WIDTHS = (18.0, 20.0, 34.0, 62.0, 9.0, 13.0)
_POINTS_A_LINE = 15.0
_TITLE = Look(bold=True, size=16, colour=f"FF{INK[1:]}")
_PLAIN = Look(colour=f"FF{INK[1:]}")
_QUIET = Look(colour=f"FF{MUTED[1:]}")
_HEAD = Look(bold=True, colour=f"FF{INK[1:]}", fill=f"FF{OPTIONAL_HEAD[1:]}")
_LINK = Look(colour="FF14425F", underline=True)
_TINTS = {"error": Look(fill=f"FF{ERROR_FILL[1:]}"), "notice": Look(fill=f"FF{NOTICE_FILL[1:]}")}


@dataclass(frozen=True)
class SheetMarks:
    """What was put on one sheet: how many cells are coloured, and how many of them without a comment."""

    sheet: str
    coloured: int
    silent: int


_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Check result",
        "counts": "{rows_in:,} rows read: {good:,} good, {pending:,} pending, {refused:,} to be mended.",
        "errors": "{errors:,} things to mend, {notices:,} more worth knowing.",
        "fine": "Nothing is wrong with this workbook.",
        "error": "must be mended",
        "notice": "worth knowing; nothing need be done",
        "legend": "Colours",
        "step1": "1. Go to a coloured cell (the links below lead to the first of each kind) and rest the "
        "pointer on it: the comment says what is wrong and how to mend it.",
        "step2": "2. Mend it where it stands, and save the workbook.",
        "step3": "3. Hand the whole workbook in again: only rows that are new or changed count. Colours, "
        "comments and this sheet may stay; the next check takes them away.",
        "silent": 'Sheet "{sheet}": {coloured:,} cells are coloured. So many comments would make Excel '
        "slow, so {silent:,} of them have a colour only; the table below says what the colours mean.",
        "sheet": "Sheet",
        "column": "Column",
        "rule": "What is wrong",
        "mend": "For example",
        "count": "How often",
        "first": "First at",
    },
    "zh": {
        "title": "检查结果",
        "counts": "共读取{rows_in:,}行：合格{good:,}行，待补{pending:,}行，需更正{refused:,}行。",
        "errors": "需更正{errors:,}处，另有{notices:,}处提示。",
        "fine": "本工作簿没有错误。",
        "error": "必须更正",
        "notice": "提示，无需处理",
        "legend": "颜色",
        "step1": "1. 找到有颜色的单元格（点击下方链接可到每类的第一处），"
        "将鼠标停在上面：批注会说明问题和更正方法。",
        "step2": "2. 在原处更正，然后保存工作簿。",
        "step3": "3. 重新提交整个工作簿：只有新增或改动的行会被处理。"
        "颜色、批注和本工作表可以保留，下次检查时会自动清除。",
        "silent": "工作表“{sheet}”有{coloured:,}个单元格标了颜色。"
        "批注过多会使Excel变慢，其中{silent:,}个只有颜色；下表说明了问题。",
        "sheet": "工作表",
        "column": "列",
        "rule": "问题",
        "mend": "示例",
        "count": "次数",
        "first": "第一处",
    },
}


def summary_sheet(
    broken: Sequence[Broken],
    first_cells: Mapping[tuple[str, str | None, str], str],
    marks: Sequence[SheetMarks],
    outcome: Outcome | None,
    styles: Styles,
    language: Language,
) -> bytes:
    """The part of the sheet.

    Parameters
    ----------
    broken : sequence of Broken
        What `tally` made of the findings.
    first_cells : mapping
        (sheet, field, rule) → the reference of the first cell where it was found.
    marks : sequence of SheetMarks
        What was put on each sheet.
    outcome : Outcome, optional
        The rows by what became of them; left out of the sheet without it.
    styles : Styles
        Of the workbook.
    language : {"en", "zh"}
    """
    words = _WORDS[language]
    head = [words[name] for name in ("sheet", "column", "rule", "mend", "count", "first")]
    rows = [
        *_opening(broken, marks, outcome, words),
        *([[Cell(title, _HEAD) for title in head]] if broken else []),
        *(_line(b, first_cells.get((b.sheet, b.field, b.rule))) for b in broken),
    ]
    return sheet(rows, _WIDTHS, _heights(rows), styles)


def _opening(
    broken: Sequence[Broken], marks: Sequence[SheetMarks], outcome: Outcome | None, words: Mapping[str, str]
) -> list[list[Cell]]:
    errors = sum(b.count for b in broken if b.severity == "error")
    notices = sum(b.count for b in broken if b.severity == "notice")
    said = [_across(words["title"], _TITLE)]
    if outcome is not None:
        said.append(_across(words["counts"].format(**vars(outcome))))
    said.append(_across(words["errors"].format(errors=errors, notices=notices) if errors else words["fine"]))
    if errors:
        said += [[], *(_across(words[step]) for step in ("step1", "step2", "step3"))]
    for mark in marks:
        if mark.silent:
            said.append(_across(words["silent"].format(**vars(mark))))
    tints = [name for name in ("error", "notice") if any(b.severity == name for b in broken)]
    said += [[], *([Cell(None, _TINTS[name]), Cell(words[name], _QUIET, across=3)] for name in tints), []]
    return said


def _across(text: str, look: Look = _PLAIN) -> list[Cell]:
    return [Cell(text, look, across=len(_WIDTHS))]


def _line(broken: Broken, first: str | None) -> list[Cell]:
    where = Cell(first, _LINK, link_to(broken.sheet, first)) if first else Cell(None, _PLAIN)
    return [
        Cell(broken.sheet, _TINTS[broken.severity]),
        Cell(broken.title, _PLAIN),
        Cell(broken.words, _PLAIN),
        Cell(broken.example, _QUIET),
        Cell(broken.count, _PLAIN),
        where,
    ]


def _heights(rows: Sequence[Sequence[Cell]]) -> dict[int, float]:
    """Every height is stated: no program makes room for merged cells by itself."""
    heights = {}
    for number, row in enumerate(rows, 1):
        tall = 1.0
        for column, cell in enumerate(row):
            if isinstance(cell.value, str):
                room = sum(_WIDTHS[column : column + cell.across])
                tall = max(tall, lines(cell.value, room - 1) * cell.look.size / 11)
        heights[number] = tall * _POINTS_A_LINE + 3
    return heights
