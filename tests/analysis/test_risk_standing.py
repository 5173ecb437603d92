"""When an alert stands: hand-worked paths around a limit, and what holds for any path."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.analysis.risk.standing import Spell, Steps, spells, standing_steps, steps_passed

NAN = float("nan")
LINES, RELEASE = (0.9, 1.0, 1.5), 0.95


def steps(path: list[float], lines: tuple[float, ...] = LINES) -> Steps:
    """The steps of one client on days with these values; a missing one keeps what stands."""
    value = np.array(path)
    raised = steps_passed(value, np.tile(lines, (len(path), 1)))
    kept = steps_passed(value, np.tile(np.array(lines) * RELEASE, (len(path), 1)))
    kept = np.where(np.isnan(value), np.int8(len(lines)), kept)
    return standing_steps(raised[None], kept[None])


def spell(path: list[float]) -> Spell:
    return spells(steps(path))


@pytest.mark.parametrize(
    ("path", "standing"),
    [
        ([0.8, 0.95, 0.8], [0, 1, 0]),
        ([0.8, 1.1, 1.6, 0.2], [0, 2, 3, 0]),
        # Back under the line, but not under nineteen twentieths of it: it stays.
        ([0.8, 0.91, 0.89, 0.86, 0.91, 0.89], [0, 1, 1, 1, 1, 1]),
        ([0.8, 1.01, 0.99, 0.96, 1.02], [0, 2, 2, 2, 2]),
        # Under 0.95 it is a warning no more; under 0.855 it is over, and under 0.9 it does not begin anew.
        ([1.01, 0.94, 0.86, 0.85, 0.89, 0.91], [2, 1, 1, 0, 0, 1]),
        ([1.6, 1.43, 1.42, 0.5], [3, 3, 2, 0]),
        # Exactly at a line is not beyond it; exactly at the line of release is back.
        ([0.9, 1.0, 0.95], [0, 1, 1]),
        # A day without a value ends nothing, and begins nothing.
        ([0.8, 1.1, NAN, 0.96, NAN], [0, 2, 2, 2, 2]),
        ([NAN, NAN, 1.1], [0, 0, 2]),
        # On the first day stands what it raises, not what it might have kept.
        ([0.89, 0.89], [0, 0]),
    ],
)
def test_a_path_around_the_limit(path: list[float], standing: list[int]) -> None:
    assert steps(path)[0].tolist() == standing


def test_since_is_the_first_day_of_the_unbroken_time_though_the_value_went_in_and_out() -> None:
    found = spell([0.5, 0.91, 0.89, 0.92, 0.88])
    assert (found.since.tolist(), found.since_open.tolist()) == ([1], [False])


def test_an_alert_that_was_over_begins_anew() -> None:
    assert spell([0.95, 0.95, 0.8, 0.95]).since.tolist() == [3]


def test_since_when_the_present_severity_stands_is_told_apart() -> None:
    found = spell([0.5, 0.95, 1.1, 1.6, 1.1, 1.1])
    # Beyond the warning line since the third day, at a graver step in between.
    assert (found.step.tolist(), found.since.tolist(), found.step_since.tolist()) == ([2], [1], [2])


def test_what_stood_on_the_first_day_already_may_be_older() -> None:
    found = spell([1.1, 1.1, 0.96])
    assert (found.since.tolist(), found.since_open.tolist()) == ([0], [True])


def test_what_does_not_stand_has_no_beginning() -> None:
    found = spell([1.1, 0.5])
    assert (found.step.tolist(), found.since.tolist(), found.since_open.tolist()) == ([0], [2], [False])


def test_a_severity_without_a_line_is_never_reached() -> None:
    assert steps([9.0], (0.9, 1.0, float("inf")))[0].tolist() == [2]


# ------------------------------------------------------------------ whatever the path
values = st.one_of(st.just(NAN), st.floats(0.0, 2.0), st.sampled_from([0.855, 0.9, 0.95, 1.0, 1.425, 1.5]))
paths = st.lists(values, min_size=1, max_size=25)


@given(paths)
def test_it_is_never_milder_than_what_the_day_raises_nor_graver_than_it_keeps(path: list[float]) -> None:
    known = np.array(path)
    raised = steps_passed(known, np.tile(LINES, (len(path), 1)))
    kept = steps_passed(known, np.tile(np.array(LINES) * RELEASE, (len(path), 1)))
    standing = steps(path)[0]
    assert (standing >= raised).all()
    measured = ~np.isnan(known)
    assert (standing[measured] <= np.maximum(raised, kept)[measured]).all()


@given(paths)
def test_it_changes_only_by_rising_to_what_is_raised_or_by_falling_past_a_release(path: list[float]) -> None:
    standing = steps(path)[0]
    for before, now, value in zip(standing, standing[1:], path[1:], strict=False):
        if now > before:
            assert value > LINES[now - 1]
        if now < before:
            assert value <= LINES[before - 1] * RELEASE


@given(paths, st.integers(0, 24))
def test_a_later_beginning_forgets_at_most_what_was_kept(path: list[float], start: int) -> None:
    # Whoever goes back further sees the same or more, and the same from the first day that ends everything.
    start = min(start, len(path) - 1)
    whole, part = steps(path)[0], steps(path[start:])[0]
    assert (part <= whole[start:]).all()
    if whole[start] == 0:
        np.testing.assert_array_equal(part, whole[start:])


@given(paths)
def test_without_a_margin_of_release_only_today_counts(path: list[float]) -> None:
    known = np.nan_to_num(np.array(path))
    raised = steps_passed(known, np.tile(LINES, (len(path), 1)))[None]
    np.testing.assert_array_equal(standing_steps(raised, raised), raised)
