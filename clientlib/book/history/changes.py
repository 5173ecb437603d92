"""What each batch did to rows: which record of a key stood before it, and which one after it.

Only places in a list of records are told here; nothing is read.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from clientlib.book.clocks import BatchMark, known_batches

Kind = Literal["new", "changed", "corrected", "moved", "undone", "restored", "merged", "kept_apart"]
"""A row of something new; a new version, told against the one before it in business time; other contents
of a record; a row that was put to another client, or taken from one; what a batch did taken back; that
taken back in turn; and what a person decided about two clients."""
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Record:
    """One stored row: the batch it came with, its key, and whose it is."""

    batch: int
    key: Key
    client: str


@dataclass(frozen=True)
class Change:
    """What a batch did to one row: places in the list of records, None where there is nothing to compare.

    `row` is the place of a record that has the row's key.
    """

    batch: int
    kind: Kind
    row: int
    before: int | None
    after: int | None


def changes(
    records: Sequence[Record], batches: Sequence[BatchMark], own: Collection[str], dated: int | None
) -> Iterator[Change]:
    """What happened to the rows of some clients, batch by batch.

    Parameters
    ----------
    records : sequence of Record
        All that is stored under the keys that ever were theirs, oldest batch first.
    batches : sequence of BatchMark
        All of the book, oldest first.
    own : collection of str
        The numbers of these clients.
    dated : int, optional
        Which part of a key dates a version; None where rows stand beside each other.
    """
    standing = _Standing(dated)
    came: dict[int, dict[Key, int | None]] = {}
    for place, record in enumerate(records):
        came.setdefault(record.batch, {})[record.key] = place
    for number, batch in enumerate(batches, start=1):
        if batch.undoes is None:
            touched = came.get(batch.number, {})
        else:
            touched = standing.differing(_counted(records, batches[:number]))
        yield from _of_batch(records, batch, touched, standing, own, undoing(batch, batches))


def _counted(records: Sequence[Record], known: Sequence[BatchMark]) -> dict[Key, int]:
    """By key the newest record of a batch that counts."""
    counting = known_batches(known, None)
    return {
        record.key: place
        for place, record in enumerate(records)
        if record.batch <= counting.last and record.batch not in counting.undone
    }


def undoing(batch: BatchMark, batches: Sequence[BatchMark]) -> Kind | None:
    """Whether a batch takes something back, or brings it back by taking back an undoing."""
    undoes = {one.number: one.undoes for one in batches}
    steps, at = 0, batch.undoes
    while at is not None:
        steps, at = steps + 1, undoes.get(at)
    return None if not steps else "undone" if steps % 2 else "restored"


def _of_batch(
    records: Sequence[Record],
    batch: BatchMark,
    touched: Mapping[Key, int | None],
    standing: _Standing,
    own: Collection[str],
    undoing: Kind | None,
) -> Iterator[Change]:
    def mine(place: int | None) -> int | None:
        return place if place is not None and records[place].client in own else None

    was = {key: standing.at.get(key) for key in touched}
    version_before = {key: standing.version_before(key) for key in touched}
    standing.put(touched)
    for key, place in touched.items():
        before, after = mine(was[key]), mine(place)
        if before is None and after is not None:
            base = standing.version_before(key)
            fresh: Kind = "moved" if was[key] is not None else "new" if base is None else "changed"
            yield Change(batch.number, undoing or fresh, after, base, after)
        elif before is not None and after is None:
            yield Change(batch.number, undoing or "moved", before, before, version_before[key])
        elif before is not None and after is not None:
            yield Change(batch.number, undoing or "corrected", after, before, after)


class _Standing:
    """Which record stands for each key, and which versions there are of each thing.

    Parameters
    ----------
    dated : int, optional
        As for `changes`.
    """

    def __init__(self, dated: int | None) -> None:
        self.at: dict[Key, int] = {}
        self._dated = dated
        self._dates: dict[Key, list[Any]] = {}

    def differing(self, places: Mapping[Key, int]) -> dict[Key, int | None]:
        """The keys for which something else stands in `places`, and what that is."""
        keys = dict.fromkeys([*places, *self.at])
        return {key: places.get(key) for key in keys if places.get(key) != self.at.get(key)}

    def put(self, places: Mapping[Key, int | None]) -> None:
        for key, place in places.items():
            thing, date = self._split(key)
            if place is None:
                del self.at[key]
                self._dates[thing].remove(date)
            else:
                if key not in self.at:
                    insort(self._dates.setdefault(thing, []), date)
                self.at[key] = place

    def version_before(self, key: Key) -> int | None:
        """The record of the version of the same thing next before this one in business time."""
        if self._dated is None:
            return None
        thing, date = self._split(key)
        dates = self._dates.get(thing, [])
        before = bisect_left(dates, date)
        if before == 0:
            return None
        return self.at[(*key[: self._dated], dates[before - 1], *key[self._dated + 1 :])]

    def _split(self, key: Key) -> tuple[Key, Any]:
        if self._dated is None:
            return key, 0
        return (*key[: self._dated], *key[self._dated + 1 :]), key[self._dated]
