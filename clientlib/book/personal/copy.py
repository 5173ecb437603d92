"""The copy that a person is given of all that is held on them (Personal Information Protection Law art. 45).

It says what is held and was held, where it came from, who by their role looked at it, and what is locked.
It does not tell the names of staff, why somebody looked (a suspicion must not be given away), or who else
is concerned: of other clients' relations only what they say of this person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl

from clientlib.book.connection import quoted, telling_damage
from clientlib.book.files import Reader
from clientlib.book.merges import no_client
from clientlib.book.personal import dossier as dossiers
from clientlib.book.personal.audited import naming
from clientlib.book.personal.desk import SERVICE, Desk, need_reason, opened
from clientlib.book.personal.dossier import RECORDED_AT, STANDS, TAKEN_BACK, Dossier
from clientlib.book.personal.erased import Erased
from clientlib.book.personal.retention import Law, laws
from clientlib.book.storage import BATCHES
from clientlib.errors import Words
from clientlib.tables import AreaInfo
from clientlib.workbook import Workbook

SCHEMA = "clientlib.person/1"
"""The form of `as_json`, described in docs/personal-rights.md."""
NAMED = {"security_id": "securities", "campaign_id": "campaigns"}
"""Numbers that a person cannot know, and the area that has their names."""
_OF_THE_PERSON = ("kind", "since", "until", "related_name", "related_mobile")
"""What another client's relation says of the person named in it."""
State = Literal["standing", "earlier", "taken_back"]
_WHAT = Words("give a client a copy of what is held", "向客户提供所保存信息的副本")


@dataclass(frozen=True)
class Record:
    """One stored version of one row.

    Attributes
    ----------
    values : mapping of str to value
        Field → value, empty ones left out; codes as stored.
    state : str
        It stands; a later one stands in its place; or its hand-in was taken back as a mistake.
    pending : bool
        Whether a required cell is still to come.
    batch : int
    recorded_at : datetime
        In UTC.
    """

    values: Mapping[str, Any]
    state: State
    pending: bool
    batch: int
    recorded_at: dt.datetime


@dataclass(frozen=True)
class Source:
    """A hand-in that rows came with."""

    batch: int
    recorded_at: dt.datetime
    name: str


@dataclass(frozen=True)
class Merge:
    """That a person of the firm found two numbers to be one client."""

    batch: int
    recorded_at: dt.datetime
    kept: str
    other: str


@dataclass(frozen=True)
class Looked:
    """That something was looked at or done of which the audit names the client."""

    at: dt.datetime
    event: str
    role: str


@dataclass(frozen=True)
class Locked:
    """Rows that are only stored any more, for the law's sake."""

    area: str
    rows: int
    keep_until: dt.date
    laws: tuple[Law, ...]


@dataclass(frozen=True)
class PersonalCopy:
    """All that is held on one client.

    Attributes
    ----------
    client : str
        The number that was asked for.
    numbers : tuple of str
        All numbers of the same person.
    made_at : datetime
        In UTC.
    areas : mapping of str to tuple of Record
        Identity plain; the firm's own fields among the others.
    named_by_others : tuple of Record
        What relations of other clients say of the person.
    names : mapping of str to mapping
        Field (`NAMED`) → number → name.
    sources, merges, looks, locked : tuple
    erased_by : int or None
        The batch that erased the client.
    """

    client: str
    numbers: tuple[str, ...]
    made_at: dt.datetime
    areas: Mapping[str, tuple[Record, ...]]
    named_by_others: tuple[Record, ...]
    names: Mapping[str, Mapping[str, str]]
    sources: tuple[Source, ...]
    merges: tuple[Merge, ...]
    looks: tuple[Looked, ...]
    locked: tuple[Locked, ...]
    erased_by: int | None

    def as_json(self, workbook: Workbook) -> dict[str, Any]:
        """The copy as values that JSON can hold: dates in ISO form, instants in the firm's time zone."""
        zone = ZoneInfo(workbook.settings.firm.time_zone)
        told = {
            "schema": SCHEMA,
            "firm": workbook.settings.firm.name,
            "made_at": self.made_at,
            "client": {"asked": self.client, "numbers": self.numbers, "erased_by_batch": self.erased_by},
            "areas": {name: self._area(workbook.areas[name]) for name in self.areas},
            "named_by_others": [vars(record) for record in self.named_by_others],
            "names": self.names,
            **{
                part: [vars(one) for one in getattr(self, part)]
                for part in ("sources", "merges", "looks", "locked")
            },
        }
        found: dict[str, Any] = json_value(told, zone)
        return found

    def _area(self, area: AreaInfo) -> dict[str, Any]:
        records = self.areas[area.name]
        used = {name for record in records for name in record.values}
        titles = {f.name: {"en": f.title_en, "zh": f.title_zh} for f in area.fields if f.name in used}
        return {
            "title": {"en": area.title_en, "zh": area.title_zh},
            "fields": titles,
            "records": [vars(record) for record in records],
        }


