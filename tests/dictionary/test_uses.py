"""Which report uses which field: what the notebooks declare is proven on a demo book.

A report is run in this process on a book in which some fields read otherwise: empty, in another order, or
with every value that they may have. A declared field changes the page; all others together do not.
"""

from __future__ import annotations

import itertools
import json
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import duckdb
import matplotlib as mpl
import pandas as pd
import polars as pl
import pytest

import clientlib
from clientlib.analysis.quality.examine import examine
from clientlib.book import Book, look, open_book
from clientlib.config import load
from clientlib.dictionary.uses import EVERY, ReportUse, reports
from clientlib.errors import WorkbookError
from clientlib.report import page as pages
from clientlib.report import svg
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SETTINGS = load()
SEEN_BY_REPORTS = {
    (area.name, field.name)
    for area in AREAS.values()
    for field in area.fields
    if look(area, field, SETTINGS.roles["report"]) != "hidden"
}
WAYS = ("empty", "reversed", "varied")
Fields = Sequence[tuple[str, str]]


# ---------------------------------------------------------------------- a book read otherwise
def otherwise(values: list[Any], area: str, name: str, way: str) -> list[Any]:
    """The values of a column as they read in a book where this field is otherwise."""
    field = AREAS[area].field(name)
    if way == "empty":
        return [None] * len(values)
    if way == "reversed":
        return values[::-1]
    if field.kind == "yes_no":
        possible: list[Any] = [True, False]
    elif field.code_list is not None:
        possible = list(field.code_list.values)
    elif field.kind == "text" and not field.key:
        possible = [f"{name}_{letter}" for letter in "ABC"]
    else:
        return values
    return list(itertools.islice(itertools.cycle(possible), len(values)))


def answered_for(frame: pd.DataFrame) -> pd.DataFrame:
    """Acknowledgements that keep every other client off the call list: of those in the demo none does."""
    clients = [f"K{number:07}" for number in range(1, 401)]
    turns = len(clients) // 2
    rows = pd.DataFrame(
        {
            "client_id": clients,
            "rule": "mismatch",
            "acknowledged_on": [pd.Timestamp("2026-06-20"), pd.Timestamp("2020-01-02")] * turns,
            "severity": "high",
            "value": [1.0, 0.0] * turns,
        }
    )
    return rows.reindex(columns=frame.columns).astype(frame.dtypes.to_dict())


