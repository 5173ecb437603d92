"""Queries as people type them: read without a traceback, and printed so that they read as the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clientlib.book.search.query import Condition, Query, Range, Word, parse
from clientlib.errors import ParameterError

WORDS = ("assets", "level", "王", "C4", "138****5678", "3****…****4", "1,000", "000", "200..300", "a.b", "-5")
SIGNS = (
    "..",
    ".",
    ",",
    ", ",
    " ",
    "\t",
    '"',
    '""',
    "“",
    "=",
    "＝",
    "!=",
    "<>",
    ">=",
    "＞",
    ":",
    "：",
    "!",
    "*",
    ";",
)
PIECES = st.sampled_from([*WORDS, *SIGNS, "\x00", "\ud800"])
TYPED = st.text(max_size=40) | st.lists(PIECES, max_size=14).map("".join)


def terms(text: str) -> tuple[Word | Condition, ...]:
    return parse(text).terms


@given(TYPED)
@settings(max_examples=600)
def test_whatever_is_typed_is_read_or_answered_with_a_sentence(text: str) -> None:
    try:
        query = parse(text)
    except ParameterError:
        return
    assert isinstance(query, Query)


@given(TYPED)
@settings(max_examples=600)
def test_a_printed_query_reads_as_the_same_query(text: str) -> None:
    try:
        query = parse(text)
    except ParameterError:
        return
    assert parse(str(query)) == query


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("王小明", (Word("王小明"),)),
        ("wang xiaoming", (Word("wang"), Word("xiaoming"))),
        ("138****5678", (Word("138****5678"),)),
        ('"free text in quotes"', (Word("free text in quotes", quoted=True),)),
        ("“引号”", (Word("引号", quoted=True),)),
        ("status!=closed", (Condition("status", "!=", ("closed",)),)),
        ("opened_on>=2024-01-01", (Condition("opened_on", ">=", ("2024-01-01",)),)),
        ("assets:1000000..5000000", (Condition("assets", ":", (Range("1000000", "5000000"),)),)),
        ("1000000..5000000", (Condition("", ":", (Range("1000000", "5000000"),)),)),
        ("assets>1,000,000", (Condition("assets", ">", ("1,000,000",)),)),
        ("level=C4,C5", (Condition("level", "=", ("C4", "C5")),)),
        ("level=C4,branch=上海", (Condition("level", "=", ("C4",)), Condition("branch", "=", ("上海",)))),
        ("资产＞１００，王", (Condition("资产", ">", ("100",)), Word("王"))),
        ("等级 ＝ C4", (Condition("等级", "=", ("C4",)),)),
        ("assets≥5", (Condition("assets", ">=", ("5",)),)),
        ('advisor=""', (Condition("advisor", "=", ("",)),)),
        ("finances.currency=CNY", (Condition("finances.currency", "=", ("CNY",)),)),
        ("", ()),
    ],
)  # fmt: skip
def test_the_language(text: str, expected: tuple[Word | Condition, ...]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize("text", ["=王小明", "assets>", "assets> ,", "assets>=<5"])
def test_a_sign_that_lacks_a_side_is_told_without_quoting_what_was_typed(text: str) -> None:
    with pytest.raises(ParameterError, match="is missing") as refused:
        parse(text)
    assert "王" not in str(refused.value)


@pytest.mark.parametrize("text", ["a" * 1001, "a " * 21])
def test_what_no_person_types_is_refused(text: str) -> None:
    with pytest.raises(ParameterError):
        parse(text)
