"""One client's card as data: facts, level, positions, trades by period, holdings by class, service.

Values stay values and codes stay codes; `show` and `charts` put them into words and pictures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from clientlib.declare import Field
from clientlib.lab.snapshot import Snapshot, own_fields
from clientlib.tables import Areas

Period = Literal["month", "quarter", "year"]
MONTHS_SHOWN, QUARTERS_SHOWN = 36, 40
"""Trades over more months than this are added up by quarter, over more quarters by year."""
_FREQUENCIES: Mapping[Period, str] = {"month": "M", "quarter": "Q", "year": "Y"}
BASICS: tuple[tuple[str, str], ...] = (
    ("clients", "full_name"),
    ("clients", "client_type"),
    ("clients", "id_type"),
    ("clients", "id_number"),
    ("clients", "birth_date"),
    ("clients", "gender"),
    ("clients", "occupation"),
    ("clients", "employer"),
    ("clients", "education"),
    ("clients", "nationality"),
    ("clients", "investor_class"),
    ("clients", "branch"),
    ("clients", "advisor"),
    ("clients", "opened_on"),
    ("clients", "status"),
    ("clients", "client_group"),
    ("clients", "interests"),
    ("finances", "annual_income"),
    ("finances", "financial_assets"),
    ("finances", "net_assets"),
    ("finances", "currency"),
    ("finances", "capacity_band"),
    ("clients", "remarks"),
)
REACH: tuple[tuple[str, str], ...] = (
    ("contacts", "mobile"),
    ("contacts", "email"),
    ("contacts", "address"),
    ("contacts", "preferred_channel"),
    ("contacts", "preferred_time"),
    ("contacts", "marketing_consent"),
)
BEARING: tuple[tuple[str, str], ...] = (
    ("preferences", "questionnaire_score"),
    ("preferences", "level_source"),
    ("preferences", "lowest_class"),
    ("preferences", "goal"),
    ("preferences", "horizon"),
    ("preferences", "max_loss"),
    ("preferences", "experience_years"),
)


@dataclass(frozen=True)
class Fact:
    """A field of the table and the client's value of it; facts without a value are left out of a card."""

    field: Field
    value: Any


@dataclass(frozen=True)
class Level:
    """What is known of the client's risk level.

    `stated` as assessed (also when expired), `state` one of `search.STATES`, `until` the last day that
    counts.
    """

    stated: str | None
    state: str
    assessed_on: dt.date | None
    until: dt.date | None
    days_left: int | None
    predicted: bool
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Card:
    """One client as of a date.

    Attributes
    ----------
    positions : DataFrame
        The largest market value first; unit_cost (average, per unit) and share of the client's total in the
        position's currency beside (missing without a price).
    trades : DataFrame
        period_start (Timestamp), buy, sell: money per `period`, every period from the first to the last.
    trade_count : int
        How many trades the sums rest on.
    currency : str
        Of those sums: the one in which most of the client's trades are; trades in others are not in them.
    holdings : Series
        Market value by asset class, the largest first; only positions with a price and in `currency`.
    requests, feedback : DataFrame
        The newest first.
    """

    client_id: str
    as_of: dt.date
    basics: tuple[Fact, ...]
    reach: tuple[Fact, ...]
    level: Level
    positions: pd.DataFrame
    period: Period
    trades: pd.DataFrame
    trade_count: int
    currency: str
    holdings: pd.Series
    requests: pd.DataFrame
    feedback: pd.DataFrame


def card_of(snapshot: Snapshot, client_id: str) -> Card:
    """The card of one client.

    Raises
    ------
    KeyError
        The snapshot has no such client.
    """
    if snapshot.as_of is None:
        raise KeyError(client_id)
    client: pd.Series = snapshot.clients.loc[client_id]  # type: ignore[assignment]
    trades = _of(snapshot.trades, client_id)
    positions = _positions(_of(snapshot.positions, client_id))
    currency = _main_currency(trades, positions, snapshot.currency)
    in_currency = trades[trades["currency"].eq(currency).fillna(False).astype(bool)]
    period, sums = trades_by_period(in_currency, snapshot.settings.firm.time_zone)
    return Card(
        client_id=client_id,
        as_of=snapshot.as_of,
        basics=_facts(client, _fields(BASICS, snapshot.table) + own_fields(snapshot.table)),
        reach=_facts(client, _fields(REACH, snapshot.table)),
        level=_level(client, snapshot.table),
        positions=positions,
        period=period,
        trades=sums,
        trade_count=len(in_currency),
        currency=currency,
        holdings=holdings_by_class(positions, currency),
        requests=_newest_first(_of(snapshot.service_requests, client_id), "opened_at"),
        feedback=_newest_first(_of(snapshot.feedback, client_id), "given_at"),
    )


