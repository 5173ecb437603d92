"""The risk review of an open book, for those who need it outside its notebook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pandas as pd

from clientlib.analysis.risk import RiskReview, review_risk
from clientlib.analysis.risk.day import book_exchange
from clientlib.book.opened import OpenedBook
from clientlib.features import positions
from clientlib.report.parameters import ALL

_VERSIONS = ("preferences", "balances", "finances")
"""Areas of which the review reads what was before as well."""
READ = ("clients", *_VERSIONS, "securities", "prices", "trades", "acknowledgements")
"""Areas that the review rests on."""


def review_book(
    book: OpenedBook,
    as_of: dt.date,
    known_at: dt.datetime | None = None,
    *,
    branch: str = ALL,
    client: str | None = None,
) -> tuple[RiskReview, dict[str, pd.DataFrame]]:
    """The review as its notebook makes it, and the areas that it was made from, by name.

    Parameters
    ----------
    book : OpenedBook
    as_of, known_at
        The two clocks.
    branch : str
        Of this branch's clients only, as on the branch's page.
    client : str, optional
        Of this client only, in the currency of the whole book: as the firm's page states it.
    """
    areas = {name: book.area(name, as_of, known_at, versions=name in _VERSIONS) for name in READ}
    held, exchange = positions(book, as_of, known_at), None
    mine: Collection[str] | pd.Series | None = None
    if client is not None:
        mine, exchange = [client], book_exchange(held, areas["securities"], book.settings)
    elif branch != ALL:
        mine = areas["clients"].loc[areas["clients"]["branch"].eq(branch), "client_id"]
    if mine is not None:
        areas = {name: of_clients(frame, mine) for name, frame in areas.items()}
        held = of_clients(held, mine)
    found = review_risk(
        held, areas["prices"], areas["securities"], areas["clients"], areas["preferences"],
        areas["balances"], as_of, book.settings, areas["finances"], trades=areas["trades"],
        acknowledgements=areas["acknowledgements"], exchange=exchange,
    )  # fmt: skip
    return found, areas


def of_clients(frame: pd.DataFrame, clients: Collection[str] | pd.Series) -> pd.DataFrame:
    """The rows of these clients; what is not about clients as it is."""
    return frame[frame["client_id"].isin(clients)] if "client_id" in frame else frame
