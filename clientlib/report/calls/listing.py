"""What a call list holds, read from the book: the risk review as its page has it, and who the clients are.

The review is made as whoever asks sees the book, without anybody's identity; then who the listed clients
are is looked up, plain for a reason, or masked, or not at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from clientlib.analysis.risk.plan import AdjustmentPlans
from clientlib.book import Access, Book, look
from clientlib.book.opened import Identity, OpenedBook
from clientlib.errors import ParameterError, Words, meant
from clientlib.report.calls.review import READ, of_clients, review_book
from clientlib.report.parameters import ALL, Question
from clientlib.report.publish import edition_name

if TYPE_CHECKING:
    from clientlib.config import Settings

_RECKONED = ("balances", "finances")
"""Areas whose amounts must be numbers: nothing can be reckoned with bands."""
_OF_WHOM = {"clients": ["full_name"], "contacts": ["mobile", "preferred_channel", "preferred_time"]}
"""What is told of who a client is and how to reach one, by area."""
WHO = tuple(name for names in _OF_WHOM.values() for name in names)


@dataclass(frozen=True)
class CallList:
    """Whom to call, and what is needed for it.

    Attributes
    ----------
    as_of : date
    known_at : datetime
        What the book held at that instant was read.
    edition : str
        The edition of the risk review that it agrees with; empty where none stands.
    currency : str
    identity : {"plain", "masked", "hidden"}
        How `calls` shows who a client is; with `hidden` the columns of `WHO` are not there.
    calls : DataFrame
        See `limits.rank_calls`; the ranks begin anew with each advisor. `whom`: whose list a row stands on.
    plans : AdjustmentPlans
        What to sell and buy, also for clients who are not on the list.
    securities : DataFrame, index security_id
        name, market, asset_class.
    absent : tuple of str
        Why parts of the review could not be made: keys of the report's messages.
    """

    as_of: dt.date
    known_at: dt.datetime
    edition: str
    currency: str
    identity: Identity
    calls: pd.DataFrame
    plans: AdjustmentPlans
    securities: pd.DataFrame
    absent: tuple[str, ...] = ()

    def of(self, whom: str) -> CallList:
        """The part that stands on one advisor's list."""
        return replace(self, calls=self.calls[self.calls["whom"].eq(whom)])

    @property
    def folder(self) -> str:
        """The folder of the lists of its edition; of its date, where none stands."""
        return self.edition or edition_name(self.as_of, ALL)

    @property
    def advisors(self) -> list[str]:
        """Whose lists there are, in order; the empty name last: clients without an advisor."""
        return sorted(self.calls["whom"].unique(), key=lambda name: (not name, name))


def call_list(
    book: Book, question: Question, *, edition: str = "", advisor: str | None = None, reason: str = ""
) -> CallList:
    """The call list as whoever opened the book may see it.

    Parameters
    ----------
    book : Book
    question : Question
        The clocks and the branch.
    edition : str
        The edition of the risk review with the same clocks.
    advisor : str, optional
        Only of this advisor's clients; whose they were on that day counts.
    reason : str
        Why who they are is wanted; without it a role that sees identity masked sees it so here.

    Raises
    ------
    PermissionRefused
        The role does not see what the review rests on, or may not look up, or the vault's key is not here.
    ParameterError
        There is no such advisor, or identity would be plain and no reason is given.
    BookError
        The look cannot be recorded.
    """
    _need_amounts(book.access)
    if book.identity == "plain" and not reason:
        raise ParameterError(
            'Your role sees who clients are. Say why you want the list: --reason "…" is kept with the look.',
            "您的角色可查看客户身份。请用 --reason “…” 说明事由：事由会随查询一并留存。",
        )
    # The review needs nobody's identity, so none is read.
    review, areas = review_book(_unseen(book), question.as_of, question.known_at, branch=question.branch)
    calls = _on_lists(review.call_list, book.access, advisor, review.by_client["advisor"])
    identity, who = _who(book, calls["client_id"].to_list(), reason)
    return CallList(
        as_of=question.as_of,
        known_at=question.known_at,
        edition=edition,
        currency=review.currency,
        identity=identity,
        calls=calls.join(who, on="client_id"),
        plans=review.plans,
        securities=areas["securities"].set_index("security_id")[["name", "market", "asset_class"]],
        absent=tuple(review.available["reason"].loc[lambda reason: reason.ne("")].unique()),
    )


