"""The area `acknowledgements` of the demo: what was answered for when assessments were about to run out."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from clientlib.simulate.streams import stream, text

SHARE = 0.1
"""Of the assessments that ran out, with an acknowledgement on record."""
EARLIEST_DAYS, LATEST_DAYS = 50, 5
REASONS = (
    "已电话提醒，客户预约到营业部重新测评",
    "已发短信提醒，客户同意本月内线上测评",
    "客户在国外，返回后办理测评",
)
OFFICERS = ("R01", "R02", "R03")


def acknowledgements_area(seed: int, preferences: pl.DataFrame, end: dt.date) -> pl.DataFrame:
    """Only of assessments that were to run out: nobody is kept off a call list by them."""
    rng = stream(seed, "acknowledgements")
    n = preferences.height
    chosen, days_left = rng.random(n) < SHARE, rng.integers(LATEST_DAYS, EARLIEST_DAYS, n)
    reason, officer = rng.integers(0, len(REASONS), n), rng.integers(0, len(OFFICERS), n)
    frame = preferences.with_columns(value=pl.Series(days_left)).select(
        "client_id",
        rule=pl.lit("level_expiring"),
        acknowledged_on=pl.col("expires_on") - pl.duration(days="value"),
        severity=pl.lit("watch"),
        value=pl.col("value").cast(pl.Float64),
        acknowledged_by=text(np.array(OFFICERS, dtype=object)[officer]),
        reason=text(np.array(REASONS, dtype=object)[reason]),
        remarks=text([None] * n),
    )
    made = frame.filter(pl.Series(chosen) & (pl.col("acknowledged_on") <= end))
    return made.sort("acknowledged_on", "client_id").unique(
        ["client_id", "acknowledged_on"], keep="first", maintain_order=True
    )
