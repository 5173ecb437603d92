"""What an edition has to show at first sight: its alerts, what changed, its cards.

It stands on the edition's own index and on the home page of all editions.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from clientlib.config import Settings
from clientlib.errors import WordsError
from clientlib.report import exporter, guard, messages, plan
from clientlib.report.index.alerts import alerts
from clientlib.report.index.cards import cards
from clientlib.report.index.changes import changes
from clientlib.report.lineage import Lineage
from clientlib.workbook import Workbook


def front(manifest: Mapping[str, Any], workbook: Workbook, language: str) -> dict[str, Any]:
    """The values of the template `front.html.j2` for an edition."""
    settings = workbook.settings
    lineage = Lineage.of(workbook.reports, dt.date.fromisoformat(manifest["as_of"]), manifest["branch"])
    return {
        "alerts": alerts(manifest, language),
        "changes": changes(manifest, lineage, language, settings),
        "cards": cards(manifest, lineage, language, settings),
        "dated": exporter.dated(manifest["as_of"], language),
        "branch": exporter.branch_words(manifest["branch"], language),
        "known": messages.say(
            "page.known", language, known_at=exporter.in_local_time(manifest["known_at"], settings)
        ),
    }


def bring_words(manifest: Mapping[str, Any], workbook: Workbook) -> None:
    """Take up the words of reports that the firm wrote itself."""
    for name in manifest["reports"]:
        with contextlib.suppress(WordsError):  # told where the report is made
            messages.bring(name, plan.words_file(workbook.notebooks / plan.FOLDER / f"{name}.ipynb"))


def page(template: str, language: str, settings: Settings, **values: Any) -> str:
    """A page of the index, after the last look for identity."""
    common = exporter.shared(language, settings)
    own = (exporter.TEMPLATES / exporter.NAME / "index.css").read_text("utf-8")
    style = common["css"] + Markup(own)  # noqa: S704 - our own file
    html = exporter.environment().get_template(template).render(**{**common, "css": style, **values})
    look_through(html, settings)
    return html


def look_through(text: str, settings: Settings) -> None:
    """Raise where identity is sighted: every part of the text passed the guard before it was published."""
    if found := guard.sightings(text, settings.reports.planted):
        raise AssertionError(guard.sentence(found))
