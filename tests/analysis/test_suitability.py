"""Suitability, a hand-worked case a rule: levels as of a day, matching, evidence, professionals."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from clientlib.analysis.suitability import (
    PRODUCT_LEVELS,
    STANDINGS,
    as_assessed,
    client_levels,
    from_scheme,
    level_matrix,
    levels_on_days,
    match_holdings,
    mismatch_by_client,
    newest_per_client,
    permissions,
)
from clientlib.config import Suitability, load

AS_OF = dt.date(2026, 6, 30)
RULES = load().suitability


def assessment(client: str = "a", day: dt.date = dt.date(2025, 6, 30), **fields: Any) -> dict[str, Any]:
    return {
        "client_id": client,
        "assessed_on": day,
        "risk_level": "C3",
        "questionnaire_score": 40.0,
        "level_source": "assessed",
        "lowest_class": None,
        "expires_on": None,
        **fields,
    }


def level_of(*rows: dict[str, Any], investor_class: str = "ordinary", rules: Suitability = RULES) -> Any:
    """The row of client a."""
    clients = pd.DataFrame({"client_id": ["a"], "investor_class": [investor_class]})
    return client_levels(pd.DataFrame(list(rows)), clients, AS_OF, rules).loc["a"]


def matched(levels: pd.DataFrame, *products: str | None, values: list[float] | None = None) -> pd.DataFrame:
    """What client a's holdings of one security a product level come to."""
    names = [f"S{i}" for i in range(len(products))]
    positions = pd.DataFrame({"client_id": "a", "security_id": names, "quantity": 100.0})
    positions["market_value"] = values or [100.0] * len(products)
    securities = pd.DataFrame({"security_id": names, "risk_level": list(products)})
    return match_holdings(positions, securities, levels, RULES)


def levels_with(investor_class: str = "ordinary", **fields: Any) -> pd.DataFrame:
    clients = pd.DataFrame({"client_id": ["a"], "investor_class": [investor_class]})
    return client_levels(pd.DataFrame([assessment(**fields)]), clients, AS_OF, RULES)


# ------------------------------------------------------------------ which level counts
def test_the_newest_assessment_counts() -> None:
    older, newer = assessment(day=dt.date(2025, 1, 1), risk_level="C5"), assessment(risk_level="C2")
    assert level_of(newer, older)["level"] == "C2"


def test_an_assessment_after_the_day_is_not_read() -> None:
    later = assessment(day=dt.date(2026, 7, 1), risk_level="C5")
    assert level_of(assessment(risk_level="C2"), later)["level"] == "C2"


def test_an_assessment_of_the_day_itself_counts() -> None:
    assert level_of(assessment(day=AS_OF, risk_level="C4"))["level"] == "C4"


@pytest.mark.parametrize(
    ("assessed_on", "expires_on", "status", "days_left"),
    [
        (dt.date(2024, 6, 29), None, "expired", -1),
        (dt.date(2024, 6, 30), None, "expiring", 0),  # 24 months: the last day counts
        (dt.date(2024, 7, 1), None, "expiring", 1),
        (dt.date(2024, 8, 29), None, "expiring", 60),
        (dt.date(2024, 8, 30), None, "valid", 61),
        (dt.date(2026, 6, 1), dt.date(2026, 6, 29), "expired", -1),
        (dt.date(2026, 6, 1), dt.date(2026, 6, 30), "expiring", 0),
        (dt.date(2020, 1, 1), dt.date(2027, 1, 1), "valid", 185),  # what the row states goes first
    ],
)
def test_an_assessment_counts_up_to_its_last_day(
    assessed_on: dt.date, expires_on: dt.date | None, status: str, days_left: int
) -> None:
    row = level_of(assessment(day=assessed_on, expires_on=expires_on))
    assert (row["status"], row["days_left"]) == (status, days_left)
    assert pd.isna(row["level"]) == (status == "expired")
    assert row["stated_level"] == "C3"


def test_validity_from_a_month_end_lasts_to_the_shorter_months_end() -> None:
    rules = RULES.model_copy(update={"valid_months": 6})
    row = level_of(assessment(day=dt.date(2025, 8, 31)), rules=rules)
    assert row["expires_on"] == pd.Timestamp("2026-02-28")


@pytest.mark.parametrize(
    ("assessed_on", "last_day"),
    [
        (dt.date(2024, 2, 29), "2026-02-28"),  # there is no 29 February 2026
        (dt.date(2024, 2, 28), "2026-02-28"),
        (dt.date(2024, 12, 31), "2026-12-31"),
    ],
)
def test_twenty_four_months_end_on_the_same_day_or_the_months_last(
    assessed_on: dt.date, last_day: str
) -> None:
    assert level_of(assessment(day=assessed_on))["expires_on"] == pd.Timestamp(last_day)


