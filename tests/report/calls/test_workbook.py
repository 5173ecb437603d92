"""The workbook of a call list: what stands in it, what may be written into it; nothing in it runs."""

from __future__ import annotations

import datetime as dt
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from clientlib import config
from clientlib.analysis.risk.plan import AdjustmentPlans
from clientlib.errors import Unwritable
from clientlib.report.calls import CallList, write_calls

SETTINGS = config.load()
CALL: dict[str, Any] = {
    "whom": "A1",
    "rank": 1,
    "client_id": "K1",
    "call": "today",
    "rule": "concentration",
    "reasons": "concentration",
    "value": 0.9,
    "limit": 0.5,
    "largest_security": "S1",
    "weight_to_sell": 250_000.0,
    "full_name": "王小明",
    "mobile": "+8613812345678",
    "preferred_channel": "phone",
    "preferred_time": "morning",
    "since": pd.Timestamp("2026-06-01"),
    "since_open": False,
    "held": False,
    "act_by": pd.NaT,
}
PLAN = {
    "status": "planned",
    "blocked_by": "",
    "turnover": 250_000.0,
    "turnover_share": 0.4,
    "fees": 250.0,
    "cash_before": 0.0,
    "cash_after": 1.0,
    "repaid": 0.0,
    "n_orders": 1,
    "gap": 0.0,
    "notes": "",
}
ORDER = {
    "client_id": "K1",
    "step": 1,
    "security_id": "S1",
    "side": "sell",
    "quantity": 1200.0,
    "price": 208.3333,
    "amount": 250_000.0,
    "fee": 250.0,
    "product_level": "R4",
}
SECURITIES = pd.DataFrame({"name": "云湾银行", "market": "SH", "asset_class": "stock"}, ["S1"])
MEASURE = {"client_id": "K1", "measure": "largest_weight", "before": 0.9, "after": 0.5, "limit": 0.5}


def listed(*calls: dict[str, Any], **changes: Any) -> CallList:
    frame = pd.DataFrame([{**CALL, **call} for call in calls])
    shown = frame.drop(columns=["full_name", "mobile"]) if changes.get("identity") == "hidden" else frame
    facts: dict[str, Any] = {
        "as_of": dt.date(2026, 6, 30),
        "known_at": dt.datetime(2026, 6, 30, 22, 30, tzinfo=dt.UTC),
        "edition": "2026-06-30",
        "currency": "CNY",
        "identity": "plain",
        "calls": shown,
        "plans": plans(),
        "securities": SECURITIES,
    }
    return CallList(**{**facts, **changes})


def plans(*orders: dict[str, Any], **changes: Any) -> AdjustmentPlans:
    return AdjustmentPlans(
        by_client=pd.DataFrame([{**PLAN, **changes}], index=pd.Index(["K1"], name="client_id")),
        orders=pd.DataFrame([{**ORDER, **order} for order in orders or ({},)]),
        measures=pd.DataFrame([MEASURE]),
    )


def book(folder: Path, made: CallList, languages: Any = ("en",)) -> Any:
    return openpyxl.load_workbook(write_calls(made, folder / "calls.xlsx", SETTINGS, languages))


def head_row(sheet: Any) -> int:
    """Its row is the one above the frozen cells' first."""
    return int("".join(filter(str.isdigit, sheet.freeze_panes))) - 1


def cells(sheet: Any, row: int = 1) -> dict[str, Any]:
    """The cells of a row of the table, by their heads."""
    head = head_row(sheet)
    return {cell.value: sheet.cell(head + row, cell.column) for cell in sheet[head]}


def told(folder: Path, made: CallList, head: str, languages: Any = ("en",)) -> Any:
    sheet = book(folder, made, languages).worksheets[0]
    return cells(sheet)[head].value


