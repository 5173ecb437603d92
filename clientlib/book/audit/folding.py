"""Each batch takes the journal's records over into both files, inside its own transactions.

The batch's own record goes to the journal before the commit. So no file ever holds a record that the journal
never had, and a batch that did not land is followed by a record that says so.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import duckdb

from clientlib.book.audit.record import (
    BATCH,
    BROKEN_OFF,
    GONE_FROM,
    GONE_HASH,
    GONE_TO,
    SO_FAR,
    STAMP,
    Batched,
    Entry,
    Link,
    written,
)
from clientlib.book.audit.trail import Audit
from clientlib.book.keys import KeyName
from clientlib.book.storage import AUDIT
from clientlib.errors import ZH, BookError

_log = logging.getLogger("clientlib.book")
_DAYS_A_YEAR = 365.2425


class BatchTrail:
    """What the audit does beside one batch: `before_commit`, then `landed` or `broken_off`."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self.entry = audit.entry
        self._entry: Entry | None = None
        self._folded: Link | None = None
        self._mark = (0, 0)

    def before_commit(
        self,
        entry: Entry,
        number: int,
        stamp: int,
        book: duckdb.DuckDBPyConnection,
        vault: duckdb.DuckDBPyConnection,
    ) -> None:
        """Record a batch in the journal, and put into its transactions all that the files do not have yet.

        Parameters
        ----------
        entry : Entry
            What the batch is.
        number, stamp : int
            Its number, and when it is recorded, in microseconds since 1970 in UTC.
        book, vault : duckdb.DuckDBPyConnection
            Where its transactions run.

        Raises
        ------
        BookError
            The journal cannot be written; then the batch must not be committed.
        """
        self._mark = (number, stamp)
        self._entry = replace(entry, details={**(entry.details or {}), BATCH: number, STAMP: stamp})
        with self._audit.appending() as append:
            links = [link for link in self._audit.journal.links() if link is not None]
            for stale in self._stale(links, number):
                append(stale)
            due = _due(book, self._audit)
            if due is not None:
                append(self._audit.entry("prune", due))
            self._folded = append(self._entry)
            # Read back rather than collected: an alarm may have gone before any of them.
            links += self._audit.journal.after(links[-1].seq if links else 0)
        for file, cursor in _each(book, vault):
            fold(cursor, file, links)
            if due is not None:
                cursor.execute(f"DELETE FROM {file}.main.{AUDIT} WHERE seq <= {due[GONE_TO]}")

    def _stale(self, links: Sequence[Link], number: int) -> list[Entry]:
        """That an earlier attempt at this batch, whose process died, came to nothing."""
        attempt: Batched | None = None
        for link in links:
            batched = Batched.of(link.read()) if f'"{STAMP}":' in link.text else None
            if batched is not None and batched.number == number:
                attempt = None if batched.broken_off else batched
        if attempt is None:
            return []
        told = {BATCH: attempt.number, STAMP: attempt.stamp}
        return [self._audit.entry(attempt.event, told, outcome=BROKEN_OFF)]

    def landed(self) -> None:
        """The batch is committed: the anchor learns of it; the journal lets go of what both files have."""
        if self._folded is None:
            return
        try:
            with self._audit.journal.locked():
                self._audit.committed(*self._mark)
                self._audit.journal.keep_from(self._folded.seq)
        except BookError as error:
            # The batch stands. What was not shortened now is shortened with the next one.
            _log.warning("%s", error, extra={ZH: error.told("zh")})

    @property
    def recorded(self) -> bool:
        """Whether the journal tells of the batch already."""
        return self._folded is not None

    def broken_off(self) -> None:
        """The batch did not land. Without room on the disk the next writer finds out, and says so then."""
        if self._entry is None or self._folded is None:
            return
        try:
            with self._audit.appending() as append:
                append(replace(self._entry, outcome=BROKEN_OFF))
        except BookError as error:
            _log.warning("%s", error, extra={ZH: error.told("zh")})


def _each(
    book: duckdb.DuckDBPyConnection, vault: duckdb.DuckDBPyConnection
) -> tuple[tuple[KeyName, duckdb.DuckDBPyConnection], ...]:
    return ("vault", vault), ("book", book)


def fold(cursor: duckdb.DuckDBPyConnection, file: KeyName, links: Sequence[Link]) -> None:
    """Add those of `links` to a file's table that come after its last one."""
    row = cursor.execute(f"SELECT max(seq) FROM {file}.main.{AUDIT}").fetchone()
    last = row[0] if row and row[0] is not None else 0
    new = [link for link in links if link.seq > last]
    if not new:
        return
    # A few rows at a time: handing over a frame would take longer than all the rest.
    columns = [[link.seq for link in new], [link.text for link in new], [link.hash for link in new]]
    cursor.execute(f"INSERT INTO {file}.main.{AUDIT} SELECT unnest(?), unnest(?), unnest(?)", columns)


def stored(cursor: duckdb.DuckDBPyConnection, file: KeyName) -> list[Link]:
    """The records that a file's table has, in the order in which they stand there."""
    rows = cursor.execute(f"SELECT seq, record, hash FROM {file}.main.{AUDIT} ORDER BY rowid").fetchall()
    return [Link(*row) for row in rows]


def last_stored(cursor: duckdb.DuckDBPyConnection, file: KeyName) -> Link | None:
    return _at_the_end(cursor, file, "max")


def _at_the_end(
    cursor: duckdb.DuckDBPyConnection, file: KeyName, which: Literal["min", "max"]
) -> Link | None:
    """The first or the last record of a table, found by its number: the texts of the others are not read."""
    row = cursor.execute(f"SELECT {which}(seq) FROM {file}.main.{AUDIT}").fetchone()
    if row is None or row[0] is None:
        return None
    query = f"SELECT seq, record, hash FROM {file}.main.{AUDIT} WHERE seq = {row[0]}"
    found = cursor.execute(query).fetchone()
    return Link(*found) if found else None


# ------------------------------------------------------------------------------------ kept
def _due(book: duckdb.DuckDBPyConnection, audit: Audit) -> dict[str, int | str] | None:
    """What a record says of those whose time is over; None when there are none.

    They are an unbroken run from the first on, which ends before the first that is too young: a clock that
    was set back makes some stay longer.
    """
    limit = _limit(audit)
    first = _at_the_end(book, "book", "min")
    if first is None or str(first.read().get("at", limit)) >= limit:
        return None
    row = book.execute(
        f"""SELECT max(seq), arg_max(hash, seq), max(greatest({_number(BATCH)}, {_number(SO_FAR)}))
        FROM book.main.{AUDIT} WHERE seq < coalesce(
            (SELECT min(seq) FROM book.main.{AUDIT} WHERE json_extract_string(record, '$.at') >= ?),
            9223372036854775807)""",
        [limit],
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return {GONE_FROM: 1, GONE_TO: row[0], GONE_HASH: row[1], SO_FAR: row[2]}


def _number(detail: str) -> str:
    return f"coalesce(CAST(json_extract_string(record, '$.details.{detail}') AS BIGINT), 0)"


def _limit(audit: Audit) -> str:
    kept = dt.timedelta(days=_DAYS_A_YEAR * audit.workbook.settings.audit.keep_years)
    return written(audit.clock() - kept)
