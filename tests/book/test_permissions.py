"""Every role × area × field × way to read, generated from the settings and tried for real.

Each cell of the book holds a value found nowhere else, so that what comes out of any way to read can be
searched for it. What a role should see is worked out here from the words of the settings, not by the code
that enforces it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import duckdb
import pandas as pd
import pytest

from clientlib import config
from clientlib.book import Book, account, open_book
from clientlib.book.search.fields import CONDITIONED
from clientlib.config import Role
from clientlib.declare import Field
from clientlib.errors import ParameterError, PermissionRefused
from clientlib.share.export import export
from clientlib.tables import AREAS, AreaInfo
from clientlib.workbook import Workbook

from .conftest import HandIn

ROLES = config.load(None).roles
SETTINGS = f"""
[book]
wait_seconds = 5

[people.{account()}]
roles = {list(ROLES)}
branch = "North"
advisor = "A1"
"""
OWN, OTHER = "C001", "C002"
CELLS = [(area, field) for area in AREAS.values() for field in area.fields if field.name != "client_id"]
Shows = Literal["plain", "masked", "bands", "hidden"]
_DAY = dt.date(1961, 1, 1)


# ------------------------------------------------------------------------- what is planted
def planted(area: AreaInfo, field: Field, client: str) -> Any:
    """A value that stands in this cell of this client's row and nowhere else."""
    if field.name in ("client_id", "branch", "advisor"):
        own = {"client_id": client, "branch": "North", "advisor": "A1"}
        return (
            own[field.name] if client == OWN else {"branch": "South", "advisor": "A2"}.get(field.name, client)
        )
    place = next(n for n, (a, f) in enumerate(CELLS) if (a.name, f.name) == (area.name, field.name))
    number = 2 * place + (client == OTHER)
    if field.kind == "instant":
        return dt.datetime(2001, 1, 1, 3, tzinfo=dt.UTC) + dt.timedelta(days=number)
    if field.kind == "date":
        return _DAY + dt.timedelta(days=number)
    if field.kind == "yes_no":
        return True
    if field.kind in ("integer",):
        return 81_000_000 + number
    if field.kind in ("number", "money", "fraction"):
        return 71_000_000.25 + number
    if field.kind == "phone":
        return f"+86139{number:04d}{9000 + number:04d}"
    if field.kind == "email":
        return f"q{number:04d}zz@example.com"
    return f"zq{number:04d}planted"


def telling(field: Field) -> bool:
    """Whether a value of the field can be found in a text: yes and no stand everywhere."""
    return field.kind != "yes_no" and field.name not in ("client_id", "branch", "advisor")


def of_clients(area: AreaInfo) -> bool:
    return "client_id" in [field.name for field in area.fields]


