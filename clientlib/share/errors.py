"""What goes wrong when rows are shared."""

from __future__ import annotations

from clientlib.errors import ClientlibError

NOBODY = (
    "Nothing was agreed with anybody: workbook.toml has no [share.departments.NAME]. Say there what each "
    "department gets; clientlib init writes an example."
)


class ShareError(ClientlibError):
    """Rows cannot be shared: the place cannot be reached or written, or is not what it should be."""
