"""When reports are due: by the firm's clock, over months' ends and changes of that clock, caught up once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib import config
from clientlib.config import ReportSchedule, Settings
from clientlib.errors import ParameterError
from clientlib.report.running import journal
from clientlib.report.watch import due
from clientlib.report.watch.due import Due, Verdict, Wanted
from clientlib.report.watch.runs import Run
from clientlib.workbook import Workbook
from tests.report.watch.journals import at, run

WANTED = Wanted(("one",), ("en",), ("all",))
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC")


def rules(every: str = "day", **changes: object) -> ReportSchedule:
    values = {"every": every, "at": "06:00", "weekday": "monday", "day": 1, "stale_hours": 72}
    return ReportSchedule.model_validate(values | changes)


def settings(schedule: ReportSchedule, zone: str = "UTC") -> Settings:
    base = config.load()
    reports = base.reports.model_copy(update={"schedule": schedule})
    firm = base.firm.model_copy(update={"time_zone": zone})
    return base.model_copy(update={"reports": reports, "firm": firm})


# ------------------------------------------------------------------------------ moments
SHANGHAI, BERLIN, NEW_YORK = ZONES[:3]
LAST, NIGHT = rules("month", day="last"), rules(at="02:30")


@pytest.mark.parametrize(
    ("schedule", "zone", "now", "newest", "coming"),
    [
        # every day: the firm's morning is another date's evening in UTC
        (rules(), SHANGHAI, "2026-07-01T05:59+08", "2026-06-30T06:00+08", "2026-07-01T06:00+08"),
        (rules(), SHANGHAI, "2026-07-01T06:00+08", "2026-07-01T06:00+08", "2026-07-02T06:00+08"),
        (rules(at="23:30"), NEW_YORK, "2026-01-01T12:00", "2025-12-31T23:30-05", "2026-01-01T23:30-05"),
        # every week
        (rules("week", weekday="sunday"), "UTC", "2026-06-30T12:00", "2026-06-28T06:00", "2026-07-05T06:00"),
        (rules("week", weekday="tuesday"), "UTC", "2026-06-30T05:00", "2026-06-23T06:00", "2026-06-30T06:00"),
        # every month, the end of short and of long ones
        (LAST, "UTC", "2026-03-15T00:00", "2026-02-28T06:00", "2026-03-31T06:00"),
        (LAST, "UTC", "2028-03-01T00:00", "2028-02-29T06:00", "2028-03-31T06:00"),
        (LAST, SHANGHAI, "2026-04-30T06:00+08", "2026-04-30T06:00+08", "2026-05-31T06:00+08"),
        (rules("month", day=28), "UTC", "2026-01-01T00:00", "2025-12-28T06:00", "2026-01-28T06:00"),
        # a month that has begun for the firm and not for UTC
        (rules("month"), SHANGHAI, "2026-06-30T22:30", "2026-07-01T06:00+08", "2026-08-01T06:00+08"),
        # Berlin leaves out 02:00 to 03:00 on 29 March: 02:30 comes as 03:30
        (NIGHT, BERLIN, "2026-03-29T12:00", "2026-03-29T03:30+02", "2026-03-30T02:30+02"),
        # and has 02:00 to 03:00 twice on 25 October: the first counts
        (NIGHT, BERLIN, "2026-10-25T12:00", "2026-10-25T02:30+02", "2026-10-26T02:30+01"),
        (NIGHT, BERLIN, "2026-10-25T02:45+01", "2026-10-25T02:30+02", "2026-10-26T02:30+01"),
        # over the change the clock on the wall counts, not 24 hours
        (rules(), BERLIN, "2026-03-29T00:00", "2026-03-28T06:00+01", "2026-03-29T06:00+02"),
    ],
)  # fmt: skip
def test_moments_are_those_of_the_firms_clock(
    schedule: ReportSchedule, zone: str, now: str, newest: str, coming: str
) -> None:
    assert due.newest(schedule, zone, at(now)) == at(newest)
    assert due.coming(schedule, zone, at(now)) == at(coming)


@given(
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC)),
    st.sampled_from(ZONES),
    st.sampled_from([rules(), NIGHT, rules("week"), LAST, rules("month")]),
)
def test_now_lies_between_two_moments_with_none_between(
    now: dt.datetime, zone: str, schedule: ReportSchedule
) -> None:
    newest, coming = due.newest(schedule, zone, now), due.coming(schedule, zone, now)
    assert newest is not None
    assert coming is not None
    assert newest <= now < coming
    assert due.coming(schedule, zone, newest) == coming
    assert due.newest(schedule, zone, coming - dt.timedelta(seconds=1)) == newest


def test_what_is_never_due_has_no_moment() -> None:
    assert due.newest(rules("never"), "UTC", at("2026-07-01")) is None
    assert due.coming(rules("never"), "UTC", at("2026-07-01")) is None


# ------------------------------------------------------------------------------ verdict
@pytest.mark.parametrize(
    ("runs", "verdict"),
    [
        ([], "due"),
        ([run("2026-06-30T06:05")], "due"),
        ([run("2026-07-01T06:05")], "made"),
        ([run("2026-07-01T06:05", code=3)], "made"),
        ([run("2026-07-01T06:05", code=4)], "due"),
        ([run("2026-07-01T06:05", code=None)], "due"),
        ([run("2026-07-01T06:05"), run("2026-07-01T07:05", code=4)], "made"),
        ([run("2026-07-01T06:05", reports=("other",))], "due"),
        ([run("2026-07-01T06:05", reports=("one", "other"))], "made"),
        ([run("2026-07-01T06:05", languages=("zh",))], "due"),
        ([run("2026-07-01T06:05", editions=("2026-06-30--North",))], "due"),
        ([run("2026-07-01T06:05", editions=("2026-05-31", "2026-06-30"))], "made"),
        ([run("2026-06-30T06:00"), run("2026-07-01T06:05", editions=("2026-05-31",))], "due"),
    ],
    ids=[
        "none ever",
        "yesterday's",
        "today's",
        "one that failed",
        "one that waits for a source",
        "one that did not end",
        "one made and one that waits",
        "another report",
        "more reports",
        "another language",
        "one branch",
        "a period up to the newest date",
        "an earlier date by hand",
    ],
)
def test_a_run_is_due_until_one_has_made_what_is_wanted(runs: list[Run], verdict: Verdict) -> None:
    judged = due.judge(settings(rules()), WANTED, runs, at("2026-07-01T08:00"))
    assert judged == Due(at("2026-07-01T06:00"), verdict)


def test_a_run_missed_on_several_days_is_caught_up_by_one() -> None:
    runs, now = [run("2026-06-27T06:05")], at("2026-07-01T08:00")
    assert due.judge(settings(rules()), WANTED, runs, now).verdict == "due"
    assert due.judge(settings(rules()), WANTED, [*runs, run("2026-07-01T08:00")], now).verdict == "made"


@pytest.mark.parametrize(("now", "verdict"), [("2026-07-04T06:00", "due"), ("2026-07-04T06:01", "stale")])
def test_a_run_that_was_missed_for_too_long_is_not_caught_up(now: str, verdict: str) -> None:
    monthly = settings(rules("month", stale_hours=72))
    assert due.judge(monthly, WANTED, [run("2026-06-01T06:05")], at(now)).verdict == verdict


def test_the_first_run_of_all_is_never_too_late() -> None:
    assert due.judge(settings(rules("month")), WANTED, [], at("2026-07-20T00:00")).verdict == "due"


def test_each_branch_is_wanted_that_there_has_been() -> None:
    each = Wanted(("one",), ("en",), ("each",))
    both = ("2026-06-30--North", "2026-06-30--South")
    before = run("2026-06-30T06:05", editions=both)
    now = at("2026-07-01T08:00")
    north = run("2026-07-01T06:05", editions=both[:1])
    assert due.judge(settings(rules()), each, [before, north], now).verdict == "due"
    assert (
        due.judge(settings(rules()), each, [before, run("2026-07-01T06:05", editions=both)], now).verdict
        == "made"
    )


def test_without_a_schedule_it_is_said_how_to_settle_one() -> None:
    with pytest.raises(ParameterError, match=r"Set every in \[reports.schedule\]"):
        due.judge(settings(rules("never")), WANTED, [], at("2026-07-01"))


def test_that_a_run_was_missed_is_noted_once(tmp_path: Path) -> None:
    firm = Workbook(tmp_path)
    firm.reports.mkdir()
    passed = Due(at("2026-07-01T06:00"), "stale")
    assert [due.note_passed(firm, passed) for _ in range(2)] == [True, False]
    assert [event["moment"] for event in journal.events(firm.reports)] == [passed.moment.isoformat()]
