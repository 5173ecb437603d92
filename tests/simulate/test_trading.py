"""Trades of the demo: nobody sells what they do not hold or buys what they cannot pay."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from clientlib import simulate


@pytest.fixture(scope="module")
def trades(firm: simulate.Demo, product_levels: pl.DataFrame) -> pl.DataFrame:
    """The trades in order, with `signed` quantity, local `day` and `clock`, class and product level."""
    local = pl.col("traded_at").dt.convert_time_zone("Asia/Shanghai")
    sign = pl.when(pl.col("side") == "buy").then(1.0).otherwise(-1.0)
    return (
        firm.areas["trades"]
        .join(product_levels, on="security_id")
        .with_columns(signed=pl.col("quantity") * sign, day=local.dt.date(), clock=local.dt.time())
        .sort("traded_at", "trade_id")
    )


def test_there_are_twenty_to_thirty_trades_a_client(firm: simulate.Demo) -> None:
    mean = firm.areas["trades"].height / 2000
    assert 20 <= mean <= 30


def test_nobody_sells_more_than_they_hold(trades: pl.DataFrame) -> None:
    held = trades.select(pl.col("signed").cum_sum().over("client_id", "security_id"))
    assert held.to_series().min() > -1e-6  # type: ignore[operator]


def test_nothing_is_sold_on_the_day_it_was_bought(trades: pl.DataFrame) -> None:
    before_today = (
        trades.group_by("client_id", "security_id", "day")
        .agg(
            bought=pl.col("quantity").filter(pl.col("side") == "buy").sum(),
            sold=pl.col("quantity").filter(pl.col("side") == "sell").sum(),
        )
        .sort("day")
        .with_columns(net=(pl.col("bought") - pl.col("sold")).cum_sum().over("client_id", "security_id"))
        .with_columns(before=pl.col("net") - pl.col("bought") + pl.col("sold"))
    )
    assert before_today.filter(pl.col("sold") > pl.col("before") + 1e-6).is_empty()


def test_cash_never_falls_below_nothing(firm: simulate.Demo) -> None:
    assert firm.areas["balances"]["cash"].min() >= 0  # type: ignore[operator]


def test_cash_between_statements_is_explained_by_trades_and_transfers_in(
    firm: simulate.Demo, trades: pl.DataFrame
) -> None:
    """Of clients who took nothing out, cash grows by sales less purchases and fees, or more: never less."""
    took_out = pl.col("client_id").is_in(firm.planted["drifting"]["clients"])
    closed = firm.areas["clients"].filter(pl.col("status") == "closed")["client_id"].implode()
    flow = pl.col("amount") * pl.col("signed").sign() * -1 - pl.col("fee")
    moves = trades.select("client_id", "day", flow=flow.cum_sum().over("client_id"))
    rows = firm.areas["balances"].sort("as_of").filter(~took_out & ~pl.col("client_id").is_in(closed))
    joined = rows.join_asof(
        moves.sort("day"), left_on="as_of", right_on="day", by="client_id", check_sortedness=False
    ).with_columns(pl.col("flow").fill_null(0.0))
    transfers = joined.select(
        (pl.col("cash").diff() - pl.col("flow").diff()).over("client_id").alias("transfer")
    )
    assert transfers["transfer"].min() > -0.05  # type: ignore[operator]


def test_a_trade_is_at_the_close_of_its_day(firm: simulate.Demo, trades: pl.DataFrame) -> None:
    prices = firm.areas["prices"].rename({"date": "day"})
    priced = trades.join(prices, on=["security_id", "day"], how="left")
    unquoted = priced.filter(pl.col("close").is_null())
    assert set(unquoted["security_id"]) == {firm.planted["unpriced"]["security_id"]}
    assert priced.filter(pl.col("price") != pl.col("close")).is_empty()


def test_shares_trade_in_lots_of_a_hundred(trades: pl.DataFrame) -> None:
    bought = trades.filter((pl.col("asset_class") == "stock") & (pl.col("side") == "buy"))["quantity"]
    assert (bought % 100 == 0).all()


def test_trades_fall_in_trading_hours(trades: pl.DataFrame) -> None:
    morning = pl.col("clock").is_between(dt.time(9, 30), dt.time(11, 30))
    afternoon = pl.col("clock").is_between(dt.time(13), dt.time(15))
    assert trades.filter(~(morning | afternoon)).is_empty()
    assert trades["day"].dt.weekday().max() <= 5  # type: ignore[operator]


def test_trades_lie_within_the_three_years_and_after_the_opening(
    trades: pl.DataFrame, newest_clients: pl.DataFrame
) -> None:
    opened = trades.join(newest_clients.select("client_id", "opened_on"), on="client_id")
    assert trades["day"].min() >= dt.date(2023, 6, 30)  # type: ignore[operator]
    assert opened.filter(pl.col("day") <= pl.col("opened_on")).is_empty()


def test_only_planted_clients_buy_above_their_level(
    firm: simulate.Demo,
    trades: pl.DataFrame,
    client_levels: pl.DataFrame,
    newest_clients: pl.DataFrame,
) -> None:
    planted = [
        name
        for group in ("over_level", "lowest_class_breach", "above_level_trader")
        for name in firm.planted[group]["clients"]
    ]
    ordinary = newest_clients.filter(pl.col("investor_class") == "ordinary").select("client_id")
    above = (
        trades.join(ordinary, on="client_id")
        .join(client_levels, on="client_id")
        .filter(pl.col("product_level") > pl.col("level"))
    )
    assert set(above["client_id"]) == set(planted)


def test_selling_shares_costs_more_than_buying_them(trades: pl.DataFrame) -> None:
    shares = trades.filter((pl.col("asset_class") == "stock") & (pl.col("amount") > 50_000))
    rate = shares.group_by("side").agg(rate=(pl.col("fee") / pl.col("amount")).mean())
    by_side = dict(rate.iter_rows())
    assert by_side["sell"] == pytest.approx(by_side["buy"] + 0.0005, abs=1e-6)


def test_who_has_left_trades_no_more(trades: pl.DataFrame, firm: simulate.Demo) -> None:
    ended = firm.areas["clients"].filter(pl.col("status") != "active").select("client_id", "updated_at")
    after = trades.join(ended, on="client_id").filter(
        pl.col("traded_at") > pl.col("updated_at").dt.offset_by("1d")
    )
    assert after.is_empty()


def test_a_closed_account_is_empty(
    holdings: pl.DataFrame, firm: simulate.Demo, newest_clients: pl.DataFrame
) -> None:
    closed = newest_clients.filter(pl.col("status") == "closed").select("client_id")
    cash = firm.areas["balances"].sort("as_of").group_by("client_id").agg(pl.col("cash").last())
    assert closed.height > 0
    assert holdings.join(closed, on="client_id").is_empty()
    assert cash.join(closed, on="client_id")["cash"].max() == 0
