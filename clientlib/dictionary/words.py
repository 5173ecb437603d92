"""The catalogue of the dictionary's words (`words.toml`), and plain words for the patterns of the table."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

PATTERNS: dict[str, tuple[str, str]] = {
    r"[0-9A-Za-z][0-9A-Za-z._\-]{0,39}": (
        "letters, digits, . _ and -, beginning with a letter or digit",
        "字母、数字、. _ -，以字母或数字开头",
    ),
    r"[0-9A-Za-z()\-]{5,30}": ("5 to 30 letters, digits, brackets or -", "5至30位字母、数字、括号或-"),
    r"\+861[3-9]\d{9}|\+(?:[1-79]|8[0-57-9])\d{5,13}": (
        "a mobile of mainland China, or + and a foreign number",
        "中国大陆手机号，或以+开头的境外号码",
    ),
    r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+": (
        "one @, and a dot in what follows it",
        "含一个@，其后有点号",
    ),
    r"[0-9A-Za-z][0-9A-Za-z \-]{2,11}": (
        "3 to 12 letters, digits, spaces or -",
        "3至12位字母、数字、空格或-",
    ),
    r"\+\d{6,15}": ("a phone number; a foreign one begins with +", "电话号码；境外号码以+开头"),
}
"""What the built-in fields' patterns let pass, in English and Chinese; a firm's own is shown as it is."""


@dataclass(frozen=True)
class Punctuation:
    """The marks that join derived words in a language."""

    colon: str
    comma: str
    semicolon: str
    stop: str


_PUNCTUATION = {"en": Punctuation(": ", ", ", "; ", "."), "zh": Punctuation("：", "、", "；", "。")}


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    text = resources.files("clientlib.dictionary").joinpath("words.toml").read_text("utf-8")
    return _leaves("", tomllib.loads(text))


def _leaves(prefix: str, table: dict[str, Any]) -> dict[str, dict[str, str]]:
    if all(isinstance(entry, str) for entry in table.values()):
        return {prefix: table}
    found: dict[str, dict[str, str]] = {}
    for name, inner in table.items():
        found |= _leaves(f"{prefix}.{name}" if prefix else name, inner)
    return found


def has(key: str) -> bool:
    """Whether the catalogue holds `key`."""
    return key in _catalogue()


def say(key: str, language: str, **values: object) -> str:
    """The words of `key` in `language`, with `values` put in."""
    return _catalogue()[key][language].format(**values)


def punctuation(language: str) -> Punctuation:
    return _PUNCTUATION[language]


def pattern(text: str, language: str) -> str:
    """What a pattern lets pass, in words where there are any."""
    if text in PATTERNS:
        return PATTERNS[text][language == "zh"]
    return say("limit.pattern", language, pattern=text)
