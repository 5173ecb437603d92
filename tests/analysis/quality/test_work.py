"""The work list: who comes first, what is said of each, and what a branch gains by it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from clientlib.analysis.quality import DataQuality
from clientlib.analysis.quality.work import WORK_LIST

Records = dict[str, pd.DataFrame]
Review = Callable[..., DataQuality]
ZONE = "Asia/Shanghai"


def at(frame: pd.DataFrame, clients: list[str], column: str, value: object) -> pd.DataFrame:
    return frame.assign(**{column: frame[column].where(~frame["client_id"].isin(clients), value)})


@pytest.fixture
def found(review: Review, records: Records) -> DataQuality:
    """East1: no income. East2, East3: assessment run out. East3: contact out of date too."""
    records["finances"] = at(records["finances"], ["East1"], "annual_income", None)
    run_out = pd.Timestamp("2026-06-01")
    records["preferences"] = at(records["preferences"], ["East2", "East3"], "expires_on", run_out)
    old = pd.Timestamp("2024-01-01", tz=ZONE)
    records["contacts"] = at(records["contacts"], ["East3"], "updated_at", old)
    return review(records)


def test_the_columns_are_those_promised(found: DataQuality) -> None:
    assert tuple(found.work_list.columns) == WORK_LIST


def test_what_keeps_a_client_from_being_advised_comes_first(found: DataQuality) -> None:
    # East3 owns more than East2: among equals, those with most money.
    assert found.work_list["client_id"].to_list() == ["East3", "East3", "East2", "East1"]
    assert found.work_list["area"].to_list() == ["preferences", "contacts", "preferences", "finances"]


def test_ranks_count_clients(found: DataQuality) -> None:
    assert found.work_list["rank"].to_list() == [1, 1, 2, 3]


def test_since_is_the_last_day_on_which_the_record_was_current(found: DataQuality) -> None:
    assert [str(day.date()) for day in found.work_list["since"][:2]] == ["2026-06-01", "2025-01-01"]
    assert found.work_list["days"].to_list()[:2] == [29, 545]


def test_cells_of_one_record_are_one_item(review: Review, records: Records) -> None:
    finances = at(records["finances"], ["West1"], "annual_income", None)
    records["finances"] = at(finances, ["West1"], "currency", None)
    items = review(records).work_list
    assert items["fields"].to_list() == ["annual_income,currency"]


def test_a_step_says_what_the_branch_gains(found: DataQuality) -> None:
    steps = found.next_steps.set_index("action")
    assert steps["clients"].to_dict() == {"assess": 2, "complete": 1, "review": 1}
    assert steps.loc["assess", "first"] == "East3, East2"
    assert (steps["clean_now"] == 0.7).all()
    # East3 has more than one thing to mend: neither of the two alone puts them in order.
    assert steps["clean_after"].to_dict() == pytest.approx({"assess": 0.8, "complete": 0.8, "review": 0.7})


def test_a_field_tells_how_many_clients_it_alone_would_clear(found: DataQuality) -> None:
    cleared = found.worst_fields.set_index(["area", "kind"])["clients_cleared"]
    assert cleared.to_dict() == {
        ("preferences", "outdated"): 1,
        ("contacts", "outdated"): 0,
        ("finances", "missing"): 1,
    }
