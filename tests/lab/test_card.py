"""One client's card as data."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pandas as pd
import pytest

from clientlib.lab.card import card_of, holdings_by_class, trades_by_period
from clientlib.lab.snapshot import Snapshot, nothing

SHANGHAI = "Asia/Shanghai"


def _trades(*days: str) -> pd.DataFrame:
    when = pd.to_datetime(list(days), utc=True)
    return pd.DataFrame({"traded_at": when, "side": "buy", "amount": 1.0})


def test_the_facts_are_those_that_have_a_value(snapshot: Snapshot) -> None:
    names = [fact.field.name for fact in card_of(snapshot, "K0001").basics]
    assert "net_assets" in names
    assert "employer" not in names


def test_identity_in_the_facts_is_masked(snapshot: Snapshot) -> None:
    card = card_of(snapshot, "K0001")
    shown = {
        fact.field.name: fact.value for fact in (*card.basics, *card.reach) if fact.field.sensitivity == "I"
    }
    assert shown == {
        "full_name": "张**",
        "id_number": "3****…****4",
        "mobile": "138****0001",
        "email": "a***@example.com",
    }


def test_the_level_says_until_when_it_counts(snapshot: Snapshot) -> None:
    level = card_of(snapshot, "K0003").level
    assert (level.stated, level.state, level.until) == ("C4", "expiring", dt.date(2026, 7, 20))
    assert level.days_left == 20


def test_a_predicted_level_is_marked(snapshot: Snapshot) -> None:
    assert card_of(snapshot, "K0004").level.predicted
    assert not card_of(snapshot, "K0001").level.predicted


def test_a_client_who_was_never_assessed_has_a_card(snapshot: Snapshot) -> None:
    level = card_of(snapshot, "K0060").level
    assert (level.stated, level.state, level.until, level.days_left) == (None, "none", None, None)


def test_the_largest_position_comes_first_and_the_unpriced_last(snapshot: Snapshot) -> None:
    assert card_of(snapshot, "K0001").positions["security_id"].to_list() == ["600001", "600002", "600003"]


def test_shares_are_of_what_has_a_price(snapshot: Snapshot) -> None:
    shares = card_of(snapshot, "K0001").positions["share"]
    assert shares.to_list()[:2] == [0.75, 0.25]
    assert pd.isna(shares.iloc[2])


def test_the_average_cost_is_that_of_one_unit(snapshot: Snapshot) -> None:
    assert card_of(snapshot, "K0001").positions["unit_cost"].to_list() == [9.0, 100.0, 10.0]


def test_trades_are_added_up_by_the_firms_months(snapshot: Snapshot) -> None:
    card = card_of(snapshot, "K0001")
    assert card.trades["period_start"].dt.strftime("%Y-%m").to_list() == ["2026-02", "2026-03", "2026-04"]
    assert card.trades["buy"].to_list() == [1000.0, 0.0, 500.0]
    assert card.trades["sell"].to_list() == [0.0, 0.0, 200.0]


def test_another_currency_is_not_added_in(snapshot: Snapshot) -> None:
    card = card_of(snapshot, "K0001")
    assert (card.currency, card.trade_count) == ("CNY", 3)


def test_a_client_of_another_currency_only_is_shown_in_it(snapshot: Snapshot) -> None:
    foreign = snapshot.trades.assign(currency="EUR")
    none_held = snapshot.positions.iloc[:0]
    card = card_of(dataclasses.replace(snapshot, trades=foreign, positions=none_held), "K0002")
    assert (card.currency, card.trade_count) == ("EUR", 1)


@pytest.mark.parametrize(
    ("days", "period", "rows"),
    [
        (("2023-07-01", "2026-06-30"), "month", 36),
        (("2023-06-01", "2026-06-30"), "quarter", 13),
        (("2000-06-01", "2026-06-30"), "year", 27),
    ],
)
def test_a_long_history_is_added_up_more_coarsely(days: tuple[str, ...], period: str, rows: int) -> None:
    found, sums = trades_by_period(_trades(*days), SHANGHAI)
    assert (found, len(sums)) == (period, rows)
    assert sums["buy"].sum() == 2.0


def test_holdings_are_by_class_with_the_largest_first(snapshot: Snapshot) -> None:
    held = holdings_by_class(card_of(snapshot, "K0001").positions, "CNY")
    assert held.to_dict() == {"stock": 3000.0, "bond": 1000.0}


def test_the_newest_request_comes_first(snapshot: Snapshot) -> None:
    assert card_of(snapshot, "K0001").requests["request_id"].to_list() == ["Q2", "Q1"]


def test_a_client_who_did_nothing_has_an_empty_card(snapshot: Snapshot) -> None:
    card = card_of(snapshot, "K0033")
    assert (len(card.positions), len(card.trades), len(card.requests), len(card.feedback)) == (0, 0, 0, 0)


def test_an_unknown_client_has_no_card(snapshot: Snapshot) -> None:
    with pytest.raises(KeyError):
        card_of(snapshot, "K9999")


def test_an_empty_book_has_no_card() -> None:
    with pytest.raises(KeyError):
        card_of(nothing(), "K0001")
