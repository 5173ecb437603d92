"""Messages to a webhook, a real receiver: in its form, to nobody else, and its address never told."""

from __future__ import annotations

import json
import socket

import pytest

from clientlib.book.keys import Key
from clientlib.errors import NotDelivered
from clientlib.report.watch import webhook
from clientlib.report.watch.happened import Message
from tests.report.watch.conftest import HERE, Receive

SECRET = "token-in-the-path-9"
MESSAGE = Message("Reports: 1 failed", "Failed\n- The risk review: …\n", {"subject": "Reports: 1 failed"})
TOLD = f"{MESSAGE.subject}\n\n{MESSAGE.text}"


def refusal(address: str) -> str:
    with pytest.raises(NotDelivered) as caught:
        webhook.post("generic", Key(address), None, MESSAGE)
    assert caught.value.__context__ is None, "a traceback would tell more"
    assert SECRET not in str(caught.value) + caught.value.told("zh")
    return str(caught.value)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("generic", {"subject": MESSAGE.subject, "text": MESSAGE.text}),
        ("text", {"text": TOLD}),
        ("wecom", {"msgtype": "text", "text": {"content": TOLD}}),
        ("dingtalk", {"msgtype": "text", "text": {"content": TOLD}}),
        ("feishu", {"msg_type": "text", "content": {"text": TOLD}}),
    ],
)
def test_a_message_is_posted_in_the_form_that_its_receiver_takes(
    receiver: Receive, kind: str, body: object
) -> None:
    told = receiver()
    webhook.post(kind, Key(f"{told.address}/{SECRET}"), None, MESSAGE)
    assert told.bodies == [body]
    assert told.paths == [f"/{SECRET}"]
    assert told.headers[0]["content-type"] == "application/json; charset=utf-8"
    assert "authorization" not in told.headers[0]


def test_a_token_travels_as_a_bearer_token(receiver: Receive) -> None:
    told = receiver()
    webhook.post("generic", Key(told.address), Key(SECRET), MESSAGE)
    assert told.headers[0]["authorization"] == f"Bearer {SECRET}"


@pytest.mark.usefixtures("trusted")
def test_a_receiver_that_proves_who_it_is_is_told(receiver: Receive) -> None:
    told = receiver(tls=True)
    webhook.post("text", Key(told.address), None, MESSAGE)
    assert told.bodies == [{"text": TOLD}]


def test_a_receiver_that_cannot_prove_who_it_is_is_told_nothing(receiver: Receive) -> None:
    told = receiver(tls=True)
    assert "does not trust" in refusal(f"{told.address}/{SECRET}")
    assert told.bodies == []


@pytest.mark.parametrize("code", [301, 302, 307, 400, 404, 500])
def test_a_refusal_is_named_by_its_code_and_no_other_address_is_tried(receiver: Receive, code: int) -> None:
    told = receiver(code=code, answer=SECRET.encode())
    assert f"HTTP {code}" in refusal(f"{told.address}/{SECRET}")
    assert told.paths == [f"/{SECRET}"]


@pytest.mark.parametrize("answer", [{"errcode": 93000, "errmsg": SECRET}, {"code": 19001}, {"StatusCode": 5}])
def test_a_robot_that_answers_well_but_refuses_is_believed(receiver: Receive, answer: object) -> None:
    told = receiver(answer=json.dumps(answer).encode())
    assert "did not take the message (its code" in refusal(f"{told.address}/{SECRET}")


@pytest.mark.parametrize("answer", [b"", b"ok", b"[1]", b'{"errcode": 0}', b'{"code": "well"}'])
def test_any_other_answer_is_well(receiver: Receive, answer: bytes) -> None:
    webhook.post("generic", Key(receiver(answer=answer).address), None, MESSAGE)


@pytest.mark.parametrize(
    "address", [f"ftp://example.com/{SECRET}", SECRET, f"https://[{SECRET}", f"file:///{SECRET}"]
)
def test_what_is_no_address_is_refused_unrepeated(address: str) -> None:
    assert "has to begin with https://" in refusal(address)


def test_a_message_does_not_travel_the_network_unencrypted() -> None:
    assert "begins with http:" in refusal(f"http://example.com/{SECRET}")


def test_a_receiver_that_is_not_there_is_told() -> None:
    with socket.socket() as nobody:
        nobody.bind((HERE, 0))
        assert "cannot be reached" in refusal(f"http://{HERE}:{nobody.getsockname()[1]}/{SECRET}")


def test_a_receiver_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "PATIENCE", 0.05)
    with socket.create_server((HERE, 0)) as silent:
        assert "gave no answer" in refusal(f"http://{HERE}:{silent.getsockname()[1]}/{SECRET}")
