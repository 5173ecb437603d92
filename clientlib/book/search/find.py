"""Finding clients: a query is planned, asked of both engines, ranked, paged and recorded in the audit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from clientlib.book.audit.trail import Audit
from clientlib.book.clocks import AsOf, KnownAt, Moment
from clientlib.book.opened import SHORTEST_REASON
from clientlib.book.search.asking import Asking, Order
from clientlib.book.search.fields import Fields, Known
from clientlib.book.search.found import Found
from clientlib.book.search.plan import Plan, Planner
from clientlib.book.search.query import parse
from clientlib.book.search.standing import Opened, Standing
from clientlib.book.search.values import Reading
from clientlib.book.search.ways import Look
from clientlib.errors import ParameterError

PAGE_SIZE, LARGEST_PAGE = 25, 200
MOMENTS = 2
"""So many moments are kept ready at once: today's, and one that is compared with it."""


class Searchable(Opened, Protocol):
    """An open book, as far as it is searched."""

    audit: Audit
    _zone: ZoneInfo

    @property
    def identity(self) -> Literal["hidden", "masked", "plain"]: ...

    def _moment(self, as_of: AsOf, known_at: KnownAt) -> Moment: ...


class Search:
    """Searches an open book; what it has worked out is kept for the next search while the book is open."""

    def __init__(self, book: Searchable) -> None:
        self._book = book
        self._standing: dict[tuple[object, ...], Standing] = {}

    def find(
        self,
        text: str,
        *,
        as_of: AsOf,
        known_at: KnownAt,
        page: int,
        page_size: int,
        sort: str,
        reason: str,
        known: Mapping[str, Known],
    ) -> Found:
        """As `Book.search` says."""
        if not 1 <= page_size <= LARGEST_PAGE:
            raise ParameterError(
                f"A page has 1 to {LARGEST_PAGE} clients, not {page_size}.",
                f"每页应为1至{LARGEST_PAGE}位客户，不能是{page_size}位。",
            )
        query = parse(text)
        self._book.access.area("clients")
        book, moment = self._book, self._book._moment(as_of or dt.date.max, known_at)
        standing = self._at(moment)
        fields = Fields(book.access, has_vault_key=book._files.has_vault_key, known=known)
        day = moment.as_of if as_of and moment.as_of else dt.datetime.now(book._zone).date()
        reading = Reading(book._zone, day, book.access.settings.masks, standing.values)
        planner = Planner(standing, book.access, fields, reading, self._looks(reason))
        plan = planner.plan(query)
        order = Order.of(sort, fields)
        if order is not None and order.target not in plan.shown:
            plan.shown.append(order.target)
        found = Asking(standing, plan, planner, fields, book.access).page(page, page_size, order)
        self._record(plan, found, sort, reason)
        return found

    def _at(self, moment: Moment) -> Standing:
        key = (moment.as_of, moment.known)
        self._standing = {k: standing for k, standing in self._standing.items() if standing.is_open}
        standing = self._standing.pop(key, None) or Standing(self._book, moment)
        while len(self._standing) >= MOMENTS:
            self._standing.pop(next(iter(self._standing))).drop()
        self._standing[key] = standing
        return standing

    def _looks(self, reason: str) -> list[Look]:
        """What may be compared of identity."""
        book, ends = self._book, self._book.access.settings.masks.id_number
        if book.identity == "hidden":
            return []
        looks = [Look(masked=book.identity == "masked", whole=False, id_ends=ends)]
        if reason and len(reason.strip()) < SHORTEST_REASON:
            raise ParameterError(
                "Say in a few words why you search: the reason is kept with the search.",
                "请简要说明查找的事由：事由会随查找一并留存。",
            )
        if reason and book.identity == "masked" and book.access.role.may_look_up:
            looks.append(Look(masked=False, whole=True, id_ends=ends))
        return looks

    def _record(self, plan: Plan, found: Found, sort: str, reason: str) -> None:
        clients = list(found.rows["client_id"]) if reason else []
        self._book.audit.record(
            "search",
            clients=clients,
            reason=reason,
            query=" ".join(plan.told),
            sort=sort,
            page=found.page,
            found=found.total,
        )
