"""Every department × area × column × operation, tried on a real server as that department.

What is expected is worked out here once more, from the settings and the table alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clientlib import config
from clientlib.declare import Field
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

from ..conftest import AGREED, Database, share

Server = psycopg.Connection[Any]
DEPARTMENTS = ("risk", "marketing", "management", "north")
REFUSED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
)
READING = {
    "select": 'SELECT "{column}" FROM {relation}',
    "count": 'SELECT count("{column}") FROM {relation}',
    "group_by": 'SELECT count(*) FROM {relation} GROUP BY "{column}"',
    "order_by": 'SELECT 1 FROM {relation} ORDER BY "{column}"',
    "where": 'SELECT 1 FROM {relation} WHERE "{column}" IS NULL',
    "join": 'SELECT 1 FROM {relation} a JOIN {relation} b USING ("{column}") LIMIT 1',
    "copy": 'COPY (SELECT "{column}" FROM {relation}) TO STDOUT',
}
WRITING = {
    "insert": 'INSERT INTO {relation} ("{column}") VALUES (NULL)',
    "update": 'UPDATE {relation} SET "{column}" = NULL',
    "delete": 'DELETE FROM {relation} WHERE "{column}" IS NULL',
    "returning": 'UPDATE {relation} SET "{column}" = "{column}" RETURNING "{column}"',
    "lock": 'SELECT "{column}" FROM {relation} FOR UPDATE',
}


@pytest.fixture(scope="module")
def shared(demo: Path, make_database: Callable[[], Database]) -> Database:
    made = make_database()
    share(Workbook(demo), made)
    return made


@pytest.fixture(scope="module")
def connections(shared: Database) -> Iterator[dict[str, Server]]:
    opened = {name: shared.address.connect(role=f"clientlib_{name}") for name in DEPARTMENTS}
    yield opened
    for connection in opened.values():
        connection.close()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> config.Settings:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "workbook.toml").write_text(AGREED, "utf-8")
    return config.load(folder)


def readable(settings: config.Settings, department: str, field: Field) -> bool:
    given = settings.share.departments[department]
    role = settings.roles[given.role]
    seen = [role.areas, given.areas]
    if any(areas != "all" and field.area not in areas for areas in seen):
        return False
    if field.sensitivity == "N":
        return True
    free = field.name in ("remarks", "text", "comment", "reason")
    banded = role.bands and (field.kind == "money" or field.name == "birth_date")
    return field.sensitivity == "S" and not free and (role.sensitivity == "S" or banded)


def may(connection: Server, words: str) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            if words.startswith("COPY"):
                with connection.cursor().copy(words.encode()) as copy:
                    list(copy)
            else:
                connection.execute(words.encode())
    except REFUSED:
        return False
    return True


@pytest.mark.parametrize("operation", READING)
@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("department", DEPARTMENTS)
def test_a_department_reads_the_columns_agreed_and_no_others(
    connections: dict[str, Server], settings: config.Settings, department: str, area: str, operation: str
) -> None:
    relation = f"clientlib_{department}.{area}"
    for field in AREAS[area].fields:
        words = READING[operation].format(relation=relation, column=field.name)
        assert may(connections[department], words) == readable(settings, department, field), words


@pytest.mark.parametrize("operation", WRITING)
@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("department", DEPARTMENTS)
def test_a_department_writes_nothing(
    connections: dict[str, Server], department: str, area: str, operation: str
) -> None:
    for relation in (f"clientlib_{department}.{area}", f"clientlib.{area}"):
        for field in AREAS[area].fields:
            words = WRITING[operation].format(relation=relation, column=field.name)
            assert not may(connections[department], words), words


@pytest.mark.parametrize("operation", READING)
@pytest.mark.parametrize("department", DEPARTMENTS)
def test_the_tables_under_the_views_are_out_of_reach(
    connections: dict[str, Server], shared: Database, department: str, operation: str
) -> None:
    columns = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'clientlib'"
    )
    for table, column in shared.ask(columns):
        words = READING[operation].format(relation=f"clientlib.{table}", column=column)
        assert not may(connections[department], words), words


@pytest.mark.parametrize("other", DEPARTMENTS)
@pytest.mark.parametrize("department", DEPARTMENTS)
def test_what_another_department_gets_is_out_of_reach(
    connections: dict[str, Server], department: str, other: str
) -> None:
    reads = may(connections[department], f"SELECT client_id FROM clientlib_{other}.clients")
    assert reads == (department == other)


@pytest.mark.parametrize("area", ["clients", "contacts", "preferences", "feedback", "service_requests"])
def test_rows_of_other_branches_are_invisible(
    connections: dict[str, Server], shared: Database, area: str
) -> None:
    own = connections["north"].execute("SELECT DISTINCT branch FROM clientlib_north.clients").fetchall()
    assert len(own) == 1
    seen = connections["north"].execute(f"SELECT client_id FROM clientlib_north.{area}".encode()).fetchall()
    ours = f"SELECT client_id FROM clientlib.clients WHERE branch = '{own[0][0]}'"
    query = f"SELECT client_id FROM clientlib.{area}"
    assert sorted(seen) == sorted(shared.ask(f"{query} WHERE client_id IN ({ours})"))
    assert 0 < len(seen) < len(shared.ask(query))
