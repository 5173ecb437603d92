"""Features of a whole book: the demo firm's, and what roles and clocks let through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd
import pytest

from clientlib import features
from clientlib.book import Book, open_book
from clientlib.errors import PermissionRefused
from clientlib.workbook import Workbook


@pytest.fixture(scope="module")
def book(demo_workbook: Workbook) -> Iterator[Book]:
    with open_book(demo_workbook) as opened:
        yield opened


@pytest.fixture(scope="module")
def as_of(book: Book) -> dt.date:
    span = book.span()
    assert span is not None
    return span[1]


@pytest.fixture(scope="module")
def found(book: Book, as_of: dt.date) -> pd.DataFrame:
    return features.client_features(book, as_of)


def test_every_client_of_the_book_has_a_row(book: Book, as_of: dt.date, found: pd.DataFrame) -> None:
    assert found.index.tolist() == sorted(book.area("clients", as_of)["client_id"])


def test_values_of_clients_are_those_of_their_positions(
    book: Book, as_of: dt.date, found: pd.DataFrame
) -> None:
    held = features.positions(book, as_of)
    held = held[held["currency"] == found["currency"].iloc[0]]
    expected = held.groupby("client_id")["market_value"].sum().reindex(found.index, fill_value=0)
    pd.testing.assert_series_equal(found["market_value"].fillna(0), expected, rtol=1e-9)


def test_realised_profit_of_clients_is_that_of_their_trades(
    book: Book, as_of: dt.date, found: pd.DataFrame
) -> None:
    ledger = features.ledger(book, as_of)
    expected = ledger.groupby("client_id")["realised_profit"].sum().reindex(found.index, fill_value=0)
    pd.testing.assert_series_equal(found["realised_profit"], expected, rtol=1e-9, atol=1e-4)


def test_money_in_is_money_out_plus_what_is_held(book: Book, as_of: dt.date) -> None:
    # Where no sale is uncovered: paid for buys + profit = proceeds of sales + cost of what is left.
    trades = book.area("trades", as_of)
    paid = (trades["amount"] + trades["fee"]).where(trades["side"] == "buy", 0.0)
    received = (trades["amount"] - trades["fee"]).where(trades["side"] == "sell", 0.0)
    flow = (paid - received).groupby([trades["client_id"], trades["security_id"]]).sum()
    ledger = features.ledger(book, as_of)
    keys = ["client_id", "security_id"]
    covered = ledger.groupby(keys)["uncovered_quantity"].sum() == 0
    left = ledger.groupby(keys)["cost"].last() - ledger.groupby(keys)["realised_profit"].sum()
    assert covered.sum() > 100
    pd.testing.assert_series_equal(left[covered], flow[covered], check_names=False, rtol=1e-9, atol=1e-4)


def test_what_was_not_yet_known_is_not_there(book: Book, as_of: dt.date) -> None:
    before = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    assert len(features.client_features(book, as_of, known_at=before)) == 0


def test_a_date_may_be_written_out(book: Book, as_of: dt.date, found: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(features.client_features(book, as_of.isoformat()), found, check_exact=True)


def test_a_role_that_sees_too_little_is_told_so(demo_workbook: Workbook, as_of: dt.date) -> None:
    with (
        open_book(demo_workbook, role="manager") as book,
        pytest.raises(PermissionRefused, match="role"),
    ):
        features.client_features(book, as_of)
