"""What docs/security.md gives as evidence is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = (REPOSITORY / "docs" / "security.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", PAGE)))
ITEMS = [line.split("|")[1].strip() for line in PAGE.splitlines() if re.match(r"\| \d+\.\d+\.\d+", line)]


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test or file for file, test in NAMED])
def test_a_test_that_is_named_exists(file: str, test: str) -> None:
    written = (REPOSITORY / file).read_text("utf-8")
    assert not test or f"def {test}(" in written


def test_every_item_has_evidence() -> None:
    lines = [line for line in PAGE.splitlines() if re.match(r"\| \d+\.\d+\.\d+", line)]
    assert [line for line in lines if "tests/" not in line and "this page" not in line] == []
    assert len(ITEMS) > 30
