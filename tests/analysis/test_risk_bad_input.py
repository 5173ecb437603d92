"""What no area should hold, in the review all the same: each is told of or left out of account, none is
a wrong number, a lost client, or a traceback."""

from __future__ import annotations

import datetime as dt
import traceback
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk import RiskReview, adjustment_plan, portfolio_risk, review_risk
from clientlib.analysis.risk.day import book_exchange
from clientlib.config import load
from clientlib.errors import ParameterError

AS_OF = dt.date(2026, 6, 30)
DAYS = pd.bdate_range(end=AS_OF, periods=40)
SETTINGS = load()
_ALERTS = SETTINGS.risk.alerts.model_copy(update={"look_back_days": 3})
_RISK = SETTINGS.risk.model_copy(update={"window": 30, "scenarios": {}, "alerts": _ALERTS})
SETTINGS = SETTINGS.model_copy(update={"risk": _RISK})
NAMES = ["11", "12", "13"]


def frames() -> dict[str, pd.DataFrame]:
    """Three clients (1 to 3, in shares that are above the level of the second), one of whom owes money."""
    moves = np.random.default_rng(5).normal(0, 0.01, (len(NAMES), len(DAYS)))
    closes = 10 * np.exp(np.cumsum(moves, axis=1))
    prices = pd.DataFrame(closes, index=NAMES, columns=DAYS).rename_axis("security_id").reset_index()
    owed = ["cash", "margin_loan", "short_value", "accrued_interest"]
    return {
        "positions": pd.DataFrame(
            {
                "client_id": ["1", "1", "2", "3", "3"],
                "security_id": ["11", "12", "13", "11", "13"],
                "quantity": [100.0, 50.0, 80.0, 60.0, 60.0],
                "currency": "CNY",
            }
        ),
        "prices": prices.melt("security_id", var_name="date", value_name="close"),
        "securities": pd.DataFrame(
            {
                "security_id": NAMES,
                "asset_class": "stock",
                "risk_level": ["R1", "R2", "R4"],
                "currency": "CNY",
            }
        ),
        "clients": pd.DataFrame(
            {
                "client_id": ["1", "2", "3"],
                "client_type": "individual",
                "investor_class": "ordinary",
                "branch": ["N", "S", "S"],
            }
        ),
        "preferences": pd.DataFrame(
            {
                "client_id": ["1", "2", "3"],
                "assessed_on": pd.Timestamp("2026-01-05"),
                "risk_level": ["C5", "C2", "C5"],
                "questionnaire_score": 50.0,
            }
        ),
        "balances": pd.DataFrame(
            [("3", pd.Timestamp("2026-06-25"), 10.0, 500.0, 0.0, 0.0)], columns=["client_id", "as_of", *owed]
        ).assign(currency="CNY"),
        "finances": pd.DataFrame(
            {
                "client_id": ["1", "2"],
                "as_of": pd.Timestamp("2026-05-01"),
                "annual_income": 1e5,
                "financial_assets": 1e6,
                "net_assets": 1e6,
                "currency": "CNY",
            }
        ),
        "trades": pd.DataFrame(
            {
                "client_id": ["1", "2"],
                "security_id": ["11", "13"],
                "traded_at": pd.to_datetime(["2026-06-20 03:00", "2026-06-21 03:00"], utc=True),
                "side": "buy",
                "quantity": 10.0,
                "amount": 100.0,
                "currency": "CNY",
            }
        ),
        "acknowledgements": pd.DataFrame(
            {
                "client_id": ["2"],
                "rule": "mismatch",
                "acknowledged_on": pd.Timestamp("2026-06-29"),
                "severity": "high",
                "value": 1.0,
            }
        ),
    }


def review(areas: dict[str, pd.DataFrame], **more: Any) -> RiskReview:
    asked: dict[str, Any] = {**areas, "as_of": AS_OF, "settings": SETTINGS, **more}
    return review_risk(**asked)


def with_value(name: str, column: str, value: Any, row: int = 0) -> dict[str, pd.DataFrame]:
    areas = frames()
    given = areas[name][column].astype(object).to_list()
    given[row] = value
    areas[name] = areas[name].assign(**{column: given})
    return areas


# ------------------------------------------------------------------ ids
def test_clients_and_securities_that_are_numbered_are_the_same_everywhere() -> None:
    known, areas = review(frames()), frames()
    for name, frame in areas.items():
        ids = {c: frame[c].astype(int) for c in ("client_id", "security_id") if c in frame}
        areas[name] = frame.assign(**ids)
    found = review(areas)
    pd.testing.assert_frame_equal(found.by_client, known.by_client)
    pd.testing.assert_frame_equal(found.alerts, known.alerts)
    assert found.alerts["quiet"].any()


