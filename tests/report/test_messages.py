"""The catalogue is complete in both languages, and every message that code names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from clientlib.errors import WordsError
from clientlib.report import messages

OWN = """
[title]
en = "Clients by branch"
zh = "各营业部客户数"
[say]
en = "There are {n:count client clients}."
zh = "共有{n:count}位客户。"
"""


@pytest.fixture
def own_words(tmp_path: Path) -> Iterator[Path]:
    """The file beside a notebook `sizes.ipynb`; what it brought is forgotten after the test."""
    (tmp_path / "reports").mkdir()
    yield tmp_path / "reports" / "sizes.toml"
    messages.bring("sizes", tmp_path / "none.toml")


def test_every_message_is_whole_in_both_languages() -> None:
    assert list(messages.faults(messages.catalogue())) == []


# ------------------------------------------------------------------ those that a report brings along
def test_a_report_brings_its_own_words(own_words: Path) -> None:
    own_words.write_text(OWN, "utf-8")
    messages.bring("sizes", own_words)
    assert messages.say("sizes.say", "zh", n=1200) == "共有1,200位客户。"


def test_the_catalogue_is_put_together_once_for_what_reports_have_brought(own_words: Path) -> None:
    own_words.write_text(OWN, "utf-8")
    messages.bring("sizes", own_words)
    assert messages.catalogue() is messages.catalogue()


def test_words_that_a_report_no_longer_brings_are_gone(own_words: Path) -> None:
    own_words.write_text(OWN, "utf-8")
    messages.bring("sizes", own_words)
    own_words.unlink()
    messages.bring("sizes", own_words)
    assert not messages.has("sizes.say")


def test_a_reports_own_words_count_before_those_of_the_package(own_words: Path) -> None:
    own_words.write_text('[card.title]\nen = "Ours"\nzh = "我们的"\n', "utf-8")
    try:
        messages.bring("segmentation", own_words)
        assert messages.say("segmentation.card.title", "en") == "Ours"
        assert messages.has("segmentation.card.alt")
    finally:
        messages.bring("segmentation", own_words.with_name("none.toml"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[a]\nen = "One"\n', r"reports/sizes.toml: \[a\] has no text for zh"),
        ('[a]\nen = "One"\nzh = " "\n', "has no text for zh"),
        ('[a]\nen = "One"\nzh = "一"\nfr = "Un"\n', "'fr', which is no language"),
        ('[a]\nen = "{n:count}"\nzh = "{m:count}"\n', "has {m} in one language only"),
        ('[a]\nen = "{n:pounds}"\nzh = "{n:pounds}"\n', "there is no kind 'pounds'"),
        ('[a]\nen = "{n"\nzh = "{n}"\n', "cannot be read"),
        ("[a]\nb = 3\n", r"\[a.b\] holds something other"),
        ('title = "One"\n', r"title stands outside of a \[table\]"),
        ("[a\n", "is no TOML"),
        ('[a]\nen = "One"\n[b]\nen = "Two"\n', "There are 1 more like it"),
    ],
)
def test_words_that_are_not_whole_are_refused_with_their_place(text: str, told: str, own_words: Path) -> None:
    own_words.write_text(text, "utf-8")
    with pytest.raises(WordsError, match=told):
        messages.bring("sizes", own_words)


def test_words_in_another_encoding_are_refused(own_words: Path) -> None:
    own_words.write_bytes(OWN.encode("gb18030"))
    with pytest.raises(WordsError, match="Save it as UTF-8"):
        messages.bring("sizes", own_words)


# ------------------------------------------------------------------ how they read


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
    named = {k for k in named if not k.endswith((".", ".css", ".js"))}
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
    with pytest.raises(WordsError, match=r"page\.dated ask for \{as_of\}"):
        messages.say("page.dated", "en")
