"""How fast rows are judged and workbooks read, against named peers in the same run. Printed, not asserted."""

from __future__ import annotations

import datetime as dt
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pandera.polars as pa
import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from pandera.errors import SchemaErrors

from clientlib.codes import CODES
from clientlib.intake import sources, workbooks
from clientlib.intake.result import PROBLEMS
from clientlib.intake.validate import validate
from clientlib.tables import AREAS

TRADES = 10_000_000
SAMPLE = 100_000
"""Rows that Great Expectations is given; its time is scaled up to all of them."""
BAD = 100
"""Every so many rows one is wrong."""
BREACHES = 6 / 5 / BAD
"""Broken rules a row: a negative quantity, one wrong row in five, is not amount / price either."""
SHEET_ROWS = 100_000
NOON = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)
LATEST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
ID = r"^(?:[0-9A-Za-z][0-9A-Za-z._\-]{0,39})$"


@pytest.fixture(scope="module")
def trades() -> pl.DataFrame:
    """Ten million typed trades; one in a hundred breaks a rule, every rule in turn."""
    draw = np.random.default_rng(4)
    number = pl.int_range(TRADES, eager=True)
    quantity = pl.Series(draw.integers(1, 50, TRADES) * 100.0)
    price = pl.Series(draw.integers(100, 20_000, TRADES) / 100)
    frame = pl.DataFrame(
        {
            "trade_id": number.cast(pl.String).str.zfill(9),
            "client_id": "C" + (number % 20_000).cast(pl.String),
            "traded_at": pl.Series([NOON], dtype=pl.Datetime("us", "UTC")).new_from_index(0, TRADES),
            "security_id": "S" + (number % 500).cast(pl.String),
            "side": pl.Series(["buy"]).new_from_index(0, TRADES),
            "quantity": quantity,
            "price": price,
            "amount": quantity * price,
            "fee": pl.Series([5.0]).new_from_index(0, TRADES),
            "currency": pl.Series(["CNY"]).new_from_index(0, TRADES),
            "channel": pl.Series(["app"]).new_from_index(0, TRADES),
            "remarks": pl.Series([None], dtype=pl.String).new_from_index(0, TRADES),
        }
    )
    wrong = (pl.int_range(pl.len()) % BAD == 0, pl.int_range(pl.len()) // BAD % 5)

    def spoiled(name: str, turn: int, value: Any) -> pl.Expr:
        return pl.when(wrong[0] & (wrong[1] == turn)).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)

    return frame.with_columns(
        spoiled("client_id", 0, "two words"),
        spoiled("side", 1, "hold"),
        spoiled("quantity", 2, -1.0),
        spoiled("amount", 3, 1.0),
        spoiled("currency", 4, None),
    ).with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.UInt32).alias("_row"))


def ours(trades: pl.DataFrame) -> pl.DataFrame:
    """Which rows hold, and for each of the others every rule that it breaks, with its row and field."""
    return validate(trades, AREAS["trades"], PROBLEMS.to_frame()).problems


# -------------------------------------------------------------------------------- the peers
def bare(trades: pl.DataFrame) -> Any:
    """dataframely's own filter: rows that hold, rows that do not, and how often each rule was broken."""
    good, failure = AREAS["trades"].schema.filter(trades.drop("_row"))
    return good, failure.counts()


def _pandera() -> Any:
    def excused(name: str) -> pa.Check:
        told = pl.col(name).is_not_null() | pl.col("remarks").is_not_null()
        return pa.Check(lambda data: data.lazyframe.select(told), name=f"{name} required")

    def product(data: Any) -> pl.LazyFrame:
        gap = (pl.col("amount") - pl.col("quantity") * pl.col("price")).abs()
        held = (gap <= 0.01) | (gap <= 1e-6 * pl.col("quantity") * pl.col("price"))
        return data.lazyframe.select(held)  # type: ignore[no-any-return]

    def text(longest: int, pattern: str | None = None, *, key: bool = False) -> pa.Column:
        checks = [pa.Check.str_length(max_value=longest)]
        checks += [pa.Check.str_matches(pattern)] if pattern else []
        return pa.Column(pl.String, checks, nullable=not key)

    def code(name: str) -> pa.Column:
        return pa.Column(pl.String, pa.Check.isin(CODES[name].values), nullable=True)

    def number(*checks: pa.Check) -> pa.Column:
        return pa.Column(pl.Float64, [pa.Check.lt(float("inf")), *checks], nullable=True)

    columns = {
        "trade_id": text(40, ID, key=True),
        "client_id": text(40, ID),
        "traded_at": pa.Column(
            pl.Datetime("us", "UTC"),
            [pa.Check.ge(dt.datetime(1900, 1, 1, tzinfo=dt.UTC)), pa.Check.lt(LATEST)],
            nullable=True,
        ),
        "security_id": text(40, ID),
        "side": code("side"),
        "quantity": number(pa.Check.gt(0)),
        "price": number(pa.Check.gt(0)),
        "amount": number(pa.Check.gt(0)),
        "fee": number(pa.Check.ge(0)),
        "currency": code("currency"),
        "channel": code("trade_channel"),
        "remarks": text(500),
    }
    required = [f.name for f in AREAS["trades"].fields if f.required and not f.key]
    return pa.DataFrameSchema(columns, checks=[pa.Check(product), *map(excused, required)])


