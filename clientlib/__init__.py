"""Client Workbook: the client management table of a securities firm, and what is made from it."""

from __future__ import annotations

__version__ = "0.1.0"
