"""The code lists: complete, without contradictions, and found by what people write."""

from __future__ import annotations

import pytest

from clientlib.codes import CODES, fold


@pytest.mark.parametrize("name", CODES)
def test_codes_and_labels_are_unique_within_a_list(name: str) -> None:
    entries = CODES[name].entries
    for words in ([e.value for e in entries], [e.en for e in entries], [e.zh for e in entries]):
        assert len(set(words)) == len(words)


@pytest.mark.parametrize("name", CODES)
def test_every_word_of_a_code_leads_to_that_code_alone(name: str) -> None:
    entries = CODES[name].entries
    claims: dict[str, set[str]] = {}
    for entry in entries:
        for word in (entry.value, entry.en, entry.zh, *entry.synonyms):
            claims.setdefault(fold(word), set()).add(entry.value)
    assert {word: codes for word, codes in claims.items() if len(codes) > 1} == {}


@pytest.mark.parametrize(
    ("name", "word", "code"),
    [
        ("side", "买入", "buy"),
        ("side", " BUY ", "buy"),
        ("id_type", "身份证", "id_card"),
        ("client_level", "c4", "C4"),
        ("trade_channel", "Internet Banking", "web"),
        ("currency", "人民币", "CNY"),
        ("country", "中国", "CN"),
        ("education", "本科", "20"),
        ("contact_time", "上午(9-12点)", "morning"),
        ("client_level", "Ｃ４", "C4"),
    ],
)
def test_what_people_write_is_found(name: str, word: str, code: str) -> None:
    assert CODES[name].lookup[fold(word)] == code


def test_a_code_outside_the_list_stands_for_itself() -> None:
    assert CODES["side"].label("swap", "zh") == "swap"


def test_countries_are_the_249_of_iso_3166() -> None:
    # ISO 3166-1 has 249 officially assigned alpha-2 codes.
    assert len(CODES["country"].values) == 249
