"""A firm's own fields: four lines in fields.toml, and what is wrong with lines that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import polars as pl
import pytest

from clientlib import custom, declare
from clientlib.codes import CODES
from clientlib.config import load as load_settings
from clientlib.errors import SettingsError
from clientlib.intake import check_file
from clientlib.tables import AREAS
from clientlib.workbook import lay_out

HOBBY = '[clients.hobby]\ntitle_en = "Hobby"\ntitle_zh = "爱好"\ntype = "text"\n'
SOURCE = '[prices.source]\ntitle_en = "Source"\ntitle_zh = "来源"\n'


def field_of(lines: str) -> declare.Field:
    name = lines.split("]")[0].split(".")[1]
    return custom.extended(lines)["clients"].field(name)


# --------------------------------------------------------------------------- what is declared
def test_four_lines_make_a_field() -> None:
    field = field_of(HOBBY)
    assert (field.title_en, field.title_zh, field.kind, field.custom) == ("Hobby", "爱好", "text", True)


def test_the_remarks_stay_the_last_field() -> None:
    assert custom.extended(HOBBY)["clients"].fields[-1].name == "remarks"


def test_the_other_areas_and_the_built_in_table_stay_as_they_are() -> None:
    areas = custom.extended(HOBBY)
    assert list(areas) == list(AREAS)
    assert areas["trades"] is AREAS["trades"]
    assert "hobby" not in [field.name for field in AREAS["clients"].fields]


def test_a_field_is_sensitive_unless_its_firm_says_otherwise() -> None:
    assert field_of(HOBBY).sensitivity == "S"
    assert field_of(HOBBY + 'sensitivity = "N"\n').sensitivity == "N"


@pytest.mark.parametrize("kind", ["phone", "email", "id_number"])
def test_a_way_to_reach_or_name_a_person_is_identity_unless_its_firm_says_otherwise(kind: str) -> None:
    lines = HOBBY.replace('"text"', f'"{kind}"')
    assert field_of(lines).sensitivity == "I"
    assert field_of(lines + 'sensitivity = "S"\n').sensitivity == "S"


@pytest.mark.parametrize("kind", ["phone", "email", "id_number"])
def test_a_field_with_a_form_of_its_own_says_which_form(kind: str) -> None:
    assert field_of(HOBBY.replace('"text"', f'"{kind}"')).hint_en != "Hobby."


@pytest.mark.parametrize("kind", get_args(declare.Kind))
def test_every_type_makes_a_column_of_its_kind(kind: str) -> None:
    lines = HOBBY.replace('"text"', f'"{kind}"')
    if kind in ("code", "codes"):
        lines += 'codes = "asset_class"\n'
    assert field_of(lines).kind == kind


def test_a_list_of_the_firms_own_has_its_labels_and_further_words() -> None:
    lines = (
        HOBBY.replace('"text"', '"code"') + 'codes = { lo = ["Low", "低", "small"], hi = ["High", "高"] }\n'
    )
    listed = field_of(lines).choices
    assert listed.values == ("lo", "hi")
    assert listed.lookup["small"] == listed.lookup["低"] == "lo"


def test_a_list_that_there_is_may_be_named() -> None:
    lines = HOBBY.replace('"text"', '"codes"') + 'codes = "asset_class"\n'
    assert field_of(lines).choices is CODES["asset_class"]


def test_without_the_file_the_table_is_the_built_in_one(tmp_path: Path) -> None:
    assert custom.load(tmp_path) is AREAS


def test_the_file_of_a_new_workbook_adds_nothing_yet(tmp_path: Path) -> None:
    workbook = lay_out(tmp_path / "firm")
    assert (workbook.folder / custom.FIELDS_FILE).is_file()
    assert not any(field.custom for area in workbook.areas.values() for field in area.fields)


def test_the_example_in_a_new_file_works_when_its_marks_are_taken_away() -> None:
    lines = [line.removeprefix("# ") for line in custom.EXAMPLE.splitlines()]
    start = lines.index(next(line for line in lines if line.startswith("[")))
    assert field_of("\n".join(lines[start : start + 4])).name == "hobby"


# ----------------------------------------------------------------------------- what is broken
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("[clients.x\n", r"not valid TOML.*line 1"),
        (HOBBY + HOBBY, r"not valid TOML.*line 5"),
        ('[clints.x]\ntitle_en = "X"\n', r"line 1, \[clints\]: .*Did you mean clients"),
        ("clients = 3\n", r"line 1, \[clients\]: write a field as \[clients.its_name\]"),
        ("[clients]\nhobby = 3\n", r"line 2, \[clients.hobby\]: write it as"),
        ("[clients.Hobby]\n", r"line 1, .*cannot be a field's name"),
        ("[clients.full_name]\n", r"line 1, .*has a field \"full_name\" already"),
        (HOBBY.replace('title_zh = "爱好"\n', ""), r"line 1, \[clients.hobby\] title_zh: is missing"),
        (HOBBY.replace("title_zh", "titel_zh"), r"line 3, .*titel_zh: is nothing.*Did you mean title_zh"),
        (HOBBY.replace('"text"', '"txt"'), r"line 4, .*type: cannot be \"txt\". Did you mean text"),
        (HOBBY.replace('"Hobby"', '"Gender"'), r"line 1, .*is called like the field gender"),
        (HOBBY + HOBBY.replace("hobby", "sport"), r"line 5, .*is called like the field hobby"),
        (HOBBY + "minimum = 3\n", r"line 5, .*minimum: is not for the type \"text\""),
        (HOBBY + 'pattern = "("\n', r"line 5, .*pattern: is no regular expression"),
        (HOBBY + 'sensitivity = "X"\n', r"line 5, .*sensitivity: cannot be so"),
        (HOBBY.replace('"text"', '"code"'), r"line 4, .*type: is coded, but there is no list"),
        (HOBBY.replace('"text"', '"code"') + 'codes = "colour"\n', r"line 5, .*codes: names no list"),
        (HOBBY.replace('"text"', '"code"') + 'codes = { a = ["A"] }\n', r'line 5, .*has the entry "a"'),
        (HOBBY.replace('"text"', '"code"') + 'codes = { a = ["A;B", "甲"] }\n', r'line 5, .*has a ";"'),
        (
            HOBBY.replace('"text"', '"code"') + 'codes = { lo = ["Low", "低"], hi = ["LO", "高"] }\n',
            r'line 5, .*has the word "lo" in both "lo" and "hi"',
        ),
        (
            HOBBY.replace('"text"', '"date"') + 'sensitivity = "I"\n',
            r"line 5, .*is for text, id_number, phone and email",
        ),
        (
            HOBBY.replace('"text"', '"integer"') + "minimum = 5\nmaximum = 2\n",
            r"line 5, .*minimum: is above maximum",
        ),
    ],
)
def test_a_broken_file_names_line_and_mend(lines: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        custom.extended(lines)


def test_a_file_that_is_not_utf8_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / custom.FIELDS_FILE
    path.parent.mkdir()
    path.write_bytes(HOBBY.encode("gb18030"))
    with pytest.raises(SettingsError, match="Save it as UTF-8"):
        custom.load(tmp_path)


# -------------------------------------------------------------------------------- in a hand-in
def test_a_field_of_the_firms_own_is_checked_like_any_other(tmp_path: Path) -> None:
    lines = SOURCE + 'type = "code"\ncodes = { a = ["Ann", "甲"] }\n'
    (tmp_path / "prices.csv").write_text(
        "security_id,date,close,来源\nA,2026-01-05,1,甲\nB,2026-01-05,1,乙\n", "utf-8"
    )
    areas = custom.extended(lines)
    result = check_file(tmp_path / "prices.csv", settings=load_settings(), areas=areas)
    assert result.accepted["prices"]["source"].to_list() == ["a"]
    assert result.errors.select("row", "field", "rule").rows() == [(3, "source", "code")]


def test_a_required_field_of_the_firms_own_may_stay_empty_with_a_remark(tmp_path: Path) -> None:
    lines = SOURCE + 'type = "text"\nrequired = true\npattern = "[A-Z]+"\n'
    rows = "A,2026-01-05,1,XSHG,\nB,2026-01-05,1,,not known yet\nC,2026-01-05,1,,\nD,2026-01-05,1,xs,\n"
    (tmp_path / "prices.csv").write_text("security_id,date,close,source,remarks\n" + rows, "utf-8")
    result = check_file(tmp_path / "prices.csv", areas=custom.extended(lines))
    accepted = result.accepted["prices"].select("security_id", "_pending").rows()
    assert accepted == [("A", False), ("B", True)]
    assert result.errors.select("row", "rule").rows() == [(4, "required"), (5, "pattern")]
    assert result.accepted["prices"].schema["source"] == pl.String
