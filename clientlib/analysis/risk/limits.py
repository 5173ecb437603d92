"""Limits against measures: which are broken, how gravely, since when, and whom to call first.

Codes and numbers only: the sentence to say is made where the language is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from clientlib.analysis.risk.gauges import SEVERITIES, Gauge, client_limits, gauges
from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.standing import Past, spells, standing_steps
from clientlib.analysis.suitability import LOWEST, PROFESSIONAL
from clientlib.codes import CODES
from clientlib.config.risk import BehaviourRules, Risk

RULES: tuple[str, ...] = CODES["risk_rule"].values
"""From the most to the least pressing: of equal severity the earlier one leads the call."""
_COLUMNS = ["client_id", "rule", "measure", "value", "limit", "severity"]
_COLUMNS += ["since", "since_open", "severity_since", "held"]


# ------------------------------------------------------------------ alerts
@dataclass(frozen=True)
class Replay:
    """What the days before the one asked about raised and kept.

    `days` are those gone through, oldest first, and the day asked about last. `past` has for a rule the
    clients whose alerts may have begun earlier, and their steps; anybody else's began on the last day.
    """

    days: pd.DatetimeIndex
    past: Mapping[str, tuple[pd.Index, Past]] = field(default_factory=dict)


def find_alerts(
    by_client: pd.DataFrame,
    margin: pd.DataFrame,
    settings: Risk,
    warn_days: int,
    replay: Replay | None = None,
    behaviour: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Every limit that a client has broken or is near.

    Parameters
    ----------
    by_client : DataFrame
        Index client_id; what `gauges` needs, status, assessed_on, expires_on, days_left.
    margin : DataFrame
        From `margin_accounts`.
    settings : Risk
        Limits per level, steps of severity, margin lines.
    warn_days : int
        Days before an assessment's end from which it is told of.
    replay : Replay, optional
        The days before, from `earlier.replay_days`. Without it an alert stands only on what this day raises,
        and since when is not told.
    behaviour : DataFrame, optional
        From `review_behaviour`; by_client then has score as well.

    Returns
    -------
    DataFrame, gravest first
        client_id, rule (one of `RULES`), measure (the column looked at), value, limit, severity (one of
        `SEVERITIES`); since (first day of the unbroken time at this rule), since_open (it stood already on
        the first day gone through: it may be older), severity_since (first day at this severity or a graver
        one); held (the value is back inside the line of this severity, but not far enough for it to end).

    Notes
    -----
    - Rules with limits: see `gauges`.
    - level_expired (value: days since, limit 0), level_missing (value missing), level_expiring (value: days
      left, limit `warn_days`): watch, for ordinary clients who hold anything. They need no replay: they stand
      since the day after the last one of the assessment, since the assessment whose level no scheme knows
      (missing where there was none), since `warn_days` before the last day.
    - buys_above; finances, by the first of its reasons (value: net assets now, their change, debts over all
      assets; none for a credit default); score (no limit: it is of a lower level): watch. They stand since:
      not told; the statement; the assessment.
    """
    found = [_standing(gauge, replay) for gauge in gauges(by_client, margin, settings)]
    if behaviour is not None:
        found += _behaviour(behaviour, by_client, settings.behaviour)
    found += _levels(by_client, warn_days)
    return _ordered(pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True))


def _standing(gauge: Gauge, replay: Replay | None) -> pd.DataFrame:
    """The alerts of one rule: those raised today, and those not yet over."""
    raised = gauge.raised
    step = raised.copy()
    n_days = len(replay.days) if replay else 1
    since = np.full(len(step), n_days - 1)
    step_since, since_open = since.copy(), np.full(len(step), n_days == 1 and replay is not None)
    if replay and gauge.rule in replay.past:
        clients, past = replay.past[gauge.rule]
        own = gauge.clients.get_indexer(clients)
        known = spells(
            standing_steps(
                np.column_stack([past.raised, raised[own]]), np.column_stack([past.kept, gauge.kept[own]])
            )
        )
        step[own], since[own], step_since[own] = known.step, known.since, known.step_since
        since_open[own] = known.since_open
    there = np.flatnonzero(step)
    names = np.array(SEVERITIES, dtype=object)[step[there] - 1]
    days = replay.days if replay else pd.DatetimeIndex([pd.NaT])
    return _rows(
        gauge.clients[there],
        gauge.rule,
        gauge.measure,
        gauge.value[there],
        gauge.limit[there, step[there] - 1],
        names,
        since=days[since[there]],
        since_open=since_open[there],
        severity_since=days[step_since[there]],
        held=raised[there] < step[there],
    )


