"""Small groups: withheld, and not to be worked out from what is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.analysis import disclosure
from clientlib.analysis.disclosure import (
    ALL,
    small_cells_emptied,
    withheld,
    withheld_among,
    withheld_cells,
    withheld_parts,
)

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


# ------------------------------------------------------------------ several totals, and parts of groups
COUNTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=8)


@given(COUNTS)
def test_where_a_share_is_told_neither_those_who_are_nor_the_others_are_few(
    pairs: list[tuple[int, int]],
) -> None:
    counts = pd.Series([min(pair) for pair in pairs])
    sizes = pd.Series([max(pair) for pair in pairs])
    found = withheld_parts(counts, sizes, SMALLEST)
    for part in (counts, sizes - counts, sizes):
        assert not part[~found].between(1, SMALLEST - 1).any()
        if (~found & (part > 0)).any():  # else the whole total is withheld, and nothing to take off it
            assert not 0 < part[found].sum() < SMALLEST


def test_a_cell_is_withheld_with_another_of_each_total_that_it_adds_up_to() -> None:
    cells = pd.DataFrame(
        {
            "standing": ["C1", "C1", "C1", "C2", "C2", "C2"],
            "allowed": [True, True, False, True, True, False],
            "n": [40, 30, 3, 50, 60, 20],
        }
    )
    found = withheld_among(cells["n"], [cells["standing"], cells["allowed"]], SMALLEST)
    assert found[2]
    for by in ("standing", "allowed"):
        assert cells[found].groupby(by)["n"].count().ge(2).all()
    assert not found[4]  # the largest need not go


def test_without_a_small_cell_everything_is_shown() -> None:
    cells = pd.DataFrame({"by": ["a", "a", "b"], "n": [5, 9, 0]})
    assert not withheld_among(cells["n"], [cells["by"]], SMALLEST).any()


def test_small_cells_are_emptied_with_what_would_tell_them() -> None:
    types = pd.DataFrame(
        {"type": ["a", "b", "c"], "n": [60, 17, 73], "share": [0.4, 0.11, 0.49], "valid": [57, 10, 43]}
    )
    shown = small_cells_emptied(types, "n", ["valid"], SMALLEST, along=["share"])
    assert shown["n"].to_list() == [60, 17, 73]
    assert shown["valid"].isna().to_list() == [True, True, False]


def test_with_the_size_of_a_group_goes_what_is_told_along_with_it() -> None:
    types = pd.DataFrame({"n": [60, 4, 40], "share": [0.58, 0.04, 0.38], "valid": [60, 4, 40]})
    shown = small_cells_emptied(types, "n", ["valid"], SMALLEST, along=["share"])
    assert shown["share"].isna().to_list() == shown["n"].isna().to_list() == [False, True, True]
