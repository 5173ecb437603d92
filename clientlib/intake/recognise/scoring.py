"""How well a column fits a field: the evidence of title, cells and place among the others, added up.

All parts are log-likelihood ratios against "any column whatever", so they can be added, and each can be
told to a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from clientlib import codes
from clientlib.declare import Field
from clientlib.intake.cells import read, split_several
from clientlib.intake.recognise import titles, vocabulary
from clientlib.intake.recognise.evidence import Evidence, declared
from clientlib.intake.recognise.profile import Profile
from clientlib.intake.recognise.roles import order, ranks, roles
from clientlib.intake.recognise.shapes import VALUE_SHAPES, shape
from clientlib.tables import AreaInfo

_MIDNIGHT_COST = 1.5
"""A moment is rarely typed as a mere day."""
_FIRST_LOOK = 40
"""When none of so many cells can be read as a field, the others are not tried."""
_LONG_LIST = 60
"""Code lists longer than this (countries, currencies) know many words by chance."""


@dataclass(frozen=True)
class Parts:
    """The evidence for one column being one field."""

    title: float = 0.0
    reads: float = 0.0
    shapes: float = 0.0
    traits: float = 0.0
    roles: float = 0.0
    share_read: float = 0.0

    @property
    def content(self) -> float:
        return self.reads + self.shapes + self.traits + self.roles

    @property
    def total(self) -> float:
        return self.title + self.content


class Table:
    """The columns of one table, ready to be held against the fields of any area."""

    def __init__(self, columns: Sequence[Profile], zone: ZoneInfo, evidence: Evidence | None = None) -> None:
        self.columns = columns
        self.zone = zone
        self.evidence = evidence or declared()
        self._roles = roles(columns)
        self._traits = [
            column.traits | placed | ranked
            for column, placed, ranked in zip(columns, order(columns), ranks(columns), strict=True)
        ]
        self._read: dict[tuple[int, Any], tuple[float, float]] = {}

    def parts(self, place: int, field: Field) -> Parts:
        """The evidence for the column at `place` being `field`."""
        column = self.columns[place]
        title = title_score(column.title, field)
        if not column.seen:
            return Parts(title=title)
        weights = self.evidence.weights
        known = column.seen / (column.seen + weights["half_at"])
        reads, share = self._reads(place, field)
        return Parts(
            title=title,
            reads=reads,
            shapes=known * weights["shapes"] * self.evidence.shape_score(column.shapes, field),
            traits=known * self.evidence.trait_score(self._traits[place], field),
            roles=sum(self.evidence.role(role, field) for role in self._roles[place]),
            share_read=share,
        )

    def played(self, place: int) -> Sequence[str]:
        """The roles of a column towards the others."""
        return self._roles[place]

    # -------------------------------------------------------------------------- reading
    def _reads(self, place: int, field: Field) -> tuple[float, float]:
        """What reading every cell as the field tells, and the share of cells that can be."""
        listed = field.code_list.name if field.code_list else None
        signature = (field.kind, listed, field.pattern, field.minimum, field.maximum, field.above, field.unit)
        if (place, signature) not in self._read:
            self._read[place, signature] = self._read_all(self.columns[place], field)
        return self._read[place, signature]

    def _read_all(self, column: Profile, field: Field) -> tuple[float, float]:
        weights, telling = self.evidence.weights, self.evidence.reads[field.kind]
        cap = weights["misread_cap_codes" if field.code_list else "misread_cap"]
        everyday = vocabulary.folded(field.code_list) if field.code_list else frozenset()
        good, rarity, midnights = 0, 0.0, 0
        for number, (text, count) in enumerate(column.counts.items()):
            if number == _FIRST_LOOK and not good:
                break
            reading = read(text, field, self.zone)
            if reading.rule is None and _within(reading.value, field):
                good += count
                rarity += count * _rarity(text, field)
                midnights += count * (reading.change == "midnight")
            elif everyday and all(codes.fold(part) in everyday for part in split_several(text)):
                good += count
                rarity += count
        if not good:
            return -cap, 0.0
        share = good / column.seen
        telling *= rarity / good * column.seen / (column.seen + weights["reads_half_at"])
        score = telling * share - min(weights["misread"] * (1 - share), cap)
        return score - _MIDNIGHT_COST * midnights / column.seen, share


def _within(value: object, field: Field) -> bool:
    """Whether a value read keeps the field's bounds; nothing is no value."""
    if value is None:
        return False
    if field.pattern is not None and not re.fullmatch(field.pattern, str(value)):
        return False
    if isinstance(value, str):
        return field.maximum is None or field.code_list is not None or len(value) <= field.maximum
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    low = field.minimum is None or value >= field.minimum
    high = field.maximum is None or value <= field.maximum
    return low and high and (field.above is None or value > field.above)


def _rarity(text: str, field: Field) -> float:
    """How telling it is that a code list knows a word: less if other lists know it too."""
    if field.code_list is None:
        return 1.0
    words = [text] if field.kind != "codes" else split_several(text)
    known = [max(_lists_knowing(codes.fold(word)), 1) for word in words]
    # A figure is a code by chance.
    figure = 0.25 if all(word.strip().isdigit() for word in words) else 1.0
    return figure * sum(1 / number for number in known) / len(known)


def _lists_knowing(word: str) -> int:
    return sum(
        word in entries.lookup for entries in codes.CODES.values() if len(entries.entries) < _LONG_LIST
    )


# ------------------------------------------------------------------------------- titles
def title_score(title: str, field: Field) -> float:
    """What the title alone says for the field."""
    return titles.likeness(title, titles.words_of(field)) if speaks(title) else 0.0


def speaks(title: str) -> bool:
    """Whether a title can say anything: it is there, is no mere number, and is no value itself."""
    return not titles.is_silent(title) and shape(title) not in VALUE_SHAPES


def matrix(table: Table, area: AreaInfo) -> NDArray[np.float64]:
    """The totals of every column (rows) against every field of the area (columns)."""
    places = range(len(table.columns))
    return np.array([[table.parts(at, field).total for field in area.fields] for at in places])
