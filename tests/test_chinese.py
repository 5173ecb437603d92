"""How Chinese names are written and read."""

from __future__ import annotations

import pytest

from clientlib.chinese import DOUBLE_FAMILY_NAMES, FAMILY_SOUNDS, simplified, traditional


@pytest.mark.parametrize(
    ("written", "simple"), [("張偉", "张伟"), ("歐陽", "欧阳"), ("Ann", "Ann"), ("王", "王")]
)
def test_traditional_characters_become_simplified(written: str, simple: str) -> None:
    assert simplified(written) == simple


@pytest.mark.parametrize("family", sorted(DOUBLE_FAMILY_NAMES))
def test_a_double_family_name_is_found_in_either_writing(family: str) -> None:
    assert simplified(traditional(family)) == family


def test_a_sound_has_a_syllable_for_each_character() -> None:
    assert [name for name, sound in FAMILY_SOUNDS.items() if len(sound.split()) != len(name)] == []
