"""The two clocks: what a date or instant may be, and what is visible at a pair of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.book import Book, ImportResult, open_book
from clientlib.book.clocks import BatchMark, business_day, day_end, known_batches, record_instant
from clientlib.errors import ParameterError
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

SHANGHAI = ZoneInfo("Asia/Shanghai")
Import = Callable[..., ImportResult]
Row = Callable[..., dict[str, Any]]


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]


# ---------------------------------------------------------------------------- dates and instants
@pytest.mark.parametrize(
    "value",
    [
        "2026-06-30",
        " 2026-06-30 ",
        dt.date(2026, 6, 30),
        dt.datetime(2026, 6, 30, 23, 59),
        utc(2026, 6, 29, 16),
        pd.Timestamp("2026-06-30"),
    ],
)
def test_an_as_of_date_is_understood(value: Any) -> None:
    assert business_day(value, SHANGHAI) == dt.date(2026, 6, 30)


@pytest.mark.parametrize("value", ["2026-02-30", "30.6.2026", "yesterday", "", "20261301", 45000])
def test_an_as_of_that_is_no_date_is_refused_with_the_form(value: Any) -> None:
    with pytest.raises(ParameterError, match=r"as_of: .*2026-06-30"):
        business_day(value, SHANGHAI)


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-06-30T18:00:00+08:00", utc(2026, 6, 30, 10)),
        ("2026-06-30 18:00", utc(2026, 6, 30, 10)),
        (utc(2026, 6, 30, 10), utc(2026, 6, 30, 10)),
        ("2026-06-30", utc(2026, 6, 30, 15, 59, 59, 999999)),
        (dt.date(2026, 6, 30), utc(2026, 6, 30, 15, 59, 59, 999999)),
        ("", None),
        (None, None),
    ],
)
def test_a_known_at_is_understood(value: Any, instant: dt.datetime | None) -> None:
    assert record_instant(value, SHANGHAI) == instant


@pytest.mark.parametrize("value", ["now", "2026-02-30T10:00", "18:00"])
def test_a_known_at_that_is_no_instant_is_refused_with_the_form(value: str) -> None:
    with pytest.raises(ParameterError, match="known_at"):
        record_instant(value, SHANGHAI)


@given(st.dates())
def test_a_day_ends_within_26_hours_after_its_date_begins_in_utc(day: dt.date) -> None:
    end = day_end(day, SHANGHAI)
    assert end == dt.datetime.max.replace(tzinfo=dt.UTC) or end.astimezone(SHANGHAI).date() > day


# ------------------------------------------------------------------------------------- batches
def mark(number: int, undoes: int | None = None) -> BatchMark:
    return BatchMark(number, utc(2026, 1, number), undoes, frozenset())


def test_a_batch_taken_back_is_not_known_from_then_on() -> None:
    batches = [mark(1), mark(2), mark(3, undoes=1)]
    assert known_batches(batches, None).undone == (1,)
    assert known_batches(batches, utc(2026, 1, 2)).undone == ()


def test_an_undoing_that_was_undone_does_not_count() -> None:
    known = known_batches([mark(1), mark(2, undoes=1), mark(3, undoes=2)], None)
    assert known.undone == (2,)


def test_only_when_nothing_is_left_out_the_views_need_no_filter_by_batch() -> None:
    batches = [mark(1), mark(2)]
    assert known_batches(batches, None).condition("r") is None
    assert known_batches(batches, utc(2026, 1, 1)).condition("r") == "r._batch <= 1"


# ------------------------------------------------------------------------------------- visible
def recorded(book: Book, batch: int) -> dt.datetime:
    instant = book.batches().loc[batch, "recorded_at"]
    assert isinstance(instant, pd.Timestamp)
    return instant.to_pydatetime()


def test_a_late_correction_is_there_now_and_absent_before_it_was_known(
    workbook: Workbook, importing: Import, hand_in: Any, trade: Row
) -> None:
    importing(hand_in(trades=[trade(1), trade(2)]))
    importing(hand_in(trades=[trade(1, fee=9.0)]))
    with open_book(workbook) as book:
        assert book.area("trades")["fee"].tolist() == [9.0, 0.0]
        assert book.area("trades", known_at=recorded(book, 1))["fee"].tolist() == [0.0, 0.0]
        just_before = recorded(book, 1) - dt.timedelta(microseconds=1)
        assert book.area("trades", known_at=just_before).empty


def test_back_dated_rows_are_there_for_their_own_time_and_absent_from_what_was_known_then(
    workbook: Workbook, importing: Import, hand_in: Any, trade: Row
) -> None:
    importing(hand_in(trades=[trade(1)]))
    importing(hand_in(trades=[trade(2, traded_at=utc(2022, 5, 1))]))
    with open_book(workbook) as book:
        assert book.area("trades", as_of="2022-12-31")["trade_id"].tolist() == ["T002"]
        assert book.area("trades", as_of="2022-12-31", known_at=recorded(book, 1)).empty


def test_a_correction_that_moves_a_row_into_the_future_takes_it_from_the_past(
    workbook: Workbook, importing: Import, hand_in: Any, trade: Row
) -> None:
    importing(hand_in(trades=[trade(1)]))
    importing(hand_in(trades=[trade(1, traded_at=utc(2025, 1, 1))]))
    with open_book(workbook) as book:
        assert book.area("trades", as_of="2024-12-31").empty
        assert len(book.area("trades", as_of="2024-12-31", known_at=recorded(book, 1))) == 1


def test_a_day_ends_at_midnight_where_the_firm_is(
    workbook: Workbook, importing: Import, hand_in: Any, trade: Row
) -> None:
    last, first = utc(2024, 3, 1, 15, 59, 59), utc(2024, 3, 1, 16)
    importing(hand_in(trades=[trade(1, traded_at=last), trade(2, traded_at=first)]))
    with open_book(workbook) as book:
        assert book.area("trades", as_of="2024-03-01")["trade_id"].tolist() == ["T001"]


def test_of_versioned_areas_the_newest_up_to_the_date_is_shown_and_without_one_all(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    versions = [client(1, branch=f"B{year}", updated_at=utc(year, 6, 1)) for year in (2021, 2022, 2023)]
    importing(hand_in(clients=versions))
    with open_book(workbook) as book:
        assert book.area("clients", as_of="2022-12-31")["branch"].tolist() == ["B2022"]
        assert book.area("clients", as_of="2021-05-31").empty
        assert len(book.area("clients")) == 3


def test_all_versions_up_to_the_date_are_had_where_they_are_asked_for(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row
) -> None:
    # The last instant of 2022 in Shanghai, and the first one of 2023.
    moments = [utc(2021, 6, 1), utc(2022, 12, 31, 15, 59, 59), utc(2022, 12, 31, 16)]
    versions = [client(1, branch=f"B{place}", updated_at=moment) for place, moment in enumerate(moments)]
    levels = [
        {"client_id": "C0000001", "assessed_on": dt.date(year, 12, 31), "risk_level": "C3"}
        for year in (2021, 2022, 2023)
    ]
    importing(hand_in(clients=versions, preferences=levels))
    with open_book(workbook) as book:
        up_to = book.area("clients", as_of="2022-12-31", versions=True)
        assert up_to["branch"].tolist() == ["B0", "B1"]
        assert len(book.area("preferences", as_of="2022-12-31", versions=True)) == 2
        assert len(book.area("preferences", as_of="2022-12-31")) == 1


def test_a_row_without_an_optional_date_is_there_at_any_time(
    workbook: Workbook, importing: Import, hand_in: Any
) -> None:
    contacts = [
        {"campaign_id": "K1", "client_id": "C1", "arm": "control"},
        {"campaign_id": "K1", "client_id": "C2", "arm": "treated", "contacted_at": utc(2024, 1, 1)},
    ]
    importing(hand_in(campaign_contacts=contacts))
    with open_book(workbook) as book:
        assert book.area("campaign_contacts", as_of="2020-01-01")["arm"].tolist() == ["control"]


def test_a_row_whose_required_date_is_pending_is_never_taken_for_past(
    workbook: Workbook, importing: Import, hand_in: Any, trade: Row
) -> None:
    importing(hand_in(trades=[trade(1, traded_at=None, remarks="asked", _pending=True)]))
    with open_book(workbook) as book:
        assert book.area("trades", as_of="2030-01-01").empty
        assert len(book.area("trades")) == 1


def test_the_views_hold_the_same_rows_as_the_frames(
    workbook: Workbook, importing: Import, hand_in: Any, client: Row, trade: Row
) -> None:
    importing(hand_in(clients=[client(1), client(2)], trades=[trade(1), trade(2)]))
    importing(hand_in(trades=[trade(1, fee=9.0)]))
    with open_book(workbook) as book:
        for clocks in ({"as_of": "2024-12-31"}, {"known_at": recorded(book, 1)}, {}):
            with book.views(**clocks) as connection:
                viewed = connection.execute("SELECT trade_id, fee FROM trades ORDER BY trade_id").fetchall()
            frame = book.area("trades", **clocks)[["trade_id", "fee"]]
            assert viewed == list(frame.itertuples(index=False, name=None))


def test_every_area_can_be_asked_at_both_clocks_of_an_empty_book(workbook: Workbook) -> None:
    with open_book(workbook) as book:
        for name in AREAS:
            empty = book.area(name, as_of="1999-12-31", known_at="1999-12-31")
            assert empty.empty
