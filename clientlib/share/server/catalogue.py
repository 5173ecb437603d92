"""What the server's own catalogue says of our schemas and roles, one line a fact, to be compared later.

Everything by which somebody could come to read or write more, or less: grants of any kind to anybody, owners,
policies, views, and what a department's role may do beyond them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

EVERYBODY = "everybody"
_GRANTEE = f"CASE WHEN a.grantee = 0 THEN '{EVERYBODY}' ELSE pg_get_userbyid(a.grantee)::text END"
_FACTS = f"""
SELECT format('schema %%s: %%s to %%s', n.nspname, a.privilege_type, {_GRANTEE}), {_GRANTEE}
FROM pg_namespace n, aclexplode(n.nspacl) a
WHERE n.nspname = ANY(%(schemas)s) AND a.grantee <> n.nspowner
UNION ALL
SELECT format('%%s.%%s: %%s to %%s', n.nspname, c.relname, a.privilege_type, {_GRANTEE}), {_GRANTEE}
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
WHERE n.nspname = ANY(%(schemas)s) AND a.grantee <> c.relowner
UNION ALL
SELECT format('%%s.%%s, column %%s: %%s to %%s', n.nspname, c.relname, t.attname, a.privilege_type,
    {_GRANTEE}), {_GRANTEE}
FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace,
    aclexplode(t.attacl) a
WHERE n.nspname = ANY(%(schemas)s) AND a.grantee <> c.relowner AND NOT t.attisdropped
UNION ALL
SELECT format('%%s.%%s: owned by %%s%%s', n.nspname, c.relname, pg_get_userbyid(c.relowner),
    CASE WHEN c.relkind = 'r' AND c.relname NOT LIKE '\\_%%'
         THEN CASE WHEN c.relrowsecurity THEN ', by rows' ELSE ', all rows' END ELSE '' END), NULL
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%(schemas)s) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
UNION ALL
SELECT format('%%s.%%s: policy %%s, %%s for %%s to %%s: %%s', schemaname, tablename, policyname, permissive,
    cmd, array_to_string(roles, ', '), qual), NULL
FROM pg_policies WHERE schemaname = ANY(%(schemas)s)
UNION ALL
SELECT format('view %%s.%%s (%%s): %%s', n.nspname, c.relname, array_to_string(c.reloptions, ', '),
    regexp_replace(pg_get_viewdef(c.oid), '\\s+', ' ', 'g')), NULL
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY(%(schemas)s) AND c.relkind = 'v'
UNION ALL
SELECT format('role %%s: %%s', rolname, concat_ws(', ', CASE WHEN rolsuper THEN 'superuser' END,
    CASE WHEN rolbypassrls THEN 'sees all rows' END, CASE WHEN rolcreaterole THEN 'makes roles' END,
    CASE WHEN rolcreatedb THEN 'makes databases' END, CASE WHEN rolreplication THEN 'replicates' END)), NULL
FROM pg_roles WHERE rolname = ANY(%(roles)s)
UNION ALL
SELECT format('role %%s: member of %%s', member.rolname, of.rolname), NULL
FROM pg_auth_members m JOIN pg_roles member ON member.oid = m.member JOIN pg_roles of ON of.oid = m.roleid
WHERE member.rolname = ANY(%(roles)s)
"""


@dataclass(frozen=True, order=True)
class Fact:
    """One thing that the catalogue says, and of a grant to whom it is."""

    text: str
    grantee: str | None

    @property
    def is_of_a_role(self) -> bool:
        """Whether it says what a role may do or belongs to, wherever."""
        return self.text.startswith("role ")

    @property
    def is_too_much(self) -> bool:
        """Whether a role may do more than read what it was granted."""
        return self.is_of_a_role and not self.text.endswith(": ")


def facts(connection: psycopg.Connection[Any], schemas: Sequence[str], roles: Sequence[str]) -> list[Fact]:
    """All that the catalogue says of these schemas and roles, sorted."""
    rows = connection.execute(_FACTS, {"schemas": list(schemas), "roles": list(roles)}).fetchall()
    return sorted((Fact(*row) for row in rows), key=lambda fact: fact.text)


def columns(connection: psycopg.Connection[Any], schema: str) -> dict[str, dict[str, str]]:
    """The columns of each table of a schema, and their types."""
    rows = connection.execute(
        """SELECT c.relname, t.attname, format_type(t.atttypid, t.atttypmod)
        FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relkind = 'r' AND t.attnum > 0 AND NOT t.attisdropped
        ORDER BY c.relname, t.attnum""",
        [schema],
    ).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def known_roles(connection: psycopg.Connection[Any], roles: Sequence[str]) -> set[str]:
    """Those of `roles` that the server has."""
    query = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
    return {row[0] for row in connection.execute(query, [list(roles)]).fetchall()}
