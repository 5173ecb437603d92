"""What a planted error is, and the words in which the kinds of them are written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from clientlib.codes import CODES

Row = dict[str, Any]
"""A row as it is typed: numbers and dates as such, all else text; by field, in the order of the sheet."""
Change = Callable[[Row], Row]
Outcome = Literal["error", "pending", "harmless"]
INSTANT_FORM = "%Y-%m-%d %H:%M:%S"


def any_row(_: Row) -> bool:
    return True


@dataclass(frozen=True)
class Mistake:
    """One kind of error: what then stands in a row's cells, and which rows it can befall.

    `field` and `rule` are what intake must name. `again` False: the row itself is changed. Otherwise it
    is repeated at the end of the sheet, with the change.
    """

    kind: str
    area: str
    field: str
    rule: str | None
    change: Change
    suits: Callable[[Row], bool] = any_row
    outcome: Outcome = "error"
    again: bool = False


# ------------------------------------------------------------------------------ suiting
def has(*names: str) -> Callable[[Row], bool]:
    return lambda row: all(row[name] is not None for name in names)


def unexcused(row: Row) -> bool:
    """Nothing in the remarks: with a reason there, a gap would be accepted as pending."""
    return row["remarks"] is None


def says(row: Row, name: str, code_list: str, code: str) -> bool:
    """Whether the cell holds the label of `code`, in either language."""
    entries = CODES[code_list]
    return row[name] in (entries.label(code, "zh"), entries.label(code, "en"))


# ------------------------------------------------------------------------------ changing
def put(**cells: Any) -> Change:
    return lambda _: cells


def worded(code_list: str, code: str, like: str) -> str:
    """The label of `code` in the language of the label `like`."""
    return CODES[code_list].label(code, "en" if like.isascii() else "zh")


def earlier(instant: str, **by: float) -> str:
    """An instant as typed, moved back by so many hours or days."""
    moment = dt.datetime.strptime(instant, INSTANT_FORM) - dt.timedelta(**by)
    return moment.strftime(INSTANT_FORM)


def transposed(digits: str) -> str:
    """The digits with the first two unequal neighbours in each other's place."""
    at = next(place for place in range(len(digits) - 1) if digits[place] != digits[place + 1])
    return digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]


def moved_right(first: str) -> Change:
    """All from `first` on stand one column too far to the right, as when a cell was skipped."""

    def change(row: Row) -> Row:
        return {first: None} | {name: row[before] for before, name in pairwise(_from(first, row))}

    return change


def moved_left(first: str) -> Change:
    """All from `first` on stand one column too far to the left, as when a cell was deleted."""

    def change(row: Row) -> Row:
        names = _from(first, row)
        return {name: row[after] for name, after in pairwise(names)} | {names[-1]: None}

    return change


def _from(first: str, row: Row) -> list[str]:
    names = list(row)
    return names[names.index(first) :]
