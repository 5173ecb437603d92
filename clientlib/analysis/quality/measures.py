"""How many records and clients are in order: by area, by branch and advisor, and by month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd
import polars as pl

from clientlib.analysis.disclosure import withheld, withheld_parts
from clientlib.analysis.quality.defects import (
    ABSENT,
    ACTIVE,
    OUTDATED,
    active,
    clients_on,
    defects,
    judged_rows,
)
from clientlib.analysis.quality.examine import LAST_DAY, Examined
from clientlib.analysis.quality.repeats import REPEATED
from clientlib.analysis.quality.rows import DAY, NONE, NUMBER
from clientlib.analysis.quality.rules import CELLS, GAPS, INVALID, MISSING
from clientlib.analysis.satisfaction import wilson_interval

MEASURES = {
    "complete": ("gaps", "cells"),
    "valid": ("invalid", "rows"),
    "unique": ("repeated", "rows"),
    "timely": ("outdated", "reviewed"),
}
"""What is measured of an area: how many of what are not so."""
FLAGS = {
    "incomplete": (ABSENT, MISSING),
    "invalid": (INVALID,),
    "repeated": (REPEATED,),
    "outdated": (OUTDATED,),
}
"""What a client's records can be, and the kinds of defects that make them so."""
SHARES = {
    "complete": ("incomplete", "clients"),
    "valid": ("invalid", "clients"),
    "unique": ("repeated", "clients"),
    "timely": ("outdated", "active_clients"),
    "clean": ("unclean", "clients"),
}
"""Shares of clients: all but how many, of which clients."""


# ------------------------------------------------------------------ by area
def by_area(
    examined: Mapping[str, Examined],
    rows: Mapping[str, pl.DataFrame],
    found: pl.DataFrame,
    who: pl.DataFrame,
    as_of: dt.date,
) -> pd.DataFrame:
    """A line an area, in the table's order: counts and shares of its cells and records, and their age."""
    of_area = found.partition_by("area", as_dict=True)
    lines = {
        name: _area_line(examined[name], judged, of_area.get((name,), found.clear()), who, as_of)
        for name, judged in rows.items()
    }
    columns = [
        *("rows", "clients", "cells", "gaps", "absent", "pending"),
        *("invalid", "repeated", "reviewed", "outdated", "age_median", "age_p90"),
    ]
    table = pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("area")
    for measure, (bad, whole) in MEASURES.items():
        table[measure] = 1 - _share(table[bad], table[whole])
    return table.astype({"age_median": "float64", "age_p90": "float64"})


def weak_points(areas_told: pd.DataFrame) -> pd.DataFrame:
    """Where most is wrong, the worst first: area, measure, bad (of) whole, share of what is in order.

    Parameters
    ----------
    areas_told : DataFrame
        From `by_area`.
    """
    parts = [
        pd.DataFrame(
            {
                "measure": measure,
                "bad": areas_told[bad],
                "whole": areas_told[whole],
                "share": areas_told[measure],
            }
        )
        for measure, (bad, whole) in MEASURES.items()
    ]
    points = pd.concat(parts).reset_index()
    return points[points["bad"] > 0].sort_values("share", kind="stable", ignore_index=True)


def _area_line(
    area: Examined, judged: pl.DataFrame, found: pl.DataFrame, who: pl.DataFrame, as_of: dt.date
) -> tuple[float | None, ...]:
    bad = {kind: found.filter(pl.col("kind") == kind) for kind in (ABSENT, INVALID, REPEATED, OUTDATED)}
    count = {kind: frame.select(NUMBER, "client_id").unique().height for kind, frame in bad.items()}
    reviewed = judged.filter(pl.col(LAST_DAY).is_not_null())
    if area.of_clients:
        reviewed = reviewed.join(active(who), on="client_id", how="semi")
    age = reviewed.select((pl.lit(as_of) - pl.col(DAY)).dt.total_days()).to_series()
    # A record that is not there lacks every cell that no record may be without.
    lacking = count[ABSENT] * int(area.rows.select(pl.col(CELLS).min()).item() or 0)
    return (
        judged.height,
        judged["client_id"].n_unique() if area.of_clients else 0,
        int(judged[CELLS].sum()) + lacking,
        int(judged[GAPS].sum()) + lacking,
        count[ABSENT],
        judged.filter((pl.col(GAPS) > 0) & pl.col("remarks").is_not_null()).height,
        count[INVALID],
        count[REPEATED],
        reviewed.height,
        count[OUTDATED],
        age.quantile(0.5),
        age.quantile(0.9),
    )


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    return (part / whole.where(whole > 0)).astype("float64")


