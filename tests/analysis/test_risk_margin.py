"""Maintenance ratios and the falls that reach the lines, worked by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from clientlib.analysis.risk.margin import exposure_by_client, margin_accounts
from clientlib.config.risk import MarginLines

AS_OF = dt.date(2026, 6, 30)
LINES = MarginLines(watch=1.5, warn=1.4, close_out=1.3)


def balance(**figures: Any) -> dict[str, Any]:
    return {
        "client_id": "a",
        "as_of": dt.date(2026, 6, 29),
        "cash": 20.0,
        "margin_loan": 100.0,
        "short_value": 0.0,
        "accrued_interest": 0.0,
        "currency": "CNY",
        **figures,
    }


def accounts(*balances: dict[str, Any], values: tuple[float, ...] = (160.0,)) -> pd.DataFrame:
    """Margin accounts of client a, who holds positions of these market values (NaN: unpriced)."""
    holdings = pd.DataFrame({"client_id": "a", "market_value": list(values)})
    return margin_accounts(
        pd.DataFrame(list(balances)), exposure_by_client(holdings), AS_OF, LINES, currency="CNY"
    )


def account(values: tuple[float, ...] = (160.0,), **figures: Any) -> pd.Series:
    return accounts(balance(**figures), values=values).iloc[0]


def test_the_ratio_is_assets_over_debt() -> None:
    # (20 + 160) / (80 + 15 + 5)
    row = account(margin_loan=80.0, short_value=15.0, accrued_interest=5.0)
    assert (row["ratio"], row["debt"]) == (1.8, 100.0)


def test_the_fall_that_reaches_each_line() -> None:
    # 20 + 160 (1 − x) = 150, 140, 130
    row = account()
    falls = [row["fall_to_watch"], row["fall_to_warn"], row["fall_to_close_out"]]
    assert falls == pytest.approx([30 / 160, 40 / 160, 50 / 160])


@pytest.mark.parametrize(
    ("cash", "line"),
    [
        (-9.9, "above"),
        (-10.0, "above"),  # exactly at a line is not under it
        (-10.1, "watch"),
        (-20.0, "watch"),
        (-20.1, "warn"),
        (-30.0, "warn"),
        (-30.1, "close_out"),
    ],
)
def test_the_gravest_line_that_the_ratio_is_under(cash: float, line: str) -> None:
    assert account(cash=cash)["line"] == line


def test_a_line_that_is_passed_needs_no_fall_and_the_missing_cash_is_told() -> None:
    row = account(cash=-25.0)
    assert (row["fall_to_watch"], row["fall_to_warn"], row["cash_to_watch"]) == (0, 0, 15)
    assert row["fall_to_close_out"] == pytest.approx(5 / 160)


def test_cash_enough_for_the_debt_cannot_be_brought_down_by_a_fall() -> None:
    assert account(cash=151.0)[["fall_to_watch", "fall_to_close_out"]].isna().all()


def test_short_positions_held_count_where_the_balance_forgot_them() -> None:
    assert account(values=(160.0, -50.0))["debt"] == 150
    assert account(values=(160.0, -50.0), short_value=60.0)["debt"] == 160


def test_short_positions_are_no_assets() -> None:
    assert account(values=(160.0, -50.0))["securities"] == 160


def test_who_owes_nothing_has_no_margin_account() -> None:
    assert accounts(balance(margin_loan=0.0)).empty


def test_the_newest_balance_up_to_the_day_counts() -> None:
    older = balance(as_of=dt.date(2026, 5, 31), margin_loan=1.0)
    later = balance(as_of=dt.date(2026, 7, 1), margin_loan=2.0)
    assert accounts(balance(), older, later)["debt"].tolist() == [100.0]


@pytest.mark.parametrize(
    ("figures", "values", "reason"),
    [
        ({"currency": "USD"}, (160.0,), "other_currency"),
        ({"cash": None}, (160.0,), "incomplete"),
        ({"margin_loan": None}, (160.0,), "incomplete"),
        ({}, (float("nan"),), "unpriced"),
    ],
)
def test_a_ratio_that_cannot_be_known_says_why(
    figures: dict[str, Any], values: tuple[float, ...], reason: str
) -> None:
    row = account(values=values, **figures)
    assert (row["line"], row["reason"]) == ("unknown", reason)
    assert pd.isna(row["ratio"])


def test_a_partly_priced_account_has_a_ratio_and_says_what_is_left_out() -> None:
    row = account(values=(160.0, float("nan")))
    assert (row["ratio"], row["n_unpriced"]) == (1.8, 1)


def test_a_debtor_without_holdings_has_only_cash() -> None:
    holdings = pd.DataFrame({"client_id": ["b"], "market_value": [5.0]})
    exposure = exposure_by_client(holdings)
    found = margin_accounts(pd.DataFrame([balance()]), exposure, AS_OF, LINES, currency="CNY")
    assert found["ratio"].tolist() == [0.2]


def test_no_balances_give_no_accounts() -> None:
    exposure = exposure_by_client(pd.DataFrame({"client_id": ["a"], "market_value": [5.0]}))
    assert margin_accounts(pd.DataFrame(), exposure, AS_OF, LINES, currency="CNY").empty
