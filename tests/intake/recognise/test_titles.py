"""Titles speak for a field as strongly as a person would take them, and silent ones say nothing."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from clientlib.intake.recognise.titles import EXACT, PINYIN, SYNONYM, is_silent, likeness, words_of
from clientlib.tables import AREAS

MOBILE = words_of(AREAS["contacts"].field("mobile"))
BIRTH = words_of(AREAS["clients"].field("birth_date"))


@pytest.mark.parametrize(
    "title", ["", "Unnamed: 3", "字段5", "col12", "7", "列", "AB", "F3", "第3列", "Unnamed: 0_level_0"]
)
def test_a_title_that_says_nothing_is_silent(title: str) -> None:
    assert is_silent(title)


@pytest.mark.parametrize("title", ["tel", "xb", "手机", "日期", "Date", "no of shares"])
def test_a_title_that_says_something_is_not_silent(title: str) -> None:
    assert not is_silent(title)


@pytest.mark.parametrize("title", ["手机号码", "Mobile", "mobile", " Mobile * "])
def test_a_title_of_the_field_is_exact(title: str) -> None:
    assert likeness(title, MOBILE) == EXACT


@pytest.mark.parametrize("title", ["tel", "联系电话", "客户_手机（必填）", "cust_mobile_v2"])
def test_another_word_for_the_field_is_a_synonym(title: str) -> None:
    assert likeness(title, MOBILE) == SYNONYM


@pytest.mark.parametrize("title", ["shoujihaoma", "sjhm"])
def test_pinyin_is_understood(title: str) -> None:
    assert likeness(title, MOBILE) == PINYIN


@pytest.mark.parametrize("title", ["Brth dt", "birth", "brith date", "出生日"])
def test_a_title_cut_short_or_mistyped_is_like_the_field(title: str) -> None:
    assert 2 < likeness(title, BIRTH) < SYNONYM


def test_a_title_of_something_else_says_nothing_for_the_field() -> None:
    assert likeness("天气", MOBILE) == 0


@pytest.mark.parametrize("file", ["titles.toml", "evidence.toml"])
def test_what_is_declared_is_about_fields_that_exist(file: str) -> None:
    known = {f.name for info in AREAS.values() for f in info.fields}
    known |= {f"{info.name}.{f.name}" for info in AREAS.values() for f in info.fields}
    declared = tomllib.loads(resources.files("clientlib.intake.recognise").joinpath(file).read_text("utf-8"))
    assert set(declared.get("fields", declared)) <= known


def test_every_built_in_field_has_other_words() -> None:
    assert [f.name for info in AREAS.values() for f in info.fields if not words_of(f).others] == []