# ------------------------------------------------------------------ by client
def client_flags(found: pl.DataFrame, who: pl.DataFrame) -> pl.DataFrame:
    """`who`, and whether each client's records are incomplete, invalid, repeated, outdated, or any of it."""
    flags = found.group_by("client_id").agg(
        pl.col("kind").is_in(kinds).any().alias(flag) for flag, kinds in FLAGS.items()
    )
    told = who.join(flags, on="client_id", how="left", maintain_order="left")
    told = told.with_columns(pl.col(flag).fill_null(value=False) for flag in FLAGS)
    return told.with_columns(unclean=pl.any_horizontal(*FLAGS))


def group_counts(flags: pl.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Clients of each group, how many of them have which defect, and the shares of those who have not."""
    named = flags.with_columns(pl.col(name).fill_null(NONE) for name in by)
    counts = [pl.col(name).sum().cast(pl.Int64) for name in (*FLAGS, "unclean")]
    counted = named.group_by(list(by)).agg(
        pl.len().cast(pl.Int64).alias("clients"),
        (pl.col("status") == ACTIVE).sum().cast(pl.Int64).alias("active_clients"),
        *counts,
    )
    table = counted.sort(list(by)).to_pandas()
    for share, (bad, whole) in SHARES.items():
        table[share] = 1 - _share(table[bad], table[whole])
    return table


def by_branch(flags: pl.DataFrame, smallest: int) -> pd.DataFrame:
    """Index branch: `group_counts`, `behind` and `shown`; nothing of a group that is withheld.

    `behind`: fewer clients are in order than in the firm, beyond chance (the branch's 95 % Wilson interval
    lies below the firm's share).
    """
    table = group_counts(flags, ["branch"]).set_index("branch")
    in_order = table["clients"] - table["unclean"]
    firm = in_order.sum() / max(table["clients"].sum(), 1)
    upper = [wilson_interval(*counts)[1] for counts in zip(in_order, table["clients"], strict=True)]
    table["behind"] = pd.array([high < firm for high in upper], dtype="boolean")
    return _withholding(table, withheld(table["clients"], smallest))


def by_advisor(flags: pl.DataFrame, branches: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Index branch and advisor: likewise. Advisors add up to their branch, and are withheld with it.

    So are advisors of whose clients only a few have something wrong, for that would tell of these.
    """
    table = group_counts(flags, ["branch", "advisor"]).set_index(["branch", "advisor"])
    hidden = pd.Series(data=False, index=table.index)
    for branch in table.index.unique("branch"):
        own = table.index.get_level_values("branch") == branch
        of_branch = table[own]
        few = withheld_parts(of_branch["unclean"], of_branch["clients"], smallest)
        hidden[own] = few | (not branches.loc[branch, "shown"])
    return _withholding(table, hidden)


def _withholding(table: pd.DataFrame, hidden: pd.Series) -> pd.DataFrame:
    counts = {name: "Int64" for name in table.columns if pd.api.types.is_integer_dtype(table[name])}
    shown = table.astype(counts)
    shown.loc[hidden] = pd.NA
    shown.insert(0, "shown", ~hidden)
    return shown


# ------------------------------------------------------------------ by month
def trend(
    examined: Mapping[str, Examined],
    as_of: dt.date,
    months: int,
    required_records: Sequence[str],
    branch: str | None,
) -> pd.DataFrame:
    """`group_counts` of all clients at the ends of the last `months` months and on the day itself.

    Only the areas that keep versions are looked at: what was true of them then is known. Rows are held to
    today's rules, and clients to the status they had.
    """
    kept = {name: area for name, area in examined.items() if area.area.versioned}
    lines = []
    for day in month_ends(as_of, months):
        who = clients_on(kept, day, branch)
        rows = judged_rows(kept, who, day, others=False)
        flags = client_flags(defects(kept, rows, who, day, required_records), who)
        lines.append(group_counts(flags.with_columns(day=pl.lit(day)), ["day"]))
    return pd.concat(lines, ignore_index=True).set_index("day")


def month_ends(as_of: dt.date, months: int) -> Iterator[dt.date]:
    """The last days of the `months` months before that of `as_of`, and `as_of`."""
    first = as_of.replace(day=1)
    ends = []
    for _ in range(months):
        ends.append(first - dt.timedelta(days=1))
        first = ends[-1].replace(day=1)
    yield from reversed(ends)
    yield as_of
