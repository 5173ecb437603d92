"""What a broken rule says to the person who typed the row: what is wrong and the mend, in both languages.

Words for rules over several fields stand with the rules in `tables.py`, those about a sheet or file as a
whole in `notices`; here are those for one cell and one row.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from clientlib.config import Language
from clientlib.declare import Field, rule_text
from clientlib.errors import Words
from clientlib.intake import natural
from clientlib.tables import AREAS, AreaInfo, Areas

LONGEST_SHOWN = 60
HALVES = "\x1f"
"""Between the two languages of a detail."""
_FEW = 8
_HAN = re.compile(r"[\u3400-\u9fff]")
_EXAMPLES = {"date": "2026-03-21", "instant": "2026-03-21 10:31:00"}


class Message(NamedTuple):
    """The two wordings of one message."""

    en: str
    zh: str

    def text(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


# -------------------------------------------------------------------------- the sentence
def sentence(finding: Mapping[str, Any], language: Language = "en", areas: Areas = AREAS) -> str:
    """A finding as one sentence a person can act on: file, sheet, row, field, what is wrong, the mend.

    Parameters
    ----------
    finding : mapping
        A row of `CheckResult.findings`, as `iter_rows(named=True)` gives it.
    language : {"en", "zh"}
        A field is called by its Chinese title also in English where the name of the sheet is Chinese
        (of a file without sheets: its own): that is what stands above the cell.
    areas : mapping of str to AreaInfo
        The table, with the firm's own fields if it has some.

    Returns
    -------
    str
        e.g. ``trades.xlsx, sheet 交易记录, row 18, 成交数量: "1,00O" is not a number. Type digits only,
        e.g. 1000.``
    """
    sheet, row = finding["sheet"], finding["row"]
    place = [finding["file"]]
    if sheet:
        place.append(f"sheet {sheet}" if language == "en" else f"工作表 {sheet}")
    if row is not None:
        place.append(f"row {row}" if language == "en" else f"第{row}行")
    if title := _title(finding, language, areas):
        place.append(title)
    joined = (", " if language == "en" else "，").join(place)
    return f"{joined}{': ' if language == 'en' else '：'}{finding[f'message_{language}']}"


def _title(finding: Mapping[str, Any], language: Language, areas: Areas) -> str | None:
    area = areas.get(finding["area"] or "")
    field = area.find(finding["field"]) if area else None
    if field is None:
        return str(finding["field"]) if finding["field"] else None
    chinese = language == "zh" or _HAN.search(finding["sheet"] or finding["file"])
    return field.title_zh if chinese else field.title_en


# ------------------------------------------------------------------------------ one cell
def of_cell(field: Field, rule: str, value: str | None, detail: str | None) -> Message:
    """The message for a cell that breaks `rule`; `value` is as it may be shown, None if empty."""
    return _CELL[rule](field, quoted(value), detail or "")


def quoted(value: str | None) -> str:
    if value is None:
        return ""
    flat = re.sub(r"\s", " ", value)
    return f'"{flat if len(flat) <= LONGEST_SHOWN else flat[: LONGEST_SHOWN - 1] + "…"}"'


def _required(field: Field, _: str, __: str) -> Message:
    return Message(
        f"{field.title_en} is empty. Fill it in ({_inside(field.hint_en)}), or say in the remarks "
        f"why it cannot be.",
        f"“{field.title_zh}”为空。请填写（{_bare(field.hint_zh)}），或在备注中说明原因。",
    )


def _key(field: Field, _: str, __: str) -> Message:
    return Message(
        f"{field.title_en} is empty. Fill it in: a row cannot be kept without it.",
        f"“{field.title_zh}”为空。请填写：缺少该项的行无法保存。",
    )


def _not_a_number(field: Field, value: str, _: str) -> Message:
    example = {"fraction": "20%", "integer": "5"}.get(field.kind, "1000")
    return Message(
        f"{value} is not a number. Type digits only, e.g. {example}.",
        f"{value}不是数字。请只填数字，例如 {example}。",
    )


def _not_whole(_: Field, value: str, __: str) -> Message:
    return Message(f"{value} is not a whole number. Type e.g. 5.", f"{value}不是整数。请填写整数，例如 5。")


def _not_a_date(field: Field, value: str, _: str) -> Message:
    example = _EXAMPLES[field.kind]
    return Message(
        f"{value} is not a date{' and time' if field.kind == 'instant' else ''}. Type "
        f"year-month-day, e.g. {example}.",
        f"{value}不是日期{'时间' if field.kind == 'instant' else ''}。请按年-月-日填写，例如 {example}。",
    )


def _no_such_date(field: Field, value: str, _: str) -> Message:
    example = _EXAMPLES[field.kind]
    return Message(
        f"There is no such day as {value}. Type the right day, e.g. {example}.",
        f"{value}这一天不存在。请填写正确的日期，例如 {example}。",
    )


def _date_serial(_: Field, value: str, detail: str) -> Message:
    return Message(
        f"{value} is not a date. If it is Excel's number for {detail}, type {detail}, or format "
        f"the cell as a date.",
        f"{value}不是日期。若为Excel的日期序号（即{detail}），请填写 {detail}，或将单元格设为日期格式。",
    )


def _ambiguous_date(_: Field, value: str, detail: str) -> Message:
    first, second = detail.split("|")
    return Message(
        f"{value} could be {first} or {second}. Type it as year-month-day, e.g. {first}.",
        f"{value}可能是 {first}，也可能是 {second}。请按年-月-日填写，例如 {first}。",
    )


def _no_such_time(_: Field, value: str, __: str) -> Message:
    return Message(
        f"There is no such time as {value}. Hours go from 0 to 23, minutes and seconds from 0 to 59.",
        f"{value}这一时刻不存在。小时为0至23，分和秒为0至59。",
    )


def _clock_change(_: Field, value: str, __: str) -> Message:
    return Message(
        f"At {value} the clocks were changed, so it came twice or never. Add the offset, e.g. +08:00.",
        f"{value}正值时钟调整，该时刻出现两次或不存在。请加上时区，例如 +08:00。",
    )


def _code(field: Field, value: str, detail: str) -> Message:
    entries = field.choices
    wrong = quoted(detail) if detail else value
    if len(entries.entries) <= _FEW:
        labels = [entry.en for entry in entries.entries]
        en = f"Choose one of: {('; ' if any(',' in label for label in labels) else ', ').join(labels)}."
        zh = "请从中选择：" + "、".join(entry.zh for entry in entries.entries) + "。"
    else:
        shown = ", ".join(entries.values[:3])
        en, zh = f"Choose from the list, e.g. {shown}.", f"请从列表中选择，例如 {shown}。"
    return Message(
        f"{wrong} is not in the list of {field.title_en}. {en}",
        f"{wrong}不在“{field.title_zh}”的列表中。{zh}",
    )


def _cell_error(_: Field, __: str, detail: str) -> Message:
    return Message(
        f"The formula in this cell gave {detail}. Mend the formula, or type the value itself.",
        f"此单元格的公式结果为{detail}。请修正公式，或直接填写数值。",
    )


def _currency_conflict(_: Field, value: str, detail: str) -> Message:
    return Message(
        f"{value} says yuan, but the currency of the row is {detail}. Correct one of the two.",
        f"{value}表示人民币，但本行币种为{detail}。请更正其中一项。",
    )


def _key_title(detail: str) -> tuple[str, str]:
    key = natural.KEYS[detail]
    return key.title_en, key.title_zh


def _natural_unknown(field: Field, value: str, detail: str) -> Message:
    en, zh = _key_title(detail)
    return Message(
        f"No client in the book has the {en} {value}. Correct it, or fill in the {field.title_en}: "
        "a new client needs one.",
        f"台账中没有{zh}为{value}的客户。请更正，或填写“{field.title_zh}”：新客户须有编号。",
    )


def _natural_shared(field: Field, value: str, detail: str) -> Message:
    en, zh = _key_title(detail)
    return Message(
        f"Several clients in the book have the {en} {value}. Fill in the {field.title_en}.",
        f"台账中有多位客户的{zh}为{value}。请填写“{field.title_zh}”。",
    )


def _natural_conflict(field: Field, _: str, __: str) -> Message:
    (id_en, id_zh), (mobile_en, mobile_zh) = (_key_title(name) for name in natural.KEYS)
    return Message(
        f"{id_en} and {mobile_en} belong to two different clients. Correct one of the two, or fill in "
        f"the {field.title_en}.",
        f"{id_zh}与{mobile_zh}属于两位不同的客户。请更正其中一项，或填写“{field.title_zh}”。",
    )


def _natural_mismatch(field: Field, value: str, detail: str) -> Message:
    en, zh = _key_title(detail)
    return Message(
        f"The {en} {value} belongs to another client than the {field.title_en} says. Correct one of the two.",
        f"{zh}{value}不属于“{field.title_zh}”所指的客户。请更正其中一项。",
    )


def _pattern(field: Field, value: str, _: str) -> Message:
    return Message(
        f"{value} does not have the form of {_article(field.title_en)}. {_mend(field.hint_en)}",
        f"{value}不符合“{field.title_zh}”的格式。{_bare(field.hint_zh)}。",
    )


def _max_length(field: Field, _: str, detail: str) -> Message:
    return Message(
        f"The text has {detail} characters; at most {field.maximum} fit. Shorten it.",
        f"内容有{detail}个字符，最多{field.maximum}个。请缩短。",
    )


def _below(field: Field, value: str, _: str) -> Message:
    least = bound_text(field.minimum)
    return Message(
        f"{value} is below {least}. Type {least} or more.", f"{value}小于{least}。请填写不小于{least}的值。"
    )


def _above_most(field: Field, value: str, _: str) -> Message:
    most = bound_text(field.maximum)
    en, zh = (", e.g. 20% or 0.2", "，例如 20% 或 0.2") if field.kind == "fraction" else ("", "")
    return Message(
        f"{value} is above {most}. Type {most} or less{en}.",
        f"{value}大于{most}。请填写不大于{most}的值{zh}。",
    )


def _not_above(field: Field, value: str, _: str) -> Message:
    bound = bound_text(field.above)
    return Message(
        f"{value} is not above {bound}. Type more than {bound}.",
        f"{value}不大于{bound}。请填写大于{bound}的值。",
    )


def _finite(_: Field, value: str, __: str) -> Message:
    return Message(
        f"{value} is not a number one can reckon with. Type digits only, e.g. 1000.",
        f"{value}不是有效数字。请只填数字，例如 1000。",
    )


_CELL: dict[str, Callable[[Field, str, str], Message]] = {
    "required": _required,
    "nullability": _key,
    "not_a_number": _not_a_number,
    "not_whole": _not_whole,
    "not_a_date": _not_a_date,
    "not_a_time": _not_a_date,
    "no_such_date": _no_such_date,
    "date_serial": _date_serial,
    "ambiguous_date": _ambiguous_date,
    "no_such_time": _no_such_time,
    "clock_change": _clock_change,
    "code": _code,
    "cell_error": _cell_error,
    "currency_conflict": _currency_conflict,
    "natural_unknown": _natural_unknown,
    "natural_shared": _natural_shared,
    "natural_conflict": _natural_conflict,
    "natural_mismatch": _natural_mismatch,
    "pattern": _pattern,
    "max_length": _max_length,
    "min": _below,
    "max": _above_most,
    "above": _not_above,
    "finite": _finite,
}


def _bare(hint: str) -> str:
    return hint.rstrip("。.")


def _mend(hint: str) -> str:
    return f"{hint[0].upper()}{_bare(hint)[1:]}."


def _inside(hint: str) -> str:
    bare = _bare(hint)
    acronym = bare[:2].isalpha() and bare[:2].isupper()
    return bare if acronym else bare[0].lower() + bare[1:]


def bound_text(bound: object) -> str:
    """A field's bound as a person writes it: all its digits, a day as year-month-day."""
    if isinstance(bound, dt.date):
        return bound.isoformat()
    return f"{bound:,.15g}" if isinstance(bound, int | float) else str(bound)


