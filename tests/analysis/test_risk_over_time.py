"""The review over time: since when alerts stand, which are held, which are quiet, and by when to act."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from clientlib.analysis.risk import RiskReview, review_risk
from clientlib.config import load

AS_OF = dt.date(2026, 6, 30)
DAYS = pd.bdate_range(end=AS_OF, periods=60)
SETTINGS = load()  # C3: at most half in one security; ends under 0.95 of that; 30 days are looked at
NOTHING = pd.DataFrame()
NAMES = ["MUCH", *(f"REST{number}" for number in range(5))]
PRICES = pd.DataFrame(
    [(name, day, 1.0) for name in NAMES for day in DAYS], columns=["security_id", "date", "close"]
)
SECURITIES = pd.DataFrame(
    {"security_id": NAMES, "asset_class": "stock", "risk_level": "R1", "currency": "CNY"}
)
CLIENTS = pd.DataFrame(
    {"client_id": ["a"], "client_type": "individual", "investor_class": "ordinary", "status": "active"}
)
PREFERENCES = pd.DataFrame(
    {"client_id": ["a"], "assessed_on": [pd.Timestamp("2026-01-05")], "risk_level": ["C3"]}
)


def trades_of(path: Sequence[float]) -> pd.DataFrame:
    """Trades after which so much of MUCH is held at the end of each of the last days, beside 100 of others.

    They are made at half past seven in the morning in Shanghai: by UTC that is the day before.
    """
    rows = []
    for place, (before, after) in enumerate(itertools.pairwise(path)):
        moment = DAYS[len(DAYS) - len(path) + 1 + place] - pd.Timedelta(minutes=30)
        side = "buy" if after > before else "sell"
        if after != before:
            rows.append(("a", "MUCH", moment.tz_localize("UTC"), side, abs(after - before)))
    columns = ["client_id", "security_id", "traded_at", "side", "quantity"]
    made = pd.DataFrame(rows, columns=columns)
    return made.assign(amount=made["quantity"], currency="CNY")


def review(path: Sequence[float], **changed: Any) -> RiskReview:
    held = pd.DataFrame({"client_id": "a", "security_id": NAMES, "quantity": [path[-1], *[20.0] * 5]})
    frames = {"balances": NOTHING, "trades": trades_of(path)} | changed
    balances, trades = frames.pop("balances"), frames.pop("trades")
    return review_risk(
        held.assign(currency="CNY"),
        PRICES,
        SECURITIES,
        CLIENTS,
        PREFERENCES,
        balances,
        AS_OF,
        SETTINGS,
        trades=trades,
        **frames,
    )


def concentration(path: Sequence[float], **changed: Any) -> pd.Series | None:
    alerts = review(path, **changed).alerts
    own = alerts[alerts["rule"].eq("concentration")]
    return own.iloc[0] if len(own) else None


# ------------------------------------------------------------------ since when
@pytest.mark.parametrize(
    ("path", "since", "held"),
    [
        # 120 of 220 is more than half; 96 of 196 is less, but not under 0.95 of half.
        ([80, 120], DAYS[-1], False),
        ([80, 120, 120], DAYS[-2], False),
        ([80, 120, 96], DAYS[-2], True),
        ([80, 120, 96, 120, 96, 96], DAYS[-5], True),
        # 80 of 180 is over; what comes after begins anew.
        ([120, 80, 120], DAYS[-1], False),
    ],
)
def test_a_client_who_goes_in_and_out_of_the_limit_stays_in(
    path: list[float], since: pd.Timestamp, held: bool
) -> None:
    found = concentration(path)
    assert found is not None
    assert (found["since"], found["since_open"], found["held"]) == (since, False, held)


@pytest.mark.parametrize("path", [[80, 96], [120, 80, 96], [120, 80]])
def test_what_was_never_beyond_the_limit_or_was_over_is_no_alert(path: list[float]) -> None:
    assert concentration(path) is None


def test_a_held_alert_keeps_its_severity() -> None:
    # 400 of 500 is beyond one and a half times the limit; 250 of 350 (0.714) is not, but beyond 0.95 of that.
    found = concentration([80, 400, 250])
    assert found is not None
    assert (found["severity"], found["held"], found["value"]) == ("warn", True, 250 / 350)


def test_what_stands_all_the_days_gone_through_may_be_older() -> None:
    found = concentration([120] * 40)
    assert found is not None
    assert (found["since"], found["since_open"]) == (DAYS[-31], True)


def test_what_is_only_held_ends_once_the_day_that_raised_it_is_out_of_reach() -> None:
    # 96 of 196 raises nothing, and is not clearly back either: thirty days are gone through.
    held = concentration([80, 120, *[96] * 29])
    assert held is not None
    assert (held["since"], held["held"]) == (DAYS[-30], True)
    last = concentration([80, 120, *[96] * 30])
    assert last is not None
    assert (last["since"], last["since_open"]) == (DAYS[-31], True)
    assert concentration([80, 120, *[96] * 31]) is None


def test_without_trades_the_holdings_are_taken_as_they_are() -> None:
    found = concentration([80, 120], trades=None)
    assert found is not None
    assert found["since_open"]


def test_a_client_without_an_alert_in_reach_makes_no_difference() -> None:
    assert review([80, 80]).alerts.empty


def test_the_same_records_tell_the_same_again() -> None:
    first, again = (review([80, 120, 96]).alerts for _ in range(2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)


# ------------------------------------------------------------------ margin
def balances_of(*loans: tuple[int, float]) -> pd.DataFrame:
    """Loans from so many days ago; 200 of securities stand against them."""
    return pd.DataFrame(
        [("a", DAYS[-1 - ago], 0.0, loan, 0.0, 0.0, "CNY") for ago, loan in loans],
        columns=["client_id", "as_of", "cash", "margin_loan", "short_value", "accrued_interest", "currency"],
    )


@pytest.mark.parametrize(
    ("loans", "line", "since", "act_by", "days_to_act"),
    [
        # 200 over 145 is 1.38, under the warning line: two days.
        ([(20, 50.0), (3, 145.0)], "warn", DAYS[-4], DAYS[-2], -1),
        ([(20, 50.0), (0, 145.0)], "warn", DAYS[-1], pd.Timestamp("2026-07-02"), 2),
        # 1.54 is above the watch line, but not above 1.5 / 0.95: five days since it was passed, held or not.
        ([(20, 50.0), (3, 134.0), (1, 130.0)], "above", DAYS[-4], pd.Timestamp("2026-07-02"), 2),
        # Under the close-out line since two days ago, under the watch line before that: one day counts.
        ([(20, 134.0), (2, 160.0)], "close_out", DAYS[-3], DAYS[-2], -1),
    ],
)
def test_how_long_a_margin_client_has(
    loans: list[tuple[int, float]], line: str, since: pd.Timestamp, act_by: pd.Timestamp, days_to_act: int
) -> None:
    found = review([100] * 2, balances=balances_of(*loans))
    row = found.margin.loc["a"]
    assert (row["line"], row["since"], row["act_by"]) == (line, since, act_by)
    assert row["days_to_act"] == days_to_act
    assert found.alerts.set_index("rule").loc["margin", "act_by"] == act_by


def test_who_is_above_all_lines_has_no_deadline() -> None:
    row = review([100] * 2, balances=balances_of((5, 50.0))).margin.loc["a"]
    assert row[["since", "act_by", "days_to_act"]].isna().all()


# ------------------------------------------------------------------ acknowledged
def test_an_acknowledged_alert_stays_in_the_alerts_and_leaves_the_call_list() -> None:
    path = [80, 400, 400]
    assert review(path).call_list["client_id"].tolist() == ["a"]
    said = pd.DataFrame(
        [("a", "concentration", AS_OF, "warn", 0.8)],
        columns=["client_id", "rule", "acknowledged_on", "severity", "value"],
    )
    found = review(path, acknowledgements=said)
    assert found.call_list.empty
    assert found.alerts[["rule", "quiet"]].to_numpy().tolist() == [["concentration", True]]
