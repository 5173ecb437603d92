"""Which clients are alike: segments by recency, frequency and money, clusters by behaviour; who fades away.

Segments are rules that anyone can check by hand, clusters are found in the numbers; both come out as codes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clientlib.analysis.clusters import CLUSTER_FEATURES, SEED, Clustering, cluster_clients
from clientlib.analysis.fading import fading_by_features, fading_by_trades
from clientlib.config import Segments

QUINTILES = 5
INACTIVE, CLOSED = "inactive", "closed"


@dataclass(frozen=True)
class SegmentRule:
    """A segment as a part of the grid of scores: bounds include both ends; `new` None: either."""

    code: str
    recency: tuple[int, int]
    value: tuple[int, int]
    new: bool | None = None

    def holds(self, recency: pd.Series, value: pd.Series, new: pd.Series) -> pd.Series:
        """Which clients belong here, by their recency score, value score and whether they are new."""
        inside = recency.between(*self.recency) & value.between(*self.value)
        return inside if self.new is None else inside & (new == self.new)


RULES: tuple[SegmentRule, ...] = (
    SegmentRule("champions", recency=(4, 5), value=(4, 5)),
    SegmentRule("loyal", recency=(3, 3), value=(4, 5)),
    SegmentRule("promising", recency=(3, 5), value=(3, 3)),
    SegmentRule("new", recency=(3, 5), value=(1, 2), new=True),
    SegmentRule("occasional", recency=(3, 5), value=(1, 2), new=False),
    SegmentRule("at_risk", recency=(1, 2), value=(4, 5)),
    SegmentRule("cooling", recency=(1, 2), value=(2, 3)),
    SegmentRule("lapsing", recency=(1, 2), value=(1, 1)),
)
"""The one place where segments are ruled. Every cell of 5 × 5 scores × new or not lies in exactly one."""
SEGMENTS: tuple[str, ...] = (*(rule.code for rule in RULES), INACTIVE, CLOSED)
"""All codes, in the order in which tables show them. The last two hold who has no scores."""

_SCORES = ("recency_score", "frequency_score", "monetary_score", "value_score")


@dataclass(frozen=True)
class Segmentation:
    """The clients of a day in segments and clusters.

    Attributes
    ----------
    by_client : DataFrame, index client_id
        recency_score, frequency_score, monetary_score, value_score (1 to 5, missing without trades in the
        period), segment (one of `SEGMENTS`), cluster (1 … k, missing outside clusters), fading.
    segments : DataFrame, index segment (all of `SEGMENTS`)
        n, share (of clients), value (sum of market_value), value_share, median_value, median_recency_days,
        median_frequency, median_monetary, fading (clients).
    clusters : DataFrame or None, index cluster
        The same columns; share and value_share are of all clients. None: see `cluster_reason`.
    profiles : DataFrame
        What sets each cluster apart: cluster, feature, difference, median, median_rest, rank (see
        `clusters.Clustering.distinguishing`).
    selection : DataFrame
        Numbers of clusters tried: k, inertia, silhouette, stability, smallest, eligible, chosen.
    inputs : DataFrame, index feature
        How each feature was made comparable, and those not used with the reason.
    cross : DataFrame, index segment, columns clusters (and 0: in no cluster)
        Clients.
    fading : DataFrame, index client_id
        The fading clients, the largest holdings first: market_value, segment, and the columns of
        `fading.fading_by_trades`.
    fading_basis : str
        trades, features (only complete silence is seen) or none (there are no trades, or features lack
        what it takes).
    rfm_reason : str or None
        no_clients, or no_trades where nobody traded in the period and so nobody has scores.
    cluster_reason : str or None
        no_clients, no_activity (nobody traded in the period or holds anything), too_few_clients,
        no_usable_feature, no_stable_clusters.
    silhouette, structure : float, str
        How far the clusters stand apart: strong ≥ 0.7, reasonable ≥ 0.5, weak ≥ 0.25, none below.
    """

    by_client: pd.DataFrame
    segments: pd.DataFrame
    clusters: pd.DataFrame | None
    profiles: pd.DataFrame
    selection: pd.DataFrame
    inputs: pd.DataFrame
    cross: pd.DataFrame
    fading: pd.DataFrame
    fading_basis: str
    rfm_reason: str | None
    cluster_reason: str | None
    silhouette: float
    structure: str


def segment_clients(
    features: pd.DataFrame,
    settings: Segments,
    *,
    trades: pd.DataFrame | None = None,
    as_of: dt.date | None = None,
    columns: Sequence[str] = CLUSTER_FEATURES,
    seed: int = SEED,
) -> Segmentation:
    """Cut the clients into segments by rule and clusters by likeness.

    Parameters
    ----------
    features : DataFrame, index client_id (or a column of that name), one row a client
        recency_days (missing: never traded), frequency and monetary (trades and amount in the RFM period),
        market_value, tenure_days, status, and `columns`. A column that is not there counts as missing.
    settings : config.Segments
        The firm's choices.
    trades : DataFrame, optional
        client_id, traded_at, side: with them, and `as_of`, fading is told from purchases; without, only as
        far as features can tell.
    as_of : date, optional
        The day of `features`; needed with `trades`.
    columns : sequence of str
        The features by which clusters are made.
    seed : int
        Of every random choice.

    Returns
    -------
    Segmentation

    Notes
    -----
    *Scores.* Among the clients with trades in the period and an account not closed, a client with rank r of
    n (1 the lowest; ties share their mean rank) scores ⌈5 (r − ½) / n⌉: so equal clients score equally, the
    five groups are of equal size where there are no ties, and all score 3 where all are alike. Recency is
    ranked from the longest ago. `value_score` is the mean of the scores of frequency and money, half rounded
    up. A client is new when the account is at most `new_days` old. Segments follow from `RULES`; who has no
    trade in the period is `inactive`, whose account is closed is `closed`, and neither has scores.

    *Clusters.* Of clients who traded in the period or hold something: see `clusters.cluster_clients`.

    *Fading.* See `fading.fading_by_trades`.

    References
    ----------
    Hughes (1994), Strategic Database Marketing (RFM quintiles).
    """
    rows = _indexed(features)
    by_client = _rfm(rows, settings)
    closed = by_client["segment"].eq(CLOSED)
    traded = by_client["segment"].ne(INACTIVE) & ~closed
    clustered = rows[traded | (_number(rows, "market_value") > 0) & ~closed]
    found = cluster_clients(clustered, settings, columns=columns, seed=seed)
    by_client["cluster"] = found.labels.reindex(rows.index)
    fading, basis = _fading(rows, by_client, trades, as_of, settings)
    by_client["fading"] = by_client.index.isin(fading.index)
    segments = _described(rows, by_client, "segment").reindex(pd.Index(SEGMENTS, name="segment"))
    segments = segments.fillna(dict.fromkeys(("n", "share", "value", "value_share", "fading"), 0))
    return Segmentation(
        by_client=by_client,
        segments=segments.astype({"n": "int64", "fading": "int64"}),
        clusters=None if found.reason else _described(rows, by_client, "cluster"),
        profiles=found.distinguishing,
        selection=found.selection,
        inputs=found.inputs,
        cross=_cross(by_client, found),
        fading=fading,
        fading_basis=basis,
        rfm_reason=_rfm_reason(by_client, bool(traded.any())),
        cluster_reason=_cluster_reason(rows, clustered, found),
        silhouette=found.silhouette,
        structure=found.structure,
    )


# ------------------------------------------------------------------ segments by rule
def segments_by_rule(features: pd.DataFrame, settings: Segments) -> pd.Series:
    """The segment of each client as `segment_clients` gives it, without the clusters, which take longer.

    Parameters
    ----------
    features, settings
        As for `segment_clients`.

    Returns
    -------
    Series of str, index client_id
        One of `SEGMENTS`.
    """
    return _rfm(_indexed(features), settings)["segment"]


def quintile_scores(values: pd.Series) -> pd.Series:
    """Scores 1 to 5 by rank, the largest values 5; ties share a score.

    Parameters
    ----------
    values : Series of numbers
        Missing values have no score.

    Returns
    -------
    Series of Int64
        ⌈5 (r − ½) / n⌉ with r the mean rank among n values, computed in whole numbers.
    """
    twice = (2 * values.rank(method="average")).round().astype("Int64")
    n = int(values.notna().sum())
    return -((1 - twice) * QUINTILES // (2 * n)) if n else twice


def _indexed(features: pd.DataFrame) -> pd.DataFrame:
    rows = features.set_index("client_id") if "client_id" in features.columns else features
    return rows.rename_axis("client_id").sort_index()


def _number(rows: pd.DataFrame, name: str) -> pd.Series:
    if name not in rows.columns:
        return pd.Series(np.nan, index=rows.index, dtype=float)
    return pd.to_numeric(rows[name], errors="coerce").astype(float)


def _rfm(rows: pd.DataFrame, settings: Segments) -> pd.DataFrame:
    recency, frequency = _number(rows, "recency_days"), _number(rows, "frequency")
    closed = rows.reindex(columns=["status"])["status"].eq(CLOSED).fillna(False).astype(bool)
    scored = (frequency > 0) & recency.notna() & ~closed
    scores = pd.DataFrame(
        {
            "recency_score": quintile_scores(-recency.where(scored)),
            "frequency_score": quintile_scores(frequency.where(scored)),
            "monetary_score": quintile_scores(_number(rows, "monetary").fillna(0.0).where(scored)),
        },
        index=rows.index,
    )
    scores["value_score"] = (scores["frequency_score"] + scores["monetary_score"] + 1) // 2
    new = _number(rows, "tenure_days") <= settings.new_days
    segment = np.where(closed, CLOSED, INACTIVE).astype(object)
    for rule in RULES:
        holds = rule.holds(scores["recency_score"], scores["value_score"], new)
        segment[holds.fillna(False).to_numpy(dtype=bool)] = rule.code
    return scores[list(_SCORES)].assign(segment=pd.Series(segment, index=rows.index, dtype="str"))


def _rfm_reason(by_client: pd.DataFrame, anybody_traded: bool) -> str | None:
    if by_client.empty:
        return "no_clients"
    return None if anybody_traded else "no_trades"


def _cluster_reason(rows: pd.DataFrame, clustered: pd.DataFrame, found: Clustering) -> str | None:
    if rows.empty:
        return "no_clients"
    return "no_activity" if clustered.empty else found.reason


# ------------------------------------------------------------------ what the groups are
def _described(rows: pd.DataFrame, by_client: pd.DataFrame, group: str) -> pd.DataFrame:
    value = _number(rows, "market_value")
    frame = pd.DataFrame(
        {
            group: by_client[group],
            "value": value,
            "recency_days": _number(rows, "recency_days"),
            "frequency": _number(rows, "frequency"),
            "monetary": _number(rows, "monetary"),
            "fading": by_client["fading"],
        }
    )
    groups = frame.groupby(group, observed=True)
    total = float(value.sum())
    table = pd.DataFrame({"n": groups.size().astype("int64")})
    table["share"] = table["n"] / max(len(rows), 1)
    table["value"] = groups["value"].sum()
    table["value_share"] = table["value"] / total if total > 0 else np.nan
    for name in ("value", "recency_days", "frequency", "monetary"):
        table[f"median_{name}"] = groups[name].median()
    table["fading"] = groups["fading"].sum().astype("int64")
    return table


def _cross(by_client: pd.DataFrame, found: Clustering) -> pd.DataFrame:
    numbers = pd.Index([*sorted(found.labels.unique()), 0], name="cluster", dtype="int64")
    table = pd.crosstab(by_client["segment"], by_client["cluster"].fillna(0).astype("int64"))
    names = pd.Index(SEGMENTS, name="segment")
    return table.reindex(index=names, columns=numbers, fill_value=0).astype("int64")


def _fading(
    rows: pd.DataFrame,
    by_client: pd.DataFrame,
    trades: pd.DataFrame | None,
    as_of: dt.date | None,
    settings: Segments,
) -> tuple[pd.DataFrame, str]:
    if trades is not None and as_of is not None:
        judged = fading_by_trades(trades, as_of, settings)
        basis = "none" if trades.empty else "trades"
    else:
        able = {"recency_days", "frequency"} <= set(rows.columns)
        judged = fading_by_features(rows, settings)
        basis = "features" if able and settings.recency_days > settings.fading_days else "none"
    there = judged.index.isin(by_client.index[by_client["segment"].ne(CLOSED)])
    found = judged[judged["fading"] & there].drop(columns="fading")
    found.insert(0, "market_value", _number(rows, "market_value").reindex(found.index))
    found.insert(1, "segment", by_client["segment"].reindex(found.index))
    return found.sort_values("market_value", ascending=False, kind="stable"), basis
