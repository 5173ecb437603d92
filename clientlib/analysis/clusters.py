"""Clients who behave alike: k-means on features made comparable, the number of clusters chosen by a rule.

A cluster is a description, not a rank, and it names nobody. The rule-made groups are in `segments`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from clientlib.config import Segments

CLUSTER_FEATURES: tuple[str, ...] = (
    "market_value",
    "monetary",
    "frequency",
    "recency_days",
    "n_positions",
    "share_stock",
)
"""What clients are compared by, where the caller names nothing else."""
SEED = 20260101
STARTS = 10
RESAMPLES = 10
SAMPLE, RESAMPLE, SILHOUETTE_SAMPLE = 10_000, 1_000, 2_000
"""Most clients among whom the number of clusters is chosen, in a resample, and in a silhouette."""
FEWEST_CLIENTS = 50
FEWEST_PER_CLUSTER = 10
"""On average; with fewer, that many clusters are not tried."""
WINSOR = 0.01
SKEWED = 1.0
MOSTLY_MISSING = 0.5
STRUCTURE: tuple[tuple[float, str], ...] = ((0.7, "strong"), (0.5, "reasonable"), (0.25, "weak"))
"""Kaufman & Rousseeuw's reading of the mean silhouette; below the last: none."""

Matrix = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Clustering:
    """What k-means found. Without clusters, `reason` says why and the first three frames are empty.

    Attributes
    ----------
    labels : Series of Int64, index client_id
        1 … k, 1 being the cluster with the largest median of the first feature used.
    centres : DataFrame, index cluster, columns the features used
        Cluster means in standard deviations from the mean of all clustered clients.
    distinguishing : DataFrame
        cluster, feature, difference (mean of the cluster less mean of the rest, in standard deviations of all
        clustered clients, after transform and winsorising), median, median_rest (in the feature's own
        unit), rank (1: the feature that sets the cluster apart most).
    selection : DataFrame
        A row per number of clusters tried: k, inertia (on the sample), silhouette, stability, smallest
        (share of clients), eligible, chosen.
    inputs : DataFrame, index feature
        used, reason (missing_column, mostly_missing, constant; else missing), transform (log1p or none),
        filled (clients whose missing value was filled in), low, high (winsorised to, after the
        transform), mean, sd.
    silhouette : float
        Of the chosen number of clusters; missing without clusters.
    structure : str
        strong, reasonable, weak or none: how far the clusters stand apart, by their silhouette.
    reason : str or None
        too_few_clients, no_usable_feature, no_stable_clusters; None where there are clusters.
    """

    labels: pd.Series
    centres: pd.DataFrame
    distinguishing: pd.DataFrame
    selection: pd.DataFrame
    inputs: pd.DataFrame
    silhouette: float
    structure: str
    reason: str | None


def cluster_clients(
    features: pd.DataFrame,
    settings: Segments,
    *,
    columns: Sequence[str] = CLUSTER_FEATURES,
    seed: int = SEED,
) -> Clustering:
    """Group clients who are alike in `columns`.

    Parameters
    ----------
    features : DataFrame, index client_id (unique)
        One row a client; numbers in `columns`.
    settings : config.Segments
        clusters (smallest and largest number tried), least_stability, smallest_cluster, recency_days.
    columns : sequence of str
        The features compared, the one by which clusters are numbered first.
    seed : int
        Of every random choice. Same clients, same seed: same clusters, whatever the order of the rows.

    Returns
    -------
    Clustering

    Notes
    -----
    *Made comparable.* A feature without negative values whose skewness exceeds 1 becomes log(1 + x); all are
    winsorised at their 1st and 99th percentile, then standardised to mean 0 and standard deviation 1.
    Days since the last trade count up to one more than `recency_days`, and a client who never traded has
    that. A missing share (`share_…`) is 0: nothing is held. Other missing values are filled with the median
    and counted; a feature that more than half of the clients lack is left out.

    *How many.* On a seeded sample of at most 10,000 clients each k is fitted with ten starts. Stability is
    the mean adjusted Rand index (Hubert & Arabie 1985) between that fit and fits on ten bootstrap resamples
    of at most 1,000 clients, all applied to the sample. Of the k with stability ≥ `least_stability` and no
    cluster below `smallest_cluster` of the clients, the one with the largest mean silhouette (Rousseeuw
    1987; on at most 2,000 clients) is chosen, the smaller k on a tie; then all clients are fitted.

    References
    ----------
    Rousseeuw (1987), J. Comput. Appl. Math. 20, 53–65. Hubert & Arabie (1985), J. Classification 2, 193–218.
    Hennig (2007), Comput. Stat. Data Anal. 52, 258–271 (stability by resampling). Kaufman & Rousseeuw (1990),
    Finding Groups in Data, table 4 (reading a silhouette).
    """
    rows = features.sort_index()
    values, matrix, inputs = comparable(rows, columns, settings.recency_days)
    distinct = len(np.unique(matrix, axis=0)) if matrix.size else 0
    if len(rows) < FEWEST_CLIENTS:
        return _no_clusters("too_few_clients", inputs)
    if matrix.shape[1] == 0 or distinct <= settings.clusters[0]:
        return _no_clusters("no_usable_feature", inputs)
    random = np.random.default_rng(seed)
    # Many small fits: on several threads they wait for each other, up to six times as long on a busy machine.
    with threadpool_limits(1):
        selection = _selection(_some(matrix, SAMPLE, random), settings, distinct, random)
        if not selection["chosen"].any():
            return _no_clusters("no_stable_clusters", inputs, selection)
        chosen = selection[selection["chosen"]].iloc[0]
        found = _fit(matrix, int(chosen["k"]), random).labels_
    labels = pd.Series(_numbered(found, values.iloc[:, 0]), index=rows.index, dtype="Int64", name="cluster")
    used = list(inputs.index[inputs["used"]])
    standard = pd.DataFrame(matrix, index=rows.index, columns=used)
    silhouette = float(chosen["silhouette"])
    return Clustering(
        labels=labels,
        centres=standard.groupby(labels).mean(),
        distinguishing=_distinguishing(standard, values, labels),
        selection=selection,
        inputs=inputs,
        silhouette=silhouette,
        structure=next((word for least, word in STRUCTURE if silhouette >= least), "none"),
        reason=None,
    )


