"""Service requests of a period: how long each waited, promises kept, branches compared, what waiting does.

Groups too small to be shown come out empty and marked; `disclosure` says which.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm, spearmanr

from clientlib.analysis.disclosure import ALL, withheld_cells
from clientlib.analysis.satisfaction import CONFIDENCE, wilson_interval
from clientlib.analysis.waiting import due, log_rank, promise_kept, waiting_quantile
from clientlib.codes import CODES
from clientlib.config import FeedbackRules

UNKNOWN = "unknown"
"""The group of what has no branch, category or priority."""
COMPLAINT = "complaint"
MEASURES: tuple[str, ...] = ("first_response", "resolution")
FEWEST_PAIRS = 10
"""Fewer pairs of wait and satisfaction say nothing of their relation."""
SLA_COLUMNS = (
    "measure",
    "category",
    "priority",
    "due_hours",
    "shown",
    "clients",
    "requests",
    "judged",
    "kept",
    "share",
    "low",
    "high",
)


@dataclass(frozen=True)
class Period:
    """The `days` days up to and with `as_of`, by the clock of `zone`."""

    as_of: dt.date
    days: int
    zone: str

    @property
    def since(self) -> dt.date:
        return self.as_of - dt.timedelta(days=self.days - 1)

    @property
    def end(self) -> pd.Timestamp:
        """The first instant after the period."""
        return pd.Timestamp(self.as_of + dt.timedelta(days=1), tz=self.zone)

    @property
    def months(self) -> pd.DatetimeIndex:
        """First day of each month that the period touches."""
        first = pd.Timestamp(self.since).replace(day=1)
        return pd.date_range(first, pd.Timestamp(self.as_of), freq="MS", name="month", unit="us")

    def whole(self, months: pd.Index) -> pd.Series:
        """Whether a month lies in the period from its first to its last day."""
        starts = pd.DatetimeIndex(months)
        inside = (starts >= pd.Timestamp(self.since)) & (
            starts + pd.offsets.MonthEnd(0) <= pd.Timestamp(self.as_of)
        )
        return pd.Series(inside, index=months)

    def holds(self, instants: pd.Series) -> pd.Series:
        return (instants >= pd.Timestamp(self.since, tz=self.zone)) & (instants < self.end)

    def month_of(self, instants: pd.Series) -> pd.Series:
        clock = instants.dt.tz_convert(self.zone).dt.tz_localize(None)
        months: pd.Series = clock.dt.to_period("M").dt.to_timestamp().dt.as_unit("us")
        return months


def instants(values: pd.Series) -> pd.Series:
    """Instants in UTC, of one precision; what has no time zone is read as UTC."""
    moments: pd.Series = pd.to_datetime(values, utc=True).dt.as_unit("us")
    return moments


def prepared(
    requests: pd.DataFrame, branches: pd.Series, period: Period, settings: FeedbackRules
) -> pd.DataFrame:
    """The requests of the period with the wait for each measure as it stood at the end of the period.

    Parameters
    ----------
    requests : DataFrame
        The service_requests area.
    branches : Series, index client_id
        Whose requests count, and where they belong.
    period : Period
    settings : config.FeedbackRules

    Returns
    -------
    DataFrame
        client_id, branch, category, priority, all (the word), month, opened and, for each of `MEASURES`,
        …_hours, …_happened, …_due, …_kept. What was answered or closed only after the period is still
        waiting here, as it was then. A request closed without a first response was first answered by
        closing it. A negative wait is no wait: missing.
    """
    columns = ["client_id", "opened_at", "category", "priority", "first_response_at", "closed_at"]
    rows = requests.reindex(columns=columns)
    opened = instants(rows["opened_at"])
    kept = (rows["client_id"].isin(branches.index) & period.holds(opened)).to_numpy(dtype=bool)
    rows, opened = rows[kept].reset_index(drop=True), opened[kept].reset_index(drop=True)
    closed, answered = instants(rows["closed_at"]), instants(rows["first_response_at"])
    table = pd.DataFrame(
        {
            "client_id": rows["client_id"],
            "branch": rows["client_id"].map(branches).astype("str"),
            "category": rows["category"].astype("str").fillna(UNKNOWN),
            "priority": rows["priority"].astype("str").fillna(UNKNOWN),
            ALL: pd.Series(ALL, index=rows.index, dtype="str"),
            "month": period.month_of(opened),
            "opened": opened,
        }
    )
    moments = {"first_response": answered.fillna(closed), "resolution": closed}
    limits = {"first_response": settings.first_response_hours, "resolution": settings.resolution_hours}
    for measure, moment in moments.items():
        happened = (moment < period.end).astype(bool)
        hours = (moment.where(happened, period.end) - opened).dt.total_seconds() / 3600
        table[f"{measure}_hours"] = hours.where(hours >= 0)
        table[f"{measure}_happened"] = happened
        table[f"{measure}_due"] = due(table["category"], limits[measure])
        table[f"{measure}_kept"] = promise_kept(table[f"{measure}_hours"], happened, table[f"{measure}_due"])
    return table


def quantile(rows: pd.DataFrame, measure: str, share: float) -> float:
    """The time in hours within which `share` of the waits end, those still waiting counted."""
    known = rows[rows[f"{measure}_hours"].notna()]
    hours = known[f"{measure}_hours"].to_numpy(dtype=float)
    return waiting_quantile(hours, known[f"{measure}_happened"].to_numpy(dtype=bool), share)


def times(rows: pd.DataFrame) -> dict[str, float]:
    """What a group of requests comes to: counts, quantiles of waits in hours, shares of promises kept."""
    figures: dict[str, float] = {
        "requests": len(rows),
        "unanswered": int((~rows["first_response_happened"]).sum()),
        "open": int((~rows["resolution_happened"]).sum()),
    }
    for measure in MEASURES:
        figures[f"{measure}_median"] = quantile(rows, measure, 0.5)
        figures[f"{measure}_p90"] = quantile(rows, measure, 0.9)
    for measure in MEASURES:
        judged = rows[f"{measure}_kept"].dropna()
        figures[f"{measure}_sla"] = float(judged.mean()) if len(judged) else np.nan
    return figures


# ------------------------------------------------------------------ promises
def sla_cells(rows: pd.DataFrame, smallest: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Clients in each cell of category × priority, margins included, and which cells are withheld."""
    categories = _ordered(rows["category"], CODES["request_category"].values)
    priorities = _ordered(rows["priority"], CODES["priority"].values)
    sizes = pd.DataFrame(0, index=pd.Index([*categories, ALL]), columns=pd.Index([*priorities, ALL]))
    for category in sizes.index:
        for priority in sizes.columns:
            sizes.loc[category, priority] = _cell(rows, str(category), str(priority))["client_id"].nunique()
    return sizes, withheld_cells(sizes, smallest)


