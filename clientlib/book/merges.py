"""Decisions of a person about two clients: that they are one and the same, or that they are not.

An erasure stands among them with a digest of the client's number (`personal.erased`) and no second client.
A merge moves no row. It is recorded as a batch of its own and applied when rows are read, so that it can be
taken back, and so that what the book held before it can still be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from clientlib.book.clocks import Known, Moment, visible
from clientlib.book.connection import literal, quoted
from clientlib.errors import BookError
from clientlib.tables import AreaInfo

Kind = Literal["same", "different", "erased"]
RECORDED = "_recorded"
"""The client's number as the row was handed in, beside the number it reads as after a merge."""
CLIENT = "client_id"
RELATED = "related_client_id"


@dataclass(frozen=True)
class Decision:
    """One decision: `other` is the same client as `kept`, or is another one; or `kept` was erased."""

    batch: int
    kind: Kind
    kept: str
    other: str


Merged = Mapping[str, str]
"""A client's number → the number it reads as."""


def merged(decisions: Iterable[Decision], known: Known) -> Merged:
    """What the clients merged by known batches read as; a merge into a merged one leads to the last.

    Of contrary merges, which come about when one that was taken back is brought back beside a newer one, the
    newest counts.
    """
    into: dict[str, str] = {}
    for decision in sorted(decisions, key=lambda decision: decision.batch, reverse=True):
        counts = decision.batch <= known.last and decision.batch not in known.undone
        free = decision.other not in into and _last(decision.kept, into) != decision.other
        if decision.kind == "same" and counts and free:
            into[decision.other] = decision.kept
    return {other: _last(other, into) for other in into}


def _last(client: str, into: Mapping[str, str]) -> str:
    while client in into:
        client = into[client]
    return client


def check(kept: str, other: str, clients: Iterable[str], merged_now: Merged) -> None:
    """Make sure that two clients can be merged.

    Raises
    ------
    BookError
        One of the two is not in the book, was merged already, or both are the same.
    """
    known = set(clients)
    if kept == other:
        raise BookError(
            f"{kept} was named twice. Name two different clients.", f"{kept} 出现两次。请指定两个不同的客户。"
        )
    for client in (kept, other):
        if client in merged_now:
            raise BookError(
                f"{client} was merged into {merged_now[client]} already. Name {merged_now[client]} instead, "
                "or take that merge back first: clientlib undo BATCH",
                f"{client} 已并入 {merged_now[client]}。请改用 {merged_now[client]}，"
                "或先撤回该合并：clientlib undo BATCH",
            )
        if client not in known:
            raise no_client(client)


def no_client(client: str) -> BookError:
    return BookError(
        f'There is no client "{client}" in the book. Check the number.',
        f"台账中没有客户“{client}”。请核对编号。",
    )


# ------------------------------------------------------------------------------------ SQL
def of_clients(area: AreaInfo) -> bool:
    """Whether each row of the area is some client's."""
    return CLIENT in [field.name for field in area.fields]


def concerned(area: AreaInfo, moment: Moment) -> bool:
    """Whether rows of the area may read otherwise than they were recorded."""
    return bool(moment.merged) and of_clients(area)


def order(area: AreaInfo) -> tuple[str, ...]:
    """What the rows of an area are sorted by: the key and, where the amounts of merged clients are added up,
    the currency. One such client may have several on one day, and what is not one money is no sum."""
    return (*area.key, "currency") if area.merged == "added" else area.key


def as_one(area: AreaInfo, columns: Sequence[str], moment: Moment) -> str:
    """The SQL of the rows of `area` visible at `moment`, merged clients as one.

    Parameters
    ----------
    area : AreaInfo
    columns : sequence of str
        What to give; `RECORDED` may be among them where the area is `concerned`.
    moment : Moment

    Notes
    -----
    What becomes of two rows of one client is the area's own matter: `AreaInfo.merged`.
    """
    if not concerned(area, moment):
        return visible(area, columns, moment)
    newest_only = area.versioned and moment.as_of is not None
    rows = visible(area, _needed(area, columns), moment)
    return _mapped(area, rows, columns, moment.merged, newest_only=newest_only)


