"""Two records of the same rows field by field, as a person would type the values."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from clientlib import masks
from clientlib.declare import Field
from clientlib.intake.normalise import shown
from clientlib.tables import AreaInfo

_LINES = pl.Schema(
    {"_n": pl.UInt32, "_place": pl.Int32, "field": pl.String, "before": pl.String, "after": pl.String}
)


def differences(
    area: AreaInfo,
    names: Sequence[str],
    rows: pl.DataFrame,
    before: pl.DataFrame,
    after: pl.DataFrame,
    time_zone: str,
    *,
    plain: bool = False,
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
    time_zone : str
        In which instants are told.
    plain : bool
        Whether identity is told plain; otherwise it is told masked, also where both masks look alike.

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
            before=_told(pl.col("before"), field, time_zone, plain=plain),
            after=_told(pl.col("after"), field, time_zone, plain=plain),
        )
        parts.append(told.cast(_LINES))
    lines = pl.concat(parts).sort("_n", "_place")
    told = lines.join(rows.with_row_index("_n"), on="_n", how="left", maintain_order="left")
    return told.select(*rows.columns, "field", "before", "after")


def key_text(area: AreaInfo, time_zone: str) -> pl.Expr:
    """What names a row of the area, as text."""
    values = [shown(pl.col(name), area.field(name), time_zone) for name in area.key]
    return pl.concat_str(values, separator=" · ")


def _told(value: pl.Expr, field: Field, time_zone: str, *, plain: bool) -> pl.Expr:
    text = shown(value, field, time_zone)
    return text if plain or field.sensitivity != "I" else masks.mask_expr(text, masks.kind_of(field))