def _rows(
    clients: pd.Index,
    rule: str,
    measure: str,
    value: FloatArray | pd.Series | float,
    limit: FloatArray | float,
    severity: np.ndarray | str,
    *,
    since: pd.DatetimeIndex | pd.Series,
    since_open: np.ndarray | bool = False,
    severity_since: pd.DatetimeIndex | None = None,
    held: np.ndarray | bool = False,
) -> pd.DataFrame:
    frame = pd.DataFrame({"client_id": np.asarray(clients, dtype=object)}).astype("str")
    frame["rule"], frame["measure"] = rule, measure
    frame["value"], frame["limit"] = np.asarray(value, dtype=float), np.asarray(limit, dtype=float)
    frame["severity"] = severity
    frame["since"] = pd.DatetimeIndex(since).as_unit("us")
    frame["since_open"] = since_open
    frame["severity_since"] = frame["since"] if severity_since is None else severity_since.as_unit("us")
    frame["held"] = held
    return frame[_COLUMNS].astype({"severity": "str", "rule": "str", "measure": "str"})


def _behaviour(behaviour: pd.DataFrame, by_client: pd.DataFrame, rules: BehaviourRules) -> list[pd.DataFrame]:
    """A new assessment is due for what the client bought, owns, or scored."""
    found = []
    known = behaviour.join(by_client[["score", "assessed_on"]]).assign(untold=None, credit_default=np.nan)
    leading = known["finances_reason"].str.split(";").str[0]
    for rule, where, measure, limit, since in (
        ("buys_above", known["trades_above"], "buys_above_share", rules.buys_above, "untold"),
        ("finances", leading.eq("no_net_assets"), "net_assets_now", 0.0, "statement_now"),
        (
            "finances",
            leading.eq("net_assets_fell"),
            "net_assets_change",
            -rules.net_assets_fall,
            "statement_now",
        ),
        ("finances", leading.eq("debt"), "debt_share", rules.debt_share, "statement_now"),
        ("finances", leading.eq("credit_default"), "credit_default", np.nan, "statement_now"),
        ("score", known["score_lower"], "score", np.nan, "assessed_on"),
    ):
        some = known[where.fillna(False).astype(bool)]
        since_day = pd.to_datetime(some[since])
        found.append(_rows(some.index, rule, measure, some[measure], limit, "watch", since=since_day))
    return found


def _levels(by_client: pd.DataFrame, warn_days: int) -> list[pd.DataFrame]:
    """A new assessment is due for its age, or for want of one, of ordinary clients who hold anything."""
    holds = (by_client["n_positions"] > 0) & by_client["standing"].ne(PROFESSIONAL)
    found = []
    for rule, statuses, measure, limit in (
        ("level_expired", ["expired"], "days_expired", 0.0),
        ("level_missing", ["none", "unknown_level"], "level", np.nan),
        ("level_expiring", ["expiring"], "days_left", float(warn_days)),
    ):
        some = by_client[holds & by_client["status"].isin(statuses)]
        last_day = pd.to_datetime(some["expires_on"])
        left = some["days_left"].astype(float)
        value, since = {
            "level_expired": (-left, last_day + pd.Timedelta(days=1)),
            "level_missing": (left * np.nan, pd.to_datetime(some["assessed_on"])),
            "level_expiring": (left, last_day - pd.Timedelta(days=warn_days)),
        }[rule]
        found.append(_rows(some.index, rule, measure, value, limit, "watch", since=since))
    return found


def _ordered(alerts: pd.DataFrame) -> pd.DataFrame:
    key = pd.DataFrame(
        {
            "severity": -alerts["severity"].map(_rank(SEVERITIES)).astype(int),
            "rule": alerts["rule"].map(_rank(RULES)).astype(int),
            "client_id": alerts["client_id"],
        }
    )
    return alerts.loc[key.sort_values(["severity", "rule", "client_id"]).index].reset_index(drop=True)