# ------------------------------------------------------------------ features made comparable
def comparable(
    rows: pd.DataFrame, columns: Sequence[str], recency_days: int
) -> tuple[pd.DataFrame, Matrix, pd.DataFrame]:
    """The usable columns in their own unit, the same transformed and standardised, and what was done."""
    kept: dict[str, pd.Series] = {}
    standard: list[Matrix] = []
    done: list[dict[str, object]] = []
    for name in columns:
        value = _numbers(rows, name, recency_days)
        missing = int(value.isna().sum())
        filled = value.fillna(value.median()) if missing < len(value) else value
        record, column = _standardised(filled, bool(missing > MOSTLY_MISSING * len(value)))
        if name not in rows.columns:
            record["reason"] = "missing_column"
        used = record["reason"] is None
        done.append({"feature": name, "used": used, "filled": missing if used else 0, **record})
        if used:
            kept[name] = filled
            standard.append(column)
    names = ["used", "reason", "transform", "filled", "low", "high", "mean", "sd"]
    inputs = pd.DataFrame(done, columns=["feature", *names]).set_index("feature").astype({"used": bool})
    matrix = np.column_stack(standard) if standard else np.empty((len(rows), 0))
    return pd.DataFrame(kept, index=rows.index), matrix, inputs


def _numbers(rows: pd.DataFrame, name: str, recency_days: int) -> pd.Series:
    if name not in rows.columns:
        return pd.Series(np.nan, index=rows.index, dtype=float)
    value = pd.to_numeric(rows[name], errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)
    if name == "recency_days":
        return value.clip(upper=recency_days + 1).fillna(recency_days + 1)
    if name.startswith("share_"):
        return value.fillna(0.0)
    return value


def _standardised(value: pd.Series, mostly_missing: bool) -> tuple[dict[str, object], Matrix]:
    record: dict[str, object] = dict.fromkeys(("low", "high", "mean", "sd"), np.nan)
    record |= {"transform": "none", "reason": None}
    if mostly_missing or value.isna().all():
        return record | {"reason": "mostly_missing"}, np.empty(len(value))
    plain = value.to_numpy(dtype=float)
    logged = bool(plain.min() >= 0) and _skewness(plain) > SKEWED
    column = np.log1p(plain) if logged else plain
    low, high = np.quantile(column, [WINSOR, 1 - WINSOR])
    column = np.clip(column, low, high)
    mean, sd = float(column.mean()), float(column.std())
    record |= {"transform": "log1p" if logged else "none", "low": low, "high": high, "mean": mean, "sd": sd}
    if sd <= 1e-12 * max(1.0, abs(mean)):
        return record | {"reason": "constant"}, np.empty(len(value))
    return record, (column - mean) / sd


def _skewness(values: Matrix) -> float:
    gap = values - values.mean()
    spread = float(np.sqrt((gap**2).mean()))
    return float(((gap / spread) ** 3).mean()) if spread > 0 else 0.0


