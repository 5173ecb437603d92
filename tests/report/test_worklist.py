"""The work list in both languages, and the workbook that a branch prints."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from clientlib.analysis.quality.work import WORK_LIST
from clientlib.errors import Unwritable
from clientlib.report.worklist import area_titles, by_client, field_titles, sentences, write_work_list

AS_OF = dt.date(2026, 6, 30)
ITEM: dict[str, Any] = {
    "branch": "East",
    "advisor": "A1",
    "rank": 1,
    "client_id": "K1",
    "area": "contacts",
    "record": None,
    "kind": "outdated",
    "action": "review",
    "fields": "",
    "rules": "outdated",
    "since": pd.Timestamp("2026-05-31"),
    "days": 30,
    "remark": None,
}


def items(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**ITEM, **change} for change in changes], columns=list(WORK_LIST))


def one(language: str = "en", **changes: Any) -> str:
    (told,) = sentences(items(changes), language)
    return told


# ------------------------------------------------------------------ in words
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "Confirm with the client: Contact (due by 2026-05-31)."),
        (
            {"area": "preferences", "action": "assess"},
            "Renew the risk assessment (ran out on 2026-05-31).",
        ),
        ({"kind": "absent", "area": "finances"}, "Finances: there is no record; enter one."),
        ({"kind": "missing", "fields": "mobile"}, "Contact: fill in Mobile."),
        (
            {"kind": "missing", "area": "clients", "fields": "full_name;id_number,status"},
            "Basic information: fill in Full name or ID number, Status.",
        ),
        (
            {"kind": "invalid", "fields": "postcode", "rules": "pattern"},
            "Contact: Postcode no longer holds under today's rules; correct it.",
        ),
        (
            {"kind": "invalid", "area": "trades", "fields": "security_id", "rules": "unknown_reference"},
            "Trades: Security ID names something that the book does not hold; correct it.",
        ),
        (
            {"kind": "repeated", "area": "trades", "record": "T2", "rules": "same_content"},
            "Trades T2: says the same as an earlier record; keep one of them if they are one.",
        ),
        (
            {"kind": "repeated", "area": "clients", "record": "K9", "rules": "probably_same"},
            "Probably the same person as client K9; compare the two.",
        ),
    ],
)
def test_an_item_says_what_to_do(changes: dict[str, Any], told: str) -> None:
    assert one(**changes) == told


def test_a_rule_over_several_fields_speaks_in_its_own_words() -> None:
    broken = {"kind": "invalid", "area": "trades", "fields": "amount", "rules": "amount_is_product"}
    assert one(**broken).startswith("Trades: The amount is not quantity × price.")
    assert one("zh", **broken).startswith("交易记录：成交金额不等于数量×价格")


def test_an_item_speaks_chinese() -> None:
    assert one("zh", kind="missing", fields="mobile") == "联系方式：请补填手机号码。"


def test_what_has_to_be_confirmed_is_named_in_one_sentence() -> None:
    rows = items({}, {"area": "clients", "since": pd.Timestamp("2026-04-30"), "days": 61})
    table = by_client(rows, ["en"])
    assert table["task"].to_list() == [
        "Confirm with the client: Contact, Basic information (due by 2026-04-30)."
    ]
    assert table[["days", "since"]].iloc[0].to_list() == [61, pd.Timestamp("2026-04-30")]


def test_both_languages_stand_below_each_other() -> None:
    chinese, english = by_client(items({}), ["zh", "en"])["task"].iloc[0].split("\n")
    assert (chinese, english) == (one("zh"), one("en"))


def test_reasons_are_told_once() -> None:
    rows = items({"remark": "abroad"}, {"area": "clients", "remark": "abroad"}, {"area": "finances"})
    assert by_client(rows, ["en"])["remark"].to_list() == ["abroad"]


def test_areas_and_fields_have_their_titles() -> None:
    assert area_titles("contacts,finances", "zh") == "联系方式、财务状况"
    assert field_titles("contacts", "mobile", "en") == "Mobile"
    assert field_titles("contacts", "", "en") == ""


# ------------------------------------------------------------------ as Excel
def written(folder: Path, rows: pd.DataFrame, **more: Any) -> Any:
    return openpyxl.load_workbook(write_work_list(rows, folder / "work.xlsx", AS_OF, **more))


def test_each_branch_has_a_sheet(tmp_path: Path) -> None:
    rows = items({}, {"branch": "West", "client_id": "K2"}, {"branch": None, "client_id": "K3"})
    book = written(tmp_path, rows)
    assert book.sheetnames == ["East", "West", "未注明营业部"]
    assert [cell.value for cell in book["West"][3]][:3] == [1, "K2", "A1"]


def test_branches_that_excel_could_not_name_get_a_sheet_each(tmp_path: Path) -> None:
    names = ["A/B", "a:b", "'quoted'", "very long " * 5, "very long " * 6]
    book = written(tmp_path, items(*({"branch": name, "client_id": name} for name in names)))
    assert len(book.sheetnames) == len(names)
    assert all(len(name) <= 31 for name in book.sheetnames)


def test_the_header_repeats_on_every_printed_page(tmp_path: Path) -> None:
    sheet = written(tmp_path, items({}))["East"]
    assert sheet.print_title_rows == "$2:$2"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.freeze_panes == "C3"


@pytest.mark.parametrize(
    "evil", ['=HYPERLINK("http://a.example")', "+1+1", "-2", "@SUM(A1)", "{=1+1}", "\t=1"]
)
def test_nothing_in_a_cell_is_run(tmp_path: Path, evil: str) -> None:
    sheet = written(tmp_path, items({"client_id": evil, "remark": evil}))["East"]
    for place in ("B3", "G3"):
        assert (sheet[place].data_type, sheet[place].value) == ("s", evil)
        assert sheet[place].quotePrefix or not evil.startswith(("=", "+", "-", "@", "\t"))
        assert sheet[place].hyperlink is None


def test_an_empty_list_says_so(tmp_path: Path) -> None:
    assert written(tmp_path, items().iloc[:0], languages=["en"]).sheetnames == ["Nothing to do"]


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    target = write_work_list(items({}), tmp_path / "new" / "work.xlsx", AS_OF)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [file.name for file in target.parent.iterdir()] == ["work.xlsx"]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(Unwritable, match="cannot be written"):
        write_work_list(items({}), tmp_path / "file" / "work.xlsx", AS_OF)
