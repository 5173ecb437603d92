"""Books of earlier schema versions: brought to this one, every row and both clocks as they were."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clientlib.book import Book, open_book
from clientlib.book import connection as engine
from clientlib.book.keeping import migrations
from clientlib.book.keeping.restore import restore
from clientlib.book.keys import KeyName, file_of, key_file, need_key
from clientlib.book.storage import META, SCHEMA_VERSION
from clientlib.book.swap import settled_lock
from clientlib.errors import BookBusy, BookError
from clientlib.workbook import Workbook

FILES = Path(__file__).parents[1] / "files"
VERSIONS = [int(folder.name[1:]) for folder in sorted(FILES.glob("v*"))]


@pytest.fixture
def old(tmp_path: Path) -> Callable[[int], Workbook]:
    """Lays a book of an earlier version into a workbook of the test's own."""

    def lay_out(version: int) -> Workbook:
        workbook, source = Workbook(tmp_path / "firm"), FILES / f"v{version}"
        workbook.book_file.parent.mkdir(parents=True)
        workbook.keys.mkdir()
        (workbook.folder / "workbook.toml").write_text("[book]\nwait_seconds = 0\n", "utf-8")
        for name in ("book.duckdb", "vault.duckdb", "book.id"):
            shutil.copyfile(source / name, workbook.book_file.with_name(name))
        for name in ("book", "vault"):
            shutil.copyfile(source / f"{name}.key", workbook.keys / f"{name}.key")
            (workbook.keys / f"{name}.key").chmod(0o600)
        return workbook

    return lay_out


@pytest.fixture
def first(old: Callable[[int], Workbook]) -> Workbook:
    """A book of schema version 1."""
    return old(1)


def version(workbook: Workbook, name: KeyName) -> int:
    connection = engine.connect(workbook.folder, "UTC")
    try:
        engine.attach(connection, file_of(workbook, name), name, need_key(workbook, name), read_only=True)
        found = connection.execute(f"SELECT schema_version FROM {name}.main.{META}").fetchall()
        return int(found[0][0])
    finally:
        connection.close()


def versions(workbook: Workbook) -> tuple[int, int]:
    return version(workbook, "book"), version(workbook, "vault")


def set_version(workbook: Workbook, number: int) -> None:
    connection = engine.connect(workbook.folder, "UTC")
    engine.attach(connection, workbook.book_file, "book", need_key(workbook, "book"), read_only=False)
    connection.execute(f"UPDATE book.main.{META} SET schema_version = {number}")
    connection.close()


def rows(book: Book, expected: dict[str, Any]) -> str:
    """The same rows as an earlier version told them, in its own columns and order."""
    area, moment = expected["area"], {name: expected[name] for name in ("as_of", "known_at")}
    columns = expected["rows"].partition("\n")[0].split(",")
    return str(book.area(area, **moment, pending=True)[columns].to_csv(index=False))


# ---------------------------------------------------------------------------- brought up
def test_there_is_a_file_of_every_earlier_version() -> None:
    assert list(range(1, SCHEMA_VERSION)) == VERSIONS == sorted(migrations.STEPS)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_row_is_as_it_was_at_both_clocks(old: Callable[[int], Workbook], version: int) -> None:
    expected = json.loads((FILES / f"v{version}" / "expected.json").read_text("utf-8"))
    with open_book(old(version), role="data_entry") as book:
        assert [rows(book, one) for one in expected["areas"]] == [one["rows"] for one in expected["areas"]]
        assert book.batches().drop(columns="code_version").to_csv() == expected["batches"]
        assert book.decisions().to_csv() == expected["decisions"]


def test_a_reader_with_both_keys_brings_both_files_up(first: Workbook) -> None:
    assert versions(first) == (1, 1)
    open_book(first).close()
    assert versions(first) == (SCHEMA_VERSION, SCHEMA_VERSION)


def test_it_is_saved_before_and_only_then(first: Workbook) -> None:
    for _ in range(2):
        open_book(first, role="data_entry", write=True).close()
    saved = list((first.folder / "data" / "backups").iterdir())
    assert len(saved) == 1
    assert f"before-v{SCHEMA_VERSION}" in saved[0].name


