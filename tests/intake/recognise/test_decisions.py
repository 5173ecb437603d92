"""Decisions are kept for the next time, without names and numbers in them."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path

import pytest

from clientlib.codes import CODES
from clientlib.errors import IntakeError
from clientlib.intake.recognise import decisions
from clientlib.intake.recognise.confirmed import Confirmed

NOON = dt.datetime(2026, 3, 21, 4, 0, tzinfo=dt.UTC)
OCCUPATION, REGION = ("clients", "occupation"), ("contacts", "region")


def kept(folder: Path, words: dict[tuple[str, str], dict[str, str]]) -> list[tuple[str, str]]:
    """What is kept of confirmed words."""
    decisions.remember(folder, Confirmed({}, words), by="A0457", now=NOON)
    return decisions.load(folder).select("text", "code").rows()


def test_what_was_confirmed_is_there_the_next_time(tmp_path: Path) -> None:
    decisions.remember(tmp_path, Confirmed({}, {OCCUPATION: {"夜市小贩": "4"}}), by="A0457", now=NOON)
    assert decisions.load(tmp_path).rows() == [
        ("clients.occupation", "夜市小贩", "4", "2026-03-21T04:00:00+00:00", "A0457")
    ]


def test_the_same_decision_is_kept_once(tmp_path: Path) -> None:
    confirmed = Confirmed({}, {OCCUPATION: {"夜市小贩": "4"}})
    assert [decisions.remember(tmp_path, confirmed, by="A", now=NOON) for _ in range(2)] == [1, 0]


def test_another_decision_about_a_word_is_kept_after_the_first(tmp_path: Path) -> None:
    kept(tmp_path, {OCCUPATION: {"夜市小贩": "4"}})
    assert kept(tmp_path, {OCCUPATION: {"夜市小贩": "8"}}) == [("夜市小贩", "4"), ("夜市小贩", "8")]


@pytest.mark.parametrize(
    "word",
    [
        "张建国",
        "Anna Miller",
        "13800138000",
        "780101198503210017",
        "张工 13800138000",
        "a@example.com",
        "A0457",
    ],
)
def test_what_looks_like_a_name_or_number_is_not_kept(tmp_path: Path, word: str) -> None:
    assert kept(tmp_path, {OCCUPATION: {word: "2"}}) == []


@pytest.mark.parametrize("word", ["高级经理", "司机师傅", "白领", "Flight Engineer"])
def test_a_word_of_the_trade_is_kept_though_it_might_be_a_name(word: str) -> None:
    assert decisions.may_be_kept(word, CODES["occupation"])


def test_of_addresses_only_places_are_kept(tmp_path: Path) -> None:
    words = {REGION: {"广东省深圳市": "44", "广东省深圳市福田区青年路169号": "44"}}
    assert kept(tmp_path, words) == [("广东省深圳市", "44")]


def test_a_word_that_a_spreadsheet_would_run_is_kept_unrun(tmp_path: Path) -> None:
    assert kept(tmp_path, {OCCUPATION: {"=cmd|' /C calc'!A0": "8"}}) == [("=cmd|' /C calc'!A0", "8")]
    assert ",\"'=cmd" in (tmp_path / decisions.FILE).read_text("utf-8") or ",'=cmd" in (
        tmp_path / decisions.FILE
    ).read_text("utf-8")


def test_only_the_owner_may_read_the_decisions(tmp_path: Path) -> None:
    kept(tmp_path, {OCCUPATION: {"夜市小贩": "4"}})
    assert stat.S_IMODE((tmp_path / decisions.FILE).stat().st_mode) == 0o600


def test_a_folder_without_decisions_has_none(tmp_path: Path) -> None:
    assert decisions.load(tmp_path).is_empty()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text,code\n", r"decisions.csv, line 1: the header is not field,text,code,decided_at,by"),
        ("field,text,code,decided_at,by\nclients.occupation,x,4,,\nbroken\n", r"line 3: not field, text"),
    ],
)
def test_a_damaged_line_is_named_with_its_mend(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / decisions.FILE
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    with pytest.raises(IntakeError, match=message):
        decisions.load(tmp_path)
