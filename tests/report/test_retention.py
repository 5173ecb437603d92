"""What is kept of the editions: thirty days, one a month after, and never less than a reader is sent to."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clientlib.report import publish, retention
from clientlib.report.publish import Edition, edition_name

TODAY = dt.date(2026, 6, 30)
DAYS, MONTHS = 30, 24


def edition(as_of: dt.date, made: dt.date | None = None, branch: str = "all", **statuses: str) -> Edition:
    """An edition with reports in English; `failed` has no page, `failed kept` an earlier run's."""
    reports = {
        name: {
            "runs": {
                "en": {"status": s.split()[0], "page": None if s in ("failed", "skipped") else f"{name}.html"}
            },
        }
        for name, s in (statuses or {"sizes": "made"}).items()
    }
    at = dt.datetime.combine(made or as_of, dt.time(3), dt.UTC)
    told: dict[str, Any] = {"as_of": as_of.isoformat(), "made_at": at.isoformat(), "branch": branch}
    found = Edition(Path("reports", edition_name(as_of, branch)), as_of, branch)
    found.__dict__["manifest"] = {"format": 2, **told, "reports": reports}
    return found


def left(
    editions: Sequence[Edition], today: dt.date = TODAY, days: int = DAYS, months: int = MONTHS
) -> set[str]:
    gone = set(retention.expendable(editions, today, days, months))
    return {one.folder.name for one in editions if one not in gone}


def daily(until: dt.date, count: int) -> list[Edition]:
    return [edition(until - dt.timedelta(days=n)) for n in range(count)]


# ------------------------------------------------------------------ examples


def test_thirty_days_are_kept_and_of_each_month_before_the_last_day() -> None:
    kept = left(daily(TODAY, 120))
    days = {(TODAY - dt.timedelta(days=n)).isoformat() for n in range(31)}
    assert kept == days | {"2026-05-31", "2026-04-30", "2026-03-31"}


def test_what_does_not_tell_when_it_was_made_is_left_alone() -> None:
    damaged = edition(dt.date(2020, 6, 30))
    del damaged.manifest["made_at"]
    assert left([edition(TODAY), damaged]) == {"2026-06-30", "2020-06-30"}


def test_what_was_made_long_ago_goes_wholly() -> None:
    assert left([edition(TODAY), edition(dt.date(2024, 6, 30)), edition(dt.date(2024, 5, 31))]) == {
        "2026-06-30",
        "2024-06-30",
    }


def test_old_dates_made_today_stay_as_long_as_others_made_today() -> None:
    backfill = [edition(dt.date(2019, 1, day), made=TODAY) for day in range(1, 20)]
    assert len(left(backfill)) == 19
    assert left(backfill, today=TODAY + dt.timedelta(days=31)) == {"2019-01-19"}


def test_each_branch_has_a_last_one_of_its_own() -> None:
    days = [dt.date(2026, 3, 10), dt.date(2026, 3, 20)]
    editions = [edition(day, branch=branch) for day in days for branch in ("all", "North")]
    assert left([*editions, edition(TODAY)]) == {"2026-06-30", "2026-03-20", "2026-03-20--North"}


def test_the_newest_good_page_of_each_report_stays_however_old() -> None:
    old = edition(dt.date(2020, 1, 1), sizes="made", rare="made")
    assert left([old, edition(dt.date(2020, 1, 2)), edition(TODAY)]) == {"2020-01-01", "2026-06-30"}


def test_a_page_that_says_nothing_is_no_good_one() -> None:
    old = edition(dt.date(2020, 1, 1))
    assert left([old, edition(TODAY, sizes="unavailable")]) == {"2020-01-01", "2026-06-30"}


def test_the_last_good_page_that_a_kept_card_points_to_stays() -> None:
    good, other = edition(dt.date(2025, 3, 10)), edition(dt.date(2025, 3, 9))
    failed = edition(dt.date(2025, 3, 31), sizes="failed")
    assert left([other, good, failed, edition(TODAY)]) == {"2025-03-10", "2025-03-31", "2026-06-30"}


def test_a_failed_report_that_kept_its_page_points_to_no_other_edition() -> None:
    good = edition(dt.date(2025, 3, 10))
    failed = edition(dt.date(2025, 3, 31), sizes="failed kept")
    assert left([good, failed, edition(TODAY)]) == {"2025-03-31", "2026-06-30"}


def test_deleted_editions_leave_nothing_and_the_others_stand(tmp_path: Path) -> None:
    for one in (edition(TODAY), edition(dt.date(2020, 1, 1)), edition(dt.date(2020, 1, 2))):
        folder = tmp_path / one.folder.name
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps(one.manifest))
    gone = retention.expendable(publish.editions(tmp_path), TODAY, DAYS, MONTHS)
    assert retention.delete(gone, tmp_path / "calls") == ["2020-01-02", "2020-01-01"]
    assert [path.name for path in tmp_path.iterdir()] == ["2026-06-30"]


