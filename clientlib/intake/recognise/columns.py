"""Which field each column of a table is, by its title and by what stands in it, and how sure that is.

All columns are decided together: a field is given at most once, in the way that fits the whole table best.
A confidence is the chance of being right, and a guess counts for nothing until a person has confirmed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clientlib.declare import Field
from clientlib.errors import IntakeError
from clientlib.intake.recognise import reasons, titles
from clientlib.intake.recognise.evidence import Evidence
from clientlib.intake.recognise.profile import as_text_frame, profiles
from clientlib.intake.recognise.scoring import Table, matrix, speaks, title_score
from clientlib.tables import AREAS, AreaInfo, Areas

if TYPE_CHECKING:
    import pandas as pd

TIME_ZONE = "Asia/Shanghai"
SURE = 0.9
"""A guess less probable than this is called unsure."""
_NAMED = 0.1
"""Candidates less probable than this are not named."""
_CONTRADICTED = 0.5
"""No guess against what its title says clearly is more probable than this."""

Floats = NDArray[np.float64]
Status = Literal["sure", "unsure", "unknown"]
COLUMNS = pl.Schema(
    {
        "place": pl.UInt32(),
        "column": pl.String(),
        "area": pl.String(),
        "field": pl.String(),
        "confidence": pl.Float64(),
        "status": pl.String(),
        "candidates": pl.List(pl.String()),
        "why_en": pl.String(),
        "why_zh": pl.String(),
    }
)


@overload
def recognise_columns(
    frame: pd.DataFrame,
    *,
    areas: Areas = ...,
    area: str | None = ...,
    sure: float = ...,
    time_zone: str = ...,
) -> pd.DataFrame: ...
@overload
def recognise_columns(
    frame: pl.DataFrame,
    *,
    areas: Areas = ...,
    area: str | None = ...,
    sure: float = ...,
    time_zone: str = ...,
) -> pl.DataFrame: ...
def recognise_columns(
    frame: pd.DataFrame | pl.DataFrame,
    *,
    areas: Areas = AREAS,
    area: str | None = None,
    sure: float = SURE,
    time_zone: str = TIME_ZONE,
) -> pd.DataFrame | pl.DataFrame:
    """Say which field each column most probably is.

    Parameters
    ----------
    frame : pandas or Polars DataFrame
        Cells as text or typed. Titles may be strange, missing (``Unnamed: 3``, numbers) or wrong.
    areas : mapping, default `clientlib.tables.AREAS`
        The table of the workbook.
    area : str, optional
        Which area the rows are, where that is known; else the most probable one is taken.
    sure : float, default 0.9
        A guess of at least this confidence is "sure", one of less "unsure".
    time_zone : str, default "Asia/Shanghai"
        Zone of times that state none.

    Returns
    -------
    DataFrame of the kind given, a row a column
        place (from 0), column (its title as found), area, field, confidence (0 to 1), status ("sure",
        "unsure" or "unknown": nothing can be said, field then is null), candidates (fields that it may
        be, the most probable first), why_en and why_zh. Cells are never quoted.

    Notes
    -----
    Empty cells and words for nothing (``无``, ``n/a``) are left out; a column without a cell is told by
    its title alone. Confidences are the softmax of the best assignments of the whole table in which the
    column is each field, softened by a temperature, times the probability of the area.

    Raises
    ------
    IntakeError
        There is no such area.

    Examples
    --------
    >>> import polars as pl
    >>> found = recognise_columns(pl.DataFrame({"tel": ["13800138000"], "x": ["ann@example.com"]}))
    >>> found["field"].to_list()
    ['mobile', 'email']
    """
    _known_area(area, areas)
    given = frame if isinstance(frame, pl.DataFrame) else _from_pandas(frame)
    names = [str(name) for name in frame.columns]
    guesses = recognise(given, names, areas, area, sure, time_zone)
    found = pl.DataFrame([guess.row for guess in guesses], schema=COLUMNS, orient="row")
    return found if isinstance(frame, pl.DataFrame) else found.to_pandas()


@dataclass(frozen=True)
class ColumnGuess:
    """What one column most probably is; `candidates` are probable fields with their probabilities."""

    place: int
    title: str
    area: str | None
    field: str | None
    confidence: float
    status: Status
    candidates: tuple[tuple[str, float], ...]
    why_en: str
    why_zh: str

    @property
    def row(self) -> tuple[object, ...]:
        names = [name for name, _ in self.candidates]
        kept = round(self.confidence, 4)
        return (
            self.place,
            self.title,
            self.area,
            self.field,
            kept,
            self.status,
            names,
            self.why_en,
            self.why_zh,
        )


def recognise(
    frame: pl.DataFrame,
    header: Sequence[str],
    areas: Areas,
    area: str | None = None,
    sure: float = SURE,
    time_zone: str = TIME_ZONE,
) -> list[ColumnGuess]:
    """As `recognise_columns`, for a Polars frame and its header (which may repeat, or be "")."""
    if frame.width == 0:
        return []
    zone = ZoneInfo(time_zone)
    frame = as_text_frame(frame, time_zone)
    table = Table(profiles(frame, list(header), zone), zone)
    chosen, chance = _area(table, [areas[area]] if area else list(areas.values()))
    return [_guess(table, chosen, at, sure) for at in _marginals(chosen, chance, table.evidence)]


def _from_pandas(frame: pd.DataFrame) -> pl.DataFrame:
    """Column by column and by place: titles may repeat, and cells of one column be of several types."""
    columns = []
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        cells = column.astype("object").where(column.notna(), None).tolist()
        columns.append(pl.Series(f"c{place}", cells, strict=False))
    return pl.DataFrame(columns)


def _known_area(area: str | None, areas: Areas) -> None:
    if area is not None and area not in areas:
        raise IntakeError(
            f'There is no area "{area}". Choose one of: {", ".join(areas)}.',
            f"没有名为“{area}”的表。可选：{'、'.join(areas)}。",
        )


# ----------------------------------------------------------------------------- the area
@dataclass(frozen=True)
class _Fit:
    """A table taken for an area: `scores` has a row a column and a column a field, then one "none" each;
    `chosen` is the best assignment, the number of a field (or of the "none") for each column."""

    area: AreaInfo
    scores: Floats
    chosen: tuple[int, ...]
    value: float


def _area(table: Table, areas: Sequence[AreaInfo]) -> tuple[_Fit, float]:
    """The area that fits the table best, and its probability among all."""
    fits = [_fit(table, area) for area in areas]
    best = max(fits, key=lambda fit: fit.value)
    gaps = np.array([fit.value - best.value for fit in fits]) / table.evidence.weights["temperature"]
    return best, float(1 / np.exp(gaps).sum())


def _fit(table: Table, area: AreaInfo) -> _Fit:
    weights = table.evidence.weights
    scores = matrix(table, area)
    size = scores.shape[0]
    none = np.where(np.eye(size, dtype=bool), weights["unnamed"], -1e6)
    whole = np.hstack([scores, none])
    columns, best = _assigned(whole)
    taken = {area.fields[at].name for at in columns if at < len(area.fields)}
    required = sum(f.required and f.name not in taken for f in area.fields)
    keys = sum(name not in taken for name in area.key)
    missing = weights["missing_required"] * required + weights["missing_key"] * keys
    return _Fit(area, whole, tuple(columns), best - missing)


# ---------------------------------------------------------------------- confidences
@dataclass(frozen=True)
class _Marginal:
    """The probabilities of one column: by field, and of being none."""

    place: int
    by_field: Floats
    none: float
    area_chance: float


def _marginals(fit: _Fit, area_chance: float, evidence: Evidence) -> list[_Marginal]:
    """For each column, how probable each field is: by how good the whole table can be with it."""
    size, count = fit.scores.shape[0], len(fit.area.fields)
    found = []
    for place in range(size):
        values = np.array([_best_with(fit.scores, place, at) for at in [*range(count), count + place]])
        weights = np.exp((values - values.max()) / evidence.weights["temperature"])
        shares = weights / weights.sum()
        found.append(_Marginal(place, shares[:-1], float(shares[-1]), area_chance))
    return found


def _best_with(scores: Floats, place: int, column: int) -> float:
    """The best value of the whole table when the column at `place` is settled."""
    others = np.delete(np.delete(scores, place, axis=0), column, axis=1)
    return float(scores[place, column]) + _assigned(others)[1]


def _assigned(scores: Floats) -> tuple[list[int], float]:
    """The column chosen for each row, none twice, so that the sum is largest; and that sum."""
    # Imported here: whoever only checks hand-ins need not wait for SciPy.
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(scores, maximize=True)
    return columns.tolist(), float(scores[rows, columns].sum())


def _guess(table: Table, fit: _Fit, marginal: _Marginal, sure: float) -> ColumnGuess:
    """The guess for one column: its field in the best assignment of the whole table, or none."""
    place, fields = marginal.place, fit.area.fields
    column, chosen = table.columns[place], fit.chosen[place]
    mute = not column.seen and not speaks(column.title)
    if mute or chosen >= len(fields):
        words = reasons.unknown(fit.area, mute)
        chance = 0.0 if mute else marginal.none
        return ColumnGuess(place, column.title, None, None, chance, "unknown", (), words.en, words.zh)
    best, said = fields[chosen], _said(column.title, fit.area)
    confidence = float(marginal.by_field[chosen]) * marginal.area_chance
    if said is not None and said.name != best.name:
        confidence = min(confidence, _CONTRADICTED)
    ranked = sorted(zip(fields, marginal.by_field.tolist(), strict=True), key=lambda pair: -pair[1])
    named = tuple((field.name, chance) for field, chance in ranked if chance >= _NAMED)
    status: Status = "sure" if confidence >= sure else "unsure"
    others = [] if status == "sure" else [fit.area.field(name) for name, _ in named if name != best.name]
    words = reasons.known(table, place, best, said, others)
    return ColumnGuess(
        place, column.title, fit.area.name, best.name, confidence, status, named, words.en, words.zh
    )


def _said(title: str, area: AreaInfo) -> Field | None:
    """The field that a title says clearly, if it does."""
    top, at = max((title_score(title, field), -place) for place, field in enumerate(area.fields))
    return area.fields[-at] if top >= titles.SYNONYM else None
