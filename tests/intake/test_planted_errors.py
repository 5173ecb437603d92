"""A thousand errors put into the hand-ins of a firm: each is found in its cell by its rule, and nothing else.

An error is *found* when intake names its file, sheet, row and field with its rule. A further finding in
the same row is an *echo* when it stands at a cell that the error changed, or comes from a rule that looks
at one: values that moved one column are wrong in every cell. All other findings are *false*.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clientlib import simulate
from clientlib.declare import rule_text
from clientlib.intake import CheckResult, check_file
from clientlib.tables import AREAS

pytestmark = pytest.mark.slow
PLANTED, LEAST_FOUND, KINDS = 1000, 995, 30
FALSE_PER_CLEAN_CELL = 1 / 100_000
Place = tuple[str, str, int]


@dataclass(frozen=True)
class Trial:
    """What was planted, and what intake found; `cells` counts those of all files."""

    planted: list[dict[str, Any]]
    found: CheckResult
    cells: int

    @property
    def by_row(self) -> dict[Place, dict[str, Any]]:
        return {_place(entry): entry for entry in self.planted}

    @property
    def hit(self) -> set[tuple[Place, str, str]]:
        return {(_place(row), row["field"], row["rule"]) for row in self.findings()}

    def findings(self) -> Iterator[dict[str, Any]]:
        return self.found.errors.iter_rows(named=True)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Trial:
    folder = tmp_path_factory.mktemp("planted")
    firm = simulate.demo(seed=19, clients=3000, years=2)
    simulate.write_handins(firm, folder, dirty=True, mistakes=PLANTED)
    listed = json.loads((folder / "errors.json").read_text("utf-8"))["errors"]
    planted = [entry for entry in listed if entry["outcome"] == "error"]
    cells = sum(frame.height * frame.width for frame in firm.areas.values())
    return Trial(planted, check_file(folder), cells)


def test_a_thousand_errors_of_many_kinds_are_planted(trial: Trial) -> None:
    assert len(trial.planted) == PLANTED
    assert len({entry["kind"] for entry in trial.planted}) >= KINDS


def test_they_come_in_workbooks_and_text_files(trial: Trial) -> None:
    assert {Path(entry["file"]).suffix for entry in trial.planted} == {".xlsx", ".csv"}


def test_planted_errors_are_found_in_the_right_cell_by_the_right_rule(
    trial: Trial, capsys: pytest.CaptureFixture[str]
) -> None:
    hit = trial.hit
    planted = Counter(entry["kind"] for entry in trial.planted)
    found = Counter(entry["kind"] for entry in trial.planted if _named(entry) in hit)
    with capsys.disabled():
        print(_table(planted, found))  # noqa: T201 (the table is the measurement)
    assert found.total() >= LEAST_FOUND


def test_hardly_anything_is_found_in_a_clean_cell(trial: Trial, capsys: pytest.CaptureFixture[str]) -> None:
    by_row = trial.by_row
    false = [row for row in trial.findings() if not _explained(row, by_row.get(_place(row)))]
    clean = trial.cells - sum(len(entry["cells"]) for entry in trial.planted)
    with capsys.disabled():
        print(f"\n{len(false)} false findings in {clean:,} clean cells")  # noqa: T201 (the table is the measurement)
    assert len(false) <= clean * FALSE_PER_CLEAN_CELL


def test_no_row_without_an_error_is_refused(trial: Trial) -> None:
    refused = {
        (row["_file"], row["_sheet"], row["_row"])
        for frame in trial.found.rejected.values()
        for row in frame.select("_file", "_sheet", "_row").iter_rows(named=True)
    }
    assert refused == set(trial.by_row)


def test_no_finding_quotes_an_identity(trial: Trial) -> None:
    identity = [(area, name) for area in AREAS for name in AREAS[area].identity]
    for area, name in identity:
        typed = trial.found.rejected[area].get_column(name).drop_nulls()
        told = trial.found.errors.filter((pl.col("area") == area) & (pl.col("field") == name))
        shown = told.get_column("value").drop_nulls()
        assert not set(shown) & {value for value in typed if len(value) > 3}, f"{area}.{name}"


def _place(entry: dict[str, Any]) -> Place:
    return entry["file"], entry["sheet"] or "", entry["row"]


def _named(entry: dict[str, Any]) -> tuple[Place, str, str]:
    return _place(entry), entry["field"], entry["rule"]


def _explained(finding: dict[str, Any], planted: dict[str, Any] | None) -> bool:
    if planted is None:
        return False
    words = rule_text(AREAS[finding["area"]].schema, finding["rule"])
    looked_at = words.fields if words else (finding["field"],)
    return not set(looked_at).isdisjoint(planted["cells"])


def _table(planted: Counter[str], found: Counter[str]) -> str:
    lines = [f"{kind:<40}{planted[kind]:>8}{found[kind]:>8}" for kind in sorted(planted)]
    head = f"\n{'kind of error':<40}{'planted':>8}{'found':>8}"
    total = f"{f'{len(planted)} kinds':<40}{planted.total():>8}{found.total():>8}"
    return "\n".join([head, *lines, total])
