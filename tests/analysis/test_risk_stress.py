"""Scenario losses, worked by hand."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.analysis.risk import stress_by_client, stress_of_firm
from clientlib.analysis.risk.prices import Exchange, carried_closes
from clientlib.analysis.risk.scenarios import scenario_shocks
from clientlib.analysis.risk.stress import stress_test, unclassified_value
from clientlib.config import load
from clientlib.config.risk import MarginLines, Scenario

SECURITIES = pd.DataFrame(
    {"security_id": ["S", "T", "B", "U"], "asset_class": ["stock", "stock", "bond", None]}
)
LINES = MarginLines(watch=1.5, warn=1.4, close_out=1.3)


def scenario(**shocks: float) -> Scenario:
    return Scenario(title="Fall", title_zh="下跌", shocks=shocks)


def holdings(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["client_id", "security_id", "market_value"])


HELD = holdings(("a", "S", 100), ("a", "B", 100), ("b", "T", 50), ("b", "S", -20))


def stressed(held: pd.DataFrame, **scenarios: Scenario) -> pd.DataFrame:
    closes = carried_closes(pd.DataFrame(), dt.date(2026, 6, 30))
    return stress_by_client(held, scenario_shocks(held, SECURITIES, scenarios, closes).shocks)


def losses(held: pd.DataFrame, **shocks: float) -> pd.DataFrame:
    return stressed(held, fall=scenario(**shocks)).set_index("client_id")


def test_a_class_shock_hits_that_class_only() -> None:
    found = losses(HELD, stock=-0.3)
    assert found["loss"].to_dict() == pytest.approx({"a": 30, "b": 15 - 6})
    assert found.loc["a", "loss_share"] == pytest.approx(0.15)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("STBU"), st.floats(-1e6, 1e6)), min_size=1),
    st.floats(-1, 1),
)
def test_a_fall_of_all_alike_costs_that_share_of_the_net_value(
    rows: list[tuple[str, str, float]], fall: float
) -> None:
    held = holdings(*rows)
    shocks = pd.DataFrame({"all": -fall}, index=list("STBU"))
    found = stress_by_client(held, shocks).set_index("client_id")["loss"]
    net = held.groupby("client_id")["market_value"].sum()
    assert found.to_dict() == pytest.approx((fall * net).to_dict(), abs=1e-6)


def test_a_short_position_gains_but_not_in_the_long_loss() -> None:
    row = losses(HELD, stock=-0.3).loc["b"]
    assert (row["loss"], row["long_loss"], row["gross_value"]) == pytest.approx((9, 15, 70))


def test_what_no_shock_touches_loses_nothing() -> None:
    assert losses(HELD, derivative=-0.6)["loss"].tolist() == [0, 0]


def test_positions_without_a_value_have_no_part() -> None:
    held = holdings(("a", "S", 100), ("a", "T", float("nan")))
    assert losses(held, stock=-0.3).loc["a", "loss"] == 30


def test_the_firm_loses_what_its_clients_lose() -> None:
    by_client = stressed(HELD, mild=scenario(bond=-0.1), hard=scenario(stock=-0.3))
    firm = stress_of_firm(by_client, pd.DataFrame(columns=["cash", "securities", "debt", "ratio"]), LINES, 0)
    assert firm["scenario"].tolist() == ["hard", "mild"]
    assert firm["loss"].tolist() == pytest.approx([39, 10])
    assert firm["loss_share"].tolist() == pytest.approx([39 / 270, 10 / 270])
    assert firm["n_losing"].tolist() == [2, 1]
    assert firm["worst_client"].tolist() == ["a", "a"]


def test_margin_clients_that_the_shock_would_close_out_are_counted() -> None:
    by_client = stressed(HELD, fall=scenario(stock=-0.3))
    margin = pd.DataFrame(
        {"cash": [0.0, 0.0], "securities": [200.0, 50.0], "debt": [140.0, 40.0], "ratio": [200 / 140, 1.25]},
        index=["a", "b"],
    )
    # a: 170 / 140 = 1.21 falls below 1.3; b was below before.
    firm = stress_of_firm(by_client, margin, LINES, 0).iloc[0]
    assert (firm["n_close_out_before"], firm["n_close_out_after"]) == (1, 2)


def test_a_rise_of_what_was_sold_short_is_owed() -> None:
    # b: 50 over 40 of debt; T and S rise by a half: (50 + 25) / (40 + 10) = 1.5.
    by_client = stressed(HELD, rise=scenario(stock=0.5))
    margin = pd.DataFrame({"cash": 0.0, "securities": 50.0, "debt": 40.0, "ratio": 1.25}, index=["b"])
    lines = [MarginLines(watch=2, warn=1.8, close_out=line) for line in (1.5, 1.51)]
    assert [stress_of_firm(by_client, margin, line, 0).loc[0, "n_close_out_after"] for line in lines] == [
        0,
        1,
    ]


def test_a_replay_of_a_foreign_security_holds_the_move_of_the_rate() -> None:
    # T stays in dollars while the dollar falls from 8 to 6; S is in yuan.
    day, later = "2026-06-29", "2026-06-30"
    rows = [
        ("T", day, 5),
        ("T", later, 5),
        ("USDCNY", day, 8),
        ("USDCNY", later, 6),
        ("S", day, 1),
        ("S", later, 1),
    ]
    prices = pd.DataFrame(rows, columns=["security_id", "date", "close"])
    again = Scenario(title="Again", title_zh="重演", worst_days=1)
    rules = load().risk.model_copy(update={"scenarios": {"again": again}})
    exchange = Exchange("CNY", {"T": "USD"}, {"USD": "USDCNY"})
    nobody = pd.DataFrame(columns=["cash", "securities", "debt", "ratio"])
    held = holdings(("a", "T", 100), ("a", "S", 100))
    found = stress_test(held, SECURITIES, prices, nobody, dt.date(2026, 6, 30), rules, exchange)
    assert found.by_client["loss"].tolist() == pytest.approx([25])
    assert found.worst_hit["client_id"].tolist() == ["a"]


def test_value_outside_the_known_classes_is_told() -> None:
    assert unclassified_value(holdings(("a", "U", 5), ("a", "Z", -7), ("a", "S", 1)), SECURITIES) == 12


@pytest.mark.parametrize("scenarios", [{}, {"fall": scenario(stock=-0.3)}])
def test_no_holdings_or_no_scenarios_give_no_rows(scenarios: dict[str, Scenario]) -> None:
    by_client = stressed(holdings(), **scenarios)
    margin = pd.DataFrame(columns=["cash", "securities", "debt", "ratio"])
    assert by_client.empty
    assert stress_of_firm(by_client, margin, LINES, 0).empty
