"""A workbook without a book, and words for the figures of a made-up report."""

from __future__ import annotations

from pathlib import Path

import pytest

from clientlib.report import messages
from clientlib.workbook import Workbook

WORDS = {
    "risk.figure.over": ("clients over their level", "风险超限的客户"),
    "risk.figure.over_noun": ("clients over their level", "风险超限的客户"),
    "risk.figure.complaints_noun": ("complaints", "投诉|件"),
    "risk.figure.share_noun": ("share of value over the level", "超限市值占比"),
}


@pytest.fixture
def firm(tmp_path: Path) -> Workbook:
    return Workbook(tmp_path)


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {key: {"en": en, "zh": zh} for key, (en, zh) in WORDS.items()}
    whole = {**messages.catalogue(), **own}
    monkeypatch.setattr(messages, "catalogue", lambda: whole)
