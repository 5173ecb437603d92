"""What one person takes out: as the role sees it, recorded, and in files that run nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from clientlib.book import open_book
from clientlib.errors import BookError, PermissionRefused
from clientlib.share.errors import ShareError
from clientlib.share.export import export
from clientlib.workbook import Workbook

from .conftest import client, finance, take_in


def take_out(firm: Workbook, target: Path, *names: str, role: str = "risk", **more: str) -> None:
    with open_book(firm, role=role) as book:
        export(book, names, target, as_of=more.get("as_of"), known_at=more.get("known_at"))


def test_a_file_holds_what_the_role_sees(firm: Workbook, tmp_path: Path) -> None:
    take_out(firm, tmp_path / "a.parquet", "clients")
    taken = pl.read_parquet(tmp_path / "a.parquet")
    assert taken["full_name"].to_list() == ["欧**"] * 3
    assert taken.schema["birth_date"] == pl.Date
    take_out(firm, tmp_path / "b.parquet", "clients", role="marketing")
    assert "full_name" not in pl.read_parquet_schema(tmp_path / "b.parquet")


def test_only_the_owner_can_read_it(firm: Workbook, tmp_path: Path) -> None:
    for name in ("a.csv", "a.xlsx", "a.parquet"):
        take_out(firm, tmp_path / name, "clients")
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_both_clocks_count(firm: Workbook, tmp_path: Path) -> None:
    with open_book(firm) as book:
        before = book.batches()["recorded_at"].iloc[-1].isoformat()
    take_in(firm, finances=[finance(1, 7.0), finance(2, 8.0, as_of=dt.date(2025, 1, 1))])
    take_out(firm, tmp_path / "a.parquet", "finances", as_of="2024-06-30")
    assert pl.read_parquet(tmp_path / "a.parquet")["annual_income"].to_list() == [7.0, 150_000.0, 150_000.0]
    take_out(firm, tmp_path / "a.parquet", "finances", known_at=before)
    assert pl.read_parquet(tmp_path / "a.parquet")["annual_income"].to_list() == [
        99_999.5,
        150_000.0,
        150_000.0,
    ]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "＝1+1"])
def test_no_cell_runs(firm: Workbook, tmp_path: Path, text: str) -> None:
    take_in(firm, clients=[client(4, employer=text)])
    take_out(firm, tmp_path / "a.csv", "clients")
    assert f"'{text}" in (tmp_path / "a.csv").read_text("utf-8-sig").replace('"', "")
    take_out(firm, tmp_path / "a.xlsx", "clients")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    [cell] = [cell for row in sheet.iter_rows() for cell in row if cell.value == text]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_a_negative_number_stays_one(firm: Workbook, tmp_path: Path) -> None:
    take_in(firm, finances=[finance(4, net_assets=-1234.5)])
    take_out(firm, tmp_path / "a.csv", "finances")
    assert ",-1234.5," in (tmp_path / "a.csv").read_text("utf-8-sig")
    take_out(firm, tmp_path / "a.xlsx", "finances")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0]
    assert -1234.5 in [cell.value for row in sheet.iter_rows() for cell in row]


def test_several_areas_go_into_one_workbook(firm: Workbook, tmp_path: Path) -> None:
    take_out(firm, tmp_path / "a.xlsx", "clients", "trades", "clients")
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames == ["Basic information", "Trades"]


@pytest.mark.parametrize(
    ("name", "areas", "told"),
    [
        ("a.csv", ["clients", "trades"], "holds one area"),
        ("a.doc", ["clients"], r"\.xlsx, \.csv or \.parquet"),
        ("a.xlsx", ["feedback"], 'does not see the area "feedback"'),
        ("a.xlsx", ["cleints"], "Did you mean clients"),
    ],
)
def test_what_cannot_be_taken_is_told_and_nothing_written(
    firm: Workbook, tmp_path: Path, name: str, areas: list[str], told: str
) -> None:
    with pytest.raises((ShareError, BookError, PermissionRefused), match=told):
        take_out(firm, tmp_path / name, *areas)
    assert not (tmp_path / name).exists()


def test_exporting_is_a_right_of_its_own(firm: Workbook, tmp_path: Path) -> None:
    with pytest.raises(PermissionRefused, match="may not export rows"):
        take_out(firm, tmp_path / "a.csv", "clients", role="analyst")


def test_it_is_recorded_who_took_whose_rows(firm: Workbook, tmp_path: Path) -> None:
    take_out(firm, tmp_path / "a.csv", "clients")
    with open_book(firm) as book:
        said = [link.read() for link in book.audit.journal.links() if link is not None]
    [record] = [each for each in said if each["event"] == "export"]
    assert (record["role"], record["clients"]) == ("risk", ["C001", "C002", "C003"])
    assert (record["details"]["areas"], record["details"]["file"]) == (["clients"], "a.csv")
