"""Proof, from each department's own connection, of what it can and cannot read, against what was agreed.

Two ways that do not rest on one another: everything is tried, as the department; and the server's catalogue
is compared with what it said right after the rows were last shared, which also finds a grant to a stranger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
import psycopg

from clientlib.book import Book
from clientlib.book.connection import quoted
from clientlib.errors import Words
from clientlib.share.agreement import Agreed, SharedArea
from clientlib.share.errors import ShareError
from clientlib.share.server import catalogue
from clientlib.share.server.address import Address, telling
from clientlib.share.server.arranging import Standing
from clientlib.share.server.layout import ABOUT, STANDING, STATE, UPDATED, Layout, own_schemas, rows_of
from clientlib.share.server.publish import alone, layout_of
from clientlib.tables import AreaInfo, Areas

Server = psycopg.Connection[Any]
What = Literal[
    "reads", "cannot_read", "other_rows", "writes", "appeared", "disappeared", "stranger", "role", "settings"
]


@dataclass(frozen=True)
class Difference:
    """One thing on the server that is not as it was agreed.

    Attributes
    ----------
    what : str
        `reads`: something that was not agreed; `cannot_read`: something that was; `other_rows`: more, fewer
        or others than agreed; `writes`; `appeared`, `disappeared`: in the server's catalogue since the rows
        were last shared; `stranger`: somebody who is no department was granted something; `role`: a
        department's role may do more than it was granted; `settings`: they were changed since.
    department : str
        Empty where it is about none.
    where : str
        What it is about, in the server's names.
    """

    what: What
    department: str
    where: str


@dataclass(frozen=True)
class Checked:
    """What was tried, and what is not as it was agreed.

    Attributes
    ----------
    tried : polars.DataFrame
        `department`, `area`, `readable` and `refused` (columns), `rows` that the department sees, `of` those
        that there are, `writes_refused`.
    differences : tuple of Difference
        None: all is as agreed.
    """

    tried: pl.DataFrame
    differences: tuple[Difference, ...]


def check(book: Book, address: Address, own: Mapping[str, Address] | None = None) -> Checked:
    """Try, as each department, all that it should and should not be able to do.

    Parameters
    ----------
    book : Book
        Opened by a role that may keep it: the settings and the table are read, no row is.
    address : Address
        Of whoever shares.
    own : mapping of str to Address, optional
        How a department itself connects; by default whoever shares takes its role on a connection of its own.

    Raises
    ------
    PermissionRefused
        The role may not share.
    ShareError
        Nothing was shared there yet; or the server cannot be reached.
    """
    what = Words("look into what is shared with other departments", "查看与其他部门共享的内容")
    book.access.needs("may_keep", what)
    layout = layout_of(book)
    tried: list[dict[str, object]] = []
    differences: list[Difference] = []
    with telling(address), address.connect() as server, server.transaction():
        alone(server, layout.schema, book.settings.book.wait_seconds)
        _need_shared(server, layout)
        differences += _against_catalogue(server, layout)
        for agreed in layout.agreed:
            at = (own or {}).get(agreed.name)
            with at.connect() if at else address.connect(role=agreed.server_role) as theirs:
                trial = _Trial(server, theirs, layout, agreed, book.areas)
                differences += [Difference(what, agreed.name, where) for what, where in trial.run()]
                tried += trial.tried
    return Checked(pl.DataFrame(tried, schema=_TRIED), tuple(differences))


_TRIED = {
    "department": pl.String,
    "area": pl.String,
    **dict.fromkeys(("readable", "refused", "rows", "of", "writes_refused"), pl.Int64),
}


def _need_shared(server: Server, layout: Layout) -> None:
    if STANDING not in catalogue.columns(server, layout.schema):
        raise ShareError(
            f'Nothing was shared there yet: the server has no schema "{layout.schema}" of clientlib. '
            "Share first, then check.",
            f"该服务器上尚未共享任何内容：没有 clientlib 的架构“{layout.schema}”。请先共享，再验证。",
        )


# ------------------------------------------------------------------------------ catalogue
def _against_catalogue(server: Server, layout: Layout) -> Iterator[Difference]:
    stands = Standing.of(server, layout.schema)
    if stands.fingerprint != layout.fingerprint:
        yield Difference("settings", "", layout.schema)
    now = catalogue.facts(server, own_schemas(layout.schema, stands.departments), stands.roles)
    texts = {fact.text for fact in now}
    yield from (Difference("appeared", "", text) for text in sorted(texts - set(stands.facts)))
    yield from (Difference("disappeared", "", text) for text in stands.facts if text not in texts)
    for fact in now:
        if fact.grantee is not None and fact.grantee not in stands.roles:
            yield Difference("stranger", "", fact.text)
        if fact.is_too_much:
            yield Difference("role", "", fact.text)


# ---------------------------------------------------------------------------------- tried
class _Trial:
    """Everything tried by one department."""

    def __init__(self, server: Server, theirs: Server, layout: Layout, agreed: Agreed, areas: Areas) -> None:
        self.tried: list[dict[str, object]] = []
        self._server = server
        self._theirs = theirs
        # Whoever may empty a table would wait here for those who read it, ourselves among them.
        theirs.execute("SET lock_timeout = '100ms'")
        self._layout = layout
        self._agreed = agreed
        self._areas = areas
        self._own = layout.own_schema(agreed.name)

    def run(self) -> Iterator[tuple[What, str]]:
        for area in self._areas.values():
            yield from self._area(area)
        yield from self._elsewhere()

    def _area(self, area: AreaInfo) -> Iterator[tuple[What, str]]:
        shared = self._agreed.areas.get(area.name)
        view = f"{quoted(self._own)}.{quoted(area.name)}"
        granted = {each.field.name for each in shared.fields} | {UPDATED} if shared else set()
        readable = refused = 0
        for name in [*(field.name for field in area.fields), UPDATED]:
            reads = self._may(f"SELECT {quoted(name)} FROM {view} WHERE false")
            readable, refused = readable + reads, refused + (not reads)
            if reads != (name in granted):
                yield "reads" if reads else "cannot_read", f"{self._own}.{area.name}.{name}"
        if shared is None:
            return
        seen, there, total = self._rows(shared, view)
        if seen != there:
            yield "other_rows", f"{self._own}.{area.name}"
        writes = [words for words in _writes(view, shared.key[0]) if self._may(words)]
        yield from (("writes", words) for words in writes)
        self.tried.append(
            {
                "department": self._agreed.name,
                "area": area.name,
                "readable": readable,
                "refused": refused,
                "rows": seen[0] if seen else 0,
                "of": total,
                "writes_refused": len(_writes(view, "")) - len(writes),
            }
        )

    def _rows(self, shared: SharedArea, view: str) -> tuple[tuple[int, Any] | None, tuple[int, Any], int]:
        """Which rows the department sees, which it should, each as a count and a sum over the keys; and of
        how many."""
        table = self._layout.tables[shared.area.name].name
        keys = ", ".join(f"{quoted(key)}::text" for key in shared.key)
        summed = f"SELECT count(*), sum(hashtextextended(concat_ws(chr(31), {keys}), 0)) FROM"
        should = self._server.execute(f"{summed} {table} WHERE {rows_of(self._agreed, shared)}").fetchone()
        total = self._server.execute(f"SELECT count(*) FROM {table}").fetchone()
        try:
            sees = self._theirs.execute(f"{summed} {view}").fetchone()
        except (psycopg.errors.InsufficientPrivilege, *_NOT_THERE):
            sees = None
        return sees, should or (0, None), total[0] if total else 0

    def _elsewhere(self) -> Iterator[tuple[What, str]]:
        """Where the department has no business: the tables under the views, and what others get."""
        base = self._layout.schema
        for name, table in self._layout.tables.items():
            for column in table.columns:
                if self._may(f"SELECT {quoted(column)} FROM {table.name} WHERE false"):
                    yield "reads", f"{base}.{name}.{column}"
            writes = [*_writes(table.name, UPDATED), f"TRUNCATE {table.name}"]
            yield from (("writes", words) for words in writes if self._may(words))
        for name in (STATE, STANDING, ABOUT):
            if self._may(f"SELECT FROM {quoted(base)}.{name} WHERE false"):
                yield "reads", f"{base}.{name}"
        for other in self._layout.agreed:
            for name in other.areas if other.name != self._agreed.name else ():
                schema = self._layout.own_schema(other.name)
                if self._may(f"SELECT FROM {quoted(schema)}.{quoted(name)} WHERE false"):
                    yield "reads", f"{schema}.{name}"

    def _may(self, words: str) -> bool:
        """Whether the server lets the department do this; whatever it does is taken back."""
        try:
            with self._theirs.transaction(force_rollback=True):
                self._theirs.execute(words)
        except (psycopg.errors.InsufficientPrivilege, *_NOT_THERE):
            return False
        except (psycopg.IntegrityError, psycopg.errors.LockNotAvailable):
            # Refused for what is in the row, or for who else is at the table: it had the right.
            return True
        return True


_NOT_THERE = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InvalidSchemaName,
)
"""What is not there cannot be read either."""


def _writes(relation: str, column: str) -> list[str]:
    """Ways to write by which no row is concerned."""
    return [
        f"INSERT INTO {relation} DEFAULT VALUES",
        f"UPDATE {relation} SET {quoted(column)} = DEFAULT WHERE false",
        f"DELETE FROM {relation} WHERE false",
    ]
