"""The two clocks: what `as_of` and `known_at` may be, and the SQL of what is visible at both.

A row is business-valid by its own date and record-valid by its batch. Nothing is read here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from clientlib.book.connection import quoted
from clientlib.errors import ParameterError
from clientlib.tables import AreaInfo

AsOf = dt.date | str | None
KnownAt = dt.datetime | dt.date | str | None


def business_day(value: AsOf, zone: ZoneInfo) -> dt.date | None:
    """A business date as people give it; an instant counts as its day in `zone`, None as no limit.

    Raises
    ------
    ParameterError
        It is no date of the calendar.
    """
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return value.astimezone(zone).date() if value.tzinfo else value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value).strip())
    except ValueError:
        pass
    raise ParameterError(
        f'as_of: "{value}" is no date of the calendar. Write year-month-day, e.g. 2026-06-30.',
        f"as_of：“{value}”不是日历上的日期。请按年-月-日书写，例如 2026-06-30。",
    )


def record_instant(value: KnownAt, zone: ZoneInfo) -> dt.datetime | None:
    """A moment of record time; a day alone means its end, an instant without a zone is one in `zone`.

    None, and an empty text, mean now: no limit.

    Raises
    ------
    ParameterError
        It is no date or instant.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = _instant(value.strip())
    if not isinstance(value, dt.datetime):
        return day_end(value, zone) - dt.timedelta(microseconds=1)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(dt.UTC)


def _instant(text: str) -> dt.datetime | dt.date:
    for read in (dt.date.fromisoformat, dt.datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    raise ParameterError(
        f'known_at: "{text}" is no instant. Write e.g. 2026-06-30 or 2026-06-30T18:00:00+08:00.',
        f"known_at：“{text}”不是有效的时间。请写成如 2026-06-30 或 2026-06-30T18:00:00+08:00。",
    )


def day_end(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """The first instant after `day` in `zone`, in UTC."""
    if day == dt.date.max:
        return dt.datetime.max.replace(tzinfo=dt.UTC)
    following = day + dt.timedelta(days=1)
    return dt.datetime.combine(following, dt.time(), zone).astimezone(dt.UTC)


# -------------------------------------------------------------------------------- batches
@dataclass(frozen=True)
class BatchMark:
    """What the clocks need of a batch: `superseding` names the areas in which it corrects earlier rows,
    `storing` all those of which it brought any."""

    number: int
    recorded_at: dt.datetime
    undoes: int | None
    superseding: frozenset[str]
    storing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Known:
    """The batches that count at a moment: those up to `last`, without `undone`; `all`: that is every row."""

    last: int
    undone: tuple[int, ...]
    all: bool
    superseding: frozenset[str]

    def condition(self, row: str) -> str | None:
        """The SQL condition that `row` came in a known batch; None when every row did."""
        if self.all:
            return None
        came = f"{row}._batch <= {self.last}"
        if self.undone:
            came += f" AND {row}._batch NOT IN ({', '.join(map(str, self.undone))})"
        return came


def known_batches(
    batches: Iterable[BatchMark], known_at: dt.datetime | None, *, unfinished: bool = False
) -> Known:
    """The batches recorded by `known_at` that no other batch known then has taken back.

    `unfinished`: whether there may be rows of a batch that is not among `batches`, because its import is
    under way or was broken off.
    """
    listed = sorted(batches, key=lambda batch: batch.number)
    known = [batch for batch in listed if known_at is None or batch.recorded_at <= known_at]
    undone: set[int] = set()
    for batch in reversed(known):
        # From the newest: an undoing that was itself undone does not count.
        if batch.undoes is not None and batch.number not in undone:
            undone.add(batch.undoes)
    counted = [batch for batch in known if batch.number not in undone]
    # While a batch was taken back, its rows may have come again as new ones: both have come to stand.
    ever_undone = {batch.undoes for batch in known}
    brought_back = [batch.storing for batch in counted if batch.number in ever_undone]
    areas = [*(batch.superseding for batch in counted), *brought_back]
    return Known(
        last=known[-1].number if known else 0,
        undone=tuple(sorted(undone)),
        all=len(known) == len(listed) and not undone and not unfinished,
        superseding=frozenset().union(*areas),
    )


# -------------------------------------------------------------------------------- visible
@dataclass(frozen=True)
class Moment:
    """A point on both clocks."""

    as_of: dt.date | None
    known: Known
    zone: ZoneInfo
    source: Callable[[AreaInfo], str]
    """The SQL of an area's table in the book."""
    merged: Mapping[str, str] = field(default_factory=dict)
    """The number that a client's number reads as, where a person has merged the two."""


def visible(area: AreaInfo, columns: Sequence[str], moment: Moment) -> str:
    """The SQL of the rows of `area` visible at `moment`, as they were recorded, as cheap as the book's
    history allows.

    A row without a business date is there at any time where that date is optional (a control group was
    never contacted), and only without `as_of` where it is required and still pending: what is not
    dated must not be read as if it lay in the past.
    """
    table = moment.source(area)
    listed = ", ".join(f"r.{quoted(column)}" for column in columns)
    conditions = [condition for condition in (moment.known.condition("r"), _dated(area, moment)) if condition]
    source = f"{table} r"
    if area.name in moment.known.superseding:
        source += _without_superseded(area, table, moment.known)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {listed} FROM {source}{where}{_newest(area, moment)}"


def _without_superseded(area: AreaInfo, table: str, known: Known) -> str:
    # Few rows correct others, so the side that is held in memory is small.
    keys = ", ".join(map(quoted, area.key))
    corrected = " AND ".join(["s._supersedes", *filter(None, [known.condition("s")])])
    same = " AND ".join(f"s.{quoted(key)} = r.{quoted(key)}" for key in area.key)
    return (
        f" ANTI JOIN (SELECT {keys}, _batch FROM {table} s WHERE {corrected}) s"
        f" ON {same} AND s._batch > r._batch"
    )


def _dated(area: AreaInfo, moment: Moment) -> str | None:
    if area.business_date is None or moment.as_of is None:
        return None
    dated_by = area.field(area.business_date)
    column = f"r.{quoted(dated_by.name)}"
    if dated_by.kind == "instant":
        end = day_end(moment.as_of, moment.zone).replace(tzinfo=None)
        reached = f"{column} < TIMESTAMPTZ '{end.isoformat(sep=' ')}+00'"
    else:
        reached = f"{column} <= DATE '{moment.as_of.isoformat()}'"
    return reached if dated_by.required else f"({column} IS NULL OR {reached})"


def _newest(area: AreaInfo, moment: Moment) -> str:
    if not area.versioned or moment.as_of is None or area.business_date is None:
        return ""
    whose = ", ".join(f"r.{quoted(key)}" for key in area.key if key != area.business_date)
    return (
        f" QUALIFY row_number() OVER (PARTITION BY {whose} ORDER BY r.{quoted(area.business_date)} DESC) = 1"
    )
