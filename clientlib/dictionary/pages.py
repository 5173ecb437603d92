"""The dictionary as a page for a browser: whole in one file, nothing fetched from elsewhere."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import jinja2
from markupsafe import Markup

from clientlib.config import Settings
from clientlib.dictionary.content import FEW, Dictionary
from clientlib.dictionary.words import punctuation, say
from clientlib.report import exporter

NAME = "data-dictionary"
TEMPLATES = Path(__file__).parent / "template"


def file_name(language: str, ending: str) -> str:
    return f"{NAME}.{language}.{ending}"


def html(dictionary: Dictionary, settings: Settings, languages: tuple[str, ...]) -> str:
    """The page, with links to the ones in the other `languages`.

    Its policy lets one script run, the search, known by its hash; without it the page lacks only the box.
    """
    script = (TEMPLATES / "search.js").read_text("utf-8")
    shared = exporter.shared(dictionary.language, settings)
    css = str(shared["css"]) + (TEMPLATES / "dictionary.css").read_text("utf-8")
    others = [other for other in languages if other != dictionary.language]
    values = {
        **shared,
        "csp": exporter.policy(script),
        "css": Markup(css),  # noqa: S704 - our own style sheets
        "script": Markup(script),  # noqa: S704 - our own script
        "dictionary": dictionary,
        "word": partial(_say, dictionary.language),
        "few": FEW,
        "alternates": [
            {"file": file_name(other, "html"), "tag": exporter.TAGS[other], "name": exporter.NAMES[other]}
            for other in others
        ],
        **vars(punctuation(dictionary.language)),
    }
    return _environment().get_template("dictionary.html.j2").render(values)


def _say(language: str, key: str, **values: object) -> str:
    return say(key, language, **values)


@cache
def _environment() -> jinja2.Environment:
    folders = [TEMPLATES, exporter.TEMPLATES / exporter.NAME]
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
