"""Which field a person means, by its declared name, its title in either language, or a short word for it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from clientlib import codes, masks
from clientlib.book.access import Access, look
from clientlib.codes import CodeList
from clientlib.declare import Field
from clientlib.errors import ParameterError, PermissionRefused, Words
from clientlib.tables import Areas

CONDITIONED = ("clients", "contacts", "finances", "preferences", "balances")
"""The areas that keep one newest record of a client: conditions are about its fields."""
AGE = "age"
BARE_RANGE = "finances.total_assets"
"""What a range of figures is about that was typed alone."""
_SHORT = {
    "clients.client_id": ("id", "number", "client", "编号", "客户号", "客户"),
    "clients.full_name": ("name", "名字", "客户姓名"),
    "clients.id_number": ("id card", "证件号", "身份证", "身份证号", "身份证号码"),
    "clients.client_type": ("type", "类型"),
    "clients.birth_date": ("born", "birthday", "生日"),
    "clients.gender": ("sex",),
    "clients.occupation": ("job", "profession"),
    "clients.employer": ("company", "单位", "公司"),
    "clients.investor_class": ("class", "投资者"),
    "clients.branch": ("office", "分支机构"),
    "clients.advisor": ("adviser", "manager", "经理"),
    "clients.opened_on": ("opened", "开户", "开户日", "开户时间"),
    "clients.status": ("state", "状态"),
    "clients.client_group": ("group", "分组"),
    "clients.interests": ("interest", "hobbies", "hobby", "爱好", "兴趣"),
    "contacts.mobile": ("phone", "cell", "tel", "telephone", "手机", "手机号", "电话", "联系电话"),
    "contacts.email": ("mail", "邮箱", "邮件"),
    "contacts.address": ("地址",),
    "contacts.region": ("province", "地区", "省份"),
    "contacts.marketing_consent": ("consent", "同意营销"),
    "finances.total_assets": ("assets", "wealth", "资产"),
    "finances.annual_income": ("income", "收入"),
    "finances.liabilities": ("debt", "debts"),
    "preferences.risk_level": ("level", "risk", "等级", "风险等级", "风险级别"),
    "preferences.questionnaire_score": ("score", "得分", "分数"),
    "preferences.max_loss": ("loss",),
    "preferences.experience_years": ("experience years",),
    "preferences.assessed_on": ("assessed", "测评"),
    "preferences.expires_on": ("expires", "有效期"),
    "preferences.product_types": ("products", "品种"),
    "balances.margin_loan": ("margin", "融资"),
}
"""Short words for fields, beside their names and titles."""
_AGE_WORDS = ("age", "年龄")


@dataclass(frozen=True)
class Known:
    """Something known of clients that the book does not hold, and that is worked out only if it is asked for.

    Attributes
    ----------
    title_en, title_zh : str
    choices : CodeList
        Its values with their labels.
    by_client : callable
        Gives the values by client number.
    """

    title_en: str
    title_zh: str
    choices: CodeList
    by_client: Callable[[], pd.Series]

    def title(self, language: str) -> str:
        return self.title_zh if language == "zh" else self.title_en


@dataclass(frozen=True)
class Target:
    """What a condition is about: a field; `age`: that of its birth date at the day that is read."""

    field: Field
    age: bool = False

    @property
    def name(self) -> str:
        return AGE if self.age else self.field.name

    def title(self, language: str) -> str:
        if self.age:
            return "年龄" if language == "zh" else "Age"
        return self.field.title(language)


@dataclass(frozen=True)
class KnownTarget:
    """A condition about something that is known beside the book."""

    name: str
    known: Known

    def title(self, language: str) -> str:
        return self.known.title(language)


class Fields:
    """The fields that can be named.

    Parameters
    ----------
    access : Access
    has_vault_key : bool
        Whether identity can be read at all.
    known : mapping of str to Known
    """

    def __init__(self, access: Access, *, has_vault_key: bool, known: Mapping[str, Known]) -> None:
        self._access = access
        self._has_vault_key = has_vault_key
        self._known = known
        self._meant: dict[str, list[Field]] = {}
        self._names: list[str] = [AGE, *known]
        for name in CONDITIONED:
            self._learn(access.table, name)

    def _learn(self, table: Areas, area: str) -> None:
        for field in table[area].fields:
            if field.key and field.name == "client_id" and area != "clients":
                continue
            short = _SHORT.get(f"{area}.{field.name}", ())
            for word in {codes.fold(w) for w in (field.name, field.title_en, field.title_zh, *short)}:
                self._meant.setdefault(word, []).append(field)
            self._names += [field.name, field.title_zh, *short]

    # ------------------------------------------------------------------------------- by name
    def named(self, typed: str) -> Target | KnownTarget:
        """What is meant by the name of a field in a query; empty: what a range alone is about.

        Raises
        ------
        ParameterError
            There is no such field, or there are several.
        PermissionRefused
            The role does not see it.
        """
        name = codes.fold(typed or BARE_RANGE)
        for key, known in self._known.items():
            if name in (codes.fold(word) for word in (key, known.title_en, known.title_zh)):
                return KnownTarget(key, known)
        if name in _AGE_WORDS:
            return Target(self._seen(self._access.table["clients"].field("birth_date")), age=True)
        found = self._in_area(name) if "." in name else self._meant.get(name, [])
        if not found:
            raise self._unknown(typed)
        if len(found) > 1:
            areas, name = [field.area for field in found], found[0].name
            full = [f"{area}.{name}" for area in areas]
            raise ParameterError(
                f"“{name}” stands in {' and in '.join(areas)}. Write {' or '.join(full)}.",
                f"{'、'.join(areas)} 中都有“{name}”。请写成 {' 或 '.join(full)}。",
            )
        return Target(self._seen(found[0]))

    def _in_area(self, name: str) -> list[Field]:
        area, _, field = name.partition(".")
        spoken = {
            codes.fold(word): info.name
            for info in self._access.table.values()
            for word in (info.name, info.title_en, info.title_zh)
        }
        return [f for f in self._meant.get(field, []) if f.area == spoken.get(area)]

    def _unknown(self, typed: str) -> ParameterError:
        folded = {codes.fold(name): name for name in reversed(self._names)}
        near = difflib.get_close_matches(codes.fold(typed), folded, n=1)
        if near:
            likely = folded[near[0]]
            return ParameterError(
                f"There is no field “{typed}”. Did you mean {likely}?",
                f"没有字段“{typed}”。是否指 {likely}？",
            )
        # What is near no field may be anything, also a name or a number that was typed in the wrong place.
        shown = masked(typed)
        return ParameterError(
            f"There is no field “{shown}”. Use the name or the title of a field of the table, e.g. "
            "branch, level, assets; to look for a text with a sign in it, put the text in quotes.",
            f"没有字段“{shown}”。请使用字段的名称或标题，例如 营业部、level、assets；"
            "如要查找含有该符号的文本，请用引号括起来。",
        )

    # ------------------------------------------------------------------------------- seen
    def look(self, field: Field) -> str:
        """How a field shows here: by the role, and whether the vault's key is here."""
        seen = self._access.look(self._access.table[field.area], field)
        return "hidden" if field.sensitivity == "I" and not self._has_vault_key else seen

    def _seen(self, field: Field) -> Field:
        if self.look(field) == "hidden":
            raise self.refusal(field)
        return field

    def refusal(self, field: Field) -> PermissionRefused:
        """That nobody can be searched or sorted by a field that the role does not see."""
        access, area = self._access, self._access.table[field.area]
        if access.look(area, field) != "hidden":
            return PermissionRefused(
                f"The vault's key is not here, so nobody can be found by “{field.name}” or sorted by it.",
                f"此处没有身份库密钥，因此不能按“{field.name}”查找或排序。",
            )
        roles = access.settings.roles.items()
        able = [name for name, role in roles if look(area, field, role) != "hidden"]
        denied = Words(
            f"does not see “{field.name}”, so may not search or sort by it",
            f"看不到“{field.name}”，因此不能按其查找或排序",
        )
        return access.refusal(denied, able)

    def refusal_to_sort(self, field: Field) -> PermissionRefused:
        """That nobody can be sorted by a field of which the role sees masks only."""
        access, area = self._access, self._access.table[field.area]
        able = [n for n, role in access.settings.roles.items() if look(area, field, role) == "plain"]
        denied = Words(
            f"sees “{field.name}” masked, so may not sort by it",
            f"只能看到脱敏的“{field.name}”，因此不能按其排序",
        )
        return access.refusal(denied, able)


def masked(text: str) -> str:
    """Something that was typed, so that it may stand in a log: it may be a name, or a number.

    >>> masked("王小明"), masked("13812345678"), masked("138****5678"), masked("3****4")
    ('王**', '138****5678', '138****5678', '3**')
    """
    plain = text.strip()
    digits = re.sub(r"[\s+-]", "", plain)
    if re.fullmatch(r"\+?\d{3}\*+\d{2,4}", plain):
        return plain
    if re.fullmatch(r"\d+[xX]?", digits):
        return str(masks.mask(digits, "phone" if len(digits) < 15 else "id_number"))
    return f"{plain[:1]}**"
