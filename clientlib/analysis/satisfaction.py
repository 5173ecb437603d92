"""What clients answer: the net promoter score and the share satisfied, each with its interval.

Both intervals invert a score test, so they stay inside the scale, hold for few answers, and do not shrink
to a point where everybody says the same.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

CONFIDENCE = 0.95
PROMOTER, DETRACTOR = 9, 6
"""Answers from 9 up promote, up to 6 detract."""
SATISFIED = 4
"""The top two of five."""


def net_promoter_score(answers: pd.Series, confidence: float = CONFIDENCE) -> dict[str, float]:
    """The net promoter score of a set of answers.

    Parameters
    ----------
    answers : Series of numbers from 0 to 10
        Missing values and others are left out.
    confidence : float
        Of the interval.

    Returns
    -------
    dict
        answers, promoters, passives, detractors (counts), nps, nps_low, nps_high (points, −100 to 100;
        missing without answers).
    """
    value = pd.to_numeric(answers, errors="coerce").astype(float)
    value = value[value.between(0, 10)]
    n = len(value)
    up, down = int((value >= PROMOTER).sum()), int((value <= DETRACTOR).sum())
    low, high = score_interval(up, down, n, confidence)
    middle = (up - down) / n if n else math.nan
    return {
        "answers": n,
        "promoters": up,
        "passives": n - up - down,
        "detractors": down,
        "nps": 100 * middle,
        "nps_low": 100 * low,
        "nps_high": 100 * high,
    }


def score_interval(
    promoters: int, detractors: int, n: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Interval of the difference of two shares of the same n answers, by the score test.

    Parameters
    ----------
    promoters, detractors : int
        Answers on either side; the other n − promoters − detractors lie between.
    n : int
        All answers.
    confidence : float

    Returns
    -------
    (low, high) : floats in −1 … 1, missing for n = 0

    Notes
    -----
    With d = (promoters − detractors) / n the limits are the δ that solve

        (d − δ)² = z² (2q + δ − δ²) / n,

    q being the share of detractors that is most likely if the true difference is δ: the larger root of
    2n q² + [(2n − promoters + detractors) δ − promoters − detractors] q − detractors δ (1 − δ) = 0.
    Answers count as independent; several of one client make the true interval wider.

    References
    ----------
    Tango (1998), Statistics in Medicine 17, 891–908. For the score of promoters: Rocks (2016), The American
    Statistician 70, 365–372.
    """
    if n == 0:
        return math.nan, math.nan
    d, z = (promoters - detractors) / n, float(norm.ppf((1 + confidence) / 2))

    def excess(delta: float) -> float:
        linear = (2 * n - promoters + detractors) * delta - promoters - detractors
        root = math.sqrt(max(linear**2 + 8 * n * detractors * delta * (1 - delta), 0.0))
        q = max((root - linear) / (4 * n), 0.0, -delta)
        return n * (d - delta) ** 2 - z**2 * (2 * q + delta - delta**2)

    def limit(edge: float) -> float:
        start = d + 1e-9 * (edge - d)
        # Below 0 just beside d and not below 0 at the edge of the scale, where nothing can vary.
        return d if d == edge or excess(start) >= 0 else float(brentq(excess, start, edge, xtol=1e-12))

    return limit(-1.0), limit(1.0)


def wilson_interval(successes: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Interval of a share by the score test, without continuity correction.

    Parameters
    ----------
    successes, n : int
        How many of how many.
    confidence : float

    Returns
    -------
    (low, high) : floats in 0 … 1, missing for n = 0

    Notes
    -----
    (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n).

    References
    ----------
    Wilson (1927), J. American Statistical Association 22, 209–212.
    """
    if n == 0:
        return math.nan, math.nan
    z = float(norm.ppf((1 + confidence) / 2))
    p = successes / n
    middle = p + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
    return (0.0 if successes == 0 else low), (1.0 if successes == n else high)


def satisfied_share(answers: pd.Series, confidence: float = CONFIDENCE) -> dict[str, float]:
    """The share of answers in the top two of five.

    Parameters
    ----------
    answers : Series of numbers from 1 to 5
        Missing values and others are left out.
    confidence : float
        Of the interval.

    Returns
    -------
    dict
        answers, satisfied (counts), csat, csat_low, csat_high (fractions, Wilson), csat_mean (1 to 5).
        Without answers all but the counts are missing.
    """
    value = pd.to_numeric(answers, errors="coerce").astype(float)
    value = value[value.between(1, 5)]
    n, top = len(value), int((value >= SATISFIED).sum())
    low, high = wilson_interval(top, n, confidence)
    share = top / n if n else math.nan
    mean = float(value.mean()) if n else np.nan
    return {
        "answers": n,
        "satisfied": top,
        "csat": share,
        "csat_low": low,
        "csat_high": high,
        "csat_mean": mean,
    }
