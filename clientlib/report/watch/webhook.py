"""A message posted to a webhook: to a chat group's robot, or to whatever of the firm's takes JSON."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from clientlib.book.keys import Key
from clientlib.errors import NotDelivered, Words, system_says
from clientlib.report.watch.happened import Message

PATIENCE = 10.0
"""Seconds that the receiver may take for each answer."""
LONGEST_ANSWER = 10_000
"""Bytes that are read of it."""
_HERE = ("localhost", "127.0.0.1", "::1")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The address is a secret: it is told to nobody but the one whom it names."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def post(kind: str, url: Key, token: Key | None, message: Message) -> None:
    """Post a message in the form that `kind` of receiver takes.

    Parameters
    ----------
    token : Key, optional
        Sent as a bearer token.

    Raises
    ------
    NotDelivered
        The receiver cannot be reached or does not take it. Neither the address nor its answer is repeated.
    """
    request = _request(url, token, json.dumps(_body(kind, message), ensure_ascii=False).encode())
    verified = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    opener = urllib.request.build_opener(_NoRedirects, verified)
    try:
        with opener.open(request, timeout=PATIENCE) as answer:
            why = _refusal(answer.read(LONGEST_ANSWER))
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = _why(error)
    if why is not None:
        raise NotDelivered(
            f"The webhook {why.en}. Check its address and [notify.webhook] of workbook.toml, "
            "then try it: clientlib notify --test",
            f"网络钩子{why.zh}。请检查其地址及 workbook.toml 的 [notify.webhook]，"
            "然后测试：clientlib notify --test",
        )


def _body(kind: str, message: Message) -> dict[str, Any]:
    told = f"{message.subject}\n\n{message.text}"
    match kind:
        case "text":
            return {"text": told}
        case "wecom" | "dingtalk":
            return {"msgtype": "text", "text": {"content": told}}
        case "feishu":
            return {"msg_type": "text", "content": {"text": told}}
    return {**message.facts, "text": message.text}


def _request(url: Key, token: Key | None, body: bytes) -> urllib.request.Request:
    try:
        parts = urlsplit(url.reveal())
        known = parts.hostname is not None and parts.scheme in ("https", "http")
        if known and parts.scheme == "http" and parts.hostname not in _HERE:
            raise NotDelivered(
                "The webhook's address begins with http:, by which anybody on the way could read it. "
                "Take one that begins with https:",
                "网络钩子的地址以“http:”开头，传输途中可被他人读取。请改用以“https:”开头的地址。",
            )
        if known:
            headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "clientlib"}
            if token is not None:
                headers["Authorization"] = f"Bearer {token.reveal()}"
            return urllib.request.Request(url.reveal(), body, headers, method="POST")  # noqa: S310 - see above
    except ValueError:
        pass
    raise NotDelivered(
        "The webhook's address is none: it has to begin with https:// and name a host.",
        "网络钩子的地址无效：应以 https:// 开头并写明主机。",
    )


def _refusal(answer: bytes) -> Words | None:
    """Why the receiver did not take it, if it says so in an answer that seems well: chat robots do."""
    try:
        told = json.loads(answer)
    except ValueError:
        return None
    codes = [told.get(name) for name in ("errcode", "code", "StatusCode")] if isinstance(told, dict) else []
    code = next((code for code in codes if isinstance(code, int) and code), None)
    return (
        Words(f"did not take the message (its code {code})", f"未接受消息（返回码{code}）") if code else None
    )


def _why(error: Exception) -> Words:
    """Why it failed, as words after "the webhook"."""
    match error:
        case urllib.error.HTTPError(code=code):
            error.close()
            return Words(f"did not take the message (HTTP {code})", f"未接受消息（HTTP {code}）")
        case urllib.error.URLError(reason=ssl.SSLCertVerificationError()):
            return Words("has a certificate that this machine does not trust", "的证书不受本机信任")
        case TimeoutError() | urllib.error.URLError(reason=TimeoutError()):
            return Words(f"gave no answer within {PATIENCE:g} seconds", f"在{PATIENCE:g}秒内没有响应")
        case urllib.error.URLError(reason=socket.gaierror()):
            return Words("has a name that cannot be resolved", "的主机名无法解析")
        case urllib.error.URLError(reason=OSError() as reason):
            said = system_says(reason)
            return Words(f"cannot be reached: {said.en}", f"无法连接：{said.zh}")
    return Words("cannot be reached, or gave no answer that can be understood", "无法连接，或其响应无法识别")
