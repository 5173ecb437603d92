"""The guide for authors: its report runs in both languages and tells the truth, and it names every call."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from clientlib import open_book
from clientlib.report import Page, RunResult, exporter, messages
from clientlib.report.charts import Charts
from clientlib.workbook import Workbook
from tests.report.small_reports import run, without_reports

GUIDE = (Path(__file__).parents[2] / "docs" / "write-a-report.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAME = "quiet_clients"


def blocks(kind: str) -> list[str]:
    return [text.rstrip("\n") for named, text in BLOCK.findall(GUIDE) if named == kind]


def write(firm: Workbook) -> Path:
    """The guide's report, in the workbook `firm`."""
    parameters, *code = blocks("python")
    cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(source) for source in code]
    (facts,), (words,) = blocks("json"), blocks("toml")
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"clientlib": json.loads(facts)})
    file = firm.notebooks / "reports" / f"{NAME}.ipynb"
    nbformat.write(notebook, file)
    file.with_suffix(".toml").write_text(words, "utf-8")
    return file


@pytest.fixture(scope="module")
def firm(demo_workbook: Workbook, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """A demo workbook with the guide's report alone."""
    own = without_reports(demo_workbook, tmp_path_factory.mktemp("guide") / "firm")
    write(own)
    return own


@pytest.fixture(scope="module")
def made(firm: Workbook) -> RunResult:
    return run(firm, languages=("en", "zh"), others={"days": "60"})


def quiet_clients(firm: Workbook, day: pd.Timestamp, days: int) -> int:
    """How many active clients had no trade in the days up to `day`, asked in SQL."""
    with open_book(firm, role="report") as book, book.views(day.date()) as connection:
        (found,) = connection.execute(
            """
            SELECT count(*) FROM clients WHERE status = 'active' AND client_id NOT IN (
                SELECT client_id FROM trades WHERE traded_at > CAST(? AS TIMESTAMPTZ))
            """,
            [f"{(day - pd.Timedelta(days=days)).date()} 00:00:00+08:00"],
        ).fetchone() or (None,)
    return int(found)


# ------------------------------------------------------------------ its report
@pytest.mark.slow
def test_the_guides_report_is_made_in_both_languages(made: RunResult) -> None:
    assert [(o.language, o.status, o.reason) for o in made.outcomes] == [
        ("en", "made", ""),
        ("zh", "made", ""),
    ]


@pytest.mark.slow
def test_its_number_is_that_of_the_book_with_the_parameter_that_was_asked_for(
    made: RunResult, firm: Workbook
) -> None:
    (figure,) = [f for f in made.outcomes[0].figures if f["key"] == "quiet"]
    assert figure["value"] == quiet_clients(firm, pd.Timestamp(made.editions[0].as_of), 60)


@pytest.mark.slow
def test_it_is_made_for_each_branch_too(firm: Workbook) -> None:
    result = run(firm, branches=("each",))
    assert [(o.edition, o.reason) for o in result.failed] == []
    assert any(o.status == "made" for o in result.outcomes)


@pytest.mark.slow
def test_no_branch_tells_of_a_few_people(made: RunResult) -> None:
    executed = nbformat.read(made.folder / made.outcomes[0].notebook, as_version=4)
    charts = [b.facts["data"] for b in exporter.blocks(executed) if b.kind == "chart"]
    sizes = [(row[1], row[2]) for row in charts[0]["rows"] if row[2] is not None]
    assert [(n, quiet) for n, quiet in sizes if 0 < quiet < 5 or 0 < n - quiet < 5] == []


@pytest.mark.slow
def test_its_words_are_put_in(made: RunResult) -> None:
    page = (made.folder / f"{NAME}.zh.html").read_text("utf-8")
    assert "60天内没有交易的正常客户。" in page
    assert "多少天无交易视为沉默" in page


@pytest.mark.slow
def test_its_lines_are_as_a_notebook_of_the_house_has_them() -> None:
    long = [source for source in blocks("python") if len(source.splitlines()) > 12 or "def " in source]
    assert long == []


# ------------------------------------------------------------------ what it names
def public(thing: type) -> set[str]:
    """Methods and properties that a notebook may call."""
    return {name for name, _ in inspect.getmembers(thing) if not name.startswith("_")}


def test_it_names_every_call_of_a_page_and_no_other() -> None:
    fields: dict[str, Any] = Page.__dataclass_fields__
    named = set(re.findall(r"page\.(\w+)", re.sub(r'"page\.\w+"', "", GUIDE)))
    assert named - set(fields) - {"style"} == public(Page) - set(fields) - {"style"}


def test_it_names_every_chart() -> None:
    assert [name for name in public(Charts) - {"style"} if f"`{name}`" not in GUIDE] == []


def test_it_names_every_kind() -> None:
    kinds = messages.KINDS - {messages.WORD}
    assert [kind for kind in kinds if f"`{kind}`" not in GUIDE] == []
