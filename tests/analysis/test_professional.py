"""Who may count as professional, a hand-worked case a rule."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from clientlib.analysis.professional import professional_evidence
from clientlib.analysis.suitability import client_levels
from clientlib.config import load

AS_OF = dt.date(2026, 6, 30)
RULES = load().suitability


def levels_with(investor_class: str, experience_years: float | None) -> pd.DataFrame:
    row = {"client_id": "a", "assessed_on": dt.date(2025, 6, 30), "risk_level": "C3"}
    assessed = pd.DataFrame([{**row, "experience_years": experience_years}])
    clients = pd.DataFrame({"client_id": ["a"], "investor_class": [investor_class]})
    return client_levels(assessed, clients, AS_OF, RULES)


def people(investor_class: str, client_type: str = "individual") -> pd.DataFrame:
    return pd.DataFrame(
        {"client_id": ["a"], "client_type": [client_type], "investor_class": [investor_class]}
    )


def statements(*rows: tuple[dt.date, float, float], currency: str = "CNY") -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=["as_of", "annual_income", "financial_assets"])
    return frame.assign(client_id="a", currency=currency)


def verdict(
    finances: pd.DataFrame,
    investor_class: str = "professional",
    years: float | None = 2.0,
    as_of: dt.date = AS_OF,
) -> pd.Series:
    levels = levels_with(investor_class, years)
    found = professional_evidence(people(investor_class), finances, levels, as_of, RULES, currency="CNY")
    return found.loc[["a"]].iloc[0]


YEAR = [dt.date(2024, 3, 1), dt.date(2025, 3, 1), dt.date(2026, 3, 1)]


@pytest.mark.parametrize(
    ("assets", "years", "meets"),
    [
        (5_000_000.0, 2.0, True),
        (4_999_999.0, 2.0, None),
        (5_000_000.0, 1.9, False),
        (5_000_000.0, None, None),
    ],
)
def test_financial_assets_and_experience(assets: float, years: float | None, meets: bool | None) -> None:
    found = verdict(statements((YEAR[2], 1.0, assets)), years=years)["meets"]
    assert pd.isna(found) if meets is None else found == meets


@pytest.mark.parametrize(("last", "meets"), [(600_000.0, True), (599_999.0, False)])
def test_income_is_averaged_over_three_years(last: float, meets: bool) -> None:
    rows = [(YEAR[0], 400_000.0, 0.0), (YEAR[1], 500_000.0, 0.0), (YEAR[2], last, 0.0)]
    found = verdict(statements(*rows))
    assert (found["meets"], found["income_years"]) == (meets, 3)


def test_fewer_years_of_income_cannot_tell() -> None:
    found = verdict(statements((YEAR[1], 9e5, 0.0), (YEAR[2], 9e5, 0.0)))
    assert pd.isna(found["meets"])
    assert found["verdict"] == "not_shown"


@pytest.mark.parametrize(
    ("days", "as_of", "years"),
    [
        # Early in a year last year's statement is the newest there is.
        ((dt.date(2023, 3, 1), dt.date(2024, 3, 1), dt.date(2025, 3, 1)), dt.date(2026, 1, 15), 3),
        ((dt.date(2022, 3, 1), dt.date(2023, 3, 1), dt.date(2024, 3, 1)), dt.date(2026, 1, 15), 0),
        ((dt.date(2022, 3, 1), dt.date(2024, 3, 1), dt.date(2025, 3, 1)), dt.date(2026, 1, 15), 2),
        ((dt.date(2024, 3, 1), dt.date(2025, 3, 1), dt.date(2026, 1, 16)), dt.date(2026, 1, 15), 2),
    ],
)
def test_the_three_years_end_this_year_or_last(days: tuple[dt.date, ...], as_of: dt.date, years: int) -> None:
    found = verdict(statements(*((day, 600_000.0, 0.0) for day in days)), as_of=as_of)
    assert found["income_years"] == years
    assert pd.isna(found["meets"]) == (years < 3)


def test_only_the_newest_statement_of_a_year_counts_in_the_mean() -> None:
    rows = [(YEAR[0], 3.0, 0.0), (YEAR[1], 3.0, 0.0), (dt.date(2026, 1, 1), 99.0, 0.0), (YEAR[2], 6.0, 0.0)]
    assert verdict(statements(*rows))["mean_income"] == 4.0


def test_a_statement_in_another_currency_is_not_held_against_the_threshold() -> None:
    assert pd.isna(verdict(statements((YEAR[2], 9e6, 9e6), currency="USD"))["financial_assets"])


@pytest.mark.parametrize(
    ("investor_class", "assets", "expected"),
    [
        ("professional", 6e6, "shown"),
        ("professional", 1.0, "not_shown"),
        ("ordinary", 6e6, "eligible"),
        ("ordinary", 1.0, "ordinary"),
    ],
)
def test_what_the_book_shows_of_a_professional(investor_class: str, assets: float, expected: str) -> None:
    assert verdict(statements((YEAR[2], 1.0, assets)), investor_class)["verdict"] == expected


def test_an_institution_is_not_judged_as_a_person() -> None:
    found = professional_evidence(
        people("professional", "institution"),
        statements(),
        levels_with("professional", 2.0),
        AS_OF,
        RULES,
        currency="CNY",
    )
    assert found.empty
