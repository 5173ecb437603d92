"""What Excel can hold: names of sheets made to fit it."""

from __future__ import annotations

import pytest

from clientlib.sheets.limits import LONGEST_SHEET_NAME, fitting_sheet_name, free_sheet_name, length


@pytest.mark.parametrize(
    ("asked", "free"),
    [
        ("Trades", "Trades"),
        ("trades 2026/06", "trades 2026 06"),
        ("'East'", "East"),
        ("", "-"),
        ("[]", "-"),
        ("𠮷" * 16, "𠮷" * 15),
        ("x" * 40, "x" * LONGEST_SHEET_NAME),
        (f"{'x' * 30}'y", "x" * 30),
    ],
)
def test_a_name_is_kept_as_far_as_excel_allows(asked: str, free: str) -> None:
    assert free_sheet_name(asked, []) == fitting_sheet_name(free)


def test_a_name_that_is_taken_gets_a_number_whatever_its_case() -> None:
    assert free_sheet_name("Trades", ["TRADES", "trades (2)"]) == "Trades (3)"


def test_a_long_name_keeps_room_for_its_number() -> None:
    found = free_sheet_name("x" * 40, ["x" * LONGEST_SHEET_NAME])
    assert found.endswith("x (2)")
    assert length(found) == LONGEST_SHEET_NAME
