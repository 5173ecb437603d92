"""What a spreadsheet would run is told, and begins with an apostrophe in a CSV file; all else stays."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clientlib import harmless

RUN = ["=1+1", "+1 等待", "-无", "@张经理", "\t=1", "\r=1", "\n=1", "\x00=1", "＝1+1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", RUN)
def test_what_would_run_gets_an_apostrophe(text: str) -> None:
    assert harmless.cell(text) == f"'{text}"


@pytest.mark.parametrize("text", RUN)
def test_a_workbook_is_told_what_would_run(text: str) -> None:
    assert harmless.runs(text)
    assert not harmless.runs(harmless.cell(text))


@pytest.mark.parametrize("text", ["", "1+1", "客户=甲", "'=1", " =1", "a@b.com"])
def test_what_would_not_run_is_left_alone(text: str) -> None:
    assert harmless.cell(text) == text


@given(st.lists(st.one_of(st.none(), st.text(), st.sampled_from(RUN))))
def test_a_column_is_made_harmless_as_its_cells_are(texts: list[str | None]) -> None:
    found = harmless.columns(pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)}))
    assert found.get_column("text").to_list() == [
        None if text is None else harmless.cell(text) for text in texts
    ]


def test_numbers_stay_numbers() -> None:
    frame = pl.DataFrame({"row": [2], "file": ["a.csv"], "value": ["=1"], "amount": [-5.0]})
    assert harmless.columns(frame).rows() == [(2, "a.csv", "'=1", -5.0)]
