"""The reader for FAR-Trans, an anonymised investment dataset of a bank, in the form of its DATASET.txt.

One source row becomes rows of up to three areas. What the source does not have stays empty, and the
remarks of the row say so; what is derived is derived openly, by settings and with a notice.

References
----------
Sanz-Cruzado, J., Droukas, N., McCreadie, R. (2024). FAR-Trans: An Investment Dataset for Financial Asset
Recommendation. IJCAI-2024 Workshop on Recommender Systems in Finance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from clientlib.config import Settings
from clientlib.errors import IntakeError
from clientlib.intake import sources, text_files
from clientlib.intake.check import Piece
from clientlib.intake.headers import folded
from clientlib.intake.tables_in import Notice, RawChunk
from clientlib.tables import AREAS

PLACEHOLDER = "2000-01-01"
"""lastQuestionnaireDate of nobody's questionnaire: every predicted level has it, and no assessed one."""
NOON = " 12:00:00Z"
"""Dated rows become the noon of UTC: the same calendar day from UTC-12 to UTC+11:59."""
PREDICTED = "Predicted_"
NOT_AVAILABLE = "Not_Available"
_SCHEME = "mifid"

COLUMNS = {
    "customer_information.csv": (
        "customerID",
        "customerType",
        "riskLevel",
        "investmentCapacity",
        "lastQuestionnaireDate",
        "timestamp",
    ),
    "asset_information.csv": (
        "ISIN",
        "assetName",
        "assetShortName",
        "assetCategory",
        "assetSubCategory",
        "marketID",
        "sector",
        "timestamp",
    ),
    "close_prices.csv": ("ISIN", "timestamp", "closePrice"),
    "limit_prices.csv": ("ISIN", "minDate", "maxDate", "priceMinDate", "priceMaxDate"),
    "transactions.csv": (
        "customerID",
        "ISIN",
        "transactionID",
        "transactionType",
        "timestamp",
        "totalValue",
        "units",
        "channel",
    ),
}
"""The files that are read, and their columns that are needed."""
NOT_NEEDED = ("markets.csv", "questionnaires.csv")

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
RATED = "Risk level derived from the category {}; the source has none. 风险等级由类别推定，数据来源未评级。"
SHORT_NAME = " Named by its short name. 以简称为名。"


def pieces(path: Path, settings: Settings) -> Iterator[Piece]:
    """The areas that a FAR-Trans folder, or one of its files, holds.

    Raises
    ------
    IntakeError
        None of its files is there, a file lacks a column, or cannot be read.
    """
    files = _files(path)
    for source in files.values():
        sources.examine(source, settings.intake)
    yield from _left_aside(path, files)
    if "customer_information.csv" in files:
        yield from _customers(files["customer_information.csv"], settings)
    if "asset_information.csv" in files:
        yield from _securities(files["asset_information.csv"], settings)
    if "close_prices.csv" in files:
        yield from _close_prices(files["close_prices.csv"])
    elif "limit_prices.csv" in files:
        yield from _limit_prices(files["limit_prices.csv"])
    if "transactions.csv" in files:
        yield from _transactions(files["transactions.csv"], settings)


def _files(path: Path) -> dict[str, sources.Source]:
    if not path.exists():
        raise IntakeError(f"{path}: there is no such file or folder. Check the path.")
    candidates = [path] if path.is_file() else sorted(path.iterdir())
    found = {p.name: sources.Source(p, p.name, "text") for p in candidates if p.name in COLUMNS}
    if not found:
        raise IntakeError(
            f"{path.name}: there is no FAR-Trans file here. One of these is needed: {', '.join(COLUMNS)}."
        )
    return found


def _left_aside(path: Path, files: dict[str, sources.Source]) -> Iterator[Piece]:
    if path.is_file():
        return
    for name in NOT_NEEDED:
        if (path / name).exists():
            yield Piece(name, notices=[_notice("not_needed", "Not needed: left aside.", "不需要，未读取。")])
    if "close_prices.csv" in files and "limit_prices.csv" in files:
        text = (
            "Left aside, because close_prices.csv has all prices.",
            "close_prices.csv已有全部行情，未读取。",
        )
        yield Piece("limit_prices.csv", notices=[_notice("not_needed", *text)])
    for name in ("transactions.csv", "close_prices.csv"):
        if name not in files:
            yield Piece(name, notices=[_notice("file_absent", "Not in the folder.", "文件夹中没有此文件。")])


def _notice(rule: str, en: str, zh: str, area: str | None = None, row: int | None = None) -> Notice:
    return Notice(rule, f"{en}|{zh}", area=area, row=row)


# ------------------------------------------------------------------------------ reading
def _chunks(source: sources.Source) -> Iterator[RawChunk]:
    """The rows of a file under the names of DATASET.txt."""
    table = text_files.read(source)
    places = {folded(title): f"c{at}" for at, title in enumerate(table.header)}
    missing = [name for name in COLUMNS[source.name] if folded(name) not in places]
    if missing:
        raise IntakeError(
            f"{source.name}: the column {missing[0]} is missing. Take the file as FAR-Trans "
            f"publishes it, or leave "
            "--reader away if it is another kind."
        )
    names = [pl.col(places[folded(name)]).str.strip_chars().alias(name) for name in COLUMNS[source.name]]
    for chunk in table.chunks:
        rows = chunk.rows.select(*names, "_row")
        if rows.height:
            yield RawChunk(rows, chunk.problems, (*table.notices, *chunk.notices))


