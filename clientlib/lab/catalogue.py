"""Words in English and Chinese, by name: what the explorer and the entry form each have of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = (("English", "en"), ("中文", "zh"))
"""The languages to choose from, as a widget takes them."""


@dataclass(frozen=True)
class Catalogue:
    """`texts`: name → the words in English and in Chinese, placeholders and all."""

    texts: Mapping[str, tuple[str, str]]

    def say(self, key: str, language: str, **values: object) -> str:
        """The words `key` in `language` ("en" or "zh"), its placeholders filled from `values`.

        Raises
        ------
        KeyError
            There are no such words, or a placeholder has no value.
        """
        return self.texts[key][language == "zh"].format(**values)
