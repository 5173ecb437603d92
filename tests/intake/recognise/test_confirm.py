"""Only what a person has answered is applied, each column and word as a recorded change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from clientlib.errors import IntakeError
from clientlib.intake import CheckResult, check_file
from clientlib.intake.recognise.confirm import read_confirmation
from clientlib.intake.recognise.confirmed import KIND, Confirmed, ConfirmedTable
from clientlib.intake.recognise.files import Recognised

Answer = Callable[..., Path]
IDENTITY = ("张伟", "王芳", "赵敏", "780101198503210017", "16012345678", "client1@example.com", "青年路")


def checked(hand_in: Path, answers: Path) -> CheckResult:
    return check_file(hand_in, confirmed=read_confirmation(answers))


def confirmed_changes(result: CheckResult) -> pl.DataFrame:
    return result.changes.filter(pl.col("kind") == KIND)


# ------------------------------------------------------------------------ what is asked
def test_a_file_without_a_header_is_seen_as_one(recognised: Recognised) -> None:
    headless = recognised.columns.filter("headless")
    assert set(headless["file"]) == {"list.csv"}
    assert set(headless["column"]) == {""}


def test_unsure_columns_come_first(recognised: Recognised) -> None:
    order = recognised.columns["status"].replace_strict({"unknown": 0, "unsure": 1, "sure": 2}).to_list()
    assert order == sorted(order)


def test_examples_beside_a_guess_are_masked(recognised: Recognised) -> None:
    shown = " ".join(recognised.columns["examples"])
    assert [text for text in IDENTITY if text in shown] == []


def test_of_an_address_only_the_place_is_asked_about(recognised: Recognised) -> None:
    words = recognised.words.filter(pl.col("field") == "region")
    assert sorted(words.select("text", "code").rows()) == [
        ("上海市浦东", "31"),
        ("广东省深圳市", "44"),
        ("成都市", "51"),
    ]


def test_free_words_are_asked_about_with_a_guess(recognised: Recognised) -> None:
    words = recognised.words.filter(pl.col("field") == "occupation")
    assert dict(words.select("text", "code").rows()) == {"软件工程师": "2", "夜市小贩": "4", "退休教师": "8"}


def test_a_file_in_plain_form_raises_no_question_about_columns(
    tmp_path: Path, write_csv: Callable[..., Path], a_trade: Callable[..., dict[str, str]]
) -> None:
    from clientlib.intake.recognise.files import recognise_file

    path = write_csv([a_trade(n) for n in range(1, 8)], name="trades.csv")
    assert recognise_file(path).columns.is_empty()


# -------------------------------------------------------------------------- what is applied
def test_nothing_is_confirmed_where_nothing_is_answered(answer: Answer) -> None:
    assert read_confirmation(answer()) == Confirmed({}, {})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_strange_hand_in_is_taken_once_it_is_confirmed(
    hand_in: Path, answer: Answer, language: str
) -> None:
    yes = {"en": "Yes", "zh": "是"}[language]
    result = checked(hand_in, answer(yes, yes, language))
    assert result.findings.filter(pl.col("severity") == "error").is_empty()
    assert {area: frame.height for area, frame in result.accepted.items()} == {"clients": 3, "contacts": 3}


def test_confirmed_words_stand_as_codes(hand_in: Path, answer: Answer) -> None:
    result = checked(hand_in, answer("Yes", "Yes"))
    assert result.accepted["clients"]["occupation"].to_list() == ["2", "4", "8"]
    assert result.accepted["contacts"]["region"].to_list() == ["44", "31", "51"]


def test_the_first_row_of_a_file_without_header_is_kept(hand_in: Path, answer: Answer) -> None:
    result = checked(hand_in, answer("Yes", "Yes"))
    assert result.accepted["contacts"].select("client_id", "_row").rows() == [("K1", 1), ("K2", 2), ("K3", 3)]


def test_every_confirmed_column_and_word_is_recorded(hand_in: Path, answer: Answer) -> None:
    changes = confirmed_changes(checked(hand_in, answer("Yes", "Yes")))
    assert ("people.csv", "birth_date", "生日", "birth_date") in changes.select(
        "file", "field", "before", "after"
    ).rows()
    words = changes.filter(pl.col("field") == "occupation", pl.col("row") > 1)
    assert words.select("row", "before", "after").rows() == [
        (2, "软件工程师", "2"),
        (3, "夜市小贩", "4"),
        (4, "退休教师", "8"),
    ]


def test_words_left_blank_stay_as_they_were_typed(hand_in: Path, answer: Answer) -> None:
    result = checked(hand_in, answer("Yes"))
    assert result.rejected["clients"]["occupation"].to_list() == ["软件工程师", "夜市小贩", "退休教师"]


def test_a_choice_counts_instead_of_the_guess(answer: Answer, recognised: Recognised) -> None:
    row = recognised.words["text"].to_list().index("夜市小贩") + 2
    chosen = read_confirmation(answer(words=[(row, "No", "Other [8]")]))
    assert chosen.words == {("clients", "occupation"): {"夜市小贩": "8"}}


def test_no_alone_confirms_nothing(answer: Answer) -> None:
    assert read_confirmation(answer("No", "No")) == Confirmed({}, {})


# ----------------------------------------------------------------------------- bad answers
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([(2, "perhaps")], "row 2: the answer is neither yes nor no"),
        ([(2, "Yes", "Basic information · Full name [clients.full_name]")], "contradict each other"),
        ([(2, None, "full name")], "row 2: the choice is none of the list"),
        ([(2, None, "x [clients.shoe_size]")], "no field clients.shoe_size"),
    ],
)
def test_an_answer_that_cannot_be_understood_is_refused_with_its_row(
    answer: Answer, columns: list[tuple[object, ...]], message: str
) -> None:
    with pytest.raises(IntakeError, match=message):
        read_confirmation(answer(columns))


def test_one_field_for_two_columns_is_refused(answer: Answer, recognised: Recognised) -> None:
    mine = [at + 2 for at, file in enumerate(recognised.columns["file"]) if file == "people.csv"][:2]
    with pytest.raises(IntakeError, match=r"Employer \(工作单位\) was chosen for another column too"):
        read_confirmation(answer([(row, None, "x [clients.employer]") for row in mine]))


def test_two_areas_for_one_table_are_refused(answer: Answer, recognised: Recognised) -> None:
    mine = [at + 2 for at, file in enumerate(recognised.columns["file"]) if file == "people.csv"][:2]
    choices = ("x [clients.employer]", "x [contacts.email]")
    with pytest.raises(IntakeError, match="one area"):
        read_confirmation(answer([(row, None, choice) for row, choice in zip(mine, choices, strict=True)]))


def test_another_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])  # type: ignore[union-attr]
    book.save(path)
    with pytest.raises(IntakeError, match="no workbook of questions"):
        read_confirmation(path)


def test_a_file_whose_titles_changed_since_is_refused(hand_in: Path, answer: Answer) -> None:
    answers = answer("Yes", "Yes")
    people = hand_in / "people.csv"
    people.write_text(people.read_text("utf-8").replace("生日", "别的"), "utf-8")
    with pytest.raises(IntakeError, match=r"people\.csv: column 4 has another title"):
        checked(hand_in, answers)


def test_a_strange_header_without_answers_says_how_to_have_it_recognised(hand_in: Path) -> None:
    with pytest.raises(IntakeError, match="clientlib recognise FILE shows what the columns may be"):
        check_file(hand_in / "list.csv")


def test_a_file_without_header_is_refused_without_quoting_a_client(hand_in: Path) -> None:
    with pytest.raises(IntakeError) as refused:
        check_file(hand_in / "list.csv")
    assert [text for text in IDENTITY if text in str(refused.value)] == []


def test_a_confirmed_table_of_another_file_changes_nothing(hand_in: Path) -> None:
    confirmed = Confirmed({("other.csv", ""): ConfirmedTable("clients", {0: "client_id"}, {0: "x"})}, {})
    with pytest.raises(IntakeError, match="row 1 is no header"):
        check_file(hand_in / "list.csv", confirmed=confirmed)
