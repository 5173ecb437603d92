"""The ways in which a word can find a client by who he is, and how well each of them fits.

Compared is what the role sees: whole values where identity is plain, masks where it is masked, and whole
values again where somebody with the right to look up gives a reason, but then only as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from clientlib import masks
from clientlib.book.connection import literal, quoted
from clientlib.book.search import names
from clientlib.declare import Field

Manner = Literal["exact", "begins", "holds", "mask", "pinyin", "initials", "label", "text"]
"""How a word met what it found: is it, begins it, stands in it; fits its mask, its sound, its label."""
EXACT, BEGINS, HOLDS, SOUNDS, SOUNDS_BEGINNING, SOUNDS_INSIDE, ELSEWHERE, SAID = range(8)
"""How well a way fits, the best first."""
STEP = 1_000
"""Between two ranks in the number of a way."""
_SHORTEST_INSIDE = 4
"""Digits that may stand anywhere in a number; fewer are in nearly every one."""
_SHORTEST_SOUND = 3
_STARS = re.compile(r"[*…]+")
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"[0-9A-Za-z()\-]*\d[0-9A-Za-z()\-]*")
_LETTERS = re.compile(r"[a-z]+")
_SPACES = re.compile(r"[\s\-().]")
_MOBILE = re.compile(r"(?:\+?86)?1[3-9]\d{9}")
_NUMBER_FORM = re.compile(r"(?:\+?86)?1[3-9]\d{9}|\d{17}[\dXx]|\d{15}")


class Way(NamedTuple):
    """One way: in which field, by which manner, and its rank. Of `text`, what was found tells the field."""

    area: str
    field: str
    manner: Manner
    rank: int


@dataclass(frozen=True)
class Comparison:
    """A way, and the SQL that holds for the rows of `Standing.who` that it finds.

    Of the comparisons of one `chain`, each finds all that the one before it finds.
    """

    sql: str
    way: Way
    chain: str


def is_identity_only(text: str) -> bool:
    """Whether a word can be nothing but somebody's number, whole or masked.

    >>> [is_identity_only(word) for word in ("13812345678", "3****…****4", "138****5678", "C0001", "网球")]
    [True, True, True, False, False]
    """
    return is_whole_number(text) or ("*" in text and re.search(r"\d", text) is not None)


def is_whole_number(text: str) -> bool:
    """Whether a text is a mainland mobile number, or an ID card's."""
    return _NUMBER_FORM.fullmatch(_SPACES.sub("", text)) is not None


class Look(NamedTuple):
    """What is compared: the masks or the values (`masked`), only as a whole or in part too (`whole`), and how
    much of an ID number its mask shows."""

    masked: bool
    whole: bool
    id_ends: tuple[int, int]


def comparisons(field: Field, text: str, look: Look, *, inside: bool = True) -> Iterator[Comparison]:
    """All ways in which a text may be meant as a value of an identity field.

    Parameters
    ----------
    field : Field
    text : str
        As it was typed, without quotation marks.
    look : Look
    inside : bool
        Whether a part of the value will do.
    """
    kind = masks.kind_of(field)
    if _STARS.search(text):
        # Whole values are compared with a whole value only, or stars would tell them piece by piece.
        yield from [] if look.whole else _by_pattern(field, kind, text)
        return
    for comparison in _MAKERS[kind](field, text, look):
        manner, rank = comparison.way.manner, comparison.way.rank
        as_a_whole = manner in ("exact", "mask") or rank == SOUNDS or (look.masked and rank == BEGINS)
        if as_a_whole or (inside and not look.whole):
            yield comparison


def _compare(
    column: str, form: str, field: Field, ways: Sequence[tuple[Manner, int]], *, chain: str = ""
) -> Iterator[Comparison]:
    """`form` as all of the column, its beginning, or any part of it, as far as `ways` has them."""
    tests = {
        "exact": f"{column} = {literal(form)}",
        "begins": f"starts_with({column}, {literal(form)})",
        "holds": f"contains({column}, {literal(form)})",
    }
    for (manner, rank), test in zip(ways, tests.values(), strict=False):
        yield Comparison(test, Way(field.area, field.name, manner, rank), chain or f"{column} {form}")


_PLAINLY: Sequence[tuple[Manner, int]] = (("exact", EXACT), ("begins", BEGINS), ("holds", HOLDS))
_BY_SOUND: Sequence[tuple[Manner, int]] = (
    ("pinyin", SOUNDS),
    ("pinyin", SOUNDS_BEGINNING),
    ("pinyin", SOUNDS_INSIDE),
)
_BY_INITIALS: Sequence[tuple[Manner, int]] = (("initials", SOUNDS), ("initials", SOUNDS_BEGINNING))


