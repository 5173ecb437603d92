"""The explorer's and the entry form's own words: all of them in both languages."""

from __future__ import annotations

import re
import string

import pytest

from clientlib.lab import form_wording, wording

TEXTS = [
    pytest.param(*texts, id=f"{part}.{key}")
    for part, words in (("explorer", wording.WORDS), ("form", form_wording.WORDS))
    for key, texts in words.texts.items()
]


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(("en", "zh"), TEXTS)
def test_both_languages_fill_the_same_gaps(en: str, zh: str) -> None:
    assert _placeholders(en) == _placeholders(zh)


@pytest.mark.parametrize(("en", "zh"), TEXTS)
def test_the_chinese_is_chinese(en: str, zh: str) -> None:
    assert re.search("[\u4e00-\u9fff]", zh)
