"""What the command line says: in both languages the same facts, and nothing that a shell would misread."""

from __future__ import annotations

import shlex
import string
import sys
import tomllib
from importlib import resources

import pytest

from clientlib import talk
from clientlib.book.personal.erasure import SOURCE, SOURCE_DUE

SENTENCES = tomllib.loads((resources.files("clientlib") / "talk.toml").read_text("utf-8"))


def told_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", SENTENCES)
def test_a_sentence_tells_the_same_in_both_languages(key: str) -> None:
    assert told_of(SENTENCES[key]["en"]) == told_of(SENTENCES[key]["zh"])


@pytest.mark.parametrize(("count", "said"), [(1, "1 row is pending"), (1200, "1,200 rows are pending")])
def test_a_count_brings_the_right_word(count: int, said: str) -> None:
    assert talk.say("pending_count", "en", rows=count, day="2026-03-21").startswith(said)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("undo of batch 12", "撤回第12批"),
        (SOURCE, "删除一个客户"),
        (SOURCE_DUE, "删除到期的锁定记录"),
        ("clients of batch 12.xlsx", "clients of batch 12.xlsx"),
    ],
)
def test_what_a_command_recorded_is_told_in_words_and_a_hand_in_by_its_name(source: str, said: str) -> None:
    assert talk.source_of(source, "zh") == said
    assert talk.source_of(source, "en") == source


def test_brackets_in_a_name_are_no_style() -> None:
    with talk.out.capture() as shown:
        talk.out.print(talk.say("template", "en", path="[red]clients[/red].xlsx"))
    assert shown.get() == "Written: [red]clients[/red].xlsx\n"


@pytest.mark.skipif(sys.platform == "win32", reason="another shell, other quotes")
def test_a_command_is_typed_as_it_is_meant() -> None:
    words = ["clientlib", "check", "my file's [1] 客户.xlsx"]
    assert shlex.split(talk.typed(*words)) == words
