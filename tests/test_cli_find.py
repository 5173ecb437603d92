"""`clientlib find`: what a person reads, and what a script learns from the exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from clientlib.book import open_book
from clientlib.cli import app
from clientlib.errors import ClientlibError, PermissionRefused
from clientlib.workbook import Workbook

Cli = Callable[..., Result]


@pytest.fixture
def find(cli: Cli, demo_workbook: Workbook) -> Callable[..., Result]:
    return lambda *words: cli("find", *words, "-w", demo_workbook.folder)


def test_clients_are_listed_with_titles_in_either_language(find: Callable[..., Result]) -> None:
    english = find("branch=上海", "level=C4", "--limit", "2").stdout
    assert english.split("\n")[0].split("  ")[0] == "Client ID"
    assert "客户编号" in find("branch=上海", "--limit", "2", "--language", "zh").stdout


def test_pages_follow_each_other(find: Callable[..., Result]) -> None:
    first, second = (find("--limit", "3", "--page", page).stdout.splitlines()[1:4] for page in ("1", "2"))
    assert [line.split()[0] for line in first + second] == [f"K{n:07}" for n in range(1, 7)]


def test_the_count_alone_can_be_asked_for(find: Callable[..., Result]) -> None:
    assert find("--count").stdout == "400\n"


def test_that_nobody_is_found_is_an_exit_code_of_its_own(find: Callable[..., Result]) -> None:
    assert find("K0000001").exit_code == 0
    nobody = find("nobody-is-called-so")
    assert (nobody.exit_code, nobody.stdout) == (1, "Nobody was found.\n")
    assert find("nobody-is-called-so", "--count").stdout == "0\n"


def test_segments_are_worked_out_when_they_are_asked_for(find: Callable[..., Result]) -> None:
    assert "Champions" in find("segment=champions", "--limit", "1").stdout
    assert "核心客户" in find("客群=核心客户", "--limit", "1", "--language", "zh").stdout


def test_a_name_can_be_asked_for_rather_than_typed_behind_the_command(demo_workbook: Workbook) -> None:
    with open_book(demo_workbook, role="data_entry") as book:
        name = book.area("clients", as_of="2026-12-31")["full_name"][0]
    command = ["find", "-", "--role", "data_entry", "-w", str(demo_workbook.folder)]
    result = CliRunner().invoke(app, command, input=f"{name}\n")
    assert result.exit_code == 0
    assert name not in result.output


def test_identity_is_no_column_for_a_role_that_does_not_see_it(find: Callable[..., Result]) -> None:
    assert "Full name" not in find("status=正常", "--role", "manager", "--limit", "1").stdout
    refused = find("phone=13812345678", "--role", "manager").exception
    assert isinstance(refused, PermissionRefused)
    assert "13812345678" not in str(refused)


@pytest.mark.parametrize("typed", ["brnach=上海", "level=C9", "assets>", "as.of>2"])
def test_what_cannot_be_understood_is_a_sentence(find: Callable[..., Result], typed: str) -> None:
    assert isinstance(find(typed).exception, ClientlibError)


def test_a_table_fits_a_narrow_terminal(find: Callable[..., Result], tmp_path: Path) -> None:
    lines = find("branch=上海", "level=C4", "assets>1000000").stdout.splitlines()
    assert max(map(len, lines)) <= 80
