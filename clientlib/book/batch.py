"""One batch on its way into book and vault: rows compared with what is there, and what is new stored.

Two transactions run side by side, one for each file; a commit ends the vault's first and the book's last.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import duckdb
import polars as pl

from clientlib import __version__
from clientlib.book import merges, unfinished
from clientlib.book.audit.folding import BatchTrail
from clientlib.book.audit.record import Entry, Event
from clientlib.book.connection import literal, quoted
from clientlib.book.search import names
from clientlib.book.storage import BATCH_AREAS, BATCHES, COUNTS, DECISIONS, NAMES, book_fields, vault_fields
from clientlib.book.unfinished import Chunk, Mark, Unfinished
from clientlib.errors import ZH
from clientlib.tables import AreaInfo, Areas

_log = logging.getLogger("clientlib.book")
REFERENCES = {
    "client_id": ("clients", "client_id"),
    "related_client_id": ("clients", "client_id"),
    "security_id": ("securities", "security_id"),
    "campaign_id": ("campaigns", "campaign_id"),
}
"""Fields that name a row of another area, and which field it has there."""
NEW, CHANGED, UNCHANGED, CONTRADICTED = "new", "changed", "unchanged", "contradicted"
_MET = "_met"
_SUPERSEDES = "_supersedes"
_PRIOR = "_prior"
_N = "_n"
_INCOMING = "_incoming"


@dataclass(frozen=True)
class Described:
    """What a batch is: the hand-in it came from, its files, who recorded it, which batch it takes back.

    `event`, `clients` and `reason` are what the audit says of it.
    """

    source: str
    who: str
    files: Sequence[str] = ()
    undoes: int | None = None
    event: Event = "import"
    clients: Sequence[str] = ()
    reason: str = ""


class Batch:
    """A batch that is being taken in. Make one, `take` frames, then `commit` or `abandon`.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        With `book` and `vault` attached for writing. It is closed when the batch ends.
    number : int
        Its number: one more than the book's last.
    areas : mapping of str to AreaInfo
        The workbook's table.
    undone : collection of int
        Batches that were taken back: what came with them is no standing record.
    leftovers : bool
        Whether an import that was broken off has left rows: they are taken away if this batch is committed.
    going_on : Unfinished, optional
        The import to go on with, rather than to take its rows away.

    Attributes
    ----------
    stored : int
        How many rows it has stored, those of parts committed before included.
    mark : Mark
        How many parts of it are committed.
    dropped : int
        How many rows of an import that was broken off it takes away.
    looked_at : callable, optional
        Is shown the new and the changed rows of each frame before they are stored.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        number: int,
        areas: Areas,
        undone: Collection[int] = (),
        *,
        leftovers: bool = False,
        going_on: Unfinished | None = None,
    ) -> None:
        self.number = number
        self.areas = areas
        self.stored = going_on.rows if going_on else 0
        self.mark = going_on.mark if going_on else Mark.first(number)
        self.dropped = 0
        self.looked_at: Callable[[AreaInfo, pl.DataFrame, pl.DataFrame], None] | None = None
        self._undone = tuple(undone)
        self._connection = connection
        self._book = connection.cursor()
        self._vault = connection.cursor()
        self._begin()
        if going_on is None and leftovers:
            self.dropped = self._clear()
        if going_on is not None and going_on.surplus:
            unfinished.drop_surplus(self._vault, number, areas.values())
        self._filled = {name for name in areas if self._has_rows(name)}

    def _begin(self) -> None:
        self._book.begin()
        self._vault.begin()

    def _has_rows(self, area: str) -> bool:
        return self._book.execute(f"SELECT 1 FROM book.main.{quoted(area)} LIMIT 1").fetchone() is not None

    def _clear(self) -> int:
        unfinished.clear(self._vault, "vault", self.number)
        return unfinished.clear(self._book, "book", self.number)

    # ------------------------------------------------------------------------------- rows
    def take(self, area: AreaInfo, frame: pl.DataFrame) -> tuple[Counter[str], pl.DataFrame]:
        """Store what is new or changed of `frame`.

        Returns
        -------
        Counter, polars.DataFrame
            How many rows were new, changed, unchanged or contradicted; and the contradicted ones: same key
            as an earlier row of this batch, other content. They are not stored, for which of the two is
            right a person must say.
        """
        counts: Counter[str] = Counter()
        contradicted = [frame.clear()]
        for part in _one_row_a_key(frame, area.key):
            compared = self._compare(area, part)
            counts.update(dict(compared[_MET].value_counts().iter_rows()))
            if self.looked_at is not None:
                new, changed = (compared.filter(pl.col(_MET) == met) for met in (NEW, CHANGED))
                self.looked_at(area, new, changed)
            self._store(area, compared.filter(pl.col(_MET).is_in([NEW, CHANGED])))
            contradicted.append(compared.filter(pl.col(_MET) == CONTRADICTED).select(frame.columns))
        return counts, pl.concat(contradicted)

    def _compare(self, area: AreaInfo, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with what each row met in the book, the batch of the standing record, and whether the row
        has to stand before any other of its key: also before one that was taken back and may come back."""
        if area.name not in self._filled or not self._meets_any(area, frame):
            met_none = (pl.lit(NEW).alias(_MET), pl.lit(None, pl.Int32).alias(_PRIOR))
            return frame.with_columns(*met_none, pl.lit(False).alias(_SUPERSEDES))
        numbered = frame.with_row_index(_N)
        met = self._met_in_book(area, numbered)
        if area.identity:
            met = self._met_in_vault(area, numbered, met)
        what = (
            pl.when(pl.col("prior").is_null())
            .then(pl.lit(NEW))
            .when(pl.col("same").fill_null(False))
            .then(pl.lit(UNCHANGED))
            .when((pl.col("prior") == self.number).fill_null(False))
            .then(pl.lit(CONTRADICTED))
            .otherwise(pl.lit(CHANGED))
        )
        joined = numbered.join(met, on=_N, how="left", maintain_order="left")
        supersedes = pl.col("known").is_not_null()
        return joined.select(
            *frame.columns,
            what.alias(_MET),
            pl.col("prior").alias(_PRIOR),
            supersedes.alias(_SUPERSEDES),
        )

    def _meets_any(self, area: AreaInfo, frame: pl.DataFrame) -> bool:
        # Only the keys: a hand-in of new rows, the usual one, is not compared field by field.
        query = (
            f"SELECT 1 FROM {_INCOMING} i SEMI JOIN book.main.{quoted(area.name)} t "
            f"ON {_equal(area.key, 'i', 't')} LIMIT 1"
        )
        return _ask(self._book, query, frame.select(area.key)).height > 0

    def _met_in_book(self, area: AreaInfo, numbered: pl.DataFrame) -> pl.DataFrame:
        fields = [field.name for field in book_fields(area)]
        compared = [name for name in fields if name not in area.key]
        undone = ", ".join(map(str, self._undone))
        standing = f"t._batch NOT IN ({undone})" if undone else "true"
        query = f"""
            SELECT i.{_N}, true AS known,
                max(t._batch) FILTER ({standing}) AS prior,
                arg_max({_equal(compared, "i", "t", nulls=True)}, t._batch) FILTER ({standing}) AS same
            FROM {_INCOMING} i JOIN book.main.{quoted(area.name)} t ON {_equal(area.key, "i", "t")}
            GROUP BY i.{_N}"""
        return _ask(self._book, query, numbered.select(_N, *fields))

    def _met_in_vault(self, area: AreaInfo, numbered: pl.DataFrame, met: pl.DataFrame) -> pl.DataFrame:
        alike = met.filter(pl.col("same")).select(_N, "prior")
        rows = numbered.select(_N, *area.key, *area.identity).join(alike, on=_N)
        query = f"""
            SELECT i.{_N} FROM {_INCOMING} i JOIN vault.main.{quoted(area.name)} t
                ON {_equal(area.key, "i", "t")} AND t._batch = i.prior
            WHERE {_equal(area.identity, "i", "t", nulls=True)}"""
        same = _ask(self._vault, query, rows)[_N]
        return met.with_columns(pl.col("same") & pl.col(_N).is_in(same.implode()))

    def standing(self, area: AreaInfo, changed: pl.DataFrame) -> pl.DataFrame:
        """The records that changed rows correct, row by row."""
        rows = changed.select(*area.key, _PRIOR).with_row_index(_N)
        on = f"{_equal(area.key, 'i', 't')} AND t._batch = i.{_PRIOR}"
        found = rows.select(_N)
        for file, cursor in (("book", self._book), ("vault", self._vault)):
            columns = area.identity if file == "vault" else [field.name for field in book_fields(area)]
            if columns:
                listed = ", ".join(f"t.{quoted(name)}" for name in columns)
                table = f"{file}.main.{quoted(area.name)}"
                query = f"SELECT i.{_N}, {listed} FROM {_INCOMING} i JOIN {table} t ON {on}"
                found = found.join(_ask(cursor, query, rows), on=_N, how="left", maintain_order="left")
        return found.select(pl.col(field.name).cast(field.dtype) for field in area.fields)

    def _store(self, area: AreaInfo, rows: pl.DataFrame) -> None:
        if rows.is_empty():
            return
        held = [field.name for field in book_fields(area)]
        self._insert(
            self._book, f"book.main.{area.name}", rows.select(*held, "_row", "_pending", _SUPERSEDES)
        )
        if area.identity:
            held = [field.name for field in vault_fields(area)]
            self._insert(self._vault, f"vault.main.{area.name}", rows.select(*held, "_row"))
        if names.FIELD in area.identity:
            self._insert(self._vault, f"vault.main.{NAMES}", names.rows(rows))
        self._filled.add(area.name)
        self.stored += rows.height

    def _insert(self, cursor: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
        columns = ", ".join(map(quoted, rows.columns))
        query = f"INSERT INTO {table} ({columns}, _batch) SELECT {columns}, {self.number} FROM {_INCOMING}"
        _ask(cursor, query, rows)

    def unknown_references(self) -> list[tuple[str, str, int, int]]:
        """Area, field, rows and distinct values of this batch that name what the book does not have."""
        found = []
        for area in (area for area in self.areas.values() if area.name in self._filled):
            for field in (f.name for f in area.fields if f.name in REFERENCES):
                target, column = REFERENCES[field]
                if target == area.name:
                    continue
                query = (
                    f"SELECT count(*), count(DISTINCT t.{field}) FROM book.main.{quoted(area.name)} t "
                    f"ANTI JOIN book.main.{target} known ON known.{column} = t.{field} "
                    f"WHERE t._batch = {self.number} AND t.{field} IS NOT NULL"
                )
                rows, values = self._book.execute(query).fetchone() or (0, 0)
                if rows:
                    found.append((area.name, field, rows, values))
        return found

    # --------------------------------------------------------------------------------- end
    def decide(self, kind: merges.Kind, kept: str, other: str, reason: str) -> None:
        """Write down what a person decided about two clients."""
        values = [self.number, kind, kept, other, reason]
        self._book.execute(f"INSERT INTO book.main.{DECISIONS} VALUES (?, ?, ?, ?, ?)", values)

    def record(self, recorded_at: str, described: Described, counts: pl.DataFrame) -> None:
        """Write down the batch itself: when it was recorded, what it is, and its counts for each area."""
        stamp = f"{self.number}, TIMESTAMPTZ {literal(recorded_at)}"
        self._vault.execute(f"INSERT INTO vault.main.{BATCHES} VALUES ({stamp})")
        values = [described.source, list(described.files), described.who, described.undoes, __version__]
        self._book.execute(f"INSERT INTO book.main.{BATCHES} VALUES ({stamp}, ?, ?, ?, ?, ?)", values)
        columns = ", ".join(COUNTS)
        query = f"INSERT INTO book.main.{BATCH_AREAS} SELECT {self.number}, area, {columns} FROM {_INCOMING}"
        _ask(self._book, query, counts)
        if self.mark.part:
            unfinished.note_mark(self._vault, self.mark.next)
            unfinished.forget(self._book)

    def audited(self, trail: BatchTrail, entry: Entry, stamp: int) -> None:
        """Put its own record, and whatever else is only in the journal, into both files; `stamp` in µs."""
        trail.before_commit(entry, self.number, stamp, self._book, self._vault)

    def commit(self) -> None:
        """Make it last: first the vault, then the book, whose `_batches` row makes the batch be there."""
        self._commit_both()
        self._close()
        if self.dropped:
            _log.warning(
                "An import that was broken off was dropped: %s rows, seen by nobody.",
                f"{self.dropped:,}",
                extra={ZH: f"已移除中断的导入：{self.dropped:,}行，未被任何人看到。"},
            )

    def commit_part(self, fingerprint: str, first: int, chunks: Sequence[Chunk]) -> None:
        """Make last what is stored so far, without the batch being there: nobody sees it before its end.

        Parameters
        ----------
        fingerprint : str
            Of the hand-in: whoever brings it again goes on from here.
        first : int
            The number of the first of `chunks`.
        chunks : sequence of Chunk
            What became of those taken since the last part.
        """
        mark = self.mark.next
        unfinished.note_mark(self._vault, mark)
        unfinished.note_part(self._book, mark, fingerprint, first, chunks)
        self._commit_both()
        self.mark = mark
        self._begin()

    def forget_parts(self) -> None:
        """Take away all that was stored of it, parts included."""
        self._book.rollback()
        self._vault.rollback()
        self._begin()
        self._clear()
        self._commit_both()
        self.mark, self.stored = Mark.first(self.number), 0
        self._begin()

    def _commit_both(self) -> None:
        self._vault.commit()
        self.commit_book()

    def commit_book(self) -> None:
        self._book.commit()

    def abandon(self) -> None:
        """Forget it all; also after an engine that broke down, hence without a word."""
        for cursor in (self._book, self._vault):
            with contextlib.suppress(duckdb.Error):
                cursor.rollback()
        self._close()

    def _close(self) -> None:
        # Any of the three left open would keep both files open.
        for opened in (self._book, self._vault, self._connection):
            opened.close()


def _one_row_a_key(frame: pl.DataFrame, key: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The frame in parts that hold each key once, first rows first; nearly always one part."""
    whole = pl.struct(key) if len(key) > 1 else pl.col(key[0])
    while not frame.is_empty():
        first = frame.select(whole.is_first_distinct()).to_series()
        if first.all():
            yield frame
            return
        yield frame.filter(first)
        frame = frame.filter(~first)


def _ask(cursor: duckdb.DuckDBPyConnection, query: str, incoming: pl.DataFrame) -> pl.DataFrame:
    """The answer to a query that reads `incoming` under the name `_incoming`."""
    cursor.register(_INCOMING, incoming.to_arrow())
    answer = cursor.execute(query).to_arrow_table()
    cursor.unregister(_INCOMING)
    return pl.DataFrame(answer)


def _equal(names: Collection[str], left: str, right: str, *, nulls: bool = False) -> str:
    """The condition that two rows agree in all of `names`; with `nulls`, also where both have nothing."""
    sign = "IS NOT DISTINCT FROM" if nulls else "="
    return " AND ".join(f"{left}.{quoted(name)} {sign} {right}.{quoted(name)}" for name in names) or "true"