def written(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d")
    return str(int(value)) if isinstance(value, float) else str(value)


@pytest.fixture(scope="module")
def firm(
    copied: Callable[[Path], Workbook], tmp_path_factory: pytest.TempPathFactory, hand_in: HandIn
) -> Workbook:
    made = copied(tmp_path_factory.mktemp("permissions") / "firm")
    rows = {
        area.name: [{f.name: planted(area, f, client) for f in area.fields} for client in (OWN, OTHER)]
        for area in AREAS.values()
    }
    (made.folder / "workbook.toml").write_text(SETTINGS, "utf-8")
    made = Workbook(made.folder)
    with open_book(made, role="data_entry", write=True) as book:
        book.import_checked([hand_in("planted.csv", **rows)], source="planted.csv")
    return made


# ------------------------------------------------------------------------ what should be seen
def shows(role: Role, area: AreaInfo, field: Field) -> Shows:
    """How a field shows to a role, by the words of the settings."""
    if role.areas != "all" and area.name not in role.areas:
        return "hidden"
    if field.sensitivity == "I":
        return role.identity
    if "NSI".index(field.sensitivity) <= "NSI".index(role.sensitivity):
        return "plain"
    return "bands" if role.bands and (field.kind == "money" or field.name == "birth_date") else "hidden"


def out_of(text: str, role: Role, area: AreaInfo, *, reads_identity: bool = True) -> Iterator[str]:
    """What a text shows that it should not, and lacks that it should show."""
    for other, field in CELLS:
        if not telling(field):
            continue
        own, foreign = (written(planted(other, field, client)) in text for client in (OWN, OTHER))
        if other.name != area.name or (field.sensitivity == "I" and not reads_identity):
            expected = False
        else:
            expected = shows(role, other, field) == "plain"
        if own != expected:
            yield f"{other.name}.{field.name} {'is shown' if own else 'is missing'}"
        if foreign and (
            not expected or (role.rows != "all" and "client_id" in [f.name for f in other.fields])
        ):
            yield f"{other.name}.{field.name} of another's client is shown"


@pytest.fixture(scope="module")
def opened(firm: Workbook) -> Iterator[Callable[[str], Book]]:
    """The book as a role sees it, opened once for each."""
    with ExitStack() as stack:
        books: dict[str, Book] = {}

        def as_role(role: str) -> Book:
            if role not in books:
                books[role] = stack.enter_context(open_book(firm, role=role))
            return books[role]

        yield as_role


@pytest.fixture
def book(opened: Callable[[str], Book], role: str) -> Book:
    return opened(role)


def text_of(frame: Any) -> str:
    """A frame as text, numbers with all their digits."""
    return str(frame.to_csv(float_format="%.2f"))


every_role = pytest.mark.parametrize("role", list(ROLES))
every_area = pytest.mark.parametrize("area", list(AREAS.values()), ids=list(AREAS))


def sees(role: str, area: AreaInfo) -> bool:
    allowed = ROLES[role].areas
    return allowed == "all" or area.name in allowed


# ------------------------------------------------------------------------------ read in detail
@every_role
@every_area
def test_an_area_read_as_a_frame(book: Book, role: str, area: AreaInfo) -> None:
    if not sees(role, area):
        with pytest.raises(PermissionRefused, match="does not see the area"):
            book.area(area.name)
        return
    assert list(out_of(text_of(book.area(area.name)), ROLES[role], area)) == []


@every_role
@every_area
def test_an_area_read_through_a_view(book: Book, role: str, area: AreaInfo) -> None:
    with book.views() as views:
        if not sees(role, area):
            with pytest.raises(duckdb.CatalogException):
                views.execute(f"SELECT * FROM {area.name}")
            return
        frame = views.execute(f"SELECT * FROM {area.name}").to_arrow_table().to_pandas()
    assert list(out_of(text_of(frame), ROLES[role], area, reads_identity=False)) == []


# ------------------------------------------------------------- filtered, grouped, sorted, counted
@pytest.mark.parametrize(
    "use",
    [
        "SELECT count(*) FROM {area} WHERE {field} IS NOT NULL",
        "SELECT {field} FROM {area} GROUP BY {field}",
        "SELECT 1 FROM {area} ORDER BY {field}",
        "SELECT min({field}) FROM {area}",
    ],
    ids=["filter", "group", "sort", "aggregate"],
)
@every_role
def test_a_field_that_is_not_seen_is_used_in_no_other_way(book: Book, role: str, use: str) -> None:
    wrong = []
    with book.views() as views:
        for area, field in CELLS:
            if not sees(role, area):
                continue
            seen = field.sensitivity != "I" and shows(ROLES[role], area, field) != "hidden"
            try:
                views.execute(use.format(area=area.name, field=f'"{field.name}"')).fetchall()
                used = True
            except duckdb.BinderException:
                used = False
            if used != seen:
                wrong.append(f"{area.name}.{field.name}")
    assert wrong == []


@every_role
def test_counts_tell_of_the_areas_and_rows_that_are_seen(book: Book, role: str) -> None:
    own_only = ROLES[role].rows != "all"
    expected = {
        area.name: 1 if own_only and of_clients(area) else 2 for area in AREAS.values() if sees(role, area)
    }
    assert book.counts() == expected


# ------------------------------------------------------------------------------------- history
@every_role
def test_the_history_of_a_client(book: Book, role: str) -> None:
    if not any(sees(role, area) for area in AREAS.values()):
        with pytest.raises(PermissionRefused):
            book.history(OWN)
        return
    told = text_of(book.history(OWN))
    wrong = [
        f"{area.name}.{field.name}"
        for area, field in CELLS
        if telling(field) and shows(ROLES[role], area, field) != "plain"
        if written(planted(area, field, OWN)) in told
    ]
    assert wrong == []


@pytest.mark.parametrize("role", [name for name, role in ROLES.items() if role.rows != "all"])
def test_the_history_of_anothers_client_is_refused(book: Book, role: str) -> None:
    with pytest.raises(PermissionRefused, match="own clients only"):
        book.history(OTHER)


# ----------------------------------------------------------------------------------- looked up
@every_role
@every_area
def test_a_look_at_identity(book: Book, role: str, area: AreaInfo) -> None:
    if not (ROLES[role].may_look_up and sees(role, area)):
        with pytest.raises(PermissionRefused):
            book.look_up(area.name, [OWN, OTHER], "asked by phone")
        return
    plainly = ROLES[role].model_copy(update={"identity": "plain"})
    if not of_clients(area):
        with pytest.raises(ParameterError, match="tells of no clients"):
            book.look_up(area.name, [OWN], "asked by phone")
        return
    told = text_of(book.look_up(area.name, [OWN, OTHER], "asked by phone"))
    assert list(out_of(told, plainly, area)) == []


# -------------------------------------------------------------------------------------- changed
@every_role
def test_only_a_role_that_may_edit_opens_the_book_for_writing(
    copied: Callable[[Path], Workbook], tmp_path: Path, role: str
) -> None:
    made = copied(tmp_path / "firm")
    (made.folder / "workbook.toml").write_text(SETTINGS, "utf-8")
    if ROLES[role].may_edit:
        with open_book(made.folder, role=role, write=True) as book:
            assert book.counts()["clients"] == 0
        return
    with pytest.raises(PermissionRefused, match="may not add rows"):
        open_book(made.folder, role=role, write=True)


# ---------------------------------------------------------------------------------- searched
def searched_by(book: Book, role: str, query: str, sort: str = "") -> bool | None:
    """Whether the own client is found; None where the role is refused. Nobody else's may ever be."""
    try:
        found = book.search(query, sort=sort)
    except PermissionRefused:
        return None
    if ROLES[role].rows != "all":
        assert OTHER not in set(found.rows["client_id"])
    return OWN in set(found.rows["client_id"])


@every_role
def test_a_condition_of_a_search(book: Book, role: str) -> None:
    wrong = []
    for area, field in CELLS:
        if area.name not in CONDITIONED or field.name == "client_id":
            continue
        if sees_clients(role):
            met = searched_by(book, role, f'{area.name}.{field.name}!=""')
        else:
            with pytest.raises(PermissionRefused):
                book.search(f'{area.name}.{field.name}!=""')
            continue
        shown = shows(ROLES[role], area, field)
        if (met is None) != (shown == "hidden"):
            wrong.append(f"{area.name}.{field.name}: {met}, but it is {shown}")
    assert wrong == []


@every_role
def test_the_order_of_a_search(book: Book, role: str) -> None:
    wrong = []
    for area, field in CELLS:
        if area.name not in CONDITIONED or field.name == "client_id" or not sees_clients(role):
            continue
        met = searched_by(book, role, "", sort=f"{area.name}.{field.name}")
        shown = shows(ROLES[role], area, field)
        allowed = shown == "plain" or (shown == "bands" and field.sensitivity != "I")
        if (met is None) == allowed:
            wrong.append(f"{area.name}.{field.name}: {met}, but it is {shown}")
    assert wrong == []


@every_role
def test_what_a_search_tells(book: Book, role: str) -> None:
    if not sees_clients(role):
        return
    fields = [
        f"{area.name}.{field.name}"
        for area, field in CELLS
        if area.name in CONDITIONED and shows(ROLES[role], area, field) != "hidden"
    ]
    queries = [" ".join(f'{name}!=""' for name in part) for part in batched(fields, 20)]
    told = "".join(text_of(book.search(query).rows) for query in queries)
    wrong = [
        f"{area.name}.{field.name}"
        for area, field in CELLS
        if telling(field) and (field.sensitivity == "I" or shows(ROLES[role], area, field) != "plain")
        if written(planted(area, field, OWN)) in told
    ]
    assert wrong == []


def batched(names: list[str], size: int) -> Iterator[list[str]]:
    yield from (names[first : first + size] for first in range(0, len(names), size))


def sees_clients(role: str) -> bool:
    return sees(role, AREAS["clients"])


# ---------------------------------------------------------------------------------- exported
@every_role
@every_area
def test_an_export(book: Book, tmp_path: Path, role: str, area: AreaInfo) -> None:
    target = tmp_path / "out.parquet"
    if not (ROLES[role].may_export and sees(role, area)):
        with pytest.raises(PermissionRefused):
            export(book, [area.name], target)
        assert not target.exists()
        return
    export(book, [area.name], target)
    assert list(out_of(text_of(pd.read_parquet(target)), ROLES[role], area)) == []
