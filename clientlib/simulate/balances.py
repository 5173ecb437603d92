"""The area `balances` of the demo: cash that pays for every trade, and the loans of margin accounts."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from clientlib.config.risk import MarginLines
from clientlib.simulate.clientele import CLOSED, DRIFT_GONE_DAYS, Clientele
from clientlib.simulate.market import Market
from clientlib.simulate.people import UTC_OFFSET_SECONDS, client_ids
from clientlib.simulate.streams import Days, Flags, Floats, stream

CLOSED_ROWS_DAYS = 92
"""An account that is closed is reported once more."""
LOAN_DAYS = 280
"""The loans of the demo were taken so long before the end, or later."""
INTEREST = 0.065
"""Of a margin loan, a year."""


def balances_area(
    seed: int, clients: Clientele, market: Market, trades: pl.DataFrame, lines: MarginLines
) -> pl.DataFrame:
    """A row per client and quarter end (and the end): cash after all trades up to then."""
    dates = statement_dates(clients.cast.start, clients.cast.end)
    rows = _rows(clients, dates)
    cash = _cash(seed, clients, trades, rows)
    loan = _loans(seed, clients, market, trades, rows.with_columns(cash=cash), lines)
    frame = rows.with_columns(
        cash=cash,
        margin_loan=loan[:, 0],
        short_value=loan[:, 1],
        accrued_interest=loan[:, 2],
        currency=pl.lit("CNY"),
        remarks=pl.lit(None, dtype=pl.String),
    )
    return frame.with_columns(client_id=client_ids(frame["client"])).drop("client")


def statement_dates(start: dt.date, end: dt.date) -> Days:
    """The quarter ends from `start` on, and the end."""
    every = np.arange(np.datetime64(start), np.datetime64(end) + 1)
    tomorrow = (every + 1).astype("datetime64[M]")
    quarter_end = (tomorrow != every.astype("datetime64[M]")) & (tomorrow.astype(np.int64) % 3 == 0)
    quarter_end[-1] = True
    dates: Days = every[quarter_end]
    return dates


def _rows(clients: Clientele, dates: Days) -> pl.DataFrame:
    closed_on = np.where(
        clients.status == CLOSED, clients.until + CLOSED_ROWS_DAYS, np.datetime64(clients.cast.end)
    )
    there = (dates >= clients.opened[:, None]) & (dates <= closed_on[:, None])
    client, place = np.nonzero(there)
    return pl.DataFrame({"client": client.astype(np.int64), "as_of": pl.Series(dates[place]).cast(pl.Date)})


# ---------------------------------------------------------------------------------- cash


def _cash(seed: int, clients: Clientele, trades: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
    """Cash at each row: what was there, plus sales, less purchases and fees, plus a transfer from the
    client's bank whenever that would fall below zero."""
    rng = stream(seed, "balances.cash")
    first = np.round(clients.account * rng.uniform(0.05, 0.3, clients.size), 2)
    flow = pl.when("buy").then(-pl.col("amount")).otherwise("amount") - pl.col("fee")
    base = pl.DataFrame({"client": np.arange(clients.size), "first": first})
    moves = (
        trades.sort("client", "micros", maintain_order=True)
        .select("client", day=_local_day(), flow=flow)
        .join(base, on="client", how="left", maintain_order="left")
        .with_columns(before=pl.col("first") + pl.col("flow").cum_sum().over("client"))
        .with_columns(short=pl.min_horizontal(pl.lit(0.0), pl.col("before").cum_min().over("client")))
        .group_by("client", "day", maintain_order=True)
        .agg(cash=(pl.col("before") - pl.col("short")).last())
    )
    at_rows = (
        rows.with_row_index("place")
        .sort("client", "as_of")
        .join_asof(moves, left_on="as_of", right_on="day", by="client", check_sortedness=False)
        .join(base, on="client", how="left")
        .sort("place")
        .select(pl.coalesce("cash", "first"))
        .to_series()
    )
    return pl.Series(np.round(at_rows.to_numpy() * _left(clients, rows), 2))


def _local_day() -> pl.Expr:
    return (pl.col("micros") + UTC_OFFSET_SECONDS * 1_000_000).cast(pl.Datetime("us")).dt.date()


def _left(clients: Clientele, rows: pl.DataFrame) -> Floats:
    """The share of the cash that is still there: who closes takes all of it, who drifts most."""
    client, day = rows["client"].to_numpy(), rows["as_of"].to_numpy().astype("datetime64[D]")
    gone = (clients.status[client] == CLOSED) & (day >= clients.until[client])
    drifted = clients.cast.flag("drifting")[client]
    drifted &= day > np.datetime64(clients.cast.end) - DRIFT_GONE_DAYS
    return np.select([gone, drifted], [0.0, 0.04], 1.0)


# --------------------------------------------------------------------------------- loans


def holdings_value(trades: pl.DataFrame, market: Market, size: int) -> Floats:
    """(clients,) value of all holdings at the last close; what has no price counts nothing."""
    last = np.nan_to_num(market.close[-1])[trades["security"].to_numpy()]
    sign = np.where(trades["buy"].to_numpy(), 1.0, -1.0)
    worth = sign * trades["quantity"].to_numpy() * last
    value: Floats = np.zeros(size)
    np.add.at(value, trades["client"].to_numpy(), worth)
    return value


def _loans(
    seed: int,
    clients: Clientele,
    market: Market,
    trades: pl.DataFrame,
    rows: pl.DataFrame,
    lines: MarginLines,
) -> Floats:
    """(rows, 3) loan, short value and interest, so that the coverage at the end is the planted one."""
    coverage, sells_short = _coverage(seed, clients, lines)
    last = rows.filter(pl.col("as_of") == clients.cast.end)
    cash = np.zeros(clients.size)
    cash[last["client"].to_numpy()] = last["cash"].to_numpy()
    worth = cash + holdings_value(trades, market, clients.size)
    debt = np.where(np.isfinite(coverage), worth / coverage, 0.0)
    client = rows["client"].to_numpy()
    age = (np.datetime64(clients.cast.end) - rows["as_of"].to_numpy().astype("datetime64[D]")).astype(int)
    # Interest of the days since the last quarter; loan and interest together are the debt.
    interest = INTEREST * 90 / 360
    own = np.where(age < LOAN_DAYS, debt[client], 0.0)
    short = np.where(sells_short[client], own * 0.15, 0.0)
    loan = np.round((own - short) / (1 + interest), 2)
    return np.column_stack([loan, np.round(short, 2), np.round(loan * interest, 2)])


def _coverage(seed: int, clients: Clientele, lines: MarginLines) -> tuple[Floats, Flags]:
    """(clients,) coverage at the end of each margin account, infinite for the others; who sold short."""
    rng = stream(seed, "balances.coverage")
    groups = clients.cast.groups
    coverage = np.full(clients.size, np.inf)
    bounds = {
        "margin_watch": (lines.warn, lines.watch),
        "margin_warn": (lines.close_out, lines.warn),
        "margin_close_out": (lines.close_out - 0.15, lines.close_out),
        "margin_healthy": (lines.watch + 0.3, lines.watch + 2.5),
    }
    for name, (low, high) in bounds.items():
        # Well inside the band: a rounding must not carry an account over a line.
        margin = 0.1 * (high - low)
        coverage[groups[name]] = rng.uniform(low + margin, high - margin, len(groups[name]))
    return coverage, rng.random(clients.size) < 0.2
