"""What the one who asked should know about how a query was understood, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clientlib.declare import Field


@dataclass(frozen=True)
class Note:
    """One remark on how something was understood that could be understood otherwise."""

    en: str
    zh: str

    def told(self, language: str) -> str:
        """The remark as a person reads it."""
        return self.zh if language == "zh" else self.en


COMPARED_MASKED = Note(
    "Your role sees identity masked: names and numbers were compared as far as their masks show. "
    "A role that may look up finds by whole ones if it gives a reason.",
    "您的角色只能看到脱敏的身份信息：姓名和号码仅按脱敏后可见的部分比对。"
    "有权查看身份的角色在说明事由（--reason）后，可按完整内容查找。",
)
NO_NAMES = Note(
    "Your role does not see who a client is: names were not looked for.",
    "您的角色看不到客户身份：未按姓名查找。",
)


def in_bands(field: Field) -> Note:
    """Values were compared only as the bands in which they are."""
    return Note(
        f"Your role sees {field.name} in bands: whole bands were compared.",
        f"您的角色只能按区间查看“{field.title('zh')}”：比较以整个区间为准。",
    )


def taken_for(field: Field, values: Sequence[str]) -> Note:
    """What was typed is none of the field's values, and was taken for these."""
    return Note(
        f"{field.name}: taken to be {', '.join(values)}.",
        f"“{field.title('zh')}”已按以下内容查找：{'、'.join(values)}。",
    )