def _article(title: str) -> str:
    name = title if title.split(" ")[0].isupper() else title[0].lower() + title[1:]
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


# ------------------------------------------------------------------------------- one row
def of_rule(area: AreaInfo, rule: str) -> Message | None:
    """The message of a rule over several fields, None where `rule` is not one of the area's."""
    words = rule_text(area.schema, rule)
    return Message(words.en, words.zh) if words else None


def of_row(rule: str, detail: str) -> Message:
    """The message for a row as a whole."""
    return _ROW[rule](detail)


def _too_many_cells(detail: str) -> Message:
    cells, columns = detail.split("/")
    return Message(
        f"The row has {cells} cells, the header {columns}. Put a value that holds a comma in "
        f"quotation marks, "
        'e.g. "1,000".',
        f'本行有{cells}个单元格，表头只有{columns}个。含逗号的内容请加引号，例如 "1,000"。',
    )


def _cut_off(detail: str) -> Message:
    cells, columns = detail.split("/")
    return Message(
        f"The file ends in the middle of this row ({cells} of {columns} cells). Save or copy the file again.",
        f"文件在本行中间结束（{columns}个单元格只有{cells}个）。请重新保存或复制文件。",
    )


def _repeat(detail: str) -> Message:
    return Message(
        f"The row repeats {detail} exactly. Delete one of the two.",
        f"本行与{_zh_place(detail)}完全重复。请删除其中一行。",
    )


