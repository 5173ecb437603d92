"""The feed of editions (Atom, RFC 4287), for whoever follows the reports in a feed reader.

An entry's summary is what changed, in words. Addresses are relative to the feed, as nobody here knows where
a firm serves the folder; ids are derived from the firm's name and the edition's.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from functools import lru_cache
from xml.etree import ElementTree as ET

from clientlib.report import exporter, manifest, messages
from clientlib.report.index import front
from clientlib.report.index.changes import changes
from clientlib.report.index.shelf import Brief, Stamp
from clientlib.report.lineage import Lineage
from clientlib.workbook import Workbook

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"
ENTRIES = 100
"""So many editions are in the feed, the newest."""
_NAMES = uuid.UUID("5f0a4f0e-6b0f-4c0e-9d53-8d6f1c1f6a7e")
"""The name space of our ids (RFC 4122, version 5)."""


def file_name(language: str, first: str) -> str:
    """`feed.xml` in the firm's `first` language, `feed.LANGUAGE.xml` in the others."""
    return "feed.xml" if language == first else f"feed.{language}.xml"


def atom(briefs: Sequence[Brief], workbook: Workbook, language: str, now: dt.datetime) -> str:
    """The feed in a language, as XML. `now` is told by a feed without entries only."""
    firm, first = workbook.settings.firm, workbook.settings.firm.languages[0]
    name = firm.name_zh if language == "zh" else firm.name
    made = [dt.datetime.fromisoformat(brief.made_at) for brief in briefs]
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": exporter.TAGS[language]})
    _add(root, "id", _identity(firm.name, language))
    _add(root, "title", messages.say("index.feed.title", language, firm=name))
    _add(root, "updated", _instant(max(made, default=now)))
    _add(_add(root, "author"), "name", name)
    _link(root, "self", file_name(language, first), MEDIA_TYPE)
    _link(root, "alternate", exporter.file_name("index", language, workbook.settings), "text/html")
    for brief in briefs[:ENTRIES]:
        _entry(root, brief, briefs, workbook, language)
    ET.indent(root, "")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _entry(
    root: ET.Element, brief: Brief, briefs: Sequence[Brief], workbook: Workbook, language: str
) -> None:
    firm = workbook.settings.firm
    before = [b.stamp for b in briefs if b.branch == brief.branch and b.as_of < brief.as_of]
    branch = exporter.branch_words(brief.branch, language)
    entry = _add(root, "entry")
    _add(entry, "id", _identity(firm.name, language, brief.folder))
    _add(entry, "title", messages.say("index.feed.entry", language, as_of=brief.as_of, branch=branch))
    _add(entry, "updated", _instant(dt.datetime.fromisoformat(brief.made_at)))
    _link(entry, "alternate", brief.index(language, firm.languages[0]), "text/html")
    _add(entry, "summary", _summary(workbook, brief.folder, language, brief.stamp, *before))


@lru_cache(maxsize=4 * ENTRIES)
def _summary(workbook: Workbook, folder: str, language: str, *_stamps: Stamp) -> str:
    """What changed, a line a change.

    A run writes the feed after each of its editions, hence the cache: a summary stays as it is as long as the
    edition and those before it bear the same stamps.
    """
    told = manifest.read(workbook.reports / folder)
    if not told:
        return ""
    front.bring_words(told, workbook)
    lineage = Lineage.of(workbook.reports, dt.date.fromisoformat(told["as_of"]), told["branch"])
    found = changes(told, lineage, language, workbook.settings)
    if found.since is None:
        return messages.say("index.feed.first", language)
    if not found.told:
        return messages.say("index.changes.none", language, since=found.since)
    heading = messages.say("index.changes.since", language, since=found.since)
    return "\n".join([heading, *(change.text for change in found.told)])


def _identity(*names: str) -> str:
    return uuid.uuid5(_NAMES, "\n".join(names)).urn


def _instant(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")


def _link(parent: ET.Element, relation: str, address: str, kind: str) -> None:
    ET.SubElement(parent, "link", {"rel": relation, "type": kind, "href": address})


def _add(parent: ET.Element, name: str, text: str = "") -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = text or None
    return child
