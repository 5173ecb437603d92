"""`clientlib audit`: listed, filtered, written to a file, verified."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from clientlib.book import open_book
from clientlib.errors import ClientlibError, ParameterError, PermissionRefused
from clientlib.workbook import Workbook

Cli = Callable[..., Result]
CAMPAIGN = "campaign_id,name,starts_on,ends_on\nA,B,2026-01-01,2026-02-01\n"


def told(done: Result, code: int = 0) -> str:
    if isinstance(done.exception, ClientlibError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def used(pristine: Path, cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook whose book was imported into and read. Its tests only add records to it."""
    folder = Path(shutil.copytree(pristine, tmp_path_factory.mktemp("used") / "firm"))
    (folder / "campaigns.csv").write_text(CAMPAIGN)
    told(cli("import", folder / "campaigns.csv", "-w", folder))
    with open_book(Workbook(folder), role="service") as book:
        book.look_up("clients", ["C1", "C2", "C3", "C4", "C5"], "asked, call 13812345678")
        book.audit.record("search", reason="=1+1", query="[red]x")
    return folder


def test_records_are_listed_newest_first(cli: Cli, used: Path) -> None:
    lines = told(cli("audit", "-w", used)).splitlines()[1:]
    numbers = [int(line.split()[0]) for line in lines]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] == 1


@pytest.mark.parametrize(
    ("asked", "there", "not_there"),
    [
        (["--event", "import"], "campaigns.csv", "look up"),
        (["--client", "C2"], "C1 C2 C3 and 2 more", "import"),
        (["--in-role", "service"], "look up", "import"),
        (["--who", "nobody"], "There are no such records.", "import"),
        (["--to", "2001-01-01"], "There are no such records.", "import"),
        (["--from", "2001-01-01", "--to", "2200-01-01"], "begin", "no such"),
    ],
)
def test_filters(cli: Cli, used: Path, asked: list[str], there: str, not_there: str) -> None:
    shown = told(cli("audit", *asked, "-w", used))
    assert there in shown
    assert not_there not in shown


def test_more_than_the_limit_is_counted(cli: Cli, used: Path) -> None:
    assert "not shown: --limit" in told(cli("audit", "--limit", "1", "-w", used))


def test_it_speaks_chinese(cli: Cli, used: Path) -> None:
    assert "查看身份" in told(cli("audit", "-l", "zh", "-w", used))


@pytest.mark.parametrize(
    ("language", "said", "opened"),
    [("en", "batch 1; new Campaigns 1", "to change it"), ("zh", "批次 1；新增 营销活动 1", "写入")],
)
def test_details_are_told_in_words(cli: Cli, used: Path, language: str, said: str, opened: str) -> None:
    assert said in told(cli("audit", "--event", "import", "-w", used, "-l", language))
    assert opened in told(cli("audit", "--event", "open", "-w", used, "-l", language))


def test_a_detail_without_a_value_is_left_out(cli: Cli, used: Path) -> None:
    shown = told(cli("audit", "-w", used))
    assert "None" not in shown


def test_what_was_typed_is_shown_as_it_is_and_numbers_in_it_masked(cli: Cli, used: Path) -> None:
    shown = told(cli("audit", "-w", used))
    assert "[red]x" in shown
    assert "asked, call 138****5678" in shown


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--event", "refuse"], "Did you mean refused"),
        (["--from", "yesterday"], "no date of the calendar"),
        (["--output", "audit.xlsx"], r"ends in \.csv or \.jsonl"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(cli: Cli, used: Path, asked: list[str], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        told(cli("audit", *asked, "-w", used))


def test_only_a_role_that_may_reads_it_and_the_refusal_is_recorded(cli: Cli, used: Path) -> None:
    for asked in ([], ["--verify"]):
        with pytest.raises(PermissionRefused, match="These may: auditor"):
            told(cli("audit", *asked, "--role", "analyst", "-w", used))
    assert told(cli("audit", "--event", "refused", "--in-role", "analyst", "-w", used)).count("refused") >= 2


# ------------------------------------------------------------------------------------ written
def test_a_csv_file_has_every_record_and_runs_nothing(cli: Cli, used: Path, tmp_path: Path) -> None:
    told(cli("audit", "--output", tmp_path / "a.csv", "-w", used))
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text("utf-8-sig").splitlines()))
    assert [int(row["seq"]) for row in rows] == list(range(len(rows), 0, -1))
    assert "'=1+1" in [row["reason"] for row in rows]


def test_a_jsonl_file_has_a_record_a_line(cli: Cli, used: Path, tmp_path: Path) -> None:
    told(cli("audit", "--client", "C5", "--output", tmp_path / "a.jsonl", "-w", used))
    (row,) = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()]
    assert row["clients"] == "C1 C2 C3 C4 C5"


def test_writing_it_out_is_recorded(cli: Cli, used: Path, tmp_path: Path) -> None:
    told(cli("audit", "--output", tmp_path / "b.csv", "-w", used))
    assert "b.csv" in told(cli("audit", "--event", "export", "-w", used))


# ----------------------------------------------------------------------------------- verified
def test_an_audit_as_it_was_left_is_verified_and_that_is_recorded(cli: Cli, used: Path) -> None:
    assert "as it was left" in told(cli("audit", "--verify", "-w", used))
    assert "well" in told(cli("audit", "--event", "verify", "-w", used))


def test_without_the_vaults_key_the_book_alone_is_verified(cli: Cli, used: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(used, tmp_path / "firm"))
    (folder / "keys" / "vault.key").unlink()
    shown = told(cli("audit", "--verify", "-w", folder))
    assert "its key is not here" in shown
    assert "as it was left" in shown
    assert "begin" in told(cli("audit", "-w", folder))


def test_a_cut_off_end_is_found_and_said_in_both_languages(cli: Cli, used: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(used, tmp_path / "firm"))
    journal = folder / "data" / "book" / "audit.journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]))
    shown = told(cli("audit", "--verify", "-w", folder), 1)
    assert "the end was cut off" in shown
    assert "1 defect in" in shown
    assert "缺少第" in told(cli("audit", "--verify", "-l", "zh", "-w", folder), 1)


def test_a_missing_anchor_is_said_once_and_remembered(cli: Cli, used: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(used, tmp_path / "firm"))
    (folder / "data" / "audit.anchor").unlink()
    assert "could not be told" in told(cli("audit", "--verify", "-w", folder), 1)
    shown = told(cli("audit", "--verify", "-w", folder))
    assert "found the anchor gone" in shown
