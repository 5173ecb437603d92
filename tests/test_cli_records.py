"""Commands about what the book holds: batches and undoing, what is to be mended, who is one and the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from typer.testing import Result

from clientlib.errors import ClientlibError, Unwritable
from clientlib.workbook import Workbook

Cli = Callable[..., Result]
TRADE = (
    "trade_id,client_id,traded_at,security_id,side,quantity,price,amount,currency\n"
    "T1,C1,2026-03-20 10:00:00,S1,buy,100,2.5,250,CNY\n"
)


def told(done: Result, code: int = 0) -> str:
    if isinstance(done.exception, ClientlibError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def decided(demo_workbook: Workbook, cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A copy of the demo in which two clients were merged, parted again, and told apart; and its batches."""
    folder = Path(shutil.copytree(demo_workbook.folder, tmp_path_factory.mktemp("decided") / "firm"))
    pair = ("K0000001", "K0000003")
    for command in (
        ["merge", *pair, "--reason", "call 13812345678"],
        ["undo", "2"],
        ["duplicates", "--dismiss", *pair],
    ):
        told(cli(*command, "-w", folder))
    return folder, told(cli("batches", "-w", folder))


# ------------------------------------------------------------------------ batches and undo
def test_an_undone_batch_can_be_brought_back(cli: Cli, firm: Path) -> None:
    (firm / "trades.csv").write_text(TRADE)
    cli("import", firm / "trades.csv", "-w", firm)
    assert "by batch 2" in told(cli("undo", "1", "-w", firm))
    assert "0 known already" in told(cli("import", firm / "trades.csv", "--preview", "-w", firm))
    assert "by batch 3" in told(cli("undo", "2", "-w", firm))
    assert "1 known already" in told(cli("import", firm / "trades.csv", "--preview", "-w", firm))


@pytest.mark.parametrize(("batch", "said"), [("9", "There is no batch 9"), ("2", "taken back already")])
def test_a_batch_that_cannot_be_undone_is_a_sentence(
    cli: Cli, decided: tuple[Path, str], batch: str, said: str
) -> None:
    with pytest.raises(ClientlibError, match=said):
        told(cli("undo", batch, "-w", decided[0]))


def test_decisions_are_listed_among_the_batches_without_counts(decided: tuple[Path, str]) -> None:
    _, demo, merged, undone, apart = decided[1].splitlines()
    assert demo.split()[3] == "demo"
    assert "merge of two clients (taken back)" in merged
    assert "undo of batch 2" in undone
    assert "two clients kept apart" in apart


def test_a_name_with_brackets_is_listed_as_it_is(cli: Cli, firm: Path) -> None:
    (firm / "trades [1].csv").write_text(TRADE)
    cli("import", firm / "trades [1].csv", "-w", firm)
    assert "trades [1].csv" in told(cli("batches", "-w", firm))


# ------------------------------------------------------------------------- one and the same
@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (("K0000001", "K0000001"), "was named twice"),
        (("K0000001", "K1"), 'There is no client "K1"'),
        (("K1", "K0000001"), 'There is no client "K1"'),
    ],
)
@pytest.mark.parametrize("command", [["merge"], ["duplicates", "--dismiss"]])
def test_clients_that_cannot_be_decided_upon_are_named(
    cli: Cli, decided: tuple[Path, str], command: list[str], pair: tuple[str, str], said: str
) -> None:
    with pytest.raises(ClientlibError, match=said):
        told(cli(*command, *pair, "-w", decided[0]))


def test_a_merged_client_is_not_merged_again(cli: Cli, own_demo_workbook: Workbook) -> None:
    folder = own_demo_workbook.folder
    told(cli("merge", "K0000001", "K0000003", "-w", folder))
    with pytest.raises(ClientlibError, match="was merged into K0000001 already"):
        told(cli("merge", "K0000005", "K0000003", "-w", folder))


@pytest.mark.slow
def test_clients_who_came_after_the_last_trade_are_compared_too(cli: Cli, firm: Path) -> None:
    (firm / "trades.csv").write_text(TRADE)
    header = "client_id,full_name,client_type,id_type,id_number,birth_date,investor_class,branch,opened_on,"
    rest = (
        "王小明,individual,passport,E1234567,1980-05-01,ordinary,East,2020-01-02,active,2026-05-04 10:00:00"
    )
    clients = f"{header}status,updated_at\nC1,{rest}\nC2,{rest}\n"
    (firm / "clients.csv").write_text(clients, "utf-8")
    for name in ("trades.csv", "clients.csv"):
        cli("import", firm / name, "-w", firm)
    assert "1 pair" in told(cli("duplicates", "-w", firm))


