"""The areas that a review is given, made what it reckons with: ids are text, days have no zone, amounts are
finite numbers.

Frames of the book are so already, and pass as they are. What is no date is an error; what is no number is not
known, and is then said to be missing where it is needed.
"""

from __future__ import annotations

import pandas as pd
from pandas.api.types import is_datetime64_any_dtype

from clientlib.errors import ParameterError

LARGEST = 1e15
"""An amount, or a quantity, beyond this is a slip of the keyboard: nobody has as much."""
_IDS = ("client_id", "security_id")
_DAYS = {
    "prices": ("date",),
    "preferences": ("assessed_on", "expires_on"),
    "balances": ("as_of",),
    "finances": ("as_of",),
    "trades": ("traded_at",),
    "acknowledgements": ("acknowledged_on",),
}
_INSTANTS = ("traded_at",)
"""Their zone is kept: whoever reads them makes days of them."""
_NUMBERS = {
    "preferences": ("questionnaire_score", "max_loss", "experience_years"),
    "balances": ("cash", "margin_loan", "short_value", "accrued_interest"),
    "finances": ("annual_income", "total_assets", "financial_assets", "net_assets", "liabilities"),
    "trades": ("quantity", "amount"),
    "acknowledgements": ("value",),
}
_YES_OR_NO = {"preferences": ("lowest_class",), "finances": ("credit_default",)}


def read_area(name: str, frame: pd.DataFrame, time_zone: str | None = None) -> pd.DataFrame:
    """An area ready for a review; only what has to change is copied.

    Parameters
    ----------
    name : str
        Of the area; `positions` is read as well.
    frame : DataFrame
        As it was given, with any index.
    time_zone : str, optional
        The firm's: the day of an instant is its day there; without it, the day that is written.

    Returns
    -------
    DataFrame, index 0 …
        Ids as text, so that clients numbered 1, 2 … are the same everywhere. A number that is infinite,
        beyond `LARGEST` or none at all is missing, and so is a yes or no that is neither.

    Raises
    ------
    ParameterError
        A column of days holds what is no date.
    """
    changed: dict[str, pd.Series] = {}
    for column in _IDS:
        if column in frame:
            changed[column] = frame[column].astype("str")
    for column in _DAYS.get(name, ()):
        if column in frame:
            changed[column] = _days(name, frame[column], time_zone)
    for column in _NUMBERS.get(name, ()):
        if column in frame:
            changed[column] = _numbers(frame[column])
    for column in _YES_OR_NO.get(name, ()):
        if column in frame:
            changed[column] = frame[column].map({True: True, False: False}).astype("boolean")
    return frame.assign(**changed).reset_index(drop=True)


def _days(area: str, given: pd.Series, time_zone: str | None) -> pd.Series:
    try:
        days = given if is_datetime64_any_dtype(given) else pd.to_datetime(given, format="ISO8601")
    except (ValueError, TypeError, OverflowError):
        # The cause would tell what stands there, also in a log.
        raise ParameterError(
            f"{area}.{given.name} holds what is no date. Give dates, e.g. 2026-06-30.",
            f"{area}.{given.name} 中有无法识别的日期。请填写日期，例如 2026-06-30。",
        ) from None
    if given.name in _INSTANTS or days.dt.tz is None:
        return days
    local = days.dt.tz_convert(time_zone) if time_zone else days
    return local.dt.tz_localize(None).dt.normalize()


def _numbers(given: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(given, errors="coerce").astype(float)
    return numbers.where(numbers.abs() <= LARGEST)
