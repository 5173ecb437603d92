"""Are the firm's records complete, valid, unique and up to date, where not, and what to mend first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import polars as pl

from clientlib.analysis.quality import measures, work
from clientlib.analysis.quality.defects import clients_on, defects, judged_rows, same_person
from clientlib.analysis.quality.examine import Examined, examine
from clientlib.analysis.quality.rows import PENDING, current
from clientlib.config import Settings
from clientlib.tables import AREAS, Areas

PARTS = ("clients", "timely", "identity_gaps", "same_person", "hand_ins")


@dataclass(frozen=True)
class DataQuality:
    """The state of the records on one day. Shares are fractions; counts of a withheld group are missing.

    Attributes
    ----------
    as_of : date
    available : DataFrame, index part (one of `PARTS`)
        available, reason (missing when available): no_clients, too_few_clients, no_review, not_told,
        not_compared, branch_only, no_hand_ins.
    by_area : DataFrame, index area
        Of the rows judged: rows, clients, cells (that have to be filled), gaps, absent (active clients
        without any record), pending (rows with a gap and its reason), invalid, repeated, reviewed (rows
        with a review period), outdated, their age in days (age_median, age_p90), and the shares complete
        (of cells), valid, unique (of rows), timely (of reviewed rows).
    weak_points : DataFrame
        See `measures.weak_points`.
    overall : DataFrame, one row
    by_branch : DataFrame, index branch
    by_advisor : DataFrame, index branch and advisor
        clients (not closed), active_clients, incomplete, invalid, repeated, outdated, unclean (any of
        them), and the shares of clients complete, valid, unique, timely (of the active), clean. All but
        `overall` have `shown`: groups of few clients are withheld, and with them what would tell of them.
        Branches have `behind` (clearly fewer clean clients than the firm).
    trend : DataFrame, index day
        The same for all clients together at the ends of the last months and on the day, of the
        areas that keep dated versions.
    worst_fields : DataFrame
        See `work.worst_fields`.
    next_steps : DataFrame
        See `work.next_steps`.
    work_list : DataFrame
        See `work.work_list`. One line a record, with client numbers and without identity.
    pending : DataFrame
        See `work.pending`.
    hand_ins : DataFrame, index month
        rows_in, rejected, pending, refused (share of rows), of the month in which they were recorded.
    """

    as_of: dt.date
    available: pd.DataFrame
    by_area: pd.DataFrame
    weak_points: pd.DataFrame
    overall: pd.DataFrame
    by_branch: pd.DataFrame
    by_advisor: pd.DataFrame
    trend: pd.DataFrame
    worst_fields: pd.DataFrame
    next_steps: pd.DataFrame
    work_list: pd.DataFrame
    pending: pd.DataFrame
    hand_ins: pd.DataFrame


def review_quality(
    records: Mapping[str, pd.DataFrame],
    as_of: dt.date,
    settings: Settings,
    *,
    areas: Areas = AREAS,
    branch: str | None = None,
    batches: pd.DataFrame | None = None,
    duplicates: pd.DataFrame | None = None,
) -> DataQuality:
    """Review the records of all clients who had not closed their account by `as_of`.

    Parameters
    ----------
    records : mapping of str to DataFrame
        Areas by name, all versions, as `Book.area(name, known_at=…)` gives them; with the mark `_pending`
        gaps in identity are told too. Identity itself is never read.
    as_of : date
        What is dated after it is not there.
    settings : config.Settings
        `quality` (review periods, required records, urgency), `suitability.valid_months`,
        `feedback.smallest_group`, the firm's time zone.
    areas : mapping of str to AreaInfo
        The table, with the firm's own fields.
    branch : str, optional
        Only the clients of this branch; rows of no client are then left out.
    batches : DataFrame, optional
        Hand-ins: recorded_at, rows_in, rejected, pending, one row a batch and area.
    duplicates : DataFrame, optional
        Pairs of clients who are probably one, as `find_duplicates` gives them.

    Returns
    -------
    DataQuality
        Also when there is nothing to review: `available` then says why.

    Notes
    -----
    *Complete*: cells that have to be filled are (whatever a remark says), counting those that other cells of
    the row make necessary; an active client without any record of `required_records` lacks all its cells.
    *Valid*: rows hold under today's rules and name clients, securities and campaigns that exist.
    *Unique*: no record repeats another, see `repeats.repeats`. *Timely*: the newest row of an active client
    is not older than its review period; dormant clients are not reviewed.
    """
    examined = examine(records, areas, settings)
    rules, smallest = settings.quality, settings.feedback.smallest_group
    who = clients_on(examined, as_of, branch)
    rows = judged_rows(examined, who, as_of, others=branch is None)
    found = defects(examined, rows, who, as_of, rules.required_records)
    found = pl.concat([found, same_person(duplicates, who)])
    flags = measures.client_flags(found, who)
    branches = measures.by_branch(flags, smallest)
    areas_told = measures.by_area(examined, rows, found, who, as_of)
    listed = work.work_list(found, who, _wealth(examined, as_of), as_of, rules.urgency)
    hand_ins = _hand_ins(None if branch else batches, settings.firm.time_zone)
    return DataQuality(
        as_of=as_of,
        available=_available(
            examined, areas_told, hand_ins, _nobody(who, smallest), branch, told_of=duplicates is not None
        ),
        by_area=areas_told,
        weak_points=measures.weak_points(areas_told),
        overall=measures.group_counts(flags.with_columns(scope=pl.lit("all")), ["scope"]).set_index("scope"),
        by_branch=branches,
        by_advisor=measures.by_advisor(flags, branches, smallest),
        trend=measures.trend(examined, as_of, rules.trend_months, rules.required_records, branch),
        worst_fields=work.worst_fields(found, areas_told["rows"]),
        next_steps=work.next_steps(listed, branches),
        work_list=listed,
        pending=work.pending(found, who, as_of),
        hand_ins=hand_ins,
    )


def _wealth(examined: Mapping[str, Examined], as_of: dt.date) -> pl.DataFrame:
    """What each client last said to own; clients who said nothing are not in it."""
    empty = pl.DataFrame(schema={"client_id": pl.String, "wealth": pl.Float64})
    if "finances" not in examined:
        return empty
    rows = current(examined["finances"].rows, as_of)
    told = [name for name in ("financial_assets", "total_assets") if name in rows.columns]
    return rows.select("client_id", wealth=pl.coalesce(told)) if told else empty


def _hand_ins(batches: pd.DataFrame | None, time_zone: str) -> pd.DataFrame:
    counts = ["rows_in", "rejected", "pending"]
    given = pd.DataFrame(columns=["recorded_at", *counts]) if batches is None else batches
    recorded: pd.Series = pd.to_datetime(given["recorded_at"], utc=True).dt.tz_convert(time_zone)
    month = pd.Series(recorded.dt.tz_localize(None).dt.to_period("M").dt.to_timestamp(), name="month")
    table = given[counts].astype("float64").fillna(0).groupby(month).sum().astype("int64")
    table = table[table["rows_in"] > 0]
    return table.assign(refused=table["rejected"] / table["rows_in"])


def _nobody(who: pl.DataFrame, smallest: int) -> str | None:
    """Why nothing is shown of these clients together, if so."""
    if who.is_empty():
        return "no_clients"
    return "too_few_clients" if who.height < smallest else None


def _available(
    examined: Mapping[str, Examined],
    areas_told: pd.DataFrame,
    hand_ins: pd.DataFrame,
    nobody: str | None,
    branch: str | None,
    *,
    told_of: bool,
) -> pd.DataFrame:
    marked = any(area.rows[PENDING].is_not_null().any() for area in examined.values())
    reviewed = bool((areas_told["reviewed"] > 0).any())
    reasons = {
        "clients": nobody,
        "timely": nobody or (None if reviewed else "no_review"),
        "identity_gaps": nobody or (None if marked else "not_told"),
        "same_person": nobody or (None if told_of else "not_compared"),
        "hand_ins": "branch_only" if branch else (None if len(hand_ins) else "no_hand_ins"),
    }
    table = pd.DataFrame({"reason": pd.Series(reasons, dtype="str")}).rename_axis("part")
    table.insert(0, "available", table["reason"].isna())
    return table
