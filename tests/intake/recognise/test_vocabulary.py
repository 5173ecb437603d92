"""The words of a code list contradict nothing, and places are found in addresses without their streets."""

from __future__ import annotations

import pytest

from clientlib.codes import CODES, CodeList, fold
from clientlib.intake.recognise import vocabulary

LISTS = [CODES[name] for name in ("occupation", "income_source", "asset_class", "region")]


@pytest.mark.parametrize("entries", LISTS, ids=lambda entries: str(entries.name))
def test_every_code_has_words_of_its_own(entries: CodeList) -> None:
    worded = {code for _, code in vocabulary.words(entries)}
    assert worded == set(entries.values)


@pytest.mark.parametrize("entries", LISTS, ids=lambda entries: str(entries.name))
def test_no_everyday_word_contradicts_the_list_itself(entries: CodeList) -> None:
    known = entries.lookup
    wrong = [word for word, code in vocabulary.words(entries) if known.get(fold(word), code) != code]
    assert wrong == []


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("广东省深圳市福田区青年路169号2083室", "广东省深圳市"),
        ("上海市黄浦区南京东路100号", "上海市"),
        ("内蒙古自治区呼和浩特市赛罕区", "内蒙古自治区呼和浩特市"),
        ("100 Nanjing East Road, Shanghai", "Shanghai"),
        ("青年路169号", None),
    ],
)
def test_the_place_of_an_address_has_no_street(address: str, place: str | None) -> None:
    assert vocabulary.place(address) == place


def test_a_street_named_after_a_far_city_is_no_place() -> None:
    assert vocabulary.regions("天津市和平区南京路189号") == ("12",)


def test_a_district_named_like_a_city_is_no_place() -> None:
    assert vocabulary.regions("北京市朝阳区建国路1号") == ("11",)


def test_an_address_that_names_two_regions_tells_both() -> None:
    assert vocabulary.regions("上海市转寄成都市") == ("31", "51")
