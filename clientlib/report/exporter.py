"""An executed report notebook as the page a manager reads: blocks only, no code, nothing from elsewhere.

The page is self-contained and carries a policy that forbids every address and every script but one, ours,
which sorts and filters tables. It builds on nbconvert's `TemplateExporter`; of a notebook it reads the
metadata, the parameters and the outputs that carry the media type of a block (`page.BLOCK`), so that
prompts, warnings, tracebacks and stray prints cannot reach it. What a page says depends on these, on its
binding and on the settings alone; run and times stand in its footer.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from traitlets.config import Config

from clientlib import workbook
from clientlib.config import Settings, load
from clientlib.report import formats, messages, parameters, plan
from clientlib.report.glance import Glance
from clientlib.report.outcome import ALERTS
from clientlib.report.page import BLOCK

TEMPLATES = Path(__file__).parent / "template"
NAME = "clientreport"
CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""Nothing runs and nothing is fetched. Styles are inline because charts carry them in attributes."""
SHOWN_OF_HASH = 16
TAGS = {"en": "en", "zh": "zh-Hans"}
NAMES = {"en": "English", "zh": "中文"}


@dataclass(frozen=True)
class Binding:
    """What a page is bound with besides its notebook.

    `languages` are those that the report is published in, for the links between them; `run` is the run's
    name (without one there is no index to lead to); `history` tells of earlier editions, the oldest first:
    `as_of` and `figures`, key → value; `files` are the names of those made beside the page (Excel, PDF).
    """

    languages: Sequence[str] = ()
    run: str = ""
    history: Sequence[Mapping[str, Any]] = ()
    files: Sequence[str] = ()


@dataclass(frozen=True)
class Block:
    """One thing that a notebook put on its page."""

    kind: str
    html: str
    facts: dict[str, Any]


def blocks(notebook: Any) -> list[Block]:
    """The blocks among a notebook's outputs, in order."""
    found = []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if BLOCK in data:
                facts = dict(data[BLOCK])
                html = data.get("text/html", "")
                found.append(
                    Block(facts.pop("kind"), html if isinstance(html, str) else "".join(html), facts)
                )
    return found


def content(notebook: Any) -> str:
    """The hash of what a notebook put on its page. The same question to the same book gives the same one."""
    digest = hashlib.sha256()
    for block in blocks(notebook):
        facts = {k: v for k, v in block.facts.items() if k != "known_at"}
        digest.update(json.dumps([block.kind, block.html, facts], sort_keys=True).encode())
    return digest.hexdigest()


def file_name(name: str, language: str, settings: Settings) -> str:
    """`NAME.html` in the firm's first language, `NAME.LANGUAGE.html` in the others."""
    return f"{name}.html" if language == settings.firm.languages[0] else f"{name}.{language}.html"


