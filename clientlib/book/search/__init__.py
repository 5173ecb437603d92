"""Finding clients: a query as people type it, what it means to a book, and who is found.

`query` reads what was typed; `fields` and `values` say what a condition is about; `names` and `ways` how a
client is found by who he is; `standing` makes ready what is searched, `plan` and `asking` ask it.
"""

from __future__ import annotations

from clientlib.book.search.fields import Known
from clientlib.book.search.find import Search
from clientlib.book.search.found import Found, Match

__all__ = ["Found", "Known", "Match", "Search"]
