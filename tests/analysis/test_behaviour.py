"""Level against behaviour, a hand-worked case a rule; what the book does not tell is missing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from clientlib.analysis.behaviour import review_behaviour
from clientlib.analysis.suitability import client_levels
from clientlib.config import load

AS_OF = dt.date(2026, 6, 30)
SETTINGS = load()
SECURITIES = pd.DataFrame({"security_id": ["R1", "R3", "R4", "R5", "UNRATED"], "risk_level": [*"1345", None]})
SECURITIES["risk_level"] = ("R" + SECURITIES["risk_level"]).where(SECURITIES["risk_level"].notna())


def assessed(day: str = "2025-06-01", level: str | None = "C3", score: float = 40.0, **more: Any) -> Any:
    row = {"client_id": "a", "assessed_on": pd.Timestamp(day), "risk_level": level}
    return {**row, "questionnaire_score": score, **more}


def buys(*bought: tuple[str, str, float], **fields: Any) -> pd.DataFrame:
    """Purchases of client a: instant in the firm's time, security, amount."""
    frame = pd.DataFrame(list(bought), columns=["traded_at", "security_id", "amount"])
    instants = (
        pd.to_datetime(frame["traded_at"], format="ISO8601")
        .dt.tz_localize("Asia/Shanghai")
        .dt.tz_convert("UTC")
    )
    own = {"client_id": "a", "side": "buy", "currency": "CNY"}
    return frame.assign(traded_at=instants, **{**own, **fields})


def statement(day: str, total: float | None, debts: float | None, **fields: Any) -> dict[str, Any]:
    net = None if total is None or debts is None else total - debts
    own = {"total_assets": total, "liabilities": debts, "net_assets": net}
    row = {"client_id": "a", "as_of": pd.Timestamp(day), **own}
    return {**row, "currency": "CNY", "credit_default": None, **fields}


def behaviour(
    *assessments: dict[str, Any],
    trades: pd.DataFrame | None = None,
    finances: list[dict[str, Any]] | None = None,
    investor_class: str = "ordinary",
) -> Any:
    """The row of client a."""
    clients = pd.DataFrame({"client_id": ["a", "b"], "investor_class": [investor_class, "ordinary"]})
    preferences = pd.DataFrame(list(assessments or [assessed()]))
    levels = client_levels(preferences, clients, AS_OF, SETTINGS.suitability)
    stated = None if finances is None else pd.DataFrame(finances)
    found = review_behaviour(
        levels, trades, stated, preferences, clients, SECURITIES, AS_OF, SETTINGS, currency="CNY"
    )
    assert found.index.tolist() == ["a", "b"]
    return found.loc["a"]


THREE_ABOVE = [(f"2026-0{month}-10 10:00", "R4", 100.0) for month in (1, 2, 3)]


# ------------------------------------------------------------------ what was bought
@pytest.mark.parametrize(
    ("within", "share", "above"),
    [
        (1200.0, 0.2, True),  # 300 of 1,500: the share at which it counts
        (1200.01, 300 / 1500.01, False),
        (0.01, 300 / 300.01, True),
    ],
)
def test_buying_above_the_level_counts_from_the_settings_share_on(
    within: float, share: float, above: bool
) -> None:
    row = behaviour(trades=buys(*THREE_ABOVE, ("2026-04-10", "R3", within)))
    assert (row["buys_above_share"], row["trades_above"]) == (pytest.approx(share), above)
    assert (row["n_buys"], row["n_buys_above"], row["n_buys_unjudged"]) == (4, 3, 0)


def test_two_purchases_above_the_level_are_no_habit() -> None:
    row = behaviour(trades=buys(*THREE_ABOVE[:2], ("2026-04-10", "R1", 1.0)))
    assert row["buys_above_share"] > 0.9
    assert row["trades_above"] == False  # noqa: E712 - missing would not do


def test_a_sale_above_the_level_is_no_purchase() -> None:
    assert behaviour(trades=buys(*THREE_ABOVE, side="sell"))["n_buys"] == 0


@pytest.mark.parametrize(
    ("instant", "n"),
    [
        ("2025-06-30 23:59", 0),  # twelve months end where they began
        ("2025-07-01 00:00", 1),
        ("2026-06-30 23:59", 1),
        ("2026-07-01 00:00", 0),
    ],
)
def test_purchases_of_the_last_months_count_by_the_firms_days(instant: str, n: int) -> None:
    assert behaviour(trades=buys((instant, "R4", 1.0)))["n_buys"] == n


