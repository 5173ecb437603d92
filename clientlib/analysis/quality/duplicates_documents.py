"""Numbers of identity documents and licences, made comparable: form, kind, whether it can be right."""

from __future__ import annotations

import polars as pl

from clientlib import idcard

LICENCE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""What a unified social credit code (GB 32100) is written with: no I, O, S, V and Z."""
CHECKED_KINDS = ("id_card", "licence")
"""Kinds of document whose number ends in a check character."""
FEWEST_CHARACTERS = 3
"""A number of fewer different characters (00000000) was typed because something had to be."""
_LICENCE_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_OLD_CARD = r"^[1-9]\d{14}$"


def licence_check_character(body: str) -> str:
    """The check character of the first 17 characters of a licence's code (MOD 31-3).

    >>> licence_check_character("91350100M000100Y4")
    '3'
    """
    total = sum(w * LICENCE_ALPHABET.index(c) for w, c in zip(_LICENCE_WEIGHTS, body[:17], strict=True))
    return LICENCE_ALPHABET[-total % 31]


def with_documents(frame: pl.DataFrame) -> pl.DataFrame:
    """Add what is compared of each document.

    Parameters
    ----------
    frame : polars.DataFrame
        id_type and id_number, both text.

    Returns
    -------
    polars.DataFrame
        The same with document (letters and digits only, an old card's fifteen digits as the eighteen that
        they became), document_kind, document_old, document_valid (its check character was there and is
        right), document_digits (its characters in order of size), document_stem (without the check
        character) and document_end (the last four).
    """
    typed = pl.col("id_number").str.normalize("NFKC").str.to_uppercase().str.replace_all(r"[^0-9A-Z]", "")
    card_expected = pl.col("id_type").fill_null("id_card") == "id_card"
    real = typed.str.split("").list.n_unique() >= FEWEST_CHARACTERS
    frame = frame.with_columns(document=pl.when(real).then(typed))
    frame = frame.with_columns(
        document_old=(card_expected & pl.col("document").str.contains(_OLD_CARD)).fill_null(value=False)
    )
    frame = frame.with_columns(document=_in_new_form(frame))
    number = pl.col("document")
    card = card_expected & idcard.is_card(number)
    licence = (pl.col("id_type") == "business_licence") & (number.str.len_chars() == 18)
    valid = (card & idcard.check_character_holds(number)) | (licence & _licence_check_holds(number))
    kind = (
        pl.when(licence)
        .then(pl.lit("licence"))
        .when(pl.col("id_type") == "business_licence")
        .then(pl.lit("registration"))
        .when(card)
        .then(pl.lit("id_card"))
        .otherwise(pl.col("id_type").fill_null("unknown"))
    )
    stem = pl.when(pl.col("document_kind").is_in(CHECKED_KINDS) & (number.str.len_chars() == 18))
    return frame.with_columns(
        document_kind=kind,
        # An old number had no check character of its own: the one that was added proves nothing.
        document_valid=(valid & ~pl.col("document_old")).fill_null(value=False),
        document_digits=number.str.split("").list.sort().list.join(""),
        document_end=number.str.tail(4),
    ).with_columns(document_stem=stem.then(number.str.head(17)))


def _in_new_form(frame: pl.DataFrame) -> pl.Expr:
    old = frame.filter("document_old")["document"].unique()
    return pl.col("document").replace(old, pl.Series([_renewed(number) for number in old], dtype=pl.String))


def _renewed(number: str) -> str:
    """Eighteen digits of fifteen: the century is put in, the check character behind."""
    body = f"{number[:6]}19{number[6:]}"
    return body + idcard.check_character(body)


def _licence_check_holds(number: pl.Expr) -> pl.Expr:
    worth = {letter: place for place, letter in enumerate(LICENCE_ALPHABET)}
    values = [
        number.str.slice(place, 1).replace_strict(worth, default=None, return_dtype=pl.Int32)
        for place in range(18)
    ]
    weighted = [value * weight for value, weight in zip(values, _LICENCE_WEIGHTS, strict=False)]
    return (31 - pl.sum_horizontal(*weighted, ignore_nulls=False) % 31) % 31 == values[17]
