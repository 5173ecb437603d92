"""What can be said of a column without knowing what it is: its cells as text, their shapes, its traits."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clientlib.intake.cells import EMPTY_WORDS, Reading, read
from clientlib.intake.recognise.shapes import shape
from clientlib.tables import AREAS

SAMPLED_ROWS = 2_000
SAMPLED_TEXTS = 200
"""Distinct cells of a column that are looked at one by one."""
_MOSTLY = 0.8
_PLAIN_INSTANT = "%Y-%m-%d %H:%M:%S"
# Fields whose readers stand for their kinds: any number, any moment.
_FIGURE = AREAS["prices"].field("close")
_MOMENT = AREAS["trades"].field("traded_at")
_ADULT_DAYS = 18 * 365.25

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """One column.

    Attributes
    ----------
    title : str
        As found above the column; "" where there is none.
    cells : polars.Series
        A sample of rows as text, null where empty; the same rows for every column of a table.
    filled, distinct : float
        Share of rows with anything in them, and of those, the share that are different.
    """

    title: str
    cells: pl.Series
    filled: float
    distinct: float
    zone: ZoneInfo

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """The commonest different cells of the sample, and how often each stands there."""
        found = Counter(text for text in self.cells.to_list() if text is not None)
        return dict(found.most_common(SAMPLED_TEXTS))

    @cached_property
    def seen(self) -> int:
        return sum(self.counts.values())

    @cached_property
    def distinct_sampled(self) -> int:
        """How many different cells the sample has; `SAMPLED_TEXTS` at most."""
        return len(self.counts)

    @cached_property
    def shapes(self) -> dict[str, float]:
        shares: dict[str, float] = {}
        for text, count in self.counts.items():
            name = shape(text)
            shares[name] = shares.get(name, 0.0) + count / self.seen
        return shares

    @cached_property
    def numbers(self) -> Floats | None:
        """The sampled rows as numbers (NaN where none), if nearly all cells are numbers."""
        values = {text: _as_number(read(text, _FIGURE, self.zone)) for text in self.counts}
        return self._mostly(values)

    @cached_property
    def days(self) -> Floats | None:
        """The sampled rows as days since 1970, with the time of day as fraction, if nearly all are dates."""
        values = {text: _as_day(read(text, _MOMENT, self.zone)) for text in self.counts}
        return self._mostly(values)

    def _mostly(self, values: dict[str, float]) -> Floats | None:
        good = sum(count for text, count in self.counts.items() if not math.isnan(values[text]))
        if not self.seen or good < _MOSTLY * self.seen:
            return None
        return np.array(
            [values.get(t, math.nan) if t is not None else math.nan for t in self.cells.to_list()]
        )

    @cached_property
    def traits(self) -> dict[str, float]:
        found = {"filled": self.filled, "distinct": self.distinct}
        if self.seen:
            found["length"] = float(np.median([len(text) for text in self.counts]))
        if self.numbers is not None:
            found |= _number_traits(self.numbers)
        if self.days is not None:
            found |= _day_traits(self.days)
        return found


def profiles(frame: pl.DataFrame, titles: list[str], zone: ZoneInfo) -> list[Profile]:
    """The profile of every column of a frame of text (see `as_text_frame`)."""
    step = max(frame.height // SAMPLED_ROWS, 1)
    sample = frame.gather_every(step)
    made = []
    for title, name in zip(titles, frame.columns, strict=True):
        column = frame.get_column(name)
        filled = frame.height - column.null_count()
        made.append(
            Profile(
                title=title,
                cells=sample.get_column(name),
                filled=filled / max(frame.height, 1),
                distinct=column.drop_nulls().n_unique() / max(filled, 1),
                zone=zone,
            )
        )
    return made


def as_text_frame(frame: pl.DataFrame, zone: str) -> pl.DataFrame:
    """The frame as a person would have typed it; what only says that there is nothing becomes null."""
    return frame.select(_typed(frame.get_column(name), zone) for name in frame.columns)


def _typed(column: pl.Series, zone: str) -> pl.Series:
    if isinstance(column.dtype, pl.Datetime):
        local = column.dt.convert_time_zone(zone) if column.dtype.time_zone else column
        return local.dt.strftime(_PLAIN_INSTANT)
    text = column.cast(pl.String, strict=False)
    if column.dtype.is_float():
        text = text.str.strip_suffix(".0").replace({"NaN": None})
    blank = text.str.strip_chars().str.to_lowercase().is_in(["", *EMPTY_WORDS])
    return text.to_frame().select(pl.when(~blank).then(pl.first())).to_series()


def _as_number(reading: Reading) -> float:
    return reading.value if isinstance(reading.value, float) else math.nan


def _as_day(reading: Reading) -> float:
    value = reading.value
    return value.timestamp() / 86_400 if isinstance(value, dt.datetime) else math.nan


def _number_traits(column: Floats) -> dict[str, float]:
    values = column[~np.isnan(column)]
    size = np.abs(values[values != 0])
    found = {
        "zeros": float(np.mean(values == 0)),
        "negatives": float(np.mean(values < 0)),
        "decimals": float(np.mean(values != np.round(values))),
    }
    if size.size:
        found["magnitude"] = float(np.median(np.log10(size)))
        found["top"] = float(np.quantile(values, 0.99))
        found["hundreds"] = float(np.mean(size % 100 == 0))
        found["places"] = float(np.quantile([_places(value) for value in size[:200]], 0.8))
    return found


def _places(value: float) -> int:
    """Digits after the point, of six at most."""
    return len(f"{value:.6f}".rstrip("0").partition(".")[2])


def _day_traits(column: Floats) -> dict[str, float]:
    days = column[~np.isnan(column)]
    low, high = np.quantile(days, [0.1, 0.9])
    following = np.asarray(days, dtype="int64").astype("datetime64[D]") + 1
    month_starts = following == following.astype("datetime64[M]").astype("datetime64[D]")
    return {"spread": float((high - low) / 365.25), "month_ends": float(np.mean(month_starts))}


def adult_share(column: Floats, latest: float) -> float:
    """Share of the days that lie at least eighteen years before `latest`."""
    days = column[~np.isnan(column)]
    return float(np.mean(days <= latest - _ADULT_DAYS)) if days.size else 0.0
