"""Limits broken, how gravely, and the order of the calls: cases by hand, with the firm's default limits."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from clientlib.analysis.risk.limits import find_alerts, rank_calls
from clientlib.config import load

RISK = load().risk
WARN_DAYS = 60
NO_MARGIN = pd.DataFrame(
    {"ratio": [], "line": pd.Series([], dtype="str"), "cash_to_watch": [], "act_by": [], "days_to_act": []},
    index=pd.Index([], name="client_id", dtype="str"),
)


def client(name: str = "a", **values: Any) -> dict[str, Any]:
    """A C3 client within all limits: var 2.5 %, largest weight 50 %, mismatch 10 %."""
    return {
        "client_id": name,
        "level": "C3",
        "standing": "C3",
        "status": "valid",
        "assessed_on": pd.Timestamp("2025-01-01"),
        "expires_on": pd.Timestamp("2027-01-01"),
        "days_left": 300,
        "predicted": False,
        "branch": "North",
        "advisor": "7",
        "share_above": 0.0,
        "value": 1_000.0,
        "value_above": 0.0,
        "gross_value": 1_000.0,
        "var": 0.01,
        "n_returns": 250,
        "largest_weight": 0.2,
        "largest_security": "X",
        "n_positions": 3,
        "top_security": None,
        "top_product_level": None,
        "top_value": None,
        **values,
    }


def frame(*clients: dict[str, Any]) -> pd.DataFrame:
    found = pd.DataFrame(list(clients)).set_index("client_id")
    return found.astype({"level": "str", "days_left": "Int64"})


def alerts(*clients: dict[str, Any], margin: pd.DataFrame = NO_MARGIN) -> pd.DataFrame:
    return find_alerts(frame(*clients), margin, RISK, WARN_DAYS)


def calls(*clients: dict[str, Any], margin: pd.DataFrame = NO_MARGIN) -> pd.DataFrame:
    return rank_calls(alerts(*clients, margin=margin), frame(*clients), margin, RISK)


def margin_of(**lines: str) -> pd.DataFrame:
    ratios = {"watch": 1.45, "warn": 1.35, "close_out": 1.2, "above": 2.0}
    return pd.DataFrame(
        {"ratio": [ratios[line] for line in lines.values()], "line": list(lines.values())}
        | {"cash_to_watch": [10.0] * len(lines), "act_by": pd.NaT, "days_to_act": None},
        index=pd.Index(list(lines), name="client_id"),
    )


def test_a_client_within_all_limits_raises_no_alert() -> None:
    assert alerts(client()).empty


@pytest.mark.parametrize(
    ("measure", "value", "severity"),
    [
        ("share_above", 0.09, None),  # nine tenths of the limit are not beyond it
        ("share_above", 0.095, "watch"),
        ("share_above", 0.10, "watch"),
        ("share_above", 0.11, "warn"),
        ("share_above", 0.16, "high"),
        ("var", 0.0225, None),
        ("var", 0.024, "watch"),
        ("var", 0.026, "warn"),
        ("var", 0.038, "high"),
        ("largest_weight", 0.50, None),
        ("largest_weight", 0.51, "watch"),
        ("largest_weight", 0.76, "warn"),
        ("largest_weight", 1.00, "warn"),  # a single holding alone is never high
    ],
)
def test_severity_by_multiples_of_the_limit(measure: str, value: float, severity: str | None) -> None:
    changed: dict[str, Any] = {measure: value}
    found = alerts(client(**changed))
    assert found["severity"].tolist() == ([severity] if severity else [])


def test_an_alert_states_its_measure_value_and_limit() -> None:
    row = alerts(client(var=0.03)).iloc[0]
    assert (row["rule"], row["measure"], row["value"], row["limit"]) == ("var", "var", 0.03, 0.025)


def test_any_share_above_a_limit_of_nought_is_high() -> None:
    assert alerts(client(level="C1", standing="C1", share_above=0.01, var=0.0))["severity"].tolist() == [
        "high"
    ]


def test_the_lowest_class_has_a_rule_of_its_own_and_only_that() -> None:
    found = alerts(client(level="C1", standing="C1_lowest", share_above=0.01, var=0.0))
    assert found[["rule", "severity", "limit"]].to_numpy().tolist() == [["lowest_class", "high", 0.0]]


def test_a_professional_has_no_limits_by_level() -> None:
    wild: dict[str, Any] = {"share_above": 1.0, "var": 0.5, "largest_weight": 1.0, "status": "expired"}
    assert alerts(client(level="C1", standing="professional", **wild)).empty


def test_without_a_level_there_is_no_limit_to_break() -> None:
    found = alerts(client(level=None, standing="none", status="none", var=0.5, largest_weight=1.0))
    assert found["rule"].tolist() == ["level_missing"]


def test_a_tail_without_a_whole_return_is_not_judged() -> None:
    assert alerts(client(var=0.5, n_returns=19)).empty
    assert not alerts(client(var=0.5, n_returns=20)).empty


@pytest.mark.parametrize(
    ("status", "days_left", "rule", "value"),
    [("expired", -3, "level_expired", 3), ("expiring", 12, "level_expiring", 12)],
)
def test_an_ageing_assessment_is_watched(status: str, days_left: int, rule: str, value: float) -> None:
    row = alerts(client(status=status, days_left=days_left)).iloc[0]
    assert (row["rule"], row["value"], row["severity"]) == (rule, value, "watch")


def test_an_expired_level_of_a_client_without_holdings_is_no_alert() -> None:
    assert alerts(client(status="expired", days_left=-3, n_positions=0)).empty


@pytest.mark.parametrize(
    ("line", "severity", "limit"),
    [("watch", "watch", 1.5), ("warn", "warn", 1.4), ("close_out", "high", 1.3)],
)
def test_each_margin_line(line: str, severity: str, limit: float) -> None:
    row = alerts(client(), margin=margin_of(a=line)).iloc[0]
    assert (row["rule"], row["severity"], row["limit"]) == ("margin", severity, limit)


def test_a_ratio_above_the_lines_is_no_alert() -> None:
    assert alerts(client(), margin=margin_of(a="above")).empty


# ------------------------------------------------------------------ whom to call
def test_a_watch_alone_is_no_call() -> None:
    assert calls(client(largest_weight=0.6)).empty


def test_one_row_a_client_with_all_reasons_the_most_pressing_first() -> None:
    found = calls(client(var=0.026, share_above=0.5, largest_weight=0.6, value_above=500.0))
    assert found["reasons"].tolist() == ["mismatch;var;concentration"]
    assert found[["rule", "severity", "call", "n_reasons"]].to_numpy().tolist() == [
        ["mismatch", "high", "today", 3]
    ]


def test_a_warning_is_a_call_this_week() -> None:
    assert calls(client(var=0.026))["call"].tolist() == ["this_week"]


def test_calls_go_by_severity_then_rule_then_money_then_id() -> None:
    found = calls(
        client("e", var=0.026),
        client("d", share_above=0.5, value_above=500.0),
        client("b", share_above=0.5, value_above=900.0, value=1_800.0),
        client("c", share_above=0.5, value_above=500.0),
        client("f"),
        margin=margin_of(f="close_out"),
    )
    assert found["client_id"].tolist() == ["f", "b", "c", "d", "e"]
    assert found["rank"].tolist() == [1, 2, 3, 4, 5]


def test_the_value_to_sell_brings_the_share_back_to_the_limit() -> None:
    # 400 of 1,000 lie above, the limit is 10 %: after selling x, (400 − x) = 0.1 (1,000 − x).
    sold = calls(client(share_above=0.4, value_above=400.0)).iloc[0]["value_to_sell"]
    assert (400 - sold) / (1_000 - sold) == pytest.approx(0.1)


def test_the_lowest_class_has_to_sell_all_that_lies_above() -> None:
    found = calls(client(level="C1", standing="C1_lowest", share_above=0.4, value_above=400.0))
    assert found["value_to_sell"].tolist() == [400]


def test_the_weight_to_sell_brings_the_largest_weight_back_to_the_limit() -> None:
    sold = calls(client(largest_weight=0.8)).iloc[0]["weight_to_sell"]
    assert (800 - sold) / (1_000 - sold) == pytest.approx(0.5)


def test_a_margin_call_states_the_cash_that_is_missing() -> None:
    row = calls(client(), margin=margin_of(a="warn")).iloc[0]
    assert (row["ratio"], row["cash_to_watch"], row["stake"]) == (1.35, 10.0, 10.0)


def test_no_alerts_make_an_empty_list_with_all_columns() -> None:
    assert list(calls(client()).columns) == list(calls(client(var=0.03)).columns)
