"""What the book shows of those who count as professional investors, or might: a person's evidence.

It recognises nobody: whether a client is professional is what the book says. It compares with the thresholds.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from clientlib.analysis.suitability import newest_per_client
from clientlib.config import Suitability

INCOME_YEARS = 3
"""Calendar years over which a professional's income is averaged."""


def professional_evidence(
    clients: pd.DataFrame,
    finances: pd.DataFrame,
    levels: pd.DataFrame,
    as_of: dt.date,
    suitability: Suitability,
    *,
    currency: str,
) -> pd.DataFrame:
    """Whether the book shows what a natural person must show to count as a professional investor.

    Parameters
    ----------
    clients : DataFrame
        client_id, client_type, investor_class; only persons (`individual`) are judged.
    finances : DataFrame
        Statements; only those in `currency`, dated up to `as_of`, are read.
    levels : DataFrame
        From `client_levels`, for the years of experience.
    as_of, suitability
        The day and the firm's thresholds.
    currency : str
        The currency of the thresholds.

    Returns
    -------
    DataFrame, index client_id, one row a person
        investor_class, financial_assets, mean_income, income_years (calendar years it averages),
        experience_years, meets (nullable: missing when the book does not hold enough to tell), verdict
        (shown: professional and met; not_shown: professional, not met or not told; eligible: met, but
        ordinary; ordinary).

    Notes
    -----
    Experience, and either financial assets or income, must reach their thresholds. Income is the mean of
    the newest statement of each of three calendar years on end, the last of which is the year of `as_of` or
    the one before (early in a year few have stated theirs); with fewer than three it can neither be met
    nor be ruled out.
    """
    person = clients.reindex(columns=["client_id", "client_type", "investor_class"])
    person = person[person["client_type"].eq("individual").fillna(False).astype(bool)]
    person = person.drop_duplicates("client_id", keep="last").set_index("client_id").sort_index()
    result = person[["investor_class"]].copy()
    usable = finances.reindex(columns=["client_id", "as_of", "annual_income", "financial_assets", "currency"])
    usable = usable[usable["currency"].eq(currency).fillna(False).astype(bool)]
    newest = newest_per_client(usable, "as_of", as_of)
    result["financial_assets"] = newest["financial_assets"].astype(float).reindex(result.index)
    result = result.join(_mean_income(usable, as_of))
    result["income_years"] = result["income_years"].fillna(0).astype(int)
    result["experience_years"] = levels["experience_years"].reindex(result.index).astype(float)
    assets = _at_least(result["financial_assets"], suitability.professional_financial_assets)
    income = _at_least(result["mean_income"], suitability.professional_income)
    income = income.mask(result["income_years"] < INCOME_YEARS)
    result["meets"] = (assets | income) & _at_least(
        result["experience_years"], suitability.professional_years
    )
    met = result["meets"].fillna(False).astype(bool)
    professional = result["investor_class"].eq("professional").fillna(False).astype(bool)
    result["verdict"] = np.select(
        [professional & met, professional, met], ["shown", "not_shown", "eligible"], default="ordinary"
    )
    return result


def _at_least(value: pd.Series, threshold: float) -> pd.Series:
    return value.ge(threshold).astype("boolean").mask(value.isna())


def _mean_income(statements: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    day = pd.to_datetime(statements["as_of"])
    known = statements.assign(day=day, year=day.dt.year)
    known = known[(day <= pd.Timestamp(as_of)) & known["annual_income"].notna()]
    last = known.groupby("client_id")["year"].transform("max")
    recent = (last >= as_of.year - 1) & (known["year"] > last - INCOME_YEARS)
    yearly = known[recent].sort_values("day", kind="stable")
    yearly = yearly.drop_duplicates(["client_id", "year"], keep="last")
    income = yearly["annual_income"].astype(float).groupby(yearly["client_id"])
    return pd.DataFrame({"mean_income": income.mean(), "income_years": income.size()})
