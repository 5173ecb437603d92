"""The workbook in which a person answers what columns and words are: its form, and reading it back.

It is written by `clientlib.sheets.confirmation`. What was left blank is not confirmed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clientlib import codes, config
from clientlib.codes import Code
from clientlib.declare import Field
from clientlib.errors import IntakeError, Words
from clientlib.intake import sources, workbooks
from clientlib.intake.recognise.confirmed import Confirmed, ConfirmedTable
from clientlib.intake.tables_in import RawTable
from clientlib.tables import AREAS, Areas

COLUMNS_SHEET = {"en": "Columns", "zh": "列"}
WORDS_SHEET = {"en": "Words", "zh": "词语"}
RIGHT = {"en": "Right?", "zh": "对吗？"}
IT_IS = {"en": "It is", "zh": "应为"}
KEY = "key"
"""The last column of either sheet, hidden: what the row is about, in words for the program."""
NONE = "none"
NO_FIELD = {"en": f"no field of the table [{NONE}]", "zh": f"不属于本表 [{NONE}]"}
_AGAIN = Words(
    "Write it anew with: clientlib recognise FILE --output FILE.xlsx",
    "请重新生成：clientlib recognise FILE --output FILE.xlsx",
)


def column_key(file: str, sheet: str, place: int, title: str, headless: bool, guess: str | None) -> str:
    """The hidden key of a column's row."""
    return json.dumps([file, sheet, place, title, headless, guess], ensure_ascii=False)


def word_key(area: str, field: str, text: str, code: str | None) -> str:
    """The hidden key of a word's row."""
    return json.dumps([area, field, text, code], ensure_ascii=False)


def field_choice(area: str, field: Field, language: str, areas: Areas) -> str:
    """A field as the drop-down list of columns offers it; what stands in brackets is read back."""
    return f"{areas[area].title(language)} · {field.title(language)} [{area}.{field.name}]"


def code_choice(entry: Code, language: str) -> str:
    """A code as the drop-down list of words offers it."""
    return f"{entry.label(language)} [{entry.value}]"


def read_confirmation(
    path: Path | str, *, areas: Areas = AREAS, settings: config.Settings | None = None
) -> Confirmed:
    """Read the answers.

    A "yes" confirms the guess; something chosen under "It is" counts instead of it. A column or word without
    an answer, or with "no" alone, is not confirmed.

    Raises
    ------
    IntakeError
        The workbook is none of ours, an answer cannot be understood or contradicts another; the message
        says sheet, row, and the mend.
    """
    file = Path(path)
    files, _ = sources.listed(file)
    if file.is_dir() or files[0].kind != "workbook":
        raise _no_questions(file)
    sources.examine(files[0], (settings or config.load()).intake)
    asked = {table.sheet: table for table in workbooks.read(files[0])}
    columns = [answer for name in COLUMNS_SHEET.values() if name in asked for answer in _answers(asked[name])]
    words = [answer for name in WORDS_SHEET.values() if name in asked for answer in _answers(asked[name])]
    if asked.keys().isdisjoint((*COLUMNS_SHEET.values(), *WORDS_SHEET.values())):
        raise _no_questions(file)
    return Confirmed(_tables(columns, areas), _words(words, areas))


def _no_questions(file: Path) -> IntakeError:
    return IntakeError(
        f"{file.name}: no workbook of questions about columns and words. {_AGAIN.en}",
        f"{file.name}：不是用于确认各列和用词的问题工作簿。{_AGAIN.zh}",
    )


# ------------------------------------------------------------------------------ answers
@dataclass(frozen=True)
class _Answer:
    """One row that was answered: where it stands, what it is about, and what was chosen (None: the guess)."""

    where: Words
    key: list[Any]
    chosen: str | None


def _answers(table: RawTable) -> Iterator[_Answer]:
    places = {title: at for at, title in enumerate(table.header)}
    right, it_is = (_place(places, titles.values(), table) for titles in (RIGHT, IT_IS))
    key_at = _place(places, (KEY,), table)
    for row in (row for chunk in table.chunks for row in chunk.rows.iter_rows(named=True)):
        at = row["_row"]
        where = Words(f"{table.where.en}, row {at}", f"{table.where.zh}，第{at}行")
        said, chosen = _said(row[f"c{right}"], where), (row[f"c{it_is}"] or "").strip()
        if not chosen and said is not True:
            continue
        if chosen and said is True:
            raise IntakeError(
                f'{where.en}: "yes" and another choice contradict each other. Keep one of the two.',
                f"{where.zh}：既答“是”又另作选择，两者矛盾。请只保留其中一项。",
            )
        yield _Answer(where, _key(row[f"c{key_at}"], where), _bracketed(chosen, where) if chosen else None)


def _place(places: Mapping[str, int], titles: Iterable[str], table: RawTable) -> int:
    found = next((places[title] for title in titles if title in places), None)
    if found is None:
        raise IntakeError(
            f'{table.where.en}: the column "{next(iter(titles))}" is gone. {_AGAIN.en}',
            f"{table.where.zh}：缺少“{next(iter(titles))}”列。{_AGAIN.zh}",
        )
    return found


