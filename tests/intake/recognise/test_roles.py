"""What columns say of each other: sums, products, prices, order in time."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from clientlib.intake import recognise_columns
from clientlib.intake.recognise.profile import Profile, as_text_frame, profiles
from clientlib.intake.recognise.roles import order, ranks, roles

ZONE = ZoneInfo("Asia/Shanghai")


def columns(**cells: object) -> list[Profile]:
    frame = as_text_frame(pl.DataFrame(cells), ZONE.key)
    return profiles(frame, frame.columns, ZONE)


def test_a_sum_and_its_parts_are_found() -> None:
    rng = np.random.default_rng(1)
    net, debt = rng.integers(1, 10**6, 30), rng.integers(1, 10**5, 30)
    found = roles(columns(net=net, total=net + debt, debt=debt))
    assert [set(role) for role in found] == [{"part"}, {"total"}, {"part"}]


def test_nothing_times_something_proves_no_product() -> None:
    found = roles(columns(loan=[0.0] * 20, cash=[float(n) for n in range(20)], short=[0.0] * 20))
    assert [set(role) for role in found] == [set(), set(), set()]


def test_a_price_varies_little_within_its_security() -> None:
    rng = np.random.default_rng(2)
    levels = np.exp(rng.normal(2, 1.5, 12))
    which = rng.integers(0, 12, 300)
    price = np.round(levels[which] * np.exp(rng.normal(0, 0.05, 300)), 2)
    found = roles(
        columns(
            code=[f"S{n:04d}" for n in which], who=[f"K{n}" for n in rng.integers(0, 40, 300)], price=price
        )
    )
    assert [set(role) for role in found] == [{"quoting"}, set(), {"quoted"}]


def test_columns_of_days_are_put_in_order() -> None:
    found = order(
        columns(
            closed=["2026-01-05", "2026-02-09", "2026-03-07"],
            opened=["2026-01-01", "2026-02-02", "2026-03-03"],
            answered=["2026-01-03", "2026-02-05", "2026-03-04"],
        )
    )
    assert [place["earlier"] for place in found] == [1.0, 0.0, 0.5]


def test_numbers_are_ranked_by_how_often_they_repeat() -> None:
    found = ranks(columns(trade=["T1", "T2", "T3", "T4"], client=["K1", "K1", "K2", "K2"]))
    assert [place["rank"] for place in found] == [0.0, 1.0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.one_of(st.none(), st.text(max_size=12), st.floats().map(str), st.dates().map(str)),
            min_size=6,
            max_size=6,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_table_gets_one_answer_a_column(cells: list[list[str | None]]) -> None:
    frame = pl.DataFrame(
        {f"c{at}": column for at, column in enumerate(cells)},
        schema=[(f"c{at}", pl.String) for at in range(len(cells))],
    )
    found = recognise_columns(frame)
    assert found.height == len(cells)
    assert found["confidence"].is_between(0, 1).all()