def test_the_backup_that_was_made_before_can_be_put_back_and_is_brought_up_again(first: Workbook) -> None:
    expected = json.loads((FILES / "v1" / "expected.json").read_text("utf-8"))["areas"][0]
    open_book(first).close()
    saved = next((first.folder / "data" / "backups").iterdir())
    restore(first, saved, who="keeper", role="administrator")
    with open_book(first, role="data_entry") as book:
        assert rows(book, expected) == expected["rows"]
    assert versions(first) == (SCHEMA_VERSION, SCHEMA_VERSION)


def test_a_book_that_was_brought_up_takes_batches(first: Workbook, hand_in: Any, client: Any) -> None:
    with open_book(first, role="data_entry", write=True) as book:
        book.import_checked([hand_in(clients=[client(77)])], source="new.csv")
        assert "C077" in book.area("clients")["client_id"].tolist()


def test_without_the_vault_key_it_is_said_who_can_do_it(first: Workbook) -> None:
    key_file(first, "vault").unlink()
    before = first.book_file.read_bytes()
    with pytest.raises(BookError, match=r"earlier version.*vault's key"):
        open_book(first, role="report")
    assert first.book_file.read_bytes() == before


def test_a_book_that_was_brought_up_is_read_without_the_vault_key(first: Workbook) -> None:
    open_book(first).close()
    key_file(first, "vault").unlink()
    with open_book(first, role="report") as book:
        assert set(book.area("clients")["client_id"]) == {f"C00{number}" for number in range(1, 6)}


def test_nothing_is_brought_up_while_somebody_has_the_book(first: Workbook) -> None:
    lock = settled_lock(first, exclusive=False)
    try:
        with pytest.raises(BookBusy):
            open_book(first)
    finally:
        lock.release()
    assert versions(first) == (1, 1)


# ----------------------------------------------------------------------------- broken off
def test_killed_between_the_two_files_the_next_opening_goes_on(
    first: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    step = migrations._step

    def die_at_the_book(connection: Any, workbook: Workbook, name: KeyName, version: int) -> None:
        if name == "book":
            raise Killed
        step(connection, workbook, name, version)

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "_step", die_at_the_book)
        with pytest.raises(Killed):
            open_book(first)
    assert versions(first) == (1, SCHEMA_VERSION)
    with open_book(first, role="data_entry") as book:
        assert book.area("clients")["full_name"].notna().all()
    assert versions(first) == (SCHEMA_VERSION, SCHEMA_VERSION)


def test_a_step_that_fails_in_the_middle_leaves_the_file_at_its_version(
    first: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise BookError("not today")

    steps = {1: {name: (*done, fail) for name, done in migrations.STEPS[1].items()}}
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "STEPS", steps)
        with pytest.raises(BookError, match="not today"):
            open_book(first)
    assert versions(first) == (1, 1)
    open_book(first).close()
    assert versions(first) == (SCHEMA_VERSION, SCHEMA_VERSION)


def test_what_cannot_be_saved_is_not_brought_up(first: Workbook) -> None:
    (first.folder / "data" / "backups").write_text("no folder")
    with pytest.raises(Exception, match="cannot be written"):
        open_book(first)
    assert versions(first) == (1, 1)


# --------------------------------------------------------------------------------- later
def test_a_later_version_is_told_with_the_mend(workbook: Workbook) -> None:
    set_version(workbook, SCHEMA_VERSION + 1)
    with pytest.raises(BookError, match=r"later version of clientlib.*Install the later version"):
        open_book(workbook)


def test_the_names_that_were_there_are_found_by_pinyin(first: Workbook) -> None:
    with open_book(first, role="data_entry") as book:
        book.counts()
        vault = book._files.vault().connection
        kept = vault.execute("SELECT count(*) FROM vault.main._names WHERE pinyin <> ''").fetchone()
        named = vault.execute("SELECT count(full_name) FROM vault.main.clients").fetchone()
    assert kept == named != (0,)
