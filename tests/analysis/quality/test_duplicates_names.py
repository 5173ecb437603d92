"""Names are recognised however they are written, and different ones stay different."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.analysis.quality.duplicates_documents import licence_check_character
from clientlib.analysis.quality.duplicates_names import Name, organisation, person


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张伟国", "張偉國"),
        ("张伟国", " 张　伟国 "),
        ("阿依古丽·阿不都拉", "阿依古丽•阿不都拉"),
        ("阿依古丽·阿不都拉", "阿依古丽・阿不都拉"),
        ("Anna Miller", "MILLER, Anna"),
        ("Ａｎｎａ Miller", "Anna  miller"),
        ("José Núñez", "Jose Nunez"),
    ],
)
def test_the_same_name_folds_to_the_same(one: str, other: str) -> None:
    assert person(one).folded == person(other).folded


@pytest.mark.parametrize(
    "latin", ["Zhang Weiguo", "ZHANG WEI GUO", "Weiguo Zhang", "Wei-Guo Zhang", "zhang, weiguo"]
)
def test_a_chinese_name_is_recognised_in_latin_letters(latin: str) -> None:
    assert person(latin).ring == person("张伟国").ring


@pytest.mark.parametrize("latin", ["Lü Bu", "LYU BU", "Bu Lü"])
def test_a_rounded_u_is_read_as_passports_write_it(latin: str) -> None:
    assert person(latin).ring == person("吕布").ring


def test_a_family_name_with_a_reading_of_its_own() -> None:
    assert person("曾国藩").sound == "zengguofan"


@pytest.mark.parametrize(
    ("name", "family", "given"),
    [("张三", "张", "三"), ("欧阳锋", "欧阳", "锋"), ("欧阳", "欧", "阳"), ("阿依古丽·阿不都拉", None, None)],
)
def test_family_and_given_name(name: str, family: str | None, given: str | None) -> None:
    assert (person(name).family, person(name).given) == (family, given)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("青禾贸易有限公司", "青禾貿易有限責任公司"),
        ("青禾贸易有限公司", "青禾贸易股份有限公司"),
        ("青禾投资（有限合伙）", "青禾投资"),
        ("Green Field Trading Co., Ltd.", "GREEN FIELD TRADING LIMITED"),
    ],
)
def test_the_form_of_a_company_is_not_part_of_its_name(one: str, other: str) -> None:
    assert organisation(one).core == organisation(other).core


def test_a_company_called_by_its_form_alone_keeps_its_name() -> None:
    assert organisation("有限公司").core == "有限公司"


@given(st.text(max_size=30))
def test_any_text_has_forms_that_fold_to_themselves(text: str) -> None:
    for fold in (person, organisation):
        name = fold(text)
        assert name == Name() or fold(name.folded or "").folded == name.folded


def test_the_check_character_of_a_published_licence_code() -> None:
    # The example of GB 32100-2015 itself.
    assert licence_check_character("91350100M000100Y4") == "3"
