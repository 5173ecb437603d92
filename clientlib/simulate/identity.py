"""Names, document numbers, phones and mail addresses that belong to nobody.

ID cards: right birth date, sex and check character, but a region in "province" 78, which GB/T 2260
has never given to any place (7x knows only 71), and which no permit or foreigner's card begins with
(those begin with 8 and 9). Mobiles: +86 160, 161, 163, 164, 168 and 169, ranges that no operator has
been given (libphonenumber knows only 162, 165, 166 and 167 there). Mail: example.com, example.org and
example.net, which RFC 2606 keeps out of use.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from clientlib import idcard
from clientlib.simulate import vocabulary as words
from clientlib.simulate.clientele import INDIVIDUAL, INSTITUTION, Clientele
from clientlib.simulate.streams import Days, Flags, Ints, Texts, pick, stream, text

REGION = "78"
"""First two digits of every invented ID card number: a province that does not exist."""
MOBILE_PREFIXES = (160, 161, 163, 164, 168, 169)
MAIL_DOMAINS = ("example.com", "example.org", "example.net")
CARD, PASSPORT, PERMIT, LICENCE = 0, 1, 2, 3
ID_TYPES = ("id_card", "passport", "hmt_permit", "business_licence")
_LICENCE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LICENCE_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])


def identities(seed: int, clients: Clientele) -> pl.DataFrame:
    """One row a client: full_name, id_type, id_number, nationality, mobile, email.

    The second account of a duplicated person has the first one's name, number and mobile.
    """
    size = clients.size
    document = _documents(seed, clients)
    nationality = np.where(document == PERMIT, "HK", "CN").astype(object)
    foreign = pick(stream(seed, "identity.country"), words.FOREIGN_COUNTRIES, size)
    nationality = np.where(document == PASSPORT, foreign, nationality)
    frame = pl.DataFrame(
        {
            "full_name": text(_names(seed, clients, document)),
            "id_type": text(np.array(ID_TYPES)[document]),
            "id_number": _numbers(seed, clients, document),
            "nationality": text(nationality),
            "mobile": mobiles(stream(seed, "identity.mobile"), size),
            "email": _mails(seed, size),
        }
    )
    return frame[clients.cast.person]


def _documents(seed: int, clients: Clientele) -> Ints:
    draw = stream(seed, "identity.document").random(clients.size)
    document = np.select([draw < 0.012, draw < 0.022], [PASSPORT, PERMIT], CARD)
    document = np.where(clients.kind == INDIVIDUAL, document, LICENCE)
    return np.where(clients.cast.flag("duplicated", "duplicate"), CARD, document).astype(np.int64)


# --------------------------------------------------------------------------------- names


def _names(seed: int, clients: Clientele, document: Ints) -> Texts:
    rng = stream(seed, "identity.names")
    size = clients.size
    kinds = [
        clients.kind == INSTITUTION,
        clients.kind > INSTITUTION,
        document == PASSPORT,
        rng.random(size) < 0.02,
    ]
    choices = [_firms(rng, size), _products(rng, size), _foreign(rng, size), _minority(rng, size)]
    names: Texts = np.select(kinds, choices, _han(rng, clients.male))
    return names


def _han(rng: np.random.Generator, male: Flags) -> Texts:
    size = len(male)
    # Surnames follow Zipf's law closely enough.
    weights = 1.0 / (np.arange(len(words.SURNAMES)) + 4.0)
    surname = pick(rng, words.SURNAMES, size, weights)
    surname = np.where(rng.random(size) < 0.01, pick(rng, words.DOUBLE_SURNAMES, size), surname)
    first = np.where(male, pick(rng, words.GIVEN_MALE, size), pick(rng, words.GIVEN_FEMALE, size))
    second = np.where(rng.random(size) < 0.75, pick(rng, words.GIVEN_SECOND, size), "")
    whole: Texts = surname + second + first
    return whole


def _minority(rng: np.random.Generator, size: int) -> Texts:
    names: Texts = pick(rng, words.MINORITY_FIRST, size) + "·" + pick(rng, words.MINORITY_SECOND, size)
    return names


def _foreign(rng: np.random.Generator, size: int) -> Texts:
    names: Texts = pick(rng, words.FOREIGN_FIRST, size) + " " + pick(rng, words.FOREIGN_LAST, size)
    return names


def _firms(rng: np.random.Generator, size: int) -> Texts:
    cities = [branch.name[:2] for branch in words.BRANCHES]
    names: Texts = (
        pick(rng, cities, size) + pick(rng, words.FIRM_WORDS, size) + pick(rng, words.FIRM_TRADES, size)
    )
    return names


def _products(rng: np.random.Generator, size: int) -> Texts:
    names: Texts = pick(rng, words.FIRM_WORDS, size) + pick(rng, words.PRODUCT_KINDS, size)
    return names


# ------------------------------------------------------------------------------- numbers


def _numbers(seed: int, clients: Clientele, document: Ints) -> pl.Series:
    number = pl.Series(np.arange(clients.size))
    frame = pl.DataFrame(
        {
            "document": document,
            "number": number,
            "card": card_numbers(stream(seed, "identity.card"), clients.birth, clients.male),
            "licence": _licences(stream(seed, "identity.licence"), clients.size),
        }
    )
    serial = pl.col("number").cast(pl.String).str.zfill(8)
    document_is = pl.col("document")
    chosen = (
        pl.when(document_is == CARD)
        .then("card")
        .when(document_is == PASSPORT)
        .then(pl.concat_str(pl.lit("ZZ"), serial))
        .when(document_is == PERMIT)
        .then(pl.concat_str(pl.lit("H"), serial))
        .otherwise("licence")
    )
    return frame.select(id_number=chosen).to_series()


def card_numbers(rng: np.random.Generator, birth: Days, male: Flags) -> pl.Series:
    """ID card numbers, all different, of a region that is nowhere, with their check characters."""
    body = pl.DataFrame({"birth": pl.Series(birth).cast(pl.Date), "male": pl.Series(male)})
    turn = pl.int_range(pl.len()).over("birth", "male")
    body = body.with_columns(
        # Five hundred people a birth date, sex and county; then the next county.
        county=turn // 500 * 100 + pl.Series(rng.integers(1, 100, len(birth))),
        place=(turn + pl.col("birth").cast(pl.Int32) * 37) % 500 * 2 + pl.col("male").cast(pl.Int32),
    )
    digits = body.select(
        body=pl.concat_str(
            pl.lit(REGION),
            pl.col("county").cast(pl.String).str.zfill(4),
            pl.col("birth").dt.strftime("%Y%m%d"),
            pl.col("place").cast(pl.String).str.zfill(3),
        )
    )
    weighted = [pl.col("body").str.slice(i, 1).cast(pl.Int32) * w for i, w in enumerate(idcard.WEIGHTS)]
    check = (pl.sum_horizontal(weighted) % 11).replace_strict(
        dict(enumerate(idcard.CHECK_CHARACTERS)), return_dtype=pl.String
    )
    return digits.select(pl.concat_str("body", check)).to_series()


def _licences(rng: np.random.Generator, size: int) -> pl.Series:
    """Unified social credit codes (GB 32100): department 91, region 78…, check character by MOD 31-3."""
    alphabet = np.array(list(_LICENCE_ALPHABET))
    body = np.empty((size, 17), dtype=np.int64)
    body[:, :8] = [9, 1, 7, 8, 0, 0, 0, 0]
    body[:, 8:] = rng.integers(0, 31, (size, 9))
    check = (31 - (body * _LICENCE_WEIGHTS).sum(axis=1) % 31) % 31
    letters = alphabet[np.column_stack([body, check])]
    return text(np.ascontiguousarray(letters).view("U18").ravel())


def mobiles(rng: np.random.Generator, size: int) -> pl.Series:
    """Mobile numbers in E.164 form, all different."""
    start, step = int(rng.integers(10**8)), 7_654_321
    # A step without a factor in common with 10⁸ visits every number once before it repeats.
    local = (start + np.arange(size, dtype=np.int64) * step) % 10**8
    prefix = np.array(MOBILE_PREFIXES)[rng.integers(0, len(MOBILE_PREFIXES), size)]
    whole = pl.Series("mobile", prefix * 10**8 + local)
    return pl.select(pl.concat_str(pl.lit("+86"), whole.cast(pl.String))).to_series()


def _mails(seed: int, size: int) -> pl.Series:
    rng = stream(seed, "identity.mail")
    domain = text(pick(rng, MAIL_DOMAINS, size))
    serial = pl.Series(np.arange(size) * 7 + int(rng.integers(100))).cast(pl.String)
    given = pl.Series(rng.random(size) < 0.7)
    address = pl.concat_str(pl.lit("client"), serial, pl.lit("@"), domain)
    return pl.select(pl.when(given).then(address)).to_series()
