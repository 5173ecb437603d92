"""Which fall breaks the loss that a client can bear, and who is hit hardest; worked by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk.reverse import bearable_loss, reverse_stress, worst_hit

HELD = pd.DataFrame(
    {
        "market_value": [100.0, 60.0, -20.0, np.nan],
        "gross_value": [100.0, 100.0, 100.0, np.nan],
        "beta": [0.5, 1.2, -0.3, np.nan],
    },
    index=pd.Index(["long", "hedged", "short", "empty"], name="client_id"),
)


def stressed(**shares: dict[str, float]) -> pd.DataFrame:
    rows = [
        (name, client, 100.0, 100 * share, share)
        for name, clients in shares.items()
        for client, share in clients.items()
    ]
    return pd.DataFrame(rows, columns=["scenario", "client_id", "gross_value", "loss", "loss_share"])


def reverse(max_loss: float, **shares: dict[str, float]) -> pd.DataFrame:
    return reverse_stress(HELD, pd.Series(max_loss, index=HELD.index), stressed(**shares))


# ------------------------------------------------------------------ what was stated
def preferences(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["client_id", "assessed_on", "max_loss"])


def test_the_newest_assessment_up_to_the_day_counts() -> None:
    stated = preferences(("a", "2024-01-01", 0.1), ("a", "2025-01-01", 0.2), ("a", "2027-01-01", 0.3))
    assert bearable_loss(stated, dt.date(2026, 1, 1)).to_dict() == {"a": 0.2}


def test_an_older_statement_does_not_stand_in_for_a_missing_one() -> None:
    stated = preferences(("a", "2024-01-01", 0.1), ("a", "2025-01-01", np.nan))
    assert bearable_loss(stated, dt.date(2026, 1, 1)).isna().all()


def test_what_is_no_share_is_missing() -> None:
    stated = preferences(("a", "2024-01-01", -0.1), ("b", "2024-01-01", 20), ("c", "2024-01-01", 1))
    assert bearable_loss(stated, dt.date(2026, 1, 1)).dropna().to_dict() == {"c": 1}


def test_a_book_without_assessments_states_nothing() -> None:
    assert bearable_loss(pd.DataFrame(), dt.date(2026, 1, 1)).empty


# ------------------------------------------------------------------ which fall breaks it
def test_a_fall_of_all_alike_costs_the_long_less_the_short() -> None:
    # hedged: 80 long and 20 short of 100; a fall by x costs 0.6 x of the gross value.
    fall = reverse(0.3)["fall_to_max_loss"]
    assert fall["long"] == pytest.approx(0.3)
    assert fall["hedged"] == pytest.approx(0.5)
    assert fall[["short", "empty"]].isna().all()


def test_a_fall_of_more_than_all_is_none() -> None:
    assert np.isnan(reverse(0.7)["fall_to_max_loss"]["hedged"])


def test_a_fall_of_the_market_works_by_the_beta() -> None:
    fall = reverse(0.3)["market_fall_to_max_loss"]
    assert fall["long"] == pytest.approx(0.6)
    assert fall["hedged"] == pytest.approx(0.25)
    assert fall[["short", "empty"]].isna().all()


def test_the_scenarios_beyond_the_bearable_loss_are_named_in_their_order() -> None:
    found = reverse(
        0.3, mild={"long": 0.3, "hedged": 0.1}, hard={"long": 0.31, "hedged": 0.2}, crash={"long": 0.9}
    )
    assert found["breaks_in"]["long"] == "hard;crash"
    assert found["breaks_in"]["hedged"] == ""
    assert pd.isna(found["breaks_in"]["empty"])


def test_who_states_nothing_has_nothing_to_break() -> None:
    none = pd.Series(dtype=float)
    assert reverse_stress(HELD, none, stressed(hard={"long": 0.9})).isna().all(axis=None)


# ------------------------------------------------------------------ who is hit hardest
def test_the_hardest_hit_are_those_who_lose_the_largest_share() -> None:
    found = worst_hit(stressed(fall={"a": 0.1, "b": 0.3, "c": 0.2}), n=2)
    assert found[["rank", "client_id", "loss_share"]].to_numpy().tolist() == [[1, "b", 0.3], [2, "c", 0.2]]


def test_of_equal_shares_the_larger_loss_comes_first() -> None:
    equal = stressed(fall={"a": 0.3, "b": 0.3 + 1e-9, "c": 0.3}).assign(loss=[5.0, 7.0, 9.0])
    assert worst_hit(equal)["client_id"].tolist() == ["c", "b", "a"]


def test_who_loses_nothing_is_not_named() -> None:
    assert worst_hit(stressed(fall={"a": 0.0, "b": -0.2, "c": 0.1}))["client_id"].tolist() == ["c"]


def test_each_scenario_has_its_own() -> None:
    found = worst_hit(stressed(z={"a": 0.1, "b": 0.2}, y={"a": 0.2, "b": 0.1}), n=1)
    assert found[["scenario", "client_id"]].to_numpy().tolist() == [["z", "b"], ["y", "a"]]
