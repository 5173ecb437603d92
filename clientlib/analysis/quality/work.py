"""What to mend: each branch's work list, the rows that are pending, the worst fields, the next steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd
import polars as pl

from clientlib.analysis.quality.defects import ABSENT, KINDS, OUTDATED
from clientlib.analysis.quality.examine import EXPIRY
from clientlib.analysis.quality.repeats import REPEATED
from clientlib.analysis.quality.rows import NONE
from clientlib.analysis.quality.rules import INVALID, MISSING

BETWEEN = ","
"""Between the names of several cells of a record; `SEPARATOR` stands between those of which one is meant."""
WORK_LIST = (
    *("branch", "advisor", "rank", "client_id", "area", "record", "kind", "action"),
    *("fields", "rules", "since", "days", "remark"),
)
"""The columns of a work list, in order."""
FIRST_CLIENTS = 3
ACTIONS = ("assess", "complete", "correct", "review", "merge")
"""What somebody has to do: let the client answer the questionnaire again, fill in what is missing, correct
what does not hold, ask whether all is as it was, decide which of two records stays."""
_ACTION_OF = {
    ABSENT: "complete",
    MISSING: "complete",
    INVALID: "correct",
    OUTDATED: "review",
    REPEATED: "merge",
}


def work_list(
    found: pl.DataFrame, who: pl.DataFrame, wealth: pl.DataFrame, as_of: dt.date, urgency: Sequence[str]
) -> pd.DataFrame:
    """What is to be mended, a line a record and kind of defect; in each branch the most urgent client first.

    Parameters
    ----------
    found : polars.DataFrame
        From `defects.defects`.
    who : polars.DataFrame
        The clients, as `defects.clients_on` gives them.
    wealth : polars.DataFrame
        client_id and `wealth`: what orders clients who are equally urgent.
    urgency : sequence of str
        Areas, the most urgent first.

    Returns
    -------
    DataFrame
        `WORK_LIST`: `rank` counts the clients of a branch; `fields` and `rules` are names joined by
        `BETWEEN`, empty where it is about the whole record; `since` is the day of the row, the last day on
        which it was current, or the opening of the account; `days` from then to `as_of`.
    """
    items = _items(found).join(who.select("client_id", "branch", "advisor"), on="client_id")
    items = items.with_columns(_urgency(urgency).alias("urgency")).join(wealth, on="client_id", how="left")
    order = ["branch", "_first", "wealth", "client_id"]
    items = items.with_columns(pl.col("urgency").min().over("client_id").alias("_first"))
    items = items.sort(
        *order, "urgency", "since", "record", descending=[False, False, True, *[False] * 4], nulls_last=True
    )
    begins = (pl.col("client_id") != pl.col("client_id").shift(1)).fill_null(value=True)
    items = items.with_columns(begins.cast(pl.Int64).cum_sum().over("branch").alias("rank"))
    return (
        items.with_columns((pl.lit(as_of) - pl.col("since")).dt.total_days().alias("days"))
        .select(WORK_LIST)
        .to_pandas()
    )


def pending(found: pl.DataFrame, who: pl.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Rows with a gap whose reason stands in the remarks, the oldest first: as `WORK_LIST`, without rank."""
    excused = found.filter((pl.col("kind") == MISSING) & pl.col("remark").is_not_null())
    items = _items(excused).join(who.select("client_id", "branch", "advisor"), on="client_id", how="left")
    items = items.with_columns((pl.lit(as_of) - pl.col("since")).dt.total_days().alias("days"))
    return (
        items.sort("since", "area", "client_id", "record")
        .select(name for name in WORK_LIST if name != "rank")
        .to_pandas()
    )


