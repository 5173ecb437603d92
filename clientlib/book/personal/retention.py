"""What the law makes the firm keep of a client who is erased, row by row, and until when.

Securities Law art. 137: clients' opening, order and transaction records at least 20 years. Anti-Money-
Laundering Law art. 34: identity at least 10 years from the end of the business relation, transactions from
the transaction. So what happened (a trade, a balance, a request) is counted from its own last date, and
what describes the client, on which the account rested, from the day on which the account was closed. Which
areas are kept and how long is a setting (`[erasure.keep_years]`). What is kept is only stored from then on
(Personal Information Protection Law art. 47).
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl

from clientlib.book.contents import HAPPENED
from clientlib.book.merges import CLIENT
from clientlib.book.personal.dossier import RECORDED_AT, TAKEN_BACK, Dossier
from clientlib.config import ErasureRules
from clientlib.tables import AreaInfo, Areas

Law = Literal["securities_law_137", "aml_law_34"]
_MONEY_LAUNDERING = ("clients", "trades", "balances")
"""Areas that tell who a client is, or what was transacted."""
LOCKED_ROW = {"client_id": pl.String, "area": pl.String, "keep_until": pl.Date, "row": pl.String}


def laws(area: str) -> tuple[Law, ...]:
    """The laws under which rows of an area are kept."""
    return ("securities_law_137", "aml_law_34") if area in _MONEY_LAUNDERING else ("securities_law_137",)


@dataclass(frozen=True)
class Retention:
    """How long each row is kept.

    Attributes
    ----------
    rules : ErasureRules
    today : date
        The day of the erasure.
    zone : ZoneInfo
        In which days begin.
    """

    rules: ErasureRules
    today: dt.date
    zone: ZoneInfo

    def locked(self, dossier: Dossier, areas: Areas) -> pl.DataFrame:
        """The rows that have to be kept still.

        Returns
        -------
        polars.DataFrame
            As `LOCKED_ROW`: `row` is the row as JSON, identity and the rest together. Rows of a batch that
            was taken back are no record of the firm, and not among them.
        """
        kept = [
            row
            for name, frame in dossier.areas.items()
            if name in self.rules.keep_years
            for row in self._kept(areas[name], frame, dossier.closed_on or self.today)
        ]
        return pl.DataFrame(kept, schema=LOCKED_ROW, orient="row")

    def _kept(
        self, area: AreaInfo, frame: pl.DataFrame, closed_on: dt.date
    ) -> Iterator[tuple[str, str, dt.date, str]]:
        years = self.rules.keep_years[area.name]
        for row in frame.filter(~pl.col(TAKEN_BACK)).iter_rows(named=True):
            since = self._last_date(area, row) if area.name in HAPPENED else None
            keep_until = years_after(since or closed_on, years)
            if keep_until >= self.today:
                yield row[CLIENT], area.name, keep_until, _written(row)

    def _last_date(self, area: AreaInfo, row: Mapping[str, Any]) -> dt.date | None:
        # A firm's own dates may lie ahead (a next call), and say nothing of what happened.
        dated = [f.name for f in area.fields if f.kind in ("date", "instant") and not f.custom]
        days = [self._day(row[name]) for name in dated if row[name] is not None]
        return max(days, default=None)

    def _day(self, value: dt.date | dt.datetime) -> dt.date:
        return value.astimezone(self.zone).date() if isinstance(value, dt.datetime) else value


def _written(row: Mapping[str, Any]) -> str:
    told = {n: value for n, value in row.items() if value is not None and not n.startswith("_")}
    told |= {"_batch": row["_batch"], RECORDED_AT: row[RECORDED_AT]}
    return json.dumps(told, ensure_ascii=False, default=_iso)


def years_after(day: dt.date, years: int) -> dt.date:
    """The same day so many years later; for 29 February 1 March where there is none: never too early."""
    if (day.month, day.day) == (2, 29) and not calendar.isleap(day.year + years):
        return dt.date(day.year + years, 3, 1)
    return day.replace(year=day.year + years)


def _iso(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be locked")
