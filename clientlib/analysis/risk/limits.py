"""Limits against measures: which are broken, how gravely, and whom to call first.

Codes and numbers only: the sentence to say is made where the language is known.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from clientlib.analysis.suitability import LOWEST, PROFESSIONAL
from clientlib.config.risk import MarginLines, Risk, SeveritySteps

SEVERITIES = ("watch", "warn", "high")
"""From the mildest to the gravest."""
RULES = (
    "margin",
    "lowest_class",
    "mismatch",
    "var",
    "concentration",
    "level_expired",
    "level_missing",
    "level_expiring",
)
"""From the most to the least pressing: of equal severity the earlier one leads the call."""
_COLUMNS = ["client_id", "rule", "measure", "value", "limit", "severity"]


# ------------------------------------------------------------------ alerts
def client_limits(by_client: pd.DataFrame, settings: Risk) -> pd.DataFrame:
    """Each client's limits by level: var, largest_weight, mismatch; missing for whom no level limits."""
    limited = by_client["level"].where(by_client["standing"].ne(PROFESSIONAL))
    table = {level: limits.model_dump() for level, limits in settings.limits.items()}
    return pd.DataFrame(
        {
            name: limited.map({level: limits[name] for level, limits in table.items()}).astype(float)
            for name in ("var", "largest_weight", "mismatch")
        },
        index=by_client.index,
    )


def find_alerts(
    by_client: pd.DataFrame, margin: pd.DataFrame, settings: Risk, warn_days: int
) -> pd.DataFrame:
    """Every limit that a client has broken or is near.

    Parameters
    ----------
    by_client : DataFrame
        Index client_id; level, standing, status, expires_on, days_left, share_above, var, n_returns,
        largest_weight, n_positions.
    margin : DataFrame
        From `margin_accounts`.
    settings : Risk
        Limits per level, steps of severity, margin lines.
    warn_days : int
        Days before an assessment's end from which it is told of.

    Returns
    -------
    DataFrame, gravest first
        client_id, rule (one of `RULES`), measure (the column looked at), value, limit, severity.

    Notes
    -----
    - mismatch, var, concentration: value beyond the step's multiple of the level's limit. var is judged only
      when the tail holds a whole return: (1 − level) × n_returns ≥ 1.
    - lowest_class: any holding above the level, high.
    - margin: the line that the ratio is under; watch, warn, and close-out as high.
    - level_expired (value: days since, limit 0), level_missing (value missing), level_expiring (value: days
      left, limit `warn_days`): watch, for ordinary clients who hold anything.
    """
    limits = client_limits(by_client, settings)
    lowest = by_client["standing"].eq(LOWEST)
    judged = (1 - settings.level) * by_client["n_returns"] >= 1 - 1e-9
    steps = settings.severity
    share = by_client["share_above"]
    found = [
        _margin(margin, settings.margin_lines),
        _rows(share.where(lowest), 0.0, "lowest_class", "share_above", (share > 0) & lowest, "high"),
        _beyond(share.mask(lowest), limits["mismatch"], "mismatch", "share_above", steps["mismatch"]),
        _beyond(by_client["var"].where(judged), limits["var"], "var", "var", steps["var"]),
        _beyond(
            by_client["largest_weight"],
            limits["largest_weight"],
            "concentration",
            "largest_weight",
            steps["largest_weight"],
        ),
        *_levels(by_client, warn_days),
    ]
    return _ordered(pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True))


def _beyond(
    value: pd.Series, limit: pd.Series, rule: str, measure: str, steps: SeveritySteps
) -> pd.DataFrame:
    high = limit * steps.high if steps.high is not None else pd.Series(np.inf, index=limit.index)
    severity = np.select(
        # A hair of rounding is no breach.
        [value > high + 1e-12, value > limit * steps.warn + 1e-12, value > limit * steps.watch + 1e-12],
        ["high", "warn", "watch"],
        default="",
    )
    return _rows(value, limit, rule, measure, severity != "", severity)


def _rows(
    value: pd.Series,
    limit: pd.Series | float,
    rule: str,
    measure: str,
    where: pd.Series | np.ndarray,
    severity: np.ndarray | str,
) -> pd.DataFrame:
    every = pd.DataFrame(
        {"rule": rule, "measure": measure, "value": value, "limit": limit, "severity": severity},
        index=value.index,
    )
    return every[np.asarray(where, dtype=bool)].rename_axis("client_id").reset_index()[_COLUMNS]


def _margin(margin: pd.DataFrame, lines: MarginLines) -> pd.DataFrame:
    limit = margin["line"].map(lines.model_dump()).astype(float)
    severity = margin["line"].map({"watch": "watch", "warn": "warn", "close_out": "high"})
    return _rows(margin["ratio"], limit, "margin", "ratio", limit.notna(), severity.to_numpy())


def _levels(by_client: pd.DataFrame, warn_days: int) -> list[pd.DataFrame]:
    holds = (by_client["n_positions"] > 0) & by_client["standing"].ne(PROFESSIONAL)
    days = by_client["days_left"].astype(float)
    missing = pd.Series(np.nan, index=by_client.index)
    status = by_client["status"]
    return [
        _rows(-days, 0.0, "level_expired", "days_expired", holds & status.eq("expired"), "watch"),
        _rows(
            missing,
            np.nan,
            "level_missing",
            "level",
            holds & status.isin(["none", "unknown_level"]),
            "watch",
        ),
        _rows(days, float(warn_days), "level_expiring", "days_left", holds & status.eq("expiring"), "watch"),
    ]


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
        From `find_alerts`. A client whose gravest alert is to watch is not called.
    by_client, margin : DataFrame
        As for `find_alerts`; by_client also with the columns of `mismatch_by_client`.
    settings : Risk
        The limits.

    Returns
    -------
    DataFrame
        rank, client_id, call (today: a high alert; this_week: a warning), severity, rule (the leading
        one), value and limit of it, reasons (rules of all the client's alerts, most pressing first, joined
        by ";"), n_reasons, stake, branch, advisor, level, standing, predicted, gross_value, share_above,
        top_security, top_product_level, top_value, value_to_sell, largest_security, largest_weight,
        weight_to_sell, ratio, cash_to_watch.

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
    calls = leading.drop(columns="measure")
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
    return calls[order]


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