def copy_for(workbook: Workbook, client: str, reason: str, role: str = SERVICE) -> PersonalCopy:
    """Read all that is held on a client, for the client.

    Parameters
    ----------
    workbook : Workbook
    client : str
        One of the client's numbers.
    reason : str
        Why, in a person's words; kept in the audit with numbers and addresses masked.
    role : str
        It needs the right `may_answer`.

    Returns
    -------
    PersonalCopy

    Raises
    ------
    ParameterError
        There is no reason.
    PermissionRefused
        The role may not, or the vault's key is not here.
    BookError
        Nothing is held on such a client.
    """
    why = need_reason(reason)
    with opened(workbook, role, _WHAT) as desk:
        found = dossiers.read(desk, client)
        erased_by = Erased.of(desk.files.reader().held).batch_of(client)
        if found.is_empty and found.locked.is_empty() and erased_by is None:
            raise no_client(client)
        with telling_damage(workbook.book_file):
            copy = _copied(desk, found, erased_by)
        desk.audit.record("export_person", clients=found.numbers, reason=found.masked(why), rows=found.rows)
    return copy


def _copied(desk: Desk, found: Dossier, erased_by: int | None) -> PersonalCopy:
    areas = {name: _records(frame, frame.columns) for name, frame in found.areas.items()}
    by_others = _records(found.by_others, _OF_THE_PERSON)
    merges = _merges(desk, found.numbers)
    batches = {record.batch for records in (*areas.values(), by_others) for record in records}
    return PersonalCopy(
        client=found.client,
        numbers=found.numbers,
        made_at=dt.datetime.now(dt.UTC),
        areas=areas,
        named_by_others=by_others,
        names=_names(desk, found),
        sources=_sources(desk.files.reader(), batches),
        merges=merges,
        looks=_looks(desk, found.numbers),
        locked=tuple(Locked(area, rows, until, laws(area)) for area, until, rows in found.locked.iter_rows()),
        erased_by=erased_by,
    )


def _records(frame: pl.DataFrame, columns: Sequence[str]) -> tuple[Record, ...]:
    shown = [name for name in columns if not name.startswith("_")]
    return tuple(
        Record(
            values={name: row[name] for name in shown if row[name] is not None},
            state="taken_back" if row[TAKEN_BACK] else "standing" if row[STANDS] else "earlier",
            pending=row["_pending"],
            batch=row["_batch"],
            recorded_at=row[RECORDED_AT],
        )
        for row in frame.iter_rows(named=True)
    )


def _names(desk: Desk, found: Dossier) -> dict[str, dict[str, str]]:
    """The names of the securities and campaigns that the client's rows speak of."""
    reader = desk.files.reader()
    names = {}
    for field, area in NAMED.items():
        numbers = {n for frame in found.areas.values() if field in frame for n in frame[field].drop_nulls()}
        query = (
            f"SELECT {field}, arg_max(name, _batch) FROM "
            f"{reader.held.found.source('book', desk.workbook.areas[area])} "
            f"WHERE list_contains(?, {field}) AND _batch <= {reader.held.last} GROUP BY ALL ORDER BY ALL"
        )
        names[field] = dict(_ask(reader, query, [sorted(numbers)]))
    return names


def _sources(reader: Reader, batches: set[int]) -> tuple[Source, ...]:
    query = (
        f"SELECT batch, recorded_at AT TIME ZONE 'UTC', source FROM book.main.{quoted(BATCHES)} "
        "WHERE list_contains(?, batch) ORDER BY batch"
    )
    found = _ask(reader, query, [sorted(batches)])
    return tuple(Source(number, at.replace(tzinfo=dt.UTC), name) for number, at, name in found)


def _merges(desk: Desk, numbers: Sequence[str]) -> tuple[Merge, ...]:
    held = desk.files.reader().held
    undone = held.known().undone
    when = {batch.number: batch.recorded_at for batch in held.batches}
    return tuple(
        Merge(one.batch, when[one.batch], one.kept, one.other)
        for one in held.decisions
        if one.kind == "same" and one.batch not in undone and {one.kept, one.other} <= set(numbers)
    )


def _looks(desk: Desk, numbers: Sequence[str]) -> tuple[Looked, ...]:
    return tuple(
        Looked(dt.datetime.fromisoformat(said["at"]), said["event"], said["role"])
        for said in naming(desk, numbers)
    )


def _ask(reader: Reader, query: str, values: Sequence[object]) -> list[Any]:
    cursor = reader.connection.cursor()
    try:
        return cursor.execute(query, list(values)).fetchall()
    finally:
        cursor.close()


def json_value(value: Any, zone: ZoneInfo) -> Any:
    """A value as JSON can hold it: dates in ISO form, instants in `zone`."""
    if isinstance(value, Mapping):
        return {str(name): json_value(inner, zone) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(inner, zone) for inner in value]
    if isinstance(value, dt.datetime):
        return value.astimezone(zone).isoformat()
    return value.isoformat() if isinstance(value, dt.date) else value
