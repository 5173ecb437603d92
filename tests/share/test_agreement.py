"""What the settings agree with each department, and the sentences for what cannot be agreed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clientlib import config
from clientlib.book import look
from clientlib.errors import SettingsError
from clientlib.share.agreement import Agreed, agreements, together
from clientlib.tables import AREAS

POSSIBLE = [name for name, role in config.load().roles.items() if role.rows == "all" and role.areas]
"""The roles that a department can have."""


def agreed(folder: Path, text: str) -> tuple[Agreed, ...]:
    (folder / "workbook.toml").write_text(text, "utf-8")
    return agreements(config.load(folder), AREAS)


def one(folder: Path, **lines: Any) -> Agreed:
    said = "\n".join(f"{name} = {_toml(value)}" for name, value in lines.items())
    return agreed(folder, f"[share.departments.some]\n{said}\n")[0]


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def looks(given: Agreed, area: str) -> dict[str, str]:
    return {shown.field.name: shown.look for shown in given.areas[area].fields}


def test_nothing_is_agreed_with_anybody_by_default() -> None:
    assert agreements(config.load(), AREAS) == ()


@pytest.mark.parametrize("role", ["data_entry", "analyst", "risk", "service", "marketing", "manager"])
def test_without_a_grant_no_field_of_identity_is_shared(tmp_path: Path, role: str) -> None:
    given = one(tmp_path, role=role)
    shown = [each.field for shared in given.areas.values() for each in shared.fields]
    assert shown
    assert not [field.name for field in shown if field.sensitivity == "I"]


@pytest.mark.parametrize(("role", "shows"), [("data_entry", "plain"), ("service", "masked")])
def test_granted_identity_shows_as_the_role_sees_it(tmp_path: Path, role: str, shows: str) -> None:
    assert looks(one(tmp_path, role=role, identity=True), "contacts")["mobile"] == shows


def test_a_grant_gives_no_identity_to_a_role_that_does_not_see_it(tmp_path: Path) -> None:
    assert "full_name" not in looks(one(tmp_path, role="marketing", identity=True), "clients")


@pytest.mark.parametrize(
    ("role", "identity", "shared"),
    [
        ("data_entry", True, True),
        ("data_entry", False, False),
        ("service", True, False),
        ("risk", False, False),
    ],
)
def test_free_text_goes_only_where_identity_goes_plain(
    tmp_path: Path, role: str, identity: bool, shared: bool
) -> None:
    assert ("remarks" in looks(one(tmp_path, role=role, identity=identity), "clients")) == shared


def test_a_sensitive_text_that_is_short_is_no_free_text(tmp_path: Path) -> None:
    assert looks(one(tmp_path, role="risk"), "clients")["employer"] == "plain"


def test_money_is_shared_in_bands_with_a_role_that_sees_bands(tmp_path: Path) -> None:
    assert looks(one(tmp_path, role="manager"), "finances")["annual_income"] == "bands"


@pytest.mark.parametrize("role", POSSIBLE)
@pytest.mark.parametrize("identity", [True, False])
def test_a_department_gets_no_more_than_its_role_sees(tmp_path: Path, role: str, identity: bool) -> None:
    given = config.load().roles[role]
    for name, shared in one(tmp_path, role=role, identity=identity).areas.items():
        for shown in shared.fields:
            assert shown.look == look(AREAS[name], shown.field, given)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ({"role": "rsk"}, r"\[share.departments.some\] role: .*Did you mean risk"),
        ({"role": "risk", "areas": ["trade"]}, "areas: there is no area .*Did you mean trades"),
        ({"role": "risk", "areas": ["feedback"]}, 'the role "risk" does not see "feedback"'),
        ({"role": "advisor"}, "the clients of one advisor, and a department is none"),
        ({"role": "auditor"}, "sees no area"),
        ({"role": "risk", "server_role": "a b"}, "server_role"),
        ({"role": "risk", "brnches": ["x"]}, "Did you mean branches"),
    ],
)
def test_what_cannot_be_agreed_is_told_with_its_place(
    tmp_path: Path, lines: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        one(tmp_path, **lines)


def test_a_role_of_a_branch_needs_to_be_told_which(tmp_path: Path) -> None:
    role = '[roles.desk]\nareas = "all"\nsensitivity = "N"\nidentity = "hidden"\nrows = "branch"\n'
    with pytest.raises(SettingsError, match="Say of which"):
        agreed(tmp_path, f'{role}[share.departments.some]\nrole = "desk"\n')


def test_two_departments_cannot_have_one_role_of_the_server(tmp_path: Path) -> None:
    lines = 'role = "risk"\nserver_role = "both"\n'
    with pytest.raises(SettingsError, match="Each needs one of its own"):
        agreed(tmp_path, f"[share.departments.one]\n{lines}[share.departments.two]\n{lines}")


def test_a_department_cannot_be_called_what_no_schema_can(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"share\.departments"):
        agreed(tmp_path, '[share.departments."a;b"]\nrole = "risk"\n')


def test_the_same_field_in_two_looks_has_two_names(tmp_path: Path) -> None:
    given = agreed(
        tmp_path, '[share.departments.a]\nrole = "risk"\n[share.departments.b]\nrole = "manager"\n'
    )
    stored = [each.stored for shared in together(given, AREAS) for each in shared.fields]
    assert {"annual_income", "_bands_annual_income"} <= set(stored)
