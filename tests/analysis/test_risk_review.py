"""The review as a whole, on a small book whose answers can be worked out."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk import RiskReview, portfolio_risk, review_risk
from clientlib.config import Settings, load

AS_OF = dt.date(2026, 6, 30)
SETTINGS = load()
SECURITIES = pd.DataFrame(
    {
        "security_id": ["CASHLIKE", "BOND", "SHARE", "OPTION", "DOLLAR", "HALTED"],
        "asset_class": ["money_market", "bond", "stock", "derivative", "stock", "stock"],
        "risk_level": ["R1", "R2", "R3", "R5", "R3", "R3"],
        "currency": ["CNY", "CNY", "CNY", "CNY", "USD", "CNY"],
        "issuer": ["Bank", "State", "Maker", "Maker", "Abroad", "Maker"],
    }
)
CLIENTS = pd.DataFrame(
    {
        "client_id": ["calm", "above", "pro", "expired", "debtor", "empty"],
        "client_type": "individual",
        "investor_class": ["ordinary", "ordinary", "professional", "ordinary", "ordinary", "ordinary"],
        "branch": ["North", "South", "South", None, "North", "North"],
        "advisor": ["1", "2", "2", "2", "1", "1"],
        "status": "active",
    }
)
PREFERENCES = pd.DataFrame(
    {
        "client_id": ["calm", "above", "expired", "debtor", "empty"],
        "assessed_on": pd.to_datetime(["2026-01-01", "2026-01-01", "2021-01-01", "2026-01-01", "2026-01-01"]),
        "risk_level": ["C3", "C2", "C1", "C5", "C4"],
        "questionnaire_score": [45.0, 30.0, 10.0, 90.0, 60.0],
        "level_source": ["assessed", "assessed", "assessed", "predicted", "assessed"],
    }
)
POSITIONS = pd.DataFrame(
    [
        ("calm", "CASHLIKE", 600.0),
        ("calm", "BOND", 3.0),
        ("calm", "SHARE", 10.0),
        ("above", "BOND", 5.0),
        ("above", "OPTION", 100.0),
        ("above", "HALTED", 4.0),
        ("pro", "OPTION", 100.0),
        ("pro", "DOLLAR", 7.0),
        ("expired", "SHARE", 20.0),
        ("debtor", "SHARE", 100.0),
    ],
    columns=["client_id", "security_id", "quantity"],
)
BALANCES = pd.DataFrame(
    {
        "client_id": ["debtor", "calm"],
        "as_of": pd.to_datetime(["2026-06-29", "2026-06-29"]),
        "cash": [0.0, 50.0],
        "margin_loan": [800.0, 0.0],
        "short_value": [0.0, 0.0],
        "accrued_interest": [0.0, 0.0],
        "currency": ["CNY", "CNY"],
    }
)
NOTHING = pd.DataFrame()


def make_prices() -> pd.DataFrame:
    """600 days that end at round prices: 1, 100, 10, 5, 50, 20; HALTED has none for the last 30 days."""
    rng = np.random.default_rng(7)
    days = pd.bdate_range(end=AS_OF, periods=600)
    moves = {"CASHLIKE": 1e-5, "BOND": 0.002, "SHARE": 0.012, "OPTION": 0.05, "DOLLAR": 0.01, "HALTED": 0.01}
    last = {"CASHLIKE": 1.0, "BOND": 100.0, "SHARE": 10.0, "OPTION": 5.0, "DOLLAR": 50.0, "HALTED": 20.0}
    parts = []
    for name, move in moves.items():
        path = np.exp(np.cumsum(rng.normal(0, move, len(days))))
        parts.append(pd.DataFrame({"security_id": name, "date": days, "close": path / path[-1] * last[name]}))
    prices = pd.concat(parts, ignore_index=True)
    return prices[~(prices["security_id"].eq("HALTED") & (prices["date"] > days[-31]))]


PRICES = make_prices()


def review(**changed: Any) -> RiskReview:
    frames = {
        "positions": POSITIONS,
        "prices": PRICES,
        "securities": SECURITIES,
        "clients": CLIENTS,
        "preferences": PREFERENCES,
        "balances": BALANCES,
    }
    return review_risk(**{**frames, "as_of": AS_OF, "settings": SETTINGS, **changed})


@pytest.fixture(scope="module")
def found() -> RiskReview:
    return review()


# ------------------------------------------------------------------ what a manager asks
def test_who_is_called_and_why(found: RiskReview) -> None:
    # debtor: 1,000 of shares over 800 of debt is 1.25, under the close-out line. above: 500 of 1,000.
    calls = found.call_list[found.call_list["call"] == "today"].set_index("client_id")
    assert calls["rule"].to_dict() == {"debtor": "margin", "above": "mismatch"}
    assert calls.loc[["debtor"], ["value", "limit", "cash_to_watch"]].to_numpy().tolist() == [
        [1.25, 1.3, 200]
    ]


def test_a_call_holds_the_numbers_of_its_sentence(found: RiskReview) -> None:
    row = found.call_list.set_index("client_id").loc["above"]
    assert (row["share_above"], row["top_security"], row["top_product_level"]) == (0.5, "OPTION", "R5")
    assert (row["value"], row["limit"], row["branch"], row["level"]) == (0.5, 0.05, "South", "C2")
    assert row["value_to_sell"] == pytest.approx((500 - 0.05 * 1_000) / 0.95)


def test_every_high_alert_can_be_recomputed(found: RiskReview) -> None:
    high = found.alerts[found.alerts["severity"] == "high"]
    assert high[["client_id", "rule"]].to_numpy().tolist() == [
        ["debtor", "margin"],
        ["above", "mismatch"],
        ["above", "var"],
    ]
    steps, limits = SETTINGS.risk.severity, SETTINGS.risk.limits["C2"]
    row = found.by_client.loc["above"]
    assert row["share_above"] > (steps["mismatch"].high or 0) * limits.mismatch
    assert row["var"] > (steps["var"].high or 0) * limits.var
    assert found.by_client.loc["debtor"]["ratio"] < SETTINGS.risk.margin_lines.close_out


def test_every_client_has_a_row(found: RiskReview) -> None:
    assert set(found.by_client.index) == set(CLIENTS["client_id"])
    assert found.by_client.loc["empty", "n_positions"] == 0


def test_a_holder_who_is_no_client_is_not_lost() -> None:
    stray = pd.DataFrame([("stray", "SHARE", 1.0)], columns=POSITIONS.columns)
    found = review(positions=pd.concat([POSITIONS, stray]))
    assert found.by_client.loc["stray", "standing"] == "none"


def test_measures_are_those_of_portfolio_risk(found: RiskReview) -> None:
    held = POSITIONS[POSITIONS["security_id"] != "DOLLAR"]
    alone = portfolio_risk(held, PRICES, AS_OF)
    measured = ["volatility", "var", "cvar", "max_drawdown", "beta", "hhi", "market_value"]
    pd.testing.assert_frame_equal(found.by_client.loc[alone.index, measured], alone[measured])


def test_concentration_by_class_and_issuer(found: RiskReview) -> None:
    # calm: 600 of the bank, 300 of the state, 100 of the maker.
    row = found.by_client.loc["calm"]
    assert (row["largest_issuer"], row["largest_issuer_weight"]) == ("Bank", 0.6)
    assert row["hhi_issuer"] == pytest.approx(0.36 + 0.09 + 0.01)
    assert row["largest_asset_class"] == "money_market"


def test_the_loss_a_client_can_bear_is_held_against_the_scenarios() -> None:
    # calm: 600 of money market, 300 of bonds, 100 of shares: shares fall by a third, 3.3 % of all.
    stated = PREFERENCES.assign(max_loss=[0.03, 0.5, 0.5, np.nan, 0.5])
    row = review(preferences=stated).by_client.loc["calm"]
    assert (row["max_loss"], row["fall_to_max_loss"]) == (0.03, pytest.approx(0.03))
    assert "equity_fall" in row["breaks_in"].split(";")


def test_what_a_client_can_sell_in_time_follows_from_the_volumes() -> None:
    # debtor: 100 shares, of which 2 a day can be sold (a fifth of 10): a tenth in five days.
    found = review(prices=PRICES.assign(volume=10.0)).by_client
    assert (found["sellable_share"]["debtor"], found["days_to_sell"]["debtor"]) == (0.1, 50)
    # Without volumes by its class: shares are sold in a day.
    assert review().by_client["days_to_sell"]["debtor"] == 1


def test_a_security_that_many_hold_much_of_is_named() -> None:
    few = SETTINGS.risk.crowding.model_copy(update={"clients": 2})
    rules = SETTINGS.risk.model_copy(update={"crowding": few})
    found = review(settings=SETTINGS.model_copy(update={"risk": rules})).crowded
    assert found[["security_id", "n_clients", "n_holders", "value"]].to_numpy().tolist() == [
        ["SHARE", 2, 3, pytest.approx(1_300)],
        ["OPTION", 2, 2, pytest.approx(1_000)],
        ["BOND", 2, 2, pytest.approx(800)],
    ]


def test_a_scenario_that_cannot_be_played_says_why(found: RiskReview) -> None:
    assert found.scenarios["reason"].tolist() == ["", "", ""]
    few = PRICES[PRICES["date"] > "2026-06-20"]
    assert review(prices=few).scenarios.loc["worst_month", "reason"] == "too_short"


# ------------------------------------------------------------------ what cannot be priced
def test_what_could_not_be_priced_is_listed_with_its_reason(found: RiskReview) -> None:
    listed = found.unpriced.set_index("security_id")
    assert listed["reason"].to_dict() == {"HALTED": "stale_price", "DOLLAR": "other_currency"}
    assert listed.loc["HALTED", "price_date"] == pd.bdate_range(end=AS_OF, periods=31)[0]


def test_a_rate_in_the_settings_brings_in_what_is_held_abroad() -> None:
    # 100 options at 5 and 7 shares at 50 dollars of 7 yuan each: 500 + 2,450.
    days = pd.bdate_range(end=AS_OF, periods=600)
    rate = pd.DataFrame({"security_id": "USDCNY", "date": days, "close": 7.0})
    risk = SETTINGS.risk.model_copy(update={"exchange_rates": {"USD": "USDCNY"}})
    settings = SETTINGS.model_copy(update={"risk": risk})
    found = review(prices=pd.concat([PRICES, rate], ignore_index=True), settings=settings)
    assert found.by_client.loc["pro", "gross_value"] == pytest.approx(2950)
    assert found.unpriced["security_id"].tolist() == ["HALTED"]


def test_priced_and_unpriced_are_all_positions(found: RiskReview) -> None:
    priced = found.matches["market_value"].notna().sum()
    assert priced + len(found.unpriced) == len(POSITIONS)


def test_a_book_all_in_another_currency_is_reviewed_in_that_one() -> None:
    found = review(securities=SECURITIES.assign(currency="EUR"), balances=BALANCES.assign(currency="EUR"))
    assert found.currency == "EUR"
    assert found.unpriced["reason"].tolist() == ["stale_price"]
    assert found.margin["ratio"].tolist() == [1.25]


def test_the_currency_of_the_trades_counts_where_the_reference_has_none() -> None:
    unknown = SECURITIES[SECURITIES["security_id"] != "OPTION"]
    currency = np.where(POSITIONS["security_id"].eq("OPTION"), "USD", "CNY")
    found = review(securities=unknown, positions=POSITIONS.assign(currency=currency))
    options = found.unpriced[found.unpriced["security_id"] == "OPTION"]
    assert options["reason"].tolist() == ["other_currency"] * 2


def test_bad_closes_are_in_the_result() -> None:
    bad = PRICES.iloc[[5]].assign(close=-1.0, date=pd.Timestamp("2026-06-28"))
    assert review(prices=pd.concat([PRICES, bad])).price_problems["problem"].tolist() == ["not_positive"]


# ------------------------------------------------------------------ groups
def test_branches_advisors_and_levels_each_add_up_to_the_firm(found: RiskReview) -> None:
    sums = found.summary.groupby("grouping")[["n_clients", "n_high", "n_call_today", "market_value"]].sum()
    for grouping in ("branch", "advisor", "standing"):
        np.testing.assert_allclose(sums.loc[[grouping]], sums.loc[["firm"]])


def test_the_firms_row(found: RiskReview) -> None:
    firm = found.summary[found.summary["grouping"] == "firm"].iloc[0]
    assert (firm["group"], firm["n_clients"], firm["n_holding"]) == ("all", 6, 5)
    assert (firm["n_call_today"], firm["n_mismatch"], firm["n_margin"]) == (2, 1, 1)
    assert (firm["n_no_level"], firm["n_predicted"], firm["n_unpriced"]) == (1, 1, 2)
    # Judged: calm 1,000, above 1,000, pro 500, debtor 1,000; 500 of it is above a level.
    assert firm["share_above"] == pytest.approx(500 / 3_500)


def test_a_client_without_a_branch_is_a_group_of_its_own(found: RiskReview) -> None:
    branches = found.summary[found.summary["grouping"] == "branch"].set_index("group")["n_clients"]
    assert branches.to_dict() == {"": 1, "North": 3, "South": 2}


def test_the_backtest_is_told_for_the_firm_and_each_standing(found: RiskReview) -> None:
    assert found.backtest.loc["firm", "n_days"] == 250
    assert found.backtest.loc["professional", "n_days"] == 250
    assert found.backtest.loc["C4", "n_days"] == 0


def test_stress_by_hand(found: RiskReview) -> None:
    # Shares −33 %: calm 100, expired 200, debtor 1,000; options −60 %: above 500, pro 500.
    firm = found.stress.set_index("scenario").loc["equity_fall"]
    assert firm["loss"] == pytest.approx(0.33 * 1_300 + 0.6 * 1_000)
    assert (firm["worst_client"], firm["n_close_out_before"]) == ("pro", 1)
    assert found.by_client.loc["calm", "worst_scenario"] == "equity_fall"


# ------------------------------------------------------------------ what a book may lack
@pytest.mark.parametrize(
    ("missing", "reasons"),
    [
        ("positions", {"market_risk": "no_positions", "suitability": "no_positions"}),
        ("prices", {"market_risk": "no_prices", "suitability": "", "stress": "no_prices"}),
        ("securities", {"market_risk": "", "suitability": "no_securities", "stress": "no_securities"}),
        ("preferences", {"suitability": "no_assessments", "market_risk": ""}),
        ("balances", {"margin": "no_balances", "suitability": ""}),
        ("clients", {"suitability": "", "market_risk": ""}),
    ],
)
def test_a_missing_area_is_a_reason_and_not_a_failure(missing: str, reasons: dict[str, str]) -> None:
    available = review(**{missing: NOTHING}).available
    assert available["reason"].reindex(list(reasons)).to_dict() == reasons
    assert available["available"].equals(available["reason"].eq(""))


def test_prices_that_ended_are_told() -> None:
    assert review(as_of=dt.date(2026, 12, 31)).available.loc["market_risk", "reason"] == "prices_stale"


def test_an_empty_book_has_every_frame_with_its_columns(found: RiskReview) -> None:
    names = ("positions", "prices", "securities", "clients", "preferences", "balances")
    empty = review(**dict.fromkeys(names, NOTHING))
    for part in fields(RiskReview):
        full, none = getattr(found, part.name), getattr(empty, part.name)
        if isinstance(full, pd.DataFrame):
            assert list(none.columns) == list(full.columns), part.name
    assert empty.summary["n_clients"].tolist() == [0]


def test_professionals_are_checked_when_finances_are_given() -> None:
    finances = pd.DataFrame(
        {
            "client_id": ["pro"],
            "as_of": [dt.date(2026, 1, 1)],
            "annual_income": [1.0],
            "financial_assets": [1.0],
            "currency": ["CNY"],
        }
    )
    assert review().professional.empty
    assert review(finances=finances).professional.loc["pro", "verdict"] == "not_shown"


def test_the_frames_that_came_in_are_left_as_they_were() -> None:
    before = [frame.copy() for frame in (POSITIONS, PRICES, SECURITIES, CLIENTS, PREFERENCES, BALANCES)]
    review()
    for old, new in zip(before, (POSITIONS, PRICES, SECURITIES, CLIENTS, PREFERENCES, BALANCES), strict=True):
        pd.testing.assert_frame_equal(old, new)


def test_a_firms_own_limits_count() -> None:
    loose = SETTINGS.risk.limits["C2"].model_copy(update={"mismatch": 0.6, "var": 1.0, "largest_weight": 1.0})
    risk = SETTINGS.risk.model_copy(update={"limits": {**SETTINGS.risk.limits, "C2": loose}})
    settings: Settings = SETTINGS.model_copy(update={"risk": risk})
    assert "above" not in set(review(settings=settings).call_list["client_id"])
