"""What whoever opened a book may see and do: the one place that says it, for every way to read and to act.

It guards against accidents and lets a firm share out work. The boundary that holds against code of any kind
is the vault's key: whoever does not have it cannot read identity.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from clientlib import masks
from clientlib.book.clocks import Known, Moment
from clientlib.book.connection import literal, quoted
from clientlib.book.holders import account
from clientlib.book.merges import CLIENT, as_one, of_clients
from clientlib.book.storage import book_fields
from clientlib.config import Person, Role, Settings
from clientlib.declare import Field
from clientlib.errors import BookError, PermissionRefused, SettingsError, Words, meant
from clientlib.tables import AreaInfo, Areas

Right = Literal[
    "may_edit", "may_export", "may_look_up", "may_answer", "may_acknowledge", "may_audit", "may_keep"
]
Look = Literal["plain", "masked", "bands", "hidden"]
"""How the values of a field show."""
_THE_AREAS = Words("The areas are", "现有的表")
RANK = {"N": 0, "S": 1, "I": 2}


def look(area: AreaInfo, field: Field, role: Role) -> Look:
    """How a field shows to a role, for whoever holds both keys."""
    if role.areas != "all" and area.name not in role.areas:
        return "hidden"
    if field.sensitivity == "I":
        return role.identity
    if RANK[field.sensitivity] <= RANK[role.sensitivity]:
        return "plain"
    return "bands" if role.bands and masks.has_bands(field) else "hidden"


@dataclass(frozen=True)
class Access:
    """What a role sees and may do. Made by `grant`.

    Attributes
    ----------
    name : str
        The role's name.
    role : Role
    person : Person
        Who took it, as far as the settings know.
    settings : Settings
    table : mapping of str to AreaInfo
        The whole table.
    refused : callable, optional
        Is told what was refused.
    """

    name: str
    role: Role
    person: Person
    settings: Settings
    table: Areas
    refused: Callable[[str], None] | None = None

    # ------------------------------------------------------------------------------- may do
    def needs(self, right: Right, what: Words) -> None:
        """Make sure that the role has a right.

        Parameters
        ----------
        right : str
        what : Words
            What was asked for, as words after "may not": "export rows".

        Raises
        ------
        PermissionRefused
            It does not have it; the sentence says which roles do, and who grants them.
        """
        if not getattr(self.role, right):
            able = [name for name, role in self.settings.roles.items() if getattr(role, right)]
            raise self.refusal(Words(f"may not {what.en}", f"无权{what.zh}"), able)

    def refusal(self, denied: Words, able: list[str]) -> PermissionRefused:
        """`denied`: what the role does not do or see; `able`: the roles that do."""
        others = Words("No role may.", "没有任何角色有此权限。")
        if able:
            others = Words(f"These may: {', '.join(able)}.", f"有此权限的角色：{'、'.join(able)}。")
        if self.refused is not None:
            self.refused(denied.en)
        grants = granted_by(self.settings)
        return PermissionRefused(
            f'The role "{self.name}" {denied.en}. {others.en} {grants.en}',
            f"角色“{self.name}”{denied.zh}。{others.zh}{grants.zh}",
        )

    def needs_to_write(self) -> None:
        """Make sure that the role may change the book.

        Raises
        ------
        PermissionRefused
            It may not; or it sees its own clients only, and a hand-in may tell of any.
        """
        self.needs("may_edit", Words("add rows", "录入数据"))
        if self.role.rows != "all":
            able = [
                name for name, role in self.settings.roles.items() if role.may_edit and role.rows == "all"
            ]
            own_only = Words(
                "sees its own clients only, so may not add rows of any",
                "只能查看名下客户，因此不能录入可能涉及任何客户的数据",
            )
            raise self.refusal(own_only, able)

    def needs_to_acknowledge(self) -> None:
        """Make sure that the role may answer for alerts of the risk review.

        Raises
        ------
        PermissionRefused
            It may not.
        """
        self.needs("may_acknowledge", Words("acknowledge alerts", "确认风险提示"))

    # ---------------------------------------------------------------------------------- sees
    @property
    def areas(self) -> list[AreaInfo]:
        """The areas that the role sees, in declared order."""
        return [area for area in self.table.values() if self._sees(self.role, area.name)]

    def area(self, name: str) -> AreaInfo:
        """An area by name.

        Raises
        ------
        BookError
            There is none of this name.
        PermissionRefused
            The role does not see it.
        """
        if name not in self.table:
            hint = meant(name, self.table, _THE_AREAS)
            raise BookError(f'There is no area "{name}". {hint.en}', f"没有名为“{name}”的表。{hint.zh}")
        if not self._sees(self.role, name):
            able = [other for other, role in self.settings.roles.items() if self._sees(role, name)]
            raise self.refusal(Words(f'does not see the area "{name}"', f"看不到表“{name}”"), able)
        return self.table[name]

    @staticmethod
    def _sees(role: Role, area: str) -> bool:
        return role.areas == "all" or area in role.areas

    def look(self, area: AreaInfo, field: Field) -> Look:
        """How a field shows, for whoever holds both keys."""
        return look(area, field, self.role)

    def shown(self, area: AreaInfo) -> list[str]:
        """The fields of the book (so not of identity) that the role sees, in declared order."""
        return [field.name for field in book_fields(area) if self.look(area, field) != "hidden"]

    # ----------------------------------------------------------------------------------- SQL
    def rows(self, area: AreaInfo, columns: Sequence[str], moment: Moment, now: Known) -> str:
        """The SQL of the rows of `area` that the role sees at `moment`.

        Parameters
        ----------
        area : AreaInfo
        columns : sequence of str
            Stored columns to give; fields above the role come in bands where it sees those, and must not
            be asked for otherwise.
        moment : Moment
        now : Known
            The batches that count now: they say whose a client is, whatever the moment that is read.
        """
        own = self._own(moment, now) if of_clients(area) else None
        banded = self.banded(area)
        if own is None and banded.keys().isdisjoint(columns):
            return as_one(area, columns, moment)
        fetched = list(dict.fromkeys([*columns, *([CLIENT] if own else [])]))
        listed = ", ".join(banded.get(name, quoted(name)) for name in columns)
        mine = f" SEMI JOIN ({own}) USING ({CLIENT})" if own else ""
        return f"SELECT {listed} FROM ({as_one(area, fetched, moment)}){mine}"

    def banded(self, area: AreaInfo) -> dict[str, str]:
        """The SQL of each field that shows in bands."""
        rules = self.settings.masks
        shown = [field for field in book_fields(area) if self.look(area, field) == "bands"]
        return {f.name: f"{masks.band_sql(quoted(f.name), f, rules)} AS {quoted(f.name)}" for f in shown}

    def _own(self, moment: Moment, now: Known) -> str | None:
        """The SQL of the clients whose rows the role sees; None: of all.

        Whose a client is, its newest record says: what a client did at another branch goes along, and the
        branch that was left sees it no more.
        """
        by = self.role.rows
        if by == "all":
            return None
        today = replace(moment, as_of=dt.date.max, known=now, merged={})
        newest = as_one(self.table["clients"], [CLIENT, by], today)
        mine = literal(str(getattr(self.person, by)))
        return f"SELECT {CLIENT} FROM ({newest}) WHERE {quoted(by)} = {mine}"


# ---------------------------------------------------------------------------------- granted
def grant(settings: Settings, table: Areas, name: str, who: str | None = None) -> Access:
    """What a person gets who takes a role.

    Parameters
    ----------
    settings : Settings
    table : mapping of str to AreaInfo
    name : str
        The role.
    who : str, optional
        The person's account; by default the one under which the program runs.

    Raises
    ------
    PermissionRefused
        There is no such role, this person may not take it, or the settings do not say whose clients are
        the person's own where the role sees only those.
    SettingsError
        The role is given an area that there is not.
    """
    who = who or account()
    if name not in settings.roles:
        hint = meant(name, settings.roles, Words("The roles are", "现有角色"))
        raise PermissionRefused(f'There is no role "{name}". {hint.en}', f"没有角色“{name}”。{hint.zh}")
    person = settings.people.get(who, Person(roles=()))
    grants = granted_by(settings)
    if settings.people and name not in person.roles:
        others = Words("", "")
        if person.roles:
            others = Words(
                f" It may take: {', '.join(person.roles)}.", f"可使用的角色：{'、'.join(person.roles)}。"
            )
        raise PermissionRefused(
            f'The account "{who}" may not take the role "{name}".{others.en} {grants.en}',
            f"账户“{who}”不能使用角色“{name}”。{others.zh}{grants.zh}",
        )
    role = settings.roles[name]
    _need_areas(name, role, table)
    if role.rows != "all" and getattr(person, role.rows) is None:
        raise PermissionRefused(
            f'The role "{name}" sees the own clients only, and workbook.toml does not say whose "{who}" are: '
            f'[people.{who}] {role.rows} = "…" is missing. {grants.en}',
            f"角色“{name}”只能查看名下客户，而 workbook.toml 未写明“{who}”的客户范围："
            f'缺少 [people.{who}] {role.rows} = "…"。{grants.zh}',
        )
    return Access(name, role, person, settings, table)


def _need_areas(name: str, role: Role, table: Areas) -> None:
    """A typo would silently take an area away from all who have the role."""
    for area in () if role.areas == "all" else role.areas:
        if area not in table:
            hint = meant(area, table, _THE_AREAS)
            raise SettingsError(
                f'workbook.toml, [roles.{name}] areas: there is no area "{area}". {hint.en}',
                f"workbook.toml，[roles.{name}] areas：没有名为“{area}”的表。{hint.zh}",
            )


def usual_role(settings: Settings, preferred: str, who: str | None = None) -> str:
    """The role in which a command runs unless somebody names one: `preferred`, or the person's first one
    where the settings name people and this one may not take it."""
    own = settings.people.get(who or account(), Person(roles=())).roles
    return own[0] if own and preferred not in own else preferred


def granted_by(settings: Settings) -> Words:
    """Whom to ask for more, in a sentence."""
    keepers = [
        who
        for who, person in settings.people.items()
        if any(settings.roles[role].may_keep for role in person.roles if role in settings.roles)
    ]
    whom = Words("", "")
    if keepers:
        whom = Words(f" ({', '.join(keepers)})", f"（{'、'.join(keepers)}）")
    return Words(
        f"The administrator{whom.en} grants it, in workbook.toml.",
        f"如需权限，请联系管理员{whom.zh}在 workbook.toml 中授予。",
    )
