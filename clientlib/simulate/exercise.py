"""The exercise of the handbook: a small workbook with twelve errors in it, and its answers.

The clients do not exist: no ID card has their region, no operator their range of mobile numbers, and the
foreign number is one of those kept for films.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl

from clientlib.aside import EVERYBODY, write_text
from clientlib.config import Language
from clientlib.idcard import check_character
from clientlib.sheets.content import SheetContent
from clientlib.sheets.writing import write_areas
from clientlib.tables import AREAS

TIME_ZONE = "Asia/Shanghai"
FIRST_ROW = 2
"""Row 1 of a sheet is the header."""
SPARE_ROWS = 20
_UPDATED = "2026-06-01 09:30:00"


class Said(NamedTuple):
    """The same in both languages."""

    en: str
    zh: str

    def to(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Slip:
    """One error: what was typed instead of what stands in `RIGHT`, the rule that it breaks, and why."""

    area: str
    row: int
    field: str
    typed: str | Said | None
    rule: str
    why: Said


@dataclass(frozen=True)
class Answer:
    """One line of the solution, in one language: the cell, what stands there, why it is wrong, the mend."""

    sheet: str
    row: int
    area: str
    field: str
    column: str
    typed: str
    rule: str
    why: str
    mend: str


# ------------------------------------------------------------------------- the right rows
Cells = Mapping[str, str | Said | None]


def _card(born: str, sequence: str) -> str:
    body = f"780026{born.replace('-', '')}{sequence}"
    return body + check_character(body)


def _client(number: int, name: Said, born: str, sequence: str, opened: str) -> dict[str, str | Said | None]:
    return {
        "client_id": f"U{number:04}",
        "full_name": name,
        "client_type": "individual",
        "id_type": "id_card",
        "id_number": _card(born, sequence),
        "birth_date": born,
        "gender": "1" if int(sequence) % 2 else "2",
        "investor_class": "ordinary",
        "branch": Said("Shanghai Pudong", "上海浦东"),
        "opened_on": opened,
        "status": "active",
        "updated_at": _UPDATED,
    }


def _contact(
    number: int, mobile: str, email: str | None, consent_on: str | None
) -> dict[str, str | Said | None]:
    return {
        "client_id": f"U{number:04}",
        "mobile": mobile,
        "email": email,
        "marketing_consent": "yes" if consent_on else "no",
        "consent_on": consent_on,
        "updated_at": _UPDATED,
    }


def _finance(number: int, income: str, assets: int, debts: int) -> dict[str, str | Said | None]:
    return {
        "client_id": f"U{number:04}",
        "as_of": "2026-04-03",
        "annual_income": income,
        "total_assets": str(assets),
        "net_assets": str(assets - debts),
        "liabilities": str(debts),
        "currency": "CNY",
    }


RIGHT: Mapping[str, Sequence[Cells]] = {
    "clients": (
        _client(1, Said("Chen Wenying", "陈文英"), "1972-01-27", "944", "2019-03-12"),
        _client(2, Said("Zhao Minghui", "赵明辉"), "1985-03-09", "117", "2020-07-01"),
        _client(3, Said("Ayguzel Memet", "阿依古丽·买买提"), "1990-11-30", "208", "2025-02-28"),
        _client(4, Said("Ouyang Jie", "欧阳洁"), "1968-08-15", "426", "2017-05-22"),
        _client(5, Said("Sun Haibo", "孙海波"), "1979-12-02", "351", "2021-09-14"),
        _client(6, Said("Zhou Xuemei", "周雪梅"), "1994-06-21", "680", "2023-11-08"),
    ),
    "contacts": (
        _contact(1, "16000001234", "client1@example.com", None),
        _contact(2, "16100005678", "client2@example.com", "2024-05-06"),
        _contact(3, "16300002468", "client3@example.com", "2025-03-01"),
        _contact(4, "+447700900123", None, None),
        _contact(5, "１６４００００１３５７", "client5@example.com", None),
    ),
    "finances": (
        _finance(1, "120000", 860_000, 260_000),
        _finance(2, "356000", 2_400_000, 900_000),
        _finance(3, "98000", 310_000, 0),
        _finance(4, "15.6万", 1_250_000, 50_000),
    ),
}
"""What the trainee ends with, by area. Two cells are written unusually and are right all the same."""

SLIPS: tuple[Slip, ...] = (
    Slip(
        "clients",
        0,
        "id_number",
        _card("1972-01-27", "944")[:-1] + "5",
        "id_check_character",
        Said(
            "The last character follows from the other 17, and it does not: one was mistyped.",
            "末位校验码由前17位算出，两者不符，说明有一位输错。",
        ),
    ),
    Slip(
        "clients",
        1,
        "birth_date",
        "1985-09-03",
        "birth_date_in_id",
        Said(
            "Day and month changed places: the ID number says 9 March.",
            "月和日颠倒：身份证号码中的日期是3月9日。",
        ),
    ),
    Slip(
        "clients",
        2,
        "opened_on",
        "2025-02-30",
        "no_such_date",
        Said("February has no 30th.", "2月没有30日。"),
    ),
    Slip(
        "clients",
        3,
        "status",
        Said("Normal client", "正常客户"),
        "code",
        Said(
            "Own words instead of one of the list. Choose from the list.",
            "填写了列表以外的词。请从下拉列表选择。",
        ),
    ),
    Slip(
        "clients",
        4,
        "full_name",
        None,
        "required",
        Said(
            "A required cell is empty. If the name were not known, the remarks would have to say why.",
            "必填项为空。若确实不知道，须在备注中说明原因。",
        ),
    ),
    Slip(
        "contacts",
        0,
        "mobile",
        "1600000123",
        "pattern",
        Said("A digit is missing: a mobile number has 11.", "少了一位：手机号码为11位。"),
    ),
    Slip(
        "contacts",
        1,
        "consent_on",
        None,
        "consent_has_date",
        Said(
            "Who agreed to marketing did so on some day: it is missing.",
            "选择了同意营销，却没有同意日期。",
        ),
    ),
    Slip(
        "contacts",
        2,
        "email",
        "client3#example.com",
        "pattern",
        Said("An e-mail address has an @ in it.", "电子邮箱地址须含有 @。"),
    ),
    Slip(
        "contacts",
        3,
        "mobile",
        "447700900123",
        "pattern",
        Said("A foreign number begins with + and the country code.", "境外号码须以 + 和国家代码开头。"),
    ),
    Slip(
        "finances",
        0,
        "annual_income",
        "12OOOO",
        "not_a_number",
        Said("The letter O is no zero.", "字母 O 不是数字 0。"),
    ),
    Slip(
        "finances",
        1,
        "net_assets",
        "2400000",
        "net_assets_add_up",
        Said(
            "Net assets are total assets less liabilities; the debts were not taken off.",
            "净资产等于总资产减负债，这里没有减去负债。",
        ),
    ),
    Slip(
        "finances",
        2,
        "as_of",
        "03/04/2026",
        "ambiguous_date",
        Said(
            "This may be 3 April or 4 March. Year-month-day leaves no doubt.",
            "可能是4月3日，也可能是3月4日。按年-月-日填写才不会混淆。",
        ),
    ),
)
"""The errors, no two in one row."""


# ------------------------------------------------------------------------------- writing
def write_exercise(folder: Path | str, language: Language = "en") -> list[Path]:
    """Write the workbook with the errors, and the answers beside it.

    Parameters
    ----------
    folder : path
        Made if absent. Files of the same names in it are replaced.
    language : {"en", "zh"}, default "en"
        Of sheets, labels, names and answers.

    Returns
    -------
    list of Path
        `exercise.<language>.xlsx` and `answers.<language>.md`.

    Raises
    ------
    Unwritable
        The folder cannot be written to.
    """
    target = Path(folder)
    workbook, solution = target / f"exercise.{language}.xlsx", target / f"answers.{language}.md"
    contents = [SheetContent(AREAS[area], _as_typed(area, language)) for area in RIGHT]
    write_areas(workbook, contents, language=language, time_zone=TIME_ZONE, spare_rows=SPARE_ROWS)
    write_text(solution, _page(answers(language), language), mode=EVERYBODY)
    return [workbook, solution]


def answers(language: Language = "en") -> list[Answer]:
    """The solution: every cell that is wrong, and what belongs there."""
    return [_answer(slip, language) for slip in SLIPS]


def _answer(slip: Slip, language: Language) -> Answer:
    area = AREAS[slip.area]
    field = area.field(slip.field)
    mend = _text(RIGHT[slip.area][slip.row][slip.field], language) or ""
    return Answer(
        sheet=area.title(language),
        row=slip.row + FIRST_ROW,
        area=slip.area,
        field=slip.field,
        column=field.title(language),
        typed=_text(slip.typed, language) or "",
        rule=slip.rule,
        why=slip.why.to(language),
        mend=field.code_list.label(mend, language) if field.code_list else mend,
    )


def _as_typed(area: str, language: Language) -> pl.DataFrame:
    """The rows of an area with the slips in them."""
    rows = [dict(row) for row in RIGHT[area]]
    for slip in SLIPS:
        if slip.area == area:
            rows[slip.row][slip.field] = slip.typed
    texts = [{name: _text(value, language) for name, value in row.items()} for row in rows]
    return pl.DataFrame(texts, schema=dict.fromkeys(rows[0], pl.String))


def _text(value: str | Said | None, language: Language) -> str | None:
    return value.to(language) if isinstance(value, Said) else value


_HEADINGS = Said(
    "| Sheet | Row | Column | There stands | What is wrong | Type instead |",
    "| 工作表 | 行 | 列 | 现有内容 | 问题 | 应填写 |",
)
_TITLE = Said("# Answers to the exercise", "# 练习答案")
_EMPTY = Said("(empty)", "（空）")


def _page(solution: Sequence[Answer], language: Language) -> str:
    lines = [
        f"| {each.sheet} | {each.row} | {each.column} | {each.typed or _EMPTY.to(language)} | {each.why} "
        f"| {each.mend} |"
        for each in solution
    ]
    head = [_TITLE.to(language), "", _HEADINGS.to(language), "|---" * 6 + "|"]
    return "\n".join([*head, *lines]) + "\n"
