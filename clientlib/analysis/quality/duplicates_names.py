"""What is left of a name when the way of writing it is taken away: characters, order, spaces, sound.

Names are folded so that the same one is recognised in simplified and in traditional characters, in
Latin letters, with one dot or another. Nothing is compared here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from clientlib.chinese import DOUBLE_FAMILY_NAMES, FAMILY_SOUNDS, HAN, simplified

_HAN = re.compile(f"[{HAN}]")
_NOT_KEPT = re.compile(r"[\W_]+")
_DOTS = re.compile(r"[·•・‧∙⋅‐.]")
_ROUNDED_U = re.compile(r"([ln])(?:ü|u\u0308|yu)")
_LONGEST_WITH_FAMILY_NAME = 4
"""A longer name, or one with a dot in it, is a translated one: its first character is no family name."""
_COMPANY_ENDINGS = re.compile(
    r"(?:股份有限责任公司|有限责任公司|股份有限公司|有限公司|股份公司|集团公司|总公司|公司|集团"
    r"|普通合伙|有限合伙|合伙企业)+$"
)
_COMPANY_WORDS = frozenset(
    (
        "co",
        "company",
        "corp",
        "corporation",
        "inc",
        "incorporated",
        "limited",
        "llc",
        "llp",
        "ltd",
        "plc",
        "gmbh",
    )
)


class Name(NamedTuple):
    """A name in the forms that are compared; what it has not is None.

    Attributes
    ----------
    written : its characters alike in width and case, as they were written otherwise
    traditional : whether simplifying changed it
    folded : simplified, without spaces and marks; the words of a Latin name in alphabetical order
    core : `folded` without what says that it is a company
    family, given : of a Chinese name of two to four characters
    sound : how a Chinese name is read, in letters without tones
    ring : the letters of `sound`, or of a Latin name, from wherever they come first in the alphabet:
        the same whether the family name was put first or last
    latin : whether it is in Latin letters only
    """

    written: str | None = None
    traditional: bool = False
    folded: str | None = None
    core: str | None = None
    family: str | None = None
    given: str | None = None
    sound: str | None = None
    ring: str | None = None
    latin: bool = False


NO_NAME = Name()


def person(name: str) -> Name:
    """The forms of a person's name.

    >>> person("張偉 國").folded, person("张伟国").sound, person("张伟国").ring == person("Weiguo ZHANG").ring
    ('张伟国', 'zhangweiguo', True)
    """
    written = _written(name)
    simple = simplified(written)
    folded = _NOT_KEPT.sub("", simple)
    if not folded:
        return NO_NAME
    if not _HAN.search(folded):
        return _latin_person(written)
    family, given = None, None
    if len(folded) <= _LONGEST_WITH_FAMILY_NAME and not _DOTS.search(written):
        length = 2 if folded[:2] in DOUBLE_FAMILY_NAMES and len(folded) > 2 else 1
        family, given = folded[:length], folded[length:]
    sound = _sound(folded, family or "")
    return Name(
        written, simple != written, folded, folded, family, given or None, sound, _ring(sound), latin=False
    )


def organisation(name: str) -> Name:
    """The forms of a company's or a product's name.

    >>> organisation("青禾贸易有限公司").core == organisation("青禾貿易有限責任公司").core
    True
    """
    written = _written(name)
    simple = simplified(written)
    words = _words(simple)
    folded = "".join(words)
    if not folded:
        return NO_NAME
    while len(words) > 1 and words[-1] in _COMPANY_WORDS:
        words = words[:-1]
    joined = "".join(words)
    core = _COMPANY_ENDINGS.sub("", joined) or joined
    return Name(written, simple != written, folded, core, latin=not _HAN.search(folded))


def _written(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _words(text: str) -> list[str]:
    return [word for word in _NOT_KEPT.split(text) if word]


def _latin_person(written: str) -> Name:
    sounded = _ROUNDED_U.sub(r"\1v", written)
    plain = "".join(c for c in unicodedata.normalize("NFKD", sounded) if not unicodedata.combining(c))
    words = _words(plain)
    folded = " ".join(sorted(words))
    return Name(written, False, folded, folded, ring=_ring("".join(words)), latin=True)


def _sound(folded: str, family: str) -> str:
    first = FAMILY_SOUNDS.get(family, "").replace(" ", "") or "".join(map(_syllable, family))
    return first + "".join(map(_syllable, folded[len(family) :]))


@cache
def _syllable(character: str) -> str:
    from pypinyin import lazy_pinyin

    return str(lazy_pinyin(character)[0])


def _ring(letters: str) -> str | None:
    """The rotation of `letters` that comes first in the alphabet."""
    return min((letters[n:] + letters[:n] for n in range(len(letters))), default=None)
