"""How long selling takes, and which securities are crowded; worked by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.risk.liquidity import (
    crowded_securities,
    days_to_sell,
    liquidity_by_client,
    market_volumes,
)
from clientlib.config.risk import Crowding, Liquidity

AS_OF = dt.date(2026, 6, 30)
RULES = Liquidity(
    days=5, participation=0.2, volume_days=3, days_to_sell={"stock": 2, "bond": 10, "other": 60}
)
SECURITIES = pd.DataFrame(
    {
        "security_id": ["S", "T", "B", "P", "U"],
        "asset_class": ["stock", "stock", "bond", "private_fund", None],
    }
)
VOLUMES = pd.Series({"S": 1_000.0, "T": 0.0})
"""At a fifth of it, 200 units of S are sold a day; T is not traded."""


def traded(*rows: tuple[str, str, float]) -> pd.Series:
    prices = pd.DataFrame(list(rows), columns=["security_id", "date", "volume"])
    return market_volumes(prices, AS_OF, 3)


def held(*rows: tuple[str, str, float, float, str]) -> pd.DataFrame:
    columns = ["client_id", "security_id", "quantity", "market_value", "reason"]
    return pd.DataFrame(list(rows), columns=columns).astype({"quantity": float, "market_value": float})


def liquidity(*rows: tuple[str, str, float, float, str]) -> pd.DataFrame:
    return liquidity_by_client(held(*rows), VOLUMES, SECURITIES, RULES)


# ------------------------------------------------------------------ volumes
def test_the_mean_is_over_the_last_days_with_volumes() -> None:
    rows = [("S", f"2026-06-{day}", volume) for day, volume in ((25, 900), (26, 10), (29, 20), (30, 60))]
    assert traded(*rows).to_dict() == {"S": 30}


def test_a_day_of_no_trades_counts_and_a_day_without_a_row_does_not() -> None:
    rows = [("T", f"2026-06-{day}", 1) for day in (26, 29, 30)]
    assert traded(*rows, ("S", "2026-06-29", 0), ("S", "2026-06-30", 50))["S"] == 25


def test_no_volume_after_the_day_is_read() -> None:
    assert traded(("S", "2026-06-30", 10), ("S", "2026-07-01", 90)).to_dict() == {"S": 10}


def test_volumes_of_long_ago_tell_nothing() -> None:
    # Three days, twice, and ten of closure: from 15 June on.
    assert traded(("S", "2026-06-14", 10)).empty
    assert traded(("S", "2026-06-15", 10)).to_dict() == {"S": 10}


def test_a_volume_that_cannot_be_is_none() -> None:
    assert traded(("S", "2026-06-30", -10), ("T", "2026-06-30", np.inf), ("B", "2026-06-30", np.nan)).empty


def test_prices_without_volumes_give_none() -> None:
    assert market_volumes(pd.DataFrame({"security_id": ["S"], "date": ["2026-06-30"]}), AS_OF, 3).empty
    assert market_volumes(pd.DataFrame(), AS_OF, 3).empty


# ------------------------------------------------------------------ days
@pytest.mark.parametrize(
    ("security", "quantity", "expected"),
    [
        ("S", 500, 2.5),
        ("S", -500, 2.5),
        ("T", 1, np.inf),
        ("B", 10**6, 10),
        ("P", 1, 60),
        ("U", 1, 60),
        ("unlisted", 1, 60),
    ],
)
def test_days_follow_from_the_volume_or_else_from_the_class(
    security: str, quantity: float, expected: float
) -> None:
    assert days_to_sell(pd.Series([quantity]), pd.Series([security]), VOLUMES, SECURITIES, RULES) == expected


def test_without_days_of_other_a_class_without_days_has_none() -> None:
    rules = RULES.model_copy(update={"days_to_sell": {"stock": 2}})
    assert np.isnan(days_to_sell(pd.Series([1.0]), pd.Series(["U"]), VOLUMES, SECURITIES, rules)).all()


# ------------------------------------------------------------------ clients
def test_what_takes_longer_is_sold_in_part() -> None:
    # S takes 10 days: half of it in 5. B takes 10 by its class: half. U takes 60: a twelfth.
    row = liquidity(
        ("a", "S", 2_000, 600, ""), ("a", "B", 1, 300, ""), ("a", "U", 1, 120, ""), ("b", "S", 100, 50, "")
    )
    assert row["sellable_share"].to_dict() == pytest.approx({"a": (300 + 150 + 10) / 1_020, "b": 1})
    assert row["days_to_sell"].to_dict() == {"a": 60, "b": 1}
    assert row["volume_share"].to_dict() == pytest.approx({"a": 600 / 1_020, "b": 1})


def test_days_are_whole() -> None:
    assert liquidity(("a", "S", 500, 600, ""))["days_to_sell"].tolist() == [3]
    assert liquidity(("a", "S", 0.2 * 3 * 1_000, 600, ""))["days_to_sell"].tolist() == [3]


def test_a_suspended_security_cannot_be_sold_and_is_counted_apart() -> None:
    row = liquidity(("a", "S", 200, 100, ""), ("a", "B", 1, np.nan, "stale_price")).iloc[0]
    assert row[["sellable_share", "days_to_sell", "n_unsellable"]].tolist() == [1, 1, 1]


def test_a_security_that_is_not_traded_has_its_value_counted_as_unsellable() -> None:
    row = liquidity(("a", "S", 200, 100, ""), ("a", "T", 1, 300, "")).iloc[0]
    assert row[["sellable_share", "days_to_sell", "n_unsellable"]].tolist() == [0.25, 1, 1]


def test_a_short_position_is_bought_back_at_the_same_pace() -> None:
    row = liquidity(("a", "S", -2_000, -600, ""), ("a", "S2", 1, 0, "")).loc["a"]
    assert row["sellable_share"] == 0.5


def test_who_holds_nothing_that_has_a_value_has_no_share() -> None:
    row = liquidity(("a", "X", 1, np.nan, "no_price"), ("b", "B", 1, np.nan, "stale_price"))
    assert row[["sellable_share", "days_to_sell", "volume_share"]].isna().all(axis=None)
    assert row["n_unsellable"].to_dict() == {"a": 0, "b": 1}


def test_no_holdings_give_no_rows() -> None:
    assert liquidity().empty


# ------------------------------------------------------------------ crowds
CLIENTS = pd.DataFrame({"client_id": list("abcd"), "branch": ["North", "South", "South", None]})
HELD = held(
    ("a", "S", 1_000, 100, ""),
    ("b", "S", 300, 30, ""),
    ("b", "B", 1, 70, ""),
    ("c", "S", 400, 40, ""),
    ("c", "B", 1, 10, ""),
    ("d", "S", 10, 1, ""),
    ("d", "T", 1, 99, ""),
)


def crowded(holdings: pd.DataFrame = HELD, weight: float = 0.3, clients: int = 2) -> pd.DataFrame:
    rules = Crowding(weight=weight, clients=clients)
    return crowded_securities(holdings, CLIENTS, VOLUMES, SECURITIES, rules, RULES)


def test_a_security_is_crowded_when_enough_clients_hold_much_of_it() -> None:
    # S: all of a, 30 % of b, 80 % of c, 1 % of d. 171 of 350; 1,710 units at 200 a day.
    row = crowded().iloc[0]
    assert row[
        ["security_id", "asset_class", "n_clients", "n_holders", "value", "days_to_sell"]
    ].tolist() == [
        "S",
        "stock",
        3,
        4,
        171,
        9,
    ]
    assert row["share_of_firm"] == pytest.approx(171 / 350)


def test_the_branch_that_holds_most_is_named() -> None:
    # a of North holds 100, b and c of South 70 together.
    row = crowded().iloc[0]
    assert row[["largest_branch", "largest_branch_holders"]].tolist() == ["North", 1]
    assert row["largest_branch_share"] == pytest.approx(100 / 171)


def test_fewer_clients_are_no_crowd() -> None:
    assert crowded(clients=3)["security_id"].tolist() == ["S"]
    assert crowded(clients=4).empty


def test_the_largest_value_comes_first() -> None:
    assert crowded(clients=1)["security_id"].tolist() == ["S", "T", "B"]


def test_a_crowd_in_what_is_not_traded_has_no_days() -> None:
    assert np.isnan(crowded(clients=1).set_index("security_id")["days_to_sell"]["T"])


def test_short_positions_and_those_without_a_value_make_no_crowd() -> None:
    short = held(*((name, "S", -1, -100, "") for name in "abc"), ("a", "B", 1, np.nan, "no_price"))
    assert crowded(short, clients=1).empty


def test_without_branches_none_is_named() -> None:
    found = crowded_securities(
        HELD, pd.DataFrame(), VOLUMES, SECURITIES, Crowding(weight=0.3, clients=2), RULES
    )
    assert found[["largest_branch", "largest_branch_share", "largest_branch_holders"]].isna().all(axis=None)


def test_without_securities_none_has_a_class() -> None:
    rules = Crowding(weight=0.3, clients=2)
    found = crowded_securities(HELD, CLIENTS, VOLUMES, pd.DataFrame(), rules, RULES)
    assert found["asset_class"].isna().all()
