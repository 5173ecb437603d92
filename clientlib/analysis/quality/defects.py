"""What is wrong with the records as of a day, one line a thing: missing, invalid, outdated or repeated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd
import polars as pl

from clientlib.analysis.quality.examine import LAST_DAY, Examined
from clientlib.analysis.quality.repeats import PROBABLY_SAME, REPEATED
from clientlib.analysis.quality.rows import DAY, NUMBER, RECORD, current
from clientlib.analysis.quality.rules import MISSING
from clientlib.masks import scrub_expr

ABSENT, OUTDATED = "absent", "outdated"
KINDS = (ABSENT, MISSING, "invalid", OUTDATED, REPEATED)
"""What can be wrong, the gravest first: a whole record is not there, a cell is empty, a value does not hold,
nobody has looked at it for too long, it is there twice."""
ACTIVE, CLOSED = "active", "closed"
CLIENT = pl.Schema(
    {
        "client_id": pl.String,
        "branch": pl.String,
        "advisor": pl.String,
        "status": pl.String,
        "opened_on": pl.Date,
    }
)
DEFECTS = pl.Schema(
    {
        "area": pl.String,
        NUMBER: pl.UInt32,
        "client_id": pl.String,
        "record": pl.String,
        "field": pl.String,
        "rule": pl.String,
        "kind": pl.String,
        "since": pl.Date,
        "remark": pl.String,
    }
)
"""`_number` is the row's, null where it is about more or less than one; `remark` is the reason given for
a gap, numbers and addresses in it masked."""


def clients_on(examined: Mapping[str, Examined], as_of: dt.date, branch: str | None = None) -> pl.DataFrame:
    """The clients whose records are kept in order on a day, as `CLIENT`: those of `branch` not closed.

    Without a status a client counts as active.
    """
    if "clients" not in examined:
        return CLIENT.to_frame()
    rows = current(examined["clients"].rows, as_of)
    lacking = [pl.lit(None, kind).alias(name) for name, kind in CLIENT.items() if name not in rows.columns]
    who = rows.with_columns(lacking).select(CLIENT.names())
    who = who.with_columns(pl.col("status").fill_null(ACTIVE)).filter(pl.col("status") != CLOSED)
    return who if branch is None else who.filter(pl.col("branch") == branch)


def judged_rows(
    examined: Mapping[str, Examined], who: pl.DataFrame, as_of: dt.date, *, others: bool
) -> dict[str, pl.DataFrame]:
    """The rows of each area that are judged on a day.

    Parameters
    ----------
    others : bool
        Whether rows of no client are judged too (securities, prices, and those whose client is unknown);
        a review of one branch leaves them out.
    """
    known = examined["clients"].rows.select("client_id").unique() if "clients" in examined else who.clear()
    found = {}
    for name, area in examined.items():
        rows = current(area.rows, as_of)
        if area.of_clients:
            found[name] = rows.join(who, on="client_id", how="semi")
            if others:
                lost = rows.join(known, on="client_id", how="anti")
                found[name] = pl.concat([found[name], lost])
        elif others:
            found[name] = rows
    return found


def defects(
    examined: Mapping[str, Examined],
    rows: Mapping[str, pl.DataFrame],
    who: pl.DataFrame,
    as_of: dt.date,
    required_records: Sequence[str],
) -> pl.DataFrame:
    """Everything that is wrong with `rows`, and the records that active clients lack, as `DEFECTS`."""
    found = [DEFECTS.to_frame()]
    for name, judged in rows.items():
        found += [_faults(examined[name], judged), _outdated(name, judged, who, as_of)]
        if name in required_records:
            found.append(_absent(name, judged, who))
    return pl.concat(found)


def same_person(duplicates: pd.DataFrame | None, who: pl.DataFrame) -> pl.DataFrame:
    """Clients who are probably another client too, as `DEFECTS`; the other one stands in `record`."""
    if duplicates is None or duplicates.empty:
        return DEFECTS.to_frame()
    pairs = pl.from_pandas(duplicates[["client_id_l", "client_id_r"]]).cast(pl.String)
    turned = pairs.select(client_id="client_id_r", other="client_id_l")
    both = pl.concat([pairs.rename({"client_id_l": "client_id", "client_id_r": "other"}), turned])
    both = both.join(who.select("client_id", "opened_on"), on="client_id")
    return both.select(
        pl.lit("clients").alias("area"),
        pl.lit(None, pl.UInt32).alias(NUMBER),
        client_id="client_id",
        record="other",
        field=pl.lit("client_id"),
        rule=pl.lit(PROBABLY_SAME),
        kind=pl.lit(REPEATED),
        since=pl.col("opened_on"),
        remark=pl.lit(None, pl.String),
    )


def _faults(area: Examined, judged: pl.DataFrame) -> pl.DataFrame:
    faults = area.faults.join(judged, on=NUMBER, how="inner")
    client = pl.col("client_id") if area.of_clients else pl.lit(None, pl.String)
    excused = pl.when(pl.col("kind") == MISSING).then(scrub_expr(pl.col("remarks")))
    return faults.select(
        pl.lit(area.area.name).alias("area"),
        NUMBER,
        client_id=client,
        record=RECORD,
        field="field",
        rule="rule",
        kind="kind",
        since=DAY,
        remark=excused,
    )


def _outdated(name: str, judged: pl.DataFrame, who: pl.DataFrame, as_of: dt.date) -> pl.DataFrame:
    if "client_id" not in judged.columns:
        return DEFECTS.to_frame()
    late = judged.filter(pl.col(LAST_DAY) < as_of).join(active(who), on="client_id", how="semi")
    return _of_whole_record(late, name, OUTDATED, LAST_DAY)


def _absent(name: str, judged: pl.DataFrame, who: pl.DataFrame) -> pl.DataFrame:
    return _of_whole_record(active(who).join(judged, on="client_id", how="anti"), name, ABSENT, "opened_on")


def _of_whole_record(rows: pl.DataFrame, name: str, kind: str, since: str) -> pl.DataFrame:
    nothing = pl.lit(None, pl.String)
    return rows.select(
        pl.lit(name).alias("area"),
        pl.lit(None, pl.UInt32).alias(NUMBER),
        client_id="client_id",
        record=nothing,
        field=nothing,
        rule=pl.lit(kind),
        kind=pl.lit(kind),
        since=since,
        remark=nothing,
    )


def active(who: pl.DataFrame) -> pl.DataFrame:
    """Those of `clients_on` whose records must be looked at again and again: neither dormant nor closed."""
    return who.filter(pl.col("status") == ACTIVE)