class ReportExporter(TemplateExporter):
    """nbconvert exporter for report notebooks: `jupyter nbconvert --to clientreport EXECUTED.ipynb`.

    `resources` may hold `settings` (the firm's) and a `binding`.
    """

    export_from_notebook = "Client report"
    output_mimetype = "text/html"
    file_extension = ".html"

    def __init__(self, **options: Any) -> None:
        settings = Config({"TemplateExporter": {"extra_template_basedirs": [str(TEMPLATES)]}})
        given = options.pop("config", None)
        if given is not None:
            settings.merge(given)
        super().__init__(config=settings, **options)  # type: ignore[no-untyped-call]

    def _template_name_default(self) -> str:
        return NAME

    def _file_extension_default(self) -> str:
        return ".html"

    def _create_environment(self) -> jinja2.Environment:
        made: jinja2.Environment = super()._create_environment()  # type: ignore[no-untyped-call]
        made.autoescape = True
        return made

    def from_notebook_node(  # type: ignore[override]
        self, nb: Any, resources: Any = None, **_: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page of an executed notebook, and nbconvert's resources."""
        made = self._init_resources(resources)  # type: ignore[no-untyped-call]
        settings = made.get("settings") or _settings_for(made)
        name = str(made.get("metadata", {}).get("name") or "report")
        page = _page(nb, name, settings, made.get("binding") or Binding())
        return str(self.template.render(**page)), made


def render(notebook: Any, name: str, settings: Settings, binding: Binding | None = None) -> str:
    """The page of the executed `notebook` of the report `name`."""
    resources = {"metadata": {"name": name}, "settings": settings, "binding": binding}
    html, _ = ReportExporter().from_notebook_node(notebook, resources)
    return html


def _settings_for(resources: Mapping[str, Any]) -> Settings:
    """Those of the workbook around the notebook, else of the one in the environment, else the defaults."""
    folder = resources.get("metadata", {}).get("path")
    if folder and (found := workbook.around(Path(folder).resolve())):
        return found.settings
    return workbook.find().settings if os.environ.get(workbook.FOLDER_VARIABLE) else load()


@cache
def environment() -> jinja2.Environment:
    """The templates without nbconvert, for pages that are no notebook's (the index)."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / NAME), autoescape=True, trim_blocks=True
    )


def policy(script: str) -> str:
    """The policy of a page on which this one script runs, known by its hash."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"{CSP}; script-src 'sha256-{digest}'"


def shared(language: str, settings: Settings) -> dict[str, Any]:
    """What every page's template asks for."""
    return {
        "language": language,
        "firm": settings.firm.name_zh if language == "zh" else settings.firm.name,
        "smallest": settings.feedback.smallest_group,
        "csp": CSP,
        "css": Markup((TEMPLATES / NAME / "page.css").read_text("utf-8")),  # noqa: S704
        "say": partial(_say, language),
    }


def dated(as_of: str, language: str) -> str:
    return messages.say("page.dated", language, as_of=as_of)


def branch_words(branch: str, language: str) -> str:
    if branch == parameters.ALL:
        return messages.say("page.all_branches", language)
    return messages.say("page.one_branch", language, branch=branch)


def in_local_time(instant: str, settings: Settings) -> str:
    """An instant to the second in the firm's time zone, with its offset."""
    moment = dt.datetime.fromisoformat(instant).astimezone(ZoneInfo(settings.firm.time_zone))
    return moment.strftime("%Y-%m-%d %H:%M:%S %z")


def _say(language: str, key: str, **values: Any) -> str:
    return messages.say(key, language, **values)


def _page(notebook: Any, name: str, settings: Settings, binding: Binding) -> dict[str, Any]:
    found = blocks(notebook)
    head = next((b.facts for b in found if b.kind == "head"), {})
    language = str(head.get("language", settings.firm.languages[0]))
    facts = dict(notebook["metadata"].get("clientlib", {}))
    script = (TEMPLATES / NAME / "page.js").read_text("utf-8")
    opening, sections = _sections(found)
    common = shared(language, settings)
    return {
        **common,
        "css": common["css"] + _style_of(found),
        "csp": policy(script),
        "script": Markup(script),  # noqa: S704 - our own
        "title": facts.get(f"title_{language}", name),
        "question": facts.get(f"question_{language}", ""),
        "dated": dated(head["as_of"], language) if head else "",
        "branch": branch_words(str(head.get("branch", parameters.ALL)), language),
        "index": file_name("index", language, settings) if binding.run else "",
        "files": [{"name": file, "kind": file.rpartition(".")[2]} for file in binding.files],
        "alternates": [
            {"file": file_name(name, other, settings), "tag": TAGS[other], "name": NAMES[other]}
            for other in binding.languages
            if other != language
        ],
        "figures": _figures(found, head, settings, binding) if head else [],
        "alerts": _alerts(found, [section["anchor"] for section in sections]),
        "opening": _trusted(opening),
        "sections": sections,
        "asked": _asked(notebook, head, name) if head else [],
        "method": _trusted("".join(b.html for b in found if b.kind == "method")),
        "provenance": provenance(head, notebook, language, settings, binding.run),
    }


def _style_of(found: Iterable[Block]) -> Markup:
    """What a page needs beyond the style sheet of all: that of a list of things to know, where it has one."""
    if not any(block.kind == "things" for block in found):
        return Markup()
    return Markup((TEMPLATES / NAME / "things.css").read_text("utf-8"))  # noqa: S704 - our own


def _figures(
    found: Iterable[Block], head: Mapping[str, Any], settings: Settings, binding: Binding
) -> list[dict[str, Any]]:
    glance = Glance(
        day=dt.date.fromisoformat(head["as_of"]),
        language=head["language"],
        currency=settings.firm.currency,
        smallest=settings.feedback.smallest_group,
    )
    figures = [figure for b in found if b.kind == "figures" for figure in b.facts["figures"]]
    return glance.strip(figures, binding.history)


def _alerts(found: Iterable[Block], anchors: Sequence[str]) -> list[dict[str, Any]]:
    """The points that call for somebody, the gravest first; `anchor` only where the page has it."""
    alerts = [b.facts for b in found if b.kind == "point" and b.facts["severity"] in ALERTS]
    alerts.sort(key=lambda point: ALERTS.index(point["severity"]))
    return [{**point, "anchor": point["anchor"] if point["anchor"] in anchors else ""} for point in alerts]


def _trusted(html: str) -> Markup:
    # Blocks are made by page.py, which escapes every value that enters them.
    return Markup(html)  # noqa: S704


def _sections(found: Iterable[Block]) -> tuple[str, list[dict[str, Any]]]:
    opening: list[Block] = []
    sections: list[tuple[Block, list[Block]]] = []
    for block in found:
        if block.kind in ("head", "method", "card", "point", "figures"):
            continue
        if block.kind == "section":
            sections.append((block, []))
        else:
            (sections[-1][1] if sections else opening).append(block)
    return _laid_out(opening), [
        {**heading.facts, "html": _trusted(heading.html + _laid_out(inner))} for heading, inner in sections
    ]


def _laid_out(inner: list[Block]) -> str:
    """Charts of half width stand in pairs; a single one has the words that follow it at its side."""
    html, rest = "", list(inner)
    while rest:
        block = rest.pop(0)
        if block.kind != "chart":
            html += block.html
        elif block.facts.get("wide"):
            html += f'<div class="wide">{block.html}</div>'
        elif rest and rest[0].kind == "chart" and not rest[0].facts.get("wide"):
            html += f'<div class="pair">{block.html}{rest.pop(0).html}</div>'
        else:
            words = ""
            while rest and rest[0].kind in ("prose", "conclusion"):
                words += rest.pop(0).html
            html += (
                f'<div class="beside">{block.html}<div>{words}</div></div>'
                if words
                else f'<div class="single">{block.html}</div>'
            )
    return html


def _asked(notebook: Any, head: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The parameters of the run as a reader understands them; `foreign` is the tag of another language."""
    language = str(head["language"])
    given = dict(notebook["metadata"].get("papermill", {}).get("parameters", {}))
    settled = {
        "as_of": formats.date(head["as_of"], language),
        "known_at": messages.say("page.asked.see_below", language),  # an instant stands in the footer only
        "branch": branch_words(str(head["branch"]), language),
        "language": NAMES[language],
    }
    told = []
    for parameter in plan.declared(name, notebook["cells"]):
        key = f"page.parameter.{parameter.name}"
        own = parameter.meaning_in(language)
        told.append(
            {
                "name": parameter.name,
                "value": settled.get(parameter.name) or str(given.get(parameter.name, parameter.default)),
                "meaning": messages.say(key, language) if messages.has(key) else own,
                "foreign": "" if messages.has(key) or own != parameter.meaning else TAGS["en"],
            }
        )
    return told


def provenance(
    head: Mapping[str, Any], notebook: Any, language: str, settings: Settings, run: str = ""
) -> list[tuple[str, str]]:
    """Where a page's numbers come from, as its footer says: label and value. `head` is its block `head`."""
    if not head:
        return []
    asked = dict(notebook["metadata"].get("papermill", {}).get("parameters", {}))
    further = {k: v for k, v in asked.items() if k not in parameters.FIXED}
    values = {
        "as_of": str(head["as_of"]),
        "known_at": in_local_time(head["known_at"], settings),
        "batches": formats.write(head["batches"], "count", language),
        "rows": formats.write(head["rows"], "count", language),
        "branch": branch_words(head["branch"], language),
        "code": str(head["code"]),
        "notebook": plan.code_hash(notebook["cells"]),
        "parameters": ", ".join(f"{k} = {v}" for k, v in further.items()),
        "content": content(notebook)[:SHOWN_OF_HASH],
        "run": run,
    }
    return [(messages.say(f"page.footer.{name}", language), value) for name, value in values.items() if value]
