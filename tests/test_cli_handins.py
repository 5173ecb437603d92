"""Commands about hand-ins as a person types them: what is said, which files come back, what the book has."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import Result

from clientlib.book import open_book
from clientlib.errors import (
    BookError,
    ClientlibError,
    KeyProblem,
    ParameterError,
    PermissionRefused,
    Unwritable,
)
from clientlib.intake import CheckResult, stream
from clientlib.intake.fingerprint import fingerprint
from clientlib.workbook import Workbook

Cli = Callable[..., Result]
HEADER = (
    "client_id,full_name,client_type,id_type,id_number,birth_date,occupation,investor_class,branch,"
    "opened_on,status,updated_at\n"
)
GOOD = (
    "C{0},Wang Fang,individual,passport,E100000{0},1980-05-01,,ordinary,East,2020-01-02,active,2026-03-01\n"
)
UPDATE = GOOD.replace("Wang Fang", "Wang Fanghua")


def told(done: Result, code: int = 0) -> str:
    """What was said, in one line: a terminal's width is none of the tests' business."""
    if isinstance(done.exception, ClientlibError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def handed_in(firm: Path) -> Path:
    """Three clients, the last of them without a branch."""
    path = firm / "east.csv"
    path.write_text(HEADER + GOOD.format(1) + GOOD.format(2) + GOOD.format(3).replace(",East,", ",,"))
    return path


# ------------------------------------------------------------------------------- template
def test_a_template_has_the_sheets_asked_for_beside_guide_and_lists(cli: Cli, tmp_path: Path) -> None:
    told(cli("template", tmp_path / "t.xlsx", "-a", "trades", "-a", "feedback"))
    assert openpyxl.load_workbook(tmp_path / "t.xlsx").sheetnames == [
        "Guide",
        "Trades",
        "Feedback",
        "Code lists",
    ]


def test_a_prefilled_template_says_how_many_rows_are_in_it(
    cli: Cli, firm: Path, handed_in: Path, tmp_path: Path
) -> None:
    cli("import", handed_in, "-w", firm)
    said = told(cli("template", tmp_path / "t.xlsx", "--prefill", "--branch", "East", "-w", firm))
    assert "2 rows" in said


def test_a_role_that_sees_no_clients_gets_its_own_areas_prefilled(
    cli: Cli, firm: Path, tmp_path: Path
) -> None:
    role = '\n[roles.market_desk]\nareas = ["securities", "prices"]\nsensitivity = "S"\nidentity = "hidden"\n'
    settings = firm / "workbook.toml"
    settings.write_text(settings.read_text("utf-8") + role + "may_export = true\n", "utf-8")
    prices = firm / "prices.csv"
    prices.write_text("security_id,date,close\nA,2026-03-02,1.5\n", "utf-8")
    cli("import", prices, "-w", firm)
    options = ("--prefill", "--area", "prices", "--role", "market_desk", "-w", firm)
    assert "1 row" in told(cli("template", tmp_path / "t.xlsx", *options))


def test_a_template_prefilled_from_an_empty_book_says_so(cli: Cli, firm: Path, tmp_path: Path) -> None:
    assert "0 rows" in told(cli("template", tmp_path / "t.xlsx", "--prefill", "-w", firm))


@pytest.mark.parametrize(
    ("options", "refusal", "said"),
    [
        (["--prefill", "--area", "clients", "--role", "risk"], PermissionRefused, "does not see all of"),
        (["--prefill", "--role", "analyst"], PermissionRefused, "may not take rows out of the book"),
        (["--prefill", "--role", "boss"], ClientlibError, "The roles are"),
        (["--prefill", "--branch", "上海浦"], ParameterError, "Did you mean 上海浦东?"),
        (["--area", "client"], ClientlibError, "Did you mean clients?"),
        (["--language", "fr"], ClientlibError, "Choose en or zh"),
    ],
)
def test_a_template_that_cannot_be_is_refused_with_the_mend(
    cli: Cli,
    demo_workbook: Workbook,
    tmp_path: Path,
    options: list[str],
    refusal: type[ClientlibError],
    said: str,
) -> None:
    with pytest.raises(refusal, match=said):
        told(cli("template", tmp_path / "t.xlsx", *options, "-w", demo_workbook.folder))


def test_without_the_vault_key_a_template_cannot_be_prefilled_with_identity(
    cli: Cli, firm: Path, tmp_path: Path
) -> None:
    (firm / "keys" / "vault.key").unlink()
    with pytest.raises(KeyProblem, match="clients, contacts, relations"):
        told(cli("template", tmp_path / "t.xlsx", "--prefill", "-w", firm))
    told(cli("template", tmp_path / "t.xlsx", "--prefill", "-a", "trades", "-w", firm))


@pytest.mark.parametrize("command", [["template"], ["recognise", "strange.csv", "-o"]])
def test_a_workbook_that_somebody_may_have_filled_in_is_never_replaced(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("strange.csv").write_text("a,b\nC1,Wang Fang\n")
    Path("mine.xlsx").write_bytes(b"a day's work")
    with pytest.raises(Unwritable, match=r"mine\.xlsx is there already"):
        told(cli(*command, "mine.xlsx"))
    assert Path("mine.xlsx").read_bytes() == b"a day's work"


def test_the_command_to_go_on_with_can_be_typed_as_it_stands(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "my clients.xlsx"
    assert f"clientlib check '{file}'" in told(cli("template", file, "-a", "clients"))


# ---------------------------------------------------------------------------------- check
def test_a_check_hands_back_marked_rows_good_rows_a_page_and_lines(
    cli: Cli, firm: Path, handed_in: Path
) -> None:
    told(cli("check", handed_in, "-w", firm), 1)
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (firm / "east-checked").iterdir()}
    assert files == dict.fromkeys(
        ["east.checked.xlsx", "east.good.xlsx", "east.findings.en.html", "east.findings.jsonl"], 0o600
    )


def test_a_check_in_chinese_says_nothing_in_english(cli: Cli, firm: Path, handed_in: Path) -> None:
    finding, _, counts, _, *files = told(cli("check", handed_in, "-l", "zh", "-w", firm), 1).splitlines()
    assert finding.startswith("east.csv，第4行，营业部：")
    assert counts == "共读取3行：合格2行（其中待补0行），需修改1行。"
    heads = [line.strip().split("：")[0] for line in files]
    assert heads == ["已标注", "仅合格行", "可发给提供方", "供程序读取"]


def test_what_is_wrong_with_the_columns_is_said_before_the_rows(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(HEADER.replace("branch", "Zweig") + "".join(GOOD.format(n) for n in range(1, 9)))
    first, second, third, *_ = told(cli("check", file), 1).splitlines()
    assert 'The column "Zweig" is no field' in first
    assert "The required column Branch is missing" in second
    assert "row 2, Branch" in third


def test_findings_that_cannot_be_written_are_told_with_the_reason(
    cli: Cli, firm: Path, handed_in: Path
) -> None:
    with pytest.raises(Unwritable, match=r"File exists|Not a directory"):
        told(cli("check", handed_in, "--findings", handed_in / "found.csv", "-w", firm))


# --------------------------------------------------------------------------------- import
def test_a_preview_shows_old_and_new_with_identity_masked_and_imports_nothing(
    cli: Cli, firm: Path, handed_in: Path
) -> None:
    cli("import", handed_in, "-w", firm)
    handed_in.write_text(HEADER + UPDATE.format(1) + GOOD.format(4))
    said = told(cli("import", handed_in, "--preview", "-w", firm))
    assert "1 new, 1 changed" in said
    assert "Full name: " in said
    assert "Fang" not in said
    assert "batch 2" not in told(cli("import", handed_in, "--preview", "-w", firm))


def test_all_or_nothing_does_not_claim_to_go_on_with_what_was_broken_off(
    cli: Cli, firm: Path, tmp_path: Path
) -> None:
    path = tmp_path / "clients.csv"
    path.write_text(HEADER + GOOD.format(1) + GOOD.format(2), "utf-8")
    found = Workbook(firm)
    read_by: dict[str, Any] = {"settings": found.settings, "areas": found.areas}
    known_by = fingerprint(path, natural_keys=True, **read_by)

    def breaking() -> Iterator[CheckResult]:
        yield from stream(path, chunk_rows=1, **read_by)
        raise OSError("pulled out")

    with open_book(found, role="data_entry", write=True) as book:
        with pytest.raises(BookError):
            book.import_checked(breaking(), source=path.name, fingerprint=known_by, part_rows=1)
        assert book.unfinished_rows(known_by)
    said = told(cli("import", path, "--all-or-nothing", "-w", firm))
    assert "Going on" not in said
    assert "2 new" in said


def test_all_or_nothing_takes_nothing_when_one_row_is_refused(cli: Cli, firm: Path, handed_in: Path) -> None:
    assert "Nothing was imported" in told(cli("import", handed_in, "--all-or-nothing", "-w", firm), 1)
    assert "The book is empty" in told(cli("batches", "-w", firm))


def test_refused_rows_come_back_and_are_taken_once_they_are_mended(
    cli: Cli, firm: Path, handed_in: Path
) -> None:
    told(cli("import", handed_in, "-w", firm), 1)
    back = firm / "east-checked" / "east.rejected.xlsx"
    book = openpyxl.load_workbook(back)
    sheet = book.worksheets[0]
    titles = [str(cell.value) for cell in sheet[1]]
    assert sheet.max_row == 2
    sheet.cell(2, 1 + next(n for n, title in enumerate(titles) if "Branch" in title)).value = "East"
    book.save(back)
    assert "1 new, 0 changed, 0 known already, 0 refused" in told(cli("import", back, "-w", firm))


# ------------------------------------------------------------------------------ recognise
def _answer_yes(questions: Path) -> None:
    """Answers every question as proposed, the way a person does: in the column for it."""
    book = openpyxl.load_workbook(questions)
    for sheet in book.worksheets[:2]:
        column = {cell.value: at for at, cell in enumerate(sheet[1], start=1)}
        for row in range(2, sheet.max_row + 1):
            if sheet.cell(row, column["It may be"]).value:
                sheet.cell(row, column["Right?"]).value = "yes"
    book.save(questions)


def test_what_a_person_confirmed_is_applied_and_remembered(cli: Cli, firm: Path) -> None:
    file, questions = firm / "clients.csv", firm / "questions.xlsx"
    file.write_text(HEADER + GOOD.format(1).replace(",1980-05-01,,", ",1980-05-01,primary school teacher,"))
    assert "1 word is in no list" in told(cli("recognise", file, "-o", questions, "-w", firm))
    _answer_yes(questions)
    told(cli("check", file, "--confirmed", questions, "-w", firm))
    said = told(cli("import", file, "--confirmed", questions, "-w", firm))
    assert "1 decision about a word is remembered" in said
    questions.unlink()
    cli("recognise", file, "-o", questions, "-w", firm)
    assert openpyxl.load_workbook(questions)["Words"]["E2"].value == 1


def test_columns_without_a_meaning_are_read_once_a_person_says_what_they_are(cli: Cli, firm: Path) -> None:
    file, questions = firm / "strange.csv", firm / "questions.xlsx"
    titles = ",".join(f"col{n}" for n in range(12)) + "\n"
    file.write_text(titles + "".join(GOOD.format(n) for n in range(1, 10)))
    with pytest.raises(ClientlibError, match="clientlib recognise"):
        told(cli("check", file, "-w", firm))
    told(cli("recognise", file, "-o", questions, "-w", firm))
    with pytest.raises(ClientlibError, match="clientlib recognise"):
        told(cli("check", file, "--confirmed", questions, "-w", firm))