# ------------------------------------------------------------------ what stands in it
def test_a_call_says_who_why_since_when_and_what_to_do(tmp_path: Path) -> None:
    row = {head: cell.value for head, cell in cells(book(tmp_path, listed({}))["A1"]).items()}
    assert row == {
        "No.": 1,
        "Client ID": "K1",
        "Name": "王小明",
        "Mobile": "+8613812345678",
        "Prefers": "Phone, Morning (9–12)",
        "Call by": "Today",
        "Why": "90.0% in S1, limit 50.0%.",
        "Since": dt.datetime(2026, 6, 1),
        "Act by": None,
        "What to do": "Sell 1,200 shares of S1. "
        "CNY\xa0250.0\xa0k in all, 40.0% of the holdings; fees CNY\xa0250.",
        "Reached on": None,
        "Outcome": None,
        "What was agreed": None,
        "Acknowledged": None,
    }


def test_each_advisor_has_a_sheet_and_clients_without_one_the_last(tmp_path: Path) -> None:
    made = listed({"whom": ""}, {"whom": "B", "client_id": "K2"}, {"whom": "A", "client_id": "K3"})
    assert book(tmp_path, made).sheetnames[:3] == ["A", "B", "No advisor"]


def test_without_identity_there_is_no_column_for_it(tmp_path: Path) -> None:
    opened = book(tmp_path, listed({}, identity="hidden"))
    heads = {cell.value for sheet in opened for cell in sheet[head_row(sheet)]}
    assert heads.isdisjoint({"Name", "Mobile", "Prefers"})


def test_the_further_reasons_are_named(tmp_path: Path) -> None:
    made = listed({"reasons": "concentration;level_expiring"})
    assert told(tmp_path, made, "Why").endswith("Also: Assessment about to expire.")


def test_an_alert_that_stood_already_when_looking_back_began_may_be_older(tmp_path: Path) -> None:
    assert told(tmp_path, listed({"since_open": True}), "Since") == "2026-06-01 or earlier"


def test_both_languages_stand_below_each_other(tmp_path: Path) -> None:
    made = book(tmp_path, listed({}), ("zh", "en"))
    assert cells(made["A1"])["联系时限\nCall by"].value == "今天\nToday"
    assert made.sheetnames == ["A1", "调整方案 Plan", "调整前后 Before and after"]


@pytest.mark.parametrize(
    ("edition", "note"),
    [
        ("2026-06-30", "Belongs to the risk review in reports/2026-06-30"),
        ("", "No risk review of this date stands in reports/"),
    ],
)
def test_it_says_to_which_edition_it_belongs_and_what_it_knows(
    tmp_path: Path, edition: str, note: str
) -> None:
    line = book(tmp_path, listed({}, edition=edition))["A1"]["A2"].value
    assert line.startswith(note)
    assert "2026-07-01 06:30" in line  # in the firm's time zone


def test_what_could_not_be_looked_at_is_said(tmp_path: Path) -> None:
    sheet = book(tmp_path, listed({}, absent=("no_balances",)))["A1"]
    assert "no cash and margin balances" in sheet["A3"].value


# ------------------------------------------------------------------ the plan
def test_orders_stand_in_lots_with_their_amounts(tmp_path: Path) -> None:
    row = {head: cell.value for head, cell in cells(book(tmp_path, listed({}))["Plan"]).items()}
    assert row == {
        "No.": 1,
        "Client ID": "K1",
        "Name": "王小明",
        "Step": 1,
        "Order": "Sell",
        "Security": "S1",
        "Security name": "云湾银行",
        "Level": "R4",
        "Lots": 12,
        "Quantity": 1200,
        "Price": 208.3333,
        "Amount (CNY)": 250_000,
        "Fee (CNY)": 250,
    }


