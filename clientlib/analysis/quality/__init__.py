"""How good the firm's records are: complete, valid, unique, up to date, and what to mend first."""

from __future__ import annotations

from clientlib.analysis.quality.duplicates import explain_duplicates, find_duplicates
from clientlib.analysis.quality.review import DataQuality, review_quality

__all__ = ["DataQuality", "explain_duplicates", "find_duplicates", "review_quality"]
