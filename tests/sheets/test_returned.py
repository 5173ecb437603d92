"""The workbook that comes back: wrong cells marked, all else as it was, marks of an earlier check gone."""

from __future__ import annotations

import stat
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from clientlib.errors import Unwritable
from clientlib.intake import CheckResult, check_file
from clientlib.intake.tables_in import RawTable
from clientlib.sheets.looks import ERROR_FILL, NOTICE_FILL
from clientlib.sheets.returned import Marked, Unmarkable, mark_workbook
from clientlib.sheets.tally import Outcome
from clientlib.sheets.template import write_template
from clientlib.tables import AREAS
from tests.sheets.spreadsheets import convert

GREEN = "FF00B050"
Hand = tuple[Path, CheckResult]
WriteTrades = Callable[..., Path]


def marked(hand: Hand, **options: Any) -> Path:
    """The workbook as it comes back."""
    path, result = hand
    target = path.with_name("back" + path.suffix)
    mark_workbook(path, result.findings, target, **{"language": "zh", **options})
    return target


def opened(path: Path, *, values: bool = False) -> Workbook:
    return openpyxl.load_workbook(path, data_only=values, rich_text=False)


def trades(path: Path, *, values: bool = False) -> Worksheet:
    sheet = opened(path, values=values)["交易记录"]
    assert isinstance(sheet, Worksheet)
    return sheet


def colour(cell: Any) -> str | None:
    return str(cell.fill.fgColor.rgb) if cell.fill.patternType == "solid" else None


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def mended(path: Path, cells: dict[str, Any]) -> Path:
    """The workbook with some cells typed anew, as a program would save it."""
    book = opened(path)
    for place, value in cells.items():
        book["交易记录"][place] = value
    target = path.with_name("mended.xlsx")
    book.save(target)
    return target


# --------------------------------------------------------------------------------- marks
@pytest.mark.parametrize("place", ["F3", "E4", "I5"])
def test_a_wrong_cell_is_coloured(checked: Hand, place: str) -> None:
    assert colour(trades(marked(checked))[place]) == f"FF{ERROR_FILL[1:]}"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_wrong_cell_says_what_is_wrong_and_the_mend(checked: Hand, language: str) -> None:
    comment = trades(marked(checked, language=language))["F3"].comment
    assert comment is not None
    assert checked[1].errors[f"message_{language}"][0] in comment.text


def test_no_other_cell_is_marked(checked: Hand) -> None:
    cells = [cell for row in trades(marked(checked)).iter_rows() for cell in row]
    touched = {cell.coordinate for cell in cells if cell.comment or colour(cell)}
    assert touched == {"F3", "E4", "I5"}


def test_a_notice_has_a_colour_of_its_own(checked: Hand) -> None:
    path, result = checked
    notice = result.findings.head(1).with_columns(severity=pl.lit("notice"))
    target = path.with_name("back.xlsx")
    mark_workbook(path, notice, target, language="en")
    assert colour(trades(target)["F3"]) == f"FF{NOTICE_FILL[1:]}"


def test_a_finding_of_a_whole_row_stands_at_its_first_cell(write_trades: WriteTrades) -> None:
    path = write_trades(3, {(3, "trade_id"): "T2"})
    back = marked((path, check_file(path)))
    assert trades(back)["A3"].comment is not None


def test_two_findings_of_a_cell_share_a_comment(checked: Hand) -> None:
    path, result = checked
    again = result.errors.head(1).with_columns(rule=pl.lit("other"), message_zh=pl.lit("另一处"))
    target = path.with_name("back.xlsx")
    mark_workbook(path, pl.concat([result.findings, again]), target, language="zh")
    comment = trades(target)["F3"].comment
    assert comment is not None
    assert comment.text.count("• ") == 2


def test_columns_are_found_where_the_first_one_is_empty(write_trades: WriteTrades) -> None:
    def shift(book: Any, page: Any) -> None:
        moved = book.add_worksheet("证券")
        titles = ["证券代码", "证券名称", "资产类别", "产品风险等级", "币种"]
        moved.write_row(0, 1, titles)
        moved.write_row(1, 1, ["S1", "甲", "股票", "R9", "CNY"])

    path = write_trades(1, decorate=shift)
    result = check_file(path)
    assert result.errors["field"].to_list() == ["risk_level"]
    assert opened(marked((path, result)))["证券"]["E2"].comment is not None


