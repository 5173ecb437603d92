"""`clientlib status`, `schedule`, `notify` and `report --due` as schedulers and administrators use them."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from clientlib.errors import ParameterError, Unwritable
from clientlib.report.running import journal
from clientlib.report.watch import due
from clientlib.workbook import Workbook
from tests.report.small_reports import GOOD, OPEN
from tests.report.small_reports import write as write_notebook
from tests.report.watch.conftest import HERE, PASSWORD, Receive, Serve
from tests.report.watch.journals import events, write

Command = Callable[..., Result]
URGENT = OPEN + 'page._put("point", "", key="k", severity="high", text="Call them.", anchor="")\n'
EXAMPLE = "2026-07-01T06:00"


@pytest.fixture
def office(tmp_path: Path) -> Workbook:
    """A workbook of two reports and no book."""
    (tmp_path / "workbook.toml").write_text('[firm]\nlanguages = ["en"]\n', "utf-8")
    for folder in ("notebooks/reports", "reports", "data"):
        (tmp_path / folder).mkdir(parents=True)
    firm = Workbook(tmp_path)
    for name in ("one", "two"):
        write_notebook(firm, name, GOOD)
    return firm


def settle(firm: Workbook, text: str) -> None:
    (firm.folder / "workbook.toml").write_text(text, "utf-8")


# ------------------------------------------------------------------------------- status
def test_status_tells_of_the_last_run_what_failed_and_why_and_leaves_with_its_code(
    cli: Command, office: Workbook
) -> None:
    statuses = {"one": "made", "two": "failed"}
    write(office.reports, *events("a", EXAMPLE, statuses=statuses, code=3))
    told = cli("status", "--workbook", office.folder)
    assert told.exit_code == 3
    assert "The last run ended at 2026-07-01 14:00 after 3.0 s: 1 made, 1 failed, 0 waiting" in told.output
    assert "two (English), 2026-06-30: It broke." in told.output


def test_status_tells_why_a_report_failed_that_a_later_run_did_not_try(
    cli: Command, office: Workbook
) -> None:
    runs = {"en": {"status": "failed", "reason": "It broke.", "made_at": "2026-07-01T06:00:00+00:00"}}
    manifest = {"format": 2, "as_of": "2026-06-30", "branch": "all", "reports": {"two": {"runs": runs}}}
    (office.reports / "2026-06-30").mkdir()
    (office.reports / "2026-06-30" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    write(office.reports, *events("a", EXAMPLE, statuses={"one": "made"}))
    told = cli("status", "--workbook", office.folder)
    assert (told.exit_code, "two (English), 2026-06-30: It broke." in told.output) == (3, True)


def test_status_tells_how_to_go_on_with_a_run_that_was_broken_off(cli: Command, office: Workbook) -> None:
    write(office.reports, *events("a", EXAMPLE, statuses={"one": "made", "two": ""}, code=None))
    told = cli("status", "--workbook", office.folder)
    assert "was broken off with 1 of 2 pages done" in told.output
    assert "clientlib report --resume" in told.output


def test_status_speaks_chinese_of_runs_too(cli: Command, office: Workbook) -> None:
    statuses = {"one": "made", "two": "skipped"}
    for name in ("a", "b"):
        write(office.reports, *events(name, EXAMPLE, statuses=statuses, code=4))
    told = cli("status", "--workbook", office.folder, "--language", "zh")
    assert told.exit_code == 4
    assert "成功1份，失败0份，等待1份；退出码4" in told.output
    assert "运行开始" in told.output


def test_status_is_one_object_of_json_for_machines(cli: Command, office: Workbook) -> None:
    for name in ("a", "b", "c"):
        write(office.reports, *events(name, EXAMPLE, statuses={"one": "made"}))
    told = json.loads(cli("status", "--json", "--runs", "2", "--workbook", office.folder).output)
    assert (told["exit_code"], [run["run"] for run in told["last_runs"]]) == (0, ["c", "b"])


def test_status_writes_for_prometheus_and_says_nothing(
    cli: Command, office: Workbook, tmp_path: Path
) -> None:
    write(office.reports, *events("a", EXAMPLE, statuses={"one": "skipped"}, code=4))
    told = cli("status", "--prometheus", tmp_path / "clientlib.prom", "--workbook", office.folder)
    assert (told.exit_code, told.output) == (4, "")
    assert "\nclientlib_run_last_exit_code 4.0\n" in (tmp_path / "clientlib.prom").read_text("utf-8")


# ----------------------------------------------------------------------------- schedule
def test_schedule_prints_for_the_workbook_at_hand(cli: Command, office: Workbook) -> None:
    words = ("schedule", "one", "--every", "week", "--weekday", "friday", "--at", "07:05", "--pages", "en,zh")
    told = cli(*words, "--workbook", office.folder)
    assert told.exit_code == 0
    (line,) = [line for line in told.output.splitlines() if line.startswith("5 7 ")]
    assert line.startswith("5 7 * * 5 ")
    assert f"report one --workbook {office.folder} --language en,zh" in line


def test_by_the_settings_alone_cron_asks_whether_a_run_is_due(cli: Command, office: Workbook) -> None:
    settle(office, '[reports.schedule]\nevery = "month"\nday = "last"\nat = "06:30"\n')
    assert re.search(
        r"^30 \* \* \* \* .*--due", cli("schedule", "--workbook", office.folder).output, re.MULTILINE
    )
    other = cli("schedule", "--at", "07:00", "--workbook", office.folder).output
    assert "28-31" in other
    assert "--due" not in other


def test_files_are_written_and_none_takes_anothers_place(
    cli: Command, office: Workbook, tmp_path: Path
) -> None:
    words = ("schedule", "--for", "systemd", "--output", tmp_path / "units", "--workbook", office.folder)
    assert cli(*words).exit_code == 0
    written = sorted((tmp_path / "units").iterdir())
    assert [path.suffix for path in written] == [".service", ".timer"]
    written[0].unlink()
    again = cli(*words)
    assert isinstance(again.exception, Unwritable)
    assert not written[0].exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--for", "anacron"), "cron, systemd, airflow, jupyter-scheduler"),
        (("--every", "hour"), "--every hour cannot be"),
        (("--at", "25:00"), "--at 25:00 cannot be"),
        (("--day", "31"), '1 to 28, or "last"'),
        (("--weekday", "someday"), "--weekday someday cannot be"),
        (("three",), "no report called three"),
    ],
)
def test_what_cannot_be_scheduled_is_refused(
    cli: Command, office: Workbook, words: tuple[str, ...], said: str
) -> None:
    refused = cli("schedule", *words, "--workbook", office.folder)
    assert isinstance(refused.exception, ParameterError)
    assert said in str(refused.exception)


def test_a_folder_whose_name_would_break_a_line_is_refused(cli: Command, office: Workbook) -> None:
    strange = office.folder / "a\n* * * * * rm"
    shutil.copytree(office.folder / "notebooks", strange / "notebooks")
    settle(Workbook(strange), "")
    assert "no scheduler can read" in str(cli("schedule", "--workbook", strange).exception)


# ------------------------------------------------------------------------------- notify
def test_notify_shows_who_is_told_and_where_secrets_are_but_none(
    cli: Command, office: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTLIB_WEBHOOK_URL", f"https://example.com/{PASSWORD}")
    settle(office, '[notify.webhook]\nkind = "text"\n')
    told = cli("notify", "--workbook", office.folder)
    assert "address: environment" in told.output
    assert PASSWORD not in told.output


def test_a_trial_that_went_out_is_code_0_and_one_that_did_not_is_code_1(
    cli: Command, office: Workbook, receiver: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = receiver()
    monkeypatch.setenv("CLIENTLIB_WEBHOOK_URL", f"{posts.address}/{PASSWORD}")
    settle(office, '[notify.webhook]\nkind = "text"\n')
    assert cli("notify", "--test", "--workbook", office.folder).exit_code == 0
    posts.code = 403
    refused = cli("notify", "--test", "--workbook", office.folder)
    assert (refused.exit_code, "HTTP 403" in refused.output) == (1, True)
    assert PASSWORD not in refused.output


# --------------------------------------------------------------------- report --log json
@pytest.mark.slow
def test_a_log_in_json_is_the_journal_line_by_line(report: Command, reporting: Workbook) -> None:
    result = report("--log", "json")
    assert result.exit_code == 0
    assert [json.loads(line) for line in result.stderr.splitlines()] == list(
        journal.events(reporting.reports)
    )
    assert result.stdout.startswith("Open ")


def test_another_kind_of_log_is_refused(report: Command) -> None:
    assert "There are: text, json" in str(report("--log", "xml").exception)


# -------------------------------------------------------------------------- report --due
def scheduled(firm: Workbook, *, hours_ago: int, stale_hours: int) -> None:
    """Let reports have been due so many hours ago."""
    at = f"{dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours_ago):%H:%M}"
    schedule = f'[reports.schedule]\nevery = "day"\nat = "{at}"\nstale_hours = {stale_hours}\n'
    settle(firm, f'[firm]\ntime_zone = "UTC"\n{schedule}')


@pytest.mark.slow
def test_a_run_that_is_due_is_made_once(report: Command, reporting: Workbook) -> None:
    scheduled(reporting, hours_ago=2, stale_hours=12)
    assert "Open " in report("--due").output
    again = report("--due")
    assert (again.exit_code, again.output.count("\n")) == (0, 1)
    assert again.output.startswith("Nothing is due")


def test_a_run_that_was_missed_for_too_long_is_code_5_and_noted_once(
    report: Command, reporting: Workbook
) -> None:
    scheduled(reporting, hours_ago=3, stale_hours=1)
    write(reporting.reports, *events("before", "2020-01-01", statuses={"good": "made"}))
    for _ in range(2):
        told = report("--due")
        assert told.exit_code == due.STALE == 5
        assert "too long ago to be caught up" in told.output
    assert [event["event"] for event in journal.events(reporting.reports)].count(due.PASSED) == 1


@pytest.mark.parametrize("command", ["report", "schedule"])
def test_help_names_the_setting_with_its_brackets(cli: Command, command: str) -> None:
    assert "[reports.schedule]" in cli(command, "--help").output


def test_due_takes_no_date(report: Command, reporting: Workbook) -> None:
    scheduled(reporting, hours_ago=2, stale_hours=12)
    assert "--due makes reports of the newest date" in str(report("--due", "--as-of", "2026-06-30").exception)


# ----------------------------------------------------------------------- report, and mail
@pytest.mark.slow
def test_an_urgent_matter_and_a_failure_are_mailed_and_the_code_stays(
    report: Command, reporting: Workbook, mail_server: Serve
) -> None:
    mails = mail_server()
    mail = f'host = "{HERE}"\nport = {mails.port}\nsecurity = "none"\nsender = "a@example.com"\n'
    settle(reporting, f'[notify.email]\n{mail}recipients = ["b@example.com"]\n')
    write_notebook(reporting, "urgent", URGENT)
    write_notebook(reporting, "bad", "1 / 0")
    assert report().exit_code == 3
    (envelope,) = mails.mails
    assert isinstance(envelope.content, bytes)
    assert b"1 failed, 1 urgent matter" in envelope.content


@pytest.mark.slow
def test_a_message_that_did_not_go_out_is_a_warning_and_the_code_stays(
    report: Command, reporting: Workbook, receiver: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTLIB_WEBHOOK_URL", f"{receiver(code=500).address}/{PASSWORD}")
    settle(reporting, '[notify.webhook]\nkind = "text"\n')
    write_notebook(reporting, "urgent", URGENT)
    result = report()
    assert (result.exit_code, "HTTP 500" in result.stderr) == (0, True)
    left = (reporting.reports / journal.FILE).read_text("utf-8")
    assert PASSWORD not in result.output + left
