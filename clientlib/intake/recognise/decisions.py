"""What the firm has decided of words before, kept in `data/decisions.csv` of its workbook.

A word is kept with numbers and mail addresses masked, of an address only province and city; what looks like
a name or a number is not kept at all.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
from pathlib import Path

import polars as pl

from clientlib import harmless
from clientlib.codes import CodeList
from clientlib.errors import IntakeError, WorkbookError, system_says
from clientlib.intake.recognise import vocabulary
from clientlib.intake.recognise.confirmed import Confirmed
from clientlib.intake.recognise.shapes import shape
from clientlib.masks import scrub
from clientlib.tables import AREAS, Areas

FILE = Path("data") / "decisions.csv"
DECISIONS = pl.Schema(
    {
        "field": pl.String(),
        "text": pl.String(),
        "code": pl.String(),
        "decided_at": pl.String(),
        "by": pl.String(),
    }
)
_NUMBERS = frozenset(
    {"id_card", "licence", "mobile", "email", "figure", "six_digits", "identifier", "address"}
)
_NAMES = frozenset({"person", "latin_name"})
_LONGEST = 60
"""A longer text is a sentence about somebody rather than a word for a code."""


def load(folder: Path) -> pl.DataFrame:
    """The decisions kept in a workbook folder, in the order in which they were made.

    Returns
    -------
    polars.DataFrame
        field (``area.field``), text, code, decided_at (UTC, ISO 8601), by; no row where nothing was decided.

    Raises
    ------
    IntakeError
        A line is damaged; the message names it and the mend.
    """
    path = folder / FILE
    if not path.is_file():
        return pl.DataFrame(schema=DECISIONS)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise IntakeError(
            f"{FILE}: cannot be read as UTF-8 text. Save it as CSV UTF-8, or delete it.",
            f"{FILE}：无法按UTF-8文本读取。请另存为CSV UTF-8，或将其删除。",
        ) from None
    rows = csv.reader(io.StringIO(text, newline=""))
    header = next(rows, [])
    if header != DECISIONS.names():
        raise IntakeError(
            f"{FILE}, line 1: the header is not {','.join(DECISIONS.names())}. "
            "Put it back, or delete it all.",
            f"{FILE}，第1行：表头不是 {','.join(DECISIONS.names())}。请恢复表头，或删除整个文件。",
        )
    kept = [_checked(row, rows.line_num) for row in rows if row]
    return pl.DataFrame(kept, schema=DECISIONS, orient="row")


def _checked(row: list[str], line: int) -> list[str]:
    if len(row) != len(DECISIONS) or "." not in row[0] or not row[1] or not row[2]:
        raise IntakeError(
            f"{FILE}, line {line}: not {', '.join(DECISIONS.names())}. Correct the line, or delete it.",
            f"{FILE}，第{line}行：不符合格式 {', '.join(DECISIONS.names())}。请更正或删除该行。",
        )
    # The apostrophe that keeps a spreadsheet from running a word is no part of it.
    word = row[1][1:] if row[1].startswith("'") and harmless.cell(row[1][1:]) != row[1][1:] else row[1]
    return [row[0], word, *row[2:]]


def remember(
    folder: Path, confirmed: Confirmed, *, by: str, areas: Areas = AREAS, now: dt.datetime | None = None
) -> int:
    """Keep the words that a person has confirmed; those decided the same way before are not repeated.

    Parameters
    ----------
    folder : path
        The workbook folder.
    confirmed : Confirmed
        The answers.
    by : str
        Who decided: a staff number rather than a name.
    areas : mapping of str to AreaInfo
        The table of the workbook.
    now : datetime, optional
        When it was decided; by default now.

    Returns
    -------
    int
        How many words were added.

    Raises
    ------
    IntakeError
        The file of decisions is damaged.
    WorkbookError
        It cannot be written.
    """
    known = {(field, text): code for field, text, code in load(folder).select("field", "text", "code").rows()}
    when = (now or dt.datetime.now(dt.UTC)).isoformat(timespec="seconds")
    added: list[tuple[str, ...]] = []
    for (area, name), words in confirmed.words.items():
        listed = areas[area].field(name).code_list if area in areas else None
        for word, code in words.items():
            key = f"{area}.{name}"
            if listed is not None and known.get((key, word)) != code and may_be_kept(word, listed):
                added.append((key, harmless.cell(scrub(word)), code, when, harmless.cell(by)))
    if added:
        _append(folder / FILE, added)
    return len(added)


def may_be_kept(word: str, entries: CodeList) -> bool:
    """Whether a word may be kept: it is short, no number, and not like a name rather than like the list.

    Of addresses only the place is kept, never street or number.
    """
    if entries.name == vocabulary.REGION.name:
        return vocabulary.place(word) == word
    form = shape(word)
    if len(word) > _LONGEST or form in _NUMBERS or scrub(word) != word:
        return False
    return form not in _NAMES or _is_like_a_word(word, entries)


def _is_like_a_word(word: str, entries: CodeList) -> bool:
    """Whether a run of its characters stands in a word of the list too: two Chinese ones, or five letters."""
    length = 5 if word.isascii() else 2
    runs = {word[at : at + length].casefold() for at in range(len(word) - length + 1)}
    return any(run in known.casefold() for known, _ in vocabulary.words(entries) for run in runs)


def _append(path: Path, rows: list[tuple[str, ...]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Opened with 0600: words of clients are nobody else's to read.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            if stream.tell() == 0:
                writer.writerow(DECISIONS.names())
            writer.writerows(rows)
    except OSError as error:
        why = system_says(error)
        raise WorkbookError(
            f"{FILE}: cannot be written ({why.en}). Check the rights and space of its folder.",
            f"{FILE}：无法写入（{why.zh}）。请检查其所在文件夹的权限和剩余空间。",
        ) from None
