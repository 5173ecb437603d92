"""A report waits for a source that has not come, and for none that the firm does not have."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from clientlib.book import Book, open_book
from clientlib.errors import WorkbookError
from clientlib.report import plan, readiness
from clientlib.report.parameters import Question
from clientlib.report.plan import Report
from clientlib.workbook import Workbook

LAST = dt.date(2026, 6, 30)


def question(as_of: dt.date = LAST) -> Question:
    return Question(as_of, dt.datetime.now(dt.UTC), "all", ("en", "zh"), {})


@pytest.fixture
def report(demo_workbook: Workbook) -> Report:
    return plan.discover(demo_workbook)[0]


def waits(report: Report, **areas: int) -> tuple[Report, ...]:
    return (replace(report, waits_for=areas),)


def test_a_source_that_has_come_is_not_waited_for(demo_workbook: Workbook, report: Report) -> None:
    assert readiness.late(demo_workbook, waits(report, prices=5), [question()]) == {LAST: {}}


def test_a_late_source_is_named_with_its_newest_date(demo_workbook: Workbook, report: Report) -> None:
    later = question(LAST + dt.timedelta(days=30))
    found = readiness.late(demo_workbook, waits(report, prices=5), [later])[later.as_of]
    (source,) = found[report.name]
    assert (source.newest, source.wanted) == (LAST, dt.date(2026, 7, 25))
    assert readiness.sentence([source], "en") == (
        "Waiting for Prices: the newest is of 30 June 2026, and 25 July 2026 is needed."
    )
    assert "行情" in readiness.sentence([source], "zh")


def test_an_area_without_any_row_is_not_waited_for(firm: Path, report: Report) -> None:
    assert readiness.late(Workbook(firm), waits(report, prices=5), [question()]) == {LAST: {}}


@pytest.mark.parametrize(("area", "told"), [("price", "Did you mean prices"), ("contacts", "no date")])
def test_a_source_that_cannot_be_waited_for_is_a_sentence(
    demo_workbook: Workbook, report: Report, area: str, told: str
) -> None:
    if area == "contacts":
        area = next(name for name, info in demo_workbook.areas.items() if info.business_date is None)
    with pytest.raises(WorkbookError, match=told):
        readiness.late(demo_workbook, waits(report, **{area: 1}), [question()])


def test_the_book_is_opened_once_for_all_dates_and_branches(
    demo_workbook: Workbook, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Workbook] = []

    def counted(workbook: Workbook, role: str) -> Book:
        opened.append(workbook)
        return open_book(workbook, role=role)

    monkeypatch.setattr(readiness, "open_book", counted)
    earlier = LAST - dt.timedelta(days=30)
    asked = [replace(question(day), branch=b) for day in (earlier, LAST) for b in ("all", "North")]
    assert readiness.late(demo_workbook, waits(report, prices=5), asked) == {earlier: {}, LAST: {}}
    assert len(opened) == 1
