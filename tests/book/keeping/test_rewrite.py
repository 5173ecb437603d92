"""Book and vault written anew: the same rows, other keys, and nothing left of what a change took away."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from clientlib.book import connection as engine
from clientlib.book import open_book, swap
from clientlib.book.files import Files
from clientlib.book.keeping.rewrite import contents, rewrite
from clientlib.book.keys import Key, key_file, need_key, new_key
from clientlib.errors import BookBusy, BookError, KeyProblem
from clientlib.workbook import Workbook


@pytest.fixture
def filled(workbook: Workbook, hand_in: Any, client: Any, trade: Any) -> Workbook:
    """A book of three clients, one of them corrected, in two batches."""
    first = hand_in(clients=[client(1), client(2), client(3)], trades=[trade(1)])
    second = hand_in(clients=[client(2, branch="West")], trades=[trade(2, client_id="C002")])
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([first], source="first.csv")
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([second], source="second.csv")
    return workbook


def rows(workbook: Workbook) -> dict[str, pd.DataFrame]:
    with open_book(workbook, role="data_entry") as book:
        return {name: book.area(name) for name in ("clients", "trades")} | {"batches": book.batches()}


def equal(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> bool:
    return all(one[name].equals(other[name]) for name in one)


def everything(workbook: Workbook) -> dict[str, Any]:
    """What both files hold, table by table."""
    connection = engine.connect(workbook.folder, "UTC")
    found: dict[str, Any] = {}
    for name, path in (("book", workbook.book_file), ("vault", workbook.vault_file)):
        engine.attach(connection, path, name, need_key(workbook, name), read_only=True)  # type: ignore[arg-type]
        found[name] = contents(connection, name)
    connection.close()
    return found


def erase_client_2(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("DELETE FROM vault.main.clients WHERE client_id = 'C002'")
    connection.execute("DELETE FROM book.main.clients WHERE client_id = 'C002'")


# ------------------------------------------------------------------------------------ copy
def test_everything_is_as_before_in_new_files(filled: Workbook) -> None:
    before, held, inode = rows(filled), everything(filled), filled.book_file.stat().st_ino
    done = rewrite(filled, keep=False)
    assert filled.book_file.stat().st_ino != inode
    assert equal(rows(filled), before)
    assert everything(filled) == held
    assert done.rows["book.clients"] == 4
    assert done.rows["vault.clients"] == 4


def test_nothing_stays_beside_when_the_old_files_are_not_kept(filled: Workbook) -> None:
    before = {path.name for path in filled.book_file.parent.iterdir()}
    assert rewrite(filled, keep=False).kept == ()
    assert {path.name for path in filled.book_file.parent.iterdir()} == before


def test_the_old_files_stay_when_they_are_kept(filled: Workbook) -> None:
    old = filled.book_file.read_bytes()
    done = rewrite(filled, keep=True, why="test")
    assert old in [path.read_bytes() for path in done.kept]
    assert sorted(done.kept) == swap.kept(filled)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_the_new_files_are_for_their_owner_only(filled: Workbook) -> None:
    rewrite(filled, keep=True)
    modes = {path.stat().st_mode & 0o777 for path in filled.book_file.parent.glob("*.duckdb")}
    assert modes == {0o600}


def test_a_book_that_is_being_read_is_left_alone(filled: Workbook) -> None:
    with open_book(filled), pytest.raises(BookBusy):
        rewrite(filled, keep=False)


def test_somebody_who_has_the_book_open_for_writing_goes_on_with_the_new_files(filled: Workbook) -> None:
    files = Files(filled, write=True)
    try:
        rewrite(filled, keep=False, files=files)
        assert files.writer().held.last == 2
    finally:
        files.close()


# ------------------------------------------------------------------------------- new keys
def test_the_new_files_have_the_new_keys(filled: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    before, fresh = rows(filled), {"book": new_key(), "vault": new_key()}
    rewrite(filled, new_keys=fresh, keep=False)  # type: ignore[arg-type]
    with pytest.raises(KeyProblem, match="does not open"):
        open_book(filled)
    monkeypatch.setenv("CLIENTLIB_KEY", fresh["book"].reveal())
    monkeypatch.setenv("CLIENTLIB_VAULT_KEY", fresh["vault"].reveal())
    assert equal(rows(filled), before)


def test_a_new_key_for_one_file_leaves_the_other_with_its_own(filled: Workbook) -> None:
    rewrite(filled, new_keys={"vault": new_key()}, keep=False)
    with open_book(filled, role="report") as book:
        assert len(book.area("clients")) == 3
    with open_book(filled, role="data_entry") as book, pytest.raises(KeyProblem):
        book.area("clients")


def test_without_the_vault_key_nothing_is_written_anew(filled: Workbook) -> None:
    key_file(filled, "vault").unlink()
    with pytest.raises(KeyProblem, match="no key for the vault"):
        rewrite(filled, keep=False)


# --------------------------------------------------------------------------------- change
def test_a_change_is_in_the_new_files_and_the_rest_is_as_before(filled: Workbook) -> None:
    before, held = rows(filled), everything(filled)
    rewrite(filled, change=erase_client_2, keep=False)
    found = rows(filled)
    assert found["clients"]["client_id"].tolist() == ["C001", "C003"]
    assert found["trades"].equals(before["trades"])
    changed = {name: table for name, table in everything(filled)["book"].items() if name != "clients"}
    assert changed == {name: table for name, table in held["book"].items() if name != "clients"}


def test_what_a_change_deletes_is_in_no_block_of_the_new_files(
    workbook: Workbook, hand_in: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = "PLANTED-BRANCH-7QX"

    def plain_create(
        connection: duckdb.DuckDBPyConnection, path: Path, name: str, _: Key
    ) -> None:  # so that a file can be searched byte by byte
        connection.execute(f"ATTACH '{path}' AS {name}")

    def plain_attach(connection: Any, path: Path, name: str, key: Key, **options: Any) -> None:
        if path.suffix == ".new":
            connection.execute(f"ATTACH '{path}' AS {options.get('alias') or name} (READ_ONLY)")
        else:
            attach(connection, path, name, key, **options)  # type: ignore[arg-type]

    people = [client(number, branch=f"{planted}-{number}") for number in range(400)]
    with open_book(workbook, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[*people, client(900)])], source="a.csv")

    def erase(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("DELETE FROM book.main.clients WHERE client_id <> 'C900'")

    attach = engine.attach
    files = Files(workbook, write=True)
    monkeypatch.setattr(engine, "create", plain_create)
    monkeypatch.setattr(engine, "attach", plain_attach)
    try:
        rewrite(workbook, change=erase, keep=False, files=files)
    finally:
        files.close()
    written = workbook.book_file.read_bytes()
    assert b"_batches" in written
    assert planted.encode() not in written


def test_a_change_that_fails_leaves_the_book_as_it_was(filled: Workbook) -> None:
    before = filled.book_file.read_bytes(), filled.vault_file.read_bytes()

    def fail(connection: duckdb.DuckDBPyConnection) -> None:
        erase_client_2(connection)
        raise BookError("not this one")

    with pytest.raises(BookError, match="not this one"):
        rewrite(filled, change=fail, keep=False)
    assert (filled.book_file.read_bytes(), filled.vault_file.read_bytes()) == before
    assert not list(filled.book_file.parent.glob("*.new*"))


# ----------------------------------------------------------------------------- broken off
class Killed(BaseException):
    """Stands for SIGKILL: nothing that would clean up catches it."""


def dies(workbook: Workbook, step: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Write the book anew and die before the step-th thing that it does; whether it did so many."""
    counted = itertools.count()

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if next(counted) == step:
                raise Killed
            return real(*arguments, **options)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(swap, "sweep", lambda _: None)
        for owner, name in ((engine, "create"), (swap, "_put_note"), (swap, "_carry_out")):
            patched.setattr(owner, name, dying(getattr(owner, name)))
        try:
            rewrite(workbook, keep=True)
        except Killed:
            return True
    return False


