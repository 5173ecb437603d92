"""What is worth knowing about a sheet or file as a whole, in both languages. A notice rejects nothing."""

from __future__ import annotations

from collections.abc import Callable

from clientlib import masks
from clientlib.intake.headers import nearest
from clientlib.intake.messages import Message, quoted
from clientlib.tables import AreaInfo


def of_sheet(rule: str, detail: str, area: AreaInfo | None) -> Message:
    """The message of a notice about a sheet or file; a rule without words here brings its own, `en|zh`."""
    if rule in _SHEET:
        return _SHEET[rule](detail, area)
    en, _, zh = detail.partition("|")
    return Message(en, zh or en)


def _unknown_column(detail: str, area: AreaInfo | None) -> Message:
    near = area.field(name) if area and (name := nearest(detail, area)) else None
    en = f" Did you mean {near.title_en} ({near.title_zh})?" if near else ""
    zh = f"是否应为“{near.title_zh}”？" if near else ""
    # Where a header was lost, a client's number may stand for a title.
    title = masks.scrub(detail)
    return Message(
        f"The column {quoted(title)} is no field of {area.title_en if area else 'the area'}; "
        f"its values were not "
        f"taken.{en}",
        f"“{title}”列不是“{area.title_zh if area else '该表区'}”的字段，其内容未接收。{zh}",
    )


def _blank_header(detail: str, _: AreaInfo | None) -> Message:
    return Message(
        f"Column {detail} has values but no title in row 1; they were not taken. Give it the "
        f"title of its field.",
        f"第{detail}列有内容但第1行没有标题，其内容未接收。请填写字段标题。",
    )


def _missing_column(detail: str, area: AreaInfo | None) -> Message:
    field = area.field(detail) if area else None
    en, zh = (field.title_en, field.title_zh) if field else (detail, detail)
    return Message(
        f"The required column {en} is missing. Add it, or say in the remarks of each row why it is empty.",
        f"缺少必填列“{zh}”。请添加该列，或在每行备注中说明原因。",
    )


def _area_guessed(_: str, area: AreaInfo | None) -> Message:
    en, zh = (area.title_en, area.title_zh) if area else ("", "")
    return Message(
        f"Taken for {en} because of its header. Name the sheet or file so to be sure.",
        f"根据表头判断为“{zh}”。请以此命名工作表或文件，以免误判。",
    )


def _encoding(detail: str, _: AreaInfo | None) -> Message:
    return Message(
        f"Read as {detail} text. If characters look wrong, save the file as CSV UTF-8.",
        f"按{detail}编码读取。若文字显示异常，请另存为CSV UTF-8。",
    )


def _hidden_sheet(_: str, __: AreaInfo | None) -> Message:
    return Message("Hidden, and no area: not read.", "隐藏的工作表，且不是任何表区：未读取。")


def _file_ignored(_: str, __: AreaInfo | None) -> Message:
    return Message("Not a table that can be read: left aside.", "不是可读取的表格：未读取。")


def _empty_workbook(_: str, __: AreaInfo | None) -> Message:
    return Message("The workbook is empty: there was nothing to take.", "工作簿是空的：没有可接收的内容。")


def _no_rows(_: str, __: AreaInfo | None) -> Message:
    return Message("There is a header but no row below it.", "只有表头，没有数据行。")


def _short_row(detail: str, _: AreaInfo | None) -> Message:
    cells, columns = detail.split("/")
    return Message(
        f"The row has {cells} cells, the header {columns}. The missing ones were read as empty.",
        f"本行有{cells}个单元格，表头有{columns}个。缺少的单元格按空值读取。",
    )


_SHEET: dict[str, Callable[[str, AreaInfo | None], Message]] = {
    "unknown_column": _unknown_column,
    "blank_header": _blank_header,
    "missing_column": _missing_column,
    "area_guessed": _area_guessed,
    "encoding": _encoding,
    "hidden_sheet": _hidden_sheet,
    "file_ignored": _file_ignored,
    "empty_workbook": _empty_workbook,
    "no_rows": _no_rows,
    "short_row": _short_row,
}
