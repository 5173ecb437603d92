"""The page for a person says everything in words; the protocol of an erasure names all that is left to do."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from clientlib.book.personal import Erasure, PersonalCopy, Share, Trace
from clientlib.book.personal.audited import Given
from clientlib.book.personal.copy import Locked, Looked, Merge, Record, Source
from clientlib.book.personal.mentions import Mention
from clientlib.config import Language
from clientlib.report import exporter
from clientlib.report.erasure_page import erasure_page
from clientlib.report.person_page import MOST_LOOKS, person_page
from clientlib.workbook import Workbook

NOW = dt.datetime(2026, 7, 1, 4, tzinfo=dt.UTC)


def record(**values: object) -> Record:
    return Record(values, "standing", pending=False, batch=1, recorded_at=NOW)


OLD = replace(record(client_id="C1", full_name="<Old>", updated_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))
COPY = PersonalCopy(
    client="C1",
    numbers=("C1",),
    made_at=NOW,
    areas={
        "clients": (
            OLD,
            record(
                client_id="C1",
                full_name="New & Co",
                client_type="institution",
                opened_on=dt.date(2020, 2, 1),
                updated_at=dt.datetime(2026, 1, 1, 4, tzinfo=dt.UTC),
            ),
        ),
        "contacts": (record(client_id="C1", mobile="+8613800000001", marketing_consent=True),),
        "preferences": (record(client_id="C1", product_types="stock;fund", max_loss=0.25),),
        "trades": (record(trade_id="T1", client_id="C1", security_id="S1", price=2.5, amount=1234.5),),
    },
    named_by_others=(record(kind="spouse"),),
    names={"security_id": {"S1": "Amber Fund"}, "campaign_id": {}},
    sources=(Source(1, NOW, "june.csv"),),
    merges=(Merge(2, NOW, "C1", "C0"),),
    looks=(Looked(NOW, "look_up", "service"), Looked(NOW, "new_event", "own_role")),
    locked=(Locked("trades", 2, dt.date(2044, 3, 1), ("securities_law_137", "aml_law_34")),),
    erased_by=None,
)
ERASURE = Erasure(
    client="C1",
    numbers=("C1", "C0"),
    batch=4,
    at=NOW,
    areas={
        "clients": Share(1, 2, dt.date(2044, 6, 1), ("securities_law_137",)),
        "feedback": Share(3, 0, None, ()),
    },
    relations_of_others=1,
    mentions=(Mention("feedback", "F9"), Mention("batches", "2")),
    traces=(Trace("report", "reports/2026-01-31/<risk>.html", NOW),),
    given=(Given("warehouse:5432/firm", NOW),),
)


@pytest.fixture
def workbook(tmp_path: Path) -> Workbook:
    (tmp_path / "workbook.toml").write_text("")
    return Workbook(tmp_path)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "New &amp; Co",
                "&lt;Old&gt;",
                "Institution",
                "1 February 2020",
                "1 January 2026 12:00",
                "Yes",
                "25.0%",
                "Stock, Fund",
                "Amber Fund (S1)",
                "1,234.50",
                "2.5",
                "earlier version",
                "Spouse",
                "june.csv",
                "1 March 2044",
                "Anti-Money-Laundering Law, article 34",
                "Looked at who you are",
                "Client service",
            ],
        ),
        (
            "zh",
            [
                "机构",
                "2020年2月1日",
                "2026年1月1日 12:00",
                "以往版本",
                "配偶",
                "2044年3月1日",
                "《反洗钱法》第三十四条",
                "查看身份信息",
                "客户服务",
                "您本人",
            ],
        ),
    ],
)
def test_values_are_told_in_words(workbook: Workbook, language: Language, words: list[str]) -> None:
    html = person_page(COPY, language, workbook, "person-C1.json")
    assert [word for word in words if word not in html] == []


def test_the_newest_record_comes_first(workbook: Workbook) -> None:
    html = person_page(COPY, "en", workbook, "x.json")
    assert html.index("New &amp; Co") < html.index("&lt;Old&gt;")


def test_what_has_no_word_yet_stands_for_itself(workbook: Workbook) -> None:
    html = person_page(COPY, "en", workbook, "x.json")
    assert "new_event" in html
    assert "own_role" in html


def test_very_many_looks_are_left_to_the_file_for_machines(workbook: Workbook) -> None:
    many = replace(COPY, looks=(Looked(NOW, "search", "analyst"),) * (MOST_LOOKS + 7))
    html = person_page(many, "en", workbook, "x.json")
    assert html.count("Found in a search") == MOST_LOOKS
    assert "And 7 entries from before" in html


def test_an_erased_person_reads_what_is_still_stored(workbook: Workbook) -> None:
    gone = replace(COPY, areas={}, named_by_others=(), sources=(), merges=(), erased_by=4)
    html = person_page(gone, "en", workbook, "x.json")
    assert "erased at your request, by batch 4" in html
    assert "Where it came from" not in html


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_protocol_names_all_that_is_left_to_do(workbook: Workbook, language: Language) -> None:
    html = erasure_page(ERASURE, language, workbook)
    for word in ("C1, C0", "&lt;risk&gt;.html (2026-07-01)", "F9", "clientlib share", "warehouse:5432/firm"):
        assert word in html


@pytest.mark.parametrize("language", ["en", "zh"])
def test_neither_page_runs_or_fetches_anything(workbook: Workbook, language: Language) -> None:
    pages = person_page(COPY, language, workbook, "x.json"), erasure_page(ERASURE, language, workbook)
    for html in pages:
        assert exporter.CSP.replace("'", "&#39;") in html
        assert not any(sign in html for sign in ("<script", "http://", "https://", "<link"))
