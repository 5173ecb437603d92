"""The explorer's own words."""

from __future__ import annotations

import re
import string

import pytest

from clientlib.lab import wording


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", wording.keys())
def test_both_languages_fill_the_same_gaps(key: str) -> None:
    en, zh = wording.texts(key)
    assert _placeholders(en) == _placeholders(zh)


@pytest.mark.parametrize("key", wording.keys())
def test_the_chinese_is_chinese(key: str) -> None:
    assert re.search("[\u4e00-\u9fff]", wording.texts(key)[1])
