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

from clientlib.errors import Words
from clientlib.share.errors import ShareError

PREFIXES = ("postgresql://", "postgres://")
OLDEST_VERSION = 15
"""The first whose views can run with the rights of whoever asks."""
_FORM = Words(
    "Write postgresql://USER@HOST:PORT/DATABASE, or postgresql://?service=NAME; in a password, @ is written "
    "%40, / is %2F, : is %3A, ? is %3F, # is %23 and % is %25.",
    "请写成 postgresql://USER@HOST:PORT/DATABASE 或 postgresql://?service=NAME；密码中的 @ 写作 %40，"
    "/ 写作 %2F，: 写作 %3A，? 写作 %3F，# 写作 %23，% 写作 %25。",
)
_SECRETS = Words(
    "Give the password in the environment (PGPASSWORD), in a password file (~/.pgpass, PGPASSFILE) or in a "
    "service file.",
    "请通过环境变量（PGPASSWORD）、密码文件（~/.pgpass、PGPASSFILE）或服务文件提供密码。",
)
_UNKNOWN_HOST = Words(
    "cannot be found: its host is unknown. Check the address.", "找不到：主机未知。请核对地址。"
)
_UNREACHED = Words(
    "cannot be reached. Check the address, and whether the server runs.",
    "无法连接。请核对地址，并确认服务器正在运行。",
)
_REFUSED = (
    (
        "to set role",
        Words(
            "does not let this user try as a department's role. Let its administrator run what --print-sql "
            "prints, or give the department's own address in CLIENTLIB_SHARE_DEPARTMENT.",
            "不允许当前用户以部门角色进行验证。请让服务器管理员执行 --print-sql 输出的语句，"
            "或在 CLIENTLIB_SHARE_DEPARTMENT 中给出该部门自己的地址。",
        ),
    ),
    (
        "password authentication failed",
        Words(f"refuses this user or password. {_SECRETS.en}", f"拒绝了该用户或密码。{_SECRETS.zh}"),
    ),
    ("no password supplied", Words(f"asks for a password. {_SECRETS.en}", f"要求密码。{_SECRETS.zh}")),
    (
        "does not exist",
        Words("has no such database or user. Check the address.", "没有该数据库或用户。请核对地址。"),
    ),
    (
        "definition of service",
        Words(
            "is named by a service that no service file knows. Check the name.",
            "所用的服务名称不在任何服务文件中。请核对名称。",
        ),
    ),
    ("could not translate host name", _UNKNOWN_HOST),
    ("failed to resolve host", _UNKNOWN_HOST),
    (
        "timeout",
        Words(
            "does not answer. Check the address, and whether a firewall is in between.",
            "没有响应。请核对地址，并检查中间是否有防火墙。",
        ),
    ),
    (
        "no pg_hba.conf entry",
        Words(
            "lets nobody in from this machine as this user. Ask its administrator.",
            "不允许该用户从本机登录。请联系服务器管理员。",
        ),
    ),
    (
        "SSL",
        Words(
            "cannot be talked to safely (SSL). Check sslmode and the certificates.",
            "无法安全连接（SSL）。请检查 sslmode 和证书。",
        ),
    ),
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
            raise ShareError(
                f"The address of the server cannot be read. {_FORM.en}", f"无法识别服务器地址。{_FORM.zh}"
            )
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
        refusal = _UNREACHED
        try:
            connection = psycopg.connect(**settings, autocommit=True)
        except psycopg.Error as error:
            said = str(error)
            refusal = next((told for sign, told in _REFUSED if sign in said), refusal)
        else:
            return self._new_enough(connection)
        raise ShareError(f"The server ({self}) {refusal.en}", f"服务器（{self}）{refusal.zh}")

    def _new_enough(self, connection: psycopg.Connection) -> psycopg.Connection:
        version = connection.info.server_version // 10_000
        if version < OLDEST_VERSION:
            connection.close()
            raise ShareError(
                f"The server ({self}) runs PostgreSQL {version}. {OLDEST_VERSION} or later is needed: only "
                "then does a view give no more than its reader may see.",
                f"服务器（{self}）的版本为PostgreSQL {version}，须为{OLDEST_VERSION}或更高版本："
                "只有这样，视图才不会给出读取者无权查看的内容。",
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
    raise ShareError(
        f"The server ({address}) {told.en} Nothing was changed there.",
        f"服务器（{address}）{told.zh}服务器上未作任何更改。",
    ) from None


def _told(error: psycopg.Error) -> Words:
    if isinstance(error, errors.InsufficientPrivilege):
        what = error.diag.message_primary
        return Words(
            f"refuses this user: {what or 'a right is missing'}. Let its administrator run what --print-sql "
            "prints.",
            f"拒绝了当前用户：{what or '缺少权限'}。请让服务器管理员执行 --print-sql 输出的语句。",
        )
    if isinstance(error, errors.LockNotAvailable):
        return Words(
            "is busy: another run of clientlib share, or a long query, has the tables. Try again later.",
            "正忙：另一次 clientlib share 或耗时较长的查询正在使用这些表。请稍后重试。",
        )
    if isinstance(error, errors.DependentObjectsStillExist):
        named = error.diag.message_detail
        return Words(
            f"cannot change a view that others build on: {named or 'something else'}. Let them take it away "
            "first.",
            f"无法更改被其他对象引用的视图：{named or '其他对象'}。请先由其所有者移除。",
        )
    if isinstance(error, psycopg.OperationalError):
        return Words("was lost, or stopped the work.", "连接中断或停止了工作。")
    # A message of the server may quote a value, so only its kind is told.
    kind = type(error).__name__
    return Words(f"refused a statement ({kind}).", f"拒绝了一条语句（{kind}）。")