def _mapped(area: AreaInfo, rows: str, columns: Sequence[str], merges: Merged, *, newest_only: bool) -> str:
    pairs = ", ".join(f"({literal(other)}, {literal(kept)})" for other, kept in merges.items())
    reads_as = [f"coalesce(m.kept, r.{CLIENT}) AS {CLIENT}"]
    joins = f"LEFT JOIN merges m ON m.other = r.{CLIENT}"
    names = [field.name for field in area.fields]
    if RELATED in names:
        reads_as.append(f"coalesce(n.kept, r.{RELATED}) AS {RELATED}")
        joins += f" LEFT JOIN merges n ON n.other = r.{RELATED}"
    replaced = ", ".join(reads_as)
    with_clause = (
        f"WITH merges(other, kept) AS (VALUES {pairs}), "
        f"one AS (SELECT r.* REPLACE ({replaced}), r.{CLIENT} AS {RECORDED} FROM ({rows}) r {joins})"
    )
    if area.merged == "added":
        return f"{with_clause} {_added(area, columns, newest_only=newest_only)}"
    listed = ", ".join(map(quoted, columns))
    return f"{with_clause} SELECT {listed} FROM one{_left(area, names, newest_only=newest_only)}"


def _needed(area: AreaInfo, columns: Sequence[str]) -> list[str]:
    """The stored columns that are wanted of the visible rows to give `columns`."""
    own = [name for name in columns if name != RECORDED]
    extra = [CLIENT, *area.key, *([RELATED] if RELATED in [f.name for f in area.fields] else [])]
    if area.merged == "added":
        extra += ["currency"]
    if area.business_date is not None:
        extra += [area.business_date]
    return list(dict.fromkeys([*own, *extra]))


def _left(area: AreaInfo, names: Sequence[str], *, newest_only: bool) -> str:
    """Which of the rows stand: nobody is related to himself, and of two rows of one thing one counts."""
    where = f" WHERE {RELATED} IS NULL OR {RELATED} <> {CLIENT}" if RELATED in names else ""
    if area.merged == "all":
        return where
    own_first = f"({RECORDED} = {CLIENT}) DESC"
    thing = [key for key in area.key if not (newest_only and key == area.business_date)]
    parts = ", ".join(map(quoted, thing))
    date = f"{quoted(area.business_date)} DESC NULLS LAST" if area.business_date else "1"
    if area.merged == "kept":
        # Without a date every version of the kept client stands, and none of the other's beside them.
        rank = f"dense_rank() OVER (PARTITION BY {CLIENT} ORDER BY {own_first}) = 1"
        one = f"row_number() OVER (PARTITION BY {parts} ORDER BY {own_first}, {date}, {RECORDED}) = 1"
        return f"{where} QUALIFY {rank} AND {one}"
    newest = f"row_number() OVER (PARTITION BY {parts} ORDER BY {date}, {own_first}, {RECORDED}) = 1"
    return f"{where} QUALIFY {newest}"


def _added(area: AreaInfo, columns: Sequence[str], *, newest_only: bool) -> str:
    """Amounts of one client in one currency (on one date, where each date counts) as one row."""
    groups = [CLIENT, "currency"] + ([] if newest_only or not area.business_date else [area.business_date])
    shown = []
    for name in columns:
        if name in groups:
            shown.append(quoted(name))
        elif name in [field.name for field in area.fields if field.kind == "money"]:
            shown.append(f"sum({quoted(name)}) AS {quoted(name)}")
        else:
            # A date is the newest one; a remark or a mark that of the client that is kept.
            order = quoted(area.business_date) if name == area.business_date else f"({RECORDED} = {CLIENT})"
            shown.append(f"arg_max({quoted(name)}, {order}) AS {quoted(name)}")
    return f"SELECT {', '.join(shown)} FROM one GROUP BY {', '.join(map(quoted, groups))}"
