"""The manifest of an edition: what a run made, and what of the one before stays."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from clientlib.report import manifest
from clientlib.report import outcome as outcomes
from clientlib.report.outcome import Outcome
from clientlib.report.parameters import Question
from clientlib.report.plan import Report

NOW = dt.datetime(2026, 7, 1, 2, 3, 4, tzinfo=dt.UTC)
QUESTION = Question(dt.date(2026, 6, 30), NOW, "all", ("en",), {"window": 250})
MADE = Outcome(
    "risk",
    "en",
    "made",
    page="risk.html",
    notebook="notebooks/risk.en.ipynb",
    files=("risk.xlsx",),
    figures=({"key": "n", "value": 3.0},),
    content="abc",
)
FAILED = Outcome("risk", "en", "failed", notebook="notebooks/risk.en.ipynb", reason="KeyError in cell 3.")


def report(name: str, order: int = 1) -> Report:
    return Report(name, Path(f"{name}.ipynb"), {"en": name.title()}, {"en": "Why?"}, order, ())


def bound(before: dict[str, Any], *told: Outcome, run: str = "r1") -> dict[str, Any]:
    names = {outcome.report for outcome in told}
    return manifest.bound(before, [report(name) for name in names], told, QUESTION, run, NOW)


def test_a_run_is_kept_with_its_parameters() -> None:
    run = bound({}, MADE)["reports"]["risk"]["runs"]["en"]
    assert run["parameters"] == {"branch": "all", "language": "en", "window": 250}
    assert (run["status"], run["run"], run["made_at"]) == ("made", "r1", "2026-07-01T02:03:04+00:00")


def test_what_failed_keeps_the_last_good_page_and_says_why_it_failed() -> None:
    run = bound(bound({}, MADE), FAILED, run="r2")["reports"]["risk"]["runs"]["en"]
    assert (run["status"], run["reason"]) == ("failed", "KeyError in cell 3.")
    assert (run["page"], run["files"], run["figures"], run["run"]) == (
        "risk.html",
        ["risk.xlsx"],
        [{"key": "n", "value": 3.0}],
        "r1",
    )


def test_what_a_run_did_not_make_stays() -> None:
    both = bound(bound({}, MADE), Outcome("feedback", "en", "made", page="feedback.html"))
    assert set(both["reports"]) == {"risk", "feedback"}
    assert set(manifest.files(both)) == {
        "risk.html",
        "risk.xlsx",
        "notebooks/risk.en.ipynb",
        "feedback.html",
    }


def test_reports_stand_in_their_own_order() -> None:
    told = [Outcome(name, "en", "made") for name in ("b", "a", "c")]
    reports = [report("b", 2), report("a", 2), report("c", 1)]
    assert list(manifest.bound({}, reports, told, QUESTION, "r", NOW)["reports"]) == ["c", "a", "b"]


def test_a_sealed_manifest_has_the_hash_of_each_page_and_reads_back(tmp_path: Path) -> None:
    (tmp_path / "risk.html").write_text("page")
    told = bound({}, MADE)
    manifest.seal(tmp_path, told)
    assert manifest.read(tmp_path) == told
    assert len(told["reports"]["risk"]["runs"]["en"]["sha256"]) == 64


@pytest.mark.parametrize("text", ["", "{", "[]", '{"as_of": "x"}', '{"as_of": "2026-06-30"}'])
def test_what_is_no_manifest_reads_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / manifest.FILE).write_text(text)
    assert manifest.read(tmp_path) == {}


def test_an_outcome_reads_back_as_it_was_written(tmp_path: Path) -> None:
    MADE.write(tmp_path / "word")
    assert outcomes.read(tmp_path / "word") == MADE


@pytest.mark.parametrize("text", ["", "{", json.dumps({"report": "a"}), json.dumps({"more": 1})])
def test_half_an_outcome_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "word").write_text(text)
    assert outcomes.read(tmp_path / "word") is None
