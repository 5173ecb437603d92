"""What an open book tells of itself: batches, days, branches, counts, decisions, and who looked at it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from clientlib.book import merges
from clientlib.book.access import Access
from clientlib.book.audit.folding import stored
from clientlib.book.audit.reading import framed
from clientlib.book.audit.trail import Audit
from clientlib.book.clocks import AsOf, KnownAt, Moment, business_day, record_instant
from clientlib.book.connection import literal, quoted, telling_damage
from clientlib.book.files import Files, Held
from clientlib.book.frames import to_pandas
from clientlib.book.merges import as_one
from clientlib.book.storage import AUDIT, BATCH_AREAS, BATCHES, COUNTS
from clientlib.config import Settings
from clientlib.errors import Words
from clientlib.tables import AreaInfo, Areas
from clientlib.workbook import Workbook

HAPPENED = ("trades", "service_requests", "feedback", "balances", "prices")
"""The areas whose dates say which days the book tells of; without any of them, those below do."""
DESCRIBED = ("clients", "preferences", "finances")


class Contents:
    """An open book, as far as it tells of itself: no row of a client is handed out here.

    Attributes
    ----------
    workbook : Workbook
    settings : Settings
    areas : mapping of str to AreaInfo
        The table, with the fields that the firm added.
    access : Access
        What the one who opened it may see and do.
    audit : Audit
        Where it is recorded what is looked at and done.
    """

    def __init__(self, workbook: Workbook, access: Access, files: Files, audit: Audit) -> None:
        self.workbook = workbook
        self.settings: Settings = workbook.settings
        self.areas: Areas = workbook.areas
        self.access = replace(access, refused=audit.refused)
        self.audit = audit
        self._zone = ZoneInfo(self.settings.firm.time_zone)
        self._files = files

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.workbook.folder)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files; others may then write."""
        self._files.close()

    # --------------------------------------------------------------------------- told of it
    def batches(self) -> pd.DataFrame:
        """Every batch, oldest first.

        Returns
        -------
        pandas.DataFrame
            Index `batch`; `recorded_at` (in the firm's time zone), `source`, `files`, `who`, `undoes`,
            `code_version`, and the counts `rows_in`, `accepted`, `rejected`, `new`, `changed`,
            `unchanged`, `pending` over all areas.
        """
        counts = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in COUNTS)
        query = f"""
            SELECT b.* REPLACE (array_to_string(files, ', ') AS files), c.* EXCLUDE (batch)
            FROM book.main.{BATCHES} b
            LEFT JOIN (SELECT batch, {counts} FROM book.main.{BATCH_AREAS} GROUP BY batch) c USING (batch)
            ORDER BY batch"""
        return to_pandas(self._read(query)).set_index("batch")

    def batch_areas(self) -> pd.DataFrame:
        """Every batch's counts for each area, oldest first.

        Returns
        -------
        pandas.DataFrame
            `batch`, `area`, and the counts of `batches`.
        """
        return to_pandas(self._read(f"SELECT * FROM book.main.{BATCH_AREAS} ORDER BY batch, area"))

    def counts(self, as_of: AsOf = None, known_at: KnownAt = None) -> dict[str, int]:
        """How many rows of each area the role sees are visible at the two clocks (as for `area`)."""
        moment = self._moment(as_of, known_at)
        shown = {area.name: self._sql(area, area.key, moment) for area in self.access.areas}
        queries = [
            f"SELECT {literal(name)} AS area, count(*) AS rows FROM ({rows})" for name, rows in shown.items()
        ]
        rows = self._read(" UNION ALL ".join(queries)).to_pylist() if queries else []
        found = {row["area"]: row["rows"] for row in rows}
        return {name: found[name] for name in shown}

    def span(self) -> tuple[dt.date, dt.date] | None:
        """The earliest and the latest business date in the book; None when it holds nothing dated.

        Dates of what happened count (`HAPPENED`); in a book without any, those of what is known of clients.
        """
        return self._span(None)

    def latest_as_of(self, today: dt.date | None = None) -> dt.date | None:
        """The day a report is made for unless somebody says otherwise.

        Parameters
        ----------
        today : date, optional
            By default this day in the firm's time zone.

        Returns
        -------
        date or None
            The latest business date (as `span` counts them) not after `today`; None without one.
        """
        span = self._span(today or dt.datetime.now(self._zone).date())
        return span[1] if span else None

    def _span(self, until: dt.date | None) -> tuple[dt.date, dt.date] | None:
        moment = self._moment(None, None)
        for names in (HAPPENED, DESCRIBED):
            days = [
                f"SELECT CAST({quoted(date)} AS DATE) AS day FROM ({as_one(area, [date], moment)})"
                for area in map(self.areas.__getitem__, names)
                if (date := area.business_date) is not None
            ]
            limit = f" WHERE day <= DATE {literal(until.isoformat())}" if until else ""
            query = f"SELECT min(day) AS first, max(day) AS last FROM ({' UNION ALL '.join(days)}){limit}"
            found = self._read(query).to_pylist()[0]
            if found["first"] is not None:
                return found["first"], found["last"]
        return None

    def branches(self) -> list[str]:
        """Every branch that a client belongs or once belonged to, sorted."""
        query = self._sql(self.areas["clients"], ["branch"], self._moment(None, None))
        table = self._read(f"SELECT DISTINCT branch FROM ({query}) WHERE branch IS NOT NULL ORDER BY branch")
        return [str(name) for name in table["branch"].to_pylist()]

    def decisions(self) -> pd.DataFrame:
        """What persons decided about pairs of clients and did not take back, oldest first.

        Of a pair in which the role sees neither client nothing is told.

        Returns
        -------
        pandas.DataFrame
            Index `batch`; `kind` ("same": `other` was merged into `kept`; "different"), `kept`, `other`.
        """
        held = self._files.reader().held
        undone = held.known().undone
        about_two = [d for d in held.decisions if d.kind != "erased" and d.batch not in undone]
        own = self._own_clients()
        rows = [
            (d.batch, d.kind, d.kept, d.other)
            for d in about_two
            if own is None or not own.isdisjoint((d.kept, d.other))
        ]
        return pd.DataFrame(rows, columns=["batch", "kind", "kept", "other"]).set_index("batch")

    def _own_clients(self) -> set[str] | None:
        """The numbers of the clients that the role sees; None: of all."""
        if not any(map(merges.of_clients, self.access.areas)):
            return set()
        if self.access.role.rows == "all":
            return None
        query = self._sql(self.areas["clients"], [merges.CLIENT], self._moment(None, None))
        return set(self._read(f"SELECT DISTINCT {merges.CLIENT} FROM ({query})")[merges.CLIENT].to_pylist())

    def audit_records(self) -> pd.DataFrame:
        """Every record of the audit that is held, oldest first; the vault's key is not needed.

        Returns
        -------
        pandas.DataFrame
            As `audit.reading.framed` says.

        Raises
        ------
        PermissionRefused
            The role may not read the audit.
        """
        self.access.needs("may_audit", Words("read the audit", "查阅审计"))
        reader = self._files.reader()
        with telling_damage(self.workbook.book_file):
            lacking = AUDIT in reader.held.found.lacking
            links = [] if lacking else stored(reader.connection, "book")
        with self.audit.journal.locked():
            links += [link for link in self.audit.journal.links() if link is not None]
        return framed(links, self.settings.firm.time_zone)

    # ------------------------------------------------------------------------------- asked
    def _sql(self, area: AreaInfo, columns: Sequence[str], moment: Moment) -> str:
        """The SQL of the rows that the role sees."""
        return self.access.rows(area, columns, moment, self._files.reader().held.known())

    def _moment(self, as_of: AsOf, known_at: KnownAt) -> Moment:
        return self._moment_of(self._files.reader().held, as_of, known_at)

    def _moment_of(self, held: Held, as_of: AsOf, known_at: KnownAt) -> Moment:
        known = held.known(record_instant(known_at, self._zone))
        return Moment(
            as_of=business_day(as_of, self._zone),
            known=known,
            zone=self._zone,
            source=partial(held.found.source, "book"),
            merged=merges.merged(held.decisions, known),
        )

    def _read(self, query: str) -> pa.Table:
        cursor = self._files.reader().connection.cursor()
        try:
            with telling_damage(self.workbook.book_file):
                return cursor.execute(query).to_arrow_table()
        finally:
            cursor.close()
