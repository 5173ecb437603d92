"""The page that a manager reads: blocks only, self-contained, forbidding everything."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clientlib import config
from clientlib.report import exporter
from clientlib.report.page import Figure, Page

MakePage = Callable[..., tuple[Page, list[dict[str, Any]]]]
NotebookOf = Callable[..., dict[str, Any]]
EARLIER = [
    {"as_of": "2026-04-30", "figures": {"clients": 4900.0}},
    {"as_of": "2026-05-31", "figures": {"clients": 4950.0}},
]
BINDING = exporter.Binding(("en", "zh"), "r-42", EARLIER, ("test.xlsx",))


@pytest.fixture(params=["en", "zh"])
def html(request: pytest.FixtureRequest, make_page: MakePage, notebook_of: NotebookOf) -> str:
    page, shown = make_page(request.param)
    page.figures(Figure("clients", 5000, better="up"), Figure("value", 1e9, "money"))
    for severity in ("note", "warn", "high"):
        page.point("few", severity, section="sizes", clients=3)
    for key in ("sizes", "sizes.text"):
        if key == "sizes":
            page.section(key)
        page.say("sizes.text", clients=3)
    for _ in range(3):
        page.chart("sizes", page.draw.bars(["a"], [1], "count"), clients=1)
    page.conclude("sizes.text", clients=3)
    page.table(
        "sizes", pd.DataFrame({"branch": ["N"], "clients": [9]}), {"branch": "text", "clients": "count"}
    )
    page.method("how")
    page.card_chart(page.draw.spark([1]), "sizes", clients=1)
    return exporter.render(notebook_of(shown, request.param), "test", config.load(), BINDING)


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.addresses: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.addresses += [v for k, v in attrs if v and k in ("href", "src", "srcset", "data", "action")]


def outline(html: str) -> Outline:
    read = Outline()
    read.feed(html)
    return read


def test_nothing_but_blocks_reaches_the_page(html: str) -> None:
    assert "stray" not in html
    assert "secret_code" not in html


def test_nothing_is_fetched(html: str) -> None:
    read = outline(html)
    assert not [a for a in read.addresses if not re.match(r"#|[\w.]+\.(html|xlsx)$", a)]
    assert "default-src &#39;none&#39;" in html


def test_only_our_script_runs(html: str) -> None:
    (script,) = re.findall(r"<script[^>]*>(.*?)</script>", html, flags=re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = unescape(re.findall(r'Content-Security-Policy" content="([^"]+)"', html)[0])
    assert re.findall(r"script-src ([^;]*)", policy) == [f"'sha256-{digest}'"]
    assert not re.search(r"\son\w+=", re.sub(r"<script.*?</script>", "", html, flags=re.S))


def test_headings_are_in_order(html: str) -> None:
    levels = outline(html).headings
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_the_language_is_tagged(html: str) -> None:
    assert '<html lang="en">' in html or '<html lang="zh-Hans">' in html


def test_the_title_is_escaped_and_shown(html: str) -> None:
    assert "<h1>Client &lt;segmentation&gt;</h1>" in html or "<h1>客户细分</h1>" in html


def test_the_footer_says_where_the_numbers_come_from(html: str) -> None:
    footer = html[html.index("<footer>") :]
    for value in ("2026-06-30", "2026-07-01 10:03:04 +0800", "123,456", "clientlib 0.1.0"):
        assert value in footer


def test_a_figure_is_told_with_its_change_and_course(html: str) -> None:
    strip = html[html.index('<dl class="figures">') : html.index("</dl>")]
    assert "up 50 since 31 May 2026" in strip or "较2026年5月31日增加50" in strip
    assert strip.count('<svg class="course"') == 1


def test_whether_a_change_is_good_news_is_a_word_too(html: str) -> None:
    assert re.search(r'<dd class="change better">.*<b>(better|向好)</b></dd>', html)


def test_only_what_needs_attention_stands_at_the_top_the_gravest_first(html: str) -> None:
    alerts = html[html.index('<section class="alerts"') :]
    assert re.findall(r'<li class="(\w+)">.*?href="#(\w+)"', alerts) == [("high", "sizes"), ("warn", "sizes")]


def test_what_comes_before_the_first_section_stands_between_the_strip_and_the_alerts(
    make_page: MakePage, notebook_of: NotebookOf
) -> None:
    page, shown = make_page()
    page.figures(Figure("clients", 5000))
    table = pd.DataFrame({"branch": ["N"], "clients": [9]})
    page.table("sizes", table, {"branch": "text", "clients": "count"})
    page.point("few", "high", clients=3)
    page.section("sizes")
    html = exporter.render(notebook_of(shown), "test", config.load())
    places = [html.index(f'class="{name}"') for name in ("figures", "opening", "alerts")]
    assert places == sorted(places)
    assert html.index("<table") < html.index("</table>") < places[2]


def test_the_method_opens_with_the_parameters_in_words(html: str) -> None:
    told = re.findall(r"<code>(\w+)</code></th><td>([^<]*)</td><td class=\"wrap\"([^>]*)>([^<]*)<", html)
    assert [name for name, *_ in told] == ["as_of", "known_at", "weeks", "deep"]
    own = {name: (value, tag.strip(), meaning) for name, value, tag, meaning in told}
    assert own["weeks"] in (("6", "", "how far back"), ("6", "", "回看周数"))
    assert own["deep"] in (("True", "", "look deeper"), ("True", 'lang="en"', "look deeper"))


def test_run_and_times_stand_in_the_footer_only(html: str) -> None:
    body = html[: html.index("<footer>")]
    for value in ("r-42", "10:03", "02:03", "2026-07-01"):
        assert value not in body
    assert "r-42" in html


def test_another_run_gives_the_same_page_but_for_its_footer(
    make_page: MakePage, notebook_of: NotebookOf
) -> None:
    page, shown = make_page()
    page.figures(Figure("clients", 5000))
    notebook = notebook_of(shown)
    first, second = (
        exporter.render(notebook, "test", config.load(), exporter.Binding(run=run)) for run in ("r-1", "r-2")
    )
    assert first.replace("r-1", "r-2") == second


def test_what_is_made_beside_the_page_is_linked(html: str) -> None:
    assert '<a href="test.xlsx" download>' in html


def test_the_cards_chart_is_not_on_the_page(html: str) -> None:
    assert html.count('<div class="drawing"') == 3


def test_a_lone_chart_has_its_words_beside_it(html: str) -> None:
    assert html.count('<div class="pair">') == 1
    assert html.count('<div class="beside">') == 1


def test_no_text_colour_is_too_faint() -> None:
    css = (Path(exporter.__file__).parent / "template/clientreport/page.css").read_text("utf-8")
    for scheme in re.findall(r":root \{(.*?)\n *\}", css, flags=re.S)[:2]:
        colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
        for text in ("ink", "muted", "accent", "alert"):
            for ground in ("paper", "raised", "soft"):
                assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


def contrast(first: str, second: str) -> float:
    """WCAG 2.2, relative luminance."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_first_language_has_the_short_name() -> None:
    settings = config.load()
    assert exporter.file_name("risk", "en", settings) == "risk.html"
    assert exporter.file_name("risk", "zh", settings) == "risk.zh.html"