def _broken_in_pandera(schema: Any, trades: pl.DataFrame) -> int:
    try:
        schema.validate(trades, lazy=True)
    except SchemaErrors as error:
        return len(error.failure_cases)
    return 0


def _great_expectations(sample: pd.DataFrame) -> Any:
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    # The bars of a hundred expectations would fill the screen.
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    batch = context.data_sources.add_pandas("bench").add_dataframe_asset("trades")
    whole = batch.add_batch_definition_whole_dataframe("whole")
    suite = context.suites.add(gx.ExpectationSuite(name="trades"))
    expect: Any = gx.expectations
    for name in ("trade_id", "client_id", "security_id"):
        suite.add_expectation(expect.ExpectColumnValuesToMatchRegex(column=name, regex=ID))
        suite.add_expectation(expect.ExpectColumnValueLengthsToBeBetween(column=name, max_value=40))
    for name, listed in (("side", "side"), ("currency", "currency"), ("channel", "trade_channel")):
        values = list(CODES[listed].values)
        suite.add_expectation(expect.ExpectColumnValuesToBeInSet(column=name, value_set=values))
    for name in ("quantity", "price", "amount"):
        between = expect.ExpectColumnValuesToBeBetween
        suite.add_expectation(between(column=name, min_value=0, strict_min=True))
    for field in AREAS["trades"].fields:
        if field.required:
            suite.add_expectation(expect.ExpectColumnValuesToNotBeNull(column=field.name))
    definition = gx.ValidationDefinition(data=whole, suite=suite, name="trades")
    context.validation_definitions.add(definition)
    # Which rows broke a rule, as ours tells it too.
    told = {"result_format": "COMPLETE", "unexpected_index_column_names": ["trade_id"]}
    return lambda: definition.run(batch_parameters={"dataframe": sample}, result_format=told)


# ---------------------------------------------------------------------------------- compared
def test_ten_million_trades_against_dataframely(compare: Any, trades: pl.DataFrame) -> None:
    assert ours(trades).height == TRADES * BREACHES
    compare(
        "rules of 10 M trades, with reasons (peer: dataframely's bare filter)",
        lambda: ours(trades),
        lambda: bare(trades),
        3,
    )


def test_ten_million_trades_against_pandera(compare: Any, trades: pl.DataFrame) -> None:
    schema, peers = _pandera(), trades.drop("_row")
    assert _broken_in_pandera(schema, peers.head(SAMPLE)) == SAMPLE * BREACHES
    compare(
        "rules of 10 M trades, with reasons (peer: pandera on Polars, lazy)",
        lambda: ours(trades),
        lambda: _broken_in_pandera(schema, peers),
    )


def test_ten_million_trades_against_great_expectations(compare: Any, trades: pl.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about its own dependencies
        run = _great_expectations(trades.drop("_row").head(SAMPLE).to_pandas())
        compare(
            f"rules of 10 M trades (peer: Great Expectations on {SAMPLE:,}, its time x {TRADES // SAMPLE})",
            lambda: ours(trades),
            run,
            2,
            scale=TRADES / SAMPLE,
        )


@pytest.fixture(scope="module")
def workbook_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100,000 rows x 14 columns: phones with a plus, IDs with leading zeros, long figures."""
    path = tmp_path_factory.mktemp("bench") / "contacts.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("contacts")
        sheet.write_row(0, 0, [f"column {n}" for n in range(14)])
        for row in range(1, SHEET_ROWS + 1):
            for column in range(10):
                sheet.write_string(row, column, f"+86138{row:08}" if column % 2 else f"{row:010}")
            for column in range(10, 14):
                sheet.write_number(row, column, row + 0.123456789)
    return path


def test_reading_a_workbook_against_pandas(compare: Any, workbook_file: Path) -> None:
    source = sources.listed(workbook_file)[0][0]

    def read() -> pl.DataFrame:
        (table,) = workbooks.read(source)
        return pl.concat(chunk.rows for chunk in table.chunks)

    last = read().row(-1)
    assert last[:2] == (f"{SHEET_ROWS:010}", f"+86138{SHEET_ROWS:08}")
    assert float(last[10]) == SHEET_ROWS + 0.123456789
    compare(
        "reading a workbook of 100,000 rows (peer: pandas with openpyxl)",
        read,
        lambda: pd.read_excel(workbook_file, engine="openpyxl"),
        1,
    )
