"""Measures held against the lines that they may pass: the firm's limits, and when an alert is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clientlib.analysis.risk.measures import FloatArray
from clientlib.analysis.risk.standing import Steps, steps_passed
from clientlib.analysis.suitability import LOWEST, PROFESSIONAL
from clientlib.codes import CODES
from clientlib.config.risk import MarginLines, Risk, SeveritySteps

SEVERITIES: tuple[str, ...] = CODES["alert_severity"].values
"""From the mildest to the gravest."""
LIMIT_RULES = ("margin", "lowest_class", "mismatch", "var", "concentration")
"""Those of `limits.RULES` that hold a measure against a limit, in the order of `gauges`."""
_EPSILON = 1e-12
"""A hair of rounding is no breach."""


@dataclass(frozen=True)
class Gauge:
    """One rule that holds a measure against limits, for some clients on one day; arrays in step.

    `value` is what an alert states, `graver` what is compared: larger is worse, NaN is not known, −inf says
    that there is nothing to be beyond a limit. Columns stand for `SEVERITIES`: `limit` is what an alert of
    that severity states, beyond `lines` it is raised, and beyond `release` it keeps standing.
    """

    rule: str
    measure: str
    clients: pd.Index
    value: FloatArray
    graver: FloatArray
    limit: FloatArray
    lines: FloatArray
    release: FloatArray

    @property
    def raised(self) -> Steps:
        return steps_passed(self.graver, self.lines)

    @property
    def kept(self) -> Steps:
        """Steps that an alert keeps if it has them: nobody is taken off a list for a missing price."""
        every = np.int8(len(SEVERITIES))
        return np.where(np.isnan(self.graver), every, steps_passed(self.graver, self.release))


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


def gauges(by_client: pd.DataFrame, margin: pd.DataFrame, settings: Risk) -> Iterator[Gauge]:
    """The rules with limits.

    Parameters
    ----------
    by_client : DataFrame
        Index client_id; level, standing, share_above, var, n_returns, largest_weight, n_positions.
    margin : DataFrame
        Index client_id; ratio and line, from `margin_accounts`.
    settings : Risk
        Limits per level, steps of severity, margin lines, when an alert ends.

    Notes
    -----
    - margin: the watch, warning and close-out lines; released at a line / `release`.
    - lowest_class: any share above the level is high; mismatch does not look at these clients.
    - mismatch, var, concentration: the level's limit times the step of each severity; released at `release`
      times that. var is known only when the tail holds a whole return: (1 − level) × n_returns ≥ 1.
    """
    limits = client_limits(by_client, settings)
    lowest = by_client["standing"].eq(LOWEST)
    judged = (1 - settings.level) * by_client["n_returns"] >= 1 - 1e-9
    share, release = by_client["share_above"], settings.alerts.release
    yield _margin_gauge(margin, settings.margin_lines, release)
    yield _lowest_gauge(by_client, lowest)
    for rule, measure, value, limit in (
        ("mismatch", "share_above", share, limits["mismatch"].mask(lowest)),
        ("var", "var", by_client["var"].where(judged), limits["var"]),
        ("concentration", "largest_weight", by_client["largest_weight"], limits["largest_weight"]),
    ):
        steps = settings.severity["mismatch" if rule == "mismatch" else measure]  # type: ignore[index]
        there = limit.notna() & by_client["n_positions"].gt(0)
        yield _gauge(rule, measure, value, limit, steps, there, release)


def _gauge(
    rule: str,
    measure: str,
    value: pd.Series,
    limit: pd.Series,
    steps: SeveritySteps,
    there: pd.Series,
    release: float,
) -> Gauge:
    own = limit.to_numpy()[:, None]
    lines = np.full((len(limit), len(SEVERITIES)), np.inf)
    for place, step in enumerate((steps.watch, steps.warn, steps.high)):
        if step is not None:
            lines[:, place] = limit * step
    return Gauge(
        rule=rule,
        measure=measure,
        clients=limit.index,
        value=value.to_numpy(dtype=float, na_value=np.nan),
        graver=np.where(there, value.to_numpy(dtype=float, na_value=np.nan), -np.inf),
        limit=np.broadcast_to(own, lines.shape),
        lines=lines + _EPSILON,
        release=lines * release + _EPSILON,
    )


def _lowest_gauge(by_client: pd.DataFrame, lowest: pd.Series) -> Gauge:
    share = by_client["share_above"].to_numpy(dtype=float, na_value=np.nan)
    there = lowest & by_client["n_positions"].gt(0)
    lines = np.broadcast_to([np.inf, np.inf, 0.0], (len(share), len(SEVERITIES)))
    graver = np.where(there, share, -np.inf)
    limit = np.zeros_like(lines)
    return Gauge("lowest_class", "share_above", by_client.index, share, graver, limit, lines, lines)


def _margin_gauge(margin: pd.DataFrame, lines: MarginLines, release: float) -> Gauge:
    ratio = margin["ratio"].to_numpy(dtype=float, na_value=np.nan)
    limit = np.broadcast_to([lines.watch, lines.warn, lines.close_out], (len(ratio), len(SEVERITIES)))
    # Whoever has no margin account that day is under no line.
    graver = np.where(margin["line"].notna(), -ratio, -np.inf)
    return Gauge("margin", "ratio", margin.index, ratio, graver, limit, -limit, -limit / release)