def test_a_client_who_was_never_assessed_has_no_level() -> None:
    row = level_of(assessment(client="b"))
    assert (row["status"], row["standing"]) == ("none", "none")
    assert pd.isna(row["level"])


def test_a_pending_assessment_without_a_level_is_none_that_counts() -> None:
    row = level_of(assessment(risk_level=None))
    assert (row["status"], row["standing"]) == ("unknown_level", "none")


def test_someone_assessed_who_is_no_client_is_kept() -> None:
    levels = client_levels(pd.DataFrame([assessment("ghost")]), pd.DataFrame(), AS_OF, RULES)
    assert list(levels.index) == ["ghost"]


def test_an_empty_book_gives_no_rows_and_all_columns() -> None:
    nothing = client_levels(pd.DataFrame(), pd.DataFrame(), AS_OF, RULES)
    assert list(nothing.columns) == list(levels_with().columns)
    assert nothing.empty


@pytest.mark.parametrize(
    ("level", "marked", "score", "standing"),
    [
        ("C1", True, 10.0, "C1_lowest"),
        ("C1", False, 0.0, "C1"),
        ("C1", None, 0.0, "C1_lowest"),  # the published bands: lowest class is a score of 0
        ("C1", None, 1.0, "C1"),
        ("C3", True, 40.0, "C1_lowest"),  # a contradiction: the stricter counts
        ("C3", None, 0.0, "C3"),
    ],
)
def test_who_is_of_the_lowest_class(level: str, marked: bool | None, score: float, standing: str) -> None:
    row = level_of(assessment(risk_level=level, lowest_class=marked, questionnaire_score=score))
    assert row["standing"] == standing


def test_a_client_of_no_stated_class_is_ordinary() -> None:
    clients = pd.DataFrame({"client_id": ["a"], "investor_class": [None]})
    row = client_levels(pd.DataFrame([assessment()]), clients, AS_OF, RULES).loc["a"]
    assert (row["investor_class"], row["standing"]) == ("ordinary", "C3")


def test_a_professional_is_not_limited_by_a_lowest_class() -> None:
    row = level_of(assessment(risk_level="C1", lowest_class=True), investor_class="professional")
    assert row["standing"] == "professional"


def test_a_lowest_class_that_has_run_out_is_no_level_either() -> None:
    row = level_of(assessment(day=dt.date(2019, 1, 1), risk_level="C1", lowest_class=True))
    assert (row["standing"], row["status"]) == ("none", "expired")


def test_a_professional_is_not_limited_even_with_an_expired_level() -> None:
    row = level_of(assessment(day=dt.date(2019, 1, 1)), investor_class="professional")
    assert (row["standing"], row["status"]) == ("professional", "expired")


@pytest.mark.parametrize(
    ("source", "word", "predicted"),
    [
        ("predicted", "C3", True),
        ("assessed", "C3", False),
        (None, "C3", False),
        ("assessed", "Predicted_Balanced", True),
    ],
)
def test_a_predicted_level_is_shown_as_such(source: str | None, word: str, predicted: bool) -> None:
    row = level_of(assessment(level_source=source, risk_level=word))
    assert (row["level"], bool(row["predicted"])) == ("C3", predicted)


@pytest.mark.parametrize(
    ("score", "level"),
    list(zip([0, 1, 19, 20, 36, 37, 53, 54, 82, 83, 100], "11122334455", strict=True)),
)
def test_level_by_the_published_score_bands(score: float, level: str) -> None:
    assert level_of(assessment(questionnaire_score=score))["score_level"] == f"C{level}"


def test_a_missing_score_has_no_level_by_score() -> None:
    assert pd.isna(level_of(assessment(questionnaire_score=None))["score_level"])


# ------------------------------------------------------------------ levels on days of their own
def test_on_each_day_the_level_is_the_one_that_a_look_at_that_day_finds() -> None:
    rng = np.random.default_rng(7)
    days = pd.date_range("2021-01-01", "2026-06-30")
    rows = [
        assessment(
            client=str(rng.choice(["a", "b", "c"])),
            day=rng.choice(days),
            risk_level=str(rng.choice(["C1", "C3", "C5", "Predicted_Income", "Brave"])),
            questionnaire_score=float(rng.integers(0, 100)),
        )
        for _ in range(12)
    ]
    # Two of one day: the later one counts.
    rows += [assessment(day=dt.date(2025, 1, 1)), assessment(day=dt.date(2025, 1, 1), risk_level="C5")]
    clients = pd.DataFrame(
        {"client_id": ["a", "b", "d"], "investor_class": ["ordinary", "professional", "ordinary"]}
    )
    who, when = [*rng.choice(["a", "b", "c", "d"], 20), "a"], [*rng.choice(days, 20), dt.date(2025, 1, 1)]
    asked = pd.DataFrame({"client_id": who, "day": pd.to_datetime(when)})
    found = levels_on_days(asked, pd.DataFrame(rows), clients, RULES)
    assert found["client_id"].tolist() == asked["client_id"].tolist()
    for place, (client, day) in enumerate(zip(asked["client_id"], asked["day"], strict=True)):
        levels = client_levels(pd.DataFrame(rows), clients, day.date(), RULES)
        expected = levels.reindex([client]).iloc[0]
        if client not in levels.index:  # neither a client nor assessed by then
            expected = expected.reindex(["level", "score"])
        same = found[list(expected.index)].iloc[place]
        pd.testing.assert_series_equal(same, expected, check_names=False, check_dtype=False)


