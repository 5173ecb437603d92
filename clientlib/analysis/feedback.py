"""What clients think of the service, how long they wait for it, and where: scores, times, complaints.

It reads no comment and names no client; groups of few clients come out empty and marked as withheld.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clientlib.analysis import service
from clientlib.analysis.disclosure import ALL, withheld
from clientlib.analysis.satisfaction import net_promoter_score, satisfied_share
from clientlib.analysis.service import COMPLAINT, FEWEST_PAIRS, MEASURES, UNKNOWN, Period, instants
from clientlib.config import FeedbackRules

BLOCKS: tuple[str, ...] = ("nps", "csat", "requests", "complaints")
"""Parts of a group's row, each shown or withheld by its own number of clients."""
PARTS: tuple[str, ...] = ("nps", "csat", *MEASURES, "sla", "complaints", "branch_speed", "association")
PER_CLIENTS = 1000


@dataclass(frozen=True)
class FeedbackReview:
    """Satisfaction and service of one period. Times are hours by the calendar, shares are fractions.

    Attributes
    ----------
    as_of, since : date
        Last and first day of the period.
    available : DataFrame, index part (one of `PARTS`)
        available, reason (missing when available): no_clients, no_feedback, no_requests, none_in_period,
        no_scores, no_active_clients, too_few_clients, no_limits, one_branch, too_few_pairs, constant.
    coverage : DataFrame, index area (feedback, service_requests)
        rows, of_others (of clients that are not in `clients`), outside_period, used.
    overall : DataFrame, one row, "all"
    by_branch, by_category, by_month : DataFrame
        Index branch (of all clients), category (requests only), month (its first day; with the column
        whole_month). Columns, in blocks with a flag each (False: the block is withheld and missing):

        - nps_shown, nps_clients, nps_answers, promoters, passives, detractors, nps, nps_low, nps_high
          (points, −100 to 100)
        - csat_shown, csat_clients, csat_answers, satisfied, csat, csat_low, csat_high, csat_mean
        - requests_shown, requests_clients, requests, unanswered, open, first_response_median,
          first_response_p90, resolution_median, resolution_p90, first_response_sla, resolution_sla
        - complaints_shown, active_clients, complaints, complaints_per_1000

        and `shown`: no block is withheld.
    sla : DataFrame
        measure, category, priority (either may be "all"), due_hours (missing for "all"), shown, clients,
        requests, judged, kept, share, low, high (Wilson).
    branch_speed : DataFrame, the slowest first
        measure, branch, requests, median_hours, median_elsewhere, ended, expected, pace, z, p, p_holm,
        verdict (slower, faster, as_others). Only of branches whose requests are shown.
    association : DataFrame, index measure
        rho, low, high, p, n: rank correlation of a client's wait with the satisfaction told after it.
    """

    as_of: dt.date
    since: dt.date
    available: pd.DataFrame
    coverage: pd.DataFrame
    overall: pd.DataFrame
    by_branch: pd.DataFrame
    by_category: pd.DataFrame
    by_month: pd.DataFrame
    sla: pd.DataFrame
    branch_speed: pd.DataFrame
    association: pd.DataFrame


def review_feedback(
    feedback: pd.DataFrame,
    requests: pd.DataFrame,
    clients: pd.DataFrame,
    as_of: dt.date,
    settings: FeedbackRules,
    *,
    time_zone: str | None = None,
) -> FeedbackReview:
    """Review what clients said and asked in the `period_days` up to and with `as_of`.

    Parameters
    ----------
    feedback : DataFrame
        The feedback area: client_id, given_at, csat, nps.
    requests : DataFrame
        The service_requests area: client_id, opened_at, category, priority, first_response_at, closed_at.
    clients : DataFrame
        client_id, branch, status, one row a client (of several, the last counts). Only their feedback and
        requests are read, so that a role or a report of one branch sees no other; the rest is counted.
    as_of : date
        Last day of the period; nothing that happened later is known.
    settings : config.FeedbackRules
        period_days, smallest_group, significance, first_response_hours, resolution_hours.
    time_zone : str, optional
        Whose days are meant; by default that of the instants themselves (as the book gives them), else UTC.

    Returns
    -------
    FeedbackReview
        Also when there is nothing to review: `available` then says why.

    Notes
    -----
    NPS and CSAT count every answer of the period; intervals at 95 % treat answers as independent: the score
    interval (`satisfaction.score_interval`) and Wilson's. Times are of the requests opened in the period,
    as they stood at its end: medians and 90th percentiles by Kaplan & Meier, with what is still waiting as
    censored; missing where so many wait that they cannot be told yet. A promise is judged once it is
    kept or overdue. Complaints are set against the clients active now. Branches are compared by the log-rank
    test within categories, p-values by Holm. A client's satisfaction is paired with the last request
    opened before it.

    A block of a row with fewer than `smallest_group` clients is withheld, and so is as much else as keeps it
    from being worked out (see `disclosure`).
    """
    who = _clients(clients)
    period = Period(as_of, settings.period_days, time_zone or _zone(feedback, requests))
    answers = _answers(feedback, who["branch"], period)
    asked = service.prepared(requests, who["branch"], period, settings)
    smallest = settings.smallest_group
    branches = pd.Index(sorted(who["branch"].unique()), name="branch", dtype="str")
    overall = _table(answers, asked, who, ALL, pd.Index([ALL], name="scope"), smallest)
    by_branch = _table(answers, asked, who, "branch", branches, smallest)
    by_month = _table(answers, asked, who, "month", period.months, smallest)
    by_month.insert(0, "whole_month", period.whole(by_month.index))
    sizes, hidden = service.sla_cells(asked, smallest)
    shown = list(by_branch.index[by_branch["requests_shown"]])
    speed = service.branch_speed(asked, shown, settings.significance)
    association = service.association(service.waits_and_satisfaction(answers, asked))
    coverage = _coverage(feedback, requests, who, len(answers), len(asked))
    return FeedbackReview(
        as_of=as_of,
        since=period.since,
        available=_available(coverage, who, overall, asked, speed, association),
        coverage=coverage,
        overall=overall,
        by_branch=by_branch,
        by_category=_by_category(asked, hidden),
        by_month=by_month,
        sla=service.sla(asked, sizes, hidden),
        branch_speed=speed,
        association=association,
    )


