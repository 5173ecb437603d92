"""What is agreed with each department: which areas, fields and rows of the book it gets, and how they show.

Settings in, a plain description out; nothing is read or written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clientlib.book import Look, look
from clientlib.book.merges import CLIENT
from clientlib.config import Department, Role, Settings
from clientlib.declare import Field
from clientlib.errors import SettingsError, Words, meant
from clientlib.tables import AreaInfo, Areas

_THERE_ARE = Words("There are", "可用的有")
LONGEST_CERTAIN = 100
"""Characters. A sensitive text that may be longer is free text: whatever was typed is in it, a name too."""
_STORED: Mapping[Look, str] = {"plain": "", "bands": "_bands_", "masked": "_masked_"}
"""What goes before a field's name where several ways to show it lie side by side. No field begins with _."""


@dataclass(frozen=True)
class Shown:
    """A field, and how it shows."""

    field: Field
    look: Look

    @property
    def stored(self) -> str:
        """Its name where the same field may also lie in another look."""
        return f"{_STORED[self.look]}{self.field.name}"

    @property
    def is_text(self) -> bool:
        """Whether it shows as text whatever its own type is."""
        return self.look != "plain"


@dataclass(frozen=True)
class SharedArea:
    """An area as somebody gets it; the fields in declared order."""

    area: AreaInfo
    fields: tuple[Shown, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """What makes a current row: of an area that keeps a version a date, only the newest is current."""
        return tuple(
            name for name in self.area.key if not (self.area.versioned and name == self.area.business_date)
        )

    @property
    def of_clients(self) -> bool:
        """Whether each row is a client's, hence of a branch."""
        return self.area.find(CLIENT) is not None


@dataclass(frozen=True)
class Agreed:
    """What one department gets.

    Attributes
    ----------
    name : str
    server_role : str
        The role of the database that stands for the department.
    branches : tuple of str
        Only of these branches' clients; none: of all. Rows that are no client's go to everybody.
    areas : mapping of str to SharedArea
        In declared order.
    """

    name: str
    server_role: str
    branches: tuple[str, ...]
    areas: Mapping[str, SharedArea]


def unheard_of(agreed: Iterable[Agreed], branches: Collection[str]) -> list[tuple[str, str]]:
    """Departments, and branches agreed with them that no client is or ever was of: slips, mostly."""
    return [(each.name, branch) for each in agreed for branch in each.branches if branch not in branches]


def agreements(settings: Settings, areas: Areas) -> tuple[Agreed, ...]:
    """What the settings agree with each department, in their order.

    Raises
    ------
    SettingsError
        They name a role or an area that there is not, or contradict themselves.
    """
    share = settings.share
    found = tuple(_agreed(name, each, settings, areas) for name, each in share.departments.items())
    twice = [role for role, times in Counter(each.server_role for each in found).items() if times > 1]
    if twice:
        raise SettingsError(
            f'workbook.toml, [share.departments]: two departments have the server_role "{twice[0]}". '
            "Each needs one of its own, else either gets what the other does.",
            f"workbook.toml，[share.departments]：两个部门的 server_role 都是“{twice[0]}”。"
            "每个部门须各用一个，否则会得到对方的数据。",
        )
    return found


def _agreed(name: str, department: Department, settings: Settings, areas: Areas) -> Agreed:
    where = Words(f"workbook.toml, [share.departments.{name}]", f"workbook.toml，[share.departments.{name}]")
    role = settings.roles.get(department.role)
    if role is None:
        hint = meant(department.role, settings.roles, _THERE_ARE)
        raise SettingsError(
            f'{where.en} role: there is no role "{department.role}". {hint.en}',
            f"{where.zh} role：没有角色“{department.role}”。{hint.zh}",
        )
    _check_rows(where, department, role)
    shared = {area.name: _shared(area, role, department) for area in _of(where, department, role, areas)}
    if not shared:
        raise SettingsError(
            f'{where.en} role: the role "{department.role}" sees no area. Name another.',
            f"{where.zh} role：角色“{department.role}”看不到任何表。请改用其他角色。",
        )
    usual = f"{settings.share.server_schema}_{name}"
    return Agreed(name, department.server_role or usual, department.branches, shared)


def _check_rows(where: Words, department: Department, role: Role) -> None:
    """A department is no person: whose clients are its own, only the settings can say."""
    if role.rows == "advisor":
        raise SettingsError(
            f'{where.en} role: the role "{department.role}" sees the clients of one advisor, and a '
            'department is none. Name a role with rows = "all" or "branch".',
            f"{where.zh} role：角色“{department.role}”只能看到某位客户经理名下的客户，而部门不是客户经理。"
            '请改用 rows = "all" 或 "branch" 的角色。',
        )
    if role.rows == "branch" and not department.branches:
        raise SettingsError(
            f'{where.en} branches: the role "{department.role}" sees the clients of a branch. Say of which: '
            'branches = ["…"].',
            f"{where.zh} branches：角色“{department.role}”只能看到某营业部的客户。请写明营业部："
            'branches = ["…"]。',
        )


def _of(where: Words, department: Department, role: Role, areas: Areas) -> list[AreaInfo]:
    seen = [area for area in areas.values() if role.areas == "all" or area.name in role.areas]
    if department.areas == "all":
        return seen
    names = [area.name for area in seen]
    for name in department.areas:
        if name not in areas:
            hint = meant(name, areas, _THERE_ARE)
            raise SettingsError(
                f'{where.en} areas: there is no area "{name}". {hint.en}',
                f"{where.zh} areas：没有名为“{name}”的表。{hint.zh}",
            )
        if name not in names:
            raise SettingsError(
                f'{where.en} areas: the role "{department.role}" does not see "{name}". Take it out, or name '
                "a role that does.",
                f"{where.zh} areas：角色“{department.role}”看不到“{name}”。请删除此表，"
                "或改用能看到它的角色。",
            )
    return [area for area in seen if area.name in department.areas]


def _shared(area: AreaInfo, role: Role, department: Department) -> SharedArea:
    looks = [Shown(field, _look(area, field, role, department)) for field in area.fields]
    return SharedArea(area, tuple(shown for shown in looks if shown.look != "hidden"))


def _look(area: AreaInfo, field: Field, role: Role, department: Department) -> Look:
    if field.sensitivity == "I" and not department.identity:
        return "hidden"
    if is_free_text(field) and not (department.identity and role.identity == "plain"):
        return "hidden"
    return look(area, field, role)


def is_free_text(field: Field) -> bool:
    """Whether anything may be in the field, so that nobody can promise that no client's identity is."""
    longest = field.maximum if field.maximum is not None else LONGEST_CERTAIN + 1
    return field.kind == "text" and field.sensitivity == "S" and longest > LONGEST_CERTAIN


def together(agreed: Sequence[Agreed], areas: Areas) -> tuple[SharedArea, ...]:
    """Every area that anybody gets, with each field in each look in which anybody gets it."""
    found = []
    for area in areas.values():
        shown = {each for dept in agreed if area.name in dept.areas for each in dept.areas[area.name].fields}
        order = {field.name: place for place, field in enumerate(area.fields)}
        if shown:
            fields = sorted(shown, key=lambda each: (order[each.field.name], each.look))
            found.append(SharedArea(area, tuple(fields)))
    return tuple(found)
