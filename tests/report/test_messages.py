"""The catalogue is complete in both languages, and every message that code names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clientlib.report import formats, messages

KINDS = {*formats.NUMERIC, "text", "date", "month", "day"}


def test_every_message_has_both_languages() -> None:
    lacking = [
        key
        for key, entry in messages.catalogue().items()
        if set(entry) != set(messages.LANGUAGES) or not all(text.strip() for text in entry.values())
    ]
    assert lacking == []


def test_both_languages_say_the_same_numbers() -> None:
    differing = [
        key
        for key, entry in messages.catalogue().items()
        if set(messages.placeholders(entry["en"])) != set(messages.placeholders(entry["zh"]))
    ]
    assert differing == []


def test_every_placeholder_is_of_a_known_kind() -> None:
    kinds = {
        (key, kind)
        for key, entry in messages.catalogue().items()
        for text in entry.values()
        for kind in messages.placeholders(text).values()
    }
    assert {(key, kind) for key, kind in kinds if kind not in KINDS and not kind.startswith("code:")} == set()


def test_chinese_is_chinese() -> None:
    left_in_english = [
        key
        for key, entry in messages.catalogue().items()
        if not re.search(r"[\u4e00-\u9fff]", text := re.sub(r"\{[^}]*\}", "", entry["zh"]))
        and re.search(r"[A-Za-z]{4,}", text)
    ]
    assert left_in_english == []


def test_every_key_that_the_package_names_is_there() -> None:
    folder = Path(messages.__file__).parent
    sources = [*folder.glob("*.py"), *folder.glob("template/**/*.j2")]
    named = {k for f in sources for k in re.findall(r'"(page\.[a-z_.]+)"', f.read_text("utf-8"))}
    named = {k for k in named if not k.endswith((".", ".css"))}
    assert named - set(messages.catalogue()) == set()


def test_a_count_brings_its_noun_in_the_right_number(monkeypatch: pytest.MonkeyPatch) -> None:
    text = {"t.k": {"en": "{n:count client clients} {n:word is are}", "zh": "{n:count}位客户"}}
    monkeypatch.setattr(messages, "catalogue", lambda: text)
    english = [messages.say("t.k", "en", n=n) for n in (0, 1, 1200)]
    assert english == ["0 clients are", "1 client is", "1,200 clients are"]
    assert messages.say("t.k", "zh", n=1) == "1位客户"


def test_a_name_with_two_kinds_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="stands as"):
        messages.placeholders("{n:count} of {n:money}")


def test_a_missing_number_is_an_error_not_a_gap() -> None:
    with pytest.raises(KeyError):
        messages.say("page.dated", "en")
