"""How the reports stand: told from what runs left, without the book."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from pathlib import Path

import pytest

from clientlib.report import publish
from clientlib.report.watch import status
from clientlib.workbook import Workbook
from tests.report.small_reports import GOOD
from tests.report.small_reports import write as write_notebook
from tests.report.watch.journals import at, events, write

NOW = at("2026-07-02T12:00")
DAILY = '[firm]\ntime_zone = "UTC"\nlanguages = ["en"]\n[reports.schedule]\nevery = "day"\nstale_hours = 24\n'
POINT = {"key": "k", "severity": "high", "text": "Look.", "anchor": ""}


@pytest.fixture
def office(tmp_path: Path) -> Workbook:
    """A workbook of two reports, which has no book at all."""
    (tmp_path / "workbook.toml").write_text(DAILY, "utf-8")
    (tmp_path / "notebooks" / "reports").mkdir(parents=True)
    (tmp_path / "reports").mkdir()
    firm = Workbook(tmp_path)
    for order, name in enumerate(("one", "two")):
        write_notebook(firm, name, GOOD, order)
    return firm


def publish_edition(firm: Workbook, as_of: str, made_at: str, **statuses: str) -> None:
    """An edition in which each report has a status, and a page unless it failed."""
    reports = {
        name: {
            "titles": {"en": f"The {name}"},
            "runs": {
                "en": {
                    "status": became,
                    "reason": "It broke." if became == "failed" else "",
                    "made_at": at(made_at).isoformat(),
                    "page": f"{name}.html" if became == "made" else None,
                    "points": [POINT] if became == "made" else [],
                }
            },
        }
        for name, became in statuses.items()
    }
    folder = firm.reports / as_of
    folder.mkdir()
    manifest = {"format": 2, "as_of": as_of, "branch": "all", "reports": reports}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")


# ------------------------------------------------------------------------------ at work
def test_a_run_whose_process_lives_is_at_work(office: Workbook) -> None:
    began = dt.datetime.now(dt.UTC).isoformat()
    here = {"pid": os.getpid(), "host": platform.node()}
    write(office.reports, *events("a", began, statuses={"one": "made", "two": ""}, code=None, **here))
    now = status.look(office)
    assert now.working is not None
    assert (len(now.working.done), len(now.working.plan)) == (1, 2)
    assert now.broken_off is None


def test_a_process_that_is_younger_than_the_run_is_another_one(office: Workbook) -> None:
    here = {"pid": os.getpid(), "host": platform.node()}
    write(office.reports, *events("a", "2020-01-01T00:00", statuses={"one": ""}, code=None, **here))
    now = status.look(office)
    assert now.working is None
    assert now.broken_off is not None
    assert now.exit_code == 3


def test_of_another_machines_run_the_lock_tells(office: Workbook) -> None:
    write(office.reports, *events("a", "2026-07-01T06:00", statuses={"one": ""}, code=None))
    with publish.alone(office.reports):
        assert status.look(office).working is not None
    assert status.look(office).broken_off is not None


# ---------------------------------------------------------------------------- standings
def test_the_good_version_of_a_report_that_fails_now_is_that_of_before(office: Workbook) -> None:
    publish_edition(office, "2026-06-29", "2026-07-01T06:00", one="made", two="made")
    publish_edition(office, "2026-06-30", "2026-07-02T06:00", one="made", two="failed")
    one, two = status.look(office, NOW).reports
    assert (one.edition, one.status, one.late) == ("2026-06-30", "made", False)
    assert (two.edition, two.made_at) == ("2026-06-29", at("2026-07-01T06:00"))
    assert (two.tried, two.status, two.reason) == ("2026-06-30", "failed", "It broke.")
    assert one.alerts == {"high": 1}


@pytest.mark.parametrize(("made_at", "late"), [("2026-07-01T06:00", False), ("2026-07-01T05:59", True)])
def test_a_report_is_late_that_missed_a_moment_longer_ago_than_is_settled(
    office: Workbook, made_at: str, late: bool
) -> None:
    publish_edition(office, "2026-06-30", made_at, one="made", two="made")
    now = status.look(office, NOW)
    assert [standing.late for standing in now.reports] == [late, late]
    assert now.exit_code == (3 if late else 0)


def test_where_reports_are_never_due_none_is_late(office: Workbook) -> None:
    (office.folder / "workbook.toml").write_text(DAILY.replace('"day"', '"never"'), "utf-8")
    publish_edition(office, "2026-06-30", "2020-01-01T00:00", one="made", two="made")
    now = status.look(Workbook(office.folder), NOW)
    assert (now.late, now.due_next, now.exit_code) == ((), None, 0)


# ---------------------------------------------------------------------------- exit code
@pytest.mark.parametrize("code", [0, 3, 4])
def test_the_last_run_that_ended_gives_the_exit_code(office: Workbook, code: int) -> None:
    publish_edition(office, "2026-06-30", "2026-07-02T06:00", one="made", two="made")
    write(office.reports, *events("a", "2026-07-01T06:00", statuses={"one": "failed"}, code=3))
    write(office.reports, *events("b", "2026-07-02T06:00", statuses={"one": "made"}, code=code))
    assert status.look(office, NOW).exit_code == code


@pytest.mark.parametrize(("became", "code"), [("made", 0), ("failed", 3), ("skipped", 4)])
def test_a_report_that_failed_is_not_forgotten_over_a_later_run_of_another(
    office: Workbook, became: str, code: int
) -> None:
    publish_edition(office, "2026-06-29", "2026-07-01T06:00", one="made", two="made")
    publish_edition(office, "2026-06-30", "2026-07-02T06:00", one="made", two=became)
    write(office.reports, *events("a", "2026-07-02T07:00", statuses={"one": "made"}))
    assert status.look(office, NOW).exit_code == code


def test_a_workbook_without_a_run_is_well_until_a_moment_has_passed(office: Workbook) -> None:
    (office.folder / "workbook.toml").write_text("", "utf-8")
    now = status.look(Workbook(office.folder), NOW)
    assert (now.exit_code, now.last, now.ended) == (0, None, ())


def test_for_machines_the_same_is_told_as_plain_values(office: Workbook) -> None:
    publish_edition(office, "2026-06-30", "2026-07-02T06:00", one="made", two="failed")
    statuses = {"one": "made", "two": "failed", "three": "skipped"}
    write(office.reports, *events("a", "2026-07-02T06:00", statuses=statuses, code=3))
    told = json.loads(json.dumps(status.as_json(status.look(office, NOW))))
    assert told["exit_code"] == 3
    (run,) = told["last_runs"]
    assert (run["planned"], run["made"], run["exit_code"]) == (3, 1, 3)
    assert run["failed"] == [
        {"report": "two", "language": "en", "edition": "2026-06-30", "reason": "It broke."}
    ]
    assert told["reports"][0]["good"]["age_seconds"] == 6 * 3600
    assert told["due"] == {"newest": "2026-07-02T06:00:00+00:00", "next": "2026-07-03T06:00:00+00:00"}
