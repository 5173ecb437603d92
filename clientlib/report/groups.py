"""Groups too small to be shown: withheld, so that no number tells of a few people, nor can be worked out."""

from __future__ import annotations

import pandas as pd


def small(sizes: pd.Series[int], smallest: int) -> pd.Series[bool]:
    """Which groups are withheld.

    A group of 1 to `smallest` - 1 is; and where they come to one group only, or to fewer than `smallest`
    people together, the next larger as well, because the total less the others would tell.

    Parameters
    ----------
    sizes : Series of int
        People in each group; empty groups tell of nobody and stay.
    smallest : int
        The smallest group that may be shown.
    """
    withheld = (sizes > 0) & (sizes < smallest)
    rest = sizes[~withheld & (sizes > 0)].sort_values(kind="stable")
    for label in rest.index:
        if not withheld.any() or (withheld.sum() > 1 and sizes[withheld].sum() >= smallest):
            break
        withheld[label] = True
    return withheld


def large_enough(frame: pd.DataFrame, size: str, smallest: int) -> pd.DataFrame:
    """The rows of `frame` whose group may be shown; `size` is the column with the number of people."""
    table = frame.reset_index(drop=True)
    shown = ~small(table[size].fillna(0).astype(int), smallest)
    return frame[shown.to_numpy()]
