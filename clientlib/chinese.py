"""Chinese names as they are written and read: which characters, which family names have two, how they sound.

What is done with names (searched, compared, recognised) is told elsewhere.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters, as the inside of a regular expression's brackets."""
# fmt: off
DOUBLE_FAMILY_NAMES = frozenset((
    "欧阳", "上官", "司马", "诸葛", "夏侯", "尉迟", "皇甫", "慕容", "令狐", "东方", "司徒", "公孙",
    "长孙", "宇文", "轩辕", "端木", "南宫", "独孤", "西门", "申屠", "万俟", "澹台", "鲜于", "单于",
    "闻人", "濮阳", "淳于", "公羊", "赫连", "钟离", "呼延", "太史", "仲孙", "拓跋", "百里", "东郭",
    "闾丘", "亓官", "司空", "公冶", "宗政", "太叔",
))
FAMILY_SOUNDS = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "区": "ou", "查": "zha", "朴": "piao",
    "盖": "ge", "翟": "zhai", "乐": "yue", "覃": "qin", "缪": "miao", "繁": "po", "折": "she",
    "召": "shao", "员": "yun", "黑": "he", "秘": "bi", "洗": "xian", "种": "chong", "重": "chong",
    "祭": "zhai", "隗": "wei", "么": "yao", "粘": "nian", "薄": "bo", "卜": "bu", "句": "gou",
    "角": "jue", "能": "nai", "都": "du", "藏": "zang", "长": "chang", "佴": "nai", "阚": "kan",
    "任": "ren", "尉迟": "yu chi",
}
# fmt: on
"""Family names that are read otherwise than the same characters mostly are, syllables apart."""


def simplified(text: str) -> str:
    """Traditional characters as simplified ones; everything else stays.

    >>> simplified("張偉 Ann")
    '张伟 Ann'
    """
    return text if text.isascii() else str(_converter("t2s").convert(text))


def traditional(text: str) -> str:
    """Simplified characters as traditional ones, each in its usual form; everything else stays."""
    return text if text.isascii() else str(_converter("s2t").convert(text))


@cache
def _converter(direction: Literal["t2s", "s2t"]) -> Any:
    # Here and not above: it takes its dictionaries along, and most runs meet no name.
    from opencc import OpenCC

    return OpenCC(direction)
