"""Names as they are searched for: folded, in pinyin, and by the first letters of their syllables.

These forms are identity as much as the name is: they are kept in the vault and compared there.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

import polars as pl

from clientlib.chinese import DOUBLE_FAMILY_NAMES, FAMILY_SOUNDS, HAN, simplified, traditional

FIELD = "full_name"
"""Of the area `clients`: the name that is searched for."""
_BETWEEN_HAN = re.compile(rf"(?<=[{HAN}])\s+(?=[{HAN}])")
_NOT_KEPT = re.compile(r"[\W_]+")
_LONGEST_GIVEN_NAME = 2
"""Characters; longer words are those of companies, in which phrases tell how a character is read."""
_WITH_FAMILY_NAME = re.compile(rf"[{HAN}]{{2,4}}")


def fold(text: str) -> str:
    """What two spellings of a name have in common: width, case, traditional characters and marks apart.

    >>> fold("張 偉"), fold("Ann-Marie Ｌｅｅ")
    ('张伟', 'annmarielee')
    """
    return _folded([text])[0].replace(" ", "")


def spellings(text: str) -> list[str]:
    """A text as it may stand in a field, in lower case: simplified, traditional, and as it was typed."""
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    return list(dict.fromkeys([simplified(plain), plain, traditional(plain)]))


def keys(names: pl.Series) -> pl.DataFrame:
    """The forms under which names are found.

    Parameters
    ----------
    names : polars.Series of str
        As they were recorded; null where one is still to come.

    Returns
    -------
    polars.DataFrame
        A row for each of `names`: `written` (as `fold` gives it), `pinyin` (whole, without tones and spaces;
        ü is v) and `initials` (the first letters of its syllables or words); null for a null.

    >>> keys(pl.Series(["单小明", "尉迟恭", "吕Ann"])).rows()
    [('单小明', 'shanxiaoming', 'sxm'), ('尉迟恭', 'yuchigong', 'ycg'), ('吕ann', 'lvann', 'la')]
    """
    distinct = names.drop_nulls().unique()
    folded = _folded(distinct.to_list())
    spelt = [_spelt(name) for name in folded]
    table = pl.DataFrame(
        {
            "name": distinct.cast(pl.String),
            "written": [name.replace(" ", "") for name in folded],
            "pinyin": [whole for whole, _ in spelt],
            "initials": [initials for _, initials in spelt],
        },
        schema=dict.fromkeys(("name", "written", "pinyin", "initials"), pl.String),
    )
    found = (
        names.alias("name")
        .cast(pl.String)
        .to_frame()
        .join(table, on="name", how="left", maintain_order="left")
    )
    return found.drop("name")


def rows(clients: pl.DataFrame) -> pl.DataFrame:
    """The rows of the vault's table of names for rows of the area of clients: those that have a name."""
    return pl.concat([clients.select("client_id"), keys(clients[FIELD])], how="horizontal").drop_nulls(
        "written"
    )


def _folded(texts: list[str]) -> list[str]:
    """Texts folded, one space where marks or spaces kept words apart."""
    if not texts:
        return []
    # As one text: the converter takes far longer to be called than to convert.
    joined = "\n".join(text.replace("\n", " ") for text in texts)
    plain = simplified(unicodedata.normalize("NFKC", joined).casefold())
    return [_NOT_KEPT.sub(" ", _BETWEEN_HAN.sub("", name)).strip() for name in plain.split("\n")]


def _spelt(folded: str) -> tuple[str, str]:
    """The pinyin of a folded name, and its initials."""
    if _WITH_FAMILY_NAME.fullmatch(folded):
        length = 2 if folded[:2] in DOUBLE_FAMILY_NAMES and len(folded) > 2 else 1
        syllables = _family(folded[:length]) + _syllables(folded[length:])
    else:
        syllables = [syllable for word in folded.split() for syllable in _syllables(word)]
    return "".join(syllables), "".join(syllable[:1] for syllable in syllables)


@cache
def _family(name: str) -> list[str]:
    return FAMILY_SOUNDS[name].split() if name in FAMILY_SOUNDS else _syllables(name)


def _syllables(word: str) -> list[str]:
    """How a word is read; two characters or more as a phrase where they are known as one."""
    if word.isascii() or len(word) > _LONGEST_GIVEN_NAME or word in _phrases():
        return _read(word)
    return [_syllable(character) for character in word]


@cache
def _syllable(character: str) -> str:
    return _read(character)[0]


def _read(word: str) -> list[str]:
    from pypinyin import lazy_pinyin

    return [_without_accents(syllable) for syllable in lazy_pinyin(word)]


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@cache
def _phrases() -> Any:
    from pypinyin.phrases_dict import phrases_dict

    return phrases_dict
