"""The entry form's own words, and what is said of errors."""

from __future__ import annotations

import re
import string

import pytest

from clientlib.errors import BookBusy, BookError, ClientlibError, KeyProblem, PermissionRefused
from clientlib.lab import form_wording
from clientlib.lab.form_wording import Hindrance, problem


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", form_wording.keys())
def test_both_languages_fill_the_same_gaps(key: str) -> None:
    en, zh = form_wording.texts(key)
    assert _placeholders(en) == _placeholders(zh)


@pytest.mark.parametrize("key", form_wording.keys())
def test_the_chinese_is_chinese(key: str) -> None:
    assert re.search("[\u4e00-\u9fff]", form_wording.texts(key)[1])


@pytest.mark.parametrize(
    ("error", "en", "zh"),
    [
        (BookBusy("x"), "The book is busy", "客户台账正被他人使用"),
        (KeyProblem("no key"), "no key", "密钥缺失或有误"),
        (PermissionRefused("not you"), "not you", "当前角色无权"),
        (BookError("the disk is full"), "the disk is full", "the disk is full"),
        (ClientlibError("odd"), "odd", "出现问题"),
        (Hindrance("unknown", record="C9"), "no record of C9", "没有 C9 的记录"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_every_error_is_a_sentence_in_both_languages(error: ClientlibError, en: str, zh: str) -> None:
    assert en in problem(error, "en")
    assert zh in problem(error, "zh")
