"""What a search came to: a page of clients, how many there are, and why each was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from clientlib.book.search.fields import Known
from clientlib.book.search.notes import Note
from clientlib.book.search.ways import Manner
from clientlib.declare import Field

_MANNERS: dict[Manner, tuple[str, str]] = {
    "exact": ("the same", "相同"),
    "begins": ("its beginning", "开头"),
    "holds": ("a part of it", "其中一部分"),
    "mask": ("as masked", "按脱敏形式"),
    "pinyin": ("pinyin", "拼音"),
    "initials": ("initials", "拼音首字母"),
    "label": ("", ""),
    "text": ("", ""),
}


@dataclass(frozen=True)
class Match:
    """Why a client was found: the field in which a word was met, and in which manner."""

    field: Field
    manner: Manner

    def told(self, language: str) -> str:
        """As a person reads it, e.g. "Full name (pinyin)"."""
        manner = _MANNERS[self.manner][language == "zh"]
        title = self.field.title(language)
        if not manner:
            return title
        return f"{title}（{manner}）" if language == "zh" else f"{title} ({manner})"


@dataclass(frozen=True)
class Found:
    """One page of the clients that were found.

    Attributes
    ----------
    rows : DataFrame
        In the order asked for: `client_id`, `full_name` (masked), `branch`, `advisor`, `risk_level`, then the
        fields that conditions and order are about, as far as the role sees them; last `matched`, which says
        where the words were met. Identity is masked whatever the role: `Book.look_up` shows it.
    total : int
        How many clients were found.
    page, pages : int
        Which page this is, from 1, and how many there are; one when nobody was found.
    fields : mapping of str to Field or Known
        What the columns of `rows` are, but `matched`.
    matches : tuple of tuples of Match
        For each row, what `matched` says.
    notes : tuple of Note
        How something was understood that could be understood otherwise.
    """

    rows: pd.DataFrame
    total: int
    page: int
    pages: int
    fields: Mapping[str, Field | Known]
    matches: tuple[tuple[Match, ...], ...] = ()
    notes: tuple[Note, ...] = ()
