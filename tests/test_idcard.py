"""GB 11643 numbers: check characters, and the birth date and sex inside."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib import idcard


@pytest.mark.parametrize(
    ("body", "character"),
    # The standard's own examples, GB 11643-1999, annex A.
    [("11010519491231002", "X"), ("44052418800101001", "4")],
)
def test_check_character_equals_the_standards_examples(body: str, character: str) -> None:
    assert idcard.check_character(body) == character


@given(st.from_regex(r"[1-9][0-9]{16}", fullmatch=True), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body: str, place: int, step: int) -> None:
    # ISO 7064 MOD 11-2 detects every single substitution.
    wrong = str((int(body[place]) + step) % 10)
    number = body[:place] + wrong + body[place + 1 :] + idcard.check_character(body)
    assert not _holds(number)


@given(st.from_regex(r"[1-9][0-9]{16}", fullmatch=True))
def test_the_expression_agrees_with_the_scalar(body: str) -> None:
    assert _holds(body + idcard.check_character(body))


def test_birth_date_and_gender_are_read_from_the_number() -> None:
    frame = pl.DataFrame({"n": ["11010519491231002X", "440524188001010014", "110105194913310021"]})
    told = frame.select(birth=idcard.birth_date(pl.col("n")), gender=idcard.gender(pl.col("n")))
    assert told["birth"].to_list() == [dt.date(1949, 12, 31), dt.date(1880, 1, 1), None]
    assert told["gender"].to_list() == ["2", "1", "2"]


@pytest.mark.parametrize("text", ["", "1101051949123100", "11010519491231002x", "１１０１０５19491231002X"])
def test_what_has_not_the_form_is_no_card(text: str) -> None:
    assert pl.DataFrame({"n": [text]}).select(idcard.is_card(pl.col("n"))).item() is False


def _holds(number: str) -> bool:
    return bool(pl.DataFrame({"n": [number]}).select(idcard.check_character_holds(pl.col("n"))).item())