def test_columns_that_a_person_settled_are_found(write_trades: WriteTrades) -> None:
    def untitled(_: Any, page: Any) -> None:
        page.write(0, 5, "数目")

    path = write_trades(2, {(2, "quantity"): "x"}, decorate=untitled)
    finding = check_file(write_trades(2, {(2, "quantity"): "x"}, name="titled.xlsx")).findings
    target = path.with_name("back.xlsx")

    def settled(table: RawTable) -> RawTable:
        return replace(table, header=tuple(title.replace("数目", "quantity") for title in table.header))

    mark_workbook(path, finding, target, language="en", settled=settled)
    assert trades(target)["F2"].comment is not None


def test_without_a_client_number_the_comment_stands_at_what_tells_whose_the_row_is(
    write_trades: WriteTrades,
) -> None:
    path = write_trades(1, decorate=lambda _, page: page.write(0, 1, "手机号码"))
    finding = check_file(write_trades(1, {(2, "client_id"): None}, name="numbered.xlsx")).findings
    target = path.with_name("back.xlsx")
    mark_workbook(path, finding, target, language="en")
    assert [cell.coordinate for cell in _commented(target)] == ["B2"]


def test_beyond_the_most_comments_cells_are_only_coloured(checked: Hand) -> None:
    path, result = checked
    done = mark_workbook(path, result.findings, path.with_name("b.xlsx"), language="en", most_comments=1)
    assert (done.coloured, done.silent) == (3, 2)


def test_the_summary_says_that_some_cells_have_no_comment(checked: Hand) -> None:
    back = marked(checked, most_comments=1, language="en")
    assert any("2 of them have a colour only" in str(text) for text in summary(back))


# ----------------------------------------------------------------------------- untouched
def test_good_rows_keep_every_value_formula_and_format(checked: Hand) -> None:
    before, after = trades(checked[0]), trades(marked(checked))
    for row in (1, 2, 6, 7):
        assert [_whole(c) for c in before[row]] == [_whole(c) for c in after[row]]


def _whole(cell: Cell | MergedCell) -> tuple[Any, ...]:
    looks = (cell.font, cell.fill, cell.border, cell.alignment)
    return cell.value, cell.data_type, cell.number_format, *map(repr, looks)


def test_wrong_rows_keep_every_value_too(checked: Hand) -> None:
    before, after = trades(checked[0]), trades(marked(checked))
    values = [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in (before, after)]
    assert values[0] == values[1]


def test_formulas_keep_their_last_values(checked: Hand) -> None:
    assert trades(marked(checked), values=True)["H2"].value == 1050


def test_text_that_looks_like_a_formula_stays_text(write_trades: WriteTrades) -> None:
    path = write_trades(3, {(2, "remarks"): "=1+1", (3, "side"): "=2"})
    sheet = trades(marked((path, check_file(path))))
    assert [sheet[place].data_type for place in ("J2", "E3", "H2")] == ["s", "s", "f"]


def test_parts_that_hold_no_mark_stay_byte_for_byte(write_trades: WriteTrades) -> None:
    def decorate(book: Any, page: Any) -> None:
        page.data_validation("E2:E90", {"validate": "list", "source": ["买入", "卖出"]})
        other = book.add_worksheet("别的")
        other.write(0, 0, "untouched")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "='交易记录'!$F$2:$F$4"})
        other.insert_chart("B2", chart)

    path = write_trades(4, {(3, "quantity"): "x"}, decorate=decorate)
    before, after = parts(path), parts(marked((path, check_file(path))))
    changed = {name for name in before if before[name] != after[name]}
    expected = {"xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"}
    assert changed == {*expected, "xl/_rels/workbook.xml.rels"}


def test_validations_and_conditional_formats_are_kept(write_trades: WriteTrades) -> None:
    def decorate(book: Any, page: Any) -> None:
        page.data_validation("E2:E90", {"validate": "list", "source": ["买入", "卖出"]})
        page.conditional_format("A2:A9", {"type": "no_blanks", "format": book.add_format({"bold": True})})

    path = write_trades(3, {(3, "quantity"): "x"}, decorate=decorate)
    sheet = trades(marked((path, check_file(path))))
    assert (len(sheet.data_validations.dataValidation), len(sheet.conditional_formatting)) == (1, 1)


def test_macros_are_kept(write_trades: WriteTrades, tmp_path: Path) -> None:
    macros = tmp_path / "vba.bin"
    macros.write_bytes(b"macro" * 100)
    path = write_trades(
        2, {(2, "side"): "x"}, name="t.xlsm", decorate=lambda book, _: book.add_vba_project(str(macros))
    )
    assert parts(marked((path, check_file(path))))["xl/vbaProject.bin"] == b"macro" * 100