def trades_by_period(trades: pd.DataFrame, time_zone: str) -> tuple[Period, pd.DataFrame]:
    """Money bought and sold per month, or per quarter or year when the months are too many to draw.

    Parameters
    ----------
    trades : DataFrame
        traded_at (UTC), side, amount, in one currency.
    time_zone : str
        Where a day begins, e.g. Asia/Shanghai.

    Returns
    -------
    tuple of the period and a DataFrame
        period_start, buy, sell; periods without trades are there with 0.
    """
    if trades.empty:
        return "month", pd.DataFrame({"period_start": pd.to_datetime([]), "buy": [], "sell": []})
    local = pd.to_datetime(trades["traded_at"], utc=True).dt.tz_convert(time_zone).dt.tz_localize(None)
    months = (local.max().year - local.min().year) * 12 + local.max().month - local.min().month + 1
    period: Period = "month"
    if months > MONTHS_SHOWN:
        period = "quarter" if months <= QUARTERS_SHOWN * 3 else "year"
    when = local.dt.to_period(_FREQUENCIES[period])
    sums = trades["amount"].astype(float).groupby([when, trades["side"]]).sum().unstack("side")
    every = pd.period_range(when.min(), when.max(), freq=_FREQUENCIES[period])
    sums = sums.reindex(index=every, columns=["buy", "sell"]).fillna(0.0)
    start = pd.Series(every.to_timestamp(), name="period_start")
    return period, sums.reset_index(drop=True).assign(period_start=start)[["period_start", "buy", "sell"]]


def holdings_by_class(positions: pd.DataFrame, currency: str) -> pd.Series:
    """Market value per asset class in one currency, the largest first."""
    ours = positions[positions["currency"].eq(currency).fillna(False).astype(bool)]
    priced = ours.dropna(subset=["market_value", "asset_class"])
    values = priced["market_value"].astype(float).groupby(priced["asset_class"].astype("str")).sum()
    return values.sort_values(ascending=False, kind="stable")


def _of(frame: pd.DataFrame, client_id: str) -> pd.DataFrame:
    return frame[frame["client_id"].eq(client_id).fillna(False).astype(bool)]


def _positions(positions: pd.DataFrame) -> pd.DataFrame:
    ordered = positions.sort_values(
        ["market_value", "security_id"], ascending=[False, True], na_position="last"
    )
    total = ordered["market_value"].astype(float).groupby(ordered["currency"].astype("str")).transform("sum")
    quantity = ordered["quantity"].astype(float)
    return ordered.assign(
        unit_cost=ordered["cost"].astype(float) / quantity.where(quantity != 0),
        share=ordered["market_value"].astype(float) / total.where(total > 0),
    )


def _main_currency(trades: pd.DataFrame, positions: pd.DataFrame, usual: str) -> str:
    for frame in (positions, trades):
        counts = frame["currency"].dropna().value_counts()
        if len(counts):
            return usual if usual in counts.index else str(counts.index[0])
    return usual


def _fields(wanted: tuple[tuple[str, str], ...], table: Areas) -> list[Field]:
    return [table[area].field(name) for area, name in wanted]


def _facts(client: pd.Series, wanted: list[Field]) -> tuple[Fact, ...]:
    known = ((field, client.get(field.name)) for field in wanted)
    return tuple(Fact(field, value) for field, value in known if not _missing(value))


def _missing(value: Any) -> bool:
    return value is None or bool(pd.isna(value)) or value == ""


def _level(client: pd.Series, table: Areas) -> Level:
    days = client["days_left"]
    return Level(
        stated=None if _missing(client["stated_level"]) else str(client["stated_level"]),
        state="none" if _missing(client["level_status"]) else str(client["level_status"]),
        assessed_on=_date(client.get("assessed_on")),
        until=_date(client["level_until"]),
        days_left=None if _missing(days) else int(days),
        predicted=not _missing(client["predicted_level"]) and bool(client["predicted_level"]),
        facts=_facts(client, _fields(BEARING, table)),
    )


def _date(value: Any) -> dt.date | None:
    return None if _missing(value) else pd.Timestamp(value).date()


def _newest_first(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return frame.sort_values(column, ascending=False, kind="stable")
