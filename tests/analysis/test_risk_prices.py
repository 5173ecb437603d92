"""The price matrix: what is used, what is carried, what is listed as a problem."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk import price_history

END = dt.date(2026, 6, 30)


def rows(*prices: tuple[str, str, float | None]) -> pd.DataFrame:
    return pd.DataFrame(list(prices), columns=["security_id", "date", "close"])


def test_returns_are_simple_and_end_on_their_days() -> None:
    history = price_history(rows(("X", "2026-06-29", 10), ("X", "2026-06-30", 11)), END)
    assert history.returns == pytest.approx(np.array([[0.1]]))
    assert list(history.days) == [pd.Timestamp("2026-06-30")]


@pytest.mark.parametrize(
    ("close", "problem"),
    [
        (0.0, "not_positive"),
        (-1.0, "not_positive"),
        (None, "not_a_number"),
        (float("nan"), "not_a_number"),
        (float("inf"), "not_a_number"),
    ],
)
def test_an_unusable_close_is_listed(close: float | None, problem: str) -> None:
    history = price_history(rows(("X", "2026-06-29", close), ("X", "2026-06-30", 11)), END)
    found = history.problems.iloc[0]
    assert (found["security_id"], found["problem"], found["n_days"]) == ("X", problem, 1)
    assert found["first_date"] == found["last_date"] == pd.Timestamp("2026-06-29")


def test_two_closes_of_a_day_are_listed_once_as_conflicting() -> None:
    twice = rows(("X", "2026-06-30", 11), ("X", "2026-06-30", 12), ("X", "2026-06-29", 10))
    found = price_history(twice, END).problems
    assert found[["security_id", "problem", "n_days"]].to_numpy().tolist() == [["X", "conflicting", 1]]


def test_a_security_with_only_bad_closes_is_not_in_the_history_but_in_the_problems() -> None:
    history = price_history(rows(("X", "2026-06-30", 0), ("Y", "2026-06-30", 1)), END)
    assert list(history.securities) == ["Y"]
    assert history.problems["security_id"].tolist() == ["X"]


def test_the_window_is_the_last_returns_only() -> None:
    days = pd.bdate_range(end=END, periods=400)
    history = price_history(pd.DataFrame({"security_id": "X", "date": days, "close": 1.0}), END, 250)
    assert history.returns.shape == (1, 250)
    assert history.days[-1] == days[-1]


def test_a_close_before_the_window_is_carried_into_it() -> None:
    # The window's returns start from the close of the 26th, which X only has from the 25th.
    prices = rows(("X", "2026-06-25", 10), ("X", "2026-06-29", 11), ("X", "2026-06-30", 11))
    prices = pd.concat([prices, rows(*(("Y", f"2026-06-{d}", 1) for d in (25, 26, 29, 30)))])
    assert price_history(prices, END, 2).returns[0] == pytest.approx([0.1, 0.0])


@pytest.mark.parametrize("kind", ["text", "date", "timestamp"])
def test_dates_may_be_of_any_usual_kind(kind: str) -> None:
    prices = rows(("X", "2026-06-29", 10), ("X", "2026-06-30", 11))
    if kind != "text":
        prices["date"] = pd.to_datetime(prices["date"])
    if kind == "date":
        prices["date"] = prices["date"].dt.date
    assert price_history(prices, END).price.tolist() == [11]


@pytest.mark.parametrize(("as_of", "status"), [("2026-07-20", "ok"), ("2026-07-21", "prices_stale")])
def test_prices_that_ended_are_stale_after_the_longest_closure(as_of: str, status: str) -> None:
    # Twice five stale days and a closure of ten.
    history = price_history(rows(("X", "2026-06-30", 10)), dt.date.fromisoformat(as_of))
    assert history.status == status


def test_no_prices_is_a_status() -> None:
    assert price_history(pd.DataFrame(), END).status == "no_prices"


def test_prices_all_in_the_future_are_no_prices() -> None:
    assert price_history(rows(("X", "2026-07-01", 10)), END).status == "no_prices"
