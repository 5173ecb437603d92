"""Alerts that somebody answered for, and by when a margin client has to act: cases by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from clientlib.analysis.risk.acknowledged import quiet_alerts
from clientlib.analysis.risk.deadlines import margin_deadlines
from clientlib.config.risk import AlertRules, MarginDays

AS_OF = dt.date(2026, 6, 30)  # a Tuesday
RULES = AlertRules(release=0.95, look_back_days=30, quiet_days=90, worsened=0.1)


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-{text}")


def alert(**changed: Any) -> pd.DataFrame:
    """Value at risk 3 % against 2.5 %, a warning since 15 June."""
    row = {"client_id": "a", "rule": "var", "value": 0.03, "limit": 0.025, "severity": "warn"}
    return pd.DataFrame([row | {"since": day("06-15"), "since_open": False} | changed])


def noted(**changed: Any) -> dict[str, Any]:
    row = {"client_id": "a", "rule": "var", "acknowledged_on": dt.date(2026, 6, 20)}
    return row | {"severity": "warn", "value": 0.03, "reason": "called"} | changed


def is_quiet(alerts: pd.DataFrame, *rows: dict[str, Any]) -> bool:
    return bool(quiet_alerts(alerts, pd.DataFrame(list(rows)), AS_OF, RULES).iloc[0])


# ------------------------------------------------------------------ quiet
@pytest.mark.parametrize(
    ("changed", "acknowledged", "quiet"),
    [
        ({}, {}, True),
        # After the limit was kept for a while the alert is another one than that which was acknowledged.
        ({}, {"acknowledged_on": dt.date(2026, 6, 14)}, False),
        ({}, {"acknowledged_on": dt.date(2026, 6, 15)}, True),
        # It stands since before the days gone through: since when is not known, but it is the same one.
        ({"since_open": True}, {"acknowledged_on": dt.date(2026, 4, 1)}, True),
        ({"since_open": True}, {"acknowledged_on": dt.date(2026, 3, 31)}, False),  # 91 days ago
        ({}, {"acknowledged_on": dt.date(2026, 7, 1)}, False),  # not known on the day yet
        ({"severity": "high"}, {}, False),
        ({"severity": "watch"}, {}, True),
        # Further beyond by a tenth of the limit, 0.0025, and no more.
        ({"value": 0.0325}, {}, True),
        ({"value": 0.0326}, {}, False),
        ({"value": 0.0326}, {"value": None}, True),
        ({}, {"rule": "mismatch"}, False),
        ({}, {"client_id": "b"}, False),
        ({}, {"severity": None}, False),
    ],
)
def test_quiet_until_it_worsens(changed: Any, acknowledged: Any, quiet: bool) -> None:
    assert is_quiet(alert(**changed), noted(**acknowledged)) is quiet


@pytest.mark.parametrize(("ratio", "quiet"), [(1.21, True), (1.07, True), (1.06, False), (1.29, True)])
def test_a_margin_ratio_worsens_downwards(ratio: float, quiet: bool) -> None:
    owing = {"rule": "margin", "limit": 1.3, "severity": "high"}
    assert is_quiet(alert(**owing, value=ratio), noted(rule="margin", value=1.2, severity="high")) is quiet


@pytest.mark.parametrize(("share", "quiet"), [(0.33, True), (0.34, False)])
def test_where_the_limit_is_nought_it_may_worsen_by_a_tenth_of_what_was_acknowledged(
    share: float, quiet: bool
) -> None:
    lowest = alert(rule="lowest_class", limit=0.0, value=share, severity="high")
    assert is_quiet(lowest, noted(rule="lowest_class", value=0.3, severity="high")) is quiet


def test_an_assessment_that_ages_is_no_worse_for_it() -> None:
    expired = alert(rule="level_expired", limit=0.0, value=40.0, severity="watch")
    assert is_quiet(expired, noted(rule="level_expired", value=3.0, severity="watch"))


def test_the_newest_acknowledgement_counts_and_of_one_day_the_last() -> None:
    first = noted(severity="high", acknowledged_on=dt.date(2026, 6, 16))
    assert not is_quiet(alert(severity="high"), first, noted())
    assert is_quiet(alert(severity="high"), noted(), noted(severity="high"))


def test_without_acknowledgements_nothing_is_quiet() -> None:
    assert quiet_alerts(alert(), pd.DataFrame(), AS_OF, RULES).tolist() == [False]
    assert quiet_alerts(alert().iloc[:0], pd.DataFrame([noted()]), AS_OF, RULES).empty


# ------------------------------------------------------------------ by when to act
DAYS = MarginDays(watch=5, warn=2, close_out=1)
# Friday 19 June is a holiday: no security has a price.
TRADING = pd.bdate_range(end=AS_OF, periods=40).drop([day("06-19")])


def deadline(severity: str, since: str, as_of: dt.date = AS_OF) -> tuple[str, int]:
    owing = alert(rule="margin", severity=severity).assign(severity_since=day(since))
    known = TRADING[TRADING.isin(pd.bdate_range(end=as_of, periods=40))]
    row = margin_deadlines(owing, known, as_of, DAYS).loc["a"]
    return f"{row['act_by']:%m-%d}", int(row["days_to_act"].item())


@pytest.mark.parametrize(
    ("severity", "since", "act_by", "left"),
    [
        ("watch", "06-30", "07-07", 5),  # five weekdays on, over a weekend
        ("warn", "06-30", "07-02", 2),
        ("high", "06-30", "07-01", 1),
        ("high", "06-29", "06-30", 0),  # today
        ("high", "06-26", "06-29", -1),  # yesterday
        ("warn", "06-17", "06-22", -6),  # the 18th, and the 22nd: the 19th was none, then a weekend
    ],
)
def test_so_many_trading_days_after_the_first_under_the_line(
    severity: str, since: str, act_by: str, left: int
) -> None:
    assert deadline(severity, since) == (act_by, left)


def test_days_are_counted_from_the_last_trading_day_on_a_weekend() -> None:
    sunday = dt.date(2026, 6, 28)
    assert deadline("high", "06-28", sunday) == ("06-29", 1)


def test_other_alerts_have_no_deadline() -> None:
    assert margin_deadlines(alert(severity_since=day("06-15")), TRADING, AS_OF, DAYS).empty
