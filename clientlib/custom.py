"""`data/fields.toml` → the table of a workbook: the built-in areas with the fields that its firm added.

Four lines make a field (its name, two titles, a type); all else has a default. What a field then is, is
said in the words of `declare`, so everything derived from the table has it too.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Self, get_args

import dataframely as dy
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from clientlib import codes, declare, misfits
from clientlib.declare import SEPARATOR, Kind
from clientlib.errors import SettingsError, Words, meant
from clientlib.misfits import Misfit
from clientlib.tables import AREAS, AreaInfo, Areas

FIELDS_FILE = "data/fields.toml"
EXAMPLE = """\
# The firm's own fields. Four lines make one; it is then in the template, the checks, the book, search and
# the dictionary. The rows that are in the book already have nothing in it.
#
# [clients.hobby]                    # the area, and the field's name: small letters, digits and _
# title_en = "Hobby"
# title_zh = "爱好"
# type = "text"                      # text, code, codes, yes_no, integer, number, money, fraction, date,
#                                    # instant, id_number, phone or email
#
# And, where wanted: hint_en, hint_zh; required = true; longest and pattern of a text; minimum and maximum of
# a number; codes = "asset_class" (a list that there is), or a list of the field's own:
# codes = { low = ["Low", "低"], high = ["High", "高"] }; sensitivity = "N" (open), "S" (sensitive) or "I"
# (identity: kept in the vault), by default "I" for id_number, phone and email, else "S".
"""
"""What a new workbook's file says: nothing, with an example."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.\-]{0,39}", re.ASCII)
_TEXTS = ("text", "id_number", "phone", "email")
_NUMBERS = ("number", "money", "integer")
_WHOLE = (-(2**53), 2**53)
"""The whole numbers that Excel and a float hold exactly."""
_BORROWED = {
    "id_number": AREAS["clients"].field("id_number"),
    "phone": AREAS["contacts"].field("mobile"),
    "email": AREAS["contacts"].field("email"),
}
"""The built-in fields whose form such a field takes over."""
_KINDS = get_args(Kind)
_CHOOSE = Words("Choose one of", "可选")
Title = Annotated[str, Field(min_length=1, max_length=60)]


