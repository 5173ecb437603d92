"""Securities, prices and trades of FAR-Trans."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from clientlib.config import Settings
from clientlib.intake import sources
from clientlib.intake.check import Piece
from clientlib.intake.far_trans_files import (
    NOON,
    about_merging,
    chunks,
    merged_rows,
    newest,
    notice,
    piece,
    whole,
)
from clientlib.intake.tables_in import Notice

RATED = "Risk level derived from the category {}; the source has none. 风险等级由类别推定，数据来源未评级。"
SHORT_NAME = " Named by its short name. 以简称为名。"


# ------------------------------------------------------------------- securities and prices
def securities_of(source: sources.Source, settings: Settings) -> Iterator[Piece]:
    chunk = whole(source)
    rows, merged = newest(chunk.rows, ["ISIN"])
    category, sub = pl.col("assetCategory"), pl.col("assetSubCategory").fill_null("")
    full = pl.when(sub == "").then(category).otherwise(pl.concat_str(category, pl.lit("/"), sub))
    rated = settings.intake.far_trans.risk_levels
    level = full.replace_strict(
        rated, default=category.replace_strict(rated, default=None, return_dtype=pl.String)
    )
    money = (category == "MTF") & (sub == "Money Market")
    unnamed = pl.col("assetName").fill_null("") == ""
    securities = rows.select(
        pl.col("ISIN").alias("security_id"),
        pl.when(unnamed).then("assetShortName").otherwise("assetName").alias("name"),
        pl.when(money).then(pl.lit("money_market")).otherwise(category).alias("asset_class"),
        level.alias("risk_level"),
        pl.lit(settings.intake.far_trans.currency).alias("currency"),
        pl.col("marketID").alias("market"),
        "sector",
        pl.concat_str(
            pl.format(RATED, full), pl.when(unnamed).then(pl.lit(SHORT_NAME)), ignore_nulls=True
        ).alias("remarks"),
        "_row",
    )
    notices = [
        *chunk.notices,
        notice(
            "derived",
            "Product risk levels are derived from the categories by "
            "[intake.far_trans.risk_levels] of the settings: the "
            "source has none.",
            "产品风险等级按设置[intake.far_trans.risk_levels]由类别推定：数据来源没有评级。",
            area="securities",
        ),
        about_merging("securities", chunk.rows.height, rows.height, merged.height),
        *merged_rows(merged, "securities"),
    ]
    yield piece(source, "securities", securities, chunk, notices)


def close_prices_of(source: sources.Source) -> Iterator[Piece]:
    for chunk in chunks(source):
        prices = chunk.rows.select(
            pl.col("ISIN").alias("security_id"),
            pl.col("timestamp").alias("date"),
            pl.col("closePrice").alias("close"),
            "_row",
        )
        yield piece(source, "prices", prices, chunk, chunk.notices)


def limit_prices_of(source: sources.Source) -> Iterator[Piece]:
    chunk = whole(source)
    first = chunk.rows.select(
        pl.col("ISIN").alias("security_id"),
        pl.col("minDate").alias("date"),
        pl.col("priceMinDate").alias("close"),
        "_row",
    )
    last = chunk.rows.filter(pl.col("minDate") != pl.col("maxDate")).select(
        pl.col("ISIN").alias("security_id"),
        pl.col("maxDate").alias("date"),
        pl.col("priceMaxDate").alias("close"),
        "_row",
    )
    about = notice(
        "derived",
        "There is no close_prices.csv: only the first and last price of each security is known, "
        "so nothing can be said "
        "about how prices moved between.",
        "没有close_prices.csv：每只证券只有首末两个价格，无法反映期间走势。",
        area="prices",
    )
    # One source row gives two prices, and a row has one number: so they go as two pieces.
    yield piece(source, "prices", first, chunk, [*chunk.notices, about])
    yield piece(source, "prices", last, chunk)


# --------------------------------------------------------------------------- transactions
def transactions_of(source: sources.Source, settings: Settings) -> Iterator[Piece]:
    about = notice(
        "derived",
        "The source has the total value and the units: the price is their quotient. It has no "
        "time of day: trades are "
        "set to 12:00 UTC.",
        "数据来源只有总金额和份额：价格为二者之商；没有时刻：成交时间记为UTC 12:00。",
        area="trades",
    )
    notices: list[Notice] = [about]
    for chunk in chunks(source):
        value = pl.col("totalValue").cast(pl.Float64, strict=False)
        units = pl.col("units").cast(pl.Float64, strict=False)
        price = pl.when(units > 0).then(value / units)
        trades = chunk.rows.select(
            pl.col("transactionID").alias("trade_id"),
            pl.col("customerID").alias("client_id"),
            (pl.col("timestamp") + NOON).alias("traded_at"),
            pl.col("ISIN").alias("security_id"),
            pl.col("transactionType").alias("side"),
            pl.col("units").alias("quantity"),
            price.cast(pl.String).alias("price"),
            pl.col("totalValue").alias("amount"),
            pl.lit(settings.intake.far_trans.currency).alias("currency"),
            "channel",
            "_row",
        )
        yield piece(source, "trades", trades, chunk, [*notices, *chunk.notices])
        notices = []
