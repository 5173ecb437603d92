"""From Arrow to the pandas frame that a notebook sees, with one dtype for each kind of field."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

_TEXT = pd.StringDtype(na_value=np.nan)
_DTYPES: dict[pa.DataType, Any] = {
    pa.string(): _TEXT,
    pa.large_string(): _TEXT,
    pa.string_view(): _TEXT,
    pa.bool_(): pd.BooleanDtype(),
    pa.int32(): pd.Int64Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint32(): pd.Int64Dtype(),
}


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """The table as a pandas frame, the same dtypes whatever is in it and also when nothing is.

    Parameters
    ----------
    table : pyarrow.Table

    Returns
    -------
    pandas.DataFrame
        Text as `str`, yes/no as `boolean`, whole numbers as `Int64`, other numbers as `float64`, dates as
        `datetime64[us]` at midnight, instants as `datetime64[us, zone]`. Missing: NaN, NA or NaT.
    """
    fields = [_dated(field) for field in table.schema]
    frame: pd.DataFrame = table.cast(pa.schema(fields)).to_pandas(types_mapper=_DTYPES.get)
    return frame


def _dated(field: pa.Field) -> pa.Field:
    return field.with_type(pa.timestamp("us")) if pa.types.is_date(field.type) else field
