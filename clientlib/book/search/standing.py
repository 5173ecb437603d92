"""The clients as they stand at one moment, made ready for searching while the book is open.

What the role may see, merges and both clocks are worked out once, when something is first searched, and only
for the fields that are asked about. The tables lie in the memory of the two engines (which spill encrypted
what does not fit) and end with them: what is identity never leaves the vault's. A client is numbered by its
place among the client numbers, so that the two engines need exchange no more than such places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Protocol

import duckdb
import polars as pl
import pyarrow as pa

from clientlib import masks
from clientlib.book import merges
from clientlib.book.access import Access
from clientlib.book.clocks import Moment
from clientlib.book.connection import literal, quoted, telling_damage
from clientlib.book.files import Files
from clientlib.book.merges import CLIENT, RECORDED
from clientlib.book.search import names
from clientlib.book.search.fields import CONDITIONED
from clientlib.book.storage import NAMES
from clientlib.declare import Field
from clientlib.tables import AreaInfo, Areas
from clientlib.workbook import Workbook

SPOKEN = {"service_requests": "text", "feedback": "comment"}
"""The areas in which clients speak, and the field that holds their words."""
MOST_VALUES = 1_000
"""A field of text with more values than these is no list that one could choose from."""
_MARK = 0xE000
"""From here on, private characters of Unicode: each begins the text of one field."""
_SCHEMA = "memory.search"
_WHO = "who"
_NO_TEXTS = "SELECT CAST(NULL AS INTEGER) AS n, '' AS text WHERE false"
_NO_FORMS = (
    "SELECT CAST(NULL AS VARCHAR) AS client_id, 0 AS _batch, CAST(NULL AS VARCHAR) AS written, "
    "CAST(NULL AS VARCHAR) AS pinyin, CAST(NULL AS VARCHAR) AS initials WHERE false"
)
# Two versions of one client in one batch have two names there: which is whose is not told.
_FORMS = (
    "SELECT client_id, _batch, any_value(written) AS written, any_value(pinyin) AS pinyin, "
    f"any_value(initials) AS initials FROM vault.main.{NAMES} GROUP BY client_id, _batch HAVING count(*) = 1"
)
_number = count(1)


class Opened(Protocol):
    """What is needed of an open book."""

    workbook: Workbook
    areas: Areas
    access: Access
    _files: Files

    def _sql(self, area: AreaInfo, columns: Sequence[str], moment: Moment) -> str: ...


class Standing:
    """The clients at a moment, as the one who opened the book sees them.

    Parameters
    ----------
    opened : Opened
    moment : Moment
        With a business date: of each client one record stands.
    """

    def __init__(self, opened: Opened, moment: Moment) -> None:
        self.moment = moment
        self._opened = opened
        self._reader = opened._files.reader()
        self._tables: dict[str, str] = {}
        self._values: dict[tuple[str, str], list[str] | None] = {}
        self._asked: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Whether the engine that holds the tables is still the one that reads the book."""
        return self._opened._files.reader() is self._reader

    # ------------------------------------------------------------------------------- engines
    @contextmanager
    def on_book(self, **frames: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor on the book's engine, `frames` under their names on it."""
        cursor = self._reader.connection.cursor()
        with telling_damage(self._opened.workbook.book_file), _closing(cursor, frames):
            yield cursor

    @contextmanager
    def on_vault(self, **frames: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor on the vault's engine, likewise."""
        cursor = self._opened._files.vault().connection.cursor()
        with telling_damage(self._opened.workbook.vault_file), _closing(cursor, frames):
            yield cursor

    # -------------------------------------------------------------------------------- tables
    @property
    def clients(self) -> str:
        """The table of all clients: `n`, `client_id`, and `number`, which is that in lower case."""
        if "clients" not in self._tables:
            columns = [*self._identified("clients"), CLIENT]
            query = self._rows("clients", list(dict.fromkeys(columns)))
            numbered = f"SELECT CAST(row_number() OVER (ORDER BY {CLIENT}) AS INTEGER) AS n, *"
            made = self._made(
                f"{numbered}, lower({CLIENT}) AS number FROM ({query}) ORDER BY n", indexed=True
            )
            self._tables["clients"] = made
        return self._tables["clients"]

    def of(self, area: str, fields: Sequence[str]) -> dict[str, list[str]]:
        """The tables of the newest records of an area: `n` and those of `fields` that each has.

        Fields that are asked for together for the first time come into one table.
        """
        lacking = [name for name in dict.fromkeys(fields) if f"{area}.{name}" not in self._tables]
        if lacking:
            listed = ", ".join(f"r.{quoted(name)}" for name in lacking)
            query = self._rows(area, list(dict.fromkeys([CLIENT, *lacking])))
            joined = f"FROM ({query}) r JOIN {self.clients} c USING ({CLIENT}) ORDER BY c.n"
            name = self._made(f"SELECT c.n, {listed} {joined}", indexed=True)
            self._tables |= {f"{area}.{field}": name for field in lacking}
        found: dict[str, list[str]] = {}
        for field in dict.fromkeys(fields):
            found.setdefault(self._tables[f"{area}.{field}"], []).append(field)
        return found

    def column(self, field: Field) -> str:
        """The table that has one field, beside `n`."""
        return next(iter(self.of(field.area, [field.name])))

    def values(self, field: Field) -> list[str] | None:
        """The values that a field has, sorted; None where they are too many to choose from."""
        key = (field.area, field.name)
        if key not in self._values:
            column, table = quoted(field.name), self.column(field)
            query = (
                f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT {MOST_VALUES + 1}"
            )
            with self.on_book() as cursor:
                found = sorted(row[0] for row in cursor.execute(query).fetchall())
            self._values[key] = found if len(found) <= MOST_VALUES else None
        return self._values[key]

    @property
    def texts(self) -> dict[str, Field]:
        """The fields of text that words are looked for in, by the character that begins each."""
        fields = [
            field
            for area in self._seen(CONDITIONED)
            for field in area.fields
            if field.kind == "text" and field.name != CLIENT and self._is_plain(area, field)
        ]
        return {chr(_MARK + place): field for place, field in enumerate(fields)}

    @property
    def said(self) -> dict[str, Field]:
        """Likewise, the fields of what clients said."""
        fields = [
            area.field(name)
            for area in self._seen(SPOKEN)
            for name in (SPOKEN[area.name], "remarks")
            if self._is_plain(area, area.field(name))
        ]
        return {chr(_MARK + place): field for place, field in enumerate(fields)}

    def texts_with(self, forms: Sequence[str], *, said: bool) -> str:
        """The SQL of `n` and `text`, which begins with its mark, of fields that have one of `forms` in them.

        The first word is looked for in the rows as they are; asked again, their texts are made ready.
        """
        key = "said" if said else "texts"
        hits = f"{key} with {forms}"
        where = " OR ".join(f"contains(text, {literal(form)})" for form in forms)
        if self._is_first(key):
            self._tables[hits] = self._made(f"SELECT n, text FROM ({self._texts(said=said)}) WHERE {where}")
        if hits in self._tables:
            return f"SELECT n, text FROM {self._tables[hits]}"
        if key not in self._tables:
            # Most texts are the same for many clients, so each is kept, and looked into, once.
            long = self._texts(said=said)
            numbered = f"SELECT DISTINCT text FROM ({long})"
            texts = self._made(f"SELECT CAST(row_number() OVER () AS INTEGER) AS id, text FROM ({numbered})")
            self._tables[f"{key} kept"] = texts
            self._tables[key] = self._made(f"SELECT l.n, t.id FROM ({long}) l JOIN {texts} t USING (text)")
        found = f"SELECT id, text FROM {self._tables[f'{key} kept']} WHERE {where}"
        return f"SELECT h.n, t.text FROM {self._tables[key]} h JOIN ({found}) t USING (id)"

    def _texts(self, *, said: bool) -> str:
        """The SQL of all texts: `n`, `text`."""
        fields = self.said if said else self.texts
        queries = []
        for area in dict.fromkeys(field.area for field in fields.values()):
            own = {mark: field for mark, field in fields.items() if field.area == area}
            parts = ", ".join(f"'{mark}' || lower({quoted(field.name)})" for mark, field in own.items())
            rows = self._rows(area, [CLIENT, *(field.name for field in own.values())])
            text = f"SELECT {CLIENT}, unnest([{parts}]) AS text FROM ({rows})"
            queries.append(
                f"SELECT c.n, r.text FROM (SELECT * FROM ({text}) WHERE text IS NOT NULL) r "
                f"JOIN {self.clients} c USING ({CLIENT})"
            )
        return " UNION ALL ".join(queries) or _NO_TEXTS

    def _seen(self, areas: Sequence[str] | Mapping[str, str]) -> list[AreaInfo]:
        return [area for area in self._opened.access.areas if area.name in areas]

    def _is_plain(self, area: AreaInfo, field: Field) -> bool:
        return field.sensitivity != "I" and self._opened.access.look(area, field) == "plain"

    # ---------------------------------------------------------------------------------- page
    def page(self, area: str, fields: Sequence[str], places: Sequence[int]) -> Iterator[pl.DataFrame]:
        """Fields of an area of the clients at some places: `n` and fields, one row each.

        What nobody has asked about yet is read for the page alone; asked for again, it is made ready.
        """
        among = ", ".join(map(str, places)) or "NULL"
        if self._is_first(f"page of {area} {fields}") and not all(
            f"{area}.{f}" in self._tables for f in fields
        ):
            rows = self._rows(area, list(dict.fromkeys([CLIENT, *fields])))
            ids = f"SELECT n, {CLIENT} FROM {self.clients} WHERE n IN ({among})"
            with self.on_book() as cursor:
                numbers = [literal(row[1]) for row in cursor.execute(ids).fetchall()]
            of_them = f"SELECT * FROM ({rows}) WHERE {CLIENT} IN ({', '.join(numbers) or 'NULL'})"
            sources = {f"({of_them}) JOIN ({ids}) USING ({CLIENT})": list(fields)}
        else:
            sources = self.of(area, fields)
        for source, names_there in sources.items():
            query = f"SELECT n, {_any_of(names_there)} FROM {source} WHERE n IN ({among}) GROUP BY n"
            with self.on_book() as cursor:
                yield pl.DataFrame(cursor.execute(query).to_arrow_table())

    def identity_page(
        self, area: str, fields: Sequence[str], places: Sequence[int], *, masked: bool
    ) -> pl.DataFrame:
        """Likewise of identity, as it is compared; with `masked` as the masks show it."""
        among = ", ".join(map(str, places)) or "NULL"
        first = self._is_first(f"identity of {area}")
        if first and f"{_WHO} {area} {masked}" not in self._tables:
            standing, query = self._identity(self._opened.areas[area], among)
            with self.on_vault(_standing=standing) as cursor:
                found = pl.DataFrame(cursor.execute(query).to_arrow_table())
            found = found.with_columns(self._masks(area)) if masked else found
            return found.group_by("n").agg(pl.col(list(fields)).first())
        who = self.who(area, masked=masked)
        query = f"SELECT n, {_any_of(fields)} FROM {who} WHERE n IN ({among}) GROUP BY n"
        with self.on_vault() as cursor:
            return pl.DataFrame(cursor.execute(query).to_arrow_table())

    def _is_first(self, what: str) -> bool:
        if what in self._asked:
            return False
        self._asked.add(what)
        return True

    # -------------------------------------------------------------------------------- vault
    def who(self, area: str, *, masked: bool) -> str:
        """The vault engine's table of an area's identity: `n`, its fields, and of clients the names' forms.

        With `masked` there is no more in it than the masks show: whoever sees masks finds by masks.
        """
        key = f"{_WHO} {area} {masked}"
        if key not in self._tables:
            name = self._new_name()
            standing, query = self._identity(self._opened.areas[area])
            with self.on_vault(_standing=standing) as cursor:
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}")
                cursor.execute(f"CREATE TABLE {name} AS {query} ORDER BY n")
                if masked or (area == "clients" and _lacks_forms(cursor, name)):
                    rows = pl.DataFrame(cursor.execute(f"SELECT * FROM {name}").to_arrow_table())
                    rows = _with_forms(rows) if area == "clients" else rows
                    cursor.register("_who", (self._as_masked(area, rows) if masked else rows).to_arrow())
                    cursor.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM _who ORDER BY n")
                cursor.execute(f"CREATE INDEX {name.rpartition('.')[2]}_n ON {name} (n)")
            self._tables[key] = name
        return self._tables[key]

    def _identity(self, area: AreaInfo, among: str | None = None) -> tuple[pa.Table, str]:
        """The records that stand, of all clients or of those at some places, and the SQL of their identity.

        It is given as it is compared: mainland numbers without their +86, numbers and mail in one case.
        """
        listed = ", ".join(f"c.{quoted(name)}" for name in self._identified(area.name))
        if area.name == "clients":
            query = f"SELECT n, {listed} FROM {self.clients} c"
        else:
            rows = self._rows(area.name, list(dict.fromkeys([CLIENT, *self._identified(area.name)])))
            query = f"SELECT k.n, {listed} FROM ({rows}) c JOIN {self.clients} k USING ({CLIENT})"
        query += f" WHERE n IN ({among})" if among else ""
        with self.on_book() as cursor:
            standing = cursor.execute(query).to_arrow_table()
        vault = self._opened._files.vault().found
        recorded = RECORDED if RECORDED in standing.column_names else CLIENT
        same = " AND ".join(
            f"v.{quoted(name)} = s.{quoted(recorded if name == CLIENT else name)}"
            for name in (*area.key, "_batch")
        )
        fields = ", ".join(_compared(field) for field in area.fields if field.sensitivity == "I")
        joined = f"_standing s JOIN {vault.source('vault', area)} v ON {same}"
        if area.name != "clients" or among:
            return standing, f"SELECT s.n, {fields} FROM {joined}"
        forms = _NO_FORMS if NAMES in vault.lacking else _FORMS
        joined += f" LEFT JOIN ({forms}) k ON k.client_id = s.{recorded} AND k._batch = s._batch"
        return standing, f"SELECT s.n, {fields}, k.written, k.pinyin, k.initials FROM {joined}"

    def _as_masked(self, area: str, rows: pl.DataFrame) -> pl.DataFrame:
        shown = self._masks(area)
        if area == "clients":
            nothing = pl.lit(None, pl.String)
            shown += [pl.col("written").str.head(1), nothing.alias("pinyin"), nothing.alias("initials")]
        return rows.with_columns(shown)

    def _masks(self, area: str) -> list[pl.Expr]:
        ends = self._opened.access.settings.masks.id_number
        return [
            masks.mask_expr(pl.col(field.name), masks.kind_of(field), ends).alias(field.name)
            for field in self._opened.areas[area].fields
            if field.sensitivity == "I"
        ]

    # ------------------------------------------------------------------------------- making
    def _identified(self, area: str) -> list[str]:
        """The columns by which a row of the book is found in the vault."""
        info = self._opened.areas[area]
        return [*info.key, "_batch", *([RECORDED] if merges.concerned(info, self.moment) else [])]

    def _rows(self, area: str, columns: Sequence[str]) -> str:
        return self._opened._sql(self._opened.areas[area], columns, self.moment)

    def _made(self, query: str, *, indexed: bool = False) -> str:
        name = self._new_name()
        with self.on_book() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}")
            cursor.execute(f"CREATE TABLE {name} AS {query}")
            if indexed:
                cursor.execute(f"CREATE INDEX {name.rpartition('.')[2]}_n ON {name} (n)")
        return name

    def _new_name(self) -> str:
        return f"{_SCHEMA}.t{next(_number)}"

    def drop(self) -> None:
        """Let go of the tables."""
        in_vault = {table for key, table in self._tables.items() if key.startswith(_WHO)}
        for table in set(self._tables.values()):
            with self.on_vault() if table in in_vault else self.on_book() as cursor:
                cursor.execute(f"DROP TABLE {table}")
        self._tables.clear()


