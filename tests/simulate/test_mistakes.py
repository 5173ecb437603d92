"""What errors are planted: how many, where, and that each is one that its row can have."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

import pytest

from clientlib import simulate
from clientlib.simulate.handins import Sheet, typed_sheets
from clientlib.simulate.mistake import Mistake, moved_left, moved_right, transposed
from clientlib.simulate.mistakes import MISTAKES, TWICE, in_turn, put_in
from clientlib.tables import AREAS

SEED = 7
ERRORS = [mistake for mistake in MISTAKES if mistake.outcome == "error"]


@pytest.fixture(scope="module")
def source() -> simulate.Demo:
    return simulate.demo(seed=SEED, clients=300, years=1)


@pytest.fixture
def sheets(source: simulate.Demo) -> list[Sheet]:
    return typed_sheets(source)


def planted(sheets: list[Sheet], count: int | None = None) -> list[dict[str, Any]]:
    return [entry for entry in put_in(sheets, SEED, count) if entry["outcome"] == "error"]


def test_the_kinds_of_error_are_many_and_cover_every_area() -> None:
    assert len(ERRORS) >= 40
    assert {mistake.area for mistake in ERRORS} == set(AREAS)


def test_a_kind_has_one_name() -> None:
    names = [mistake.kind for mistake in MISTAKES]
    assert len(set(names)) == len(names)


def test_without_a_number_each_kind_comes_twice(sheets: list[Sheet]) -> None:
    assert set(Counter(entry["kind"] for entry in planted(sheets)).values()) == {TWICE}


@pytest.mark.parametrize("count", [0, 1, 500])
def test_as_many_errors_are_put_in_as_are_wanted(sheets: list[Sheet], count: int) -> None:
    assert len(planted(sheets, count)) == count


def test_the_kinds_share_the_number_evenly(sheets: list[Sheet]) -> None:
    share = 2 * len(ERRORS)
    assert set(Counter(entry["kind"] for entry in planted(sheets, share)).values()) == {2}


def test_a_kind_without_more_rows_leaves_its_turn_to_the_others(sheets: list[Sheet]) -> None:
    campaigns = sum(sheet.cells.height for sheet in sheets if sheet.area.name == "campaigns")
    counted = Counter(entry["area"] for entry in planted(sheets, 600))
    assert counted["campaigns"] == campaigns
    assert counted.total() == 600


def test_no_more_errors_are_put_in_than_there_are_rows(sheets: list[Sheet]) -> None:
    campaigns = [sheet for sheet in sheets if sheet.area.name == "campaigns"]
    rows = sum(sheet.cells.height for sheet in campaigns)
    assert len(planted(campaigns, rows + 100)) == rows


def test_what_is_harmless_comes_on_top(sheets: list[Sheet]) -> None:
    listed = put_in(sheets, SEED, 100)
    assert Counter(entry["outcome"] for entry in listed)["harmless"] == TWICE * sum(
        mistake.outcome == "harmless" for mistake in MISTAKES
    )


def test_a_changed_row_is_listed_with_the_cells_that_were_changed(sheets: list[Sheet]) -> None:
    listed = {(entry["file"], entry["sheet"], entry["row"]): entry for entry in put_in(sheets, SEED)}
    for sheet in sheets:
        for row, name in sheet.slips:
            assert name in listed[sheet.file, sheet.sheet, row + 2]["cells"]


def test_errors_come_in_workbooks_and_text_files_of_both_languages(sheets: list[Sheet]) -> None:
    put_in(sheets, SEED)
    hit = {(sheet.sheet is None, sheet.language) for sheet in sheets if sheet.slips}
    assert hit == {(True, "zh"), (True, "en"), (False, "zh"), (False, "en")}


# -------------------------------------------------------------------------------- changes
def test_transposed_digits_differ_in_two_places() -> None:
    assert transposed("310115") == "130115"
    assert transposed("112233") == "121233"


def test_a_row_moved_right_leaves_its_first_cell_empty_and_loses_its_last() -> None:
    row = {"a": 1, "b": 2, "c": 3, "d": 4}
    assert row | moved_right("b")(row) == {"a": 1, "b": None, "c": 2, "d": 3}


def test_a_row_moved_left_loses_its_first_cell() -> None:
    row = {"a": 1, "b": 2, "c": 3, "d": 4}
    assert row | moved_left("b")(row) == {"a": 1, "b": 3, "c": 4, "d": None}


def test_sources_take_turns_until_all_are_used_up() -> None:
    assert list(in_turn([iter("ab"), iter("c"), iter("def")])) == list("acdbef")
    assert list(islice(in_turn([iter("ab"), iter("cd")]), 3)) == list("acb")


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m.area == "finances"], ids=lambda m: m.kind)
def test_a_pending_row_without_an_income_gets_no_error_of_one(
    source: simulate.Demo, mistake: Mistake
) -> None:
    row = source.areas["finances"].row(0, named=True) | {"annual_income": None, "remarks": "to be told"}
    assert not mistake.suits(row) or mistake.change(row)
