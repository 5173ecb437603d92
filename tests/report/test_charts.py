"""Charts: real text, named, reproducible, in colours that can be told apart."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from clientlib.report import svg, theme
from clientlib.report.charts import Charts
from clientlib.report.tables import Style

LABELS = ["Loyal", "New", "Asleep"]
NUMBERS = [30.0, 12.0, float("nan")]
GRID = pd.DataFrame([[1.0, 2.0], [3.0, float("nan")]], index=["a", "b"], columns=["x", "y"])
SPREAD = pd.DataFrame(
    [[0.01, 0.02, 0.03, 0.04, 0.05]] * 2, columns=["p10", "p25", "median", "p75", "p90"], index=["C1", "C2"]
)
MONTHS = list(pd.date_range("2025-07-01", periods=12, freq="MS"))
DRAWINGS: dict[str, Callable[[Charts], Any]] = {
    "bars": lambda c: c.bars(LABELS, NUMBERS, "money", marked=[False, True, False]),
    "pairs": lambda c: c.pairs(LABELS, {"A": NUMBERS, "B": NUMBERS}, ["A", "B"], "percent"),
    "heat": lambda c: c.heat(GRID, "count", "X", "Y"),
    "diverging": lambda c: c.heat(GRID, "score", "X", "Y", diverging=True, wide=True),
    "intervals": lambda c: c.intervals(LABELS, [1, 2, 3], [0, 1, 2], [2, 3, 4], "hours", "h", reference=2),
    "trend": lambda c: c.trend(MONTHS, list(range(12)), "points", "NPS", low=[0] * 12, high=[14] * 12),
    "spread": lambda c: c.spread(SPREAD, "percent", "VaR", limits=[0.02, float("nan")], limit_name="limit"),
    "spark": lambda c: c.spark([1, 2, 3], marked=[False, False, True]),
}


@pytest.fixture(autouse=True)
def themed() -> None:
    theme.apply()


def charts(language: str = "en") -> Charts:
    return Charts(Style("test", language, "CNY", 5))


def drawn(name: str, language: str = "en") -> str:
    return svg.inline(DRAWINGS[name](charts(language)), f"test.{name}", "A <title>", "What it shows")


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_chart_is_well_formed_named_and_free_of_dates_and_addresses(name: str) -> None:
    source = drawn(name)
    root = ElementTree.fromstring(source)
    assert root.get("role") == "img"
    ids = {element.get("id") for element in root.iter()}
    assert set(str(root.get("aria-labelledby")).split()) <= ids
    assert "metadata" not in source
    assert set(re.findall(r"https?://[^\s\"]+", source)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_same_chart_gives_the_same_bytes(name: str) -> None:
    assert drawn(name) == drawn(name)


def test_two_charts_share_no_id() -> None:
    first, second = (set(re.findall(r'\sid="([^"]+)"', drawn(name))) for name in ("bars", "trend"))
    assert first.isdisjoint(second)


def test_every_reference_has_its_target() -> None:
    for name in DRAWINGS:
        source = drawn(name)
        wanted = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', source))
        ids = set(re.findall(r'\sid="([^"]+)"', source))
        assert {a or b for a, b in wanted} <= ids, name


def test_text_is_text_in_the_pages_font() -> None:
    source = drawn("bars")
    assert ">Loyal</text>" in source
    assert "DejaVu" not in source


def test_theme_colours_follow_the_page() -> None:
    assert f"var(--chart-2, {theme.ALERT})" in drawn("bars")


def test_chinese_text_draws_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = charts("zh").bars(["重要价值客户"], [12_000_000.0], "money")
        assert ">1,200.0万</text>" in svg.inline(figure, "t", "标题", "说明")


def lightness(colour: str) -> float:
    """CIE L*, what is left of a colour on a grey printer."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


def test_what_needs_attention_and_what_does_not_differ_in_grey() -> None:
    assert abs(lightness(theme.MAIN) - lightness(theme.ALERT)) > 15
    assert abs(lightness(theme.MAIN) - lightness(theme.CONTEXT)) > 40


def test_the_ramp_grows_darker_evenly() -> None:
    steps = [lightness(colour) for colour in theme.RAMP]
    drops = [a - b for a, b in itertools.pairwise(steps)]
    assert min(drops) > 10
