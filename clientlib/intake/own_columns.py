"""Columns that we add to rows on their way back: why they came back, and from where. Nobody fills them in.

When the mended rows are handed in again these columns are still there: they are left aside without a word.
"""

from __future__ import annotations

from clientlib.codes import fold

REASONS = {"en": "Why it came back", "zh": "退回原因"}
ORIGIN = {"en": "Where it stood", "zh": "原来位置"}
_OWN = frozenset(fold(title) for titles in (REASONS, ORIGIN) for title in titles.values())


def is_own_column(title: str) -> bool:
    """Whether a column of a hand-in is one of these, in whatever language."""
    return fold(title) in _OWN
