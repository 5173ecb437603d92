"""FAR-Trans: the real folder comes in whole, and what the source lacks is said, not invented."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clientlib import config
from clientlib.errors import IntakeError
from clientlib.intake import CheckResult, check_file

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "far-trans"
needs_real_data = pytest.mark.skipif(not REAL.exists(), reason="FAR-Trans is not beside the repository")

CUSTOMERS = """customerID,customerType,riskLevel,investmentCapacity,lastQuestionnaireDate,timestamp
A,Premium,Balanced,CAP_80K_300K,2021-11-30,2021-03-19
A,Premium,Balanced,CAP_80K_300K,2021-11-30,2022-01-21
B,Mass,Predicted_Income,Predicted_CAP_LT30K,2000-01-01,2018-01-02
C,Legal Entity,Not_Available,Not_Available,2018-05-02,2018-06-01
D,Inactive,Aggressive,CAP_GT300K,2019-01-01,2019-02-01
E,Professional,Conservative,CAP_30K_80K,2019-01-01,2019-02-01
"""
ASSETS = """ISIN,assetName,assetShortName,assetCategory,assetSubCategory,marketID,sector,industry,timestamp
S1,Old name,X,Stock,,XATH,Energy,,2018-01-01
S1,New name,X,Stock,,XATH,Energy,,2020-01-01
M1,Cash fund,Y,MTF,Money Market,AEDAK,,,2018-01-01
B1,,GREEK BOND,Bond,Government,XATH,,,2018-01-01
"""
LIMITS = """ISIN,minDate,maxDate,priceMinDate,priceMaxDate,profitability
S1,2018-01-02,2022-11-29,3.33,4.165,0.25
M1,2018-01-02,2018-01-02,1.5,1.5,0
"""
CLOSES = "ISIN,timestamp,closePrice\nS1,2022-11-28,4.1\nS1,2022-11-29,4.165\n"
TRANSACTIONS = """customerID,ISIN,transactionID,transactionType,timestamp,totalValue,units,channel,marketID
A,S1,T1,Buy,2022-03-01,300.0,90.0,Internet Banking,XATH
A,S1,T2,Sell,2022-04-01,100.0,30.0,Phone Banking,XATH
B,S1,T3,Buy,2022-05-01,50.0,0.0,Branch,XATH
A,S1,T1,Buy,2022-03-01,300.0,90.0,Internet Banking,XATH
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"customer_information": CUSTOMERS, "asset_information": ASSETS, "limit_prices": LIMITS}
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def checked(folder: Path) -> CheckResult:
    return check_file(folder, reader="far-trans")


def rows(result: CheckResult, area: str, *fields: str) -> list[tuple[Any, ...]]:
    return result.accepted[area].select(fields).rows()


def test_every_record_is_a_dated_row_of_its_client(checked: CheckResult) -> None:
    assert rows(checked, "clients", "client_id", "client_type", "status", "client_group") == [
        ("A", "individual", "active", "Premium"),
        ("A", "individual", "active", "Premium"),
        ("B", "individual", "active", "Mass"),
        ("C", "institution", "active", "Legal Entity"),
        ("D", None, "dormant", "Inactive"),
        ("E", "individual", "active", "Professional"),
    ]


def test_what_an_anonymised_source_cannot_have_is_empty_pending_and_explained(checked: CheckResult) -> None:
    clients = checked.accepted["clients"]
    assert clients.select(pl.col("full_name", "id_number", "birth_date", "branch").count()).row(0) == (
        0,
        0,
        0,
        0,
    )
    assert clients.get_column("_pending").all()
    assert clients.get_column("remarks").str.contains("anonymised").all()


def test_a_record_is_dated_on_the_same_day_in_every_time_zone(checked: CheckResult) -> None:
    assert checked.accepted["clients"].item(0, "updated_at") == dt.datetime(2021, 3, 19, 12, tzinfo=dt.UTC)


def test_levels_follow_the_scheme_and_predicted_ones_say_so(checked: CheckResult) -> None:
    assert rows(
        checked, "preferences", "client_id", "assessed_on", "risk_level", "level_source", "_pending"
    ) == [
        ("A", dt.date(2021, 11, 30), "C3", "assessed", False),
        ("B", dt.date(2018, 1, 2), "C2", "predicted", False),
        ("C", dt.date(2018, 5, 2), None, None, True),
        ("D", dt.date(2019, 1, 1), "C4", "assessed", False),
        ("E", dt.date(2019, 1, 1), "C1", "assessed", False),
    ]


def test_the_placeholder_date_is_explained_in_the_remarks(checked: CheckResult) -> None:
    remarks = dict(rows(checked, "preferences", "client_id", "remarks"))
    assert "placeholder" in remarks["B"]
    assert remarks["A"] is None


def test_records_of_one_questionnaire_are_merged_openly(checked: CheckResult) -> None:
    merged = checked.findings.filter((pl.col("area") == "preferences") & (pl.col("rule") == "merged_row"))
    assert merged.select("row", "severity").rows() == [(2, "notice")]
    assert "row 3" in merged.item(0, "message_en")


