"""The keys of refused rows, as they may be shown: by them a supplier finds the rows in a system of his own.

A key is no identity, but a cell may hold what does not belong there: a name that slipped one column, an ID
number instead of a client's. What has not the form of the key is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from clientlib import masks
from clientlib.declare import Field
from clientlib.intake.result import FOUND_AT, PLACE, UNRECOGNISED
from clientlib.tables import AreaInfo, Areas

_DATE_LIKE = r"^[0-9][0-9\-/.:TZ+ 年月日时分秒]{0,40}$"
SCHEMA = {"file": pl.String, "sheet": pl.String, "row": pl.UInt32, "key": pl.String}


def shown_keys(rejected: Mapping[str, pl.DataFrame], areas: Areas) -> pl.DataFrame:
    """The key of every refused row.

    Parameters
    ----------
    rejected : mapping of str to polars.DataFrame
        As in `CheckResult.rejected`.
    areas : mapping of str to AreaInfo

    Returns
    -------
    polars.DataFrame
        file, sheet, row, and `key`: a JSON object, field → value as typed; null for a value that is empty or
        may not be shown. Rows of sheets that are no area have no key.
    """
    frames = [_keys(frame, areas[name]) for name, frame in rejected.items() if name != UNRECOGNISED]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *frames])


def _keys(rows: pl.DataFrame, area: AreaInfo) -> pl.DataFrame:
    shown = [_shown(pl.col(name).str.strip_chars(), area.field(name)).alias(name) for name in area.key]
    return rows.select(
        *(pl.col(name).alias(found) for name, found in zip(PLACE, FOUND_AT, strict=True)),
        pl.struct(shown).struct.json_encode().alias("key"),
    ).cast({"row": pl.UInt32})


def _shown(value: pl.Expr, field: Field) -> pl.Expr:
    form = f"^(?:{field.pattern})$" if field.pattern else _DATE_LIKE
    fits = value.str.contains(form) & (masks.scrub_expr(value) == value)
    return pl.when(fits).then(value)
