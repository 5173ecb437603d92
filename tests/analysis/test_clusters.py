"""Clusters: planted groups are found again, and where there are none none is claimed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from clientlib.analysis.clusters import CLUSTER_FEATURES, Clustering, cluster_clients, comparable
from clientlib.analysis.segments import segment_clients
from clientlib.config import load

SETTINGS = load().segments
KINDS = 3


def planted(n: int, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Clients of three kinds (small savers, middling, busy and rich), and which kind each is."""
    random = np.random.default_rng(seed)
    kind = random.choice(KINDS, n, p=[0.5, 0.3, 0.2])
    value = np.exp(random.normal(np.array([9.0, 12.0, 15.0])[kind], 0.4))
    trades = 1 + random.poisson(np.array([2.0, 15.0, 80.0])[kind])
    features = pd.DataFrame(
        {
            "market_value": value,
            "monetary": value * random.uniform(0.2, 0.4, n),
            "frequency": trades,
            "recency_days": np.floor(random.exponential(300 / trades)).clip(0, 364),
            "n_positions": 1 + random.poisson(np.array([1.0, 5.0, 14.0])[kind]),
            "share_stock": random.beta(np.array([2.0, 8.0, 20.0])[kind], 10.0),
            "tenure_days": random.integers(400, 4000, n),
            "status": "active",
        },
        index=pd.Index([f"K{i:06d}" for i in range(n)], name="client_id"),
    )
    return features, kind


@pytest.fixture(scope="module")
def found() -> Clustering:
    return cluster_clients(planted(1500)[0], SETTINGS)


# ------------------------------------------------------------------ planted groups
def test_planted_groups_are_found_again(found: Clustering) -> None:
    assert found.reason is None
    assert adjusted_rand_score(planted(1500)[1], found.labels.to_numpy(dtype=int)) > 0.95


def test_number_of_clusters_is_the_best_silhouette_among_the_eligible(found: Clustering) -> None:
    table = found.selection
    assert table["k"].to_list() == [*range(2, 9)]
    eligible = table[(table["stability"] >= SETTINGS.least_stability) & (table["smallest"] >= 0.01)]
    assert table[table["eligible"]].equals(eligible)
    best = eligible.sort_values("silhouette")["k"].iloc[-1]
    assert table[table["chosen"]]["k"].to_list() == [best] == [KINDS]


def test_silhouette_is_that_of_the_chosen_clusters(found: Clustering) -> None:
    _, matrix, _ = comparable(planted(1500)[0], CLUSTER_FEATURES, SETTINGS.recency_days)
    whole = silhouette_score(matrix, found.labels.to_numpy(dtype=int))
    assert found.silhouette == pytest.approx(whole, abs=1e-6)
    assert found.structure in {"strong", "reasonable", "weak"}


def test_inertia_falls_with_every_cluster_more(found: Clustering) -> None:
    assert found.selection["inertia"].is_monotonic_decreasing


def test_clusters_are_numbered_from_the_richest(found: Clustering) -> None:
    medians = planted(1500)[0]["market_value"].groupby(found.labels).median()
    assert list(medians.index) == [1, 2, 3]
    assert medians.is_monotonic_decreasing


def test_what_sets_a_cluster_apart_is_the_difference_of_standardised_means(found: Clustering) -> None:
    features = planted(1500)[0]
    _, matrix, _ = comparable(features, CLUSTER_FEATURES, SETTINGS.recency_days)
    inside = found.labels.eq(1).to_numpy(dtype=bool)
    rows = found.distinguishing
    row = rows[rows["cluster"].eq(1) & rows["feature"].eq("market_value")].iloc[0]
    assert row["difference"] == pytest.approx(matrix[inside, 0].mean() - matrix[~inside, 0].mean())
    assert row["median"] == pytest.approx(features["market_value"][inside].median())
    ranked = rows[rows["cluster"].eq(1)]["difference"].abs()
    assert ranked.is_monotonic_decreasing


def test_same_clients_and_seed_give_the_same_clusters_in_any_order(found: Clustering) -> None:
    again = cluster_clients(planted(1500)[0].sample(frac=1, random_state=2), SETTINGS)
    pd.testing.assert_series_equal(again.labels, found.labels)
    pd.testing.assert_frame_equal(again.selection, found.selection)


# ------------------------------------------------------------------ no groups
def test_a_shapeless_crowd_is_not_cut_up() -> None:
    random = np.random.default_rng(4)
    crowd = pd.DataFrame(
        random.normal(size=(600, 3)), columns=["one", "two", "three"], index=[f"K{i:04d}" for i in range(600)]
    )
    found = cluster_clients(crowd, SETTINGS, columns=["one", "two", "three"])
    assert found.reason == "no_stable_clusters"
    assert found.labels.empty
    assert not found.selection["eligible"].any()


def test_too_few_clients() -> None:
    assert cluster_clients(planted(49)[0], SETTINGS).reason == "too_few_clients"


def test_clients_who_are_all_alike() -> None:
    same = pd.concat([planted(1)[0]] * 80).set_axis([f"K{i}" for i in range(80)])
    found = cluster_clients(same, SETTINGS)
    assert found.reason == "no_usable_feature"
    assert set(found.inputs["reason"]) == {"constant"}


def test_a_handful_of_different_rows_is_not_cut_into_more_clusters() -> None:
    few = pd.concat([planted(4)[0]] * 30).set_axis([f"K{i:03d}" for i in range(120)])
    assert cluster_clients(few, SETTINGS).selection["k"].max() <= 3


# ------------------------------------------------------------------ features made comparable
def test_features_have_mean_zero_and_deviation_one() -> None:
    _, matrix, inputs = comparable(planted(800)[0], CLUSTER_FEATURES, SETTINGS.recency_days)
    assert matrix.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert matrix.std(axis=0) == pytest.approx(1)
    assert inputs["transform"]["market_value"] == "log1p"
    assert inputs["transform"]["share_stock"] == "none"


def test_an_extreme_client_does_not_stretch_the_scale() -> None:
    features = planted(800)[0]
    features.loc["K000000", "n_positions"] = 10_000_000
    _, matrix, _ = comparable(features, CLUSTER_FEATURES, SETTINGS.recency_days)
    assert np.abs(matrix).max() < 5


def test_missing_values_are_filled_as_stated_and_counted() -> None:
    features = planted(100)[0].astype({"n_positions": float})
    features.loc[features.index[:10], ["market_value", "recency_days", "share_stock"]] = np.nan
    features.loc[features.index[:60], "n_positions"] = np.nan
    values, _, inputs = comparable(features, [*CLUSTER_FEATURES, "nowhere"], SETTINGS.recency_days)
    assert values["market_value"].iloc[0] == features["market_value"].median()
    assert values["recency_days"].iloc[0] == SETTINGS.recency_days + 1
    assert values["share_stock"].iloc[0] == 0
    assert inputs["filled"]["market_value"] == 10
    assert inputs["reason"][["n_positions", "nowhere"]].to_list() == ["mostly_missing", "missing_column"]


def test_clusters_come_out_of_a_segmentation_with_their_tables() -> None:
    features = planted(600)[0]
    features.loc[features.index[:40], ["frequency", "monetary", "market_value"]] = 0
    found = segment_clients(features, SETTINGS)
    assert found.clusters is not None
    assert found.clusters["n"].sum() == 560
    assert found.by_client["cluster"].isna().sum() == 40
    assert found.cross.to_numpy().sum() == 600
    assert set(found.profiles["feature"]) == set(CLUSTER_FEATURES)
