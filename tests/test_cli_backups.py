"""`clientlib backup` and `clientlib restore`: what is said, who may, and what comes back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from clientlib.errors import BookError, PermissionRefused, Unwritable

Cli = Callable[..., Result]


def saved(cli: Cli, firm: Path, *arguments: str) -> Path:
    assert cli("backup", *arguments, "--workbook", firm).exit_code == 0
    return next((firm / "data" / "backups").iterdir())


def test_a_backup_goes_to_the_folder_of_the_settings(cli: Cli, firm: Path) -> None:
    (firm / "workbook.toml").write_text('[backup]\nfolder = "safe"\n', "utf-8")
    told = cli("backup", "--workbook", firm).output
    file = next((firm / "safe").iterdir())
    assert str(file) in told
    assert "keep a copy" in told


def test_a_backup_goes_where_it_is_told_to(cli: Cli, firm: Path, tmp_path: Path) -> None:
    assert cli("backup", tmp_path / "mine.zip", "--workbook", firm).exit_code == 0
    assert (tmp_path / "mine.zip").exists()


def test_a_backup_into_a_folder_gets_a_name_of_its_own(cli: Cli, firm: Path, tmp_path: Path) -> None:
    safe = tmp_path / "safe"
    safe.mkdir()
    for _ in range(2):
        assert cli("backup", safe, "--workbook", firm).exit_code == 0
    assert len(list(safe.glob("client-book-*.zip"))) == 2


def test_no_folder_is_made_where_a_disk_should_be_mounted(cli: Cli, firm: Path, tmp_path: Path) -> None:
    done = cli("backup", tmp_path / "safe" / "mine.zip", "--workbook", firm)
    assert isinstance(done.exception, Unwritable)
    assert "Mount its disk" in str(done.exception)
    assert not (tmp_path / "safe").exists()


def test_check_only_looks(cli: Cli, firm: Path) -> None:
    file = saved(cli, firm)
    before = (firm / "data" / "book" / "book.duckdb").stat().st_mtime_ns
    told = cli("restore", file, "--check", "--workbook", firm)
    assert told.exit_code == 0
    assert "is whole" in told.output
    assert (firm / "data" / "book" / "book.duckdb").stat().st_mtime_ns == before


def test_check_tells_a_damaged_backup(cli: Cli, firm: Path) -> None:
    file = saved(cli, firm)
    file.write_bytes(file.read_bytes()[:-1])
    assert isinstance(cli("restore", file, "--check", "--workbook", firm).exception, BookError)


@pytest.mark.parametrize(("language", "said"), [("en", "was put back"), ("zh", "已恢复")])
def test_a_lost_book_is_put_back(cli: Cli, firm: Path, language: str, said: str) -> None:
    file = saved(cli, firm, "--language", language)
    shutil.rmtree(firm / "data" / "book")
    told = cli("restore", file, "--workbook", firm, "--language", language)
    assert told.exit_code == 0, told.exception
    assert said in told.output
    assert cli("batches", "--workbook", firm).exit_code == 0


@pytest.mark.parametrize("name", ["book", "vault"])
def test_where_a_file_is_lost_a_backup_is_pointed_to(cli: Cli, firm: Path, name: str) -> None:
    (firm / "data" / "book" / f"{name}.duckdb").unlink()
    done = cli("template", firm / "t.xlsx", "--prefill", "--workbook", firm)
    assert isinstance(done.exception, BookError)
    assert f"There is no {name} at" in str(done.exception)
    assert "clientlib restore FILE" in str(done.exception)


def test_what_was_in_place_is_told_and_can_be_forgotten(cli: Cli, firm: Path) -> None:
    told = cli("restore", saved(cli, firm), "--workbook", firm).output
    assert "book.before-restore-" in told
    assert cli("keys", "forget", "--yes", "--workbook", firm).exit_code == 0
    assert not list(firm.rglob("*.before-restore-*"))


@pytest.mark.parametrize("role", ["analyst", "data_entry", "auditor"])
def test_only_who_keeps_the_files_may_save_or_put_back(cli: Cli, firm: Path, role: str) -> None:
    file = saved(cli, firm)
    for arguments in (["backup"], ["restore", file], ["restore", file, "--check"]):
        refused = cli(*arguments, "--role", role, "--workbook", firm).exception
        assert isinstance(refused, PermissionRefused)


def test_saving_and_putting_back_are_in_the_audit(cli: Cli, firm: Path) -> None:
    cli("restore", saved(cli, firm), "--workbook", firm)
    listed = cli("audit", "--output", firm / "audit.jsonl", "--workbook", firm)
    assert listed.exit_code == 0
    events = (firm / "audit.jsonl").read_text("utf-8")
    assert '"backup"' in events
    assert '"restore"' in events
    assert cli("audit", "--verify", "--workbook", firm).exit_code == 0
