"""The risk review's page: what it opens with, that its parts agree, what it says where the book lacks one.

Its cells are run here on the demo book, without a kernel; of areas to be missing the book has no rows.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from clientlib import features
from clientlib.book import Book
from clientlib.report import messages
from clientlib.report.calls.plans import quantity
from clientlib.report.page import BLOCK
from clientlib.workbook import FOLDER_VARIABLE, Workbook

pytestmark = pytest.mark.slow
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "reports" / "risk_review.ipynb"
SCENARIOS = """
[risk.scenarios.banks]
title = "Banks fall"
title_zh = "银行股下跌"
shocks = { bankz = -0.3 }
[risk.scenarios.long_ago]
title = "Long ago"
title_zh = "很久以前"
replay = [1990-01-02, 1990-06-29]
"""
Run = Callable[..., list[dict[str, Any]]]
SECTIONS = [
    "calls",
    "market",
    "suitability",
    "fits",
    "margin",
    "stress",
    "liquidity",
    "plans",
    "trust",
    "limits",
]


def code() -> list[str]:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def run(demo_workbook: Workbook) -> Run:
    """Call with the areas to be missing; gives the blocks of the page, each with its `text`."""

    return cache(lambda *missing: page(demo_workbook, *missing))


def page(
    workbook: Workbook, *missing: str, given: Mapping[str, pd.DataFrame] | None = None
) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    read, held = Book.area, features.positions

    def area(book: Book, name: str, *clocks: Any, **how: Any) -> pd.DataFrame:
        frame = (given or {}).get(name, read(book, name, *clocks, **how))
        return frame.iloc[:0] if name in missing else frame

    def positions(*asked: Any) -> pd.DataFrame:
        frame = held(*asked)
        return frame.iloc[:0] if "trades" in missing else frame

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(workbook.folder))
        patch.setattr("IPython.display.publish_display_data", lambda data, **_: shown.append(data))
        patch.setattr(Book, "area", area)
        patch.setattr(features, "positions", positions)
        names: dict[str, Any] = {}
        for source in code():
            exec(source, names)
    return [{**data[BLOCK], "text": _text(data["text/html"])} for data in shown]


def _text(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", html)).split())


def word(key: str) -> str:
    return messages.say(f"risk_review.{key}", "en")


def table(blocks: list[dict[str, Any]], key: str) -> pd.DataFrame:
    (data,) = [b["data"] for b in blocks if b.get("data") and b["data"]["title"] == word(f"{key}.title")]
    return pd.DataFrame(data["rows"], columns=[column["name"] for column in data["columns"]])


def kinds_before_the_first_section(blocks: list[dict[str, Any]]) -> list[str]:
    kinds = [block["kind"] for block in blocks]
    return kinds[: kinds.index("section")]


# ------------------------------------------------------------------ the first screen
def test_it_opens_with_the_figures_then_whom_and_where(run: Run) -> None:
    assert kinds_before_the_first_section(run()) == ["head", "figures", "table", "table"]


def test_the_most_pressing_are_the_first_of_the_call_list(run: Run) -> None:
    calls = table(run(), "calls.table")
    assert list(table(run(), "worst")["client_id"]) == list(calls["client_id"].head(10))


def test_the_map_counts_the_calls_of_today_as_the_list_does(run: Run) -> None:
    calls, where = table(run(), "calls.table"), table(run(), "where").set_index("branch")
    today = calls[calls["call"].eq(word("when.today"))]["branch"].value_counts()
    assert where["today"][where["today"] > 0].astype(int).to_dict() == today.to_dict()


def test_no_cell_of_the_map_tells_of_few(run: Run) -> None:
    cells = table(run(), "where").drop(columns=["branch", "today"]).astype(float)
    assert not ((cells > 0) & (cells < 5)).any(axis=None)


# ------------------------------------------------------------------ plans
def test_orders_are_told_client_by_client_as_they_are_called(run: Run) -> None:
    orders, calls = table(run(), "plans.orders"), table(run(), "calls.table")
    assert list(orders["rank"]) == sorted(orders["rank"])
    assert set(orders["client_id"]) <= set(calls["client_id"])


def test_each_client_sells_before_buying(run: Run) -> None:
    orders = table(run(), "plans.orders")
    bought = orders["side"].eq(messages.say("call_list.side.buy", "en"))
    assert bought.groupby(orders["client_id"]).apply(lambda own: own.is_monotonic_increasing).all()


def test_the_call_list_says_the_first_order_of_each_plan(run: Run) -> None:
    calls = table(run(), "calls.table")
    told = dict(zip(calls["client_id"], calls["todo"], strict=True))
    orders = table(run(), "plans.orders").drop_duplicates("client_id").to_dict("records")
    first = {order["client_id"]: f"{order['quantity']} of {order['security_id']}" for order in orders}
    assert [client for client, words in first.items() if words not in told[client]] == []


@pytest.mark.parametrize(("asset_class", "unit"), [("stock", "shares"), ("bond", "bonds"), ("fund", "units")])
def test_a_quantity_says_of_what(asset_class: str, unit: str) -> None:
    assert quantity(1200.0, asset_class, "en") == f"1,200 {unit}"


def test_what_belongs_to_no_known_class_is_counted_in_units() -> None:
    assert quantity(0.5, float("nan"), "zh") == "0.50份"


# ------------------------------------------------------------------ scenarios of the settings
def test_a_scenario_that_cannot_be_played_and_a_name_misspelt_are_told(own_demo_workbook: Workbook) -> None:
    with (own_demo_workbook.folder / "workbook.toml").open("a", encoding="utf-8") as file:
        file.write(SCENARIOS)
    texts = [block["text"] for block in page(own_demo_workbook)]
    banks = {"scenario": "Banks fall", "name": "bankz"}
    assert _text(messages.say("risk_review.stress.unknown", "en", **banks)) in texts
    long_ago = {"scenario": "Long ago", "why": word("unplayed.before_prices")}
    assert _text(messages.say("risk_review.stress.unplayed", "en", **long_ago)) in texts


# ------------------------------------------------------------------ what the book lacks
def test_all_sections_are_there_in_order(run: Run) -> None:
    assert [block["anchor"] for block in run() if block["kind"] == "section"] == SECTIONS


@pytest.mark.parametrize("area", ["prices", "balances", "preferences", "securities"])
def test_where_an_area_is_missing_its_sections_say_so(run: Run, area: str) -> None:
    absent = {"preferences": "no_assessments"}.get(area, f"no_{area}")
    assert word(f"absent.{absent}") in [b["text"] for b in run(area) if b["kind"] == "unavailable"]


def test_without_trades_the_page_says_one_thing_and_nothing_else(run: Run) -> None:
    assert [block["text"] for block in run("trades")][1:] == [word("absent.no_positions")]


def test_what_could_not_be_judged_is_not_called_good(run: Run) -> None:
    blocks = run("prices")
    figures = [figure for block in blocks if block["kind"] == "figures" for figure in block["figures"]]
    assert {f["key"]: f["value"] for f in figures if f["key"] in ("today", "above")} == {
        "today": None,
        "above": None,
    }
    assert word("calls.unknown") in [block["text"] for block in blocks]
    assert [block["text"] for block in blocks if block.get("severity") == "good"] == []


def test_without_statements_of_finances_the_page_is_whole(run: Run) -> None:
    assert [block["anchor"] for block in run("finances") if block["kind"] == "section"] == SECTIONS


def test_who_is_not_called_for_an_acknowledged_alert_is_counted(demo_workbook: Workbook, run: Run) -> None:
    answered = pd.DataFrame(
        {
            "client_id": [f"K{number:07}" for number in range(1, 5_001)],
            "rule": "mismatch",
            "acknowledged_on": dt.date(2026, 6, 30),
            "severity": "high",
            "value": 1.0,
        }
    )
    told = "whose alerts were acknowledged"
    texts = [block["text"] for block in page(demo_workbook, given={"acknowledgements": answered})]
    assert any(told in text for text in texts)
    assert not any(told in block["text"] for block in run())