@pytest.mark.slow
def test_killed_at_any_step_the_book_is_the_old_one_or_the_new_one(
    filled: Workbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, kept = rows(filled), []
    for step in itertools.count():
        workbook = Workbook(shutil.copytree(filled.folder, tmp_path / f"copy-{step}"))
        died = dies(workbook, step, monkeypatch)
        assert equal(rows(workbook), before)
        kept.append(len(swap.kept(workbook)))
        if not died:
            break
    assert kept == [0, 0, 0, 2, 2, 2]


def test_damaged_blocks_stop_it_with_a_sentence_and_nothing_is_changed(filled: Workbook) -> None:
    content = bytearray(filled.book_file.read_bytes())
    for place in range(50_000, len(content), 4096):
        content[place] ^= 1
    filled.book_file.write_bytes(content)
    with pytest.raises(BookError, match="damaged"):
        rewrite(filled, keep=False)
    assert filled.book_file.read_bytes() == bytes(content)


FULL = """
import resource, sys
from pathlib import Path
from clientlib.book.keeping.backup import back_up
from clientlib.book.keeping.rewrite import rewrite
from clientlib.errors import ClientlibError
from clientlib.workbook import Workbook
workbook = Workbook(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
for act in (lambda: rewrite(workbook, keep=False), lambda: back_up(workbook)):
    try:
        act()
    except ClientlibError as error:
        print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX")
def test_a_disk_that_fills_stops_it_with_a_sentence_and_leaves_nothing_behind(filled: Workbook) -> None:
    before = {path.name: path.read_bytes() for path in filled.book_file.parent.glob("*.duckdb")}
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(filled.folder)], capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert len(said) == 2
    assert all("cannot be written" in line for line in said)
    assert {path.name: path.read_bytes() for path in filled.book_file.parent.glob("*.duckdb")} == before
    assert not list(filled.book_file.parent.glob("*.new*"))
    assert not list((filled.folder / "data" / "backups").iterdir())


ROTATE = """
import sys
from pathlib import Path
from clientlib.book.keeping.rotation import rotate
from clientlib.workbook import Workbook
print("ready", flush=True)
rotate(Workbook(Path(sys.argv[1])))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills are POSIX")
def test_a_rotation_killed_at_random_moments_leaves_a_book_that_opens(filled: Workbook) -> None:
    before, chance = rows(filled), random.Random(7)
    for _ in range(4):
        command = [sys.executable, "-c", ROTATE, str(filled.folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.05, 1.0))
            process.kill()
        assert equal(rows(filled), before)
