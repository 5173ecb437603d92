"""What the review makes of behaviour, drift and segments, on a small book worked out by hand."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from clientlib.analysis.risk import RiskReview, review_risk
from clientlib.config import load

AS_OF = dt.date(2026, 6, 30)
SETTINGS = load()
NAMES = ["buyer", "debtor", "broke", "fallen", "barred", "scored", "calm"]
CLIENTS = pd.DataFrame({"client_id": NAMES, "investor_class": "ordinary", "status": "active"})
PREFERENCES = pd.DataFrame(
    {
        "client_id": NAMES,
        "assessed_on": pd.Timestamp("2026-01-05"),
        "risk_level": "C3",
        "questionnaire_score": [36.0 if name == "scored" else 45.0 for name in NAMES],
    }
)
SECURITIES = pd.DataFrame(
    {
        "security_id": ["LOW", "HIGH"],
        "risk_level": ["R1", "R4"],
        "asset_class": "fund",
        "currency": "CNY",
    }
)
PRICES = pd.DataFrame(
    [(name, day, 1.0) for name in ("LOW", "HIGH") for day in pd.bdate_range("2026-01-01", "2026-06-30")],
    columns=["security_id", "date", "close"],
)
POSITIONS = pd.DataFrame({"client_id": NAMES, "security_id": "LOW", "quantity": 100.0})
TRADES = pd.DataFrame(
    [("buyer", month, "HIGH", side, 100.0) for month in (2, 3, 4) for side in ("buy", "sell")]
    + [("calm", 2, "LOW", "buy", 20.0), ("calm", 3, "HIGH", "sell", 20.0)],
    columns=["client_id", "month", "security_id", "side", "amount"],
)
TRADES["traded_at"] = pd.to_datetime(TRADES.pop("month").map("2026-{:02d}-10T02:00Z".format))
TRADES = TRADES.assign(quantity=TRADES["amount"], currency="CNY")


def stated(client: str, day: str, total: float, debts: float, default: bool = False) -> dict[str, object]:
    figures = {"total_assets": total, "liabilities": debts, "net_assets": total - debts}
    row = {"client_id": client, "as_of": pd.Timestamp(day), "currency": "CNY"}
    return {**row, **figures, "credit_default": default, "annual_income": 1.0, "financial_assets": 1.0}


FINANCES = pd.DataFrame(
    [
        *(stated(name, "2026-01-05", 100.0, 0.0) for name in NAMES),
        stated("debtor", "2026-05-01", 1000.0, 800.0),
        stated("broke", "2026-05-01", 100.0, 100.0),
        stated("fallen", "2026-05-01", 40.0, 0.0),
        stated("barred", "2026-05-01", 100.0, 0.0, default=True),
    ]
)
SEGMENTS = pd.Series({name: "loyal" for name in NAMES if name != "calm"})


@pytest.fixture(scope="module")
def found() -> RiskReview:
    return review_risk(
        POSITIONS,
        PRICES,
        SECURITIES,
        CLIENTS,
        PREFERENCES,
        pd.DataFrame(),
        AS_OF,
        SETTINGS,
        FINANCES,
        trades=TRADES,
        segments=SEGMENTS,
    )


@pytest.mark.parametrize(
    ("client", "rule", "measure", "value", "limit"),
    [
        ("buyer", "buys_above", "buys_above_share", 1.0, 0.2),
        ("broke", "finances", "net_assets_now", 0.0, 0.0),
        ("fallen", "finances", "net_assets_change", -0.6, -0.5),
        ("debtor", "finances", "debt_share", 0.8, 0.8),
        ("barred", "finances", "credit_default", None, None),
        ("scored", "score", "score", 36.0, None),
    ],
)
def test_a_new_assessment_is_due_for_a_reason_with_its_numbers(
    found: RiskReview, client: str, rule: str, measure: str, value: float | None, limit: float | None
) -> None:
    rules = ["buys_above", "finances", "score"]
    alerts = found.alerts[found.alerts["client_id"].eq(client) & found.alerts["rule"].isin(rules)]
    row = alerts.iloc[0]
    assert len(alerts) == 1
    assert (row["rule"], row["measure"], row["severity"]) == (rule, measure, "watch")
    for number, expected in ((row["value"], value), (row["limit"], limit)):
        assert pd.isna(number) if expected is None else number == pytest.approx(expected)


def test_nobody_is_called_for_it_alone(found: RiskReview) -> None:
    due = found.alerts[found.alerts["rule"].isin(["buys_above", "finances", "score"])]
    assert sorted(due["client_id"]) == sorted(set(NAMES) - {"calm"})
    assert found.call_list.loc[found.call_list["rule"].isin(due["rule"])].empty


def test_drift_is_told_of_each_client(found: RiskReview) -> None:
    # calm held 80 LOW and 20 HIGH in January; buyer bought and sold HIGH since, and holds what it held.
    row = found.by_client.loc["calm"]
    assert (row["share_above_at_assessment"], row["drift"]) == (pytest.approx(0.2), pytest.approx(-0.2))
    assert found.by_client.loc["buyer", "drift"] == 0


def test_segments_add_up_to_the_firm_and_who_has_none_is_a_group(found: RiskReview) -> None:
    summary = found.summary
    cut = summary[summary["grouping"].eq("segment")].set_index("group")
    assert cut["n_clients"].to_dict() == {"": 1, "loyal": 6}
    firm = summary[summary["grouping"].eq("firm")].iloc[0]
    assert cut["market_value"].sum() == firm["market_value"]


def test_without_segments_there_is_no_such_cut() -> None:
    frames = (POSITIONS, PRICES, SECURITIES, CLIENTS, PREFERENCES, pd.DataFrame())
    alone = review_risk(*frames, AS_OF, SETTINGS)
    assert "segment" not in set(alone.summary["grouping"])
    assert alone.by_client["trades_above"].isna().all()
    assert set(alone.by_client["drift_reason"]) == {"no_trades"}
