"""One row a client: worked by hand, and what it says where there is nothing to say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import pytest

from clientlib import features
from clientlib.config import Settings
from clientlib.errors import ParameterError

AS_OF = dt.date(2026, 6, 30)
Connect = Callable[..., duckdb.DuckDBPyConnection]
Row = dict[str, Any]


def at(day: str, hour: int = 2) -> dt.datetime:
    """An instant of a day, 10 in the morning in Shanghai unless said otherwise."""
    return dt.datetime.fromisoformat(day).replace(hour=hour, tzinfo=dt.UTC)


def _client(name: str, **other: Any) -> Row:
    row = {
        "client_id": name,
        "client_type": "individual",
        "branch": "North",
        "opened_on": dt.date(2024, 6, 30),
        "birth_date": dt.date(1990, 7, 1),
        "updated_at": at("2026-01-01"),
    }
    return row | other


def _trade(name: str, day: str, side: str, security: str, quantity: float, price: float, **other: Any) -> Row:
    row = {
        "trade_id": f"{day}-{side}-{security}",
        "client_id": name,
        "security_id": security,
        "currency": "CNY",
        "traded_at": at(day),
        "side": side,
        "quantity": quantity,
        "price": price,
        "amount": quantity * price,
        "fee": 0.0,
        "channel": "app",
    }
    return row | other


def _security(name: str, asset_class: str, level: str, currency: str = "CNY") -> Row:
    return {
        "security_id": name,
        "name": name,
        "asset_class": asset_class,
        "risk_level": level,
        "currency": currency,
    }


BOOK: dict[str, list[Row]] = {
    "clients": [_client("B"), _client("A"), _client("N", birth_date=None, opened_on=None)],
    "trades": [
        _trade("A", "2025-01-10", "buy", "S", 100, 10, channel="branch"),  # cost 1000
        _trade("A", "2026-01-10", "sell", "S", 50, 14, fee=5.0),  # 700 - 5 - 500 = 195
        _trade("A", "2026-06-01", "buy", "F", 10, 30),  # cost 300
        _trade("A", "2026-06-20", "buy", "U", 1, 40, channel=None),  # never priced
        _trade("A", "2026-06-20", "buy", "H", 1, 99, currency="HKD"),
    ],
    "prices": [
        {"security_id": security, "date": AS_OF, "close": close}
        for security, close in (("S", 16.0), ("F", 20.0), ("H", 100.0))
    ],
    "securities": [
        _security("S", "stock", "R4"),
        _security("F", "fund", "R2"),
        _security("H", "stock", "R5", "HKD"),
    ],
    "balances": [
        {
            "client_id": "A",
            "as_of": dt.date(2026, 6, 29),
            "cash": 500.0,
            "margin_loan": 700.0,
            "short_value": 40.0,
            "accrued_interest": 10.0,
            "currency": "CNY",
        }
    ],
    "finances": [
        {"client_id": "A", "as_of": dt.date(2025, 1, 1), "annual_income": 100.0, "currency": "CNY"},
        {"client_id": "A", "as_of": dt.date(2026, 1, 1), "annual_income": 200.0, "currency": "CNY"},
        {"client_id": "B", "as_of": dt.date(2026, 1, 1), "annual_income": 300.0, "currency": "USD"},
    ],
    "preferences": [
        {"client_id": "A", "assessed_on": dt.date(2023, 1, 1), "risk_level": "C1", "lowest_class": True},
        {
            "client_id": "A",
            "assessed_on": dt.date(2024, 6, 30),
            "risk_level": "C4",
            "level_source": "assessed",
        },
        {"client_id": "B", "assessed_on": dt.date(2024, 6, 29), "risk_level": "C3"},
    ],
    "service_requests": [
        {
            "request_id": "1",
            "client_id": "A",
            "category": "complaint",
            "status": "closed",
            "opened_at": at("2026-06-01"),
            "first_response_at": at("2026-06-01", 5),
            "closed_at": at("2026-06-02"),
        },
        {
            "request_id": "2",
            "client_id": "A",
            "category": "advice",
            "status": "closed",
            "opened_at": at("2026-06-28"),
            "first_response_at": at("2026-06-28", 3),
            "closed_at": at("2026-07-02"),
        },
        {
            "request_id": "3",
            "client_id": "A",
            "category": "advice",
            "status": "in_progress",
            "opened_at": at("2026-06-30"),
            "first_response_at": at("2026-07-01"),
        },
        {
            "request_id": "4",
            "client_id": "A",
            "category": "other",
            "status": "open",
            "opened_at": at("2024-01-01"),
        },
    ],
    "feedback": [
        {"feedback_id": "1", "client_id": "A", "given_at": at("2024-01-01"), "csat": 1, "nps": 9},
        {"feedback_id": "2", "client_id": "A", "given_at": at("2026-01-01"), "csat": 2},
        {"feedback_id": "3", "client_id": "A", "given_at": at("2026-02-01"), "csat": 5},
        {"feedback_id": "4", "client_id": "A", "given_at": at("2026-07-01"), "csat": 3, "nps": 0},
    ],
}


def _features(connection: duckdb.DuckDBPyConnection, rule: Settings, **options: Any) -> pd.DataFrame:
    as_of = options.pop("as_of", AS_OF)
    found = features.compute(connection, "client_features", as_of, settings=rule, **options)
    return found.set_index("client_id")


def _first(connection: duckdb.DuckDBPyConnection, rule: Settings, **options: Any) -> pd.Series[Any]:
    return _features(connection, rule, **options).iloc[0]


@pytest.fixture(scope="module")
def found(connect: Connect, settings: Settings) -> pd.DataFrame:
    return _features(connect(**BOOK), settings)


EXPECTED = {
    # 36 on 1 July: the as-of day is one day too early.
    "age": 35,
    "tenure_days": 730,
    "annual_income": 200,
    "risk_level": "C4",
    "level_source": "assessed",
    "lowest_class": False,
    "assessment_age_days": 730,
    "expires_on": pd.Timestamp("2026-06-30"),
    "level_valid": True,
    "currency": "CNY",
    "market_value": 1000,  # S 50 × 16, F 10 × 20
    "cost": 840,  # S 500, F 300, U 40
    "unpriced_cost": 40,
    "unrealised_profit": 200,  # 1000 - 800
    "realised_profit": 195,
    "n_positions": 4,
    "unpriced_positions": 1,
    "foreign_positions": 1,
    "uncovered_sells": 0,
    "uncovered_amount": 0,
    "largest_weight": 0.8,
    "share_stock": 0.8,
    "share_fund": 0.2,
    "share_bond": 0,
    "share_unlisted": 0,
    "share_r4": 0.8,
    "share_r2": 0.2,
    "share_r5": 0,
    "share_unrated": 0,
    "cash": 500,
    "maintenance_ratio": 2.0,  # (500 + 1000) / (700 + 40 + 10)
    "n_trades": 5,
    "buys": 4,
    "sells": 1,
    "uncounted_trades": 0,
    "recency_days": 10,
    "frequency": 4,
    "monetary": 1040,  # 700 + 300 + 40; HKD apart
    "turnover": 0.52,  # 1040 / 2 / 1000
    "digital_share": 0.75,  # 3 by app of 4 with a channel
    "requests": 3,
    "complaints": 1,
    "open_requests": 3,  # closed and answered only after the as-of day: open
    "median_first_response_hours": 2.0,  # of 3 and 1
    "n_feedback": 2,
    "mean_csat": 3.5,
    "last_csat": 5,
    "last_nps": 9,
}


@pytest.mark.parametrize("feature", EXPECTED)
def test_feature_by_hand(feature: str, found: pd.DataFrame) -> None:
    value, expected = found.loc["A", feature], EXPECTED[feature]
    assert value == (pytest.approx(expected) if isinstance(expected, float) else expected)


def test_every_client_has_a_row_in_order(found: pd.DataFrame) -> None:
    assert found.index.tolist() == ["A", "B", "N"]
    assert found.index.name == "client_id"


@pytest.mark.parametrize(
    "feature", ["market_value", "cost", "realised_profit", "n_positions", "n_trades", "frequency", "monetary"]
)
def test_who_never_traded_has_zero(feature: str, found: pd.DataFrame) -> None:
    assert found.loc["B", feature] == 0


@pytest.mark.parametrize(
    "feature",
    [
        "recency_days",
        "turnover",
        "digital_share",
        "largest_weight",
        "share_stock",
        "cash",
        "maintenance_ratio",
    ],
)
def test_who_never_traded_has_nothing_where_zero_would_lie(feature: str, found: pd.DataFrame) -> None:
    assert found[feature].isna()["B"]


def test_shares_add_up_to_one(found: pd.DataFrame) -> None:
    shares = found.filter(like="share_").drop(columns="digital_share", errors="ignore")
    assert shares.iloc[0].sum() == pytest.approx(2)  # by class, and by level


def test_an_income_in_another_currency_is_left_out(found: pd.DataFrame) -> None:
    assert found["annual_income"].isna()["B"]


def test_an_expired_level_is_not_valid(found: pd.DataFrame) -> None:
    assert found.loc["B", "expires_on"] == pd.Timestamp("2026-06-29")
    assert not found.loc["B", "level_valid"]


def test_a_stated_expiry_wins_over_the_period(connect: Connect, settings: Settings) -> None:
    stated = {"client_id": "A", "assessed_on": dt.date(2020, 1, 1), "risk_level": "C2", "expires_on": AS_OF}
    row = _first(connect(clients=[_client("A")], preferences=[stated]), settings)
    assert row["level_valid"]


def test_an_assessment_without_a_result_is_no_level(connect: Connect, settings: Settings) -> None:
    without = {"client_id": "A", "assessed_on": AS_OF, "risk_level": None}
    row = _first(connect(clients=[_client("A")], preferences=[without]), settings)
    assert not row["level_valid"]
    assert row["assessment_age_days"] == 0


def test_holdings_without_any_price_have_no_value(connect: Connect, settings: Settings) -> None:
    trades = [_trade("A", "2026-06-01", "buy", "S", 100, 10)]
    row = _first(connect(clients=[_client("A")], trades=trades), settings)
    assert pd.isna(row["market_value"])
    assert pd.isna(row["unrealised_profit"])
    assert row["cost"] == row["unpriced_cost"] == 1000


def test_closed_positions_leave_their_profit(connect: Connect, settings: Settings) -> None:
    trades = [
        _trade("A", "2026-06-01", "buy", "S", 100, 10),
        _trade("A", "2026-06-02", "sell", "S", 100, 9),
    ]
    row = _first(connect(clients=[_client("A")], trades=trades), settings)
    assert row[["realised_profit", "market_value", "cost", "n_positions"]].tolist() == [-100, 0, 0, 0]


def test_what_a_security_is_may_be_unknown(connect: Connect, settings: Settings) -> None:
    trades = [_trade("A", "2026-06-01", "buy", "S", 100, 10)]
    prices = [{"security_id": "S", "date": AS_OF, "close": 1.0}]
    row = _first(connect(clients=[_client("A")], trades=trades, prices=prices), settings)
    assert row[["share_unlisted", "share_unrated"]].tolist() == [1, 1]


def test_pending_trades_count_as_trades_only(connect: Connect, settings: Settings) -> None:
    trades = [_trade("A", "2026-06-01", "buy", "S", 100, 10, amount=None)]
    row = _first(connect(clients=[_client("A")], trades=trades), settings)
    assert row[["n_trades", "uncounted_trades", "n_positions", "monetary"]].tolist() == [1, 1, 0, 0]


def test_a_period_counts_its_last_day_and_not_the_day_before_its_first(
    connect: Connect, settings: Settings
) -> None:
    assert settings.segments.recency_days == 365
    # 365 days up to 2026-06-30 begin on 2025-07-01, which in Shanghai is 2025-06-30 16:00 UTC.
    trades = [
        _trade("A", "2025-06-30", "buy", "S", 1, 10, traded_at=at("2025-06-30", 15)),
        _trade("A", "2025-07-01", "buy", "S", 1, 10, traded_at=at("2025-06-30", 16)),
    ]
    row = _first(connect(clients=[_client("A")], trades=trades), settings)
    assert row[["frequency", "monetary", "recency_days"]].tolist() == [1, 10, 364]


def test_days_are_those_of_the_firm_across_a_change_of_clocks(connect: Connect, settings: Settings) -> None:
    athens = settings.model_copy(
        update={"firm": settings.firm.model_copy(update={"time_zone": "Europe/Athens"})}
    )
    # Midnight of 2026-03-01 in Athens, in winter time; the as-of day is in summer time.
    trades = [_trade("A", "2026-03-01", "buy", "S", 1, 10, traded_at=at("2026-02-28", 22))]
    row = _first(connect(clients=[_client("A")], trades=trades), athens)
    assert row["recency_days"] == (AS_OF - dt.date(2026, 3, 1)).days


def test_the_newest_of_several_versions_of_a_client_counts(connect: Connect, settings: Settings) -> None:
    versions = [
        _client("A", branch="Old", updated_at=at("2025-01-01")),
        _client("A", branch="New"),
        _client("A", branch="Future", updated_at=at("2026-07-01")),
    ]
    assert _features(connect(clients=versions), settings)["branch"].tolist() == ["New"]


# ------------------------------------------------------------------------------ currencies
def test_the_only_currency_of_a_book_is_the_one_of_its_totals(connect: Connect, settings: Settings) -> None:
    trades = [_trade("A", "2026-06-01", "buy", "S", 100, 10, currency="EUR")]
    row = _first(connect(clients=[_client("A")], trades=trades), settings)
    assert row["currency"] == "EUR"
    assert row[["cost", "foreign_positions"]].tolist() == [1000, 0]


@pytest.mark.parametrize("other", ["AED", "USD"])
def test_of_funds_in_two_currencies_on_one_day_those_in_the_currency_of_the_totals_are_told(
    connect: Connect, settings: Settings, other: str
) -> None:
    balance = BOOK["balances"][0]
    both = [balance | {"currency": other, "cash": 1.0}, balance]
    assert _first(connect(**BOOK | {"balances": both}), settings)["cash"] == 500


def test_the_currency_can_be_asked_for(connect: Connect, settings: Settings) -> None:
    row = _first(connect(**BOOK), settings, currency="HKD")
    assert row[["market_value", "foreign_positions"]].tolist() == [100, 3]
    assert pd.isna(row["cash"])


def test_without_trades_finances_say_the_currency(connect: Connect, settings: Settings) -> None:
    finances = [{"client_id": "A", "as_of": AS_OF, "annual_income": 5.0, "currency": "EUR"}]
    row = _first(connect(clients=[_client("A")], finances=finances), settings)
    assert row[["currency", "annual_income"]].tolist() == ["EUR", 5]


def test_an_empty_book_is_in_the_firms_currency(connect: Connect, settings: Settings) -> None:
    assert _features(connect(clients=[_client("A")]), settings).loc["A", "currency"] == "CNY"


# ------------------------------------------------------------------------------- no clients
@pytest.mark.parametrize("as_of", [dt.date(1900, 1, 1), dt.date(2023, 6, 30)])
def test_before_any_data_there_is_an_empty_frame_with_its_dtypes(
    as_of: dt.date, found: pd.DataFrame, connect: Connect, settings: Settings
) -> None:
    empty = _features(connect(**BOOK), settings, as_of=as_of)
    assert len(empty) == 0
    assert empty.dtypes.equals(found.dtypes)


@pytest.mark.parametrize("as_of", [dt.date.min, dt.date.max, "2026-02-30"])
def test_a_date_outside_the_table_is_refused_in_a_sentence(
    as_of: dt.date | str, connect: Connect, settings: Settings
) -> None:
    with pytest.raises(ParameterError, match="as_of"):
        _features(connect(**BOOK), settings, as_of=as_of)


def test_a_far_future_is_as_good_a_date_as_any(connect: Connect, settings: Settings) -> None:
    assert _features(connect(**BOOK), settings, as_of=dt.date(2199, 12, 31)).loc["A", "n_trades"] == 5
