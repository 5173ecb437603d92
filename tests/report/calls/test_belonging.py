"""Which page of the risk review a call list agrees with."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from clientlib.report import manifest
from clientlib.report.calls.belonging import page_of
from clientlib.report.publish import edition_name


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Editions of the firm and of a branch; one in which only another report stands."""
    put(tmp_path, "2026-05-31", "all", en="2026-06-01T01:00:00+00:00")
    put(tmp_path, "2026-06-30", "all", en="2026-07-01T01:00:00+00:00", zh="2026-07-01T02:00:00+00:00")
    put(tmp_path, "2026-06-30", "East", en="2026-07-01T03:00:00+00:00")
    put(tmp_path, "2026-07-31", "all")
    return tmp_path


def put(reports: Path, day: str, branch: str, **known_at: str) -> None:
    folder = reports / edition_name(dt.date.fromisoformat(day), branch)
    folder.mkdir()
    runs: dict[str, Any] = {
        language: {"page": "risk_review.html", "known_at": when} for language, when in known_at.items()
    }
    failed = {"page": None, "known_at": "2026-07-31T00:00:00+00:00"}
    told: dict[str, Any] = {"format": manifest.FORMAT, "as_of": day, "branch": branch}
    told["reports"] = {"risk_review": {"runs": runs or {"en": failed}}}
    (folder / manifest.FILE).write_text(json.dumps(told), "utf-8")


def page(reports: Path, day: str | None, *branches: str, language: str = "en") -> tuple[str, int] | None:
    asked = dt.date.fromisoformat(day) if day else None
    found = page_of(reports, asked, branches, language)
    return (found.edition, found.known_at.hour) if found else None


def test_the_newest_page_that_was_made_unless_a_day_is_named(reports: Path) -> None:
    assert page(reports, None) == ("2026-06-30", 1)
    assert page(reports, "2026-05-31") == ("2026-05-31", 1)


def test_the_page_of_the_own_branch_before_that_of_the_firm(reports: Path) -> None:
    assert page(reports, None, "East") == ("2026-06-30--East", 3)
    assert page(reports, "2026-05-31", "East") == ("2026-05-31", 1)


def test_the_page_in_the_language_that_was_asked_for(reports: Path) -> None:
    assert page(reports, None, language="zh") == ("2026-06-30", 2)


@pytest.mark.parametrize("day", ["2026-07-31", "2026-04-30"])
def test_a_day_without_such_a_page_has_none(reports: Path, day: str) -> None:
    assert page(reports, day) is None