def sla(rows: pd.DataFrame, sizes: pd.DataFrame, hidden: pd.DataFrame) -> pd.DataFrame:
    """Promises kept by measure, category and priority. See `feedback.FeedbackReview.sla`."""
    lines = [
        _sla_line(rows, measure, str(category), str(priority), int(sizes.loc[category, priority]))
        | {"shown": not hidden.loc[category, priority]}
        for measure in MEASURES
        for category in sizes.index
        for priority in sizes.columns
    ]
    table = pd.DataFrame(lines, columns=list(SLA_COLUMNS))
    counts = ["clients", "requests", "judged", "kept"]
    table = table.astype(dict.fromkeys(counts, "Int64") | {"shown": "bool", "due_hours": "float64"})
    table.loc[~table["shown"], [*counts, "share", "low", "high"]] = pd.NA
    return table[table["clients"].ne(0).fillna(True)].reset_index(drop=True)


def _sla_line(
    rows: pd.DataFrame, measure: str, category: str, priority: str, clients: int
) -> dict[str, object]:
    cell = _cell(rows, category, priority)
    judged = cell[f"{measure}_kept"].dropna()
    kept, n = int(judged.sum()), len(judged)
    low, high = wilson_interval(kept, n)
    return {
        "measure": measure,
        "category": category,
        "priority": priority,
        "due_hours": cell[f"{measure}_due"].iloc[0] if category != ALL and len(cell) else np.nan,
        "clients": clients,
        "requests": len(cell),
        "judged": n,
        "kept": kept,
        "share": kept / n if n else np.nan,
        "low": low,
        "high": high,
    }


def _cell(rows: pd.DataFrame, category: str, priority: str) -> pd.DataFrame:
    inside = pd.Series(True, index=rows.index)
    if category != ALL:
        inside &= rows["category"].eq(category)
    if priority != ALL:
        inside &= rows["priority"].eq(priority)
    return rows[inside]


def _ordered(found: pd.Series, codes: Sequence[str]) -> list[str]:
    """The values found, in the order of their code list; those that it does not know last."""
    there = set(found)
    return [code for code in codes if code in there] + sorted(there - set(codes))


# ------------------------------------------------------------------ branches, and what waiting does
def branch_speed(rows: pd.DataFrame, shown: Sequence[str], significance: float) -> pd.DataFrame:
    """Which branches answer slower or faster than the others. See `feedback.FeedbackReview.branch_speed`."""
    tables = [_speed(rows, measure, shown, significance) for measure in MEASURES]
    return pd.concat(tables, ignore_index=True)


