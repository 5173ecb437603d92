"""The review as a whole: worked by hand on twenty clients, a day before and after each limit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pytest

from clientlib.analysis.quality import DataQuality
from clientlib.analysis.quality.measures import month_ends
from clientlib.analysis.quality.review import PARTS
from clientlib.config import Settings

Records = dict[str, pd.DataFrame]
Review = Callable[..., DataQuality]
EAST, WEST = [f"East{n}" for n in range(10)], [f"West{n}" for n in range(10)]
ZONE = "Asia/Shanghai"


def changed(records: Records, area: str, clients: list[str], **cells: object) -> Records:
    frame = records[area].copy()
    for name, value in cells.items():
        if name not in frame.columns:
            frame[name] = None
        frame[name] = frame[name].where(~frame["client_id"].isin(clients), value)
    return {**records, area: frame}


# ------------------------------------------------------------------ in order
def test_records_in_order_are_all_clean(review: Review, records: Records) -> None:
    found = review(records)
    shares = found.overall[["complete", "valid", "unique", "timely", "clean"]]
    assert shares.to_numpy().tolist() == [[1.0] * 5]
    assert found.work_list.empty
    assert found.worst_fields.empty
    assert found.next_steps.empty


def test_nothing_at_all_is_told_as_nobody(review: Review) -> None:
    found = review({})
    assert set(found.available.loc[list(PARTS[:4]), "reason"]) == {"no_clients"}
    assert (found.by_area.empty, found.by_branch.empty, found.trend.empty) == (True, True, True)


def test_an_area_without_rows_is_not_judged(review: Review, records: Records) -> None:
    found = review({**records, "finances": records["finances"].iloc[:0]})
    assert "finances" not in found.by_area.index
    assert found.overall.loc["all", "clean"] == 1


# ------------------------------------------------------------------ complete
def test_a_gap_counts_in_its_area_branch_and_field(review: Review, records: Records) -> None:
    found = review(changed(records, "finances", EAST[:2], annual_income=None, remarks="no proof yet"))
    line = found.by_area.loc["finances"]
    assert (line["cells"], line["gaps"], line["pending"]) == (40, 2, 2)
    assert line["complete"] == pytest.approx(0.95)
    assert found.by_branch.loc["East", "complete"] == pytest.approx(0.8)
    assert found.by_branch.loc["West", "complete"] == 1
    assert found.worst_fields.iloc[0][["field", "records", "with_reason", "clients_cleared"]].to_list() == [
        "annual_income",
        2,
        2,
        2,
    ]


def test_a_client_without_a_record_lacks_all_its_cells(review: Review, records: Records) -> None:
    finances = records["finances"]
    found = review({**records, "finances": finances[finances["client_id"] != "East3"]})
    line = found.by_area.loc["finances"]
    assert (line["cells"], line["gaps"], line["absent"]) == (40, 2, 1)
    item = found.work_list.iloc[0]
    assert (item["client_id"], item["kind"], item["action"]) == ("East3", "absent", "complete")


def test_a_pending_row_is_listed_with_its_reason_scrubbed(review: Review, records: Records) -> None:
    remark = "reach him at 13812345678"
    found = review(changed(records, "contacts", ["West4"], remarks=remark, _pending=True))
    item = found.pending.iloc[0]
    assert (item["client_id"], item["fields"], item["remark"]) == (
        "West4",
        "mobile",
        "reach him at 138****5678",
    )


def test_without_the_mark_gaps_in_identity_are_said_not_to_be_told(review: Review, records: Records) -> None:
    unmarked = {name: frame.drop(columns="_pending") for name, frame in records.items()}
    assert review(records).available.loc["identity_gaps", "available"]
    assert review(unmarked).available.loc["identity_gaps", "reason"] == "not_told"


# ------------------------------------------------------------------ valid and unique
def test_a_row_that_no_longer_holds_is_invalid(review: Review, records: Records) -> None:
    found = review(changed(records, "preferences", ["East0"], risk_level="C9"))
    assert found.by_area.loc["preferences", "valid"] == pytest.approx(0.95)
    assert found.work_list.iloc[0][["fields", "rules", "action"]].to_list() == [
        "risk_level",
        "code",
        "correct",
    ]


def test_a_record_of_nobody_is_invalid(review: Review, records: Records) -> None:
    stray = records["contacts"].iloc[:1].assign(client_id="Nobody")
    with_stray = {**records, "contacts": pd.concat([records["contacts"], stray])}
    assert review(with_stray).by_area.loc["contacts", "invalid"] == 1
    assert review(with_stray, branch="East").by_area.loc["contacts", "invalid"] == 0


def test_pairs_that_are_probably_one_person_count_for_both(review: Review, records: Records) -> None:
    pairs = pd.DataFrame({"client_id_l": ["East1"], "client_id_r": ["West1"], "probability": [0.99]})
    found = review(records, duplicates=pairs)
    assert found.overall.loc["all", "repeated"] == 2
    assert set(zip(found.work_list["client_id"], found.work_list["record"], strict=True)) == {
        ("East1", "West1"),
        ("West1", "East1"),
    }


# ------------------------------------------------------------------ timely
@pytest.mark.parametrize(("day", "late"), [("2025-06-30", False), ("2025-06-29", True)])
def test_a_record_is_current_up_to_the_day_of_its_review(
    review: Review, records: Records, day: str, late: bool
) -> None:
    found = review(changed(records, "contacts", ["East5"], updated_at=pd.Timestamp(day, tz=ZONE)))
    assert found.by_area.loc["contacts", "outdated"] == int(late)


@pytest.mark.parametrize(("last", "late"), [("2026-06-30", False), ("2026-06-29", True)])
def test_an_assessment_is_current_up_to_the_day_it_states(
    review: Review, records: Records, last: str, late: bool
) -> None:
    found = review(changed(records, "preferences", ["East5"], expires_on=pd.Timestamp(last)))
    assert found.by_area.loc["preferences", "outdated"] == int(late)
    assert list(found.work_list["action"]) == ["assess"] * int(late)


def test_an_assessment_that_states_no_end_holds_for_the_firms_months(
    review: Review, records: Records, settings: Settings
) -> None:
    made = pd.Timestamp("2026-06-30") - pd.DateOffset(months=settings.suitability.valid_months)
    cells = {"assessed_on": made, "expires_on": pd.NaT}
    silent = changed(records, "preferences", ["East5"], **cells)
    assert review(silent).by_area.loc["preferences", "outdated"] == 0
    assert review(silent, dt.date(2026, 7, 1)).by_area.loc["preferences", "outdated"] == 1


def test_dormant_clients_are_not_reviewed_but_kept_complete(review: Review, records: Records) -> None:
    dormant = changed(records, "clients", ["East5"], status="dormant")
    old = changed(dormant, "contacts", ["East5"], updated_at=pd.Timestamp("2020-01-01", tz=ZONE))
    assert review(old).overall.loc["all", "outdated"] == 0
    gap = changed(old, "contacts", ["East5"], marketing_consent=None)
    assert review(gap).overall.loc["all", "incomplete"] == 1


def test_closed_clients_are_not_judged(review: Review, records: Records) -> None:
    gap = changed(records, "finances", ["East5"], annual_income=None)
    found = review(changed(gap, "clients", ["East5"], status="closed"))
    assert found.overall.loc["all", "clients"] == 19
    assert found.overall.loc["all", "incomplete"] == 0
    assert found.by_area.loc["finances", "rows"] == 19


def test_only_the_newest_version_up_to_the_day_counts(review: Review, records: Records) -> None:
    newer = records["finances"].assign(as_of=pd.Timestamp("2026-06-15"), annual_income=None)
    both = {**records, "finances": pd.concat([records["finances"], newer])}
    assert review(both, dt.date(2026, 6, 14)).by_area.loc["finances", "gaps"] == 0
    assert review(both, dt.date(2026, 6, 15)).by_area.loc["finances", "gaps"] == 20


# ------------------------------------------------------------------ groups
def test_small_branches_are_withheld_and_what_would_tell_of_them(review: Review, records: Records) -> None:
    few = changed(records, "clients", EAST[:3], branch="Tiny")
    found = review(few)
    hidden = found.by_branch.index[~found.by_branch["shown"]]
    assert list(hidden) == ["East", "Tiny"]
    assert found.by_branch.loc[hidden, "clients"].isna().all()
    assert found.by_advisor["shown"].to_list() == [False, False, True]


def test_no_step_is_told_of_a_branch_that_is_withheld(review: Review, records: Records) -> None:
    few = changed(
        changed(records, "clients", EAST[:3], branch="Tiny"), "finances", EAST[:3], annual_income=None
    )
    found = review(few)
    assert found.next_steps.empty
    assert len(found.work_list) == 3


def test_a_branch_clearly_behind_is_marked(review: Review, records: Records) -> None:
    found = review(changed(records, "finances", EAST[:8], annual_income=None))
    assert found.by_branch["behind"].to_dict() == {"East": True, "West": False}


def test_one_branch_alone_is_reviewed_alone(review: Review, records: Records) -> None:
    gaps = changed(records, "finances", [*EAST[:1], *WEST[:2]], annual_income=None)
    found = review(gaps, branch="West")
    assert found.overall[["clients", "incomplete"]].to_numpy().tolist() == [[10, 2]]
    assert set(found.work_list["branch"]) == {"West"}


# ------------------------------------------------------------------ over time
def test_the_trend_begins_with_the_first_client_and_ends_with_the_day(
    review: Review, records: Records
) -> None:
    days = pd.to_datetime(pd.Series(review(records, dt.date(2026, 7, 15)).trend.index)).dt.date
    assert days.to_list() == [dt.date(2026, 5, 31), dt.date(2026, 6, 30), dt.date(2026, 7, 15)]


def test_month_ends_are_those_before_the_month_of_the_day() -> None:
    ends = list(month_ends(dt.date(2024, 3, 31), 2))
    assert ends == [dt.date(2024, 1, 31), dt.date(2024, 2, 29), dt.date(2024, 3, 31)]


def test_the_trend_tells_when_records_went_out_of_date(review: Review, records: Records) -> None:
    old = changed(records, "preferences", EAST[:4], expires_on=pd.Timestamp("2026-06-10"))
    assert review(old).trend["outdated"].to_list() == [0, 4]


def test_refused_rows_are_counted_by_the_month_of_the_firm(review: Review, records: Records) -> None:
    recorded = pd.to_datetime(["2026-05-31 15:00", "2026-05-31 17:00"], utc=True)
    batches = pd.DataFrame(
        {"recorded_at": recorded, "rows_in": [10, 30], "rejected": [1, 6], "pending": [0, 0]}
    )
    table = review(records, batches=batches).hand_ins
    assert table["refused"].to_list() == [0.1, 0.2]
    assert [str(month.date()) for month in table.index] == ["2026-05-01", "2026-06-01"]


def test_the_age_of_records_is_told_in_days(review: Review, records: Records) -> None:
    old = changed(records, "contacts", EAST[:3], updated_at=pd.Timestamp("2025-06-30", tz=ZONE))
    ages = review(old).by_area[["age_median", "age_p90"]]
    assert ages.loc[["contacts"]].to_numpy().tolist() == [[60, 365]]
    assert review(records).by_area.loc["finances", "age_median"] == 394


def test_nothing_is_shown_of_a_selection_of_few_clients(review: Review, records: Records) -> None:
    few = changed(records, "clients", EAST[:3], branch="Tiny")
    assert review(few, branch="Tiny").available.loc["clients", "reason"] == "too_few_clients"


def test_the_weakest_point_is_where_most_is_wrong(review: Review, records: Records) -> None:
    worse = changed(records, "preferences", EAST[:5], risk_level=None)
    worse = changed(worse, "contacts", EAST[:2], updated_at=pd.Timestamp("2020-01-01", tz=ZONE))
    points = review(worse).weak_points
    assert points[["area", "measure", "bad", "whole"]].to_numpy().tolist() == [
        ["preferences", "complete", 5, 20],
        ["contacts", "timely", 2, 20],
    ]
