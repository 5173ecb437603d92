"""The page of duplicates shows every pair and its reasons, and nobody's identity."""

from __future__ import annotations

import datetime as dt
import re
from xml.etree import ElementTree

import pandas as pd
import pytest

from clientlib.analysis.quality import find_duplicates
from clientlib.config import load
from clientlib.errors import ReportFailed
from clientlib.report.duplicates_chart import Step, waterfall
from clientlib.report.duplicates_page import duplicates_page

DAY = dt.date(2026, 7, 1)
IDENTITY = ("张伟国", "張偉國", "11010519491231002X", "16112345678", "zhang.weiguo", "学府路")


def people(*numbers: str) -> pd.DataFrame:
    names = ("张伟国", "張偉國", "张 伟国", "张伟国")
    rows = [
        {
            "client_id": number,
            "full_name": names[n % 4],
            "client_type": "individual",
            "id_type": "id_card",
            "id_number": "11010519491231002X",
            "birth_date": dt.date(1949, 12, 31),
            "gender": "2",
            "opened_on": dt.date(2024, 5, 1) - dt.timedelta(days=n),
            "branch": "上海<浦东>",
            "mobile": "+8616112345678",
            "email": "zhang.weiguo@example.com",
            "address": "上海市浦东新区学府路12号301室",
        }
        for n, number in enumerate(numbers)
    ]
    return pd.DataFrame(rows)


def page(everybody: pd.DataFrame, language: str = "en", most: int = 200) -> str:
    pairs = find_duplicates(everybody, everybody)
    return duplicates_page(pairs, everybody, everybody, language, load(), day=DAY, most=most)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_identity_is_on_the_page(language: str) -> None:
    html = page(people("A1", "A2"), language)
    assert [value for value in IDENTITY if value in html] == []
    assert "161****5678" in html


def test_a_birth_date_shows_its_year_only() -> None:
    html = page(people("A1", "A2"))
    assert "1949-**-**" in html
    assert "12-31" not in html


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "in simplified and in traditional characters"), ("zh", "仅简繁体不同")],
)
def test_reasons_are_said_in_the_pages_language(language: str, words: str) -> None:
    assert words in page(people("A1", "A2"), language)


def test_the_record_opened_earlier_is_the_one_to_keep() -> None:
    html = page(people("A1", "A2"))
    assert "clientlib merge A2 A1" in html
    assert "clientlib duplicates --dismiss A1 A2" in html


def test_every_pair_has_a_chart_with_a_name_and_a_description() -> None:
    html = page(people("A1", "A2", "A3"))
    charts = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(charts) == html.count('<section class="twins"') == 3
    for chart in charts:
        root = ElementTree.fromstring(chart)
        title, description = (
            root.findtext(f"{{http://www.w3.org/2000/svg}}{tag}") for tag in ("title", "desc")
        )
        assert title
        assert "ID number: the same" in (description or "")


def test_no_two_elements_share_an_id() -> None:
    ids = re.findall(r'\sid="([^"]+)"', page(people("A1", "A2", "A3")))
    assert len(ids) == len(set(ids))


def test_only_the_most_probable_pairs_are_shown_and_the_others_counted() -> None:
    html = page(people("A1", "A2", "A3"), most=1)
    assert html.count('<section class="twins"') == 1
    assert "2 pairs more, less probable, are not shown" in html


def test_a_page_without_pairs_says_so() -> None:
    assert "nothing to decide" in page(people("A1"))


def test_what_was_typed_cannot_become_html() -> None:
    assert "上海&lt;浦东&gt;" in page(people("A1", "A2"))


def test_nothing_runs_and_nothing_is_fetched() -> None:
    html = page(people("A1", "A2"))
    assert "<script" not in html
    assert re.findall(r'(?:src|href)="(?:https?:)?//', html) == []


def test_a_client_number_that_is_a_telephone_number_stops_the_page() -> None:
    with pytest.raises(ReportFailed, match="mobile number"):
        page(people("13812345678", "A2"))


def test_the_bars_of_a_waterfall_begin_where_the_last_one_ended() -> None:
    steps = [Step("a", 0, -4, "−4.0", evidence=False), Step("b", -4, 6, "+10.0"), Step("c", 6, 5, "−1.0")]
    svg = waterfall(steps, "w", "title", "description", 4.2, "limit")
    bars = [
        (float(x), float(width))
        for x, width in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', svg)
    ]
    assert bars[1][0] == bars[0][0]
    assert bars[2][0] + bars[2][1] == pytest.approx(bars[1][0] + bars[1][1], abs=0.2)
