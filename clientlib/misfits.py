"""What is wrong with a setting, in both languages: a value that does not fit, or text that is no TOML.

Pydantic and `tomllib` say it in English; here is the Chinese for what they say of settings like ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from clientlib.errors import Words


class Misfit(ValueError):
    """Raised by a validator of ours: what is wrong, and with which key where it is not clear."""

    def __init__(self, en: str, zh: str, key: str = "") -> None:
        super().__init__(en)
        self.words = Words(en, zh)
        self.key = key


_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_CHINESE = {
    "missing": "缺少此项",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "string_type": "应为文本",
    "string_too_short": "至少须有{min_length}个字符",
    "string_too_long": "最多{max_length}个字符",
    "string_pattern_mismatch": "应符合格式 {pattern}",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "finite_number": "应为有限的数字",
    "greater_than": "应大于{gt}",
    "greater_than_equal": "应大于或等于{ge}",
    "less_than": "应小于{lt}",
    "less_than_equal": "应小于或等于{le}",
    "literal_error": "应为以下之一：{expected}",
    "tuple_type": "应为列表",
    "list_type": "应为列表",
    "dict_type": "应为一节设置",
    "model_type": "应为一节设置",
    "model_attributes_type": "应为一节设置",
    "too_short": "至少须有{min_length}项",
    "too_long": "最多{max_length}项",
}
"""By pydantic's type of error; what stands in braces is in its context."""


def of_value(problem: Mapping[str, Any]) -> Words:
    """One of pydantic's errors, as a clause without a full stop."""
    context = problem.get("ctx", {})
    raised = context.get("error")
    if isinstance(raised, Misfit):
        return raised.words
    said = str(problem["msg"]).removeprefix("Value error, ")
    if "expected" in context:
        context = {**context, "expected": str(context["expected"]).replace(" or ", "、").replace(", ", "、")}
    return Words(said, _CHINESE.get(problem["type"], "该值不可用").format(**context))


def of_toml(error: ValueError) -> Words:
    """What keeps a text from being TOML, and where."""
    place = _PLACE.search(str(error))
    where = f"第{place[1]}行第{place[2]}列" if place else "文件末尾"
    return Words(str(error), f"{where}有语法错误")