def _speed(rows: pd.DataFrame, measure: str, shown: Sequence[str], significance: float) -> pd.DataFrame:
    waits = rows.rename(columns={f"{measure}_hours": "hours", f"{measure}_happened": "happened"})
    tested = log_rank(waits, "branch", "category").loc[lambda t: t.index.isin(shown)].copy()
    if len(tested) < 2:
        tested = tested.iloc[:0]
    known = rows[rows[f"{measure}_hours"].notna()]
    own = [known[known["branch"].eq(branch)] for branch in tested.index]
    others = [known[known["branch"].ne(branch)] for branch in tested.index]
    tested.insert(0, "requests", pd.Series([len(part) for part in own], index=tested.index, dtype="int64"))
    for place, name, parts in ((1, "median_hours", own), (2, "median_elsewhere", others)):
        found = [quantile(part, measure, 0.5) for part in parts]
        tested.insert(place, name, pd.Series(found, index=tested.index, dtype="float64"))
    stands_out = tested["p_holm"] < significance
    verdict = np.where(stands_out, np.where(tested["z"] < 0, "slower", "faster"), "as_others")
    tested["verdict"] = pd.Series(verdict, index=tested.index, dtype="str")
    tested = tested.sort_values(["z", "requests"], kind="stable").reset_index()
    tested.insert(0, "measure", pd.Series(measure, index=tested.index, dtype="str"))
    return tested


def waits_and_satisfaction(answers: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """One pair a client: the newest satisfaction told after a request, and how long that request had waited.

    Parameters
    ----------
    answers : DataFrame
        client_id, given, csat.
    rows : DataFrame
        From `prepared`.

    Returns
    -------
    DataFrame
        client_id, csat and, for each of `MEASURES`, the hours from opening to the event, or to the answer
        where the event had not come by then.
    """
    told = answers.loc[answers["csat"].notna(), ["client_id", "given", "csat"]].sort_values(
        "given", kind="stable"
    )
    asked = rows.sort_values("opened", kind="stable")
    if told.empty or asked.empty:
        return pd.DataFrame(columns=["client_id", "csat", *MEASURES]).astype(
            dict.fromkeys(MEASURES, "float64")
        )
    pairs = pd.merge_asof(told, asked, left_on="given", right_on="opened", by="client_id")
    pairs = pairs[pairs["opened"].notna()].drop_duplicates("client_id", keep="last")
    by_then = (pairs["given"] - pairs["opened"]).dt.total_seconds() / 3600
    waits = {measure: pairs[f"{measure}_hours"].clip(upper=by_then) for measure in MEASURES}
    return pd.DataFrame({"client_id": pairs["client_id"], "csat": pairs["csat"], **waits})


def association(pairs: pd.DataFrame) -> pd.DataFrame:
    """Spearman's rank correlation of wait and satisfaction, with its interval.

    Parameters
    ----------
    pairs : DataFrame
        From `waits_and_satisfaction`.

    Returns
    -------
    DataFrame, index measure
        rho, low, high, p, n. All but n are missing with fewer than `FEWEST_PAIRS` pairs, or where all say
        or wait the same.

    Notes
    -----
    Interval: tanh(artanh ρ ± z √((1 + ρ²/2) / (n − 3))).

    References
    ----------
    Bonett & Wright (2000), Psychometrika 65, 23–28.
    """
    lines = {measure: _association(pairs[["csat", measure]].dropna()) for measure in MEASURES}
    table = pd.DataFrame.from_dict(lines, orient="index", columns=["rho", "low", "high", "p", "n"])
    return table.astype({"n": "int64"}).rename_axis("measure")


def _association(pairs: pd.DataFrame) -> tuple[float, float, float, float, int]:
    n = len(pairs)
    if n < FEWEST_PAIRS or (pairs.nunique() < 2).any():
        return np.nan, np.nan, np.nan, np.nan, n
    found = spearmanr(pairs.iloc[:, 0].to_numpy(dtype=float), pairs.iloc[:, 1].to_numpy(dtype=float))
    rho = float(found.statistic)
    half = float(norm.ppf((1 + CONFIDENCE) / 2)) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    # A perfect correlation has no finite transform; just inside, its interval still ends at the edge.
    middle = np.arctanh(np.clip(rho, -1 + 1e-12, 1 - 1e-12))
    return rho, float(np.tanh(middle - half)), float(np.tanh(middle + half)), float(found.pvalue), n
