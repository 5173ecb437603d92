"""A client erased from the book, or what that would do; and what was locked and is due, erased as well."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import polars as pl

from clientlib.book.merges import no_client
from clientlib.book.personal import dossier as dossiers
from clientlib.book.personal.audited import Given, given
from clientlib.book.personal.desk import SERVICE, Desk, need_reason, opened
from clientlib.book.personal.dossier import Dossier
from clientlib.book.personal.elsewhere import Trace, traces
from clientlib.book.personal.erased import Erased
from clientlib.book.personal.mentions import Mention, mentions
from clientlib.book.personal.retention import Law, Retention, laws
from clientlib.book.personal.wiping import DueRows, ErasureBatch, Wiping, due_rows
from clientlib.errors import BookError, Words
from clientlib.workbook import Workbook

SOURCE, SOURCE_DUE = "erasure of one client", "erasure of what was locked and is due"
_WHAT, _WHAT_DUE = Words("erase a client", "删除客户"), Words("erase what is due", "删除到期的记录")


# -------------------------------------------------------------------------------- results
@dataclass(frozen=True)
class Share:
    """What becomes of the client's rows of one area.

    Attributes
    ----------
    gone, locked : int
        Rows, each version counted.
    keep_until : date or None
        The last day on which any of the locked ones is kept.
    laws : tuple of str
        Why.
    """

    gone: int
    locked: int
    keep_until: dt.date | None
    laws: tuple[Law, ...]


@dataclass(frozen=True)
class Erasure:
    """What an erasure did, or would do.

    Attributes
    ----------
    client : str
        The number that was asked for.
    numbers : tuple of str
        All numbers of the same person.
    batch : int or None
        The batch that the erasure is; None: nothing was changed.
    at : datetime
        When, in UTC.
    areas : mapping of str to Share
    relations_of_others : int
        Rows of other clients from which the person's number, name and mobile were taken out.
    mentions : tuple of Mention
        Rows in whose free text the client is still named.
    traces : tuple of Trace
        Files that name the client, or may.
    given : tuple of Given
        To whom rows were given that may be of the client.
    """

    client: str
    numbers: tuple[str, ...]
    batch: int | None
    at: dt.datetime
    areas: Mapping[str, Share]
    relations_of_others: int
    mentions: tuple[Mention, ...]
    traces: tuple[Trace, ...]
    given: tuple[Given, ...]


# --------------------------------------------------------------------------------- a client
def erase(
    workbook: Workbook, client: str, reason: str, role: str = SERVICE, *, only_look: bool = False
) -> Erasure:
    """Erase a client from book and vault, or look what that would do.

    Parameters
    ----------
    workbook : Workbook
    client : str
        One of the client's numbers; merged ones go along.
    reason : str
        Why, in a person's words; kept in the audit with numbers and addresses masked.
    role : str
        It needs the right `may_answer`.
    only_look : bool
        Whether nothing is to be changed.

    Returns
    -------
    Erasure

    Raises
    ------
    ParameterError
        There is no reason.
    PermissionRefused
        The role may not, or the vault's key is not here.
    BookError
        There is no such client, the account is open, or the new files cannot be written. Nothing was changed.
    """
    why = need_reason(reason)
    with opened(workbook, role, _WHAT, write=not only_look) as desk:
        found = dossiers.read(desk, client)
        _need_erasable(desk, found)
        retention = Retention(workbook.settings.erasure, today(workbook), _zone(workbook))
        locked = retention.locked(found, workbook.areas)
        planned = _planned(desk, found, locked)
        if only_look:
            return planned
        undone = desk.files.reader().held.known().undone
        batch = ErasureBatch(desk, SOURCE)
        batch.run(
            Wiping(found, locked, undone).carry_out,
            clients=found.numbers,
            reason=found.masked(why),
            details={"rows": found.rows, "locked": locked.height},
        )
    return replace(planned, batch=batch.number, at=batch.recorded_at)


def _need_erasable(desk: Desk, found: Dossier) -> None:
    earlier = Erased.of(desk.files.reader().held).batch_of(found.client)
    if earlier is not None:
        raise BookError(
            f"{found.client} was erased already, by batch {earlier}. Nothing was changed.",
            f"{found.client} 已在第{earlier}批中删除。未作任何更改。",
        )
    if found.is_empty:
        raise no_client(found.client)
    if found.has_open_account:
        raise BookError(
            f"The account of {found.client} is open, and a client with an open account cannot be erased. "
            "Close it first: hand in the client's record with the status closed. Nothing was changed.",
            f"{found.client} 的账户尚未销户，未销户的客户不能删除。"
            "请先销户：提交该客户状态为“销户”的记录。未作任何更改。",
        )


def _planned(desk: Desk, found: Dossier, locked: pl.DataFrame) -> Erasure:
    """What will be done, and what it will not reach."""
    kept = {
        area: (rows, until)
        for area, rows, until in locked.group_by("area")
        .agg(pl.len().alias("rows"), pl.col("keep_until").max())
        .iter_rows()
    }
    areas = {}
    for area, rows in found.rows.items():
        rows_kept, until = kept.get(area, (0, None))
        areas[area] = Share(rows - rows_kept, rows_kept, until, laws(area) if rows_kept else ())
    return Erasure(
        found.client,
        found.numbers,
        batch=None,
        at=dt.datetime.now(dt.UTC),
        areas=areas,
        relations_of_others=found.by_others.height,
        mentions=tuple(mentions(desk, found)),
        traces=tuple(traces(desk.workbook, found)),
        given=tuple(given(desk, found.numbers)),
    )


# --------------------------------------------------------------------------------- what is due
@dataclass(frozen=True)
class Due:
    """Locked rows whose time is over.

    Attributes
    ----------
    batch : int or None
        The batch that erased them; None: nothing was changed.
    clients : tuple of str
    rows : int
    """

    batch: int | None
    clients: tuple[str, ...]
    rows: int


def erase_due(
    workbook: Workbook, role: str = SERVICE, *, day: dt.date | None = None, only_look: bool = False
) -> Due:
    """Erase what was locked and need not be kept any more.

    Parameters
    ----------
    workbook : Workbook
    role : str
        It needs the right `may_answer`.
    day : date, optional
        What was to be kept until an earlier day is due; by default today in the firm's time zone.
    only_look : bool
        Whether nothing is to be changed.

    Returns
    -------
    Due
        Without a batch where nothing was due.

    Raises
    ------
    PermissionRefused, BookError
        As for `erase`.
    """
    until = day or today(workbook)
    with opened(workbook, role, _WHAT_DUE, write=not only_look) as desk:
        found = due_rows(desk, until)
        due = Due(None, tuple(found["client_id"].unique().sort()), int(found["rows"].sum()))
        if only_look or not due.rows:
            return due
        batch = ErasureBatch(desk, SOURCE_DUE)
        batch.run(
            DueRows(until).carry_out,
            clients=due.clients,
            reason="",
            details={"locked_until_before": until.isoformat(), "rows": due.rows},
        )
    return replace(due, batch=batch.number)


def today(workbook: Workbook) -> dt.date:
    """This day in the firm's time zone."""
    return dt.datetime.now(_zone(workbook)).date()


def _zone(workbook: Workbook) -> ZoneInfo:
    return ZoneInfo(workbook.settings.firm.time_zone)
