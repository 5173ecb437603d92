"""All that the book holds on one client: every row and version of it, and where others name the person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from zoneinfo import ZoneInfo

import duckdb
import polars as pl

from clientlib import masks
from clientlib.book import merges
from clientlib.book.clocks import Moment
from clientlib.book.connection import quoted, telling_damage
from clientlib.book.files import EPOCH, Files, Held
from clientlib.book.keys import KeyName
from clientlib.book.merges import CLIENT, RELATED
from clientlib.book.personal.desk import Desk
from clientlib.book.storage import LOCKED, book_fields, columns_of
from clientlib.errors import PermissionRefused
from clientlib.tables import AreaInfo

CLIENTS, CONTACTS, RELATIONS = "clients", "contacts", "relations"
STANDS, TAKEN_BACK, RECORDED_AT = "_stands", "_taken_back", "_recorded_at"
"""Columns beside the stored ones: whether a row is the newest of its key that counts, whether its batch was
taken back, and when it was recorded."""
HOME = "+86"
"""Before a mobile of this country; people leave it out."""
SHORTEST_NAME = 2
"""Characters of a name by which alone somebody is looked for."""


@dataclass(frozen=True)
class Dossier:
    """What is held on one client.

    Attributes
    ----------
    client : str
        The number that was asked for.
    numbers : tuple of str
        All numbers of the same person, as merges stand now; the first is the one that the others read as.
    areas : mapping of str to polars.DataFrame
        Area → every stored row, identity plain, with `_batch`, `_pending`, and the columns named above. Areas
        that hold nothing on the client are not there.
    by_others : polars.DataFrame
        Likewise of `relations`: rows of other clients that name this person.
    locked : polars.DataFrame
        `area`, `keep_until`, `rows`: what an erasure has locked away.
    """

    client: str
    numbers: tuple[str, ...]
    areas: Mapping[str, pl.DataFrame]
    by_others: pl.DataFrame
    locked: pl.DataFrame

    @property
    def is_empty(self) -> bool:
        return not self.areas and self.by_others.is_empty()

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each area has of the client."""
        return {name: frame.height for name, frame in self.areas.items()}

    @property
    def has_open_account(self) -> bool:
        """Whether there is a standing record of the client that does not say that the account is closed."""
        return bool(self._versions()) and self.closed_on is None

    @property
    def closed_on(self) -> dt.date | None:
        """The day since which the account has been closed; None when it is not."""
        day = None
        for updated_at, status in reversed(self._versions()):
            if status != "closed":
                break
            day = updated_at.date()
        return day

    def _versions(self) -> list[tuple[dt.datetime, str | None]]:
        """Date and status of each standing record of the client, oldest first: of the number that is kept, or
        where it has none of the others."""
        frame = self.areas.get(CLIENTS)
        if frame is None:
            return []
        standing = frame.filter(STANDS)
        own = standing.filter(pl.col(CLIENT) == self.numbers[0])
        dated = (own if own.height else standing).sort("updated_at").select("updated_at", "status")
        return list(dated.iter_rows())

    @property
    def identity_numbers(self) -> list[str]:
        """What nobody else has but the person: ID numbers, mobiles, e-mail addresses, of all versions."""
        places = ((CLIENTS, "id_number"), (CONTACTS, "mobile"), (CONTACTS, "email"))
        return [value for place in places for value in self.values(*place)]

    @property
    def names(self) -> list[str]:
        """The names of the person, without those so short that they would be met everywhere."""
        return [name for name in self.values(CLIENTS, "full_name") if len(name) >= SHORTEST_NAME]

    def masked(self, text: str) -> str:
        """A text, such as a reason or a file's name, that does not tell who the person is."""
        for name in self.names:
            text = text.replace(name, masks.mask(name, "name") or "")
        for number in self.identity_numbers:
            text = text.replace(number.removeprefix(HOME), masks.HIDDEN)
        return masks.scrub(text)

    def values(self, area: str, field: str) -> list[str]:
        """Every value that a field has or had."""
        frame = self.areas.get(area)
        return [] if frame is None else frame[field].drop_nulls().unique().sort().to_list()


