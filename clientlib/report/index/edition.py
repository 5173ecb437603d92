"""The page an edition opens with: a card for each report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from clientlib.config import Settings
from clientlib.report import exporter, guard, messages, publish
from clientlib.report.parameters import ALL
from clientlib.workbook import Workbook

CARD_FIGURES = 3
"""So many figures of a report stand on its card."""


def write(staged: Path, manifest: Mapping[str, Any], workbook: Workbook, edition: str) -> None:
    """Write the index pages into `staged`: in the firm's first language, and in each that reports are in."""
    settings = workbook.settings
    spoken = {language for entry in manifest["reports"].values() for language in entry["runs"]}
    languages = [lang for lang in messages.LANGUAGES if lang in spoken or lang == settings.firm.languages[0]]
    languages.sort(key=lambda lang: lang != settings.firm.languages[0])
    others = [e for e in publish.editions(workbook.reports) if e.folder.name != edition]
    for language in languages:
        html = _page(manifest, language, languages, others, settings)
        if found := guard.sightings(html, settings.reports.planted):
            raise AssertionError(guard.sentence(found))  # every part of it passed the guard before
        (staged / exporter.file_name("index", language, settings)).write_text(html, "utf-8")


def _page(
    manifest: Mapping[str, Any],
    language: str,
    languages: Sequence[str],
    others: Sequence[publish.Edition],
    settings: Settings,
) -> str:
    template = exporter.environment().get_template("edition.html.j2")
    known_at = exporter.in_local_time(manifest["known_at"], settings)
    return template.render(
        **styled(language, settings),
        dated=exporter.dated(manifest["as_of"], language),
        branch=exporter.branch_words(manifest["branch"], language),
        alternates=[_link("index", lang, settings) for lang in languages if lang != language],
        cards=[_card(name, entry, language) for name, entry in manifest["reports"].items()],
        earlier=[_earlier(edition, language, settings) for edition in others],
        known=messages.say("page.known", language, known_at=known_at),
    )


def styled(language: str, settings: Settings) -> dict[str, Any]:
    """What every page's template asks for, and the style of cards."""
    common = exporter.shared(language, settings)
    own = (exporter.TEMPLATES / exporter.NAME / "index.css").read_text("utf-8")
    return {**common, "css": common["css"] + Markup(own)}  # noqa: S704 - our own file


def _card(name: str, entry: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A report in the index's language where it was made in that, else in another."""
    runs: Mapping[str, Any] = entry["runs"]
    shown = language if language in runs else next(iter(runs))
    run = runs[shown]
    message = run["message"] if shown == language else ""
    if run["status"] == "failed":
        message = messages.say("page.failed_kept" if run["page"] else "page.failed", language)
    linked = [lang for lang in runs if lang != shown and runs[lang]["page"]]
    return {
        "name": name,
        "status": run["status"],
        "title": entry["titles"].get(language, name),
        "question": entry["questions"].get(language, ""),
        "file": run["page"],
        "file_tag": "" if shown == language else exporter.TAGS[shown],
        "message": message,
        "headlines": run["figures"][:CARD_FIGURES],
        "chart": Markup(run["chart"]),  # noqa: S704 - drawn by page.py, which escapes what enters it
        "dated": exporter.dated(run["as_of"], language),
        "others": [
            {"file": runs[lang]["page"], "tag": exporter.TAGS[lang], "name": exporter.NAMES[lang]}
            for lang in linked
        ],
    }


def _link(name: str, language: str, settings: Settings) -> dict[str, str]:
    return {
        "file": exporter.file_name(name, language, settings),
        "tag": exporter.TAGS[language],
        "name": exporter.NAMES[language],
    }


def _earlier(edition: publish.Edition, language: str, settings: Settings) -> dict[str, str]:
    from urllib.parse import quote

    page = exporter.file_name("index", language, settings)
    if not (edition.folder / page).is_file():
        page = exporter.file_name("index", settings.firm.languages[0], settings)
    return {
        "file": f"../{quote(edition.folder.name)}/{page}",
        "dated": messages.say("page.dated", language, as_of=edition.as_of),
        "branch": "" if edition.branch == ALL else exporter.branch_words(edition.branch, language),
    }
