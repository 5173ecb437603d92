"""A mail server, a receiver of webhooks, and certificates, all real and on this machine only."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = "127.0.0.1"
USER, PASSWORD = "reports", "secret-password-7"


# -------------------------------------------------------------------------- certificates
@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate of this machine, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HERE)])
    address = x509.IPAddress(ipaddress.ip_address(HERE))
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    text = made.public_bytes(encoding)
    text += key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("certificate") / "here.pem"
    file.write_bytes(text)
    return file


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this machine trust the certificate, as an administrator would."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


# ---------------------------------------------------------------------------------- mail
@dataclass
class MailServer:
    """What a mail server was told; `refuses` are recipients that it does not know."""

    port: int = 0
    refuses: tuple[str, ...] = ()
    mails: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logged_in: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd names it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        self.encrypted.append(session.ssl is not None)
        self.logged_in.append(bool(session.authenticated))
        return "250 OK"


class _Authenticator:
    def __call__(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        well = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=well, handled=False)


class _AnyPort(Controller):
    """A server on whatever port is free, which it is first asked at."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class Serve(Protocol):
    def __call__(self, *, security: str = "none", refuses: tuple[str, ...] = ()) -> MailServer: ...


@pytest.fixture
def mail_server(certificate: Path) -> Iterator[Serve]:
    """Starts a mail server; one with TLS can be logged in to."""
    running: list[Controller] = []

    def serve(*, security: str = "none", refuses: tuple[str, ...] = ()) -> MailServer:
        told = MailServer(refuses=refuses)
        context = server_context(certificate)
        options: dict[str, dict[str, Any]] = {
            "none": {},
            "tls": {"ssl_context": context, "authenticator": _Authenticator(), "auth_require_tls": False},
            "starttls": {"tls_context": context, "require_starttls": True, "authenticator": _Authenticator()},
        }
        controller = _AnyPort(told, hostname=HERE, port=0, **options[security])
        controller.start()
        running.append(controller)
        told.port = controller.port
        return told

    yield serve
    for controller in running:
        controller.stop()


# ------------------------------------------------------------------------------- webhook
@dataclass
class Receiver:
    """What a receiver of webhooks was told, and what it answers."""

    address: str
    code: int = 200
    answer: bytes = b"{}"
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


class Receive(Protocol):
    def __call__(self, *, code: int = 200, answer: bytes = b"{}", tls: bool = False) -> Receiver: ...


@pytest.fixture
def receiver(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receive]:
    """Starts a receiver of webhooks."""
    monkeypatch.setenv("no_proxy", HERE)
    running: list[AbstractContextManager[Receiver]] = []

    def receive(*, code: int = 200, answer: bytes = b"{}", tls: bool = False) -> Receiver:
        one = _receiving(code, answer, server_context(certificate) if tls else None)
        running.append(one)
        return one.__enter__()

    yield receive
    for one in running:
        one.__exit__(None, None, None)


@contextmanager
def _receiving(code: int, answer: bytes, context: ssl.SSLContext | None) -> Iterator[Receiver]:
    told = Receiver("", code, answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            told.headers.append({name.lower(): value for name, value in self.headers.items()})
            told.paths.append(self.path)
            self.send_response(told.code)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(told.answer)))
            self.end_headers()
            self.wfile.write(told.answer)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HERE, 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.address = f"{'https' if context else 'http'}://{HERE}:{server.server_port}"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