def _rank(names: tuple[str, ...]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


# ------------------------------------------------------------------ the call list
def rank_calls(
    alerts: pd.DataFrame, by_client: pd.DataFrame, margin: pd.DataFrame, settings: Risk
) -> pd.DataFrame:
    """Whom to call, most pressing first: one row a client, with the numbers that a sentence needs.

    Parameters
    ----------
    alerts : DataFrame
        From `find_alerts`, without those that are quiet. A client whose gravest alert is to watch is not
        called.
    by_client, margin : DataFrame
        As for `find_alerts`; by_client also with the columns of `mismatch_by_client`, margin with those of
        `margin_deadlines`.
    settings : Risk
        The limits.

    Returns
    -------
    DataFrame
        rank, client_id, call (today: a high alert; this_week: a warning), severity, rule (the leading
        one), value and limit of it, reasons (rules of all the client's alerts, most pressing first, joined
        by ";"), n_reasons, stake, branch, advisor, level, standing, predicted, gross_value, share_above,
        top_security, top_product_level, top_value, value_to_sell, largest_security, largest_weight,
        weight_to_sell, ratio, cash_to_watch; since, since_open, severity_since and held of the leading rule;
        act_by and days_to_act of a margin alert, leading or not.

    Notes
    -----
    Order: severity, then rule as in `RULES`, then `stake` from large to small (the money that the
    leading rule is about: cash_to_watch, value_to_sell, loss beyond the limit, weight_to_sell), then
    client_id. value_to_sell, of what lies above the level, brings its share back to the limit when the
    proceeds stay in cash: (A − L·V) / (1 − L) of A above and V in all; weight_to_sell likewise for the
    largest position.
    """
    called = alerts[alerts["severity"].isin(["warn", "high"])]
    leading = called.drop_duplicates("client_id").set_index("client_id")
    calls = leading.drop(columns=["measure", "act_by", "quiet"], errors="ignore")
    calls["call"] = np.where(calls["severity"].eq("high"), "today", "this_week")
    reasons = _rules_by_client(alerts)
    calls["reasons"] = [";".join(reasons[client]) for client in calls.index]
    calls["n_reasons"] = [len(reasons[client]) for client in calls.index]
    numbers = ["branch", "advisor", "level", "standing", "predicted", "gross_value", "share_above"]
    numbers += ["top_security", "top_product_level", "top_value", "largest_security", "largest_weight"]
    calls = calls.join(by_client[[*numbers, "var"]]).join(margin[["ratio", "cash_to_watch"]])
    limits = client_limits(by_client, settings).reindex(calls.index)
    above = by_client["value_above"].reindex(calls.index)
    judged = by_client["value"].reindex(calls.index)
    limit = limits["mismatch"].mask(calls["standing"].eq(LOWEST), 0.0)
    calls["value_to_sell"] = _to_sell(above, judged, limit)
    largest = calls["largest_weight"] * calls["gross_value"]
    calls["weight_to_sell"] = _to_sell(largest, calls["gross_value"], limits["largest_weight"])
    calls["stake"] = _stake(calls, limits)
    calls["place"] = calls["rule"].map(_rank(RULES)).astype(int)
    calls["grade"] = calls["severity"].map(_rank(SEVERITIES)).astype(int)
    calls = (
        calls.rename_axis("client_id")
        .reset_index()
        .sort_values(
            ["grade", "place", "stake", "client_id"], ascending=[False, True, False, True], ignore_index=True
        )
    )
    calls.insert(0, "rank", np.arange(1, len(calls) + 1))
    order = [
        "rank",
        "client_id",
        "call",
        "severity",
        "rule",
        "value",
        "limit",
        "reasons",
        "n_reasons",
        "stake",
    ]
    order += [*numbers[:10], "value_to_sell", *numbers[10:], "weight_to_sell", "ratio", "cash_to_watch"]
    order += ["since", "since_open", "severity_since", "held"]
    return calls.join(margin[["act_by", "days_to_act"]], on="client_id")[[*order, "act_by", "days_to_act"]]


def _rules_by_client(alerts: pd.DataFrame) -> dict[str, list[str]]:
    rules: dict[str, list[str]] = {}
    for client, rule in zip(alerts["client_id"].tolist(), alerts["rule"].tolist(), strict=True):
        rules.setdefault(client, []).append(rule)
    return rules


def _to_sell(part: pd.Series, whole: pd.Series, limit: pd.Series) -> pd.Series:
    room = (1 - limit).where(limit < 1)
    return ((part - limit * whole) / room).clip(lower=0).fillna(0.0)


def _stake(calls: pd.DataFrame, limits: pd.DataFrame) -> pd.Series:
    beyond = ((calls["var"] - limits["var"]) * calls["gross_value"]).clip(lower=0)
    rule = calls["rule"]
    stake = np.select(
        [
            rule.eq("margin"),
            rule.isin(["lowest_class", "mismatch"]),
            rule.eq("var"),
            rule.eq("concentration"),
        ],
        [calls["cash_to_watch"], calls["value_to_sell"], beyond, calls["weight_to_sell"]],
        default=0.0,
    )
    return pd.Series(stake, index=calls.index).fillna(0.0)
