"""`clientlib export-person` and `clientlib erase`: files, protocols, questions, refusals."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from clientlib.book import open_book
from clientlib.errors import BookError, ClientlibError, ParameterError, PermissionRefused, Unwritable
from clientlib.workbook import Workbook

if os.name == "posix":
    import pty

Cli = Callable[..., Result]
ANN = "C1"
CLIENTS = (
    "client_id,full_name,client_type,id_type,id_number,birth_date,investor_class,branch,opened_on,status,"
    "updated_at\n"
    "C1,欧阳翡翠,individual,passport,E7654321,1980-01-01,ordinary,North,2020-01-01,closed,2024-06-01 12:00\n"
    "C2,王小二,individual,passport,E7654322,1980-01-01,ordinary,North,2020-01-01,active,2024-06-01 12:00\n"
)
FEEDBACK = "feedback_id,client_id,given_at,csat\nF1,C1,2024-01-01 10:00:00,5\n"
WHY = ("--reason", "asked in writing")


def told(done: Result, code: int = 0) -> str:
    if isinstance(done.exception, ClientlibError):
        raise done.exception
    assert done.exit_code == code, done.output
    return re.sub(r"\s+", " ", done.output)


@pytest.fixture(scope="module")
def pattern(pristine: Path, cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of two clients, one of whom has closed the account; the hand-in lies in it."""
    folder = Path(shutil.copytree(pristine, tmp_path_factory.mktemp("two") / "firm"))
    for name, text in (("clients.csv", CLIENTS), ("feedback.csv", FEEDBACK)):
        (folder / "data" / name).write_text(text, "utf-8")
        told(cli("import", folder / "data" / name, "-w", folder))
    return folder


@pytest.fixture
def two(pattern: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pattern, tmp_path / "firm"))


def clients(folder: Path) -> list[str]:
    with open_book(Workbook(folder), role="data_entry") as book:
        return list(book.area("clients")["client_id"])


