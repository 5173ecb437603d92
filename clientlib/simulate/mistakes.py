"""Puts the errors that people make into hand-ins, and lists where each stands.

Some break nothing: full-width digits, spaces in a phone number and the like are read all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from clientlib.simulate import mistakes_events, mistakes_people
from clientlib.simulate.handins import FIRST_ROW, Sheet
from clientlib.simulate.mistake import Mistake
from clientlib.simulate.streams import stream

MISTAKES: tuple[Mistake, ...] = mistakes_people.MISTAKES + mistakes_events.MISTAKES
"""Every kind, and the rule that intake names when it meets it."""
TWICE = 2
"""Each kind is put in so often, where there are rows for it and no number of errors is wanted."""
LOOKED_AT = 4000
"""Rows of a sheet that are looked at for those that suit."""

Spot = tuple[int, int]
"""Number of the sheet, row of its cells."""
_Item = TypeVar("_Item")


def put_in(sheets: list[Sheet], seed: int, count: int | None = None) -> list[dict[str, Any]]:
    """Put every kind of error into the sheets, no row twice, and list what stands where.

    Parameters
    ----------
    sheets : list of Sheet
        Changed in place.
    seed : int
        The same seed puts the same errors into the same sheets.
    count : int, optional
        How many errors to put in, one of each kind in turn; a kind that finds no more rows leaves its
        turn to the others. What is pending or harmless comes on top. By default two of each kind.

    Returns
    -------
    list of dict
        The entries of `errors.json`, by file, sheet and row. There are fewer errors than `count` only
        where the sheets have no more rows that suit.
    """
    used: set[Spot] = set()
    counted = [mistake for mistake in MISTAKES if count is not None and mistake.outcome == "error"]
    twice = [mistake for mistake in MISTAKES if mistake not in counted]
    listed = [place for each in twice for place in islice(_places(sheets, each, used, seed), TWICE)]
    listed += islice(in_turn([_places(sheets, each, used, seed) for each in counted]), count)
    entries = [_put(sheets[home], row, mistake) for mistake, (home, row) in listed]
    return sorted(entries, key=lambda entry: (entry["file"], entry["sheet"] or "", entry["row"]))


def in_turn(sources: Iterable[Iterator[_Item]]) -> Iterator[_Item]:
    """One item of each source after the other, round and round, until all are used up."""
    left = list(sources)
    while left:
        still = []
        for source in left:
            for item in islice(source, 1):
                yield item
                still.append(source)
        left = still


def _places(
    sheets: list[Sheet], mistake: Mistake, used: set[Spot], seed: int
) -> Iterator[tuple[Mistake, Spot]]:
    """Rows that suit a mistake, drawn from the sheets of its area in turn; each is used once drawn."""
    rng = stream(seed, f"mistakes.{mistake.kind}")
    homes = [number for number, sheet in enumerate(sheets) if sheet.area.name == mistake.area]
    orders = {home: rng.permutation(min(sheets[home].cells.height, LOOKED_AT)).tolist() for home in homes}

    def rows_of(home: int) -> Iterator[tuple[Mistake, Spot]]:
        for row in orders[home]:
            if (home, row) not in used and mistake.suits(sheets[home].row(row)):
                used.add((home, row))
                yield mistake, (home, row)

    return in_turn([rows_of(home) for home in rng.permutation(homes).tolist()])


def _put(sheet: Sheet, row: int, mistake: Mistake) -> dict[str, Any]:
    changed = mistake.change(sheet.row(row))
    at = row
    if mistake.again:
        at = sheet.cells.height + len(sheet.extra)
        sheet.extra.append(sheet.row(row) | changed)
    else:
        sheet.slips |= {(row, name): value for name, value in changed.items()}
    return {
        "file": sheet.file,
        "sheet": sheet.sheet,
        "row": at + FIRST_ROW,
        "area": mistake.area,
        "field": mistake.field,
        "kind": mistake.kind,
        "rule": mistake.rule,
        "outcome": mistake.outcome,
        "cells": sorted({mistake.field, *changed}),
    }
