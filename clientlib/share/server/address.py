"""Where the server is and how it is reached; what went wrong there in a sentence, and never a password.

Nothing that the database's library says of an address is passed on: it quotes what it could not read, which
may be a piece of a password.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from clientlib.share.errors import ShareError

PREFIXES = ("postgresql://", "postgres://")
OLDEST_VERSION = 15
"""The first whose views can run with the rights of whoever asks."""
_FORM = (
    "Write postgresql://USER@HOST:PORT/DATABASE, or postgresql://?service=NAME; in a password, @ is written "
    "%40, / is %2F, : is %3A, ? is %3F, # is %23 and % is %25."
)
_SECRETS = (
    "Give the password in the environment (PGPASSWORD), in a password file (~/.pgpass, PGPASSFILE) or in a "
    "service file."
)
_REFUSED = (
    (
        "to set role",
        "does not let this user try as a department's role. Let its administrator run what --print-sql "
        "prints, or give the department's own address in CLIENTLIB_SHARE_DEPARTMENT.",
    ),
    ("password authentication failed", f"refuses this user or password. {_SECRETS}"),
    ("no password supplied", f"asks for a password. {_SECRETS}"),
    ("does not exist", "has no such database or user. Check the address."),
    ("definition of service", "is named by a service that no service file knows. Check the name."),
    ("could not translate host name", "cannot be found: its host is unknown. Check the address."),
    ("failed to resolve host", "cannot be found: its host is unknown. Check the address."),
    ("timeout", "does not answer. Check the address, and whether a firewall is in between."),
    ("no pg_hba.conf entry", "lets nobody in from this machine as this user. Ask its administrator."),
    ("SSL", "cannot be talked to safely (SSL). Check sslmode and the certificates."),
)
"""What the library says → what is told; its own words stay inside."""


@dataclass(frozen=True)
class Address:
    """A server's address; shown without anything secret."""

    parameters: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Address:
        """From a URL.

        Raises
        ------
        ShareError
            It is none.
        """
        found: Mapping[str, Any] = {}
        with suppress(psycopg.ProgrammingError):
            found = conninfo_to_dict(text)
        # Raised here and not where it was caught: what was caught quotes the address.
        if not found or _is_torn(found):
            raise ShareError(f"The address of the server cannot be read. {_FORM}")
        return cls(found)

    @property
    def has_password(self) -> bool:
        """Whether the address itself says the password."""
        return any(name in self.parameters for name in ("password", "sslpassword"))

    def __str__(self) -> str:
        known = self.parameters
        if "service" in known:
            return f"service {known['service']}"
        place = str(known.get("host", "this machine"))
        port = f":{known['port']}" if "port" in known else ""
        database = f"/{known['dbname']}" if "dbname" in known else ""
        return f"{place}{port}{database}"

    def connect(self, *, role: str | None = None) -> psycopg.Connection:
        """A connection that commits each statement, unless a transaction is begun.

        Parameters
        ----------
        role : str, optional
            The role of the database in which the session begins.

        Raises
        ------
        ShareError
            The server cannot be reached or is too old.
        """
        settings = {"connect_timeout": 10, "application_name": "clientlib", **self.parameters}
        if role is not None:
            settings["options"] = f"{settings.get('options', '')} -c role={role}".strip()
        refusal = "cannot be reached. Check the address, and whether the server runs."
        try:
            connection = psycopg.connect(**settings, autocommit=True)
        except psycopg.Error as error:
            said = str(error)
            refusal = next((told for sign, told in _REFUSED if sign in said), refusal)
        else:
            return self._new_enough(connection)
        raise ShareError(f"The server ({self}) {refusal}")

    def _new_enough(self, connection: psycopg.Connection) -> psycopg.Connection:
        version = connection.info.server_version // 10_000
        if version < OLDEST_VERSION:
            connection.close()
            raise ShareError(
                f"The server ({self}) runs PostgreSQL {version}. {OLDEST_VERSION} or later is needed: only "
                "then does a view give no more than its reader may see."
            )
        return connection


def _is_torn(parameters: Mapping[str, Any]) -> bool:
    """Whether a password with a sign in it that means something in an address was read as host or database:
    these are shown, so they must not be."""
    ports = str(parameters.get("port", "")).replace(",", "")
    names = [str(parameters.get(name, "")) for name in ("host", "dbname", "service")]
    return bool(ports and not ports.isdigit()) or any("@" in name for name in names)


@contextmanager
def telling(address: Address) -> Iterator[None]:
    """What the server refuses, as a sentence; what was begun there is taken back by the server.

    Raises
    ------
    ShareError
        It refused something, or was lost.
    """
    try:
        yield
    except psycopg.Error as error:
        told = _told(error)
    else:
        return
    raise ShareError(f"The server ({address}) {told} Nothing was changed there.") from None


def _told(error: psycopg.Error) -> str:
    if isinstance(error, errors.InsufficientPrivilege):
        what = error.diag.message_primary or "a right is missing"
        return f"refuses this user: {what}. Let its administrator run what --print-sql prints."
    if isinstance(error, errors.LockNotAvailable):
        return "is busy: another run of clientlib share, or a long query, has the tables. Try again later."
    if isinstance(error, errors.DependentObjectsStillExist):
        named = error.diag.message_detail or "something of somebody else's"
        return f"cannot change a view that others build on: {named}. Let them take it away first."
    if isinstance(error, psycopg.OperationalError):
        return "was lost, or stopped the work."
    # A message of the server may quote a value, so only its kind is told.
    return f"refused a statement ({type(error).__name__})."
