"""The handbook: what is derived in it is up to date, and nothing that it points to is missing."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from clientlib.config import Language, load
from clientlib.dictionary.handbook import COMMON_ERRORS, filled, sheet, told
from clientlib.simulate.exercise import answers, write_exercise
from clientlib.tables import AREAS

DOCS = Path(__file__).parents[2] / "docs"
LANGUAGES: tuple[Language, ...] = ("en", "zh")
SETTINGS = load()
LARGEST_PICTURE, ALL_PICTURES = 150_000, 2_000_000
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)]+)\)")


def handbook(language: Language) -> str:
    return (DOCS / f"handbook.{language}.md").read_text("utf-8")


def slug(heading: str) -> str:
    """The anchor that viewers make of a heading: words joined by hyphens, punctuation left out."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# ---------------------------------------------------------------------- up to date and whole
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_derived_is_up_to_date(language: Language) -> None:
    text = handbook(language)
    assert filled(text, AREAS, SETTINGS, language) == text, "run: make handbook"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_and_every_common_error_has_its_place(language: Language) -> None:
    marks = re.findall(r"<!-- (\w+)(?: (\w+))? -->", handbook(language))
    wanted = [("sheet", name) for name in AREAS] + [("error", name) for name in COMMON_ERRORS]
    assert [mark for mark in marks if mark[0] != "end"] == [*wanted, ("exercise", "")]
    assert marks.count(("end", "")) == len(wanted) + 1


def test_both_languages_have_the_same_chapters_and_pictures() -> None:
    shape = [
        [len(level) for level in re.findall(r"^(#+) ", handbook(language), re.MULTILINE)]
        for language in LANGUAGES
    ]
    pictures = [[path.split(".")[0] for _, path in PICTURE.findall(handbook(lang))] for lang in LANGUAGES]
    assert shape[0] == shape[1]
    assert pictures[0] == pictures[1]


# --------------------------------------------------------------------------- common errors
def test_there_are_ten_common_errors() -> None:
    assert len(COMMON_ERRORS) == 10


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", COMMON_ERRORS)
def test_an_error_is_quoted_as_the_intake_says_it(name: str, language: Language) -> None:
    found = told(COMMON_ERRORS[name], AREAS, SETTINGS, language)
    plain = re.sub(r"\\(.)", r"\1", handbook(language))
    assert f"> {found.message}\n" in plain


def test_the_errors_are_of_ten_different_kinds() -> None:
    said = {told(error, AREAS, SETTINGS, "en").message for error in COMMON_ERRORS.values()}
    assert len(said) == len(COMMON_ERRORS)


# ------------------------------------------------------------------------------- exercise
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_exercise_beside_the_handbook_is_the_one_of_the_answers(
    language: Language, tmp_path: Path
) -> None:
    fresh, _ = write_exercise(tmp_path, language)

    def cells(path: Path) -> dict[str, list[tuple[object, ...]]]:
        book = openpyxl.load_workbook(path)
        return {each.title: list(each.iter_rows(values_only=True)) for each in book}

    assert cells(DOCS / "exercise" / f"exercise.{language}.xlsx") == cells(fresh), "run: make handbook"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_of_the_exercise_is_in_the_handbook(language: Language) -> None:
    text = handbook(language)
    rows = [f"| {each.sheet} | {each.row} | {each.column} |" for each in answers(language)]
    assert [row for row in rows if row not in text] == []


# ------------------------------------------------------------------------ what it points to
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_is_there_and_described(language: Language) -> None:
    found = PICTURE.findall(handbook(language))
    assert found
    assert [path for text, path in found if not (DOCS / path).is_file() or len(text) < 15] == []


def test_every_picture_is_shown_and_small() -> None:
    shown = {path for language in LANGUAGES for _, path in PICTURE.findall(handbook(language))}
    sizes = {f"pictures/{p.name}": p.stat().st_size for p in (DOCS / "pictures").iterdir()}
    assert set(sizes) == shown
    assert max(sizes.values()) < LARGEST_PICTURE
    assert sum(sizes.values()) < ALL_PICTURES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_works_offline(language: Language) -> None:
    text = handbook(language)
    anchors = {f"#{slug(heading)}" for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    missing = [
        target
        for target in LINK.findall(text)
        if not (target in anchors if target.startswith("#") else (DOCS / target).is_file())
    ]
    assert missing == []


# ----------------------------------------------------------------------------- derivation
def test_a_star_marks_what_is_required() -> None:
    rows = sheet(AREAS["trades"], "en").splitlines()
    assert any(row.startswith("| **Trade ID**\\* |") for row in rows)
    assert any(row.startswith("| **Fee** |") for row in rows)


def test_a_mark_that_names_nothing_is_refused() -> None:
    with pytest.raises(KeyError):
        filled("<!-- sheet nonsense -->\nold\n<!-- end -->", AREAS, SETTINGS, "en")


def test_what_stands_outside_the_marks_is_left_alone() -> None:
    text = "# Own words\n\n<!-- error sum -->\n<!-- end -->\n\nMore words.\n"
    made = filled(text, AREAS, SETTINGS, "en")
    assert made.startswith("# Own words\n\n<!-- error sum -->\n")
    assert made.endswith("<!-- end -->\n\nMore words.\n")
