"""Hand-ins of the demo: intake reads them back as they were, and finds each error put into them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clientlib import simulate
from clientlib.intake import CheckResult, check_file
from clientlib.simulate.mistakes import MISTAKES
from clientlib.tables import AREAS


@dataclass(frozen=True)
class Written:
    """A folder of hand-ins, and what intake makes of it."""

    folder: Path
    files: list[Path]
    result: CheckResult


@pytest.fixture(scope="module")
def source() -> simulate.Demo:
    return simulate.demo(seed=7, clients=200, years=1)


@pytest.fixture(scope="module")
def clean(source: simulate.Demo, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("clean")
    files = simulate.write_handins(source, folder)
    return Written(folder, files, check_file(folder))


@pytest.fixture(scope="module")
def dirty(source: simulate.Demo, tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("dirty")
    files = simulate.write_handins(source, folder, dirty=True)
    return Written(folder, files, check_file(folder))


@pytest.fixture(scope="module")
def errors(dirty: Written) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((dirty.folder / "errors.json").read_text("utf-8"))["errors"]
    return listed


def test_each_branch_hands_in_a_workbook_and_each_system_a_text_file(
    clean: Written, source: simulate.Demo
) -> None:
    workbooks = {path.stem for path in clean.files if path.suffix == ".xlsx"}
    assert workbooks == set(source.areas["clients"]["branch"])
    assert sum(path.suffix == ".csv" for path in clean.files) == 9
    assert all(path.is_file() for path in clean.files)


def test_text_files_come_in_the_encodings_people_use(clean: Written) -> None:
    heads = {path.name: path.read_bytes()[:3] for path in clean.files if path.suffix == ".csv"}
    assert heads["prices.csv"] == b"\xef\xbb\xbf"
    assert heads["交易记录.csv"].decode("gb18030", errors="ignore").startswith("成")


def test_clean_handins_are_taken_without_an_error(clean: Written) -> None:
    assert clean.result.rejected == {}
    assert clean.result.findings.filter(pl.col("severity") == "error").is_empty()


@pytest.mark.parametrize("area", AREAS)
def test_clean_handins_come_back_as_they_were(clean: Written, source: simulate.Demo, area: str) -> None:
    key, names = list(AREAS[area].key), [field.name for field in AREAS[area].fields]
    read = clean.result.accepted[area].select(names).sort(key)
    assert read.equals(source.areas[area].sort(key))


def test_every_kind_of_error_is_put_in(errors: list[dict[str, Any]]) -> None:
    assert {entry["kind"] for entry in errors} == {mistake.kind for mistake in MISTAKES}


def test_no_row_has_two_errors(errors: list[dict[str, Any]]) -> None:
    places = [(entry["file"], entry["sheet"], entry["row"]) for entry in errors]
    assert len(set(places)) == len(places)


def test_every_error_is_found_where_it_is_listed(dirty: Written, errors: list[dict[str, Any]]) -> None:
    expected = {_place(entry) | {("rule", entry["rule"])} for entry in errors if entry["outcome"] == "error"}
    found = set()
    for row in dirty.result.findings.filter(pl.col("severity") == "error").iter_rows(named=True):
        found.add(_place(row) | {("rule", row["rule"])})
    assert expected - found == set()


def test_nothing_else_is_refused(dirty: Written, errors: list[dict[str, Any]]) -> None:
    expected = {_place(entry) for entry in errors if entry["outcome"] == "error"}
    refused = {_place(row) for row in _rows(dirty.result.rejected)}
    assert refused == expected


def test_a_gap_with_a_reason_is_pending(dirty: Written, errors: list[dict[str, Any]]) -> None:
    expected = {_place(entry) for entry in errors if entry["outcome"] == "pending"}
    pending = {_place(row) for row in _rows(dirty.result.accepted) if row["_pending"]}
    assert expected <= pending


def test_what_is_harmless_is_read_as_it_was_meant(
    dirty: Written, clean: Written, errors: list[dict[str, Any]]
) -> None:
    for entry in (entry for entry in errors if entry["outcome"] == "harmless"):
        read, meant = (_row(written.result, entry) for written in (dirty, clean))
        tolerance = 0.5 if entry["kind"] == "amount in 万" else 0
        if isinstance(meant, float):
            assert read == pytest.approx(meant, abs=tolerance), entry["kind"]
        else:
            assert read == meant, entry["kind"]


def test_errors_are_listed_without_their_values(errors: list[dict[str, Any]]) -> None:
    assert set(errors[0]) == {*("file", "sheet", "row", "area", "field", "kind", "rule", "outcome", "cells")}


def test_the_same_demo_has_the_same_errors(source: simulate.Demo, dirty: Written, tmp_path: Path) -> None:
    simulate.write_handins(source, tmp_path, dirty=True)
    assert (tmp_path / "errors.json").read_bytes() == (dirty.folder / "errors.json").read_bytes()


def test_an_earlier_demo_is_replaced_and_other_files_stay(source: simulate.Demo, tmp_path: Path) -> None:
    simulate.write_handins(source, tmp_path, dirty=True)
    (tmp_path / "notes.md").write_text("mine", "utf-8")
    written = simulate.write_handins(simulate.demo(clients=1, years=1), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"notes.md", *(path.name for path in written)}


def _place(row: dict[str, Any]) -> frozenset[tuple[str, Any]]:
    file, sheet, number = (row.get(f"_{name}", row.get(name)) for name in ("file", "sheet", "row"))
    return frozenset({("file", file), ("sheet", sheet or ""), ("row", number)})


def _rows(areas: dict[str, pl.DataFrame]) -> Iterator[dict[str, Any]]:
    for frame in areas.values():
        yield from frame.iter_rows(named=True)


def _row(result: CheckResult, entry: dict[str, Any]) -> Any:
    frame = result.accepted[entry["area"]].filter(
        (pl.col("_file") == entry["file"])
        & (pl.col("_sheet") == (entry["sheet"] or ""))
        & (pl.col("_row") == entry["row"])
    )
    return frame[entry["field"]].item()
