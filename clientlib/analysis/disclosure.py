"""Which groups are too small to be shown, so that no number tells of a few people, nor can be worked out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

_REST = "_rest"
ALL = "all"
"""The margin of a table: a row or column that adds up the others."""


def withheld(sizes: pd.Series, smallest: int, already: pd.Series | None = None) -> pd.Series:
    """Which groups that add up to a known total are withheld.

    Parameters
    ----------
    sizes : Series of int, index group
        Different clients in each group.
    smallest : int
        Fewest clients of a group that may be shown.
    already : Series of bool, optional
        Groups withheld for another reason.

    Returns
    -------
    Series of bool, index as `sizes`

    Notes
    -----
    Groups of 1 to `smallest` − 1 clients are withheld (primary suppression). Where that hides one group only,
    or groups of together fewer than `smallest` clients, the total less the groups shown would tell of them:
    then the next larger group is withheld too (secondary suppression), until neither holds or none is left.
    An empty group tells of nobody and is shown. A client in several groups counts in each.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, ch. 4.
    """
    counts = sizes.fillna(0).astype("int64")
    hidden = (counts > 0) & (counts < smallest)
    if already is not None:
        hidden |= already.reindex(counts.index, fill_value=False)
    others = counts[~hidden & (counts > 0)].sort_values(kind="stable")
    for group in others.index:
        if not hidden.any() or (hidden.sum() > 1 and counts[hidden].sum() >= smallest):
            break
        hidden[group] = True
    return hidden


def large_enough(frame: pd.DataFrame, size: str, smallest: int) -> pd.DataFrame:
    """The rows of `frame` whose group may be shown; `size` is the column with the number of people."""
    hidden = withheld(frame[size].reset_index(drop=True), smallest)
    return frame[~hidden.to_numpy()]


def withheld_among(sizes: pd.Series, groupings: Iterable[pd.Series], smallest: int) -> pd.Series:
    """Which groups are withheld when several totals over them are known.

    Parameters
    ----------
    sizes : Series of int, index group
        Different clients in each group.
    groupings : iterable of Series, index as `sizes`
        Each says by equal values which groups add up to a total that can be known.
    smallest : int
        Fewest clients of a group that may be shown.

    Returns
    -------
    Series of bool, index as `sizes`
    """
    hidden = pd.Series(data=False, index=sizes.index)
    lines = [part.index for grouping in groupings for _, part in sizes.groupby(grouping.to_numpy())]
    while True:
        before = hidden.copy()
        for line in lines:
            hidden[line] = withheld(sizes[line], smallest, hidden[line])
        if hidden.equals(before):
            return hidden


def withheld_parts(counts: pd.Series, sizes: pd.Series, smallest: int) -> pd.Series:
    """Which groups do not tell how many of their clients are such and such, be it as a number or as a share.

    Parameters
    ----------
    counts : Series of int, index group
        Clients who are; they add up to a known total.
    sizes : Series of int, index group
        Clients in each group; they add up to a known total as well.
    smallest : int
        Fewest clients of whom may be told, be it that they are or that they are not.

    Returns
    -------
    Series of bool, index as `counts`
    """
    hidden = withheld(sizes, smallest)
    while True:
        before = hidden
        hidden = withheld(sizes - counts, smallest, withheld(counts, smallest, hidden))
        if hidden.equals(before):
            return hidden


def small_cells_emptied(
    frame: pd.DataFrame, whole: str, parts: Sequence[str], smallest: int, *, along: Sequence[str] = ()
) -> pd.DataFrame:
    """A table of groups without the numbers that tell of few people.

    Parameters
    ----------
    frame : DataFrame
        A row a group; the rows add up to a known total.
    whole : str
        The column with the number of clients of each group.
    parts : sequence of str
        Columns that split these clients; whoever is in none of them counts as one part more.
    smallest : int
        Fewest clients of a cell that may be shown.
    along : sequence of str
        Further numbers of a row, which go with its `whole`.

    Returns
    -------
    DataFrame
        As `frame`, missing where a cell is withheld (see `withheld_cells`).
    """
    sizes = frame[list(parts)].reset_index(drop=True)
    sizes[_REST] = frame[whole].to_numpy() - sizes.sum(axis=1)
    sizes[ALL] = frame[whole].to_numpy()
    sizes.loc[ALL] = sizes.sum()
    hidden = withheld_cells(sizes, smallest).drop(ALL)
    shown = frame.copy()
    for column, by in {whole: ALL, **dict.fromkeys(along, ALL), **{part: part for part in parts}}.items():
        shown[column] = frame[column].where(~hidden[by].to_numpy())
    return shown


def withheld_cells(sizes: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Which cells of a table with margins are withheld.

    Parameters
    ----------
    sizes : DataFrame of int
        Different clients in each cell; one row and one column are called `ALL` and hold the margins.
    smallest : int
        Fewest clients of a cell that may be shown.

    Returns
    -------
    DataFrame of bool, as `sizes`

    Notes
    -----
    The margins are withheld as groups of the grand total, then each row and column in turn: a line whose
    margin is shown as groups of that margin, and a line whose margin is withheld must hide at least one more
    cell, or the sum of the others would tell the margin. Repeated until nothing changes.
    """
    counts = sizes.fillna(0).astype("int64")
    hidden = (counts > 0) & (counts < smallest)
    while True:
        before = hidden.copy()
        for name in counts.index:
            hidden.loc[name] = _line(counts.loc[name], hidden.loc[name], smallest)
        for name in counts.columns:
            hidden[name] = _line(counts[name], hidden[name], smallest)
        if hidden.equals(before):
            return hidden


def _line(counts: pd.Series, hidden: pd.Series, smallest: int) -> pd.Series:
    inner = counts.drop(ALL)
    if not hidden[ALL]:
        closed = withheld(inner, smallest, hidden.drop(ALL))
    else:
        closed = hidden.drop(ALL)
        largest_first = inner[~closed & (inner > 0)].sort_values(kind="stable")
        if not closed.any() and len(largest_first):
            closed[largest_first.index[0]] = True
    line: pd.Series = pd.concat([closed, hidden[[ALL]]]).reindex(counts.index)
    return line.astype(bool)
