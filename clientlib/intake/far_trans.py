"""The reader for FAR-Trans, an anonymised investment dataset of a bank, in the form of its DATASET.txt.

One source row becomes rows of up to three areas. What the source does not have stays empty, and the
remarks of the row say so; what is derived is derived openly, by settings and with a notice.

References
----------
Sanz-Cruzado, J., Droukas, N., McCreadie, R. (2024). FAR-Trans: An Investment Dataset for Financial Asset
Recommendation. IJCAI-2024 Workshop on Recommender Systems in Finance.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from clientlib.config import Settings
from clientlib.intake import sources
from clientlib.intake.check import Piece
from clientlib.intake.far_trans_files import (
    NOON,
    about_merging,
    files_at,
    left_aside,
    merged_rows,
    newest,
    notice,
    piece,
    whole,
)
from clientlib.intake.far_trans_market import close_prices_of, limit_prices_of, securities_of, transactions_of
from clientlib.intake.tables_in import Notice

PLACEHOLDER = "2000-01-01"
"""lastQuestionnaireDate of nobody's questionnaire: every predicted level has it, and no assessed one."""
PREDICTED = "Predicted_"
NOT_AVAILABLE = "Not_Available"
_SCHEME = "mifid"

NO_IDENTITY = (
    "FAR-Trans is anonymised: it has no name, ID document, birth date, branch or opening date. "
    "FAR-Trans数据已匿名，不含姓名、证件、出生日期、营业部和开户日期。"
)
NO_TYPE = " Its type is Inactive, so person or institution is unknown. 类型为Inactive，无法判断个人或机构。"
NO_INCOME = (
    "FAR-Trans states a capacity band only, no income or assets. FAR-Trans只有投资能力区间，没有收入和资产。"
)
NO_BAND = " The band is not available. 区间缺失。"
NO_LEVEL = "The source has no risk level for this client. 数据来源没有该客户的风险等级。"
NO_QUESTIONNAIRE = (
    "The source has no questionnaire date (placeholder 2000-01-01); the date is that of its record. "
    "数据来源没有测评日期（占位值2000-01-01），此处为记录日期。"
)


def pieces(path: Path, settings: Settings) -> Iterator[Piece]:
    """The areas that a FAR-Trans folder, or one of its files, holds.

    Raises
    ------
    IntakeError
        None of its files is there, a file lacks a column, or cannot be read.
    """
    files = files_at(path)
    for source in files.values():
        sources.examine(source, settings.intake)
    yield from left_aside(path, files)
    if "customer_information.csv" in files:
        yield from _customers(files["customer_information.csv"], settings)
    if "asset_information.csv" in files:
        yield from securities_of(files["asset_information.csv"], settings)
    if "close_prices.csv" in files:
        yield from close_prices_of(files["close_prices.csv"])
    elif "limit_prices.csv" in files:
        yield from limit_prices_of(files["limit_prices.csv"])
    if "transactions.csv" in files:
        yield from transactions_of(files["transactions.csv"], settings)


# ---------------------------------------------------------------------------- customers
def _customers(source: sources.Source, settings: Settings) -> Iterator[Piece]:
    chunk = whole(source)
    rows = chunk.rows
    yield piece(source, "clients", _clients(rows), chunk, [*chunk.notices, _about_class()])
    preferences, notices = _preferences(rows, settings)
    yield piece(source, "preferences", preferences, chunk, notices)
    yield piece(source, "finances", _finances(rows, settings), chunk)


def _about_class() -> Notice:
    return notice(
        "derived",
        "FAR-Trans holds retail customers: the investor class is ordinary. Mass, Premium and "
        "Professional (sole "
        "proprietors) are individuals, Legal Entity an institution; Inactive counts as dormant, "
        "its type as unknown.",
        "FAR-Trans为零售客户，投资者类别为普通。Mass、Premium和Professional（个体经营者）为个人，"
        "Legal Entity为机构；Inactive视为休眠，类型未知。",
        area="clients",
    )