def test_levels_on_no_days_are_none() -> None:
    nothing = levels_on_days(
        pd.DataFrame({"client_id": [], "day": []}), pd.DataFrame(), pd.DataFrame(), RULES
    )
    assert nothing.empty
    assert list(nothing.columns) == ["client_id", "day", *levels_with().columns]


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        ({"day": dt.date(2020, 1, 1)}, "C3"),
        ({"day": dt.date(2020, 1, 1), "risk_level": "C1", "lowest_class": True}, "C1_lowest"),
        ({"day": dt.date(2020, 1, 1), "investor_class": "professional"}, "professional"),
        ({"risk_level": None}, "none"),
    ],
)
def test_on_its_own_day_an_assessment_counted(fields: dict[str, Any], standing: str) -> None:
    row = as_assessed(levels_with(**fields)).loc["a"]
    assert (row["standing"], row["status"]) == (standing, "unknown_level" if standing == "none" else "valid")


# ------------------------------------------------------------------ schemes
@pytest.mark.parametrize(
    ("word", "level"),
    [("Conservative", "C1"), ("Income", "C2"), ("Balanced", "C3"), ("Aggressive", "C4"), ("C5", "C5")],
)
def test_levels_of_the_mifid_scheme(word: str, level: str) -> None:
    found = from_scheme(pd.Series([word, f"Predicted_{word}"]), RULES.schemes["mifid"])
    assert found["level"].tolist() == [level, level]
    assert found["predicted"].tolist() == [False, True]


def test_what_a_word_of_the_second_scheme_means_is_a_setting() -> None:
    own = RULES.model_copy(update={"schemes": {"mifid": {**RULES.schemes["mifid"], "Income": "C3"}}})
    assert level_of(assessment(risk_level="Predicted_Income"), rules=own)["level"] == "C3"


def test_a_word_outside_the_scheme_has_no_level() -> None:
    assert from_scheme(pd.Series(["Brave", None]), RULES.schemes["mifid"])["level"].isna().all()


def test_a_word_that_two_schemes_read_differently_is_not_guessed() -> None:
    rules = RULES.model_copy(update={"schemes": {"one": {"Mid": "C2"}, "two": {"Mid": "C3"}}})
    assert level_of(assessment(risk_level="Mid"), rules=rules)["status"] == "unknown_level"


# ------------------------------------------------------------------ the matching table
PUBLISHED = {
    "C1_lowest": "R1",
    "C1": "R1",
    "C2": "R1 R2",
    "C3": "R1 R2 R3",
    "C4": "R1 R2 R3 R4",
    "C5": "R1 R2 R3 R4 R5",
    "professional": "R1 R2 R3 R4 R5",
}


@pytest.mark.parametrize("product", PRODUCT_LEVELS)
@pytest.mark.parametrize("standing", PUBLISHED)
def test_each_level_and_product_as_published(standing: str, product: str) -> None:
    if standing == "professional":
        levels = levels_with("professional", risk_level="C1")
    elif standing == "C1_lowest":
        levels = levels_with(risk_level="C1", lowest_class=True)
    else:
        levels = levels_with(risk_level=standing, lowest_class=False)
    row = matched(levels, product).iloc[0]
    may = PUBLISHED[standing].split()
    assert row["allowed"] == (product in may)
    assert row["excess_steps"] == max(0, int(product[1]) - int(may[-1][1]))


def test_without_a_level_nothing_is_allowed_or_forbidden() -> None:
    assert permissions(RULES).isna().all(axis=1)["none"]


