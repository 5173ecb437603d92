"""Client Workbook: the client management table of a securities firm, and what is made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clientlib.book import open_book

__version__ = "0.1.0"
__all__ = ["__version__", "open_book"]


def __getattr__(name: str) -> Any:
    # The book brings engines along that `clientlib --help` should not wait for.
    if name == "open_book":
        from clientlib.book import open_book

        return open_book
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
