"""The pages that lead to reports: the index of an edition, and the home of all editions."""

from clientlib.report.index.edition import write

__all__ = ["write"]
