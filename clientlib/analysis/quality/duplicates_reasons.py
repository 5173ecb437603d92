"""Why two records are thought to be one client, in words: what agrees and how, never the values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from clientlib.tables import AREAS, AreaInfo

PRIOR, MISSING = "prior", "missing"
"""The step before anything is compared, and the level of a field that one of the two records lacks."""
DECISIVE = 0.05
"""What weighs less than this either way is not worth a sentence."""


class Reason(NamedTuple):
    """What came of comparing one field, and how much it weighs (log2 of the odds; below 0: against)."""

    field: str
    level: str
    weight: float


_SAME, _DIFFERENT = ("the same", "相同"), ("different", "不同")
_ONE_SLIP = ("one character differs or two changed places", "仅一处不同，或相邻两位颠倒")
WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    PRIOR: {PRIOR: ("how probable it is before anything is compared", "比对之前的概率")},
    "full_name": {
        "same": _SAME,
        "characters": ("the same, in simplified and in traditional characters", "相同，仅简繁体不同"),
        "spelling": (
            "the same, with other spaces, marks, capitals or order",
            "相同，仅空格、标点、大小写或顺序不同",
        ),
        "company_form": ("the same but for the form of the company", "相同，仅公司形式不同"),
        "latin": (
            "the same, in Chinese and in Latin letters, or in another order",
            "相同，中文与拼音写法或姓名顺序不同",
        ),
        "homophone": ("sounds the same, written with another character", "读音相同，用字不同"),
        "part": ("one is part of the other", "一方包含另一方"),
        "one_character": ("one character of the given name differs", "名中有一字不同"),
        "family_name": ("only the family name is the same", "仅姓氏相同"),
        "different": _DIFFERENT,
    },
    "id_number": {
        "manager": ("the same: that of the products' manager", "相同：均为产品管理人的号码"),
        "same": _SAME,
        "old_form": ("the same, once with 15 and once with 18 digits", "相同，一为15位、一为18位"),
        "check_character": ("the same but for the last character", "仅最后一位不同"),
        "both_valid": (
            "two different numbers, both right by their check characters",
            "两个号码不同，且校验码均正确",
        ),
        "transposed": ("two digits changed places", "有两位数字颠倒"),
        "slip": ("one character differs", "仅一位不同"),
        "slip_unchecked": (
            "neighbouring numbers, as of documents issued together",
            "号码相邻，如同时签发的证件",
        ),
        "other_kind": ("of another kind of document", "证件种类不同"),
        "renewed": ("different, as after a renewal", "不同，换发证件时也会如此"),
        "different": _DIFFERENT,
    },
    "birth_date": {
        "same": _SAME,
        "twins": ("the same, with another given name: twins?", "相同，但名不同：是否为双胞胎？"),
        "day_month": ("day and month changed places", "日与月颠倒"),
        "slip": _ONE_SLIP,
        "year": ("the same day of another year", "月日相同，年份不同"),
        "different": _DIFFERENT,
    },
    "gender": {"same": _SAME, "different": _DIFFERENT},
    "mobile": {"same": _SAME, "slip": _ONE_SLIP, "different": _DIFFERENT},
    "email": {
        "same": _SAME,
        "same_with_mobile": ("the same, as the mobile is", "相同（手机号码亦相同）"),
        "slip": _ONE_SLIP,
        "mailbox": ("the same name with another provider", "用户名相同，邮箱服务商不同"),
        "different": _DIFFERENT,
    },
    "address": {
        "same": _SAME,
        "same_with_contact": (
            "the same, as usual where another contact is",
            "相同（其他联系方式相同时属常见）",
        ),
        "written_otherwise": ("the same place, written differently", "同一地点，写法不同"),
        "different": _DIFFERENT,
    },
}
"""What each level of each field says in English and in Chinese."""
_NOT_STATED = ("missing in one of the two", "至少一方未填写")
_FIELDS_OF_AREA = {
    "clients": ("full_name", "id_number", "birth_date", "gender"),
    "contacts": ("mobile", "email", "address"),
}
AREA_OF_FIELD = {field: area for area, fields in _FIELDS_OF_AREA.items() for field in fields}
"""Which area each compared field is from."""


def field_title(field: str, language: str, areas: Mapping[str, AreaInfo] = AREAS) -> str:
    """A compared field by its title in the table; the first step is called the starting point."""
    if field == PRIOR:
        return "起点" if language == "zh" else "Starting point"
    return areas[AREA_OF_FIELD[field]].field(field).title(language)


def words(reason: Reason, language: str) -> str:
    """What a reason says, without field and weight: "two digits changed places"."""
    said = _NOT_STATED if reason.level == MISSING else WORDS[reason.field][reason.level]
    return said[1] if language == "zh" else said[0]


def sentence(reason: Reason, language: str, areas: Mapping[str, AreaInfo] = AREAS) -> str:
    """One reason: "ID number: two digits changed places (+9.1)"."""
    weight = signed(reason.weight)
    title, said = field_title(reason.field, language, areas), words(reason, language)
    return f"{title}：{said}（{weight}）" if language == "zh" else f"{title}: {said} ({weight})"


def sentences(
    reasons: Iterable[Reason], language: str, areas: Mapping[str, AreaInfo] = AREAS
) -> tuple[str, ...]:
    """The reasons that count, the weightiest first, without the starting point."""
    counted = [r for r in reasons if r.field != PRIOR and abs(r.weight) >= DECISIVE]
    counted.sort(key=lambda reason: -abs(reason.weight))
    return tuple(sentence(reason, language, areas) for reason in counted)


def signed(weight: float) -> str:
    """A weight with its sign, to one decimal, with a true minus: "+9.1", "−2.3", "0.0"."""
    rounded = round(weight, 1)
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"