# ------------------------------------------------------------------ what is read
def _clients(clients: pd.DataFrame) -> pd.DataFrame:
    rows = clients.reindex(columns=["client_id", "branch", "status"]).dropna(subset=["client_id"])
    rows = rows.drop_duplicates("client_id", keep="last").set_index("client_id")
    active = rows["status"].eq("active") if "status" in clients.columns else rows["status"].isna()
    table = pd.DataFrame(
        {"branch": rows["branch"].astype("str").fillna(UNKNOWN), "active": active.fillna(False)}
    )
    return table.astype({"active": "bool"})


def _zone(feedback: pd.DataFrame, requests: pd.DataFrame) -> str:
    columns = (
        frame[name] for frame, name in ((feedback, "given_at"), (requests, "opened_at")) if name in frame
    )
    zones = (str(c.dt.tz) for c in columns if isinstance(c.dtype, pd.DatetimeTZDtype))
    return next(zones, "UTC")


def _answers(feedback: pd.DataFrame, branches: pd.Series, period: Period) -> pd.DataFrame:
    rows = feedback.reindex(columns=["client_id", "given_at", "csat", "nps"])
    given = instants(rows["given_at"])
    kept = (rows["client_id"].isin(branches.index) & period.holds(given)).to_numpy(dtype=bool)
    rows, given = rows[kept].reset_index(drop=True), given[kept].reset_index(drop=True)
    scores = {name: pd.to_numeric(rows[name], errors="coerce").astype("float64") for name in ("csat", "nps")}
    return pd.DataFrame(
        {
            "client_id": rows["client_id"],
            "branch": rows["client_id"].map(branches).astype("str"),
            ALL: pd.Series(ALL, index=rows.index, dtype="str"),
            "month": period.month_of(given),
            "given": given,
            "csat": scores["csat"].where(scores["csat"].between(1, 5)),
            "nps": scores["nps"].where(scores["nps"].between(0, 10)),
        }
    )


def _coverage(
    feedback: pd.DataFrame, requests: pd.DataFrame, who: pd.DataFrame, answers: int, asked: int
) -> pd.DataFrame:
    lines = {}
    for area, frame, used in (("feedback", feedback, answers), ("service_requests", requests, asked)):
        known = int(frame.reindex(columns=["client_id"])["client_id"].isin(who.index).sum())
        lines[area] = (len(frame), len(frame) - known, known - used, used)
    columns = ["rows", "of_others", "outside_period", "used"]
    return pd.DataFrame.from_dict(lines, orient="index", columns=columns).rename_axis("area")


# ------------------------------------------------------------------ groups in blocks
def _table(
    answers: pd.DataFrame, asked: pd.DataFrame, who: pd.DataFrame, by: str, names: pd.Index, smallest: int
) -> pd.DataFrame:
    told = {score: answers[answers[score].notna()] for score in ("nps", "csat")}
    blocks = {
        "nps": _block(told["nps"], by, names, lambda rows: net_promoter_score(rows["nps"])),
        "csat": _block(told["csat"], by, names, lambda rows: satisfied_share(rows["csat"])),
        "requests": _block(asked, by, names, service.times),
        "complaints": _complaints(asked, who, by, names),
    }
    parts = []
    for name, block in blocks.items():
        renamed = block.rename(columns={"answers": f"{name}_answers", "clients": f"{name}_clients"})
        parts.append(_shown(renamed, name, ~withheld(block["clients"], smallest)))
    return _joined(parts)


