"""What two spellings of a column's title have in common."""

from __future__ import annotations

import re
import unicodedata

from clientlib import codes

_UNIT = re.compile(r"\((?:元|人民币|人民币元|CNY|RMB|yuan)\)$", re.IGNORECASE)


def folded(title: str) -> str:
    """The title without what people vary: case, spaces, width, a star, "(元)".

    >>> folded("* Ａmount (CNY)") == folded("amount")
    True
    """
    plain = unicodedata.normalize("NFKC", title).strip().strip("*").strip()
    return codes.fold(_UNIT.sub("", plain))