def read(desk: Desk, client: str) -> Dossier:
    """Read all that is held on a client.

    Parameters
    ----------
    desk : Desk
    client : str
        One of the client's numbers.

    Returns
    -------
    Dossier
        An empty one where the book does not know the number.

    Raises
    ------
    PermissionRefused
        The role sees the own clients only, and this is none of them.
    BookError
        A file is damaged.
    """
    with telling_damage(desk.workbook.book_file), telling_damage(desk.workbook.vault_file):
        return _Reading(desk.files).dossier(client, desk)


class _Reading:
    """The reading of one dossier."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._held: Held = files.reader().held
        self._known = self._held.known()
        self._areas = files.workbook.areas

    def dossier(self, client: str, desk: Desk) -> Dossier:
        numbers = self._numbers(client)
        self._need_own(numbers[0], desk)
        frames = {
            area.name: self._rows(area, f"list_contains(?, {CLIENT})", [list(numbers)])
            for area in self._areas.values()
            if area.find(CLIENT)
        }
        areas = {name: frame for name, frame in frames.items() if frame.height}
        own = Dossier(client, numbers, areas, frames[RELATIONS].clear(), self._locked(numbers))
        return replace(own, by_others=self._by_others(own))

    def _numbers(self, client: str) -> tuple[str, ...]:
        into = merges.merged(self._held.decisions, self._known)
        kept = into.get(client, client)
        return kept, *sorted(other for other, last in into.items() if last == kept)

    def _need_own(self, client: str, desk: Desk) -> None:
        access = desk.access
        if access.role.rows == "all":
            return
        zone = ZoneInfo(desk.workbook.settings.firm.time_zone)
        source = partial(self._held.found.source, "book")
        moment = Moment(None, self._known, zone, source, merges.merged(self._held.decisions, self._known))
        own = access.rows(self._areas[CLIENTS], [CLIENT], moment, self._known)
        found = self._ask(f"SELECT 1 FROM ({own}) WHERE {CLIENT} = ? LIMIT 1", [client])
        if found.is_empty():
            refusal = PermissionRefused(
                f'The role "{access.name}" answers for its own clients only.',
                f"角色“{access.name}”只能办理名下客户的请求。",
            )
            desk.audit.refused(str(refusal))
            raise refusal

    # ------------------------------------------------------------------------------- rows
    def _rows(self, area: AreaInfo, condition: str, values: Sequence[object]) -> pl.DataFrame:
        """Every stored row of an area for which a condition holds, in declared order and marked.

        Fields that the firm has taken out of the table since are still held, and come after the others.
        """
        stored = [*(field.name for field in book_fields(area)), *self._undeclared("book", area)]
        columns = ", ".join(map(quoted, [*stored, "_batch", "_row", "_pending"]))
        source = self._held.found.source("book", area)
        # Among all rows of a key: a correction may have made this row another client's.
        same = " AND ".join(f"n.{quoted(key)} = r.{quoted(key)}" for key in area.key)
        counts = self._known.condition("n") or "true"
        newest = f"SELECT max(n._batch) FROM {source} n WHERE {same} AND {counts}"
        query = (
            f"SELECT {columns}, coalesce(r._batch = ({newest}), false) AS {STANDS} FROM {source} r "
            f"WHERE _batch <= {self._known.last} AND {condition}"
        )
        cursor = self._files.reader().connection.cursor()
        try:
            found = cursor.execute(query, list(values)).to_arrow_table()
        finally:
            cursor.close()
        if area.identity:
            found = self._files.vault().identity(area, found)
        return self._marked(area, self._with_undeclared(area, pl.DataFrame(found)))

    def _undeclared(self, file: KeyName, area: AreaInfo) -> list[str]:
        opened = self._files.reader() if file == "book" else self._files.vault()
        query = (
            "SELECT column_name FROM duckdb_columns() WHERE database_name = ? AND schema_name = 'main' "
            "AND table_name = ? AND NOT starts_with(column_name, '_') ORDER BY column_index"
        )
        held = _answer(opened.connection, query, [file, area.name])["column_name"]
        return [name for name in held if name not in columns_of(file, area)]

    def _with_undeclared(self, area: AreaInfo, rows: pl.DataFrame) -> pl.DataFrame:
        """`rows` with what the vault still holds of identity fields that are no longer declared."""
        names = self._undeclared("vault", area)
        if not names or rows.is_empty():
            return rows
        same = [*area.key, "_batch"]
        listed = ", ".join(map(quoted, [*same, *names]))
        query = f"SELECT {listed} FROM vault.main.{quoted(area.name)} WHERE list_contains(?, {area.key[0]})"
        held = _answer(self._files.vault().connection, query, [rows[area.key[0]].unique().to_list()])
        return rows.join(held, on=same, how="left")

    def _marked(self, area: AreaInfo, frame: pl.DataFrame) -> pl.DataFrame:
        recorded = {n: EPOCH + dt.timedelta(microseconds=us) for n, us in self._held.stamps.items()}
        taken_back = pl.col("_batch").is_in(self._known.undone)
        marked = frame.with_columns(
            taken_back.alias(TAKEN_BACK),
            pl.col("_batch")
            .replace_strict(recorded, default=None, return_dtype=pl.Datetime("us", "UTC"))
            .alias(RECORDED_AT),
        )
        fields = [field.name for field in area.fields]
        undeclared = [name for name in frame.columns if name not in fields and not name.startswith("_")]
        return marked.select(
            *fields, *undeclared, "_batch", "_row", "_pending", STANDS, TAKEN_BACK, RECORDED_AT
        ).sort(*area.key, "_batch", nulls_last=True)

    # -------------------------------------------------------------------------- by others
    def _by_others(self, dossier: Dossier) -> pl.DataFrame:
        """Rows of other clients that name this person: by number, by mobile, or by a name that is no other
        client's where no mobile stands beside it."""
        numbers = list(dossier.numbers)
        mobiles = dossier.values(CONTACTS, "mobile")
        names = self._own_names(dossier)
        named = self._ask_vault(
            f"SELECT DISTINCT relation_id FROM {{{RELATIONS}}} "
            "WHERE list_contains(?, related_mobile) OR list_contains(?, related_name)",
            [mobiles, names],
        )["relation_id"].to_list()
        condition = (
            f"NOT coalesce(list_contains(?, {CLIENT}), false) "
            f"AND (list_contains(?, {RELATED}) OR list_contains(?, relation_id))"
        )
        rows = self._rows(self._areas[RELATIONS], condition, [numbers, numbers, named])
        by_name = pl.col("related_name").is_in(names) & pl.col("related_mobile").is_null()
        meant = pl.col(RELATED).is_in(numbers) | pl.col("related_mobile").is_in(mobiles) | by_name
        return rows.filter(meant.fill_null(False))

    def _own_names(self, dossier: Dossier) -> list[str]:
        names = dossier.names
        others = self._ask_vault(
            f"SELECT DISTINCT full_name FROM {{{CLIENTS}}} "
            f"WHERE list_contains(?, full_name) AND NOT list_contains(?, {CLIENT})",
            [names, list(dossier.numbers)],
        )["full_name"].to_list()
        return [name for name in names if name not in others]

    # ----------------------------------------------------------------------------- locked
    def _locked(self, numbers: Collection[str]) -> pl.DataFrame:
        empty = pl.DataFrame(schema={"area": pl.String, "keep_until": pl.Date, "rows": pl.Int64})
        if LOCKED in self._files.vault().found.lacking:
            return empty
        return self._ask_vault(
            f"SELECT area, keep_until, count(*) AS rows FROM vault.main.{LOCKED} "
            f"WHERE list_contains(?, {CLIENT}) AND _batch <= {self._known.last} "
            "GROUP BY ALL ORDER BY area, keep_until",
            [list(numbers)],
        )

    def _ask_vault(self, query: str, values: Sequence[object]) -> pl.DataFrame:
        vault = self._files.vault()
        named = {name: vault.found.source("vault", self._areas[name]) for name in (CLIENTS, RELATIONS)}
        return _answer(vault.connection, query.format(**named), values)

    def _ask(self, query: str, values: Sequence[object]) -> pl.DataFrame:
        return _answer(self._files.reader().connection, query, values)


def _answer(connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object]) -> pl.DataFrame:
    cursor = connection.cursor()
    try:
        return pl.DataFrame(cursor.execute(query, list(values)).to_arrow_table())
    finally:
        cursor.close()