# ------------------------------------------------------------------ how many clusters
def _selection(
    sample: Matrix, settings: Segments, distinct: int, random: np.random.Generator
) -> pd.DataFrame:
    fewest, most = settings.clusters
    most = min(most, distinct - 1, len(sample) // FEWEST_PER_CLUSTER)
    part = _chosen_rows(len(sample), SILHOUETTE_SAMPLE, random)
    tried = [_tried(sample, k, part, random) for k in range(fewest, most + 1)]
    table = pd.DataFrame(tried, columns=["k", "inertia", "silhouette", "stability", "smallest"])
    table["eligible"] = (
        (table["stability"] >= settings.least_stability)
        & (table["smallest"] >= settings.smallest_cluster)
        & table["silhouette"].notna()
    )
    best = table["silhouette"].where(table["eligible"])
    table["chosen"] = table.index == (best.idxmax() if best.notna().any() else -1)
    return table


def _tried(sample: Matrix, k: int, part: Labels, random: np.random.Generator) -> dict[str, float]:
    fit = _fit(sample, k, random)
    labels = fit.labels_
    size = min(len(sample), RESAMPLE)
    agreement = [
        adjusted_rand_score(
            labels, _fit(sample[random.integers(0, len(sample), size)], k, random).predict(sample)
        )
        for _ in range(RESAMPLES)
    ]
    several = 1 < len(np.unique(labels[part])) < len(part)
    return {
        "k": k,
        "inertia": float(fit.inertia_),
        "silhouette": float(silhouette_score(sample[part], labels[part])) if several else np.nan,
        "stability": float(np.mean(agreement)),
        "smallest": float(np.bincount(labels, minlength=k).min() / len(labels)),
    }


def _fit(matrix: Matrix, k: int, random: np.random.Generator) -> KMeans:
    # A resample may hold fewer distinct rows than clusters are asked for.
    most = min(k, len(np.unique(matrix, axis=0)))
    return KMeans(most, n_init=STARTS, random_state=int(random.integers(2**31 - 1))).fit(matrix)


def _chosen_rows(n: int, most: int, random: np.random.Generator) -> Labels:
    return np.sort(random.choice(n, size=min(n, most), replace=False)).astype(np.int64)


def _some(matrix: Matrix, most: int, random: np.random.Generator) -> Matrix:
    return matrix[_chosen_rows(len(matrix), most, random)] if len(matrix) > most else matrix


# ------------------------------------------------------------------ what the clusters are
def _numbered(found: Labels, value: pd.Series) -> Labels:
    """Clusters numbered from 1 by falling median of `value`; by size, then first client, on a tie."""
    frame = pd.DataFrame({"found": found, "value": value.to_numpy(), "place": np.arange(len(found))})
    order = frame.groupby("found").agg(
        median=("value", "median"), n=("value", "size"), first=("place", "min")
    )
    order = order.sort_values(["median", "n", "first"], ascending=[False, False, True])
    number = {cluster: place for place, cluster in enumerate(order.index, start=1)}
    return frame["found"].map(number).to_numpy(dtype=np.int64)


def _distinguishing(standard: pd.DataFrame, values: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    tables = []
    for cluster in sorted(labels.unique()):
        inside = labels.eq(cluster).to_numpy(dtype=bool)
        table = pd.DataFrame(
            {
                "cluster": cluster,
                "feature": standard.columns,
                "difference": (standard[inside].mean() - standard[~inside].mean()).to_numpy(),
                "median": values[inside].median().to_numpy(),
                "median_rest": values[~inside].median().to_numpy(),
            }
        )
        table["rank"] = table["difference"].abs().rank(ascending=False, method="first").astype("int64")
        tables.append(table.sort_values("rank"))
    return pd.concat(tables, ignore_index=True)


def _no_clusters(reason: str, inputs: pd.DataFrame, selection: pd.DataFrame | None = None) -> Clustering:
    columns = ["k", "inertia", "silhouette", "stability", "smallest", "eligible", "chosen"]
    details = ["cluster", "feature", "difference", "median", "median_rest", "rank"]
    return Clustering(
        labels=pd.Series(
            [], index=pd.Index([], name="client_id", dtype="str"), dtype="Int64", name="cluster"
        ),
        centres=pd.DataFrame(),
        distinguishing=pd.DataFrame(columns=details),
        selection=pd.DataFrame(columns=columns) if selection is None else selection,
        inputs=inputs,
        silhouette=np.nan,
        structure="none",
        reason=reason,
    )
