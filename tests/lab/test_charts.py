"""The two charts of a card."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pandas as pd
import pytest

from clientlib import fonts
from clientlib.lab import charts
from clientlib.lab.card import Card, card_of
from clientlib.lab.snapshot import Snapshot


@pytest.fixture(scope="module")
def card(snapshot: Snapshot) -> Card:
    return card_of(snapshot, "K0001")


def _alt(picture: str) -> str:
    found = re.search(r'alt="([^"]*)"', picture)
    assert found is not None
    return found[1]


def _svg_text(picture: str) -> str:
    found = re.search(r"base64,([^\"]+)", picture)
    assert found is not None
    return " ".join(ET.fromstring(base64.b64decode(found[1])).itertext())


def test_the_chart_of_trades_tells_its_sums_in_words(card: Card) -> None:
    assert _alt(charts.trades_chart(card, "en")) == (
        "Trades of client K0001: 3 trades from 2026-02 to 2026-04; bought 1.5 k, sold 200 CNY."
    )


def test_the_chart_of_holdings_tells_its_shares_in_words(card: Card) -> None:
    assert _alt(charts.holdings_chart(card, "zh")) == "客户 K0001 的持仓类别：占比为 股票 75.0%, 债券 25.0%。"


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("Buy", "Sell", "as of 2026-06-30")), ("zh", ("买入", "卖出"))]
)
def test_the_chart_of_trades_has_a_legend_and_its_source(
    card: Card, language: str, words: tuple[str, ...]
) -> None:
    shown = _svg_text(charts.trades_chart(card, language))
    assert [word for word in words if word not in shown] == []


def test_the_chart_of_holdings_names_its_axis_and_unit(card: Card) -> None:
    assert "market value, CNY" in _svg_text(charts.holdings_chart(card, "en"))


def test_without_trades_or_holdings_there_is_no_chart(snapshot: Snapshot) -> None:
    empty = card_of(snapshot, "K0033")
    assert (charts.trades_chart(empty, "en"), charts.holdings_chart(empty, "en")) == ("", "")


def test_an_analysts_own_settings_stay(card: Card) -> None:
    before = dict(mpl.rcParams)
    charts.trades_chart(card, "en")
    assert dict(mpl.rcParams) == before


def test_no_figure_is_left_open(card: Card) -> None:
    from matplotlib import pyplot

    charts.holdings_chart(card, "en")
    assert pyplot.get_fignums() == []


def test_a_machine_without_a_chinese_font_still_draws(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "CHINESE", ())
    assert "买入" in _svg_text(charts.trades_chart(card, "zh"))


def test_a_long_history_has_few_ticks(snapshot: Snapshot) -> None:
    days = pd.date_range("2023-07-15", "2026-06-15", freq="MS", tz="UTC")
    long = snapshot.trades.iloc[[0] * len(days)].assign(traded_at=days)
    many = Snapshot(**{**snapshot.__dict__, "trades": long})
    labels = re.findall(r"20\d\d-\d\d(?!-)", _svg_text(charts.trades_chart(card_of(many, "K0001"), "en")))
    assert len(labels) <= 8