def test_an_area_that_alone_numbers_its_clients_is_read_with_the_others() -> None:
    areas = frames()
    areas["balances"] = areas["balances"].assign(client_id=3)
    assert review(areas).margin.index.tolist() == ["3"]


def test_a_plan_can_be_asked_for_clients_that_are_numbered() -> None:
    areas = {name: frames()[name] for name in list(frames())[:6]}
    areas["positions"] = areas["positions"].astype({"client_id": int})
    found = adjustment_plan(**areas, as_of=AS_OF, settings=SETTINGS, only=[2])  # type: ignore[list-item]
    assert found.by_client["status"].to_dict() == {"2": "planned"}


def test_of_two_segments_of_one_client_the_last_counts() -> None:
    segments = pd.Series(["first", "last"], index=[1, 1])
    found = review(frames(), segments=segments)
    assert found.by_client.loc["1", "segment"] == "last"


def test_who_owes_but_is_no_client_and_holds_nothing_is_counted_and_called() -> None:
    areas = frames()
    stranger = areas["balances"].assign(client_id="4", cash=1.0)
    areas["balances"] = pd.concat([areas["balances"], stranger])
    found = review(areas)
    assert found.by_client.index.tolist() == ["1", "2", "3", "4"]
    assert "4" in found.call_list["client_id"].tolist()
    firm = found.summary.set_index("grouping").loc["firm"]
    assert firm["n_call_today"] == found.call_list["call"].eq("today").sum()


@pytest.mark.parametrize(
    ("name", "column"), [("clients", "investor_class"), ("securities", "risk_level"), ("balances", "cash")]
)
def test_an_area_without_a_column_loses_nobody(name: str, column: str) -> None:
    areas = frames()
    areas[name] = areas[name].drop(columns=column)
    assert review(areas).by_client.index.tolist() == ["1", "2", "3"]


def test_a_client_alone_is_reviewed_in_the_currency_of_the_whole_book() -> None:
    areas = frames()
    areas["securities"] = areas["securities"].assign(currency=["CNY", "CNY", "USD"])
    known = review(areas).alerts.query("client_id == '2'")
    exchange = book_exchange(areas["positions"], areas["securities"], SETTINGS)
    areas["positions"] = areas["positions"].query("client_id == '2'")
    alone = review(areas, exchange=exchange).alerts
    alone = alone.query("client_id == '2'")
    pd.testing.assert_frame_equal(alone.reset_index(drop=True), known.reset_index(drop=True))


# ------------------------------------------------------------------ days
def test_what_is_no_date_is_told_by_its_column_without_what_stands_there() -> None:
    with pytest.raises(ParameterError, match=r"preferences\.assessed_on holds what is no date") as caught:
        review(with_value("preferences", "assessed_on", "Zhang San"))
    told = [*traceback.format_exception(caught.value), *caught.value.words]
    assert not any("Zhang" in line for line in told if "with_value" not in line)


@pytest.mark.parametrize(
    ("name", "column"), [("prices", "date"), ("balances", "as_of"), ("preferences", "assessed_on")]
)
def test_a_day_written_with_a_zone_is_the_firms_day(name: str, column: str) -> None:
    known, areas = review(frames()), frames()
    midnight = pd.to_datetime(areas[name][column]).dt.tz_localize("Asia/Shanghai")
    areas[name] = areas[name].assign(**{column: midnight.dt.tz_convert("UTC")})
    pd.testing.assert_frame_equal(review(areas).by_client, known.by_client)


def test_prices_whose_days_have_a_zone_are_measured() -> None:
    areas = frames()
    dated = areas["prices"].assign(date=pd.to_datetime(areas["prices"]["date"]).dt.tz_localize("UTC"))
    known, found = (portfolio_risk(areas["positions"], p, AS_OF, 30) for p in (areas["prices"], dated))
    pd.testing.assert_frame_equal(found, known)


# ------------------------------------------------------------------ numbers
@pytest.mark.parametrize(
    ("close", "problem"),
    [
        (1e300, "not_a_number"),
        (1e-300, "not_positive"),
    ],
)
def test_a_close_that_no_security_has_is_listed_and_not_measured_by(close: Any, problem: str) -> None:
    found = review(with_value("prices", "close", close, row=100))
    assert found.price_problems["problem"].tolist() == [problem]
    assert np.isfinite(found.by_client[["volatility", "var", "beta"]]).all(axis=None)


