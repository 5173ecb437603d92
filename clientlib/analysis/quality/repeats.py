"""Records that are there twice, as far as can be seen without knowing who the clients are."""

from __future__ import annotations

import polars as pl

from clientlib.analysis.quality.rows import NUMBER, RECORD
from clientlib.analysis.quality.rules import FAULTS
from clientlib.tables import AreaInfo

REPEATED = "repeated"
SAME_CONTENT, OVERLAPPING, PROBABLY_SAME = "same_content", "overlapping", "probably_same"


def repeats(rows: pl.DataFrame, area: AreaInfo) -> pl.DataFrame:
    """The rows that repeat an earlier one, as `FAULTS` of the kind `repeated`.

    Notes
    -----
    Where a row has a number of its own (a trade, a request, an answer), a row repeats another if all that
    it says besides that number is the same: the same instant, price and quantity. Two such fills can be
    real, so a person decides. Of relations, one between the same two clients of the same kind repeats
    another if their times overlap; those with strangers are identity and not seen. Of areas
    that keep one row a client and date the key forbids repeats.
    """
    if area.name == "relations":
        return _overlapping(rows, area)
    if area.versioned or area.identity or "client_id" not in rows.columns or "client_id" in area.key:
        return FAULTS.to_frame()
    dated = rows.filter(pl.col("client_id").is_not_null() & pl.col(str(area.business_date)).is_not_null())
    said = [f.name for f in area.fields if f.name in rows.columns and not f.key and f.name != "remarks"]
    ordered = dated.sort(area.key)
    return _faults(ordered.filter(~pl.struct(said).is_first_distinct()), area, SAME_CONTENT)


def _overlapping(rows: pl.DataFrame, area: AreaInfo) -> pl.DataFrame:
    pair = ["client_id", "related_client_id", "kind"]
    if not {*pair, "since", "until"} <= set(rows.columns):
        return FAULTS.to_frame()
    known = rows.filter(pl.all_horizontal(pl.col(name).is_not_null() for name in pair))
    begun = pl.col("since").fill_null(pl.date(1900, 1, 1))
    ended = pl.col("until").fill_null(pl.date(9999, 12, 31))
    ordered = known.with_columns(begun.alias("_begun"), ended.alias("_ended")).sort(*pair, "_begun", RECORD)
    earlier = pl.col("_ended").cum_max().shift(1).over(pair)
    return _faults(ordered.filter(earlier >= pl.col("_begun")), area, OVERLAPPING)


def _faults(rows: pl.DataFrame, area: AreaInfo, rule: str) -> pl.DataFrame:
    return rows.select(
        NUMBER,
        pl.lit(area.key[0]).alias("field"),
        pl.lit(rule).alias("rule"),
        pl.lit(REPEATED).alias("kind"),
    )