class OtherBook:
    """A real book of which some fields read otherwise."""

    def __init__(self, book: Book, fields: Fields, way: str) -> None:
        self._book, self._fields, self._way = book, fields, way

    def __getattr__(self, name: str) -> Any:
        return getattr(self._book, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()

    def area(self, name: str, as_of: Any = None, known_at: Any = None, **how: bool) -> pd.DataFrame:
        frame = self._book.area(name, as_of, known_at, **how)
        if name == "acknowledgements":
            frame = answered_for(frame)
        for column in self._columns(name, [str(column) for column in frame]):
            values = otherwise(frame[column].tolist(), name, column, self._way)
            frame[column] = pd.Series(values, index=frame.index, dtype=frame[column].dtype)
        return frame

    @contextmanager
    def views(self, as_of: Any = None, known_at: Any = None) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._book.views(as_of, known_at) as connection:
            for name in {area for area, _ in self._fields}:
                frame: pl.DataFrame = connection.execute(f"SELECT * FROM {name} ORDER BY ALL").pl()
                altered = frame.with_columns(
                    pl.Series(column, otherwise(frame[column].to_list(), name, column, self._way), dtype)
                    for column, dtype in frame.schema.items()
                    if column in self._columns(name, frame.columns)
                )
                connection.execute(f"DROP VIEW {name}")
                connection.register(name, altered.to_arrow())
            yield connection

    def _columns(self, area: str, present: Sequence[str]) -> list[str]:
        return [name for of, name in self._fields if of == area and name in present]


# ------------------------------------------------------------------------- a report run on it
class Undrawn:
    """Stands in for the charts: what would be drawn is written down, which is faster and tells more."""

    def __init__(self, _style: object) -> None: ...

    def __getattr__(self, kind: str) -> Callable[..., Undrawn]:
        def note(*given: object, **named: object) -> Undrawn:
            drawn = Undrawn(None)
            drawn.__dict__["text"] = f"{kind}: {[*map(written, given), *map(written, named.items())]}"
            return drawn

        return note

    def get_figwidth(self) -> float:
        return 5.0


def written(value: object) -> str:
    if isinstance(value, pd.Series | pd.DataFrame):
        return value.to_csv() or ""
    if isinstance(value, dict):
        return str({name: written(part) for name, part in value.items()})
    if isinstance(value, tuple | list):
        return str([written(part) for part in value])
    return repr(value)


Shown = list[dict[str, Any]] | str
Run = Callable[..., Shown]


@pytest.fixture
def run(demo_workbook: Workbook, monkeypatch: pytest.MonkeyPatch) -> Run:
    """What a report shows, or which error it ends with, when some fields read otherwise."""
    monkeypatch.setitem(os.environ, "CLIENTLIB_WORKBOOK", str(demo_workbook.folder))

    def shown(report: str, fields: Fields = (), way: str = "") -> Shown:
        blocks: list[dict[str, Any]] = []
        monkeypatch.setattr(pages, "_display", blocks.append)
        monkeypatch.setattr(pages, "Charts", Undrawn)
        monkeypatch.setattr(svg, "inline", lambda figure, *_: figure.text)
        monkeypatch.setattr(clientlib, "open_book", lambda **k: OtherBook(open_book(**k), fields, way))
        cells = json.loads((NOTEBOOKS / "reports" / f"{report}.ipynb").read_text("utf-8"))["cells"]
        names: dict[str, Any] = {}
        try:
            with warnings.catch_warnings(), mpl.rc_context():
                warnings.simplefilter("ignore")
                for cell in cells:
                    if cell["cell_type"] == "code":
                        exec("".join(cell["source"]), names)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return blocks[1:]  # the first states when it was made

    return shown


@pytest.fixture(scope="module")
def as_it_is() -> dict[str, Shown]:
    """What each report shows of the book as it is, once made."""
    return {}


def base(report: str, run: Run, as_it_is: dict[str, Shown]) -> Shown:
    if report not in as_it_is:
        as_it_is[report] = run(report)
    return as_it_is[report]


DECLARED = reports(NOTEBOOKS)
NAMED = [report for report in DECLARED if report.fields is not None and EVERY not in report.fields]
USED = [
    (report.name, area, name)
    for report in NAMED
    for area, names in (report.fields or {}).items()
    for name in names
]


def test_every_report_says_what_it_uses() -> None:
    assert [report.name for report in DECLARED if report.fields is None] == []


def test_every_field_that_a_report_names_exists_and_is_seen_by_it() -> None:
    assert {(area, name) for _, area, name in USED} <= SEEN_BY_REPORTS


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("report", NAMED, ids=lambda report: report.name)
def test_fields_that_a_report_does_not_name_do_not_matter_to_it(
    report: ReportUse, way: str, run: Run, as_it_is: dict[str, Shown]
) -> None:
    others = sorted(pair for pair in SEEN_BY_REPORTS if not report.uses(*pair))
    before = base(report.name, run, as_it_is)
    assert isinstance(before, list), before
    assert run(report.name, others, way) == before


@pytest.mark.slow
@pytest.mark.parametrize(("report", "area", "name"), USED)
def test_a_field_that_a_report_names_matters_to_it(
    report: str, area: str, name: str, run: Run, as_it_is: dict[str, Shown]
) -> None:
    before = base(report, run, as_it_is)
    assert any(run(report, [(area, name)], way) != before for way in WAYS)


# ------------------------------------------------------------------- a report that looks at all
def test_only_data_quality_looks_at_every_field() -> None:
    assert [report.name for report in DECLARED if report not in NAMED] == ["data_quality"]


@pytest.mark.parametrize("area", AREAS.values(), ids=lambda area: area.name)
def test_data_quality_judges_every_field_that_it_sees(area: Any, demo_workbook: Workbook) -> None:
    impossible: dict[str, Any] = {
        "integer": 10**9,
        "date": pd.Timestamp("1800-01-01"),
        "instant": pd.Timestamp("1800-01-01", tz="UTC"),
    }
    with open_book(demo_workbook, role="report") as book:
        rows = book.area(area.name).head(3)
    if rows.empty:
        pytest.skip("the demo firm has no such rows")
    for field in area.fields:
        # A yes or no is never impossible; remarks are no fault, they excuse one.
        if field.kind == "yes_no" or field.name == "remarks":
            continue
        if (area.name, field.name) not in SEEN_BY_REPORTS:
            continue
        number = field.kind in ("number", "money", "fraction")
        value: Any = float("inf") if number else impossible.get(field.kind, "!" * 3000)
        frame = rows.copy()
        frame[field.name] = value
        faults = examine({area.name: frame}, AREAS, SETTINGS)[area.name].faults
        assert field.name in faults["field"].to_list()


# ------------------------------------------------------------------------------- declarations
def notebook(folder: Path, name: str, facts: dict[str, Any]) -> None:
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": ['as_of = ""  # day\n']}
    (folder / "reports").mkdir(exist_ok=True)
    text = json.dumps({"cells": [cell], "metadata": {"clientlib": facts}, "nbformat": 4, "nbformat_minor": 5})
    (folder / "reports" / f"{name}.ipynb").write_text(text, "utf-8")


def test_a_firms_own_report_need_not_say(tmp_path: Path) -> None:
    notebook(tmp_path, "mine", {"title_en": "Mine"})
    (found,) = reports(tmp_path)
    assert (found.fields, found.title("en"), found.title("zh")) == (None, "Mine", "mine")
    assert not found.uses("clients", "branch")


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        ({"clients": ["branch"]}, {("clients", "branch")}),
        ({"clients": ["*"]}, {("clients", "branch"), ("clients", "status")}),
        ({"*": ["status"]}, {("clients", "status"), ("service_requests", "status")}),
        ({"*": ["*"]}, {("clients", "branch"), ("clients", "status"), ("service_requests", "status")}),
        ({}, set()),
    ],
)
def test_a_star_stands_for_all(declared: dict[str, list[str]], used: set[tuple[str, str]]) -> None:
    pairs = {("clients", "branch"), ("clients", "status"), ("service_requests", "status")}
    report = ReportUse("r", {}, declared)
    assert {pair for pair in pairs if report.uses(*pair)} == used


def test_reports_come_in_the_order_of_their_index(tmp_path: Path) -> None:
    notebook(tmp_path, "a", {"order": 2})
    notebook(tmp_path, "b", {"order": 1})
    assert [report.name for report in reports(tmp_path)] == ["b", "a"]


def test_a_notebook_that_is_none_is_told_by_name(tmp_path: Path) -> None:
    notebook(tmp_path, "a", {})
    (tmp_path / "reports" / "broken.ipynb").write_text("{", "utf-8")
    with pytest.raises(WorkbookError, match=r"broken\.ipynb"):
        reports(tmp_path)
