"""Why a column was taken for a field, in both languages. Titles and kinds are named, cells never."""

from __future__ import annotations

from collections.abc import Sequence

from clientlib.declare import Field
from clientlib.intake.messages import Message
from clientlib.intake.recognise import titles
from clientlib.intake.recognise.scoring import Parts, Table
from clientlib.tables import AreaInfo

_TELLING = 1.0
"""Evidence weaker than this is not worth a word."""
_ROLES = {
    "card_birth": Message("its days stand inside the ID numbers", "其日期与证件号码中的日期一致"),
    "product": Message("it is the product of two other columns", "等于另外两列的乘积"),
    "factor": Message("its product with another column is a third one", "与另一列相乘等于第三列"),
    "total": Message("it is the sum of two other columns", "等于另外两列之和"),
    "part": Message("its sum with another column is a third one", "与另一列相加等于第三列"),
    "quoted": Message("it varies little within one value of another column", "在另一列的同一取值内变化很小"),
    "twin": Message("another column holds numbers of the same make", "另一列有同样格式的编号"),
    "quoting": Message("another column varies little within one value of it", "同一取值内另一列变化很小"),
}


def known(table: Table, place: int, field: Field, said: Field | None, others: Sequence[Field]) -> Message:
    """Why a column is probably `field`; `said` is what its title says, `others` what it may be too."""
    parts = table.parts(place, field)
    found = [
        *_of_title(parts, table.columns[place].title),
        *_of_cells(parts, field),
        *_of_roles(table, place, field),
    ]
    en, zh = "; ".join(m.en for m in found), "；".join(m.zh for m in found)
    if not found:
        en, zh = "what is left over fits it best", "按其余列排除后最为接近"
    if said is not None and said.name != field.name:
        en += f"; but the title says {said.title_en}"
        zh += f"；但标题是“{said.title_zh}”"
    if others:
        en += f". It may also be: {', '.join(f.title_en for f in others)}"
        zh += f"。也可能是：{'、'.join(f.title_zh for f in others)}"
    return Message(f"{en[0].upper()}{en[1:]}.", f"{zh}。")


def unknown(area: AreaInfo, empty: bool) -> Message:
    """Why nothing can be said of a column."""
    if empty:
        return Message("There is nothing in its cells.", "该列没有内容。")
    return Message(
        f"Neither title nor cells fit a field of {area.title_en} that is not taken.",
        f"标题和内容都不符合“{area.title_zh}”中其余的字段。",
    )


def _of_title(parts: Parts, title: str) -> list[Message]:
    if parts.title >= titles.EXACT:
        return [Message("the title is the field's", "标题与字段一致")]
    if parts.title >= titles.SYNONYM:
        return [Message("the title is another word for it", "标题是该字段的另一种说法")]
    if parts.title >= _TELLING:
        return [Message("the title is like it", "标题与该字段相近")]
    if title and titles.is_silent(title):
        return [Message("the title says nothing", "标题没有含义")]
    return []


def _of_cells(parts: Parts, field: Field) -> list[Message]:
    if parts.reads >= _TELLING:
        listed = f" ({field.code_list.en})" if field.code_list else ""
        listed_zh = f"（{field.code_list.zh}）" if field.code_list else ""
        return [
            Message(
                f"{parts.share_read:.0%} of its cells can be read as such{listed}",
                f"{parts.share_read:.0%}的内容可按此读取{listed_zh}",
            )
        ]
    if parts.shapes >= _TELLING:
        return [Message("its cells have the form expected", "内容的形式相符")]
    return []


def _of_roles(table: Table, place: int, field: Field) -> list[Message]:
    return [_ROLES[role] for role in table.played(place) if table.evidence.role(role, field) > 0]