def test_a_plan_tells_each_measure_before_and_after(tmp_path: Path) -> None:
    sheet = book(tmp_path, listed({}))["Before and after"]
    assert cells(sheet)["Largest security"].value == "90.0% → 50.0%\nlimit 50.0%"


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"status": "nothing_to_do"}, "Nothing to trade: every limit can be kept as it is."),
        ({"status": "not_planned"}, "No plan: nothing that is held has a price."),
        (
            {"status": "infeasible", "blocked_by": "margin;no_buys"},
            "Trading alone does not reach every limit: Margin ratio too low; without a valid level nothing "
            "may be offered.",
        ),
        ({"status": "planned", "repaid": 1000.0}, "Repay CNY\xa01.0\xa0k of what is owed."),
        (
            {"status": "nothing_to_do", "notes": "unpriced"},
            "Nothing to trade: every limit can be kept as it is. Holdings without a price stay as they are.",
        ),
    ],
)
def test_a_plan_without_orders_says_why(tmp_path: Path, plan: dict[str, Any], said: str) -> None:
    without = replace(plans(**plan), orders=pd.DataFrame(columns=list(ORDER)))
    assert told(tmp_path, listed({}, plans=without), "What to do") == said


def test_of_many_orders_the_first_stand_in_the_cell(tmp_path: Path) -> None:
    many = plans(*({"security_id": f"S{n}", "step": n} for n in range(1, 7)))
    text = told(tmp_path, listed({}, plans=many), "What to do")
    assert text.startswith(
        "Sell 1,200 shares of S1; sell 1,200 units of S2; sell 1,200 units of S3; 3 more on the sheet “Plan”."
    )


# ------------------------------------------------------------------ the cells
@pytest.mark.parametrize("evil", ['=HYPERLINK("http://a.example")', "+1+1", "-2", "@SUM(A1)", "\t=1"])
def test_nothing_in_a_cell_is_run(tmp_path: Path, evil: str) -> None:
    opened = book(tmp_path, listed({"full_name": evil, "client_id": "K1"}))
    for sheet in opened:
        cell = cells(sheet)["Name"]
        assert (cell.data_type, cell.value, cell.hyperlink) == ("s", evil, None)
        assert cell.quotePrefix


def test_only_what_is_to_be_filled_in_can_be_written(tmp_path: Path) -> None:
    sheet = book(tmp_path, listed({}))["A1"]
    unlocked = {head for head, cell in cells(sheet).items() if not cell.protection.locked}
    assert sheet.protection.sheet
    assert unlocked == {"Reached on", "Outcome", "What was agreed", "Acknowledged"}


def test_outcomes_are_chosen_and_dates_not_before_the_day(tmp_path: Path) -> None:
    rules = book(tmp_path, listed({}))["A1"].data_validations.dataValidation
    assert [(rule.type, rule.formula1) for rule in rules] == [
        ("date", "46203"),
        ("list", '"Agreed,Declined,Call back,Not reached"'),
        ("list", '"Yes,No"'),
    ]


def test_it_is_ready_to_be_printed(tmp_path: Path) -> None:
    sheet = book(tmp_path, listed({}))["A1"]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == f"${head_row(sheet)}:${head_row(sheet)}"


# ------------------------------------------------------------------ the file
def test_the_same_list_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write_calls(listed({}), tmp_path / f"{n}.xlsx", SETTINGS) for n in (1, 2))
    assert one.read_bytes() == other.read_bytes()


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    assert stat.S_IMODE(write_calls(listed({}), tmp_path / "c.xlsx", SETTINGS).stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(Unwritable, match="cannot be written"):
        write_calls(listed({}), tmp_path / "file" / "c.xlsx", SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not here")
def test_libreoffice_opens_it_and_finds_its_texts(tmp_path: Path) -> None:
    file = write_calls(listed({"full_name": "=1+1"}), tmp_path / "calls.xlsx", SETTINGS, ("zh", "en"))
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = ["soffice", "--headless", home, "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1"]
    subprocess.run([*command, "--outdir", tmp_path, file], check=True, capture_output=True, timeout=120)
    text = (tmp_path / "calls.csv").read_text("utf-8")
    assert "=1+1" in text
    assert "A1 · 联系名单（截至2026-06-30） · Call list as of 2026-06-30" in text
