"""`clientlib keys`: what a keeper is told, and that no key is ever said."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import Result

from clientlib.errors import KeyProblem, ParameterError, PermissionRefused

Cli = Callable[..., Result]
ONE = base64.b64encode(b"1" * 32).decode()


@pytest.fixture
def keys(cli: Cli, firm: Path) -> Cli:
    """Runs `clientlib keys …` in the test's own workbook."""
    return lambda *arguments: cli("keys", *arguments, "--workbook", firm)


def texts(firm: Path) -> list[str]:
    return [path.read_text().strip() for path in (firm / "keys").iterdir()]


def test_show_tells_the_place_that_counts_and_that_it_opens(keys: Cli, firm: Path) -> None:
    shown = keys("show")
    assert shown.exit_code == 0
    lines = [line for line in shown.output.splitlines() if "used" in line]
    assert [line.split()[0] for line in lines] == ["book", "vault"]
    assert all(" 600 " in line and " yes" in line for line in lines)
    assert not any(text[:10] in shown.output for text in texts(firm))


def test_on_a_narrow_terminal_no_path_is_cut_short(
    keys: Cli, firm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Console(width=80, force_terminal=True, file=io.StringIO())
    monkeypatch.setattr("clientlib.cli.keys.out", screen)
    assert keys("show").exit_code == 0
    assert "…" not in screen.file.getvalue()  # type: ignore[attr-defined]


def test_show_speaks_chinese(keys: Cli) -> None:
    assert "使用中" in keys("show", "--language", "zh").output


def test_show_leaves_with_1_when_the_key_that_counts_opens_nothing(
    keys: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTLIB_VAULT_KEY", ONE)
    shown = keys("show")
    assert shown.exit_code == 1
    assert ONE not in shown.output


def test_make_says_that_nothing_is_missing(keys: Cli) -> None:
    assert "Nothing was made" in keys("make").output


def test_make_does_not_cover_up_a_key_that_was_lost(keys: Cli, firm: Path) -> None:
    (firm / "keys" / "book.key").unlink()
    assert isinstance(keys("make").exception, KeyProblem)
    assert not (firm / "keys" / "book.key").exists()


def test_rotate_changes_one_key_and_says_what_was_kept(keys: Cli, firm: Path, cli: Cli) -> None:
    before = {name: (firm / "keys" / name).read_text() for name in ("book.key", "vault.key")}
    told = keys("rotate", "vault").output
    assert "The vault has a new key" in told
    assert "clientlib keys forget" in told
    assert (firm / "keys" / "book.key").read_text() == before["book.key"]
    assert (firm / "keys" / "vault.key").read_text() != before["vault.key"]
    assert cli("batches", "--workbook", firm).exit_code == 0
    assert not any(text in told for text in texts(firm))


def test_rotate_tells_a_keeper_of_the_environment_what_to_do(
    keys: Cli, firm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTLIB_KEY", (firm / "keys" / "book.key").read_text())
    monkeypatch.setenv("CLIENTLIB_NEW_KEY", ONE)
    told = keys("rotate", "book", "--language", "zh").output
    assert "CLIENTLIB_NEW_KEY" in told
    assert "旧密钥已无法打开文件" in told
    assert ONE not in told


def test_rotate_knows_the_names_of_keys(keys: Cli) -> None:
    assert isinstance(keys("rotate", "front-door").exception, ParameterError)


def test_forget_asks_for_yes_and_then_leaves_nothing_old(keys: Cli, firm: Path) -> None:
    keys("rotate", "book")
    refused = keys("forget")
    assert "--yes" in str(refused.exception)
    assert list(firm.rglob("*.before-*"))
    assert keys("forget", "--yes").exit_code == 0
    assert not list(firm.rglob("*.before-*"))
    assert "no old files" in keys("forget").output


@pytest.mark.parametrize("command", ["show", "make", "rotate", "forget"])
def test_only_who_keeps_the_files_may_see_to_the_keys(keys: Cli, command: str) -> None:
    refused = keys(command, "--role", "analyst").exception
    assert isinstance(refused, PermissionRefused)
    assert "administrator" in str(refused)


def test_what_was_done_to_keys_is_in_the_audit(keys: Cli, cli: Cli, firm: Path) -> None:
    keys("rotate", "vault")
    keys("show", "--role", "analyst")
    listed = cli("audit", "--workbook", firm).output
    assert "rotate" in listed
    assert "refused" in listed
    assert cli("audit", "--verify", "--workbook", firm).exit_code == 0


@pytest.mark.parametrize("arguments", [["keys", "rotate"], ["batches"], ["keys", "show"], ["backup"]])
def test_a_traceback_on_demand_holds_no_key(firm: Path, arguments: list[str]) -> None:
    secret = [ONE, *texts(firm)]
    environment = os.environ | {"CLIENTLIB_KEY": ONE, "CLIENTLIB_NEW_KEY": secret[1]}
    command = [str(Path(sys.executable).with_name("clientlib")), "--debug", *arguments]
    done = subprocess.run(command, cwd=firm, env=environment, capture_output=True, text=True, timeout=120)
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert ("Traceback" in told) is (arguments != ["keys", "show"])
    assert not any(text in told for text in secret)
