"""The `.sql` files, put together into one query and run on a DuckDB connection; frames with fixed dtypes out.

The connection brings one relation an area, named as the area. The files build on one another as common
table expressions, so nothing is ever written. Values are bound, never written into the text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd

from clientlib.book.clocks import business_day, day_end
from clientlib.config import Settings
from clientlib.declare import EARLIEST_DATE, LATEST_DATE
from clientlib.errors import ParameterError
from clientlib.features.dictionary import FEATURES

Day = dt.date | str
Relation = Literal["ledger", "holdings", "positions", "client_features"]
ORDER: tuple[str, ...] = ("parameters", "ledger", "holdings", "positions", "client_features")
"""The files in the order in which they build on one another."""
TURNOVER_DAYS = 365
LONGEST_CLOSURE_DAYS = 10
"""Calendar days of the longest holiday closure of an exchange, weekends included."""

Columns = Mapping[str, str]
_LEDGER: Columns = {
    "trade_id": "str",
    "client_id": "str",
    "security_id": "str",
    "currency": "str",
    "turn": "int64",
    "quantity": "float64",
    "cost": "float64",
    "realised_profit": "float64",
    "uncovered_quantity": "float64",
    "uncovered_amount": "float64",
}
_HOLDINGS: Columns = {
    "client_id": "str",
    "security_id": "str",
    "currency": "str",
    "quantity": "float64",
    "cost": "float64",
    "realised_profit": "float64",
    "counted_trades": "int64",
    "uncovered_sells": "int64",
    "uncovered_amount": "float64",
}
_POSITIONS: Columns = {
    "client_id": "str",
    "security_id": "str",
    "currency": "str",
    "quantity": "float64",
    "cost": "float64",
    "price": "float64",
    "price_date": "date",
    "market_value": "float64",
    "unrealised_profit": "float64",
}
COLUMNS: Mapping[str, Columns] = MappingProxyType(
    {
        "ledger": _LEDGER,
        "holdings": _HOLDINGS,
        "positions": _POSITIONS,
        "client_features": {"client_id": "str"} | {f.name: f.dtype for f in FEATURES},
    }
)
"""The columns of each relation and what they hold ("date": datetime64 at midnight)."""
_DTYPES = {"date": "datetime64[us]"}
_SORTED_BY = {
    "ledger": "client_id, security_id, currency, turn",
    "holdings": "client_id, security_id, currency",
    "positions": "client_id, security_id, currency",
    "client_features": "client_id",
}


@dataclass(frozen=True)
class Question:
    """What is asked for: a date, a currency, and the periods and limits that the settings give.

    Dates are the firm's; instants are UTC. A period of n days ends with the as-of day and counts it.
    """

    as_of: dt.date
    until: dt.datetime
    recent_since: dt.datetime
    year_since: dt.datetime
    service_since: dt.datetime
    currency: str
    time_zone: str
    stale_days: int
    stale_calendar_days: int
    valid_months: int


def ask(settings: Settings, as_of: Day, currency: str) -> Question:
    """The question for a date under a firm's settings.

    Raises
    ------
    ParameterError
        `as_of` is no date, or lies outside the years that the table takes.
    """
    zone = ZoneInfo(settings.firm.time_zone)
    day = business_day(as_of, zone)
    if day is None or not EARLIEST_DATE <= day <= LATEST_DATE:
        raise ParameterError(
            f"as_of: {day} is not between {EARLIEST_DATE} and {LATEST_DATE}. Name a date.",
            f"as_of：{day} 不在 {EARLIEST_DATE} 至 {LATEST_DATE} 之间。请指定日期。",
        )

    def period_start(days: int) -> dt.datetime:
        return day_end(day - dt.timedelta(days=days), zone)

    stale = settings.risk.stale_days
    return Question(
        as_of=day,
        until=day_end(day, zone),
        recent_since=period_start(settings.segments.recency_days),
        year_since=period_start(TURNOVER_DAYS),
        service_since=period_start(settings.feedback.period_days),
        currency=currency,
        time_zone=settings.firm.time_zone,
        stale_days=stale,
        stale_calendar_days=2 * stale + LONGEST_CLOSURE_DAYS,
        valid_months=settings.suitability.valid_months,
    )


def currency_of(connection: duckdb.DuckDBPyConnection, preferred: str) -> str:
    """The currency of client totals: `preferred`, unless the book knows one other currency only.

    Trades and balances decide; without any, what finances and securities say.
    """
    for areas in (("trades", "balances"), ("finances", "securities")):
        source = " UNION ALL ".join(f"SELECT currency FROM {area}" for area in areas)
        rows = connection.execute(
            f"SELECT DISTINCT currency FROM ({source}) WHERE currency IS NOT NULL"
        ).fetchall()
        if rows:
            return str(rows[0][0]) if len(rows) == 1 else preferred
    return preferred


@cache
def text(name: str) -> str:
    """The text of one of the `.sql` files."""
    return resources.files("clientlib.features").joinpath("sql", f"{name}.sql").read_text("utf-8")


@cache
def compose(name: Relation) -> str:
    """One query: the file `name` and those it builds on, as common table expressions."""
    needed = ORDER[: ORDER.index(name) + 1]
    parts = ",\n".join(f"{part} AS (\n{text(part)}\n)" for part in needed)
    columns = ", ".join(COLUMNS[name])
    return f"WITH {parts}\nSELECT {columns} FROM {name} ORDER BY {_SORTED_BY[name]}"


def run(connection: duckdb.DuckDBPyConnection, name: Relation, question: Question) -> pd.DataFrame:
    """The rows of a relation, sorted by its key, every column in its declared dtype."""
    found = connection.execute(compose(name), vars(question)).to_arrow_table()
    frame: pd.DataFrame = found.to_pandas(date_as_object=False)
    dtypes: dict[str, Any] = {c: _DTYPES.get(kind, kind) for c, kind in COLUMNS[name].items()}
    return frame.astype(dtypes)
