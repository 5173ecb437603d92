"""What a notebook's calls put on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from clientlib.errors import WordsError
from clientlib.report.page import BLOCK, Figure, Page

MakePage = Callable[..., tuple[Page, list[dict[str, Any]]]]


def test_a_sentence_is_in_the_language_of_the_page_and_escaped(make_page: MakePage) -> None:
    page, shown = make_page("en")
    page.say("sizes.text", clients=1)
    assert shown[0]["text/html"] == "<p>There are 1 client &amp; more.</p>"
    page, shown = make_page("zh")
    page.say("sizes.text", clients=1200)
    assert shown[0]["text/html"] == "<p>共有1,200位客户。</p>"


def test_a_section_has_a_heading_and_its_question(make_page: MakePage) -> None:
    page, shown = make_page()
    page.section("sizes")
    assert shown[0][BLOCK] == {"kind": "section", "anchor": "sizes", "heading": "How many are there?"}
    assert 'id="sizes"' in shown[0]["text/html"]
    assert "Counted on the day." in shown[0]["text/html"]


def test_the_figures_of_the_strip_are_written_and_kept_as_numbers(make_page: MakePage) -> None:
    page, shown = make_page()
    page.figures(
        Figure("clients", 5000, note={"active": 4000}),
        Figure("value", 1.5e9, "money", alert=True),
        Figure("clients", 1),
        Figure("clients", float("nan")),
    )
    block = shown[0][BLOCK]
    assert [f["shown"] for f in block["figures"]] == [
        "5,000",
        "CNY\N{NO-BREAK SPACE}1.5\N{NO-BREAK SPACE}bn",
        "1",
        "–",
    ]
    assert block["figures"][0]["note"] == "of them 4,000 active"
    assert block["figures"][3]["value"] is None


def test_what_is_absent_is_said_and_not_drawn(make_page: MakePage) -> None:
    page, shown = make_page()
    assert not page.has(pd.DataFrame(), "absent")
    assert page.has(pd.DataFrame({"a": [1]}), "absent")
    assert [block[BLOCK]["text"] for block in shown] == ["The book holds no trades."]


def test_a_branch_report_keeps_its_branch_only(make_page: MakePage) -> None:
    page, _ = make_page(branch="North")
    clients = pd.DataFrame({"client_id": ["a", "b"], "branch": ["North", "South"]})
    mine = page.of_branch(clients)
    assert list(mine["client_id"]) == ["a"]
    trades = pd.DataFrame({"client_id": ["b", "a", "a"]})
    assert list(page.of_clients(trades, mine)["client_id"]) == ["a", "a"]


def test_a_sentence_for_each_row_is_filled_from_it(make_page: MakePage) -> None:
    page, _ = make_page()
    frame = pd.DataFrame({"kind": ["text", "alt"], "clients": [1, 2]})
    assert page.sentences(frame, "sizes", by="kind") == ["There are 1 client & more.", "Bars: 2 clients"]


def test_a_report_on_all_branches_keeps_every_row(make_page: MakePage) -> None:
    page, _ = make_page()
    assert len(page.of_branch(pd.DataFrame({"branch": ["North", None]}))) == 2


def test_a_chart_brings_its_words_source_and_numbers(make_page: MakePage) -> None:
    page, shown = make_page("zh")
    frame = pd.DataFrame({"level": ["C1", "C2"], "clients": [20, 30]})
    figure = page.draw.bars(page.labels(frame["level"], "code:client_level"), frame["clients"], "count")
    columns = {"level": "code:client_level", "clients": "count"}
    page.chart("sizes", figure, numbers=frame, columns=columns, clients=50)
    html = shown[0]["text/html"]
    assert "<figcaption>各组客户数</figcaption>" in html
    assert "条形图：50位客户" in html
    assert "截至2026-06-30" in html
    assert "<details><summary>查看数据</summary>" in html
    assert ">C1 保守型<" in html


def test_the_card_chart_stands_apart(make_page: MakePage) -> None:
    page, shown = make_page()
    page.card_chart(page.draw.spark([1, 2, 3]), "sizes", clients=6)
    assert shown[0][BLOCK]["kind"] == "card"


def test_an_unknown_word_is_an_error_at_once(make_page: MakePage) -> None:
    page, _ = make_page()
    with pytest.raises(WordsError, match=r"Write them into test.toml .* \[no.such.message\]"):
        page.say("no.such.message")
