"""How long what is kept is kept, counted from which day."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.book.personal.retention import laws, years_after


@pytest.mark.parametrize(
    ("day", "years", "until"),
    [
        (dt.date(2024, 6, 1), 20, dt.date(2044, 6, 1)),
        (dt.date(2024, 2, 29), 20, dt.date(2044, 2, 29)),
        (dt.date(2024, 2, 29), 10, dt.date(2034, 3, 1)),
    ],
)
def test_years_are_counted_by_the_calendar(day: dt.date, years: int, until: dt.date) -> None:
    assert years_after(day, years) == until


@given(st.dates(dt.date(1950, 1, 1), dt.date(2100, 1, 1)), st.integers(1, 50))
def test_nothing_is_let_go_of_a_day_too_early(day: dt.date, years: int) -> None:
    until = years_after(day, years)
    assert (until.year - day.year, until >= day.replace(day=1, year=until.year)) == (years, True)


def test_transactions_and_identity_are_kept_under_two_laws() -> None:
    assert {area: len(laws(area)) for area in ("clients", "trades", "preferences")} == {
        "clients": 2,
        "trades": 2,
        "preferences": 1,
    }
