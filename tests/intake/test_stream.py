"""Large files: in chunks, in bounded memory, with repeats found across them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from clientlib.errors import IntakeError
from clientlib.intake import check_file, stream


def write_prices(path: Path, rows: int, quoted: bool = False) -> Path:
    number = np.arange(rows)
    frame = pl.DataFrame(
        {
            "security_id": pl.Series(number % 1000).cast(pl.String),
            "date": pl.Series(np.datetime64("2000-01-01") + number // 1000),
            "close": number / 7 + 1,
        }
    )
    frame.write_csv(path, quote_style="always" if quoted else "necessary")
    return path


@pytest.mark.parametrize("quoted", [False, True])
def test_no_chunk_is_larger_than_asked_for_and_no_row_is_lost(tmp_path: Path, quoted: bool) -> None:
    chunks = list(stream(write_prices(tmp_path / "prices.csv", 25_000, quoted), chunk_rows=4_000))
    assert max(chunk.rows_in for chunk in chunks) <= 4_000
    rows = pl.concat([chunk.accepted["prices"] for chunk in chunks]).get_column("_row")
    assert rows.to_list() == list(range(2, 25_002))


def test_repeats_are_found_across_chunks(tmp_path: Path) -> None:
    path = write_prices(tmp_path / "prices.csv", 9_000)
    first = path.read_text("utf-8").splitlines()[1]
    path.write_text(path.read_text("utf-8") + first + "\n", "utf-8")
    found = pl.concat([chunk.errors for chunk in stream(path, chunk_rows=2_000)])
    assert found.select("row", "rule").rows() == [(9_002, "repeat")]
    assert "row 2 exactly" in found.item(0, "message_en")


def test_notices_come_once(tmp_path: Path) -> None:
    path = write_prices(tmp_path / "export.csv", 5_000)
    rules = [rule for chunk in stream(path, chunk_rows=1_000) for rule in chunk.findings.get_column("rule")]
    assert rules == ["area_guessed"]


def test_a_file_that_breaks_far_down_says_where(tmp_path: Path) -> None:
    path = write_prices(tmp_path / "prices.csv", 3_000)
    path.write_bytes(path.read_bytes() + b"9,2026-01-05,1\0\n")
    with pytest.raises(IntakeError, match="row 3002"):
        check_file(path)


def test_chinese_text_far_down_is_read_in_the_old_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clientlib.intake.text_files.BLOCK", 2_000)
    path = write_prices(tmp_path / "prices.csv", 1_000)
    text = (
        path.read_text("utf-8")
        .replace("close\n", "close,remarks\n")
        .replace("\n", ",\n")
        .replace("remarks,", "remarks")
    )
    path.write_bytes(text.encode("gb18030") + "9,2026-01-05,1,收盘后更新的价格\n".encode("gb18030"))
    assert check_file(path).accepted["prices"].item(-1, "remarks") == "收盘后更新的价格"


MEASURE = """
import sys, psutil
from clientlib.intake import stream
process, rows = psutil.Process(), 0
peak = start = None
for chunk in stream(sys.argv[1], chunk_rows=25_000):
    rows += chunk.rows_accepted
    now = process.memory_info().rss
    start = start or now
    peak = max(peak or 0, now)
print(rows, peak - start)
"""


@pytest.mark.slow
def test_memory_grows_with_the_keys_and_not_with_the_rows(tmp_path: Path) -> None:
    path = write_prices(tmp_path / "prices.csv", 1_000_000)
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    rows, growth = map(int, run.stdout.split())
    assert rows == 1_000_000
    # A block of text, its chunk on the way, and a million keys (about 30 bytes each).
    assert growth < 300_000_000
