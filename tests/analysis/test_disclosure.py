"""Small groups: withheld, and not to be worked out from what is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.analysis import disclosure
from clientlib.analysis.disclosure import ALL, withheld, withheld_cells

SMALLEST = 5


def hidden(sizes: dict[str, int]) -> set[str]:
    found = withheld(pd.Series(sizes), SMALLEST)
    return set(found.index[found])


def test_groups_that_are_large_enough_are_all_shown() -> None:
    assert hidden({"a": 5, "b": 60}) == set()


def test_one_small_group_takes_the_next_smallest_with_it() -> None:
    assert hidden({"a": 80, "b": 3, "c": 20, "d": 40}) == {"b", "c"}


def test_two_small_groups_hide_each_other_when_they_are_enough_together() -> None:
    assert hidden({"a": 80, "b": 3, "c": 4}) == {"b", "c"}


def test_two_small_groups_of_too_few_together_take_a_third() -> None:
    assert hidden({"a": 80, "b": 1, "c": 2, "d": 9}) == {"b", "c", "d"}


def test_an_empty_group_tells_of_nobody() -> None:
    assert hidden({"a": 80, "b": 0, "c": 20}) == set()
    assert hidden({"a": 80, "b": 0, "c": 2}) == {"a", "c"}


def test_a_lone_small_group_is_withheld() -> None:
    assert hidden({"a": 2}) == {"a"}


@given(st.lists(st.integers(0, 30), max_size=8))
def test_what_is_withheld_is_never_one_group_nor_too_few_people(sizes: list[int]) -> None:
    series = pd.Series(sizes, dtype="int64")
    found = withheld(series, SMALLEST)
    assert found[(series > 0) & (series < SMALLEST)].all()
    others_left = (~found & (series > 0)).any()
    if found.any() and others_left:
        assert found.sum() > 1
        assert series[found].sum() >= SMALLEST


def with_margins(cells: list[list[int]]) -> pd.DataFrame:
    table = pd.DataFrame(cells, dtype="int64")
    table.index = pd.Index([f"r{i}" for i in range(len(table))])
    table.columns = pd.Index([f"c{i}" for i in range(len(table.columns))])
    table.loc[ALL] = table.sum()
    table[ALL] = table.sum(axis=1)
    return table


def told(shown: pd.DataFrame) -> bool:
    """Whether a withheld cell follows from those shown: its equation system determines it."""
    unknown = [(r, c) for r in shown.index for c in shown.columns if not shown.loc[r, c]]
    equations = []
    for r in shown.index:
        equations.append([(-1.0 if c == ALL else 1.0) if x == r else 0.0 for x, c in unknown])
    for c in shown.columns:
        equations.append([(-1.0 if r == ALL else 1.0) if x == c else 0.0 for r, x in unknown])
    matrix = np.array(equations)
    rank = np.linalg.matrix_rank(matrix) if matrix.size else 0
    units = np.eye(len(unknown))
    return any(np.linalg.matrix_rank(np.vstack([matrix, unit])) == rank for unit in units)


@pytest.mark.parametrize(
    "cells",
    [
        [[3, 20, 30], [40, 50, 60], [70, 80, 90]],
        [[3, 20], [40, 50]],
        [[2, 2, 2], [40, 50, 60]],
        [[1, 0, 30], [0, 50, 60], [7, 8, 90]],
        [[30, 4, 30], [4, 50, 60], [7, 8, 90]],
    ],
)
def test_no_withheld_cell_follows_from_the_cells_and_margins_shown(cells: list[list[int]]) -> None:
    sizes = with_margins(cells)
    found = withheld_cells(sizes, SMALLEST)
    assert found[(sizes > 0) & (sizes < SMALLEST)].fillna(True).astype(bool).all(axis=None)
    assert found.any(axis=None)
    assert not told(~found)


def test_a_table_of_large_cells_is_shown_whole() -> None:
    assert not withheld_cells(with_margins([[10, 20], [30, 40]]), SMALLEST).any(axis=None)


def test_large_enough_keeps_the_frames_own_index() -> None:
    frame = pd.DataFrame({"clients": [10, 20, 30]}, index=["a", "b", "c"])
    assert list(disclosure.large_enough(frame, "clients", 15).index) == ["c"]
