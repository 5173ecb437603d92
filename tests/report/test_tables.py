"""Tables that a screen reader can read, in the reader's numbers, with small groups withheld."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from clientlib.errors import WordsError
from clientlib.report import tables
from clientlib.report.exporter import NAME, TEMPLATES

FRAME = pd.DataFrame(
    {"branch": ["North", "<South>", "West"], "clients": [120, 3, 40], "value": [2.5e8, 1e6, 7e7]}
)
COLUMNS = {"branch": "text", "clients": "count", "value": "money"}


def style(language: str = "en") -> tables.Style:
    return tables.Style("test", language, "CNY", 5)


def test_headings_and_first_cells_are_header_cells() -> None:
    html = tables.table(FRAME, COLUMNS, style(), "Branches")
    assert html.count('<th scope="col"') == 3
    assert html.count('<th scope="row"') == 3
    assert "<caption>Branches</caption>" in html
    assert 'role="region" aria-label="Branches"' in html


def test_values_are_escaped() -> None:
    assert "&lt;South&gt;" in tables.table(FRAME, COLUMNS, style(), "x")


def test_money_has_its_unit_in_the_heading_and_is_aligned() -> None:
    html = tables.table(FRAME, COLUMNS, style(), "x")
    assert (
        '<th scope="col" class="n">Market value <span class="unit">CNY\N{NO-BREAK SPACE}m</span></th>' in html
    )
    assert '<td class="n" data-rank="3">250.0</td>' in html
    assert '<span class="unit">万元</span>' in tables.table(FRAME, COLUMNS, style("zh"), "x")


def test_a_small_group_and_its_neighbour_are_withheld() -> None:
    html = tables.table(FRAME, COLUMNS, style(), "x", size="clients")
    assert '&lt;South&gt;</th><td class="n">&lt;5</td><td class="n">–</td>' in html
    assert 'West</th><td class="n">–</td><td class="n">–</td>' in html
    assert ">120<" in html


def test_a_field_lends_a_column_its_title() -> None:
    assert tables.column_title("branch", style("zh")) == "营业部"


def test_a_column_without_a_title_is_an_error() -> None:
    with pytest.raises(WordsError, match=r"\[columns\.mystery\]"):
        tables.column_title("mystery", style())


def test_missing_values_are_dashes() -> None:
    frame = pd.DataFrame({"branch": [None], "clients": [None], "value": [float("nan")]})
    assert tables.table(frame, COLUMNS, style(), "x").count("–") == 3


def test_numbers_and_dates_are_ranked_for_sorting_and_words_are_not() -> None:
    frame = pd.DataFrame(
        {"branch": ["a", "b", "c"], "clients": [7, 9, 7], "since": ["2026-02-01", None, "2025-01-01"]}
    )
    html = tables.table(frame, {"branch": "text", "clients": "count", "since": "day"}, style(), "x")
    assert re.findall(r'data-rank="(\d+)">([^<]+)', html) == [
        ("1", "7"), ("2", "2026-02-01"), ("2", "9"), ("1", "7"), ("1", "2025-01-01"),
    ]  # fmt: skip


def test_what_is_withheld_has_no_rank_either() -> None:
    html = tables.table(FRAME, COLUMNS, style(), "x", size="clients")
    assert re.findall(r'data-rank="(\d+)">([^<]+)', html) == [("1", "120"), ("1", "250.0")]


def test_times_have_their_unit_in_the_heading_and_as_many_places_in_every_row() -> None:
    frame = pd.DataFrame({"branch": ["a", "b"], "since": [7.0, 9.26]})
    html = tables.table(frame, {"branch": "text", "since": "days"}, style("zh"), "x")
    assert '<span class="unit">天</span>' in html
    assert re.findall(r'class="n" data-rank="\d">([^<]+)', html) == ["7.0", "9.3"]


# ------------------------------------------------------------------ folds, shades, sentences
def rows(n: int) -> pd.DataFrame:
    return pd.DataFrame({"branch": [f"b{k}" for k in range(n)], "clients": range(n)})


def test_a_long_table_folds_behind_a_summary_that_says_how_many_rows_there_are() -> None:
    columns = {"branch": "text", "clients": "count"}
    html = tables.table(rows(40), columns, style(), "x", folded=True)
    assert html.startswith('<div class="fold"><div class="scroll"')
    assert "<summary><span>Show all 40 rows</span><span>Show the first 10 only</span></summary>" in html
    assert html.count("<tr>") == 41


def test_a_table_that_is_hardly_longer_than_what_stays_open_does_not_fold() -> None:
    columns = {"branch": "text", "clients": "count"}
    assert "<details>" not in tables.table(rows(12), columns, style(), "x", folded=True)


def test_the_style_sheet_hides_as_many_rows_as_are_said_to_stand_open() -> None:
    assert f"tbody tr:nth-child(n + {tables.FIRST + 1})" in (TEMPLATES / NAME / "page.css").read_text("utf-8")


def test_cells_are_shaded_against_their_columns_largest_and_nothing_is_not() -> None:
    frame = pd.DataFrame({"branch": list("abcd"), "clients": [100, 20, 0, None]})
    html = tables.table(frame, {"branch": "text", "clients": "count"}, style(), "x", shaded=["clients"])
    assert re.findall(r'<td class="([^"]+)"', html) == ["n s5", "n s1", "n", "n"]


def test_in_a_table_with_sentences_a_number_brings_its_title_and_a_word_does_not() -> None:
    frame = pd.DataFrame({"branch": ["a"], "value": [1.2e6], "comment": ["Because."]})
    columns = {"branch": "text", "value": "money", "comment": "sentence"}
    html = tables.table(frame, columns, style(), "x")
    assert re.findall(r'data-title="([^"]+)"', html) == ["Market value CNY\N{NO-BREAK SPACE}m"]
    assert '<table class="told">' in html
