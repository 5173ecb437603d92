"""The manifest of an edition: what became of each report in each language, for the index and for machines."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from clientlib import __version__
from clientlib.report.outcome import Outcome
from clientlib.report.parameters import ALL, Question
from clientlib.report.plan import Report

FILE = "manifest.json"
FORMAT = 2
_KEPT = ("page", "files", "figures", "points", "chart", "content", "known_at", "run", "made_at", "sha256")
"""What a report that could not be made again keeps of the last good one."""


def read(folder: Path) -> dict[str, Any]:
    """The manifest of an edition; empty where there is none that can be read."""
    try:
        manifest = json.loads((folder / FILE).read_text("utf-8"))
        dt.date.fromisoformat(manifest["as_of"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {"branch": ALL, "reports": {}, **manifest} if manifest.get("format") == FORMAT else {}


def bound(
    before: Mapping[str, Any],
    reports: Sequence[Report],
    outcomes: Sequence[Outcome],
    question: Question,
    run: str,
    made_at: dt.datetime,
) -> dict[str, Any]:
    """The manifest of an edition after a run.

    What the run did not make stays as `before` tells it, also the last good page of a report that failed
    this time.

    Returns
    -------
    dict
        `format`, `as_of`, `known_at`, `branch`, `code`, `run`, `made_at`, and `reports`: name → `titles`,
        `questions`, `order` and `runs`: language → what became of it (`Outcome`, with its parameters and the
        instants of the run; `sha256` is the page's own).
    """
    entries: dict[str, Any] = {name: dict(entry) for name, entry in before.get("reports", {}).items()}
    for report in reports:
        entry = entries.setdefault(report.name, {"runs": {}})
        entry.update(
            titles=dict(report.titles),
            questions=dict(report.questions),
            order=report.order,
            runs=dict(entry["runs"]),
        )
    stamp = {"run": run, "made_at": made_at.isoformat(timespec="seconds")}
    for outcome in outcomes:
        runs = entries[outcome.report]["runs"]
        runs[outcome.language] = _run(outcome, question, stamp, runs.get(outcome.language, {}))
    return {
        "format": FORMAT,
        "as_of": question.as_of.isoformat(),
        "known_at": question.known_at.isoformat(),
        "branch": question.branch,
        "code": f"clientlib {__version__}",
        **stamp,
        "reports": dict(sorted(entries.items(), key=lambda item: (item[1]["order"], item[0]))),
    }


def _run(
    outcome: Outcome, question: Question, stamp: Mapping[str, str], before: Mapping[str, Any]
) -> dict[str, Any]:
    run = {
        "status": outcome.status,
        "title": outcome.title,
        "as_of": question.as_of.isoformat(),
        "known_at": question.known_at.isoformat(),
        **stamp,
        "parameters": {"branch": question.branch, "language": outcome.language, **question.others},
        "seconds": round(outcome.seconds, 2),
        "memory_mb": outcome.memory_mb,
        "notebook": outcome.notebook,
        "page": outcome.page,
        "files": list(outcome.files),
        "notices": list(outcome.notices),
        "content": outcome.content,
        "message": outcome.message,
        "reason": outcome.reason,
        "figures": list(outcome.figures),
        "points": list(outcome.points),
        "chart": outcome.chart,
    }
    if outcome.page is None and before.get("page"):
        run.update({k: before[k] for k in _KEPT if k in before})
    return run


def runs(manifest: Mapping[str, Any], report: str) -> Mapping[str, Mapping[str, Any]]:
    """What became of a report, by language; empty where nothing is known of it."""
    found: Mapping[str, Mapping[str, Any]] = manifest.get("reports", {}).get(report, {}).get("runs", {})
    return found


def outcome(manifest: Mapping[str, Any], edition: str, report: str, language: str) -> Outcome | None:
    """What became of a report, as it was told to `bound`; None where nothing is known of it."""
    run = runs(manifest, report).get(language)
    if run is None:
        return None
    told = {f.name: run[f.name] for f in fields(Outcome) if f.name in run}
    several = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    return Outcome(report=report, language=language, edition=edition, **{**told, **several})


def files(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The files, relative to the edition, that its manifest speaks of."""
    for entry in manifest["reports"].values():
        for run in entry["runs"].values():
            yield from (run[kind] for kind in ("page", "notebook") if run.get(kind))
            yield from run.get("files", ())


def seal(folder: Path, manifest: dict[str, Any]) -> None:
    """Note each page's hash, and write the manifest into the edition's folder."""
    for entry in manifest["reports"].values():
        for run in entry["runs"].values():
            if run.get("page"):
                run["sha256"] = hashlib.sha256((folder / run["page"]).read_bytes()).hexdigest()
    (folder / FILE).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")
