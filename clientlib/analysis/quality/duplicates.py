"""Clients who are probably in the book twice: pair by pair, with how probable and why.

Nothing is merged here. A person decides, and whoever decides sees what spoke for and against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pandas as pd
import polars as pl

from clientlib.analysis.quality import duplicates_model as model
from clientlib.analysis.quality.duplicates_model import PRIOR, Reason
from clientlib.analysis.quality.duplicates_records import Frame, records
from clientlib.errors import ParameterError

DEFAULT_THRESHOLD = 0.95
PAIR = ["client_id_l", "client_id_r"]
COLUMNS = (*PAIR, "probability", "weight", "reasons")


def find_duplicates(
    clients: Frame,
    contacts: Frame | None = None,
    *,
    threshold: float = DEFAULT_THRESHOLD,
    dismissed: Frame | None = None,
) -> pd.DataFrame:
    """Pairs of client numbers that are probably one client.

    Parameters
    ----------
    clients : pandas or Polars DataFrame
        The area `clients` with identity in plain. A client may have several dated rows: the newest by
        `updated_at` counts. Columns that are missing count as not stated, but for client_id.
    contacts : pandas or Polars DataFrame, optional
        The area `contacts`, likewise.
    threshold : float, default 0.95
        Pairs less probable than this are left out.
    dismissed : pandas or Polars DataFrame, optional
        client_id_l and client_id_r (either way round) of pairs that a person found to be two clients.

    Returns
    -------
    pandas.DataFrame, one row a pair, the most probable first
        client_id_l < client_id_r; probability; weight, log2 of the odds that it is one client;
        reasons, a tuple of `duplicates_model.Reason` that sum to the weight, the starting point first, and
        without a value in them (`report.duplicates_words` says them in English and Chinese).

    Raises
    ------
    ParameterError
        An area without client_id, or a threshold that is no probability between 0 and 1.

    Notes
    -----
    Fellegi and Sunter's model, computed by Splink in a DuckDB of its own that lives in memory only, and
    is not allowed to spill to disk. Same input, same output, whatever the order of the rows.

    References
    ----------
    Fellegi & Sunter (1969), A Theory for Record Linkage, JASA 64. Linacre et al. (2022), Splink, IJPDS 7(1).
    """
    if not 0 < threshold < 1:
        raise ParameterError(
            f"threshold {threshold}: a probability between 0 and 1, e.g. {DEFAULT_THRESHOLD}.",
            f"threshold {threshold}：应为0与1之间的概率，例如 {DEFAULT_THRESHOLD}。",
        )
    frame = records(clients, contacts)
    if len(frame) < 2:
        return _pairs(pl.DataFrame(), 0)
    with in_memory() as connection:
        scored = _score(connection, frame, threshold)
    if dismissed is not None:
        scored = scored.join(_either_way(dismissed), on=PAIR, how="anti")
    return _pairs(scored, len(frame))


def explain_duplicates(pairs: pd.DataFrame) -> pd.DataFrame:
    """The reasons of all pairs one below the other, as a waterfall chart draws them.

    Parameters
    ----------
    pairs : DataFrame
        As `find_duplicates` returns it.

    Returns
    -------
    pandas.DataFrame, one row a pair and step
        client_id_l, client_id_r, step (from 0, the starting point), field, level, weight, and the sum
        of weights before (`start`) and after it (`end`).
    """
    rows = [
        (pair["client_id_l"], pair["client_id_r"], step, *reason)
        for pair in pairs.to_dict("records")
        for step, reason in enumerate(pair["reasons"])
    ]
    texts = [*PAIR, "field", "level"]
    types = dict.fromkeys(texts, "str") | {"step": "int64", "weight": "float64"}
    long = pd.DataFrame(rows, columns=[*PAIR, "step", *Reason._fields]).astype(types)
    long["end"] = long.groupby(PAIR, sort=False)["weight"].cumsum()
    long.insert(len(long.columns) - 1, "start", long["end"] - long["weight"])
    return long


@contextmanager
def in_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own that spills nothing of a client to disk in plain, and is closed behind."""
    connection = duckdb.connect(":memory:", config={"temp_directory": ""})
    try:
        yield connection
    finally:
        connection.close()


def _score(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame, threshold: float) -> pl.DataFrame:
    from splink import DuckDBAPI, Linker

    engine = DuckDBAPI(connection=connection)
    table = engine.register(frame.to_arrow(), table_name="records")
    linker = Linker(table, model.settings(len(frame)), log_level=None)
    for column, (elsewhere, weight) in model.COMMON.items():
        frequencies = _frequencies(frame[column], elsewhere, weight)
        table = engine.register(frequencies.to_arrow(), table_name=f"frequencies_of_{column}")
        linker.table_management.register_term_frequency_lookup(table, column)
    scored = linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")
    # Never the values themselves: names and numbers end here.
    wanted = r"^(client_id_[lr]|match_weight|match_probability|gamma_.*|mw_.*)$"
    return connection.sql(f"SELECT COLUMNS('{wanted}') FROM {scored.physical_name}").pl()


def _frequencies(column: pl.Series, elsewhere: float, weight: int) -> pl.DataFrame:
    """How common each value is among the other clients: counted, and leaning on what is usual elsewhere.

    The record itself is not counted; without `elsewhere` a name met twice in a small book would pass for
    a common one.
    """
    counts = column.drop_nulls().value_counts(name="times").sort(column.name)
    share = (pl.col("times") - 1 + weight * elsewhere) / (len(column) + weight)
    return counts.select(column.name, share.alias(f"tf_{column.name}"))


def _either_way(dismissed: Frame) -> pl.DataFrame:
    frame = dismissed if isinstance(dismissed, pl.DataFrame) else pl.from_pandas(dismissed[PAIR])
    pair = [pl.col(name).cast(pl.String) for name in PAIR]
    ordered = {"client_id_l": pl.min_horizontal(*pair), "client_id_r": pl.max_horizontal(*pair)}
    return frame.select(**ordered)


def _pairs(scored: pl.DataFrame, clients: int) -> pd.DataFrame:
    if scored.is_empty():
        empty = pd.DataFrame({name: [] for name in COLUMNS})
        return empty.astype(
            dict.fromkeys(PAIR, "str") | {"probability": "float64", "weight": "float64", "reasons": "object"}
        )
    scored = scored.sort(["match_weight", *PAIR], descending=[True, False, False])
    start = Reason(PRIOR, PRIOR, _starting_weight(clients))
    return pd.DataFrame(
        {
            **{name: scored[name].to_pandas().astype("str") for name in PAIR},
            "probability": scored["match_probability"].to_numpy(),
            "weight": scored["match_weight"].to_numpy(),
            "reasons": [(start, *_reasons(row)) for row in scored.iter_rows(named=True)],
        }
    )


def _starting_weight(clients: int) -> float:
    chance = model.prior(clients)
    return math.log2(chance / (1 - chance))


def _reasons(row: dict[str, Any]) -> Iterator[Reason]:
    for comparison in model.COMPARISONS:
        weight = row[f"mw_{comparison.field}"] + (row.get(f"mw_tf_adj_{comparison.field}") or 0.0)
        yield Reason(comparison.field, comparison.level_of(row[f"gamma_{comparison.field}"]), weight)