def test_print_titles_stay_with_their_sheet(write_trades: WriteTrades) -> None:
    path = write_trades(2, {(2, "side"): "x"}, decorate=lambda _, page: page.repeat_rows(0))
    assert trades(marked((path, check_file(path)))).print_title_rows == "$1:$1"


# ------------------------------------------------------------------------ a second check
def test_a_mended_workbook_is_handed_in_again_without_a_finding(write_trades: WriteTrades) -> None:
    path = write_trades(4, {(3, "quantity"): "1,00O", (4, "side"): "hold"}, typed_amounts=True)
    fixed = mended(marked((path, check_file(path))), {"F3": 100, "E4": "买入"})
    result = check_file(fixed)
    assert (result.findings.height, result.rows_accepted) == (0, 4)


def test_the_intake_reads_marked_and_unmarked_alike(checked: Hand) -> None:
    again = check_file(marked(checked)).findings.drop("file")
    assert again.equals(checked[1].findings.drop("file"))


def test_a_second_check_takes_the_old_marks_away(checked: Hand, no_findings: pl.DataFrame) -> None:
    back = marked(checked)
    mark_workbook(back, no_findings, back, language="zh")
    cells = [cell for row in trades(back).iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.comment or colour(cell)] == []


def test_a_second_check_leaves_one_summary(checked: Hand) -> None:
    back = marked(checked)
    again = marked((back, checked[1]), language="en")
    assert opened(again).sheetnames == ["检查结果", "交易记录"]


def test_marking_twice_is_marking_once(checked: Hand) -> None:
    once = marked(checked)
    twice = once.with_name("twice.xlsx")
    mark_workbook(once, checked[1].findings, twice, language="zh")
    comments = [{c.coordinate: c.comment.text for c in _commented(path)} for path in (once, twice)]
    assert comments[0] == comments[1]


def _commented(path: Path) -> list[Any]:
    return [cell for row in trades(path).iter_rows() for cell in row if cell.comment]


def own_marks(book: Any, page: Any) -> None:
    """What a person had at F3: a comment and a colour of his own."""
    page.write_comment("F3", "问过客户", {"author": "王"})
    page.write_comment("A2", "别的批注")
    page.write("F3", "1,00O", book.add_format({"bg_color": "#00B050"}))


def test_a_persons_own_comment_stays_above_ours(write_trades: WriteTrades) -> None:
    path = write_trades(3, decorate=own_marks)
    comment = trades(marked((path, check_file(path))))["F3"].comment
    assert comment is not None
    assert comment.text.startswith("问过客户\n")


def test_a_persons_own_comment_and_colour_come_back(
    write_trades: WriteTrades, no_findings: pl.DataFrame
) -> None:
    path = write_trades(3, decorate=own_marks)
    back = marked((path, check_file(path)))
    mark_workbook(back, no_findings, back, language="zh")
    cell = trades(back)["F3"]
    assert (cell.comment.text if cell.comment else None, colour(cell)) == ("问过客户", GREEN)


def test_other_comments_are_left_alone(write_trades: WriteTrades) -> None:
    path = write_trades(3, decorate=own_marks)
    comment = trades(marked((path, check_file(path))))["A2"].comment
    assert comment is not None
    assert comment.text == "别的批注"


def test_what_a_person_wrote_below_our_words_is_kept(checked: Hand, no_findings: pl.DataFrame) -> None:
    book = opened(marked(checked))
    comment = book["交易记录"]["F3"].comment
    assert comment is not None
    comment.text += "\n已联系客户"
    path = checked[0].with_name("answered.xlsx")
    book.save(path)
    mark_workbook(path, no_findings, path, language="zh")
    kept = trades(path)["F3"].comment
    assert kept is not None
    assert kept.text.strip() == "已联系客户"


# --------------------------------------------------------------------------- the summary
def summary(path: Path) -> list[Any]:
    sheet = opened(path).worksheets[0]
    return [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]


def test_the_workbook_opens_at_the_summary_alone(checked: Hand) -> None:
    book = opened(marked(checked))
    selected = [sheet.title for sheet in book.worksheets if sheet.sheet_view.tabSelected]
    assert (book.sheetnames[0], selected) == ("检查结果", ["检查结果"])


def test_the_summary_counts_rows_and_rules(checked: Hand) -> None:
    texts = summary(marked(checked, language="en", outcome=Outcome.of(checked[1])))
    assert "6 rows read: 3 good, 0 pending, 3 to be mended." in texts
    assert {"Not a number", "Not in the list", "A required cell is empty"} <= set(texts)


