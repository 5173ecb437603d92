"""What is planted in the demo book is found by the review, and nobody else is called today without reason."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from clientlib.analysis.risk import RiskReview, review_risk
from clientlib.config import load
from clientlib.simulate import demo

SETTINGS = load()


@pytest.fixture(scope="module")
def planted_and_found() -> tuple[dict[str, Any], RiskReview]:
    book = demo(clients=1_500)
    areas = {name: frame.to_pandas() for name, frame in book.areas.items()}
    trades = areas["trades"]
    signed = trades["quantity"].where(trades["side"].eq("buy"), -trades["quantity"])
    held = signed.groupby([trades["client_id"], trades["security_id"]]).sum()
    positions = held[held > 1e-9].rename("quantity").reset_index()
    names = ("prices", "securities", "clients", "preferences", "balances")
    frames = {name: areas[name] for name in names}
    found = review_risk(
        positions, **frames, as_of=pd.Timestamp(book.planted["end"]).date(), settings=SETTINGS
    )
    return book.planted, found


def with_rule(found: RiskReview, rule: str, *severities: str) -> set[str]:
    alerts = found.alerts
    return set(alerts.loc[alerts["rule"].eq(rule) & alerts["severity"].isin(severities), "client_id"])


@pytest.mark.parametrize(
    ("fact", "rule", "severity"),
    [
        ("over_level", "mismatch", "high"),
        ("lowest_class_breach", "lowest_class", "high"),
        ("margin_close_out", "margin", "high"),
        ("margin_warn", "margin", "warn"),
        ("margin_watch", "margin", "watch"),
    ],
)
def test_the_planted_clients_and_no_others_have_the_alert(
    planted_and_found: tuple[dict[str, Any], RiskReview], fact: str, rule: str, severity: str
) -> None:
    planted, found = planted_and_found
    assert planted[fact]["clients"]
    assert with_rule(found, rule, severity) == set(planted[fact]["clients"])


def test_the_planted_concentrations_are_warned_about(
    planted_and_found: tuple[dict[str, Any], RiskReview],
) -> None:
    planted, found = planted_and_found
    assert set(planted["concentrated"]["clients"]) <= with_rule(found, "concentration", "watch", "warn")


def test_the_planted_expired_assessments_are_told(
    planted_and_found: tuple[dict[str, Any], RiskReview],
) -> None:
    planted, found = planted_and_found
    expired = found.by_client.index[found.by_client["status"].eq("expired")]
    assert set(planted["expired_assessment"]["clients"]) <= set(expired)


def test_the_planted_unpriced_holders_are_listed(
    planted_and_found: tuple[dict[str, Any], RiskReview],
) -> None:
    planted, found = planted_and_found
    assert set(planted["unpriced_holder"]["clients"]) == set(found.unpriced["client_id"])


def test_everyone_called_today_was_planted_or_is_far_beyond_the_var_limit(
    planted_and_found: tuple[dict[str, Any], RiskReview],
) -> None:
    planted, found = planted_and_found
    facts = ("over_level", "lowest_class_breach", "margin_close_out")
    expected = {client for fact in facts for client in planted[fact]["clients"]}
    others = found.call_list[
        found.call_list["call"].eq("today") & ~found.call_list["client_id"].isin(expected)
    ]
    limits = others["level"].map({level: own.var for level, own in SETTINGS.risk.limits.items()})
    assert others["client_id"].isin(with_rule(found, "var", "high")).all()
    assert (found.by_client.loc[others["client_id"], "var"].to_numpy() > 1.5 * limits.to_numpy()).all()