@pytest.mark.parametrize("quantity", [1e300, "many"])
def test_a_quantity_that_nobody_holds_is_unpriced(quantity: Any) -> None:
    found = review(with_value("positions", "quantity", quantity))
    assert found.unpriced[["client_id", "reason"]].to_numpy().tolist() == [["1", "no_quantity"]]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("cash", np.inf),
        ("margin_loan", -500.0),
        ("short_value", -1e4),
        ("accrued_interest", -1e4),
    ],
)
def test_a_balance_that_cannot_be_so_has_no_ratio_and_raises_no_call(column: str, value: Any) -> None:
    found = review(with_value("balances", column, value))
    assert found.margin[["line", "reason"]].to_numpy().tolist() == [["unknown", "incomplete"]]
    assert not found.alerts["rule"].eq("margin").any()


@pytest.mark.parametrize("marked", ["perhaps"])
def test_a_lowest_class_that_is_neither_yes_nor_no_is_not_stated(marked: Any) -> None:
    areas = frames()
    areas["preferences"] = areas["preferences"].assign(lowest_class=pd.Series([True, marked, False]))
    assert review(areas).by_client["lowest_class"].tolist() == [True, False, False]


@pytest.mark.parametrize("column", ["annual_income", "financial_assets"])
def test_a_statement_with_a_word_for_an_amount_states_none(column: str) -> None:
    found = review(with_value("finances", column, "secret"))
    assert list(found.behaviour.index) == list(found.by_client.index)


# ------------------------------------------------------------------ all at once
NUMBERS = {
    "positions": ["quantity"],
    "prices": ["close"],
    "balances": ["cash", "margin_loan", "short_value", "accrued_interest"],
    "preferences": ["questionnaire_score"],
    "finances": ["net_assets", "financial_assets"],
    "trades": ["quantity", "amount"],
}
ODD = [0.0, -5.0, None, np.nan, np.inf, -np.inf, 1e300, 1e-300, "word", "12"]


def spoil(areas: dict[str, pd.DataFrame], rng: np.random.Generator) -> None:
    """One thing made wrong in one area."""
    name = str(rng.choice(list(areas)))
    frame, kind = areas[name], rng.integers(0, 6)
    if kind == 0 or frame.empty:
        areas[name] = frame.iloc[: int(rng.integers(0, 2))]
    elif kind == 1:
        areas[name] = frame.drop(columns=str(rng.choice(frame.columns)))
    elif kind == 2:
        areas[name] = pd.concat(
            [frame, frame.sample(len(frame) // 2 + 1, random_state=int(rng.integers(99)))]
        )
    elif kind == 3 and "client_id" in frame:
        areas[name] = frame.assign(client_id=[str(rng.choice(["1", "2", "9"])) for _ in range(len(frame))])
    else:
        column = str(rng.choice(NUMBERS.get(name, list(frame.columns))))
        if column in frame:
            given = frame[column].astype(object).to_list()
            given[int(rng.integers(len(given)))] = (
                ODD[int(rng.integers(len(ODD)))] if name in NUMBERS else None
            )
            areas[name] = frame.assign(**{column: given})


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_wrong_nobody_is_lost_and_sums_agree(seed: int) -> None:
    rng, areas = np.random.default_rng(seed), frames()
    for _ in range(4):
        spoil(areas, rng)
    found = review(areas)
    given = (areas[name].get("client_id", pd.Series(dtype="str")) for name in ("clients", "preferences"))
    assert set(pd.concat(given).dropna().astype("str")) - set(found.by_client.index) <= _undated(areas)
    calls, alerts = found.call_list, found.alerts
    assert set(alerts["client_id"]) <= set(found.by_client.index)
    grave = alerts[~alerts["quiet"] & alerts["severity"].isin(["warn", "high"])]
    assert sorted(calls["client_id"]) == sorted(grave["client_id"].unique())
    assert not (alerts["since"] > pd.Timestamp(AS_OF)).any()
    counts = [str(name) for name in found.summary if str(name).startswith("n_")]
    sums = found.summary.groupby("grouping")[counts].sum()
    assert (sums == sums.loc["firm"]).all(axis=None)
    assert sums.loc["firm", "n_call_today"] == calls["call"].eq("today").sum()
    figures = found.by_client[["volatility", "var", "beta", "hhi", "share_above", "ratio", "gross_value"]]
    assert not np.isinf(figures.to_numpy(dtype=float)).any()


def _undated(areas: dict[str, pd.DataFrame]) -> set[str]:
    """Who is in no area but the assessments, there without a day: nothing is known of them."""
    rated = areas["preferences"].reindex(columns=["client_id", "assessed_on"])
    return set(rated.loc[rated["assessed_on"].isna(), "client_id"].dropna().astype("str"))
