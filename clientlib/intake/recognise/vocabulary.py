"""The words that people write for a code, its own and those of `words.toml`; the places in addresses."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from clientlib import codes
from clientlib.codes import CodeList, fold

REGION = codes.CODES["region"]
# A road may be named after a far city: 南京东路, 中山北一路.
_ROAD_ZH = r"(?![东西南北中]{0,2}[一二三四五六七八九十]?(?:路|街|大道|道|巷|弄|广场|大厦|花园|小区|新村))"
_ROAD_EN = (
    r"(?!\s+(?:(?:east|west|north|south|middle|central)\s+)?(?:road|rd|street|st|avenue|ave|lane|district)\b)"
)
_OWN_ENDING = r"(?:市|省|地区|盟|自治州|特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区)"


@cache
def words(entries: CodeList) -> tuple[tuple[str, str], ...]:
    """(word, code) of everything known for a code list, its own words first; none twice."""
    known: dict[str, tuple[str, str]] = {}
    for entry in entries.entries:
        for word in (entry.zh, entry.en, *entry.synonyms):
            known.setdefault(fold(word), (word, entry.value))
    for code, listed in _everyday().get(entries.name, {}).items():
        for word in listed:
            known.setdefault(fold(word), (word, code))
    return tuple(known.values())


@cache
def folded(entries: CodeList) -> frozenset[str]:
    """Every known word of a list, folded."""
    return frozenset(fold(word) for word, _ in words(entries))


@cache
def _everyday() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    text = resources.files("clientlib.intake.recognise").joinpath("words.toml").read_text("utf-8")
    return {
        name: {
            code: tuple(w.strip() for w in re.split(r"[,\n]", listed) if w.strip())
            for code, listed in by.items()
        }
        for name, by in tomllib.loads(text).items()
    }


# ------------------------------------------------------------------------------- places
def place(address: str) -> str | None:
    """The part of an address that says province and city; None where neither is named.

    >>> place("广东省深圳市福田区青年路169号2083室")
    '广东省深圳市'
    """
    found = _places(address)
    if not found:
        return None
    if not address.isascii():
        start, end = found[0].span()
        # A city right behind its province belongs to the place; a street named after a city does not.
        for match in found[1:]:
            if match.start() > end + 1:
                break
            end = match.end()
        return address[start:end]
    return found[-1][0]


def regions(address: str) -> tuple[str, ...]:
    """The regions whose places an address names, the one that counts first; none twice."""
    by_word = _region_words()
    found = _places(address)
    # Chinese addresses begin with the place, others end with it.
    ordered = found if not address.isascii() else found[::-1]
    return tuple(dict.fromkeys(by_word[_bare(match[0])] for match in ordered))


def _places(address: str) -> list[re.Match[str]]:
    chinese, latin = _place_patterns()
    return list((latin if address.isascii() else chinese).finditer(address))


def _bare(word: str) -> str:
    return re.sub(f"{_OWN_ENDING}$", "", word) if not word.isascii() else word.casefold()


@cache
def _region_words() -> Mapping[str, str]:
    """Place → region: Chinese names without their ending, English names and pinyin in small letters."""
    from pypinyin import lazy_pinyin

    known: dict[str, str] = {}
    for word, code in words(REGION):
        if word.isascii():
            known.setdefault(word.casefold(), code)
        else:
            known.setdefault(_bare(word), code)
    for word, code in list(known.items()):
        if not word.isascii():
            pinyin = "".join(lazy_pinyin(word))
            # Jilin, Suzhou and Yichun are each the pinyin of two places.
            known[pinyin] = code if known.get(pinyin, code) == code else ""
    return {word: code for word, code in known.items() if code}


@cache
def _place_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    by_length = sorted(_region_words(), key=len, reverse=True)
    chinese = "|".join(re.escape(word) for word in by_length if not word.isascii())
    latin = "|".join(re.escape(word) for word in by_length if word.isascii() and len(word) > 3)
    return (
        re.compile(f"(?:{chinese})(?:{_OWN_ENDING}|(?![区县]){_ROAD_ZH})"),
        re.compile(rf"\b(?:{latin})\b{_ROAD_EN}", re.IGNORECASE),
    )
