"""The shape of a cell: what it looks like, before anything is known of its column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib.intake.recognise.shapes import SHAPES, shape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("780101198503210017", "id_card"),
        ("78010119850321001X", "id_card"),
        ("91780000MA1K4BQ15X", "licence"),
        ("13800138000", "mobile"),
        ("+86 138 0013 8000", "mobile"),
        ("ann@example.com", "email"),
        ("2026-03-21 10:31:00", "instant"),
        ("2026年3月21日", "date"),
        ("20260321", "date"),
        ("1,234.50", "figure"),
        ("12.5万", "figure"),
        ("20%", "percent"),
        ("200120", "six_digits"),
        ("600000.SH", "ticker"),
        ("US0378331005", "isin"),
        ("K0000123", "identifier"),
        ("asset_class=bond", "condition"),
        ("CAP_80K_300K", "band"),
        ("张伟", "person"),
        ("欧阳修文", "person"),
        ("阿依古丽·买买提", "person"),
        ("Anna Miller", "latin_name"),
        ("云帆科技有限公司", "organisation"),
        ("Acme Trading Ltd", "organisation"),
        ("上海市浦东新区学府路12号", "address"),
        ("100 Nanjing East Road", "address"),
        ("网球;茶艺", "list"),
        ("等了很久才有人回复。", "sentence"),
        ("硕士", "han_word"),
        ("Premium", "latin_word"),
    ],
)
def test_a_cell_has_the_shape_a_person_would_see(text: str, expected: str) -> None:
    assert shape(text) == expected


def test_full_width_digits_have_the_shape_of_plain_ones() -> None:
    assert shape("１３８００１３８０００") == "mobile"


@given(st.text(min_size=1, max_size=60))
def test_every_text_has_a_shape(text: str) -> None:
    assert shape(text) in SHAPES