def _block(
    rows: pd.DataFrame, by: str, names: pd.Index, figures: Callable[[pd.DataFrame], Mapping[str, float]]
) -> pd.DataFrame:
    groups = dict(list(rows.groupby(by)))
    empty = rows.iloc[:0]
    chosen = [groups.get(name, empty) for name in names]
    lines = [figures(part) for part in chosen]
    table = pd.DataFrame(lines, index=names, columns=list(figures(empty)))
    table.insert(0, "clients", [part["client_id"].nunique() for part in chosen])
    return table


def _complaints(asked: pd.DataFrame, who: pd.DataFrame, by: str, names: pd.Index) -> pd.DataFrame:
    made = asked[asked["category"].eq(COMPLAINT)]
    active = (
        who.groupby("branch")["active"].sum().reindex(names) if by == "branch" else int(who["active"].sum())
    )
    table = pd.DataFrame(
        {
            "active_clients": active,
            "complaints": made.groupby(by).size().reindex(names, fill_value=0),
        },
        index=names,
    ).astype("int64")
    per = table["active_clients"].where(table["active_clients"] > 0)
    table["complaints_per_1000"] = (PER_CLIENTS * table["complaints"] / per).astype("float64")
    complaining = made.groupby(by)["client_id"].nunique().reindex(names, fill_value=0)
    # Few who complained are told of by their number and by the rate; of the firm as a whole both are told.
    few = (complaining > 0) & (by != ALL)
    # Where nobody is active now, those who complained are all whom the row tells of.
    table["clients"] = complaining.where(few, np.maximum(table["active_clients"], complaining))
    return table


def _shown(block: pd.DataFrame, name: str, shown: pd.Series) -> pd.DataFrame:
    """The block with its flag in front, and nothing in it where the flag is False."""
    figures = block.drop(columns="complaints_clients", errors="ignore")
    counts = {c: "Int64" for c in figures.columns if pd.api.types.is_integer_dtype(figures[c])}
    figures = figures.astype(counts)
    figures.loc[~shown] = pd.NA
    figures.insert(0, f"{name}_shown", shown)
    return figures


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat(parts, axis=1)
    flags = [c for c in table.columns if c.endswith("_shown")]
    table["shown"] = table[flags].all(axis=1)
    return table


def _by_category(asked: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    names = pd.Index([name for name in hidden.index if name != ALL], name="category", dtype="str")
    block = _block(asked, "category", names, service.times).rename(columns={"clients": "requests_clients"})
    return _joined([_shown(block, "requests", ~hidden.loc[names, ALL].rename_axis("category"))])


# ------------------------------------------------------------------ what can be told
def _available(
    coverage: pd.DataFrame,
    who: pd.DataFrame,
    overall: pd.DataFrame,
    asked: pd.DataFrame,
    speed: pd.DataFrame,
    association: pd.DataFrame,
) -> pd.DataFrame:
    row = overall.iloc[0]
    unsaid = _absent(coverage, "feedback", "no_feedback", who)
    unasked = _absent(coverage, "service_requests", "no_requests", who)
    reasons: dict[str, str | None] = {}
    for score in ("nps", "csat"):
        scores = row[f"{score}_answers"]
        unscored = "no_scores" if pd.notna(scores) and scores == 0 else None
        reasons[score] = unsaid or unscored or _few(row, score)
    unserved = unasked or _few(row, "requests")
    reasons |= dict.fromkeys(MEASURES, unserved)
    promised = asked[[f"{measure}_due" for measure in MEASURES]].notna().any(axis=None)
    reasons["sla"] = unserved or (None if promised else "no_limits")
    nobody = None if who["active"].any() else "no_active_clients"
    reasons["complaints"] = unasked or nobody or _few(row, "complaints")
    reasons["branch_speed"] = unserved or ("one_branch" if speed.empty else None)
    reasons["association"] = unsaid or unserved or _unrelated(association)
    table = pd.DataFrame({"reason": pd.Series(reasons, dtype="str")}).rename_axis("part")
    table.insert(0, "available", table["reason"].isna())
    return table


def _absent(coverage: pd.DataFrame, area: str, nothing: str, who: pd.DataFrame) -> str | None:
    """Why an area has nothing to say: nobody to say it of, nothing at all, or nothing in the period."""
    if who.empty:
        return "no_clients"
    if coverage.loc[area, "rows"] == 0:
        return nothing
    return "none_in_period" if coverage.loc[area, "used"] == 0 else None


def _few(row: pd.Series, block: str) -> str | None:
    return None if row[f"{block}_shown"] else "too_few_clients"


def _unrelated(association: pd.DataFrame) -> str | None:
    if association["rho"].notna().any():
        return None
    return "too_few_pairs" if (association["n"] < FEWEST_PAIRS).all() else "constant"
