"""Clients who were erased: known again by a number that is not kept, and refused when they come again.

An erasure leaves a digest of the number, keyed with the number of the book, among the decisions. A hand-in
that brings the client again would undo the erasure unnoticed, most likely night after night from a system
that still has the client: so such rows are refused, each with a finding. Whoever has become a client again
gets a new number.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from clientlib.book.files import Held
from clientlib.book.merges import CLIENT, RELATED
from clientlib.intake.result import FINDINGS, PLACE, CheckResult
from clientlib.tables import AreaInfo, Areas

RULE = "erased_client"
_TEXT = {
    "message_en": "The client with this number was erased on request by batch {batch}. Take the row out, "
    "also in the system that it comes from; whoever has become a client again gets a new number.",
    "message_zh": "该编号的客户已应本人请求由第{batch}批删除。请删去本行，并在来源系统中一并删除；"
    "重新开户的客户应使用新编号。",
}


def digest(number: str, book_id: str) -> str:
    """What is kept of an erased client's number.

    It keeps the number out of sight. It cannot keep it from somebody who has the book and tries all numbers.
    """
    return hmac.digest(book_id.encode(), number.encode(), "sha256").hex()


@dataclass(frozen=True)
class Erased:
    """The clients who were erased from a book.

    Attributes
    ----------
    book_id : str
    batches : mapping of str to int
        Digest of a client's number → the batch that erased the client.
    """

    book_id: str
    batches: Mapping[str, int]

    @classmethod
    def of(cls, held: Held) -> Erased:
        found = {one.kept: one.batch for one in held.decisions if one.kind == "erased"}
        return cls(held.found.book_id, found)

    def batch_of(self, number: str) -> int | None:
        """The batch by which the client with a number was erased; None: it was not."""
        return self.batches.get(digest(number, self.book_id)) if self.batches else None

    def refusing(self, chunks: Iterable[CheckResult], areas: Areas) -> Iterable[CheckResult]:
        """Chunks of a hand-in in which rows of and about erased clients are refused."""
        return (self._refusing(chunk, areas) for chunk in chunks) if self.batches else chunks

    def _refusing(self, chunk: CheckResult, areas: Areas) -> CheckResult:
        accepted, rejected, findings = dict(chunk.accepted), dict(chunk.rejected), [chunk.findings]
        for name, frame in chunk.accepted.items():
            for field in (CLIENT, RELATED):
                if field not in frame.columns:
                    continue
                batches = self._met(frame[field])
                refused = accepted[name].filter(pl.col(field).is_in(list(batches)))
                if refused.is_empty():
                    continue
                accepted[name] = accepted[name].filter(~pl.col(field).is_in(list(batches)).fill_null(False))
                rejected[name] = _added(rejected.get(name), refused, areas[name])
                findings.append(_findings(refused, name, field, batches))
        return replace(chunk, accepted=accepted, rejected=rejected, findings=pl.concat(findings))

    def _met(self, numbers: pl.Series) -> dict[str, int]:
        found = ((number, self.batch_of(number)) for number in numbers.drop_nulls().unique())
        return {number: batch for number, batch in found if batch is not None}


def _added(rejected: pl.DataFrame | None, refused: pl.DataFrame, area: AreaInfo) -> pl.DataFrame:
    """Refused rows as such rows are handed on: their fields as text."""
    fields: Sequence[str] = [field.name for field in area.fields]
    as_text = refused.select(pl.col(fields).cast(pl.String), *PLACE)
    return as_text if rejected is None else pl.concat([rejected, as_text], how="diagonal")


def _findings(rows: pl.DataFrame, area: str, field: str, batches: Mapping[str, int]) -> pl.DataFrame:
    batch = pl.col(field).replace_strict(dict(batches), return_dtype=pl.Int64).cast(pl.String)
    said = {name: pl.lit(text).str.replace("{batch}", batch, literal=True) for name, text in _TEXT.items()}
    return rows.select(
        file=pl.col("_file"),
        sheet=pl.col("_sheet"),
        row=pl.col("_row"),
        area=pl.lit(area),
        field=pl.lit(field),
        value=pl.col(field),
        rule=pl.lit(RULE),
        severity=pl.lit("error"),
        **said,
    ).cast(FINDINGS)