def test_each_purchase_is_held_against_the_level_of_its_own_day() -> None:
    lower = assessed("2024-08-01", "C3"), assessed("2026-02-10", "C5")
    row = behaviour(*lower, trades=buys(*THREE_ABOVE))
    # January's purchase came before the new level, February's on its day, March's after it.
    assert (row["n_buys_above"], row["buys_above_share"]) == (1, pytest.approx(1 / 3))


def test_a_purchase_while_no_level_counted_cannot_be_judged() -> None:
    # The first assessment runs out on 31 January 2026, the second comes on 1 March.
    row = behaviour(assessed("2024-01-31"), assessed("2026-03-01"), trades=buys(*THREE_ABOVE))
    assert (row["n_buys_above"], row["n_buys_unjudged"]) == (2, 1)
    assert pd.isna(row["trades_above"])


@pytest.mark.parametrize("n_unjudged", [1, 3])
def test_unjudged_purchases_that_could_change_nothing_leave_a_no(n_unjudged: int) -> None:
    # One is too few; three of 10 each are too little beside 1,000.
    unjudged = [("2026-04-11", "UNRATED", 10.0)] * n_unjudged
    row = behaviour(trades=buys(("2026-04-10", "R3", 1000.0), *unjudged))
    assert (row["n_buys_unjudged"], row["trades_above"]) == (n_unjudged, False)


def test_a_purchase_in_another_currency_is_not_added_up() -> None:
    dollars = buys(("2026-04-10", "R5", 9e9), currency="USD")
    row = behaviour(trades=pd.concat([buys(*THREE_ABOVE), dollars], ignore_index=True))
    assert (row["buys_above_share"], row["n_buys_unjudged"]) == (1.0, 1)


def test_a_professional_has_no_level_to_buy_above() -> None:
    row = behaviour(trades=buys(*THREE_ABOVE), investor_class="professional")
    assert (row["n_buys_above"], row["trades_above"]) == (0, False)


def test_who_bought_nothing_did_not_buy_above() -> None:
    row = behaviour(trades=buys(*THREE_ABOVE, client_id="b"))
    assert (row["n_buys"], row["trades_above"]) == (0, False)
    assert pd.isna(row["buys_above_share"])


def test_without_trades_nothing_is_said_of_them() -> None:
    row = behaviour()
    assert row[["n_buys", "n_buys_above", "buys_above_share", "trades_above"]].isna().all()


# ------------------------------------------------------------------ what is owned and owed
def finances_of(*rows: dict[str, Any], **fields: Any) -> Any:
    return behaviour(assessed("2025-06-01"), finances=list(rows), **fields)


@pytest.mark.parametrize(("now", "weaker"), [(50.0, True), (50.01, False), (200.0, False)])
def test_net_assets_that_fell_by_half_since_the_assessment(now: float, weaker: bool) -> None:
    row = finances_of(statement("2025-06-01", 100.0, 0.0), statement("2026-01-01", now, 0.0))
    assert (row["net_assets_change"], row["finances_weaker"]) == (pytest.approx(now / 100 - 1), weaker)
    assert row["finances_reason"] == ("net_assets_fell" if weaker else "")


def test_the_statement_that_stood_at_the_assessment_is_the_newest_up_to_that_day() -> None:
    days = ("2024-06-01", "2025-05-31", "2025-06-02", "2026-06-30", "2026-07-01")
    row = finances_of(*(statement(day, 100.0 * n, 0.0) for n, day in enumerate(days, start=1)))
    assert (row["net_assets_then"], row["net_assets_now"]) == (200.0, 400.0)
    assert (row["statement_then"], row["statement_now"]) == (
        pd.Timestamp("2025-05-31"),
        pd.Timestamp("2026-06-30"),
    )


@pytest.mark.parametrize(("debts", "weaker"), [(80.0, True), (79.99, False)])
def test_debts_of_four_fifths_of_all_assets(debts: float, weaker: bool) -> None:
    row = finances_of(statement("2025-05-01", 100.0, debts))
    assert (row["debt_share"], row["finances_weaker"]) == (pytest.approx(debts / 100), weaker)
    assert row["finances_reason"] == ("debt" if weaker else "")


@pytest.mark.parametrize(
    ("total", "debts", "reason"),
    [
        (100.0, 100.0, "no_net_assets;debt"),
        (0.0, 5.0, "no_net_assets;debt"),
        (0.0, 0.0, "no_net_assets"),
    ],
)
def test_net_assets_that_are_not_positive(total: float, debts: float, reason: str) -> None:
    row = finances_of(statement("2025-05-01", total, debts))
    assert (row["finances_reason"], row["finances_weaker"]) == (reason, True)


