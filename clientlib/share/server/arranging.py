"""Schemas, tables, grants, policies and views brought into the order that was agreed, inside a transaction.

They are laid out anew only where something else is agreed than last time, or the server's catalogue says
something else than it did then: laying out has to wait for whoever is reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from clientlib.book.connection import quoted
from clientlib.errors import Words
from clientlib.share.errors import NOBODY, ShareError
from clientlib.share.server import catalogue
from clientlib.share.server.layout import STANDING, STATE, Layout, Table, own_schemas

_ADVICE = Words(
    "Name another schema in workbook.toml, [share] server_schema.",
    "请在 workbook.toml 的 [share] server_schema 中改用其他架构。",
)

Server = psycopg.Connection[Any]


@dataclass(frozen=True)
class Standing:
    """What was last laid out: for which book, its fingerprint, the departments and their roles, and what the
    catalogue then said."""

    book_id: str = ""
    fingerprint: str = ""
    departments: Sequence[str] = ()
    roles: Sequence[str] = ()
    facts: Sequence[str] = ()

    @classmethod
    def of(cls, server: Server, schema: str) -> Standing:
        columns = "book_id, fingerprint, departments, roles, facts"
        row = server.execute(f"SELECT {columns} FROM {quoted(schema)}.{STANDING}").fetchone()
        return cls(*row) if row else cls()


# --------------------------------------------------------------------------------- before
def prepare(server: Server, layout: Layout) -> tuple[str, ...]:
    """Make the roles and tables that are missing, and take away what is no longer agreed.

    Returns
    -------
    tuple of str
        Departments that get nothing any more.

    Raises
    ------
    ShareError
        A role is missing that may not be made, or a table is in the way.
    """
    _make_roles(server, layout.roles)
    if STATE not in catalogue.columns(server, layout.schema):
        if not layout.agreed:
            raise ShareError(*NOBODY)
        _make_own_tables(server, layout)
    stands = Standing.of(server, layout.schema)
    departments = stands.departments
    _see_to_whose(server, layout, stands)
    agreed = {each.name for each in layout.agreed}
    gone = tuple(name for name in departments if name not in agreed)
    for name in gone:
        _drop_views(server, [layout.own_schema(name)])
        server.execute(f"DROP SCHEMA IF EXISTS {quoted(layout.own_schema(name))}")
    _make_tables(server, layout, departments)
    return gone


def _see_to_whose(server: Server, layout: Layout, stands: Standing) -> None:
    """Make sure that nothing of another book, or of somebody else, is replaced."""
    if stands.book_id not in ("", layout.book_id):
        raise ShareError(
            f'The schema "{layout.schema}" of the server holds rows of another book. {_ADVICE.en}',
            f"服务器的架构“{layout.schema}”中是另一个台账的数据。{_ADVICE.zh}",
        )
    new = [layout.own_schema(each.name) for each in layout.agreed if each.name not in stands.departments]
    query = """SELECT min(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY(%s)"""
    taken = server.execute(query, [new]).fetchone()
    if taken is not None and taken[0] is not None:
        raise ShareError(
            f'The server has a schema "{taken[0]}" that clientlib did not fill. {_ADVICE.en}',
            f"服务器上已有架构“{taken[0]}”，但不是由 clientlib 建立的。{_ADVICE.zh}",
        )


def _make_roles(server: Server, roles: Sequence[str]) -> None:
    missing = [role for role in roles if role not in catalogue.known_roles(server, roles)]
    if not missing:
        return
    may = "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
    if server.execute(may).fetchone() != (True,):
        raise ShareError(
            f"The server has no role {', '.join(missing)}, and this user may not make any. Let its "
            "administrator run what this prints: clientlib share --print-sql",
            f"服务器上没有角色 {'、'.join(missing)}，且当前用户无权建立角色。"
            "请让服务器管理员执行以下命令输出的语句：clientlib share --print-sql",
        )
    for role in missing:
        server.execute(f"CREATE ROLE {quoted(role)} NOLOGIN")
        server.execute(f"GRANT {quoted(role)} TO CURRENT_USER{to_try_as(server)}")


def to_try_as(server: Server) -> str:
    """How whoever shares gets a role only to take it for a trial, where the server can tell that apart."""
    return " WITH INHERIT FALSE, SET TRUE" if server.info.server_version >= 160_000 else ""


def _make_own_tables(server: Server, layout: Layout) -> None:
    first, *others = layout.own_tables()
    known = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
    # Asked first: who may not make schemas may use one that an administrator made for this.
    if server.execute(known, [layout.schema]).fetchone() is None:
        server.execute(first)
    for statement in others:
        server.execute(statement)


def _make_tables(server: Server, layout: Layout, departments: Sequence[str]) -> None:
    there = catalogue.columns(server, layout.schema)
    query = f"SELECT area FROM {quoted(layout.schema)}.{STATE}"
    ours = {row[0] for row in server.execute(query).fetchall()}
    unlike = [
        name for name in ours if name not in layout.tables or there.get(name) != layout.tables[name].columns
    ]
    if unlike:
        # Views rest on these tables; they are laid out again at the end.
        _drop_views(server, [layout.own_schema(name) for name in departments])
    for name in unlike:
        server.execute(f"DROP TABLE IF EXISTS {quoted(layout.schema)}.{quoted(name)}")
        server.execute(f"DELETE FROM {quoted(layout.schema)}.{STATE} WHERE area = %s", [name])
    for name, table in layout.tables.items():
        if name not in ours or name in unlike:
            _make_table(server, table, layout.schema, in_the_way=name in there and name not in ours)


def _make_table(server: Server, table: Table, schema: str, *, in_the_way: bool) -> None:
    name = table.shared.area.name
    if in_the_way:
        raise ShareError(
            f'The schema "{schema}" of the server has a table "{name}" that clientlib did not make. '
            f"{_ADVICE.en}",
            f"服务器的架构“{schema}”中已有表“{name}”，但不是由 clientlib 建立的。{_ADVICE.zh}",
        )
    for statement in table.made():
        server.execute(statement)
    server.execute(f"INSERT INTO {quoted(schema)}.{STATE} VALUES (%s, 0, '', 0)", [name])


def _drop_views(server: Server, schemas: Sequence[str]) -> None:
    query = "SELECT schemaname, viewname FROM pg_views WHERE schemaname = ANY(%s)"
    for schema, view in server.execute(query, [list(schemas)]).fetchall():
        server.execute(f"DROP VIEW {quoted(schema)}.{quoted(view)}")


# ---------------------------------------------------------------------------------- after
def arrange(server: Server, layout: Layout) -> bool:
    """See to it that everybody may read exactly what was agreed.

    Returns
    -------
    bool
        Whether anything had to be laid out.
    """
    stands = Standing.of(server, layout.schema)
    departments = [each.name for each in layout.agreed]
    schemas = own_schemas(layout.schema, departments)
    roles = layout.roles
    if stands.fingerprint == layout.fingerprint and stands.facts == _texts(server, schemas, roles):
        return False
    _clear(server, schemas, [*roles, *stands.roles])
    for statement in layout.arranged():
        server.execute(statement)
    server.execute(f"DELETE FROM {quoted(layout.schema)}.{STANDING}")
    values = [layout.book_id, layout.fingerprint, departments, roles, _texts(server, schemas, roles)]
    server.execute(f"INSERT INTO {quoted(layout.schema)}.{STANDING} VALUES (%s, %s, %s, %s, %s)", values)
    return True


def _texts(server: Server, schemas: Sequence[str], roles: Sequence[str]) -> list[str]:
    return [fact.text for fact in catalogue.facts(server, schemas, roles)]


def _clear(server: Server, schemas: Sequence[str], roles: Sequence[str]) -> None:
    """Take away every view, policy and grant, whoever gave it."""
    _drop_views(server, schemas[1:])
    policies = "SELECT policyname, tablename FROM pg_policies WHERE schemaname = %s"
    for policy, table in server.execute(policies, [schemas[0]]).fetchall():
        server.execute(f"DROP POLICY {quoted(policy)} ON {quoted(schemas[0])}.{quoted(table)}")
    by_rows = (
        "SELECT tablename FROM pg_tables WHERE schemaname = %s AND NOT rowsecurity AND tablename ~ '^[^_]'"
    )
    for (table,) in server.execute(by_rows, [schemas[0]]).fetchall():
        server.execute(f"ALTER TABLE {quoted(schemas[0])}.{quoted(table)} ENABLE ROW LEVEL SECURITY")
    there = {fact.grantee for fact in catalogue.facts(server, schemas, roles) if fact.grantee}
    known = "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)"
    for (schema,) in server.execute(known, [list(schemas)]).fetchall():
        for grantee in sorted(there):
            whom = "PUBLIC" if grantee == catalogue.EVERYBODY else quoted(grantee)
            server.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA {quoted(schema)} FROM {whom}")
            server.execute(f"REVOKE ALL ON SCHEMA {quoted(schema)} FROM {whom}")
