"""A demo firm shared by these tests, and what it holds, worked out anew from its frames alone."""

from __future__ import annotations

import polars as pl
import pytest

from clientlib import simulate


@pytest.fixture(scope="session")
def firm() -> simulate.Demo:
    """2,000 clients over three years. Read it, never change it."""
    return simulate.demo(seed=7, clients=2000)


@pytest.fixture(scope="session")
def small_firm() -> simulate.Demo:
    return simulate.demo(seed=11, clients=50)


@pytest.fixture(scope="session")
def product_levels(firm: simulate.Demo) -> pl.DataFrame:
    """security_id, asset_class, product_level 1 to 5."""
    level = pl.col("risk_level").str.slice(1).cast(pl.Int64)
    return firm.areas["securities"].select("security_id", "asset_class", product_level=level)


@pytest.fixture(scope="session")
def client_levels(firm: simulate.Demo) -> pl.DataFrame:
    """client_id, level 1 to 5, lowest_class, expires_on: of each client's newest assessment."""
    newest = firm.areas["preferences"].sort("assessed_on").group_by("client_id").agg(pl.all().last())
    level = pl.col("risk_level").str.slice(1).cast(pl.Int64)
    return newest.select("client_id", "lowest_class", "expires_on", level=level)


@pytest.fixture(scope="session")
def newest_clients(firm: simulate.Demo) -> pl.DataFrame:
    """Each client's newest row."""
    return firm.areas["clients"].sort("updated_at").group_by("client_id").agg(pl.all().last())


@pytest.fixture(scope="session")
def holdings(firm: simulate.Demo, product_levels: pl.DataFrame) -> pl.DataFrame:
    """client_id, security_id, quantity, value (null without a price), product_level: at the end."""
    signed = pl.when(pl.col("side") == "buy").then("quantity").otherwise(-pl.col("quantity"))
    last = firm.areas["prices"].sort("date").group_by("security_id").agg(pl.col("close").last())
    return (
        firm.areas["trades"]
        .group_by("client_id", "security_id")
        .agg(quantity=signed.sum())
        .filter(pl.col("quantity") > 1e-6)
        .join(last, on="security_id", how="left")
        .join(product_levels, on="security_id")
        .with_columns(value=pl.col("quantity") * pl.col("close"))
    )


@pytest.fixture(scope="session")
def above_level(
    holdings: pl.DataFrame, client_levels: pl.DataFrame, newest_clients: pl.DataFrame
) -> pl.DataFrame:
    """client_id, investor_class, value, share of it above the client's level."""
    above = pl.col("value").filter(pl.col("product_level") > pl.col("level")).sum()
    return (
        holdings.join(client_levels, on="client_id")
        .join(newest_clients.select("client_id", "investor_class"), on="client_id")
        .group_by("client_id", "investor_class")
        .agg(value=pl.col("value").sum(), share=above / pl.col("value").sum())
    )