@pytest.mark.parametrize(
    ("fields", "product", "reason"),
    [
        ({"risk_level": "C2"}, "R2", "within"),
        ({"risk_level": "C2"}, "R3", "above_level"),
        ({"risk_level": "C1", "lowest_class": True}, "R1", "within"),
        ({"risk_level": "C1", "lowest_class": True}, "R2", "above_lowest_class"),
        ({"investor_class": "professional", "risk_level": "C1"}, "R5", "professional"),
        ({"investor_class": "professional", "risk_level": "C1"}, None, "professional"),
        ({"day": dt.date(2020, 1, 1)}, "R1", "expired"),
        ({"client": "b"}, "R1", "no_level"),
        ({"risk_level": "Brave"}, "R1", "unknown_level"),
        ({"risk_level": "C5"}, None, "no_product_level"),
        ({"risk_level": "C5"}, "R9", "no_product_level"),
    ],
)
def test_the_reason_of_each_verdict(fields: dict[str, Any], product: str | None, reason: str) -> None:
    assert matched(levels_with(**fields), product).iloc[0]["reason"] == reason


def test_a_holding_of_somebody_unknown_is_kept_without_a_verdict() -> None:
    row = matched(levels_with().iloc[:0], "R1").iloc[0]
    assert row["reason"] == "no_level"
    assert pd.isna(row["allowed"])


def test_a_match_holds_the_evidence_it_rests_on() -> None:
    row = matched(levels_with(questionnaire_score=41.0), "R4").iloc[0]
    assert (row["level"], row["score"], row["product_level"]) == ("C3", 41.0, "R4")
    assert (row["rule_version"], bool(row["predicted"])) == (RULES.rule_version, False)
    assert (row["assessed_on"], row["expires_on"]) == (
        pd.Timestamp("2025-06-30"),
        pd.Timestamp("2027-06-30"),
    )


def test_a_match_by_a_predicted_level_says_so() -> None:
    row = matched(levels_with(risk_level="Predicted_Income"), "R3").iloc[0]
    assert (row["level"], row["reason"], bool(row["predicted"])) == ("C2", "above_level", True)


def test_matches_keep_the_order_and_number_of_positions() -> None:
    products = ["R5", None, "R1", "R3"]
    assert matched(levels_with(), *products)["security_id"].tolist() == ["S0", "S1", "S2", "S3"]


def test_a_firms_own_table_counts() -> None:
    rules = RULES.model_copy(update={"match": {**RULES.match, "C1": ("R1", "R2")}})
    assert permissions(rules).loc[["C1"]].to_numpy().tolist() == [[True, True, False, False, False]]


# ------------------------------------------------------------------ shares and the matrix
def test_the_share_above_the_level_is_by_value() -> None:
    row = mismatch_by_client(matched(levels_with(), "R1", "R4", "R5", values=[700.0, 100.0, 200.0])).loc["a"]
    assert (row["share_above"], row["n_above"], row["worst_steps"]) == (0.3, 2, 2)
    assert (row["top_security"], row["top_product_level"], row["top_value"]) == ("S2", "R5", 200.0)


def test_a_short_position_counts_by_its_size() -> None:
    row = mismatch_by_client(matched(levels_with(), "R1", "R5", values=[100.0, -100.0])).loc["a"]
    assert row["share_above"] == 0.5


def test_a_holding_without_a_value_counts_in_number_only() -> None:
    row = mismatch_by_client(matched(levels_with(), "R1", "R5", values=[100.0, float("nan")])).loc["a"]
    assert (row["share_above"], row["n_above"], row["n_holdings"]) == (0.0, 1, 2)


def test_the_share_is_missing_when_nothing_can_be_judged() -> None:
    row = mismatch_by_client(matched(levels_with(day=dt.date(2020, 1, 1)), "R5")).loc["a"]
    assert pd.isna(row["share_above"])
    assert row["value_unjudged"] == 100.0


def test_the_matrix_adds_up_to_the_holdings() -> None:
    matches = matched(levels_with(), "R1", "R4", "R4", values=[1.0, 2.0, 4.0])
    matrix = level_matrix(matches, RULES).set_index(["standing", "product_level"])
    assert len(matrix) == len(STANDINGS) * len(PRODUCT_LEVELS)
    assert matrix["value"].sum() == 7
    cell = matrix.loc[[("C3", "R4")]].iloc[0]
    assert (cell["value"], cell["n_clients"], cell["n_holdings"], cell["allowed"]) == (6.0, 1, 2, False)


# ------------------------------------------------------------------ newest rows
def test_of_two_rows_of_one_day_the_later_counts() -> None:
    frame = pd.DataFrame({"client_id": ["a", "a"], "as_of": [AS_OF, AS_OF], "cash": [1, 2]})
    assert newest_per_client(frame, "as_of", AS_OF)["cash"].tolist() == [2]


def test_a_row_without_a_client_or_a_date_counts_for_nobody() -> None:
    frame = pd.DataFrame({"client_id": [None, "a"], "as_of": [AS_OF, None]})
    assert newest_per_client(frame, "as_of", AS_OF).empty