def _whole(source: sources.Source) -> RawChunk:
    chunks = list(_chunks(source))
    if not chunks:
        raise IntakeError(f"{source.name}: there is a header but no row below it. Take the whole file.")
    return RawChunk(
        pl.concat([chunk.rows for chunk in chunks]),
        pl.concat([chunk.problems for chunk in chunks]),
        tuple(notice for chunk in chunks for notice in chunk.notices),
    )


def _piece(
    source: sources.Source, area: str, rows: pl.DataFrame, chunk: RawChunk, notices: Sequence[Notice] = ()
) -> Piece:
    fields = [f.name for f in AREAS[area].fields if f.name in rows.columns]
    problems = chunk.problems.filter(pl.col("row").is_in(rows.get_column("_row").implode()))
    return Piece(source.name, "", AREAS[area], rows.select(*fields, "_row"), problems, notices)


# ---------------------------------------------------------------------------- customers
def _customers(source: sources.Source, settings: Settings) -> Iterator[Piece]:
    chunk = _whole(source)
    rows = chunk.rows
    yield _piece(source, "clients", _clients(rows), chunk, [*chunk.notices, _about_class()])
    preferences, notices = _preferences(rows, settings)
    yield _piece(source, "preferences", preferences, chunk, notices)
    yield _piece(source, "finances", _finances(rows, settings), chunk)


def _about_class() -> Notice:
    return _notice(
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
    kept, merged = _newest(found, ["client_id", "assessed_on"])
    placeholders = rows.select(undated.sum()).item()
    later = rows.select((pl.col("lastQuestionnaireDate") > pl.col("timestamp")).sum()).item()
    return kept, [
        _about_dates(placeholders, later),
        _about_merging("preferences", rows.height, kept.height, merged.height),
        *_merged_rows(merged, "preferences"),
    ]


def _about_dates(placeholders: int, later: int) -> Notice:
    return _notice(
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


# --------------------------------------------------------------------- repeated records
def _newest(rows: pl.DataFrame, key: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Per key the newest record (the first one where several are equally new), and the ones it replaces."""
    order = rows.sort("timestamp", "_row", descending=[True, False])
    chosen = order.unique(key, keep="first", maintain_order=True)
    kept = chosen.sort("_row")
    into = chosen.select(*key, pl.col("_row").alias("_into"))
    merged = rows.join(kept, on="_row", how="anti").join(into, on=key, how="left").sort("_row")
    return kept, merged


def _about_merging(area: str, rows: int, kept: int, merged: int) -> Notice:
    title = AREAS[area]
    return _notice(
        "merged",
        f"{rows:,} records make {kept:,} rows of {title.title_en}: {merged:,} older ones of the "
        f"same key were merged "
        "into the newest (each is named).",
        f"{rows:,}条记录得到{kept:,}行“{title.title_zh}”：{merged:,}条同一主键的较早记录并入最新一条（逐条列出）。",
        area=area,
    )


def _merged_rows(merged: pl.DataFrame, area: str) -> Iterator[Notice]:
    for row, into in merged.select("_row", "_into").rows():
        yield _notice(
            "merged_row",
            f"An older record of the same key: merged into row {into}.",
            f"同一主键的较早记录：并入第{into}行。",
            area=area,
            row=row,
        )


# ------------------------------------------------------------------- securities and prices
def _securities(source: sources.Source, settings: Settings) -> Iterator[Piece]:
    chunk = _whole(source)
    rows, merged = _newest(chunk.rows, ["ISIN"])
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
        _notice(
            "derived",
            "Product risk levels are derived from the categories by "
            "[intake.far_trans.risk_levels] of the settings: the "
            "source has none.",
            "产品风险等级按设置[intake.far_trans.risk_levels]由类别推定：数据来源没有评级。",
            area="securities",
        ),
        _about_merging("securities", chunk.rows.height, rows.height, merged.height),
        *_merged_rows(merged, "securities"),
    ]
    yield _piece(source, "securities", securities, chunk, notices)


def _close_prices(source: sources.Source) -> Iterator[Piece]:
    for chunk in _chunks(source):
        prices = chunk.rows.select(
            pl.col("ISIN").alias("security_id"),
            pl.col("timestamp").alias("date"),
            pl.col("closePrice").alias("close"),
            "_row",
        )
        yield _piece(source, "prices", prices, chunk, chunk.notices)


def _limit_prices(source: sources.Source) -> Iterator[Piece]:
    chunk = _whole(source)
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
    about = _notice(
        "derived",
        "There is no close_prices.csv: only the first and last price of each security is known, "
        "so nothing can be said "
        "about how prices moved between.",
        "没有close_prices.csv：每只证券只有首末两个价格，无法反映期间走势。",
        area="prices",
    )
    # One source row gives two prices, and a row has one number: so they go as two pieces.
    yield _piece(source, "prices", first, chunk, [*chunk.notices, about])
    yield _piece(source, "prices", last, chunk)


# --------------------------------------------------------------------------- transactions
def _transactions(source: sources.Source, settings: Settings) -> Iterator[Piece]:
    about = _notice(
        "derived",
        "The source has the total value and the units: the price is their quotient. It has no "
        "time of day: trades are "
        "set to 12:00 UTC.",
        "数据来源只有总金额和份额：价格为二者之商；没有时刻：成交时间记为UTC 12:00。",
        area="trades",
    )
    notices: list[Notice] = [about]
    for chunk in _chunks(source):
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
        yield _piece(source, "trades", trades, chunk, [*notices, *chunk.notices])
        notices = []
