"""Random streams of their own for each part of the demo, so that a change in one shifts no other."""

from __future__ import annotations

import zlib
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Days: TypeAlias = npt.NDArray[np.datetime64]
"""Calendar days as `datetime64[D]`."""
Texts: TypeAlias = npt.NDArray[np.object_]


def stream(seed: int, part: str, piece: int = 0) -> np.random.Generator:
    """The generator of one part of the demo (and of one piece of a part that is made in pieces)."""
    return np.random.default_rng([seed, zlib.crc32(part.encode()), piece])


def pick(rng: np.random.Generator, words: Any, size: int, weights: Any = None) -> Texts:
    """`size` of `words`, drawn with `weights` (which need not sum to one)."""
    share = None
    if weights is not None:
        share = np.asarray(weights, dtype=np.float64)
        share = share / share.sum()
    return np.asarray(words, dtype=object)[rng.choice(len(words), size=size, p=share)]


def student(rng: np.random.Generator, freedom: float, size: Any) -> Floats:
    """Student t draws of unit variance: most small, a few very large, as returns are."""
    draws: Floats = rng.standard_t(freedom, size=size) * float(np.sqrt((freedom - 2) / freedom))
    return draws


def text(values: Any) -> pl.Series:
    """A text column of an array of words, of which some or all may be None."""
    return pl.Series(np.asarray(values, dtype=object).tolist(), dtype=pl.String)