def test_capacity_bands_are_kept_word_for_word(checked: CheckResult) -> None:
    bands = [band for _, band in rows(checked, "finances", "client_id", "capacity_band")]
    assert bands == ["CAP_80K_300K", "CAP_80K_300K", "Predicted_CAP_LT30K", None, "CAP_GT300K", "CAP_30K_80K"]
    assert checked.accepted["finances"].get_column("currency").unique().to_list() == ["EUR"]


def test_the_newest_record_of_a_security_counts_and_its_risk_is_derived(checked: CheckResult) -> None:
    assert rows(checked, "securities", "security_id", "name", "asset_class", "risk_level") == [
        ("S1", "New name", "stock", "R4"),
        ("M1", "Cash fund", "money_market", "R1"),
        ("B1", "GREEK BOND", "bond", "R2"),
    ]
    assert checked.accepted["securities"].get_column("remarks").str.contains("derived").all()


def test_the_risk_of_a_category_is_a_setting(folder: Path) -> None:
    settings = config.load()
    far_trans = settings.intake.far_trans.model_copy(update={"risk_levels": {"Stock": "R5"}})
    intake = settings.intake.model_copy(update={"far_trans": far_trans})
    result = check_file(folder, reader="far-trans", settings=settings.model_copy(update={"intake": intake}))
    assert result.accepted["securities"].filter(security_id="S1").item(0, "risk_level") == "R5"


def test_limit_prices_give_two_prices_a_security(checked: CheckResult) -> None:
    assert sorted(rows(checked, "prices", "security_id", "date", "close")) == [
        ("M1", dt.date(2018, 1, 2), 1.5),
        ("S1", dt.date(2018, 1, 2), 3.33),
        ("S1", dt.date(2022, 11, 29), 4.165),
    ]


def test_close_prices_are_read_instead_where_they_are(folder: Path) -> None:
    (folder / "close_prices.csv").write_text(CLOSES, "utf-8")
    result = check_file(folder, reader="far-trans")
    assert rows(result, "prices", "date", "close") == [
        (dt.date(2022, 11, 28), 4.1),
        (dt.date(2022, 11, 29), 4.165),
    ]
    assert "not_needed" in result.findings.filter(file="limit_prices.csv").get_column("rule")


def test_transactions_become_trades(folder: Path) -> None:
    (folder / "transactions.csv").write_text(TRANSACTIONS, "utf-8")
    result = check_file(folder, reader="far-trans")
    noon = dt.datetime(2022, 3, 1, 12, tzinfo=dt.UTC)
    fields = ("trade_id", "traded_at", "side", "quantity", "amount", "channel", "currency")
    assert rows(result, "trades", *fields)[0] == ("T1", noon, "buy", 90.0, 300.0, "web", "EUR")
    assert result.accepted["trades"].item(0, "price") == pytest.approx(300 / 90)
    assert set(result.errors.select("row", "rule").rows()) == {(4, "above"), (4, "required"), (5, "repeat")}


def test_absent_files_are_named(checked: CheckResult) -> None:
    absent = checked.findings.filter(rule="file_absent").get_column("file").to_list()
    assert absent == ["transactions.csv", "close_prices.csv"]


def test_a_folder_without_its_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match=r"no FAR-Trans file here.*customer_information\.csv"):
        check_file(tmp_path, reader="far-trans")


def test_a_missing_column_is_refused(folder: Path) -> None:
    (folder / "asset_information.csv").write_text("ISIN,assetName\nA,B\n", "utf-8")
    with pytest.raises(IntakeError, match=r"asset_information\.csv: the column assetShortName is missing"):
        check_file(folder, reader="far-trans")


def test_a_level_outside_the_scheme_is_refused_with_its_value(folder: Path) -> None:
    (folder / "customer_information.csv").write_text(CUSTOMERS.replace("Balanced", "Daring"), "utf-8")
    errors = check_file(folder, reader="far-trans").errors
    assert errors.select("field", "value", "rule").unique().rows() == [("risk_level", "Daring", "code")]


# ------------------------------------------------------------------------- the real folder
@pytest.fixture(scope="module")
def real() -> CheckResult:
    return check_file(REAL, reader="far-trans")


@needs_real_data
def test_all_real_clients_are_accepted(real: CheckResult) -> None:
    assert real.accepted["clients"].get_column("client_id").n_unique() == 29_090
    assert real.rejected == {}


@needs_real_data
def test_every_real_record_is_a_row_or_named_as_merged(real: CheckResult) -> None:
    records = 32_468  # lines of customer_information.csv below its header
    merged = real.findings.filter(area="preferences", rule="merged_row").height
    assert real.accepted["clients"].height == real.accepted["finances"].height == records
    assert real.accepted["preferences"].height + merged == records
    assert real.accepted["securities"].height == 806


@needs_real_data
def test_the_placeholder_date_stands_with_predicted_levels_only(real: CheckResult) -> None:
    undated = pl.col("remarks").str.contains("placeholder").fill_null(False)
    found = real.accepted["preferences"].group_by(undated.alias("undated"), "level_source").len()
    assert set(found.rows()) == {
        (True, "predicted", 7_274),
        (True, None, 1),
        (False, "assessed", 21_629),
        (False, None, 343),
    }
