"""The catalogue is complete in both languages, and every message that code names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clientlib.report import formats, messages

KINDS = {*formats.NUMERIC, "text", "date", "month", "day"}


@pytest.mark.parametrize("key", sorted(messages.catalogue()))
def test_a_message_has_both_languages(key: str) -> None:
    entry = messages.catalogue()[key]
    assert set(entry) == set(messages.LANGUAGES), key
    assert all(text.strip() for text in entry.values()), key


@pytest.mark.parametrize("key", sorted(messages.catalogue()))
def test_both_languages_say_the_same_numbers(key: str) -> None:
    entry = messages.catalogue()[key]
    english, chinese = messages.placeholders(entry["en"]), messages.placeholders(entry["zh"])
    assert set(english) == set(chinese), key


@pytest.mark.parametrize("key", sorted(messages.catalogue()))
def test_every_placeholder_is_of_a_known_kind(key: str) -> None:
    for text in messages.catalogue()[key].values():
        for kind in messages.placeholders(text).values():
            assert kind in KINDS or kind.startswith("code:"), (key, kind)


@pytest.mark.parametrize("key", sorted(messages.catalogue()))
def test_chinese_is_chinese(key: str) -> None:
    text = re.sub(r"\{[^}]*\}", "", messages.catalogue()[key]["zh"])
    assert re.search(r"[\u4e00-\u9fff]", text) or not re.search(r"[A-Za-z]{4,}", text), key


def test_every_key_that_the_package_names_is_there() -> None:
    folder = Path(messages.__file__).parent
    sources = [*folder.glob("*.py"), *folder.glob("template/**/*.j2")]
    named = {k for f in sources for k in re.findall(r'"(page\.[a-z_.]+)"', f.read_text("utf-8"))}
    named = {k for k in named if not k.endswith((".", ".css"))}
    assert named - set(messages.catalogue()) == set()


def test_a_count_brings_its_noun_in_the_right_number(monkeypatch: pytest.MonkeyPatch) -> None:
    text = {"t.k": {"en": "{n:count client clients}", "zh": "{n:count}位客户"}}
    monkeypatch.setattr(messages, "catalogue", lambda: text)
    assert [messages.say("t.k", "en", n=n) for n in (0, 1, 1200)] == [
        "0 clients",
        "1 client",
        "1,200 clients",
    ]
    assert messages.say("t.k", "zh", n=1) == "1位客户"


def test_a_name_with_two_kinds_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="stands as"):
        messages.placeholders("{n:count} of {n:money}")


def test_a_missing_number_is_an_error_not_a_gap() -> None:
    with pytest.raises(KeyError):
        messages.say("page.dated", "en")
