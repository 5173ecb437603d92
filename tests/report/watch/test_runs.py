"""The journal of the runs, read back."""

from __future__ import annotations

from pathlib import Path

from clientlib.report.running.journal import FILE
from clientlib.report.watch.runs import Planned, runs, told
from tests.report.watch.journals import at, events, write


def test_a_run_is_told_with_what_became_of_each_page(tmp_path: Path) -> None:
    write(tmp_path, *events("a", "2026-07-01T06:00", statuses={"one": "made", "two": "failed"}, code=3))
    (run,) = runs(tmp_path)
    assert (run.began, run.exit_code, run.seconds) == (at("2026-07-01T06:00"), 3, 3.0)
    assert run.of("failed") == [Planned("two", "en", "2026-06-30")]
    assert run.done[Planned("two", "en", "2026-06-30")].reason == "It broke."


def test_a_run_that_was_gone_on_with_is_one_run(tmp_path: Path) -> None:
    statuses = {"one": "made", "two": ""}
    write(tmp_path, *events("a", "2026-07-01T06:00", statuses=statuses, code=None))
    write(tmp_path, *events("a", "2026-07-01T09:00", statuses={"one": "", "two": "made"}))
    (run,) = runs(tmp_path)
    assert (run.resumed, run.began, len(run.of("made"))) == (1, at("2026-07-01T09:00"), 2)


def test_lines_that_are_cut_or_fit_nowhere_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"event": "run_ended", "run": "lost", "at": "2026-07-01T06:00:00+00:00"})
    write(
        tmp_path, {"event": "run_started", "run": "half"}, {"event": "run_ended", "run": "half", "at": "noon"}
    )
    write(tmp_path, *events("whole", "2026-07-01T06:00", statuses={"one": "made"}))
    with (tmp_path / FILE).open("a", encoding="utf-8") as journal:
        journal.write('{"event": "run_sta')
    assert [run.run for run in runs(tmp_path)] == ["whole"]


def test_without_a_journal_there_was_no_run(tmp_path: Path) -> None:
    assert runs(tmp_path / "nowhere") == []
    assert list(told([])) == []
