"""The Chinese resident identity number (GB 11643-1999), as Polars expressions.

Eighteen characters: six of region, eight of birth date, three of sequence (the last one odd for
men, even for women), one check character by ISO 7064 MOD 11-2.
"""

from __future__ import annotations

import polars as pl

PATTERN = r"[1-9]\d{16}[\dX]"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"


def check_character(body: str) -> str:
    """The check character of the first 17 digits.

    >>> check_character("11010519491231002")
    'X'
    """
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body[:17], strict=True))
    return CHECK_CHARACTERS[total % 11]


def is_card(number: pl.Expr) -> pl.Expr:
    """Whether the number has the form of an identity card's."""
    return number.str.contains(f"^{PATTERN}$")


def check_character_holds(number: pl.Expr) -> pl.Expr:
    """Whether the last character is the right one; null where the form is not a card's."""
    digits = (
        number.str.slice(place, 1).cast(pl.Int32, strict=False) * weight
        for place, weight in enumerate(WEIGHTS)
    )
    remainder = pl.sum_horizontal(*digits, ignore_nulls=False) % 11
    expected = remainder.replace_strict(
        dict(enumerate(CHECK_CHARACTERS)), return_dtype=pl.String, default=None
    )
    return number.str.slice(17, 1) == expected


def birth_date(number: pl.Expr) -> pl.Expr:
    """The birth date inside, null where it is no date."""
    return number.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)


def gender(number: pl.Expr) -> pl.Expr:
    """The sex inside as a GB/T 2261.1 code: "1" male, "2" female."""
    odd = number.str.slice(16, 1).cast(pl.Int32, strict=False) % 2
    return pl.when(odd == 1).then(pl.lit("1")).when(odd == 0).then(pl.lit("2"))
