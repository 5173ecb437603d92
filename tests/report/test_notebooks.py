"""Every word that a report notebook asks for is in the catalogue, also where the demo never asks for it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from clientlib.analysis.behaviour import BEHAVIOUR_REASONS, FINANCES_REASONS
from clientlib.analysis.clusters import STRUCTURE
from clientlib.analysis.quality.defects import KINDS
from clientlib.analysis.quality.measures import FLAGS, MEASURES
from clientlib.analysis.quality.work import ACTIONS
from clientlib.analysis.risk import RULES
from clientlib.analysis.risk.backtest import VERDICTS
from clientlib.analysis.risk.scenarios import UNPLAYED
from clientlib.analysis.risk.where import CALLS
from clientlib.analysis.risk.where import KINDS as KINDS_OF_REASON
from clientlib.analysis.segments import SEGMENTS
from clientlib.analysis.suitability import STANDINGS
from clientlib.config.risk import MarginLines
from clientlib.report import messages, plan

FOLDER = Path(__file__).parents[2] / "notebooks" / "reports"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
MEANT_BY = {
    "section": ".heading",
    "table": ".title",
    "chart": ".title",
    "card_chart": ".title",
    "things": ".title",
}
CALL = re.compile(
    r'page\.(section|say|conclude|chart|card_chart|table|things|text|unavailable|point)\(\s*"([\w.]+)"'
)


@pytest.fixture(autouse=True, scope="module")
def _own_words() -> Iterator[None]:
    """What reports bring along in files of their own."""
    for name in NAMES:
        messages.bring(name, FOLDER / f"{name}.toml")
    yield
    for name in NAMES:
        messages.bring(name, FOLDER / "none.toml")


def code(name: str) -> list[str]:
    cells: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.ipynb").read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def meant(call: str, key: str) -> str:
    """The key of the words that a call asks for."""
    return f"point.{key}" if call == "point" else f"{key}{MEANT_BY.get(call, '')}"


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_says_what_it_is_in_both_languages(name: str) -> None:
    report = plan.read(FOLDER / f"{name}.ipynb")
    assert set(report.titles) == set(report.questions) == set(messages.LANGUAGES)
    assert [p.name for p in report.parameters][:4] == ["as_of", "known_at", "branch", "language"]


@pytest.mark.parametrize("name", NAMES)
def test_every_word_that_a_notebook_asks_for_is_there(name: str) -> None:
    asked = [(call, key) for source in code(name) for call, key in CALL.findall(source)]
    assert asked
    missing = [
        key
        for call, key in asked
        if not any(messages.has(f"{prefix}{meant(call, key)}") for prefix in (f"{name}.", ""))
    ]
    assert missing == []


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_has_an_alternative_text_and_every_figure_a_label(name: str) -> None:
    whole = "\n".join(code(name))
    charts = [key for call, key in CALL.findall(whole) if call in ("chart", "card_chart")]
    charts += re.findall(r'page\.card_chart\(.*, "(\w+)"\)', whole)
    assert [key for key in charts if not messages.has(f"{name}.{key}.alt")] == []
    figures = re.findall(r'Figure\("(\w+)"', whole)
    assert figures or plan.read(FOLDER / f"{name}.ipynb").draws_on_others  # these repeat what others showed
    assert [key for key in figures if not messages.has(f"{name}.figure.{key}")] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_brings_its_numbers(name: str) -> None:
    calls = [node for source in code(name) for node in ast.walk(ast.parse(source)) if is_chart(node)]
    assert [ast.unparse(c) for c in calls if not {"numbers", "columns"} <= {k.arg for k in c.keywords}] == []


def is_chart(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "chart"


def test_every_code_of_the_analyses_has_a_word() -> None:
    keys = [f"segmentation.segment.{code}" for code in SEGMENTS]
    keys += [f"segmentation.structure.{word}" for _, word in STRUCTURE]
    keys += [f"risk_review.standing.{code}" for code in (*STANDINGS, "firm")]
    keys += [f"risk_review.fits.why.{rule}" for rule in BEHAVIOUR_REASONS.values()]
    keys += [f"risk_review.finances_reason.{code}" for code in FINANCES_REASONS]
    keys += [f"risk_review.{words}.{code}" for words in ("verdict", "market") for code in VERDICTS]
    calling = [rule for rule in RULES if rule not in KINDS_OF_REASON["assessment"]]
    calling += [f"{rule}_held" for rule in calling if rule != "lowest_class"]
    keys += [f"risk_review.{words}.{rule}" for words in ("short", "because") for rule in calling]
    keys += [f"risk_review.margin.todo.{line}" for line in MarginLines.model_fields]
    keys += [f"risk_review.unplayed.{reason}" for reason in UNPLAYED]
    keys += [f"risk_review.columns.{kind}" for kind in (*CALLS, *KINDS_OF_REASON)]
    keys += [f"data_quality.kind.{code}" for code in KINDS]
    keys += [f"data_quality.action.{code}" for code in ACTIONS]
    keys += [f"data_quality.flag.{code}" for code in FLAGS]
    keys += [f"data_quality.state.conclude_{code}" for code in MEASURES]
    assert [key for key in keys if not messages.has(key)] == []
