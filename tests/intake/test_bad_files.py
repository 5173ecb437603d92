"""Files that cannot be taken as a whole: each ends in one sentence that says what, where, and the mend."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from clientlib import config
from clientlib.errors import IntakeError
from clientlib.intake import check_file

PRICES = "security_id,date,close\nA,2026-01-05,1\n"
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
Write = Callable[..., Path]


def put(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("prices.csv", b"", "is empty"),
        ("prices.xlsx", b"", "is empty"),
        ("prices.csv", "security_id,date,close\n", "no row below it"),
        ("prices.csv", "\n\n" + PRICES, "first row is empty"),
        ("data.csv", "张三,13812345678,北京\n李四,13912345678,上海\n", "row 1 is no header"),
        ("data.csv", "securty id,dates,closing\nA,2026-01-05,1\n", "nearest to Security ID"),
        (
            "prices.csv",
            "security_id,dat,close\nA,2026-01-05,1\n",
            r'Is it "dat"\? Rename that to Date or 日期',
        ),
        ("prices.csv", "security_id,date,close,收盘价\nA,2026-01-05,1,1\n", r"Close \(收盘价\) stands twice"),
        ("prices.xlsx", PRICES, "is not an Excel workbook. If it is text, rename it to .csv"),
        ("prices.parquet", PRICES, "is not a Parquet file"),
        ("prices.csv", b"PK\x03\x04rest", "Rename it to .xlsx"),
        ("prices.csv", b"%PDF-1.7", "a PDF document"),
        ("prices.xlsx", OLE2 + b"\0" * 90 + "EncryptedPackage".encode("utf-16-le"), "locked by a password"),
        ("prices.xlsx", OLE2 + b"\0" * 90, "old Excel"),
        ("prices.xls", OLE2, "save it as .xlsx"),
        ("prices.docx", b"PK\x03\x04", "CSV, Excel"),
        ("prices.xlsx", b"PK\x03\x04 cut off", "damaged"),
        ("prices.parquet", b"PAR1 cut off", "cut off"),
        ("prices.csv", PRICES + "B,2026-01-06,2\0\n", r"row 3: there is a NUL byte \(byte 52 "),
        (
            "prices.csv",
            PRICES.encode() + "B,2026-01-06,收盘".encode() + b"\xff\n",
            "row 3: byte 57 .* not UTF-8",
        ),
        ("prices.csv", PRICES.encode("utf-16"), "UTF-16"),
        (
            "prices.csv",
            'security_id,date,close\nA,2026-01-05,1\nB,"2026-01-05,2\nC,2026-01-05,3\n',
            "row 3 .*never",
        ),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(
    tmp_path: Path, name: str, content: bytes | str, says: str
) -> None:
    with pytest.raises(IntakeError, match=says) as caught:
        check_file(put(tmp_path, name, content))
    assert str(caught.value).startswith(name.split(".")[0])


def test_a_header_that_is_a_clients_data_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(IntakeError) as caught:
        check_file(put(tmp_path, "data.csv", "张三,13812345678\n李四,13912345678\n"))
    assert "张三" not in str(caught.value)
    assert "13812345678" not in str(caught.value)


def test_a_broken_byte_in_chinese_text_of_the_old_encoding_is_named(tmp_path: Path) -> None:
    text = "证券代码,日期,收盘价,备注\n" + "A,2026-01-05,1,收盘后更新的价格\n" * 3
    with pytest.raises(IntakeError, match=r"row 5: byte \d+ of the file is not GB18030"):
        check_file(put(tmp_path, "prices.csv", text.encode("gb18030") + b"B,2026-01-05,2,\xff\xff\n"))


def test_western_text_is_not_taken_for_chinese(tmp_path: Path) -> None:
    text = "security_id,date,close,remarks\nA,2026-01-05,1,Müller\n"
    with pytest.raises(IntakeError, match="not UTF-8"):
        check_file(put(tmp_path, "prices.csv", text.encode("cp1252")))


def test_a_file_larger_than_allowed_is_not_opened(tmp_path: Path) -> None:
    limits = config.load().intake.model_copy(update={"max_file_mb": 0})
    settings = config.load().model_copy(update={"intake": limits})
    with pytest.raises(IntakeError, match="MB that are allowed"):
        check_file(put(tmp_path, "prices.csv", PRICES * 100), settings=settings)


def bomb(path: Path, stated: int | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 3_000_000)
    if stated is not None:
        # Lie about the unpacked size, in the local header and in the directory at the end.
        lie, truth = stated.to_bytes(4, "little"), (3_000_000).to_bytes(4, "little")
        path.write_bytes(path.read_bytes().replace(truth, lie))
    return path


@pytest.mark.parametrize("stated", [None, 10])
def test_a_workbook_that_unpacks_to_too_much_is_not_read(tmp_path: Path, stated: int | None) -> None:
    limits = config.load().intake.model_copy(update={"max_unpacked_mb": 1})
    settings = config.load().model_copy(update={"intake": limits})
    with pytest.raises(IntakeError, match="unpacked, the workbook is larger"):
        check_file(bomb(tmp_path / "prices.xlsx", stated), settings=settings)


def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("prices.csv", PRICES)
    with pytest.raises(IntakeError, match="no Excel workbook"):
        check_file(path)


def test_a_workbook_without_an_area_is_refused(write_workbook: Write) -> None:
    with pytest.raises(IntakeError, match="row 1 is no header"):
        check_file(write_workbook({"Sheet1": [["q", "w"], ["1", "2"]]}))


@pytest.mark.parametrize("alone", [True, False])
def test_a_header_below_a_title_is_found(
    a_trade: Callable[..., dict[str, str]], write_workbook: Write, alone: bool
) -> None:
    rows = [["Trades of March"], [], list(a_trade()), list(a_trade().values())]
    with pytest.raises(IntakeError, match=r"the header stands in row 3, .*Delete the rows above it"):
        check_file(write_workbook({"trades": rows} | ({} if alone else {"notes": [["to do"], ["x"]]})))


def test_a_number_in_place_of_a_title_is_masked(
    a_trade: Callable[..., dict[str, str]], write_csv: Write
) -> None:
    found = check_file(write_csv([a_trade() | {"13812345678": "x"}])).findings
    assert "13812345678" not in str(found.select("message_en", "message_zh", "value").rows())


def test_an_empty_workbook_is_refused(write_workbook: Write) -> None:
    with pytest.raises(IntakeError, match="the workbook is empty"):
        check_file(write_workbook({"trades": []}))


def test_among_others_an_empty_workbook_is_only_noticed(
    a_trade: Callable[..., dict[str, str]], write_csv: Write, write_workbook: Write, tmp_path: Path
) -> None:
    write_csv([a_trade()])
    write_workbook({"trades": []})
    result = check_file(tmp_path)
    assert result.rows_in == 1
    assert result.findings["rule"].to_list() == ["empty_workbook"]


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "notes.md", "hello")
    with pytest.raises(IntakeError, match="no file in this folder can be read"):
        check_file(tmp_path)


def test_a_path_where_nothing_is_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="no such file or folder"):
        check_file(tmp_path / "prices.csv")


def test_far_trans_read_as_if_it_were_ours_names_its_reader(tmp_path: Path) -> None:
    header = "customerID,customerType,riskLevel,investmentCapacity,lastQuestionnaireDate,timestamp\n"
    with pytest.raises(IntakeError, match="--reader far-trans"):
        check_file(
            put(tmp_path, "customer_information.csv", header + "A,Mass,Income,X,2018-01-01,2018-01-01\n")
        )
