"""Our own sheets are known by the names that a workbook gives them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from clientlib.intake.own_sheets import own_sheets


@dataclass(frozen=True)
class Name:
    name: str
    formula: str


@pytest.mark.parametrize(
    ("formula", "sheet"),
    [
        ("Guide!$A$1", "Guide"),
        ("='Code lists'!$A$1", "Code lists"),
        ("'My Guide''s'!$A$1", "My Guide's"),
        ("填写说明!$A$1", "填写说明"),
    ],
)
def test_a_sheet_is_known_however_it_is_called(formula: str, sheet: str) -> None:
    assert own_sheets([Name("clientlib_sheet_guide", formula)]) == {sheet}


@pytest.mark.parametrize("formula", ["#REF!$A$1", "", "{1,2,3}"])
def test_a_name_whose_sheet_was_deleted_points_to_none(formula: str) -> None:
    assert own_sheets([Name("clientlib_sheet_guide", formula)]) <= {"#REF"}


def test_other_names_are_not_ours() -> None:
    assert own_sheets([Name("clientlib_places", "Sheet1!$A$1"), Name("budget", "Sheet1!$A$1")]) == set()
