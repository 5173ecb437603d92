"""Editions written down by hand, without a run: manifests, pages with the anchors they are said to have."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clientlib.report import index, publish
from clientlib.workbook import Workbook

CHART = '<svg role="img"><title>small</title></svg>'
TAILS = {"en": ".html", "zh": ".zh.html"}


def figure(key: str, value: float | None, kind: str = "count", **facts: Any) -> dict[str, Any]:
    """The facts of a figure, labelled by its key in plain words."""
    usual = {"better": "", "currency": "", "parts": {}, "note": "", "alert": False}
    words = {"label": key.replace("_", " "), "shown": "–" if value is None else f"{value:g}"}
    return {"key": key, "value": value, "kind": kind, **words, **usual, **facts}


def point(text: str, severity: str = "warn", anchor: str = "") -> dict[str, Any]:
    return {"key": "k", "severity": severity, "text": text, "anchor": anchor}


def made(*figures: Mapping[str, Any], points: tuple[Mapping[str, Any], ...] = ()) -> dict[str, Any]:
    """A report that went well."""
    return {"status": "made", "figures": list(figures), "points": list(points), "chart": CHART}


def failed(reason: str = "KeyError in cell 3.", **facts: Any) -> dict[str, Any]:
    return {"status": "failed", "reason": reason, "page": None, **facts}


def waiting(message: str) -> dict[str, Any]:
    return {"status": "skipped", "message": message, "page": None}


def told(
    as_of: str,
    reports: Mapping[str, Mapping[str, Any]],
    branch: str = "all",
    languages: tuple[str, ...] = ("en",),
    made_at: str = "2026-07-01T02:03:04+00:00",
) -> dict[str, Any]:
    """The manifest of an edition; each report became the same in all languages."""
    stamp = {"as_of": as_of, "known_at": "2026-07-01T00:00:00+00:00", "run": "r1", "made_at": made_at}
    usual = {"message": "", "reason": "", "files": [], "figures": [], "points": [], "chart": "", **stamp}
    entries = {
        name: {
            "titles": {"en": name.title(), "zh": f"{name}报告"},
            "questions": {"en": "Why?", "zh": "为什么？"},
            "order": order,
            "runs": {lang: {**usual, "page": f"{name}{TAILS[lang]}", **facts} for lang in languages},
        }
        for order, (name, facts) in enumerate(reports.items())
    }
    return {"format": 2, "branch": branch, "code": "clientlib 0", **stamp, "reports": entries}


def put(firm: Workbook, manifest: dict[str, Any]) -> Path:
    """Publish an edition of this manifest, with its pages and its index."""
    folder = firm.reports / publish.edition_name(dt.date.fromisoformat(manifest["as_of"]), manifest["branch"])
    folder.mkdir(parents=True)
    for entry in manifest["reports"].values():
        for run in entry["runs"].values():
            if run["page"]:
                anchors = "".join(f'<h2 id="{point["anchor"]}"></h2>' for point in run["points"])
                (folder / run["page"]).write_text(anchors)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    index.write(folder, manifest, firm)
    return folder
