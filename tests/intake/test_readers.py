"""Files in every form that hand-ins come in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter  # type: ignore[import-untyped]

from clientlib.errors import IntakeError, Words
from clientlib.intake import check_file, messages
from clientlib.tables import AREAS

Trade = Callable[..., dict[str, str]]
Write = Callable[..., Path]
TITLES_ZH = [AREAS["trades"].field(name).title_zh for name in ("trade_id", "client_id", "traded_at")]


def in_titles(language: str) -> list[str]:
    fields = {f.name: f for f in AREAS["trades"].fields}
    return [f.title(language) for f in fields.values()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_in_every_encoding_is_read(a_trade: Trade, write_csv: Write, encoding: str) -> None:
    path = write_csv([a_trade(remarks="电话确认，客户要求减仓")], encoding=encoding)
    assert check_file(path).accepted["trades"].item(0, "remarks") == "电话确认，客户要求减仓"


def test_gb18030_is_said_in_a_notice(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(write_csv([a_trade(remarks="电话确认")], encoding="gb18030"))
    assert result.findings.get_column("rule").to_list() == ["encoding"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_separator_is_found(a_trade: Trade, write_csv: Write, delimiter: str) -> None:
    result = check_file(write_csv([a_trade()], delimiter=delimiter))
    assert result.rows_accepted == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_header_in_titles_is_read(a_trade: Trade, write_csv: Write, language: str) -> None:
    path = write_csv([a_trade()], header=in_titles(language))
    assert check_file(path).accepted["trades"].item(0, "security_id") == "600000.SH"


def test_a_header_is_read_whatever_its_case_and_spaces(a_trade: Trade, write_csv: Write) -> None:
    header = [title.upper().replace(" ", "  ") + " *" for title in in_titles("en")]
    assert check_file(write_csv([a_trade()], header=header)).rows_accepted == 1


def test_the_area_is_found_by_the_header_and_said_so(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(write_csv([a_trade()], name="export_2026.csv"))
    assert list(result.accepted) == ["trades"]
    assert result.findings.get_column("rule").to_list() == ["area_guessed"]


@pytest.mark.parametrize(
    "name", ["trades.csv", "交易记录.csv", "2026-06 交易记录 海淀.csv", "TRADES_2026-06.csv"]
)
def test_the_area_is_found_by_the_name_of_the_file(a_trade: Trade, write_csv: Write, name: str) -> None:
    assert check_file(write_csv([a_trade()], name=name)).findings.is_empty()


def test_an_unknown_column_is_a_notice_that_names_the_nearest_field(a_trade: Trade, write_csv: Write) -> None:
    result = check_file(write_csv([a_trade() | {"fees": "3"}]))
    finding = result.findings.row(0, named=True)
    assert (finding["rule"], finding["severity"]) == ("unknown_column", "notice")
    assert "Fee (费用)" in finding["message_en"]


def test_a_missing_required_column_is_a_notice_and_refuses_its_rows(a_trade: Trade, write_csv: Write) -> None:
    row = a_trade()
    del row["price"]
    result = check_file(write_csv([row]))
    assert result.findings.get_column("rule").to_list() == ["missing_column", "required"]
    assert result.rows_rejected == 1


def test_a_column_without_a_title_is_not_lost_silently(a_trade: Trade, write_csv: Write) -> None:
    path = write_csv([a_trade() | {"": "what is this"}])
    assert "blank_header" in check_file(path).findings.get_column("rule")


def test_rows_are_counted_as_a_person_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("security_id,date,close\nA,2026-01-05,1\n\nB,2026-01-05,2\n,,\nC,2026-01-05,3\n", "utf-8")
    assert check_file(path).accepted["prices"].get_column("_row").to_list() == [2, 4, 6]


def test_a_quoted_line_end_does_not_shift_the_rows(a_trade: Trade, write_csv: Write) -> None:
    path = write_csv([a_trade(1, remarks='two\nlines, and "quotes"'), a_trade(2)])
    accepted = check_file(path).accepted["trades"]
    assert accepted.get_column("_row").to_list() == [2, 3]
    assert accepted.item(0, "remarks") == 'two\nlines, and "quotes"'


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_every_line_end_is_read(tmp_path: Path, line_end: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(line_end.join(["security_id,date,close", "A,2026-01-05,1", "B,2026-01-05,2"]).encode())
    assert check_file(path).rows_accepted == 2


def test_an_unquoted_comma_refuses_only_its_row(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("security_id,date,close\nA,2026-01-05,1,000\nB,2026-01-05,2\n", "utf-8")
    result = check_file(path)
    assert result.accepted["prices"].get_column("security_id").to_list() == ["B"]
    assert result.errors.get_column("rule").to_list() == ["too_many_cells"]


def test_a_row_without_its_last_cells_is_read_and_said_so(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("security_id,date,close,remarks\nA,2026-01-05,1\nB,2026-01-05,2,\n", "utf-8")
    result = check_file(path)
    assert result.rows_accepted == 2
    assert result.findings.select("row", "rule").rows() == [(2, "short_row")]


def test_a_file_that_ends_in_the_middle_of_a_row_refuses_that_row(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("security_id,date,close,remarks\nA,2026-01-05,100,\nB,2026-01-05,1", "utf-8")
    result = check_file(path)
    assert result.errors.select("row", "rule").rows() == [(3, "cut_off")]


def test_loose_quotation_marks_stay_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "securities.csv"
    path.write_text(
        'security_id,name,asset_class,risk_level,currency\nA,5" pipes,stock,R3,CNY\nB,6" '
        "pipes,stock,R3,CNY\n",
        "utf-8",
    )
    assert check_file(path).accepted["securities"].get_column("name").to_list() == ['5" pipes', '6" pipes']


# ------------------------------------------------------------------------------ workbooks
def test_no_digit_plus_sign_or_leading_zero_is_lost_in_a_workbook(write_workbook: Write) -> None:
    header = ["client_id", "mobile", "postcode", "marketing_consent", "updated_at"]
    rows = [
        header,
        ["007", "+8613812345678", "001234", "no", dt.datetime(2026, 3, 21, 10, 31)],
        ["008", 13912345678, "200000", "否", "2026-03-21 10:31"],
    ]
    accepted = check_file(write_workbook({"contacts": rows})).accepted["contacts"]
    assert accepted.select("client_id", "mobile", "postcode").rows() == [
        ("007", "+8613812345678", "001234"),
        ("008", "+8613912345678", "200000"),
    ]
    assert accepted.get_column("updated_at").n_unique() == 1


def test_numbers_in_a_workbook_keep_all_their_digits(write_workbook: Write) -> None:
    closes = [0.1 + 0.2, 1.23456789e-11, 1e15, 12345.6789, 7]
    rows = [
        ["security_id", "date", "close"],
        *([f"S{i}", dt.date(2026, 1, 5), c] for i, c in enumerate(closes)),
    ]
    accepted = check_file(write_workbook({"prices": rows})).accepted["prices"]
    assert accepted.get_column("close").to_list() == pytest.approx(closes, rel=1e-14)
    assert accepted.get_column("date").unique().to_list() == [dt.date(2026, 1, 5)]


@pytest.mark.parametrize("title", ["volume", "Volume", "成交量"])
def test_the_volume_of_a_day_is_read_from_text_and_workbook_and_may_be_left_out(
    write_csv: Write, write_workbook: Write, title: str
) -> None:
    header = ["security_id", "date", "close", title]
    rows = [["A", "2026-01-05", "1", "1250000"], ["B", "2026-01-05", "1", ""], ["C", "2026-01-05", "1", "0"]]
    text = write_csv([dict(zip(header, row, strict=True)) for row in rows], name="prices.csv")
    for path in (text, write_workbook({"prices": [header, *rows]})):
        accepted = check_file(path).accepted["prices"].sort("security_id")
        assert accepted.get_column("volume").to_list() == [1_250_000, None, 0]


def test_a_negative_volume_is_refused(write_workbook: Write) -> None:
    rows = [["security_id", "date", "close", "volume"], ["A", dt.date(2026, 1, 5), 1, -5]]
    assert check_file(write_workbook({"prices": rows})).errors.get_column("field").to_list() == ["volume"]


def test_a_date_that_lost_its_format_is_refused_with_the_date_it_would_be(write_workbook: Write) -> None:
    result = check_file(write_workbook({"prices": [["security_id", "date", "close"], ["A", 45000, 1]]}))
    finding = result.errors.row(0, named=True)
    assert (finding["rule"], finding["value"]) == ("date_serial", "45000")
    assert "2023-03-15" in finding["message_en"]


def test_all_sheets_of_a_workbook_are_read(a_trade: Trade, write_workbook: Write) -> None:
    trade = a_trade()
    sheets = {
        "交易记录": [list(trade), list(trade.values())],
        "Prices": [["证券代码", "日期", "收盘价"], ["A", "2026-01-05", 3]],
    }
    result = check_file(write_workbook(sheets))
    assert {area: frame.height for area, frame in result.accepted.items()} == {"trades": 1, "prices": 1}
    assert result.accepted["prices"].item(0, "_sheet") == "Prices"


def test_rows_of_a_sheet_that_is_no_area_are_handed_back(write_workbook: Write) -> None:
    sheets = {
        "prices": [["security_id", "date", "close"], ["A", "2026-01-05", 3]],
        "notes": [["to do", "who"], ["call Ann", "Ben"]],
    }
    result = check_file(write_workbook(sheets))
    assert result.rejected["unrecognised"].row(0) == ("call Ann", "Ben", "hand-in.xlsx", "notes", 2)
    assert result.rows_in == 2


def test_a_hidden_sheet_of_lists_is_left_aside_and_said_so(write_workbook: Write) -> None:
    sheets = {"prices": [["security_id", "date", "close"], ["A", "2026-01-05", 3]], "lists": [["a"], ["b"]]}
    result = check_file(write_workbook(sheets, hidden=["lists"]))
    assert result.rows_in == 1
    assert result.findings.get_column("rule").to_list() == ["hidden_sheet"]


def test_a_sheet_without_its_key_refuses_its_rows_and_spares_the_others(write_workbook: Write) -> None:
    sheets = {
        "prices": [["security_id", "date", "close"], ["A", "2026-01-05", 3]],
        "trades": [["trade no", "client_id", "quantity"], ["T1", "C1", 5]],
    }
    result = check_file(write_workbook(sheets))
    assert result.rows_accepted == 1
    assert result.errors.get_column("rule").to_list() == ["wrong_header"]
    told = result.errors.row(0, named=True)
    assert '(成交编号) is missing. Is it "trade no"?' in told["message_en"]
    assert "缺少“成交编号”（Trade ID）列。是否就是“trade no”列？" in told["message_zh"]


def test_a_title_with_a_control_character_does_not_upset_what_is_said_of_its_header() -> None:
    wrong = messages.in_one(Words("en\x1fen", "zh"))
    assert messages.of_row("wrong_header", wrong) == ("en en", "zh")


def test_an_error_in_a_cell_is_not_taken_for_an_empty_cell(write_workbook: Write, tmp_path: Path) -> None:
    path = tmp_path / "prices.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("prices")
    sheet.write_row(0, 0, ["security_id", "date", "close", "remarks"])
    sheet.write_row(1, 0, ["A", "2026-01-05"])
    sheet.write_formula(1, 2, "=1/0", value="#DIV/0!")
    sheet.write(1, 3, "the price is pending")
    book.close()
    finding = check_file(path).errors.row(0, named=True)
    assert (finding["field"], finding["rule"]) == ("close", "cell_error")
    assert "#DIV/0!" in finding["message_en"]


# --------------------------------------------------------------------- parquet and folders
def test_a_parquet_file_with_types_is_read(tmp_path: Path) -> None:
    path = tmp_path / "trades.parquet"
    moment = dt.datetime(2026, 3, 21, 2, 31, 0, 123456, tzinfo=dt.UTC)
    pl.DataFrame(
        {
            "trade_id": ["T1"],
            "client_id": ["C1"],
            "traded_at": [moment],
            "security_id": ["S"],
            "side": ["buy"],
            "quantity": [3],
            "price": [0.1],
            "amount": [0.3],
            "currency": ["CNY"],
        }
    ).write_parquet(path)
    accepted = check_file(path).accepted["trades"]
    assert accepted.select("traded_at", "quantity", "price", "_row").row(0) == (moment, 3.0, 0.1, 2)


def test_a_folder_is_read_file_by_file_and_what_is_no_table_is_named(
    a_trade: Trade, write_csv: Write
) -> None:
    folder = write_csv([a_trade(1)], name="in/trades_1.csv").parent
    write_csv([a_trade(2)], name="in/trades_2.csv")
    (folder / "readme.md").write_text("hello", "utf-8")
    result = check_file(folder)
    assert result.accepted["trades"].get_column("_file").to_list() == ["trades_1.csv", "trades_2.csv"]
    assert result.findings.select("file", "rule").rows() == [("readme.md", "file_ignored")]


def test_a_template_without_rows_beside_others_is_a_notice(a_trade: Trade, write_csv: Write) -> None:
    folder = write_csv([a_trade(1)], name="in/trades.csv").parent
    (folder / "prices.csv").write_text("security_id,date,close\n", "utf-8")
    result = check_file(folder)
    assert result.findings.select("file", "rule").rows() == [("prices.csv", "no_rows")]


def test_accepted_frames_have_the_declared_types_in_the_declared_order(
    a_trade: Trade, write_csv: Write
) -> None:
    accepted = check_file(write_csv([a_trade()])).accepted["trades"]
    declared = [(f.name, f.dtype) for f in AREAS["trades"].fields]
    place = [
        ("_file", pl.String()),
        ("_sheet", pl.String()),
        ("_row", pl.UInt32()),
        ("_pending", pl.Boolean()),
    ]
    assert list(accepted.schema.items()) == declared + place


def test_an_unknown_reader_is_refused_with_the_names_there_are(a_trade: Trade, write_csv: Write) -> None:
    with pytest.raises(IntakeError, match="auto, far-trans"):
        check_file(write_csv([a_trade()]), reader="sap")
