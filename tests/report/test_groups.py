"""Small groups are withheld, and cannot be worked out from what is left."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from clientlib.report import groups


def test_a_small_group_takes_the_next_larger_with_it() -> None:
    assert list(groups.small(pd.Series([100, 3, 40, 9]), 5)) == [False, True, False, True]


def test_groups_that_hide_each_other_are_enough() -> None:
    assert list(groups.small(pd.Series([100, 3, 4, 9]), 5)) == [False, True, True, False]


def test_nothing_is_withheld_without_a_small_group() -> None:
    assert not groups.small(pd.Series([5, 6, 0]), 5).any()


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12))
def test_the_withheld_never_come_to_one_small_group(sizes: list[int]) -> None:
    counted = pd.Series(sizes)
    withheld = groups.small(counted, 5)
    hidden = counted[withheld]
    assert ((counted >= 5) | (counted == 0) | withheld).all()
    everything = withheld.sum() == (counted > 0).sum()
    assert hidden.empty or everything or (len(hidden) > 1 and hidden.sum() >= 5)


def test_large_enough_keeps_the_frames_own_index() -> None:
    frame = pd.DataFrame({"clients": [10, 20, 30]}, index=["a", "b", "c"])
    assert list(groups.large_enough(frame, "clients", 15).index) == ["c"]
