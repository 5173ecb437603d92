"""What a person settled of a table before it was checked: here only applied again, to find its columns."""

from __future__ import annotations

from collections.abc import Callable

from clientlib.intake.tables_in import RawTable

Settled = Callable[[RawTable], RawTable]
"""The table as it was checked, e.g. with its columns titled as a person has confirmed."""


def as_it_is(table: RawTable) -> RawTable:
    """The table as it lies in the file: nothing had to be settled."""
    return table
