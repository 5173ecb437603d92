"""The page an edition opens with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clientlib.report import exporter
from clientlib.report.index import front, spoken
from clientlib.workbook import Workbook


def write(staged: Path, manifest: Mapping[str, Any], workbook: Workbook) -> None:
    """Write the index pages into `staged`: in the firm's first language, and in each that reports are in."""
    settings = workbook.settings
    front.bring_words(manifest, workbook)
    languages = spoken.languages(spoken.of(manifest), settings)
    for language in languages:
        html = front.page(
            "edition.html.j2",
            language,
            settings,
            **front.front(manifest, workbook, language),
            home=f"../{exporter.file_name('index', language, settings)}",
            alternates=spoken.alternates("index", languages, language, settings),
            here="",
            root="../",
        )
        (staged / exporter.file_name("index", language, settings)).write_text(html, "utf-8")
