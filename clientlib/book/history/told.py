"""The history of one client: who changed what, when, from what to what, and through which batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import polars as pl
import pyarrow as pa

from clientlib.book.access import Access
from clientlib.book.clocks import BatchMark, Moment, known_batches
from clientlib.book.connection import literal, quoted
from clientlib.book.files import Reader, VaultReader
from clientlib.book.frames import to_pandas
from clientlib.book.history.changes import Change, Kind, Record, changes, undoing
from clientlib.book.history.differences import Wording, differences
from clientlib.book.merges import CLIENT, Decision, no_client
from clientlib.book.storage import BATCHES
from clientlib.errors import PermissionRefused
from clientlib.tables import AreaInfo

_LINES = pl.Schema(
    {
        "batch": pl.Int64,
        "client_id": pl.String,
        "area": pl.String,
        "key": pl.String,
        "field": pl.String,
        "before": pl.String,
        "after": pl.String,
        "kind": pl.String,
    }
)
_COLUMNS = ("batch", "recorded_at", "who", "source", *_LINES.names()[1:], "undone_by")


@dataclass(frozen=True)
class Told:
    """Where a history is told from, and to whom.

    Attributes
    ----------
    reader : Reader
        The book.
    vault : VaultReader, optional
        Where identity is read; None: it is hidden.
    access : Access
        What the one who asks may see.
    now : Moment
        What the book holds now, all versions.
    wording : Wording
        How values are told.
    """

    reader: Reader
    vault: VaultReader | None
    access: Access
    now: Moment
    wording: Wording

    def history(self, client: str) -> pd.DataFrame:
        """As `OpenedBook.history` says."""
        kept = self.now.merged.get(client, client)
        numbers = [kept, *(other for other, into in self.now.merged.items() if into == kept)]
        self._check(client, kept, numbers)
        parts = [_LINES.to_frame(), self._decided(numbers)]
        parts += [self._of_area(area, numbers) for area in self._areas(self.access.areas)]
        lines = pl.concat(parts).sort("batch", maintain_order=True)
        told = lines.join(self._batches, on="batch", how="left", maintain_order="left")
        return to_pandas(told.select(_COLUMNS).to_arrow())

    def _check(self, client: str, kept: str, numbers: Sequence[str]) -> None:
        """Make sure that there is such a client, and that the role sees it."""
        if not self._areas(self.access.areas):
            self.access.area("clients")
        if self.access.role.rows != "all":
            known = self.reader.held.known()
            visible = [
                self.access.rows(area, [CLIENT], self.now, known) for area in self._areas(self.access.areas)
            ]
            if not self._any(visible, [kept]):
                # Said alike whether or not there is such a client.
                raise PermissionRefused(
                    f'The role "{self.access.name}" sees its own clients only, and {client} is none of them.',
                    f"角色“{self.access.name}”只能查看名下客户，而 {client} 不在其中。",
                )
        areas = self._areas(self.access.table.values())
        stored = [f"SELECT {CLIENT} FROM {self._stored(area)}" for area in areas]
        if not self._any(stored, numbers):
            raise no_client(client)

    def _any(self, queries: Sequence[str], clients: Sequence[str]) -> bool:
        sought = f"{CLIENT} IN ({', '.join(map(literal, clients))})"
        return any(self._read(f"SELECT 1 FROM ({rows}) WHERE {sought} LIMIT 1").num_rows for rows in queries)

    @staticmethod
    def _areas(areas: Iterable[AreaInfo]) -> list[AreaInfo]:
        """Those that tell of clients."""
        return [area for area in areas if area.find(CLIENT) is not None]

    # -------------------------------------------------------------------------------- batches
    @cached_property
    def _marks(self) -> list[BatchMark]:
        return sorted(self.reader.held.batches, key=lambda batch: batch.number)

    @cached_property
    def _batches(self) -> pl.DataFrame:
        """By batch what the lines of a history say of it."""
        listed = pl.DataFrame(self._read(f"SELECT batch, recorded_at, who, source FROM book.main.{BATCHES}"))
        undone = self.reader.held.known().undone
        by = {one.undoes: one.number for one in self._marks if one.undoes and one.number not in undone}
        undone_by = pl.col("batch").replace_strict(by, default=None, return_dtype=pl.Int64)
        return listed.with_columns(pl.col("batch").cast(pl.Int64)).with_columns(undone_by=undone_by)

    def _decided(self, numbers: Sequence[str]) -> pl.DataFrame:
        """What persons decided about these clients, took back and brought back."""
        rows = []
        for decision in self.reader.held.decisions:
            if {decision.kept, decision.other} & set(numbers):
                for batch, kind in self._events(decision):
                    rows.append(_decision_line(decision, batch, kind))
        return pl.DataFrame(rows, schema=_LINES, orient="row")

    def _events(self, decision: Decision) -> Iterator[tuple[int, Kind]]:
        """Each batch from which on a decision counted, or counted no more."""
        yield decision.batch, "merged" if decision.kind == "same" else "kept_apart"
        counted = True
        for place, batch in enumerate(self._marks):
            kind = undoing(batch, self._marks)
            if kind is not None and batch.number > decision.batch:
                counts = decision.batch not in known_batches(self._marks[: place + 1], None).undone
                if counts != counted:
                    counted = counts
                    yield batch.number, kind

    # ----------------------------------------------------------------------------------- rows
    def _of_area(self, area: AreaInfo, numbers: Sequence[str]) -> pl.DataFrame:
        """What happened to the rows of one area, field by field."""
        rows = self._recorded(area, numbers)
        keys = rows.select(area.key).rows()
        records = [
            Record(batch, key, client)
            for batch, key, client in zip(rows["_batch"], keys, rows[CLIENT], strict=True)
        ]
        dated = area.key.index(area.business_date) if area.versioned and area.business_date else None
        found = list(changes(records, self._marks, numbers, dated))
        return self._lines(area, rows, found)

    def _recorded(self, area: AreaInfo, numbers: Sequence[str]) -> pl.DataFrame:
        """All that is stored under the keys that ever were these clients', as the role sees it."""
        shown, banded = self.access.shown(area), self.access.banded(area)
        fetched = dict.fromkeys([*area.key, CLIENT, *shown])
        listed = ", ".join(banded.get(name, quoted(name)) for name in fetched)
        keys = ", ".join(map(quoted, area.key))
        theirs = f"{CLIENT} IN ({', '.join(map(literal, numbers))})"
        stored = self._stored(area)
        rows = self._read(
            f"SELECT {listed}, _batch, _row FROM {stored} "
            f"SEMI JOIN (SELECT {keys} FROM {stored} WHERE {theirs}) USING ({keys})"
        )
        if area.identity and self.vault is not None:
            rows = self.vault.identity(area, rows)
        return pl.DataFrame(rows).sort("_batch", "_row")

    def _lines(self, area: AreaInfo, recorded: pl.DataFrame, found: Sequence[Change]) -> pl.DataFrame:
        def at(side: str) -> pl.DataFrame:
            places = pl.Series([getattr(change, side) for change in found], dtype=pl.UInt32)
            return recorded.select(pl.all().gather(places))

        names = [field.name for field in area.fields if field.name in recorded.columns]
        rows = at("row").select(
            CLIENT,
            batch=pl.Series([change.batch for change in found], dtype=pl.Int64),
            area=pl.lit(area.name),
            key=self.wording.of_key(area),
            kind=pl.Series([change.kind for change in found], dtype=pl.String),
        )
        told = differences(area, names, rows, at("before"), at("after"), self.wording)
        return told.select(_LINES.names()).cast(_LINES)

    def _stored(self, area: AreaInfo) -> str:
        """The SQL of the rows of the batches that the book has."""
        return f"(SELECT * FROM {self.now.source(area)} WHERE _batch <= {self.reader.held.last})"

    def _read(self, query: str) -> pa.Table:
        cursor = self.reader.connection.cursor()
        try:
            return cursor.execute(query).to_arrow_table()
        finally:
            cursor.close()


def _decision_line(decision: Decision, batch: int, kind: Kind) -> tuple[object, ...]:
    """One line of a decision: what the other client's number reads as, or that it stays another's."""
    before, after = (decision.other, decision.kept) if decision.kind == "same" else (None, None)
    if kind == "undone":
        before, after = after, before
    field = CLIENT if decision.kind == "same" else None
    pair = f"{decision.other} · {decision.kept}"
    return (batch, decision.other, None, pair, field, before, after, kind)