def worst_fields(found: pl.DataFrame, sizes: pd.Series) -> pd.DataFrame:
    """What is wrong most often, field by field.

    Parameters
    ----------
    found : polars.DataFrame
        From `defects.defects`.
    sizes : Series of int, index area
        Rows judged.

    Returns
    -------
    DataFrame, the most frequent first
        area, kind, field (empty: the whole record), records, clients, with_reason (gaps that a remark
        explains), share (of the area's rows), clients_cleared (clients of whom nothing else is wrong).
    """
    by = ["area", "kind", "field"]
    fields = found.with_columns(pl.col("field").fill_null(""))
    alone = fields.filter(pl.struct(by).n_unique().over("client_id") == 1)
    cleared = alone.group_by(by).agg(pl.col("client_id").n_unique().cast(pl.Int64).alias("clients_cleared"))
    table = (
        fields.group_by(by)
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            pl.col("client_id").drop_nulls().n_unique().cast(pl.Int64).alias("clients"),
            pl.col("remark").is_not_null().sum().cast(pl.Int64).alias("with_reason"),
        )
        .join(cleared, on=by, how="left")
        .with_columns(pl.col("clients_cleared").fill_null(0))
        .sort("records", *by, descending=[True, False, False, False])
        .to_pandas()
    )
    table["share"] = table["records"] / table["area"].map(sizes).astype("float64")
    return table


def next_steps(work: pd.DataFrame, branches: pd.DataFrame) -> pd.DataFrame:
    """What each branch should do, the action that concerns most clients first.

    Parameters
    ----------
    work : DataFrame
        From `work_list`.
    branches : DataFrame
        From `measures.by_branch`; what is withheld there is not told here.

    Returns
    -------
    DataFrame
        branch, action (one of `ACTIONS`), clients, share (of the branch's clients), areas (joined by
        `BETWEEN`), oldest (the earliest `since`), first (the most urgent clients, joined by commas),
        clean_now and clean_after (share of the branch's clients of whom nothing is wrong, before and after).
    """
    items = pl.from_pandas(work).with_columns(pl.col("branch").fill_null(NONE))
    items = items.with_columns((pl.col("action").n_unique().over("client_id") == 1).alias("alone"))
    steps = items.group_by("branch", "action", maintain_order=True).agg(
        pl.col("client_id").n_unique().cast(pl.Int64).alias("clients"),
        pl.col("area").unique(maintain_order=True).str.join(BETWEEN).alias("areas"),
        pl.col("since").min().alias("oldest"),
        pl.col("client_id").unique(maintain_order=True).head(FIRST_CLIENTS).str.join(", ").alias("first"),
        pl.col("client_id").filter("alone").n_unique().cast(pl.Int64).alias("cleared"),
    )
    place = pl.col("action").replace_strict({name: n for n, name in enumerate(ACTIONS)})
    table = steps.sort("clients", place, "branch", descending=[True, False, False]).to_pandas()
    shown = branches[branches["shown"]]
    table = table[table["branch"].isin(shown.index)].reset_index(drop=True)
    size, unclean = (table["branch"].map(shown[name]).astype("int64") for name in ("clients", "unclean"))
    table["share"] = table["clients"] / size
    table["clean_now"] = (size - unclean) / size
    table["clean_after"] = (size - unclean + table["cleared"]) / size
    return table.drop(columns="cleared")


def _items(found: pl.DataFrame) -> pl.DataFrame:
    """One line for each record and kind of defect, its cells joined."""
    return (
        found.group_by("client_id", "area", "record", "kind", maintain_order=True)
        .agg(
            pl.col("field").drop_nulls().unique(maintain_order=True).str.join(BETWEEN).alias("fields"),
            pl.col("rule").unique(maintain_order=True).str.join(BETWEEN).alias("rules"),
            pl.col("since").min(),
            pl.col("remark").drop_nulls().first(),
        )
        .with_columns(_action().alias("action"))
    )


def _action() -> pl.Expr:
    asked = (pl.col("kind") == OUTDATED) & pl.col("area").is_in(list(EXPIRY))
    return pl.when(asked).then(pl.lit("assess")).otherwise(pl.col("kind").replace_strict(_ACTION_OF))


def _urgency(areas: Sequence[str]) -> pl.Expr:
    """By area, and within an area by the gravity of what is wrong: a smaller number is more urgent."""
    place = pl.col("area").replace_strict({name: n for n, name in enumerate(areas)}, default=len(areas))
    gravity = pl.col("kind").replace_strict({kind: n for n, kind in enumerate(KINDS)})
    return place.cast(pl.Int64) * len(KINDS) + gravity.cast(pl.Int64)
