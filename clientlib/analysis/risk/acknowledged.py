"""Alerts that somebody has looked at and answered for: they stay quiet until they worsen or come back."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from clientlib.analysis.risk.gauges import LIMIT_RULES, SEVERITIES
from clientlib.config.risk import AlertRules

_COLUMNS = ["client_id", "rule", "acknowledged_on", "severity", "value"]


def quiet_alerts(
    alerts: pd.DataFrame, acknowledgements: pd.DataFrame, as_of: dt.date, rules: AlertRules
) -> pd.Series:
    """Whether each alert is quiet.

    Parameters
    ----------
    alerts : DataFrame
        From `find_alerts`.
    acknowledgements : DataFrame
        client_id, rule, acknowledged_on, severity, value (the measure then; may be missing). Of a client and
        rule the newest up to `as_of` counts, of one day the last.
    as_of : date
        The day asked about.
    rules : AlertRules
        For how long an acknowledgement holds, and how much worse it lets an alert become.

    Returns
    -------
    Series of bool, in step with `alerts`

    Notes
    -----
    Quiet is an alert that was acknowledged on or after the day since which it stands (or on any day, where it
    stands since before the days gone through), at most `quiet_days` ago, and is not worse since: not graver,
    and, for rules with limits, not further beyond its limit by more than `worsened` times the limit; where
    that is nought, times the value acknowledged.
    """
    newest = _newest(acknowledgements, as_of)
    found = alerts[["client_id", "rule"]].merge(newest, on=["client_id", "rule"], how="left")
    found.index = alerts.index
    day = found["acknowledged_on"]
    known = (pd.Timestamp(as_of) - day).dt.days <= rules.quiet_days
    same = alerts["since_open"] | alerts["since"].isna() | (day >= alerts["since"])
    grades = {name: grade for grade, name in enumerate(SEVERITIES)}
    graver = alerts["severity"].map(grades) > found["severity"].map(grades).fillna(-1)
    quiet: pd.Series = known & same & ~graver & ~_further(alerts, found["value"], rules.worsened)
    return quiet


def _newest(acknowledgements: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    given = acknowledgements.reindex(columns=_COLUMNS)
    given = given.astype({"client_id": "str", "rule": "str", "severity": "str"})
    given["acknowledged_on"] = pd.to_datetime(given["acknowledged_on"])
    given["value"] = pd.to_numeric(given["value"], errors="coerce").astype(float)
    given = given[given["acknowledged_on"] <= pd.Timestamp(as_of)]
    given = given.sort_values("acknowledged_on", kind="stable")
    return given.drop_duplicates(["client_id", "rule"], keep="last")


def _further(alerts: pd.DataFrame, then: pd.Series, worsened: float) -> pd.Series:
    """Whether the measure lies further beyond its limit than an acknowledgement allows."""
    beyond = (alerts["value"] - then) * np.where(alerts["rule"].eq("margin"), -1.0, 1.0)
    allowed = worsened * alerts["limit"].where(alerts["limit"] > 0, then.abs())
    return alerts["rule"].isin(LIMIT_RULES) & (beyond > allowed + 1e-12)