def _any_of(names: Sequence[str]) -> str:
    return ", ".join(f"any_value({quoted(name)}) AS {quoted(name)}" for name in names)


@contextmanager
def _closing(cursor: duckdb.DuckDBPyConnection, frames: Mapping[str, pa.Table]) -> Iterator[None]:
    try:
        for name, frame in frames.items():
            cursor.register(name, frame)
        yield
    finally:
        cursor.close()


def _lacks_forms(cursor: duckdb.DuckDBPyConnection, table: str) -> bool:
    query = f"SELECT 1 FROM {table} WHERE written IS NULL AND {names.FIELD} IS NOT NULL LIMIT 1"
    return cursor.execute(query).fetchone() is not None


def _with_forms(rows: pl.DataFrame) -> pl.DataFrame:
    """With the forms of names that the vault's table does not have, or not for sure."""
    lacking = pl.col("written").is_null() & pl.col(names.FIELD).is_not_null()
    without = rows.filter(lacking).drop("written", "pinyin", "initials")
    formed = pl.concat([without, names.keys(without[names.FIELD])], how="horizontal")
    return pl.concat([rows.filter(~lacking), formed.select(rows.columns)])


def _compared(field: Field) -> str:
    """The SQL of an identity field as it is compared."""
    column = f"v.{quoted(field.name)}"
    compared = {
        "phone": f"CASE WHEN starts_with({column}, '+86') THEN substr({column}, 4) ELSE {column} END",
        "id_number": f"upper({column})",
        "email": f"lower({column})",
    }.get(field.kind, column)
    return f"{compared} AS {quoted(field.name)}"
