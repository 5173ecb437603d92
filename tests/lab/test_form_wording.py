"""What the entry form says of errors."""

from __future__ import annotations

import pytest

from clientlib.errors import BookBusy, BookError, ClientlibError, KeyProblem, PermissionRefused
from clientlib.lab.form_wording import Hindrance, problem


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
