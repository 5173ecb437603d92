"""Findings as JSON Lines: one a line, always the same keys, the row's key where it may be shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from clientlib.errors import Unwritable
from clientlib.intake import CheckResult, check_file
from clientlib.intake.result import FINDINGS
from clientlib.sheets.lines import write_lines

Hand = tuple[Path, CheckResult]
WriteTrades = Callable[..., Path]
KEYS = set(FINDINGS.names()) | {"key"}


def written(result: CheckResult, folder: Path) -> list[dict[str, Any]]:
    path = folder / "findings.jsonl"
    write_lines(result.findings, path, rejected=result.rejected)
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_one_finding_a_line_in_order(checked: Hand, tmp_path: Path) -> None:
    assert [line["row"] for line in written(checked[1], tmp_path)] == [3, 4, 5]


def test_every_line_has_the_same_keys(checked: Hand, tmp_path: Path) -> None:
    assert all(set(line) == KEYS for line in written(checked[1], tmp_path))


def test_a_line_says_what_the_finding_says(checked: Hand, tmp_path: Path) -> None:
    line = written(checked[1], tmp_path)[0]
    assert {name: line[name] for name in FINDINGS.names()} == checked[1].findings.row(0, named=True)


def test_a_line_has_the_key_of_its_row(checked: Hand, tmp_path: Path) -> None:
    assert written(checked[1], tmp_path)[0]["key"] == {"trade_id": "T3"}


@pytest.mark.parametrize("typed", ["13812345678", "110101199003074610", "张三", "ann@example.com", None])
def test_a_key_cell_that_holds_something_else_is_not_shown(
    write_trades: WriteTrades, tmp_path: Path, typed: str | None
) -> None:
    result = check_file(write_trades(2, {(2, "trade_id"): typed, (2, "side"): "x"}))
    assert written(result, tmp_path)[0]["key"] == {"trade_id": None}


def test_chinese_stays_legible(checked: Hand, tmp_path: Path) -> None:
    written(checked[1], tmp_path)
    assert "交易记录" in (tmp_path / "findings.jsonl").read_text("utf-8")


def test_a_finding_about_a_sheet_has_no_key(checked: Hand, tmp_path: Path) -> None:
    whole = checked[1].findings.head(1).with_columns(row=pl.lit(None, pl.UInt32))
    write_lines(whole, tmp_path / "f.jsonl", rejected=checked[1].rejected)
    assert json.loads((tmp_path / "f.jsonl").read_text("utf-8"))["key"] is None


def test_a_failed_write_leaves_the_old_file(checked: Hand, tmp_path: Path) -> None:
    (tmp_path / "f.jsonl").mkdir()
    with pytest.raises(Unwritable, match=r"f\.jsonl: cannot be written"):
        write_lines(checked[1].findings, tmp_path / "f.jsonl")
    assert {path.name for path in tmp_path.iterdir()} == {"trades.xlsx", "f.jsonl"}
