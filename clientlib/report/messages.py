"""The catalogue of all that a report says, in English and Chinese, and how numbers enter a sentence.

The texts stand in `messages/*.toml`, one file a report and `page.toml` for what all share. A key is the
file's name and the path inside it (`segmentation.sizes.title`); a leaf has the two entries `en` and `zh`.
A placeholder names its kind, `{value:money}`; in English a count may bring its noun in the singular and
plural, `{clients:count client clients}`, and `{clients:word is are}` gives the word alone.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from clientlib.report import formats

LANGUAGES = ("en", "zh")
WORD = "word"
"""The kind of a placeholder that stands for the right form of a word, not for the number."""


class _Writer(string.Formatter):
    """Fills placeholders by kind instead of by Python's own format mini-language."""

    def __init__(self, language: str, currency: str) -> None:
        self.language = language
        self.currency = currency

    def format_field(self, value: Any, format_spec: str) -> str:
        kind, *words = format_spec.split(" ") if format_spec else ["text"]
        one = bool(words) and not formats.missing(value) and float(value) == 1
        word = words[0 if one else -1] if words else ""
        if kind == WORD:
            return word
        return f"{formats.write(value, kind, self.language, self.currency)} {word}".rstrip()


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Every message: key → language → text."""
    found: dict[str, Mapping[str, str]] = {}
    folder = resources.files("clientlib.report").joinpath("messages")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            found.update(_leaves(file.name.removesuffix(".toml"), tomllib.loads(file.read_text("utf-8"))))
    return found


def _leaves(prefix: str, table: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    if table and all(isinstance(entry, str) for entry in table.values()):
        yield prefix, table
        return
    for name, inner in table.items():
        yield from _leaves(f"{prefix}.{name}", inner)


def has(key: str) -> bool:
    """Whether the catalogue holds `key`."""
    return key in catalogue()


def say(key: str, language: str, currency: str = "", /, **values: Any) -> str:
    """The message `key` in `language`, its placeholders filled.

    Raises
    ------
    KeyError
        The catalogue has no such message, or `values` lacks one of its placeholders.
    """
    return _Writer(language, currency).format(catalogue()[key][language], **values)


def placeholders(text: str) -> dict[str, str]:
    """The placeholders of a text: name → kind. The same name with two kinds is a mistake."""
    found: dict[str, str] = {}
    for _, name, spec, _ in string.Formatter().parse(text):
        if name is None:
            continue
        kind = (spec or "text").split(" ")[0]
        if kind != WORD and found.setdefault(name, kind) != kind:
            raise ValueError(f"{{{name}}} stands as {found[name]} and as {kind} in: {text}")
    return found
