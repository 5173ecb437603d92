"""A folder of files for each department: what is in it, who may look, and that it is whole or not there."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from clientlib.book import open_book
from clientlib.errors import PermissionRefused
from clientlib.share.errors import ShareError
from clientlib.share.folders import Format, Shared, share_folders
from clientlib.workbook import Workbook

from .conftest import AGREED, client, take_in


def share(firm: Workbook, target: Path, kind: Format = "parquet", **more: Any) -> Shared:
    with open_book(firm, role="administrator") as book:
        return share_folders(book, target, kind, **more)


def test_each_department_gets_its_columns_and_rows(firm: Workbook, tmp_path: Path) -> None:
    done = share(firm, tmp_path / "out")
    assert list(done.folders) == ["risk", "marketing", "management", "north"]
    north = pl.read_parquet(tmp_path / "out" / "north" / "clients.parquet")
    assert north["client_id"].to_list() == ["C001", "C002"]
    assert not {"full_name", "id_number", "remarks"} & set(north.columns)
    assert not (tmp_path / "out" / "north" / "trades.parquet").exists()


def test_a_workbook_has_a_sheet_an_area_with_the_same_rows(firm: Workbook, tmp_path: Path) -> None:
    share(firm, tmp_path / "out", "xlsx", language="zh")
    book = openpyxl.load_workbook(tmp_path / "out" / "north" / "north.xlsx")
    assert book.sheetnames[0] == "基本信息"
    assert [row[0].value for row in book["基本信息"].iter_rows()] == ["客户编号", "C001", "C002"]


def test_only_the_owner_can_look_in(firm: Workbook, tmp_path: Path) -> None:
    share(firm, tmp_path / "out")
    modes: dict[bool, set[int]] = {True: set(), False: set()}
    for path in (tmp_path / "out", *(tmp_path / "out").rglob("*")):
        modes[path.is_dir()].add(path.stat().st_mode & 0o777)
    assert modes == {True: {0o700}, False: {0o600}}


@pytest.mark.parametrize(
    "said",
    [
        "As of batch 1 of the book",
        "截至台账第1批",
        "Of clients of: North.",
        "客户所属营业部：North。",
        "data desk",
        "clients who have since been erased",
        "| birth_date | Birth date |",
    ],
)
def test_a_readme_says_in_both_languages_what_is_there(firm: Workbook, tmp_path: Path, said: str) -> None:
    share(firm, tmp_path / "out")
    assert said in (tmp_path / "out" / "north" / "README.md").read_text("utf-8")


def test_a_manifest_says_it_for_programs(firm: Workbook, tmp_path: Path) -> None:
    share(firm, tmp_path / "out")
    said = json.loads((tmp_path / "out" / "north" / "manifest.json").read_text("utf-8"))
    assert (said["department"], said["batch"], said["rows"]["clients"]) == ("north", 1, 2)
    assert set(said["sha256"]) == {path.name for path in (tmp_path / "out" / "north").iterdir()} - {
        "manifest.json"
    }


def test_the_next_share_replaces_the_files(firm: Workbook, tmp_path: Path) -> None:
    share(firm, tmp_path / "out", "xlsx")
    take_in(firm, clients=[client(4)])
    share(firm, tmp_path / "out")
    names = {path.suffix for path in (tmp_path / "out" / "north").iterdir()}
    assert names == {".parquet", ".md", ".json"}
    assert pl.read_parquet(tmp_path / "out" / "north" / "clients.parquet").height == 3


def test_files_of_a_department_that_is_gone_are_named(firm: Workbook, tmp_path: Path) -> None:
    share(firm, tmp_path / "out")
    settings = AGREED.split("[share.departments.north]")[0]
    (firm.folder / "workbook.toml").write_text(settings, "utf-8")
    assert share(Workbook(firm.folder), tmp_path / "out").left_over == (tmp_path / "out" / "north",)
    assert (tmp_path / "out" / "north" / "clients.parquet").exists()


def test_a_folder_of_somebody_elses_is_left_alone(firm: Workbook, tmp_path: Path) -> None:
    (tmp_path / "out" / "risk").mkdir(parents=True)
    (tmp_path / "out" / "risk" / "notes.txt").write_text("mine")
    with pytest.raises(ShareError, match="clientlib did not write it"):
        share(firm, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == [".lock", "notes.txt"]


def test_a_run_that_was_killed_between_two_renames_is_tidied_up(firm: Workbook, tmp_path: Path) -> None:
    out = tmp_path / "out"
    share(firm, out)
    (out / "risk").rename(out / ".replaced-risk")
    (out / ".staging-risk-abc").mkdir()
    settings = AGREED.replace("[share.departments.risk]", "[share.departments.other]")
    (firm.folder / "workbook.toml").write_text(settings, "utf-8")
    assert share(Workbook(firm.folder), out).left_over == (out / "risk",)
    assert [path.name for path in out.iterdir() if path.name.startswith(".")] == [".lock"]


def test_two_runs_at_once_do_not_mix(firm: Workbook, tmp_path: Path) -> None:
    share(firm, tmp_path / "out")
    with (tmp_path / "out" / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ShareError, match="Another run is writing"):
            share(firm, tmp_path / "out")


def test_a_place_that_cannot_be_written_is_a_sentence(firm: Workbook, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ShareError, match="cannot be written"):
        share(firm, tmp_path / "file" / "out")


def test_who_does_not_keep_the_book_may_not_share(firm: Workbook, tmp_path: Path) -> None:
    with open_book(firm, role="risk") as book, pytest.raises(PermissionRefused, match="may not share rows"):
        share_folders(book, tmp_path / "out", "parquet")