def _names(field: Field, text: str, look: Look) -> Iterator[Comparison]:
    folded = names.fold(text)
    if not folded or folded.isdigit():
        return
    if field.name != names.FIELD:
        yield from _places(field, text, look)
        return
    if look.masked:
        # Of the written form the mask's table has the first character only.
        sql = f"written = {literal(folded[:1])}"
        manner: Manner = "mask" if len(folded) > 1 else "begins"
        yield Comparison(sql, Way(field.area, field.name, manner, BEGINS), "written")
        return
    sound = folded.replace("ü", "v").replace("lyu", "lv")
    # Letters of a name stand in its pinyin as well: whoever has them there is found by that.
    by_sound = sound == folded and len(sound) >= _SHORTEST_SOUND and _LETTERS.fullmatch(sound)
    yield from _compare("written", folded, field, _PLAINLY, chain=f"pinyin {sound}" if by_sound else "")
    if _LETTERS.fullmatch(sound):
        yield from _compare("pinyin", sound, field, _BY_SOUND[: 3 if len(sound) >= _SHORTEST_SOUND else 2])
        yield from _compare("initials", sound, field, _BY_INITIALS)


def _phones(field: Field, text: str, look: Look) -> Iterator[Comparison]:
    digits = re.sub(r"^(?:\+|00)?86(?=1[3-9]\d{9}$)", "", _SPACES.sub("", text))
    if not _DIGITS.fullmatch(digits.removeprefix("+")):
        return
    if look.masked and len(digits) > _SHORTEST_INSIDE:
        yield _as_masked(field, masks.mask(digits, "phone"))
        return
    # A whole number is compared as one.
    inside = len(digits) >= _SHORTEST_INSIDE and not _NUMBER_FORM.fullmatch(digits)
    ways = _PLAINLY if inside else _PLAINLY[:1]
    yield from _compare(quoted(field.name), digits, field, ways)


def _id_numbers(field: Field, text: str, look: Look) -> Iterator[Comparison]:
    number = text.replace(" ", "").upper()
    if not _NUMBER.fullmatch(number):
        return
    if look.masked:
        # Of a short piece of a number the mask would fit far too many.
        if len(number) > 2 * _SHORTEST_INSIDE:
            first, last = look.id_ends
            yield _by_ends(field, number[:first], number[len(number) - last :], BEGINS)
        return
    if _MOBILE.fullmatch(number):
        return
    inside = len(number) >= _SHORTEST_INSIDE and not _NUMBER_FORM.fullmatch(number)
    ways = _PLAINLY if inside else _PLAINLY[:1]
    yield from _compare(quoted(field.name), number, field, ways)


def _mails(field: Field, text: str, look: Look) -> Iterator[Comparison]:
    if "@" not in text:
        return
    mail = text.strip().lower()
    if look.masked:
        yield _as_masked(field, masks.mask(mail, "email"))
        return
    yield from _compare(quoted(field.name), mail, field, _PLAINLY)


def _places(field: Field, text: str, _look: Look) -> Iterator[Comparison]:
    for form in names.spellings(text):
        yield from _compare(f"lower({quoted(field.name)})", form, field, _PLAINLY)


_MAKERS = {"name": _names, "phone": _phones, "id_number": _id_numbers, "email": _mails, "address": _places}


def _as_masked(field: Field, shown: str | None) -> Comparison:
    sql = f"{quoted(field.name)} = {literal(shown or '')}"
    return Comparison(sql, Way(field.area, field.name, "mask", BEGINS), quoted(field.name))


def _by_pattern(field: Field, kind: masks.MaskKind, text: str) -> Iterator[Comparison]:
    """A masked value as it is shown or written down: what the stars stand for may be anything."""
    first, *_, last = _STARS.split(text.strip())
    if kind == "name":
        folded = names.fold(first)
        if field.name == names.FIELD and len(folded) == 1 and not last:
            sql = f"starts_with(written, {literal(folded)})"
            yield Comparison(sql, Way(field.area, field.name, "mask", BEGINS), "written")
        return
    if kind == "address" or not _fits_mask(kind, first, last):
        return
    first = re.sub(r"^\+?86(?=1)", "", first) if kind == "phone" else first
    first, last = (end.upper() if kind == "id_number" else end.lower() for end in (first, last))
    yield _by_ends(field, first, last, EXACT)


def _by_ends(field: Field, first: str, last: str, rank: int) -> Comparison:
    column = quoted(field.name)
    sql = f"starts_with({column}, {literal(first)}) AND ends_with({column}, {literal(last)})"
    return Comparison(sql, Way(field.area, field.name, "mask", rank), column)


def _fits_mask(kind: masks.MaskKind, first: str, last: str) -> bool:
    """Whether a masked text may be of this kind: a phone shows three digits and more, a mail its domain."""
    if kind == "email":
        return "@" in last
    if not re.fullmatch(r"\+?[0-9A-Za-z]*", first) or not re.fullmatch(r"[0-9A-Za-z]*", last):
        return False
    return len(first) >= 3 if kind == "phone" else bool(first and last)