# ------------------------------------------------------------------ what may be seen
def _need_amounts(access: Access) -> None:
    """A role that sees amounts in bands cannot reckon what has to be paid in or sold."""

    def sees(settings: Settings, role: str) -> bool:
        shown = partial(look, role=settings.roles[role])
        areas = [access.table[name] for name in _RECKONED]
        return all(shown(area, f) == "plain" for area in areas for f in area.fields if f.kind == "money")

    for name in READ:
        access.area(name)
    if not sees(access.settings, access.name):
        able = [role for role in access.settings.roles if sees(access.settings, role)]
        denied = Words(
            "sees no amounts of clients, from which a call list is reckoned", "看不到推算联系名单所需的金额"
        )
        raise access.refusal(denied, able)


def _unseen(book: Book) -> OpenedBook:
    """The same book for one who sees nobody's identity."""
    hidden = book.access.role.model_copy(update={"identity": "hidden"})
    return book.as_seen_by(replace(book.access, role=hidden))


# ------------------------------------------------------------------ whose list
def _on_lists(calls: pd.DataFrame, access: Access, advisor: str | None, known: pd.Series) -> pd.DataFrame:
    """The calls with whose list each stands on, ranked within it."""
    own = access.person.advisor if access.role.rows == "advisor" else None
    if own is not None:
        _need_own(advisor, own)
        listed = calls.assign(whom=own)  # also whom somebody else served on that day
    else:
        listed = calls.assign(whom=calls["advisor"].astype("str").fillna(""))
        if advisor is not None:
            _need_known(advisor, sorted(known.dropna().astype("str").unique()))
            listed = listed[listed["whom"].eq(advisor)]
    ranks = listed.groupby("whom").cumcount() + 1
    return listed.assign(rank=ranks).reset_index(drop=True)


def _need_own(advisor: str | None, own: str) -> None:
    if advisor not in (None, own):
        raise ParameterError(
            f'Your role sees the own clients only, those of "{own}". Leave --advisor out.',
            f"您的角色只能查看名下客户（“{own}”）。请去掉 --advisor。",
        )


def _need_known(advisor: str, known: Collection[str]) -> None:
    if advisor not in known:
        hint = meant(advisor, known, Words("The advisors are", "现有客户经理"))
        raise ParameterError(
            f'There is no advisor "{advisor}". {hint.en}', f"没有客户经理“{advisor}”。{hint.zh}"
        )


# ------------------------------------------------------------------ who they are
def _who(book: Book, clients: Collection[str], reason: str) -> tuple[Identity, pd.DataFrame]:
    """Who the listed clients are and how to reach them, by the book's newest word: an old number reaches
    somebody else. Index client_id; without columns where identity does not show."""
    if reason:
        return "plain", _joined(
            {name: book.look_up(name, clients, reason) for name in _OF_WHOM} if clients else {}
        )
    if book.identity == "hidden":
        return "hidden", pd.DataFrame(index=pd.Index([], dtype="str", name="client_id"))
    return "masked", _joined({name: of_clients(book.area(name), clients) for name in _OF_WHOM})


def _joined(areas: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The newest row of each client in each area, side by side."""
    parts = [
        frame.drop_duplicates("client_id", keep="last").set_index("client_id").reindex(columns=_OF_WHOM[name])
        for name, frame in areas.items()
    ]
    return pd.concat(parts, axis=1) if parts else pd.DataFrame(columns=list(WHO))