def test_call_lists_go_with_their_edition(tmp_path: Path) -> None:
    old, kept = edition(dt.date(2020, 1, 1)), edition(TODAY)
    for one in (old, kept):
        (tmp_path / one.folder.name).mkdir()
        (tmp_path / "calls" / one.folder.name).mkdir(parents=True)
    retention.delete([Edition(tmp_path / old.folder.name, old.as_of, old.branch)], tmp_path / "calls")
    assert [path.name for path in (tmp_path / "calls").iterdir()] == [kept.folder.name]


def test_a_call_list_goes_some_days_after_it_was_last_written_though_its_edition_stays(
    tmp_path: Path,
) -> None:
    lists = [tmp_path / "2026-06-30" / f"{name}.xlsx" for name in ("old", "new")] + [
        tmp_path / "own" / "a.xlsx"
    ]
    for file in lists:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"")
    long_ago = dt.datetime(2026, 5, 30, tzinfo=dt.UTC).timestamp()
    for file in (lists[0], lists[2]):
        os.utime(file, (long_ago, long_ago))
    assert retention.expire_calls(tmp_path, TODAY, DAYS) == ["2026-06-30/old.xlsx"]
    assert [file.exists() for file in lists] == [False, True, True]


# ------------------------------------------------------------------ whatever there is

dates = st.dates(dt.date(2022, 1, 1), TODAY)
statuses = st.dictionaries(
    st.sampled_from(["sizes", "risk"]),
    st.sampled_from(["made", "unavailable", "failed", "failed kept", "skipped", "skipped kept"]),
)


@st.composite
def shelves(draw: st.DrawFn) -> list[Edition]:
    """Editions as runs leave them: one for each as-of date and branch, made on that day or later."""
    keys = draw(st.sets(st.tuples(dates, st.sampled_from(["all", "North"])), max_size=40))
    return [
        edition(
            as_of,
            draw(st.one_of(st.just(as_of), st.dates(as_of, TODAY))),
            branch,
            **draw(statuses),
        )
        for as_of, branch in sorted(keys)
    ]


def pages(editions: Sequence[Edition]) -> dict[tuple[str, str], dt.date]:
    """The newest date of each branch and report on which it has a page that says something."""
    found: dict[tuple[str, str], dt.date] = {}
    for one in editions:
        for name, entry in one.manifest["reports"].items():
            run = entry["runs"]["en"]
            if run["page"] and run["status"] != "unavailable":
                key = (one.branch, name)
                found[key] = max(one.as_of, found.get(key, dt.date.min))
    return found


@given(shelves(), st.integers(1, 90), st.integers(0, 60))
def test_the_newest_good_page_is_never_deleted(editions: list[Edition], days: int, months: int) -> None:
    gone = set(retention.expendable(editions, TODAY, days, months))
    remaining = [one for one in editions if one not in gone]
    assert pages(remaining) == pages(editions)


@given(shelves(), st.integers(1, 90), st.integers(0, 60))
def test_nothing_younger_than_the_days_to_keep_is_deleted(
    editions: list[Edition], days: int, months: int
) -> None:
    for one in retention.expendable(editions, TODAY, days, months):
        assert (TODAY - retention.made_on(one)).days > days


@given(shelves(), st.integers(1, 90), st.integers(0, 60))
def test_what_is_left_once_is_left_the_second_time(editions: list[Edition], days: int, months: int) -> None:
    gone = set(retention.expendable(editions, TODAY, days, months))
    remaining = [one for one in editions if one not in gone]
    assert retention.expendable(remaining, TODAY, days, months) == ()


@given(shelves(), st.integers(1, 90), st.integers(0, 60))
def test_the_order_in_which_editions_are_listed_does_not_matter(
    editions: list[Edition], days: int, months: int
) -> None:
    assert retention.expendable(editions, TODAY, days, months) == retention.expendable(
        editions[::-1], TODAY, days, months
    )


@given(st.integers(1, 60), st.integers(0, 12), st.integers(1, 150))
def test_deleting_every_day_leaves_what_deleting_once_leaves(days: int, months: int, count: int) -> None:
    whole = daily(TODAY, count)
    shelf: list[Edition] = []
    for one in reversed(whole):
        shelf.append(one)
        gone = set(retention.expendable(shelf, one.as_of, days, months))
        shelf = [kept for kept in shelf if kept not in gone]
    assert {one.folder.name for one in shelf} == left(whole, TODAY, days, months)


@given(shelves(), st.integers(1, 90), st.integers(0, 60))
def test_a_card_that_pointed_to_a_last_good_page_still_does(
    editions: list[Edition], days: int, months: int
) -> None:
    gone = set(retention.expendable(editions, TODAY, days, months))
    remaining = [one for one in editions if one not in gone]
    for one in remaining:
        earlier = [e for e in editions if e.as_of < one.as_of and e.branch == one.branch]
        still = [e for e in earlier if e not in gone]
        for (branch, name), day in pages(earlier).items():
            entry = one.manifest["reports"].get(name)
            if entry and not entry["runs"]["en"]["page"]:
                assert pages(still)[branch, name] == day
