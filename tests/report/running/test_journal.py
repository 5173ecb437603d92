"""The journal of the runs: every line is read that was written whole, and it does not grow for ever."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from clientlib.report.outcome import Outcome
from clientlib.report.running import journal
from clientlib.report.running.journal import Journal


def runs(reports: Path) -> list[str]:
    return list(dict.fromkeys(event["run"] for event in journal.events(reports)))


def a_run(reports: Path, name: str, lines: int = 3, exit_code: int = 0) -> Journal:
    written = Journal(reports / journal.FILE, name)
    written.note("run_started", plan=[])
    for _ in range(lines - 2):
        written.report_ended(Outcome("sizes", "en", "made"))
    written.note("run_ended", exit_code=exit_code)
    return written


def test_where_there_is_none_nothing_happened_yet(tmp_path: Path) -> None:
    assert list(journal.events(tmp_path)) == []


def test_a_line_says_what_when_and_in_which_run(tmp_path: Path) -> None:
    Journal(tmp_path / journal.FILE, "r1").note("published", edition="2026-06-30--上海")
    (event,) = journal.events(tmp_path)
    assert (event["run"], event["event"], event["edition"]) == ("r1", "published", "2026-06-30--上海")
    assert event["at"].endswith("+00:00")


def test_of_a_report_it_tells_why_it_failed_but_nothing_of_its_page(tmp_path: Path) -> None:
    outcome = Outcome("risk", "zh", "failed", "2026-06-30", reason="KeyError in cell 3.", seconds=1.234)
    Journal(tmp_path / journal.FILE, "r1").report_ended(outcome)
    (event,) = journal.events(tmp_path)
    assert event.keys() == {
        *("at", "run", "event", "report", "language", "edition", "status", "seconds", "memory_mb", "reason")
    }


@given(st.integers(0, 200))
def test_a_line_that_was_cut_off_takes_no_other_along(cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        a_run(Path(folder), "r1")
        file = Path(folder, journal.FILE)
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) - cut])
        lines = whole[: len(whole) - cut].count(b"\n")
        a_run(Path(folder), "r2")
        assert len(list(journal.events(Path(folder)))) in (lines + 3, lines + 4)


def test_a_short_journal_stays_as_it_is(tmp_path: Path) -> None:
    written = a_run(tmp_path, "r1")
    before = written.file.read_bytes()
    written.shorten(most=3)
    assert written.file.read_bytes() == before


def test_a_long_journal_is_cut_to_its_newest_runs(tmp_path: Path) -> None:
    for n in range(10):
        written = a_run(tmp_path, f"r{n}", lines=10)
    written.shorten(most=60)
    assert runs(tmp_path) == ["r7", "r8", "r9"]


def test_the_last_good_run_stays_however_many_failed_since(tmp_path: Path) -> None:
    a_run(tmp_path, "good")
    for n in range(20):
        written = a_run(tmp_path, f"r{n}", exit_code=3)
    written.shorten(most=20)
    assert runs(tmp_path) == ["good", "r17", "r18", "r19"]


def test_a_run_that_is_longer_than_all_that_is_kept_stays_whole(tmp_path: Path) -> None:
    a_run(tmp_path, "small")
    a_run(tmp_path, "large", lines=100).shorten(most=20)
    assert len([e for e in journal.events(tmp_path) if e["run"] == "large"]) == 100


def test_a_shortened_journal_stays_open_to_whom_it_was(tmp_path: Path) -> None:
    written = a_run(tmp_path, "r1", lines=50)
    written.file.chmod(0o640)
    written.shorten(most=10)
    assert written.file.stat().st_mode & 0o777 == 0o640
