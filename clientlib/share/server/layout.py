"""What has to be on the server for what was agreed: schemas, tables, grants, policies and views, as SQL.

Nothing is asked or run here, and no value of the book is in it but the names of branches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from clientlib.book.connection import literal, quoted
from clientlib.share.agreement import Agreed, SharedArea, Shown, together
from clientlib.share.reading import BRANCH
from clientlib.tables import Areas

DIGEST = "_digest"
"""Of a row as it is shared: by it rows are known again."""
UPDATED = "_updated"
"""When a row came to the server or last changed there; departments see it."""
STATE = "_shared"
"""One row a table: its count, a fingerprint of its rows, the batch it was last changed at."""
STANDING = "_standing"
"""One row: whose rows these are, and what the server's catalogue said right after the last laying out."""
ABOUT = "_about"
"""One row that departments may read: as of which batch all is."""
_TYPES: Mapping[type[pl.DataType], str] = {
    pl.String: "text",
    pl.Boolean: "boolean",
    pl.Int64: "bigint",
    pl.Float64: "double precision",
    pl.Date: "date",
    pl.Datetime: "timestamp with time zone",
}


@dataclass(frozen=True)
class Table:
    """A table of rows for several departments."""

    schema: str
    shared: SharedArea

    @property
    def name(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.shared.area.name)}"

    @property
    def columns(self) -> dict[str, str]:
        """Its columns and their types, as the server's catalogue names them."""
        fields = {each.stored: _type(each) for each in self.shared.fields}
        return fields | {BRANCH: "text", DIGEST: "uuid", UPDATED: "timestamp with time zone"}

    def made(self) -> list[str]:
        columns = [f"{quoted(name)} {kind}" for name, kind in self.columns.items()]
        columns[-1] += " NOT NULL DEFAULT now()"
        key = ", ".join(map(quoted, self.shared.key))
        return [
            f"CREATE TABLE {self.name} ({', '.join(columns)})",
            f"ALTER TABLE {self.name} ENABLE ROW LEVEL SECURITY",
            f"CREATE INDEX ON {self.name} ({quoted(DIGEST)})",
            f"CREATE INDEX ON {self.name} ({key})",
        ]


def _type(shown: Shown) -> str:
    return "text" if shown.is_text else _TYPES[type(shown.field.dtype)]


@dataclass(frozen=True)
class Layout:
    """All that has to be on the server."""

    book_id: str
    schema: str
    agreed: tuple[Agreed, ...]
    tables: Mapping[str, Table]

    @classmethod
    def of(cls, book_id: str, schema: str, agreed: tuple[Agreed, ...], areas: Areas) -> Layout:
        shared = together(agreed, areas)
        return cls(book_id, schema, agreed, {each.area.name: Table(schema, each) for each in shared})

    def own_schema(self, department: str) -> str:
        """The schema in which a department has its views."""
        return f"{self.schema}_{department}"

    @property
    def roles(self) -> list[str]:
        return [each.server_role for each in self.agreed]

    @property
    def fingerprint(self) -> str:
        """Another one wherever something else is agreed."""
        said = "\n".join([*self.arranged(), *(s for t in self.tables.values() for s in t.made())])
        return hashlib.sha256(said.encode()).hexdigest()

    # ------------------------------------------------------------------------- made once
    def own_tables(self) -> list[str]:
        """The schema, and the tables that are of no area."""
        base = quoted(self.schema)
        return [
            f"CREATE SCHEMA IF NOT EXISTS {base}",
            f"CREATE TABLE IF NOT EXISTS {base}.{STATE} "
            "(area text PRIMARY KEY, rows bigint, fingerprint text, batch integer)",
            f"CREATE TABLE IF NOT EXISTS {base}.{STANDING} "
            "(book_id text, fingerprint text, departments text[], roles text[], facts text[])",
            f"CREATE TABLE IF NOT EXISTS {base}.{ABOUT} "
            "(batch integer, recorded_at timestamp with time zone, shared_at timestamp with time zone)",
        ]

    def roles_for_dba(self, publisher: str, database: str) -> list[str]:
        """What needs rights that whoever publishes may not have: roles, and the right to make schemas."""
        lines = [
            f"GRANT CREATE ON DATABASE {quoted(database)} TO {quoted(publisher)};",
            "-- clientlib share --check takes a department's role to try what it can read. PostgreSQL 15 "
            "does not know the words from WITH on: leave them out there.",
        ]
        for role in self.roles:
            lines.append(f"CREATE ROLE {quoted(role)} NOLOGIN;")
            lines.append(f"GRANT {quoted(role)} TO {quoted(publisher)} WITH INHERIT FALSE, SET TRUE;")
        return lines

    # -------------------------------------------------------------------------- laid out
    def arranged(self) -> list[str]:
        """Who may read what; after `cleared`."""
        statements = [f"REVOKE ALL ON SCHEMA {quoted(self.schema)} FROM PUBLIC"]
        for agreed in self.agreed:
            statements += self._arranged_for(agreed)
        return statements

    def _arranged_for(self, agreed: Agreed) -> list[str]:
        own, role = quoted(self.own_schema(agreed.name)), quoted(agreed.server_role)
        about = f"{quoted(self.schema)}.{ABOUT}"
        statements = [
            f"CREATE SCHEMA IF NOT EXISTS {own}",
            f"REVOKE ALL ON SCHEMA {own} FROM PUBLIC",
            f"GRANT USAGE ON SCHEMA {own} TO {role}",
            f"GRANT SELECT ON {about} TO {role}",
            f"CREATE VIEW {own}.{ABOUT} WITH (security_invoker) AS SELECT * FROM {about}",
            f"GRANT SELECT ON {own}.{ABOUT} TO {role}",
        ]
        for name, shared in agreed.areas.items():
            table = self.tables[name].name
            view = f"{own}.{quoted(name)}"
            columns = [*(each.stored for each in shared.fields), UPDATED]
            listed = ", ".join(f"{quoted(e.stored)} AS {quoted(e.field.name)}" for e in shared.fields)
            statements += [
                f"GRANT SELECT ({', '.join(map(quoted, columns))}) ON {table} TO {role}",
                f"CREATE POLICY {role} ON {table} FOR SELECT TO {role} USING ({rows_of(agreed, shared)})",
                f"CREATE VIEW {view} WITH (security_invoker, security_barrier) AS "
                f"SELECT {listed}, {UPDATED} FROM {table}",
                f"GRANT SELECT ON {view} TO {role}",
            ]
        return statements


def rows_of(agreed: Agreed, shared: SharedArea) -> str:
    """The condition on the rows of a table that a department gets."""
    if not agreed.branches or not shared.of_clients:
        return "true"
    return f"{BRANCH} IN ({', '.join(map(literal, agreed.branches))})"


def own_schemas(schema: str, departments: Sequence[str]) -> list[str]:
    """The schemas of departments, the one of all rows first."""
    return [schema, *(f"{schema}_{name}" for name in departments)]