def _contradiction(detail: str) -> Message:
    return Message(
        f"The row has the key of {detail}, but says something else. Keep the right one of the two.",
        f"本行与{_zh_place(detail)}的编号相同，但内容不同。请只保留正确的一行。",
    )


def _zh_place(place: str) -> str:
    return re.sub(r"row (\d+)", r"第\1行", place).replace("sheet ", "工作表 ").replace(", ", "，")


def _unrecognised(_: str) -> Message:
    return Message(
        "This sheet is no area of the table, so its rows cannot be taken. Name it after its "
        "area, with the titles of "
        "the template in row 1, or take it out.",
        "此工作表不是任何表区，其中的行无法接收。请以表区名称命名并在第1行使用模板标题，或删除此工作表。",
    )


def in_one(words: Words) -> str:
    """A sentence that is ready in both languages, as the `detail` of a problem."""
    return HALVES.join(half.replace(HALVES, " ") for half in words)


def _wrong_header(detail: str) -> Message:
    return Message(*detail.split(HALVES))


_ROW: dict[str, Callable[[str], Message]] = {
    "too_many_cells": _too_many_cells,
    "cut_off": _cut_off,
    "repeat": _repeat,
    "contradiction": _contradiction,
    "unrecognised_sheet": _unrecognised,
    "wrong_header": _wrong_header,
}
