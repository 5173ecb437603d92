"""Real clients without a single trade: FAR-Trans, as far as it lies beside the repository."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from clientlib import features, intake
from clientlib.config import Settings
from clientlib.tables import AREAS

FAR_TRANS = Path(__file__).parents[2] / ".." / "shared" / "data" / "far-trans"
AS_OF = dt.date(2022, 11, 29)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not FAR_TRANS.is_dir(), reason="the real data of FAR-Trans are not beside the repository"
    ),
]


@pytest.fixture(scope="module")
def found(connect: Callable[..., duckdb.DuckDBPyConnection], settings: Settings) -> pd.DataFrame:
    connection = connect()
    for name, frame in intake.check_file(FAR_TRANS, reader="far-trans").accepted.items():
        declared = frame.select(field.name for field in AREAS[name].fields)
        connection.unregister(name)
        connection.register(name, declared.to_arrow())
    return features.compute(connection, "client_features", AS_OF, settings=settings)


@pytest.fixture(scope="module")
def source() -> pl.DataFrame:
    """The newest row of each customer up to the as-of date, straight from the file."""
    rows = pl.read_csv(FAR_TRANS / "customer_information.csv", try_parse_dates=True)
    dated = rows.filter(pl.col("timestamp").cast(pl.Date) <= AS_OF)
    return dated.sort("timestamp").group_by("customerID").last()


def test_every_real_client_of_the_date_is_there(found: pd.DataFrame, source: pl.DataFrame) -> None:
    assert found["client_id"].tolist() == sorted(source["customerID"].to_list())


def test_the_share_of_predicted_levels_is_that_of_the_file(found: pd.DataFrame, source: pl.DataFrame) -> None:
    expected = source["riskLevel"].str.starts_with("Predicted").sum()
    assert (found["level_source"] == "predicted").sum() == pytest.approx(expected, rel=0.02)


def test_amounts_are_in_the_only_currency_of_the_source(found: pd.DataFrame) -> None:
    assert set(found["currency"]) == {"EUR"}


def test_without_transactions_there_is_nothing_held_and_nobody_traded(found: pd.DataFrame) -> None:
    assert (found["market_value"] == 0).all()
    assert found["recency_days"].isna().all()
