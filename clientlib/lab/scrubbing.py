"""Free text as an analyst may read it: numbers, addresses and the client's own name taken out.

Who reads has no key to the vault and so knows of a name only how its mask begins. That beginning is enough
to strike out what may be the name; a harmless word that begins alike goes with it, on the safe side.
"""

from __future__ import annotations

import re
from functools import lru_cache

import pandas as pd
import polars as pl

from clientlib.masks import HIDDEN, scrub_expr

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"


def without_identity(texts: pd.Series, masked_names: pd.Series) -> pd.Series:
    """Texts with ID numbers, mobiles, e-mail addresses and the client's name masked.

    Parameters
    ----------
    texts : Series of str
        Missing ones stay missing.
    masked_names : Series of str, same index
        The name of each text's client as its mask shows it (`张**`); missing where there is none.

    Returns
    -------
    Series of str, same index
    """
    frame = pl.DataFrame({"text": pl.Series(_texts(texts), dtype=pl.String)})
    scrubbed = frame.select(scrub_expr(pl.col("text")))["text"].to_list()
    names = _texts(masked_names)
    made = [_without_name(text, name) for text, name in zip(scrubbed, names, strict=True)]
    return pd.Series(made, index=texts.index, dtype="str")


def _texts(values: pd.Series) -> list[str | None]:
    return [value if isinstance(value, str) else None for value in values]


def _without_name(text: str | None, name: str | None) -> str | None:
    if not text or not name or name == HIDDEN:
        return text
    return _pattern(name[0]).sub(f"{name[0]}**", text)


@lru_cache(maxsize=4096)
def _pattern(first: str) -> re.Pattern[str]:
    start = re.escape(first)
    if re.match(f"[{_HAN}]", first):
        return re.compile(f"{start}[{_HAN}]{{1,2}}")
    # Names in letters: a capitalised word that begins so, and the capitalised words after it.
    return re.compile(rf"\b{start}[\w'’\-]+(?:\s+[A-Z][\w'’\-]*)*")
