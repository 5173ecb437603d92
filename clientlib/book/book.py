"""The book as everybody else in the project changes it: imports, undoings and merges, a batch each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import polars as pl

from clientlib import masks, workbook
from clientlib.book import merges
from clientlib.book.access import grant
from clientlib.book.audit.folding import BatchTrail
from clientlib.book.audit.opening import begin_audit
from clientlib.book.audit.record import Event
from clientlib.book.audit.trail import record_refusal
from clientlib.book.batch import Batch, Described
from clientlib.book.clocks import AsOf, KnownAt
from clientlib.book.connection import telling_damage
from clientlib.book.files import Files
from clientlib.book.history.differences import Wording
from clientlib.book.holders import account
from clientlib.book.imports import ImportResult, Parts, append, take_in
from clientlib.book.locks import CHANGING
from clientlib.book.opened import OpenedBook
from clientlib.book.personal.erased import Erased
from clientlib.book.preview import Preview, Watcher
from clientlib.book.search import Found, Known, Search
from clientlib.book.search.find import PAGE_SIZE
from clientlib.book.unfinished import PART_ROWS, Unfinished
from clientlib.errors import BookError, PermissionRefused, Words
from clientlib.intake.result import CheckResult
from clientlib.workbook import Workbook

ACKNOWLEDGEMENTS = "acknowledgements"


def open_book(
    path: Path | str | Workbook | None = None,
    role: str = "analyst",
    *,
    write: bool = False,
    acknowledging: bool = False,
) -> Book:
    """Open a workbook's book; a context manager that closes it.

    Parameters
    ----------
    path : Workbook, path or None
        The workbook or its folder; None: `CLIENTLIB_WORKBOOK`, or the nearest parent that is one.
    role : str
        A role of the settings: which areas and fields are seen, and how identity looks.
    write : bool
        Whether batches will be imported. Nobody else can have the book open at the same time.
    acknowledging : bool
        Whether it will be changed by `Book.acknowledge` alone, which is a right of its own.

    Returns
    -------
    Book

    Raises
    ------
    KeyProblem
        There is no key, it is the wrong one, or lies where others can read it.
    BookBusy
        Somebody else has the book open and did not close it within `[book] wait_seconds`.
    BookError
        There is no book, the file is none, or it is damaged.
    PermissionRefused
        There is no such role, or it may not add rows.
    """
    found = path if isinstance(path, Workbook) else workbook.find(Path(path) if path is not None else None)
    who = account()
    try:
        access = grant(found.settings, found.areas, role, who)
        if acknowledging:
            access.needs_to_acknowledge()
        elif write:
            access.needs_to_write()
    except PermissionRefused as refusal:
        record_refusal(found, who=who, role=role, what=str(refusal))
        raise
    files = Files(found, write=write or acknowledging)
    try:
        return Book(found, access, files, begin_audit(files, who=who, role=role))
    except BaseException:
        files.close()
        raise


class Book(OpenedBook):
    """An open book. Made by `open_book`; what is read of it is told by `OpenedBook`."""

    # ----------------------------------------------------------------------------- search
    def search(
        self,
        query: str,
        *,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        page: int = 1,
        page_size: int = PAGE_SIZE,
        sort: str = "",
        reason: str = "",
        known: Mapping[str, Known] = MappingProxyType({}),
    ) -> Found:
        """Find clients.

        Parameters
        ----------
        query : str
            Words and conditions, all of which must hold, e.g. ``assets>1000000 level=C4 branch=上海 王``;
            `search.query` tells the language.
        as_of, known_at
            As for `area`; without a day each client's newest record counts.
        page, page_size : int
            Which page, from 1 (the last one where there are fewer), and how many clients it has, 200 at most.
        sort : str
            A field, with a minus in front for the largest first; else those that fit best come first.
        reason : str
            Why, in a person's words. With it a role that sees identity masked and may look up finds by
            whole names and numbers as well. It is kept with the search.
        known : mapping of str to Known
            What can be asked about that the book does not hold, e.g. segments.

        Returns
        -------
        Found

        Raises
        ------
        ParameterError
            The query cannot be understood; the sentence says what was meant, or what can be.
        PermissionRefused
            The role does not see what is searched or sorted by.
        """
        return self._search.find(
            query,
            as_of=as_of,
            known_at=known_at,
            page=page,
            page_size=page_size,
            sort=sort,
            reason=reason,
            known=known,
        )

    @cached_property
    def _search(self) -> Search:
        return Search(self)

    # ---------------------------------------------------------------------------- imports
    def import_checked(
        self,
        chunks: Iterable[CheckResult],
        *,
        source: str,
        all_or_nothing: bool = False,
        fingerprint: str | None = None,
        part_rows: int = PART_ROWS,
    ) -> ImportResult:
        """Take the accepted rows of a hand-in into the book, as one batch: all of it or none.

        Parameters
        ----------
        chunks : iterable of CheckResult
            From `intake.stream` or `intake.check_file`; read one at a time, so memory stays bounded.
        source : str
            What the hand-in is called, e.g. its file name.
        all_or_nothing : bool
            Whether one refused row withholds all the others (`ImportResult.withheld`).
        fingerprint : str, optional
            From `intake.fingerprint`, of the hand-in and of all that its check depends on. With it an import
            that was broken off goes on when the same hand-in is imported again as the next thing that
            changes the book (`ImportResult.resumed_rows`); what was stored of it is seen by nobody
            until the batch is whole, and taken away by any other batch. Not with `all_or_nothing`.
        part_rows : int
            So many rows of the hand-in, at least, are stored between two points to go on from.

        Returns
        -------
        ImportResult
            `batch` is None when nothing was changed: every row was known already, or refused, or withheld.

        Raises
        ------
        PermissionRefused
            The book was not opened with `write=True`, or the role does not see an area of the hand-in.
        BookError
            The import could not be finished, e.g. because the disk is full. The book is as it was.
        """
        broken_off = parts = None
        if fingerprint is not None and not all_or_nothing:
            broken_off = self._broken_off(fingerprint)
            parts = Parts(fingerprint, part_rows, broken_off.chunks if broken_off else ())
        with self._batch("importing", broken_off) as (batch, after):
            return take_in(
                batch,
                self._admitted(chunks),
                source=source,
                after=after,
                landed=self._landed,
                all_or_nothing=all_or_nothing,
                parts=parts,
                trail=BatchTrail(self.audit),
            )

    def _admitted(self, chunks: Iterable[CheckResult]) -> Iterable[CheckResult]:
        """Chunks without the rows of erased clients, as long as the role sees the areas that they are of."""
        for chunk in Erased.of(self._files.writer().held).refusing(chunks, self.areas):
            for name in chunk.accepted:
                self.access.area(name)
            yield chunk

    def unfinished_rows(self, fingerprint: str) -> int:
        """How many rows an import of this hand-in that was broken off has stored, and would go on with.

        Parameters, errors
            As for `import_checked`.
        """
        broken_off = self._broken_off(fingerprint)
        return broken_off.rows if broken_off else 0

    def _broken_off(self, fingerprint: str) -> Unfinished | None:
        self._need_write()
        return self._files.writer().leftovers.of(fingerprint)

    def preview(self, chunks: Iterable[CheckResult], *, source: str) -> Preview:
        """What importing a hand-in would do, row by row and field by field; nothing is stored.

        Parameters, errors
            As for `import_checked`.
        """
        with self._batch("trying a hand-in out") as (batch, after):
            watcher = Watcher(batch, Wording.of(self.settings), self.access)
            batch.looked_at = watcher.look
            result = take_in(
                batch,
                self._admitted(chunks),
                source=source,
                after=after,
                landed=self._landed,
                trail=BatchTrail(self.audit),
                only_look=True,
            )
        return Preview(result, pl.concat(watcher.new).to_pandas(), pl.concat(watcher.changes).to_pandas())

    # -------------------------------------------------------------------------- taken back
    def undo(self, number: int) -> int:
        """Take a batch back by a new batch: what it added is gone, what it changed is as it was before.

        Undoing the undoing brings it back. What the book held in between can still be read by `known_at`.

        Parameters
        ----------
        number : int
            The batch to take back: an import, a merge, or an undoing.

        Returns
        -------
        int
            The number of the new batch.

        Raises
        ------
        PermissionRefused
            The book was not opened with `write=True`.
        BookError
            There is no such batch, or it was taken back already.
        """
        number = int(number)  # a frame's own kind of number is welcome too
        held = self._files.writer().held if self._files.write else self._files.reader().held
        if number not in held.stamps:
            raise BookError(
                f"There is no batch {number}. clientlib batches lists them.",
                f"没有第{number}批。运行 clientlib batches 可查看所有批次。",
            )
        if number in held.known().undone:
            raise BookError(
                f"Batch {number} was taken back already. Nothing was changed.",
                f"第{number}批已撤回。未作任何更改。",
            )
        if any(decision.kind == "erased" and decision.batch == number for decision in held.decisions):
            raise BookError(
                f"Batch {number} erased a client, and nothing is left to bring back.",
                f"第{number}批删除了一位客户，已没有可恢复的内容。",
            )
        return self._append(
            Described(f"undo of batch {number}", account(), undoes=number, event="undo"),
            lambda _: None,
            f"撤回第{number}批",
        )

    def merge(self, kept: str, other: str, reason: str = "") -> int:
        """Record a person's decision that two clients are one and the same.

        From now on every row of `other` reads as one of `kept`; no row is moved, and `undo` of the batch
        takes it back. Of what a client has once (basic information, contact) the record of `kept` stands;
        statements and assessments of both stand, the newest counting; balances are added up.

        Parameters
        ----------
        kept, other : str
            Client numbers.
        reason : str
            Why, in a person's words; numbers and addresses in it are masked.

        Returns
        -------
        int
            The number of the batch.

        Raises
        ------
        PermissionRefused
            The book was not opened with `write=True`.
        BookError
            One of the two is unknown or merged already, or both are the same.
        """
        merges.check(kept, other, self._clients(), self._moment(None, None).merged)
        return self._decide("same", kept, other, reason)

    def keep_apart(self, one: str, other: str, reason: str = "") -> int:
        """Record a person's decision that two clients are not the same; `undo` takes it back.

        Parameters, returns, errors
            As for `merge`.
        """
        merges.check(one, other, self._clients(), self._moment(None, None).merged)
        for batch, kind, *pair in self.decisions().itertuples():
            if kind == "different" and {one, other} == set(pair):
                raise BookError(
                    f"{one} and {other} are kept apart already, by batch {batch}.",
                    f"{one} 与 {other} 已在第{batch}批中确认并非同一客户。",
                )
        return self._decide("different", one, other, reason)

    def acknowledge(self, checked: CheckResult, reason: str) -> ImportResult:
        """Record that somebody answers for alerts of the risk review.

        Parameters
        ----------
        checked : CheckResult
            Rows of the area `acknowledgements`, and nothing else.
        reason : str
            Why, in a person's words; kept in the audit with numbers and addresses masked.

        Returns
        -------
        ImportResult
            `batch` is None when the book knew it already, or a row was refused.

        Raises
        ------
        PermissionRefused
            The role may not, or the book was opened for reading.
        """
        rows = checked.accepted.get(ACKNOWLEDGEMENTS)
        clients = [] if rows is None else rows["client_id"].unique().sort().to_list()
        described = Described(
            "acknowledged alert", account(), event="acknowledge", clients=clients, reason=reason
        )
        with self._batch(acknowledging=True) as (batch, after):
            return take_in(
                batch,
                self._admitted([replace(checked, accepted={} if rows is None else {ACKNOWLEDGEMENTS: rows})]),
                source=described.source,
                after=after,
                landed=self._landed,
                all_or_nothing=True,
                trail=BatchTrail(self.audit),
                described=described,
            )

    def _clients(self) -> list[str]:
        """The client numbers that the role sees."""
        clients = self.areas["clients"]
        return list(self._rows_of(clients, self._moment(None, None), "hidden")["client_id"])

    def _decide(self, kind: merges.Kind, kept: str, other: str, reason: str) -> int:
        source = {"same": "merge of two clients", "different": "two clients kept apart"}[kind]
        event: Event = "merge" if kind == "same" else "keep_apart"
        return self._append(
            Described(source, account(), event=event, clients=(kept, other), reason=reason),
            lambda batch: batch.decide(kind, kept, other, masks.scrub(reason)),
            {"same": "合并两个客户", "different": "确认两个客户并非同一客户"}[kind],
        )

    def _append(self, described: Described, put: Callable[[Batch], None], zh: str) -> int:
        """A batch that is no import; `zh` is its source in Chinese."""

        def fill() -> Described:
            put(batch)
            return described

        with self._batch() as (batch, after):
            number = append(
                batch,
                fill,
                what=Words(described.source, zh),
                after=after,
                landed=self._landed,
                trail=BatchTrail(self.audit),
            )
        assert number is not None  # noqa: S101 - a described batch is recorded, or an error raised
        return number

    @contextmanager
    def _batch(
        self, doing: str = CHANGING, going_on: Unfinished | None = None, *, acknowledging: bool = False
    ) -> Iterator[tuple[Batch, dt.datetime | None]]:
        """A new batch, and when the last one was recorded. The files are closed after it.

        `doing` is what others are told who wait for the book meanwhile.
        """
        self._need_write()
        if acknowledging:
            self.access.needs_to_acknowledge()
        else:
            self.access.needs_to_write()
        self._files.now_doing(doing)
        writer = self._files.writer()
        held = writer.held
        try:
            with telling_damage(self.workbook.book_file):
                batch = Batch(
                    writer.connection,
                    held.last + 1,
                    self.areas,
                    held.known().undone,
                    leftovers=writer.leftovers.any,
                    going_on=going_on,
                )
            yield batch, held.last_recorded
        finally:
            self._files.close_engines()
            self._files.now_doing(CHANGING)

    def _need_write(self) -> None:
        if not self._files.write:
            raise PermissionRefused(
                "The book is open for reading only. Open it with write=True.",
                "台账以只读方式打开。请用 write=True 打开。",
            )

    def _landed(self, number: int) -> bool:
        return number in self._files.reader().held.stamps
