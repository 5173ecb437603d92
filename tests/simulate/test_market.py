"""Prices of the demo move like prices: fat tails, clusters, sectors, one crash, gaps."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from scipy.stats import kurtosis

from clientlib import simulate
from clientlib.simulate.streams import Floats


@pytest.fixture(scope="module")
def returns(firm: simulate.Demo) -> pl.DataFrame:
    """date, then one column a security: simple daily returns, null around gaps."""
    wide = firm.areas["prices"].pivot(on="security_id", index="date", values="close").sort("date")
    values = pl.exclude("date")
    return wide.select("date", values / values.shift(1) - 1)[1:]


@pytest.fixture(scope="module")
def shares(firm: simulate.Demo) -> pl.DataFrame:
    return firm.areas["securities"].filter(pl.col("asset_class") == "stock")


@pytest.fixture(scope="module")
def market(returns: pl.DataFrame, shares: pl.DataFrame) -> Floats:
    """Mean return of all shares, day by day."""
    found: Floats = returns.select(pl.mean_horizontal(*shares["security_id"])).to_series().to_numpy()
    return found


def test_there_are_about_sixty_securities_of_all_kinds_and_levels(firm: simulate.Demo) -> None:
    securities = firm.areas["securities"]
    assert 55 <= securities.height <= 65
    assert securities["risk_level"].n_unique() == 5
    assert securities["asset_class"].n_unique() == 7
    assert securities["sector"].drop_nulls().n_unique() == 8


def test_prices_are_of_weekdays_and_begin_a_year_before_the_trades(firm: simulate.Demo) -> None:
    days = firm.areas["prices"]["date"]
    assert days.dt.weekday().max() <= 5  # type: ignore[operator]
    assert days.min() == dt.date(2022, 6, 30)
    assert days.max() == dt.date(2026, 6, 30)


def test_tails_are_fatter_than_normal(market: Floats) -> None:
    assert kurtosis(market, fisher=False) > 4


def test_tails_are_fat_without_the_crash_too(firm: simulate.Demo, returns: pl.DataFrame) -> None:
    calm = returns.filter(pl.col("date") < dt.date.fromisoformat(firm.planted["crash"]["date"]))
    listed = [calm[name].drop_nulls() for name in calm.columns if name[0] == "S"]
    single = [kurtosis(moves, fisher=False) for moves in listed if len(moves)]
    assert np.median(single) > 3.5


def test_volatility_comes_in_clusters(market: Floats) -> None:
    size = np.abs(np.clip(market, -0.03, 0.03))
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.05


def test_the_crash_is_the_worst_day(firm: simulate.Demo, returns: pl.DataFrame, market: Floats) -> None:
    worst = returns["date"][int(np.argmin(market))]
    assert str(worst) == firm.planted["crash"]["date"]
    assert market.min() < -0.05


def test_shares_of_a_sector_move_together(returns: pl.DataFrame, shares: pl.DataFrame) -> None:
    names = shares.filter(pl.col("security_id") != "S8004")
    table = np.corrcoef(returns.select(names["security_id"].to_list()).fill_null(0.0).to_numpy().T)
    sectors = names["sector"].to_numpy()
    same = (sectors[:, None] == sectors) & ~np.eye(len(sectors), dtype=bool)
    other = sectors[:, None] != sectors
    assert table[same].mean() > table[other].mean() + 0.05
    assert table[other].mean() > 0.2


def test_no_share_breaks_the_daily_limit(returns: pl.DataFrame, shares: pl.DataFrame) -> None:
    moves = returns.select(pl.max_horizontal(pl.col(shares["security_id"].to_list()).abs().max())).item()
    # A tick of rounding on a low price, and the reopening of the suspended share, are allowed for.
    assert moves < 0.115


def test_safer_products_move_less(firm: simulate.Demo, returns: pl.DataFrame) -> None:
    levels = dict(firm.areas["securities"].select("security_id", "risk_level").iter_rows())
    spread: dict[str, list[float]] = {}
    for name in returns.columns[1:]:
        spread.setdefault(levels[name], []).append(float(returns[name].drop_nulls().std()))  # type: ignore[arg-type]
    medians = [np.median(spread[level]) for level in ("R1", "R2", "R3")]
    assert medians == sorted(medians)


def test_money_funds_never_fall(returns: pl.DataFrame) -> None:
    assert returns.select(pl.min_horizontal(pl.col("^M1.*$").min())).item() >= 0


def test_the_suspended_share_has_a_gap(firm: simulate.Demo) -> None:
    fact = firm.planted["suspended"]
    days = firm.areas["prices"].filter(pl.col("security_id") == fact["security_id"])["date"]
    first, last = (dt.date.fromisoformat(fact[name]) for name in ("from", "to"))
    assert days.is_between(first, last).sum() == 0
    assert (days < first).any()
    assert (days > last).any()


def test_the_young_share_has_less_than_a_year(firm: simulate.Demo) -> None:
    fact = firm.planted["recently_listed"]
    days = firm.areas["prices"].filter(pl.col("security_id") == fact["security_id"])["date"]
    assert str(days.min()) == fact["first_day"]
    assert len(days) < 250


def test_what_trades_on_an_exchange_has_a_volume_and_nothing_else_has(firm: simulate.Demo) -> None:
    exchange = firm.areas["securities"].filter(pl.col("market").is_in(["SH", "SZ"]))["security_id"]
    stated = pl.col("volume").is_not_null()
    wrong = firm.areas["prices"].filter(stated != pl.col("security_id").is_in(exchange.implode()))
    assert wrong.is_empty()
    assert firm.areas["prices"]["volume"].drop_nulls().min() >= 0  # type: ignore[operator]


def test_few_shares_are_hardly_traded(firm: simulate.Demo) -> None:
    usual = firm.areas["prices"].group_by("security_id").agg(pl.col("volume").median()).drop_nulls()
    hardly = usual.filter(pl.col("volume") < 200_000)["security_id"].sort().to_list()
    assert hardly == firm.planted["illiquid"]["security_ids"]


def test_more_is_traded_on_rough_days(firm: simulate.Demo) -> None:
    prices = firm.areas["prices"].drop_nulls("volume").sort("security_id", "date")
    moved = (pl.col("close") / pl.col("close").shift(1) - 1).abs().over("security_id")
    ranks = prices.with_columns(
        moved=moved.rank().over("security_id"), volume=pl.col("volume").rank().over("security_id")
    )
    assert ranks.select(pl.corr("moved", "volume")).item() > 0.1


def test_one_security_has_no_price_at_all(firm: simulate.Demo) -> None:
    quoted = set(firm.areas["prices"]["security_id"])
    assert set(firm.areas["securities"]["security_id"]) - quoted == {firm.planted["unpriced"]["security_id"]}