def _clients(rows: pl.DataFrame) -> pl.DataFrame:
    kind = pl.col("customerType").str.to_lowercase()
    inactive = kind == "inactive"
    individual = kind.is_in(["mass", "premium", "professional"])
    return rows.select(
        pl.col("customerID").alias("client_id"),
        # A type that DATASET.txt does not name is passed on, to be refused with its value.
        pl.when(individual)
        .then(pl.lit("individual"))
        .when(kind == "legal entity")
        .then(pl.lit("institution"))
        .when(~inactive)
        .then(pl.col("customerType"))
        .alias("client_type"),
        pl.lit("ordinary").alias("investor_class"),
        pl.when(inactive).then(pl.lit("dormant")).otherwise(pl.lit("active")).alias("status"),
        pl.col("customerType").alias("client_group"),
        (pl.col("timestamp") + NOON).alias("updated_at"),
        pl.when(inactive).then(pl.lit(NO_IDENTITY + NO_TYPE)).otherwise(pl.lit(NO_IDENTITY)).alias("remarks"),
        "_row",
    )


def _finances(rows: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    band = pl.col("investmentCapacity")
    unknown = band == NOT_AVAILABLE
    return rows.select(
        pl.col("customerID").alias("client_id"),
        pl.col("timestamp").alias("as_of"),
        pl.lit(settings.intake.far_trans.currency).alias("currency"),
        pl.when(~unknown).then(band).alias("capacity_band"),
        pl.when(unknown).then(pl.lit(NO_INCOME + NO_BAND)).otherwise(pl.lit(NO_INCOME)).alias("remarks"),
        "_row",
    )


def _preferences(rows: pl.DataFrame, settings: Settings) -> tuple[pl.DataFrame, list[Notice]]:
    """One row per client and assessment: the newest record of each, the others merged into it, openly.

    A level belongs to the questionnaire of its row: records of a client with the same questionnaire date
    have the same level whatever their own date, also where that date lies before the questionnaire. So
    the level is dated by the questionnaire. Where there was none (the placeholder), by the record.
    """
    level = pl.col("riskLevel").str.strip_prefix(PREDICTED)
    unknown, undated = pl.col("riskLevel") == NOT_AVAILABLE, pl.col("lastQuestionnaireDate") == PLACEHOLDER
    predicted = pl.col("riskLevel").str.starts_with(PREDICTED)
    found = rows.select(
        pl.col("customerID").alias("client_id"),
        pl.when(undated).then(pl.col("timestamp")).otherwise("lastQuestionnaireDate").alias("assessed_on"),
        # A level outside the scheme is passed on, to be refused with its value.
        pl.when(~unknown).then(level.replace(settings.suitability.schemes[_SCHEME])).alias("risk_level"),
        pl.when(predicted)
        .then(pl.lit("predicted"))
        .when(~unknown)
        .then(pl.lit("assessed"))
        .alias("level_source"),
        pl.concat_str(
            pl.when(unknown).then(pl.lit(NO_LEVEL)),
            pl.when(undated).then(pl.lit(NO_QUESTIONNAIRE)),
            separator=" ",
            ignore_nulls=True,
        )
        .replace("", None)
        .alias("remarks"),
        "timestamp",
        "_row",
    )
    kept, merged = newest(found, ["client_id", "assessed_on"])
    placeholders = rows.select(undated.sum()).item()
    later = rows.select((pl.col("lastQuestionnaireDate") > pl.col("timestamp")).sum()).item()
    return kept, [
        _about_dates(placeholders, later),
        about_merging("preferences", rows.height, kept.height, merged.height),
        *merged_rows(merged, "preferences"),
    ]


def _about_dates(placeholders: int, later: int) -> Notice:
    return notice(
        "derived",
        f"{placeholders:,} records have the questionnaire date {PLACEHOLDER}, which stands for "
        f"none: their levels are "
        f"dated by the record. {later:,} have a questionnaire later than the record: the level "
        f"is the questionnaire's, "
        "and dated by it.",
        f"{placeholders:,}条记录的测评日期为占位值{PLACEHOLDER}，其等级以记录日期为准；{later:,}条记录的测评日期"
        "晚于记录日期，其等级以测评日期为准。",
        area="preferences",
    )
