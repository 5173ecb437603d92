"""A page whose blocks a test can look at, with words of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from clientlib import config
from clientlib.report import messages, theme
from clientlib.report.page import BLOCK, Page

WORDS = {
    "test.sizes.heading": ("How many are there?", "有多少？"),
    "test.sizes.lead": ("Counted on the day.", "按当日计算。"),
    "test.sizes.title": ("Clients by group", "各组客户数"),
    "test.sizes.alt": ("Bars: {clients:count client clients}", "条形图：{clients:count}位客户"),
    "test.sizes.text": ("There are {clients:count client clients} & more.", "共有{clients:count}位客户。"),
    "test.point.few": ("{clients:count client clients} to call.", "需联系{clients:count}位客户。"),
    "test.group.a": ("Loyal", "忠诚"),
    "test.figure.clients": ("clients", "客户"),
    "test.figure.clients_note": ("of them {active:count} active", "其中{active:count}位活跃"),
    "test.figure.value": ("value", "市值"),
    "test.method.how": ("Counted by hand.", "人工计数。"),
    "test.absent": ("The book holds no trades.", "台账中没有交易记录。"),
}
MakePage = Callable[..., tuple[Page, list[dict[str, Any]]]]


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {key: {"en": en, "zh": zh} for key, (en, zh) in WORDS.items()}
    whole = {**messages.catalogue(), **own}
    monkeypatch.setattr(messages, "catalogue", lambda: whole)


@pytest.fixture
def make_page(words: None) -> MakePage:
    """Call with a language and branch; gives the page and the list that its blocks go to."""

    def make(language: str = "en", branch: str = "all") -> tuple[Page, list[dict[str, Any]]]:
        theme.apply()
        shown: list[dict[str, Any]] = []
        known = dt.datetime(2026, 7, 1, 2, 3, 4, tzinfo=dt.UTC)
        page = Page("test", dt.date(2026, 6, 30), known, branch, language, "CNY", config.load(), shown.append)
        return page, shown

    return make


@pytest.fixture
def notebook_of() -> Callable[[list[dict[str, Any]], str], dict[str, Any]]:
    """The executed notebook that holds the given blocks, between a stray print and a traceback."""

    def build(shown: list[dict[str, Any]], language: str = "en") -> dict[str, Any]:
        head = {
            "kind": "head",
            "as_of": "2026-06-30",
            "known_at": "2026-07-01T02:03:04+00:00",
            "branch": "all",
            "language": language,
            "code": "clientlib 0.1.0",
            "batches": 2,
            "rows": 123456,
        }
        blocks = [{BLOCK: head, "text/html": "<p>dated</p>"}, *shown]
        outputs: list[dict[str, Any]] = [
            {"output_type": "stream", "name": "stderr", "text": "FutureWarning: stray"},
            *({"output_type": "display_data", "data": block, "metadata": {}} for block in blocks),
            {
                "output_type": "execute_result",
                "data": {"text/html": "<table>stray frame</table>"},
                "metadata": {},
            },
            {"output_type": "error", "ename": "E", "evalue": "stray", "traceback": ["Traceback stray"]},
        ]
        cell = {"cell_type": "code", "metadata": {}, "source": "secret_code()", "outputs": outputs}
        asked = {
            "cell_type": "code",
            "metadata": {"tags": ["parameters"]},
            "source": 'as_of = ""  # day\nknown_at = ""  # instant\n'
            "weeks = 4  # how far back · 回看周数\ndeep = True  # look deeper",
            "outputs": [],
        }
        facts = {
            "title_en": "Client <segmentation>",
            "title_zh": "客户细分",
            "question_en": "Who are they?",
            "question_zh": "他们是谁？",
        }
        return {
            "cells": [asked, cell],
            "metadata": {"clientlib": facts, "papermill": {"parameters": {"weeks": 6}}},
        }

    return build
