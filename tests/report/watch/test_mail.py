"""Messages by e-mail, to a real mail server: encrypted and logged in where that is set, nothing let out."""

from __future__ import annotations

import email
import email.policy
import socket
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import Envelope

from clientlib.book.keys import Key
from clientlib.config import NotifyEmail
from clientlib.errors import NotDelivered
from clientlib.report.watch import mail
from clientlib.report.watch.happened import Message
from tests.report.watch.conftest import HERE, PASSWORD, USER, Serve

MESSAGE = Message("示范证券客户报告：1份失败", "失败\n- 风险审查（2026-06-30）：…\n", {})


def rules(port: int, security: str = "none", **changes: object) -> NotifyEmail:
    values: dict[str, object] = {
        "host": HERE,
        "port": port,
        "security": security,
        "user": "" if security == "none" else USER,
        "sender": "reports@example.com",
        "recipients": ("one@example.com", "two@example.com"),
    }
    return NotifyEmail.model_validate(values | changes)


def read(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    return email.message_from_bytes(envelope.content, policy=email.policy.default)


def refusal(rules: NotifyEmail, password: str | None = PASSWORD) -> str:
    with pytest.raises(NotDelivered) as caught:
        mail.send(rules, Key(password) if password else None, MESSAGE)
    assert caught.value.__context__ is None, "a traceback would tell more"
    assert PASSWORD not in str(caught.value) + caught.value.told("zh")
    return str(caught.value)


# -------------------------------------------------------------------------------- arrives
def test_a_message_arrives_at_all_recipients_as_it_was_written(mail_server: Serve) -> None:
    server = mail_server()
    mail.send(rules(server.port), None, MESSAGE)
    (envelope,) = server.mails
    assert envelope.rcpt_tos == ["one@example.com", "two@example.com"]
    arrived = read(envelope)
    assert arrived["Subject"] == MESSAGE.subject
    assert arrived.get_content().splitlines() == MESSAGE.text.splitlines()


def test_a_message_says_that_a_program_wrote_it_and_not_on_which_machine(mail_server: Serve) -> None:
    server = mail_server()
    mail.send(rules(server.port), None, MESSAGE)
    arrived = read(server.mails[0])
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Message-ID"].endswith("@example.com>")
    assert socket.gethostname() not in arrived.as_string()


def test_a_line_end_in_a_subject_begins_no_header(mail_server: Serve) -> None:
    server = mail_server()
    mail.send(rules(server.port), None, Message("one\r\nBcc: all@example.com", "text\n", {}))
    arrived = read(server.mails[0])
    assert arrived["Bcc"] is None
    assert server.mails[0].rcpt_tos == ["one@example.com", "two@example.com"]


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_log_in_and_message_are_encrypted(mail_server: Serve, security: str) -> None:
    server = mail_server(security=security)
    mail.send(rules(server.port, security), Key(PASSWORD), MESSAGE)
    assert read(server.mails[0])["Subject"] == MESSAGE.subject
    assert server.logged_in == [True]
    assert server.encrypted == [security == "starttls"]  # of TLS from the first byte aiosmtpd does not know


# --------------------------------------------------------------------------- does not arrive
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_cannot_prove_who_it_is_is_told_nothing(mail_server: Serve, security: str) -> None:
    server = mail_server(security=security)
    assert "does not trust" in refusal(rules(server.port, security))
    assert server.mails == []


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password_is_named_by_the_servers_code_only(mail_server: Serve) -> None:
    server = mail_server(security="starttls")
    assert "did not take user and password (code 535)" in refusal(rules(server.port, "starttls"), "wrong")


@pytest.mark.usefixtures("trusted")
def test_a_password_that_cannot_be_sent_is_not_repeated(mail_server: Serve) -> None:
    server = mail_server(security="starttls")
    assert "only ASCII" in refusal(rules(server.port, "starttls"), f"{PASSWORD} ö")


def test_where_encryption_is_set_a_server_without_is_told_nothing(mail_server: Serve) -> None:
    server = mail_server()
    assert "cannot do what is set" in refusal(rules(server.port, "starttls"))
    assert server.mails == []


def test_one_recipient_that_is_refused_is_told_and_the_other_has_the_message(mail_server: Serve) -> None:
    server = mail_server(refuses=("two@example.com",))
    assert "refused 1 of 2 recipients" in refusal(rules(server.port))
    assert server.mails[0].rcpt_tos == ["one@example.com"]


def test_recipients_that_are_all_refused_are_told(mail_server: Serve) -> None:
    server = mail_server(refuses=("one@example.com", "two@example.com"))
    assert "refused all recipients" in refusal(rules(server.port))


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as nobody:
        nobody.bind((HERE, 0))  # taken, and nobody listens
        port = nobody.getsockname()[1]
        assert f"The mail server {HERE}:{port} cannot be reached" in refusal(rules(port))


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "PATIENCE", 0.05)
    with socket.create_server((HERE, 0)) as silent:
        assert "gave no answer" in refusal(rules(silent.getsockname()[1]))
