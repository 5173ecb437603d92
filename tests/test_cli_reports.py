"""`clientlib report` as a scheduler and as a person with a slip of the pen use it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

from clientlib.errors import ParameterError, WorkbookError
from clientlib.report import publish
from clientlib.workbook import Workbook
from tests.report.small_reports import GOOD, OPEN, write

pytestmark = pytest.mark.slow
Command = Callable[..., Result]
WINDOW = OPEN + "page.say('page.one_branch', branch=str(window))"


def waits_for_tomorrow(firm: Workbook, name: str) -> None:
    """Let a report ask for prices newer than any date can have."""
    notebook = firm.notebooks / "reports" / f"{name}.ipynb"
    told = json.loads(notebook.read_text("utf-8"))
    told["metadata"]["clientlib"]["waits_for"] = {"prices": -1}
    notebook.write_text(json.dumps(told), "utf-8")


def test_a_period_makes_an_edition_for_each_step(report: Command, reporting: Workbook) -> None:
    assert report("--from", "2026-04-30", "--to", "2026-06-30").exit_code == 0
    made = sorted(folder.name for folder in reporting.reports.iterdir() if folder.is_dir())
    assert made == ["2026-04-30", "2026-05-31", "2026-06-30"]


def test_each_line_of_a_log_names_the_edition_the_report_and_what_became_of_it(report: Command) -> None:
    assert "2026-06-30 good (en): made in" in report().output


def test_a_report_that_failed_is_code_3_and_the_others_are_made(report: Command, reporting: Workbook) -> None:
    write(reporting, "bad", "1 / 0", order=2)
    result = report()
    assert result.exit_code == 3
    assert (reporting.reports / "2026-06-30" / "good.html").is_file()
    assert "ZeroDivisionError in cell 3" in result.output


def test_a_report_that_waits_is_code_4_and_says_for_what(report: Command, reporting: Workbook) -> None:
    write(reporting, "late", GOOD, order=2)
    waits_for_tomorrow(reporting, "late")
    result = report()
    assert result.exit_code == 4
    assert "Waiting for Prices: the newest is of 30 June 2026, and 1 July 2026 is needed." in result.output
    assert (reporting.reports / "2026-06-30" / "good.html").is_file()


def test_a_failure_weighs_more_than_a_wait(report: Command, reporting: Workbook) -> None:
    write(reporting, "bad", "1 / 0", order=2)
    waits_for_tomorrow(reporting, "good")
    assert report().exit_code == 3


def test_a_further_parameter_reaches_the_notebook(report: Command, reporting: Workbook) -> None:
    write(reporting, "windowed", WINDOW, parameters="window = 250  # days\n")
    assert report("windowed", "-p", "window=90").exit_code == 0
    assert "Branch: 90" in (reporting.reports / "2026-06-30" / "windowed.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["godo"], "Did you mean good?"),
        (["--as-of", "2026-02-30"], "not a day of the calendar"),
        (["--as-of", "2026-06-30", "--from", "2026-01-01"], "both cannot be"),
        (["--branch", "Nowhere"], "no branch called 'Nowhere'"),
        (["--every", "fortnight", "--from", "2026-01-01"], "no step 'fortnight'"),
        (["--beside", "docx"], "--beside docx cannot be"),
        (["-p", "window"], "not of the form NAME=VALUE"),
        (["-p", "widnow=3"], "has no parameter widnow"),
        (["--resume"], "Leave the other options out"),
    ],
)
def test_a_slip_is_answered_before_anything_is_made(
    report: Command, reporting: Workbook, words: list[str], told: str
) -> None:
    result = report(*words)
    assert isinstance(result.exception, ParameterError)
    assert told in str(result.exception)
    assert not reporting.reports.exists()


def test_a_second_run_at_the_same_time_is_told_to_wait(report: Command, reporting: Workbook) -> None:
    with publish.alone(reporting.reports):
        result = report()
    assert isinstance(result.exception, WorkbookError)
    assert (result.exception.exit_code, "Another run" in str(result.exception)) == (2, True)


def test_a_place_that_cannot_be_written_is_a_sentence(report: Command, reporting: Workbook) -> None:
    reporting.reports.write_text("no folder")
    result = report()
    assert isinstance(result.exception, WorkbookError)
    assert "cannot be written" in str(result.exception)


def test_an_edition_that_has_had_its_time_goes_with_a_later_run_and_no_page_leads_to_it(
    report: Command, reporting: Workbook
) -> None:
    assert report("--from", "2026-04-30", "--to", "2026-06-29", "--every", "month").exit_code == 0
    for edition in publish.editions(reporting.reports):
        told = edition.folder / "manifest.json"
        made = json.loads(told.read_text("utf-8")) | {"made_at": "2016-01-01T00:00:00+00:00"}
        told.write_text(json.dumps(made), "utf-8")
    assert report().exit_code == 0
    assert [edition.folder.name for edition in publish.editions(reporting.reports)] == ["2026-06-30"]
    assert "2026-05-31" not in (reporting.reports / "index.html").read_text("utf-8")
    assert '"event": "pruned"' in (reporting.reports / "runs.jsonl").read_text("utf-8")


def test_there_is_nothing_to_resume_where_no_run_was_broken_off(cli: Command, reporting: Workbook) -> None:
    result = cli("report", "--workbook", reporting.folder, "--resume")
    assert isinstance(result.exception, ParameterError)
    assert "No run was broken off" in str(result.exception)
