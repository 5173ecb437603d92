"""What the words above a column say: how like they are to a field's titles, names and other words for it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from clientlib.declare import Field
from clientlib.intake.spelling import folded

EXACT, SYNONYM, PINYIN, SHORT_PINYIN = 9.0, 7.0, 5.0, 3.0
"""Log-likelihood ratios of a title that is the field's own, another word for it, or its pinyin
(of two letters at most, which may be the initials of much)."""
_SHORT = 2
LIKE = 6.0
_LIKE_FROM = 0.42
"""Titles less alike than this say nothing."""
_SAYS_NOTHING = re.compile(
    r"(?:unnamed|column|col|field|feld|spalte|var|feature|attr|f|c|v|x|y|z|字段|列|第|数据|项目|item|header|none|nan|null)?"
    r"[\s_:#.\-]*\d*\s*(?:列|字段)?(?:[\s_:.\-]*level[\s_]*\d+)?|[a-z]",
    re.IGNORECASE,
)
_SPREADSHEET_LETTERS = re.compile(r"[A-Z]{1,2}")
_AFFIX = re.compile(
    r"[(（\[【].*?[)）\]】]|必填|选填|\*|(?:^|[_\s])(?:v\d+|new|old|col|fld|tmp|text|str|val|value|client|customer|cust|kh|客户)(?=[_\s]|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Words:
    """The words for a field, folded."""

    own: frozenset[str]
    others: frozenset[str]
    pinyin: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.own | self.others


def is_silent(title: str) -> bool:
    """Whether a title says nothing: none at all, a number, "Unnamed: 3", "字段5", a spreadsheet's letter."""
    plain = title.strip()
    return _SAYS_NOTHING.fullmatch(plain) is not None or _SPREADSHEET_LETTERS.fullmatch(plain) is not None


@lru_cache(maxsize=20_000)
def likeness(title: str, words: _Words) -> float:
    """How much a title speaks for a field with these words: 0 (nothing) to `EXACT`."""
    whole = folded(title)
    if whole in words.own:
        return EXACT
    bare = folded(_AFFIX.sub(" ", title))
    if whole in words.others or bare in words.all:
        return SYNONYM
    if whole in words.pinyin or bare in words.pinyin:
        return PINYIN if len(bare) > _SHORT else SHORT_PINYIN
    # A short title is like many things by chance.
    found = max(max(_alike(bare, word), _alike(whole, word)) for word in words.all) if len(bare) > 1 else 0.0
    return LIKE * found if found >= _LIKE_FROM else 0.0


def _alike(title: str, word: str) -> float:
    """0 to 1: letters and pairs of letters in common, or one being the other cut short."""
    if not title or not word:
        return 0.0
    if (title.startswith(word) or word.startswith(title)) and min(len(title), len(word)) >= _least(word):
        return 0.55 + 0.4 * min(len(title), len(word)) / max(len(title), len(word))
    if word.isascii() and title.isascii() and len(title) >= 3 and _is_shortened(title, word):
        return 0.8
    left, right = _pieces(title), _pieces(word)
    return 2 * len(left & right) / (len(left) + len(right))


def _least(word: str) -> int:
    return 3 if word.isascii() else 2


def _is_shortened(title: str, word: str) -> bool:
    """Whether the title is the word without (some of) its vowels: mbl, brthdt, addrss."""
    if title[0] != word[0] or len(title) >= len(word):
        return False
    rest = iter(word)
    if not all(letter in rest for letter in title):
        return False
    return re.sub("[aeiou]", "", word) == re.sub("[aeiou]", "", title)


@lru_cache(maxsize=50_000)
def _pieces(text: str) -> frozenset[str]:
    if text.isascii():
        padded = f"^{text}$"
        return frozenset(padded[at : at + n] for n in (2, 3) for at in range(len(padded) - n + 1))
    return frozenset(text[at : at + n] for n in (1, 2) for at in range(len(text) - n + 1))


@cache
def words_of(field: Field) -> _Words:
    """The words for a field: its titles and name, the synonyms of `titles.toml`, and their pinyin."""
    # Imported here: its dictionary takes a moment, and only unfamiliar files need it.
    from pypinyin import Style, lazy_pinyin

    known = _synonyms()
    listed = known.get(f"{field.area}.{field.name}", known.get(field.name, ()))
    own = {field.title_en, field.title_zh, field.name}
    chinese = [word for word in (field.title_zh, *listed) if not word.isascii()]
    pinyin = {"".join(lazy_pinyin(word)) for word in chinese}
    initials = {"".join(lazy_pinyin(word, style=Style.FIRST_LETTER)) for word in chinese}
    return _Words(
        own=frozenset(map(folded, own)),
        others=frozenset(map(folded, listed)),
        pinyin=frozenset(folded(word) for word in pinyin | initials if len(word) > 1),
    )


@cache
def _synonyms() -> Mapping[str, tuple[str, ...]]:
    text = resources.files("clientlib.intake.recognise").joinpath("titles.toml").read_text("utf-8")
    return {name: tuple(words) for name, words in tomllib.loads(text).items()}
