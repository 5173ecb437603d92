"""The page an edition opens with, a card for each report, and the manifest that tells machines the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from clientlib.config import Settings
from clientlib.report import exporter, guard, messages, publish
from clientlib.report.parameters import ALL, Question
from clientlib.report.plan import Report
from clientlib.workbook import Workbook

if TYPE_CHECKING:
    from clientlib.report.run import Outcome


def bound(
    before: Mapping[str, Any],
    reports: Sequence[Report],
    outcomes: Sequence[Outcome],
    question: Question,
    code: str,
) -> dict[str, Any]:
    """The manifest of an edition after a run.

    What the run did not make stays as `before` tells it, also the last good page of a report that failed
    this time. Keys: `as_of`, `known_at`, `branch`, `code`, and `reports`: name → titles, questions,
    order and `runs` (language → what became of it).
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
    for outcome in outcomes:
        runs = entries[outcome.report]["runs"]
        runs[outcome.language] = _run(outcome, question, code, runs.get(outcome.language, {}))
    return {
        "as_of": question.as_of.isoformat(),
        "known_at": question.known_at.isoformat(),
        "branch": question.branch,
        "code": f"clientlib {code}",
        "reports": dict(sorted(entries.items(), key=lambda item: (item[1]["order"], item[0]))),
    }


def _run(outcome: Outcome, question: Question, code: str, before: Mapping[str, Any]) -> dict[str, Any]:
    run = {
        "status": outcome.status,
        "title": outcome.title,
        "as_of": question.as_of.isoformat(),
        "known_at": question.known_at.isoformat(),
        "parameters": {"branch": question.branch, "language": outcome.language, **question.others},
        "seconds": round(outcome.seconds, 2),
        "code": f"clientlib {code}",
        "notebook": outcome.notebook,
        "page": outcome.page,
        "sha256": outcome.digest,
        "message": outcome.message,
        "headlines": list(outcome.headlines),
        "chart": outcome.chart,
    }
    if outcome.status != "failed":
        return run
    kept = {k: before[k] for k in ("page", "sha256", "known_at", "headlines", "chart") if before.get("page")}
    return {**run, **kept, "reason": outcome.reason}


def files(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The files, relative to the edition, that its manifest speaks of."""
    for entry in manifest["reports"].values():
        for run in entry["runs"].values():
            yield from (run[kind] for kind in ("page", "notebook") if run.get(kind))


def write(staged: Path, manifest: Mapping[str, Any], workbook: Workbook, edition: str) -> None:
    """Write the index pages into `staged`: in the firm's first language, and in each that reports are in."""
    settings = workbook.settings
    spoken = {language for entry in manifest["reports"].values() for language in entry["runs"]}
    languages = [lang for lang in messages.LANGUAGES if lang in spoken or lang == settings.firm.languages[0]]
    languages.sort(key=lambda lang: lang != settings.firm.languages[0])
    others = [e for e in publish.editions(workbook.reports) if e.folder.name != edition]
    for language in languages:
        html = _page(manifest, language, languages, others, settings)
        if found := guard.sightings(html):
            raise AssertionError(guard.sentence(found))  # every part of it passed the guard before
        (staged / exporter.file_name("index", language, settings)).write_text(html, "utf-8")


def _page(
    manifest: Mapping[str, Any],
    language: str,
    languages: Sequence[str],
    others: Sequence[publish.Edition],
    settings: Settings,
) -> str:
    template = exporter.environment().get_template("overview.html.j2")
    known_at = exporter.in_local_time(manifest["known_at"], settings)
    return template.render(
        **exporter.shared(language, settings),
        dated=exporter.dated(manifest["as_of"], language),
        branch=exporter.branch_words(manifest["branch"], language),
        alternates=[_link("index", lang, settings) for lang in languages if lang != language],
        cards=[_card(name, entry, language) for name, entry in manifest["reports"].items()],
        earlier=[_earlier(edition, language, settings) for edition in others],
        known=messages.say("page.known", language, known_at=known_at),
    )


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
        "headlines": run["headlines"],
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