# ------------------------------------------------------------------------------------- a copy
def test_a_copy_is_a_page_and_json_for_its_owner_only(cli: Cli, two: Path, tmp_path: Path) -> None:
    told(cli("export-person", ANN, *WHY, "-o", tmp_path / "out", "-w", two))
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == ["person-C1.en.html", "person-C1.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert json.loads(files[1].read_text("utf-8"))["client"]["numbers"] == [ANN]


def test_a_copy_goes_to_the_working_folder_by_default(cli: Cli, two: Path) -> None:
    output = told(cli("export-person", ANN, *WHY, "-l", "zh", "-w", two))
    assert "已生成客户C1全部信息的副本" in output
    assert (two / "data" / "work" / "person-C1.zh.html").is_file()


def test_nothing_that_the_terminal_says_tells_who_the_client_is(cli: Cli, two: Path) -> None:
    output = told(cli("export-person", ANN, *WHY, "-w", two))
    output += told(cli("erase", ANN, *WHY, "--yes", "-w", two))
    assert [word for word in ("欧阳", "E7654321") if word in output] == []


def test_a_copy_is_never_written_over_another(cli: Cli, two: Path) -> None:
    told(cli("export-person", ANN, *WHY, "-w", two))
    with pytest.raises(Unwritable, match="is there already"):
        told(cli("export-person", ANN, *WHY, "-w", two))


def test_without_a_reason_there_is_no_copy(cli: Cli, two: Path) -> None:
    assert cli("export-person", ANN, "-w", two).exit_code == 2


@pytest.mark.parametrize("command", ["export-person", "erase"])
def test_a_role_without_the_right_is_refused(cli: Cli, two: Path, command: str) -> None:
    with pytest.raises(PermissionRefused, match="These may: service"):
        told(cli(command, ANN, *WHY, "--role", "analyst", "-w", two))


# ----------------------------------------------------------------------------------- an erasure
def test_a_dry_run_shows_what_goes_what_is_locked_and_what_is_left(cli: Cli, two: Path) -> None:
    output = told(cli("erase", ANN, *WHY, "--dry-run", "-w", two))
    assert "Basic information 0 1 1 June 2044 Securities Law, article 137" in output
    assert "Feedback 1 0" in output
    assert "data/clients.csv" in output
    assert "nothing was changed" in output
    assert clients(two) == ["C1", "C2"]


def test_a_dry_run_speaks_chinese(cli: Cli, two: Path) -> None:
    output = told(cli("erase", ANN, *WHY, "--dry-run", "-l", "zh", "-w", two))
    assert "基本信息 0 1 2044年6月1日 《证券法》第一百三十七条" in output


def test_an_erasure_leaves_a_protocol_without_identity(cli: Cli, two: Path) -> None:
    output = told(cli("erase", ANN, *WHY, "--yes", "-w", two))
    assert "C1 was erased, by batch 3" in output
    files = [two / "data" / "work" / name for name in ("erasure-3.en.html", "erasure-3.json")]
    texts = [file.read_text("utf-8") for file in files]
    assert all("欧阳" not in text and "E7654321" not in text for text in texts)
    assert json.loads(texts[1])["areas"]["clients"]["locked"] == 1
    assert clients(two) == ["C2"]


def test_nobody_is_erased_when_there_is_nobody_to_ask(cli: Cli, two: Path) -> None:
    with pytest.raises(ParameterError, match="say --yes"):
        told(cli("erase", ANN, *WHY, "-w", two))
    assert clients(two) == ["C1", "C2"]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a terminal is made by a pty")
@pytest.mark.parametrize(("answer", "code", "left"), [("n", 1, ["C1", "C2"]), ("y", 0, ["C2"])])
def test_a_person_at_a_terminal_is_asked(two: Path, answer: str, code: int, left: list[str]) -> None:
    terminal, ours = pty.openpty()
    os.write(terminal, f"{answer}\n".encode())
    command = [str(Path(sys.executable).with_name("clientlib")), "erase", ANN, *WHY, "-w", str(two)]
    try:
        done = subprocess.run(command, stdin=ours, capture_output=True, text=True, timeout=120, check=False)
    finally:
        os.close(terminal)
        os.close(ours)
    assert "Erase C1? This cannot be taken back." in done.stdout
    assert (done.returncode, clients(two)) == (code, left)


def test_an_open_account_is_a_sentence(cli: Cli, two: Path) -> None:
    with pytest.raises(BookError, match="Close it first"):
        told(cli("erase", "C2", *WHY, "--yes", "-w", two))


def test_an_erased_client_in_a_hand_in_is_refused_and_found(cli: Cli, two: Path) -> None:
    told(cli("erase", ANN, *WHY, "--yes", "-w", two))
    output = told(cli("import", two / "data" / "clients.csv", "-w", two), code=1)
    assert "was erased on request by batch 3" in output
    assert clients(two) == ["C2"]


def test_the_list_of_batches_shows_the_erasure(cli: Cli, two: Path) -> None:
    told(cli("erase", ANN, *WHY, "--yes", "-w", two))
    assert "erasure of one client" in told(cli("batches", "-w", two))


def test_nothing_that_is_locked_is_due_yet(cli: Cli, two: Path) -> None:
    told(cli("erase", ANN, *WHY, "--yes", "-w", two))
    assert "Nothing that is locked is due" in told(cli("erase", "--due", "--yes", "-w", two))


def test_what_is_due_is_erased(cli: Cli, two: Path) -> None:
    told(cli("erase", ANN, *WHY, "--yes", "-w", two))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clientlib.book.personal.erasure.today", lambda _: dt.date(2090, 1, 1))
        assert "1 locked row of 1 client" in told(cli("erase", "--due", "--dry-run", "-w", two))
        assert "1 row was erased, by batch 4" in told(cli("erase", "--due", "--yes", "-w", two))


@pytest.mark.parametrize("arguments", [(), (ANN, "--due")])
def test_one_client_or_what_is_due_has_to_be_named(cli: Cli, two: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(ParameterError, match="Name one client"):
        told(cli("erase", *arguments, *WHY, "-w", two))