def _said(text: str | None, where: Words) -> bool | None:
    """Yes, no, or nothing."""
    if not (text or "").strip():
        return None
    code = codes.CODES["yes_no"].lookup.get(codes.fold(text or ""))
    if code is None:
        raise IntakeError(
            f"{where.en}: the answer is neither yes nor no. Choose one from the list, or clear it.",
            f"{where.zh}：回答既不是“是”也不是“否”。请从列表中选择，或清空。",
        )
    return code == "yes"


def _key(text: str | None, where: Words) -> list[Any]:
    try:
        key = json.loads(text or "")
    except ValueError:
        key = None
    if not isinstance(key, list):
        raise _key_changed(where)
    return key


def _key_changed(where: Words) -> IntakeError:
    return IntakeError(
        f"{where.en}: the hidden last column was changed. {_AGAIN.en}",
        f"{where.zh}：最后一个隐藏列已被改动。{_AGAIN.zh}",
    )


def _bracketed(choice: str, where: Words) -> str:
    found = re.search(r"\[([^\[\]]+)\]$", choice)
    if found is None:
        raise IntakeError(
            f"{where.en}: the choice is none of the list. Choose one from it, or clear the cell.",
            f"{where.zh}：所选内容不在列表中。请从列表中选择，或清空单元格。",
        )
    return found[1]


# ------------------------------------------------------------------------------- meaning
def _tables(answers: Iterable[_Answer], areas: Areas) -> dict[tuple[str, str], ConfirmedTable]:
    """The answers about columns, by table; "no field" leaves a column as it was found."""
    by_table: dict[tuple[str, str], list[tuple[_Answer, str, str]]] = {}
    for answer in answers:
        file, sheet, *_, guess = _column_key(answer)
        chosen = answer.chosen or guess
        if chosen is not None and chosen != NONE:
            area, _, name = chosen.partition(".")
            if area not in areas or areas[area].find(name) is None:
                raise IntakeError(
                    f"{answer.where.en}: the table has no field {chosen}. Choose one from the list.",
                    f"{answer.where.zh}：没有字段 {chosen}。请从列表中选择。",
                )
            by_table.setdefault((file, sheet), []).append((answer, area, name))
    return {table: _table(found, areas) for table, found in by_table.items()}


def _column_key(answer: _Answer) -> tuple[str, str, int, str, bool, str | None]:
    try:
        file, sheet, place, title, headless, guess = answer.key
    except ValueError:
        raise _key_changed(answer.where) from None
    return file, sheet, place, title, headless, guess


def _table(found: list[tuple[_Answer, str, str]], areas: Areas) -> ConfirmedTable:
    first, area, _ = found[0]
    fields: dict[int, str] = {}
    titles: dict[int, str] = {}
    for answer, other, name in found:
        _, _, place, title, _, _ = _column_key(answer)
        if other != area:
            raise IntakeError(
                f"{answer.where.en}: a field of {areas[other].title_en}, while {first.where.en} is one of "
                f"{areas[area].title_en}. A table holds rows of one area: choose fields of one, and leave "
                "the other columns unanswered.",
                f"{answer.where.zh}：所选字段属于“{areas[other].title_zh}”，而{first.where.zh}的字段属于"
                f"“{areas[area].title_zh}”。一张工作表只放一类记录：请只选同一张表的字段，其他列留空不答。",
            )
        if name in fields.values():
            field = areas[area].field(name)
            raise IntakeError(
                f"{answer.where.en}: {field.title_en} ({field.title_zh}) was chosen for another column too. "
                "Keep one of the two.",
                f"{answer.where.zh}：“{field.title_zh}”（{field.title_en}）已用于另一列。请只保留其中一列。",
            )
        fields[place], titles[place] = name, title
    return ConfirmedTable(area, fields, titles, headless=_column_key(first)[4])


def _words(answers: Iterable[_Answer], areas: Areas) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for answer in answers:
        try:
            area, name, text, guess = answer.key
        except ValueError:
            raise _key_changed(answer.where) from None
        code = answer.chosen or guess
        field = areas[area].find(name) if area in areas else None
        if field is None or field.code_list is None:
            raise IntakeError(
                f"{answer.where.en}: the table has no list for {area}.{name} any more. {_AGAIN.en}",
                f"{answer.where.zh}：{area}.{name} 已没有代码表。{_AGAIN.zh}",
            )
        if code is None:
            raise IntakeError(
                f'{answer.where.en}: there is no guess to say "yes" to. Choose a code under "{IT_IS["en"]}".',
                f"{answer.where.zh}：此处没有可答“是”的推测。请在“{IT_IS['zh']}”一栏选择代码。",
            )
        if code not in field.code_list.values:
            raise IntakeError(
                f"{answer.where.en}: the list has no code {code}. Choose one from it.",
                f"{answer.where.zh}：代码表中没有代码 {code}。请从列表中选择。",
            )
        found.setdefault((area, name), {})[text] = code
    return found
