"""One row a client with everything that is compared, each value folded to what it means.

Only the newest row of a client counts. Values that many clients carry (a branch's own telephone, an
address that is only a city) say nothing about a person and are left out, as do numbers of zeros.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import polars as pl

from clientlib.analysis.quality import duplicates_names as names
from clientlib.analysis.quality.duplicates_documents import with_documents
from clientlib.chinese import HAN, simplified
from clientlib.errors import ParameterError

Frame = pd.DataFrame | pl.DataFrame
MOST_SHARERS = 20
"""A number or an address that more clients than this have in common is nobody's own."""
CLIENT_FIELDS = ("full_name", "client_type", "id_type", "id_number", "birth_date", "gender")
CONTACT_FIELDS = ("mobile", "email", "address")
_NUMBERS = re.compile(r"[0-9]+")
_HAN_ONLY = re.compile(f"[^{HAN}]")
_SQUASHED = re.compile(r"[\W_]+")
PERSON, FIRM, PRODUCT = "person", "firm", "product"


def records(clients: Frame, contacts: Frame | None) -> pl.DataFrame:
    """What of each client is compared.

    Returns
    -------
    polars.DataFrame
        client_id, kind (person, firm, product); the name as in `duplicates_names.Name`; document,
        document_kind, document_old, document_valid, document_digits, document_stem, document_end;
        birth (YYYYMMDD), gender; mobile, email, mailbox, address, place. Missing values are null.
        Sorted by client_id.
    """
    frame = newest(clients, "clients", CLIENT_FIELDS)
    reached = newest(contacts, "contacts", CONTACT_FIELDS)
    frame = frame.join(reached, on="client_id", how="left").sort("client_id")
    kind = (
        pl.when(pl.col("client_type") == "institution")
        .then(pl.lit(FIRM))
        .when(pl.col("client_type") == "product")
        .then(pl.lit(PRODUCT))
        .otherwise(pl.lit(PERSON))
    )
    frame = _unshared(with_documents(frame.with_columns(kind=kind)), "document")
    frame = _with_contacts(_with_names(frame))
    return frame.with_columns(
        birth=pl.col("birth_date").str.slice(0, 10).str.replace_all("-", ""),
        gender=pl.when(pl.col("gender").is_in(["1", "2"])).then("gender"),
    ).drop("full_name", "client_type", "id_type", "id_number", "birth_date")


def newest(area: Frame | None, name: str, fields: Iterable[str]) -> pl.DataFrame:
    """The newest row of each client, all values as text; fields that are not there are null."""
    wanted = ["client_id", *fields]
    if area is None:
        return pl.DataFrame(schema=dict.fromkeys(wanted, pl.String))
    if "client_id" not in area.columns:
        raise ParameterError(
            f"{name}: the column client_id is missing. Hand the area over as the book gives it.",
            f"{name}：缺少列 client_id。请按台账给出的原样传入该表。",
        )
    frame = area if isinstance(area, pl.DataFrame) else _from_pandas(area, [*wanted, "updated_at"])
    if "updated_at" in frame.columns:
        frame = frame.sort("updated_at", nulls_last=False, maintain_order=True)
    present = [pl.col(f).cast(pl.String, strict=False) for f in wanted if f in frame.columns]
    absent = [pl.lit(None, dtype=pl.String).alias(f) for f in wanted if f not in frame.columns]
    chosen = frame.select(*present, *absent).with_columns(pl.all().str.strip_chars().replace("", None))
    return chosen.drop_nulls("client_id").unique("client_id", keep="last", maintain_order=True)


def _from_pandas(area: pd.DataFrame, wanted: list[str]) -> pl.DataFrame:
    """A column at a time, because a column of mixed objects must not refuse the others."""
    columns = {}
    for name in (n for n in wanted if n in area.columns):
        column = area[name]
        if column.dtype == object:
            column = column.map(lambda value: None if pd.isna(value) else str(value)).astype("str")
        values = pl.from_pandas(column, nan_to_null=True)
        # pandas has no dates: the book hands them over as midnights without a zone.
        dated = isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is None
        columns[name] = values.cast(pl.Date) if dated else values
    return pl.DataFrame(columns)


def _mapped(column: pl.Series, fold: Callable[[str], Any], dtype: Any) -> pl.Series:
    """`fold` of each different value, worked out once."""
    different = column.drop_nulls().unique(maintain_order=True)
    folded = {value: fold(value) for value in different}
    return pl.Series([None if value is None else folded[value] for value in column], dtype=dtype)


def _with_names(frame: pl.DataFrame) -> pl.DataFrame:
    parts = pl.Struct(
        {
            field: pl.Boolean if field in ("traditional", "latin") else pl.String
            for field in names.Name._fields
        }
    )
    person = _mapped(frame["full_name"], lambda value: names.person(value)._asdict(), parts)
    other = _mapped(
        frame.select(pl.when(pl.col("kind") != PERSON).then("full_name")).to_series(),
        lambda value: names.organisation(value)._asdict(),
        parts,
    )
    chosen = pl.when(pl.col("kind") == PERSON).then(person).otherwise(other)
    frame = frame.with_columns(name=chosen).unnest("name").rename({"folded": "name"})
    return frame.with_columns(organisation=pl.when(pl.col("kind") != PERSON).then("core"))


def _unshared(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """`frame` with those values of a column emptied that too many clients share.

    Products keep theirs: what they share is their manager's.
    """
    sharers = pl.col(name).count().over(name)
    kept = (sharers <= MOST_SHARERS) | (pl.col("kind") == PRODUCT)
    return frame.with_columns(pl.when(kept).then(name))


# ------------------------------------------------------------------------------- contacts


def _with_contacts(frame: pl.DataFrame) -> pl.DataFrame:
    digits = pl.col("mobile").str.normalize("NFKC").str.replace_all(r"\D", "")
    mobile = digits.str.replace(r"^(?:00)?86(1\d{10})$", "${1}")
    email = pl.col("email").str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\s", "")
    # A product has the contacts of whoever manages it, and so have all the others of that manager.
    own = pl.col("kind") != PRODUCT
    frame = frame.with_columns(
        mobile=pl.when(own & (mobile.str.len_chars() >= 5)).then(mobile),
        email=pl.when(own & email.str.contains("@")).then(email),
        address=pl.when(own).then("address"),
    )
    frame = _unshared(_unshared(frame, "mobile"), "email")
    mailbox = pl.col("email").str.extract(r"^([^@+]{6,})(?:\+[^@]*)?@")
    address = _mapped(frame["address"], _address, pl.String)
    place = _mapped(frame["address"], _place, pl.String)
    frame = _unshared(frame.with_columns(address=address, place=place, mailbox=mailbox), "place")
    return frame.with_columns(pl.when(pl.col("place").is_not_null()).then("address"))


def _squashed(address: str) -> str:
    plain = simplified(unicodedata.normalize("NFKC", address).casefold())
    return _SQUASHED.sub(" ", plain).strip()


def _address(address: str) -> str | None:
    return _squashed(address).replace(" ", "") or None


def _place(address: str) -> str | None:
    """The end of the street's name and the numbers behind it, however the rest is written.

    >>> _place("上海市浦东新区学府路12号301室") == _place("浦东學府路12-301")
    True
    """
    squashed = _squashed(address)
    numbers = _NUMBERS.findall(squashed)
    if not numbers:
        return squashed.replace(" ", "") or None
    street = _HAN_ONLY.sub("", squashed.split(numbers[0])[0])[-3:]
    return f"{street}{'-'.join(numbers)}" if street else squashed
