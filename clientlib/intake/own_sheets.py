"""Which sheets of a workbook are ours and hold no rows: the guide and the code lists of a template."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

OWN_SHEET = "clientlib_sheet_"
"""How the workbook's defined names begin that point to such a sheet. A name stays with its sheet when a
person renames or moves that, and through Excel, WPS, LibreOffice and openpyxl."""
_SHEET = re.compile(r"=?(?:'((?:[^']|'')+)'|([^'!]+))!")


class DefinedName(Protocol):
    """A name that a workbook gives to a place in it."""

    @property
    def name(self) -> str: ...
    @property
    def formula(self) -> str: ...


def own_sheets(names: Iterable[DefinedName]) -> set[str]:
    """The names of our own sheets in a workbook with these defined names."""
    found = (_SHEET.match(each.formula) for each in names if each.name.startswith(OWN_SHEET))
    return {(at[1] or at[2]).replace("''", "'") for at in found if at}