@pytest.mark.parametrize(("known", "weaker"), [(True, True), (False, False), (None, False)])
def test_a_known_credit_default(known: bool | None, weaker: bool) -> None:
    row = finances_of(statement("2025-05-01", 100.0, 0.0, credit_default=known))
    assert row["finances_weaker"] == weaker
    assert row["finances_reason"] == ("credit_default" if weaker else "")


@pytest.mark.parametrize("missing", ["total_assets", "liabilities", "net_assets"])
def test_of_assets_debts_and_what_is_left_two_give_the_third(missing: str) -> None:
    row = finances_of(statement("2025-05-01", 100.0, 90.0, **{missing: None}))
    assert (row["debt_share"], row["net_assets_now"]) == (0.9, 10.0)


def test_statements_in_two_currencies_are_not_compared() -> None:
    row = finances_of(statement("2025-05-01", 100.0, 0.0), statement("2026-05-01", 10.0, 0.0, currency="USD"))
    assert pd.isna(row["net_assets_change"])
    assert pd.isna(row["finances_weaker"])


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [statement("2025-05-01", None, None)],  # stated, but not how much
        [statement("2025-06-02", 100.0, 0.0)],  # nothing stood at the assessment
    ],
)
def test_finances_that_cannot_be_told_are_missing(rows: list[dict[str, Any]]) -> None:
    row = behaviour(finances=rows) if rows else behaviour()
    assert pd.isna(row["finances_weaker"])
    assert row["finances_reason"] == ""


def test_what_is_known_is_told_although_something_else_is_not() -> None:
    row = finances_of(statement("2025-06-02", 100.0, 90.0))
    assert (row["finances_reason"], row["finances_weaker"]) == ("debt", True)


def test_from_no_net_assets_there_is_no_share_to_fall_by() -> None:
    row = finances_of(statement("2025-05-01", 100.0, 120.0), statement("2026-05-01", 100.0, 10.0))
    assert pd.isna(row["net_assets_change"])
    assert row["finances_weaker"] == False  # noqa: E712


# ------------------------------------------------------------------ what the score says
@pytest.mark.parametrize(
    ("level", "score", "lower"),
    [
        ("C3", 36.0, True),
        ("C3", 37.0, False),
        ("C3", 99.0, False),  # a level below the score's is caution
        ("C5", 82.0, True),
        ("C2", 19.0, True),
        ("C1", 1.0, False),
        ("C3", None, None),
    ],
)
def test_a_score_below_the_level(level: str, score: float | None, lower: bool | None) -> None:
    found = behaviour(assessed(level=level, score=score))["score_lower"]  # type: ignore[arg-type]
    assert pd.isna(found) if lower is None else found == lower


@pytest.mark.parametrize(("lowest", "lower"), [(False, True), (None, False), (True, False)])
def test_a_score_of_nothing_is_the_lowest_class(lowest: bool | None, lower: bool) -> None:
    assert behaviour(assessed(level="C1", score=0.0, lowest_class=lowest))["score_lower"] == lower


# ------------------------------------------------------------------ of whom it is asked
@pytest.mark.parametrize(
    ("assessment", "investor_class"),
    [
        (assessed(score=1.0), "professional"),
        (assessed("2020-01-01", score=1.0), "ordinary"),
        (assessed(level=None, score=1.0), "ordinary"),
    ],
)
def test_without_a_level_that_counts_finances_and_score_are_not_held_against_it(
    assessment: dict[str, Any], investor_class: str
) -> None:
    rows = [statement("2019-05-01", 100.0, 100.0)]
    row = behaviour(assessment, finances=rows, investor_class=investor_class)
    assert row[["finances_weaker", "score_lower"]].isna().all()
    assert row["reasons"] == ""


def test_the_reasons_name_the_alerts() -> None:
    rows = [statement("2025-05-01", 100.0, 100.0)]
    row = behaviour(assessed(score=36.0), trades=buys(*THREE_ABOVE), finances=rows)
    assert row["reasons"] == "buys_above;finances;score"


def test_an_empty_book_has_no_behaviour() -> None:
    nothing = pd.DataFrame()
    levels = client_levels(nothing, nothing, AS_OF, SETTINGS.suitability)
    found = review_behaviour(
        levels, nothing, nothing, nothing, nothing, nothing, AS_OF, SETTINGS, currency="CNY"
    )
    assert found.empty
    assert list(found.columns) == list(behaviour().index)
