"""A message by e-mail, through the firm's own mail server."""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from clientlib.book.keys import Key
from clientlib.config import NotifyEmail
from clientlib.errors import NotDelivered, Words, system_says
from clientlib.report.watch.happened import Message

PATIENCE = 10.0
"""Seconds that the server may take for each answer."""


def send(rules: NotifyEmail, password: Key | None, message: Message) -> None:
    """Send a message to all recipients of the settings.

    Raises
    ------
    NotDelivered
        The server cannot be reached, proves not to be who it is, or refuses. What it says is not repeated,
        but for its code: it may quote what it was told.
    """
    mail = _mail(rules, message)
    try:
        with _server(rules) as server:
            if rules.user:
                server.login(rules.user, password.reveal() if password else "")
            refused = server.send_message(mail)
    except (OSError, UnicodeError) as error:
        why = _why(error)
    else:
        if not refused:
            return
        why = Words(
            f"refused {len(refused)} of {len(rules.recipients)} recipients; the others have the message",
            f"拒收{len(rules.recipients)}位收件人中的{len(refused)}位，其余已送达",
        )
    raise NotDelivered(
        f"The mail server {rules.host}:{rules.port} {why.en}. Check [notify.email] of workbook.toml, "
        "then try it: clientlib notify --test",
        f"邮件服务器 {rules.host}:{rules.port} {why.zh}。请检查 workbook.toml 的 [notify.email]，"
        "然后测试：clientlib notify --test",
    )


def _mail(rules: NotifyEmail, message: Message) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.subject.split())
    mail["From"] = rules.sender
    mail["To"] = ", ".join(rules.recipients)
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=_domain(rules))
    # So that nobody's notice of absence answers a program.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    return mail


def _server(rules: NotifyEmail) -> smtplib.SMTP:
    """A connection as the settings want it: encrypted before anything is said, or never."""
    verified = ssl.create_default_context()
    if rules.security == "tls":
        return smtplib.SMTP_SSL(rules.host, rules.port, _domain(rules), timeout=PATIENCE, context=verified)
    server = smtplib.SMTP(rules.host, rules.port, _domain(rules), timeout=PATIENCE)
    try:
        if rules.security == "starttls":
            server.starttls(context=verified)
    except BaseException:
        server.close()
        raise
    return server


def _domain(rules: NotifyEmail) -> str:
    """What we say our name is: the sender's domain, rather than what this machine is called."""
    return rules.sender.partition("@")[2]


def _why(error: Exception) -> Words:
    """Why it failed, as words after "the mail server …"."""
    match error:
        case ssl.SSLCertVerificationError():
            return Words("has a certificate that this machine does not trust", "的证书不受本机信任")
        case ssl.SSLError():
            return Words("does not speak TLS as it is set", "不支持所设的TLS方式")
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            return Words(f"did not take user and password (code {code})", f"未接受用户名和密码（代码{code}）")
        case smtplib.SMTPResponseException(smtp_code=code):
            return Words(f"refused the message (code {code})", f"拒收邮件（代码{code}）")
        case smtplib.SMTPRecipientsRefused():
            return Words("refused all recipients", "拒收全部收件人")
        case smtplib.SMTPNotSupportedError():
            return Words(
                "cannot do what is set: security, log-in, or an address that is not ASCII",
                "不支持所设的加密、登录方式，或非ASCII的邮件地址",
            )
        case UnicodeError():
            return Words("takes only ASCII in user and password", "的用户名和密码只能用ASCII字符")
        case TimeoutError() | smtplib.SMTPServerDisconnected(__context__=TimeoutError()):
            return Words(f"gave no answer within {PATIENCE:g} seconds", f"在{PATIENCE:g}秒内没有响应")
        case smtplib.SMTPServerDisconnected():
            return Words("broke off the connection", "中断了连接")
        case socket.gaierror():
            return Words("has a name that cannot be resolved", "的主机名无法解析")
        case OSError():
            said = system_says(error)
            return Words(f"cannot be reached: {said.en}", f"无法连接：{said.zh}")
    return Words("did not take the message", "未接受邮件")