def test_the_summary_leads_to_the_first_cell(checked: Hand) -> None:
    sheet = opened(marked(checked)).worksheets[0]
    places = [cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert places == ["'交易记录'!F3", "'交易记录'!E4", "'交易记录'!I5"]


def test_a_workbook_without_findings_says_so(write_trades: WriteTrades, no_findings: pl.DataFrame) -> None:
    path = write_trades(2)
    assert "Nothing is wrong with this workbook." in summary(
        marked((path, CheckResult({}, {}, no_findings, pl.DataFrame(), 2)), language="en")
    )


def test_a_persons_own_sheet_of_that_name_is_left_alone(write_trades: WriteTrades) -> None:
    def decorate(book: Any, page: Any) -> None:
        book.add_worksheet("检查结果").write(0, 0, "mine")

    path = write_trades(2, {(2, "side"): "x"}, decorate=decorate)
    book = opened(marked((path, check_file(path))))
    assert (book.sheetnames, book["检查结果"]["A1"].value) == (
        ["检查结果 (2)", "交易记录", "检查结果"],
        "mine",
    )


# ------------------------------------------------------------------------------ the file
def test_only_its_owner_can_read_it(checked: Hand) -> None:
    assert stat.S_IMODE(marked(checked).stat().st_mode) == 0o600


def test_a_target_that_cannot_be_written_is_named(checked: Hand) -> None:
    path, result = checked
    blocked = path.with_name("blocked")
    blocked.write_text("a file where a folder should be")
    with pytest.raises(Unwritable, match="cannot be written"):
        mark_workbook(path, result.findings, blocked / "back.xlsx", language="en")


def test_a_workbook_with_a_document_type_inside_is_refused(checked: Hand) -> None:
    path, result = checked
    bomb = path.with_name("bomb.xlsx")
    with zipfile.ZipFile(bomb, "w") as archive:
        for name, data in parts(path).items():
            declared = data.replace(b"<styleSheet", b'<!DOCTYPE x [<!ENTITY a "a">]><styleSheet', 1)
            archive.writestr(name, declared)
    with pytest.raises(Unmarkable, match=r"bomb\.xlsx: the workbook cannot be marked"):
        mark_workbook(bomb, result.findings, path.with_name("b.xlsx"), language="en")


def test_nothing_is_left_behind_when_it_is_refused(checked: Hand) -> None:
    path, result = checked
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings(action="ignore"):
        archive.writestr("xl/styles.xml", b"<broken")
    with pytest.raises(Unmarkable):
        mark_workbook(path, result.findings, path.with_name("b.xlsx"), language="en")
    assert [file.name for file in path.parent.iterdir()] == ["trades.xlsx"]


def test_what_was_done_is_told(checked: Hand) -> None:
    path, result = checked
    done = mark_workbook(path, result.findings, path.with_name("b.xlsx"), language="en")
    assert (type(done), [sheet.sheet for sheet in done.sheets], done.coloured) == (Marked, ["交易记录"], 3)


# -------------------------------------------------------------------- in another program
@pytest.mark.slow
def test_libreoffice_opens_it_and_keeps_the_marks(checked: Hand) -> None:
    saved = convert(marked(checked), "xlsx")
    sheet = trades(saved)
    assert [cell.coordinate for cell in _commented(saved)] == ["F3", "E4", "I5"]
    assert colour(sheet["F3"]) == f"FF{ERROR_FILL[1:]}"


@pytest.mark.slow
def test_marks_can_be_taken_away_after_libreoffice_saved_them(
    write_trades: WriteTrades, no_findings: pl.DataFrame
) -> None:
    path = write_trades(3, decorate=own_marks)
    saved = convert(marked((path, check_file(path))), "xlsx")
    mark_workbook(saved, no_findings, saved, language="zh")
    cell = trades(saved)["F3"]
    assert (cell.comment.text if cell.comment else None, colour(cell)) == ("问过客户", None)
    assert opened(saved).sheetnames == ["检查结果", "交易记录"]


def test_the_guide_keeps_the_colours_that_it_explains(tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"
    write_template(path, AREAS, names=["clients"], time_zone="Asia/Shanghai")
    book = openpyxl.load_workbook(path)
    book["Basic information"]["A2"] = "C 1"
    book.save(path)

    def legend(file: Path) -> list[str | None]:
        guide = openpyxl.load_workbook(file)["Guide"]
        return [colour(cell) for row in guide.iter_rows() for cell in row if colour(cell)]

    assert len(set(legend(path))) > 4
    assert legend(marked((path, check_file(path)), language="en")) == legend(path)
