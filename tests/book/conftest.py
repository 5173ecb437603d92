"""Small books, own ones and shared ones, and hand-ins to fill them with."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pytest

from clientlib.book import create_book, open_book
from clientlib.intake.result import CHANGES, FINDINGS, CheckResult
from clientlib.tables import AREAS
from clientlib.workbook import Workbook

SETTINGS = """
[book]
wait_seconds = 0

[roles.branch_desk]
areas = ["clients", "contacts"]
sensitivity = "N"
identity = "masked"
may_edit = false
"""


class HandIn(Protocol):
    def __call__(self, file: str = "hand-in.csv", **areas: list[dict[str, Any]]) -> CheckResult: ...


@pytest.fixture(scope="session")
def hand_in() -> HandIn:
    """Makes what intake would give for rows that are all good; `_pending` may be among a row's values."""

    def make(file: str = "hand-in.csv", **areas: list[dict[str, Any]]) -> CheckResult:
        accepted = {name: _frame(name, rows, file) for name, rows in areas.items()}
        rows_in = sum(frame.height for frame in accepted.values())
        return CheckResult(accepted, {}, FINDINGS.to_frame(), CHANGES.to_frame(), rows_in)

    return make


def _frame(area: str, rows: list[dict[str, Any]], file: str) -> pl.DataFrame:
    schema = {field.name: field.dtype for field in AREAS[area].fields}
    fields = [{name: row.get(name) for name in schema} for row in rows]
    return pl.DataFrame(fields, schema=schema).with_columns(
        pl.lit(file).alias("_file"),
        pl.lit("").alias("_sheet"),
        pl.Series("_row", range(2, len(rows) + 2), dtype=pl.UInt32),
        pl.Series("_pending", [bool(row.get("_pending")) for row in rows], dtype=pl.Boolean),
    )


@pytest.fixture(scope="session")
def new_workbook() -> Callable[[Path], Workbook]:
    """Lays a workbook with an empty book into a folder."""

    def make(folder: Path) -> Workbook:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "workbook.toml").write_text(SETTINGS, "utf-8")
        made = Workbook(folder)
        create_book(made)
        return made

    return make


@pytest.fixture(scope="session")
def copied(
    new_workbook: Callable[[Path], Workbook], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path], Workbook]:
    """Lays a workbook with an empty book into a folder, quicker: all of them have the same keys."""
    pattern = new_workbook(tmp_path_factory.mktemp("pattern") / "firm")
    return lambda folder: Workbook(Path(shutil.copytree(pattern.folder, folder)))


@pytest.fixture
def workbook(copied: Callable[[Path], Workbook], tmp_path: Path) -> Workbook:
    """A workbook with an empty book that the test may do anything to."""
    return copied(tmp_path / "firm")


@pytest.fixture
def importing(workbook: Workbook) -> Callable[..., Any]:
    """Imports chunks into the test's own book."""

    def run(*chunks: CheckResult, source: str = "hand-in.csv") -> Any:
        with open_book(workbook, role="data_entry", write=True) as book:
            return book.import_checked(chunks, source=source)

    return run


@pytest.fixture(scope="session")
def client() -> Callable[..., dict[str, Any]]:
    """One client's row; what is not said is filled in."""

    def make(number: int, **values: Any) -> dict[str, Any]:
        row: dict[str, Any] = {
            "client_id": f"C{number:03}",
            "full_name": f"王小{number:03}",
            "client_type": "individual",
            "id_type": "passport",
            "id_number": f"E1234{number:03}",
            "birth_date": dt.date(1980, 1, 1),
            "investor_class": "ordinary",
            "branch": "North",
            "opened_on": dt.date(2020, 1, 1),
            "status": "active",
            "updated_at": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
        }
        return row | values

    return make


@pytest.fixture(scope="session")
def trade() -> Callable[..., dict[str, Any]]:
    """One trade's row; what is not said is filled in."""

    def make(number: int, **values: Any) -> dict[str, Any]:
        row: dict[str, Any] = {
            "trade_id": f"T{number:03}",
            "client_id": "C001",
            "traded_at": dt.datetime(2024, 3, 1, 2, tzinfo=dt.UTC),
            "security_id": "S1",
            "side": "buy",
            "quantity": 10.0,
            "price": 2.0,
            "amount": 20.0,
            "fee": 0.0,
            "currency": "CNY",
        }
        return row | values

    return make
