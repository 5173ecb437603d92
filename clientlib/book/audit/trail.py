"""The audit as whoever opened a book writes it: one record for each thing that is looked at or done.

A record goes to the end of the journal, then the anchor learns of it. Where the two do not fit together, or
one of them is gone, work goes on, but from then on a record says so, and what is missing stays missing.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from clientlib.book.audit.anchor import Anchor, AnchorFile
from clientlib.book.audit.journal import Journal
from clientlib.book.audit.record import (
    DONE,
    FAILED,
    PASSING,
    SO_FAR,
    START,
    Entry,
    Event,
    Link,
    digest,
)
from clientlib.book.audit.sealing import Seal
from clientlib.book.keys import Key, find_key
from clientlib.errors import ZH, BookError, ClientlibError
from clientlib.workbook import Workbook

_log = logging.getLogger("clientlib.book")
ANCHOR_GONE = "anchor gone"
ANCHOR_DISAGREES = "anchor disagrees"
END_GONE = "end gone"
UNREADABLE = "unreadable end"
BEGINNING = Link(0, "", START)


@dataclass(frozen=True)
class Stands:
    """What an open book says of itself.

    Attributes
    ----------
    book_id : str
    stamps : mapping of int to int
        Its batches, and when each was recorded, in microseconds since 1970 in UTC.
    last_link : Link or None
        The last record that its table has.
    """

    book_id: str
    stamps: Mapping[int, int]
    last_link: Link | None = None

    @property
    def batch(self) -> int:
        return max(self.stamps, default=0)

    @property
    def anchor(self) -> Anchor:
        """An anchor that knows its batches, and no record yet."""
        return Anchor(self.book_id, batch=self.batch, stamp=self.stamps.get(self.batch, 0))


class Audit:
    """The audit of a book, for one who opened it. Held by the open book as `book.audit`.

    Parameters
    ----------
    workbook : Workbook
    key : Key
        The book's.
    who, role : str
        Whose doings are recorded: the account, and the role it took.
    stands : Stands, optional
        None: the book is not open, only a refusal is to be recorded.
    clock : callable
        Tells the time.
    """

    def __init__(
        self,
        workbook: Workbook,
        key: Key,
        *,
        who: str,
        role: str,
        stands: Stands | None,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        seal = Seal(key)
        self.workbook = workbook
        self.journal = Journal(workbook.book_file.parent, seal)
        self.anchor = AnchorFile(anchor_path(workbook), seal)
        self.clock = clock
        self._who = who
        self._role = role
        self._stands = stands

    def record(
        self,
        event: Event,
        *,
        clients: Sequence[str] = (),
        reason: str = "",
        outcome: str = DONE,
        **details: object,
    ) -> Link:
        """Write down that something was looked at or done. Call it before the thing is shown or done.

        Parameters
        ----------
        event : str
        clients : sequence of str
            The numbers of the clients concerned; more than `record.NAMED` are only counted.
        reason : str
            Why, in a person's words; numbers and addresses in it are masked.
        outcome : str
        **details
            What else is to be known: counts, areas, a file name's last part. Never a client's identity.

        Returns
        -------
        Link
            The record in its place.

        Raises
        ------
        BookError
            The journal or the anchor cannot be written: then nothing may be shown or done.
        """
        with self.appending() as append:
            return append(self.entry(event, details, clients=clients, reason=reason, outcome=outcome))

    @contextmanager
    def doing(self, event: Event, *, clients: Sequence[str] = (), **details: object) -> Iterator[None]:
        """Record something before it is done within, and, should that fail, that it did.

        Parameters, errors
            As for `record`.
        """
        entry = self.entry(event, details, clients=clients)
        with self.appending() as append:
            append(entry)
        try:
            yield
        except BaseException:
            with suppress(BookError), self.appending() as append:
                append(replace(entry, outcome=FAILED))
            raise

    def entry(
        self,
        event: Event,
        details: Mapping[str, object],
        *,
        clients: Sequence[str] = (),
        reason: str = "",
        outcome: str = DONE,
    ) -> Entry:
        """A record to be, by whoever opened the book; parameters as for `record`."""
        return Entry.of(
            event,
            who=self._who,
            role=self._role,
            outcome=outcome,
            clients=clients,
            reason=reason,
            details=details,
        )

    @contextmanager
    def appending(self) -> Iterator[Callable[[Entry], Link]]:
        """Gives what writes entries at the end, one by one, with nobody else's in between."""
        with self.journal.locked():
            yield _Pen(self.journal, self.anchor, self._stands, self.clock, self.entry).write

    # -------------------------------------------------------------------------------- opened
    @property
    def is_lost(self) -> bool:
        """Whether journal and anchor are both gone, or never were, or not readable with this key."""
        return self.anchor.read() is None and self.journal.tail().last is None

    def opened(self, *, write: bool, reason: str = "") -> None:
        """Record that the book was opened, and make sure that it has not lost its end.

        Raises
        ------
        BookError
            The anchor knows a later batch than the book; or the opening cannot be recorded.
        """
        anchor = self.anchor.read()
        lost = anchor is not None and self._stands is not None and _lost(anchor, self._stands)
        outcome = "refused: the book ends too early" if lost else "done"
        self.record("open", outcome=outcome, reason=reason, write=write)
        if lost and anchor is not None and self._stands is not None:
            raise BookError(
                f"{self.workbook.book_file} is not as it was left: the audit's anchor knows batch "
                f"{anchor.batch}, which it does not have. Its last changes were cut off, or another file was "
                "put in its place. Put book and vault back from the last backup: clientlib restore",
                f"{self.workbook.book_file} 与上次留下的不同：审计的锚文件记有第{anchor.batch}批，"
                "而台账中没有。"
                "最后的更改已丢失，或文件被替换。请用最近的备份恢复台账和身份库：clientlib restore",
            )
        self._catch_up(anchor)

    def _catch_up(self, anchor: Anchor | None) -> None:
        """Let the anchor know of a batch whose process died before it could: now somebody may see it."""
        stands = self._stands
        if anchor is None or stands is None or anchor.book_id != stands.book_id:
            return
        if stands.batch > anchor.batch:
            with self.journal.locked():
                self.committed(stands.batch, stands.stamps[stands.batch])

    def refused(self, what: str) -> None:
        """Record that something was refused to the role."""
        self.record("refused", outcome="refused", what=what)

    def committed(self, batch: int, stamp: int) -> None:
        """Let the anchor know the last batch that the book has. Call it while `journal.locked`."""
        if self._stands is not None:
            self._stands = replace(self._stands, stamps={**self._stands.stamps, batch: stamp})
        anchor = self.anchor.read()
        if anchor is not None:
            self.anchor.write(replace(anchor, batch=batch, stamp=stamp))


