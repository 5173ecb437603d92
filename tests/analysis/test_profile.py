"""The client profile: by hand on a few clients, and against the source on the real ones."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.profile import ClientProfile, band_bounds, describe_clients
from clientlib.config import load
from clientlib.intake import check_file

SUITABILITY = load().suitability
AS_OF = dt.date(2026, 6, 30)
REAL_AS_OF = dt.date(2022, 11, 29)
"""The last day but one of FAR-Trans; six clients have only a record of the day after."""

CLIENTS = pd.DataFrame(
    {
        "client_id": ["a", "b", "c", "d", "e"],
        "client_type": ["individual", "individual", "institution", "individual", "individual"],
        "client_group": ["Mass", "Mass", "Premium", None, "Mass"],
        "branch": ["East", "East", "West", "West", None],
    }
)
PREFERENCES = pd.DataFrame(
    {
        "client_id": ["a", "a", "b", "c", "d", "x"],
        "assessed_on": ["2021-01-01", "2025-06-30", "2023-06-30", "2000-01-01", "2026-01-01", "2026-01-01"],
        "risk_level": ["C1", "C3", "C2", "C4", None, "C5"],
        "level_source": ["assessed", "assessed", None, "predicted", None, "assessed"],
    }
)
FINANCES = pd.DataFrame(
    {
        "client_id": ["a", "b", "c", "d"],
        "as_of": ["2026-01-01"] * 4,
        "capacity_band": ["CAP_GT300K", "Predicted_CAP_LT30K", "CAP_30K_80K", "CAP_LT30K"],
    }
)


def described(**frames: pd.DataFrame) -> ClientProfile:
    chosen = {"clients": CLIENTS, "preferences": PREFERENCES, "finances": FINANCES} | frames
    return describe_clients(**chosen, as_of=AS_OF, suitability=SUITABILITY)


def cell(table: pd.DataFrame, row: str, column: str) -> Any:
    return table.loc[row, column]


# ------------------------------------------------------------------ five clients by hand
def test_levels_are_counted_by_what_they_rest_on() -> None:
    found = described().by_level
    assert found["n"].to_dict() == {"C1": 0, "C2": 1, "C3": 1, "C4": 1, "C5": 0, "none": 2}
    assert found["assessed"].to_dict() == {"C1": 0, "C2": 1, "C3": 1, "C4": 0, "C5": 0, "none": 0}
    assert (cell(found, "C2", "expired"), cell(found, "C3", "valid"), cell(found, "C4", "predicted")) == (
        1,
        1,
        1,
    )
    assert found["share"].sum() == pytest.approx(1)


def test_standing_says_what_each_level_rests_on() -> None:
    assert described().by_client["standing"].to_dict() == {
        "a": "valid",
        "b": "expired",
        "c": "predicted",
        "d": "none",
        "e": "none",
    }


def test_a_placeholder_date_does_not_age_anything() -> None:
    found = described()
    assert found.by_client["age_years"].dropna().to_dict() == {"a": 1.0, "b": 3.0}
    assert cell(found.headlines, "median_assessment_age", "value") == 2.0


def test_ages_fall_into_year_bands() -> None:
    found = described().assessment_age
    assert found["n"].to_dict() == {
        "0-1": 0,
        "1-2": 1,
        "2-3": 0,
        "3-4": 1,
        "4-5": 0,
        "5-7": 0,
        "7-10": 0,
        "10+": 0,
    }


@pytest.mark.parametrize(
    ("assessed_on", "years"),
    [
        ("2026-06-30", 0.0),
        ("2025-07-01", 364 / 365),
        ("2024-02-29", 2 + 121 / 365),
        ("2016-07-30", 9 + 335 / 365),
    ],
)
def test_age_is_whole_years_and_the_days_since(assessed_on: str, years: float) -> None:
    assessed = pd.DataFrame({"client_id": ["a"], "assessed_on": [assessed_on], "risk_level": ["C3"]})
    found = described(preferences=assessed).by_client["age_years"]
    assert found["a"] == pytest.approx(years)


@pytest.mark.parametrize(("assessed_on", "older"), [("2024-06-30", 0), ("2024-06-29", 1)])
def test_an_assessment_is_too_old_from_the_day_after_its_months(assessed_on: str, older: int) -> None:
    assessed = pd.DataFrame({"client_id": ["a"], "assessed_on": [assessed_on], "risk_level": ["C3"]})
    assert cell(described(preferences=assessed).headlines, "older_than_valid", "count") == older


def test_headlines_are_counts_over_their_base() -> None:
    found = described().headlines
    pairs = {str(row): (found["count"][row], found["base"][row]) for row in found.index}
    assert (pairs["predicted_of_levels"], pairs["expired_of_assessed"]) == ((1, 3), (1, 2))
    assert cell(found, "without_level", "value") == pytest.approx(0.4)


def test_bands_stand_from_small_to_large_and_tell_estimates() -> None:
    found = described().by_capacity
    assert list(found.index) == ["CAP_LT30K", "CAP_30K_80K", "CAP_GT300K", "none"]
    assert found["stated"].to_list() == [1, 1, 1, 0]
    assert found["predicted"].to_list() == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("band", "bounds"),
    [
        ("CAP_LT30K", (0, 30e3)),
        ("CAP_LT_30K", (0, 30e3)),
        ("CAP_80K_300K", (80e3, 300e3)),
        ("GT300K", (300e3, np.inf)),
        ("10W-50W", (10e4, 50e4)),
        ("1M_5M", (1e6, 5e6)),
        ("500-1000", (500, 1000)),
    ],
)
def test_bounds_are_read_from_the_name(band: str, bounds: tuple[float, float]) -> None:
    assert band_bounds(band) == bounds


def test_a_band_without_a_number_has_no_bounds() -> None:
    assert np.isnan(band_bounds("affluent")).all()


def test_cross_table_adds_up_to_both_margins() -> None:
    found = described()
    assert found.level_by_capacity.sum(axis=1).equals(found.by_level["n"])
    assert found.level_by_capacity.sum().rename(None).equals(found.by_capacity["n"].rename(None))


def test_groups_stand_largest_first_and_the_unknown_last() -> None:
    found = described()
    assert list(found.by_group.index) == ["Mass", "Premium", "none"]
    assert list(found.by_branch.index) == ["East", "West", "none"]
    assert cell(found.by_branch, "East", "median_age_years") == 2.0
    assert np.isnan(cell(found.by_branch, "West", "median_age_years"))


def test_clients_of_others_are_left_out() -> None:
    assert "x" not in described().by_client.index
    assert described().by_level["n"].sum() == len(CLIENTS)


def test_pending_follows_the_mark_where_there_is_one() -> None:
    marked = CLIENTS.assign(_pending=[True, False, False, False, False])
    told = PREFERENCES.assign(_pending=False), FINANCES.assign(_pending=False)
    found = described(clients=marked, preferences=told[0], finances=told[1])
    assert found.areas["pending"].to_dict() == {"clients": 1, "preferences": 0, "finances": 0}
    assert cell(found.headlines, "pending", "count") == 1


def test_completeness_counts_filled_cells_and_holds_no_identity() -> None:
    found = described().completeness
    flat = (
        found.reset_index().assign(name=lambda table: table["area"] + "." + table["field"]).set_index("name")
    )
    assert (cell(flat, "preferences.risk_level", "rows"), cell(flat, "preferences.risk_level", "filled")) == (
        4,
        3,
    )
    assert cell(flat, "clients.branch", "share") == pytest.approx(0.8)
    assert not {"full_name", "id_number"} & set(found.index.get_level_values("field"))


def test_assessments_after_the_day_are_not_read() -> None:
    later = PREFERENCES.assign(assessed_on="2026-07-01")
    assert cell(described(preferences=later).by_level, "none", "n") == len(CLIENTS)


def test_nobody_and_nothing_give_empty_tables() -> None:
    empty = pd.DataFrame()
    found = described(clients=empty, preferences=empty, finances=empty)
    assert cell(found.headlines, "clients", "count") == 0
    assert np.isnan(cell(found.headlines, "assessed", "value"))
    assert found.by_branch.empty


def test_clients_without_any_other_row_have_no_level() -> None:
    found = described(preferences=pd.DataFrame(), finances=pd.DataFrame())
    assert cell(found.by_level, "none", "share") == 1
    assert cell(found.by_capacity, "none", "share") == 1


# ------------------------------------------------------------------ the 29,090 real ones
@pytest.fixture(scope="module")
def source(far_trans: Path) -> pd.DataFrame:
    """The newest row of each client, straight from the file."""
    rows = pd.read_csv(far_trans / "customer_information.csv")
    known = rows[rows["timestamp"] <= str(REAL_AS_OF)].sort_values("timestamp", kind="stable")
    return known.drop_duplicates("customerID", keep="last").set_index("customerID")


@pytest.fixture(scope="module")
def real(far_trans: Path) -> ClientProfile:
    checked = check_file(far_trans / "customer_information.csv", reader="far-trans")
    areas = {name: frame.to_pandas() for name, frame in checked.accepted.items()}
    end = pd.Timestamp(REAL_AS_OF, tz="UTC") + pd.Timedelta(days=1)
    clients = areas["clients"][areas["clients"]["updated_at"] < end].sort_values("updated_at")
    return describe_clients(clients, areas["preferences"], areas["finances"], REAL_AS_OF, SUITABILITY)


def test_real_levels_are_those_of_the_source(real: ClientProfile, source: pd.DataFrame) -> None:
    words = {"Conservative": "C1", "Income": "C2", "Balanced": "C3", "Aggressive": "C4"}
    stated = source["riskLevel"].map(words).value_counts()
    estimates = source["riskLevel"][source["riskLevel"].str.startswith("Predicted_")]
    predicted = estimates.str.removeprefix("Predicted_").map(words).value_counts()
    for level in words.values():
        assert cell(real.by_level, level, "assessed") == stated[level]
        assert cell(real.by_level, level, "predicted") == predicted[level]
    assert cell(real.by_level, "none", "n") == source["riskLevel"].eq("Not_Available").sum()


def test_real_capacities_are_those_of_the_source(real: ClientProfile, source: pd.DataFrame) -> None:
    written = source["investmentCapacity"]
    bands = written.str.removeprefix("Predicted_").replace("Not_Available", "none").value_counts()
    assert real.by_capacity["n"].to_dict() == bands.to_dict()
    assert real.by_capacity["predicted"].sum() == written.str.startswith("Predicted_").sum()
    assert list(real.by_capacity.index) == ["CAP_LT30K", "CAP_30K_80K", "CAP_80K_300K", "CAP_GT300K", "none"]


def test_real_ages_are_of_questionnaires_that_were_filled_in(
    real: ClientProfile, source: pd.DataFrame
) -> None:
    filled_in = ~source["riskLevel"].str.startswith("Predicted_") & source["riskLevel"].ne("Not_Available")
    days = pd.Timestamp(REAL_AS_OF) - pd.to_datetime(source.loc[filled_in, "lastQuestionnaireDate"])
    median = days.median() / pd.Timedelta(days=365.25)
    assert cell(real.headlines, "median_assessment_age", "value") == pytest.approx(median, abs=0.005)
    two_years_before = str(REAL_AS_OF.replace(year=REAL_AS_OF.year - 2))
    older = source.loc[filled_in, "lastQuestionnaireDate"] < two_years_before
    assert cell(real.headlines, "older_than_valid", "count") == older.sum()


def test_real_groups_are_those_of_the_source(real: ClientProfile, source: pd.DataFrame) -> None:
    assert real.by_group["n"].to_dict() == source["customerType"].value_counts().to_dict()


def test_a_quarter_of_the_real_levels_is_only_predicted(real: ClientProfile) -> None:
    assert cell(real.headlines, "predicted_of_levels", "value") == pytest.approx(0.248, abs=5e-4)
