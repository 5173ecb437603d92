"""What lies on the server after sharing: exactly the current rows, only as agreed, and always whole."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from clientlib.book import create_book, open_book
from clientlib.book.personal import erase
from clientlib.errors import KeyProblem, PermissionRefused
from clientlib.share.errors import ShareError
from clientlib.share.server import publish
from clientlib.workbook import Workbook

from ..conftest import AGREED, IDENTITY_GRANTED, Database, at, client, contact, finance, share, take_in, trade

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'clientlib' ORDER BY 1"


def held(database: Database) -> dict[str, list[str]]:
    """Every row of every table of an area, without when it came."""
    names = [name for (name,) in database.ask(TABLES) if not name.startswith("_")]
    query = "SELECT (to_jsonb(t) - '_updated')::text FROM clientlib.{} t ORDER BY 1"
    return {name: [row for (row,) in database.ask(query.format(name))] for name in names}


def settle(firm: Workbook, text: str) -> Workbook:
    """The workbook with other settings."""
    (firm.folder / "workbook.toml").write_text(text, "utf-8")
    return Workbook(firm.folder)


# ------------------------------------------------------------------------------ what is there
def test_rows_are_as_the_department_may_see_them(firm: Workbook, database: Database) -> None:
    share(firm, database)
    query = "SELECT client_id, as_of, annual_income FROM clientlib_{}.finances ORDER BY 1 LIMIT 1"
    day = dt.date(2024, 1, 1)
    assert database.ask(query.format("risk"), "clientlib_risk") == [("C001", day, 99_999.5)]
    assert database.ask(query.format("management"), "clientlib_management") == [
        ("C001", day, "50,000–99,999")
    ]


def test_only_the_newest_version_of_a_client_is_current(firm: Workbook, database: Database) -> None:
    take_in(firm, finances=[finance(1, 200_000.0, as_of=dt.date(2025, 1, 1))])
    share(firm, database)
    assert database.ask("SELECT annual_income FROM clientlib.finances WHERE client_id = 'C001'") == [
        (200_000.0,)
    ]


def test_a_department_is_told_as_of_when_its_rows_are(firm: Workbook, database: Database) -> None:
    share(firm, database)
    with open_book(firm) as book:
        recorded = book.batches()["recorded_at"].iloc[-1]
    [(batch, recorded_at, shared_at)] = database.ask("SELECT * FROM clientlib_risk._about", "clientlib_risk")
    assert (batch, recorded_at) == (1, recorded)
    assert shared_at >= recorded_at


@pytest.mark.parametrize(
    "text", ["", "NULL", "\\N", "\\.", '"', "a\nb\r\n", "x\x00y", "=1+1", "😀 客户", "\\"]
)
def test_a_text_arrives_as_it_is(firm: Workbook, database: Database, text: str) -> None:
    take_in(firm, clients=[client(4, employer=text)])
    share(firm, database)
    query = "SELECT employer FROM clientlib_risk.clients WHERE client_id = 'C004'"
    assert database.ask(query, "clientlib_risk") == [(text.replace("\x00", "\ufffd"),)]


def test_identity_is_nowhere_on_the_server(firm: Workbook, database: Database) -> None:
    rare = {"full_name": "珊瑚孔雀石", "id_number": "E9876543"}
    take_in(
        firm,
        clients=[client(7, **rare, remarks="珊瑚孔雀石 13712349876")],
        contacts=[contact(7, mobile="+8613712349876", email="okapi@example.com", address="Lepidolite 7")],
        feedback=[{"feedback_id": "F7", "client_id": "C007", "given_at": at(2024), "comment": "珊瑚孔雀石"}],
    )
    share(firm, database)
    database.run("CHECKPOINT")
    planted = ("C007", "珊瑚孔雀石", "E9876543", "13712349876", "okapi", "Lepidolite")
    assert [text for text in planted if found_in_files(database, text)] == ["C007"]


def found_in_files(database: Database, text: str) -> bool:
    """Whether it is anywhere in the files of the database or in the log of the whole server."""
    with psycopg.connect(**database.superuser) as connection:
        database_number = "SELECT oid::text FROM pg_database WHERE datname = current_database()"
        [(oid,)] = connection.execute(database_number).fetchall()
        [(data,)] = connection.execute("SHOW data_directory").fetchall()
    files = [path for place in (f"base/{oid}", "pg_wal") for path in (Path(data) / place).rglob("*")]
    return any(text.encode() in path.read_bytes() for path in files if path.is_file())


def test_granted_identity_is_there_for_the_department_that_has_it(
    new_firm: Callable[..., Workbook], database: Database, tmp_path: Path
) -> None:
    firm = new_firm(tmp_path / "firm", IDENTITY_GRANTED)
    take_in(firm, clients=[client(1)], contacts=[contact(1)])
    share(firm, database)
    query = "SELECT full_name FROM clientlib_{}.clients"
    assert database.ask(query.format("desk"), "clientlib_desk") == [("欧阳翡翠001",)]
    assert database.ask(query.format("care"), "clientlib_care") == [("欧**",)]
    with pytest.raises(psycopg.errors.UndefinedColumn):
        database.ask(query.format("risk"), "clientlib_risk")


def test_granted_identity_needs_the_vaults_key(
    new_firm: Callable[..., Workbook], database: Database, tmp_path: Path
) -> None:
    firm = new_firm(tmp_path / "firm", IDENTITY_GRANTED)
    take_in(firm, clients=[client(1)])
    (firm.keys / "vault.key").unlink()
    with pytest.raises(KeyProblem, match="take identity = true out"):
        share(firm, database)
    assert database.ask(TABLES) == []


# -------------------------------------------------------------------------- what differs is sent
def test_a_second_run_sends_nothing(firm: Workbook, database: Database) -> None:
    assert share(firm, database).areas["sent"].sum() == 13
    again = share(firm, database)
    assert again.areas.select("sent", "removed").sum().row(0) == (0, 0)
    assert not again.rearranged


def test_only_the_row_that_changed_is_sent(firm: Workbook, database: Database) -> None:
    share(firm, database)
    take_in(firm, finances=[finance(1, 300_000.0)])
    done = share(firm, database)
    assert done.areas.filter(done.areas["sent"] + done.areas["removed"] > 0).rows() == [("finances", 3, 1, 1)]


def test_a_row_that_stays_keeps_the_time_at_which_it_came(firm: Workbook, database: Database) -> None:
    query = "SELECT client_id, _updated FROM clientlib_risk.finances ORDER BY 1"
    share(firm, database)
    before = dict(database.ask(query, "clientlib_risk"))
    take_in(firm, finances=[finance(1, 300_000.0)])
    share(firm, database)
    after = dict(database.ask(query, "clientlib_risk"))
    assert [whose for whose in before if after[whose] > before[whose]] == ["C001"]


def _undo(firm: Workbook) -> None:
    number = take_in(firm, clients=[client(8)], trades=[trade(8, 8)])
    with open_book(firm, role="data_entry", write=True) as book:
        book.undo(number)


def _merge(firm: Workbook) -> None:
    with open_book(firm, role="data_entry", write=True) as book:
        book.merge("C003", "C002")


def _erase(firm: Workbook) -> None:
    take_in(firm, clients=[client(2, status="closed", updated_at=at(2025))])
    erase(firm, "C002", "asked by the person", role="service")


def _move(firm: Workbook) -> None:
    take_in(firm, clients=[client(3, "North", updated_at=at(2025))])


CHANGES: dict[str, Callable[[Workbook], Any]] = {
    "new rows": lambda firm: take_in(firm, clients=[client(4, "South")], trades=[trade(4, 4)]),
    "changed rows": lambda firm: take_in(firm, trades=[trade(1, 1, price=3.0, amount=30.0)]),
    "a batch taken back": _undo,
    "two clients merged": _merge,
    "a client of another branch": _move,
    "a client erased": _erase,
    "other bands": lambda firm: settle(firm, AGREED + "\n[masks]\nmoney_bands = [0, 100_000]\n"),
    "another department": lambda firm: settle(
        firm, AGREED + '\n[share.departments.desk]\nrole = "analyst"\n'
    ),
    "a department less": lambda firm: settle(
        firm, AGREED.replace("[share.departments.risk]", "[masks]").replace('role = "risk"', "")
    ),
    "an area less": lambda firm: settle(
        firm,
        AGREED.replace(', "campaign_contacts"', "").replace(
            'role = "manager"', 'role = "manager"\nareas = ["clients"]'
        ),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_sent_bit_by_bit_is_what_is_sent_at_once(
    firm: Workbook, new_database: Callable[[], Database], change: str
) -> None:
    stepwise, at_once = new_database(), new_database()
    share(firm, stepwise)
    CHANGES[change](firm)
    changed = Workbook(firm.folder)
    share(changed, stepwise)
    share(changed, at_once)
    assert held(stepwise) == held(at_once)


def test_an_erased_client_is_gone_with_the_next_share(firm: Workbook, database: Database) -> None:
    share(firm, database)
    _erase(firm)
    share(firm, database)
    assert "C002" not in str(held(database))


def test_all_rows_are_sent_again_when_asked_for(firm: Workbook, database: Database) -> None:
    share(firm, database)
    database.run("UPDATE clientlib.trades SET price = 9")
    assert share(firm, database).areas["sent"].sum() == 0
    assert share(firm, database, full=True).areas["sent"].sum() == 13
    assert database.ask("SELECT DISTINCT price FROM clientlib.trades") == [(2.0,)]


# ------------------------------------------------------------------------------ what was settled
def test_a_department_that_is_gone_reads_nothing_any_more(firm: Workbook, database: Database) -> None:
    share(firm, database)
    fewer = settle(firm, AGREED.split("[share.departments.management]")[0])
    assert share(fewer, database).gone == ("management", "north")
    with pytest.raises((psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege)):
        database.ask("SELECT * FROM clientlib_north.clients", "clientlib_north")


def test_when_nobody_is_left_nothing_is(firm: Workbook, database: Database) -> None:
    share(firm, database)
    assert len(share(settle(firm, "[book]\nwait_seconds = 0\n"), database).gone) == 4
    assert held(database) == {}


def test_with_nobody_agreed_nothing_is_made(firm: Workbook, database: Database) -> None:
    with pytest.raises(ShareError, match="Nothing was agreed with anybody"):
        share(settle(firm, ""), database)
    assert database.ask(TABLES) == []


def test_a_table_that_is_not_ours_is_left_alone(firm: Workbook, database: Database) -> None:
    database.run("CREATE SCHEMA clientlib AUTHORIZATION publisher", "CREATE TABLE clientlib.trades (a int)")
    with pytest.raises(ShareError, match='"trades" that clientlib did not make'):
        share(firm, database)
    assert database.ask(TABLES) == [("trades",)]


def test_rows_of_another_book_are_not_replaced(
    firm: Workbook, new_firm: Callable[..., Workbook], database: Database, tmp_path: Path
) -> None:
    share(firm, database)
    other = new_firm(tmp_path / "other")
    for path in other.book_file.parent.iterdir():
        path.unlink()
    create_book(other)
    with pytest.raises(ShareError, match="holds rows of another book"):
        share(other, database)
    assert len(held(database)["clients"]) == 3


def test_a_schema_of_somebody_elses_is_left_alone(firm: Workbook, database: Database) -> None:
    database.run(
        "CREATE SCHEMA clientlib_risk AUTHORIZATION publisher",
        "CREATE VIEW clientlib_risk.theirs AS SELECT 1",
    )
    with pytest.raises(ShareError, match="that clientlib did not fill"):
        share(firm, database)
    assert database.ask(TABLES) == []


def test_a_view_that_somebody_built_on_ours_is_not_torn_down(firm: Workbook, database: Database) -> None:
    share(firm, database)
    database.run("CREATE VIEW public.theirs AS SELECT client_id FROM clientlib_risk.clients")
    with pytest.raises(ShareError, match="others build on"):
        share(
            settle(
                firm, AGREED + "\n[masks]\nmoney_bands = [0]\n" + '[share.departments.x]\nrole = "risk"\n'
            ),
            database,
        )


# ------------------------------------------------------------------------------- rights
@pytest.mark.parametrize(
    ("rights", "told"),
    [
        ("CREATEROLE", "permission denied for database .* --print-sql"),
        ("NOCREATEROLE", "no role clientlib_unheard_of, and this user may not make any"),
    ],
)
def test_a_right_that_is_missing_is_told_with_the_way_to_it(
    new_firm: Callable[..., Workbook], database: Database, tmp_path: Path, rights: str, told: str
) -> None:
    firm = new_firm(tmp_path / "firm", '[share.departments.unheard_of]\nrole = "risk"\n')
    database.run("DROP ROLE IF EXISTS poor", f"CREATE ROLE poor LOGIN {rights}")
    poor = Database({**database.superuser, "user": "poor"})
    with open_book(firm, role="administrator") as book, pytest.raises(ShareError, match=told):
        publish(book, type(database.address)({**poor.superuser}))


def test_who_does_not_keep_the_book_may_not_share(firm: Workbook, database: Database) -> None:
    with open_book(firm, role="risk") as book, pytest.raises(PermissionRefused, match="may not share rows"):
        publish(book, database.address)


# ------------------------------------------------------------------------ whole or not at all
@contextmanager
def held_up(database: Database, *statements: str) -> Any:
    """While somebody else keeps something on the server locked."""
    with psycopg.connect(**database.superuser) as other:
        for statement in statements:
            other.execute(statement.encode())
        yield
        other.rollback()


def test_a_run_beside_another_one_is_refused_in_a_sentence(firm: Workbook, database: Database) -> None:
    lock = "SELECT pg_advisory_xact_lock(hashtext('clientlib share'), hashtext('clientlib'))"
    with held_up(database, lock), pytest.raises(ShareError, match="is busy: another run"):
        share(firm, database)


def test_a_run_that_is_killed_in_the_middle_leaves_what_was_there(firm: Workbook, database: Database) -> None:
    share(firm, database)
    before = held(database)
    patient = settle(firm, AGREED.replace("wait_seconds = 0", "wait_seconds = 60"))
    take_in(patient, clients=[client(4)], trades=[trade(4, 4)])
    command = [str(Path(sys.executable).with_name("clientlib")), "share", "-w", str(firm.folder)]
    with held_up(database, "LOCK TABLE clientlib.trades"):
        process = subprocess.Popen(
            command, env={**os.environ, "CLIENTLIB_SHARE": database.url}, stdout=subprocess.DEVNULL
        )
        _wait_until_held_up(database)
        assert len(database.ask("SELECT * FROM clientlib_risk.clients", "clientlib_risk")) == 3
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert held(database) == before
    share(patient, database)
    assert len(held(database)["trades"]) == 4


def _wait_until_held_up(database: Database) -> None:
    """Until the run waits for the locked table: then it has sent the clients already."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'clientlib.trades'::regclass"
    for _ in range(600):
        if database.ask(waiting) != [(0,)]:
            return
        time.sleep(0.1)
    raise AssertionError("the run never came so far")
