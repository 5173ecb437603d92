"""What unfamiliar data is: columns told by what is in them, words sorted into code lists, a person deciding.

Nothing here changes a hand-in by itself: a guess is written into a workbook, a person answers it, and only
what was answered is applied, recorded as a change.
"""

from __future__ import annotations

from clientlib.intake.recognise.columns import recognise_columns
from clientlib.intake.recognise.sorting import sort_text

__all__ = ["recognise_columns", "sort_text"]
