"""Examples: intake reads each as typed, its checks let it pass, and those of an area make one row."""

from __future__ import annotations

import dataclasses
import datetime as dt

import dataframely as dy
import polars as pl
import pytest

from clientlib import declare
from clientlib.codes import CODES
from clientlib.declare import Field
from clientlib.examples import _EVERYWHERE, _IN_AREA, example
from clientlib.intake.normalise import normalise
from clientlib.intake.validate import validate
from clientlib.tables import AREAS, AreaInfo

ZONE = "Asia/Shanghai"
LANGUAGES = ("en", "zh")


def wrong_with(area: AreaInfo, row: dict[str, str]) -> list[str]:
    """What intake says of a row of text cells, as field:rule."""
    raw = pl.DataFrame({name: [cell or None] for name, cell in row.items()}).with_columns(
        pl.lit(2, pl.UInt32).alias("_row")
    )
    found = normalise(raw, area, ZONE)
    problems = pl.concat([found.problems, validate(found.typed, area, found.problems).problems])
    return [f"{field}:{rule}" for field, rule in problems.select("field", "rule").rows()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("area", AREAS.values(), ids=lambda area: area.name)
def test_the_examples_of_an_area_make_one_valid_row(area: AreaInfo, language: str) -> None:
    assert wrong_with(area, {f.name: example(f, language) for f in area.fields}) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("area", AREAS.values(), ids=lambda area: area.name)
def test_every_field_has_an_example(area: AreaInfo, language: str) -> None:
    assert [f.name for f in area.fields if not example(f, language)] == []


def test_an_example_is_given_only_for_fields_that_exist() -> None:

    fields = {(area.name, f.name) for area in AREAS.values() for f in area.fields}
    assert {(area, name) for area, names in _IN_AREA.items() for name in names} <= fields
    assert set(_EVERYWHERE) <= {name for _, name in fields}


# --------------------------------------------------------------- fields that a firm adds
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("area", AREAS.values(), ids=lambda area: area.name)
def test_an_example_derived_from_the_declaration_alone_passes_the_fields_own_checks(
    area: AreaInfo, language: str
) -> None:
    row = {f.name: example(dataclasses.replace(f, custom=True), language) for f in area.fields}
    own = {
        f"{f.name}:{rule}"
        for f in area.fields
        for rule in ("required", "pattern", "max_length", "min", "max", "above", "code", "not_a_date")
    }
    assert set(wrong_with(area, row)) & own == set()


def custom(column: dy.Column) -> tuple[AreaInfo, Field]:
    area = AREAS["feedback"].extended({"thing": column})
    return area, area.field("thing")


WORDS = ("Thing", "事物", "Hint.", "提示。")


@pytest.mark.parametrize(
    "column",
    [
        declare.text(*WORDS, longest=2),
        declare.text(*WORDS, pattern="[A-Z]{2}[0-9]{4}"),
        declare.text(*WORDS, pattern=r"\d{6}"),
        declare.text(*WORDS, pattern="[A-Z]-[0-9]{3}", longest=5),
        declare.integer(*WORDS, minimum=40, maximum=90),
        declare.integer(*WORDS, minimum=-9, maximum=-3),
        declare.number(*WORDS, above=5000.5),
        declare.number(*WORDS, maximum=0.25),
        declare.fraction(*WORDS),
        declare.money(*WORDS, minimum=1e7),
        declare.yes_no(*WORDS),
        declare.code(WORDS[0], WORDS[1], "goal", *WORDS[2:]),
        declare.code(WORDS[0], WORDS[1], "goal", *WORDS[2:], several=True),
        declare.date(*WORDS),
        declare.instant(*WORDS),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_of_a_custom_field_passes_its_checks(column: dy.Column, language: str) -> None:
    area, field = custom(column)
    assert example(field, language)
    row = {f.name: example(f, language) for f in area.fields}
    assert wrong_with(area, row) == []


def test_a_pattern_that_no_plain_text_fits_has_no_example() -> None:
    _, field = custom(declare.text(*WORDS, pattern="(?:ab#){3}"))
    assert example(field, "en") == ""


def test_a_code_is_shown_by_its_label() -> None:
    gender = AREAS["clients"].field("gender")
    assert example(gender, "zh") == CODES["gender"].label("1", "zh")


def test_a_day_lies_within_the_bounds() -> None:
    _, field = custom(declare.date(*WORDS))
    late = dataclasses.replace(field, minimum=dt.date(2030, 1, 1))
    assert example(late, "en") == "2030-01-01"
