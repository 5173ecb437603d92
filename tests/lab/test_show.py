"""The list and the card as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from clientlib.lab import search, show
from clientlib.lab.card import card_of
from clientlib.lab.search import COLUMNS
from clientlib.lab.snapshot import Snapshot

SHANGHAI = "Asia/Shanghai"
VOID = {"img", "col", "br"}


class _Nesting(HTMLParser):
    """Whether every element that opens is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.broken: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.broken.append(tag)


def _broken(page: str) -> list[str]:
    nesting = _Nesting()
    nesting.feed(page)
    return nesting.broken + nesting.open


def _list(snapshot: Snapshot, language: str, number: int = 1) -> str:
    page = search.page_of(snapshot.clients, len(snapshot.clients), number)
    return show.list_table(page, "K0002", "Clients", language, SHANGHAI)


def _card(snapshot: Snapshot, client: str, language: str = "en") -> str:
    return show.card_html(card_of(snapshot, client), language, SHANGHAI)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("client", ["K0001", "K0002", "K0033", "K0060"])
def test_a_card_is_sound_html(snapshot: Snapshot, client: str, language: str) -> None:
    assert _broken(_card(snapshot, client, language)) == []


def test_a_list_is_sound_html(snapshot: Snapshot) -> None:
    assert _broken(_list(snapshot, "en")) == []


def test_a_row_has_a_cell_for_every_column(snapshot: Snapshot) -> None:
    rows = re.findall(r"<tr.*?</tr>", _list(snapshot, "en"))
    assert {len(re.findall(r"<t[hd]\b", row)) for row in rows} == {len(COLUMNS)}
    assert len(rows) == 1 + 25


def test_every_table_has_a_name_and_column_headings(snapshot: Snapshot) -> None:
    page = _list(snapshot, "en") + _card(snapshot, "K0001")
    tables = re.findall(r"<table.*?</table>", page)
    assert len(tables) == 4
    assert [t for t in tables if "<caption" not in t or 'scope="col"' not in t] == []


def test_every_chart_has_a_text(snapshot: Snapshot) -> None:
    pictures = re.findall(r"<img[^>]*>", _card(snapshot, "K0001"))
    assert len(pictures) == 2
    assert [p for p in pictures if not re.search(r'alt="[^"]{20,}"', p)] == []


def test_the_open_client_is_marked_in_the_list(snapshot: Snapshot) -> None:
    marked = re.findall(r'<tr class="cw-open">.*?</tr>', _list(snapshot, "en"))
    assert len(marked) == 1
    assert "K0002" in marked[0]


def test_what_clients_write_is_never_markup(snapshot: Snapshot) -> None:
    page = _card(snapshot, "K0001")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;丙&lt;/b&gt;" in page


def test_nobody_found_is_a_sentence(snapshot: Snapshot) -> None:
    page = search.page_of(snapshot.clients.iloc[:0], 60, 1)
    assert "No client fits" in show.list_table(page, None, "Clients", "en", SHANGHAI)


@pytest.mark.parametrize(
    ("client", "sentence"),
    [
        ("K0001", "The level counts for"),
        ("K0002", "The assessment has expired"),
        ("K0003", "time for a new assessment"),
        ("K0004", "predicted by a model"),
        ("K0060", "There is no assessment"),
    ],
)
def test_a_card_says_whether_the_level_counts(snapshot: Snapshot, client: str, sentence: str) -> None:
    assert sentence in _card(snapshot, client)


def test_a_holding_above_the_level_is_named_with_care(snapshot: Snapshot) -> None:
    page = _card(snapshot, "K0001")
    assert page.count("above level</span>") == 1
    assert "not proof of wrong-doing" in page


def test_a_client_without_anything_gets_sentences(snapshot: Snapshot) -> None:
    page = _card(snapshot, "K0033")
    for sentence in (
        "No trades up to 2026-06-30",
        "No positions on 2026-06-30",
        "No service requests",
        "No feedback",
    ):
        assert sentence in page


@pytest.mark.parametrize("column", COLUMNS)
def test_every_list_column_has_a_heading_in_both_languages_and_a_width(column: str) -> None:
    assert show.title(column, "en") != show.title(column, "zh")
    assert show.WIDTHS[column] > 0


def test_a_long_table_says_what_it_leaves_out(snapshot: Snapshot) -> None:
    asked = snapshot.service_requests.iloc[[0] * 23]
    many = Snapshot(**{**snapshot.__dict__, "service_requests": asked})
    assert "… and 3 more" in show.card_html(card_of(many, "K0001"), "en", SHANGHAI)
