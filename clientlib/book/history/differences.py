"""Two records of the same rows field by field, as a person would type the values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from clientlib import masks
from clientlib.config import Settings
from clientlib.declare import Field
from clientlib.intake.normalise import shown
from clientlib.tables import AreaInfo

_LINES = pl.Schema(
    {"_n": pl.UInt32, "_place": pl.Int32, "field": pl.String, "before": pl.String, "after": pl.String}
)


@dataclass(frozen=True)
class Wording:
    """How values are told as text.

    Attributes
    ----------
    time_zone : str
        In which instants are told.
    id_ends : tuple of int
        How many characters of a masked ID number stay at its beginning and its end.
    plain : bool
        Whether identity is told plain rather than masked.
    """

    time_zone: str
    id_ends: tuple[int, int]
    plain: bool

    @classmethod
    def of(cls, settings: Settings, *, plain: bool = False) -> Wording:
        """As a firm's settings say."""
        return cls(settings.firm.time_zone, settings.masks.id_number, plain)

    def of_value(self, value: pl.Expr, field: Field) -> pl.Expr:
        """A value as a person would type it."""
        text = shown(value, field, self.time_zone)
        if self.plain or field.sensitivity != "I":
            return text
        return masks.mask_expr(text, masks.kind_of(field), self.id_ends)

    def of_key(self, area: AreaInfo) -> pl.Expr:
        """What names a row of the area."""
        values = [self.of_value(pl.col(name), area.field(name)) for name in area.key]
        return pl.concat_str(values, separator=" · ")


def differences(
    area: AreaInfo,
    names: Sequence[str],
    rows: pl.DataFrame,
    before: pl.DataFrame,
    after: pl.DataFrame,
    wording: Wording,
) -> pl.DataFrame:
    """One line for each field in which two frames of the same rows differ.

    Parameters
    ----------
    area : AreaInfo
    names : sequence of str
        The fields to compare, in declared order.
    rows : polars.DataFrame
        Row by row what its lines say beside the field.
    before, after : polars.DataFrame
        Row by row the same thing, in columns named `names`.
    wording : Wording
        How values are told. Masked identity that differs is told also where both masks look alike.

    Returns
    -------
    polars.DataFrame
        The columns of `rows`, `field`, `before` and `after` as text, ordered by row and field. Null: nothing
        was or is there.
    """
    parts = [_LINES.to_frame()]
    for place, name in enumerate(names):
        field = area.field(name)
        both = pl.DataFrame({"before": before[name], "after": after[name]}).with_row_index("_n")
        differing = both.filter(pl.col("before").ne_missing(pl.col("after")))
        told = differing.select(
            "_n",
            _place=pl.lit(place),
            field=pl.lit(name),
            before=wording.of_value(pl.col("before"), field),
            after=wording.of_value(pl.col("after"), field),
        )
        parts.append(told.cast(_LINES))
    lines = pl.concat(parts).sort("_n", "_place")
    told = lines.join(rows.with_row_index("_n"), on="_n", how="left", maintain_order="left")
    return told.select(*rows.columns, "field", "before", "after")
