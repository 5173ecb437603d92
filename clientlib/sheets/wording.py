"""Every rule in a few words, in both languages: what a summary or a page calls it.

The sentence about one cell, with its value and the mend, comes from the intake; this is what many such
sentences have in common.
"""

from __future__ import annotations

from clientlib.config import Language
from clientlib.declare import rule_text
from clientlib.intake.messages import Message
from clientlib.tables import AreaInfo

RULES: dict[str, Message] = {
    # ------------------------------------------------------------------------ one cell
    "required": Message("A required cell is empty", "必填项为空"),
    "nullability": Message("The key of the row is empty", "主键为空"),
    "not_a_number": Message("Not a number", "不是数字"),
    "not_whole": Message("Not a whole number", "不是整数"),
    "not_a_date": Message("Not a date", "不是日期"),
    "not_a_time": Message("Not a date and time", "不是日期时间"),
    "no_such_date": Message("A day that does not exist", "日期不存在"),
    "date_serial": Message("A number where a date belongs", "应为日期，却是数字"),
    "ambiguous_date": Message("A date that can be read in two ways", "日期有两种读法"),
    "no_such_time": Message("A time that does not exist", "时刻不存在"),
    "clock_change": Message("A time at which the clocks were changed", "该时刻正值时钟调整"),
    "code": Message("Not in the list", "不在列表中"),
    "cell_error": Message("The formula in the cell gives an error", "单元格公式出错"),
    "currency_conflict": Message("Two currencies in one row", "同一行出现两种币种"),
    "natural_unknown": Message(
        "Nobody in the book has this ID number or mobile", "台账中无此证件号码或手机号码"
    ),
    "natural_shared": Message(
        "Several clients have this ID number or mobile", "多位客户使用此证件号码或手机号码"
    ),
    "natural_conflict": Message("ID number and mobile of two clients", "证件号码与手机号码属于两位客户"),
    "natural_mismatch": Message("ID number or mobile of another client", "证件号码或手机号码属于另一位客户"),
    "pattern": Message("Not in the form expected", "格式不符"),
    "max_length": Message("Too long", "内容过长"),
    "min": Message("Too small or too early", "数值过小或日期过早"),
    "max": Message("Too large or too late", "数值过大或日期过晚"),
    "above": Message("Too small", "数值过小"),
    "finite": Message("Not a number one can reckon with", "不是有效数字"),
    # ------------------------------------------------------------------------- one row
    "too_many_cells": Message("More cells than the header", "单元格多于表头"),
    "cut_off": Message("The file ends within the row", "文件在该行中断"),
    "repeat": Message("The same row twice", "重复的行"),
    "contradiction": Message("Two rows with one key that differ", "编号相同而内容不同"),
    "unrecognised_sheet": Message("A sheet that is no area of the table", "工作表不属于任何表区"),
    "wrong_header": Message("The header lacks the key, or repeats a column", "表头缺少主键列或有重复列"),
    "short_row": Message("Fewer cells than the header", "单元格少于表头"),
    # ----------------------------------------------------------------- a sheet or file
    "unknown_column": Message("A column that is no field", "不是字段的列"),
    "blank_header": Message("A column without a title", "没有标题的列"),
    "missing_column": Message("A required column is missing", "缺少必填列"),
    "area_guessed": Message("Recognised by its header only", "仅凭表头识别"),
    "encoding": Message("Not in UTF-8", "编码不是UTF-8"),
    "hidden_sheet": Message("A hidden sheet that was not read", "未读取的隐藏工作表"),
    "file_ignored": Message("A file that was not read", "未读取的文件"),
    "empty_workbook": Message("A workbook with nothing in it", "空工作簿"),
    "no_rows": Message("A header without rows", "只有表头"),
}


def in_words(rule: str, area: AreaInfo | None, language: Language) -> str | None:
    """A rule in words; None for one that only its own message describes (a reader's own notices)."""
    words = RULES.get(rule)
    if words is not None:
        return words.text(language)
    text = rule_text(area.schema, rule) if area else None
    return text.text(language) if text else None