def test_probable_duplicates_are_shown_until_they_are_dismissed(
    cli: Cli, own_demo_workbook: Workbook
) -> None:
    folder = own_demo_workbook.folder
    assert "may be one" in told(cli("duplicates", "-w", folder))
    page = (folder / "data" / "work" / "duplicates.en.html").read_text("utf-8")
    pair = page.split("clientlib merge ")[1].split("<")[0].split()[:2]
    told(cli("duplicates", "--dismiss", *pair, "-w", folder))
    cli("duplicates", "-w", folder)
    assert f"clientlib merge {' '.join(pair)}" not in (
        folder / "data" / "work" / "duplicates.en.html"
    ).read_text("utf-8")


# ------------------------------------------------------------------------- what is to be done
def test_pending_rows_are_listed_with_whose_since_when_and_why(cli: Cli, demo_workbook: Workbook) -> None:
    *rows, count = told(cli("pending", "-w", demo_workbook.folder)).splitlines()
    assert rows
    assert all(" since 20" in row and ": fill in " in row for row in rows)
    assert f"{len(rows)} row" in count


def test_pending_speaks_chinese(cli: Cli, demo_workbook: Workbook) -> None:
    *rows, count = told(cli("pending", "-l", "zh", "-w", demo_workbook.folder)).splitlines()
    assert all("：请补填" in row for row in rows)
    assert f"共有{len(rows)}行待补" in count


def test_pending_rows_are_listed_for_a_branch_only(cli: Cli, demo_workbook: Workbook) -> None:
    with pytest.raises(ClientlibError, match=r"Did you mean 上海浦东\?"):
        told(cli("pending", "--branch", "上海浦", "-w", demo_workbook.folder))


def test_a_work_list_has_one_sheet_a_branch(cli: Cli, demo_workbook: Workbook, tmp_path: Path) -> None:
    told(cli("worklist", "-o", tmp_path / "w.xlsx", "-w", demo_workbook.folder))
    told(cli("worklist", "-o", tmp_path / "b.xlsx", "--branch", "上海浦东", "-w", demo_workbook.folder))
    assert len(openpyxl.load_workbook(tmp_path / "w.xlsx").sheetnames) > 1
    assert openpyxl.load_workbook(tmp_path / "b.xlsx").sheetnames == ["上海浦东"]


def test_a_work_list_is_an_excel_workbook(cli: Cli, demo_workbook: Workbook, tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match=r"end in \.xlsx"):
        told(cli("worklist", "-o", tmp_path / "w.txt", "-w", demo_workbook.folder))


# ------------------------------------------------------------------- dictionary and exercise
def test_the_dictionary_has_a_page_and_a_text_in_each_language_with_the_own_fields(
    cli: Cli, firm: Path
) -> None:
    own = '[clients.hobby]\ntitle_en = "Hobby"\ntitle_zh = "爱好"\ntype = "text"\n'
    (firm / "data" / "fields.toml").write_text(own, "utf-8")
    told(cli("dictionary", "-o", firm / "out", "-w", firm))
    pages = {path.name: path.read_text("utf-8") for path in (firm / "out").iterdir()}
    assert sorted(pages) == [f"data-dictionary.{name}" for name in ("en.html", "en.md", "zh.html", "zh.md")]
    assert all("爱好" in page for page in pages.values())


def test_the_exercise_has_as_many_findings_as_answers(cli: Cli, tmp_path: Path) -> None:
    told(cli("exercise", tmp_path / "lesson", "-l", "zh"))
    answers = (tmp_path / "lesson" / "answers.zh.md").read_text("utf-8").count("\n| ") - 1
    said = told(cli("check", tmp_path / "lesson" / "exercise.zh.xlsx"), 1)
    assert said.count("exercise.zh.xlsx, sheet ") == answers


def test_an_exercise_into_a_file_is_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "lesson").write_text("")
    with pytest.raises(Unwritable, match="cannot be written"):
        told(cli("exercise", tmp_path / "lesson"))