class _Pen:
    """Writes at the end of the chain, for whoever has the journal locked."""

    def __init__(
        self,
        journal: Journal,
        anchor: AnchorFile,
        stands: Stands | None,
        clock: Callable[[], dt.datetime],
        entry: Callable[..., Entry],
    ) -> None:
        self._journal = journal
        self._file = anchor
        self._stands = stands
        self._clock = clock
        self._entry = entry
        self._anchor = self._own_anchor()

    def _own_anchor(self) -> Anchor | None:
        anchor = self._file.read()
        foreign = anchor and self._stands and anchor.book_id != self._stands.book_id
        return None if foreign else anchor

    def write(self, entry: Entry) -> Link:
        """Append an entry, and before it, where something is not as it was left, an alarm."""
        end, wrong = self._end()
        if end is BEGINNING and not wrong:
            end = self._begin()
        elif wrong and self._stands is not None:
            known = self._anchor.seq if self._anchor else None
            end = self._put(end, self._entry("alarm", {"anchor": known, "after": end.seq}, outcome=wrong))
        return self._put(end, entry)

    def _end(self) -> tuple[Link, str]:
        """After which record to go on, and what is wrong with it.

        What the anchor or the book knows is never written over: where records are missing, their numbers
        stay missing.
        """
        end, wrong = self._end_outside()
        held = self._stands.last_link if self._stands else None
        if held is None or held.seq <= end.seq:
            return end, wrong
        # The book has all of them: after a loss of power it may be ahead of a journal that was shortened.
        if self._anchor is None:
            return held, ANCHOR_GONE
        return held, "" if wrong == END_GONE else wrong

    def _end_outside(self) -> tuple[Link, str]:
        """As `_end`, as far as journal and anchor tell."""
        tail, anchor = self._journal.tail(), self._anchor
        last = tail.last
        if anchor is None:
            return last or BEGINNING, ANCHOR_GONE if last or tail.unreadable else ""
        if last is None and not anchor.seq:
            return BEGINNING, ""
        if last is None or last.seq < anchor.seq:
            return Link(anchor.seq, "", anchor.hash), END_GONE
        if tail.unreadable:
            return last, UNREADABLE
        known = last if last.seq == anchor.seq else self._journal.find(anchor.seq)
        disagrees = known is not None and known.hash != anchor.hash
        return last, ANCHOR_DISAGREES if disagrees else ""

    def _begin(self) -> Link:
        """The first record. The anchor comes before it: a crash in between must not look like a loss."""
        if self._stands is None:
            return BEGINNING
        self._anchor = self._stands.anchor
        self._file.write(self._anchor)
        said = {"book": self._stands.book_id, SO_FAR: self._stands.batch}
        return self._put(BEGINNING, self._entry("begin", said))

    def _put(self, end: Link, entry: Entry) -> Link:
        seq = end.seq + 1
        text = entry.text(seq, self._clock(), os.getpid())
        link = Link(seq, text, digest(end.hash, text))
        self._journal.append(link, durable=entry.event not in PASSING)
        if self._anchor is None and self._stands is not None:
            self._anchor = self._stands.anchor
        if self._anchor is not None:
            self._anchor = replace(self._anchor, seq=link.seq, hash=link.hash)
            self._file.write(self._anchor)
        return link


def _lost(anchor: Anchor, stands: Stands) -> bool:
    if anchor.book_id != stands.book_id or not anchor.batch:
        return False
    return stands.stamps.get(anchor.batch) != anchor.stamp


def anchor_path(workbook: Workbook) -> Path:
    return workbook.folder / workbook.settings.audit.anchor


def record_refusal(workbook: Workbook, *, who: str, role: str, what: str) -> None:
    """Record that somebody was refused who has no book open. A refusal stands whether or not it is recorded.

    Without the book's key nothing can be recorded; nor in a book that was never opened before.
    """
    try:
        key = find_key(workbook, "book")
        if key is None or not workbook.book_file.exists():
            return
        audit = Audit(workbook, key, who=who, role=role, stands=None)
        with audit.appending() as append:
            # A wrong key in the environment must not write what the right one cannot read.
            if not audit.is_lost:
                append(audit.entry("refused", {"what": what}, outcome="refused"))
    except ClientlibError as error:
        _log.warning(
            "A refusal could not be recorded: %s", error, extra={ZH: f"未能记录此次拒绝：{error.told('zh')}"}
        )
