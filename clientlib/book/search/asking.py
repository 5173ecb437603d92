"""What was planned, asked of both engines: who was found, in which order, and what is shown of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

import duckdb
import polars as pl

from clientlib import masks
from clientlib.book.access import Access
from clientlib.book.connection import literal, quoted
from clientlib.book.frames import to_pandas
from clientlib.book.search import names
from clientlib.book.search.fields import Fields, Known, KnownTarget, Target
from clientlib.book.search.found import Found, Match
from clientlib.book.search.notes import COMPARED_MASKED
from clientlib.book.search.plan import Plan, Planner
from clientlib.book.search.standing import Standing
from clientlib.book.search.values import bands_in_order
from clientlib.book.search.ways import STEP
from clientlib.declare import Field

_ALWAYS = (("clients", "branch"), ("clients", "advisor"), ("preferences", "risk_level"))
"""Shown of everybody who was found, as far as the role sees it."""


class Order:
    """By what the clients found are sorted, instead of by how well they fit."""

    def __init__(self, target: Target | KnownTarget, *, descending: bool) -> None:
        self.target = target
        self.direction = "DESC" if descending else "ASC"

    @classmethod
    def of(cls, typed: str, fields: Fields) -> Order | None:
        """`typed`: a field, with a minus in front for the largest first; empty: none.

        Raises
        ------
        PermissionRefused
            The role does not see the field, or sees it masked: an order would tell what masks hide.
        """
        name = typed.strip()
        if not name:
            return None
        target = fields.named(name.removeprefix("-"))
        if isinstance(target, Target) and fields.look(target.field) == "masked":
            raise fields.refusal_to_sort(target.field)
        # Whoever was born last is youngest.
        turned = isinstance(target, Target) and target.age
        return cls(target, descending=name.startswith("-") != turned)


class Asking:
    """Asks the engines for what was planned."""

    def __init__(
        self, standing: Standing, plan: Plan, planner: Planner, fields: Fields, access: Access
    ) -> None:
        self._standing = standing
        self._plan = plan
        self._planner = planner
        self._fields = fields
        self._access = access

    def page(self, page: int, size: int, order: Order | None) -> Found:
        ordered = self._ordered(order)
        with self._standing.on_book(**self._plan.frames) as cursor:
            cursor.execute(f"CREATE TEMP TABLE _found AS {self._found()}")
            total = int((cursor.execute("SELECT count(*) FROM _found").fetchone() or (0,))[0])
            pages = max(1, -(-total // size))
            number = min(max(page, 1), pages)
            limit = f"LIMIT {size} OFFSET {(number - 1) * size}"
            if order is not None and self._is_identity(order):
                places = self._by_identity(cursor, order, limit)
            else:
                places = pl.DataFrame(cursor.execute(f"{ordered} {limit}").to_arrow_table())
            rows = self._rows(cursor, places)
        matches = self._matches(places)
        told = ["; ".join(match.told("en") for match in row) for row in matches]
        frame = to_pandas(rows.to_arrow()).assign(matched=told)
        return Found(frame, total, number, pages, self._titled(), matches, tuple(self._plan.notes))

    # ---------------------------------------------------------------------------------- who
    def _found(self) -> str:
        """The SQL of all who were found: `n`, `rank`, and by which way each word found them."""
        plan = self._plan
        once = [f"({sql})" for sql in plan.once]
        if plan.words:
            base = self._by_words()
        else:
            base = f"SELECT n, 0 AS rank FROM {once.pop(0) if once else self._standing.clients}"
        joins = [f" JOIN {sql} o{place} USING (n)" for place, sql in enumerate(once)]
        joins += [f" SEMI JOIN ({sql}) f{place} USING (n)" for place, sql in enumerate(plan.fit)]
        joins += [f" ANTI JOIN ({sql}) u{place} USING (n)" for place, sql in enumerate(plan.unfit)]
        return f"SELECT * FROM ({base}) b{''.join(joins)}"

    def _by_words(self) -> str:
        places = range(len(self._plan.words))
        sources = " JOIN ".join(
            f"({sql}) w{place}{' USING (n)' if place else ''}" for place, sql in enumerate(self._plan.words)
        )
        ways = ", ".join(f"w{place}.way AS way{place}" for place in places)
        rank = " + ".join(f"w{place}.way // {STEP}" for place in places)
        each = f"SELECT w0.n, {rank} AS rank, {ways} FROM {sources}"
        if self._plan.joined is None:
            return each
        same = ", ".join(f"way AS way{place}" for place in places)
        best = ", ".join(f"arg_min(way{place}, rank) AS way{place}" for place in places)
        both = f"{each} UNION ALL SELECT n, way // {STEP} AS rank, {same} FROM ({self._plan.joined})"
        return f"SELECT n, min(rank) AS rank, {best} FROM ({both}) GROUP BY n"

    # -------------------------------------------------------------------------------- order
    def _ordered(self, order: Order | None) -> str:
        if order is None or self._is_identity(order):
            return "SELECT * FROM _found ORDER BY rank, n"
        if isinstance(order.target, KnownTarget):
            values = order.target.known.choices.values
            source = self._planner.known(order.target.name, order.target.known)
            key = _place("value", values)
        else:
            field = order.target.field
            source = self._standing.column(field)
            key = self._key(field)
        keys = f"SELECT n, max({key}) AS key FROM {source} GROUP BY n"
        by = f"key {order.direction} NULLS LAST, n"
        return f"SELECT f.* FROM _found f LEFT JOIN ({keys}) k USING (n) ORDER BY {by}"

    def _key(self, field: Field) -> str:
        column = quoted(field.name)
        if self._fields.look(field) == "bands" and field.kind == "money":
            return f"list_position({bands_in_order(field, self._access.settings.masks)}, {column})"
        return _place(column, field.choices.values) if field.kind == "code" else column

    @staticmethod
    def _is_identity(order: Order) -> bool:
        return isinstance(order.target, Target) and order.target.field.sensitivity == "I"

    def _by_identity(self, cursor: duckdb.DuckDBPyConnection, order: Order, limit: str) -> pl.DataFrame:
        """Ordered in the vault's engine, which tells the places of the page and nothing else."""
        field = order.target.field if isinstance(order.target, Target) else None
        assert field is not None  # noqa: S101 - `_is_identity` has looked
        key = "pinyin" if field.name == "full_name" else quoted(field.name)
        who = self._standing.who(field.area, masked=False)
        found = cursor.execute("SELECT * FROM _found").to_arrow_table()
        by = f"w.{key} {order.direction} NULLS LAST, n"
        with self._standing.on_vault(_found=found) as vault:
            query = f"SELECT f.* FROM _found f LEFT JOIN {who} w USING (n) ORDER BY {by} {limit}"
            return pl.DataFrame(vault.execute(query).to_arrow_table())

    # --------------------------------------------------------------------------------- rows
    def _rows(self, cursor: duckdb.DuckDBPyConnection, places: pl.DataFrame) -> pl.DataFrame:
        """What is shown of the clients at some places, in that order."""
        among = f"WHERE n IN ({', '.join(map(str, places['n'])) or 'NULL'})"
        query = f"SELECT n, client_id FROM {self._standing.clients} {among}"
        shown = pl.DataFrame(cursor.execute(query).to_arrow_table())
        for found in self._columns(list(places["n"])):
            shown = shown.join(found, on="n", how="left")
        for target in self._plan.shown:
            if isinstance(target, KnownTarget):
                source = self._planner.known(target.name, target.known)
                query = f"SELECT n, value AS {quoted(target.name)} FROM {source} {among}"
                known = pl.DataFrame(cursor.execute(query).to_arrow_table())
                shown = shown.join(known.unique("n"), on="n", how="left")
        return places.select("n").join(shown, on="n", how="left", maintain_order="left").drop("n")

    def _columns(self, places: list[int]) -> Iterator[pl.DataFrame]:
        """`n` and further columns, one row a client."""
        fields = self._shown()
        for (area, identity), group in groupby(
            fields.items(), key=lambda column: (column[1].area, column[1].sensitivity == "I")
        ):
            titled = {field.name: title for title, field in group}
            if not identity:
                for found in self._standing.page(area, list(titled), places):
                    yield found.rename({name: titled[name] for name in found.columns if name != "n"})
                continue
            own = [fields[title] for title in titled.values()]
            masked = all(self._fields.look(field) == "masked" for field in own)
            found = self._standing.identity_page(area, list(titled), places, masked=masked)
            yield (found if masked else self._masked(found, own)).rename(titled)

    def _shown(self) -> dict[str, Field]:
        """The columns that are shown, those of one area and file together, and the field that each is."""
        table = self._access.table
        wanted = [table["clients"].field(names.FIELD), *(table[area].field(name) for area, name in _ALWAYS)]
        asked = [target.field for target in self._plan.shown if isinstance(target, Target)]
        seen = [
            field
            for field in dict.fromkeys([*wanted, *asked])
            if field.name != "client_id" and self._fields.look(field) != "hidden"
        ]
        first = {
            (field.area, field.sensitivity == "I"): place for place, field in reversed([*enumerate(seen)])
        }
        seen.sort(key=lambda field: first[field.area, field.sensitivity == "I"])
        often = Counter(field.name for field in seen)
        return {f.name if often[f.name] == 1 else f"{f.area}.{f.name}": f for f in seen}

    def _titled(self) -> dict[str, Field | Known]:
        known = {t.name: t.known for t in self._plan.shown if isinstance(t, KnownTarget)}
        return {"client_id": self._access.table["clients"].field("client_id"), **self._shown(), **known}

    def _masked(self, found: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
        """Identity is masked here whatever the role: whoever may see it plain looks it up."""
        ends = self._access.settings.masks.id_number
        shown = [masks.mask_expr(pl.col(f.name), masks.kind_of(f), ends).alias(f.name) for f in fields]
        return found.with_columns(shown)

    # ------------------------------------------------------------------------------ matches
    def _matches(self, places: pl.DataFrame) -> tuple[tuple[Match, ...], ...]:
        """Why each client was found, word by word."""
        met: dict[int, list[Match]] = {n: [] for n in places["n"]}
        for number, text in enumerate(self._plan.texts):
            ways = {n: self._plan.way_of(way) for n, way in places.select("n", f"way{number}").iter_rows()}
            for way in dict.fromkeys(ways.values()):
                those = [n for n, own in ways.items() if own == way]
                if way.manner == "text":
                    self._note_texts(met, those, text, said=way.field == "said")
                    continue
                if way.manner == "mask" and "*" not in text:
                    self._plan.note(COMPARED_MASKED)
                match = Match(self._access.table[way.area].field(way.field), way.manner)
                for n in those:
                    met[n].append(match)
        return tuple(tuple(dict.fromkeys(found)) for found in met.values())

    def _note_texts(self, met: dict[int, list[Match]], places: list[int], text: str, *, said: bool) -> None:
        """In which fields of text a word stands."""
        fields = self._standing.said if said else self._standing.texts
        query = self._standing.texts_with(names.spellings(text), said=said)
        among = ", ".join(map(str, places))
        with self._standing.on_book() as cursor:
            found = cursor.execute(f"SELECT n, text FROM ({query}) WHERE n IN ({among})").fetchall()
        for n, marked in sorted(found):
            met[n].append(Match(fields[marked[0]], "text"))


def _place(column: str, values: Sequence[str]) -> str:
    """The SQL of a value's place in a list."""
    return f"list_position([{', '.join(map(literal, values))}], {column})"
