"""Hand-ins on their way into the book: read → normalise → validate → accept or reject, row by row.

>>> from clientlib.intake import check_file
>>> result = check_file("trades.csv")  # doctest: +SKIP
>>> result.accepted["trades"], result.rejected, result.findings  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from clientlib import config
from clientlib.errors import IntakeError
from clientlib.intake import far_trans, readers
from clientlib.intake.check import Checker, Piece
from clientlib.intake.messages import sentence
from clientlib.intake.natural import NaturalKeys
from clientlib.intake.recognise import recognise_columns
from clientlib.intake.recognise.confirmed import UNCONFIRMED, Confirmed
from clientlib.intake.result import CheckResult, combine
from clientlib.tables import AREAS, Areas

__all__ = ["CheckResult", "Confirmed", "NaturalKeys", "check_file", "recognise_columns", "sentence", "stream"]

CHUNK_ROWS = 245_760
"""Two full row groups of DuckDB: a chunk that ends with one is stored without being packed anew."""
READERS = ("auto", "far-trans")
"""What `--reader` takes."""


def check_file(
    path: Path | str,
    *,
    reader: str | None = None,
    settings: config.Settings | None = None,
    areas: Areas = AREAS,
    confirmed: Confirmed = UNCONFIRMED,
    natural_keys: NaturalKeys | None = None,
) -> CheckResult:
    """Check a file, or all files of a folder, at once.

    Parameters
    ----------
    path : path-like
        A CSV, Excel or Parquet file, or a folder of such files.
    reader : {"auto", "far-trans"}, optional
        How to read it; "auto" (default) takes files in the form of the client management table.
    settings : Settings, optional
        The firm's settings; the defaults without them.
    areas : mapping of str to AreaInfo
        The table, with the firm's own fields if it has some (`Workbook.areas`).
    confirmed : Confirmed, optional
        What a person has answered of columns and words that were not plain (`recognise.read_confirmation`).
    natural_keys : NaturalKeys, optional
        Whose ID numbers and mobiles are whose (`Book.natural_keys`): a row without a client's number is then
        told by them. Without it such a row is refused.

    Returns
    -------
    CheckResult
        Rows accepted and rejected by area, findings and changes. For what does not fit into memory,
        use `stream`.

    Raises
    ------
    IntakeError
        A file as a whole cannot be read; the message says what, where, and the mend.
    """
    return combine(
        stream(
            path,
            reader=reader,
            settings=settings,
            areas=areas,
            confirmed=confirmed,
            natural_keys=natural_keys,
        )
    )


def stream(
    path: Path | str,
    *,
    reader: str | None = None,
    settings: config.Settings | None = None,
    areas: Areas = AREAS,
    confirmed: Confirmed = UNCONFIRMED,
    natural_keys: NaturalKeys | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> Iterator[CheckResult]:
    """Check a file or folder in chunks of at most `chunk_rows` rows, in bounded memory.

    Parameters
    ----------
    path, reader, settings, areas, confirmed, natural_keys
        As for `check_file`.
    chunk_rows : int, default 245_760
        No chunk has more rows; it may have fewer.

    Yields
    ------
    CheckResult
        Repeated keys are found across chunks and files; only the keys are kept, not the rows.

    Raises
    ------
    IntakeError
        As for `check_file`; it may come after some chunks, so nothing may be kept before the last one.
    """
    settings = settings or config.load()
    name = reader or "auto"
    if name not in READERS:
        raise IntakeError(
            f'There is no reader "{name}". Choose one of: {", ".join(READERS)}.',
            f"没有名为“{name}”的读取方式。可选：{'、'.join(READERS)}。",
        )
    if name == "far-trans":
        # It has the same columns whatever fields a firm adds, and nothing to recognise.
        pieces = far_trans.pieces(Path(path), settings)
    else:
        by_number = natural_keys is not None
        pieces = readers.pieces(Path(path), settings, areas, natural_keys=by_number, confirmed=confirmed)
    checker = Checker(settings.firm.time_zone, areas, natural_keys, confirmed)
    for piece in pieces:
        for part in _parts(piece, chunk_rows):
            yield checker.check(part)


def _parts(piece: Piece, chunk_rows: int) -> Iterator[Piece]:
    """The piece in parts of at most `chunk_rows` rows, its notices with the first."""
    if piece.rows is None or piece.rows.height <= chunk_rows:
        yield piece
        return
    notices = piece.notices
    for rows in piece.rows.iter_slices(chunk_rows):
        first, last = rows.item(0, "_row"), rows.item(-1, "_row")
        problems = piece.problems.filter(piece.problems["row"].is_between(first, last))
        yield Piece(piece.file, piece.sheet, piece.area, rows, problems, notices)
        notices = ()
