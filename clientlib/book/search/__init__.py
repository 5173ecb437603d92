"""Finding clients: a query as people type it, the names in it in every spelling, and who is found."""

from __future__ import annotations
