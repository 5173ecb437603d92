"""Who is told what of a run: as the settings want it, once, nothing of a client, and no run is the worse."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from clientlib import config
from clientlib.book import passwords
from clientlib.errors import KeyProblem, ParameterError, SettingsError
from clientlib.report.outcome import Outcome, Status
from clientlib.report.run import RunResult
from clientlib.report.running import journal
from clientlib.report.watch import happened, notify
from clientlib.report.watch.happened import Happened
from clientlib.workbook import Workbook
from tests.report.watch.conftest import HERE, PASSWORD, Receive, Serve
from tests.report.watch.journals import at

POINT = {"key": "calls", "severity": "high", "text": "17 clients are over their level.", "anchor": ""}
SETTINGS = """
[firm]
name = "A firm"
languages = ["{language}"]
[reports]
address = "{address}"
planted = ["Jane Planted"]
[notify]
on = {on}
[notify.email]
host = "{host}"
port = {port}
security = "none"
sender = "reports@example.com"
recipients = ["admin@example.com"]
[notify.webhook]
kind = "{kind}"
"""


def office(folder: Path, **changes: Any) -> Workbook:
    """A workbook of settings only."""
    values: dict[str, Any] = {"language": "en", "address": "", "on": list(happened.KINDS)}
    values |= {"host": "", "port": 25, "kind": "none"}
    (folder / "workbook.toml").write_text(SETTINGS.format(**values | changes), "utf-8")
    (folder / "reports").mkdir(exist_ok=True)
    return Workbook(folder)


def outcome(status: Status, report: str = "risk", language: str = "en", **changes: Any) -> Outcome:
    facts = {
        "edition": "2026-06-30",
        "title": {"en": "The risk", "zh": "风险"}[language],
        "reason": "It broke.",
    }
    return Outcome(report, language, status, **facts | changes)


def result(firm: Workbook, *outcomes: Outcome) -> RunResult:
    return RunResult("a run", (), outcomes, firm.reports / "2026-06-30" / "index.html")


def told(firm: Workbook) -> list[dict[str, Any]]:
    return [event for event in journal.events(firm.reports) if event["event"] == notify.EVENT]


# ---------------------------------------------------------------------------- what happened
@pytest.mark.parametrize(
    ("became", "kinds"),
    [
        (outcome("made"), []),
        (outcome("unavailable"), []),
        (outcome("failed"), ["failed"]),
        (outcome("skipped", message="It waits."), ["waiting"]),
        (outcome("made", points=(POINT,)), ["high"]),
        (outcome("made", points=({**POINT, "severity": "warn"},)), []),
        (outcome("failed", points=(POINT,)), ["failed"]),
    ],
)
def test_what_is_worth_a_message_is_found(tmp_path: Path, became: Outcome, kinds: list[str]) -> None:
    firm = office(tmp_path)
    assert [one.kind for one in happened.in_run(result(firm, became), firm.settings)] == kinds


def test_what_nobody_wants_to_know_is_left_out(tmp_path: Path) -> None:
    firm = office(tmp_path, on=["high"])
    run = result(firm, outcome("failed"), outcome("made", points=(POINT,)))
    assert [one.kind for one in happened.in_run(run, firm.settings)] == ["high"]
    assert happened.missed(at("2026-07-01"), firm.settings) == []


@pytest.mark.parametrize(
    ("language", "title"), [("en", "The risk (2026-06-30)"), ("zh", "风险（2026-06-30）")]
)
def test_a_report_in_two_languages_is_told_once_in_the_firms_first(
    tmp_path: Path, language: str, title: str
) -> None:
    firm = office(tmp_path, language=language)
    run = result(firm, outcome("failed", language="zh"), outcome("failed"))
    (one,) = happened.in_run(run, firm.settings)
    assert one.told.startswith(title)


@pytest.mark.parametrize("leak", ["Jane Planted", "wang@example.com", "13800138000"])
def test_what_looks_like_identity_does_not_leave(tmp_path: Path, leak: str) -> None:
    firm = office(tmp_path)
    (one,) = happened.in_run(result(firm, outcome("failed", reason=f"{leak} broke it")), firm.settings)
    assert one.told == "The risk (2026-06-30): not told here; see clientlib status"


# ------------------------------------------------------------------------------ in words
def test_a_message_tells_what_happened_and_where_to_look(tmp_path: Path) -> None:
    firm = office(tmp_path, address="https://reports.example/")
    run = result(firm, outcome("failed"), outcome("made", report="x", points=(POINT,)))
    message = happened.message(
        happened.in_run(run, firm.settings), firm.settings, index="2026-06-30/index.html"
    )
    assert message.subject == "A firm: client reports, 1 failed, 1 urgent matter"
    assert message.text == (
        "Failed\n- The risk (2026-06-30): It broke.\n\n"
        "Urgent\n- The risk (2026-06-30): 17 clients are over their level.\n\n"
        "Open: https://reports.example/2026-06-30/index.html\nMore: clientlib status\n"
    )
    assert message.facts["open"] == "https://reports.example/2026-06-30/index.html"


def test_a_branchs_name_in_an_address_is_one_that_a_browser_takes(tmp_path: Path) -> None:
    settings = office(tmp_path, address="https://reports.example").settings
    message = happened.message([], settings, index="2026-06-30--上海/index.html")
    assert "https://reports.example/2026-06-30--%E4%B8%8A%E6%B5%B7/index.html" in message.text


def test_of_many_things_only_the_first_are_told_and_all_are_counted(tmp_path: Path) -> None:
    many = [Happened("failed", f"failed {n}", f"report {n}") for n in range(happened.MOST + 3)]
    message = happened.message(many, office(tmp_path).settings)
    assert "… and 3 more." in message.text
    assert f"{len(many)} failed" in message.subject


def test_a_missed_run_is_told_by_the_firms_clock(tmp_path: Path) -> None:
    firm = office(tmp_path)
    (one,) = happened.missed(at("2026-06-30T22:00"), firm.settings)
    assert "2026-07-01 06:00" in one.told


# ---------------------------------------------------------------------------------- sent
def test_after_a_run_both_ways_are_gone_and_noted(
    tmp_path: Path, mail_server: Serve, receiver: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails, posts = mail_server(), receiver()
    monkeypatch.setenv("CLIENTLIB_WEBHOOK_URL", posts.address)
    firm = office(tmp_path, host=HERE, port=mails.port, kind="generic")
    assert notify.after_run(firm, result(firm, outcome("failed"))) == []
    assert len(mails.mails) == 1
    (body,) = posts.bodies
    assert body["happened"] == [
        {"kind": "failed", "about": "failed risk 2026-06-30", "told": "The risk (2026-06-30): It broke."}
    ]
    assert [(event["by"], event["failed"]) for event in told(firm)] == [("email", ""), ("webhook", "")]


def test_after_a_run_that_went_well_nobody_is_told(tmp_path: Path, mail_server: Serve) -> None:
    mails = mail_server()
    firm = office(tmp_path, host=HERE, port=mails.port)
    assert notify.after_run(firm, result(firm, outcome("made"))) == []
    assert (mails.mails, told(firm)) == ([], [])


def test_a_run_that_is_tried_again_tells_only_what_is_new(tmp_path: Path, mail_server: Serve) -> None:
    mails = mail_server()
    firm = office(tmp_path, host=HERE, port=mails.port)
    waits = outcome("skipped", message="It waits.")
    since = at("2026-07-01")
    for run in ([waits], [waits], [waits, outcome("failed", report="x")]):
        notify.after_run(firm, result(firm, *run), since=since)
    assert [event["about"] for event in told(firm)] == [
        ["waiting risk 2026-06-30"],
        ["failed x 2026-06-30"],
    ]


def test_what_could_not_be_sent_is_said_and_tried_again_next_time(
    tmp_path: Path, receiver: Receive, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = receiver(code=500)
    monkeypatch.setenv("CLIENTLIB_WEBHOOK_URL", f"{posts.address}/{PASSWORD}")
    firm = office(tmp_path, kind="text")
    run, since = result(firm, outcome("failed")), at("2026-07-01")
    (why,) = notify.after_run(firm, run, since=since)
    assert "HTTP 500" in why
    posts.code = 200
    assert notify.after_run(firm, run, since=since) == []
    assert [bool(event["failed"]) for event in told(firm)] == [True, False]
    assert PASSWORD not in json.dumps(told(firm)) + why


def test_a_way_that_breaks_unforeseen_is_told_by_its_kind_and_the_other_goes(
    tmp_path: Path, mail_server: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = mail_server()
    monkeypatch.setenv("CLIENTLIB_WEBHOOK_URL", "https://example.com")

    def breaks(*_: object) -> None:
        raise RuntimeError(PASSWORD)

    monkeypatch.setattr("clientlib.report.watch.webhook.post", breaks)
    firm = office(tmp_path, host=HERE, port=mails.port, kind="text")
    assert notify.after_run(firm, result(firm, outcome("failed"))) == [
        "The message by webhook did not go out: RuntimeError."
    ]
    assert len(mails.mails) == 1


def test_a_journal_that_cannot_be_written_is_said_and_the_message_is_gone(
    tmp_path: Path, mail_server: Serve
) -> None:
    mails = mail_server()
    firm = office(tmp_path, host=HERE, port=mails.port)
    (firm.reports / journal.FILE).mkdir()
    (why,) = notify.after_run(firm, result(firm, outcome("failed")))
    assert "could not be noted in the journal: Is a directory" in why
    assert len(mails.mails) == 1


def test_a_trial_tells_by_which_ways_it_went(tmp_path: Path, mail_server: Serve) -> None:
    mails = mail_server()
    ways, failed = notify.trial(office(tmp_path, host=HERE, port=mails.port, kind="text"))
    assert ways == ["email"]
    assert "CLIENTLIB_WEBHOOK_URL" in str(failed[0])


def test_without_any_way_a_trial_says_how_to_set_one(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"\[notify.email\]"):
        notify.trial(office(tmp_path))


# ------------------------------------------------------------------------------- secrets
def test_a_secret_comes_from_the_environment_then_the_firms_command_then_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = office(tmp_path)
    with (firm.folder / "workbook.toml").open("a") as settings:
        settings.write('[keys]\ncommand = ["printf", "by command for {name}"]\n')
    firm.keys.mkdir()
    file = passwords.password_file(firm, "smtp")
    file.write_text("from a file: pass wörd\n", "utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("CLIENTLIB_SMTP_PASSWORD", "from the environment")

    def found(workbook: Workbook) -> tuple[str, str]:
        key, kind = passwords.find_password(workbook, "smtp") or pytest.fail("there is none")
        return key.reveal(), kind

    assert found(firm) == ("from the environment", "environment")
    monkeypatch.delenv("CLIENTLIB_SMTP_PASSWORD")
    assert found(firm) == ("by command for smtp", "command")
    assert found(office(tmp_path)) == ("from a file: pass wörd", "file")


def test_a_secret_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    firm = office(tmp_path)
    firm.keys.mkdir()
    file = passwords.password_file(firm, "webhook")
    file.write_text(PASSWORD)
    file.chmod(stat.S_IRUSR | stat.S_IRGRP)
    with pytest.raises(KeyProblem, match="chmod 600") as caught:
        passwords.find_password(firm, "webhook")
    assert PASSWORD not in str(caught.value)


# ------------------------------------------------------------------------------ settings
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[notify.email]\nhost = "mail.example"\n', "a sender and recipients are expected"),
        ('[notify.email]\nuser = "me"\nsecurity = "none"\n', "a password is sent encrypted only"),
        ('[notify.email]\nsender = "a@b\\r\\nBcc: c@d"\n', "[notify.email] sender"),
        ('[notify.email]\npassword = "x"\n', "there is no such setting"),
        ('[notify.webhook]\nurl = "https://example.com"\n', "there is no such setting"),
        ('[reports]\naddress = "javascript:alert(1)"\n', "[reports] address"),
        ('[reports.schedule]\nday = 31\n', 'a day that every month has is expected: 1 to 28, or "last"'),
        ('[reports.schedule]\nat = "24:00"\n', "[reports.schedule] at"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "workbook.toml").write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        config.load(tmp_path)
    assert said in str(caught.value)
