"""The ledger against cases worked by hand, and against one that goes trade by trade in exact fractions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clientlib import features
from clientlib.config import Settings

START = dt.datetime(2026, 1, 5, 2, tzinfo=dt.UTC)
AS_OF = dt.date(2026, 6, 30)
Connect = Callable[..., duckdb.DuckDBPyConnection]
Order = tuple[str, str, str, str]
"""Side, quantity, amount and fee as a person types them."""


def _trades(orders: Iterable[Order], client: str = "A") -> Iterator[dict[str, Any]]:
    for turn, (side, quantity, amount, fee) in enumerate(orders):
        yield {
            "trade_id": f"{client}-{turn:05d}",
            "client_id": client,
            "security_id": "S",
            "currency": "CNY",
            "traded_at": START + dt.timedelta(minutes=turn),
            "side": side,
            "quantity": float(quantity),
            "price": float(amount) / float(quantity),
            "amount": float(amount),
            "fee": float(fee),
        }


def _ledger(connect: Connect, rule: Settings, trades: Iterable[dict[str, Any]]) -> pd.DataFrame:
    return features.compute(connect(trades=list(trades)), "ledger", AS_OF, settings=rule)


# ------------------------------------------------------------------------------- by hand
@pytest.fixture
def worked(connect: Connect, settings: Settings) -> pd.DataFrame:
    orders = [
        ("buy", "100", "1000", "5"),  # 100 held, cost 1000 + 5 = 1005
        ("buy", "300", "3600", "15"),  # 400 held, cost 1005 + 3615 = 4620, 11.55 each
        ("sell", "100", "1300", "10"),  # 300 held, cost 3465; earns 1300 - 10 - 1155 = 135
        ("sell", "300", "3000", "20"),  # none held; earns 3000 - 20 - 3465 = -485
        ("buy", "10", "200", "0"),  # a new episode: 10 held, cost 200
        (
            "sell",
            "15",
            "330",
            "3",
        ),  # 10 covered: 327 × 10/15 - 200 = 18; 5 uncovered, 110 of 330
    ]
    return _ledger(connect, settings, _trades(orders))


def test_quantity_after_each_trade(worked: pd.DataFrame) -> None:
    assert worked["quantity"].tolist() == [100, 400, 300, 0, 10, 0]


def test_buy_fees_are_cost_and_a_sale_takes_its_share(worked: pd.DataFrame) -> None:
    assert worked["cost"].tolist() == pytest.approx([1005, 4620, 3465, 0, 200, 0], rel=1e-9)


def test_sale_fees_come_off_the_proceeds(worked: pd.DataFrame) -> None:
    assert worked["realised_profit"].dropna().tolist() == pytest.approx([135, -485, 18], rel=1e-9)


def test_buys_realise_nothing(worked: pd.DataFrame) -> None:
    assert worked["realised_profit"].isna().tolist() == [True, True, False, False, True, False]


def test_uncovered_part_of_a_sale_stands_apart(worked: pd.DataFrame) -> None:
    assert worked["uncovered_quantity"].tolist() == pytest.approx([0, 0, 0, 0, 0, 5])
    assert worked["uncovered_amount"].tolist() == pytest.approx([0, 0, 0, 0, 0, 110])


def test_data_that_begin_in_the_middle_claim_no_profit(connect: Connect, settings: Settings) -> None:
    found = _ledger(connect, settings, _trades([("sell", "70", "700", "1"), ("buy", "20", "180", "0")]))
    assert found["realised_profit"].tolist()[0] == 0
    assert found["uncovered_quantity"].tolist() == [70, 0]
    assert found["quantity"].tolist() == [0, 20]


def test_quantities_that_doubles_cannot_hold_close_to_zero(connect: Connect, settings: Settings) -> None:
    # 0.1 + 0.2 - 0.3 is 5.6e-17 in doubles.
    orders = [("buy", "0.1", "10", "0"), ("buy", "0.2", "20", "0"), ("sell", "0.3", "33", "0")]
    found = _ledger(connect, settings, _trades(orders))
    assert found["quantity"].tolist()[-1] == 0
    assert found["uncovered_quantity"].tolist()[-1] == 0
    assert found["realised_profit"].tolist()[-1] == pytest.approx(3, rel=1e-12)


def test_what_is_left_below_a_millionth_counts_as_nothing(connect: Connect, settings: Settings) -> None:
    orders = [("buy", "1", "100", "0"), ("sell", "0.9999995", "110", "0"), ("buy", "2", "50", "0")]
    found = _ledger(connect, settings, _trades(orders))
    assert found["quantity"].tolist()[1] == 0
    assert found["cost"].tolist() == [100, 0, 50]
    assert found["realised_profit"].tolist()[1] == pytest.approx(10)


def test_very_large_holdings_close_despite_their_last_digit(connect: Connect, settings: Settings) -> None:
    orders = [
        ("buy", "123456789012.31", "1e12", "0"),
        ("buy", "0.1", "1", "0"),
        ("sell", "123456789012.41", "2e12", "0"),
    ]
    found = _ledger(connect, settings, _trades(orders))
    assert found["quantity"].tolist()[-1] == 0
    assert found["uncovered_quantity"].tolist()[-1] == 0


def test_trades_of_one_instant_count_buys_first(connect: Connect, settings: Settings) -> None:
    # Dates without a time are common: a sale listed before the buy of the same day is not uncovered.
    trades = list(_trades([("sell", "10", "120", "0"), ("buy", "10", "100", "0")]))
    for trade in trades:
        trade["traded_at"] = START
    found = _ledger(connect, settings, trades).set_index("trade_id")
    assert found.loc["A-00000", "realised_profit"] == pytest.approx(20)


def test_currencies_of_one_security_are_kept_apart(connect: Connect, settings: Settings) -> None:
    trades = list(_trades([("buy", "10", "100", "0"), ("sell", "10", "120", "0")]))
    trades[1]["currency"] = "HKD"
    found = _ledger(connect, settings, trades).set_index("currency")
    assert found["quantity"].to_dict() == {"CNY": 10, "HKD": 0}
    assert found.loc["HKD", "uncovered_quantity"] == 10


@pytest.mark.parametrize("field", ["client_id", "security_id", "currency", "side", "quantity", "amount"])
def test_pending_trades_are_left_out(field: str, connect: Connect, settings: Settings) -> None:
    trades = list(_trades([("buy", "10", "100", "0"), ("buy", "5", "60", "0")]))
    trades[1][field] = None
    assert _ledger(connect, settings, trades)["quantity"].tolist() == [10]


@pytest.mark.parametrize("field", ["quantity", "amount", "fee"])
def test_absurd_numbers_are_left_out_instead_of_failing(
    field: str, connect: Connect, settings: Settings
) -> None:
    trades = list(_trades([("buy", "10", "100", "0"), ("buy", "5", "60", "0")]))
    trades[1][field] = 1e300
    assert _ledger(connect, settings, trades)["quantity"].tolist() == [10]


def test_a_missing_fee_is_no_fee(connect: Connect, settings: Settings) -> None:
    trades = list(_trades([("buy", "10", "100", "0")]))
    trades[0]["fee"] = None
    assert _ledger(connect, settings, trades)["cost"].tolist() == [100]


def test_later_trades_are_not_read(connect: Connect, settings: Settings) -> None:
    # The as-of day ends at 16:00 UTC in Shanghai.
    trades = list(_trades([("buy", "10", "100", "0"), ("buy", "1", "10", "0"), ("buy", "7", "70", "0")]))
    trades[1]["traded_at"] = dt.datetime(2026, 6, 30, 15, 59, 59, tzinfo=dt.UTC)
    trades[2]["traded_at"] = dt.datetime(2026, 6, 30, 16, tzinfo=dt.UTC)
    assert _ledger(connect, settings, trades)["quantity"].tolist() == [10, 11]


def test_no_trades_make_an_empty_ledger_with_its_dtypes(connect: Connect, settings: Settings) -> None:
    empty, full = (
        _ledger(connect, settings, []),
        _ledger(connect, settings, _trades([("buy", "1", "1", "0")])),
    )
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)


# --------------------------------------------------------------------- against the long way
@dataclass
class _Account:
    """A ledger that goes trade by trade, in exact fractions."""

    quantity: Fraction = Fraction(0)
    cost: Fraction = Fraction(0)

    def book(self, order: Order) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        """Quantity, cost, realised profit and uncovered quantity after one order."""
        side, (quantity, amount, fee) = order[0], map(Fraction, order[1:])
        if side == "buy":
            self.quantity += quantity
            self.cost += amount + fee
            return self.quantity, self.cost, Fraction(0), Fraction(0)
        covered = min(quantity, self.quantity)
        gone = self.cost * covered / self.quantity if self.quantity else Fraction(0)
        self.quantity -= covered
        self.cost -= gone
        earned = (amount - fee) * covered / quantity - gone
        return self.quantity, self.cost, earned, quantity - covered


def _decimals(low: int, high: int, places: int) -> st.SearchStrategy[str]:
    return st.integers(low * 10**places, high * 10**places).map(lambda n: f"{n / 10**places:.{places}f}")


def _agree(found: pd.DataFrame, accounts: dict[str, list[Order]]) -> None:
    for client, orders in accounts.items():
        account, rows = _Account(), found[found["client_id"] == client]
        assert len(rows) == len(orders)
        for row, order in zip(rows.itertuples(), orders, strict=True):
            quantity, cost, earned, uncovered = account.book(order)
            money = float(max(cost, Fraction(order[2]), abs(earned)))
            assert row.quantity == pytest.approx(float(quantity), rel=1e-9, abs=0)
            assert row.cost == pytest.approx(float(cost), rel=1e-9, abs=0)
            assert row.uncovered_quantity == pytest.approx(float(uncovered), rel=1e-9, abs=1e-9)
            if order[0] == "sell":
                assert row.realised_profit == pytest.approx(float(earned), rel=1e-9, abs=1e-9 * money)


_ORDER = st.tuples(
    st.sampled_from(["buy", "sell"]),
    _decimals(1, 10_000, 3),
    _decimals(10, 1_000_000, 2),
    _decimals(0, 50, 2),
)


@given(st.lists(st.lists(_ORDER, min_size=1, max_size=25), min_size=4, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_agrees_with_the_long_way(
    connect: Connect, settings: Settings, sequences: list[list[Order]]
) -> None:
    accounts = {f"C{n}": orders for n, orders in enumerate(sequences)}
    trades = [trade for client, orders in accounts.items() for trade in _trades(orders, client)]
    _agree(_ledger(connect, settings, trades), accounts)


def _cycles(parts: Iterable[int]) -> list[Order]:
    """Buy a thousand, then sell all but `part` thousandths of what is held; again and again."""
    held, orders = Fraction(0), []
    for part in parts:
        held += 1000
        sold = round(held * (1000 - part) / 1000, 3)
        orders += [("buy", "1000", "10000.00", "3.00"), ("sell", f"{float(sold):.3f}", "9000.00", "2.00")]
        held -= sold
    return orders


@given(st.lists(st.integers(1, 999), min_size=60, max_size=120))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hundreds_of_partial_sales_lose_no_digits(
    connect: Connect, settings: Settings, parts: list[int]
) -> None:
    orders = _cycles(parts)
    _agree(_ledger(connect, settings, _trades(orders, "C")), {"C": orders})


def test_a_product_far_below_what_a_double_holds(connect: Connect, settings: Settings) -> None:
    # 150 times a thousandth is left: the product of the shares is 1e-450.
    orders = _cycles([1] * 150)
    _agree(_ledger(connect, settings, _trades(orders, "C")), {"C": orders})


def test_a_long_decline_carries_cost_over_two_stretches(connect: Connect, settings: Settings) -> None:
    # A hundred trillion units, 99 % sold over and over, down to less than a hundredth of one.
    held, orders = Fraction(10**14), [("buy", "100000000000000", "900000000000000", "0")]
    while held > Fraction(1, 100):
        sold = round(held * 99 / 100, 8)
        orders.append(("sell", f"{sold.numerator / sold.denominator:.8f}", "1000", "0"))
        held -= Fraction(orders[-1][1])
    _agree(_ledger(connect, settings, _trades(orders, "C")), {"C": orders})
