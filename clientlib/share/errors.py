"""What goes wrong when rows are shared."""

from __future__ import annotations

from clientlib.errors import ClientlibError


class ShareError(ClientlibError):
    """Rows cannot be shared: the place cannot be reached or written, or is not what it should be."""
