"""One row a client as of a date: what is held, earned, traded, asked for and thought, from `.sql` files.

`client_features` is what the analyses read; `positions` and `ledger` are what it rests on. What each
feature means stands in `clientlib.features.dictionary`. Nothing is judged here: segments, limits and
suitability are questions for `clientlib.analysis`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import duckdb
import pandas as pd

from clientlib.book.clocks import AsOf, KnownAt
from clientlib.config import Settings
from clientlib.errors import PermissionRefused
from clientlib.features import query
from clientlib.features.dictionary import BY_NAME, FEATURES, Feature

Day = query.Day
__all__ = ["BY_NAME", "FEATURES", "Feature", "client_features", "compute", "ledger", "positions"]


class Source(Protocol):
    """What is needed of a book: its settings, and a connection with one view an area."""

    @property
    def settings(self) -> Settings: ...

    def views(
        self, as_of: AsOf = None, known_at: KnownAt = None
    ) -> AbstractContextManager[duckdb.DuckDBPyConnection]: ...


def client_features(
    book: Source, as_of: Day, known_at: KnownAt = None, *, currency: str | None = None
) -> pd.DataFrame:
    """One row for every client known at `as_of`.

    Parameters
    ----------
    book : Book
        An open book.
    as_of : date or str
        Business time: nothing dated after this day, in the firm's time zone, is read.
    known_at : datetime, date or str, optional
        Record time: what the book held at that instant; by default now.
    currency : str, optional
        The currency of the amounts. By default the firm's, or, where all trades and balances of the
        book (without any: finances and securities) are in one other currency, that one. Amounts in other
        currencies are left out, not converted.

    Returns
    -------
    DataFrame of shape (n_clients, n_features)
        Index `client_id`, sorted; columns, units and what a missing value means as in
        `clientlib.features.dictionary`. Empty, with the same columns and dtypes, where no client is known.
        The same inputs give the same bytes, whatever the number of threads.

    Raises
    ------
    ParameterError
        `as_of` or `known_at` is no date or instant of the calendar.
    PermissionRefused
        The role of the book does not see all that features are made from.
    """
    return _of_book(book, "client_features", as_of, known_at, currency).set_index("client_id")


def positions(book: Source, as_of: Day, known_at: KnownAt = None) -> pd.DataFrame:
    """What every client holds at the end of the `as_of` day.

    Parameters
    ----------
    book, as_of, known_at
        As in `client_features`.

    Returns
    -------
    DataFrame of shape (n_positions, 9)
        client_id, security_id, currency, quantity, cost (average cost of what is left, buy fees included),
        price (last close, not older than `settings.risk.stale_days` trading days), price_date (day of the
        last close, stale or not), market_value, unrealised_profit; money in the row's `currency`. An unpriced
        position is there, with price, market_value and unrealised_profit missing; price_date is missing too
        where there never was a close. Sorted by client, security and currency.
    """
    return _of_book(book, "positions", as_of, known_at, None)


def ledger(book: Source, as_of: Day, known_at: KnownAt = None) -> pd.DataFrame:
    """Every countable trade up to `as_of`, and what it left and earned.

    Parameters
    ----------
    book, as_of, known_at
        As in `client_features`.

    Returns
    -------
    DataFrame of shape (n_trades, 10)
        trade_id; client_id, security_id, currency and turn (1, 2 … within the three); quantity and cost after
        the trade (average cost, buy fees included); realised_profit (missing for buys; net of sale fees; on
        the covered part only); uncovered_quantity and uncovered_amount (of a sale beyond what was held,
        before fees). Trades without all it takes are left out; `client_features` counts them.

    Notes
    -----
    A sale takes the same share of the cost as of the quantity (moving average cost). `sql/ledger.sql`
    says how that is had without going trade by trade.
    """
    return _of_book(book, "ledger", as_of, known_at, None)


def compute(
    connection: duckdb.DuckDBPyConnection,
    name: query.Relation,
    as_of: Day,
    *,
    settings: Settings,
    currency: str | None = None,
) -> pd.DataFrame:
    """A relation of this package over any DuckDB connection that has a table or view an area.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Holds `clients`, `finances`, `preferences`, `trades`, `service_requests`, `feedback`, `balances`,
        `securities` and `prices` in their declared dtypes. Only read.
    name : {"ledger", "holdings", "positions", "client_features"}
        What is wanted.
    as_of, currency
        As in `client_features`.
    settings : Settings
        The firm's; periods, limits, time zone and currency come from here.

    Returns
    -------
    DataFrame
        As the function of that name returns it, with `client_id` as a column; "holdings" has one row per
        client, security and currency ever traded, empty ones too, with the profit realised on each.
    """
    chosen = currency or query.currency_of(connection, settings.firm.currency)
    return query.run(connection, name, query.ask(settings, as_of, chosen))


def _of_book(
    book: Source, name: query.Relation, as_of: Day, known_at: KnownAt, currency: str | None
) -> pd.DataFrame:
    with book.views(as_of, known_at) as connection:
        try:
            return compute(connection, name, as_of, settings=book.settings, currency=currency)
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise PermissionRefused(
                "Features are made from areas or fields that this role does not see. "
                'Open the book with a role that sees all areas up to sensitivity "S", such as analyst.',
                "特征所用的表或字段，此角色看不到。"
                '请以能看到全部表、且 sensitivity 达到 "S" 的角色打开台账，例如 analyst。',
            ) from error
