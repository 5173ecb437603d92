"""Two import and twenty read, all at once: each read sees whole batches, and everybody has a turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clientlib.book import open_book
from clientlib.book.audit.verify import verify
from clientlib.workbook import Workbook

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="needs POSIX locks")]

SCRIPT = Path(__file__).parent / "processes" / "party.py"
IMPORTERS, READERS = 2, 20
SECONDS, SECONDS_OF_A_BENCHMARK = 12, 60
WAIT = "[book]\nwait_seconds = 120\n"
"""Long, for the machine may be busy with other things; who is kept out for ever fails all the same."""
ROWS = 7
"""That a batch brings, as `party.py` has it."""


def test_every_read_sees_a_whole_number_of_batches_and_nobody_starves(
    workbook: Workbook, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    (workbook.folder / "workbook.toml").write_text(WAIT, "utf-8")
    longer = request.config.getoption("--benchmarks")
    told = party(workbook.folder, SECONDS_OF_A_BENCHMARK if longer else SECONDS)

    assert [one["wrong"] for one in told if one["wrong"]] == []
    assert min(one["turns"] for one in told) > 0
    batches = sum(one["turns"] for one in told if one["way"] == "change")
    with open_book(Workbook(workbook.folder), role="data_entry") as book:
        assert len(book.batches()) == batches
        assert len(book.area("clients")) == batches * ROWS
    assert verify(Workbook(workbook.folder)).defects == ()
    if longer:
        with capsys.disabled():
            sys.stdout.write(f"\n{summary(told)}\n")


def party(folder: Path, seconds: float) -> list[dict[str, Any]]:
    """What each of all these processes says at its end."""
    command = [sys.executable, str(SCRIPT), str(folder), str(IMPORTERS), str(READERS), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.stderr == ""
    assert done.returncode == 0
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == IMPORTERS + READERS
    return told


def summary(told: list[dict[str, Any]]) -> str:
    lines = []
    for way in ("change", "read"):
        ours = [one for one in told if one["way"] == way]
        turns, longest = [one["turns"] for one in ours], max(one["longest"] for one in ours)
        lines.append(
            f"{way}: {sum(turns)} turns of {len(ours)} processes, each {min(turns)} to {max(turns)}, "
            f"the longest {longest:.1f} s with waiting"
        )
    return "\n".join(lines)
