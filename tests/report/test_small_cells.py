"""No page tells of fewer than five clients, nor lets them be worked out: read from a small firm's notebooks.

Lists of single clients who must be called, and how many calls there are, in all and by branch, are what the
reports are for; all other counts are of groups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from typer.testing import Result

from clientlib import open_book
from clientlib.report import Asked, exporter, messages, run_reports
from clientlib.report.publish import edition_name
from clientlib.workbook import Workbook

pytestmark = pytest.mark.slow
SMALLEST = 5
CLIENTS = 90
"""In ten branches: some have fewer than five clients, and hardly a group is much larger."""
REPORTS = ("segmentation", "risk_review", "feedback", "data_quality", "overview")
NO_CLIENTS = {
    *("rank", "cluster", "recency_score", "frequency_score", "median_frequency", "bought_recently"),
    *("rows", "rows_in", "rejected", "pending", "high", "warn", "note", "good", "n_days", "exceedances"),
}
"""Columns of counts of something else: places, scores, trades, rows, findings, days."""
CALLED = {"branch", "today"}
"""Columns of the table of calls due today, each of which is listed with its branch."""


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory, cli: Callable[..., Result]) -> Workbook:
    folder = tmp_path_factory.mktemp("small") / "firm"
    for command in (["init", folder], ["demo", "--clients", str(CLIENTS), "--workbook", folder]):
        assert cli(*command).exit_code == 0
    return Workbook(folder)


@pytest.fixture(scope="module")
def branches(firm: Workbook) -> pd.Series:
    """How many clients each branch has, the fewest first."""
    with open_book(firm, role="report") as book:
        clients = book.area("clients").drop_duplicates("client_id", keep="last")
    return clients["branch"].value_counts().sort_values()


@pytest.fixture(scope="module")
def pages(firm: Workbook, branches: pd.Series) -> dict[str, dict[str, list[exporter.Block]]]:
    """What each report shows: of the firm, of its smallest branch and of its largest."""
    named = {"all": "all", "smallest": str(branches.index[0]), "largest": str(branches.index[-1])}
    asked = Asked(languages=("en",), branches=tuple(named.values()))
    result = run_reports(firm, asked)
    assert not result.failed, result.failed
    as_of = result.editions[0].as_of
    return {
        name: {report: _blocks(firm.reports / edition_name(as_of, branch), report) for report in REPORTS}
        for name, branch in named.items()
    }


def _blocks(edition: Path, report: str) -> list[exporter.Block]:
    return exporter.blocks(nbformat.read(edition / "notebooks" / f"{report}.en.ipynb", as_version=4))


def tables(blocks: list[exporter.Block]) -> Iterator[tuple[str, pd.DataFrame, dict[str, str]]]:
    """The tables of a page and those behind its charts: title, cells, and the kind of each column."""
    for block in blocks:
        if data := block.facts.get("data"):
            kinds = {column["name"]: column["kind"] for column in data["columns"]}
            yield data["title"], pd.DataFrame(data["rows"], columns=list(kinds)), kinds


def groups(blocks: list[exporter.Block]) -> Iterator[tuple[str, str, pd.Series]]:
    """Columns that count clients: title of the table, name of the column, numbers."""
    for title, table, kinds in tables(blocks):
        if "client_id" not in kinds:
            for name, kind in kinds.items():
                if kind == "count" and name not in NO_CLIENTS and not {name} < CALLED <= set(kinds):
                    yield title, name, pd.to_numeric(table[name], errors="coerce")


def few(numbers: pd.Series) -> bool:
    return bool(((numbers > 0) & (numbers < SMALLEST)).any())


def figure(blocks: list[exporter.Block], key: str) -> dict[str, Any]:
    shown = [f for b in blocks if b.kind == "figures" for f in b.facts["figures"]]
    return next(f for f in shown if f["key"] == key)


# ------------------------------------------------------------------ tables and charts
def test_every_chart_has_its_numbers(pages: dict[str, Any]) -> None:
    blocks = [block for report in pages["all"].values() for block in report if block.kind == "chart"]
    assert blocks
    assert [block.html[:200] for block in blocks if block.facts["data"] is None] == []


@pytest.mark.parametrize("scope", ["all", "largest"])
@pytest.mark.parametrize("report", REPORTS)
def test_no_group_of_few_clients_is_counted(pages: dict[str, Any], scope: str, report: str) -> None:
    found = [(title, name) for title, name, numbers in groups(pages[scope][report]) if few(numbers)]
    assert found == []


@pytest.mark.parametrize("scope", ["all", "largest"])
def test_calls_due_today_are_counted_by_branch_only_where_each_of_them_is_listed(
    pages: dict[str, Any], scope: str
) -> None:
    drawn = [(table, kinds) for _, table, kinds in tables(pages[scope]["risk_review"])]
    calls = next(table for table, kinds in drawn if {"client_id", "call", "branch"} <= set(kinds))
    listed = calls[calls["call"].eq("Today")]["branch"].value_counts()
    counted = [table.set_index("branch")["today"] for table, kinds in drawn if set(kinds) >= CALLED]
    assert len(counted) == (scope == "all")
    for by_branch in counted:
        assert by_branch[by_branch > 0].astype(int).to_dict() == listed.to_dict()


@pytest.mark.parametrize("report", REPORTS)
def test_no_part_of_a_figure_is_of_few_clients(pages: dict[str, Any], report: str) -> None:
    figures = [f for b in pages["all"][report] if b.kind == "figures" for f in b.facts["figures"]]
    parted = [(f["key"], f["value"], pd.Series(f["parts"], dtype="float64")) for f in figures if f["parts"]]
    assert [key for key, _, parts in parted if few(parts)] == []
    # Parts that are withheld are not named, so that what is missing from the total is theirs together.
    assert [
        key for key, total, parts in parted if 0 < total - parts.sum() < SMALLEST and total >= SMALLEST
    ] == []


@pytest.mark.parametrize("scope", ["all", "largest"])
@pytest.mark.parametrize("title", ["segments.table.title", "ages.title", "levels.title"])
def test_withheld_groups_do_not_follow_from_the_clients_that_the_page_counts(
    pages: dict[str, Any], scope: str, title: str
) -> None:
    words = messages.say(f"segmentation.{title}", "en")
    (shown,) = [n for found, name, n in groups(pages[scope]["segmentation"]) if (found, name) == (words, "n")]
    everybody = figure(pages[scope]["segmentation"], "clients")["value"]
    assert not 0 < everybody - shown.sum() < SMALLEST


def test_branches_have_as_many_clients_in_one_report_as_in_another(pages: dict[str, Any]) -> None:
    parts = pd.Series(figure(pages["all"]["segmentation"], "clients")["parts"])
    words = messages.say("data_quality.branches.title", "en")
    (table,) = [table for title, table, _ in tables(pages["all"]["data_quality"]) if title == words]
    clients = table.set_index("branch")["clients"]
    both = parts.index.intersection(clients.index)
    assert len(both)
    assert (parts[both] == clients[both]).all()


def test_no_share_of_a_branch_tells_of_few_clients(pages: dict[str, Any]) -> None:
    words = messages.say("data_quality.branches.title", "en")
    (table,) = [table for title, table, _ in tables(pages["all"]["data_quality"]) if title == words]
    numbers = table.set_index("branch").astype("float64")
    for name, shares in numbers.drop(columns="clients").items():
        count = (shares * numbers["clients"]).round()
        assert not few(count), name
        assert not few(numbers["clients"] - count), name


# ------------------------------------------------------------------ a branch of few clients
@pytest.mark.parametrize("report", [name for name in REPORTS if name != "overview"])
def test_nothing_is_told_of_a_branch_of_few_clients(
    pages: dict[str, Any], branches: pd.Series, report: str
) -> None:
    assert 0 < branches.iloc[0] < SMALLEST
    assert [
        block.kind for block in pages["smallest"][report] if block.kind not in ("head", "unavailable")
    ] == []


def test_the_overview_of_such_a_branch_says_how_its_reports_stand(pages: dict[str, Any]) -> None:
    (state,) = [table for _, table, kinds in tables(pages["smallest"]["overview"]) if "status" in kinds]
    assert set(state["status"]) == {messages.say("overview.status.unavailable", "en")}
