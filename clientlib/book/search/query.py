"""A query as people type it → words and conditions, and back. What they mean to a book is decided elsewhere.

    王小明                    a word: a name, a number, a label, a piece of text
    "moved to Suzhou"         several words as one
    assets>1000000            a condition: a field, a sign, a value
    level=C4,C5               one of several values
    assets:1000000..5000000   a range, both ends included; one end may be left out

Full-width letters, digits and signs mean the same as narrow ones. All words and conditions must hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from clientlib.errors import ParameterError

Sign = Literal["=", "!=", "<", "<=", ">", ">=", ":"]
LONGEST, MOST_TERMS = 1_000, 20
"""Characters of a query, and words and conditions in it: no person types more."""
_NARROW = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_NARROW |= {0x3000: " ", 0xFF0C: ", ", ord("、"): ",", ord("≥"): ">=", ord("≤"): "<=", ord("≠"): "!="}
_NARROW |= dict.fromkeys(map(ord, "“”„「」『』"), '"')
_NARROW |= dict.fromkeys([*range(0x20), 0x7F], " ")
_OTHER_SIGNS = {"==": "=", "<>": "!=", "=>": ">=", "=<": "<="}
_SIGN = re.compile(r"==|<>|=>|=<|<=|>=|!=|[=<>:]")
_GAP = re.compile(r"[\s,;]*")
_CONDITION = re.compile(rf'([^\s,;"<>=!:]+)\s*({_SIGN.pattern})\s*')
_QUOTED = re.compile(r'"((?:[^"]|"")*)(?:"|$)')
_BARE = re.compile(r'[^\s,;"]+')
# A comma between thousands belongs to the number.
_VALUE = re.compile(r'(?!!=|[<>=:])(?:(?<!\w)\d{1,3}(?:,\d{3})+(?!\d)|[^\s,;"])+')
_NEXT_VALUE = re.compile(rf",(?=[^\s,;])(?!{_CONDITION.pattern})")
_FIGURE = re.compile(r"[-+¥$]?[\d.]")


@dataclass(frozen=True)
class Word:
    """What is looked for wherever it may stand; `quoted`: it was typed between quotation marks."""

    text: str
    quoted: bool = False

    def __str__(self) -> str:
        return _in_quotes(self.text) if self.quoted else self.text


@dataclass(frozen=True)
class Range:
    """Values from `low` to `high`, both included; an end that is empty is open."""

    low: str
    high: str

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"


Value = str | Range


@dataclass(frozen=True)
class Condition:
    """A field, a sign and one or several values; `field` empty: a range that was typed alone."""

    field: str
    sign: Sign
    values: tuple[Value, ...]

    def __str__(self) -> str:
        listed = ",".join(_typed(value, first=place == 0) for place, value in enumerate(self.values))
        return f"{self.field}{self.sign}{listed}" if self.field else listed


Term = Word | Condition


@dataclass(frozen=True)
class Query:
    """What was asked for. `str` gives it in its usual form, which reads as the same query."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return " ".join(map(str, self.terms))

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(term for term in self.terms if isinstance(term, Word))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return tuple(term for term in self.terms if isinstance(term, Condition))


def parse(text: str) -> Query:
    """Read a query.

    Parameters
    ----------
    text : str

    Returns
    -------
    Query

    Raises
    ------
    ParameterError
        A sign has nothing before or after it, or the query is longer than any person's. What was typed is
        not quoted: it may be somebody's name.

    >>> [str(term) for term in parse("assets＞1,000,000 level = C4， 王").terms]
    ['assets>"1,000,000"', 'level=C4', '王']
    """
    if len(text) > LONGEST:
        raise ParameterError(
            f"The query is longer than {LONGEST:,} characters. Say it shorter.",
            f"查询超过{LONGEST:,}个字符。请缩短。",
        )
    plain = text.encode("utf-8", "replace").decode().translate(_NARROW)
    terms = _Reader(plain).terms()
    if len(terms) > MOST_TERMS:
        raise ParameterError(
            f"The query has more than {MOST_TERMS} words and conditions. Ask for fewer.",
            f"查询超过{MOST_TERMS}个词和条件。请减少。",
        )
    return Query(tuple(terms))


class _Reader:
    """Goes through a text from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def terms(self) -> list[Term]:
        found: list[Term] = []
        self._take(_GAP)
        while self._at < len(self._text):
            term = self._term()
            if term is not None:
                found.append(term)
            self._take(_GAP)
        return found

    def _term(self) -> Term | None:
        if quoted := self._take(_QUOTED):
            text = quoted[1].replace('""', '"').strip()
            return Word(text, quoted=True) if text else None
        if opened := self._take(_CONDITION):
            return self._condition(opened[1], opened[2])
        bare = self._take(_BARE)
        assert bare is not None  # noqa: S101 - neither a gap nor a quotation mark is here
        if _SIGN.match(bare[0]):
            raise ParameterError(
                f"Before “{_usual(bare[0])}” the name of a field is missing. Write it in front, e.g. "
                "assets>1000000; to look for a text with that sign in it, put the text in quotes.",
                f"“{_usual(bare[0])}”之前缺少字段名。请写在前面，例如 assets>1000000；"
                "如要查找含有该符号的文本，请用引号括起来。",
            )
        span = _range(bare[0])
        return Condition("", ":", (span,)) if span and _is_figures(span) else Word(bare[0])

    def _condition(self, field: str, sign: str) -> Condition:
        values = [self._value(sign)]
        while self._take(_NEXT_VALUE):
            values.append(self._value(sign))
        return Condition(field, _usual(sign), tuple(values))

    def _value(self, sign: str) -> Value:
        if quoted := self._take(_QUOTED):
            return quoted[1].replace('""', '"').strip()
        chunk = self._take(_VALUE)
        if chunk is None:
            raise ParameterError(
                f'After “{_usual(sign)}” a value is missing. Write it behind, e.g. level=C4; "" means that '
                "nothing is filled in.",
                f'“{_usual(sign)}”之后缺少值。请写在后面，例如 level=C4；"" 表示未填写。',
            )
        return _range(chunk[0]) or chunk[0]


def _usual(text: str) -> Sign:
    """The sign that a text begins with, in its usual form."""
    found = _SIGN.match(text)
    typed = found[0] if found else "="
    typed = _OTHER_SIGNS.get(typed, typed)
    return next(sign for sign in get_args(Sign) if sign == typed)


def _range(text: str) -> Range | None:
    low, dots, high = text.partition("..")
    return Range(low, high) if dots and (low or high) else None


def _is_figures(span: Range) -> bool:
    return all(_FIGURE.match(end) for end in (span.low, span.high) if end)


def _typed(value: Value, *, first: bool) -> str:
    """A value in such a way that it is read as the same one."""
    if isinstance(value, Range):
        return str(value)
    as_it_is = _BARE.fullmatch(value) and not _SIGN.search(value) and ".." not in value
    # Behind a comma, three digits would be taken for thousands of the number before.
    if as_it_is and (first or not re.match(r"\d{3}(?!\d)", value)):
        return value
    return _in_quotes(value)


def _in_quotes(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
