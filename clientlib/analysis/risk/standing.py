"""Whether an alert stands: raised when a line is passed, over only when the value is clearly back.

Steps are whole numbers, 0 for none and up to the number of lines, the gravest last. Nothing is kept from
one review to the next: the days gone through are gone through again, so that the same book tells the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clientlib.analysis.risk.measures import FloatArray

Steps = NDArray[np.int8]


@dataclass(frozen=True)
class Past:
    """The steps of some clients on the days before the one asked about, oldest first.

    `raised` and `kept` have shape (n_clients, n_days): see `standing_steps`.
    """

    raised: Steps
    kept: Steps


@dataclass(frozen=True)
class Spell:
    """The unbroken time up to the last day, for each client; arrays of shape (n_clients,).

    `step` on the last day; `since` the first day of the unbroken time at any step, `step_since` at the
    step of the last day or a graver one (places among the days; one past the last for a step of 0);
    `since_open` where it stood on the first day already, so that it may have begun earlier.
    """

    step: Steps
    since: NDArray[np.intp]
    step_since: NDArray[np.intp]
    since_open: NDArray[np.bool_]


def steps_passed(value: FloatArray, lines: FloatArray) -> Steps:
    """The gravest line that each value lies beyond.

    Parameters
    ----------
    value : array of shape (n_clients,)
    lines : array of shape (n_clients, n_steps)
        From the mildest to the gravest step; inf or NaN: never beyond it.

    Returns
    -------
    array of shape (n_clients,)
        0 where no line is passed, as for a missing value.
    """
    place = np.arange(1, lines.shape[1] + 1, dtype=np.int8)
    beyond: Steps = np.where(value[:, None] > lines, place, np.int8(0)).max(axis=1, initial=0)
    return beyond


def standing_steps(raised: Steps, kept: Steps) -> Steps:
    """The step that stands on each day, when it rises at once and falls late.

    Parameters
    ----------
    raised : array of shape (n_clients, n_days)
        Steps whose line is passed on that day, oldest first.
    kept : array of the same shape
        Steps that a standing alert may keep on that day: those whose line of release is still passed.

    Returns
    -------
    array of the same shape

    Notes
    -----
    On the first day stands what that day raises. From then on a day's step is the one it raises, or, if
    that is graver, what stood on the day before, as far as the day keeps it.
    """
    standing = np.empty_like(raised)
    standing[:, :1] = raised[:, :1]
    for day in range(1, raised.shape[1]):
        standing[:, day] = np.maximum(raised[:, day], np.minimum(standing[:, day - 1], kept[:, day]))
    return standing


def spells(standing: Steps) -> Spell:
    """Since when the alerts of the last day stand; `standing` has shape (n_clients, n_days ≥ 1)."""
    step = standing[:, -1]
    since = _start(standing > 0)
    return Spell(
        step=step,
        since=since,
        step_since=_start((standing >= step[:, None]) & (step > 0)[:, None]),
        since_open=since == 0,
    )


def _start(true: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The place where the run of true values that reaches the end of each row begins."""
    n_days = true.shape[1]
    broken = ~true[:, ::-1]
    return np.where(broken.any(axis=1), n_days - np.argmax(broken, axis=1), 0)