class Declared(BaseModel):
    """One field as `fields.toml` states it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title_en: Title
    title_zh: Title
    type: Kind
    hint_en: Annotated[str, Field(max_length=250)] = ""
    hint_zh: Annotated[str, Field(max_length=250)] = ""
    required: bool = False
    sensitivity: declare.Sensitivity | None = None
    longest: Annotated[int, Field(ge=1, le=2000)] | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    codes: str | dict[str, list[str]] | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        coded = self.type in ("code", "codes")
        misplaced = {
            "longest": self.type not in _TEXTS,
            "pattern": self.type != "text",
            "minimum": self.type not in _NUMBERS,
            "maximum": self.type not in _NUMBERS,
            "codes": not coded,
        }
        for name, wrong in misplaced.items():
            if wrong and getattr(self, name) is not None:
                raise Misfit(
                    f'is not for the type "{self.type}". Take the line out',
                    f"不适用于类型“{self.type}”。请删除此行",
                    key=name,
                )
        if coded and self.codes is None:
            raise Misfit(
                'is coded, but there is no list. Add codes = { a = ["A", "甲"], … }',
                '为代码类型，但没有代码表。请补充 codes = { a = ["A", "甲"], … }',
                key="type",
            )
        if self.sensitivity == "I" and self.type not in _TEXTS:
            raise Misfit(
                '"I" is for text, id_number, phone and email only. Choose "S"',
                '"I" 只用于 text、id_number、phone 和 email。请改用 "S"',
                key="sensitivity",
            )
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise Misfit(
                "is above maximum. Correct one of the two", "大于 maximum。请更正其中一项", key="minimum"
            )
        return self

    @property
    def guarded_as(self) -> declare.Sensitivity:
        """The sensitivity stated, else the careful one: a way to reach or to name a person is identity."""
        return self.sensitivity or ("I" if self.type in _BORROWED else "S")


# ------------------------------------------------------------------------------------ read
def load(folder: Path) -> Areas:
    """The table of the workbook in `folder`.

    Raises
    ------
    SettingsError
        `data/fields.toml` cannot be understood; the message names the line and the mend.
    """
    path = folder / FIELDS_FILE
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return AREAS
    except UnicodeDecodeError:
        raise SettingsError(
            f"{FIELDS_FILE} is not UTF-8 text. Save it as UTF-8.",
            f"{FIELDS_FILE} 不是UTF-8文本。请另存为UTF-8。",
        ) from None
    return extended(text)


def extended(text: str) -> Areas:
    """The built-in table with the fields that `text`, the content of a `fields.toml`, declares.

    Raises
    ------
    SettingsError
        As for `load`.
    """
    try:
        stated = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        why = misfits.of_toml(error)
        raise SettingsError(
            f"{FIELDS_FILE} is not valid TOML: {why.en}. Mend that line.",
            f"{FIELDS_FILE} 不是有效的TOML：{why.zh}。请更正该行。",
        ) from None
    areas = dict(AREAS)
    for name, fields in stated.items():
        area = _area(name, text)
        if not isinstance(fields, dict):
            mend = Words(
                f"write a field as [{name}.its_name], with its lines below",
                f"请将字段写成 [{name}.its_name]，其内容逐行写在下面",
            )
            raise _wrong(text, (name,), mend)
        columns = {field: _column(area, field, content, text) for field, content in fields.items()}
        _check_titles(area, fields, text)
        areas[name] = area.extended(columns)
    return MappingProxyType(areas)


def _area(name: str, text: str) -> AreaInfo:
    if name not in AREAS:
        hint = meant(name, AREAS, _CHOOSE)
        unknown = Words(f'there is no area "{name}". {hint.en}', f"没有名为“{name}”的表。{hint.zh}")
        raise _wrong(text, (name,), unknown)
    return AREAS[name]


def _column(area: AreaInfo, name: str, content: Any, text: str) -> dy.Column:
    place = (area.name, name)
    if not _NAME.fullmatch(name):
        misnamed = Words(
            f'"{name}" cannot be a field\'s name. Use small letters, digits and _, beginning with a letter, '
            "at most 40",
            f"“{name}”不能用作字段名。请使用小写字母、数字和 _，以字母开头，最多40个字符",
        )
        raise _wrong(text, place, misnamed)
    if area.find(name):
        taken = Words(
            f'{area.name} has a field "{name}" already. Choose another name',
            f"{area.name} 中已有字段“{name}”。请另取名称",
        )
        raise _wrong(text, place, taken)
    if not isinstance(content, dict):
        mend = Words(
            f"write it as [{area.name}.{name}], with its lines below",
            f"请写成 [{area.name}.{name}]，其内容逐行写在下面",
        )
        raise _wrong(text, place, mend)
    try:
        declared = Declared.model_validate(content)
    except ValidationError as error:
        raise _sentences(error, place, text) from None
    return _made(declared, place, text)


def _check_titles(area: AreaInfo, fields: dict[str, Any], text: str) -> None:
    """Two columns must not be called alike: a hand-in could not tell them apart."""
    taken = {codes.fold(word): f.name for f in area.fields for word in (f.name, f.title_en, f.title_zh)}
    for name, content in fields.items():
        words = {codes.fold(word) for word in (name, content["title_en"], content["title_zh"])}
        for word in words:
            if word in taken:
                alike = Words(
                    f"is called like the field {taken[word]}. Choose another title",
                    f"与字段 {taken[word]} 重名。请另取标题",
                )
                raise _wrong(text, (area.name, name), alike)
        taken |= dict.fromkeys(words, name)


# ------------------------------------------------------------------------------- a column
def _made(declared: Declared, place: tuple[str, str], text: str) -> dy.Column:
    titles = (declared.title_en, declared.title_zh)
    hints = (declared.hint_en or f"{titles[0]}.", declared.hint_zh or f"{titles[1]}。")
    common: dict[str, Any] = {"required": declared.required, "sensitivity": declared.guarded_as}
    match declared.type:
        case "text":
            _check_pattern(declared.pattern, place, text)
            longest = declared.longest or 100
            return declare.text(*titles, *hints, longest=longest, pattern=declared.pattern, **common)
        case "id_number" | "phone" | "email":
            like = _BORROWED[declared.type]
            hints = (declared.hint_en or like.hint_en, declared.hint_zh or like.hint_zh)
            longest = declared.longest or like.maximum
            return declare.text(
                *titles, *hints, longest=longest, pattern=like.pattern, kind=like.kind, **common
            )
        case "code" | "codes":
            listed = _code_list(declared, place, text)
            return declare.code(*titles, listed, *hints, several=declared.type == "codes", **common)
        case "yes_no":
            return declare.yes_no(*titles, *hints, **common)
        case "integer":
            least = _WHOLE[0] if declared.minimum is None else int(declared.minimum)
            most = _WHOLE[1] if declared.maximum is None else int(declared.maximum)
            return declare.integer(*titles, *hints, minimum=least, maximum=most, **common)
        case "number" | "money":
            make = declare.money if declared.type == "money" else declare.number
            common |= {"minimum": declared.minimum, "maximum": declared.maximum}
            return make(*titles, *hints, **common)
        case "fraction":
            return declare.fraction(*titles, *hints, **common)
        case "date":
            return declare.date(*titles, *hints, **common)
        case "instant":
            return declare.instant(*titles, *hints, **common)


def _check_pattern(pattern: str | None, place: tuple[str, str], text: str) -> None:
    if pattern is None:
        return
    try:
        pl.select(pl.lit("").str.contains(f"^(?:{pattern})$"))
    except pl.exceptions.ComputeError:
        broken = Words(
            "is no regular expression. Mend it, or take it out", "不是有效的正则表达式。请更正或删除"
        )
        raise _wrong(text, (*place, "pattern"), broken) from None


def _code_list(declared: Declared, place: tuple[str, str], text: str) -> codes.CodeList:
    where = (*place, "codes")
    if isinstance(declared.codes, str):
        if declared.codes not in codes.CODES:
            hint = meant(declared.codes, codes.CODES, Words("The lists are", "现有代码表"))
            unknown = Words(
                f'names no list: "{declared.codes}". {hint.en}', f"没有代码表“{declared.codes}”。{hint.zh}"
            )
            raise _wrong(text, where, unknown)
        return codes.CODES[declared.codes]
    entries = []
    taken: dict[str, str] = {}
    for value, labels in (declared.codes or {}).items():
        if not _CODE.fullmatch(value) or len(labels) < 2 or not all(label.strip() for label in labels):
            unread = Words(
                f'has the entry "{value}", which cannot be read. Write e.g. low = ["Low", "低"], further '
                "words "
                "after the two labels",
                f'条目“{value}”无法读取。请写成如 low = ["Low", "低"]，其他用词写在两个标签之后',
            )
            raise _wrong(text, where, unread)
        if any(SEPARATOR in label for label in labels):
            separated = Words(
                f'has a "{SEPARATOR}" in the entry "{value}". Take it out',
                f"条目“{value}”中含有“{SEPARATOR}”。请删除",
            )
            raise _wrong(text, where, separated)
        for word in {codes.fold(word) for word in (value, *labels)}:
            if taken.setdefault(word, value) != value:
                twice = Words(
                    f'has the word "{word}" in both "{taken[word]}" and "{value}". Take it out of '
                    "one of them",
                    f"“{taken[word]}”和“{value}”中都有“{word}”一词。请从其中一个删除",
                )
                raise _wrong(text, where, twice)
        entries.append(codes.Code(value, labels[0], labels[1], tuple(labels[2:])))
    if not entries:
        empty = Words(
            'is empty. Write e.g. codes = { low = ["Low", "低"] }',
            '为空。请写成如 codes = { low = ["Low", "低"] }',
        )
        raise _wrong(text, where, empty)
    return codes.CodeList(".".join(place), declared.title_en, declared.title_zh, tuple(entries))


# ------------------------------------------------------------------------------- problems
def _sentences(error: ValidationError, place: tuple[str, str], text: str) -> SettingsError:
    told = []
    for problem in error.errors(include_url=False):
        key = str(problem["loc"][0]) if problem["loc"] else ""
        raised = problem.get("ctx", {}).get("error")
        if isinstance(raised, Misfit):
            told.append(_wrong(text, (*place, raised.key), raised.words))
        else:
            told.append(_wrong(text, (*place, key), _said(problem, key)))
    en, zh = ("\n".join(dict.fromkeys(wrong.told(language) for wrong in told)) for language in ("en", "zh"))
    return SettingsError(en, zh)


def _said(problem: Any, key: str) -> Words:
    if problem["type"] == "missing":
        return Words(f"is missing. Add the line {key} = …", f"缺少此项。请补充一行 {key} = …")
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, Declared.model_fields, n=1)
        hint = meant(key, near, _CHOOSE) if near else Words("Take the line out", "请删除此行")
        return Words(f"is nothing that a field has. {hint.en}", f"字段没有此项。{hint.zh}")
    if key == "type":
        stated = str(problem["input"])
        hint = meant(stated, _KINDS, _CHOOSE)
        return Words(f'cannot be "{stated}". {hint.en}', f"不能是“{stated}”。{hint.zh}")
    unfit = misfits.of_value(problem)
    return Words(f"cannot be so: {unfit.en}", f"不能这样写：{unfit.zh}")


def _wrong(text: str, place: tuple[str, ...], said: Words) -> SettingsError:
    """The error at a place in the file: area, field, key, as far as they are known."""
    named = f"[{'.'.join(place[:2])}]"
    if len(place) > 2 and place[2]:
        named += f" {place[2]}"
    line = _line(text, place)
    en, zh = said.en.removesuffix("."), said.zh.removesuffix("。")
    return SettingsError(
        f"{FIELDS_FILE}, line {line}, {named}: {en}{'' if en.endswith('?') else '.'}",
        f"{FIELDS_FILE}，第{line}行，{named}：{zh}{'' if zh.endswith('？') else '。'}",
    )


def _line(text: str, place: tuple[str, ...]) -> int:
    """Where in the file a place is: the nearest line that names it."""
    lines = text.splitlines()
    start = 0
    for name in place:
        word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
        for number in range(start, len(lines)):
            if number > start and len(place) > 2 and name == place[2] and lines[number].startswith("["):
                break
            code = lines[number].split("#")[0]
            if name and word.search(code):
                start = number
                break
    return start + 1
