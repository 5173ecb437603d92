"""What scenarios do to each security, worked by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clientlib.analysis.risk.prices import carried_closes
from clientlib.analysis.risk.scenarios import ScenarioShocks, scenario_shocks
from clientlib.config.risk import Scenario

SECURITIES = pd.DataFrame(
    {
        "security_id": ["S", "T", "V", "B", "U"],
        "asset_class": ["stock", "stock", "stock", "bond", None],
        "sector": ["Banks", "Chips", None, None, None],
    }
)
DAYS = pd.bdate_range("2026-01-05", periods=6)
CLOSES = {
    "S": [10.0, 11.0, 9.0, 8.0, 8.0, 12.0],
    "T": [20.0, 20.0, 20.0, 10.0, 10.0, 10.0],
    "V": [np.nan, np.nan, np.nan, np.nan, 5.0, 5.0],
}


def prices(**changed: list[float]) -> pd.DataFrame:
    wide = pd.DataFrame({**CLOSES, **changed}, index=DAYS)
    return (
        wide.rename_axis("date")
        .melt(ignore_index=False, var_name="security_id", value_name="close")
        .reset_index()
    )


def held(**value: float) -> pd.DataFrame:
    """Market values of one client."""
    return pd.DataFrame({"client_id": "a", "security_id": list(value), "market_value": list(value.values())})


def play(
    holdings: pd.DataFrame, frame: pd.DataFrame | None = None, as_of: Any = DAYS[-1], **kind: Any
) -> ScenarioShocks:
    closes = carried_closes(prices() if frame is None else frame, as_of, stale_days=1)
    scenario = Scenario(title="Again", title_zh="重演", **kind)
    return scenario_shocks(holdings, SECURITIES, {"again": scenario}, closes, stale_days=1)


def moves(found: ScenarioShocks) -> dict[str, float]:
    return {str(name): round(float(move), 12) for name, move in found.shocks["again"].items()}


def about(found: ScenarioShocks) -> pd.Series:
    return found.about.T["again"]


# ------------------------------------------------------------------ shocks by name
@pytest.mark.parametrize(
    ("shocks", "expected"),
    [
        ({"stock": -0.3, "Banks": -0.4, "S": -0.5}, -0.5),
        ({"stock": -0.3, "Banks": -0.4}, -0.4),
        ({"stock": -0.3, "Chips": -0.4}, -0.3),
        ({"bond": -0.1}, 0.0),
    ],
)
def test_a_security_goes_before_its_sector_and_that_before_its_class(
    shocks: dict[str, float], expected: float
) -> None:
    assert moves(play(held(S=100), shocks=shocks)) == {"S": expected}


def test_what_no_shock_fits_is_counted() -> None:
    row = about(play(held(S=100, B=40, U=-7), shocks={"stock": -0.3}))
    assert (row["n_securities"], row["n_unmoved"], row["value_unmoved"]) == (3, 2, 47)


def test_a_misspelt_name_is_told() -> None:
    shocks = {"stok": -0.3, "Banks": -0.1, "S": -0.1, "Z": -0.2}
    assert play(held(S=100), shocks=shocks).unknown.to_numpy().tolist() == [["again", "stok"], ["again", "Z"]]


def test_a_class_of_which_the_book_has_nothing_is_not_misspelt() -> None:
    assert play(held(S=100), shocks={"derivative": -0.6}).unknown.empty


def test_a_security_held_but_not_listed_may_be_named() -> None:
    found = play(held(X=100), shocks={"X": -0.6})
    assert found.unknown.empty
    assert moves(found) == {"X": -0.6}


# ------------------------------------------------------------------ replay
def test_a_replay_is_the_change_between_two_closes() -> None:
    found = play(held(S=100, T=100), replay=(DAYS[1].date(), DAYS[3].date()))
    assert moves(found) == {"S": round(8 / 11 - 1, 12), "T": -0.5}
    assert about(found)[["from_date", "to_date", "n_by_class", "n_unmoved"]].tolist() == [
        DAYS[1],
        DAYS[3],
        0,
        0,
    ]


def test_a_day_without_trading_is_the_trading_day_before() -> None:
    # The 10th and 11th are a weekend: Friday the 9th, the fifth day.
    found = play(held(S=100), replay=(dt.date(2026, 1, 5), dt.date(2026, 1, 11)))
    assert about(found)["to_date"] == DAYS[4]
    assert moves(found) == {"S": -0.2}


def test_a_security_without_prices_then_moves_as_the_middle_of_its_class() -> None:
    # S −20 %, T −50 %: the middle is −35 %.
    found = play(held(S=10, V=40), replay=(DAYS[0].date(), DAYS[3].date()))
    assert moves(found) == {"S": -0.2, "V": -0.35}
    assert about(found)[["n_by_class", "value_by_class", "n_unmoved"]].tolist() == [1, 40, 0]


def test_a_security_whose_class_has_no_prices_either_stays() -> None:
    found = play(held(S=10, B=40, U=5), replay=(DAYS[0].date(), DAYS[3].date()))
    assert moves(found) == {"B": 0, "S": -0.2, "U": 0}
    assert about(found)[["n_by_class", "n_unmoved", "value_unmoved"]].tolist() == [0, 2, 45]


def test_a_close_is_carried_no_further_than_it_may() -> None:
    # T has no close on the last two days of the window: carried over one, not over two.
    gap = prices(T=[20.0, 30.0, np.nan, np.nan, 10.0, 10.0])
    assert moves(play(held(T=1), gap, replay=(DAYS[0].date(), DAYS[2].date()))) == {"T": 0.5}
    assert about(play(held(T=1), gap, replay=(DAYS[0].date(), DAYS[3].date())))["n_by_class"] == 1


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        ((dt.date(2025, 1, 6), dt.date(2026, 1, 9)), "before_prices"),
        ((dt.date(2026, 1, 6), dt.date(2026, 1, 13)), "after_as_of"),
        ((dt.date(2026, 1, 10), dt.date(2026, 1, 11)), "no_days"),
    ],
)
def test_a_replay_outside_the_prices_is_not_played_and_says_why(
    window: tuple[dt.date, dt.date], reason: str
) -> None:
    found = play(held(S=100), replay=window)
    assert found.shocks.columns.empty
    assert about(found)["reason"] == reason


def test_no_price_after_the_day_of_the_review_is_read() -> None:
    found = play(held(S=100), as_of=DAYS[2].date(), replay=(DAYS[0].date(), DAYS[3].date()))
    assert about(found)["reason"] == "after_as_of"


def test_without_prices_nothing_is_replayed() -> None:
    assert about(play(held(S=100), prices().iloc[:0], worst_days=2))["reason"] == "no_prices"


# ------------------------------------------------------------------ the worst days
def test_the_worst_days_are_those_of_the_holdings_together() -> None:
    # S alone: 11 → 9 → 8. With much of T: 20 → 10, which fell a day later.
    alone, together = play(held(S=100), worst_days=2), play(held(S=100, T=100), worst_days=1)
    assert about(alone)[["from_date", "to_date"]].tolist() == [DAYS[1], DAYS[3]]
    assert about(together)[["from_date", "to_date"]].tolist() == [DAYS[2], DAYS[3]]


def test_the_worst_days_of_who_is_short_are_those_of_a_rise() -> None:
    assert about(play(held(S=-100), worst_days=1))["from_date"] == DAYS[4]


def test_days_on_which_most_of_the_value_had_no_price_are_not_the_worst() -> None:
    # V has prices on the last two days only, and makes up more than half.
    found = play(held(S=100, V=101), worst_days=1)
    assert about(found)[["from_date", "to_date"]].tolist() == [DAYS[4], DAYS[5]]


def test_more_days_than_there_are_cannot_be_played() -> None:
    assert about(play(held(S=100), worst_days=6))["reason"] == "too_short"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40))
def test_the_worst_days_are_found_as_by_trying_each(seed: int, n_days: int) -> None:
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2020-01-01", periods=300)
    wide = pd.DataFrame(np.exp(np.cumsum(rng.normal(0, 0.02, (300, 3)), axis=0)), days, ["S", "T", "V"])
    value = rng.normal(1, 1, 3)
    frame = wide.rename_axis("date").melt(ignore_index=False, var_name="security_id", value_name="close")
    found = play(
        held(**dict(zip("STV", value, strict=True))), frame.reset_index(), days[-1], worst_days=n_days
    )
    gains = [(wide.iloc[i + n_days] / wide.iloc[i] - 1) @ value for i in range(300 - n_days)]
    assert about(found)["from_date"] == days[int(np.argmin(gains))]
    assert found.shocks["again"].to_numpy() @ value == pytest.approx(min(gains))
